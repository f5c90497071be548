"""The training task for a student's network: the same for every kind of question, so that runs are shared."""

from __future__ import annotations

from typing import Any

from autograder.checks.read_network import StudentNetwork, compilation_to_train
from autograder.network.architecture import Architecture
from autograder.network.compilation import Compilation, OutputLoss
from autograder.network.torch.schedules import with_schedule
from autograder.records.training import Recipe, TrainingTask


def training_task(
    student: StudentNetwork, recipe: Recipe, target: float | None = None, *, prepared: str = ""
) -> TrainingTask | None:
    """The trusted run of a network, as the student compiled it (as the recipe says if it was not compiled).

    `target` is the score at which the run may stop early. None if there is no network that can be rebuilt, or no
    data: where the student's own function prepares it, `prepared` names the result. Such a run is never stopped early,
    so that one score is all that is read of the hidden rows.
    """
    if student.architecture is None or (recipe.own_preparation is not None and not prepared):
        return None
    if prepared:
        target = None
    # Metrics do not affect a run: without them, more students share one.
    usual = recipe.usual_compilation
    own = compilation_to_train(student, usual).model_copy(update={"metrics": usual.metrics})
    compilation = own.model_copy(update={"losses": ()})
    if student.compiled and student.captured is not None and student.captured.framework == "torch":
        optimizer = with_schedule(
            compilation.optimizer, student.captured.compile, recipe.epochs, recipe.steps_per_epoch
        )
        compilation = compilation.model_copy(update={"optimizer": optimizer})
    names = inputs_and_outputs(student.architecture, recipe)
    if names:
        losses = losses_of(own if student.compiled else None, student.architecture)
        compilation = compilation.model_copy(update={"losses": losses})
    return TrainingTask(
        architecture=student.architecture,
        compilation=compilation,
        recipe=recipe,
        target=target,
        prepared=prepared,
        **names,
    )


def inputs_and_outputs(architecture: Architecture, recipe: Recipe) -> dict[str, Any]:
    """The fields `inputs` and `outputs` of a training task, from the layers' names; {} for data without names."""
    source = recipe.source
    if source is None or not source.has_names:
        return {}
    inputs = [operation.label for operation in architecture.operations if operation.kind == "Input"]
    # Other names are left out: Keras numbers them, and a run is shared.
    return {
        "inputs": tuple(name if name in source.inputs else "" for name in inputs),
        "outputs": tuple(name if name in source.outputs else "" for name in _output_names(architecture)),
    }


def _output_names(architecture: Architecture) -> list[str]:
    return [architecture.operations[index].label for index in architecture.outputs]


def losses_of(compilation: Compilation | None, architecture: Architecture) -> tuple[OutputLoss, ...]:
    """The loss of each output, without names; () if there is one loss, and the usual ones without a compilation.

    An output without a loss of its own is not trained, as in Keras.
    """
    outputs = _output_names(architecture)
    if len(outputs) == 1 or (compilation is not None and not compilation.losses):
        return ()
    if compilation is None:
        return tuple(OutputLoss() for _ in outputs)
    given = compilation.losses
    named = {one.output: one for one in given}
    if named.keys() <= set(outputs):
        given = tuple(named.get(name, OutputLoss(weight=0.0)) for name in outputs)
    elif len(given) != len(outputs):
        return tuple(OutputLoss() for _ in outputs)
    return tuple(one.model_copy(update={"output": ""}) for one in given)
