"""Networks that are not finished: without a layer, or cut off because the cell that builds them stopped."""

from __future__ import annotations

from autograder.checks.base import Context
from autograder.checks.student_network import StudentNetwork
from autograder.core.messages import NOTHING, Message, message
from autograder.network.diff import Diff
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedNetwork
from autograder.records.result import Finding


def without_layers(context: Context, student: StudentNetwork) -> Finding | None:
    """The finding for a network to which no layer was added; None if it has one."""
    network, captured = student.comparable, student.captured
    if captured is None or network is None or any(operation.kind != "Input" for operation in network.operations):
        return None
    name = shown_value(captured.name)
    stopped = _stopped(context, captured, name)
    if stopped:
        return Finding(
            message=stopped,
            hint=message("hint.correct_cell", "Correct that cell first, then look at the cells after it."),
        )
    return Finding(
        message=message("network.empty", "The network `{name}` has no layers yet.", name=name),
        hint=message("hint.add_layers", "Add the layers of the table to it, in their order."),
    )


def cut_off(context: Context, student: StudentNetwork, diff: Diff) -> tuple[Finding, ...]:
    """Findings that the cell which builds a network stopped, if layers are missing in it."""
    captured = student.captured
    if captured is None or not any(one.kind == "missing" for one in diff.deviations):
        return ()
    stopped = _stopped(context, captured, shown_value(captured.name))
    return (Finding(message=stopped),) if stopped else ()


def _stopped(context: Context, captured: CapturedNetwork, name: str) -> Message:
    """That the cell after which the network was seen stopped with an error; empty if it did not."""
    cell = next((one for one in context.evidence.cells if one.index == captured.cell), None)
    written = [one for one in context.cells if one.kind == "code"]
    if cell is None or cell.status != "error" or cell.failure is None or not cell.failure.line:
        return NOTHING
    lines = written[cell.index].source.splitlines() if cell.index < len(written) else []
    # Only if layers are added one by one can a network be cut off.
    if not any(f"{captured.name}.add(" in line for line in lines[cell.failure.line - 1 :]):
        return NOTHING
    return message(
        "network.cut_off",
        "Code cell {cell}, which builds `{name}`, stopped with {error} in line {line}: the layers from there on are "
        "not in the network.",
        cell=cell.index + 1,
        name=name,
        error=shown_value(cell.failure.name),
        line=cell.failure.line,
    )
