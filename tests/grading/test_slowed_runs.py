"""A training run that other work on the machine kept from its end: the question waits, and is not judged."""

from pathlib import Path

from autograder.assignment import load
from autograder.grading.answer_key import AnswerKey
from autograder.grading.judge import conclude, with_runs

CNN2 = AnswerKey.stored(load(str(Path(__file__).parents[2] / "assignments" / "cnn2")))


def test_a_question_waits_for_a_run_that_could_not_be_made():
    asked = []

    def slowed(task):
        asked.append(task.key)

    context = with_runs(CNN2, CNN2.reference_context(), slowed)
    result = conclude(CNN2, "Ada", "ada.ipynb", context)
    accuracy = next(one for one in result.questions if one.id == "accuracy")
    assert (accuracy.status, accuracy.findings[0].code) == ("needs_review", "question.needs_run")
    assert result.pending >= accuracy.points
    assert len(asked) == 1
