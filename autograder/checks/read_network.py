"""A network that the student built, read from what the kernel reported."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.checks.base import Context, ExpectedNetwork
from autograder.core.caching import BoundedCache
from autograder.core.data import digest
from autograder.core.messages import NOTHING, Message, message
from autograder.network.architecture import Architecture
from autograder.network.canonical import Misfitting, UnknownNetwork, canonicalize
from autograder.network.channel_order import with_channels_last
from autograder.network.compilation import NO_LOSS, Compilation, read_compilation
from autograder.network.covering import marked_operations
from autograder.network.diff import compare
from autograder.network.table import TableError
from autograder.network.torch.compilation import criterion_of, decay_of, read_torch_compilation, with_decay
from autograder.network.torch.fitting import (
    ends_with_probabilities,
    keras_with_criterion,
    with_criterion,
    with_input_of,
)
from autograder.network.torch.reader import read_description
from autograder.network.torch.words import in_torch
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
        alike: the numbers of the records of the networks that are built like it and may be meant as well: those that
            its variable held, and where no variable has the asked name, those of other names.
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
    alike: frozenset[int] = frozenset()

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

    @property
    def evaluations(self) -> tuple[str, ...]:
        """How it was evaluated in cells of their own, as the kernel noted it."""
        return () if self.record is None else tuple(event.detail for event in self.record.did("evaluate"))

    def fits(self, context: Context, *names: str) -> tuple[CapturedFit, ...]:
        """The calls of `fit` on it; if its history is unknown, those on the network in a variable of its name or of
        `names`."""
        if self.record is not None:
            return tuple(fit for fit in context.evidence.fits if fit.record == self.record.number)
        known = {*names, self.captured.name} if self.captured is not None else set(names)
        return tuple(fit for fit in context.evidence.fits if fit.network in known)


def written_by_student(expected: ExpectedNetwork) -> frozenset[int]:
    """The operations that the student had to write: those of the table's marked rows, empty if none is marked.

    Raises:
        TableError: the table shows a different network from the reference.
    """
    return frozenset() if expected.table is None else marked_operations(expected.table, expected.architecture)


def architecture_of(captured: CapturedNetwork) -> Architecture:
    """What a captured network is, in whatever framework, with nothing assumed.

    Raises:
        UnknownNetwork: it cannot be read, or its layers do not fit together.
    """
    if captured.framework == "torch":
        return read_description(captured.config or {})
    return canonicalize(captured.class_name, captured.config or {}, input_shape=captured.input_shape)


def compilation_of(captured: CapturedNetwork) -> Compilation:
    """How a captured network was compiled."""
    return (read_torch_compilation if captured.framework == "torch" else read_compilation)(captured.compile or None)


def compilation_to_train(student: StudentNetwork, usual: Compilation) -> Compilation:
    """How the student compiled the network, with the `usual` optimizer or loss for one that cannot be read, such as a
    function of the student's own. A network of PyTorch without a criterion has a loss that fits its end."""
    if not student.compiled:
        torch = student.captured is not None and student.captured.framework == "torch"
        return _fitting_end(usual, student.architecture) if torch else usual
    problem = student.compilation.problem
    codes = {one.code for one in (problem, *problem.values.values()) if isinstance(one, Message)}
    parts: dict[str, object] = {"problem": NOTHING}
    if codes & {"compile.loss_unread", *NO_LOSS}:
        parts["loss"] = usual.loss
    if "compile.optimizer_unread" in codes:
        parts["optimizer"] = usual.optimizer
    return student.compilation.model_copy(update=parts)


def _fitting_end(usual: Compilation, architecture: Architecture | None) -> Compilation:
    """With a cross-entropy that is told whether the network ends with probabilities."""
    if architecture is None or "crossentropy" not in usual.loss.name or ends_with_probabilities(architecture):
        return usual
    settings = {**usual.loss.settings, "from_logits": True}
    return usual.model_copy(update={"loss": usual.loss.model_copy(update={"settings": settings})})


def read_network(captured: CapturedNetwork, expected: ExpectedNetwork | None) -> StudentNetwork:
    """Read a captured network."""
    if captured.framework == "torch":
        return read_torch_network(captured, expected)
    compilation = read_compilation(captured.compile or None)
    name = shown_value(captured.name)
    if captured.config is None:
        return _opaque(captured, compilation, name)
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
        return _unread(captured, compilation, name, error)
    if expected is not None:
        architecture = with_inputs_by_name(architecture, expected)
        if in_torch(expected.architecture):
            architecture, compilation = keras_with_criterion(architecture, compilation, expected.architecture)
    turned = with_channels_last(captured.config or {})[0] is not captured.config
    note = message(
        "network.channels_first",
        "The network `{name}` has its channels first; it is compared and shown with its channels last.",
        name=name,
    )
    notes = (note,) if turned else ()
    return StudentNetwork(captured=captured, architecture=architecture, compilation=compilation, notes=notes)


def read_torch_network(captured: CapturedNetwork, expected: ExpectedNetwork | None) -> StudentNetwork:
    """Read a PyTorch network, with what its criterion computes, in the form that the expected network has."""
    given = captured.compile or None
    compilation, name = read_torch_compilation(given), shown_value(captured.name)
    if captured.config is None:
        return _opaque(captured, compilation, name)
    wanted = None if expected is None else expected.architecture

    def fitted(architecture: Architecture) -> tuple[Architecture, Compilation]:
        found = with_decay(with_input_of(wanted, architecture), decay_of(given))
        return with_criterion(found, criterion_of(given), compilation, wanted)

    try:
        key = digest("torch", captured.config)
        architecture = _ARCHITECTURES(key, lambda: read_description(captured.config or {}))
    except Misfitting as error:
        architecture, compilation = fitted(error.architecture)
        error.architecture = architecture
        return _unread(captured, compilation, name, error)
    except UnknownNetwork as error:
        return _unread(captured, compilation, name, error)
    architecture, compilation = fitted(architecture)
    return StudentNetwork(captured=captured, architecture=architecture, compilation=compilation)


def _opaque(captured: CapturedNetwork, compilation: Compilation, name: str) -> StudentNetwork:
    """A network without a description."""
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


def _unread(captured: CapturedNetwork, compilation: Compilation, name: str, error: UnknownNetwork) -> StudentNetwork:
    """A network with something that is not supported, or that does not fit together."""
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
        unread=(captured.own_code or captured.framework == "torch") and not isinstance(error, Misfitting),
        unfit=error.architecture if isinstance(error, Misfitting) else None,
        problem=problem,
    )


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
        region = written_by_student(expected)
    except TableError:
        region = frozenset()
    return len(compare(expected.architecture, network, region).deviations)
