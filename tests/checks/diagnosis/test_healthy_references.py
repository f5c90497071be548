"""On the reference solutions of all assignments no rule finds anything, and nothing is a suspect."""

from pathlib import Path

import pytest

from autograder.assignment import load
from autograder.checks.diagnosis.rules import RULES
from autograder.checks.diagnosis.suspects import suspects
from autograder.checks.score import ScoreQuestion
from autograder.grading.answer_key import AnswerKey

FILES = (Path(__file__).parents[3] / "assignments").glob("*/assignment.toml")
# An open exercise asks for no network.
ASSIGNMENTS = sorted(path.parent for path in FILES if "[networks." in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_a_reference_is_healthy(folder):
    answer_key = AnswerKey.stored(load(str(folder)))
    asked = [question for question in answer_key.assignment.questions if isinstance(question, ScoreQuestion)]
    assert asked
    for question in asked:
        subject = question.subject(answer_key.reference_context())
        facts = subject.facts()
        assert facts.reference_fit is not None
        assert [rule.name for rule in RULES if rule.find(facts) is not None] == []
        assert suspects(subject.task, subject.reference) == ()
