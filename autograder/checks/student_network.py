"""Which of the networks in the student's notebook is the one that is asked for, and how two networks are shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from autograder.checks.base import Context, ExpectedNetwork
from autograder.core.caching import BoundedCache
from autograder.core.data import digest
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message
from autograder.network.architecture import Architecture, Row, Totals
from autograder.network.canonical import Misfitting, UnknownNetwork, canonicalize
from autograder.network.compilation import Compilation, read_compilation
from autograder.network.describe import settings_in_words, shape_in_words
from autograder.network.diff import Diff, compare
from autograder.network.measure import sum_up
from autograder.network.table import TableError, marked_operations
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedNetwork
from autograder.records.execution_messages import opaque_message
from autograder.records.result import ComparisonExhibit, ComparisonRow, RowCells

# Of networks under other names so many are looked at, so that a notebook full of them costs no more than a moment.
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
# What is said of a network whose cell did not run to its end: each of these names the `cell`.
_OF_THE_CELL = frozenset(
    {"network.cell_error_named", "network.cell_error_in_line", *(code for code, _ in _ENDINGS.values())}
)
# Of so many distinct networks what was worked out is kept.
_MOST_REMEMBERED = 512
_ARCHITECTURES: BoundedCache[Architecture] = BoundedCache(_MOST_REMEMBERED)
_DIFFERENCES: BoundedCache[Diff] = BoundedCache(_MOST_REMEMBERED)


@dataclass(frozen=True)
class StudentNetwork:
    """What the student built for one of the assignment's networks.

    Attributes:
        captured: what the kernel said of it, None where there is no network.
        architecture: what it is, None where there is none, it cannot be read, or its layers do not fit together.
        unfit: its operations where they are understood but do not fit together.
        compilation: how it was compiled.
        problem: why there is no architecture, for the student; nothing where there is one.
        unread: whether that is because code of the student's own decides what it computes: it may be right.
        understood: what was taken for granted to find it, for the student; nothing where nothing was.
    """

    captured: CapturedNetwork | None = None
    architecture: Architecture | None = None
    unfit: Architecture | None = None
    compilation: Compilation = field(default_factory=Compilation)
    problem: Message = NOTHING
    understood: Message = NOTHING
    unread: bool = False

    @property
    def compiled(self) -> bool:
        """Whether the student compiled it."""
        return self.captured is not None and self.captured.compile is not None

    @property
    def comparable(self) -> Architecture | None:
        """What can be compared with the expected network, be it fit for training or not."""
        return self.architecture or self.unfit


def find_network(context: Context, name: str) -> StudentNetwork:
    """The student's network for the assignment's network `name`.

    It is the one in the variable of that name. Where that holds none, it is one that no other part of the assignment
    asks for: the only one, or the one closest to what is expected. Where the assignment asks for several networks, one
    that is closer to another of them than to this one is not taken.
    """
    return context.once(("network", name), lambda: _find(context, name))


def _find(context: Context, name: str) -> StudentNetwork:
    captured = context.evidence.network(name)
    if captured is not None:
        return _read(captured, context.expected.get(name))
    others = [one for one in context.evidence.networks if one.name not in context.expected][:_MOST_OTHERS]
    expected = context.expected.get(name)
    candidates = [_read(one, expected) for one in others]
    if len(context.expected) > 1:
        candidates = [one for one in candidates if _meant_for(one, context) in (name, "")]
    stopped = _stopped_maker(context, name)
    if stopped:
        candidates = [one for one in candidates if expected and not _differs(one, expected)]
    if not candidates:
        why = stopped or message(
            "network.none", "There is no network in a variable `{name}`: no cell that ran made one.", name=name
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


def marked(expected: ExpectedNetwork) -> frozenset[int]:
    """The operations that the student had to write: those of the table's marked rows, empty where none is marked.

    Raises:
        TableError: the table shows another network than the reference.
    """
    return frozenset() if expected.table is None else marked_operations(expected.table, expected.architecture)


def difference(context: Context, name: str, student: StudentNetwork) -> Diff:
    """What the student has otherwise than the assignment's network `name`; compared once.

    Args:
        student: what `find_network` gives for that name; there is something to compare.

    Raises:
        TableError: the table shows another network than the reference.
    """
    expected, network = context.expected[name], student.comparable
    assert network is not None

    def compared() -> Diff:
        # In a class the same networks come again and again, in whatever notebook.
        key = digest(expected.key, network)
        return _DIFFERENCES(key, lambda: compare(expected.architecture, network, marked(expected)))

    return context.once(("difference", name), compared)


def exhibit(name: str, expected: Architecture, actual: Architecture, diff: Diff) -> ComparisonExhibit:
    """Both networks side by side. Of what the student has not written, only what the handout's table shows is shown."""
    totals = actual_totals(actual, diff)
    return ComparisonExhibit(
        network=name,
        rows=tuple(
            ComparisonRow(
                state=row.state,
                expected=_expected_cells(expected, diff.expected_rows, row.expected),
                actual=_actual_cells(actual, diff.actual_rows, row.actual),
                marked=row.marked,
                note=row.note,
            )
            for row in diff.aligned
        ),
        expected_total=sum_up(diff.expected_rows).total,
        actual_total=None if totals is None else totals.total,
    )


def actual_totals(actual: Architecture, diff: Diff) -> Totals | None:
    """The totals of the student's network, None where its layers do not fit together."""
    return sum_up(diff.actual_rows) if len(diff.actual_rows) == len(actual.operations) else None


def _expected_cells(network: Architecture, rows: tuple[Row, ...], index: int | None) -> RowCells | None:
    if index is None:
        return None
    row = rows[index]
    return RowCells(layer=network.operations[index].kind, shape=shape_in_words(row.shape), parameters=row.parameters)


def _actual_cells(network: Architecture, rows: tuple[Row, ...], index: int | None) -> RowCells | None:
    if index is None:
        return None
    operation = network.operations[index]
    cells = RowCells(layer=operation.kind, settings=settings_in_words(operation))
    if index >= len(rows):
        return cells
    row = rows[index]
    return cells.model_copy(update={"shape": shape_in_words(row.shape), "parameters": row.parameters})


def _read(captured: CapturedNetwork, expected: ExpectedNetwork | None) -> StudentNetwork:
    compilation = read_compilation(captured.compile)
    name = shown_value(captured.name)
    if captured.config is None:
        reason = opaque_message(captured)
        problem = message(
            "network.opaque", "The network `{name}` does not describe itself, so it cannot be compared.", name=name
        )
        if reason:
            problem = message(
                "network.opaque_because",
                "The network `{name}` does not describe itself, so it cannot be compared. {reason}",
                name=name,
                reason=reason,
            )
        return StudentNetwork(captured=captured, compilation=compilation, unread=captured.own_code, problem=problem)
    input_shape = captured.input_shape
    if input_shape is None and expected is not None and expected.architecture.operations:
        first = expected.architecture.operations[0]
        input_shape = (None, *first.settings["shape"]) if first.kind == "Input" else None
    try:
        key = digest(captured.class_name, captured.config, input_shape)
        architecture = _ARCHITECTURES(
            key, lambda: canonicalize(captured.class_name, captured.config or {}, input_shape=input_shape)
        )
    except UnknownNetwork as error:
        problem = message(
            "network.unread",
            "The network `{name}` cannot be judged as a whole: {reason}.",
            name=name,
            reason=error.reason,
        )
        if error.layer:
            problem = message(
                "network.unread_layer",
                "The network `{name}` cannot be judged as a whole: {reason} (layer `{layer}`).",
                name=name,
                reason=error.reason,
                layer=error.layer,
            )
        return StudentNetwork(
            captured=captured,
            compilation=compilation,
            unread=captured.own_code and not isinstance(error, Misfitting),
            unfit=error.architecture if isinstance(error, Misfitting) else None,
            problem=problem,
        )
    return StudentNetwork(captured=captured, architecture=architecture, compilation=compilation)


def _taken_as(student: StudentNetwork, name: str) -> StudentNetwork:
    given = shown_value(student.captured.name) if student.captured else ""
    told = message(
        "network.taken_as", "Your network is called `{given}`; it was taken as `{name}`.", given=given, name=name
    )
    return replace(student, understood=told)


def _stopped_maker(context: Context, name: str) -> Message:
    """That the cell which makes the network did not run to its end, for the student; nothing where that is not so."""
    written = [cell for cell in context.cells if cell.kind == "code"]
    for cell in context.evidence.cells:
        if cell.status == "ok" or cell.index >= len(written) or name not in written[cell.index].makes():
            continue
        failure, number = cell.failure, cell.index + 1
        if failure is None:
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


def maker_named_in(said: Message) -> int | None:
    """The number of the code cell that should have made a network, where that is what a finding is about."""
    cell = said.values.get("cell") if said.code in _OF_THE_CELL else None
    return cell if isinstance(cell, int) else None


def _differs(student: StudentNetwork, expected: ExpectedNetwork) -> bool:
    return student.comparable is None or _deviations(student.comparable, expected) > 0


def _meant_for(student: StudentNetwork, context: Context) -> str | None:
    """Which of several networks of the assignment is meant by one in another variable.

    It is the one with the fewest deviations, those that are in their own variables included, as long as at least half
    of its layers are there; None where that fits none, "" where the network cannot be read.
    """
    if student.comparable is None:
        return ""
    counted = []
    for name, expected in context.expected.items():
        count = _deviations(student.comparable, expected)
        if 2 * count < len(expected.architecture.operations):
            counted.append((count, context.evidence.network(name) is None, name))
    return min(counted)[-1] if counted else None


def _deviations(network: Architecture, expected: ExpectedNetwork) -> int:
    try:
        region = marked(expected)
    except TableError:
        region = frozenset()
    return len(compare(expected.architecture, network, region).deviations)


def _closest(candidates: list[StudentNetwork], expected: ExpectedNetwork | None) -> StudentNetwork | None:
    """The one with the fewest deviations, None where several have the same number."""
    readable = [(student, student.comparable) for student in candidates]
    comparable = [(student, network) for student, network in readable if network is not None]
    if expected is None or not comparable:
        return comparable[0][0] if len(comparable) == 1 else None
    counted = sorted((_deviations(network, expected), place) for place, (_, network) in enumerate(comparable))
    if len(counted) > 1 and counted[0][0] == counted[1][0]:
        same = [comparable[place][1] for count, place in counted if count == counted[0][0]]
        if any(network != same[0] for network in same):
            return None
    return comparable[counted[0][1]][0]
