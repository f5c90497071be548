"""Gradebooks of older autograders: they open, nothing in them is lost, and a copy is kept of what was there."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from test_store import result

from autograder.records.migrations import configuration
from autograder.records.schema_upgrade import copy_of
from autograder.records.store import Gradebook, GradebookError
from autograder.records.tables import SCHEMA_VERSION, BaseTable

# A class of three that autograder 0.1 graded in German, with an override of a written answer.
OLD = Path(__file__).parent / "gradebook_0_1" / "gradebook.db"
UPGRADE = "import sys; from autograder.records.store import Gradebook; Gradebook(sys.argv[1]).close(); "


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "gradebook.db"))


def contents(path: Path) -> dict[str, dict[str, Any]]:
    """The stored results as they are in the file, whatever the models of today make of them."""
    with closing(sqlite3.connect(path)) as raw:
        rows = raw.execute("SELECT student, content FROM results").fetchall()
    return {student: json.loads(zlib.decompress(content)) for student, content in rows}


def version(path: Path) -> str:
    with closing(sqlite3.connect(path)) as raw:
        return str(raw.execute("SELECT value FROM gradebook WHERE name = 'schema version'").fetchone()[0])


def engine_of(target: str) -> Engine:
    return create_engine(target if "://" in target else f"sqlite:///{target}")


def make_schema(target: str, revision: str) -> Engine:
    """An empty gradebook as it was at a revision."""
    if "://" not in target:
        Path(target).parent.mkdir(parents=True)
    engine = engine_of(target)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), revision)
        connection.execute(text(f"INSERT INTO gradebook VALUES ('', 'schema version', '{revision}')"))
    return engine


def findings(stored: dict[str, Any]) -> list[dict[str, Any]]:
    return [*stored["notes"], *(one for question in stored["questions"] for one in question["findings"])]


def test_the_results_of_an_older_gradebook_are_there_with_their_scores_and_their_words(old: Path) -> None:
    before = contents(old)
    with Gradebook(old) as gradebook:
        after = {stored.result.student: stored.result for stored in gradebook.results()}
    assert after.keys() == before.keys() == {"Anna Lindqvist", "Oskar Nowak", "Tomasz Wiśniewski"}
    for student, stored in before.items():
        now = after[student]
        assert (now.status, now.score, now.pending) == (stored["status"], stored["score"], stored["pending"])
        assert [(one.id, one.status, one.score, one.points) for one in now.questions] == [
            (one["id"], one["status"], one["score"], one["points"]) for one in stored["questions"]
        ]
    words = {student: [one["message"] for one in findings(stored)] for student, stored in before.items()}
    assert {student: [one["message"] for one in findings(stored)] for student, stored in contents(old).items()} == words
    assert any("steht an einer anderen Stelle als erwartet" in message for message in words["Tomasz Wiśniewski"])


def test_the_words_in_english_that_stood_beside_a_finding_are_gone(old: Path) -> None:
    assert any("english" in one for stored in contents(old).values() for one in findings(stored))
    Gradebook(old).close()
    left = [one.keys() for stored in contents(old).values() for one in findings(stored)]
    assert left
    assert not any({"english", "english_hint"} & names for names in left)


def test_what_persons_decided_is_there(old: Path) -> None:
    with Gradebook(old) as gradebook:
        (override,) = gradebook.overrides.current()["Anna Lindqvist"].values()
    assert (override.score, override.points, override.by) == (0.5, 1, "Dr. Example")
    assert override.reason == "Names the accuracy, but compares it with nothing."


def test_evidence_runs_and_submissions_are_there(old: Path) -> None:
    with Gradebook(old) as gradebook:
        for student in ("Anna Lindqvist", "Tomasz Wiśniewski"):
            stored = gradebook.result(student)
            assert stored is not None
            evidence = gradebook.evidence(stored.result.keys["evidence"])
            assert evidence is not None
            assert evidence.network("model") is not None
            handed_in = gradebook.submission(student)
            assert handed_in is not None
            assert handed_in.content is not None
        with closing(sqlite3.connect(old)) as raw:
            keys = [key for (key,) in raw.execute("SELECT key FROM training_runs")]
        assert keys
        assert all(gradebook.training_run(key) for key in keys)


def test_a_copy_of_the_file_as_it_was_is_kept_beside_it(old: Path) -> None:
    before = contents(old)
    old.chmod(0o600)
    Gradebook(old).close()
    copy = copy_of(old, 1)
    assert copy.name == "gradebook.schema-1.db"
    assert (version(copy), version(old)) == ("1", str(SCHEMA_VERSION))
    assert contents(copy) == before
    assert copy.stat().st_mode == old.stat().st_mode
    assert not list(old.parent.glob("*.part*"))


def test_a_gradebook_whose_copy_cannot_be_kept_stays_as_it_is(old: Path) -> None:
    copy_of(old, 1).mkdir()
    with pytest.raises(GradebookError, match=r"no copy of it can be kept at .*schema-1\.db"):
        Gradebook(old)
    assert version(old) == "1"
    assert any("english" in one for stored in contents(old).values() for one in findings(stored))


def test_a_migration_that_fails_midway_changes_nothing(old: Path) -> None:
    # The second migration makes the table; the third cannot write.
    with closing(sqlite3.connect(old)) as raw, raw:
        raw.execute("DROP TABLE overrides")
        raw.execute("CREATE TRIGGER full BEFORE UPDATE ON results BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    with pytest.raises(GradebookError, match="disk is full: free some space"):
        Gradebook(old)
    with closing(sqlite3.connect(old)) as raw:
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert version(old) == "1"
    assert not {"overrides", "alembic_version"} & tables


def test_a_result_that_is_damaged_does_not_keep_the_others_from_being_upgraded(old: Path) -> None:
    with closing(sqlite3.connect(old)) as raw, raw:
        raw.execute("UPDATE results SET content = x'00' WHERE student = 'Oskar Nowak'")
    with Gradebook(old) as gradebook:
        assert gradebook.result("Anna Lindqvist") is not None
        assert gradebook.result("Oskar Nowak") is None


def test_graders_that_open_an_older_gradebook_at_the_same_moment_all_get_it(old: Path) -> None:
    opened = [subprocess.Popen([sys.executable, "-c", UPGRADE, str(old)], stderr=subprocess.PIPE) for _ in range(3)]
    assert [(one.communicate(timeout=100)[1], one.returncode) for one in opened] == [(b"", 0)] * 3
    assert version(old) == str(SCHEMA_VERSION)
    assert version(copy_of(old, 1)) == "1"


def test_threads_that_open_older_gradebooks_at_the_same_moment_all_get_them(tmp_path: Path) -> None:
    files = [Path(shutil.copy(OLD, tmp_path / f"{number}.db")) for number in range(3)] * 2
    barrier = threading.Barrier(len(files))

    def read(file: Path) -> int:
        barrier.wait(timeout=30)
        with Gradebook(file) as gradebook:
            return len(list(gradebook.results()))

    with ThreadPoolExecutor(len(files)) as threads:
        assert list(threads.map(read, files)) == [3] * len(files)


def test_of_graders_at_one_older_database_one_upgrades_it_and_all_go_on(target: str) -> None:
    engine = make_schema(target, "1")
    barrier = threading.Barrier(4)

    def use(number: int) -> None:
        barrier.wait(timeout=30)
        with Gradebook(target, "cnn2") as gradebook:
            gradebook.overrides.give("anna", "q", score=1, points=1, by=str(number), reason="", seen="")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))
    with Gradebook(target, "cnn2") as gradebook:
        assert sorted(said.by for said, _ in gradebook.overrides.history("anna", "q")) == ["0", "1", "2", "3"]
    engine.dispose()


def test_every_database_is_upgraded_from_the_first_schema_and_keeps_its_results(target: str) -> None:
    engine = make_schema(target, "1")
    stored = json.loads(result("anna", 2.0).model_dump_json())
    for finding in findings(stored):
        finding |= {"english": "The size is wrong", "english_hint": ""}
    row = {"content": zlib.compress(json.dumps(stored).encode())}
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO results VALUES ('cnn2', 'anna', 'anna', 'r', :content)"), row)
    with Gradebook(target, "cnn2") as gradebook:
        assert [(one.result, one.result_key) for one in gradebook.results()] == [(result("anna", 2.0), "r")]
        gradebook.overrides.give("anna", "accuracy", score=1, points=3, by="me", reason="", seen="")
        assert gradebook.overrides.current()["anna"]["accuracy"].score == 1
    engine.dispose()


def test_a_gradebook_that_was_upgraded_has_the_tables_of_a_new_one(target: str) -> None:
    engine = make_schema(target, "1")
    Gradebook(target).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, BaseTable.metadata) == []
    engine.dispose()


def test_the_last_migration_is_the_schema_of_now(tmp_path: Path) -> None:
    with engine_of(str(tmp_path / "any.db")).connect() as connection:
        revisions = ScriptDirectory.from_config(configuration(connection))
    assert revisions.get_heads() == [str(SCHEMA_VERSION)]
    assert [one.revision for one in revisions.walk_revisions()] == [str(one) for one in range(SCHEMA_VERSION, 0, -1)]


def test_a_gradebook_of_a_newer_autograder_is_refused_and_left_alone(target: str) -> None:
    Gradebook(target).close()
    engine = engine_of(target)
    with engine.begin() as connection:
        connection.execute(text("UPDATE gradebook SET value = '99' WHERE name = 'schema version'"))
    with pytest.raises(GradebookError, match=r"was made by a newer version of autograder \(its format is 99, "):
        Gradebook(target)
    engine.dispose()


def test_a_gradebook_that_is_up_to_date_opens_without_alembic(old: Path) -> None:
    program = UPGRADE + "print('alembic' in sys.modules)"

    def imported(path: Path) -> str:
        return subprocess.check_output([sys.executable, "-c", program, str(path)], text=True).strip()

    assert [imported(old), imported(old), imported(old.with_name("new.db"))] == ["True", "False", "False"]
