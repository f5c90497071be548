"""Several inputs are compared by the names that the data gives them, else in their order."""

from types import SimpleNamespace

import pytest

from autograder.checks.read_network import with_inputs_by_name
from autograder.datasets import DatasetSource
from autograder.network.architecture import Architecture, Operation
from autograder.network.diff import compare

DENSE = {"units": 4, "use_bias": True, "trainable": True, "activity_regularizer": None}
SHOP = DatasetSource(
    source="csv",
    title="Shop",
    digest="0",
    target_kind="values",
    rows=9,
    inputs={"size": (2,), "place": (2,)},
    outputs={"price": (1,)},
)


def network(*names, dense="size"):
    """Two inputs in this order, of which one goes through a dense layer before both are joined, `size` first."""
    inputs = [Operation(kind="Input", settings={"shape": [2]}, label=name) for name in names]
    place = {name: at for at, name in enumerate(names)}
    layer = Operation(kind="Dense", settings=DENSE, inputs=(place[dense],))
    reads = tuple(2 if name == dense else place[name] for name in sorted(names, reverse=True))
    join = Operation(kind="Concatenate", settings={"axis": -1}, inputs=reads)
    return Architecture(operations=(*inputs, layer, join), outputs=(3,))


def expected(source=SHOP):
    return SimpleNamespace(architecture=network("size", "place"), recipe=SimpleNamespace(source=source))


def differs(student, source=SHOP):
    return not compare(network("size", "place"), with_inputs_by_name(student, expected(source))).same


def test_the_order_of_named_inputs_does_not_matter():
    assert not differs(network("size", "place"))
    assert not differs(network("place", "size"))


def test_another_input_through_the_dense_layer_is_a_mistake():
    assert differs(network("size", "place", dense="place"))
    assert differs(network("place", "size", dense="place"))


@pytest.mark.parametrize("source", [None, SHOP.model_copy(update={"inputs": {"": (4,)}})])
def test_inputs_without_names_in_the_data_keep_their_order(source):
    assert with_inputs_by_name(network("place", "size"), expected(source)) == network("place", "size")
