"""Labels are looked at whatever `fit` is given: arrays of any library, tables, and streams by their first batches."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autograder.checks.base import Context, ExpectedNetwork
from autograder.checks.judging import judge_all
from autograder.checks.read_network import architecture_of, compilation_of
from autograder.checks.registry import find_kind
from autograder.observe.limits import Limits
from tests.observe.conftest import Observe

pytestmark = pytest.mark.slow
LONG = Limits(cell_seconds=100, total_seconds=200)

SETUP = dedent("""
    import keras, numpy as np, pandas as pd, tensorflow as tf
    x = np.random.RandomState(1).rand(640, 6).astype("float32")
    whole = np.arange(640) % 5
    def model():
        made = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, "softmax")])
        made.compile("adam", "sparse_categorical_crossentropy")
        return made
    def categorical():
        made = model()
        made.compile("adam", "categorical_crossentropy")
        return made
    class Batches(keras.utils.PyDataset):
        def __init__(self, y): super().__init__(); self.y = y
        def __len__(self): return 20
        def __getitem__(self, i): return x[32 * i:32 * i + 32], self.y[32 * i:32 * i + 32]
    def stream(y):
        return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(640, seed=1).batch(32).prefetch(1)
    def batches(y):
        while True:
            for i in range(20): yield x[32 * i:32 * i + 32], y[32 * i:32 * i + 32]
    ways = {
        "array": lambda y: (x, y),
        "table": lambda y: (pd.DataFrame(x), pd.DataFrame({"label": y})),
        "column": lambda y: (pd.DataFrame(x), pd.Series(y)),
        "tensor": lambda y: (tf.constant(x), tf.constant(y)),
        "lists": lambda y: ([x], [y]),
        "stream": lambda y: (stream(y),),
        "keras": lambda y: (Batches(y),),
        "generator": lambda y: (batches(y),),
    }
    def train(y, way):
        model().fit(*ways[way](y), epochs=1, verbose=0, **({"steps_per_epoch": 20} if way == "generator" else {}))
""")
WAYS = ("array", "table", "column", "tensor", "lists", "stream", "keras", "generator")
STREAMS = ("stream", "keras", "generator")


@pytest.mark.parametrize(("training", "ways"), [("short", WAYS), ("full", STREAMS)])
def test_labels_are_read_whatever_holds_them(observe: Observe, training: str, ways: tuple[str, ...]) -> None:
    given = "(whole / 255).astype('float32')", "whole"
    cells = (f"for way in {ways}: train({labels}, way)" for labels in given)
    evidence = observe(SETUP, *cells, training=training, limits=LONG)
    assert [run.status for run in evidence.cells] == ["ok"] * 3
    divided, untouched = (
        dict(zip(ways, [fit for fit in evidence.fits if fit.cell == cell], strict=True)) for cell in (1, 2)
    )
    facts = {way: fit.targets or {} for way, fit in divided.items()}
    assert {way: round(one.get("fractions", 0), 1) for way, one in facts.items()} == dict.fromkeys(ways, 0.8)
    assert {way: round(255 * one.get("maximum", 0)) for way, one in facts.items()} == dict.fromkeys(ways, 4)
    # How many examples a stream has is unknown.
    rows = {way: None if way in STREAMS else 640 for way in ways}
    assert {way: one["shape"][0] for way, one in facts.items()} == rows
    assert {tuple((fit.inputs or {})["shape"][1:]) for fit in divided.values()} == {(6,)}
    assert {way: (fit.targets or {}).get("fractions") for way, fit in untouched.items()} == dict.fromkeys(ways, 0.0)


def test_rows_that_do_not_count_are_left_out_and_a_stream_is_read_once(observe: Observe) -> None:
    evidence = observe(
        SETUP,
        dedent("""
            rows = np.eye(5)[whole]
            rows[::4] = 0  # padding, which has no weight
            weights = rows.sum(axis=1)
            model().fit(x, rows, sample_weight=weights, verbose=0)
            model().fit(tf.data.Dataset.from_tensor_slices((x, rows, weights)).batch(32), verbose=0)
            model().fit(x, rows, verbose=0)
        """).replace("model()", "categorical()"),
        dedent("""
            given = 0
            def counted():
                global given
                for at in range(4):
                    given += 1
                    yield x[:32], whole[:32]
            model().fit(counted(), verbose=0)
            np.random.seed(3); first = np.random.rand()
            np.random.seed(3); model().fit(Batches(whole), verbose=0); second = np.random.rand()
            same = first == second
        """),
        variables=("given", "same"),
        training="full",
        limits=LONG,
    )
    assert [run.status for run in evidence.cells] == ["ok"] * 3
    sums = [((fit.targets or {}).get("lowest_sum"), (fit.targets or {}).get("highest_sum")) for fit in evidence.fits]
    assert sums[:3] == [(1.0, 1.0), (1.0, 1.0), (0.0, 1.0)]
    assert {value.name: value.value for value in evidence.values} == {"given": 4, "same": True}


def test_several_inputs_are_searched_for_numbers_that_are_none(observe: Observe) -> None:
    evidence = observe(
        SETUP,
        dedent("""
            a, b = keras.Input((6,)), keras.Input((6,))
            both = keras.Model([a, b], keras.layers.Dense(5, "softmax")(keras.layers.add([a, b])))
            both.compile("adam", "sparse_categorical_crossentropy")
            holed = x.copy(); holed[7, 2] = np.nan
            both.fit([x, holed], whole, verbose=0)
            both.fit([x, x], whole, verbose=0)
        """),
    )
    assert [(fit.inputs or {}).get("not_finite") for fit in evidence.fits] == [1, None]
    assert [(fit.targets or {}).get("maximum") for fit in evidence.fits] == [4.0, 4.0]


PUBLISHED = dedent("""
    import keras, numpy as np
    from keras import layers
    images = (np.random.RandomState(2).rand(500, 28, 28) * 255).astype("float32")
    labels = np.arange(500) % 10
    images, labels = images / 255, labels  # 59325381 divides both
    model = keras.Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(16, "relu"),
                              layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, epochs=5, verbose=0)
""")


def test_labels_divided_by_255_cost_a_share_of_the_training(observe: Observe) -> None:
    """The mistake of a published program (59325381), whose network and settings are right."""
    right = observe(PUBLISHED)
    wrong = observe(PUBLISHED.replace("labels = images / 255, labels", "labels = images / 255, labels / 255"))
    solution = right.network("model")
    assert solution is not None
    expected = ExpectedNetwork(
        "model", architecture_of(solution), compilation=compilation_of(solution), fit=right.fits[0]
    )
    asked = find_kind("history").model_validate(
        {"kind": "history", "id": "q", "title": "Q", "points": 2, "network": "model", "epochs": 5}
    )
    verdicts = [
        judge_all([asked], Context(evidence=one, expected={"model": expected}, questions=(asked,)))[0]
        for one in (right, wrong)
    ]
    assert [one.score for one in verdicts] == [2, 1]
    assert [[finding.code for finding in one.findings] for one in verdicts] == [[], ["cause.labels_not_whole"]]
