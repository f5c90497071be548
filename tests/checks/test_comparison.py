"""Two networks against each other, by our own runs or by their parameters."""

import pytest
from by_hand import FASHION, context, conv, dense, judged, layer, network, pool, question, said, tasks
from pydantic import ValidationError

from autograder.records.training import TrainingRun

SHALLOW = (layer("Flatten"), dense(50, "relu"), dense(10, "softmax"))
CNN = network(*FASHION, name="cnn")
DENSE = network(*SHALLOW, name="dense")
EXPECTED = {"cnn": CNN, "dense": DENSE}
BETTER = question("comparison", network="cnn", other="dense", claim="higher_accuracy", margin=0.1)
GAP = question("comparison", network="cnn", other="dense", claim="smaller_gap")


def compared(asked, networks=(CNN, DENSE), **outcomes):
    """The verdict after runs of both networks; `outcomes` are (training accuracy, validation accuracy) by name."""

    def run(task, both):
        return TrainingRun(
            key=task.key,
            outcome="trained" if both else "failed",
            problem="" if both else "it exploded",
            training_accuracy=both[:1],
            validation_accuracy=both[1:],
        )

    runs = []
    while needed := tasks(asked, context(networks=networks, expected=EXPECTED, runs=runs)):
        runs += [run(task, outcomes[("cnn", "dense")[number % 2]]) for number, task in enumerate(needed)]
    return judged(asked, context(networks=networks, expected=EXPECTED, runs=runs))


def from_starts(*accuracies, asked=None):
    """The verdict where the networks reach these validation accuracies, (cnn, dense), one start after the other."""
    asked, runs, starts = asked or BETTER, [], iter(accuracies)
    while needed := tasks(asked, context(networks=(CNN, DENSE), expected=EXPECTED, runs=runs)):
        for pair in zip(needed[::2], needed[1::2], strict=True):
            runs += [
                TrainingRun(key=task.key, outcome="trained", training_accuracy=(0.6,), validation_accuracy=(reached,))
                for task, reached in zip(pair, next(starts), strict=True)
            ]
    assert list(starts) == []
    return judged(asked, context(networks=(CNN, DENSE), expected=EXPECTED, runs=runs))


def test_a_claim_that_holds_at_once_is_not_tried_again():
    assert from_starts((0.5, 0.35)).score == 2


@pytest.mark.parametrize(
    ("starts", "score"),
    [(((0.4, 0.35), (0.5, 0.35), (0.51, 0.35)), 2), (((0.3, 0.35), (0.5, 0.35), (0.45, 0.35)), 0)],
)
def test_a_claim_that_does_not_hold_at_once_is_judged_by_the_mean_of_several_starts(starts, score):
    verdict = from_starts(*starts)
    assert verdict.score == score
    assert "3 random starts" in str(verdict.findings[0].where)
    assert f"`cnn` {sum(one for one, _ in starts) / 3:.3f}, `dense` 0.350" in said(verdict)


def test_the_assignment_may_say_that_one_start_decides():
    once = BETTER.model_copy(update={"runs": 1})
    assert from_starts((0.4, 0.35), asked=once).score == 0


@pytest.mark.parametrize(("cnn", "status"), [(0.5, "correct"), (0.45, "correct"), (0.44, "wrong"), (0.2, "wrong")])
def test_one_network_beats_the_other_by_the_margin_or_does_not(cnn, status):
    verdict = compared(BETTER, cnn=(0.6, cnn), dense=(0.6, 0.35))
    assert (verdict.status, verdict.score) == (status, 2 if status == "correct" else 0)
    assert f"`cnn` {cnn:.3f}, `dense` 0.350" in said(verdict)
    assert [curve.network for curve in verdict.exhibits] == ["cnn", "dense"]


def test_equal_accuracies_beat_nothing():
    asked = question("comparison", network="cnn", other="dense", claim="higher_accuracy")
    assert compared(asked, cnn=(0.5, 0.5), dense=(0.5, 0.5)).status == "wrong"


@pytest.mark.parametrize(("training", "status"), [(0.55, "correct"), (0.45, "correct"), (0.8, "wrong")])
def test_one_network_overfits_less_than_the_other_or_does_not(training, status):
    verdict = compared(GAP, cnn=(training, 0.5), dense=(0.7, 0.5))
    assert verdict.status == status
    assert "+0.200 for `dense`" in said(verdict)


def test_a_network_that_cannot_be_trained_wins_nothing():
    verdict = compared(BETTER, cnn=(), dense=(0.5, 0.35))
    assert verdict.status == "wrong"
    assert "`cnn` could not be trained: it exploded" in said(verdict)


def test_the_runs_are_those_of_the_accuracy_questions():
    given = context(networks=(CNN, DENSE), expected=EXPECTED)
    asked = [question("accuracy", network=name) for name in ("cnn", "dense")]
    assert [tasks(one, given)[0].key for one in asked] == [task.key for task in tasks(BETTER, given)]


def test_no_run_is_asked_for_where_one_network_is_missing():
    given = context(networks=(CNN,), expected=EXPECTED)
    assert tasks(BETTER, given) == ()
    verdict = judged(BETTER, given)
    assert (verdict.status, verdict.score) == ("not_reached", 0)
    assert "`dense`" in said(verdict)


WITH = network(
    conv(32), pool(), conv(32), pool(), conv(32), layer("Flatten"), dense(32), dense(10), name="deep", shape=(32, 32, 3)
)
WITHOUT = network(
    conv(32), pool(), conv(32), pool(), layer("Flatten"), dense(32), dense(10), name="plain", shape=(32, 32, 3)
)


@pytest.mark.parametrize(
    ("claim", "margin", "status"),
    [
        ("fewer_parameters", 0, "correct"),
        ("fewer_parameters", 11232, "correct"),
        ("fewer_parameters", 11233, "wrong"),
        ("more_parameters", 0, "wrong"),
    ],
)
def test_parameters_are_compared_without_training(claim, margin, status):
    asked = question("comparison", network="deep", other="plain", claim=claim, margin=margin)
    given = context(networks=(WITH, WITHOUT), expected={"deep": WITH, "plain": WITHOUT})
    assert not asked.requires_training
    verdict = judged(asked, given)
    assert verdict.status == status
    assert "`deep` has 36,138 parameters, `plain` has 47,370." in said(verdict)


@pytest.mark.parametrize(("fields", "words"), [({"other": "cnn"}, "are the same"), ({"margin": 5}, "fraction below 1")])
def test_a_contradiction_in_the_assignment_is_said(fields, words):
    with pytest.raises(ValidationError, match=words):
        question("comparison", **{"network": "cnn", "other": "dense", "claim": "higher_accuracy"} | fields)
