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
ROC_POINTS = 101
RECONSTRUCTIONS = 6


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


def roc(surplus: NDArray[Any], truth: NDArray[np.int32]) -> dict[str, Any] | None:
    """The ROC curve, with the fields of `autograder.records.training.Roc`; None if a class has no row.

    Args:
        surplus: how much more each row is taken for the second of two classes than for the first.
        truth: the class of each row, 0 or 1.

    Rows with equal outputs are one point. The area is exact; of the points at most `ROC_POINTS` are returned.
    """
    positive = int((truth == 1).sum())
    negative = len(truth) - positive
    if not positive or not negative or not np.isfinite(surplus).all():
        return None
    order = np.argsort(-surplus, kind="stable")
    last = np.append(np.diff(surplus[order]) != 0, True)
    found = np.concatenate([[0], np.cumsum(truth[order] == 1)[last]]) / positive
    false = np.concatenate([[0], np.cumsum(truth[order] == 0)[last]]) / negative
    area = float(np.sum(np.diff(false) * (found[1:] + found[:-1]) / 2))
    kept = np.unique(np.linspace(0, len(found) - 1, min(len(found), ROC_POINTS)).round().astype(int))
    return {
        "false_positive": [round(float(one), 5) for one in false[kept]],
        "true_positive": [round(float(one), 5) for one in found[kept]],
        "area": round(area, 5),
    }


def reconstructions(given: NDArray[Any], made: NDArray[Any], shape: tuple[int, ...]) -> list[dict[str, str]]:
    """The first images and what an autoencoder made of them, with the fields of `records.training.Reconstruction`.

    Args:
        given: the images as the network read them, one per row.
        made: its outputs, as many values per row.
        shape: of all images, as in the dataset; nothing is returned unless they are images.

    Both are drawn on the scale of the given images: their least value is black, their greatest white.
    """
    if not _are_images(shape):
        return []
    low, high = float(given.min()), float(given.max())
    pairs = zip(given[:RECONSTRUCTIONS], made[:RECONSTRUCTIONS], strict=True)

    def drawn(values: NDArray[Any]) -> str:
        scaled = (np.nan_to_num(values.reshape(shape[1:])) - low) / ((high - low) or 1.0)
        return _png((np.clip(scaled, 0, 1) * 255).round().astype(np.uint8))

    return [{"given": drawn(one), "made": drawn(other)} for one, other in pairs if one.size == other.size]


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
