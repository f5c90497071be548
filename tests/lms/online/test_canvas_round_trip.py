"""Canvas over HTTP: pull, grade, review, push, change, push again, by the commands themselves."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.sums_course import autograder, decide, make_assignment, notebook, pulled_and_graded
from stub import serving
from stub_canvas import ASSIGNMENT, COURSE, TOKEN, StubCanvas

from autograder.intake import read_submissions


@pytest.fixture
def canvas(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StubCanvas]:
    """A course with ada (right), ben (half), chloé (late, with a text), dora (nothing), emil (excused)."""
    stub = StubCanvas()
    with serving(stub) as address, serving(stub.files):
        monkeypatch.setenv("AUTOGRADER_CANVAS_URL", address)
        monkeypatch.setenv("AUTOGRADER_CANVAS_TOKEN", TOKEN)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.chdir(tmp_path)
        for number, name in enumerate(("Ada Lovelace", "Ben Okri", "Chloé O'Brien", "Dora Maar", "Emil Post"), 12345):
            stub.enrol(number, name, f"u{number}")
        stub.enrol(12399, "Test Student")
        stub.hand_in(12345, notebook(8, 9), "2026-11-19T10:00:00Z")
        stub.hand_in(12346, notebook(8, 6), "2026-11-19T10:00:00Z")
        stub.hand_in(12347, notebook(8, 9, "Because of the sum."), "2026-11-21T10:00:00Z")
        stub.hand_in(12349, notebook(1, 1), "2026-11-19T10:00:00Z")
        stub.students[12349].excused = True
        yield stub


@pytest.mark.slow
def test_pull_grade_review_push_change_push_again(canvas: StubCanvas, tmp_path: Path) -> None:
    place = make_assignment(tmp_path)
    status, said = autograder("pull", "canvas", COURSE, ASSIGNMENT)
    assert status == 0, said
    assert "4 new (4 files), 0 unchanged, 1 late, 1 handed in nothing" in said
    pulled = tmp_path / "pulled" / f"canvas-{ASSIGNMENT}"
    assert stat.S_IMODE(pulled.stat().st_mode) == 0o700
    assert "Test Student" not in (pulled / "pulled.json").read_text()
    assert "4 unchanged" in autograder("pull", "canvas", COURSE, "sums")[1]

    report = tmp_path / "report"
    status, said = autograder("grade", place, pulled, "--output", report)
    assert status == 0, said
    lines = {line["student"]: line for line in map(json.loads, (report / "results.jsonl").read_text().splitlines())}
    assert {name: line["score"] for name, line in lines.items()} == {
        "Ada Lovelace (12345)": 6,
        "Ben Okri (12346)": 2,
        "Chloé O'Brien (12347)": 6,
        "Emil Post (12349)": 0,
    }
    assert lines["Chloé O'Brien (12347)"]["handed_in"]["late"]
    assert lines["Ada Lovelace (12345)"]["handed_in"]["persons"][0]["number"] == "u12345"

    canvas.requests.clear()
    status, said = autograder("push", "canvas", report)
    assert status == 0
    assert "new (2), with 2 pages:\n  Ada Lovelace 6\n  Ben Okri 2" in said
    assert "pending (1):\n  Chloé O'Brien (1 points are not decided)" in said
    assert "excused (1):\n  Emil Post" in said
    assert "absent (1):\n  Dora Maar (nothing handed in)" in said
    assert "Nothing was sent: --yes sends this to 2 students." in said
    assert not canvas.writes()
    status, said = autograder("push", "canvas", report, "--yes")
    assert (status, "sent and read back: 2 of 2" in said) == (0, True), said
    ada, chloe, dora, emil = (canvas.students[number] for number in (12345, 12347, 12348, 12349))
    assert (ada.entered, chloe.entered, dora.entered, emil.entered, emil.excused) == (6, None, None, None, True)
    (comment,) = ada.comments
    assert comment["comment"].startswith("6 of 7 points. The attached page explains every question. (autograder ")
    (attached,) = comment["attachments"]
    assert attached["display_name"].startswith("feedback-")
    page = canvas.files.stored[attached["id"]][1]
    assert page.startswith(b"<!DOCTYPE html>")
    assert b"The square of three" in page

    decide(report, "Chloé O'Brien (12347)", 0.5)
    status, said = autograder("push", "canvas", report, "--yes")
    assert "new (1), with 1 pages:\n  Chloé O'Brien 6.5" in said
    assert "unchanged (2):" in said
    assert chloe.entered == 6.5
    canvas.requests.clear()
    status, said = autograder("push", "canvas", report, "--yes")
    assert (status, "nothing to send" in said, canvas.writes()) == (0, True, []), said

    decide(report, "Chloé O'Brien (12347)", 0)
    decide(report, "Ben Okri (12346)", 3, "square")
    status, said = autograder("push", "canvas", report, "--yes")
    assert "raised (1), with 1 pages:\n  Ben Okri 2 → 5" in said
    assert "lowered (1):\n  Chloé O'Brien 6.5 → 6 (needs --allow-lower)" in said
    assert (canvas.students[12346].entered, chloe.entered) == (5, 6.5)
    assert autograder("push", "canvas", report, "--yes", "--allow-lower")[0] == 0
    assert (chloe.entered, len(chloe.comments), len(ada.comments)) == (6, 2, 1)

    canvas.hand_in(12345, notebook(7, 9), "2026-11-22T10:00:00Z")
    canvas.grade(12346, 7)
    status, said = autograder("push", "canvas", report)
    assert "Ada Lovelace 6 → 6 (handed in again since the pull: pull and grade again)" in said
    assert 'Ben Okri 7 → 5 (the grade there, 7, changed since the pull (--replace "Ben Okri"))' in said
    assert "fetched: Ada Lovelace" in autograder("pull", "canvas", COURSE, ASSIGNMENT)[1]
    assert autograder("grade", place, pulled, "--output", report)[0] == 0
    status, said = autograder("push", "canvas", report, "--yes", "--allow-lower", "--replace", "ben okri")
    assert status == 0, said
    assert (ada.entered, canvas.students[12346].entered) == (4, 5)
    everything = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN not in everything + said
    assert "secretverifier" not in everything


def test_all_attempts_are_fetched_once_and_the_latest_counts(canvas: StubCanvas, tmp_path: Path) -> None:
    canvas.hand_in(12345, notebook(8, 8), "2026-11-19T12:00:00Z", name="../../.ssh/sums.ipynb")
    assert "4 new (5 files)" in autograder("pull", "canvas", COURSE, ASSIGNMENT, "--attempts", "all")[1]
    canvas.hand_in(12345, notebook(7, 8), "2026-11-19T13:00:00Z")
    assert "1 new (1 files)" in autograder("pull", "canvas", COURSE, ASSIGNMENT, "--attempts", "all")[1]
    intake = read_submissions(tmp_path / "pulled" / f"canvas-{ASSIGNMENT}", "sums.ipynb")
    ada = intake.submissions[0]
    assert (ada.student, ada.submission) == ("Ada Lovelace (12345)", "12345/attempt-3/sums.ipynb")
    assert ada.handed_in is not None
    assert list(map(str, ada.handed_in.earlier)) == ["12345/attempt-1/sums.ipynb", "12345/attempt-2/sums.ipynb"]


def test_a_group_is_graded_once_and_every_member_gets_it(canvas: StubCanvas, tmp_path: Path) -> None:
    for number in (12345, 12346):
        canvas.students[number].group = {"id": 8, "name": "Blue"}
        canvas.students[number].attempts = canvas.students[12345].attempts
    report = pulled_and_graded(tmp_path, "canvas", "sis_course_id:DL-2026", ASSIGNMENT)
    assert autograder("push", "canvas", report, "--yes")[0] == 0
    assert [canvas.students[number].entered for number in (12345, 12346)] == [6, 6]
    assert [len(canvas.students[number].comments) for number in (12345, 12346)] == [1, 1]


def test_anonymous_students_stay_anonymous_here(canvas: StubCanvas, tmp_path: Path) -> None:
    canvas.anonymous = True
    report = pulled_and_graded(tmp_path, "canvas", "sis_course_id:DL-2026", ASSIGNMENT)
    assert "Ada" not in (tmp_path / "pulled" / f"canvas-{ASSIGNMENT}" / "pulled.json").read_text()
    status, said = autograder("push", "canvas", report, "--yes")
    assert (status, "anonymous aB345x 6" in said) == (0, True), said
    assert "pages are not returned: Canvas takes none while the grading is anonymous" in said
    assert (canvas.students[12345].entered, canvas.students[12345].comments) == (6, [])
    assert "nothing to send" in autograder("push", "canvas", report)[1]


def test_the_late_policy_is_left_to_canvas(canvas: StubCanvas, tmp_path: Path) -> None:
    report = pulled_and_graded(tmp_path, "canvas", "sis_course_id:DL-2026", ASSIGNMENT)
    decide(report, "Chloé O'Brien (12347)", 1)
    assert autograder("push", "canvas", report, "--yes")[0] == 0
    # Canvas shows 6 for the 7 that were entered; that is no change by a person.
    assert canvas.students[12347].entered == 7
    assert "nothing to send" in autograder("push", "canvas", report)[1]


def test_points_are_no_mark_of_a_grading_scheme(canvas: StubCanvas, tmp_path: Path) -> None:
    canvas.scheme = {"6.0": 0.1, "2.0": 0.9}
    report = pulled_and_graded(tmp_path, "canvas", "sis_course_id:DL-2026", ASSIGNMENT)
    status, said = autograder("push", "canvas", report, "--yes")
    assert (status, "sent and read back: 2 of 2" in said) == (0, True), said
    assert (canvas.students[12345].entered, len(canvas.students[12345].comments)) == (6, 1)
