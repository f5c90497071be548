"""`autograder forget`: afterwards no byte about the student is left in the report or in what was pulled."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples.sums_course import autograder, decide, graded_by_hand, make_assignment, notebook

from autograder.api import load_results
from autograder.grading.gradebook_location import opened_gradebook
from autograder.records.pulled import PULLED_FOLDER_FACT, SENT_FACT, Pulled, PulledSubmission, Sent, SentGrade
from autograder.records.result import Person
from autograder.records.run_statistics import RunStatistics

NAMES = {"501": "Ada Lovelace", "502": "Ben Okri"}


@pytest.fixture
def report(tmp_path: Path) -> Path:
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
    report = graded_by_hand(make_assignment(tmp_path), pulled, tmp_path / "report")
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
    """The files under a folder that hold one of the words, in their content or their name."""
    found = []
    for path in sorted(place.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        if any(word.encode() in content or word in path.name for word in words):
            found.append(path.relative_to(place).as_posix())
    return found


def test_a_student_is_forgotten_and_the_others_stay(report: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.html")}
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


def test_a_whole_class_is_forgotten_and_foreign_files_are_named(report: Path, tmp_path: Path) -> None:
    (report / "notes.txt").write_text("mine")
    status, said = autograder("forget", report, "--yes")
    assert status == 0, said
    assert "deleted: 2 students' results" in said
    assert f"stays: {report / 'notes.txt'}: not written by autograder" in said
    assert [path.name for path in report.iterdir()] == ["notes.txt"]
    assert not (tmp_path / "pulled").exists()
    assert holding(tmp_path, "Ada", "Okri") == []


def test_a_name_that_may_be_two_students_is_refused(report: Path) -> None:
    status, said = autograder("forget", report, "Nobody")
    assert (status, "write the name as on the class page" in said) == (2, True)
