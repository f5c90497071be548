from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from autograder.records import store
from autograder.records.evidence import CapturedFit, CellRun, Evidence
from autograder.records.result import CurveExhibit, Finding, Result, Verdict
from autograder.records.store import Gradebook, GradebookError
from autograder.records.training import TrainingRun


def result(student: str, score: float = 1.0) -> Result:
    curve = CurveExhibit(network="model", training_accuracy=(0.5,), validation_accuracy=(0.4,), threshold=0.9)
    verdict = Verdict(
        id="accuracy",
        title="Accuracy",
        status="partial",
        score=score,
        points=3,
        findings=(Finding(message="Größe stimmt nicht"),),
        exhibits=(curve,),
    )
    return Result(
        student=student,
        submission=f"{student}.ipynb",
        status="graded",
        score=score,
        points=3,
        pending=0,
        questions=(verdict,),
        isolation="bubblewrap",
        device="cpu",
        versions={"keras": "3"},
        keys={},
        seconds=0.5,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "gradebook.db"


def test_what_was_stored_is_there_after_reopening(target: str) -> None:
    evidence = Evidence(key="e", cells=(CellRun(index=0, status="ok"),), isolation="none", versions={})
    run = TrainingRun(key="t", outcome="trained", validation_accuracy=(0.1, 1 / 3))
    with Gradebook(target) as gradebook:
        gradebook.store_evidence(evidence)
        gradebook.store_training_run(run)
        gradebook.store_submission("anna", "anna-page", "anna/cnn2.ipynb", b"bytes")
        gradebook.store_submission("ben", "ben", "ben.ipynb", None)
        gradebook.store_result(result("anna"), result_key="r", slug="anna-page")
        gradebook.store_fact("assignment", "cnn2")
    with Gradebook(target) as gradebook:
        assert gradebook.evidence("e") == evidence
        assert gradebook.training_run("t") == run
        stored = gradebook.result("anna")
        assert stored is not None
        assert (stored.result, stored.result_key, stored.slug) == (result("anna"), "r", "anna-page")
        assert [(one.student, one.content) for one in gradebook.submissions()] == [("anna", b"bytes"), ("ben", None)]
        assert gradebook.submission("anna").path == "anna/cnn2.ipynb"  # type: ignore[union-attr]
        assert gradebook.fact("assignment") == "cnn2"
        assert gradebook.evidence("x") is gradebook.training_run("x") is gradebook.result("x") is None
        assert gradebook.submission("x") is gradebook.fact("x") is None


def test_evidence_comes_back_as_it_was_down_to_nan_and_lone_surrogates(target: str) -> None:
    evidence = Evidence(
        key="e",
        cells=(CellRun(index=0, status="ok", outputs=({"text": "\ud800 ü \0"},)),),
        fits=(CapturedFit(epochs=1, cell=0, history={"loss": (float("nan"), float("inf"), None, 0.1)}),),
        isolation="none",
        versions={},
    )
    with Gradebook(target) as gradebook:
        gradebook.store_evidence(evidence)
        assert repr(gradebook.evidence("e")) == repr(evidence)


def test_results_come_sorted_by_student_whatever_the_order_of_storing(target: str) -> None:
    names = [f"student {number:03}" for number in range(120)] + ["Zoë", "anna", "Ben", "Änne"]
    with Gradebook(target) as gradebook:
        for name in sorted(names, key=lambda name: name[::-1]):
            gradebook.store_result(result(name), result_key="r", slug="s")
        assert [stored.result.student for stored in gradebook.results()] == sorted(
            names, key=lambda name: (name.casefold(), name)
        )


def test_storing_again_replaces(target: str) -> None:
    with Gradebook(target) as gradebook:
        for score in (1.0, 2.0):
            gradebook.store_result(result("anna", score), result_key=str(score), slug="anna")
        assert [stored.result.score for stored in gradebook.results()] == [2.0]


def test_a_result_judged_again_never_replaces_one_that_another_grader_made_meanwhile(target: str) -> None:
    with Gradebook(target, "cnn1") as other, Gradebook(target, "cnn2") as gradebook:
        for book in (other, gradebook):
            book.store_result(result("anna"), result_key="r", slug="anna")
        (before,) = gradebook.results()
        assert gradebook.replace_result_if_unchanged(before, result("anna", 2.0), result_key="again")
        assert not gradebook.replace_result_if_unchanged(before, result("anna", 3.0), result_key="late")
        stored = gradebook.result("anna")
        assert stored is not None
        assert (stored.result.score, stored.result_key, stored.slug) == (2.0, "again", "anna")
        gradebook.remove_missing([])
        assert not gradebook.replace_result_if_unchanged(stored, result("anna", 3.0), result_key="late")
        assert [one.result_key for one in other.results()] == ["r"]


def test_those_who_are_no_longer_in_the_class_are_removed(target: str) -> None:
    with Gradebook(target) as gradebook:
        for name in ("anna", "ben", "carl"):
            gradebook.store_result(result(name), result_key="r", slug=name)
        gradebook.store_submission("dora", "dora", "dora.ipynb", b"")
        assert gradebook.remove_missing(["ben", "eve"]) == ("anna", "carl", "dora")
        assert [stored.result.student for stored in gradebook.results()] == ["ben"]


def test_assignments_in_one_database_do_not_mix(target: str) -> None:
    with Gradebook(target, assignment="cnn1") as one, Gradebook(target, assignment="cnn2") as two:
        one.store_result(result("anna"), result_key="1", slug="anna")
        two.store_result(result("ben"), result_key="2", slug="ben")
        two.remove_missing([])
        assert [stored.result.student for stored in one.results()] == ["anna"]
        assert list(two.results()) == []


def test_a_result_that_cannot_be_read_is_absent_and_named_when_listed(target: str) -> None:
    with Gradebook(target) as gradebook:
        gradebook.store_result(result("anna"), result_key="r", slug="anna")
        with gradebook._engine.begin() as raw:
            raw.execute(text("UPDATE results SET content = :content"), {"content": b"rubbish"})
        assert gradebook.result("anna") is None
        with pytest.raises(GradebookError, match=r"a result of anna .* grade again with --fresh"):
            list(gradebook.results())


def test_many_threads_and_two_gradebooks_lose_nothing(target: str) -> None:
    with Gradebook(target) as one, Gradebook(target) as two, ThreadPoolExecutor(8) as threads:
        both = (one, two)

        def store(number: int) -> None:
            both[number % 2].store_result(result(f"s{number % 40}", float(number)), result_key="r", slug="s")
            both[number % 2].result(f"s{number % 40}")

        list(threads.map(store, range(160)))
        assert len(list(one.results())) == 40


def test_two_gradebooks_made_at_the_same_moment_agree(target: str) -> None:
    barrier = threading.Barrier(6)

    def make(number: int) -> None:
        barrier.wait(timeout=30)
        with Gradebook(target) as gradebook:
            gradebook.store_fact(str(number), "x")

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(make, range(6)))
    with Gradebook(target) as gradebook:
        assert all(gradebook.fact(str(number)) for number in range(6))


def test_every_write_waits_for_the_disk(path: Path) -> None:
    with Gradebook(path) as gradebook, gradebook._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE grade (id INTEGER)")
    raw.close()


def _newer(path: Path) -> None:
    Gradebook(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE gradebook SET value = '99'")
    raw.close()


def _like_ours(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE gradebook (id INTEGER)")
    raw.close()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_bytes(b"not a database at all" * 100), "is damaged: move it away and grade again"),
        (_foreign, "is the database of another program"),
        (_like_ours, "belongs to another program"),
        (_newer, "was made by a newer version of autograder"),
        (lambda path: path.mkdir(), "cannot be opened for writing"),
    ],
)
def test_a_file_that_is_no_gradebook_is_refused_in_a_sentence_and_left_alone(
    path: Path, spoil: object, says: str
) -> None:
    path.parent.mkdir()
    spoil(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(GradebookError, match=says) as refused:
        Gradebook(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def _read_everything(path: Path) -> None:
    with Gradebook(path) as gradebook:
        list(gradebook.submissions())
        list(gradebook.results())


def test_a_gradebook_with_random_bytes_in_it_is_a_sentence(path: Path) -> None:
    with Gradebook(path) as gradebook:
        for number in range(50):
            gradebook.store_submission(f"s{number}", "s", "s", os.urandom(5000))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(size - 8192))
    with pytest.raises(GradebookError, match="damaged"):
        _read_everything(path)


def test_what_unpacks_to_far_more_than_is_ever_kept_is_not_unpacked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Gradebook(path) as gradebook:
        gradebook.store_evidence(Evidence(key="small", cells=(), isolation="none", versions={}))
        gradebook.store_evidence(Evidence(key="large", cells=(), isolation="none", versions={"x": "y" * 10**6}))
        gradebook.store_submission("s", "s", "s", bytes(10**6))
        monkeypatch.setattr(store, "_MAX_INFLATED", 10**5)
        assert gradebook.evidence("small") is not None
        assert gradebook.evidence("large") is None
        with pytest.raises(GradebookError, match="damaged"):
            list(gradebook.submissions())


@pytest.mark.parametrize("target", ["nosuch+driver://x", "nosuch://user:secret@x/y", "sqlite:///missing/folder/x.db"])
def test_a_database_that_cannot_be_opened_is_a_sentence_without_its_password(target: str) -> None:
    with pytest.raises(GradebookError) as refused:
        Gradebook(target)
    assert "secret" not in str(refused.value)


WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from test_store import result
from autograder.records.store import Gradebook
gradebook = Gradebook(sys.argv[1])
for number in range(1_000_000):
    gradebook.store_result(result(f"s{number}"), result_key=str(number), slug="s")
    print(number, flush=True)
"""


@pytest.mark.parametrize("finished_before", [1, 7, 23])
def test_a_grader_killed_while_writing_loses_no_finished_result(target: str, finished_before: int) -> None:
    command = [sys.executable, "-c", WRITER, target, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        finished = [int(writer.stdout.readline()) for _ in range(finished_before)]
        writer.send_signal(signal.SIGKILL)
        finished += [int(line) for line in writer.stdout]
        writer.wait(timeout=30)
    with Gradebook(target) as gradebook:
        stored = {one.result.student for one in gradebook.results()}
        assert stored >= {f"s{number}" for number in finished}
        assert len(stored) <= len(finished) + 1
        gradebook.store_result(result("after"), result_key="r", slug="after")
    if "://" not in target:
        with sqlite3.connect(target) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.close()


TWO_WRITERS = """
import sys
sys.path.insert(0, sys.argv[2])
from test_store import result
from autograder.records.evidence import Evidence
from autograder.records.store import Gradebook
from autograder.records.training import TrainingRun
who = sys.argv[3]
print("ready", flush=True)
sys.stdin.readline()
with Gradebook(sys.argv[1], "cnn2") as gradebook:
    for number in range(60):
        for student in (f"both {number}", f"{who} {number}"):
            version = f"{who} {number}"
            made = result(student, float(number)).model_copy(update={"submission": version})
            gradebook.store_graded(made, result_key="r", slug=student, path=version, content=version.encode())
        gradebook.store_evidence(Evidence(key=f"e{number}", cells=(), isolation="none", versions={}))
        gradebook.store_training_run(TrainingRun(key=f"t{number}", outcome="trained"))
        gradebook.store_fact("last_run", who)
        gradebook.overrides.give(f"both {number}", "q", score=1, points=1, by=who, reason="", seen="")
"""


def test_two_graders_at_the_same_rows_at_the_same_time_both_finish_and_lose_nothing(target: str) -> None:
    command = [sys.executable, "-c", TWO_WRITERS, target, str(Path(__file__).parent)]
    graders = [
        subprocess.Popen([*command, who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for who in ("one", "two")
    ]
    for grader in graders:
        assert grader.stdout is not None
        assert grader.stdout.readline() == "ready\n"
    for grader in graders:
        assert grader.stdin is not None
        grader.stdin.write("\n")
        grader.stdin.flush()
    for grader in graders:
        grader.communicate(timeout=100)
    assert [grader.returncode for grader in graders] == [0, 0]
    everyone = {f"{who} {number}" for who in ("both", "one", "two") for number in range(60)}
    with Gradebook(target, "cnn2") as gradebook:
        results = {stored.result.student: stored.result for stored in gradebook.results()}
        assert results.keys() == everyone
        for stored in gradebook.submissions():
            # What was handed in and its result are always the same grader's.
            number = stored.student.split()[1]
            assert stored.path == results[stored.student].submission
            assert stored.path in (f"one {number}", f"two {number}")
            assert stored.content == stored.path.encode()
            assert results[stored.student].score == float(number)
        assert all(gradebook.evidence(f"e{number}") for number in range(60))
        assert all(gradebook.training_run(f"t{number}") for number in range(60))
        assert gradebook.fact("last_run") in ("one", "two")
        for number in range(60):
            said = [override.by for override, _ in gradebook.overrides.history(f"both {number}", "q")]
            assert sorted(said) == ["one", "two"]
