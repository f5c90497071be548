"""Strategies for hypothesis: small networks for images, and networks with one thing in them changed."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from network.keras_configs import Layer, act, conv, dense, dropout, flatten, input_layer, layer, norm, pool, sequential

from autograder.network.architecture import Architecture
from autograder.network.canonical import Misfitting, canonicalize

# The same examples in every run, so that a failure is one for everybody.
bounded = settings(max_examples=40, derandomize=True, deadline=None)

# For each class of layer other settings, each of which changes what it computes.
_OTHERWISE = {
    "Conv2D": ({"filters": 5}, {"kernel_size": [5, 5]}, {"strides": [2, 2]}, {"use_bias": False}),
    "BatchNormalization": ({"center": False}, {"scale": False}),
    "Activation": ({"activation": "tanh"}, {"activation": "sigmoid"}),
    "MaxPooling2D": ({"pool_size": [3, 3]}, {"pool_size": [4, 4], "strides": [2, 2]}),
    "Dropout": ({"rate": 0.7},),
    "Dense": ({"units": 7}, {"use_bias": False}),
}
_RELATIVES = {
    "Conv2D": layer("DepthwiseConv2D", kernel_size=[3, 3], padding="same"),
    "BatchNormalization": layer("LayerNormalization"),
    "Activation": layer("LeakyReLU", negative_slope=0.1),
    "MaxPooling2D": layer("AveragePooling2D"),
    "Dropout": layer("GaussianDropout", rate=0.3),
    "Flatten": layer("GlobalAveragePooling2D"),
}
_NEW = (conv(5), norm(), act(), act("tanh"), pool(), dropout(0.3), dropout(0.5), dense(9), layer("LayerNormalization"))


class Edited(NamedTuple):
    """A network, the same with one thing changed, and what that is."""

    before: list[Layer]
    after: list[Layer]
    what: str


def read(layers: list[Layer]) -> Architecture:
    """The network, whether its layers fit together or not."""
    try:
        return canonicalize("Sequential", sequential(*layers))
    except Misfitting as error:
        return error.architecture


def one_by_one(layers: list[Layer]) -> bool:
    """Whether each layer is an operation of its own, which two equal activations in a row are not."""
    return len(read(layers).operations) == len(layers)


@st.composite
def networks(draw: st.DrawFn) -> list[Layer]:
    """Blocks of convolutions, each ending in pooling, and a head of dense layers."""
    layers = [input_layer(24, 24, 2)]
    for _ in range(draw(st.integers(1, 2))):
        filters = draw(st.sampled_from([4, 6, 8]))
        for _ in range(draw(st.integers(1, 2))):
            layers += [conv(filters), *draw(_perhaps(norm())), act()]
        layers += [pool(), *draw(_perhaps(dropout(0.3)))]
    layers.append(flatten())
    for _ in range(draw(st.integers(0, 2))):
        layers += [
            dense(draw(st.sampled_from([10, 20]))),
            *draw(_perhaps(norm())),
            act(),
            *draw(_perhaps(dropout(0.3))),
        ]
    return [*layers, dense(5), act("softmax")]


def _perhaps(one: Layer) -> st.SearchStrategy[list[Layer]]:
    return st.sampled_from([[], [one]])


@st.composite
def edits(draw: st.DrawFn) -> Edited:
    """A layer removed, inserted, given another setting, replaced by a relative, or swapped with the next."""
    layers = draw(networks().filter(one_by_one))
    place = draw(st.integers(1, len(layers) - 1))
    what = draw(st.sampled_from(["removed", "inserted", "set", "replaced", "swapped"]))
    here, before, rest = layers[place], layers[:place], layers[place + 1 :]
    if what == "removed":
        after = [*before, *rest]
    elif what == "inserted":
        after = [*before, draw(st.sampled_from(_NEW)), here, *rest]
    elif what == "swapped":
        after = [*before, *rest[:1], here, *rest[1:]]
    else:
        after = [*before, draw(otherwise(here, relative=what == "replaced")), *rest]
    return Edited(layers, after, what)


@st.composite
def otherwise(draw: st.DrawFn, one: Layer, *, relative: bool) -> Layer:
    """The layer with another setting, or a relative of it; itself where it has neither."""
    name = one["class_name"]
    if relative:
        return _RELATIVES.get(name, one)
    changed = draw(st.sampled_from(_OTHERWISE.get(name, ({},))))
    return {**one, "config": {**one["config"], **changed}}


@st.composite
def mistakes(draw: st.DrawFn) -> tuple[list[Layer], dict[int, list[Layer]]]:
    """A network, and for several of its places what stands there instead: nothing, another layer, or one more."""
    layers = draw(networks().filter(one_by_one))
    places = draw(st.sets(st.integers(1, len(layers) - 1), min_size=2, max_size=4))
    more = layer("GaussianNoise", stddev=0.1)
    instead = {}
    for place in sorted(places):
        here = layers[place]
        changed = draw(otherwise(here, relative=draw(st.booleans())))
        instead[place] = draw(st.sampled_from([[], [here, more], [changed]]))
    return layers, instead


def with_mistakes(layers: list[Layer], instead: dict[int, list[Layer]]) -> list[Layer]:
    """The network with these places changed."""
    return [one for place, here in enumerate(layers) for one in instead.get(place, [here])]


@st.composite
def regions(draw: st.DrawFn, layers: list[Layer]) -> frozenset[int]:
    """Marked rows that stand together; none where nothing is marked."""
    first = draw(st.integers(1, len(layers) - 1))
    return frozenset(range(first, draw(st.integers(first, len(layers)))))
