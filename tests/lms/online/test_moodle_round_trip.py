"""Moodle's web service over HTTP: the same round trip, and what is Moodle's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.sums_course import autograder, decide, notebook, pulled_and_graded
from stub import serving
from stub_moodle import CM, TOKEN, StubMoodle, seconds

from autograder.intake import read_submissions


@pytest.fixture
def moodle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StubMoodle]:
    """A course with ada (right), ben (half), chloé (late, with a text), dora (nothing), emil (a draft)."""
    stub = StubMoodle()
    with serving(stub) as address:
        monkeypatch.setenv("AUTOGRADER_MOODLE_URL", address)
        monkeypatch.setenv("AUTOGRADER_MOODLE_TOKEN", TOKEN)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.chdir(tmp_path)
        for number, name in enumerate(("Ada Lovelace", "Ben Okri", "Chloé O'Brien", "Dora Maar", "Emil Post"), 501):
            stub.enrol(number, name, f"m{number}")
        yield stub


def hand_in(moodle: StubMoodle) -> None:
    moodle.hand_in(501, notebook(8, 9), "2026-11-19T10:00:00+00:00")
    moodle.hand_in(502, notebook(8, 6), "2026-11-19T10:00:00+00:00")
    moodle.hand_in(503, notebook(8, 9, "Because of the sum."), "2026-11-21T10:00:00+00:00")
    moodle.hand_in(505, notebook(8, 9), "2026-11-19T10:00:00+00:00", status="draft")


def test_pull_grade_review_push_change_push_again(moodle: StubMoodle, tmp_path: Path) -> None:
    hand_in(moodle)
    ada, ben, chloe, *_ = moodle.students.values()
    ada.comment, ada.files = "<p>See me.</p>", {"scan.pdf": b"%PDF"}
    report = pulled_and_graded(tmp_path, "moodle", "DL-2026", CM)
    assert "0 new (0 files), 3 unchanged, 1 late, 2 handed in nothing" in autograder("pull", "moodle", 44, "Sums")[1]
    status, said = autograder("push", "moodle", report)
    assert "new (2), with 2 pages:\n  Ada Lovelace 6\n  Ben Okri 2" in said
    assert "pending (1):\n  Chloé O'Brien" in said
    assert "absent (2):\n  Dora Maar (nothing handed in)\n  Emil Post (nothing handed in)" in said
    assert not moodle.writes()
    status, said = autograder("push", "moodle", report, "--yes")
    assert (status, "sent and read back: 2 of 2" in said) == (0, True), said
    assert [one.grade for one in moodle.students.values()] == [6, 2, None, None, None]
    # What a person wrote stays, and ours stands there once.
    assert ada.comment.startswith("<p>See me.</p><p")
    assert ada.comment.count("(autograder ") == 1
    assert (len(ada.files), ada.files["scan.pdf"], len(ben.files)) == (2, b"%PDF", 1)
    (page,) = ben.files.values()
    assert b"The square of three" in page

    decide(report, "Chloé O'Brien (503)", 0.5)
    decide(report, "Ben Okri (502)", 3, "square")
    assert autograder("push", "moodle", report, "--yes")[0] == 0
    assert (ben.grade, chloe.grade, len(ben.files), ben.comment.count("autograder ")) == (5, 6.5, 1, 1)
    moodle.requests.clear()
    assert "nothing to send" in autograder("push", "moodle", report, "--yes")[1]
    assert not moodle.writes()

    decide(report, "Chloé O'Brien (503)", 0)
    ben.grade = 7
    moodle.hand_in(501, notebook(7, 9), "2026-11-22T10:00:00+00:00")
    status, said = autograder("push", "moodle", report, "--yes")
    assert "lowered (1):\n  Chloé O'Brien 6.5 → 6 (needs --allow-lower)" in said
    assert "handed in again since the pull" in said
    assert "the grade there, 7, changed since the pull" in said
    assert [one.grade for one in (ada, ben, chloe)] == [6, 7, 6.5]
    everything = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN not in everything + said


def test_all_attempts_are_fetched_and_an_extension_is_not_late(moodle: StubMoodle, tmp_path: Path) -> None:
    moodle.hand_in(501, notebook(8, 8), "2026-11-19T10:00:00+00:00")
    moodle.hand_in(501, notebook(8, 9), "2026-11-24T10:00:00+00:00")
    moodle.students[501].extension = seconds("2026-11-25T10:00:00+00:00")
    assert "1 new (2 files)" in autograder("pull", "moodle", 44, CM, "--attempts", "all")[1]
    (ada,) = read_submissions(tmp_path / "pulled" / f"moodle-{CM}").submissions
    assert ada.submission == "501/attempt-2/sums.ipynb"
    assert ada.handed_in is not None
    assert (ada.handed_in.late, ada.handed_in.at) == (False, "2026-11-24T10:00:00+00:00")


def test_a_team_is_graded_once_and_every_member_gets_it(moodle: StubMoodle, tmp_path: Path) -> None:
    moodle.groups = {8: "Blue"}
    moodle.students[501].group = moodle.students[502].group = 8
    moodle.hand_in(501, notebook(8, 9), "2026-11-19T10:00:00+00:00")
    report = pulled_and_graded(tmp_path, "moodle", "DL-2026", CM)
    assert autograder("push", "moodle", report, "--yes")[0] == 0
    assert [one.grade for one in moodle.students.values()] == [6, 6, None, None, None]
    assert "nothing to send" in autograder("push", "moodle", report)[1]


def test_blind_marking_leaves_no_name_here(moodle: StubMoodle, tmp_path: Path) -> None:
    hand_in(moodle)
    moodle.blind = True
    report = pulled_and_graded(tmp_path, "moodle", "DL-2026", CM)
    assert "Ada" not in (tmp_path / "pulled" / f"moodle-{CM}" / "pulled.json").read_text()
    status, said = autograder("push", "moodle", report, "--yes")
    assert (status, moodle.students[501].grade) == (0, 6), said


def test_feedback_that_cannot_be_read_back_is_not_sent(moodle: StubMoodle, tmp_path: Path) -> None:
    hand_in(moodle)
    moodle.workflow = True
    status, said = autograder("push", "moodle", pulled_and_graded(tmp_path, "moodle", "DL-2026", CM), "--yes")
    assert "uses marking workflow, whose unreleased feedback cannot be read back" in said
    assert (status, moodle.writes()) == (0, [])


def test_an_override_moves_a_deadline_and_an_extension_moves_it_on(moodle: StubMoodle, tmp_path: Path) -> None:
    late = "2026-11-24T10:00:00+00:00"
    ends = {"general": moodle.due, "sooner": seconds("2026-11-18T10:00:00+00:00"), "later": seconds(late) + 60}
    moodle.overrides = [
        {"userid": None, "groupid": 3, "sortorder": 2, "duedate": ends["sooner"]},
        {"userid": None, "groupid": 4, "sortorder": 1, "duedate": ends["later"]},
        {"userid": 502, "groupid": None, "sortorder": None, "duedate": ends["sooner"]},
        # Only another time to begin: the deadline stays the assignment's, whatever the group has.
        {"userid": 503, "groupid": None, "sortorder": None, "duedate": None},
    ]
    for number in (501, 503):
        moodle.students[number].sections = (3, 4)
    moodle.students[504].sections = (3,)
    moodle.students[504].extension = ends["later"]
    for number in (501, 502, 503, 504):
        moodle.hand_in(number, notebook(8, 9), late if number != 502 else "2026-11-19T10:00:00+00:00")
    report = pulled_and_graded(tmp_path, "moodle", "DL-2026", CM)
    found = read_submissions(tmp_path / "pulled" / f"moodle-{CM}").submissions
    assert {one.student[-4:-1]: one.handed_in.late for one in found if one.handed_in} == {
        **{"501": False, "502": True, "503": True, "504": False}
    }
    moodle.overrides.append({"userid": 505, "groupid": None, "sortorder": None, "duedate": seconds("2099-01-01T00:00")})
    said = autograder("push", "moodle", report)[1]
    assert "new (4):\n" in said
    assert "pages are held back until the last deadline, 20" in said
    assert "is not told there" not in said
    moodle.overrides[-1]["duedate"] = 0
    assert "the assignment there has no deadline" in autograder("push", "moodle", report)[1]
    # An older Moodle: the lecturer is told before anything goes out.
    moodle.overrides = None
    said = autograder("push", "moodle", report)[1]
    assert "new (4), with 4 pages:\n" in said
    assert "has another deadline (an override) is not told there: if one is still to come, use --pages never" in said


def test_what_the_token_may_not_do_is_said_in_one_sentence(moodle: StubMoodle, tmp_path: Path) -> None:
    hand_in(moodle)
    report = pulled_and_graded(tmp_path, "moodle", "DL-2026", CM)
    for code, said in (
        ("accessexception", "the token's service lacks mod_assign_save_grades (docs/moodle.md lists what it needs)."),
        (
            "nopermissions",
            "the owner of the token may not call mod_assign_save_grades: Sorry, but you do not currently",
        ),
    ):
        moodle.lacks = {"mod_assign_save_grades": code}
        status, whole = autograder("push", "moodle", report, "--yes", "--pages", "never")
        assert (status, said in whole.splitlines()[-1]) == (2, True), whole
    assert not any(one.grade for one in moodle.students.values())
    moodle.overrides = []
    moodle.lacks = {"mod_assign_get_overrides": "nopermissions"}
    assert "is not told there" in autograder("push", "moodle", report)[1]
