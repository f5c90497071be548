"""The images and labels of a training run: selected, normalized and shaped for the network's input by a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograder.core.messages import Message, phrase
from autograder.network.architecture import Shape
from autograder.records.training import Recipe
from autograder.records.training_messages import CannotTrain, problem

if TYPE_CHECKING:
    from autograder.datasets import Arrays

# The split into training and validation images must depend neither on the network nor on the recipe's seed: else
# thresholds from several seeds would come from different tasks.
_SPLIT_SEED = 20_240_229


@dataclass(frozen=True)
class Images:
    """float32 examples in the network's input shape and their classes (0, 1, …), for training and validation.

    `pixels_validation` are the validation examples as in the data set; of images, 0..255.
    """

    x_train: NDArray[np.float32]
    y_train: NDArray[np.int32]
    x_validation: NDArray[np.float32]
    y_validation: NDArray[np.int32]
    pixels_validation: NDArray[Any]


def prepare_images(arrays: Arrays, recipe: Recipe, input_shape: Shape) -> Images:
    """The images that the recipe selects, in the layout of `input_shape` (without the batch axis).

    Raises:
        CannotTrain: no layout of the images has that shape.
    """
    pixels, labels = arrays["x_train"], arrays["y_train"].reshape(-1)
    # RandomState's stream is the one that NumPy guarantees never to change.
    order = np.random.RandomState(_SPLIT_SEED).permutation(len(pixels))
    cut = recipe.train
    if recipe.source is not None and recipe.source.held_out:
        held = np.random.RandomState(_SPLIT_SEED).permutation(len(arrays["x_test"]))[: recipe.validation]
        pixels = np.concatenate([pixels[order[:cut]], arrays["x_test"][held]])
        labels = np.concatenate([labels[order[:cut]], arrays["y_test"].reshape(-1)[held]])
    else:
        order = order[: cut + recipe.validation]
        pixels, labels = pixels[order], labels[order]
    images = _normalized(pixels.astype(np.float32), recipe)
    images = _laid_out(images, input_shape, recipe)
    classes = labels.astype(np.int32)
    return Images(images[:cut], classes[:cut], images[cut:], classes[cut:], pixels[cut:])


def one_hot(classes: NDArray[np.int32], count: int) -> NDArray[np.float32]:
    """One row of `count` numbers per class: 1 for the class, else 0."""
    return np.eye(count, dtype=np.float32)[classes]


def _normalized(images: NDArray[np.float32], recipe: Recipe) -> NDArray[np.float32]:
    if recipe.normalization == "unit":
        return np.divide(images, 255, dtype=np.float32)
    if recipe.normalization == "standardize":
        mean = images[: recipe.train].mean(axis=0, dtype=np.float64)
        deviation = images[: recipe.train].std(axis=0, dtype=np.float64)
        deviation[deviation == 0] = 1  # pixels that are constant, as in the corners of MNIST
        return np.asarray((images - mean) / deviation, dtype=np.float32)
    return images


def _laid_out(images: NDArray[np.float32], shape: Shape, recipe: Recipe) -> NDArray[np.float32]:
    gray = images.ndim == 3
    with_channels = images[..., np.newaxis] if gray else images
    if not recipe.channels_last:
        with_channels = np.moveaxis(with_channels, -1, 1)
    layouts = [with_channels, *([images] if gray else []), images.reshape(len(images), -1)]
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
    raise CannotTrain(problem("other_images", shape=str(tuple(shape)), possible=possible))
