"""Wrong targets in a student's own training cost one share, once; whatever may be right costs nothing."""

from dataclasses import replace

import pytest
from by_hand import FASHION, context, conv, dense, fit, network, question

from autograder.checks.base import NotebookCell
from autograder.checks.judging import judge_all
from autograder.network.compilation import read_compilation
from autograder.records.evidence import CellRun, NetworkEvent, NetworkRecord, NetworkState
from autograder.records.training_loop import CapturedLoop

ROWS, SPARSE, BINARY = "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"
WHOLE = {"shape": [900], "fractions": 0.0, "minimum": 0.0, "maximum": 9.0}
DIVIDED = WHOLE | {"fractions": 0.9, "maximum": 9 / 255}
FROM_ONE = WHOLE | {"minimum": 1.0, "maximum": 10.0}
ONE_HOT = {"shape": [900, 10], "minimum": 0.0, "maximum": 1.0, "lowest_sum": 1.0, "highest_sum": 1.0}
ASKED = question("history", network="model", epochs=20, validation=True, points=3)
BITS = (conv(4), {**dense(1, "sigmoid")})


def compiled(loss, *layers, name="model"):
    compile_ = {"optimizer": "adam", "loss": loss, "metrics": ["accuracy"]}
    return network(*(layers or FASHION), compiled=compile_, name=name)


def trained(targets, **fields):
    return fit(**{"epochs": 20, "validation": {"split": 0.2}, "targets": targets} | fields)


def judged(*fits, own=None, wanted=None, targets=ONE_HOT, asked=(ASKED,), **evidence):
    """The verdicts where the solution is `wanted`, trained with `targets`."""
    wanted = wanted or compiled(ROWS)
    given = context(networks=own or (compiled(SPARSE),), expected={"model": wanted}, fits=fits, **evidence)
    expected = replace(given.expected["model"], compilation=read_compilation(wanted.compile), fit=trained(targets))
    names = {name for one in asked for name in one.networks()}
    given = replace(given, expected={name: replace(expected, name=name) for name in names}, questions=tuple(asked))
    verdicts = judge_all(asked, given)
    assert not [one for one in verdicts if one.status == "error"], verdicts
    return verdicts


def codes(verdict):
    return [one.code for one in verdict.findings]


@pytest.mark.parametrize(
    ("loss", "targets", "code"),
    [
        (SPARSE, DIVIDED, "cause.labels_not_whole"),
        (SPARSE, FROM_ONE, "cause.labels_outside"),
        (ROWS, ONE_HOT | {"lowest_sum": 1 / 255, "highest_sum": 1 / 255}, "cause.rows_add_up_to"),
        (ROWS, ONE_HOT | {"lowest_sum": 0.0, "highest_sum": 3.0}, "cause.rows_do_not_add_up"),
        (ROWS, ONE_HOT | {"not_finite": 3}, "cause.targets_not_finite"),
    ],
)
def test_wrong_targets_cost_one_share_of_the_training(loss, targets, code):
    (verdict,) = judged(trained(targets), own=(compiled(loss),))
    assert (verdict.score, codes(verdict)) == (2, [code])
    assert str(verdict.findings[0].where) == "code cell 3"


def test_targets_outside_what_a_binary_loss_reads():
    wrong = {"shape": [900], "minimum": 0.0, "maximum": 255.0}
    own = compiled(BINARY, *BITS)
    (verdict,) = judged(trained(wrong), own=(own,), wanted=own, targets=wrong | {"maximum": 1.0})
    assert (verdict.score, codes(verdict)) == (2, ["cause.targets_outside"])


# The loss, the targets, and what else is so in right notebooks that look like wrong ones.
RIGHT = {
    "whole labels as decimals": (SPARSE, WHOLE | {"dtype": "float32"}),
    "smoothed rows": (ROWS, ONE_HOT | {"minimum": 0.01, "maximum": 0.91}),
    "soft labels, or mixed ones": (ROWS, ONE_HOT | {"minimum": 0.0, "maximum": 0.7, "highest_sum": 1.001}),
    "soft labels for the divergence": ("kl_divergence", ONE_HOT | {"maximum": 0.6}),
    "grades as numbers, for which a distance is learned": ("mean_squared_error", WHOLE | {"fractions": 0.5}),
    "sequences of classes, padded with 0": (SPARSE, {"shape": [900, 20], "minimum": 0.0, "maximum": 9.0}),
    "evidence from before the facts": (SPARSE, {"shape": [900], "minimum": None}),
    "nothing known": (SPARSE, None),
    "a step that PyTorch leaves out": (
        SPARSE,
        WHOLE | {"minimum": -100.0},
        {"loop": CapturedLoop(steps=9, backwards=9)},
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_targets_cost_nothing_and_nothing_is_said(name):
    loss, targets, *more = RIGHT[name]
    (verdict,) = judged(trained(targets, **(more[0] if more else {})), own=(compiled(loss),))
    assert (verdict.score, codes(verdict)) == (3, [])


def test_grades_as_several_bits_are_right_with_the_binary_loss():
    own = compiled(BINARY, *FASHION[:-1], dense(4, "sigmoid"))
    bits = ONE_HOT | {"shape": [900, 4], "lowest_sum": 0.0, "highest_sum": 4.0}
    (verdict,) = judged(trained(bits), own=(own,), wanted=own, targets=bits)
    assert (verdict.score, codes(verdict)) == (3, [])


def test_what_the_solution_itself_has_is_right():
    (verdict,) = judged(trained(DIVIDED), wanted=compiled(SPARSE), targets=DIVIDED)
    assert (verdict.score, codes(verdict)) == (3, [])


@pytest.mark.parametrize(
    "own",
    [
        compiled(SPARSE, *FASHION[:-1], dense(9, "softmax")),  # the network lacks an output
        compiled(BINARY),  # the loss is another
    ],
)
def test_a_mistake_whose_root_is_elsewhere_is_named_without_cost(own):
    (verdict,) = judged(trained(WHOLE), own=(own,))
    assert verdict.score == 3
    assert codes(verdict) in (["cause.labels_outside"], ["cause.targets_outside"])


def test_the_effects_of_a_cell_that_did_not_finish_are_no_mistake_of_the_training():
    cells = [
        NotebookCell(index=at, kind="code", source=source) for at, source in enumerate(("y = y * 255", "", "fit(x, y)"))
    ]
    runs = tuple(CellRun(index=at, status=status) for at, status in enumerate(("timeout", "ok", "ok")))
    given = context(
        networks=(compiled(SPARSE),), expected={"model": compiled(ROWS)}, fits=[trained(DIVIDED)], cells=tuple(cells)
    )
    expected = replace(given.expected["model"], compilation=read_compilation(compiled(ROWS).compile))
    given = replace(given, expected={"model": expected}, questions=(ASKED,))
    (charged,) = judge_all([ASKED], given)
    stopped = replace(given, evidence=given.evidence.model_copy(update={"cells": runs})).replace()
    (named,) = judge_all([ASKED], stopped)
    assert (charged.score, named.score) == (2, 3)
    assert codes(charged) == codes(named) == ["cause.labels_not_whole"]


def test_of_two_trainings_the_one_with_right_targets_counts():
    (verdict,) = judged(trained(DIVIDED), trained(WHOLE), trained(DIVIDED))
    assert (verdict.score, codes(verdict)) == (3, [])


def test_two_networks_that_share_their_labels_share_the_mistake():
    other = question("history", id="other", network="deep", epochs=20, points=3)
    own = (compiled(SPARSE), compiled(SPARSE, name="deep"))
    first, second = judged(trained(DIVIDED), trained(DIVIDED, network="deep"), own=own, asked=(ASKED, other))
    assert (first.score, second.score) == (2, 3)
    assert codes(second) == codes(first) == ["cause.labels_not_whole"]


def test_an_error_that_the_labels_cause_costs_once():
    failure = {"name": "InvalidArgumentError", "message": "Received a label value of 10"}
    asked = question("history", network="model", metrics=["accuracy"], epochs=20, points=2)
    (verdict,) = judged(trained(FROM_ONE, failure=failure), asked=(asked,))
    assert verdict.score == 1
    assert set(codes(verdict)) == {"cause.labels_outside", "fit.stopped"}


def test_the_loss_is_that_of_the_time_of_the_training():
    now, then = compiled(SPARSE), compiled("mean_squared_error")
    states = tuple(NetworkState(index=at, network=one) for at, one in enumerate((then, now)))
    events = [("named", 0), ("compile", 0), ("fit", 0), ("compile", 1)]
    record = NetworkRecord(
        number=1,
        states=states,
        events=tuple(
            NetworkEvent(kind=kind, cell=2, state=state, name="model" if kind == "named" else "")
            for kind, state in events
        ),
    )
    (verdict,) = judged(trained(DIVIDED, record=1), records=[record])
    assert (verdict.score, codes(verdict)) == (3, [])
    turned = record.model_copy(
        update={"states": (states[1].model_copy(update={"index": 0}), states[0].model_copy(update={"index": 1}))}
    )
    (verdict,) = judged(trained(DIVIDED, record=1), records=[turned])
    assert codes(verdict) == ["cause.labels_not_whole"]
