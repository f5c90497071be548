"""The evidence of a run: typed, size-limited data from the student's kernel, so all of it is unverified claims.

It is never executed, unpickled or passed to Keras. `Capture.parse` parses what the capture inside the kernel sends and
refuses anything too large, too deep or of another shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationError

from autograder.core.data import Data, OmitsNewDefaults
from autograder.core.messages import Text, phrase
from autograder.records.kernel_json import InvalidEvidence, check_depth, whole_number
from autograder.records.network_failure import NetworkFailure
from autograder.records.predictions import CapturedPredictions
from autograder.records.training_loop import CapturedLoop, SavedTensor

MAX_CAPTURE_BYTES = 4 * 2**20
MAX_DEPTH = 64
MAX_NETWORKS = 50
MAX_VALUES = 200
MAX_CASES = 500
MAX_STATES = 6
MAX_LIFE_EVENTS = 60
MAX_SAVED_TENSORS = 2000

CellStatus = Literal["ok", "error", "timeout", "died", "not_run"]
BoundedBy = Literal["unknown", "supervisor", "cgroup v2"]
ValueKind = Literal["number", "text", "boolean", "array", "sequence", "none", "other"]


class Opaque(Data):
    """Why a network has no description: the code of a reason in `execution_messages`, and what prevents it.

    `why` and `reason` are codes, `kind` the network's class, `detail` a short text; all are claims of the kernel.
    """

    why: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=40)
    kind: str = Field(default="", max_length=200)
    detail: str = Field(default="", max_length=2000)


def _opaque_from_text(given: Any) -> Any:
    """Evidence from before version 0.2 has a sentence here."""
    return (Opaque(detail=given) if given else None) if isinstance(given, str) else given


class CapturedNetwork(OmitsNewDefaults):
    """A network as described by the kernel: of Keras, or of PyTorch (`framework` is "torch").

    For Keras, `config` is `model.get_config()` with its `class_name` (None if the model cannot be described; `opaque`
    says why) and `compile` is `model.get_compile_config()`; for PyTorch, `config` is what `observe.torch.description`
    says about it, `compile` has its "optimizer", "criterion" and "scheduler", and `tensors` are those of its
    `state_dict`. `own_code` is
    whether the student's own code decides what it computes: `config` is then that of the Keras layers that were
    traced; `input_shape` includes the batch axis, None where unknown; `cell` is the index of the code cell after which
    this state was seen.
    """

    name: str = Field(max_length=200)
    class_name: str = Field(max_length=200)
    config: dict[str, Any] | None = None
    compile: dict[str, Any] | None = None
    input_shape: tuple[int | None, ...] | None = Field(default=None, max_length=16)
    opaque: Annotated[Opaque | None, BeforeValidator(_opaque_from_text)] = None
    own_code: bool = False
    cell: int = Field(ge=0)
    framework: Literal["", "torch"] = ""
    tensors: tuple[SavedTensor, ...] = Field(default=(), max_length=MAX_SAVED_TENSORS)

    added_later: ClassVar[tuple[str, ...]] = ("framework", "tensors")


class CapturedValue(Data):
    """A variable the assignment asked for.

    `value` holds numbers, texts and booleans, and arrays and sequences of at most 10,000 elements as nested lists,
    with `shape` and `dtype`; anything else is described by `type_name` alone.
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
    """The state of a network at one time; `index` counts the states of one network."""

    index: int = Field(ge=0)
    network: CapturedNetwork


class NetworkEvent(Data):
    """Something that happened to a network, in code cell `cell` (0-based) and, where known, its line `line` (1-based).

    "built": it was created; "named": the variable `name` holds it from then on; "lost": the variable no longer holds
    it, but what `detail` says (the number of another network, or a type); "compile", "fit", "evaluate", "predict",
    "save" (to the file `name`), "load" (weights, from the file `name`): the method was called. `local` is its name in
    the calling functions. `state` is the index of its state.
    """

    kind: Literal["built", "named", "lost", "compile", "fit", "evaluate", "predict", "save", "load"]
    cell: int = Field(ge=0)
    line: int | None = Field(default=None, ge=1)
    name: str = Field(default="", max_length=200)
    local: str = Field(default="", max_length=200)
    detail: str = Field(default="", max_length=200)
    state: int | None = Field(default=None, ge=0)


class NetworkRecord(Data):
    """The history of one network object, by its `number` in the notebook: its states and events, in order.

    Both lists are bounded; the last state and the last events are never dropped.
    """

    number: int = Field(ge=1)
    states: tuple[NetworkState, ...] = Field(default=(), max_length=MAX_STATES)
    events: tuple[NetworkEvent, ...] = Field(default=(), max_length=MAX_LIFE_EVENTS)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that ever held it; if none did, its names inside functions."""
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
        """Its last known state."""
        return self.states[-1].network if self.states else None

    def did(self, *kinds: str) -> tuple[NetworkEvent, ...]:
        """Its events of these kinds."""
        return tuple(event for event in self.events if event.kind in kinds)

    def state(self, index: int | None) -> CapturedNetwork | None:
        """Its state with this index; None if it was not kept."""
        return next((state.network for state in self.states if state.index == index), None)


class CapturedFit(OmitsNewDefaults):
    """One call of `fit` on a captured network: `history` maps a metric to its value per epoch.

    `record` is the number of its network among the records, `failure` the exception that stopped it.
    `network` is the variable that held the model after the cell, "" if none did. `inputs` and `targets` describe
    the given arrays: shape, dtype, minimum, maximum, mean, standard deviation (claims, for the diagnosis only).
    They also have what `observe.array_statistics` adds, such as `constant`, `fractions` and `copied`.
    `targets` also has `classes` (the number of distinct classes) and `agreement` (the share of images that are closest
    to the mean image of their own class); `validation` has `overlap`, the share of its images that are also training
    images. `batch_size` is the number of images per step, None if unknown. A loop that the student wrote is one such
    call for each cell: `epochs` are its passes over the data, `loop` counts what it did.
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
    loop: CapturedLoop | None = None

    added_later: ClassVar[tuple[str, ...]] = ("record", "failure", "loop")


class CapturedFigure(Data):
    """A matplotlib figure: for each axes its labels and lines (label and number of points)."""

    axes: tuple[dict[str, Any], ...] = Field(default=(), max_length=64)
    cell: int = Field(ge=0)


class CapturedFile(OmitsNewDefaults):
    """A saved network that the notebook wrote, with its path relative to the notebook's folder.

    `sha256` is the digest of its bytes, `size` their number. `config` and `metadata` are the texts of `config.json`
    and `metadata.json` in a `.keras` archive; `state` lists the tensors of a `state_dict` that PyTorch saved, None if
    its pickle could not be read; other files are only recorded as existing. Nothing is ever loaded.
    """

    name: str = Field(max_length=200)
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    config: str | None = Field(default=None, max_length=2**20)
    metadata: str | None = Field(default=None, max_length=10_000)
    state: tuple[SavedTensor, ...] | None = Field(default=None, max_length=MAX_SAVED_TENSORS)

    added_later: ClassVar[tuple[str, ...]] = ("state",)


class Capture(Data):
    """What the kernel reports after a cell."""

    networks: tuple[CapturedNetwork, ...] = Field(default=(), max_length=MAX_NETWORKS)
    values: tuple[CapturedValue, ...] = Field(default=(), max_length=MAX_VALUES)
    fits: tuple[CapturedFit, ...] = Field(default=(), max_length=200)
    figures: tuple[CapturedFigure, ...] = Field(default=(), max_length=200)
    files: tuple[CapturedFile, ...] = Field(default=(), max_length=200)
    records: tuple[NetworkRecord, ...] = Field(default=(), max_length=MAX_NETWORKS)
    records_dropped: int = Field(default=0, ge=0)
    failures: tuple[NetworkFailure, ...] = Field(default=(), max_length=1)

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
            plain = json.loads(text, parse_int=whole_number)
            check_depth(plain, MAX_DEPTH)
            return cls.model_validate(plain, strict=False)
        except InvalidEvidence:
            raise
        except (ValidationError, ValueError, TypeError, RecursionError, OverflowError) as error:
            raise InvalidEvidence(
                phrase("the kernel's description of itself is malformed: {error}", error=type(error).__name__)
            ) from None


class CapturedCase(Data):
    """The kernel's report on one case of an external test.

    `value` is the number of points a test cell computed, None for all or none.

    For a failed doctest, `example` gave `got` instead of `want`; for another failed test, `error` is the exception and
    `line` the line of the test cell that raised it.
    """

    passed: bool
    value: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    example: str = Field(default="", max_length=1000)
    got: str = Field(default="", max_length=1000)
    want: str = Field(default="", max_length=1000)
    error: str = Field(default="", max_length=1000)
    line: int | None = None


class CapturedTest(Data):
    """The outcome of an external test, by the `key` of its content; it may have fewer cases than requested.

    "broken": the test itself could not be executed, and `problem` says why.
    """

    key: str = Field(max_length=64)
    status: Literal["ran", "timeout", "died", "not_run", "broken"]
    cases: tuple[CapturedCase, ...] = Field(default=(), max_length=MAX_CASES)
    problem: str = Field(default="", max_length=1000)

    @classmethod
    def parse(cls, key: str, raw: object, cases: int) -> CapturedTest:
        """Validate the kernel's answer to the request to run the test `key` with this many cases.

        Raises:
            InvalidEvidence: it is too large, or of another shape.
        """
        try:
            if not isinstance(raw, str) or len(raw) > MAX_CAPTURE_BYTES:
                raise InvalidEvidence(phrase("the kernel's answer about a test is not text, or larger than 4 MiB"))
            plain = json.loads(raw, parse_int=whole_number)
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
    """One code cell. `outputs` are nbformat v4 outputs, size-limited and untrusted."""

    index: int
    status: CellStatus
    seconds: float = 0.0
    failure: Failure | None = None
    outputs: tuple[dict[str, Any], ...] = ()
    truncated: bool = False


class Evidence(OmitsNewDefaults):
    """Everything *observe* passes to later stages: one entry in `cells` per code cell, in notebook order.

    `asked` are the variables whose values were requested, which tells a missing variable from one that was not
    requested; None if not stored. `records` are all networks that ever existed, in the order in which they were first
    seen, `records_dropped` the number of further ones; both are empty if not stored. `bounded_by` is what kept the
    kernel's memory and processes within their limits: a control group of its own, or its supervisor alone.
    `predictions` is what came of the requests for predictions; their scores are the grader's, not claims. `failures`
    are the exceptions that ended a cell and came from a network.
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
    bounded_by: BoundedBy = "unknown"
    predictions: tuple[CapturedPredictions, ...] = ()
    failures: tuple[NetworkFailure, ...] = ()

    added_later: ClassVar[tuple[str, ...]] = (
        "tests",
        "asked",
        "records",
        "records_dropped",
        "bounded_by",
        "predictions",
        "failures",
    )

    def test(self, key: str) -> CapturedTest | None:
        return next((test for test in self.tests if test.key == key), None)

    def prediction(self, key: str) -> CapturedPredictions | None:
        return next((one for one in self.predictions if one.key == key), None)

    def with_networks(self, networks: Iterable[CapturedNetwork]) -> Evidence:
        """The same evidence with other networks in the variables; the records of the previous ones are dropped."""
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
        """Whether every cell finished, possibly with an exception."""
        return all(cell.status in ("ok", "error") for cell in self.cells)
