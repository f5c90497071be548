"""Layers that hold another layer and apply it in their own way."""

from __future__ import annotations

from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Shape
from autograder.network.layers.fields import COMMON
from autograder.network.layers.reading import inner_config, read_layer, refuse_unknown
from autograder.network.layers.record import LAYERS, Config, Family, Layer, add, measure
from autograder.network.shapes import Measured, Misfit, Settings, words
from autograder.network.values import UnknownNetwork, boolean, integer, mapping, read_list, shown_value

EACH_STEP = Family(gettext_noop("a layer that is applied to every step"))
SPECTRAL = Family(gettext_noop("a layer with spectral normalization"))
PIPELINE = Family(gettext_noop("a preprocessing layer"), "preprocessing")

_MOST_INSIDE = 16
# Layers that compute the same whether applied to each step or to all steps at once.
_SAME_FOR_ALL_STEPS = frozenset({"Dense", "Activation", "LeakyReLU", "ELU", "ReLU", "Rescaling"})

_WITH_A_KERNEL = frozenset({"Dense", "Embedding"} | {f"Conv{n}D{how}" for n in (1, 2, 3) for how in ("", "Transpose")})


def _inside(value: object, depth: int) -> list[Applied]:
    """The operations of a layer, or of a Sequential network of layers, inside another layer."""
    described = mapping(value)
    if described.get("class_name") != "Sequential" or described.get("module") not in ("keras", "keras.models"):
        class_name, config = inner_config(value)
        return read_layer(class_name, config, depth=depth + 1)
    found: list[Applied] = []
    for entry in read_list(mapping(described.get("config")).get("layers"), _MOST_INSIDE):
        class_name, config = inner_config(entry)
        if class_name != "InputLayer":
            found += read_layer(class_name, config, depth=depth + 1)
    return found


def _held(applied: Applied) -> dict[str, Any]:
    if LAYERS[applied.kind].inputs != (1, 1) or LAYERS[applied.kind].adapts is not None:
        raise UnknownNetwork(phrase("it holds {name}, which cannot stand there", name=shown_value(applied.kind)))
    return {"class_name": applied.kind, "config": applied.settings}


def _read_time_distributed(config: Config, depth: int) -> list[Applied]:
    """Every operation inside becomes a separate one: they are applied to every step one after the other."""
    refuse_unknown("TimeDistributed", config, COMMON | {"layer"})
    trainable = boolean(config.get("trainable", True))
    found = []
    for applied in _inside(config.get("layer"), depth):
        if LAYERS[applied.kind].weighted:
            applied = Applied(
                applied.kind, {**applied.settings, "trainable": applied.settings["trainable"] and trainable}
            )
        if applied.kind not in _SAME_FOR_ALL_STEPS:
            applied = Applied("TimeDistributed", {"layer": _held(applied), "trainable": trainable})
        found.append(applied)
    return found


def _time_distributed(settings: Settings, shape: Shape) -> Measured:
    if len(shape) < 3:
        raise Misfit(phrase("TimeDistributed reads a series of steps, but gets {shape}", shape=words(shape)))
    held = settings["layer"]
    inner = measure(held["class_name"], held["config"], ((None, *shape[2:]),))
    return inner._replace(shape=(shape[0], shape[1], *inner.shape[1:]))


def _read_spectral_normalization(config: Config, depth: int) -> list[Applied]:
    refuse_unknown("SpectralNormalization", config, COMMON | {"layer", "power_iterations"})
    class_name, inner = inner_config(config.get("layer"))
    first, *behind = read_layer(class_name, inner, depth=depth + 1) or [Applied("Identity", {})]
    if first.kind not in _WITH_A_KERNEL:
        raise UnknownNetwork(phrase("it holds {name}, which cannot stand there", name=shown_value(class_name)))
    settings = {
        "layer": _held(first),
        "power_iterations": integer(1, 100)(config.get("power_iterations", 1)),
        "trainable": boolean(config.get("trainable", True)),
    }
    return [Applied("SpectralNormalization", settings), *behind]


def _spectral_normalization(settings: Settings, shape: Shape) -> Measured:
    held = settings["layer"]
    inner = measure(held["class_name"], held["config"], (shape,))
    # One number for each column of the kernel is stored with it, and not trained.
    columns = shape[-1] if "Transpose" in held["class_name"] else inner.shape[-1]
    return inner._replace(parameters=inner.parameters + (columns or 0))


def _read_pipeline(config: Config, depth: int) -> list[Applied]:
    """A Pipeline is its layers, one after the other."""
    refuse_unknown("Pipeline", config, COMMON | {"layers"})
    return [one for entry in read_list(config.get("layers"), _MOST_INSIDE) for one in _inside(entry, depth)]


add(
    Layer("TimeDistributed", EACH_STEP, measure=_time_distributed, weighted=True, read=_read_time_distributed),
    Layer(
        "SpectralNormalization",
        SPECTRAL,
        measure=_spectral_normalization,
        weighted=True,
        read=_read_spectral_normalization,
    ),
    Layer("Pipeline", PIPELINE, read=_read_pipeline),
)
