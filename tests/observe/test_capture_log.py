from __future__ import annotations

import pytest

from autograder.observe.capture_log import MAX_LARGE, CaptureLog
from autograder.observe.client import tidy
from autograder.records.evidence import Capture, CapturedFit, CapturedNetwork, NetworkEvent, NetworkRecord, NetworkState
from autograder.records.kernel_json import InvalidEvidence


def network(cell: int, name: str = "model", units: int = 1) -> CapturedNetwork:
    return CapturedNetwork(name=name, class_name="Sequential", config={"units": units}, cell=cell)


def test_a_state_keeps_the_cell_where_it_was_first_seen() -> None:
    log = CaptureLog()
    for cell in range(3):
        log.add(Capture(networks=(network(cell),)))
    assert log.networks == (network(0),)


def test_a_new_state_replaces_the_old_one() -> None:
    log = CaptureLog()
    log.add(Capture(networks=(network(0), network(0, "other"))))
    log.add(Capture(networks=(network(4, units=2),)))
    assert log.networks == (network(4, units=2), network(0, "other"))


def test_events_are_kept_in_their_order_and_bounded() -> None:
    log = CaptureLog()
    for cell in range(300):
        log.add(Capture(fits=(CapturedFit(epochs=cell, cell=cell),)))
    assert [fit.cell for fit in log.fits] == list(range(200))


def test_pieces_of_one_stream_are_joined() -> None:
    outputs = [{"output_type": "stream", "name": name, "text": text} for name, text in zip("aab", "xyz", strict=True)]
    assert [output["text"] for output in tidy(outputs)] == ["xy", "z"]


def test_a_line_shows_what_a_terminal_would_show() -> None:
    text = "one\rtwo\r\nthree\b\b\bat\n" + "a" * 10**5 + "\b" * 10**5 + "end"
    (output,) = tidy([{"output_type": "stream", "name": "stdout", "text": text}])
    assert output["text"] == "two\nthat\nend"


def test_large_captures_of_one_notebook_are_bounded_together() -> None:
    log = CaptureLog()
    for cell in range(16):
        log.add(Capture(networks=(network(cell, f"n{cell}"),)), MAX_LARGE // 16)
    with pytest.raises(InvalidEvidence):
        log.add(Capture(networks=(network(17, "one more"),)), MAX_LARGE // 16)
    log.add(Capture(networks=(network(18, "small"),)), 1000)
    assert [one.name for one in log.networks][-2:] == ["n15", "small"]


def life(number: int, *kinds: str, state: int = 0, cell: int = 0) -> NetworkRecord:
    events = tuple(NetworkEvent.model_validate({"kind": kind, "cell": cell, "state": state}) for kind in kinds)
    states = (NetworkState(index=state, network=network(cell, units=state + 1)),)
    return NetworkRecord(number=number, states=states, events=events)


def test_the_life_of_a_network_goes_on_and_keeps_the_states_in_which_it_was_used() -> None:
    log = CaptureLog()
    for cell, kind in enumerate(("named", "compile", "fit", "evaluate", "named")):
        log.add(Capture(records=(life(1, kind, state=cell, cell=cell),)))
    (record,) = log.records
    assert [event.kind for event in record.events] == ["named", "compile", "fit", "evaluate", "named"]
    assert [state.index for state in record.states] == [1, 2, 4]


def test_of_too_many_networks_the_first_are_dropped_and_counted_and_the_last_is_kept() -> None:
    log = CaptureLog()
    for number in range(1, 101):
        log.add(Capture(records=(life(number, "compile"),), records_dropped=number % 2))
    assert [record.number for record in log.records] == list(range(41, 101))
    assert log.records_dropped == 40 + 50


def test_a_long_life_keeps_its_beginning_and_its_end() -> None:
    log = CaptureLog()
    for cell in range(200):
        log.add(Capture(records=(life(1, "fit", cell=cell),)))
    (record,) = log.records
    assert [event.cell for event in record.events][:2] == [0, 1]
    assert record.events[-1].cell == 199
    assert len(record.events) <= 60
