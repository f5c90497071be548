"""Small programs of our own that cannot be built or fitted, as beginners write them, and right ones beside them.

Each is one cell of a notebook after `SETUP`. For a faulty one: the cause by the code of its finding, and the layer at
which it stops, by class ("" where none does: the labels or the rows are at fault, or the input of the whole network).
"""

from __future__ import annotations

from typing import NamedTuple

SETUP = """
import keras, numpy as np, tensorflow as tf
from keras import layers, ops
rng = np.random.default_rng(0)
def pictures(*shape): return rng.random(shape).astype("float32")
def whole(n=64, classes=10): return rng.integers(0, classes, n)
def one_hot(n=64, classes=10): return np.eye(classes, dtype="float32")[whole(n, classes)]
x, grey, flat = pictures(64, 28, 28, 1), pictures(64, 28, 28), pictures(64, 784)
colour, first = pictures(64, 32, 32, 3), pictures(64, 3, 32, 32)
steps, words, table = pictures(64, 20, 6), rng.integers(0, 100, (64, 20)), pictures(64, 13)
def compiled(model, loss="sparse_categorical_crossentropy"):
    model.compile("adam", loss)
    return model
def dense(n=10, activation="softmax", inputs=784):
    return keras.Sequential([layers.Input((inputs,)), layers.Dense(16, "relu"), layers.Dense(n, activation)])
def cnn(shape=(28, 28, 1), n=10):
    return keras.Sequential([layers.Input(shape), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(n, "softmax")])
def lstm(shape=(20, 6), n=10):
    return keras.Sequential([layers.Input(shape), layers.LSTM(8), layers.Dense(n, "softmax")])
"""


class Program(NamedTuple):
    """A program, the cause that is to be found, and the class of the layer at which it stops."""

    name: str
    source: str
    cause: str
    layer: str = ""


def _sequential(*written: str) -> str:
    return "m = keras.Sequential([" + ", ".join(f"layers.{one}" for one in written) + "])"


_FIT = "\ncompiled(m).fit({x}, {y}, epochs=1, verbose=0)"

FAULTY = (
    # The number of axes of the input.
    Program("grey images into Conv2D", _sequential("Input((28, 28))", "Conv2D(4, 3)"), "input_rank", "Conv2D"),
    Program("rows into Conv2D", _sequential("Input((784,))", "Conv2D(4, 3)"), "input_rank", "Conv2D"),
    Program(
        "no channel axis in fit",
        _sequential("Conv2D(4, 3)", "Flatten()", "Dense(10, 'softmax')") + _FIT.format(x="grey", y="whole()"),
        "input_rank",
        "Conv2D",
    ),
    Program(
        "no colour axis in the data", "compiled(cnn((32, 32, 3))).fit(pictures(64, 32, 32), whole())", "input_rank"
    ),
    Program("images into a dense network", "compiled(dense()).fit(x, whole(), verbose=0)", "input_rank"),
    Program("rows into a convolutional network", "compiled(cnn()).fit(flat, whole(), verbose=0)", "input_rank"),
    Program("a table into LSTM", _sequential("Input((13,))", "LSTM(8)"), "input_rank", "LSTM"),
    Program("a table into Conv1D", _sequential("Input((13,))", "Conv1D(8, 3)"), "input_rank", "Conv1D"),
    Program(
        "words twice embedded", _sequential("Input((20, 1))", "Embedding(100, 8)", "LSTM(4)"), "input_rank", "LSTM"
    ),
    Program(
        "MaxPooling2D on steps",
        _sequential("Input((20, 6))", "Conv1D(4, 3)", "MaxPooling2D(2)"),
        "input_rank",
        "MaxPooling2D",
    ),
    # Channels first.
    Program("channels first in the data", "compiled(cnn((32, 32, 3))).fit(first, whole())", "channels_first"),
    Program("channels first in the network", "compiled(cnn((3, 32, 32))).fit(colour, whole())", "channels_first"),
    Program("grey channels first", _sequential("Input((1, 28, 28))", "Conv2D(4, 3)"), "channels_first", "Conv2D"),
    Program("colour channels first", _sequential("Input((3, 32, 32))", "Conv2D(4, 5)"), "channels_first", "Conv2D"),
    Program(
        "channels first, pooled", _sequential("Input((1, 28, 28))", "MaxPooling2D(2)"), "channels_first", "MaxPooling2D"
    ),
    Program("channels first in predict", "cnn().predict(pictures(8, 1, 28, 28), verbose=0)", "channels_first"),
    # Flatten is missing.
    Program(
        "no Flatten, whole labels",
        _sequential("Input((28, 28, 1))", "Conv2D(4, 3)", "Dense(10, 'softmax')") + _FIT.format(x="x", y="whole()"),
        "flatten_missing",
        "Dense",
    ),
    Program(
        "no Flatten, one-hot labels",
        _sequential("Input((28, 28, 1))", "Conv2D(4, 3)", "MaxPooling2D()", "Dense(16, 'relu')", "Dense(10, 'softmax')")
        + "\ncompiled(m, 'categorical_crossentropy').fit(x, one_hot(), verbose=0)",
        "flatten_missing",
        "Dense",
    ),
    Program(
        "Dense on images",
        _sequential("Input((28, 28))", "Dense(16, 'relu')", "Dense(10, 'softmax')")
        + _FIT.format(x="grey", y="whole()"),
        "flatten_missing",
        "Dense",
    ),
    Program(
        "no Flatten, two classes",
        _sequential("Input((28, 28, 1))", "Conv2D(4, 3)", "Dense(1, 'sigmoid')")
        + "\ncompiled(m, 'binary_crossentropy').fit(x, whole(64, 2), verbose=0)",
        "flatten_missing",
        "Dense",
    ),
    Program(
        "no pooling after Embedding",
        _sequential("Input((20,))", "Embedding(100, 8)", "Dense(10, 'softmax')") + _FIT.format(x="words", y="whole()"),
        "flatten_missing",
        "Dense",
    ),
    # Dense before Conv, and Flatten too early.
    Program(
        "Dense before Conv2D",
        _sequential("Input((784,))", "Dense(64, 'relu')", "Conv2D(4, 3)"),
        "dense_before_conv",
        "Conv2D",
    ),
    Program(
        "Flatten and Dense before Conv2D",
        _sequential("Input((28, 28, 1))", "Flatten()", "Dense(64)", "Conv2D(4, 3)"),
        "dense_before_conv",
        "Conv2D",
    ),
    Program(
        "Flatten before Conv2D",
        _sequential("Input((28, 28, 1))", "Flatten()", "Conv2D(4, 3)"),
        "flattened_too_early",
        "Conv2D",
    ),
    Program(
        "Flatten before pooling",
        "m = keras.Sequential()\nm.add(layers.Input((28, 28, 1)))\nm.add(layers.Conv2D(4, 3))\nm.add(layers.Flatten())\nm.add(layers.MaxPooling2D(2))",
        "flattened_too_early",
        "MaxPooling2D",
    ),
    Program(
        "global pooling before Conv2D",
        _sequential("Input((28, 28, 1))", "Conv2D(4, 3)", "GlobalAveragePooling2D()", "Conv2D(8, 3)"),
        "flattened_too_early",
        "Conv2D",
    ),
    # Units against classes.
    Program(
        "nine units for ten one-hot classes",
        "compiled(dense(9), 'categorical_crossentropy').fit(flat, one_hot())",
        "units_and_classes",
        "Dense",
    ),
    Program(
        "one unit for ten one-hot classes",
        "compiled(dense(1, 'sigmoid'), 'categorical_crossentropy').fit(flat, one_hot())",
        "units_and_classes",
        "Dense",
    ),
    Program(
        "two units, binary loss",
        "compiled(dense(2, 'softmax'), 'binary_crossentropy').fit(flat, whole(64, 2))",
        "units_and_classes",
        "Dense",
    ),
    Program(
        "one unit, one-hot of two",
        "compiled(dense(1, 'sigmoid'), 'binary_crossentropy').fit(flat, one_hot(64, 2))",
        "units_and_classes",
        "Dense",
    ),
    # One-hot against sparse.
    Program(
        "whole labels, one-hot loss",
        "compiled(dense(), 'categorical_crossentropy').fit(flat, whole())",
        "labels_whole",
        "Dense",
    ),
    Program(
        "a column of labels, one-hot loss",
        "compiled(dense(), 'categorical_crossentropy').fit(flat, whole()[:, None])",
        "labels_whole",
        "Dense",
    ),
    Program("one-hot labels, sparse loss", "compiled(dense()).fit(flat, one_hot())", "labels_one_hot", "Dense"),
    Program(
        "one-hot labels, sparse loss, evaluate",
        "compiled(dense()).evaluate(flat, one_hot(), verbose=0)",
        "labels_one_hot",
        "Dense",
    ),
    Program(
        "one-hot twice",
        "compiled(dense(), 'categorical_crossentropy').fit(flat, keras.utils.to_categorical(one_hot(), 10))",
        "one_hot_twice",
        "Dense",
    ),
    # The batch axis.
    Program(
        "batch axis in Input", _sequential("Input((None, 28, 28, 1))", "Conv2D(4, 3)"), "batch_axis_twice", "Conv2D"
    ),
    Program("x.shape as the input shape", _sequential("Input(x.shape)", "Conv2D(4, 3)"), "batch_axis_twice", "Conv2D"),
    Program(
        "input_shape with the rows",
        _sequential("Conv2D(4, 3, input_shape=x.shape)", "Flatten()"),
        "batch_axis_twice",
        "Conv2D",
    ),
    Program("batch axis into LSTM", _sequential("Input((64, 20, 6))", "LSTM(4)"), "batch_axis_twice", "LSTM"),
    Program("a batch of batches", "cnn().predict(x[None, :8], verbose=0)", "batch_axis_twice"),
    Program("one image in predict", "cnn().predict(x[0], verbose=0)", "batch_axis_missing"),
    Program("one row in predict", "dense().predict(flat[0], verbose=0)", "batch_axis_missing"),
    Program("one row in a call", "dense()(flat[0])", "batch_axis_missing"),
    Program(
        "build without the batch",
        "m = keras.Sequential([layers.Conv2D(4, 3), layers.Flatten()])\nm.build((28, 28, 1))",
        "batch_axis_missing",
        "Conv2D",
    ),
    # The order of the axes.
    Program("features before steps", "compiled(lstm()).fit(pictures(64, 6, 20), whole())", "axis_order"),
    Program(
        "width before height",
        "m = keras.Sequential([layers.Input((28, 20, 1)), layers.Conv2D(4, (3, 5)), layers.Flatten(), layers.Dense(10)])\ncompiled(m).fit(pictures(64, 20, 28, 1), whole())",
        "axis_order",
    ),
    Program("Permute leaves one out", _sequential("Input((28, 20, 3))", "Permute((2, 1))"), "axis_order", "Permute"),
    # Joining branches.
    Program(
        "Add of different channels",
        "i = layers.Input((28, 28, 1))\na = layers.Conv2D(4, 3)(i)\nb = layers.Conv2D(8, 3)(i)\nlayers.Add()([a, b])",
        "merge",
        "Add",
    ),
    Program(
        "a residual without padding",
        "i = layers.Input((28, 28, 4))\na = layers.Conv2D(4, 3)(i)\nlayers.add([i, a])",
        "merge",
        "Add",
    ),
    Program(
        "Concatenate of different sizes",
        "i = layers.Input((28, 28, 1))\na = layers.Conv2D(4, 3)(i)\nb = layers.MaxPooling2D(2)(i)\nlayers.Concatenate()([a, b])",
        "merge",
        "Concatenate",
    ),
    Program(
        "Concatenate of image and vector",
        "i = layers.Input((28, 28, 1))\na = layers.Flatten()(i)\nlayers.concatenate([i, a])",
        "merge",
        "Concatenate",
    ),
    Program(
        "a plus of two branches",
        "i = layers.Input((16,))\na = layers.Dense(8)(i)\nb = layers.Dense(4)(i)\nc = a + b",
        "merge",
        "Add",
    ),
    Program(
        "Dot of different lengths",
        "i = layers.Input((16,))\na = layers.Dense(8)(i)\nb = layers.Dense(4)(i)\nlayers.Dot(1)([a, b])",
        "merge",
        "Dot",
    ),
    # Lengths of sequences, and what recurrent layers give out.
    Program(
        "texts of another length",
        "m = keras.Sequential([layers.Input((20, 6)), layers.LSTM(4, return_sequences=True), layers.Flatten(), layers.Dense(10)])\ncompiled(m).fit(pictures(64, 25, 6), whole())",
        "sequence_length",
    ),
    Program(
        "words of another length",
        "m = keras.Sequential([layers.Input((20,)), layers.Embedding(100, 4), layers.Flatten(), layers.Dense(10, 'softmax')])\ncompiled(m).fit(rng.integers(0, 100, (64, 30)), whole())",
        "sequence_length",
    ),
    Program(
        "lists of different lengths",
        "m = keras.Sequential([layers.Embedding(100, 4), layers.LSTM(4), layers.Dense(10)])\ncompiled(m).fit(np.array([[1] * (n + 1) for n in range(64)], dtype=object), whole())",
        "rows_of_different_length",
    ),
    Program(
        "shorter target sequences",
        "m = keras.Sequential([layers.Input((20, 6)), layers.LSTM(4, return_sequences=True), layers.Dense(1)])\ncompiled(m, 'mse').fit(steps, pictures(64, 15, 1))",
        "sequence_length",
        "Dense",
    ),
    Program("LSTM after LSTM", _sequential("Input((20, 6))", "LSTM(8)", "LSTM(4)"), "return_sequences_missing", "LSTM"),
    Program(
        "Conv1D after GRU",
        _sequential("Input((20, 6))", "GRU(8)", "Conv1D(4, 3)"),
        "return_sequences_missing",
        "Conv1D",
    ),
    Program(
        "all steps against one label",
        "m = keras.Sequential([layers.Input((20, 6)), layers.LSTM(4, return_sequences=True), layers.Dense(10, 'softmax')])\ncompiled(m).fit(steps, whole())",
        "sequences_returned",
        "Dense",
    ),
    Program(
        "RepeatVector of all steps",
        _sequential("Input((20, 6))", "LSTM(4, return_sequences=True)", "RepeatVector(5)"),
        "sequences_returned",
        "RepeatVector",
    ),
    # Targets.
    Program(
        "three targets, two units",
        "compiled(dense(2, None), 'mse').fit(flat, pictures(64, 3))",
        "target_shape",
        "Dense",
    ),
    Program("images as targets of a vector", "compiled(dense(10, None), 'mse').fit(flat, x)", "target_shape", "Dense"),
    Program(
        "an autoencoder of another size",
        "m = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.Conv2D(1, 3, padding='same')])\ncompiled(m, 'mse').fit(x, x)",
        "target_shape",
        "Conv2D",
    ),
    Program("fewer labels than images", "compiled(cnn()).fit(x, whole(60))", "rows_differ"),
    Program(
        "labels of the test images",
        "compiled(dense(), 'categorical_crossentropy').fit(flat, one_hot(16))",
        "rows_differ",
    ),
    # Sizes.
    Program("another number of columns", "compiled(dense(10, 'softmax', 30)).fit(table, whole())", "features"),
    Program("grey images into a colour network", "compiled(cnn((28, 28, 3))).fit(x, whole())", "channels"),
    Program("images of another size", "compiled(cnn((32, 32, 1))).fit(x, whole())", "image_size"),
    Program(
        "pooled away",
        _sequential("Input((8, 8, 1))", "Conv2D(4, 3)", "MaxPooling2D(4)", "Conv2D(4, 3)"),
        "nothing_left",
        "Conv2D",
    ),
    Program(
        "Reshape of another count", _sequential("Input((784,))", "Reshape((28, 28, 3))"), "reshape_count", "Reshape"
    ),
    Program(
        "one Dense for two widths",
        "d = layers.Dense(4)\nd(layers.Input((8,)))\nd(layers.Input((6,)))",
        "shared_layer",
        "Dense",
    ),
    Program(
        "one input for two",
        "a, b = layers.Input((8,)), layers.Input((6,))\nm = keras.Model([a, b], layers.Dense(1)(layers.concatenate([a, b])))\nm.predict(pictures(4, 8), verbose=0)",
        "input_count",
    ),
    Program(
        "Flatten of an unknown size",
        _sequential("Input((None, None, 3))", "Conv2D(4, 3)", "Flatten()", "Dense(10)"),
        "size_unknown",
        "Dense",
    ),
    # Generators.
    Program(
        "a generator without batches",
        "def g():\n    while True: yield x[0], 3\ncompiled(cnn()).fit(g(), steps_per_epoch=2, epochs=1)",
        "batch_axis_missing",
    ),
    Program(
        "a generator of another order",
        "def g():\n    while True: yield pictures(8, 1, 28, 28), whole(8)\ncompiled(cnn()).fit(g(), steps_per_epoch=2)",
        "channels_first",
    ),
    Program(
        "a generator of one-hot labels",
        "def g():\n    while True: yield x[:8], one_hot(8)\ncompiled(cnn()).fit(g(), steps_per_epoch=2)",
        "labels_one_hot",
        "Dense",
    ),
    Program(
        "a generator without labels",
        "def g():\n    while True: yield x[:8]\ncompiled(cnn()).fit(g(), steps_per_epoch=2)",
        "stream_without_targets",
    ),
    Program(
        "tf.data without batches",
        "compiled(cnn()).fit(tf.data.Dataset.from_tensor_slices((x, whole())))",
        "batch_axis_missing",
    ),
    Program(
        "tf.data of grey images",
        "compiled(cnn((28, 28, 3))).fit(tf.data.Dataset.from_tensor_slices((x, whole())).batch(8))",
        "channels",
    ),
    Program(
        "a PyDataset of whole labels",
        "class D(keras.utils.PyDataset):\n    def __len__(self): return 2\n    def __getitem__(self, i): return x[:8], whole(8)\ncompiled(cnn(), 'categorical_crossentropy').fit(D())",
        "labels_whole",
        "Dense",
    ),
    # Classes of the student's own.
    Program(
        "a subclass without channels",
        "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.c, self.f, self.d = layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10, 'softmax')\n    def call(self, x): return self.d(self.f(self.c(x)))\ncompiled(Net()).fit(grey, whole())",
        "input_rank",
        "Conv2D",
    ),
    Program(
        "a subclass with one-hot labels",
        "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.d = layers.Dense(10, 'softmax')\n    def call(self, x): return self.d(x)\ncompiled(Net()).fit(flat, one_hot())",
        "labels_one_hot",
        "Dense",
    ),
)

# Programs that stop for other reasons, or not at all: no cause of shapes may be named.
SILENT = (
    ("a dense network", "compiled(dense()).fit(flat, whole(), verbose=0)"),
    ("a convolutional network", "compiled(cnn(), 'categorical_crossentropy').fit(x, one_hot(), verbose=0)"),
    ("grey images that Keras completes", "cnn().predict(grey[:4], verbose=0)"),
    ("a network of sequences", "compiled(lstm()).fit(steps, whole(), verbose=0)"),
    (
        "a value for each step",
        "m = keras.Sequential([layers.Input((20, 6)), layers.LSTM(4, return_sequences=True), layers.Dense(1)])\ncompiled(m, 'mse').fit(steps, pictures(64, 20, 1), verbose=0)",
    ),
    (
        "an autoencoder",
        "m = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(1, 3, padding='same')])\ncompiled(m, 'mse').fit(x, x, verbose=0)",
    ),
    ("a failure that is caught", "try: dense().predict(grey)\nexcept ValueError: pass"),
    ("a failure that is caught, then another", "try: dense().predict(grey)\nexcept ValueError: pass\nundefined"),
    ("an unknown activation", "layers.Dense(10, activation='softmaxx')"),
    ("an unknown loss", "compiled(dense(), 'crossentropi').fit(flat, whole())"),
    ("never compiled", "dense().fit(flat, whole())"),
    ("a name that is missing", "dense().fit(flatt, whole())"),
    ("texts in place of numbers", "compiled(dense()).fit(np.array([['a'] * 784] * 64), whole())"),
    ("NumPy's own shapes", "np.zeros((3, 4)) + np.zeros((4, 3))"),
    (
        "a forged message",
        "raise ValueError('Input 0 of layer \"conv2d\" is incompatible with the layer: expected min_ndim=4, found ndim=3')",
    ),
)
