"""The accuracy question: judged by our own run alone, and only where there is a network to run."""

from dataclasses import replace

import numpy as np
import pytest

from autograder.checks.accuracy import Accuracy
from autograder.checks.base import Calibration, Context, Dependency, ExpectedNetwork
from autograder.checks.judging import judge_all, tasks_needed
from autograder.checks.mean_of_runs import CLEAR, chance_of_passing
from autograder.checks.read_network import read_network
from autograder.network.architecture import Architecture
from autograder.records.evidence import CapturedFit, CapturedNetwork, Evidence
from autograder.records.training import Recipe, TrainingRun
from autograder.records.training_messages import problem

RECIPE = Recipe(dataset="mnist", train=2400, validation=600, epochs=3, batch_size=32)
QUESTION = Accuracy(kind="accuracy", id="accuracy", title="The accuracy", points=3, network="model")
COMPILED = {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]}


def layer(class_name, **config):
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def network(units=10, compiled=COMPILED, **changes):
    config = {
        "name": "sequential",
        "layers": [
            layer("InputLayer", batch_shape=[None, 28, 28, 1], name="input", dtype="float32"),
            layer("Flatten", name="flatten"),
            layer("Dense", name="dense", units=units, activation="softmax"),
        ],
    }
    captured = {"name": "model", "class_name": "Sequential", "config": config, "compile": compiled, "cell": 3}
    return CapturedNetwork(**captured | changes)


def context(*networks, runs=(), calibrations=None, fits=()):
    evidence = Evidence(key="k", cells=(), networks=networks, fits=fits, isolation="none", versions={})
    nothing = Architecture(operations=(), outputs=())
    return Context(
        evidence=evidence,
        expected={"model": ExpectedNetwork("model", nothing, recipe=RECIPE)},
        calibrations={"accuracy": Calibration(0.9, (0.948, 0.95))} if calibrations is None else calibrations,
        runs={run.key: run for run in runs},
    )


def judged(*networks, question=QUESTION, calibrations=None, **outcome):
    """The verdict after runs that ended as `outcome` says, from as many random starts as are asked for."""
    runs = []
    while tasks := tasks_needed([question], context(*networks, runs=runs, calibrations=calibrations)):
        runs += [TrainingRun(**{"key": task.key, "outcome": "trained"} | outcome) for task in tasks]
    (verdict,) = judge_all([question], context(*networks, runs=runs, calibrations=calibrations))
    return verdict


@pytest.mark.parametrize(("reached", "score"), [((0.5, 0.91), 3), ((0.95, 0.7), 3), ((0.89,), 0), ((), 0)])
def test_all_points_from_the_threshold_on_and_none_below(reached, score):
    verdict = judged(network(), validation_accuracy=reached)
    assert (verdict.score, verdict.status) == (score, "correct" if score else "wrong")


def test_the_page_says_what_was_reached_what_was_needed_and_how_it_was_trained():
    finding = judged(network(), training_accuracy=(0.9,), validation_accuracy=(0.85,)).findings[0]
    assert str(finding.message) == (
        "Your network reached a validation accuracy of 0.850 (0.850 from another random start); 0.900 was needed."
    )
    assert str(finding.where) == "our own run: 2,400 images of MNIST to train, 600 to validate, at most 3 epochs"
    assert finding.hint


def test_what_just_misses_the_threshold_is_not_shown_as_equal_to_it():
    once = QUESTION.model_copy(update={"runs": 1})
    finding = judged(network(), question=once, validation_accuracy=(0.8999,)).findings[0]
    assert "0.8999; 0.9000 was needed" in str(finding.message)


def test_the_curve_comes_with_the_threshold_and_what_the_reference_reached():
    (curve,) = judged(network(), training_accuracy=(0.5, 0.9), validation_accuracy=(0.6, 0.91)).exhibits
    assert (curve.validation_accuracy, curve.threshold) == ((0.6, 0.91), 0.9)
    assert (curve.reference_low, curve.reference_high) == (0.948, 0.95)


def test_a_threshold_of_the_assignment_comes_before_the_computed_one():
    strict = QUESTION.model_copy(update={"minimum": 0.99})
    assert judged(network(), question=strict, validation_accuracy=(0.95,)).score == 0
    assert not strict.needs_calibration
    assert QUESTION.needs_calibration


def test_without_any_threshold_it_is_the_autograder_that_failed():
    verdict = judged(network(), calibrations={}, validation_accuracy=(0.95,))
    assert verdict.status == "error"
    assert "autograder calibrate" in str(verdict.findings[0].hint)


def test_without_a_run_it_is_the_autograder_that_failed():
    (verdict,) = judge_all([QUESTION], context(network()))
    assert verdict.status == "error"


def test_without_a_network_there_is_nothing_to_train():
    assert tasks_needed([QUESTION], context()) == ()
    (verdict,) = judge_all([QUESTION], context())
    assert (verdict.status, verdict.score) == ("not_reached", 0)
    assert verdict.findings[0].message


def test_a_network_that_cannot_be_rebuilt_is_not_trained():
    custom = network(class_name="MyModel", config=None, opaque="it describes itself as something else")
    assert tasks_needed([QUESTION], context(custom)) == ()
    (verdict,) = judge_all([QUESTION], context(custom))
    assert (verdict.status, verdict.score) == ("not_reached", 0)
    assert verdict.findings


@pytest.mark.parametrize("config", [None, {"layers": [{"class_name": "Own", "module": "__main__"}]}])
def test_a_network_of_the_students_own_code_waits_for_a_person(config: dict[str, object] | None):
    custom = network(class_name="Functional", config=config, opaque="" if config else "own", own_code=True)
    assert tasks_needed([QUESTION], context(custom)) == ()
    (verdict,) = judge_all([QUESTION], context(custom))
    assert (verdict.status, verdict.score) == ("needs_review", 0)
    assert "a person looks" in str(verdict.findings[0].hint)


def test_a_network_that_cannot_be_trained_hears_why():
    verdict = judged(network(), outcome="failed", problem="the loss does not fit the ten classes.")
    assert (verdict.status, verdict.score, verdict.exhibits) == ("wrong", 0, ())
    assert str(verdict.findings[0].message).endswith("the loss does not fit the ten classes.")


@pytest.mark.parametrize(("reached", "score"), [(0.95, 3), (0.5, 0)])
def test_a_run_that_was_stopped_counts_with_what_it_reached(reached, score):
    verdict = judged(network(), outcome="limit", problem="120 seconds were over.", validation_accuracy=(reached,))
    assert verdict.score == score
    assert "120 seconds" in str(verdict.findings[0].message)


@pytest.mark.parametrize(
    ("training", "validation", "words"),
    [(0.1, 0.1, "guessing"), (0.99, 0.6, "overfitting"), (0.7, 0.68, "too slowly")],
)
def test_the_hint_follows_from_the_curve(training, validation, words):
    verdict = judged(network(), training_accuracy=(training,), validation_accuracy=(validation,))
    assert words in str(verdict.findings[0].hint)


def test_what_the_student_claims_counts_for_nothing():
    boast = CapturedFit(network="model", epochs=50, history={"val_accuracy": (1.0,)}, cell=5)
    runs = []
    while tasks := tasks_needed([QUESTION], context(network(), fits=(boast,), runs=runs)):
        runs += [TrainingRun(key=task.key, outcome="trained", validation_accuracy=(0.3,)) for task in tasks]
    (verdict,) = judge_all([QUESTION], context(network(), fits=(boast,), runs=runs))
    assert verdict.score == 0


def repeated(*accuracies, question=QUESTION):
    """The verdict after runs from as many random starts as are asked for, which reached these accuracies."""
    runs, reached = [], iter(accuracies)
    while tasks := tasks_needed([question], context(network(), runs=runs)):
        runs += [TrainingRun(key=one.key, outcome="trained", validation_accuracy=(next(reached),)) for one in tasks]
    assert list(reached) == []
    (verdict,) = judge_all([question], context(network(), runs=runs))
    return verdict


@pytest.mark.parametrize(
    ("accuracies", "score"),
    [((0.904,), 3), ((0.899, 0.91, 0.91, 0.91, 0.91), 3), ((0.901, 0.89, 0.89, 0.89, 0.89), 0)],
)
def test_an_accuracy_close_to_the_threshold_is_judged_by_the_mean_of_five_starts(accuracies, score):
    assert repeated(*accuracies).score == score


@pytest.mark.parametrize(
    ("accuracies", "score"),
    [
        ((0.896, 0.896), 0),
        ((0.2, 0.896), 0),
        ((0.88, 0.91, 0.91, 0.91, 0.91), 3),
        ((0.88, 0.899, 0.9, 0.9, 0.9), 0),
        ((0.3, 0.91, 0.91, 0.91, 0.91), 0),
    ],
)
def test_an_accuracy_far_below_the_threshold_has_to_be_met_twice(accuracies, score):
    assert repeated(*accuracies).score == score


def test_two_clear_misses_are_both_told_and_no_mean():
    verdict = repeated(0.5, 0.6)
    (curve,) = verdict.exhibits
    assert (curve.accuracies, curve.interval) == ((), None)
    assert "0.500 (0.600 from another random start); 0.900 was needed" in str(verdict.findings[0].message)


def test_the_further_starts_are_whole_runs_of_the_same_network_with_seeds_of_their_own():
    (first,) = tasks_needed([QUESTION], context(network()))
    close = TrainingRun(key=first.key, outcome="trained", validation_accuracy=(0.9,))
    further = tasks_needed([QUESTION], context(network(), runs=[close]))
    assert further == tuple(first.whole.with_seed(seed) for seed in (2, 3, 4, 5))


def test_the_page_gets_every_run_the_mean_and_its_interval():
    verdict = repeated(0.9, 0.9, 0.901, 0.899, 0.9)
    (curve,) = verdict.exhibits
    assert curve.accuracies == (0.9, 0.9, 0.901, 0.899, 0.9)
    # mean 0.9, standard deviation 0.000707, 2.776 of Student's t with 4 degrees of freedom
    assert curve.interval == pytest.approx((0.899122, 0.900878), abs=1e-6)
    assert "in 1.4 of 100 cases" in str(verdict.findings[0].message)


def test_the_assignment_may_say_that_one_run_decides():
    assert repeated(0.9, question=QUESTION.model_copy(update={"runs": 1})).score == 3


@pytest.mark.parametrize("below", [-4.32, 0.0, 1.0, 2.0])
@pytest.mark.parametrize("runs", [2, 5])
def test_the_stated_chance_of_passing_is_what_a_simulation_finds(below, runs):
    drawn = np.random.default_rng(3).normal(-below, 1, size=(200_000, runs))
    first, mean = drawn[:, 0], drawn.mean(axis=1)
    passed = (first >= CLEAR) | (((first > -CLEAR) | (drawn[:, 1] > -CLEAR)) & (mean >= 0))
    assert chance_of_passing(below, runs) == pytest.approx(passed.mean(), abs=0.004)


def test_the_same_network_shares_a_run_whatever_its_names_and_metrics():
    renamed = network(compiled=COMPILED | {"metrics": ["accuracy", "mse"]})
    renamed.config["layers"][2]["config"]["name"] = "my_dense"
    assert tasks_needed([QUESTION], context(network())) == tasks_needed([QUESTION], context(renamed))
    assert tasks_needed([QUESTION], context(network())) != tasks_needed([QUESTION], context(network(units=12)))


def test_a_network_that_was_never_compiled_is_trained_as_usual():
    (task,) = tasks_needed([QUESTION], context(network(compiled=None)))
    assert task.compilation == RECIPE.compilation
    verdict = judged(network(compiled=None), validation_accuracy=(0.95,))
    assert [str(finding.message) for finding in verdict.findings][1:] == ["The network was not compiled."]


def test_the_template_is_not_even_trained_where_its_layers_are_missing():
    class Missing(Accuracy):
        requires_training = False

        def judge(self, context):
            return self.verdict("wrong", 0)

    layers = Missing(kind="accuracy", id="missing_layers", title="The missing layers", points=5, network="model")
    dependent = QUESTION.model_copy(update={"depends": Dependency(question="missing_layers")})
    assert tasks_needed([layers, dependent], context(network())) == ()
    assert judge_all([layers, dependent], context(network()))[1].score == 0


@pytest.mark.parametrize(("units", "code"), [(10, "hint.reached_until_then"), (200, "hint.large_network")])
def test_only_a_network_that_is_larger_is_called_large(units, code):
    own, expected = network(units=units), read_network(network(), None).architecture
    given = context(own)
    given = replace(given, expected={"model": ExpectedNetwork("model", expected, recipe=RECIPE)})
    runs = {}
    while tasks := tasks_needed([QUESTION], replace(given, runs=runs)):
        for task in tasks:
            runs[task.key] = TrainingRun(key=task.key, outcome="limit", problem=problem("too_long", seconds=9))
    (verdict,) = judge_all([QUESTION], replace(given, runs=runs))
    assert verdict.findings[0].hint.code == code
