"""The training task for a student's network: the same for every kind of question, so that runs are shared."""

from __future__ import annotations

from autograder.checks.student_network import StudentNetwork
from autograder.core.messages import NOTHING
from autograder.records.training import Recipe, TrainingTask


def training_task(student: StudentNetwork, recipe: Recipe, target: float | None = None) -> TrainingTask | None:
    """The trusted run of a network, as the student compiled it (as the recipe says if it was not compiled).

    `target` is the score at which the run may stop early. None if there is no network that can be rebuilt.
    """
    if student.architecture is None:
        return None
    if not student.compiled:
        return TrainingTask(
            architecture=student.architecture, compilation=recipe.usual_compilation, recipe=recipe, target=target
        )
    # Metrics do not affect a run: without them, more students share one.
    compilation = student.compilation.model_copy(
        update={"metrics": recipe.usual_compilation.metrics, "problem": NOTHING}
    )
    return TrainingTask(architecture=student.architecture, compilation=compilation, recipe=recipe, target=target)
