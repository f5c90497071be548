"""Which of the networks in the student's notebook is the requested one, and how two networks are shown."""

from __future__ import annotations

from dataclasses import replace

from autograder.checks.base import Context, ExpectedNetwork, NotebookCell
from autograder.checks.chosen_network import choose_network
from autograder.checks.read_network import StudentNetwork, deviations, read_network, written_by_student
from autograder.core.caching import BoundedCache
from autograder.core.data import digest
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message
from autograder.network.architecture import Architecture, Row, Totals
from autograder.network.describe import settings_in_words, shape_in_words
from autograder.network.diff import Diff, compare
from autograder.network.measure import sum_up
from autograder.network.torch.words import in_torch, torch_rows, with_torch_names
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedNetwork
from autograder.records.result import ComparisonExhibit, ComparisonRow, RowCells

__all__ = [
    "StudentNetwork",
    "actual_totals",
    "difference",
    "exhibit",
    "find_network",
    "in_framework_of",
    "written_by_student",
]

# The most networks under other names to examine, so that a notebook full of them stays cheap.
_MOST_OTHERS = 12
# How the cell that makes a network ended, by its status.
_ENDINGS = {
    "error": (
        "network.cell_error",
        gettext_noop(
            "There is no network in a variable `{name}`: code cell {cell}, which makes it, stopped with an error."
        ),
    ),
    "timeout": (
        "network.cell_timeout",
        gettext_noop(
            "There is no network in a variable `{name}`: code cell {cell}, which makes it, was stopped because it "
            "ran too long."
        ),
    ),
    "died": (
        "network.cell_died",
        gettext_noop("There is no network in a variable `{name}`: code cell {cell}, which makes it, ended the kernel."),
    ),
    "not_run": (
        "network.cell_not_run",
        gettext_noop(
            "There is no network in a variable `{name}`: code cell {cell}, which makes it, was not run any more."
        ),
    ),
}
# The number of distinct networks whose results are cached.
_MOST_REMEMBERED = 512
_DIFFERENCES: BoundedCache[Diff] = BoundedCache(_MOST_REMEMBERED)


def find_network(context: Context, name: str) -> StudentNetwork:
    """The student's network for the assignment's network `name`.

    It is the one in the variable of that name; if it held several, see `choose_network`. If it held none, it is one
    that no other part of the assignment asks for: the only one, or the one closest to the expected network. If the
    assignment asks for several networks, one that is closer to another of them than to this one is not taken.
    """
    return context.once(("network", name), lambda: _find(context, name))


def _find(context: Context, name: str) -> StudentNetwork:
    captured, expected = context.evidence.network(name), context.expected.get(name)
    chosen = choose_network(context, name, expected)
    if chosen is not None:
        return chosen
    if captured is not None:
        return read_network(captured, expected)
    others = [one for one in context.evidence.networks if one.name not in context.expected]
    others += [one for one in _nameless(context) if one.name not in {other.name for other in others}]
    # Of equal ones, a network in a variable that the handout names for something else comes last.
    others = sorted(others[:_MOST_OTHERS], key=lambda one: one.name in _names_of_handout(context))
    candidates = [choose_network(context, one.name, expected) or read_network(one, expected) for one in others]
    if len(context.expected) > 1:
        candidates = [one for one in candidates if _meant_for(one, context) in (name, "")]
    stopped = _stopped_maker(context, name)
    if stopped:
        candidates = [one for one in candidates if expected and not _differs(one, expected)]
    if not candidates:
        why = stopped or message(
            "network.none", "There is no network in a variable `{name}`: no cell that ran left one in it.", name=name
        )
        return StudentNetwork(problem=why)
    if len(candidates) == 1:
        return _taken_as(candidates[0], name)
    closest = _closest(candidates, expected)
    if closest is None:
        names = tuple(f"`{shown_value(one.name)}`" for one in others[:8])
        return StudentNetwork(
            problem=message(
                "network.ambiguous",
                "There is no network in a variable `{name}`, and it cannot be told which of {names} is meant.",
                name=name,
                names=names,
            )
        )
    return _taken_as(closest, name)


def difference(context: Context, name: str, student: StudentNetwork) -> Diff:
    """The differences between the student's network and the assignment's network `name`; computed once.

    Args:
        student: what `find_network` returns for that name; it must be comparable.

    Raises:
        TableError: the table shows a different network from the reference.
    """
    expected, network = context.expected[name], student.comparable
    assert network is not None

    def compared() -> Diff:
        # In a class the same networks occur in many notebooks; the findings name their layers.
        names = [(operation.label, operation.shown) for operation in network.operations]
        key = digest(expected.key, network, names)
        return _DIFFERENCES(key, lambda: compare(expected.architecture, network, written_by_student(expected)))

    return context.once(("difference", name), compared)


def exhibit(name: str, expected: Architecture, actual: Architecture, diff: Diff) -> ComparisonExhibit:
    """Both networks side by side, in the words of the student's framework and as that counts parameters.

    Rows the student has not written show only what the handout's table shows.
    """
    expected, expected_rows, actual_rows = in_framework_of(actual, expected, diff)
    totals = sum_up(actual_rows) if len(actual_rows) == len(actual.operations) else None
    return ComparisonExhibit(
        network=name,
        rows=tuple(
            ComparisonRow(
                state=row.state,
                expected=_expected_cells(expected, expected_rows, row.expected),
                actual=_actual_cells(actual, actual_rows, row.actual),
                marked=row.marked,
                note=row.note,
            )
            for row in diff.aligned
        ),
        expected_total=sum_up(expected_rows).total,
        actual_total=None if totals is None else totals.total,
    )


def in_framework_of(
    actual: Architecture, expected: Architecture, diff: Diff
) -> tuple[Architecture, tuple[Row, ...], tuple[Row, ...]]:
    """The expected network and the rows of both, as the student's framework names and counts them."""
    if not in_torch(actual):
        return expected, diff.expected_rows, diff.actual_rows
    named = with_torch_names(expected, diff.expected_rows)
    return named, torch_rows(expected, diff.expected_rows), torch_rows(actual, diff.actual_rows)


def actual_totals(actual: Architecture, diff: Diff) -> Totals | None:
    """The totals of the student's network; None if its layers do not fit together."""
    return sum_up(diff.actual_rows) if len(diff.actual_rows) == len(actual.operations) else None


def _expected_cells(network: Architecture, rows: tuple[Row, ...], index: int | None) -> RowCells | None:
    if index is None:
        return None
    row = rows[index]
    operation = network.operations[index]
    return RowCells(layer=operation.shown or operation.kind, shape=shape_in_words(row.shape), parameters=row.parameters)


def _actual_cells(network: Architecture, rows: tuple[Row, ...], index: int | None) -> RowCells | None:
    if index is None:
        return None
    operation = network.operations[index]
    # PyTorch has the channels of an input first, as the column of shapes says.
    settings = () if operation.shown and operation.kind == "Input" else settings_in_words(operation)
    cells = RowCells(layer=operation.shown or operation.kind, settings=settings)
    if index >= len(rows):
        return cells
    row = rows[index]
    return cells.model_copy(update={"shape": shape_in_words(row.shape), "parameters": row.parameters})


def _names_of_handout(context: Context) -> frozenset[str]:
    """The variables that the cells of the handout assign."""

    def names() -> frozenset[str]:
        cells = (NotebookCell(index=0, kind="code", source=source) for source in context.handout_code)
        return frozenset(name for cell in cells for name in cell.makes())

    return context.once("names of the handout", names)


def _nameless(context: Context) -> list[CapturedNetwork]:
    """Networks that were compiled or trained, and that no variable of the notebook ever held."""
    return [
        record.last
        for record in context.evidence.records
        if record.used and not record.named and record.last is not None and record.last.name not in context.expected
    ]


def _taken_as(student: StudentNetwork, name: str) -> StudentNetwork:
    given = shown_value(student.captured.name) if student.captured else ""
    if not given:
        alone = message(
            "network.taken_alone",
            "No variable holds a network `{name}`; one that was used in the code was taken.",
            name=name,
        )
        return replace(student, understood=alone)
    sentence = message(
        "network.taken_as", "Your network is called `{given}`; it was taken as `{name}`.", given=given, name=name
    )
    return replace(student, understood=sentence)


def _stopped_maker(context: Context, name: str) -> Message:
    """For the student: the cell that makes the network did not finish; empty if it did."""
    written = [cell for cell in context.cells if cell.kind == "code"]
    for cell in context.evidence.cells:
        if cell.status == "ok" or cell.index >= len(written) or name not in written[cell.index].makes():
            continue
        failure, number = cell.failure, cell.index + 1
        if failure is None or cell.status != "error":
            return message(*_ENDINGS[cell.status], name=name, cell=number)
        if not failure.line:
            return message(
                "network.cell_error_named",
                "There is no network in a variable `{name}`: code cell {cell}, which makes it, stopped with {error}.",
                name=name,
                cell=number,
                error=shown_value(failure.name),
            )
        return message(
            "network.cell_error_in_line",
            "There is no network in a variable `{name}`: code cell {cell}, which makes it, "
            "stopped with {error} in line {line}.",
            name=name,
            cell=number,
            error=shown_value(failure.name),
            line=failure.line,
        )
    return NOTHING


def _differs(student: StudentNetwork, expected: ExpectedNetwork) -> bool:
    return student.comparable is None or deviations(student.comparable, expected) > 0


def _meant_for(student: StudentNetwork, context: Context) -> str | None:
    """Which of the assignment's networks a network in another variable is meant to be.

    It is the one with the fewest deviations, including those that are in their own variables, as long as at least half
    of its layers are there; None if it fits none, "" if the network cannot be read.
    """
    if student.comparable is None:
        return ""
    counted = []
    for name, expected in context.expected.items():
        count = deviations(student.comparable, expected)
        if 2 * count < len(expected.architecture.operations):
            counted.append((count, context.evidence.network(name) is None, name))
    return min(counted)[-1] if counted else None


def _closest(candidates: list[StudentNetwork], expected: ExpectedNetwork | None) -> StudentNetwork | None:
    """The one with the fewest deviations; None if several have the same number."""
    readable = [(student, student.comparable) for student in candidates]
    comparable = [(student, network) for student, network in readable if network is not None]
    if expected is None or not comparable:
        return comparable[0][0] if len(comparable) == 1 else None
    counted = sorted((deviations(network, expected), place) for place, (_, network) in enumerate(comparable))
    if len(counted) > 1 and counted[0][0] == counted[1][0]:
        same = [comparable[place][1] for count, place in counted if count == counted[0][0]]
        if any(network != same[0] for network in same):
            return None
    closest, network = comparable[counted[0][1]]
    # Each of the equal ones may be meant, so the curves of each count.
    alike = frozenset[int]().union(*(student.alike for student, other in comparable if other == network))
    return replace(closest, alike=alike)
