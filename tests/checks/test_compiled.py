"""What compile was given, and whether the loss fits the last layer and the labels."""

import pytest
from by_hand import RECIPE, context, conv, dense, fit, judged, layer, network, question, said
from pydantic import ValidationError

from autograder.checks.read_network import read_network
from autograder.checks.training_tasks import training_task

REGRESSION = RECIPE.model_copy(update={"task": "regression"})
QUESTION = question(
    "compiled",
    network="model",
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
    points=3,
)
LOGITS = (conv(8), layer("Flatten"), dense(10))
SOFTMAX = (conv(8), layer("Flatten"), dense(10, "softmax"))


def described(module, class_name, **config):
    return {"module": f"keras.{module}", "class_name": class_name, "config": config, "registered_name": None}


SPARSE = described(
    "losses", "SparseCategoricalCrossentropy", name="s", reduction="sum_over_batch_size", from_logits=True
)
ADAM = described("optimizers", "Adam", name="adam_3", learning_rate=0.0010000000474974513)


def compiled(layers=SOFTMAX, fits=(), asked=QUESTION, **given):
    config = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | given
    own = network(*layers, compiled=config)
    return judged(asked, context(networks=(own,), fits=fits, expected={"model": own}))


@pytest.mark.parametrize(
    ("layers", "given"),
    [
        (SOFTMAX, {}),
        (SOFTMAX, {"optimizer": ADAM, "metrics": ["acc"]}),
        (SOFTMAX, {"loss": described("losses", "SparseCategoricalCrossentropy", name="s", from_logits=False)}),
        (SOFTMAX, {"metrics": [described("metrics", "SparseCategoricalAccuracy", name="a"), "mse"]}),
        (SOFTMAX, {"loss": "categorical_crossentropy"}),
        (LOGITS, {"loss": SPARSE}),
        ((*LOGITS, layer("Softmax", axis=-1)), {}),
        ((*LOGITS, layer("Activation", activation="softmax")), {}),
    ],
)
def test_every_way_of_saying_the_same_earns_all_points(layers, given):
    verdict = compiled(layers, **given)
    assert (verdict.status, verdict.score) == ("correct", 3), verdict.findings


@pytest.mark.parametrize(
    ("layers", "given", "words"),
    [
        (LOGITS, {}, "expects probabilities, but the last layer gives raw values"),
        ((*SOFTMAX[:2], dense(10, "relu")), {}, "expects probabilities"),
        (SOFTMAX, {"loss": SPARSE}, "already ends with softmax"),
        (SOFTMAX, {"loss": "mse"}, "mean_squared_error is not one for this task"),
        (SOFTMAX, {"optimizer": "sgd"}, "The optimizer sgd"),
        (SOFTMAX, {"metrics": None}, "do not include accuracy"),
        (SOFTMAX, {"metrics": ["precision"]}, "do not include accuracy"),
        (SOFTMAX, {"loss": described("losses", "MyLoss", name="m")}, "The loss cannot be read"),
        (SOFTMAX, {"optimizer": {"module": "mine", "class_name": "Mine", "config": {}}}, "optimizer cannot be read"),
    ],
)
def test_each_mistake_costs_its_own_share_and_says_what_it_is(layers, given, words):
    verdict = compiled(layers, **given)
    assert (verdict.status, verdict.score) == ("partial", 2)
    assert words in said(verdict)


@pytest.mark.parametrize(
    ("loss", "shape", "right"),
    [
        ("categorical_crossentropy", [500, 10], True),
        ("categorical_crossentropy", [500], False),
        ("sparse_categorical_crossentropy", [500], True),
        ("sparse_categorical_crossentropy", [500, 1], True),
        ("sparse_categorical_crossentropy", [500, 10], False),
    ],
)
def test_the_labels_that_were_fed_decide_between_the_two_cross_entropies(loss, shape, right):
    verdict = compiled(loss=loss, fits=(fit(targets={"shape": shape, "dtype": "float64"}),))
    assert verdict.score == (3 if right else 2)
    assert right or "does not fit the labels" in said(verdict)


def test_several_names_may_count_as_right():
    asked = question("compiled", network="model", optimizer=["adam", "SGD"], loss=["mse", "categorical_crossentropy"])
    for given in ({"optimizer": "sgd"}, {"loss": "mean_squared_error"}, {"loss": "MSE"}):
        assert compiled(asked=asked, **given).status == "correct"
    assert compiled(asked=asked, optimizer="rmsprop").status == "partial"


def test_the_learning_rate_counts_where_it_is_asked_for():
    asked = question("compiled", network="model", learning_rate=0.001)
    assert compiled(asked=asked, optimizer=ADAM).status == "correct"
    assert compiled(asked=asked, optimizer="adam").status == "correct"
    fast = described("optimizers", "Adam", name="adam", learning_rate=0.5)
    assert "learning rate 0.5" in said(compiled(asked=asked, optimizer=fast))


def test_a_network_that_was_not_compiled_and_none_at_all_are_told_apart():
    own = network(*SOFTMAX)
    verdict = judged(QUESTION, context(networks=(own,), expected={"model": own}))
    assert (verdict.status, verdict.score) == ("not_reached", 0)
    assert "not compiled" in said(verdict)
    assert judged(QUESTION, context(expected={"model": own})).status == "not_reached"


@pytest.mark.parametrize(
    ("fields", "words"), [({}, "nothing to judge"), ({"loss": "crossentropie"}, "not a loss of Keras")]
)
def test_a_contradiction_in_the_assignment_is_said(fields, words):
    with pytest.raises(ValidationError, match=words):
        question("compiled", network="model", **fields)


@pytest.mark.parametrize(
    "given", ["mae", "mean_absolute_error", described("metrics", "MeanAbsoluteError", name="error")]
)
def test_an_error_is_the_same_metric_in_every_spelling(given):
    asked = question("compiled", network="model", metrics=["mae"])
    assert compiled(asked=asked, metrics=[given]).status == "correct"


def test_a_loss_that_the_network_computes_itself_needs_review():
    own = compiled(fits=(fit(epochs=3, history={"loss": (1.0,)}),), loss=None)
    assert (own.status, own.score, own.pending) == ("needs_review", 0, 3)
    assert "`add_loss`" in said(own)
    assert "cannot be read" not in said(own)
    nothing = compiled(loss=None)
    assert (nothing.status, nothing.score) == ("partial", 2)
    assert "`compile` was given no loss." in said(nothing)


def test_our_run_uses_the_usual_loss_where_the_students_cannot_be_read():
    def loss_of(given):
        own = network(*SOFTMAX, compiled={"optimizer": "adam", "loss": given})
        return training_task(read_network(own, None), REGRESSION).compilation.loss.name

    assert loss_of("mae") == "mean_absolute_error"
    assert loss_of({"class_name": "function", "config": "my_loss", "module": "builtins"}) == "mean_squared_error"
    assert loss_of(None) == "mean_squared_error"
