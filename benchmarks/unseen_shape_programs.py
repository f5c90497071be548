"""Programs like those of `shape_programs` that the rules were not written with, and programs without such a cause."""

from __future__ import annotations

from benchmarks.shape_programs import Program

# A program is read like a cell of a notebook; the formatter would spread it over several lines of Python.
# fmt: off
# Written after the rules. In the first run 21 of these 24 were explained; the rules were then completed for the two
# with validation data and the one with TimeDistributed.
LATER = (
    Program("a colour image in grey", "channels", "", """
m = cnn((28, 28, 1))
compiled(m).fit(pictures(64, 28, 28, 3), whole())
"""),
    Program("functional without Flatten", "flatten_missing", "Dense", """
i = layers.Input((28, 28, 1))
h = layers.Conv2D(4, 3, activation="relu")(i)
h = layers.MaxPooling2D()(h)
m = Model(i, layers.Dense(10, activation="softmax")(h))
compiled(m, "categorical_crossentropy").fit(x, one_hot())
"""),
    Program("functional Dense before Conv2D", "dense_before_conv", "Conv2D", """
i = layers.Input((28, 28, 1))
h = layers.Flatten()(i)
h = layers.Dense(32, activation="relu")(h)
h = layers.Conv2D(4, 3)(h)
"""),
    Program("a table into Conv2D in fit", "input_rank", "Conv2D", """
m = Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10)])
compiled(m).fit(table, whole())
"""),
    Program("Bidirectional after Bidirectional", "return_sequences_missing", "Bidirectional", """
m = Sequential()
m.add(layers.Input((20,)))
m.add(layers.Embedding(100, 8))
m.add(layers.Bidirectional(layers.LSTM(4)))
m.add(layers.Bidirectional(layers.LSTM(4)))
"""),
    Program("Embedding into Conv2D", "input_rank", "Conv2D", """
m = Sequential([layers.Input((20,)), layers.Embedding(100, 8), layers.Conv2D(4, 3)])
"""),
    Program("pooling after global pooling", "flattened_too_early", "MaxPooling1D", """
m = Sequential([layers.Input((20, 6)), layers.Conv1D(4, 3), layers.GlobalMaxPooling1D(), layers.MaxPooling1D(2)])
"""),
    Program("strides in one branch", "merge", "Add", """
def block(t, n):
    a = layers.Conv2D(n, 3, strides=2, padding="same")(t)
    return layers.Add()([t, a])
block(layers.Input((32, 32, 16)), 16)
"""),
    Program("U-Net of an odd size", "merge", "Concatenate", """
i = layers.Input((25, 25, 1))
d = layers.MaxPooling2D()(layers.Conv2D(4, 3, padding="same")(i))
u = layers.UpSampling2D()(d)
layers.Concatenate()([u, i])
"""),
    Program("ten units, binary loss", "units_and_classes", "Dense", """
compiled(dense(10), "binary_crossentropy").fit(flat, whole())
"""),
    Program("five classes, one-hot of ten", "units_and_classes", "Dense", """
compiled(cnn(n=5), "categorical_crossentropy").fit(x, one_hot(), validation_split=0.25)
"""),
    Program("wrong labels for validation", "labels_one_hot", "Dense", """
compiled(dense()).fit(flat, whole(), validation_data=(flat, one_hot()))
"""),
    Program("wrong shape for validation", "input_rank", "", """
compiled(dense()).fit(flat, whole(), validation_data=(grey, whole()))
"""),
    Program("too deep for small images", "nothing_left", "Conv2D", """
m = Sequential([layers.Input((28, 28, 1))])
for n in (8, 16, 32, 64):
    m.add(layers.Conv2D(n, 3, activation="relu"))
    m.add(layers.MaxPooling2D(2))
"""),
    Program("evaluate on raw images", "input_rank", "", """
compiled(dense()).evaluate(grey, whole(), verbose=0)
"""),
    Program("predict of a table with a column more", "features", "", """
m = Sequential([layers.Input((12,)), layers.Dense(1)])
m.predict(table, verbose=0)
"""),
    Program("Reshape of a decoder", "reshape_count", "Reshape", """
m = Sequential([layers.Input((32,)), layers.Dense(7 * 7 * 16), layers.Reshape((7, 7, 32)), layers.UpSampling2D()])
"""),
    Program("a decoder of another size", "target_shape", "Conv2D", """
m = Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(),
    layers.UpSampling2D(), layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
compiled(m, "binary_crossentropy").fit(x, x)
"""),
    Program("a generator of flat images", "input_rank", "", """
def batches():
    for at in range(0, 64, 8): yield flat[at:at + 8], whole(8)
compiled(cnn()).fit(batches(), steps_per_epoch=4)
"""),
    Program("TimeDistributed on rows", "input_rank", "TimeDistributed", """
m = Sequential([layers.Input((20,)), layers.TimeDistributed(layers.Dense(4))])
"""),
    Program("LSTM after Flatten", "flattened_too_early", "LSTM", """
m = Sequential([layers.Input((20, 6)), layers.Conv1D(8, 3), layers.Flatten(), layers.LSTM(4)])
"""),
    Program("Conv2D on images with a time axis", "input_rank", "Conv2D", """
m = Sequential([layers.Input((5, 28, 28, 1)), layers.Conv2D(4, 3, activation="relu"), layers.LSTM(4)])
"""),
    Program("labels as a DataFrame of dummies", "labels_one_hot", "Dense", """
import pandas as pd
compiled(dense()).fit(flat, pd.get_dummies(whole()).astype("float32"))
"""),
    Program("the whole list of images", "input_rank", "", """
compiled(dense()).predict([image.tolist() for image in grey[:8]], verbose=0)
"""),
)

# Written last; nothing was changed for them at first, when 12 of 14 were explained. Two more have been since.
LAST = (
    Program("Conv1D on a table in fit", "input_rank", "Conv1D", """
m = Sequential([layers.Conv1D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(1)])
compiled(m, "mse").fit(table, pictures(64, 1))
"""),
    Program("GRU on one feature", "input_rank", "GRU", """
m = Sequential()
m.add(layers.GRU(8, input_shape=(20,)))
"""),
    Program("reshaped to channels first", "channels_first", "", """
compiled(cnn()).fit(x.reshape(-1, 1, 28, 28), whole(), epochs=2)
"""),
    Program("three one-hot classes, softmax of two", "units_and_classes", "Dense", """
m = Sequential([layers.Input((13,)), layers.Dense(8, activation="relu"), layers.Dense(2, activation="softmax")])
compiled(m, "categorical_crossentropy").fit(table, one_hot(64, 3))
"""),
    Program("a softmax layer after convolutions only", "flatten_missing", "Conv2D", """
m = Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3), layers.Conv2D(10, 3), layers.Softmax()])
compiled(m, "categorical_crossentropy").fit(x, one_hot())
"""),
    Program("one-hot labels given to a subclass of Model", "units_and_classes", "Dense", """
class Net(Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = layers.Dense(8), layers.Dense(1, activation="sigmoid")
    def call(self, t): return self.b(self.a(t))
compiled(Net(), "binary_crossentropy").fit(table, one_hot(64, 2))
"""),
    Program("skip connection over pooling", "merge", "Concatenate", """
i = layers.Input((28, 28, 1))
a = layers.Conv2D(8, 3, padding="same", activation="relu")(i)
b = layers.MaxPooling2D(2)(a)
c = layers.Conv2D(8, 3, padding="same", activation="relu")(b)
out = layers.Dense(10)(layers.Flatten()(layers.concatenate([a, c])))
"""),
    Program("a layer called with two lists", "merge", "Average", """
a, b = layers.Input((8,)), layers.Input((6,))
layers.average([layers.Dense(4)(a), b])
"""),
    Program("labels of another split", "rows_differ", "", """
train, held = x[:48], x[48:]
labels = one_hot()
compiled(cnn(), "categorical_crossentropy").fit(train, labels, validation_data=(held, labels[48:]))
"""),
    Program("Dense, then a sequence layer", "input_rank", "LSTM", """
m = Sequential([layers.Input((13,)), layers.Dense(16, activation="relu"), layers.LSTM(8), layers.Dense(1)])
"""),
    Program("a single text in predict", "batch_axis_missing", "", """
m = Sequential([layers.Input((20,)), layers.Embedding(100, 4), layers.Flatten(), layers.Dense(1)])
m.predict(words[0], verbose=0)
"""),
    Program("an image read with four channels", "channels", "", """
cnn((32, 32, 3)).predict(pictures(1, 32, 32, 4), verbose=0)
"""),
    Program("a network on top of features of another size", "features", "", """
base = Sequential([layers.Input((32, 32, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D()])
head = Sequential([layers.Input((8,)), layers.Dense(10)])
head(base(layers.Input((32, 32, 3))))
"""),
    Program("targets with a step too many", "sequence_length", "Dense", """
m = Sequential([layers.Input((20, 6)), layers.GRU(8, return_sequences=True), layers.TimeDistributed(layers.Dense(10,
    activation="softmax"))])
compiled(m).fit(steps, rng.integers(0, 10, (64, 21)))
"""),
)

# Right programs, and such that stop for other reasons: no cause of shapes may be named.
SILENT = (
    ("a dense network", """
compiled(dense()).fit(flat, whole(), verbose=0)
"""),
    ("a convolutional network", """
compiled(cnn(), 'categorical_crossentropy').fit(x, one_hot(), verbose=0)
"""),
    ("grey images that Keras completes", """
cnn().predict(grey[:4], verbose=0)
"""),
    ("a network of sequences", """
compiled(lstm()).fit(steps, whole(), verbose=0)
"""),
    ("a value for each step", """
m = Sequential([layers.Input((20, 6)), layers.LSTM(4, return_sequences=True), layers.Dense(1)])
compiled(m, 'mse').fit(steps, pictures(64, 20, 1), verbose=0)
"""),
    ("an autoencoder", """
m = Sequential([layers.Input((28, 28, 1)), layers.Conv2D(1, 3, padding='same')])
compiled(m, 'mse').fit(x, x, verbose=0)
"""),
    ("a failure that is caught", """
try: dense().predict(grey)
except ValueError: pass
"""),
    ("a failure that is caught, then another", """
try: dense().predict(grey)
except ValueError: pass
undefined
"""),
    ("an unknown activation", """
layers.Dense(10, activation='softmaxx')
"""),
    ("an unknown loss", """
compiled(dense(), 'crossentropi').fit(flat, whole())
"""),
    ("never compiled", """
dense().fit(flat, whole())
"""),
    ("a name that is missing", """
dense().fit(flatt, whole())
"""),
    ("texts in place of numbers", """
compiled(dense()).fit(np.array([['a'] * 784] * 64), whole())
"""),
    ("NumPy's own shapes", """
np.zeros((3, 4)) + np.zeros((4, 3))
"""),
    ("a forged message", """
raise ValueError('Input 0 of layer "conv2d" is incompatible with the layer: expected min_ndim=4, found ndim=3')
"""),
)
