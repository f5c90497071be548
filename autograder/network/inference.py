"""A network inferred from its summary table alone.

Shapes and parameter counts determine filters, units, kernels, padding, pooling and biases. What they do not show gets
the usual value: hidden activations are relu, the last one is softmax, dropout is 0.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

from autograder.network.architecture import Architecture, Shape
from autograder.network.canonical import UnknownNetwork, canonicalize
from autograder.network.covering import disagreements
from autograder.network.describe import shape_in_words
from autograder.network.kinds import ACTIVATIONS, MERGES
from autograder.network.layers import measure
from autograder.network.shapes import Misfit
from autograder.network.table import SummaryTable, TableError, TableRow

# The image sizes of the usual datasets, tried if the table does not show the input: MNIST, CIFAR-10, MNIST without a
# channel axis.
_USUAL_INPUTS: tuple[Shape, ...] = ((None, 28, 28, 1), (None, 32, 32, 3), (None, 28, 28))

GraphConfig = dict[str, Any]


def architecture_from_table(
    table: SummaryTable, input_shape: Shape | None = None, *, last_activation: str = "softmax"
) -> Architecture:
    """The network that a summary table shows.

    Args:
        table: a table of a network without branches.
        input_shape: with the batch axis first; if it is None and the table has no input row, the usual image sizes are
            tried.
        last_activation: what the last layer gets, which a table does not show.

    Raises:
        TableError: the table does not determine the network, or contradicts itself.
    """
    first = table.rows[0]
    if not all(row.shape for row in table.rows):
        raise TableError("The table shows no shapes, so that it does not determine the network.")
    if first.kind == "Input":
        return _infer(table, first.shape, last_activation)
    if input_shape is not None:
        return _infer(table, input_shape, last_activation)
    if first.kind == "Dense" and len(first.shape) == 2:
        return _infer(table, (None, _inputs_of_dense(first)), last_activation)
    problems = []
    for shape in _USUAL_INPUTS:
        try:
            return _infer(table, shape, last_activation)
        except TableError as error:
            problems.append(error)
    raise TableError(f"The table does not tell the shape of the input, and no usual one fits: {problems[0]}")


def _infer(table: SummaryTable, input_shape: Shape, last_activation: str) -> Architecture:
    layers = [_layer("InputLayer", {"batch_shape": list(input_shape), "name": "input"})]
    shape: Shape = (None, *input_shape[1:])
    has_activations = any(row.kind in ACTIVATIONS for row in table.rows)
    for index, row in enumerate(table.rows):
        if row.kind == "Input":
            continue
        if row.kind in MERGES or _branches(table, index):
            raise TableError(
                f"Row {index + 1} ({row.name}) belongs to a branch; only networks without branches are read."
            )
        last = index == len(table.rows) - 1
        activation = last_activation if last else "relu"
        layers.append(_layer(row.kind, _config(row, (shape,), index, activation, has_activations=has_activations)))
        shape = (None, *row.shape[1:])
    return _built(table, "Sequential", {"name": "table", "layers": layers})


def graph_from_table(table: SummaryTable, last_activations: Mapping[str, str]) -> Architecture:
    """The network with branches that a summary table shows: its column "Connected to" says what each row reads.

    Args:
        table: a table with a row for every input, in which no layer is used twice.
        last_activations: what each output gets, by its row's name; the outputs are the rows that no other row reads.

    Raises:
        TableError: the table does not determine the network, or contradicts itself.
    """
    if len({row.name for row in table.rows}) < len(table.rows) or not all(row.shape for row in table.rows):
        raise TableError(
            "Each row needs a shape and a name of its own; names that are cut off are complete where the table is "
            "printed with model.summary(line_length=120)."
        )
    has_activations = any(row.kind in ACTIVATIONS for row in table.rows)
    layers: list[GraphConfig] = []
    seen: dict[str, Shape] = {}
    for index, row in enumerate(table.rows):
        shape: Shape = (None, *row.shape[1:])
        if row.kind == "Input":
            config: GraphConfig = {"name": row.name, "batch_shape": list(shape)}
            kind, calls = "InputLayer", []
        else:
            reads = row.connected or tuple(before.name for before in table.rows[max(index - 1, 0) : index])
            _check_reads(row, index, reads, seen)
            activation = last_activations.get(row.name, "relu")
            sources = tuple(seen[name] for name in reads)
            config = _config(row, sources, index, activation, has_activations=has_activations)
            tensors = [_tensor(name, seen[name]) for name in reads]
            kind, calls = row.kind, [{"args": [tensors if row.kind in MERGES else tensors[0]], "kwargs": {}}]
        seen[row.name] = shape
        layers.append({**_layer(kind, config), "name": row.name, "inbound_nodes": calls})
    inputs = [[row.name, 0, 0] for row in table.rows if row.kind == "Input"]
    outputs = [[name, 0, 0] for name in output_rows(table)]
    graph = {"name": "table", "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return _built(table, "Functional", graph)


def output_rows(table: SummaryTable) -> tuple[str, ...]:
    """The names of the rows that no other row reads."""
    read = {
        name
        for index, row in enumerate(table.rows)
        if row.kind != "Input"
        for name in row.connected or (table.rows[index - 1].name,)
    }
    return tuple(row.name for row in table.rows if row.name not in read)


def _check_reads(row: TableRow, index: int, reads: tuple[str, ...], seen: Mapping[str, Shape]) -> None:
    """Check that a row reads rows above it, and only a layer that joins branches more than one.

    Raises:
        TableError: it does not.
    """
    place = f"Row {index + 1} ({row.name})"
    if missing := next((name for name in reads if name not in seen), None):
        raise TableError(
            f'{place} reads "{missing}", which is no row above it; names that are cut off are complete where the table '
            "is printed with model.summary(line_length=120)."
        )
    if not reads or (len(reads) > 1) != (row.kind in MERGES):
        raise TableError(
            f"{place} reads {len(reads)} rows ({', '.join(reads)}): a layer that joins branches reads several, and "
            "every other layer one, because no layer may be used twice here."
        )


def _tensor(name: str, shape: Shape) -> GraphConfig:
    history = {"shape": list(shape), "dtype": "float32", "keras_history": [name, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": history}


def _built(table: SummaryTable, class_name: str, graph: GraphConfig) -> Architecture:
    try:
        architecture = canonicalize(class_name, graph)
    except UnknownNetwork as error:
        raise TableError(f"The table does not show a network that can be built: {error.reason}.") from None
    if problems := disagreements(table, architecture):
        raise TableError(problems[0])
    return architecture


def _config(
    row: TableRow, sources: tuple[Shape, ...], index: int, activation: str, *, has_activations: bool
) -> GraphConfig:
    """A row's settings, with the activation that no row of its own shows."""
    config = _configure(row, sources, index, activation)
    if not has_activations and row.kind in ("Dense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv2D"):
        config["activation"] = activation
    return {"name": row.name, **config}


def _layer(class_name: str, config: GraphConfig) -> GraphConfig:
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def _branches(table: SummaryTable, index: int) -> bool:
    """Whether the "Connected to" column names a row other than the previous one."""
    connected = table.rows[index].connected
    before = table.rows[index - 1].name if index else ""
    names = {row.name for row in table.rows}
    return len(connected) > 1 or any(name in names and name != before for name in connected)


def _inputs_of_dense(row: TableRow) -> int:
    units = row.shape[-1] or 0
    if not units or row.parameters % units:
        raise TableError(f"The parameters of {row.name} do not tell how many values it reads.")
    # A bias per unit is the usual case.
    return row.parameters // units - 1


def _configure(row: TableRow, sources: tuple[Shape, ...], index: int, activation: str) -> GraphConfig:
    """The first choice of settings that gives the row's shape and parameter count."""
    candidates = _CANDIDATES.get(row.kind)
    if candidates is None:
        raise TableError(f"Row {index + 1} ({row.name}): the settings of {row.kind} do not stand in a table.")
    for config in candidates(row, sources[0]):
        if row.kind == "Activation":
            return {"activation": activation}
        try:
            measured = measure(row.kind, _FILLED.get(row.kind, {}) | config, sources)
        except (Misfit, KeyError):
            continue
        if measured.shape[1:] == row.shape[1:] and measured.parameters == row.parameters:
            return config
    raise TableError(
        f"Row {index + 1} ({row.name}): no {row.kind} makes {shape_in_words(row.shape)} "
        f"with {row.parameters:,} parameters from {' and '.join(map(shape_in_words, sources))}."
    )


def _factors(number: int) -> Iterator[int]:
    return (one for one in range(1, min(number, 64) + 1) if number % one == 0)


def _kernels(count: int, axes: int) -> list[tuple[int, ...]]:
    """Kernel sizes of that many cells, the most regular first."""
    found = [sizes for sizes in product(list(_factors(count)), repeat=axes) if prod(sizes) == count]
    return sorted(found, key=lambda sizes: (max(sizes) - min(sizes), sizes))


def _windows(axes: int, sizes: list[int]) -> Iterator[GraphConfig]:
    for stride in (1, 2, 3, 4):
        for padding in ("valid", "same"):
            yield {
                "kernel_size": sizes,
                "strides": [stride] * axes,
                "padding": padding,
                "dilation_rate": [1] * axes,
            }


def _convolutions(axes: int, *, depthwise: bool) -> Callable[[TableRow, Shape], Iterator[GraphConfig]]:
    def candidates(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
        filters, channels = row.shape[-1] or 0, source[-1] or 0
        per_cell = channels if depthwise else channels * filters
        for use_bias in (True, False):
            weights = row.parameters - filters * use_bias
            if weights <= 0 or per_cell == 0 or weights % per_cell:
                continue
            for sizes in _kernels(weights // per_cell, axes):
                for window in _windows(axes, list(sizes)):
                    yield {**window, "use_bias": use_bias} | ({} if depthwise else {"filters": filters})

    return candidates


def _dense(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
    for use_bias in (True, False):
        yield {"units": row.shape[-1] or 0, "use_bias": use_bias}


def _pools(axes: int) -> Callable[[TableRow, Shape], Iterator[GraphConfig]]:
    def candidates(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
        regular = [(size, size) for size in range(2, 17)]
        for size, stride in [*regular, (3, 2), (2, 1), (3, 1)]:
            for padding in ("valid", "same"):
                yield {"pool_size": [size] * axes, "strides": [stride] * axes, "padding": padding}

    return candidates


def _global_pools(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
    yield {"keepdims": len(row.shape) == len(source)}


def _batch_normalization(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
    for center, scale in ((True, True), (True, False), (False, False)):
        yield {"center": center, "scale": scale}


def _reshape(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
    yield {"target_shape": [-1 if size is None else size for size in row.shape[1:]]}


def _zero_padding(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
    grown = [(new or 0) - (old or 0) for new, old in zip(row.shape[1:-1], source[1:-1], strict=False)]
    if len(grown) == 2 and min(grown) >= 0:
        yield {"padding": [[size // 2, size - size // 2] for size in grown]}


def _up_sampling(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
    if len(row.shape) == len(source) == 4 and all(source[1:3]):
        yield {"size": [(new or 0) // (old or 1) for new, old in zip(row.shape[1:3], source[1:3], strict=True)]}


def _embedding(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
    width = row.shape[-1] or 0
    if width and row.parameters % width == 0:
        yield {"input_dim": row.parameters // width, "output_dim": width}


def _concatenate(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
    return ({"axis": axis} for axis in (-1, *range(1, len(source))))


def _recurrent(row: TableRow, source: Shape) -> Iterator[GraphConfig]:
    for use_bias, reset_after in product((True, False), (True, False)):
        config = {"units": row.shape[-1] or 0, "return_sequences": len(row.shape) == 3, "use_bias": use_bias}
        yield {**config, "reset_after": reset_after} if row.kind == "GRU" else config


def _always(**config: Any) -> Callable[[TableRow, Shape], Iterator[GraphConfig]]:
    return lambda row, source: iter([dict(config)])


_CANDIDATES: dict[str, Callable[[TableRow, Shape], Iterator[GraphConfig]]] = {
    **{f"Conv{n}D": _convolutions(n, depthwise=False) for n in (1, 2, 3)},
    "DepthwiseConv2D": _convolutions(2, depthwise=True),
    **{f"{how}Pooling{n}D": _pools(n) for how in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{how}Pooling{n}D": _global_pools for how in ("Max", "Average") for n in (1, 2, 3)},
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _recurrent),
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout"), _always(rate=0.5)),
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Flatten", "RandomFlip"), _always()),
    "GaussianNoise": _always(stddev=0.1),
    "Rescaling": _always(scale=1 / 255),
    "RandomRotation": _always(factor=0.1),
    "RandomZoom": _always(height_factor=0.1),
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _always(axis=[-1], center=True, scale=True),
    "PReLU": _always(shared_axes=None),
    "Reshape": _reshape,
    "ZeroPadding2D": _zero_padding,
    "UpSampling2D": _up_sampling,
    "Embedding": _embedding,
    "Concatenate": _concatenate,
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), _always()),
}
# What the formulas need in addition to the inferred settings.
_FILLED: dict[str, GraphConfig] = {
    **{f"Conv{n}D": {"groups": 1} for n in (1, 2, 3)},
    "DepthwiseConv2D": {"depth_multiplier": 1},
    "BatchNormalization": {"axis": -1},
}
