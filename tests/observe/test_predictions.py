"""Predictions on hidden rows: what is asked of a kernel, what it may answer, and what is scored of it."""

import base64
import random

import numpy as np
import pytest

from autograder.datasets import DatasetSource, Declaration, load_arrays, locate_dataset, resolve
from autograder.datasets.hidden import HiddenExamples, load_hidden
from autograder.observe.hidden_rows import HiddenRows, asked_order
from autograder.observe.observer import Observer
from autograder.observe.prepared_rows import PreparedRows
from autograder.observe.sandbox.bounds import Isolation
from autograder.observe.sandbox.isolation import IsolationUnavailable
from autograder.observe.task import ObserveTask
from autograder.records.predictions import PredictionRequest

ROWS = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table whose hidden part follows the same rule as its public part: kind is "b" where size exceeds 5."""
    made = tmp_path_factory.mktemp("open")
    draw = np.random.default_rng(3)

    def table(rows, path):
        sizes, ages = draw.uniform(0, 10, rows).round(4), draw.integers(0, 50, rows)
        lines = [f"{size},{age},{'b' if size > 5 else 'a'}" for size, age in zip(sizes, ages, strict=True)]
        path.write_text("\n".join(["size,age,kind", *lines]) + "\n")

    table(200, made / "things.csv")
    table(ROWS, made / "things-hidden.csv")
    return made


@pytest.fixture(scope="module")
def source(folder):
    declared = Declaration(csv="things.csv", target="kind", hidden="things-hidden.csv")
    return resolve("things", declared, folder)


def request(source, **fields):
    return PredictionRequest(**{"name": "predict", "dataset": "things", "source": source} | fields)


def rows_of(source, **fields):
    return HiddenRows(request(source, **fields), load_hidden("things", source), "key")


def packed(array):
    array = np.asarray(array, float)
    return {
        "status": "predicted",
        "shape": list(array.shape),
        "values": base64.b64encode(array.astype("<f8").tobytes()).decode(),
    }


def answered(rows, function):
    """The outcome of a predictor that gets the rows as an array."""
    for batch in rows.batches:
        given = rows.packed(batch)
        x = np.frombuffer(base64.b64decode(given["values"]), given["dtype"]).reshape(given["shape"])
        if ended := rows.take(function(x), len(batch)):
            return ended
    return rows.concluded()


def of_values(values, **fields):
    source = DatasetSource(
        source="npz",
        title="v",
        digest="0",
        target_kind="values",
        rows=9,
        hidden=len(values),
        outputs={"": ()},
        **fields,
    )
    examples = HiddenExamples({"": np.arange(len(values), dtype=np.float32)[:, None]}, values, {}, "secret")
    return lambda metric: HiddenRows(request(source, metric=metric), examples, "key")


@pytest.mark.parametrize("rows", [20, 33, 500])
def test_every_row_is_asked_and_some_are_asked_twice_in_other_batches(rows):
    batches = asked_order(rows, "secret", "key")
    asked = [row for batch in batches for row in batch]
    assert set(asked) == set(range(rows))
    assert len(asked) - rows == min(rows, max(100, round(rows / 5)))
    assert all(len(set(batch)) == len(batch) for batch in batches)


def test_the_order_is_another_for_each_notebook_and_cannot_be_computed_without_the_file():
    first = asked_order(100, "secret", "key")
    assert first == asked_order(100, "secret", "key")
    assert first != asked_order(100, "secret", "another key")
    assert first != asked_order(100, "another secret", "key")
    assert [row for batch in first for row in batch][:100] != sorted(range(100))


def test_a_kernel_gets_numbers_and_column_names_and_nothing_else(source):
    rows = rows_of(source)
    assert set(rows.packed(rows.batches[0])) == {"dtype", "shape", "values"}
    table = rows_of(source, inputs="table").packed(rows.batches[0])
    assert [column[:2] for column in table["columns"]] == [["size", "<f8"], ["age", "<i8"]]
    assert "kind" not in str(table)


@pytest.mark.parametrize(
    "output",
    [
        lambda x: packed(x[:, 0] > 5),
        lambda x: packed(x[:, :1] > 5),
        lambda x: packed(1 / (1 + np.exp(5 - x[:, 0]))),
        lambda x: packed(np.stack([5 - x[:, 0], x[:, 0] - 5], 1)),
        lambda x: {"status": "predicted", "texts": ["b" if one > 5 else "a" for one in x[:, 0]]},
    ],
    ids=["labels", "a column of labels", "probabilities", "a value for each class", "the names of the classes"],
)
def test_classes_may_be_given_in_every_usual_form(source, output):
    found = answered(rows_of(source), output)
    assert (found.status, found.score, found.metric) == ("predicted", 1.0, "accuracy")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (None, "form"),
        ("0.9", "form"),
        ({"status": "predicted", "score": 1.0}, "form"),
        ({"status": "correct"}, "form"),
        ({"status": "predicted", "shape": [10**9, 10**9], "values": ""}, "rows"),
        ({"status": "predicted", "shape": [32], "values": "no base64"}, "form"),
        ({"status": "predicted", "shape": [32], "values": base64.b64encode(bytes(8)).decode()}, "form"),
        (packed(np.zeros((32, 2, 2))), "values"),
        (packed(np.full(32, np.nan)), "missing"),
        ({"status": "predicted", "texts": ["a"]}, "rows"),
        ({"status": "predicted", "texts": ["a" * 10**6] * 32}, "form"),
    ],
)
def test_an_answer_of_another_form_earns_nothing(source, answer, problem):
    found = rows_of(source).take(answer, 32)
    assert (found.status, found.problem, found.score) == ("malformed", problem, None)


def test_an_output_that_is_not_of_its_row_alone_is_found_out(source):
    draw = np.random.default_rng(0)
    assert answered(rows_of(source), lambda x: packed(draw.integers(0, 2, len(x)))).status == "unsteady"
    assert answered(rows_of(source), lambda x: packed(x[:, 0] > x[:, 0].mean())).status == "unsteady"
    numbers = iter(range(10**6))
    assert answered(rows_of(source), lambda x: packed([next(numbers) % 2 for _ in x])).status == "unsteady"
    # The last digits of a network's outputs differ from batch to batch.
    noisy = answered(rows_of(source), lambda x: packed(1 / (1 + np.exp(5 - x[:, 0])) + draw.normal(0, 1e-6, len(x))))
    assert noisy.status == "predicted"


def test_a_few_wild_values_do_not_hide_that_the_others_depend_on_the_batch(source):
    def wild(x, others):
        return packed(np.where(np.arange(len(x)) % 16 == 0, 1e9 * (x[:, 0] > 5), others))

    # Two values for each row that differ by less than a share of the spread with the wild ones.
    def window(x):
        return wild(x, 0.5 + 1e-4 * np.sign(x[:, 0] - x[:, 0].mean()))

    for metric in ("accuracy", "auc"):
        assert answered(rows_of(source, metric=metric), window).status == "unsteady"
    for metric in ("mse", "msle", "mape"):
        assert answered(of_values(np.arange(40.0))(metric), lambda x: wild(x, x[:, 0].mean())).status == "unsteady"


@pytest.mark.parametrize(
    ("prepare", "status"),
    [
        (lambda x: x / [10, 50], "predicted"),
        (lambda x: np.maximum(x - [9, 45], 0), "predicted"),
        (lambda x: x - x.mean(axis=0), "unsteady"),
        # A wild value for one row in thirty, so that the differences between the others are small beside it.
        (lambda x: np.where(x[:, 1:] < 2, 1e9, x[:, :1] - x[:, :1].mean()), "unsteady"),
    ],
)
def test_a_prepared_row_is_of_itself_alone(source, tmp_path, monkeypatch, prepare, status):
    public = load_arrays("things", locate_dataset("things", source).path, source)
    asked = request(source, name="prepare", purpose="prepare")
    rows = PreparedRows(asked, public, load_hidden("things", source), "key")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    noise = np.random.default_rng(1)
    found = answered(rows, lambda x: packed(prepare(x) * noise.normal(1, 1e-7, (len(x), 1))))
    assert found.status == status


def test_an_exception_is_named_only_if_everybody_knows_it(source):
    cells = ["import numpy as np", "def predict(rows):\n    return rows.size_of_it"]
    rows = HiddenRows(request(source), load_hidden("things", source), "key", cells)
    said = {"status": "raised", "error": "AttributeError", "line": 2, "text": "return rows.size_of_it"}
    found = rows.take(said, 32)
    assert (found.error, found.cell, found.line) == ("AttributeError", 1, 2)
    found = rows.take({"status": "raised", "error": "Row_3_1415", "line": 271828, "text": "row 3.1415"}, 32)
    assert (found.error, found.cell, found.line) == ("", None, None)


def test_f1_is_the_mean_over_the_classes(source):
    from sklearn.metrics import f1_score

    found = answered(rows_of(source, metric="f1"), lambda x: packed(x[:, 0] > 7))
    examples = load_hidden("things", source)
    assert found.score == pytest.approx(f1_score(examples.y, examples.inputs[""][:, 0] > 7, average="macro"), abs=1e-6)


def test_hidden_rows_are_not_used_without_a_sandbox(source):
    with Observer(Isolation("none", ""), workers=1) as observer:
        task = ObserveTask(training="full", sources=(source,), predictions=(request(source),))
        with pytest.raises(IsolationUnavailable, match="hidden examples, which a notebook without a sandbox"):
            observer.observe_code(["x = 1"], task)


def anything(draw, depth=0):
    """A random JSON value, mostly of the kind that an answer has."""
    leaf = [None, True, -1, 0, 32, 10**30, 2.5, float("nan"), "", "AAAAAAAA8D8=", "é", "\ud800", "predicted", "raised"]
    keys = ["status", "shape", "values", "texts", "error", "line", "text", "score"]
    kind = draw.random()
    if depth > 2 or kind < 0.5:
        return draw.choice(leaf)
    if kind < 0.7:
        return [anything(draw, depth + 1) for _ in range(draw.choice((0, 1, 2, 32)))]
    return {key: anything(draw, depth + 1) for key in draw.sample(keys, draw.randrange(5))}


def test_no_answer_raises_an_exception(source):
    draw = random.Random(4)
    rows = rows_of(source)
    usual = packed(np.zeros(32))
    for _ in range(5000):
        changed = {draw.choice(("status", "shape", "values", "texts")): anything(draw)}
        found = rows.take(draw.choice((anything(draw), {**usual, **changed})), 32)
        assert found is None or (found.status != "predicted" and found.score is None)


NOTEBOOK = """
import keras
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

things = pd.read_csv("things.csv")
x, y = things[["size", "age"]].to_numpy("float32"), (things["kind"] == "b").to_numpy("int32")
keras.utils.set_random_seed(1)
network = keras.Sequential([
    keras.layers.Normalization(), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")
])
network.layers[0].adapt(x)
network.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
history = network.fit(x, y, epochs=20, batch_size=16)
epochs = len(history.history["loss"])
forest = make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=1)).fit(x, things["kind"])

def function(table):
    print(table)
    return network.predict(table[["size", "age"]].to_numpy("float32"))

dropped = keras.Sequential([network, keras.layers.Dropout(0.9)])
def chance(table): return dropped(table[["size", "age"]].to_numpy("float32"), training=True)
"""
ASKED = {
    "network": "array",
    "forest": "array",
    "function": "table",
    "chance": "table",
    "things": "array",
    "nothing": "array",
    "broken": "array",
}


@pytest.mark.slow
def test_networks_estimators_and_functions_of_a_real_notebook_predict(observe, source):
    asked = [request(source, name=name, inputs=inputs) for name, inputs in ASKED.items()]
    broken = "def broken(rows):\n    return rows @ np.ones(99)"
    evidence = observe(
        NOTEBOOK, broken, variables=("epochs",), training="full", sources=(source,), predictions=tuple(asked)
    )
    assert [cell.status for cell in evidence.cells] == ["ok", "ok"], evidence.cells
    assert evidence.value("epochs").value == 20
    found = {one.name: evidence.prediction(one.key) for one in asked}
    for name in ("network", "forest", "function"):
        assert found[name].status == "predicted", found[name]
        assert found[name].score > 0.9
    # The same network, asked as rows and as a table.
    assert found["network"].score == found["function"].score
    assert {name: one.status for name, one in found.items() if one.status != "predicted"} == {
        "chance": "unsteady",
        "things": "no_call",
        "nothing": "no_name",
        "broken": "raised",
    }
    assert (found["broken"].error, found["broken"].cell, found["broken"].line) == ("ValueError", 1, 2)
