"""A network that the student built, read from what the kernel reported."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.checks.base import Context, ExpectedNetwork
from autograder.core.caching import BoundedCache
from autograder.core.data import digest
from autograder.core.messages import NOTHING, Message, message
from autograder.network.architecture import Architecture
from autograder.network.canonical import Misfitting, UnknownNetwork, canonicalize
from autograder.network.compilation import Compilation, read_compilation
from autograder.network.diff import compare
from autograder.network.table import TableError, marked_operations
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedFit, CapturedNetwork, NetworkRecord
from autograder.records.execution_messages import opaque_message
from autograder.records.result import Finding

# The number of distinct networks whose results are cached.
_ARCHITECTURES: BoundedCache[Architecture] = BoundedCache(512)


@dataclass(frozen=True)
class StudentNetwork:
    """What the student built for one of the assignment's networks.

    Attributes:
        captured: what the kernel reported; None if there is no network.
        architecture: its architecture; None if there is none, it cannot be read, or its layers do not fit together.
        unfit: its operations if they are understood but do not fit together.
        compilation: how it was compiled.
        problem: why there is no architecture, for the student; empty if there is one.
        unread: whether that is because the student's own code decides what it computes: it may be right.
        understood: what was assumed to find it, for the student; empty if nothing was.
        notes: which of several networks it is, for the student.
        record: its history in the notebook; None if unknown.
    """

    captured: CapturedNetwork | None = None
    architecture: Architecture | None = None
    unfit: Architecture | None = None
    compilation: Compilation = field(default_factory=Compilation)
    problem: Message = NOTHING
    understood: Message = NOTHING
    unread: bool = False
    notes: tuple[Message, ...] = ()
    record: NetworkRecord | None = None

    @property
    def compiled(self) -> bool:
        """Whether the student compiled it."""
        return self.captured is not None and bool(self.captured.compile)

    @property
    def comparable(self) -> Architecture | None:
        """What can be compared with the expected network, whether it can be trained or not."""
        return self.architecture or self.unfit

    @property
    def findings(self) -> list[Finding]:
        """What to tell the student about how the network was found."""
        return [Finding(message=one) for one in (self.understood, *self.notes) if one]

    def fits(self, context: Context, *names: str) -> tuple[CapturedFit, ...]:
        """The calls of `fit` on it; if its history is unknown, those on the network in a variable of its name or of
        `names`."""
        if self.record is not None:
            return tuple(fit for fit in context.evidence.fits if fit.record == self.record.number)
        known = {*names, self.captured.name} if self.captured is not None else set(names)
        return tuple(fit for fit in context.evidence.fits if fit.network in known)


def marked(expected: ExpectedNetwork) -> frozenset[int]:
    """The operations that the student had to write: those of the table's marked rows, empty if none is marked.

    Raises:
        TableError: the table shows a different network from the reference.
    """
    return frozenset() if expected.table is None else marked_operations(expected.table, expected.architecture)


def read_network(captured: CapturedNetwork, expected: ExpectedNetwork | None) -> StudentNetwork:
    """Read a captured network."""
    compilation = read_compilation(captured.compile or None)
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
    if expected is not None:
        architecture = with_inputs_by_name(architecture, expected)
    return StudentNetwork(captured=captured, architecture=architecture, compilation=compilation)


def with_inputs_by_name(architecture: Architecture, expected: ExpectedNetwork) -> Architecture:
    """The network with its inputs in the order of the expected ones, if all have the names that the data has.

    Without names inputs are compared in their order.
    """
    source = expected.recipe.source if expected.recipe is not None else None
    wanted = [one.label for one in expected.architecture.operations if one.kind == "Input"]
    given = [one.label for one in architecture.operations if one.kind == "Input"]
    named = source is not None and len(wanted) > 1 and set(wanted) <= source.inputs.keys()
    if not named or given == wanted or sorted(given) != sorted(wanted) or len(set(given)) < len(given):
        return architecture
    # Inputs come first in every architecture.
    places = [given.index(name) for name in wanted] + list(range(len(given), len(architecture.operations)))
    new = {old: place for place, old in enumerate(places)}
    return Architecture(
        operations=tuple(
            architecture.operations[old].model_copy(
                update={"inputs": tuple(new[source] for source in architecture.operations[old].inputs)}
            )
            for old in places
        ),
        outputs=tuple(new[end] for end in architecture.outputs),
    )


def deviations(network: Architecture, expected: ExpectedNetwork) -> int:
    """How many deviations it has from the expected network."""
    try:
        region = marked(expected)
    except TableError:
        region = frozenset()
    return len(compare(expected.architecture, network, region).deviations)
