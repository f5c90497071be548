"""The life of networks, as the kernel tells it: noted when it happens, whatever holds them afterwards."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autograder.network.canonical import canonicalize
from autograder.records.evidence import Evidence, NetworkRecord
from tests.observe.conftest import Observe

pytestmark = pytest.mark.slow

SETUP = dedent("""
    import keras, numpy as np, pandas as pd, tensorflow as tf
    from keras import layers
    x, y = np.random.rand(1000, 6).astype("float32"), np.arange(1000) % 3
    def net(units=4):
        return keras.Sequential([
            layers.Input((6,)), layers.Dense(units, activation="relu"), layers.Dense(3, activation="softmax")])
    HOW = dict(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
""")
# A layer that notes how many rows come through it.
COUNTING = SETUP + dedent("""
    rows = []
    class Count(layers.Layer):
        def call(self, data):
            if data.shape[0]: rows.append(data.shape[0])
            return data
    model = keras.Sequential([layers.Input((6,)), Count(), layers.Dense(3, activation="softmax")])
    model.compile(**HOW)
    rows.clear()
""")


def kinds(record: NetworkRecord) -> list[str]:
    return [event.kind for event in record.events]


def no_failure(evidence: Evidence) -> None:
    assert [cell.failure for cell in evidence.cells if cell.failure] == []


def test_a_network_has_every_name_it_was_given_and_each_call(observe: Observe) -> None:
    evidence = observe(
        SETUP + "model = net()",
        "model_deep = model\nmodel.compile(**HOW)",
        "history = model_deep.fit(x, y, epochs=2, verbose=0)",
        "model = model.save('net.h5')",
    )
    (record,) = evidence.records
    assert record.names == ("model", "model_deep")
    assert kinds(record) == ["built", "named", "named", "compile", "fit", "save", "lost"]
    built, *_, saved, lost = record.events
    assert (built.cell, saved.name, saved.line, lost.detail) == (0, "net.h5", 1, "NoneType")
    assert [fit.record for fit in evidence.fits] == [record.number]
    # Keras forgets the optimizer when it writes such a file.
    assert record.last is not None
    assert record.last.compile is not None
    assert record.last.compile["optimizer"]["class_name"] == "Adam"


def test_networks_of_functions_of_loops_and_of_cells_that_fail_are_known(observe: Observe) -> None:
    evidence = observe(
        SETUP,
        dedent("""
            def train():
                inner = net(7)
                inner.compile(**HOW)
                return inner.fit(x, y, verbose=0).history["accuracy"][-1]
            train()
        """),
        "for units in (1, 2):\n    model = net(units); model.compile(**HOW); model.fit(x, y, verbose=0)\n1 / 0",
    )
    assert [record.names for record in evidence.records] == [("inner",), ("model",), ("model",)]
    assert [fit.record for fit in evidence.fits] == [1, 2, 3]
    units = [record.last.config["layers"][1]["config"]["units"] for record in evidence.records]  # type: ignore[union-attr,index]
    assert units == [7, 1, 2]
    lost = evidence.records[1].events[-1]
    assert (lost.kind, lost.detail, lost.cell) == ("lost", "3", 2)


def test_objects_are_not_kept_alive_and_of_many_the_last_is_told(observe: Observe) -> None:
    evidence = observe(
        SETUP + "import gc, weakref\nseen = []",
        "for units in range(70):\n    model = net(1); model.compile(**HOW); seen.append(weakref.ref(model))",
        "gc.collect(); alive = sum(one() is not None for one in seen)",
        variables=("alive",),
    )
    assert evidence.values[0].value == 1
    assert evidence.records_dropped > 0
    assert evidence.records[-1].number == len(evidence.records) + evidence.records_dropped == 70


def test_one_layer_object_counts_at_each_place_of_a_sequential(observe: Observe) -> None:
    evidence = observe(
        SETUP + "relu = layers.Activation('relu')\nmodel = keras.Sequential([layers.Input((6,))])\n"
        "for units in (4, 5):\n    model.add(layers.Dense(units)); model.add(relu)"
    )
    network = evidence.network("model")
    assert network is not None
    assert network.config is not None
    operations = canonicalize(network.class_name, network.config).operations
    assert [operation.kind for operation in operations] == ["Input", "Dense", "Activation", "Dense", "Activation"]


@pytest.mark.parametrize(
    "data",
    [
        "x, y",
        "tf.constant(x), tf.constant(y)",
        "pd.DataFrame(x), pd.Series(y)",
        "x, y, 1000",
        "tf.data.Dataset.from_tensor_slices((x, y)).batch(1000)",
        "((x, y) for _ in range(100)), steps_per_epoch=50",
        "Batches()",
    ],
)
def test_a_shortened_step_is_small_whatever_fit_is_given(observe: Observe, data: str) -> None:
    batches = "class Batches(keras.utils.PyDataset):\n" + "    __len__ = lambda self: 4\n"
    batches += "    __getitem__ = lambda self, index: (x, y)\n"
    call = data.replace(", 1000", ", batch_size=1000")
    evidence = observe(
        COUNTING + batches, f"length = len(model.fit({call}, epochs=3).history['loss'])", variables=("rows", "length")
    )
    no_failure(evidence)
    assert [value.value for value in evidence.values] == [[8], 3]


def test_several_inputs_and_validation_are_cut_too(observe: Observe) -> None:
    evidence = observe(
        COUNTING,
        dedent("""
            left, right = layers.Input((3,)), layers.Input((3,))
            both = Count()(layers.concatenate([left, right]))
            two = keras.Model([left, right], layers.Dense(3, activation="softmax")(both))
            two.compile(**HOW)
            rows.clear()
            history = two.fit([x[:, :3], x[:, 3:]], y, validation_split=0.1, batch_size=4, epochs=2)
            keys = sorted(history.history)
        """),
        variables=("rows", "keys"),
    )
    no_failure(evidence)
    assert [value.value for value in evidence.values] == [[4, 4], ["accuracy", "loss", "val_accuracy", "val_loss"]]


def test_evaluate_and_predict_are_bounded_after_a_shortened_fit_and_keep_their_shape(observe: Observe) -> None:
    evidence = observe(
        COUNTING + "model.predict(x, verbose=0); before = sum(rows)",
        "model.fit(x, y, verbose=0); rows.clear()",
        "shape = model.predict(tf.constant(x), verbose=0).shape",
        "several = len(model.evaluate(x, y, verbose=0))\nnamed = sorted(model.evaluate(x, y, return_dict=True))",
        "few = model.predict(x[:5]).shape\ncomputed = sum(rows)",
        variables=("shape", "several", "named", "few", "computed"),
    )
    no_failure(evidence)
    shape, several, named, few, computed = (value.value for value in evidence.values)
    assert (shape, several, named, few) == ([1000, 3], 2, ["accuracy", "loss"], [5, 3])
    assert computed < 500


def test_a_callback_that_stops_fit_is_kept_in_its_own_words(observe: Observe) -> None:
    evidence = observe(
        SETUP + "model = net(); model.compile(**HOW)",
        dedent("""
            class Stop(keras.callbacks.Callback):
                def on_epoch_end(self, epoch, logs=None):
                    self.model.stop_training = logs.get("precision") > 0.9
            model.fit(x, y, epochs=5, callbacks=[Stop()])
        """),
    )
    (fit,) = evidence.fits
    assert fit.failure is not None
    assert fit.failure.name == "TypeError"
    assert "NoneType" in fit.failure.message
    assert (fit.epochs, fit.history) == (5, {})
