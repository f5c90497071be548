"""Networks with several inputs or outputs: which of the data each of them is, their losses, and the scored output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograder.network.architecture import Shape
from autograder.network.compilation import Loss
from autograder.records.training import Recipe, TrainingTask
from autograder.records.training_messages import CannotTrain, problem
from autograder.train.preparation import normalized, prepared, prepared_target
from autograder.train.rebuild import make_loss
from autograder.train.row_split import Rows, TrainingData, class_count, laid_out, selected, target_rows
from autograder.train.targets import Targets

if TYPE_CHECKING:
    from autograder.datasets import Arrays


@dataclass(frozen=True)
class SeveralTargets:
    """The targets of each output, in the network's order; what `Targets` does is done for the one that is scored.

    Attributes:
        each: the targets of each output.
        weights: of each output's loss in the sum that is minimized.
        scored: the index of the output that is scored.
    """

    each: tuple[Targets, ...]
    weights: tuple[float, ...]
    scored: int

    @property
    def main(self) -> Targets:
        return self.each[self.scored]

    @property
    def classes(self) -> int:
        return self.main.classes

    @property
    def measured_in_steps(self) -> bool:
        return False

    def encoded(self, y: Rows) -> Rows:
        """The targets of some rows as the losses take them."""
        return Rows(tuple(one.encoded(part) for one, part in zip(self.each, y.parts, strict=True)))

    def score(self, outputs: Rows, y: Rows) -> float:
        """The metric of the scored output."""
        return self.main.score(outputs.parts[self.scored], y.parts[self.scored])

    def baseline(self, y_train: Rows, y_validation: Rows) -> float | None:
        """The score of the best constant answer of the scored output."""
        return self.main.baseline(y_train.parts[self.scored], y_validation.parts[self.scored])


class SummedLoss:
    """The sum of the outputs' losses, each times its weight, as Keras minimizes it."""

    def __init__(self, targets: SeveralTargets) -> None:
        self.each = [make_loss(one.loss) for one in targets.each]
        self.weights = list(targets.weights)

    def __call__(self, y: Any, outputs: Any) -> Any:
        pairs = zip(self.weights, self.each, _parts(y), _parts(outputs), strict=True)
        return sum(weight * loss(truth, given) for weight, loss, truth, given in pairs)


def several_of(
    arrays: Arrays, task: TrainingTask, inputs: Sequence[Shape], outputs: Sequence[Shape]
) -> tuple[TrainingData, Targets | SeveralTargets]:
    """The rows and the targets for a network on data with named inputs or outputs.

    Args:
        arrays: of a data set with names.
        task: the requested run.
        inputs, outputs: the shapes of the network's inputs and outputs, without the batch axis.

    Raises:
        CannotTrain: the network's inputs or outputs are not those of the data.
    """
    recipe = task.recipe
    source = recipe.source
    assert source is not None
    if len(inputs) != len(source.inputs) or len(outputs) != len(source.outputs):
        wanted = {"wanted_inputs": len(source.inputs), "wanted_outputs": len(source.outputs)}
        raise CannotTrain(problem("other_parts", inputs=len(inputs), outputs=len(outputs), **wanted))
    raw = {name: selected(arrays, recipe, "x", name) for name in source.inputs}
    ready = {name: _prepared(rows, recipe) for name, rows in raw.items()}

    def fits(at: int, name: str) -> bool:
        return _accepted(lambda: laid_out(ready[name][:1], inputs[at], recipe, raw[name]))

    def learns(at: int, name: str) -> bool:
        return _accepted(lambda: _targets(arrays, task, name, at, outputs[at]))

    read = _assigned("input", task.inputs, inputs, list(ready), fits)
    x = [laid_out(ready[name], shape, recipe, raw[name]) for name, shape in zip(read, inputs, strict=True)]
    given = _assigned("output", task.outputs, outputs, list(source.outputs), learns)
    cut = recipe.train
    each, y = [], []
    for at, name in enumerate(given):
        targets, rows = _targets(arrays, task, name, at, outputs[at])
        each.append(targets)
        y.append(rows)
    shown = next((raw[name] for name in read if raw[name].dtype == np.uint8), raw[read[0]])[cut:]
    x_train, x_validation = _split(x, cut)
    y_train, y_validation = _split(y, cut)
    data = TrainingData(x_train, y_train, x_validation, y_validation, shown)
    if len(each) == 1:
        return data, each[0]
    weights = tuple(one.weight for one in task.losses)
    return data, SeveralTargets(tuple(each), weights, given.index(recipe.scored_output))


def _split(parts: Sequence[NDArray[Any]], cut: int) -> tuple[Any, Any]:
    if len(parts) == 1:
        return parts[0][:cut], parts[0][cut:]
    rows = Rows(tuple(parts))
    return rows[:cut], rows[cut:]


def _parts(rows: Any) -> Sequence[Any]:
    return rows.parts if isinstance(rows, Rows) else rows


def _prepared(rows: NDArray[Any], recipe: Recipe) -> NDArray[Any]:
    if recipe.prepare is None:
        return normalized(rows, recipe)
    # A length is that of sequences of words; another input may be a table.
    prepare = recipe.prepare if rows.dtype.kind in "iuU" else recipe.prepare.model_copy(update={"pad": None})
    return prepared(rows, prepare, recipe.train)


def _accepted(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except CannotTrain:
        return False
    return True


def _targets(arrays: Arrays, task: TrainingTask, name: str, at: int, shape: Shape) -> tuple[Targets, NDArray[Any]]:
    """The targets of one output, and their rows.

    Raises:
        CannotTrain: output number `at` of the network cannot learn the data's output `name`.
    """
    recipe = task.recipe.of_output(name)
    loss = task.losses[at].loss or _usual_loss(recipe, shape)
    targets = Targets(recipe, loss, class_count(arrays, recipe, name), tuple(shape))
    labels = selected(arrays, recipe, "y", name)
    rows = target_rows(labels, recipe)
    if not recipe.task_has_values:
        targets.check(labels.shape[1:])
        return targets, rows
    if recipe.learns == "regression" and recipe.prepare is not None and recipe.prepare.standardize_target:
        rows, unit, origin = prepared_target(rows, recipe.train)
        targets = replace(targets, unit=unit, origin=origin)
    targets.check(rows.shape[1:])
    return targets, rows


def _usual_loss(recipe: Recipe, shape: Shape) -> Loss:
    if recipe.learns == "classification" and tuple(shape) == (1,):
        return Loss(name="binary_crossentropy")
    return recipe.usual_compilation.loss


def _assigned(
    part: str, names: Sequence[str], shapes: Sequence[Shape], ours: Sequence[str], fits: Callable[[int, str], bool]
) -> list[str]:
    """For each input (or output) of the network the data's one: that of its name, else the only one that fits.

    Raises:
        CannotTrain: none fits, or several do.
    """
    names = names if len(names) == len(shapes) else [""] * len(shapes)
    found: dict[int, str] = {}
    for at, name in enumerate(names):
        if name in ours and name not in found.values() and (name or len(ours) == 1):
            found[at] = name
    while len(found) < len(shapes):
        left = [name for name in ours if name not in found.values()]
        open_ones = [at for at in range(len(shapes)) if at not in found]
        if len(left) == 1:
            found[open_ones[0]] = left[0]  # the shapes say what does not fit
            continue
        choices = {at: [name for name in left if fits(at, name)] for at in open_ones}
        decided = next((at for at in open_ones if len(choices[at]) == 1), None)
        if decided is None:
            shape = "×".join("?" if size is None else str(size) for size in shapes[open_ones[0]]) or "1"
            raise CannotTrain(problem(f"unclear_{part}", names=tuple(left), shape=shape))
        found[decided] = choices[decided][0]
    return [found[at] for at in range(len(shapes))]
