"""Reads the network of a new assignment from its summary table, for the data and the task that it learns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.data_guess import Guess
from autograder.authoring.keras_code import NotWritable, graph_codes, layer_codes
from autograder.core.errors import UserError
from autograder.datasets.source import TargetKind
from autograder.network.architecture import Architecture
from autograder.network.inference import architecture_from_table, graph_from_table, output_rows
from autograder.network.kinds import ACTIVATIONS, MERGES
from autograder.network.table import SummaryTable, TableError, TableRow, parse_table
from autograder.records.metrics import Task

ExampleShape = tuple[int | None, ...]

# The activation of the last layer, which most tables do not show.
_LAST: dict[Task, str] = {
    "classification": "softmax",
    "binary": "sigmoid",
    "multilabel": "sigmoid",
    "regression": "linear",
    "sequence": "softmax",
    "autoencoder": "linear",
}
# The variables of the notebook's other cells.
_TAKEN = frozenset(
    (
        "X",
        "Y",
        "X_train",
        "X_val",
        "Y_train",
        "Y_val",
        "data",
        "deviation",
        "file",
        "history",
        "keras",
        "layers",
        "mean",
    )
) | {"name", "np", "numbers", "order", "part", "pd", "train", "validate"}


class CannotStart(UserError):
    """No assignment can be created from this input; one sentence that says why and what to do."""


@dataclass(frozen=True)
class NetworkOutput:
    """What one output of the network learns.

    Attributes:
        name: its name in the data; "" if the data has one output without a name.
        row: the name of its row in the table.
        shape: what the row gives for one example.
        wanted: the shapes that fit the task; an axis that is None may have any size.
        classes: how many classes the target has; 0 if it has none.
    """

    name: str
    row: str
    task: Task
    shape: ExampleShape
    wanted: tuple[ExampleShape, ...]
    classes: int = 0

    @property
    def fits(self) -> bool:
        return any(
            len(shape) == len(self.shape)
            and all(size in (None, given) for size, given in zip(shape, self.shape, strict=True))
            for shape in self.wanted
        )


@dataclass(frozen=True)
class Network:
    """What the table says about the network, and its code: the `asked` lines are what the student writes.

    Attributes:
        inputs: the shape that each input reads, without the batch axis, by its name in the data.
        outputs: what it learns, in the order of the data.
        logits: the names of the outputs whose losses compute the last activation themselves.
    """

    table: SummaryTable
    architecture: Architecture
    inputs: dict[str, ExampleShape]
    outputs: tuple[NetworkOutput, ...]
    logits: frozenset[str]
    before: tuple[str, ...]
    asked: tuple[str, ...]
    after: tuple[str, ...]


def network_from_table(summary: Path, text: str, found: Guess | None, classes: int) -> Network:
    """The network of the table in the file `summary`.

    Args:
        found: the data of one's own; None for a built-in data set, which has `classes` classes.

    Raises:
        CannotStart: the table does not determine a network, or it does not have the inputs and outputs of the data.
    """
    try:
        table = parse_table(text)
        if _is_chain(table, found):
            return _chain(table, found, classes)
        return _graph(table, found, classes)
    except TableError as error:
        raise CannotStart(f"{summary}: {error}") from None
    except NotWritable as error:
        raise CannotStart(
            f"{summary}: no code can be written for this network, because {error}; write the assignment by hand, as "
            "docs/kinds.md describes."
        ) from None


def other_kind(text: str, found: Guess) -> TargetKind | None:
    """What the target is if not what the data alone suggests: a class for each step, or the input itself.

    Args:
        text: the table; its last row gives a value for each class of each step, or as many values as an example has.
    """
    source = found.source
    if source.has_names or source.target_kind in ("input", "tokens") or source.source in ("keras", "text"):
        return None
    try:
        rows = parse_table(text).rows
    except TableError:
        return None  # `network_from_table` says what is wrong with it
    last, target, example = rows[-1].shape[1:], source.outputs[""], source.inputs[""]
    if target and len(last) == len(target) + 1 and last[:-1] == target:
        return "tokens"
    if last in ((*example,), (*example, 1)) and target != last and len(source.classes) != last[0]:
        return "input"
    if source.source == "csv" and not found.table.get("categories") and last == (example[0] + 1,) == _reads(rows[0]):
        return "input"  # the last column is no target either
    return None


def _reads(first: TableRow) -> ExampleShape:
    """What the first row of a table shows of the input of a network for tables; () if it does not."""
    if first.kind == "Dense" and len(first.shape) == 2 and first.shape[1]:
        return (first.parameters // first.shape[1] - 1,)
    return first.shape[1:] if first.kind == "Input" else ()


def words_read(text: str) -> tuple[int, int] | None:
    """The vocabulary size and the length of sequences that a table's Embedding reads; None if it has none."""
    try:
        return read_by_embedding(parse_table(text))
    except TableError:
        return None  # `network_from_table` says what is wrong with it


def reads_sequences(table: SummaryTable) -> bool:
    """Whether the network looks numbers up instead of computing with them."""
    return next((row.kind for row in table.rows if row.kind != "Input"), "") == "Embedding"


def inputs_looked_up(table: SummaryTable) -> set[str]:
    """The names of the inputs that an Embedding reads."""
    return {row.connected[0] for row in table.rows if row.kind == "Embedding" and row.connected}


def read_by_embedding(table: SummaryTable) -> tuple[int, int]:
    """The vocabulary size of the Embedding that reads the words of a text, and how many words it reads.

    Raises:
        TableError: there is none, or its sequences have no length.
    """
    row = next((row for row in table.rows if row.kind == "Embedding"), None)
    wrong = row is None or len(row.shape) != 3 or None in row.shape[1:]
    if row is None or wrong or not (_branched(table) or reads_sequences(table)):
        raise TableError("Texts are read by an Embedding as the first layer, with a length: (None, 50, 16).")
    return row.parameters // (row.shape[2] or 1), row.shape[1] or 1


def _is_chain(table: SummaryTable, found: Guess | None) -> bool:
    named = found is not None and found.source.has_names
    inputs = sum(row.kind == "Input" for row in table.rows)
    return not named and inputs < 2 and not _branched(table)


def _branched(table: SummaryTable) -> bool:
    return any(row.kind in MERGES for row in table.rows) or len(output_rows(table)) > 1


def _chain(table: SummaryTable, found: Guess | None, classes: int) -> Network:
    output = _output("", table.rows[-1], found, classes)
    architecture = _chain_architecture(table, found, _LAST[output.task])
    shape, codes = layer_codes(architecture)
    marked = {table.rows[index].name for index in table.marked}
    asked = [at for at, code in enumerate(codes) if not marked or code.label in marked]
    lines = [f"model.add({code.code})" for code in codes]
    first, last = asked[0], asked[-1] + 1
    head = ("model = keras.Sequential()", f"model.add(keras.Input(shape={shape}))")
    return Network(
        table,
        architecture,
        {"": shape},
        (output,),
        _logits(architecture, (output,)),
        (*head, *lines[:first]) if marked else (),
        tuple(lines[first:last] if marked else [*head, *lines]),
        tuple(lines[last:]),
    )


def _chain_architecture(table: SummaryTable, found: Guess | None, last: str) -> Architecture:
    if found is None:
        return architecture_from_table(table, last_activation=last)
    first = table.rows[0]
    shape = found.source.inputs[""]
    if found.source.source == "text":
        return architecture_from_table(table, (None, read_by_embedding(table)[1]), last_activation=last)
    if first.kind == "Input" or (first.kind == "Dense" and len(first.shape) == 2):
        return architecture_from_table(table, last_activation=last)
    channels = (1,) if len(shape) == 2 and len(first.shape) == 4 else ()
    return architecture_from_table(table, (None, *shape, *channels), last_activation=last)


def _graph(table: SummaryTable, found: Guess | None, classes: int) -> Network:
    if table.marked:
        raise TableError(
            "The lines START and END are for networks without branches; without them students write all of it."
        )
    ends = [row for row in table.rows if row.name in output_rows(table)]
    names = list(found.source.outputs) if found is not None else [""]
    inputs = _by_name(
        [row for row in table.rows if row.kind == "Input"], list(found.source.inputs if found else [""]), "input"
    )
    outputs = tuple(_output(name, row, found, classes) for name, row in _by_name(ends, names, "output").items())
    if found is not None and found.source.source == "text":
        read_by_embedding(table)
    architecture = graph_from_table(table, {one.row: _LAST[one.task] for one in outputs})
    codes = graph_codes(architecture, _TAKEN)
    shapes = {name: row.shape[1:] for name, row in inputs.items()}
    lines = tuple(code.code for code in codes)
    return Network(table, architecture, shapes, outputs, _logits(architecture, outputs), (), lines, ())


def _by_name(rows: list[TableRow], names: list[str], what: str) -> dict[str, TableRow]:
    """The rows of the inputs (or outputs) by the names that the data gives them.

    Raises:
        TableError: the table names others.
    """
    if names == [""] and len(rows) == 1:
        return {"": rows[0]}
    printed = ", ".join(row.name for row in rows) or "none"
    if names == [""]:
        raise TableError(
            f"The network has {len(rows)} {what}s ({printed}): say what each is, with --{what}s NAME=COLUMN,COLUMN."
        )
    by_name = {row.name: row for row in rows}
    if by_name.keys() != set(names):
        raise TableError(
            f"The data has the {what}s {', '.join(name or 'without a name' for name in names)}, and the table's are "
            f"called {printed}: both need the same names."
        )
    return {name: by_name[name] for name in names}


def _output(name: str, row: TableRow, found: Guess | None, classes: int) -> NetworkOutput:
    shape = row.shape[1:]
    if found is None:
        return NetworkOutput(name, row.name, "classification", shape, ((classes,),), classes)
    source = found.source
    kind, count = source.kind_of(name), len(source.classes_of(name))
    target: ExampleShape = source.outputs[name] or (1,)
    if kind == "classes" and count == 2 and shape == (1,):
        return NetworkOutput(name, row.name, "binary", shape, ((1,),), count)
    if kind == "classes":
        return NetworkOutput(name, row.name, "classification", shape, ((count,),), count)
    if kind == "input":
        return NetworkOutput(name, row.name, "autoencoder", shape, (source.inputs[""], (*source.inputs[""], 1)))
    if kind == "tokens":
        return NetworkOutput(name, row.name, "sequence", shape, ((*target, None),))
    return NetworkOutput(name, row.name, "multilabel" if kind == "multilabel" else "regression", shape, (target,))


def _logits(architecture: Architecture, outputs: tuple[NetworkOutput, ...]) -> frozenset[str]:
    """The outputs that end with another activation than the usual one."""
    ends = {architecture.operations[one].label: architecture.operations[one] for one in architecture.outputs}
    last = next(iter(ends.values()))
    found = set()
    for one in outputs:
        operation = ends.get(one.row, last)
        if operation.kind not in ACTIVATIONS or operation.settings.get("activation") != _LAST[one.task]:
            found.add(one.name)
    return frozenset(found)
