"""A trained network's predictions on the validation images: the confusion matrix and the most confident mistakes."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MISTAKES = 12


def predictions(outputs: NDArray[np.float32], truth: NDArray[np.int32], pixels: NDArray[Any]) -> dict[str, Any]:
    """The predictions as plain data, with the fields of `autograder.records.training.Predictions`.

    Args:
        outputs: one row per example, one value per class; the largest is the prediction.
        truth: the class of each example, 0, 1, ….
        pixels: the examples themselves; images are uint8, height × width or height × width × 3.

    The mistakes, which only images have, are the most confident ones: those where the output of the predicted class
    exceeds that of the true class most; ties go to the earlier image.
    """
    predicted = outputs.argmax(axis=1)
    classes = outputs.shape[1]
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (truth, predicted), 1)
    every = np.arange(len(truth))
    surplus = outputs[every, predicted] - outputs[every, truth]
    wrong = [int(at) for at in np.argsort(-surplus, kind="stable") if predicted[at] != truth[at]]
    shown = wrong[:MISTAKES] if _are_images(pixels) else []
    mistakes = [{"truth": int(truth[at]), "predicted": int(predicted[at]), "png": _png(pixels[at])} for at in shown]
    return {"confusion": confusion.tolist(), "mistakes": mistakes}


def _are_images(pixels: NDArray[Any]) -> bool:
    return pixels.dtype == np.uint8 and (pixels.ndim == 3 or (pixels.ndim == 4 and pixels.shape[3] == 3))


def _png(pixels: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
