"""The operators of DeepCrime that notebooks of these exercises can hold, and healthy networks as controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder import datasets
from autograder.authoring.keras_configs import LayerConfig, layer, layers_of, sequential
from autograder.checks.accuracy import Accuracy
from autograder.grading.answer_key import AnswerKey
from autograder.observe.array_statistics import statistics, target_facts, validation_facts
from autograder.records.evidence import CapturedFit
from autograder.records.training import Recipe
from autograder.train import row_split as prepared
from autograder.train.targets import one_hot

CLASSES, EPOCHS, BATCH = 10, 10, 64
WEIGHTED = ("Dense", "Conv2D")


@dataclass(frozen=True)
class Notebook:
    """The reference solution of one network: its layers, how it compiles and trains, with the images of one seed."""

    layers: list[LayerConfig]
    compile: dict[str, Any]
    recipe: Recipe
    arrays: tuple[Any, Any, Any, Any]
    fit: CapturedFit
    one_hot: bool
    seed: int

    def healthy(self, **changes: Any) -> Mutant:
        """The notebook with some changes; `truth` names what is then wrong."""
        given = {"layers": self.layers, "compile": self.compile, "fit": self.fit, "truth": (), "always": False}
        made = given | changes
        return Mutant(
            sequential(made["layers"]),
            made["compile"],
            made["fit"],
            frozenset(made["truth"]),
            made["always"],
            made["layers"],
        )


@dataclass(frozen=True)
class Mutant:
    """A network with a fault: `truth` holds the diagnoses that are right; `always`: a fault at any accuracy."""

    config: dict[str, Any]
    compile: dict[str, Any]
    fit: CapturedFit
    truth: frozenset[str]
    always: bool
    layers: list[LayerConfig]


Operator = Callable[[Notebook], Iterator[Mutant]]


def notebook_of(answer_key: AnswerKey, question: Accuracy, seed: int) -> Notebook:
    """The network behind a question, trained with `seed`: the reference itself for an odd seed, else with harmless
    choices of a student's in it."""
    expected = answer_key.expected[question.network]
    captured = answer_key.reference.evidence.network(question.network)
    assert expected.recipe is not None
    assert captured is not None
    assert captured.compile
    recipe = expected.recipe.model_copy(update={"seed": seed})
    shape = tuple(expected.architecture.operations[0].settings["shape"])
    images = prepared.training_data(_pixels(recipe), recipe, shape)
    hot = expected.fit is not None and len((expected.fit.targets or {})["shape"]) == 2 and _columns(expected.fit) > 1
    labels = [one_hot(each, CLASSES) if hot else each for each in (images.y_train, images.y_validation)]
    compiled, layers = captured.compile, layers_of(expected.architecture)
    if seed % 2 == 0:
        compiled, layers = _with_choices(compiled, layers)
    four = (images.x_train, labels[0], images.x_validation, labels[1])
    return Notebook(layers, compiled, recipe, four, fit_of(question.network, *four), hot, seed)


def _pixels(recipe: Recipe) -> Any:
    return datasets.load_arrays(recipe.dataset, datasets.find(recipe.dataset).path)


def _with_choices(compiled: dict[str, Any], layers: list[LayerConfig]) -> tuple[dict[str, Any], list[LayerConfig]]:
    """Harmless choices of a student, so that a fault is not the only difference from the reference: other initial
    weights and a larger layer, in some of the layers."""
    layers = deepcopy(layers)
    weighted = [place for place, entry in enumerate(layers) if entry["class_name"] in WEIGHTED]
    normal = {"module": "keras.initializers", "class_name": "GlorotNormal", "config": {}, "registered_name": None}
    layers[weighted[0]]["config"]["kernel_initializer"] = normal
    if len(weighted) > 1:
        entry = layers[weighted[-2]]
        name = "units" if entry["class_name"] == "Dense" else "filters"
        entry["config"][name] = round(1.25 * entry["config"][name])
    return compiled, layers


def fit_of(network: str, x: Any, y: Any, x_validation: Any, y_validation: Any, **changes: Any) -> CapturedFit:
    """What the kernel would capture from a call of `fit`."""
    return CapturedFit(
        **{
            "network": network,
            "epochs": EPOCHS,
            "inputs": statistics(x),
            "targets": target_facts(x, y),
            "validation": validation_facts(x, (x_validation, y_validation), 0.0),
            "batch_size": BATCH,
            "cell": 1,
        }
        | changes
    )


def _columns(fit: CapturedFit) -> int:
    return int((fit.targets or {})["shape"][1])


def _refit(notebook: Notebook, *arrays: Any, **changes: Any) -> CapturedFit:
    return fit_of(notebook.fit.network, *(arrays or notebook.arrays), **changes)


def _with(notebook: Notebook, place: int, **settings: Any) -> list[LayerConfig]:
    layers = deepcopy(notebook.layers)
    layers[place]["config"].update(settings)
    return layers


def _weighted(notebook: Notebook) -> list[int]:
    return [place for place, entry in enumerate(notebook.layers) if entry["class_name"] in WEIGHTED]


def _everywhere(notebook: Notebook, **settings: Any) -> list[LayerConfig]:
    layers = deepcopy(notebook.layers)
    for place in _weighted(notebook):
        layers[place]["config"].update(settings)
    return layers


def _ends_with_softmax(notebook: Notebook) -> bool:
    return notebook.layers[-1]["config"].get("activation") == "softmax"


def last_activation(notebook: Notebook) -> Iterator[Mutant]:
    truth = ("last activation", "no softmax", "softmax and from_logits", "from_logits")
    if _ends_with_softmax(notebook):
        yield notebook.healthy(layers=notebook.layers[:-1], truth=truth)
        yield notebook.healthy(layers=[*notebook.layers[:-1], layer("Activation", activation="relu")], truth=truth)
    else:
        yield notebook.healthy(layers=[*notebook.layers, layer("Activation", activation="softmax")], truth=truth)
        yield notebook.healthy(layers=[*notebook.layers, layer("Activation", activation="relu")], truth=truth)


def inner_activations(notebook: Notebook) -> Iterator[Mutant]:
    layers = deepcopy(notebook.layers)
    for entry in layers[:-1]:
        if entry["class_name"] == "Activation":
            entry["config"]["activation"] = "sigmoid"
    if layers != notebook.layers:
        yield notebook.healthy(layers=layers, truth=("activations",))


def initial_weights(notebook: Notebook) -> Iterator[Mutant]:
    for name, config in (("Zeros", {}), ("RandomNormal", {"mean": 0.0, "stddev": 3.0})):
        initializer = {"module": "keras.initializers", "class_name": name, "config": config, "registered_name": None}
        yield notebook.healthy(layers=_everywhere(notebook, kernel_initializer=initializer), truth=("initial weights",))


def loss(notebook: Notebook) -> Iterator[Mutant]:
    truth = ("loss", "loss and labels")
    for name in ("mean_squared_error", "mean_absolute_error", "categorical_hinge"):
        if notebook.one_hot:
            yield notebook.healthy(compile={**notebook.compile, "loss": name}, truth=truth)


def from_logits(notebook: Notebook) -> Iterator[Mutant]:
    name = "CategoricalCrossentropy" if notebook.one_hot else "SparseCategoricalCrossentropy"
    flipped = {
        "module": "keras.losses",
        "class_name": name,
        "config": {"from_logits": _ends_with_softmax(notebook)},
        "registered_name": None,
    }
    truth = ("from_logits", "last activation", "no softmax", "softmax and from_logits")
    yield notebook.healthy(compile={**notebook.compile, "loss": flipped}, truth=truth)


def learning_rate(notebook: Notebook) -> Iterator[Mutant]:
    for factor in (1000.0, 1e-3):
        optimizer = deepcopy(notebook.compile["optimizer"])
        optimizer["config"]["learning_rate"] *= factor
        yield notebook.healthy(compile={**notebook.compile, "optimizer": optimizer}, truth=("learning rate",))


def optimizer(notebook: Notebook) -> Iterator[Mutant]:
    for name in ("adadelta", "ftrl"):
        yield notebook.healthy(compile={**notebook.compile, "optimizer": name}, truth=("optimizer",))


def frozen(notebook: Notebook) -> Iterator[Mutant]:
    weighted = _weighted(notebook)
    frozen_ones = weighted[:-1] if len(weighted) > 1 and notebook.seed % 2 else weighted[-1:]
    layers = deepcopy(notebook.layers)
    for place in frozen_ones:
        layers[place]["config"]["trainable"] = False
    yield notebook.healthy(layers=layers, truth=("frozen layers",))


def layers_removed_or_added(notebook: Notebook) -> Iterator[Mutant]:
    last = _weighted(notebook)[-1]
    narrow = layer("Dense", units=1, kernel_initializer={"class_name": "GlorotUniform", "config": {}})
    bottleneck = [*notebook.layers[:last], narrow, *notebook.layers[last:]]
    yield notebook.healthy(layers=bottleneck, truth=("extra layer",))
    pools = [place for place, entry in enumerate(notebook.layers) if entry["class_name"] == "Flatten"]
    if pools and notebook.layers[pools[0] - 1]["class_name"] in ("MaxPooling2D", "Activation"):
        shrunk = layer("Dropout", rate=0.97)
        yield notebook.healthy(
            layers=[*notebook.layers[: pools[0]], shrunk, *notebook.layers[pools[0] :]], truth=("dropout",)
        )


def regularization(notebook: Notebook) -> Iterator[Mutant]:
    l2 = {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 3.0}, "registered_name": None}
    yield notebook.healthy(layers=_everywhere(notebook, kernel_regularizer=l2), truth=("regularization",))


def size_of_layer(notebook: Notebook) -> Iterator[Mutant]:
    weighted = _weighted(notebook)
    if len(weighted) > 1:
        place = weighted[-2]
        name = "units" if notebook.layers[place]["class_name"] == "Dense" else "filters"
        yield notebook.healthy(layers=_with(notebook, place, **{name: 1}), truth=("size of a layer",))


def epochs(notebook: Notebook) -> Iterator[Mutant]:
    yield notebook.healthy(fit=_refit(notebook, epochs=1), truth=("epochs", "too few epochs"), always=True)


def batch_size(notebook: Notebook) -> Iterator[Mutant]:
    yield notebook.healthy(fit=_refit(notebook, batch_size=BATCH * 64), truth=("batch size",))


def training_data(notebook: Notebook) -> Iterator[Mutant]:
    x, y, *validation = notebook.arrays
    few = max(20, len(x) // 25)
    yield notebook.healthy(fit=_refit(notebook, x[:few], y[:few], *validation), truth=("number of images",))


def labels(notebook: Notebook) -> Iterator[Mutant]:
    x, y, *validation = notebook.arrays
    order = np.random.RandomState(notebook.seed).permutation(len(y))
    yield notebook.healthy(
        fit=_refit(notebook, x, y[order], *validation), truth=("labels of other images",), always=True
    )


def label_encoding(notebook: Notebook) -> Iterator[Mutant]:
    x, y, x_validation, y_validation = notebook.arrays
    others = [each.argmax(axis=1) if notebook.one_hot else one_hot(each, CLASSES) for each in (y, y_validation)]
    fit = _refit(notebook, x, others[0], x_validation, others[1])
    yield notebook.healthy(fit=fit, truth=("loss and labels",), always=True)


def normalization(notebook: Notebook) -> Iterator[Mutant]:
    _, y, _, y_validation = notebook.arrays
    recipe = notebook.recipe.model_copy(update={"normalization": "none"})
    pixels = prepared.training_data(_pixels(recipe), recipe, notebook.arrays[0].shape[1:])
    fit = _refit(notebook, pixels.x_train, y, pixels.x_validation, y_validation)
    truth = ("normalization of the inputs", "inputs not normalized")
    yield notebook.healthy(fit=fit, truth=truth, always=True)


def validation(notebook: Notebook) -> Iterator[Mutant]:
    x, y, *_ = notebook.arrays
    fit = _refit(notebook, x, y, x[:500], y[:500])
    yield notebook.healthy(fit=fit, truth=("validation data used for training",), always=True)


def metric(notebook: Notebook) -> Iterator[Mutant]:
    compiled = {**notebook.compile, "metrics": ["binary_accuracy" if notebook.seed % 2 else "mean_squared_error"]}
    yield notebook.healthy(compile=compiled, truth=("metric",), always=True)


def unchanged(notebook: Notebook) -> Iterator[Mutant]:
    yield notebook.healthy()


def harmless(notebook: Notebook) -> Iterator[Mutant]:
    """Other choices of a student that a fair reader accepts: more epochs, other batches, all images, other layers."""
    x, y, x_validation, y_validation = notebook.arrays
    most = len(x) * 2 // 3
    fit = _refit(notebook, x[:most], y[:most], x_validation, y_validation, epochs=8, batch_size=32)
    yield notebook.healthy(fit=fit)
    if notebook.compile["optimizer"]["config"]["name"].startswith("adam"):
        yield notebook.healthy(compile={**notebook.compile, "optimizer": "nadam"})
    normal = {"module": "keras.initializers", "class_name": "GlorotNormal", "config": {}, "registered_name": None}
    yield notebook.healthy(layers=_everywhere(notebook, kernel_initializer=normal))


def several(notebook: Notebook, count: int, number: int) -> Iterator[tuple[Mutant, list[Mutant]]]:
    """At most `number` networks with `count` faults at once, each with these faults one at a time; drawn with the
    notebook's seed from the operators on the network and its `compile`."""
    draw = np.random.RandomState(1000 * count + notebook.seed)
    for _ in range(number):
        chosen = [COMBINED[place] for place in sorted(draw.choice(len(COMBINED), count, replace=False))]
        made, alone = notebook, []
        for operator in chosen:
            variants = list(operator(made))
            singles = list(operator(notebook))
            if not variants or len(variants) != len(singles):
                break
            which = draw.randint(len(variants))
            mutant = variants[which]
            alone.append(singles[which])
            made = replace(made, layers=mutant.layers, compile=mutant.compile)
        else:
            yield mutant, alone


HEALTHY: dict[str, Operator] = {"healthy: the reference": unchanged, "healthy: harmless choices": harmless}
# In this order they can be applied one after the other: the layers that an earlier one looks for are still there.
COMBINED: tuple[Operator, ...] = (
    initial_weights,
    regularization,
    size_of_layer,
    frozen,
    inner_activations,
    last_activation,
    loss,
    learning_rate,
)
OPERATORS: dict[str, Operator] = {
    "labels: shuffled": labels,
    "labels: encoding": label_encoding,
    "data: not normalized": normalization,
    "data: few images": training_data,
    "data: validation is training": validation,
    "weights: initializer": initial_weights,
    "activation: last": last_activation,
    "activation: inside": inner_activations,
    "loss: another": loss,
    "loss: from_logits": from_logits,
    "optimizer": optimizer,
    "learning rate": learning_rate,
    "epochs": epochs,
    "batch size": batch_size,
    "layers: frozen": frozen,
    "layers: removed or added": layers_removed_or_added,
    "layers: size": size_of_layer,
    "regularization": regularization,
    "metric": metric,
}
