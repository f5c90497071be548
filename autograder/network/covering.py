"""Which operations of a network each row of a summary table stands for, and whether the two agree."""

from __future__ import annotations

from itertools import pairwise

from autograder.network.architecture import Architecture, Row
from autograder.network.describe import shape_in_words
from autograder.network.kinds import ACTIVATIONS, COMMUTATIVE
from autograder.network.measure import ShapeError, rows, sum_up
from autograder.network.table import NETWORK_CLASSES, SummaryTable, TableError, TableRow

# Rows that may cover several operations.
_COMPOSED = NETWORK_CLASSES | {"RNN", "Pipeline", "TimeDistributed"}
# How many pairs of a row and an operation are tried in a network with branches.
_MOST_TRIED = 5_000


def disagreements(table: SummaryTable, architecture: Architecture) -> tuple[str, ...]:
    """The points in which a table and a network differ, as sentences; empty if they agree."""
    try:
        measured = rows(architecture)
    except ShapeError as error:
        return (f"The network cannot be measured: {error}.",)
    covered, problem = _cover(table, architecture, measured)
    found = [problem] if problem else []
    for index, operations in enumerate(covered):
        if not operations:
            continue
        row = table.rows[index]
        shape = measured[operations[0 if table.framework else -1]].shape
        parameters = sum(measured[operation].parameters for operation in operations)
        if row.shape and row.shape[1:] != shape[1:]:
            found.append(
                f"Row {index + 1} of the table ({row.name}) has the shape {shape_in_words(row.shape)}, "
                f"the network has {shape_in_words(shape)} there."
            )
        if row.parameters != parameters:
            found.append(
                f"Row {index + 1} of the table ({row.name}) has {row.parameters:,} parameters, "
                f"the network has {parameters:,} there."
            )
    summed = sum(row.parameters for row in table.rows)
    if table.total is not None and table.total != summed:
        found.append(f"The table's total is {table.total:,}, but its rows add up to {summed:,}.")
    counted = sum_up(measured)
    for what in ("total", "trainable", "non_trainable"):
        printed, actual = getattr(table, what), getattr(counted, what)
        if printed is not None and printed != actual:
            words = {"total": "", "trainable": "trainable ", "non_trainable": "non-trainable "}[what]
            found.append(f"The table counts {printed:,} {words}parameters in all, the network has {actual:,}.")
    return tuple(found)


def marked_operations(table: SummaryTable, architecture: Architecture) -> frozenset[int]:
    """The operations of the table's marked rows. A row of a layer with its own activation covers two.

    Raises:
        TableError: table and network have different rows, so that the marks cannot be transferred.
    """
    if not table.marked:
        return frozenset()
    try:
        covered, problem = _cover(table, architecture, rows(architecture))
    except ShapeError as error:
        raise TableError(f"The network cannot be measured: {error}.") from None
    if problem:
        raise TableError(problem)
    return frozenset(operation for index in table.marked for operation in covered[index])


def _cover(
    table: SummaryTable, architecture: Architecture, measured: tuple[Row, ...]
) -> tuple[list[list[int]], str | None]:
    """The operations that each row covers, and the first place where rows and operations diverge."""
    if table.framework:
        return _without_functions(table, architecture, measured)
    if (found := _along_branches(table, architecture, measured)) is not None:
        return found, None
    operations = architecture.operations
    covered: list[list[int]] = []
    place = 0
    for index, row in enumerate(table.rows):
        while place < len(operations) and operations[place].kind == "Input" and row.kind != "Input":
            place += 1
        if row.kind == "Input" and (place >= len(operations) or operations[place].kind != "Input"):
            return covered, f"Row {index + 1} of the table ({row.name}) is an input that the network does not have."
        end = place + 1
        if row.kind in _COMPOSED and place < len(operations):
            end = _end_of_nested(row, measured, place)
        elif place >= len(operations) or not _same_kind(row.kind, operations[place].kind):
            there = operations[place].kind if place < len(operations) else "nothing"
            return covered, f"Row {index + 1} of the table ({row.name}) is {row.kind}, the network has {there} there."
        printed = _activations([one.kind for one in table.rows[index + 1 :]])
        if _activations([operation.kind for operation in operations[end:]]) > printed:
            end += 1
        covered.append(list(range(place, min(end, len(operations)))))
        place = end
    if place < len(operations):
        return covered, f"The network has {operations[place].kind} after the last row of the table."
    return covered, None


def _along_branches(
    table: SummaryTable, architecture: Architecture, measured: tuple[Row, ...]
) -> list[list[int]] | None:
    """The operations of each row of a table with branches, found by what the row reads; None if that fits nowhere.

    Keras prints the rows in the order in which they were built, which may be any order of the branches.
    """
    rows = table.rows
    branched = any(
        len(row.connected) > 1 or (row.connected and row.connected[0] != before.name) for before, row in pairwise(rows)
    )
    if not branched:
        return None
    operations = architecture.operations
    activated = {name for row in rows if row.kind in ACTIVATIONS for name in row.connected}
    readers: dict[int, list[int]] = {}
    for index, operation in enumerate(operations):
        for source in operation.inputs:
            readers.setdefault(source, []).append(index)

    def fused(row: TableRow, place: int) -> list[int]:
        """The operation, and its own activation if that has no row."""
        after = readers.get(place, [])
        own = row.name not in activated and len(after) == 1 and operations[after[0]].kind in ACTIVATIONS
        return [place, *(after if own and row.kind not in ACTIVATIONS else [])]

    def fitting(index: int, covered: list[list[int]]) -> list[int]:
        row = rows[index]
        ends = {before.name: one[-1] for before, one in zip(rows, covered, strict=False)}
        reads = [ends.get(name, -1) for name in row.connected]
        used = {place for one in covered for place in one}
        places = [
            place
            for place, operation in enumerate(operations)
            if place not in used
            and _same_kind(row.kind, operation.kind)
            and (
                list(operation.inputs) == reads
                or (operation.kind in COMMUTATIVE and sorted(operation.inputs) == sorted(reads))
            )
        ]

        def same(place: int) -> bool:
            return (measured[place].shape[1:], measured[place].parameters) == (row.shape[1:], row.parameters)

        # The last is tried first.
        return sorted(reversed(places), key=same)  # noqa: C414 - of equal ones, the first comes last

    covered: list[list[int]] = []
    choices = [fitting(0, covered)]
    for _ in range(_MOST_TRIED):
        if not choices[-1]:
            choices.pop()
            if not choices:
                return None
            covered.pop()
            continue
        covered.append(fused(rows[len(covered)], choices[-1].pop()))
        if len(covered) == len(rows):
            if sum(map(len, covered)) == len(operations):
                return covered
            covered.pop()
            continue
        choices.append(fitting(len(covered), covered))
    return None


def _without_functions(
    table: SummaryTable, architecture: Architecture, measured: tuple[Row, ...]
) -> tuple[list[list[int]], str | None]:
    """The same for a table in which functions have no rows: they belong to the row before them.

    The first operation of a row is the row's own.
    """
    operations = architecture.operations
    covered: list[list[int]] = []
    place = 0
    for index, row in enumerate(table.rows):
        start = place
        while place < len(operations) and not (
            _same_kind(row.kind, operations[place].kind)
            and (not row.shape or row.shape[1:] == measured[place].shape[1:] or measured[place].parameters)
        ):
            if measured[place].parameters:
                break
            place += 1
        if place >= len(operations) or not _same_kind(row.kind, operations[place].kind):
            if row.kind == "Flatten" and covered:
                # After global pooling nothing is left to be flattened, so the network has no such layer.
                covered.append([])
                place = start
                continue
            there = operations[place].kind if place < len(operations) else "nothing"
            return covered, f"Row {index + 1} of the table ({row.name}) is {row.kind}, the network has {there} there."
        between = range(start, place)
        # What flattens an image is there for the layer after it.
        flat = [one for one in between if operations[one].kind in ("Flatten", "Reshape", "Input")]
        if covered:
            (covered[-1] or covered[-2]).extend(one for one in between if one not in flat)
        covered.append([place, *flat])
        place += 1
    rest = list(range(place, len(operations)))
    if any(measured[one].parameters for one in rest):
        kind = next(operations[one].kind for one in rest if measured[one].parameters)
        return covered, f"The network has {kind} after the last row of the table."
    (covered[-1] or covered[-2]).extend(rest)
    return covered, None


def _activations(names: list[str]) -> int:
    """How many of the first names are activations."""
    return next((index for index, kind in enumerate(names) if kind not in ACTIVATIONS), len(names))


def _same_kind(one: str, other: str) -> bool:
    families: tuple[frozenset[str], ...] = (ACTIVATIONS, frozenset({"Flatten", "Reshape"}))
    return one == other or any(one in family and other in family for family in families)


def _end_of_nested(row: TableRow, measured: tuple[Row, ...], place: int) -> int:
    """Where the operations of a nested network end: at its shape, once its parameters are reached."""
    for end in range(place + 1, len(measured) + 1):
        if (
            sum(one.parameters for one in measured[place:end]) == row.parameters
            and measured[end - 1].shape == row.shape
        ):
            return end
    return place + 1
