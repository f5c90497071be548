"""Which rows train and which validate: split with a fixed seed, then prepared and shaped for the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from autograder.core.messages import Message, phrase
from autograder.datasets.source import array_key
from autograder.network.architecture import Shape
from autograder.records.training import Recipe
from autograder.records.training_messages import CannotTrain, problem
from autograder.train.preparation import normalized, prepared, prepared_target, steps

if TYPE_CHECKING:
    from autograder.datasets import Arrays

# The split into training and validation rows must depend neither on the network nor on the recipe's seed: else
# thresholds from several seeds would come from different tasks.
_SPLIT_SEED = 20_240_229


@dataclass(frozen=True)
class Rows:
    """Several arrays of the same rows: the inputs of a network, or its outputs or their targets, in its order."""

    parts: tuple[NDArray[Any], ...]

    def __len__(self) -> int:
        return len(self.parts[0])

    def __getitem__(self, rows: Any) -> Rows:
        return Rows(tuple(part[rows] for part in self.parts))


def fed(rows: Any) -> Any:
    """Rows as Keras takes them: an array, or a list of arrays."""
    return list(rows.parts) if isinstance(rows, Rows) else rows


def nbytes(rows: Any) -> int:
    """How much memory rows take."""
    return sum(one.nbytes for one in rows.parts) if isinstance(rows, Rows) else int(rows.nbytes)


@dataclass(frozen=True)
class TrainingData:
    """The rows that a recipe selects, for training and validation.

    `x` have the network's input shape, float32 unless they are whole numbers or texts. `y` are whole numbers for
    classes (0, 1, …), otherwise float32. Both are `Rows` where the network has several. `shown_validation` are the
    validation rows as in the dataset. `unit` and `origin` convert a target value back into the dataset's units: value x
    unit + origin.
    """

    x_train: Any
    y_train: Any
    x_validation: Any
    y_validation: Any
    shown_validation: NDArray[Any]
    unit: Any = 1.0
    origin: Any = 0.0


def training_data(arrays: Arrays, recipe: Recipe, input_shape: Shape) -> TrainingData:
    """The rows that the recipe selects, in the layout of `input_shape` (without the batch axis).

    Raises:
        CannotTrain: no layout of the rows has that shape.
    """
    chosen, labels = selected(arrays, recipe, "x"), selected(arrays, recipe, "y")
    cut = recipe.train
    inputs = normalized(chosen, recipe) if recipe.prepare is None else prepared(chosen, recipe.prepare, cut)
    unit, origin = 1.0, 0.0
    if recipe.learns == "autoencoder":
        targets = inputs
    else:
        targets = target_rows(labels, recipe)
        if recipe.prepare is not None and recipe.prepare.standardize_target:
            targets, unit, origin = prepared_target(targets, cut)
    x = laid_out(inputs, input_shape, recipe, chosen)
    return TrainingData(x[:cut], targets[:cut], x[cut:], targets[cut:], chosen[cut:], unit, origin)


def selected(arrays: Arrays, recipe: Recipe, axis: Literal["x", "y"], name: str = "") -> NDArray[Any]:
    """The rows of an array to train and validate with, in this order: of the inputs ("x") or the targets ("y")."""
    rows = arrays[array_key(axis, "train", name)]
    # RandomState's stream is the one that NumPy guarantees never to change.
    order = np.random.RandomState(_SPLIT_SEED).permutation(len(rows))
    if recipe.source is None or not recipe.source.held_out:
        return rows[order[: recipe.train + recipe.validation]]
    other = arrays[array_key(axis, "test", name)]
    held = np.random.RandomState(_SPLIT_SEED).permutation(len(other))[: recipe.validation]
    return np.concatenate([rows[order[: recipe.train]], other[held]])


def class_count(arrays: Arrays, recipe: Recipe, output: str = "") -> int:
    """The number of classes in the data, or in one of its named outputs; 0 if the targets are values."""
    if recipe.task_has_values:
        return 0
    if recipe.classes:
        return len(recipe.classes)
    return max(2, int(target_rows(arrays[array_key("y", "train", output)], recipe).max()) + 1)


def target_rows(labels: NDArray[Any], recipe: Recipe) -> NDArray[Any]:
    """The targets of all rows, by the task: int32 for classes, else float32."""
    if recipe.learns in ("classification", "binary"):
        one_hot = labels.ndim == 2 and labels.shape[1] > 1
        return (labels.argmax(axis=1) if one_hot else labels.reshape(-1)).astype(np.int32)
    if recipe.learns == "sequence":
        return labels.astype(np.int32)
    return labels.astype(np.float32).reshape(len(labels), -1) if labels.ndim < 3 else labels.astype(np.float32)


def laid_out(rows: NDArray[Any], shape: Shape, recipe: Recipe, raw: NDArray[Any]) -> NDArray[Any]:
    """Prepared rows in the layout of a network's input; `raw` are the rows before their preparation.

    Raises:
        CannotTrain: no layout has that shape.
    """
    layouts = _image_layouts(rows, recipe) if rows.ndim > 2 else _table_layouts(rows)
    for layout in layouts:
        sizes = layout.shape[1:]
        if len(sizes) == len(shape) and all(
            have == want or want is None for have, want in zip(sizes, shape, strict=True)
        ):
            return np.ascontiguousarray(layout)
    first, *more = (str(layout.shape[1:]) for layout in layouts)
    possible: str | Message = first
    for one in more:
        possible = phrase("{some} or {last}", some=possible, last=one)
    values = {"shape": str(tuple(shape)), "possible": possible}
    done = steps(recipe.prepare)
    if done:
        raise CannotTrain(problem("other_prepared_shape", **values, steps=done))
    raise CannotTrain(problem("other_images" if raw.dtype == np.uint8 and raw.ndim > 2 else "other_shape", **values))


def _image_layouts(images: NDArray[Any], recipe: Recipe) -> list[NDArray[Any]]:
    """Images, or sequences of rows: with a channel axis, without it, and flat."""
    gray = images.ndim == 3
    with_channels = images[..., np.newaxis] if gray else images
    if not recipe.channels_last:
        with_channels = np.moveaxis(with_channels, -1, 1)
    return [with_channels, *([images] if gray else []), images.reshape(len(images), -1)]


def _table_layouts(rows: NDArray[Any]) -> list[NDArray[Any]]:
    """Rows of a table, or sequences of numbers: flat, as a sequence of single values, and as a single step."""
    flat = rows.reshape(len(rows), -1)
    return [flat, flat[..., np.newaxis], flat[:, np.newaxis, :]]
