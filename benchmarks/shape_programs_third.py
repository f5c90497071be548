"""A third set of small programs that cannot be built or fitted, written without looking at the rules.

The first figure, before anything was changed for them, is in docs/diagnosis.md.
"""

from __future__ import annotations

from benchmarks.shape_programs import Program

# A program is read like a cell of a notebook; the formatter would spread it over several lines of Python.
# fmt: off
THIRD = (
    Program("MNIST as it comes, and Conv2D", "input_rank", "Conv2D", """
model = keras.Sequential()
model.add(layers.Conv2D(32, (3, 3), activation='relu', input_shape=grey.shape[1:]))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation='softmax'))
"""),
    Program("reshaped without the channel", "input_rank", "", """
X = x.reshape(64, 784)
model = cnn()
model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
model.fit(X, whole(), epochs=2, batch_size=16, verbose=0)
"""),
    Program("functional, grey images without a channel", "input_rank", "Conv2D", """
inp = keras.Input(shape=(28, 28))
h = layers.Conv2D(16, 3, activation='relu')(inp)
h = layers.GlobalAveragePooling2D()(h)
model = Model(inp, layers.Dense(10, activation='softmax')(h))
"""),
    Program("an LSTM on a table in fit", "input_rank", "LSTM", """
model = Sequential()
model.add(layers.LSTM(16))
model.add(layers.Dense(1))
model.compile(loss='mse', optimizer='adam')
model.fit(table, rng.random(64), epochs=1, verbose=0)
"""),
    Program("a series of numbers without a feature axis", "input_rank", "Conv1D", """
series = pictures(64, 24)
model = Sequential([keras.Input(shape=(24,)), layers.Conv1D(8, 3, activation='relu'), layers.GlobalMaxPooling1D(),
    layers.Dense(1)])
"""),
    Program("an embedding of sequences with a last axis", "input_rank", "GlobalAveragePooling1D", """
tokens = words[..., np.newaxis]
model = Sequential([keras.Input((20, 1)), layers.Embedding(100, 16), layers.GlobalAveragePooling1D(),
    layers.Dense(1, activation='sigmoid')])
"""),
    Program("an embedding of one-hot words", "input_rank", "LSTM", """
hot = np.eye(100, dtype='float32')[words]
model = Sequential()
model.add(layers.Embedding(100, 16))
model.add(layers.LSTM(8))
model.add(layers.Dense(1, activation='sigmoid'))
compiled(model, 'binary_crossentropy').fit(hot, whole(64, 2), verbose=0)
"""),
    Program("TimeDistributed Conv2D on single images", "input_rank", "TimeDistributed", """
model = Sequential([keras.Input((28, 28, 1)), layers.TimeDistributed(layers.Conv2D(8, 3)),
    layers.TimeDistributed(layers.Flatten()), layers.LSTM(8), layers.Dense(10, activation='softmax')])
"""),
    Program("frames into LSTM without Flatten", "input_rank", "LSTM", """
model = Sequential([keras.Input((5, 28, 28, 1)), layers.TimeDistributed(layers.Conv2D(8, 3, activation='relu')),
    layers.LSTM(16), layers.Dense(10, activation='softmax')])
"""),
    Program("PyTorch's order of images", "channels_first", "", """
images = np.transpose(colour, (0, 3, 1, 2))
model = cnn((32, 32, 3))
compiled(model).fit(images, whole(), verbose=0)
"""),
    Program("the channel expanded in front", "channels_first", "", """
images = np.expand_dims(grey, 1)
model = cnn()
compiled(model).fit(images, whole(), epochs=1, verbose=0)
"""),
    Program("a subclass without Flatten", "flatten_missing", "Dense", """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(8, 3, activation='relu')
        self.pool = layers.MaxPooling2D()
        self.out = layers.Dense(10, activation='softmax')
    def call(self, inputs):
        return self.out(self.pool(self.conv(inputs)))
net = Net()
net.compile('adam', 'sparse_categorical_crossentropy')
net.fit(x, whole(), epochs=1, verbose=0)
"""),
    Program("convolutions on a series without pooling", "flatten_missing", "Dense", """
model = Sequential([keras.Input((20, 6)), layers.Conv1D(8, 3, activation='relu'), layers.MaxPooling1D(2),
    layers.Dense(3, activation='softmax')])
compiled(model).fit(steps, whole(64, 3), epochs=1, verbose=0)
"""),
    Program("Flatten at the start of a CNN", "flattened_too_early", "Conv2D", """
model = Sequential()
model.add(keras.Input((32, 32, 3)))
model.add(layers.Flatten())
model.add(layers.Conv2D(32, (3, 3), activation='relu'))
model.add(layers.Dense(10, activation='softmax'))
"""),
    Program("functional, pooling after Flatten", "flattened_too_early", "MaxPooling2D", """
inp = keras.Input((28, 28, 1))
h = layers.Conv2D(8, 3)(inp)
h = layers.Flatten()(h)
h = layers.MaxPooling2D()(h)
"""),
    Program("Dense between reshaped rows and Conv1D", "dense_before_conv", "Conv1D", """
model = Sequential([keras.Input((13,)), layers.Dense(32, activation='relu'), layers.Conv1D(8, 3), layers.Flatten(),
    layers.Dense(1)])
"""),
    Program("to_categorical with too few classes in the network", "units_and_classes", "Dense", """
labels = keras.utils.to_categorical(whole(), 10)
model = dense(8)
model.compile(optimizer='sgd', loss='categorical_crossentropy', metrics=['accuracy'])
model.fit(flat, labels, epochs=1, verbose=0)
"""),
    Program("one sigmoid for three one-hot classes", "units_and_classes", "Dense", """
model = Sequential([keras.Input((13,)), layers.Dense(8, activation='relu'), layers.Dense(1, activation='sigmoid')])
compiled(model, 'binary_crossentropy').fit(table, one_hot(64, 3), verbose=0)
"""),
    Program("to_categorical forgotten", "labels_whole", "Dense", """
model = cnn()
model.compile(loss=keras.losses.CategoricalCrossentropy(), optimizer='adam', metrics=['accuracy'])
model.fit(x, whole(), batch_size=32, epochs=1, validation_split=0.2, verbose=0)
"""),
    Program("to_categorical and the sparse loss in tf.data", "labels_one_hot", "Dense", """
data = tf.data.Dataset.from_tensor_slices((x, one_hot())).shuffle(64).batch(16)
model = cnn()
compiled(model).fit(data, epochs=1, verbose=0)
"""),
    Program("tf.data mapped to one-hot twice", "one_hot_twice", "Dense", """
data = tf.data.Dataset.from_tensor_slices((flat, one_hot()))
data = data.map(lambda a, b: (a, tf.one_hot(tf.cast(b, tf.int32), 10))).batch(16)
compiled(dense(), 'categorical_crossentropy').fit(data, verbose=0)
"""),
    Program("the number of examples in the input", "batch_axis_twice", "LSTM", """
model = Sequential([keras.Input(shape=steps.shape), layers.LSTM(8), layers.Dense(1)])
"""),
    Program("a single image, shown and predicted", "batch_axis_missing", "", """
model = cnn()
image = x[0]
model.predict(image, verbose=0)
"""),
    Program("tf.data not batched", "batch_axis_missing", "", """
data = tf.data.Dataset.from_tensor_slices((flat, whole()))
compiled(dense()).fit(data, epochs=1, verbose=0)
"""),
    Program("a residual block that changes its filters", "merge", "Add", """
inp = keras.Input((32, 32, 3))
h = layers.Conv2D(16, 3, padding='same', activation='relu')(inp)
shortcut = h
h = layers.Conv2D(32, 3, padding='same', activation='relu')(h)
h = layers.Conv2D(32, 3, padding='same')(h)
h = layers.add([h, shortcut])
"""),
    Program("image features beside a table, not flattened", "merge", "Concatenate", """
image, columns = keras.Input((28, 28, 1)), keras.Input((13,))
h = layers.MaxPooling2D()(layers.Conv2D(8, 3)(image))
both = layers.Concatenate()([h, layers.Dense(8)(columns)])
"""),
    Program("skip connection without same padding", "merge", "Concatenate", """
inp = keras.Input((64, 64, 3))
a = layers.Conv2D(8, 3, activation='relu')(inp)
p = layers.MaxPooling2D()(a)
b = layers.Conv2D(16, 3, activation='relu')(p)
u = layers.UpSampling2D()(b)
out = layers.concatenate([a, u])
"""),
    Program("two recurrent layers, the first forgets", "return_sequences_missing", "GRU", """
inp = keras.Input((20, 6))
h = layers.GRU(32)(inp)
h = layers.GRU(16)(h)
model = Model(inp, layers.Dense(1)(h))
"""),
    Program("the last recurrent layer gives all steps", "sequences_returned", "Dense", """
model = Sequential([keras.Input((20,)), layers.Embedding(100, 8), layers.LSTM(8, return_sequences=True),
    layers.Dense(10, activation='softmax')])
compiled(model).fit(words, whole(), epochs=1, verbose=0)
"""),
    Program("an encoder whose decoder forgets RepeatVector", "input_rank", "LSTM", """
model = Sequential([keras.Input((20, 6)), layers.LSTM(16), layers.Dense(8), layers.LSTM(16, return_sequences=True),
    layers.TimeDistributed(layers.Dense(6))])
"""),
    Program("a wrong axis of a table", "rows_differ", "", """
model = Sequential([layers.Dense(8, activation='relu'), layers.Dense(1)])
compiled(model, 'mse').fit(table.T, rng.random(64), epochs=1, verbose=0)
"""),
    Program("labels of all, images of some", "rows_differ", "", """
labels = whole()
x_train, x_val = x[:48], x[48:]
compiled(cnn()).fit(x_train, labels, epochs=1, verbose=0)
"""),
    Program("the target left among the columns", "features", "", """
model = Sequential([keras.Input((12,)), layers.Dense(8, activation='relu'), layers.Dense(1)])
compiled(model, 'mse').fit(table, rng.random(64), verbose=0)
"""),
    Program("a summary before the size of the image is right", "image_size", "", """
model = cnn((32, 32, 1))
compiled(model).fit(x, whole(), verbose=0)
"""),
    Program("too many poolings", "nothing_left", "MaxPooling2D", """
model = Sequential([keras.Input((28, 28, 1))])
for filters in (8, 16, 32, 64, 128):
    model.add(layers.Conv2D(filters, 3, padding='same', activation='relu'))
    model.add(layers.MaxPooling2D())
"""),
    Program("a generator's images reshaped to another count", "reshape_count", "Reshape", """
model = Sequential([keras.Input((100,)), layers.Dense(7 * 7 * 64), layers.Reshape((7, 7, 128)),
    layers.Conv2DTranspose(64, 3, strides=2, padding='same')])
"""),
    Program("an autoencoder given labels", "target_shape", "Dense", """
model = Sequential([keras.Input((784,)), layers.Dense(32, activation='relu'), layers.Dense(784, activation='sigmoid')])
compiled(model, 'mse').fit(flat, one_hot(), epochs=1, verbose=0)
"""),
    Program("a decoder with valid padding", "target_shape", "Conv2D", """
model = Sequential([keras.Input((28, 28, 1)), layers.Conv2D(8, 3, padding='same', strides=2),
    layers.UpSampling2D(), layers.Conv2D(1, 3, activation='sigmoid')])
compiled(model, 'binary_crossentropy').fit(x, x, epochs=1, verbose=0)
"""),
)
# fmt: on
