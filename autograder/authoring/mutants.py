"""Mutants: the reference network with one mistake, each of which the questions should catch.

The operators are those of mutation testing of neural networks that change a model's structure and compilation
(Humbatova, Jahangirova and Tonella, DeepCrime, ISSTA 2021; Ma et al., DeepMutation, ISSRE 2018), as far as students
make the same mistakes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.authoring.keras_configs import LayerConfig, layer, sequential
from autograder.core.weight_fingerprint import BASE_WEIGHTS
from autograder.network.align import FROZEN
from autograder.network.compilation import read_compilation
from autograder.network.describe import in_words
from autograder.network.kinds import POOLINGS

# Alternative values for each setting; the first that differs is used.
_OTHERS: dict[str, tuple[Any, ...]] = {
    "filters": (48, 24),
    "units": (77, 33),
    "padding": ("valid", "same"),
    "activation": ("tanh", "relu"),
    "rate": (0.65, 0.15),
    "use_bias": (False, True),
}
# Likewise for `compile`.
_OTHER_OPTIMIZERS = ("sgd", "adam", "adagrad")
_OTHER_LOSSES = ("mean_squared_error", "mean_absolute_error", "binary_crossentropy", "hinge")


@dataclass(frozen=True)
class Mutant:
    """A wrong network: what is wrong with it in words, and the Keras or `compile` configuration that shows it."""

    what: str
    config: dict[str, Any] | None = None
    compilation: dict[str, Any] | None = None


def structural(layers: Sequence[LayerConfig]) -> Iterator[Mutant]:
    """Mutants with a layer dropped, doubled, swapped with the next, replaced by a related one, or with another setting.

    `layers` begins with the input, which is not changed. Where layers are frozen, or start with the weights of a base
    model, there is one mutant in which none is, or none does.
    """
    for what, setting, value in (
        ("no layer frozen", FROZEN, True),
        ("new weights for the base model's", BASE_WEIGHTS, None),
    ):
        if any(entry["config"].get(setting, value) != value for entry in layers):
            yield _mutant(what, [_with_setting(entry, setting, value) for entry in layers])
    for place in range(1, len(layers)):
        entry, before, after = layers[place], list(layers[:place]), list(layers[place + 1 :])
        name = f"layer {place} ({in_words(entry['class_name'])})"
        yield _mutant(f"{name} left out", [*before, *after])
        yield _mutant(f"{name} doubled", [*before, entry, entry, *after])
        for what, changed in changes_of(entry):
            yield _mutant(f"{name} with {what}", [*before, changed, *after])
        for other in relatives_of(entry):
            yield _mutant(f"{name} replaced by {in_words(other['class_name'])}", [*before, other, *after])
        if after:
            yield _mutant(f"{name} swapped with the next", [*before, after[0], entry, *after[1:]])


def doubled_block(layers: Sequence[LayerConfig], marked: Collection[int]) -> Mutant | None:
    """The mutant with the marked layers pasted twice, or a third of all if none is marked; None if that is one layer.

    `layers` begins with the input; `marked` are indices into it.
    """
    first = min(marked, default=1)
    end = max(marked) + 1 if marked else 1 + max(2, (len(layers) - 1) // 3)
    block = list(layers[first:end])
    if len(block) < 2:
        return None
    return _mutant(f"layers {first} to {end - 1} pasted twice", [*layers[:end], *block, *layers[end:]])


def _with_setting(entry: LayerConfig, setting: str, value: Any) -> LayerConfig:
    if setting not in entry["config"]:
        return entry
    return {**entry, "config": {**entry["config"], setting: value}}


def _mutant(what: str, layers: Sequence[LayerConfig]) -> Mutant:
    return Mutant(what, config=sequential(layers))


def changes_of(entry: LayerConfig) -> Iterator[tuple[str, LayerConfig]]:
    """The layer with one setting changed, each with the change in words."""
    for setting, value in entry["config"].items():
        if setting == "kernel_size":
            other: Any = [size + 2 for size in value]
        elif setting == "pool_size":
            other = [size + 1 for size in value]
        elif setting == "strides" and value is not None and entry["class_name"] not in POOLINGS:
            other = [2 if size == 1 else 1 for size in value]
        elif setting in _OTHERS:
            other = next(other for other in _OTHERS[setting] if other != value)
        else:
            continue
        changed = {**entry["config"], setting: other}
        if setting == "pool_size":
            changed["strides"] = other
        yield f"{setting} {other}", {**entry, "config": changed}


def relatives_of(entry: LayerConfig) -> list[LayerConfig]:
    """Layers that are taken for this one."""
    kind, config = entry["class_name"], entry["config"]
    if kind.startswith("MaxPooling"):
        return [{**entry, "class_name": kind.replace("Max", "Average")}]
    if kind == "BatchNormalization":
        return [layer("Dropout", rate=0.5)]
    if kind == "Dropout":
        return [layer("BatchNormalization")]
    if kind == "Flatten":
        return [layer("GlobalAveragePooling2D")]
    if kind == "Activation" and config.get("activation") == "softmax":
        return [layer("Activation", activation="sigmoid")]
    return []


def of_compilation(given: dict[str, Any], right: Collection[str] = ()) -> Iterator[tuple[str, Mutant]]:
    """The compilation with another optimizer, learning rate or loss, or without its metrics.

    Each comes with what it changes: "optimizer", "learning_rate", "loss" or "metrics". Optimizers and losses in `right`
    are right as well, so none of them is a mistake.
    """
    optimizer = given.get("optimizer")
    own = _name(optimizer)
    other = next((one for one in _OTHER_OPTIMIZERS if one != own and one not in right), _OTHER_OPTIMIZERS[0])
    yield "optimizer", Mutant(f"compiled with the optimizer {other}", compilation={**given, "optimizer": other})
    if isinstance(optimizer, dict) and isinstance(optimizer.get("config"), dict):
        rate = optimizer["config"].get("learning_rate")
        if isinstance(rate, float):
            changed = {**optimizer, "config": {**optimizer["config"], "learning_rate": rate * 100}}
            yield (
                "learning_rate",
                Mutant(f"compiled with a learning rate of {rate * 100:g}", compilation={**given, "optimizer": changed}),
            )
    loss = given.get("loss")
    own = read_compilation(given).loss.name
    other = next((one for one in _OTHER_LOSSES if one != own and one not in right), _OTHER_LOSSES[0])
    yield "loss", Mutant(f"compiled with the {other.replace('_', ' ')}", compilation={**given, "loss": other})
    if _name(loss).endswith("categorical_crossentropy"):
        flipped = _with_logits(loss, not _expects_logits(loss))
        words = "probabilities" if _expects_logits(loss) else "logits"
        yield "loss", Mutant(f"compiled with a loss that expects {words}", compilation={**given, "loss": flipped})
    if given.get("metrics"):
        yield "metrics", Mutant("compiled without metrics", compilation={**given, "metrics": None})


def _name(value: object) -> str:
    """The name of an optimizer or a loss, in any spelling, in lower case with underscores."""
    if isinstance(value, dict):
        config = value.get("config")
        named = config.get("name") if isinstance(config, dict) else None
        value = named or value.get("class_name")
    return value.lower() if isinstance(value, str) else ""


def _expects_logits(loss: object) -> bool:
    config = loss.get("config") if isinstance(loss, dict) else None
    return isinstance(config, dict) and config.get("from_logits") is True


def _with_logits(loss: object, logits: bool) -> dict[str, Any]:
    sparse = _name(loss).startswith("sparse")
    name = "SparseCategoricalCrossentropy" if sparse else "CategoricalCrossentropy"
    return {"module": "keras.losses", "class_name": name, "config": {"from_logits": logits}, "registered_name": None}
