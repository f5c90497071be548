"""Networks with branches: written as a functional network, with one mistake, or with other names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from autograder.authoring.keras_configs import KerasConfig, LayerConfig, NotAChain, keras_layer, tensor
from autograder.authoring.mutants import Mutant, changes_of, relatives_of
from autograder.network.architecture import Architecture
from autograder.network.canonical import UnknownNetwork, canonicalize
from autograder.network.describe import in_words


@dataclass(frozen=True)
class Graph:
    """Layers by name, in an order in which each reads only earlier ones; `reads` and `outputs` are such names.

    The names of inputs and outputs are those of the solution, since data and scores may go by them.
    """

    layers: dict[str, LayerConfig]
    reads: dict[str, tuple[str, ...]]
    outputs: tuple[str, ...]

    @property
    def config(self) -> KerasConfig:
        """The configuration of the functional network, as Keras 3 writes it."""
        entries = []
        for name, layer in self.layers.items():
            given = [tensor(one) for one in self.reads[name]]
            calls: list[KerasConfig] = [{"args": given if len(given) == 1 else [given], "kwargs": {}}] if given else []
            config = {**layer["config"], "name": name}
            entries.append({**layer, "config": config, "name": name, "inbound_nodes": calls})
        return {
            "name": "functional",
            "trainable": True,
            "layers": entries,
            "input_layers": [[name, 0, 0] for name in self.layers if not self.reads[name]],
            "output_layers": [[name, 0, 0] for name in self.outputs],
        }


def graph_of(architecture: Architecture, names: Callable[[int], str] = "layer_{}".format) -> Graph:
    """The layers of any network, one for each operation; `names` gives the name of each layer between its ends.

    Raises:
        NotAChain: a layer is used twice, or the network cannot be written so that the same one comes back.
    """
    operations = architecture.operations
    if any(operation.shares is not None for operation in operations):
        raise NotAChain("The network uses a layer twice.")
    ends = {index for index, one in enumerate(operations) if one.kind == "Input"} | set(architecture.outputs)
    called = [one.label if index in ends and one.label else names(index) for index, one in enumerate(operations)]
    graph = Graph(
        {name: keras_layer(operation) for name, operation in zip(called, operations, strict=True)},
        {name: tuple(called[at] for at in one.inputs) for name, one in zip(called, operations, strict=True)},
        tuple(called[index] for index in architecture.outputs),
    )
    try:
        same = len(graph.layers) == len(operations) and canonicalize("Functional", graph.config) == architecture
    except UnknownNetwork as error:
        raise NotAChain(f"The network cannot be written down again: {error.reason}") from None
    if not same:
        raise NotAChain("The network cannot be written down again as a functional network.")
    return graph


def mutants_of(graph: Graph) -> Iterator[Mutant]:
    """The network with a layer left out, doubled, replaced by a related one, or with another setting.

    Outputs and what joins branches are neither left out nor doubled.
    """
    for place, (name, layer) in enumerate(graph.layers.items()):
        said = f"layer {place} ({in_words(layer['class_name'])})"
        for what, changed in changes_of(layer):
            yield _mutant(f"{said} with {what}", _with(graph, name, changed))
        for other in relatives_of(layer):
            yield _mutant(f"{said} replaced by {in_words(other['class_name'])}", _with(graph, name, other))
        if len(graph.reads[name]) == 1 and name not in graph.outputs:
            yield _mutant(f"{said} left out", _without(graph, name))
            yield _mutant(f"{said} doubled", _doubled(graph, name))


def _mutant(what: str, graph: Graph) -> Mutant:
    return Mutant(what, config=graph.config)


def _with(graph: Graph, name: str, layer: LayerConfig) -> Graph:
    return replace(graph, layers={**graph.layers, name: layer})


def _without(graph: Graph, name: str) -> Graph:
    (before,) = graph.reads[name]
    layers = {one: layer for one, layer in graph.layers.items() if one != name}
    reads = {one: tuple(before if read == name else read for read in graph.reads[one]) for one in layers}
    return replace(graph, layers=layers, reads=reads)


def _doubled(graph: Graph, name: str) -> Graph:
    again = f"{name}_again"
    layers: dict[str, LayerConfig] = {}
    for one, layer in graph.layers.items():
        layers[one] = layer
        if one == name:
            layers[again] = layer
    reads = {one: tuple(again if read == name else read for read in read_) for one, read_ in graph.reads.items()}
    return replace(graph, layers=layers, reads={**reads, name: graph.reads[name], again: (name,)})
