"""Networks that start with the weights of a declared file get them from this file, whatever a notebook says."""

import pytest

from autograder.assignment import load
from autograder.core.weight_fingerprint import BASE_WEIGHTS
from autograder.grading.answer_key import AnswerKey
from autograder.train.trainer import Trainer, TrainerError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def task():
    """The run of the reference network of `transfer`, to its end."""
    key = AnswerKey.stored(load("transfer"))
    (question,) = (one for one in key.assignment.questions if one.kind == "accuracy")
    return next(iter(question.training(key.reference_context()))).whole


def with_weights(task, change):
    operations = [
        one.model_copy(update={"settings": {**one.settings, BASE_WEIGHTS: change(one.settings[BASE_WEIGHTS])}})
        if BASE_WEIGHTS in one.settings
        else one
        for one in task.architecture.operations
    ]
    architecture = task.architecture.model_copy(update={"operations": tuple(operations)})
    return task.model_copy(update={"architecture": architecture})


def test_the_weights_come_from_the_declared_file_or_are_new(task):
    forged = with_weights(task, lambda prints: [one[::-1] for one in prints])
    misplaced = with_weights(task, lambda prints: prints[:1] * len(prints))
    with Trainer() as trainer:
        right, wrong, refused = (trainer.run(one) for one in (task, forged, misplaced))
        with pytest.raises(TrainerError, match="was not prepared on this machine"):
            trainer.run(task.model_copy(update={"recipe": task.recipe.model_copy(update={"base_models": ("0" * 64,)})}))
    # Frozen features of random weights do not get half of the images right, see docs of the assignment.
    assert right.score > 0.69 > wrong.score
    assert len({one.key for one in (right, wrong, refused)}) == 3
    assert refused.outcome == "failed"
