"""Which network is judged where a variable held several: one for all questions, and the page says which."""

from dataclasses import replace

from by_hand import FASHION, context, conv, dense, figure, fit, judged, layer, network, question, said

from autograder.checks.judging import judge_all
from autograder.records.evidence import NetworkEvent, NetworkRecord, NetworkState

RIGHT = FASHION
WRONG = (layer("Flatten"), dense(10, "softmax"))
ADAM = {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]}
NETWORK = question("architecture", network="model")
TRAINING = question("history", network="model", epochs=1)


def life(number, layers, cell, *events, name="model", compiled=ADAM):
    """A network that was built in code cell `cell` (0-based), and what happened to it: "fit", "lost to 2", ..."""
    state = NetworkState(index=0, network=network(*layers, name=name, compiled=compiled))
    held = [NetworkEvent(kind="named", name=name, cell=cell)] if name else []
    noted = [NetworkEvent(kind="built", cell=cell, line=1), *held]
    for event in events:
        kind, _, detail = event.partition(" to ")
        noted.append(
            NetworkEvent(kind=kind, cell=cell + 1, detail=detail, name=name if kind == "lost" else "", state=0)
            if name
            else NetworkEvent(kind=kind, cell=cell + 1, local="model", state=0)
        )
    return NetworkRecord(number=number, states=(state,), events=tuple(noted))


def given(*records, last=None, counts="best", **evidence):
    networks = () if last is None else (network(*last, name="model", compiled=ADAM),)
    made = context(networks=networks, expected={"model": network(*FASHION)}, records=records, **evidence)
    return made.replace(expected={"model": replace(made.expected["model"], counts=counts)})


def codes(verdict):
    return [finding.code for finding in verdict.findings]


def test_the_network_that_was_asked_for_counts_though_its_name_was_used_again():
    records = life(1, RIGHT, 2, "compile", "fit", "lost to 2"), life(2, WRONG, 5, "compile", "fit")
    fits = (fit(record=1, epochs=1, network=""), fit(record=2, epochs=1))
    first, second = judge_all(
        [NETWORK, TRAINING.model_copy(update={"id": "t"})], given(*records, last=WRONG, fits=fits)
    )
    assert (first.status, second.status) == ("correct", "correct")
    assert "code cell 3 built is judged" in said(first)
    assert "code cell 6 built another one" in said(first)
    # Which network it is stands on the page once.
    assert codes(second) == []


def test_an_author_may_have_the_last_one_judged():
    records = life(1, RIGHT, 2, "compile", "fit"), life(2, WRONG, 5, "compile")
    assert judged(NETWORK, given(*records, last=WRONG, counts="last")).score < 1
    assert judged(NETWORK, given(*records, last=WRONG)).score == NETWORK.points


def test_a_network_that_nothing_was_done_with_does_not_count_and_is_named():
    records = life(1, RIGHT, 2, "lost to 2", compiled=None), life(2, WRONG, 3, "compile", "fit")
    verdict = judged(NETWORK, given(*records, last=WRONG))
    assert verdict.status != "correct"
    assert "network.nearer_unused" in codes(verdict)
    assert "code cell 3 built in `model` is nearer" in said(verdict)


def test_to_try_many_networks_under_one_name_earns_nothing():
    tried = [life(at, (conv(8 * at), *FASHION[1:]), at, "compile") for at in range(1, 5)]
    right = life(5, RIGHT, 5, "compile", "fit")
    last = life(6, WRONG, 6, "compile", "fit")
    verdict = judged(NETWORK, given(*tried, right, last, last=WRONG))
    assert verdict.score < 1
    assert "network.many_tried" in codes(verdict)
    assert judged(NETWORK, given(*tried[:2], right, last, last=WRONG)).status == "correct"


def test_the_same_network_built_again_and_again_is_no_enumeration():
    again = [life(at, RIGHT, at, "compile", "fit") for at in range(1, 9)]
    verdict = judged(NETWORK, given(*again, last=RIGHT))
    assert (verdict.status, codes(verdict)) == ("correct", [])


def test_of_equal_networks_the_trained_one_counts():
    records = life(1, RIGHT, 2, "compile", "fit", "lost to 2"), life(2, RIGHT, 5, compiled=None)
    fits = (fit(record=1, epochs=1, network=""),)
    assert judged(TRAINING, given(*records, last=RIGHT, fits=fits)).status == "correct"


def test_curves_of_an_equal_network_that_had_the_name_before_count():
    values = (3.0, 2.0, 1.0)
    drawn = figure(
        {
            "lines": [
                {"label": label, "points": 3, "values": [*values[:2], last]}
                for label, last in (("training", 1.0), ("validation", 1.5))
            ]
        }
    )
    first = fit(record=1, epochs=3, history={"loss": values, "val_loss": (*values[:2], 1.5)})
    later = fit(record=2, epochs=3, history={"loss": (9.0, 8.0, 7.0), "val_loss": (9.0, 8.0, 7.5)})
    curves = question("figure", network="model", quantity="loss")
    others = life(1, RIGHT, 2, "compile", "fit", name=""), life(2, RIGHT, 5, "compile", "fit", name="again")
    other = network(*RIGHT, name="again", compiled=ADAM)
    evidence = {"records": others, "networks": (other,), "fits": (first, later), "figures": (drawn,)}
    assert judged(curves, context(expected={"model": network(*FASHION)}, **evidence)).score == 2
    for layers, score in ((RIGHT, 2), (WRONG, 0)):
        records = life(1, layers, 2, "compile", "fit", "lost to 2"), life(2, RIGHT, 5, "compile", "fit")
        verdict = judged(curves, given(*records, last=RIGHT, fits=(first, later), figures=(drawn,)))
        assert verdict.score == score, said(verdict)


def test_the_training_of_another_network_under_the_same_name_is_not_its_own():
    records = life(1, WRONG, 2, "compile", "fit", "lost to 2"), life(2, RIGHT, 5, "compile")
    fits = (fit(record=1, epochs=1, network=""),)
    verdict = judged(TRAINING, given(*records, last=RIGHT, fits=fits))
    assert (verdict.status, verdict.score) == ("not_reached", 0)


def test_a_variable_that_was_given_what_compile_returns_costs_nothing_and_is_told_once():
    record = life(1, RIGHT, 2, "compile", "lost to NoneType")
    again = NETWORK.model_copy(update={"id": "again"})
    first, second = judge_all([NETWORK, again], given(record))
    assert (first.status, second.status) == ("correct", "correct")
    assert (codes(first), codes(second)) == (["network.overwritten"], [])
    assert "code cell 4" in said(first).casefold()


def test_a_network_that_lives_in_a_function_only_is_judged_with_a_note():
    record = life(1, RIGHT, 2, "compile", "fit", name="")
    fits = (fit(record=1, epochs=1, network=""),)
    verdict = judged(NETWORK, given(record, fits=fits))
    assert (verdict.status, codes(verdict)) == ("correct", ["network.in_function"])
    assert judged(TRAINING, given(record, fits=fits)).score == TRAINING.points


def test_a_fit_counts_for_every_name_of_the_network():
    record = life(1, RIGHT, 2, "compile")
    alias = NetworkEvent(kind="named", name="model_deep", cell=3)
    record = record.model_copy(update={"events": (*record.events, alias)})
    fits = (fit(record=1, epochs=1, network="model_deep"),)
    assert judged(TRAINING, given(record, last=RIGHT, fits=fits)).score == TRAINING.points


def test_evidence_of_before_there_were_histories_is_judged_by_the_last_network():
    old = context(networks=(network(*RIGHT),), expected={"model": network(*RIGHT)}, fits=(fit(),))
    assert [judged(one, old).status for one in (NETWORK, TRAINING)] == ["correct", "correct"]


def test_that_some_networks_are_not_known_any_more_is_said():
    verdict = judged(NETWORK, given(life(90, RIGHT, 2, "compile"), last=RIGHT, records_dropped=30))
    assert (verdict.status, codes(verdict)) == ("correct", ["network.some_forgotten"])
