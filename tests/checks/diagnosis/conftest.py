"""Student tasks made by hand: the reference, and the same with something changed."""

import pytest

from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Compilation, Loss, Optimizer
from autograder.network.layers import read_layer
from autograder.network.optimizers import read_optimizer
from autograder.records.training import Recipe, TrainingTask

RECIPE = Recipe(dataset="mnist", train=640, validation=200, epochs=3, batch_size=16, seconds=60)
LAYERS = (
    ("Conv2D", {"filters": 8, "kernel_size": [3, 3], "activation": "relu"}),
    ("MaxPooling2D", {}),
    ("Flatten", {}),
    ("Dense", {"units": 32, "activation": "relu"}),
    ("Dropout", {"rate": 0.2}),
    ("Dense", {"units": 10, "activation": "softmax"}),
)


def chain(layers, shape=(28, 28, 1)):
    operations = [Operation(kind="Input", settings={"shape": list(shape)})]
    for number, (class_name, config) in enumerate(layers):
        for kind, settings in read_layer(class_name, config):
            label = f"{class_name.lower()}_{number}"
            operations.append(Operation(kind=kind, settings=settings, inputs=(len(operations) - 1,), label=label))
    return Architecture(operations=tuple(operations), outputs=(len(operations) - 1,))


def optimizer(name="adam", **settings):
    return Optimizer(name=name, settings=read_optimizer(name)[1] | settings)


class Tasks:
    recipe = RECIPE
    layers = LAYERS

    def __call__(self, layers=LAYERS, *, loss=None, optimizer=None, **recipe):
        return TrainingTask(
            architecture=chain(layers),
            compilation=Compilation(optimizer=optimizer or self.optimizer(), loss=loss or self.loss()),
            recipe=RECIPE.model_copy(update=recipe),
            target=0.85,
        )

    def changed(self, place, **settings):
        return [(name, config | settings if at == place else config) for at, (name, config) in enumerate(LAYERS)]

    def without(self, *places):
        return [layer for at, layer in enumerate(LAYERS) if at not in places]

    def loss(self, name="categorical_crossentropy", **settings):
        logits = {"from_logits": False} if "crossentropy" in name else {}
        return Loss(name=name, settings=logits | settings)

    optimizer = staticmethod(optimizer)
    chain = staticmethod(chain)


@pytest.fixture
def tasks():
    """Makes tasks; called without arguments it gives the reference's."""
    return Tasks()
