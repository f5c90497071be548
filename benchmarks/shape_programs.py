"""Small programs of our own that cannot be built or fitted, as beginners write them.

Each is one cell of a notebook after `SETUP`. For a faulty one: the cause by the code of its finding, and the layer at
which it stops, by class ("" where none does: the labels or the rows are at fault, or the input of the whole network).
"""

from __future__ import annotations

from typing import NamedTuple

SETUP = """
import keras, numpy as np, tensorflow as tf
from keras import Model, Sequential, layers
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
    return Sequential([layers.Input((inputs,)), layers.Dense(16, "relu"), layers.Dense(n, activation)])
def cnn(shape=(28, 28, 1), n=10):
    return Sequential([layers.Input(shape), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(n, "softmax")])
def lstm(shape=(20, 6), n=10):
    return Sequential([layers.Input(shape), layers.LSTM(8), layers.Dense(n, "softmax")])
"""


class Program(NamedTuple):
    """A program, the cause that is to be found, the class of the layer at which it stops, and the source."""

    name: str
    cause: str
    layer: str
    source: str


# A program is read like a cell of a notebook; the formatter would spread it over several lines of Python.
# fmt: off
FAULTY = (
    Program("grey images into Conv2D", "input_rank", "Conv2D", """
m = Sequential([layers.Input((28, 28)), layers.Conv2D(4, 3)])
"""),
    Program("rows into Conv2D", "input_rank", "Conv2D", """
m = Sequential([layers.Input((784,)), layers.Conv2D(4, 3)])
"""),
    Program("no channel axis in fit", "input_rank", "Conv2D", """
m = Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10, 'softmax')])
compiled(m).fit(grey, whole(), epochs=1, verbose=0)
"""),
    Program("no colour axis in the data", "input_rank", "", """
compiled(cnn((32, 32, 3))).fit(pictures(64, 32, 32), whole())
"""),
    Program("images into a dense network", "input_rank", "", """
compiled(dense()).fit(x, whole(), verbose=0)
"""),
    Program("rows into a convolutional network", "input_rank", "", """
compiled(cnn()).fit(flat, whole(), verbose=0)
"""),
    Program("a table into LSTM", "input_rank", "LSTM", """
m = Sequential([layers.Input((13,)), layers.LSTM(8)])
"""),
    Program("a table into Conv1D", "input_rank", "Conv1D", """
m = Sequential([layers.Input((13,)), layers.Conv1D(8, 3)])
"""),
    Program("words twice embedded", "input_rank", "LSTM", """
m = Sequential([layers.Input((20, 1)), layers.Embedding(100, 8), layers.LSTM(4)])
"""),
    Program("MaxPooling2D on steps", "input_rank", "MaxPooling2D", """
m = Sequential([layers.Input((20, 6)), layers.Conv1D(4, 3), layers.MaxPooling2D(2)])
"""),
    Program("channels first in the data", "channels_first", "", """
compiled(cnn((32, 32, 3))).fit(first, whole())
"""),
    Program("channels first in the network", "channels_first", "", """
compiled(cnn((3, 32, 32))).fit(colour, whole())
"""),
    Program("grey channels first", "channels_first", "Conv2D", """
m = Sequential([layers.Input((1, 28, 28)), layers.Conv2D(4, 3)])
"""),
    Program("colour channels first", "channels_first", "Conv2D", """
m = Sequential([layers.Input((3, 32, 32)), layers.Conv2D(4, 5)])
"""),
    Program("channels first, pooled", "channels_first", "MaxPooling2D", """
m = Sequential([layers.Input((1, 28, 28)), layers.MaxPooling2D(2)])
"""),
    Program("channels first in predict", "channels_first", "", """
cnn().predict(pictures(8, 1, 28, 28), verbose=0)
"""),
    Program("no Flatten, whole labels", "flatten_missing", "Dense", """
m = Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.Dense(10, 'softmax')])
compiled(m).fit(x, whole(), epochs=1, verbose=0)
"""),
    Program("no Flatten, one-hot labels", "flatten_missing", "Dense", """
m = Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.MaxPooling2D(),
    layers.Dense(16, 'relu'), layers.Dense(10, 'softmax')])
compiled(m, 'categorical_crossentropy').fit(x, one_hot(), verbose=0)
"""),
    Program("Dense on images", "flatten_missing", "Dense", """
m = Sequential([layers.Input((28, 28)), layers.Dense(16, 'relu'), layers.Dense(10, 'softmax')])
compiled(m).fit(grey, whole(), epochs=1, verbose=0)
"""),
    Program("no Flatten, two classes", "flatten_missing", "Dense", """
m = Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.Dense(1, 'sigmoid')])
compiled(m, 'binary_crossentropy').fit(x, whole(64, 2), verbose=0)
"""),
    Program("no pooling after Embedding", "flatten_missing", "Dense", """
m = Sequential([layers.Input((20,)), layers.Embedding(100, 8), layers.Dense(10, 'softmax')])
compiled(m).fit(words, whole(), epochs=1, verbose=0)
"""),
    Program("Dense before Conv2D", "dense_before_conv", "Conv2D", """
m = Sequential([layers.Input((784,)), layers.Dense(64, 'relu'), layers.Conv2D(4, 3)])
"""),
    Program("Flatten and Dense before Conv2D", "dense_before_conv", "Conv2D", """
m = Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(64), layers.Conv2D(4, 3)])
"""),
    Program("Flatten before Conv2D", "flattened_too_early", "Conv2D", """
m = Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Conv2D(4, 3)])
"""),
    Program("Flatten before pooling", "flattened_too_early", "MaxPooling2D", """
m = Sequential()
m.add(layers.Input((28, 28, 1)))
m.add(layers.Conv2D(4, 3))
m.add(layers.Flatten())
m.add(layers.MaxPooling2D(2))
"""),
    Program("global pooling before Conv2D", "flattened_too_early", "Conv2D", """
m = Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(),
    layers.Conv2D(8, 3)])
"""),
    Program("nine units for ten one-hot classes", "units_and_classes", "Dense", """
compiled(dense(9), 'categorical_crossentropy').fit(flat, one_hot())
"""),
    Program("one unit for ten one-hot classes", "units_and_classes", "Dense", """
compiled(dense(1, 'sigmoid'), 'categorical_crossentropy').fit(flat, one_hot())
"""),
    Program("two units, binary loss", "units_and_classes", "Dense", """
compiled(dense(2, 'softmax'), 'binary_crossentropy').fit(flat, whole(64, 2))
"""),
    Program("one unit, one-hot of two", "units_and_classes", "Dense", """
compiled(dense(1, 'sigmoid'), 'binary_crossentropy').fit(flat, one_hot(64, 2))
"""),
    Program("whole labels, one-hot loss", "labels_whole", "Dense", """
compiled(dense(), 'categorical_crossentropy').fit(flat, whole())
"""),
    Program("a column of labels, one-hot loss", "labels_whole", "Dense", """
compiled(dense(), 'categorical_crossentropy').fit(flat, whole()[:, None])
"""),
    Program("one-hot labels, sparse loss", "labels_one_hot", "Dense", """
compiled(dense()).fit(flat, one_hot())
"""),
    Program("one-hot labels, sparse loss, evaluate", "labels_one_hot", "Dense", """
compiled(dense()).evaluate(flat, one_hot(), verbose=0)
"""),
    Program("one-hot twice", "one_hot_twice", "Dense", """
compiled(dense(), 'categorical_crossentropy').fit(flat, keras.utils.to_categorical(one_hot(), 10))
"""),
    Program("batch axis in Input", "batch_axis_twice", "Conv2D", """
m = Sequential([layers.Input((None, 28, 28, 1)), layers.Conv2D(4, 3)])
"""),
    Program("x.shape as the input shape", "batch_axis_twice", "Conv2D", """
m = Sequential([layers.Input(x.shape), layers.Conv2D(4, 3)])
"""),
    Program("input_shape with the rows", "batch_axis_twice", "Conv2D", """
m = Sequential([layers.Conv2D(4, 3, input_shape=x.shape), layers.Flatten()])
"""),
    Program("batch axis into LSTM", "batch_axis_twice", "LSTM", """
m = Sequential([layers.Input((64, 20, 6)), layers.LSTM(4)])
"""),
    Program("a batch of batches", "batch_axis_twice", "", """
cnn().predict(x[None, :8], verbose=0)
"""),
    Program("one image in predict", "batch_axis_missing", "", """
cnn().predict(x[0], verbose=0)
"""),
    Program("one row in predict", "batch_axis_missing", "", """
dense().predict(flat[0], verbose=0)
"""),
    Program("one row in a call", "batch_axis_missing", "", """
dense()(flat[0])
"""),
    Program("build without the batch", "batch_axis_missing", "Conv2D", """
m = Sequential([layers.Conv2D(4, 3), layers.Flatten()])
m.build((28, 28, 1))
"""),
    Program("features before steps", "axis_order", "", """
compiled(lstm()).fit(pictures(64, 6, 20), whole())
"""),
    Program("width before height", "axis_order", "", """
m = Sequential([layers.Input((28, 20, 1)), layers.Conv2D(4, (3, 5)), layers.Flatten(), layers.Dense(10)])
compiled(m).fit(pictures(64, 20, 28, 1), whole())
"""),
    Program("Permute leaves one out", "axis_order", "Permute", """
m = Sequential([layers.Input((28, 20, 3)), layers.Permute((2, 1))])
"""),
    Program("Add of different channels", "merge", "Add", """
i = layers.Input((28, 28, 1))
a = layers.Conv2D(4, 3)(i)
b = layers.Conv2D(8, 3)(i)
layers.Add()([a, b])
"""),
    Program("a residual without padding", "merge", "Add", """
i = layers.Input((28, 28, 4))
a = layers.BatchNormalization()(layers.Conv2D(4, 3)(i))
layers.add([i, a])
"""),
    Program("Concatenate of different sizes", "merge", "Concatenate", """
i = layers.Input((28, 28, 1))
a = layers.Conv2D(4, 3)(i)
b = layers.MaxPooling2D(2)(i)
layers.Concatenate()([a, b])
"""),
    Program("Concatenate of image and vector", "merge", "Concatenate", """
i = layers.Input((28, 28, 1))
a = layers.Flatten()(i)
layers.concatenate([i, a])
"""),
    Program("a plus of two branches", "merge", "Add", """
i = layers.Input((16,))
a = layers.Dense(8)(i)
b = layers.Dense(4)(i)
c = a + b
"""),
    Program("Dot of different lengths", "merge", "Dot", """
i = layers.Input((16,))
a = layers.Dense(8)(i)
b = layers.Dense(4)(i)
layers.Dot(1)([a, b])
"""),
    Program("texts of another length", "sequence_length", "", """
m = Sequential([layers.Input((20, 6)), layers.LSTM(4, return_sequences=True), layers.Flatten(),
    layers.Dense(10)])
compiled(m).fit(pictures(64, 25, 6), whole())
"""),
    Program("words of another length", "sequence_length", "", """
m = Sequential([layers.Input((20,)), layers.Embedding(100, 4), layers.Flatten(), layers.Dense(10, 'softmax')])
compiled(m).fit(rng.integers(0, 100, (64, 30)), whole())
"""),
    Program("lists of different lengths", "rows_of_different_length", "", """
m = Sequential([layers.Embedding(100, 4), layers.LSTM(4), layers.Dense(10)])
compiled(m).fit(np.array([[1] * (n + 1) for n in range(64)], dtype=object), whole())
"""),
    Program("shorter target sequences", "sequence_length", "Dense", """
m = Sequential([layers.Input((20, 6)), layers.LSTM(4, return_sequences=True), layers.Dense(1)])
compiled(m, 'mse').fit(steps, pictures(64, 15, 1))
"""),
    Program("LSTM after LSTM", "return_sequences_missing", "LSTM", """
m = Sequential([layers.Input((20, 6)), layers.LSTM(8), layers.LSTM(4)])
"""),
    Program("Conv1D after GRU", "return_sequences_missing", "Conv1D", """
m = Sequential([layers.Input((20, 6)), layers.GRU(8), layers.Conv1D(4, 3)])
"""),
    Program("all steps against one label", "sequences_returned", "Dense", """
m = Sequential([layers.Input((20, 6)), layers.LSTM(4, return_sequences=True), layers.Dense(10, 'softmax')])
compiled(m).fit(steps, whole())
"""),
    Program("RepeatVector of all steps", "sequences_returned", "RepeatVector", """
m = Sequential([layers.Input((20, 6)), layers.LSTM(4, return_sequences=True), layers.RepeatVector(5)])
"""),
    Program("three targets, two units", "target_shape", "Dense", """
compiled(dense(2, None), 'mse').fit(flat, pictures(64, 3))
"""),
    Program("images as targets of a vector", "target_shape", "Dense", """
compiled(dense(10, None), 'mse').fit(flat, x)
"""),
    Program("an autoencoder of another size", "target_shape", "Conv2D", """
m = Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.Conv2D(1, 3, padding='same')])
compiled(m, 'mse').fit(x, x)
"""),
    Program("fewer labels than images", "rows_differ", "", """
compiled(cnn()).fit(x, whole(60))
"""),
    Program("labels of the test images", "rows_differ", "", """
compiled(dense(), 'categorical_crossentropy').fit(flat, one_hot(16))
"""),
    Program("another number of columns", "features", "", """
compiled(dense(10, 'softmax', 30)).fit(table, whole())
"""),
    Program("grey images into a colour network", "channels", "", """
compiled(cnn((28, 28, 3))).fit(x, whole())
"""),
    Program("images of another size", "image_size", "", """
compiled(cnn((32, 32, 1))).fit(x, whole())
"""),
    Program("pooled away", "nothing_left", "Conv2D", """
m = Sequential([layers.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.MaxPooling2D(4), layers.Conv2D(4, 3)])
"""),
    Program("Reshape of another count", "reshape_count", "Reshape", """
m = Sequential([layers.Input((784,)), layers.Reshape((28, 28, 3))])
"""),
    Program("one Dense for two widths", "shared_layer", "Dense", """
d = layers.Dense(4)
d(layers.Input((8,)))
d(layers.Input((6,)))
"""),
    Program("one input for two", "input_count", "", """
a, b = layers.Input((8,)), layers.Input((6,))
m = keras.Model([a, b], layers.Dense(1)(layers.concatenate([a, b])))
m.predict(pictures(4, 8), verbose=0)
"""),
    Program("Flatten of an unknown size", "size_unknown", "Dense", """
m = Sequential([layers.Input((None, None, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10)])
"""),
    Program("a generator without batches", "batch_axis_missing", "", """
def g():
    while True: yield x[0], 3
compiled(cnn()).fit(g(), steps_per_epoch=2, epochs=1)
"""),
    Program("a generator of another order", "channels_first", "", """
def g():
    while True: yield pictures(8, 1, 28, 28), whole(8)
compiled(cnn()).fit(g(), steps_per_epoch=2)
"""),
    Program("a generator of one-hot labels", "labels_one_hot", "Dense", """
def g():
    while True: yield x[:8], one_hot(8)
compiled(cnn()).fit(g(), steps_per_epoch=2)
"""),
    Program("a generator without labels", "stream_without_targets", "", """
def g():
    while True: yield x[:8]
compiled(cnn()).fit(g(), steps_per_epoch=2)
"""),
    Program("tf.data without batches", "batch_axis_missing", "", """
compiled(cnn()).fit(tf.data.Dataset.from_tensor_slices((x, whole())))
"""),
    Program("tf.data of grey images", "channels", "", """
compiled(cnn((28, 28, 3))).fit(tf.data.Dataset.from_tensor_slices((x, whole())).batch(8))
"""),
    Program("a PyDataset of whole labels", "labels_whole", "Dense", """
class D(keras.utils.PyDataset):
    def __len__(self): return 2
    def __getitem__(self, i): return x[:8], whole(8)
compiled(cnn(), 'categorical_crossentropy').fit(D())
"""),
    Program("a subclass without channels", "input_rank", "Conv2D", """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.c, self.f, self.d = layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10, 'softmax')
    def call(self, x): return self.d(self.f(self.c(x)))
compiled(Net()).fit(grey, whole())
"""),
    Program("a subclass with one-hot labels", "labels_one_hot", "Dense", """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(10, 'softmax')
    def call(self, x): return self.d(x)
compiled(Net()).fit(flat, one_hot())
"""),
)
