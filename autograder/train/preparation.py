"""The preparation of data before a network sees it: declared steps, fitted to the training rows only."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autograder.core.language import gettext_noop
from autograder.core.messages import Message, phrase
from autograder.records.training import Prepare, Recipe


def normalized(rows: NDArray[Any], recipe: Recipe) -> NDArray[Any]:
    """Numbers normalized by the recipe, float32; whole numbers other than bytes, and texts, are unchanged."""
    if _is_text(rows) or _is_tokens(rows):
        return rows
    numbers = rows.astype(np.float32)
    if recipe.normalization == "unit":
        return np.divide(numbers, 255, dtype=np.float32)
    if recipe.normalization == "standardize":
        return _standardized(numbers, recipe.train, 0)
    return numbers


def prepared(rows: NDArray[Any], prepare: Prepare, train: int) -> NDArray[Any]:
    """Rows after the declared steps; the first `train` of them are for training."""
    if _is_text(rows):
        if prepare.vocabulary is None:
            return rows
        rows = _numbered(rows, prepare.vocabulary, train)
    if prepare.pad is not None and rows.ndim == 2:
        rows = _padded(rows, prepare.pad)
    if prepare.one_hot and rows.dtype.kind in "iu":
        rows = _one_hot_rows(rows, train, prepare.vocabulary)
    if prepare.resize is not None and rows.ndim > 2:
        rows = _resized(rows, prepare.resize[0], prepare.resize[1])
    if _is_tokens(rows) and prepare.scale is None and not prepare.standardize:
        return rows
    numbers = rows.astype(np.float32)
    if prepare.scale is not None:
        numbers = numbers * np.float32(prepare.scale)
    if prepare.standardize:
        # A sequence of rows has the same features at each step; every pixel of an image is a feature.
        numbers = _standardized(numbers, train, (0, 1) if rows.ndim == 3 and rows.dtype.kind == "f" else 0)
    return numbers


def prepared_target(targets: NDArray[Any], train: int) -> tuple[NDArray[Any], Any, Any]:
    """Standardized targets, the divisor, and the offset that was subtracted."""
    mean, deviation = _moments(targets, train, 0)
    return np.asarray((targets - mean) / deviation, dtype=np.float32), deviation, mean


_STEPS = {
    "vocabulary": gettext_noop("texts as numbers of the {value:,} most frequent words"),
    "pad": gettext_noop("sequences filled up or cut to the length {value}"),
    "one_hot": gettext_noop("whole numbers as one-hot rows"),
    "resize": gettext_noop("images of {value} pixels"),
    "scale": gettext_noop("numbers multiplied by {value:g}"),
    "standardize": gettext_noop("every feature with mean 0 and standard deviation 1"),
    "standardize_target": gettext_noop("targets with mean 0 and standard deviation 1"),
}


def steps(prepare: Prepare | None) -> tuple[Message, ...]:
    """The declared steps in words, in their order."""
    if prepare is None:
        return ()
    chosen = {name: getattr(prepare, name) for name in _STEPS}
    return tuple(
        phrase(_STEPS[name], value="×".join(map(str, value)) if isinstance(value, tuple) else value)
        for name, value in chosen.items()
        if value
    )


def _is_text(rows: NDArray[Any]) -> bool:
    return rows.dtype.kind == "U"


def _is_tokens(rows: NDArray[Any]) -> bool:
    return rows.dtype.kind in "iu" and rows.dtype != np.uint8


def _standardized(numbers: NDArray[np.float32], train: int, axes: int | tuple[int, ...]) -> NDArray[np.float32]:
    mean, deviation = _moments(numbers, train, axes)
    return np.asarray((numbers - mean) / deviation, dtype=np.float32)


def _moments(numbers: NDArray[Any], train: int, axes: int | tuple[int, ...]) -> tuple[Any, Any]:
    mean = numbers[:train].mean(axis=axes, dtype=np.float64)
    deviation = np.asarray(numbers[:train].std(axis=axes, dtype=np.float64))
    deviation[deviation == 0] = 1  # features that are constant, such as the pixels in the corners of MNIST
    return mean, deviation


def _numbered(texts: NDArray[Any], vocabulary: int, train: int) -> NDArray[np.int32]:
    """Texts as rows of word numbers, the most frequent first, in lower case and without punctuation."""
    layer = keras.layers.TextVectorization(max_tokens=vocabulary)
    flat = texts.reshape(-1)
    layer.adapt(flat[:train].tolist())
    return np.asarray(layer(flat.tolist()), dtype=np.int32)


def _padded(rows: NDArray[Any], length: int) -> NDArray[Any]:
    cut = rows[:, :length]
    return np.pad(cut, ((0, 0), (0, length - cut.shape[1])))


def _one_hot_rows(rows: NDArray[Any], train: int, vocabulary: int | None) -> NDArray[np.float32]:
    """One-hot rows, one per number; numbers above the maximum of the training rows give zeros."""
    known = vocabulary or int(rows[:train].max()) + 1
    return np.asarray(rows[..., np.newaxis] == np.arange(known), dtype=np.float32)


def _resized(images: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    return np.stack([np.asarray(Image.fromarray(image).resize((width, height))) for image in images])
