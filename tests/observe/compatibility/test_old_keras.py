"""Notebooks as Keras 1 and 2 were taught run as they are, and what was understood is said once."""

from __future__ import annotations

from textwrap import dedent

import pytest
from conftest import Observe

from autograder.observe.compatibility.keras_generation import is_keras_1
from autograder.records.evidence import Evidence

IMAGES = dedent("""
    import keras, numpy as np
    x, y = np.random.rand(40, 8, 8, 1), np.random.randint(0, 3, 40)
""")
MODEL = dedent("""
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
""")


def codes(evidence: Evidence) -> set[str]:
    return {note.code for note in evidence.notes}


def problems(evidence: Evidence) -> list[str]:
    return [f"{cell.failure.name}: {cell.failure.message}" for cell in evidence.cells if cell.failure]


RUNS = {
    "lr": (MODEL + "model.compile(keras.optimizers.SGD(lr=0.1, decay=1e-6), 'mse')", "old_keras.lr"),
    "positional": ("print(keras.optimizers.Adam(lr=0.1).lr)", "old_keras.lr"),
    "decay": ("keras.optimizers.SGD(learning_rate=0.1, decay=1e-6)", "old_keras.decay"),
    "legacy": ("import tensorflow as tf; tf.keras.optimizers.legacy.Adam(lr=0.1)", "old_keras.name"),
    "acc": (
        MODEL + "h = model.fit(x, y, validation_split=0.2); h.history['acc'], h.history['val_acc']",
        "old_keras.acc",
    ),
    "logs": (
        MODEL + "class C(keras.callbacks.Callback):\n"
        "    def on_epoch_end(self, epoch, logs={}):\n"
        "        assert logs.get('acc') is not None and logs['val_acc'] >= 0\n"
        "h = model.fit(x, y, validation_data=(x, y), callbacks=[C()])",
        "old_keras.acc",
    ),
    "monitor": (
        MODEL + "from keras.callbacks import EarlyStopping, ModelCheckpoint\n"
        "c = [EarlyStopping(monitor='val_acc'), ModelCheckpoint('w.{epoch}-{val_acc:.2f}.hdf5', 'val_acc', period=1)]\n"
        "h = model.fit(x, y, validation_data=(x, y), callbacks=c)",
        "old_keras.acc",
    ),
    "np_utils": ("from keras.utils import np_utils; np_utils.to_categorical(y, nb_classes=3)", "old_keras.module"),
    "attribute": ("keras.utils.np_utils.to_categorical(y, 3)", "old_keras.module"),
    "modules": (
        "from keras.layers.core import Dense\nfrom keras.layers.convolutional import Conv2D\n"
        "from tensorflow.keras.layers.normalization import BatchNormalization",
        "old_keras.module",
    ),
    "images": (
        MODEL + "from keras.preprocessing.image import ImageDataGenerator\n"
        "g = ImageDataGenerator(rotation_range=10, horizontal_flip=True, rescale=1 / 255, validation_split=0.2)\n"
        "g.fit(x)\n"
        "h = model.fit_generator(g.flow(x, y, batch_size=8), steps_per_epoch=len(x) / 8, nb_epoch=2, workers=2)",
        "old_keras.image_generator",
    ),
    "folder": (
        "import os, PIL.Image\nfrom tensorflow.keras.preprocessing.image import ImageDataGenerator\n"
        "for name in ('cat', 'dog'):\n"
        "    os.makedirs(f'pets/{name}')\n    PIL.Image.new('RGB', (9, 9)).save(f'pets/{name}/1.png')\n"
        "flow = keras.preprocessing.image.ImageDataGenerator().flow_from_directory('pets', target_size=(8, 8))\n"
        "assert flow.class_indices == {'cat': 0, 'dog': 1} and next(flow)[0].shape == (2, 8, 8, 3)",
        "old_keras.image_generator",
    ),
    "classes": (MODEL + "assert model.predict_classes(x).shape == (40,)", "old_keras.name"),
    "probabilities": (MODEL + "assert model.predict_proba(x).shape == (40, 3)", "old_keras.name"),
    "evaluate": (
        MODEL + "model.evaluate_generator(keras.preprocessing.image.ImageDataGenerator().flow(x, y), steps=2)",
        "old_keras.name",
    ),
    "session": (
        "import tensorflow as tf\nconfig = tf.ConfigProto()\nconfig.gpu_options.allow_growth = True\n"
        "keras.backend.set_session(tf.Session(config=config)); tf.set_random_seed(1)",
        "old_keras.session",
    ),
    "train": ("import tensorflow as tf\n" + MODEL + "model.compile(tf.train.AdamOptimizer(), 'mse')", "old_keras.name"),
    "saved": (
        MODEL
        + "model.save('net'); keras.models.load_model('net')\nmodel.save_weights('w.h5'); model.load_weights('w.h5')",
        "old_keras.file",
    ),
    "contrib": ("from tensorflow.contrib.keras.api.keras.layers import Dense", "old_keras.module"),
    "keras_1": (
        "from keras.layers import Convolution2D, Dense, Dropout\nmodel = keras.models.Sequential()\n"
        "model.add(Convolution2D(4, 3, 3, border_mode='same', subsample=(1, 1), init='normal',"
        " input_shape=(8, 8, 1)))\n"
        "model.add(Dropout(p=0.2)); model.add(keras.layers.Flatten()); model.add(Dense(output_dim=3))\n"
        "model.compile('adam', 'sparse_categorical_crossentropy'); model.fit(x, y, nb_epoch=2)\n"
        "assert model.layers[0].kernel_size == (3, 3) and model.layers[0].strides == (1, 1)",
        "old_keras.convolution",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("cell", "code"), RUNS.values(), ids=RUNS)
def test_names_of_old_are_understood_and_noted(observe: Observe, cell: str, code: str) -> None:
    evidence = observe(IMAGES, cell)
    assert problems(evidence) == []
    assert code in codes(evidence)


@pytest.mark.slow
def test_the_network_is_described_as_today_whatever_the_spelling(observe: Observe) -> None:
    evidence = observe(
        "from keras.models import Sequential\nfrom keras.layers import Convolution2D\nmodel = Sequential()\n"
        "model.add(Convolution2D(4, 3, 3, border_mode='same', input_shape=(8, 8, 1)))"
    )
    network = evidence.network("model")
    assert network is not None
    assert network.config is not None
    layer = network.config["layers"][-1]
    assert layer["class_name"] == "Conv2D"
    assert (layer["config"]["kernel_size"], layer["config"]["padding"]) == ([3, 3], "same")


@pytest.mark.slow
def test_code_of_today_is_left_alone(observe: Observe) -> None:
    evidence = observe(
        IMAGES + MODEL + "h = model.fit(x, y, validation_split=0.2, epochs=2)",
        "keys, there = list(h.history), 'acc' in h.history\n"
        "layer = keras.layers.Convolution2D(32, 3, 3)\nwindow, steps = layer.kernel_size, layer.strides",
        "keras.layers.Nothing",
        variables=("keys", "there", "window", "steps"),
    )
    values = {value.name: value.value for value in evidence.values}
    assert values == {
        "keys": ["accuracy", "loss", "val_accuracy", "val_loss"],
        "there": False,
        "window": [3, 3],
        "steps": [3, 3],
    }
    assert problems(evidence) == ["AttributeError: module 'keras.layers' has no attribute 'Nothing'"]
    assert codes(evidence) == set()


@pytest.mark.slow
def test_keras_3_alone_is_judged_strictly_where_the_assignment_says_so(observe: Observe) -> None:
    evidence = observe("import keras\nkeras.optimizers.Adam(lr=0.1)", "import keras.layers.core", keras="3")
    assert [cell.status for cell in evidence.cells] == ["error", "error"]
    assert codes(evidence) == set()


def test_a_notebook_of_keras_1_is_told_by_arguments_that_only_it_had() -> None:
    assert is_keras_1(["model.fit(x, y,\n  nb_epoch=3)"])
    assert not is_keras_1(["nb_epoch = 3\nmodel.fit(x, y, epochs=nb_epoch)", "# fit(x, nb_epoch=3)"])
