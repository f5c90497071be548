"""Notebooks as Keras 1 and 2 were taught run as they are, and what was understood is said once."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autograder.observe.compatibility.keras_generation import is_keras_1
from autograder.records.evidence import Evidence
from tests.observe.conftest import Observe

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
    "functions": (
        "import tensorflow as tf\n"
        "model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation=tf.nn.relu)])\n"
        "model.save('reader.model')\nassert keras.models.load_model('reader.model').output_shape == (None, 3)",
        "old_keras.file",
    ),
    "added loss": (
        "from keras import backend as K\nfrom keras.losses import mse\na = keras.Input((8,))\n"
        "model = keras.Model(a, keras.layers.Dense(8)(keras.layers.Dense(2)(a)))\n"
        "model.add_loss(K.mean(mse(a, model.output)) * 8)\nmodel.compile(optimizer='adam')\n"
        "given = np.random.rand(40, 8)\nh = model.fit(given, epochs=2, validation_data=(given, None))\n"
        "assert len(h.history['loss']) == 2 and 0 < h.history['val_loss'][0] and model.evaluate(given) > 0",
        "old_keras.added_loss",
    ),
    "slices": (
        "from keras.models import slice_X\nfrom keras.engine.training import slice_arrays\n"
        "assert [len(one) for one in slice_X([x, y], 0, 3)] == [3, 3] and len(slice_arrays(x, [1, 2])) == 2",
        "old_keras.name",
    ),
    "contrib": ("from tensorflow.contrib.keras.api.keras.layers import Dense", "old_keras.module"),
    "table": (
        MODEL + "import pandas\nt = pandas.DataFrame(model.fit(x, y, validation_split=0.2).history)\n"
        "assert len(t['acc']) == len(t[['loss', 'val_acc']]) == len(t.acc) == 1 and 'acc' not in t",
        "old_keras.acc",
    ),
    "ends": (
        "a = keras.Input((8,))\nb = keras.layers.Dense(3)(a)\n"
        "assert keras.Model(input=a, output=b).output_shape == keras.models.Model(inputs=a, output=b).output_shape",
        "old_keras.argument",
    ),
    "estimator": (
        "from keras.wrappers.scikit_learn import KerasClassifier\n"
        "from tensorflow.keras.wrappers.scikit_learn import KerasRegressor\n"
        "from sklearn.model_selection import GridSearchCV, cross_val_score\n"
        "def build(units=3):\n"
        "    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(units, 'softmax')])\n"
        "    model.compile('adam', 'categorical_crossentropy')\n    return model\n"
        "k = KerasClassifier(build_fn=build, epochs=1, verbose=0)\n"
        "assert len(cross_val_score(k, x, y, cv=2)) == 2\n"
        "search = GridSearchCV(k, {'units': [3], 'batch_size': [10, 20]}, cv=2).fit(x, y)\n"
        "h = k.fit(x, y, epochs=2)\n"
        "assert 'loss' in h.history and k.predict_proba(x).shape == (40, 3) and 0 <= k.score(x, y) <= 1\n"
        "model = k.model",
        "old_keras.module",
    ),
    "backend": (
        MODEL + "from keras import backend as K\nK.set_image_dim_ordering(K.image_dim_ordering())\n"
        "K.set_value(model.optimizer.lr, 0.1)\nassert round(float(K.get_value(model.optimizer.lr)), 3) == 0.1\n"
        "assert K.eval(K.mean(K.variable([1.0, 3.0]))) == 2\n"
        "first = K.function([model.layers[0].input, K.learning_phase()], [model.layers[0].output])\n"
        "assert first([x, 0])[0].shape == (40, 64)",
        "old_keras.name",
    ),
    "merge": (
        "from keras.layers import Dense, merge\na = keras.Input((8,))\n"
        "assert merge([Dense(2)(a), Dense(3)(a)], mode='concat').shape == (None, 5)",
        "old_keras.name",
    ),
    "shapes": (
        MODEL + "assert [layer.output_shape for layer in model.layers] == [(None, 64), (None, 3)]\n"
        "keras.Sequential([keras.layers.Dense(3, batch_input_shape=(None, 8))]).input_shape",
        "old_keras.name",
    ),
    "size": (
        "from keras.losses import mse\nfrom matplotlib import cm\nassert cm.get_cmap('jet')(0)\n"
        "assert keras.Input(784).shape == (None, 784) and keras.Input(shape=3).shape == (None, 3)",
        "old_keras.name",
    ),
    "callbacks": (
        MODEL + "from keras.callbacks import ReduceLROnPlateau, TensorBoard\n"
        "c = [ReduceLROnPlateau(monitor='val_acc', epsilon=0.01), TensorBoard('./logs', write_grads=False)]\n"
        "h = model.fit(x, y, validation_data=(x, y), callbacks=c); h.history['lr']",
        "old_keras.argument",
    ),
    "epsilon": (
        MODEL + "model.compile(keras.optimizers.Adam(lr=0.001, beta_1=0.9, epsilon=None, decay=0.0), 'mse')\n"
        "model.fit(x, np.eye(3)[y])",
        "old_keras.dropped",
    ),
    "penalties": (
        "from keras.regularizers import l2, activity_l2, l1l2\nfrom keras.constraints import maxnorm\n"
        "from keras.initializers import normal\nfrom keras import initializations\n"
        "keras.layers.Dense(3, W_regularizer=l1l2(0.1), activity_regularizer=activity_l2(0.1))\n"
        "keras.layers.Dense(3, W_constraint=maxnorm(3))\n"
        "found = keras.layers.ThresholdedReLU(theta=0.5)(np.array([0.4, 0.6]))\n"
        "assert found.numpy().astype(bool).tolist() == [False, True]",
        "old_keras.name",
    ),
    "private": (
        "from tensorflow.python.keras.layers import Dense\nimport tensorflow.python.keras as k\n"
        "assert Dense is keras.layers.Dense and k.Sequential is keras.Sequential",
        "old_keras.module",
    ),
    "libraries": (
        "import matplotlib.pyplot as plt\nplt.style.use('seaborn-whitegrid')\nx.astype(np.int), np.product((2, 3))\n"
        "from sklearn.cross_validation import train_test_split\nfrom sklearn.externals import joblib\n"
        "from keras_preprocessing.image import ImageDataGenerator",
        "old_keras.name",
    ),
    "sequences": (
        "from keras.layers import LSTM, Convolution1D\n"
        "a = keras.Sequential([LSTM(4, input_dim=2, input_length=10, forget_bias_init='one', consume_less='cpu')])\n"
        "b = keras.Sequential([Convolution1D(4, 3, input_dim=2, input_length=10)])\n"
        "assert (a.output_shape, b.output_shape) == ((None, 4), (None, 8, 4))\n"
        "c = keras.Sequential([LSTM(4, batch_input_shape=(5, 10, 2), stateful=True)])\n"
        "c.reset_states()\nassert c.input_shape == (5, 10, 2)\n"
        "from keras.preprocessing.sequence import TimeseriesGenerator\n"
        "g = TimeseriesGenerator(np.zeros((20, 2)), np.zeros(20), length=10, batch_size=5)\n"
        "assert g[0][0].shape == (5, 10, 2)",
        "old_keras.argument",
    ),
    "initializers": (
        "from keras import initializations\n"
        "def first(shape, name=None):\n    return initializations.normal(shape, scale=0.01, name=name)\n"
        "def second(shape, dtype=None):\n    return np.ones(shape)\n"
        "model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, init=first)])\n"
        "model.add(keras.layers.Dense(2, kernel_initializer=second))\n"
        "assert abs(model.get_weights()[0]).max() < 0.1 and model.get_weights()[2].sum() == 6",
        "old_keras.argument",
    ),
    "own layer": (
        "class Own(keras.layers.Layer):\n"
        "    def build(self, shape):\n        self.k = self.add_weight('kernel', shape=[int(shape[-1]), 3])\n"
        "    def call(self, x):\n        return keras.ops.matmul(x, self.k)\n"
        "model = keras.Sequential([keras.Input((8,)), Own(name='own')])\n"
        "assert model.get_layer('own').get_output_at(0).shape == model.output.shape == (None, 3)",
        "old_keras.argument",
    ),
    "compile": (
        "model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])\n"
        "model.compile('sgd', 'mse', class_mode='categorical', sample_weight_mode=None, target_tensors=None)\n"
        "g = keras.preprocessing.image.ImageDataGenerator().flow(x, np.eye(3)[y], batch_size=8)\n"
        "model.evaluate_generator(g, val_samples=40)",
        "old_keras.dropped",
    ),
    "utils": (
        MODEL + "import tensorflow as tf\nfrom keras.utils.visualize_util import plot\n"
        "from keras.utils.training_utils import multi_gpu_model\nfrom keras.objectives import mse\n"
        "from keras.layers import Deconvolution2D, BatchNormalizationV2\n"
        "assert multi_gpu_model(model, gpus=2) is model\n"
        "assert tf.keras.layers.experimental.preprocessing.Rescaling(1 / 255) and keras.losses.cosine_proximity",
        "old_keras.module",
    ),
    "saved by function": (
        MODEL + "keras.models.save_model(model, './logs/net')\n"
        "keras.models.load_model('./logs/net')\n"
        "model.save_weights('w.h5')\nmodel.load_weights('w.h5', by_name=True)",
        "old_keras.file",
    ),
    "tables": (
        "import pandas\nfrom sklearn.preprocessing import OneHotEncoder\n"
        "frame = pandas.DataFrame({'a': [1], 'b': [2]})\n"
        "assert frame.append({'a': 3, 'b': 4}, ignore_index=True).as_matrix(['a']).tolist() == [[1], [3]]\n"
        "assert OneHotEncoder(sparse=False).fit_transform(y[:, None]).shape == (40, len(set(y)))",
        "old_keras.name",
    ),
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
        "keras.Sequential([keras.layers.Dense(3)]).output",
        "import pandas\nframe = list(pandas.DataFrame(h.history).columns)\npandas.DataFrame({'loss': [1]})['acc']",
        variables=("keys", "there", "window", "steps", "frame"),
    )
    values = {value.name: value.value for value in evidence.values}
    assert values == {
        "keys": ["accuracy", "loss", "val_accuracy", "val_loss"],
        "there": False,
        "window": [3, 3],
        "steps": [3, 3],
        "frame": ["accuracy", "loss", "val_accuracy", "val_loss"],
    }
    assert problems(evidence) == [
        "AttributeError: module 'keras.layers' has no attribute 'Nothing'",
        "AttributeError: The layer sequential_1 has never been called and thus has no defined output.",
        "KeyError: 'acc'",
    ]
    assert codes(evidence) == set()


@pytest.mark.slow
def test_keras_3_alone_is_judged_strictly_where_the_assignment_says_so(observe: Observe) -> None:
    evidence = observe("import keras\nkeras.optimizers.Adam(lr=0.1)", "import keras.layers.core", keras="3")
    assert [cell.status for cell in evidence.cells] == ["error", "error"]
    assert codes(evidence) == set()


def test_a_notebook_of_keras_1_is_told_by_arguments_that_only_it_had() -> None:
    assert is_keras_1(["model.fit(x, y,\n  nb_epoch=3)"])
    assert is_keras_1(["from keras.layers import Conv2D", "model.predict_classes(x)"])
    assert not is_keras_1(["import keras, tensorflow as tf\nx = tf.keras.Input((3,))", "model.predict_classes(x)"])
    assert not is_keras_1(["nb_epoch = 3\nmodel.fit(x, y, epochs=nb_epoch)", "# fit(x, nb_epoch=3)"])
