"""The score question: judged by the metric of the recipe, in its direction."""

import pytest

from autograder.checks.accuracy import Accuracy
from autograder.checks.base import Calibration, Context, ExpectedNetwork
from autograder.checks.judging import judge_all, tasks_needed
from autograder.checks.score import Score
from autograder.datasets import DatasetSource
from autograder.network.architecture import Architecture
from autograder.records.evidence import CapturedNetwork, Evidence
from autograder.records.predictions import CapturedPredictions
from autograder.records.training import Prepare, Recipe, TrainingRun
from autograder.records.training_outcomes import Mistake, PredictedClasses, Reconstruction, Residuals

SOURCE = DatasetSource(source="csv", title="Houses", digest="0", target_kind="values", rows=400)
RECIPE = Recipe(dataset="houses", source=SOURCE, train=300, validation=100, epochs=3, batch_size=10)
QUESTION = Score(kind="score", id="score", title="The error", points=3, network="model")


def layer(class_name, **config):
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def network():
    layers = [
        layer("InputLayer", batch_shape=[None, 4], name="input", dtype="float32"),
        layer("Dense", name="dense", units=1, activation="linear"),
    ]
    compiled = {"optimizer": "adam", "loss": "mse", "metrics": ["mae"]}
    config = {"name": "sequential", "layers": layers}
    return CapturedNetwork(name="model", class_name="Sequential", config=config, compile=compiled, cell=3)


def context(runs=()):
    evidence = Evidence(key="k", cells=(), networks=(network(),), fits=(), isolation="none", versions={})
    nothing = Architecture(operations=(), outputs=())
    return Context(
        evidence=evidence,
        expected={"model": ExpectedNetwork("model", nothing, recipe=RECIPE)},
        calibrations={"score": Calibration(50.0, (41.0, 42.0, 43.0))},
        runs={run.key: run for run in runs},
    )


def judged(**outcome):
    runs = []
    while tasks := tasks_needed([QUESTION], context(runs)):
        runs += [TrainingRun(**{"key": task.key, "outcome": "trained", "metric": "mae"} | outcome) for task in tasks]
    (verdict,) = judge_all([QUESTION], context(runs))
    return verdict


@pytest.mark.parametrize(("reached", "score"), [((60.0, 44.0), 3), ((48.9,), 3), ((51.0,), 0), ((90.0, 70.0), 0)])
def test_an_error_has_to_be_at_most_what_is_needed(reached, score):
    assert judged(validation_accuracy=reached, training_accuracy=reached).score == score


@pytest.mark.parametrize(
    ("metric", "needed", "made", "shown", "points"),
    [
        ("mae", 50.0, (50.4, 49.9, 50.1, 50.2, 49.0), 49.9, 3),
        ("mae", 50.0, (50.4, 50.9, 50.1, 50.2, 49.0), 50.1, 0),
        ("r2", 0.8, (0.79, 0.81, 0.8, 0.79, 0.8), 0.8, 3),
        ("r2", 0.8, (0.3, 0.28), 0.29, 0),
    ],
)
def test_of_several_runs_on_hidden_rows_one_rounded_score_is_shown_and_counts(metric, needed, made, shown, points):
    source = SOURCE.model_copy(update={"hidden": 100})
    recipe = RECIPE.model_copy(update={"source": source, "metric": metric, "prepare": Prepare(function="prepare")})
    key = recipe.own_preparation.key
    prepared = CapturedPredictions(key=key, status="predicted", prepared="0" * 64)
    question = QUESTION.model_copy(update={"needed": needed})

    def seen(runs):
        found = context(runs)
        evidence = found.evidence.model_copy(update={"predictions": (prepared,)})
        nothing = Architecture(operations=(), outputs=())
        expected = {"model": ExpectedNetwork("model", nothing, recipe=recipe)}
        return found.replace(evidence=evidence, expected=expected, calibrations={})

    runs = []
    while tasks := tasks_needed([question], seen(runs)):
        scores = made[len(runs) : len(runs) + len(tasks)]
        runs += [
            TrainingRun(
                key=task.key,
                outcome="trained",
                metric=metric,
                validation_accuracy=(score,),
                training_accuracy=(score,),
            )
            for task, score in zip(tasks, scores, strict=True)
        ]
    assert len(runs) == len(made)
    (verdict,) = judge_all([question], seen(runs))
    assert (verdict.score, verdict.exhibits) == (points, ())
    (finding,) = verdict.findings
    assert finding.code == "score.on_hidden_rows"
    assert finding.message.values["reached"] == shown
    numbers = {value for value in finding.message.values.values() if isinstance(value, float)}
    assert numbers == {shown}
    assert "validate" not in str(finding.where)


@pytest.mark.parametrize(("first", "codes"), [(51.0, {"score.no_mean"}), (70.0, {"score.reached"})])
def test_a_start_that_fails_before_anything_is_measured_counts_and_is_no_number_on_the_page(first, codes):
    runs = []
    while tasks := tasks_needed([QUESTION], context(runs)):
        for task in tasks:
            reached = (first,) if not runs else ()
            outcome = {"validation_accuracy": reached, "training_accuracy": reached}
            runs.append(TrainingRun(key=task.key, outcome="trained" if reached else "failed", metric="mae", **outcome))
    (verdict,) = judge_all([QUESTION], context(runs))
    assert (verdict.status, {one.code for one in verdict.findings}) == ("wrong", codes)
    assert "inf" not in verdict.model_dump_json()
    assert "inf" not in str(verdict.findings[0].message)


def test_of_two_errors_the_lower_one_asks_for_the_longer_run():
    asked = [
        Score(kind="score", id=f"score{most}", title="E", points=1, network="model", needed=most) for most in (50, 40)
    ]
    (alone,) = tasks_needed(asked[1:], context())
    for order in (asked, asked[::-1]):
        assert [task.target for task in tasks_needed(order, context())] == [alone.target]


def test_the_page_names_the_metric_its_direction_and_the_data():
    finding = judged(validation_accuracy=(70.0,), training_accuracy=(69.0,), baseline=71.0).findings[0]
    assert str(finding.message).startswith(
        "What counts is the mean absolute error on the validation data: your network reached 70.00 (70.00 from another"
    )
    assert "at most 50.00 was needed" in str(finding.message)
    assert str(finding.where) == "our own run: 300 rows of Houses to train, 100 to validate, at most 3 epochs"
    assert finding.hint.code == "hint.same_answer"


@pytest.mark.parametrize(("held_out", "shown"), [(0, 1), (100, 0)])
def test_pages_show_no_image_that_is_held_out(monkeypatch, held_out, shown):
    source = DatasetSource(
        source="images", title="Pets", digest="0", target_kind="classes", rows=400, held_out=held_out
    )
    monkeypatch.setitem(globals(), "RECIPE", RECIPE.model_copy(update={"source": source}))
    wrong = Mistake(truth=0, predicted=1, png="")
    seen = PredictedClasses(confusion=((1, 1), (0, 2)), mistakes=(wrong,))
    pair = Reconstruction(given="", made="")
    once = {"validation_accuracy": (44.0,), "training_accuracy": (44.0,)}
    exhibits = judged(**once, predictions=seen, reconstructions=(pair,)).exhibits
    (exhibit,) = (one for one in exhibits if one.kind == "predictions")
    assert len(exhibit.mistakes) == shown
    assert len([one for one in exhibits if one.kind == "reconstructions"]) == shown


@pytest.mark.parametrize(("held_out", "truth"), [(0, (3.0, 1.0, 2.0)), (100, (1.0, 2.0, 3.0))])
def test_the_order_of_values_that_are_held_out_is_not_shown(monkeypatch, held_out, truth):
    source = SOURCE.model_copy(update={"held_out": held_out})
    monkeypatch.setitem(globals(), "RECIPE", RECIPE.model_copy(update={"source": source}))
    values = Residuals(truth=(3.0, 1.0, 2.0), predicted=(3.5, 1.5, 2.5))
    exhibits = judged(validation_accuracy=(44.0,), training_accuracy=(44.0,), residuals=values).exhibits
    (exhibit,) = (one for one in exhibits if one.kind == "residuals")
    assert exhibit.truth == truth
    assert exhibit.predicted == tuple(one + 0.5 for one in truth)


def test_an_accuracy_is_not_asked_of_an_error():
    question = Accuracy(kind="accuracy", id="a", title="A", points=1, network="model")
    assert 'use kind = "score"' in question.training_problem(RECIPE)
    assert question.training_problem(RECIPE.model_copy(update={"task": "binary"})) == ""
