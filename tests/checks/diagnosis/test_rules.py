"""Every rule beside a case that it fires on and one that it is silent about."""

import numpy as np
import pytest

from autograder.checks.diagnosis.rules import RULES, Facts
from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Compilation, Loss, OutputLoss
from autograder.observe.array_statistics import target_facts
from autograder.records.evidence import CapturedFit
from autograder.records.training import TrainingRun
from autograder.records.training_messages import problem
from autograder.records.training_outcomes import LayerSignal

ONE_HOT = {"shape": [2400, 10], "agreement": 0.8}
WHOLE = {"shape": [2400], "agreement": 0.8}
IMAGES = {"shape": [2400, 28, 28, 1], "mean": 0.0, "standard_deviation": 1.0, "minimum": -0.4, "maximum": 2.8}
PIXELS = IMAGES | {"mean": 33.0, "standard_deviation": 78.0, "minimum": 0.0, "maximum": 255.0}


SPARSE = "sparse_categorical_crossentropy"


def fit(**fields):
    given = {"network": "model", "epochs": 10, "inputs": IMAGES, "targets": ONE_HOT, "cell": 1}
    return CapturedFit(**given | fields)


def run(accuracy=0.5, training=(0.5,), loss=(1.0,), problem="", signals=()):
    return TrainingRun(
        key="k",
        outcome="failed" if problem else "trained",
        problem=problem,
        training_accuracy=training,
        validation_accuracy=(accuracy,),
        training_loss=loss,
        validation_loss=loss,
        signals=tuple(LayerSignal(**one) for one in signals),
    )


def linear(tasks):
    return tasks.changed(5, activation="linear")


MSE = "mean_squared_error"
PRICES = {
    "shape": [400],
    "predictable": 0.6,
    "mean": 200.0,
    "standard_deviation": 90.0,
    "minimum": 20.0,
    "maximum": 500.0,
}
SHUFFLED = PRICES | {"predictable": 0.05}
SMALL = PRICES | {"mean": 0.4, "standard_deviation": 0.18, "minimum": 0.04, "maximum": 1.0}

# By rule: what fires it, and what does not though it is close. Fields of `case` below.
CASES = {
    "NaN or infinity": (
        {"fit": fit(inputs=IMAGES | {"not_finite": 3})},
        {"fit": fit(inputs=IMAGES | {"not_finite": 3}), "wanted": fit(inputs=IMAGES | {"not_finite": 1})},
    ),
    "labels of other images": ({"fit": fit(targets=ONE_HOT | {"agreement": 0.1})}, {"fit": fit(targets=ONE_HOT)}),
    "targets of other examples": (
        {"task": "regression", "loss": MSE, "fit": fit(targets=SHUFFLED), "wanted": fit(targets=PRICES)},
        {
            "task": "regression",
            "loss": MSE,
            "fit": fit(targets=SHUFFLED, inputs=IMAGES | {"shape": [2400, 1]}),  # a column that may tell nothing
            "wanted": fit(targets=PRICES),
        },
    ),
    "labels no whole numbers": (
        {"loss": SPARSE, "fit": fit(targets=WHOLE | {"fractions": 0.9, "minimum": 0.0, "maximum": 0.035})},
        {
            "loss": SPARSE,
            "fit": fit(targets=WHOLE | {"fractions": 0.0, "dtype": "float32", "minimum": 0, "maximum": 9}),
        },
    ),
    "labels outside the classes": (
        {"loss": SPARSE, "fit": fit(targets=WHOLE | {"minimum": 1, "maximum": 10})},
        {"loss": SPARSE, "fit": fit(targets=WHOLE | {"minimum": 0, "maximum": 9})},
    ),
    "rows that do not add up": (
        {"fit": fit(targets=ONE_HOT | {"lowest_sum": 1 / 255, "highest_sum": 1 / 255})},
        {"fit": fit(targets=ONE_HOT | {"lowest_sum": 0.999, "highest_sum": 1.001})},
    ),
    "targets among the inputs": (
        {"fit": fit(targets=ONE_HOT | {"copied": 1.0}), "wanted": fit(targets=ONE_HOT | {"copied": 0.6})},
        {"fit": fit(targets=ONE_HOT | {"copied": 0.99}), "wanted": fit(targets=ONE_HOT | {"copied": 0.6})},
    ),
    "targets of another scale": (
        {"task": "regression", "loss": "mean_squared_error", "fit": fit(targets=SMALL), "wanted": fit(targets=PRICES)},
        {
            "task": "regression",
            "loss": "mean_squared_error",
            "fit": fit(targets=SMALL),
            "wanted": fit(targets=PRICES),
            "scaled_back": True,
        },
    ),
    "constant inputs": (
        {"fit": fit(inputs=IMAGES | {"constant": 0.9}), "wanted": fit(inputs=IMAGES | {"constant": 0.2})},
        {"fit": fit(inputs=IMAGES | {"constant": 0.6}), "wanted": fit(inputs=IMAGES | {"constant": 0.55})},
    ),
    "validation prepared otherwise": (
        {"fit": fit(validation={"inputs": PIXELS})},
        {"fit": fit(validation={"inputs": IMAGES | {"mean": 0.4, "standard_deviation": 1.6}})},
    ),
    "inputs not normalized": ({"fit": fit(inputs=PIXELS)}, {"fit": fit(inputs=PIXELS), "wanted": fit(inputs=PIXELS)}),
    "validation data used for training": (
        {"fit": fit(validation={"overlap": 1.0})},
        {"fit": fit(validation={"overlap": 0.02})},
    ),
    "loss and labels": ({"fit": fit(targets=WHOLE)}, {"fit": fit(targets=ONE_HOT)}),
    "softmax and from_logits": ({"from_logits": True}, {"from_logits": True, "layers": linear}),
    "no softmax": ({"layers": linear}, {"layers": linear, "from_logits": True}),
    "metric": ({"metrics": ("binary_accuracy",)}, {"metrics": ("accuracy", "mean_squared_error")}),
    "too few epochs": ({"fit": fit(epochs=1)}, {"fit": fit(epochs=8)}),
    "loss explodes": (
        {"run": run(0.1, problem=problem("diverged", steps=3, epoch=1))},
        {"run": run(0.1, problem=problem("wrong_count", count=9, classes=10))},
    ),
    "nothing learned": (
        {"run": run(0.1, (0.1,), loss=(2.31, 2.3026))},
        {"run": run(0.3, (0.3,), loss=(2.31, 2.30))},
    ),
    "dead ReLUs": (
        {"run": run(signals=[{"operation": 2, "dead": 0.9}])},
        {"run": run(0.95, signals=[{"operation": 2, "dead": 0.9}])},
    ),
    "vanishing gradients": (
        {"run": run(signals=[{"operation": 1, "gradient": 1e-7}, {"operation": 8, "gradient": 0.5}])},
        {"run": run(signals=[{"operation": 1, "gradient": 1e-7}, {"operation": 8, "gradient": 1e-6}])},
    ),
    "overfitting": ({"run": run(0.7, training=(0.99,))}, {"run": run(0.91, training=(1.0,))}),
}


def loss_of(tasks, given):
    name = given.get("loss", "categorical_crossentropy")
    return tasks.loss(name, **({"from_logits": given.get("from_logits", False)} if "crossentropy" in name else {}))


def facts(tasks, **given):
    recipe = {"task": given["task"]} if "task" in given else {}
    layers = given["layers"](tasks) if "layers" in given else tasks.layers
    task = tasks(layers, loss=loss_of(tasks, given), **recipe)
    return Facts(
        architecture=task.architecture,
        compilation=Compilation(loss=task.loss, metrics=given.get("metrics", ("accuracy",))),
        recipe=task.recipe,
        minimum=0.9,
        run=given.get("run", run(0.95, (0.95,), (0.2,))),
        fit=given.get("fit", fit()),
        reference_fit=given.get("wanted", fit()),
        scaled_back=given.get("scaled_back", False),
    )


def fired(facts):
    return {rule.name for rule in RULES if rule.find(facts) is not None}


def test_every_rule_is_shown_here():
    assert list(CASES) == [rule.name for rule in RULES]


@pytest.mark.parametrize("name", CASES)
def test_the_rule_fires(tasks, name):
    assert fired(facts(tasks, **CASES[name][0])) == {name}


@pytest.mark.parametrize("name", CASES)
def test_the_rule_is_silent(tasks, name):
    assert name not in fired(facts(tasks, **CASES[name][1]))


def test_a_healthy_network_hears_of_nothing(tasks):
    assert fired(facts(tasks)) == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_names_its_source(rule):
    assert "Source:" in rule.find.__doc__


# Right work that looks like one of the faults.
RIGHT = {
    "labels 0 and 1 as float32": {
        "loss": "binary_crossentropy",
        "fit": fit(targets={"shape": [900, 1], "fractions": 0.0, "minimum": 0.0, "maximum": 1.0, "dtype": "float32"}),
    },
    "smoothed binary labels": {
        "loss": "binary_crossentropy",
        "fit": fit(targets={"shape": [900], "fractions": 1.0, "minimum": 0.05, "maximum": 0.95}),
    },
    "-1 and +1 with hinge": {"loss": "hinge", "fit": fit(targets={"shape": [900], "minimum": -1, "maximum": 1})},
    "smoothed rows": {"fit": fit(targets=ONE_HOT | {"lowest_sum": 1.0, "highest_sum": 1.0, "minimum": 0.01})},
    "targets of a regression": {"loss": "mean_squared_error", "fit": fit(targets=PRICES | {"fractions": 0.97})},
    "labels of an autoencoder": {"loss": "mean_squared_error", "fit": fit(targets=IMAGES)},
    "pixels at the border of MNIST": {"fit": fit(inputs=IMAGES | {"constant": 0.17}), "wanted": fit(inputs=IMAGES)},
    "a solution from before the fact": {"fit": fit(inputs=IMAGES | {"constant": 0.9})},
    "several hot in a row, as in the solution": {
        "fit": fit(targets=ONE_HOT | {"lowest_sum": 0.0, "highest_sum": 4.0}),
        "wanted": fit(targets=ONE_HOT | {"lowest_sum": 0.0, "highest_sum": 5.0}),
    },
    "an exponential that the loss divides by its sum": {
        "layers": lambda tasks: tasks.changed(5, activation="exponential")
    },
    "one epoch of very small batches": {"fit": fit(epochs=1, batch_size=4), "wanted": fit(batch_size=64)},
    "fewer outputs are unknown": {"loss": SPARSE, "fit": fit(targets=WHOLE | {"minimum": None, "maximum": None})},
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_work_hears_of_nothing(tasks, name):
    assert fired(facts(tasks, **RIGHT[name])) <= {"metric"}


RANDOM = np.random.RandomState(5)
ROWS = RANDOM.rand(90, 4)
# By task: the targets of the exercise, which of the rules, and what right students do with them.
BELONGING = {
    "classification": (np.arange(90) % 3, "labels of other images", [lambda y: np.eye(3)[y], lambda y: (y + 1) % 3]),
    "regression": (RANDOM.rand(90) * 300, "targets of other examples", [np.log, lambda y: 7 - 0.01 * y]),
}


@pytest.mark.parametrize("task", BELONGING)
def test_rows_of_the_exercise_show_whether_targets_belong_to_their_inputs(tasks, task):
    """With fewer rows than any statistics need, of inputs that tell nothing about their targets."""
    targets, name, ways = BELONGING[task]
    wanted, scaled = fit(targets=target_facts(ROWS, targets)), (ROWS - ROWS.mean(0)) / ROWS.std(0)
    loss = {"task": task, "loss": "mean_squared_error"} if task == "regression" else {}

    def said(inputs, given):
        return fired(facts(tasks, fit=fit(targets=target_facts(inputs, given)), wanted=wanted, **loss))

    assert name in said(scaled, RANDOM.permutation(targets))
    assert name in said(RANDOM.permutation(ROWS), targets)
    order = RANDOM.permutation(90)
    for inputs, given in ((scaled[order], targets[order]), *((scaled, way(targets)) for way in ways)):
        assert name not in said(inputs, given)
    assert name not in said(RANDOM.rand(90, 4), RANDOM.permutation(targets))  # other rows say nothing


LOGITS = Loss(name=SPARSE, settings={"from_logits": True})


def two_outputs(tasks, **targets):
    """A network with the outputs `digit`, of ten classes, and `side`, of two, and what was given to `fit` for them."""
    dense = [Operation(kind="Dense", settings={"units": units}, inputs=(0,), label=label) for label, units in
             (("digit", 10), ("side", 2))]  # fmt: skip
    network = Architecture(operations=(Operation(kind="Input", settings={"shape": [8]}), *dense), outputs=(1, 2))
    both = tuple(OutputLoss(output=one, loss=LOGITS) for one in ("digit", "side"))
    given = fit(targets={"type": "dict", "outputs": [{"name": name} | one for name, one in targets.items()]})
    plain = facts(tasks, fit=given, wanted=None)
    return Facts(**vars(plain) | {"architecture": network, "compilation": Compilation(loss=LOGITS, losses=both)})


def test_the_targets_of_several_outputs_are_judged_each_by_its_own_loss(tasks):
    digits, sides = WHOLE | {"minimum": 0, "maximum": 9}, WHOLE | {"minimum": 0, "maximum": 1}
    assert fired(two_outputs(tasks, side=sides, digit=digits)) == set()
    wrong = two_outputs(tasks, side=sides | {"minimum": 1, "maximum": 2}, digit=digits)
    assert fired(wrong) == {"labels outside the classes"}
    (rule,) = (one for one in RULES if one.name == "labels outside the classes")
    assert str(rule.find(wrong).message).startswith("Output `side`: Your labels lie between 1 and 2.")
    assert fired(two_outputs(tasks, side=sides, digit=digits | {"fractions": 0.9})) == {"labels no whole numbers"}
    assert fired(two_outputs(tasks, side=sides, digit=digits | {"not_finite": 2})) == {"NaN or infinity"}
