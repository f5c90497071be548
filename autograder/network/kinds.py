"""The known layers, sorted into kinds by their records."""

from __future__ import annotations

from collections.abc import Callable

from autograder.network.layers import LAYERS, Layer
from autograder.network.layers.merging import MERGE
from autograder.network.layers.regularization import DROPOUT, NOISE


def _those(of: Callable[[Layer], bool]) -> frozenset[str]:
    return frozenset(layer.name for layer in LAYERS.values() if of(layer))


LAYER_KINDS = frozenset(LAYERS)
# Former names of layer classes, and what a summary table prints for them.
ALIASES = {alias: layer.name for layer in LAYERS.values() for alias in layer.aliases}

ACTIVATIONS = _those(lambda layer: layer.family.category == "activation")
DROPOUTS = _those(lambda layer: layer.family == DROPOUT)
NOISES = _those(lambda layer: layer.family == NOISE)
MERGES = _those(lambda layer: layer.family == MERGE)
# Pooling over windows, which makes an image smaller.
POOLINGS = _those(lambda layer: "pool_size" in layer.fields)
# Layers that hold weights: the only ones that can be shared or frozen.
WEIGHTED = _those(lambda layer: layer.weighted)
# Layers for which the order of inputs does not matter.
COMMUTATIVE = _those(lambda layer: layer.commutative)


def current_name(class_name: str) -> str:
    """The current canonical name of a Keras class, from any version's name (unknown names are unchanged)."""
    return ALIASES.get(class_name, class_name)


def related(one: str, other: str) -> bool:
    """Whether two kinds do a similar job, as two ways of pooling do."""
    categories = [LAYERS[kind].family.category if kind in LAYERS else "" for kind in (one, other)]
    return one == other or (categories[0] == categories[1] != "")
