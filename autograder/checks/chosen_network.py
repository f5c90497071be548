"""Which of the networks that a variable held is judged: one, the same for all questions.

Candidates are the networks that the variable held and that were compiled or trained, in their state at that time, the
last network it held, and one that an unchanged cell of the handout replaced. The one closest to the expected network
counts. If more than a few different ones were tried, the last one counts: trying them all is not an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from autograder.checks.base import Context, ExpectedNetwork
from autograder.checks.read_network import StudentNetwork, deviations, read_network
from autograder.core.messages import Message, message
from autograder.network.architecture import Architecture
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedNetwork, NetworkRecord

MOST_TRIED = 4
_FAR = 10**6
# What `compile`, `summary` and `fit` return.
_RETURNED = {"NoneType": "None", "keras.src.callbacks.history.History": "History"}


@dataclass(frozen=True)
class _Candidate:
    record: NetworkRecord
    student: StudentNetwork
    last: bool

    @property
    def network(self) -> Architecture | None:
        return self.student.comparable

    def rank(self, expected: ExpectedNetwork, place: int) -> tuple[int, bool, bool, int]:
        """Sort key, closest first; among equally close ones a trained one wins, then a compiled one, then the last."""
        distance = _FAR if self.network is None else deviations(self.network, expected)
        return distance, not self.record.did("fit"), not self.student.compiled, -place


def choose_network(context: Context, name: str, expected: ExpectedNetwork | None) -> StudentNetwork | None:
    """The network that is judged for the variable `name`; None if the history contains none."""
    evidence = context.evidence
    held = [record for record in evidence.records if record.states and name in record.names]
    held = [record for record in held if record.named] or held
    if not held:
        return None
    last = max(held, key=lambda record: _held_last(record, name))
    buried = _buried(context, held, last)
    candidates = [
        _Candidate(record, read_network(_named(state, name), expected), record is last)
        for record in held
        for state in _states(record, record is last or record is buried)
    ]
    candidates.sort(key=lambda one: one.last)
    final = candidates[-1]
    chosen = final
    different: list[Architecture] = []
    for one in candidates:
        if one.network is not None and one.network not in different:
            different.append(one.network)
    if expected is not None and expected.counts == "best" and len(different) <= MOST_TRIED:
        chosen = min(enumerate(candidates), key=lambda item: item[1].rank(expected, item[0]))[1]
        if final.student.unread and chosen.network is not None and deviations(chosen.network, expected) > 0:
            chosen = final  # needs review: it may be right
    notes = [*_replaced(chosen, final, name), *_overwritten(final, name), *_inside(chosen, name)]
    if len(different) > MOST_TRIED and expected is not None and expected.counts == "best":
        notes.append(
            message(
                "network.many_tried",
                "`{name}` held {count} different networks; where there are more than {most}, the last one is judged.",
                name=name,
                count=len(different),
                most=MOST_TRIED,
            )
        )
    elif expected is not None:
        notes += _nearer_but_unused(held, chosen, name, expected)
    if evidence.records_dropped:
        notes.append(
            message(
                "network.some_forgotten",
                "The notebook made so many networks that {count} of the first are not known any more.",
                count=evidence.records_dropped,
            )
        )
    alike = frozenset(one.record.number for one in candidates if one.network == chosen.network)
    return replace(chosen.student, record=chosen.record, alike=alike, notes=(*chosen.student.notes, *notes))


def _buried(context: Context, held: list[NetworkRecord], last: NetworkRecord) -> NetworkRecord | None:
    """The student's network that an unchanged cell of the handout below it replaced; None if there is none."""
    before = [record for record in held if record.number < last.number]
    if not before or not context.is_handout(_built_in(last) - 1):
        return None
    own = max(before, key=lambda record: record.number)
    return None if context.is_handout(_built_in(own) - 1) else own


def _held_last(record: NetworkRecord, name: str) -> tuple[bool, int, int]:
    events = [event for event in record.events if name in (event.name, event.local)]
    holds = [event.kind for event in events if event.kind in ("named", "lost")][-1:] == ["named"]
    return holds, max((event.cell for event in events), default=-1), record.number


def _states(record: NetworkRecord, last: bool) -> list[CapturedNetwork]:
    """Its states when it was compiled or trained; for the variable's last network also its state at the end."""
    used = dict.fromkeys(event.state for event in record.did("compile", "fit"))
    states = [state.network for state in record.states if state.index in used]
    if record.last is not None and (last or (record.used and not states)):
        states = [state for state in states if state is not record.last] + [record.last]
    return states


def _named(network: CapturedNetwork, name: str) -> CapturedNetwork:
    return network.model_copy(update={"name": name})


def _built_in(record: NetworkRecord) -> int:
    """The number of the code cell that built it."""
    return (record.did("built") or record.events)[0].cell + 1


def _replaced(chosen: _Candidate, final: _Candidate, name: str) -> list[Message]:
    shown = shown_value(name)
    if chosen.record is not final.record:
        return [
            message(
                "network.replaced_later",
                "The network that code cell {cell} built is judged for `{name}`; code cell {later} built another one "
                "under this name.",
                cell=_built_in(chosen.record),
                name=shown,
                later=_built_in(final.record),
            )
        ]
    if chosen.network != final.network:
        used = chosen.record.did("compile", "fit")
        return [
            message(
                "network.changed_later",
                "`{name}` is judged as it was when code cell {cell} used it; it was changed afterwards.",
                name=shown,
                cell=used[-1].cell + 1 if used else _built_in(chosen.record),
            )
        ]
    return []


def _overwritten(final: _Candidate, name: str) -> list[Message]:
    """A note that the variable lost its network to the return value of a method."""
    lost = [event for event in final.record.did("named", "lost") if event.name == name][-1:]
    if not lost or lost[0].kind != "lost" or lost[0].detail not in _RETURNED:
        return []
    return [
        message(
            "network.overwritten",
            "Code cell {cell} puts what a call returns ({value}) into `{name}`, so the variable holds no network any "
            "more. The network is judged all the same.",
            cell=lost[0].cell + 1,
            value=_RETURNED[lost[0].detail],
            name=shown_value(name),
        )
    ]


def _inside(chosen: _Candidate, name: str) -> list[Message]:
    if chosen.record.named:
        return []
    return [
        message(
            "network.in_function",
            "The network `{name}` exists only inside a function or a call of code cell {cell}; it is judged as it was "
            "there.",
            name=shown_value(name),
            cell=_built_in(chosen.record),
        )
    ]


def _nearer_but_unused(
    held: list[NetworkRecord], chosen: _Candidate, name: str, expected: ExpectedNetwork
) -> list[Message]:
    """A note that an earlier network was closer but does not count, because it was never used."""
    if chosen.network is None:
        return []
    distance = deviations(chosen.network, expected)
    unused = [record for record in held if not record.used and record is not chosen.record][-MOST_TRIED:]
    for record in reversed(unused if distance else []):
        network = read_network(record.last, expected).comparable if record.last is not None else None
        if network is not None and deviations(network, expected) < distance:
            return [
                message(
                    "network.nearer_unused",
                    "The network that code cell {cell} built in `{name}` is nearer to the one that is asked for, but "
                    "it was replaced before it was compiled or trained, so it does not count.",
                    cell=_built_in(record),
                    name=shown_value(name),
                )
            ]
    return []
