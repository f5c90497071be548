"""What becomes of a submission without a notebook: nothing earned where none was handed in, else a person is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.assignment.loader import load
from autograder.core.messages import Message, message
from autograder.grading.answer_key import AnswerKey
from autograder.grading.judge import conclude_unreadable
from autograder.records.result import Finding, Result

ROOT = Path(__file__).parents[2]
OF_NOTHING = message("submission.empty_folder", "The folder {folder} is empty.", folder="ann")
DAMAGED = message("submission.damaged", "{file} is damaged.", file="cnn2.zip")
FROM_AN_OLDER_REPORT = Message(text="The notebook is damaged.")


def concluded(reason: Message) -> Result:
    answer_key = AnswerKey.stored(load("cnn2"))
    return conclude_unreadable(answer_key, "ann", "ann/cnn2.zip", Finding(message=reason))


@pytest.mark.parametrize(("reason", "waits"), [(OF_NOTHING, False), (DAMAGED, True), (FROM_AN_OLDER_REPORT, False)])
def test_what_was_not_opened_costs_nothing_until_a_person_has_looked(reason: Message, waits: bool) -> None:
    made = concluded(reason)
    assert (made.status, made.score) == ("unreadable", 0.0)
    assert made.pending == (made.points if waits else 0.0)
    assert {verdict.status for verdict in made.questions} == {"needs_review" if waits else "not_reached"}
    assert made.notes[0].message == reason
