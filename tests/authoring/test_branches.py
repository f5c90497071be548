"""Networks with branches, written again with one mistake or with other names."""

import contextlib

import pytest

from autograder.authoring.branches import Graph, graph_of, mutants_of
from autograder.authoring.keras_configs import NotAChain, layer
from autograder.network.canonical import UnknownNetwork, canonicalize


def branched():
    """Two inputs, a dense layer on each, their sum, and three classes."""
    layers = {
        "size": layer("InputLayer", batch_shape=[None, 4]),
        "left": layer("Dense", units=8),
        "colour": layer("InputLayer", batch_shape=[None, 4]),
        "right": layer("Dense", units=8),
        "sum": layer("Add"),
        "kind": layer("Dense", units=3),
    }
    reads = {"size": (), "left": ("size",), "colour": (), "right": ("colour",), "sum": ("left", "right")}
    return canonicalize("Functional", Graph(layers, {**reads, "kind": ("sum",)}, ("kind",)).config)


def test_the_same_network_comes_back_whatever_its_inner_layers_are_called():
    network = branched()
    for names in ("layer_{}", "mine_{}"):
        graph = graph_of(network, names.format)
        assert {name for name, read in graph.reads.items() if not read} == {"size", "colour"}
        assert graph.outputs == ("kind",)
        assert canonicalize("Functional", graph.config) == network


def test_each_mutant_is_another_network_and_says_what_was_changed():
    network = branched()
    mutants = list(mutants_of(graph_of(network)))
    said = {one.what.partition(" (")[0] + one.what.partition(")")[2] for one in mutants}
    dense = [at for at, one in enumerate(network.operations) if one.kind == "Dense"]
    assert {f"layer {at} left out" for at in dense[:2]} | {f"layer {at} doubled" for at in dense[:2]} <= said
    assert f"layer {dense[2]} with units 77" in said
    assert not {f"layer {dense[2]} left out", f"layer {dense[2]} doubled"} & said
    for mutant in mutants:
        with contextlib.suppress(UnknownNetwork):
            assert canonicalize("Functional", mutant.config) != network


def test_a_layer_that_is_used_twice_is_refused():
    network = branched()
    first, second = (
        at for at, one in enumerate(network.operations) if one.kind == "Dense" and one.settings["units"] == 8
    )
    operations = list(network.operations)
    operations[second] = operations[second].model_copy(update={"shares": first})
    with pytest.raises(NotAChain, match="uses a layer twice"):
        graph_of(network.model_copy(update={"operations": tuple(operations)}))
