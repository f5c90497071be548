"""A trained network's predictions on the validation images: the confusion matrix and the most confident mistakes."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autograder.datasets import CLASSES

MISTAKES = 12


def predictions(outputs: NDArray[np.float32], truth: NDArray[np.int32], pixels: NDArray[np.uint8]) -> dict[str, Any]:
    """The predictions as plain data, with the fields of `autograder.records.training.Predictions`.

    Args:
        outputs: one row of ten values per image; the largest is the prediction.
        truth: the class of each image, 0..9.
        pixels: the images themselves, 28×28 or 32×32×3, values 0..255.

    The mistakes are the most confident ones: those where the output of the predicted class exceeds that of the true
    class most; ties go to the earlier image.
    """
    predicted = outputs.argmax(axis=1)
    confusion = np.zeros((CLASSES, CLASSES), dtype=int)
    np.add.at(confusion, (truth, predicted), 1)
    every = np.arange(len(truth))
    surplus = outputs[every, predicted] - outputs[every, truth]
    wrong = [int(at) for at in np.argsort(-surplus, kind="stable") if predicted[at] != truth[at]]
    mistakes = [
        {"truth": int(truth[at]), "predicted": int(predicted[at]), "png": _png(pixels[at])} for at in wrong[:MISTAKES]
    ]
    return {"confusion": confusion.tolist(), "mistakes": mistakes}


def _png(pixels: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
