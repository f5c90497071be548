from __future__ import annotations

from textwrap import dedent

import pytest

from tests.observe.conftest import Observe

pytestmark = pytest.mark.slow

SETUP = dedent("""
    import keras, numpy as np, time
    from keras import layers
    x = np.random.rand(2000, 28, 28, 1).astype("float32") * 255
    y = np.eye(10)[np.arange(2000) % 10]
    def build():
        model = keras.Sequential([
            layers.Input((28, 28, 1)), layers.Conv2D(8, 3), layers.BatchNormalization(), layers.Activation("relu"),
            layers.Flatten(), layers.Dense(10, activation="softmax")])
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        return model
    model = build()
""")


def test_a_long_training_takes_a_moment_and_is_recorded_as_asked_for(observe: Observe) -> None:
    evidence = observe(
        SETUP,
        "history = model.fit(x[:1500], y[:1500], batch_size=128, epochs=1000, validation_data=(x[1500:], y[1500:]))",
    )
    (fit,) = evidence.fits
    assert evidence.cells[1].status == "ok"
    assert (fit.network, fit.variable, fit.epochs, fit.shortened, fit.cell) == ("model", "history", 1000, True, 1)
    assert {name: len(values) for name, values in fit.history.items()} == {
        "accuracy": 1,
        "loss": 1,
        "val_accuracy": 1,
        "val_loss": 1,
    }
    assert fit.inputs is not None
    assert fit.inputs["shape"] == [1500, 28, 28, 1]
    assert fit.inputs["maximum"] > 200
    assert fit.validation is not None
    assert fit.validation["inputs"]["shape"] == [500, 28, 28, 1]


def test_the_cells_after_a_shortened_training_find_a_full_history(observe: Observe) -> None:
    evidence = observe(
        SETUP + "import matplotlib.pyplot as plt\nhistory = model.fit(x, y, epochs=12, validation_split=0.2)",
        dedent("""
            plt.plot(np.arange(12), history.history["accuracy"])
            plt.plot(np.arange(12), history.history["val_accuracy"])
            lengths = [len(values) for values in history.history.values()] + [len(history.epoch)]
            params = history.params["epochs"]
            scores = model.evaluate(x[:200], y[:200], verbose=0)
            shape = model.predict(x[:5], verbose=0).shape
            again = len(model.fit(x, y, epochs=2, verbose=0).history["loss"])
        """),
        variables=("lengths", "params", "shape", "again"),
    )
    assert [cell.status for cell in evidence.cells] == ["ok", "ok"]
    assert [value.value for value in evidence.values] == [[12] * 5, 12, [5, 10], 2]
    assert [line["points"] for line in evidence.figures[0].axes[0]["lines"]] == [12, 12]


def test_every_way_of_training_still_works_when_shortened(observe: Observe) -> None:
    evidence = observe(
        SETUP,
        dedent("""
            import tensorflow as tf
            calls = []
            class Watch(keras.callbacks.Callback):
                def on_epoch_end(self, epoch, logs=None): calls.append(sorted(logs))
            lengths = []
            def note(history): lengths.append(len(history.history["loss"]))
            dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(64)
            note(build().fit(dataset, epochs=3, validation_data=dataset.take(2)))
            def batches():
                while True: yield x[:64], y[:64]
            note(build().fit(batches(), steps_per_epoch=500, epochs=4))
            stop = keras.callbacks.EarlyStopping(patience=3)
            note(build().fit(x, y, epochs=5, validation_split=0.1, callbacks=[Watch(), stop], class_weight={0: 2.0}))
            note(build().fit(x, y, epochs=6, sample_weight=np.ones(2000), validation_freq=2,
                             validation_data=(x[:50], y[:50])))
            note(tf.keras.Model.fit(build(), x, y, epochs=7, initial_epoch=2))
            class Own(keras.Sequential):
                def fit(self, *args, **named): return super().fit(*args, **named)
            own = Own(build().layers)
            own.compile("sgd", "mse")
            note(own.fit(x, y, epochs=8, verbose=0))
        """),
        variables=("calls", "lengths"),
    )
    assert [cell.failure for cell in evidence.cells] == [None, None]
    calls, lengths = (value.value for value in evidence.values)
    assert calls == [["accuracy", "loss", "val_accuracy", "val_loss"]]
    assert lengths == [3, 4, 5, 6, 5, 8]
    assert [fit.epochs for fit in evidence.fits] == [3, 4, 5, 6, 7, 8]


def test_mistakes_in_a_training_are_still_errors(observe: Observe) -> None:
    evidence = observe(
        SETUP,
        "model.fit(x, y[:1000])",
        "model.fit(x, np.zeros((2000, 7)))",
        "model.fit(x, y, epoch=3)",
        "keras.Sequential([layers.Dense(1)]).fit(x, y)",
        "model.fit(x.reshape(2000, 784), y)",
    )
    assert [cell.failure and cell.failure.name for cell in evidence.cells] == [
        None,
        "ValueError",
        "ValueError",
        "TypeError",
        "ValueError",
        "ValueError",
    ]
    assert [fit.history for fit in evidence.fits if fit.history] == []


def test_full_training_is_left_alone(observe: Observe) -> None:
    evidence = observe(
        SETUP
        + "history = model.fit(x[:256], y[:256], epochs=3, batch_size=64, verbose=0)\n"
        + "steps = model.optimizer.iterations.numpy()",
        training="full",
        variables=("steps",),
    )
    (fit,) = evidence.fits
    assert not fit.shortened
    assert len(fit.history["loss"]) == 3
    assert evidence.values[0].value == 12


def test_shortening_does_not_show_in_how_a_network_was_compiled(observe: Observe) -> None:
    evidence = observe(SETUP, "model.fit(x, y, verbose=0)")
    network = evidence.network("model")
    assert network is not None
    assert network.compile is not None
    assert network.compile["run_eagerly"] is False
