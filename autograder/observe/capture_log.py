"""The captures of one notebook so far: the latest state of every name, and all events in order."""

from __future__ import annotations

from autograder.core.messages import Message, phrase
from autograder.records.evidence import (
    MAX_LIFE_EVENTS,
    MAX_STATES,
    Capture,
    CapturedFigure,
    CapturedFile,
    CapturedFit,
    CapturedNetwork,
    CapturedValue,
    NetworkRecord,
)
from autograder.records.kernel_json import InvalidEvidence
from autograder.records.network_failure import NetworkFailure

MAX_EVENTS = 200
MAX_NAMES = 200
# The most that all captures of one notebook may hold, in characters; captures below `_LARGE` are not counted.
MAX_LARGE = 64 * 2**20
_LARGE = 2**16
MAX_RECORDS = 60


class CaptureLog:
    """Merges the captures of one notebook.

    A variable that was deleted, or no longer holds a network, keeps the last network it held; a state that does not
    change keeps the cell after which it was first seen. A saved file counts as last written.
    """

    def __init__(self) -> None:
        self._networks: dict[str, CapturedNetwork] = {}
        self._values: dict[str, CapturedValue] = {}
        self._fits: list[CapturedFit] = []
        self._figures: list[CapturedFigure] = []
        self._files: dict[str, CapturedFile] = {}
        self._notes: list[Message] = []
        self._large = 0
        self._records: dict[int, NetworkRecord] = {}
        self._dropped = 0
        self._failures: list[NetworkFailure] = []

    def add(self, capture: Capture, size: int = 0) -> None:
        """Add the kernel's capture after a cell; `size` is its length in characters.

        Raises:
            InvalidEvidence: the large captures of this notebook exceed `MAX_LARGE` in total.
        """
        if size > _LARGE:
            if self._large + size > MAX_LARGE:
                raise InvalidEvidence(
                    phrase(
                        "the kernel described itself in {bytes:,} bytes; the limit is 4 MiB", bytes=self._large + size
                    )
                )
            self._large += size
        for network in capture.networks:
            known = self._networks.get(network.name)
            if known is None or known.model_copy(update={"cell": network.cell}) != network:
                self._networks[network.name] = network
        for value in capture.values:
            before = self._values.get(value.name)
            if before is None or before.model_copy(update={"cell": value.cell}) != value:
                self._values[value.name] = value
        self._files |= {file.name: file for file in capture.files}
        while len(self._files) > MAX_NAMES:
            self._files.pop(next(iter(self._files)))
        while len(self._networks) > MAX_NAMES:
            self._networks.pop(next(iter(self._networks)))
        self._fits = [*self._fits, *capture.fits][:MAX_EVENTS]
        self._figures = [*self._figures, *capture.figures][:MAX_EVENTS]
        self._failures = [*self._failures, *capture.failures][:MAX_EVENTS]
        self._dropped += capture.records_dropped
        for record in capture.records:
            lived = self._records.get(record.number)
            self._records[record.number] = record if lived is None else _continued(lived, record)
        for number in sorted(self._records)[: max(len(self._records) - MAX_RECORDS, 0)]:
            del self._records[number]
            self._dropped += 1

    def note(self, sentence: Message) -> None:
        """Keep a message for the readers of the report."""
        if len(self._notes) < MAX_EVENTS:
            self._notes.append(sentence)

    @property
    def networks(self) -> tuple[CapturedNetwork, ...]:
        return tuple(self._networks.values())

    @property
    def values(self) -> tuple[CapturedValue, ...]:
        return tuple(self._values.values())

    @property
    def fits(self) -> tuple[CapturedFit, ...]:
        return tuple(self._fits)

    @property
    def figures(self) -> tuple[CapturedFigure, ...]:
        return tuple(self._figures)

    @property
    def files(self) -> tuple[CapturedFile, ...]:
        return tuple(self._files.values())

    @property
    def failures(self) -> tuple[NetworkFailure, ...]:
        """The exceptions that ended a cell and came from a network."""
        return tuple(self._failures)

    @property
    def records(self) -> tuple[NetworkRecord, ...]:
        """The networks that ever existed, up to the limit; the last ones are always kept."""
        return tuple(self._records[number] for number in sorted(self._records))

    @property
    def records_dropped(self) -> int:
        """The number of networks that were not kept."""
        return self._dropped

    @property
    def notes(self) -> tuple[Message, ...]:
        return tuple(self._notes)


def _continued(known: NetworkRecord, new: NetworkRecord) -> NetworkRecord:
    """The known record with the new events appended; states that nothing refers to any more are removed."""
    events = (*known.events, *new.events)
    if len(events) > MAX_LIFE_EVENTS:
        events = (*events[: MAX_LIFE_EVENTS // 2], *events[-(MAX_LIFE_EVENTS // 2) :])
    wanted = {event.state for event in events if event.kind in ("compile", "fit", "save")}
    states = [*known.states, *new.states]
    kept = [state for state in states[:-1] if state.index in wanted] + states[-1:]
    return NetworkRecord(number=known.number, states=tuple(kept[-MAX_STATES:]), events=events)
