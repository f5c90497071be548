"""`autograder forget`: afterwards no byte about the student is left in the report or in what was pulled."""

from __future__ import annotations

import re
import sqlite3
import zlib
from contextlib import closing, suppress
from pathlib import Path

import pytest
from samples.sums_course import autograder, decide, graded_by_hand, make_assignment, notebook
from sqlalchemy import create_engine, inspect, text

from autograder.api import load_results
from autograder.grading.gradebook_location import opened_gradebook
from autograder.records.pulled import PULLED_FOLDER_FACT, SENT_FACT, Pulled, PulledSubmission, Sent, SentGrade
from autograder.records.result import Person
from autograder.records.run_statistics import RunStatistics

NAMES = {"501": "Ada Lovelace", "502": "Ben Okri"}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return make_report(tmp_path)


def make_report(tmp_path: Path, database: str | None = None) -> Path:
    """Two students, pulled, graded, decided, sent and exported."""
    pulled = tmp_path / "pulled"
    submissions = []
    for number, (identity, name) in enumerate(NAMES.items()):
        (pulled / identity / "attempt-1").mkdir(parents=True)
        (pulled / identity / "attempt-1" / "sums.ipynb").write_bytes(notebook(8, 6 + number, f"By {name}."))
        person = Person(name=name, id=identity, email=f"{identity}@uni.example")
        at = "2026-11-19T10:00:00+00:00"
        submissions.append(PulledSubmission(persons=(person,), folder=identity, at=at, late=False, attempt=1))
    facts = {"platform": "moodle", "url": "https://moodle.example", "course": "44", "assignment": "77"}
    note = Pulled(**facts, title="Sums", maximum=7, submissions=tuple(submissions))
    (pulled / "pulled.json").write_text(note.model_dump_json())
    report = graded_by_hand(make_assignment(tmp_path), pulled, tmp_path / "report", database)
    decide(report, "Ada Lovelace (501)", 0.5)
    with opened_gradebook(report) as gradebook:
        gradebook.store_fact(PULLED_FOLDER_FACT, str(pulled))
        sent = {f"moodle https://moodle.example 77 {identity}": SentGrade(grades=(2.5,)) for identity in NAMES}
        gradebook.store_fact(SENT_FACT, Sent(grades=sent).model_dump_json())
        failures = {"Ada Lovelace (501)": "no", "Ben Okri (502)": "no"}
        run = RunStatistics(at="2026-11-19T10:00:00+00:00", seconds=1, workers=1, graded=0, reused=0, failures=failures)
        gradebook.store_fact("last_run", run.model_dump_json())
    assert autograder("export", report, "--to", "csv")[0] == 0
    return report


def holding(place: Path, *words: str) -> list[str]:
    """The files under a folder that hold one of the words, in their content or their name.

    Also what a gradebook holds compressed.
    """
    found = []
    for path in sorted(place.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        if path.suffix == ".db" and path.is_file():
            content += unpacked_blobs(path)
        if any(word.encode() in content or word in path.name for word in words):
            found.append(path.relative_to(place).as_posix())
    return found


def rows_in(url: str) -> bytes:
    """Everything that a database on a server holds, unpacked."""
    engine = create_engine(url)
    content = b""
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                for value in row:
                    content += f"{value} ".encode()
                    with suppress(zlib.error, TypeError):
                        content += zlib.decompress(value)
    engine.dispose()
    return content


def unpacked_blobs(database: Path) -> bytes:
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = [value for table in tables for row in connection.execute(f'SELECT * FROM "{table}"') for value in row]
    content = b""
    for value in values:
        with suppress(zlib.error, TypeError):
            content += zlib.decompress(value)
    return content


def test_a_student_is_forgotten_and_the_others_stay(report: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.html")}
    assert "gradebook.db" in [Path(name).name for name in holding(tmp_path, "By Ada Lovelace.")]
    status, said = autograder("forget", report, "ada lovelace")
    assert (status, "Nothing was deleted: --yes deletes it." in said) == (0, True)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.html")}
    status, said = autograder("forget", report, "ada lovelace", "--yes")
    assert status == 0, said
    (page,) = (path for path in before if "501" in path.name)
    for path in (page, tmp_path / "pulled" / "501", report / "export.csv"):
        assert f"deleted: {path}" in said
        assert not path.exists()
    assert "gradebook: 1 results, 1 notebooks, 1 decisions; 1 runs and 0 trainings" in said
    assert "stays: what stands on moodle" in said
    assert holding(tmp_path, "Ada", "Lovelace", "501") == []
    assert [(result.student, result.score) for result in load_results(report)] == [("Ben Okri (502)", 2)]
    assert "Ben Okri" in (report / "grades.csv").read_text()
    with opened_gradebook(report) as gradebook:
        kept = gradebook.result("Ben Okri (502)")
        assert kept is not None
        assert gradebook.evidence(kept.result.keys["evidence"]) is not None
    status, said = autograder("forget", report, "ada lovelace")
    assert (status, "has no result of" in said) == (2, True)


@pytest.mark.slow
def test_a_student_is_forgotten_in_a_database_on_a_server_too(database: str, tmp_path: Path) -> None:
    report = make_report(tmp_path, database)
    assert {b"Lovelace", b"Okri"} <= set(re.findall(b"Lovelace|Okri", rows_in(database)))
    for student, left in (("ada lovelace", {b"Okri"}), (None, set())):
        status, said = autograder("forget", report, *filter(None, [student]), "--yes")
        assert status == 0, said
        assert set(re.findall(b"Lovelace|Okri", rows_in(database))) == left
    assert holding(tmp_path, "Ada", "Lovelace", "Okri") == []


def test_a_whole_class_is_forgotten_and_foreign_files_are_named(report: Path, tmp_path: Path) -> None:
    (report / "notes.txt").write_text("mine")
    status, said = autograder("forget", report, "--yes")
    assert status == 0, said
    assert "deleted: 2 students' results" in said
    assert f"stays: {report / 'notes.txt'}: not written by autograder" in said
    assert [path.name for path in report.iterdir()] == ["notes.txt"]
    assert not (tmp_path / "pulled").exists()
    assert holding(tmp_path, "Ada", "Okri") == []


def test_who_was_pulled_or_failed_without_a_result_is_forgotten_too(report: Path, tmp_path: Path) -> None:
    pulled = tmp_path / "pulled"
    note = Pulled.model_validate_json((pulled / "pulled.json").read_bytes())
    later = note.submissions[0].model_copy(
        update={"persons": (Person(name="Cleo Late", id="503", number="m503"),), "folder": "503"}
    )
    (pulled / "pulled.json").write_text(
        note.model_copy(update={"submissions": (*note.submissions, later)}).model_dump_json()
    )
    (pulled / "503" / "attempt-1").mkdir(parents=True)
    (pulled / "503" / "attempt-1" / "sums.ipynb").write_bytes(notebook(1, 2, "By Cleo Late."))
    with opened_gradebook(report) as gradebook:
        run = RunStatistics.model_validate_json(gradebook.fact("last_run") or "")
        run = run.model_copy(update={"failures": {"Dora Maar": "no", "Cleo Late (503)": "no"}})
        gradebook.store_fact("last_run", run.model_dump_json())
    for wanted, words in (("m503", ("Cleo", "503")), ("dora maar", ("Dora",))):
        status, said = autograder("forget", report, wanted, "--yes")
        assert (status, "deleted: 0 students' results" in said) == (0, True), said
        assert holding(tmp_path, *words) == []
    assert len(load_results(report)) == 2


def test_the_others_of_a_group_are_named(report: Path) -> None:
    with opened_gradebook(report) as gradebook:
        (stored, _) = gradebook.results()
        came = stored.result.handed_in
        assert came is not None
        both = came.model_copy(update={"persons": (*came.persons, Person(name="Ben Okri", id="502"))})
        result = stored.result.model_copy(update={"handed_in": both})
        gradebook.store_graded(result, result_key="x", slug=stored.slug, path="501", content=notebook(8, 6))
    status, said = autograder("forget", report, "Ada Lovelace")
    words = "the submission of a group, so nobody of these has one any more: Ada Lovelace, Ben Okri"
    assert (status, words in said) == (0, True), said


def test_what_a_broken_pull_left_goes_and_foreign_files_in_it_are_named(report: Path, tmp_path: Path) -> None:
    pulled = tmp_path / "pulled"
    (pulled / "504" / "attempt-1").mkdir(parents=True)
    (pulled / "504" / "attempt-1" / "sums.ipynb").write_bytes(notebook(1, 2, "By Ada Lovelace."))
    (pulled / "mine.txt").write_text("x")
    status, said = autograder("forget", report, "--yes")
    assert (status, f"stays: {pulled / 'mine.txt'}: not written by autograder" in said) == (0, True), said
    assert [path.name for path in pulled.iterdir()] == ["mine.txt"]


def test_a_name_that_may_be_two_students_is_refused(report: Path) -> None:
    status, said = autograder("forget", report, "Nobody")
    assert (status, "write the name as on the class page" in said) == (2, True)
