"""Networks of PyTorch at questions whose solution is in Keras or in PyTorch, from stored descriptions."""

import json
from pathlib import Path

import pytest
from by_hand import RECIPE, context, conv, dense, judged, layer, network, question, said, value

from autograder.checks.base import Calibration, ExpectedNetwork
from autograder.checks.read_network import architecture_of, read_network
from autograder.checks.training_tasks import training_task
from autograder.network.torch.compilation import read_torch_compilation
from autograder.network.torch.defaults import with_defaults_of
from autograder.records.evidence import CapturedNetwork
from autograder.records.training import TrainingRun

DESCRIPTIONS = json.loads((Path(__file__).parents[1] / "network" / "torch_descriptions.json").read_text())


def adam(**settings):
    group = {"lr": 0.001, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0, "amsgrad": False, **settings}
    return {"class_name": "Adam", "groups": [group]}


def torch(name, criterion="CrossEntropyLoss", optimizer=None, **settings):
    """A captured network, as the kernel would describe it."""
    compiled = {"optimizer": optimizer or adam()}
    if criterion:
        compiled["criterion"] = {"class_name": criterion, "settings": {"reduction": "mean", **settings}}
    return CapturedNetwork(
        name="model", class_name="Net", config=DESCRIPTIONS[name], compile=compiled, framework="torch", cell=1
    )


def hidden(filters):
    same = {"filters": filters, "kernel_size": [3, 3], "padding": "same"}
    return (
        layer("Conv2D", **same), layer("BatchNormalization"), layer("Activation", activation="relu")
    )  # fmt: skip


POOL = layer("MaxPooling2D", pool_size=[2, 2])
CNN2 = (
    *(*hidden(32), *hidden(32), POOL, *hidden(64), *hidden(64), POOL),
    *(layer("Flatten"), dense(200), layer("BatchNormalization"), layer("Dropout", rate=0.3)),
    *(layer("Activation", activation="relu"), dense(10), layer("Activation", activation="softmax")),
)
KERAS = network(*CNN2)


def expected_of(captured):
    return {"model": ExpectedNetwork("model", architecture_of(captured), recipe=RECIPE)}


def verdict_on(captured, expected, asked):
    return judged(asked, context(networks=(captured,)).replace(expected=expected_of(expected)))


ARCHITECTURE = question("architecture", network="model", points=5)


@pytest.mark.parametrize(
    ("name", "criterion"),
    [
        ("cnn2_sequential", "CrossEntropyLoss"),
        ("cnn2_functional", "CrossEntropyLoss"),
        ("cnn2_nested", "NLLLoss"),
        ("cnn2_nested", "CrossEntropyLoss"),
        ("cnn2_functional", ""),
    ],
)
@pytest.mark.parametrize("solution", [KERAS, torch("cnn2_functional"), torch("cnn2_nested", "NLLLoss")])
def test_cnn2_is_right_whatever_the_solution_is_written_in(name, criterion, solution):
    verdict = verdict_on(torch(name, criterion), solution, ARCHITECTURE)
    assert (verdict.status, verdict.score) == ("correct", 5), verdict.findings


@pytest.mark.parametrize("solution", [torch("cnn2_functional"), torch("cnn2_nested", "NLLLoss")])
def test_a_network_of_keras_is_right_where_the_solution_is_of_torch(solution):
    raw, loss = network(*CNN2[:-1]), {"class_name": "CategoricalCrossentropy", "config": {"from_logits": True}}
    described = {"module": "keras.losses", "registered_name": None, **loss}
    for keras, compiled in ((KERAS, None), (KERAS, "categorical_crossentropy"), (raw, described)):
        given = keras.model_copy(update={"compile": {"optimizer": "adam", "loss": compiled} if compiled else None})
        assert verdict_on(given, solution, ARCHITECTURE).status == "correct", compiled
        student = read_network(given, expected_of(solution)["model"])
        last, logits = student.architecture.operations[-1], student.compilation.loss.settings["from_logits"]
        assert logits is (last.settings.get("activation") != "softmax")
    # A softmax that the loss applies a second time stays one layer too many.
    twice = KERAS.model_copy(update={"compile": {"optimizer": "adam", "loss": described}})
    assert verdict_on(twice, torch("cnn2_functional"), ARCHITECTURE).status == "partial"


def test_rows_stand_side_by_side_in_the_words_of_torch():
    verdict = verdict_on(torch("cnn2_functional"), KERAS, ARCHITECTURE)
    (shown,) = verdict.exhibits
    row = shown.rows[1]
    assert (row.expected.layer, row.actual.layer) == ("Conv2d", "Conv2d")
    assert row.expected.shape == row.actual.shape == "(None, 32, 28, 28)"
    assert (shown.rows[0].actual.shape, shown.rows[0].actual.settings) == ("(None, 1, 28, 28)", ())
    assert (shown.expected_total, shown.actual_total) == (695_186, 695_186)
    assert all(row.state == "same" for row in shown.rows)


def test_a_mistake_is_named_in_the_words_of_torch():
    shallow = network(*(one for one in CNN2 if one != hidden(64)[0]))
    verdict = verdict_on(torch("wrong_size"), shallow, ARCHITECTURE)
    sentences = " ".join(str(one.message) for one in verdict.findings)
    assert "`in_features` is 1,568, but it gets 1,352 (layer `fc1`)" in sentences
    assert "(Conv2d)" in sentences
    assert "Conv2D" not in sentences


def test_a_layer_for_another_number_of_inputs_is_one_mistake():
    solution = network(conv(8), POOL, layer("Flatten"), dense(20, "relu"), dense(10))
    verdict = verdict_on(torch("wrong_size"), solution, ARCHITECTURE)
    assert verdict.status == "partial"
    assert verdict.score == pytest.approx(5 * 6 / 7, abs=0.01)


def test_images_may_be_flattened_in_the_network_or_before():
    flat = network(dense(32, "relu"), dense(10, "softmax"), shape=(784,))
    square = network(layer("Flatten"), dense(32, "relu"), dense(10, "softmax"), shape=(28, 28))
    plain = json.loads(json.dumps(DESCRIPTIONS["own_weights"]))
    (division,) = [one for one in plain["operations"] if one["kind"] == "div"]
    division["args"][1] = 1
    own = torch("own_weights").model_copy(update={"config": plain})
    for solution in (flat, square):
        assert verdict_on(own, solution, ARCHITECTURE).status == "correct"
    narrow = network(layer("Flatten"), dense(32, "relu"), dense(10, "softmax"), shape=(14, 28))
    assert verdict_on(own, narrow, ARCHITECTURE).status != "correct"


PARAMETERS = question("parameters", network="model", points=1, follow_through=False)
NUMBER = question("number", answer="q", expected={"network": "model"}, points=1)
BATCH_NORM = question("number", answer="q", expected={"network": "model", "layer": "BatchNormalization"}, points=1)
SHAPE = question("shape", answer="q", expected={"network": "model", "layer": "Conv2D", "position": 3}, points=1)


def test_parameter_counts_agree_although_torch_counts_otherwise():
    assert verdict_on(torch("cnn2_nested", "NLLLoss"), KERAS, PARAMETERS).status == "correct"
    wrong = verdict_on(torch("wrong_size"), KERAS, ARCHITECTURE)
    assert wrong.score < 5


@pytest.mark.parametrize(
    ("asked", "given", "status"),
    [
        (NUMBER, 695_970, "correct"),
        (NUMBER, 695_186, "correct"),
        (NUMBER, 695_187, "wrong"),
        (BATCH_NORM, 128, "correct"),
        (BATCH_NORM, 64, "correct"),
        (BATCH_NORM, 32, "wrong"),
        (SHAPE, (64, 14, 14), "correct"),
        (SHAPE, (14, 14, 64), "correct"),
        (SHAPE, (64, 28, 28), "wrong"),
    ],
)
def test_answers_may_be_those_of_either_framework(asked, given, status):
    evidence = context(networks=(torch("cnn2_functional"),), values=(value(given),))
    assert judged(asked, evidence.replace(expected=expected_of(KERAS))).status == status


def test_a_network_of_keras_has_only_its_own_count():
    evidence = context(networks=(KERAS,), values=(value(695_186),))
    assert judged(NUMBER, evidence.replace(expected=expected_of(KERAS))).status == "wrong"


COMPILED = question(
    "compiled", network="model", optimizer="adam", loss="CrossEntropyLoss", learning_rate=0.001, metrics=["accuracy"]
)


def asked_of(captured):
    return verdict_on(captured, torch("cnn2_functional"), COMPILED)


def test_optimizer_criterion_and_rate_are_read():
    assert asked_of(torch("cnn2_functional")).status == "correct"
    assert asked_of(torch("cnn2_nested", "NLLLoss")).status == "correct"
    assert verdict_on(torch("cnn2_nested"), KERAS, COMPILED).status == "correct"


@pytest.mark.parametrize(
    ("captured", "words"),
    [
        (torch("cnn2_functional", "MSELoss"), "The loss MSELoss is not one for this task"),
        (torch("cnn2_functional", "NLLLoss"), "NLLLoss expects what LogSoftmax gives"),
        (torch("cnn2_functional", optimizer=adam(lr=0.1)), "The learning rate 0.1"),
        (torch("cnn2_functional", "MyLoss"), "MyLoss is not one of PyTorch's"),
        (torch("cnn2_functional", ""), "No criterion was used"),
        (
            torch("cnn2_functional", optimizer={"class_name": "SGD", "groups": [{"lr": 0.001}]}),
            "The optimizer sgd is not the one",
        ),
    ],
)
def test_what_is_not_right_is_named(captured, words):
    verdict = asked_of(captured)
    assert verdict.status == "partial"
    assert words in said(verdict)


def test_a_softmax_before_cross_entropy_is_named():
    described = json.loads(json.dumps(DESCRIPTIONS["cnn2_functional"]))
    last = len(described["operations"])
    ref = {"ref": last - 1}
    described["operations"].append({"kind": "softmax", "args": [ref], "kwargs": {"dim": 1}, "shape": [None, 10]})
    described["outputs"] = [{"ref": last}]
    twice = torch("cnn2_functional").model_copy(update={"config": described})
    assert "already ends with Softmax" in said(asked_of(twice))
    # It is one mistake in the network of a solution without a softmax, and none beside a Keras solution with one.
    assert "one layer too many" in said(verdict_on(twice, torch("cnn2_functional"), ARCHITECTURE))
    assert verdict_on(twice, KERAS, ARCHITECTURE).status == "correct"


@pytest.mark.parametrize(
    ("given", "name", "settings"),
    [
        (adam(), "adam", {"learning_rate": 0.001, "epsilon": 1e-8}),
        ({"class_name": "RMSprop", "groups": [{"alpha": 0.99, "eps": 1e-8}]}, "rmsprop", {"learning_rate": 0.01}),
        ({"class_name": "AdamW", "groups": [{"lr": 0.001, "weight_decay": 0.01}]}, "adamw", {"weight_decay": 0.01}),
        (
            {"class_name": "SGD", "groups": [{"lr": 0.1, "momentum": 0.9, "nesterov": True, "dampening": 0}]},
            "sgd",
            {"momentum": 0.9, "nesterov": True},
        ),
        ({"class_name": "Adagrad", "groups": [{}]}, "adagrad", {"initial_accumulator_value": 0.0}),
    ],
)
def test_optimizers_are_read_with_the_defaults_of_torch(given, name, settings):
    read = read_torch_compilation({"optimizer": given, "criterion": {"class_name": "MSELoss"}})
    assert not read.problem
    assert read.optimizer.name == name
    assert settings.items() <= read.optimizer.settings.items()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"optimizer": 3},
        {"optimizer": {"class_name": "Adam", "groups": []}},
        {"optimizer": {"class_name": "Adam", "groups": [{"lr": "0.1"}]}},
        {"optimizer": {"class_name": "Adam", "groups": [{"betas": 1}]}},
        {"optimizer": {"class_name": "Adam", "module": "__main__", "groups": [{}]}},
        {"optimizer": {"class_name": "SGD", "groups": [{"lr": 0.1}, {"lr": 0.2}]}},
        {"criterion": {"class_name": ["CrossEntropyLoss"]}},
    ],
)
def test_what_cannot_be_read_is_said_and_raises_nothing(given):
    assert read_torch_compilation(given).problem


def test_each_framework_has_its_own_training_key():
    expected = expected_of(KERAS)["model"]
    of_keras = training_task(read_network(KERAS, expected), RECIPE)
    one, other = (
        training_task(read_network(torch(name), expected), RECIPE) for name in ("cnn2_sequential", "cnn2_functional")
    )
    assert one.key == other.key != of_keras.key
    assert one.loss.name == "sparse_categorical_crossentropy"


@pytest.mark.parametrize(
    ("scheduler", "pieces", "sentence"),
    [
        ({"class_name": "StepLR", "settings": {"step_size": 1, "gamma": 0.5}, "every": "epoch"}, 2, ""),
        ({"class_name": "StepLR", "settings": {"step_size": 9, "gamma": 0.5}, "every": "epoch"}, 0, ""),
        ({"class_name": "StepLR", "settings": {"step_size": 1, "gamma": 0.5}}, 0, ""),  # its `step` was never called
        ({"class_name": "LambdaLR", "every": "epoch"}, 0, "your schedule LambdaLR cannot be used here"),
    ],
)
def test_a_scheduler_is_part_of_the_run_or_the_page_says_that_it_is_not(scheduler, pieces, sentence):
    captured, asked = torch("cnn2_functional"), question("accuracy", network="model", points=3, minimum=0.9)
    compiled = {**captured.compile, "scheduler": scheduler}
    recipe = RECIPE.model_copy(update={"epochs": 2})
    expected = {"model": ExpectedNetwork("model", architecture_of(KERAS), recipe=recipe)}
    given = context(networks=(captured.model_copy(update={"compile": compiled}),)).replace(expected=expected)
    (task,) = asked.training(given)
    rate = task.optimizer.settings["learning_rate"]
    assert (rate == 0.001) is (pieces == 0)
    if pieces:
        boundaries = [recipe.steps_per_epoch - 1]
        assert rate["config"] == {"boundaries": boundaries, "values": [0.001, 0.0005]}
    run = TrainingRun(key=task.key, outcome="trained", validation_accuracy=(0.99,))
    verdict = judged(asked, given.replace(runs={task.key: run}))
    assert verdict.score == 3
    assert (sentence in said(verdict)) if sentence else ("schedule" not in said(verdict))


def test_weight_decay_is_a_penalty_on_all_weights():
    expected = expected_of(KERAS)["model"]
    decayed = read_network(torch("cnn2_sequential", optimizer=adam(weight_decay=0.01)), expected).architecture
    penalty = {"class_name": "L2", "config": {"l2": 0.005}}
    assert decayed.operations[1].settings["bias_regularizer"] == penalty
    assert decayed.operations[2].settings["gamma_regularizer"] == penalty
    assert (
        verdict_on(torch("cnn2_sequential", optimizer=adam(weight_decay=0.01)), KERAS, ARCHITECTURE).status == "correct"
    )


def test_what_is_decided_by_the_data_needs_review():
    problem = DESCRIPTIONS["on_data"]
    opaque = {"why": "torch", "reason": problem["problem"], "detail": problem["detail"], "kind": "OnData"}
    captured = CapturedNetwork(
        name="model", class_name="OnData", framework="torch", opaque=opaque, own_code=True, cell=1
    )
    verdict = verdict_on(captured, KERAS, ARCHITECTURE)
    assert "its `forward` decides by the data what it computes" in said(verdict)
    assert read_network(captured, None).unread


def test_the_defaults_of_one_framework_are_exchanged_for_those_of_the_other():
    expected = expected_of(KERAS)["model"]
    of_keras = training_task(read_network(KERAS, expected), RECIPE)
    of_torch = training_task(read_network(torch("cnn2_sequential"), expected), RECIPE)
    there, compiled = with_defaults_of("torch", of_keras.architecture, of_torch.compilation)
    assert there == of_torch.architecture
    assert compiled.optimizer.settings["epsilon"] == 1e-8
    back, compiled = with_defaults_of("keras", of_torch.architecture, of_torch.compilation)
    assert back == of_keras.architecture
    assert compiled.optimizer.settings["epsilon"] == 1e-7


@pytest.mark.parametrize("name", ["words", "both_ways", "time_first", "text_convolution", "decoder", "residual"])
def test_exchanging_the_defaults_twice_changes_nothing(name):
    network = architecture_of(torch(name))
    there, _ = with_defaults_of("keras", network, read_torch_compilation(None))
    assert there != network
    assert with_defaults_of("torch", there, read_torch_compilation(None))[0] == network


def test_a_threshold_holds_for_the_framework_that_it_was_measured_with():
    asked = question("accuracy", network="model", points=3)
    thresholds = {"q": Calibration(minimum=0.9), "q:torch": Calibration(minimum=0.8)}
    for captured, needed in ((torch("cnn2_functional"), 0.8), (KERAS, 0.9)):
        given = context(networks=(captured,)).replace(expected=expected_of(KERAS), calibrations=thresholds)
        alone = given.replace(calibrations={"q": Calibration(minimum=needed)})
        assert [task.target for task in asked.training(given)] == [task.target for task in asked.training(alone)]
