"""What a run left behind: typed, size-limited data that came from the student's kernel, so every word of it is a claim.

Nothing here is ever executed, unpickled or handed to Keras. What the capture inside the kernel sends is parsed by
`Capture.parse`, which refuses anything too large, too deep or of another shape.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationError

from autograder.core.data import Data, OmitsNewDefaults
from autograder.core.messages import Message, Text, phrase

MAX_CAPTURE_BYTES = 4 * 2**20
MAX_DEPTH = 64
MAX_NETWORKS = 50
MAX_VALUES = 200
MAX_CASES = 500
MAX_STATES = 6
MAX_LIFE_EVENTS = 60

CellStatus = Literal["ok", "error", "timeout", "died", "not_run"]
ValueKind = Literal["number", "text", "boolean", "array", "sequence", "none", "other"]


class InvalidEvidence(ValueError):
    """What came out of the kernel is not evidence: too large, too deep, or of another shape; `reason` says which."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


class Opaque(Data):
    """Why a network does not describe itself: a reason of `execution_messages` by its code, and what is in the way.

    `why` and `reason` are codes, `kind` the network's class, `detail` a short text; the kernel claims all of it.
    """

    why: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=40)
    kind: str = Field(default="", max_length=200)
    detail: str = Field(default="", max_length=2000)


def _opaque_from_text(given: Any) -> Any:
    """Evidence of before version 0.2 has a sentence here."""
    return (Opaque(detail=given) if given else None) if isinstance(given, str) else given


class CapturedNetwork(Data):
    """A Keras model as the kernel described it.

    `config` is `model.get_config()` with its `class_name` (None when the model cannot describe itself: then
    `opaque` says why); `own_code` is whether code of the student's own decides what it computes: `config` is then
    that of the Keras layers that were seen to be called; `compile` is `model.get_compile_config()`; `input_shape`
    includes the batch axis, None where unknown; `cell` is the index among the code cells after which this state was
    seen.
    """

    name: str = Field(max_length=200)
    class_name: str = Field(max_length=200)
    config: dict[str, Any] | None = None
    compile: dict[str, Any] | None = None
    input_shape: tuple[int | None, ...] | None = Field(default=None, max_length=16)
    opaque: Annotated[Opaque | None, BeforeValidator(_opaque_from_text)] = None
    own_code: bool = False
    cell: int = Field(ge=0)


class CapturedValue(Data):
    """A variable the assignment asked for.

    Numbers, texts and booleans are in `value`; arrays and sequences as nested lists in `value` when they hold at
    most 10,000 elements, with `shape` and `dtype`; anything else is described by `type_name` alone.
    """

    name: str = Field(max_length=200)
    kind: ValueKind
    value: Any = None
    shape: tuple[int, ...] | None = Field(default=None, max_length=32)
    dtype: str = Field(default="", max_length=64)
    type_name: str = Field(default="", max_length=200)
    cell: int = Field(ge=0)


class Failure(Data):
    """An exception that a cell raised: its class, its message, and the line of the cell it came from (1-based)."""

    name: str = Field(max_length=200)
    message: str = Field(max_length=4000)
    line: int | None = None
    source: str = Field(default="", max_length=500)


class NetworkState(Data):
    """What a network was like at a time; `index` counts the states of one network."""

    index: int = Field(ge=0)
    network: CapturedNetwork


class NetworkEvent(Data):
    """Something that happened to a network, in code cell `cell` (0-based), where known in its line `line` (1-based).

    "built" it was made, "named" the variable `name` holds it from then on, "lost" it does so no longer and holds what
    `detail` says (the number of another network, or a type); "compile", "fit", "evaluate", "predict", "save" (to the
    file `name`), "load" (weights, from the file `name`) were called on it. `local` is its name inside the functions
    that called. `state` is the index of the state that it was in.
    """

    kind: Literal["built", "named", "lost", "compile", "fit", "evaluate", "predict", "save", "load"]
    cell: int = Field(ge=0)
    line: int | None = Field(default=None, ge=1)
    name: str = Field(default="", max_length=200)
    local: str = Field(default="", max_length=200)
    detail: str = Field(default="", max_length=200)
    state: int | None = Field(default=None, ge=0)


class NetworkRecord(Data):
    """The life of one network object, by its `number` in the notebook: its states and what happened to it, in order.

    Both are bounded; the last state and the last events are never dropped.
    """

    number: int = Field(ge=1)
    states: tuple[NetworkState, ...] = Field(default=(), max_length=MAX_STATES)
    events: tuple[NetworkEvent, ...] = Field(default=(), max_length=MAX_LIFE_EVENTS)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that ever held it; where none did, its names inside functions."""
        held = dict.fromkeys(event.name for event in self.events if event.kind == "named")
        return tuple(held or dict.fromkeys(event.local for event in self.events if event.local))

    @property
    def named(self) -> bool:
        """Whether a variable of the notebook ever held it."""
        return any(event.kind == "named" for event in self.events)

    @property
    def used(self) -> bool:
        """Whether it was compiled or trained."""
        return any(event.kind in ("compile", "fit") for event in self.events)

    @property
    def last(self) -> CapturedNetwork | None:
        """What it was like when it was last seen."""
        return self.states[-1].network if self.states else None

    def did(self, *kinds: str) -> tuple[NetworkEvent, ...]:
        """Its events of these kinds."""
        return tuple(event for event in self.events if event.kind in kinds)

    def state(self, index: int | None) -> CapturedNetwork | None:
        """Its state with this index, None where that was not kept."""
        return next((state.network for state in self.states if state.index == index), None)


class CapturedFit(OmitsNewDefaults):
    """One call of `fit` on a captured network: `history` maps a metric to its value per epoch.

    `record` is the number of its network among the records, `failure` what stopped it.
    `network` is the variable that held the model after the cell, "" when none did. `inputs` and `targets` describe
    the arrays given: shape, dtype, minimum, maximum, mean, standard deviation (claims, for the diagnosis only).
    `targets` also has `classes` (how many different ones) and `agreement` (the share of images that lie closest to the
    mean image of their own class); `validation` has `overlap`, the share of its images that are training images too.
    `batch_size` is the number of images in a step, None where it is not known.
    """

    network: str = Field(default="", max_length=200)
    variable: str = Field(default="", max_length=200)
    epochs: int = Field(ge=0)
    history: dict[str, tuple[float | None, ...]] = Field(default_factory=dict, max_length=64)
    shortened: bool = False
    inputs: dict[str, Any] | None = None
    targets: dict[str, Any] | None = None
    validation: dict[str, Any] | None = None
    batch_size: int | None = Field(default=None, ge=1)
    cell: int = Field(ge=0)
    record: int | None = Field(default=None, ge=1)
    failure: Failure | None = None

    added_later: ClassVar[tuple[str, ...]] = ("record", "failure")


class CapturedFigure(Data):
    """A matplotlib figure that was drawn: per axes its labels and lines (label and number of points)."""

    axes: tuple[dict[str, Any], ...] = Field(default=(), max_length=64)
    cell: int = Field(ge=0)


class CapturedFile(Data):
    """A saved network that the notebook wrote, by its path below the notebook's folder.

    `sha256` is that of its bytes, `size` their number. `config` and `metadata` are the texts of
    `config.json` and `metadata.json` in a `.keras` archive; of every other file only the fact is kept. Nothing of it is
    ever loaded.
    """

    name: str = Field(max_length=200)
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    config: str | None = Field(default=None, max_length=2**20)
    metadata: str | None = Field(default=None, max_length=10_000)


class Capture(Data):
    """What the kernel says of itself after a cell."""

    networks: tuple[CapturedNetwork, ...] = Field(default=(), max_length=MAX_NETWORKS)
    values: tuple[CapturedValue, ...] = Field(default=(), max_length=MAX_VALUES)
    fits: tuple[CapturedFit, ...] = Field(default=(), max_length=200)
    figures: tuple[CapturedFigure, ...] = Field(default=(), max_length=200)
    files: tuple[CapturedFile, ...] = Field(default=(), max_length=200)
    records: tuple[NetworkRecord, ...] = Field(default=(), max_length=MAX_NETWORKS)
    records_dropped: int = Field(default=0, ge=0)

    @classmethod
    def parse(cls, raw: str | bytes | dict[str, Any]) -> Capture:
        """Validate what the kernel sent.

        Raises:
            InvalidEvidence: it is larger than 4 MiB, nested deeper than 64, not JSON, or of another shape.
        """
        try:
            text = raw if isinstance(raw, str | bytes) else json.dumps(raw, allow_nan=True)
            if len(text) > MAX_CAPTURE_BYTES:
                raise InvalidEvidence(
                    phrase("the kernel described itself in {bytes:,} bytes; the limit is 4 MiB", bytes=len(text))
                )
            plain = json.loads(text, parse_int=_whole_number)
            check_depth(plain, MAX_DEPTH)
            return cls.model_validate(plain, strict=False)
        except InvalidEvidence:
            raise
        except (ValidationError, ValueError, TypeError, RecursionError, OverflowError) as error:
            raise InvalidEvidence(
                phrase("the kernel's description of itself is malformed: {error}", error=type(error).__name__)
            ) from None


class CapturedCase(Data):
    """What the kernel says of one external test. `value` is the points that a test cell computed, None for all or none.

    Of a doctest that failed, `example` gives `got` where `want` was expected; `error` is the exception of another one,
    and `line` the line of a test cell that it came from.
    """

    passed: bool
    value: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    example: str = Field(default="", max_length=1000)
    got: str = Field(default="", max_length=1000)
    want: str = Field(default="", max_length=1000)
    error: str = Field(default="", max_length=1000)
    line: int | None = None


class CapturedTest(Data):
    """What came of a external test, by the `key` of its content; it may have fewer cases than were asked for.

    "broken": the test itself could not be executed, and `problem` says why.
    """

    key: str = Field(max_length=64)
    status: Literal["ran", "timeout", "died", "not_run", "broken"]
    cases: tuple[CapturedCase, ...] = Field(default=(), max_length=MAX_CASES)
    problem: str = Field(default="", max_length=1000)

    @classmethod
    def parse(cls, key: str, raw: object, cases: int) -> CapturedTest:
        """Validate what the kernel answered when it was asked to run the test `key` with this many cases.

        Raises:
            InvalidEvidence: it is too large, or of another shape.
        """
        try:
            if not isinstance(raw, str) or len(raw) > MAX_CAPTURE_BYTES:
                raise InvalidEvidence(phrase("the kernel's answer about a test is no text, or larger than 4 MiB"))
            plain = json.loads(raw, parse_int=_whole_number)
            check_depth(plain, 8)
            found = cls.model_validate({**plain, "key": key})
        except InvalidEvidence:
            raise
        except (ValidationError, ValueError, TypeError, RecursionError, OverflowError) as error:
            raise InvalidEvidence(
                phrase("the kernel's answer about a test is malformed: {error}", error=type(error).__name__)
            ) from None
        if len(found.cases) > cases or (found.status == "ran" and len(found.cases) != cases):
            raise InvalidEvidence(phrase("the kernel's answer is about another number of tests"))
        return found


class CellRun(Data):
    """One code cell. `outputs` are nbformat v4 outputs, size-limited, as untrusted as the rest."""

    index: int
    status: CellStatus
    seconds: float = 0.0
    failure: Failure | None = None
    outputs: tuple[dict[str, Any], ...] = ()
    truncated: bool = False


class Evidence(OmitsNewDefaults):
    """Everything *observe* leaves to the stages after it: one entry in `cells` per code cell, in notebook order.

    `asked` are the variables whose values were wanted, so that one that was not there is told from one that nobody
    looked for; None where that was not kept. `records` are the networks that ever lived, in the order in which they
    were first seen, `records_dropped` how many more there were; both empty where they were not kept.
    """

    key: str
    cells: tuple[CellRun, ...]
    networks: tuple[CapturedNetwork, ...] = ()
    values: tuple[CapturedValue, ...] = ()
    fits: tuple[CapturedFit, ...] = ()
    figures: tuple[CapturedFigure, ...] = ()
    files: tuple[CapturedFile, ...] = Field(default=(), max_length=200)
    notes: tuple[Text, ...] = ()
    isolation: str
    versions: dict[str, str]
    seconds: float = 0.0
    tests: tuple[CapturedTest, ...] = ()
    asked: tuple[str, ...] | None = None
    records: tuple[NetworkRecord, ...] = ()
    records_dropped: int = 0

    added_later: ClassVar[tuple[str, ...]] = ("tests", "asked", "records", "records_dropped")

    def test(self, key: str) -> CapturedTest | None:
        return next((test for test in self.tests if test.key == key), None)

    def with_networks(self, networks: Iterable[CapturedNetwork]) -> Evidence:
        """The same evidence with other networks in the variables; the history of those that were there goes."""
        return self.model_copy(update={"networks": tuple(networks), "records": (), "records_dropped": 0})

    def network(self, name: str) -> CapturedNetwork | None:
        return next((network for network in self.networks if network.name == name), None)

    def value(self, name: str) -> CapturedValue | None:
        return next((value for value in self.values if value.name == name), None)

    def last_fit(self, network: str) -> CapturedFit | None:
        """The last call of `fit` on the network in the variable `network`."""
        return next((fit for fit in reversed(self.fits) if fit.network == network), None)

    @property
    def complete(self) -> bool:
        """Whether every cell ran to its own end, be it by an exception of its own."""
        return all(cell.status in ("ok", "error") for cell in self.cells)


def _whole_number(digits: str) -> int | float:
    """A whole number of JSON, infinite where no float could hold it: those that read it compare and show floats."""
    value = float(digits)
    return int(digits) if math.isfinite(value) else value


def check_depth(value: Any, limit: int) -> None:
    """Raise `InvalidEvidence` where `value` nests deeper than `limit`; iterative, so that depth itself does no harm."""
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if depth > limit:
            raise InvalidEvidence(phrase("nested deeper than {limit}", limit=limit))
        if isinstance(item, dict):
            stack.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            stack.extend((child, depth + 1) for child in item)
