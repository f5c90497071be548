"""Questions that ask for several things: each right one earns the same share."""

import pytest
from by_hand import question

from autograder.checks.equal_shares import RIGHT, Aspect, judged, missed
from autograder.records.result import Finding

QUESTION = question("architecture", points=6)
WRONG = missed("not so", where="there", hint="look")


@pytest.mark.parametrize(
    ("aspects", "status", "score"),
    [
        ([RIGHT], "correct", 6),
        ([RIGHT, RIGHT], "correct", 6),
        ([RIGHT, WRONG], "partial", 3),
        ([WRONG, RIGHT, WRONG], "partial", 2),
        ([WRONG, WRONG], "wrong", 0),
    ],
)
def test_each_thing_that_is_right_earns_its_share(aspects, status, score):
    verdict = judged(QUESTION, aspects)
    assert (verdict.status, verdict.score) == (status, score)


def test_each_thing_that_is_not_right_is_told_and_notes_come_first():
    note = Finding(message="by the way")
    verdict = judged(QUESTION, [WRONG, RIGHT], note)
    assert verdict.findings == (note, Finding(message="not so", where="there", hint="look"))
    assert judged(QUESTION, [RIGHT], note).score == QUESTION.points


def test_an_aspect_is_right_where_there_is_nothing_to_say():
    assert Aspect().right
    assert not WRONG.right
