"""What is asked of the trainer for a student's network: the same by every kind of question, so runs are shared."""

from __future__ import annotations

from autograder.checks.student_network import StudentNetwork
from autograder.core.messages import NOTHING
from autograder.records.training import Recipe, TrainingTask


def training_task(student: StudentNetwork, recipe: Recipe, target: float | None = None) -> TrainingTask | None:
    """The trusted run of a network, as the student compiled it (as the recipe says where that was not done).

    `target` is the accuracy (0..1) that decides, where the run need not go on after it. None where there is no network
    that can be built again.
    """
    if student.architecture is None:
        return None
    if not student.compiled:
        return TrainingTask(
            architecture=student.architecture, compilation=recipe.compilation, recipe=recipe, target=target
        )
    # Metrics change nothing in a run: without them, more students share one.
    compilation = student.compilation.model_copy(update={"metrics": recipe.compilation.metrics, "problem": NOTHING})
    return TrainingTask(architecture=student.architecture, compilation=compilation, recipe=recipe, target=target)
