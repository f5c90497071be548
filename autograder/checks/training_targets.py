"""Wrong targets in a student's own training: when they cost points, and when they are only named.

What the student's kernel says about its own arrays can only cost points, never earn them. A mistake costs points where
nothing else explains it: the loss is the solution's kind of loss, the network has the solution's number of outputs, and
every cell that may have prepared the targets ran to its end. Otherwise its root is elsewhere, and it is a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.checks.base import Context
from autograder.checks.diagnosis.rules.facts import Trained
from autograder.checks.diagnosis.rules.targets import WRONG, output_size
from autograder.checks.read_network import StudentNetwork, compilation_of
from autograder.core.messages import message
from autograder.network.architecture import Architecture
from autograder.network.compilation import Compilation
from autograder.records.evidence import CapturedFit
from autograder.records.result import Finding


@dataclass(frozen=True)
class WrongTargets:
    """What is wrong with the targets of a call of `fit`, and whether its root is there."""

    finding: Finding
    costs: bool


def wrong_targets(context: Context, name: str, student: StudentNetwork, fit: CapturedFit) -> WrongTargets | None:
    """The first thing that is wrong with the targets of this training of the assignment's network `name`."""
    expected = context.expected.get(name)
    compilation = _compiled_for(fit, student, context)
    if student.architecture is None or compilation is None or expected is None:
        return None
    trained = Trained(architecture=student.architecture, compilation=compilation, fit=fit, reference_fit=expected.fit)
    found = next((one for rule in WRONG if (one := rule(trained)) is not None), None)
    if found is None:
        return None
    wanted = expected.compilation
    root = (
        wanted is not None
        and _kind(compilation) == _kind(wanted)
        and _widths(student.architecture) == _widths(expected.architecture)
        and not _unprepared(fit, context)
    )
    where = message("where.code_cell", "code cell {number}", number=fit.cell + 1)
    return WrongTargets(found.model_copy(update={"where": where}), root)


def _kind(compilation: Compilation) -> frozenset[str]:
    """The losses of the outputs; the sparse and the one-hot form are one."""
    given = [one.loss for one in compilation.losses if one.loss is not None] or [compilation.loss]
    return frozenset(loss.name.removeprefix("sparse_") for loss in given)


def _widths(architecture: Architecture) -> list[int | None]:
    """How many values each output gives, in any order."""
    alone = [architecture.model_copy(update={"outputs": (end,)}) for end in architecture.outputs]
    return sorted((output_size(one) for one in alone), key=str)


def _compiled_for(fit: CapturedFit, student: StudentNetwork, context: Context) -> Compilation | None:
    """How the network was compiled when it was trained; None if that is unknown."""
    record = student.record
    if not student.compiled:
        return None
    if record is None or len(record.did("compile")) < 2:
        return student.compilation
    fits, events = student.fits(context), record.did("fit")
    state = record.state(events[fits.index(fit)].state) if len(fits) == len(events) and fit in fits else None
    return None if state is None else compilation_of(state)


def _unprepared(fit: CapturedFit, context: Context) -> bool:
    """Whether a cell that assigns a name which the cell of this call reads did not run to its end."""
    written = [cell for cell in context.cells if cell.kind == "code"]
    if fit.cell >= len(written):
        return False
    read = set(re.findall(r"\w+", written[fit.cell].source))
    stopped = [one.index for one in context.evidence.cells if one.index < fit.cell and one.status != "ok"]
    return any(written[index].makes() & read for index in stopped if index < len(written))
