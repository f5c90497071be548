"""Networks with several inputs or outputs: built by Keras, read from their description, trained and scored."""

import functools

import numpy as np
import pytest

from autograder.checks.student_network import StudentNetwork
from autograder.checks.training_tasks import training_task
from autograder.datasets import Declaration, load_arrays, locate_dataset, resolve
from autograder.datasets.hidden import load_hidden
from autograder.network.canonical import canonicalize
from autograder.network.compilation import Loss, read_compilation
from autograder.observe.predicting import predict
from autograder.observe.prepared_rows import PreparedRows
from autograder.records.evidence import CapturedNetwork
from autograder.records.predictions import PredictionRequest
from autograder.records.training import Recipe
from autograder.train.trainer import Trainer

pytestmark = pytest.mark.slow
ROWS = 400


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Two groups of inputs of different width; a price (a sum of both groups) and a kind with three classes."""
    folder = tmp_path_factory.mktemp("shop")
    random = np.random.RandomState(0)
    left, right = random.rand(ROWS, 3).astype(np.float32), random.rand(ROWS, 2).astype(np.float32)
    price = 10 * left[:, 0] + 20 * right[:, 1]
    kind = np.array(["low", "middle", "high"])[np.digitize(left[:, 1] + right[:, 0], [0.7, 1.3])]
    rows = (
        ",".join([*(f"{x:.4f}" for x in (*a, *b, c)), d]) for a, b, c, d in zip(left, right, price, kind, strict=True)
    )
    (folder / "shop.csv").write_text("l0,l1,l2,r0,r1,price,kind\n" + "\n".join(rows) + "\n")
    labels = np.digitize(left[:, 1] + right[:, 0], [0.7, 1.3])
    parts = {"x_train.left": left, "x_train.right": right, "y_train.price": price, "y_train.kind": labels}
    np.savez(folder / "shop.npz", **parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield folder


GROUPS = {
    "inputs": {"left": ("l0", "l1", "l2"), "right": ("r0", "r1")},
    "outputs": {"price": "price", "kind": "kind"},
}


@pytest.fixture(scope="module")
def trained():
    with Trainer(workers=2) as trainer:
        yield functools.partial(run_of, trainer)


def declared(folder, **table):
    return resolve("shop", Declaration(**table), folder)


def network(*, names=("left", "right", "price", "kind"), widths=(3, 2), swapped=False, **compiled):
    """Two branches that meet, and two heads; as the student's description gives it."""
    import keras

    left, right, price, kind = names
    one, other = (keras.Input((width,), name=name) for width, name in zip(widths, (left, right), strict=True))
    hidden = keras.layers.Dense(32, activation="relu")(keras.layers.Concatenate()([one, other]))
    heads = [
        keras.layers.Dense(1, name=price)(hidden),
        keras.layers.Dense(3, activation="softmax", name=kind)(hidden),
    ]
    inputs = [other, one] if swapped else [one, other]
    model = keras.Model(inputs, heads[::-1] if swapped else heads)
    if compiled:
        model.compile(optimizer=keras.optimizers.Adam(0.02), **compiled)
    return student(model, compiled)


def student(model, compiled):
    config = model.get_compile_config() if compiled else None
    return StudentNetwork(
        captured=CapturedNetwork(name="model", cell=0, class_name="Functional", config={}, compile=config or {}),
        architecture=canonicalize("Functional", model.get_config()),
        compilation=read_compilation(config),
    )


def run_of(trainer, given, student, prepared="", **recipe):
    settings = {"dataset": "shop", "train": 300, "validation": 100, "epochs": 12, "batch_size": 20, "seconds": 60}
    return trainer.run(training_task(student, Recipe(**{"source": given, **settings, **recipe}), prepared=prepared))


BOTH = {"price": "mse", "kind": "sparse_categorical_crossentropy"}


def test_the_first_output_is_scored_and_both_are_learned(trained, shop):
    run = trained(declared(shop, csv="shop.csv", **GROUPS), network(loss=BOTH))
    assert (run.outcome, run.metric) == ("trained", "mae"), run.problem
    assert run.score < 0.3 * run.baseline
    assert len(run.residuals.truth) == 100
    assert {signal.gradient is not None for signal in run.signals} == {True, False}


def test_inputs_by_name_that_a_students_function_prepares_are_scored_on_hidden_rows(trained, shop):
    import keras

    header, *lines = (shop / "shop.csv").read_text().splitlines()
    for name, part in (("public", lines[:300]), ("hidden", lines[300:])):
        (shop / f"{name}.csv").write_text("\n".join([header, *part]) + "\n")
    parts = {"inputs": GROUPS["inputs"], "outputs": {"price": "price"}}
    given = declared(shop, csv="public.csv", hidden="hidden.csv", **parts)
    asked = PredictionRequest(name="prepare", purpose="prepare", dataset="shop", source=given)

    def answers(prepare):
        public = load_arrays("shop", locate_dataset("shop", given).path, given)
        rows = PreparedRows(asked, public, load_hidden("shop", given), "key")
        for batch in rows.batches:
            content = {"name": "prepare", "purpose": "prepare", "rows": rows.packed(batch)}
            if ended := rows.take(predict(content, {"prepare": prepare}), len(batch)):
                return ended
        return rows.concluded()

    steady = answers(lambda rows: {"right": rows["right"], "left": np.repeat(rows["left"], 2, axis=1)})
    left, right = keras.Input((6,), name="left"), keras.Input((2,), name="right")
    price = keras.layers.Dense(1, name="price")(keras.layers.Concatenate()([left, right]))
    model = keras.Model([left, right], price)
    model.compile(optimizer=keras.optimizers.Adam(0.3), loss="mse")
    recipe = {"prepare": "function", "epochs": 15, "metric": "r2"}
    run = trained(given, student(model, {"loss": "mse"}), steady.prepared, **recipe)
    assert run.outcome == "trained", run.problem
    assert run.validation_accuracy[-1] > 0.9
    assert (len(run.validation_accuracy), run.residuals) == (1, None)

    assert answers(lambda rows: {**rows, "left": rows["left"] - rows["left"].mean(axis=0)}).status == "unsteady"
    for wrong in (lambda rows: rows["left"], lambda rows: {"left": rows["left"], "other": rows["right"]}):
        assert answers(wrong).problem == "inputs"
    assert answers(lambda rows: {**rows, "left": rows["left"][1:]}).problem == "rows"
    assert answers(lambda rows: {**rows, "left": np.full_like(rows["left"], np.nan)}).problem == "missing"


def test_another_output_is_scored_where_it_is_named(trained, shop):
    given = declared(shop, csv="shop.csv", **GROUPS)
    assert given.output_classes["kind"] == ("high", "low", "middle")
    run = trained(given, network(loss=BOTH), metric_output="kind")
    assert (run.outcome, run.metric) == ("trained", "accuracy"), run.problem
    assert run.score > 0.8 > run.baseline
    assert np.sum(run.predictions.confusion) == 100


@pytest.mark.parametrize("given_as", ["list", "objects by name"])
def test_arrays_of_an_npz_name_themselves(trained, shop, given_as):
    import keras

    loss = {
        "list": ["mse", "categorical_crossentropy"],
        "objects by name": {"price": keras.losses.Huber(), "kind": keras.losses.SparseCategoricalCrossentropy()},
    }[given_as]
    run = trained(declared(shop, npz="shop.npz"), network(loss=loss), metric_output="kind")
    assert run.outcome == "trained", run.problem
    assert run.score > 0.8


def test_the_usual_losses_where_nothing_was_compiled(trained, shop):
    run = trained(declared(shop, npz="shop.npz"), network(), metric_output="kind", epochs=40)
    assert run.outcome == "trained", run.problem
    assert run.score > 0.7


def test_other_names_are_matched_by_their_shapes(trained, shop):
    given = declared(shop, npz="shop.npz")
    losses = ["sparse_categorical_crossentropy", "mse"]
    odd = trained(given, network(names="abcd", swapped=True, loss=losses))
    named = trained(given, network(swapped=True, loss=losses))
    assert odd.outcome == "trained", odd.problem
    assert odd.validation_accuracy == named.validation_accuracy


def test_names_go_before_shapes(trained, tmp_path, monkeypatch):
    import keras

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    random = np.random.RandomState(0)
    left, right = random.rand(ROWS, 2).astype(np.float32), random.rand(ROWS, 2).astype(np.float32)
    arrays = {"x_train.left": left, "x_train.right": right, "y_train": left[:, 0] - right[:, 0]}
    np.savez(tmp_path / "twins.npz", **arrays)
    given = declared(tmp_path, npz="twins.npz")

    def difference(*names):
        one, other = (keras.Input((2,), name=name) for name in names)
        model = keras.Model([one, other], keras.layers.Dense(1)(keras.layers.Subtract()([one, other])))
        model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
        return student(model, {"loss": "mse"})

    runs = [trained(given, difference("left", "right")), trained(given, difference("right", "left"))]
    assert [run.outcome for run in runs] == ["trained", "trained"], runs[0].problem
    assert all(run.score < 0.3 * run.baseline for run in runs)
    refused = trained(given, difference("a", "b"))
    assert str(refused.problem) == (
        "It cannot be told which of the data's inputs left and right the network's input of the shape 2 reads: give "
        "its Input layer the name of that input."
    )


def test_loss_weights_are_part_of_the_loss(trained, shop):
    given = declared(shop, npz="shop.npz")
    plain = trained(given, network(loss=BOTH), epochs=1)
    heavy = trained(given, network(loss=BOTH, loss_weights={"price": 10.0, "kind": 1.0}), epochs=1)
    assert heavy.validation_loss[0] > 3 * plain.validation_loss[0]


def test_an_output_without_a_loss_is_not_trained(trained, shop):
    run = trained(declared(shop, npz="shop.npz"), network(loss={"price": "mse"}), metric_output="kind")
    assert run.outcome == "trained", run.problem
    assert run.score < 0.8


def test_another_number_of_inputs_is_refused_in_a_sentence(trained, shop):
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    described = StudentNetwork(architecture=canonicalize("Sequential", model.get_config()))
    run = trained(declared(shop, npz="shop.npz"), described)
    assert str(run.problem) == (
        "The network's inputs count 1 and its outputs 1; the data's inputs count 2 and its outputs 2."
    )


def test_a_named_input_of_another_shape_is_told_by_its_shape(trained, shop):
    run = trained(declared(shop, npz="shop.npz"), network(widths=(4, 2), loss=BOTH))
    assert str(run.problem).startswith(
        "The network's input shape (4,) does not fit the data: one row has the shape (3,)"
    )


def test_one_loss_is_for_all_outputs():
    given = read_compilation({"optimizer": "adam", "loss": "mse"})
    assert (given.loss, given.losses) == (Loss(name="mean_squared_error"), ())
    assert "losses" not in given.model_dump()
