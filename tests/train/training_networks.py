"""Small networks for the tests of training, written as their canonical operations."""

from __future__ import annotations

from typing import Any

from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Compilation
from autograder.network.layers import read_layer
from autograder.records.training import Recipe, TrainingTask

HE = {"class_name": "HeNormal", "config": {}}
QUICK = Recipe(dataset="mnist", train=640, validation=200, epochs=2, batch_size=16, seconds=60)


def chain(shape: tuple[int, ...], *layers: tuple[str, dict[str, Any]]) -> Architecture:
    """One layer after the other, each by its class and settings, the others at their defaults."""
    operations = [Operation(kind="Input", settings={"shape": list(shape)})]
    for class_name, config in layers:
        for kind, settings in read_layer(class_name, config):
            operations.append(Operation(kind=kind, settings=settings, inputs=(len(operations) - 1,)))
    return Architecture(operations=tuple(operations), outputs=(len(operations) - 1,))


def conv(filters: int) -> list[tuple[str, dict[str, Any]]]:
    settings = {"filters": filters, "kernel_size": [3, 3], "padding": "same", "kernel_initializer": HE}
    return [("Conv2D", settings), ("BatchNormalization", {}), ("Activation", {"activation": "relu"})]


def cnn2(*, solved: bool = True) -> Architecture:
    """The network of the main exercise, or what its template holds without the four missing layers."""
    missing = [*conv(64), ("MaxPooling2D", {"strides": [2, 2]})] if solved else []
    return chain(
        (28, 28, 1),
        *conv(32),
        *conv(32),
        ("MaxPooling2D", {"strides": [2, 2]}),
        *conv(64),
        *missing,
        ("Flatten", {}),
        ("Dense", {"units": 200, "kernel_initializer": HE}),
        ("BatchNormalization", {}),
        ("Dropout", {"rate": 0.3}),
        ("Activation", {"activation": "relu"}),
        ("Dense", {"units": 10, "kernel_initializer": HE, "activation": "softmax"}),
    )


def linear(*, activation: str = "softmax", units: int = 10) -> Architecture:
    return chain((28, 28, 1), ("Flatten", {}), ("Dense", {"units": units, "activation": activation}))


def small_cnn() -> Architecture:
    return chain(
        (28, 28, 1),
        ("Conv2D", {"filters": 8, "kernel_size": [3, 3], "strides": [2, 2], "activation": "relu"}),
        ("Dropout", {"rate": 0.2}),
        ("Flatten", {}),
        ("Dense", {"units": 10, "activation": "softmax"}),
    )


def task(architecture: Architecture, compilation: Compilation | None = None, /, **recipe: Any) -> TrainingTask:
    return TrainingTask(
        architecture=architecture,
        compilation=compilation or Compilation(),
        recipe=Recipe.model_validate({**QUICK.model_dump(), **recipe}),
    )
