"""What may be sent and what not: each rule on both platforms, over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from platforms import BOOKS, GRADES, Platform, graded_class
from samples.sums_course import autograder, decide, notebook, pulled_and_graded


def push(platform: Platform, report: Path, *options: str) -> str:
    status, said = autograder("push", platform.name, report, *options)
    assert status == 0, said
    return said


def grades(platform: Platform) -> dict[int, float | None]:
    return {student: grade for student, (grade, _) in platform.state().items()}


def test_who_left_and_what_came_by_mail_is_unmatched(platform: Platform, tmp_path: Path) -> None:
    for number in BOOKS:
        platform.enrol(number, f"Student {number}")
        platform.hand_in(number, BOOKS[number])
    assert autograder("pull", platform.name, *platform.where)[0] == 0
    (tmp_path / "pulled" / f"{platform.name}-{platform.where[1]}" / "bymail.ipynb").write_bytes(notebook(8, 9))
    report = pulled_and_graded(tmp_path, platform.name, *platform.where)
    platform.leave(12)
    platform.enrol(14, "Student 14")
    said = push(platform, report, "--yes")
    assert "unmatched (2):\n" in said
    assert "Student 12 (12) (nobody there has the id 12 now)" in said
    assert "bymail (no id of a user there is known)" in said
    assert "absent (1):\n  Student 14 (nothing handed in)" in said
    assert grades(platform) == {11: 6, 13: 4, 14: None}


def test_each_lowered_grade_is_named_and_needs_to_be_allowed(platform: Platform, tmp_path: Path) -> None:
    report = graded_class(platform, tmp_path)
    push(platform, report, "--yes")
    decide(report, "Student 11 (11)", 1, "square")
    decide(report, "Student 12 (12)", 1, "square")
    decide(report, "Student 13 (13)", 1, "square")
    said = push(platform, report, "--yes")
    assert "raised (1), with 1 pages:\n  Student 12 2 → 3" in said
    assert "lowered (2):\n  Student 11 6 → 3 (needs --allow-lower)\n  Student 13 4 → 1 (needs --allow-lower)" in said
    assert grades(platform) == {11: 6, 12: 3, 13: 4}
    # To name a student allows no lower grade: that is for grades of other people.
    assert "needs --allow-lower" in push(platform, report, "--yes", "--replace", "Student 11")
    assert grades(platform) == {11: 6, 12: 3, 13: 4}
    push(platform, report, "--yes", "--allow-lower")
    assert grades(platform) == {11: 3, 12: 3, 13: 1}
    platform.stub.requests.clear()
    assert "nothing to send" in push(platform, report, "--yes", "--allow-lower")
    assert not platform.stub.writes()


def test_another_verdict_with_the_same_score_is_a_new_page_only(platform: Platform, tmp_path: Path) -> None:
    report = graded_class(platform, tmp_path)
    push(platform, report, "--yes")
    decide(report, "Student 11 (11)", 1, "twice")
    decide(report, "Student 11 (11)", 1, "why")
    said = push(platform, report, "--yes")
    assert "unchanged (3), with 1 pages:\n  Student 11 6, a new page\n  Student 12 2\n" in said
    assert grades(platform) == GRADES
    assert "nothing to send" in push(platform, report, "--yes")


def test_a_persons_grade_is_replaced_only_by_name(platform: Platform, tmp_path: Path) -> None:
    for number in BOOKS:
        platform.enrol(number, "Same Name" if number < 13 else "Student 13")
        platform.hand_in(number, BOOKS[number])
        platform.grade(number, 5)
    report = pulled_and_graded(tmp_path, platform.name, *platform.where)
    platform.grade(13, 3)
    said = push(platform, report, "--yes")
    assert "Same Name 5 → 6 (the grade there, 5, was not written by autograder" in said
    assert 'Student 13 3 → 4 (the grade there, 3, changed since the pull (--replace "Student 13"))' in said
    said = push(platform, report, "--yes", "--replace", "same  name", "--replace", "Nobody")
    assert '--replace "same name": several students are called that, so name one by id' in said
    assert '--replace "nobody": nobody is called that' in said
    assert grades(platform) == {11: 5, 12: 5, 13: 3}
    push(platform, report, "--yes", "--replace", "12", "--replace", "student 13")
    assert grades(platform) == {11: 5, 12: 2, 13: 4}


def test_what_was_handed_in_again_or_taken_back_is_refused(platform: Platform, tmp_path: Path) -> None:
    report = graded_class(platform, tmp_path)
    platform.hand_in(11, notebook(1, 1), "2026-11-19T11:00:00+00:00")
    platform.take_back(12)
    said = push(platform, report, "--yes")
    assert "refused (2):\n  Student 11 6 (handed in again since the pull: pull and grade again)\n" in said
    assert "Student 12 2 (the submission was taken back since the pull: pull and grade again)" in said
    assert grades(platform) == {11: None, 12: None, 13: 4}


def test_another_maximum_is_refused_and_scaled_only_on_request(platform: Platform, tmp_path: Path) -> None:
    platform.set_maximum(14)
    report = graded_class(platform, tmp_path)
    said = push(platform, report, "--yes")
    assert "Student 11 6 (the maximum there is 14, here 7 (--scale scales every score))" in said
    assert "Student 11 12\n" in push(platform, report, "--scale")
    platform.set_maximum(28)
    said = push(platform, report, "--yes", "--scale")
    assert "refused (3):" in said
    assert "the maximum there was 14 at the pull and is 28 now" in said
    assert not platform.stub.writes()


def test_pages_wait_for_the_last_deadline(platform: Platform, tmp_path: Path) -> None:
    report = graded_class(platform, tmp_path)
    platform.enrol(14, "Student 14")
    platform.extend(14, "2099-01-01T00:00:00+00:00")
    said = push(platform, report, "--yes")
    assert "pages are held back until the last deadline, 20" in said
    assert platform.state() == {**{student: (grade, 0) for student, grade in GRADES.items()}, 14: (None, 0)}
    assert "nothing to send" in push(platform, report, "--pages", "never")
    said = push(platform, report, "--yes", "--pages", "now")
    assert "unchanged (3), with 3 pages:\n  Student 11 6, a new page" in said
    assert platform.state()[11] == (6, 1)
    assert "nothing to send" in push(platform, report, "--pages", "now")


def test_without_a_deadline_pages_need_a_word(platform: Platform, tmp_path: Path) -> None:
    platform.set_deadline("")
    report = graded_class(platform, tmp_path)
    # One student's own deadline is not everybody's.
    platform.extend(11, "2026-11-20T00:00:00+00:00")
    said = push(platform, report, "--yes")
    assert "pages are held back, because the assignment there has no deadline (--pages now)" in said
    assert platform.state() == {student: (grade, 0) for student, grade in GRADES.items()}
    push(platform, report, "--yes", "--pages", "now")
    assert platform.state() == {student: (grade, 1) for student, grade in GRADES.items()}


@pytest.mark.parametrize("other", ["canvas", "moodle"])
def test_a_report_goes_back_to_where_it_came_from_only(platform: Platform, tmp_path: Path, other: str) -> None:
    report = graded_class(platform, tmp_path)
    if other != platform.name:
        status, said = autograder("push", other, report, "--yes")
        assert (status, f"were pulled from {platform.name}: push {platform.name}" in said) == (2, True)
    (tmp_path / "byhand").mkdir()
    (tmp_path / "byhand" / "ada.ipynb").write_bytes(notebook(8, 9))
    status, said = autograder("push", other, tmp_path / "byhand")
    assert (status, len(said.splitlines())) == (2, 1), said
