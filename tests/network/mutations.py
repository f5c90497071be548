"""Every way of getting one thing wrong in a list of layers."""

from __future__ import annotations

from collections.abc import Iterator

from network.keras_configs import Layer, layer

# Per class, settings with another value than the one that stands there; the first that differs is taken.
_OTHERS = {
    "Conv2D": {
        "filters": (48,),
        "kernel_size": ([5, 5],),
        "strides": ([2, 2],),
        "padding": ("valid", "same"),
        "dilation_rate": ([2, 2],),
        "use_bias": (False,),
        "activation": ("tanh",),
        "trainable": (False,),
    },
    "BatchNormalization": {"center": (False,), "scale": (False,), "axis": (1,), "trainable": (False,)},
    "Activation": {"activation": ("sigmoid", "tanh")},
    "MaxPooling2D": {"pool_size": ([3, 3],), "strides": ([1, 1],)},
    "Dense": {"units": (77,), "use_bias": (False,), "activation": ("tanh",), "trainable": (False,)},
    "Dropout": {"rate": (0.7,)},
}
_REPLACEMENTS = {
    "MaxPooling2D": layer("AveragePooling2D"),
    "BatchNormalization": layer("Dropout", rate=0.5),
    "Activation": layer("LeakyReLU", negative_slope=0.1),
    "Dropout": layer("GaussianNoise", stddev=0.1),
}

# What one mistake is: its name, the positions (of the original list) that it concerns, and the layers with it.
Mutation = tuple[str, frozenset[int], list[Layer]]


def single_mutations(layers: list[Layer]) -> Iterator[Mutation]:
    """Drop, change, replace, duplicate every layer, and swap it with the next; the input layer stays."""
    for place in range(1, len(layers)):
        entry = layers[place]
        name, here = entry["class_name"], frozenset({place})
        before, after = layers[:place], layers[place + 1 :]
        yield f"drop {place} {name}", here, before + after
        yield f"duplicate {place} {name}", here, [*before, entry, entry, *after]
        for setting, values in _OTHERS.get(name, {}).items():
            others = [value for value in values if value != entry["config"].get(setting)]
            if not others:
                continue
            value = others[0]
            changed = {**entry, "config": {**entry["config"], setting: value}}
            yield f"change {place} {name} {setting}", here, [*before, changed, *after]
        if name in _REPLACEMENTS:
            yield f"replace {place} {name}", here, [*before, _REPLACEMENTS[name], *after]
        if after:
            yield f"swap {place} {name}", here | {place + 1}, [*before, after[0], entry, *after[1:]]
