"""A trained network's predictions on the validation rows: confusion matrix, most confident mistakes, residuals."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MISTAKES = 12
RESIDUALS = 300


def predictions(
    outputs: NDArray[np.float32], truth: NDArray[np.int32], rows: NDArray[Any], classes: int
) -> dict[str, Any]:
    """The predictions as plain data, with the fields of `autograder.records.training.Predictions`.

    Args:
        outputs: one row of values per validation row, one for each class; the largest is the prediction.
        truth: the class of each row, 0, 1, …
        rows: the rows themselves; misclassified images (values 0..255) are drawn.
        classes: the number of classes.

    The mistakes are the most confident ones: those with the largest difference between the outputs of the predicted and
    the true class; ties go to the earlier image.
    """
    predicted = outputs.argmax(axis=1)
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (truth, predicted), 1)
    return {"confusion": confusion.tolist(), "mistakes": _mistakes(outputs, truth, predicted, rows)}


def residuals(predicted: NDArray[Any], truth: NDArray[Any]) -> dict[str, Any]:
    """True and predicted values, with the fields of `autograder.records.training.Residuals`.

    If a row has several values, only the first is used; at most `RESIDUALS` rows are returned.
    """
    pairs = {"truth": truth, "predicted": predicted}
    return {
        name: [float(f"{value:.6g}") for value in values.reshape(len(values), -1)[:RESIDUALS, 0]]
        for name, values in pairs.items()
    }


def _mistakes(outputs: Any, truth: Any, predicted: Any, rows: NDArray[Any]) -> list[dict[str, Any]]:
    if rows.dtype != np.uint8 or not _are_images(rows.shape):
        return []
    every = np.arange(len(truth))
    surplus = outputs[every, predicted] - outputs[every, truth]
    wrong = [int(at) for at in np.argsort(-surplus, kind="stable") if predicted[at] != truth[at]]
    return [
        {"truth": int(truth[at]), "predicted": int(predicted[at]), "png": _png(rows[at])} for at in wrong[:MISTAKES]
    ]


def _are_images(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))


def _png(pixels: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
