"""A fourth set of programs that stop, as beginners write them, drawn up from what tutorials ask for; parts of the rules
had been read before."""

from __future__ import annotations

from benchmarks.shape_programs import Program

# A program is read like a cell of a notebook; the formatter would spread it over several lines of Python.
# fmt: off
FOURTH = (
    Program("three stacked recurrent layers, the middle one forgets", "return_sequences_missing", "LSTM", """
model = Sequential()
model.add(layers.LSTM(32, return_sequences=True, input_shape=(20, 6)))
model.add(layers.Dropout(0.2))
model.add(layers.LSTM(32))
model.add(layers.Dropout(0.2))
model.add(layers.LSTM(16))
model.add(layers.Dense(1))
"""),
    Program("a wrapped recurrent layer before attention over steps", "return_sequences_missing", "GRU", """
inputs = keras.Input(shape=(20,))
h = layers.Embedding(100, 16)(inputs)
h = layers.Bidirectional(layers.LSTM(16))(h)
h = layers.Dropout(0.3)(h)
outputs = layers.Dense(1, activation='sigmoid')(layers.GRU(8)(h))
"""),
    Program("a one-dimensional convolution of a signal without channels", "input_rank", "Conv1D", """
signal = pictures(64, 128)
model = Sequential()
model.add(layers.Conv1D(16, 5, activation='relu', input_shape=(128,)))
model.add(layers.GlobalMaxPooling1D())
model.add(layers.Dense(1, activation='sigmoid'))
"""),
    Program("the signal has channels in the network only", "input_rank", "", """
signal = pictures(64, 128)
model = Sequential([keras.Input((128, 3)), layers.Conv1D(16, 5, activation='relu'), layers.GlobalMaxPooling1D(),
    layers.Dense(1, activation='sigmoid')])
compiled(model, 'binary_crossentropy').fit(signal, whole(64, 2), epochs=2)
"""),
    Program("TimeDistributed convolution of single images", "input_rank", "TimeDistributed", """
model = Sequential()
model.add(keras.Input((32, 32, 3)))
model.add(layers.TimeDistributed(layers.Conv2D(8, 3)))
"""),
    Program("two towers of images of other sizes", "merge", "Concatenate", """
left, right = keras.Input((32, 32, 3), name='left'), keras.Input((28, 28, 1), name='right')
a = layers.Conv2D(8, 3, activation='relu')(left)
b = layers.Conv2D(8, 3, activation='relu')(right)
h = layers.Concatenate()([a, b])
model = Model([left, right], layers.Dense(1)(layers.Flatten()(h)))
"""),
    Program("a sequence beside a table", "merge", "Concatenate", """
text, extra = keras.Input((20,)), keras.Input((13,))
h = layers.LSTM(16, return_sequences=True)(layers.Embedding(100, 8)(text))
h = layers.Concatenate(axis=-1)([h, extra])
"""),
    Program("Multiply of unequal widths", "merge", "Multiply", """
inputs = keras.Input((13,))
gate = layers.Dense(8, activation='sigmoid')(inputs)
value = layers.Dense(16)(inputs)
out = layers.Multiply()([gate, value])
"""),
    Program("Reshape for a convolution, a number too many", "reshape_count", "Reshape", """
model = Sequential([keras.Input((784,)), layers.Reshape((28, 28, 3)), layers.Conv2D(8, 3), layers.Flatten(),
    layers.Dense(10, activation='softmax')])
"""),
    Program("input_shape with the batch axis as None", "batch_axis_twice", "", """
model = Sequential()
model.add(layers.Dense(16, activation='relu', input_shape=(None, 13)))
model.add(layers.Dense(1))
compiled(model, 'mse').fit(table, rng.random(64), epochs=1, verbose=0)
"""),
    Program("the shape of the training images as the input", "batch_axis_twice", "Conv2D", """
x_train = colour
inputs = keras.Input(shape=x_train.shape)
h = layers.Conv2D(16, (3, 3), activation='relu')(inputs)
"""),
    Program("validation images not flattened", "input_rank", "", """
x_train, x_val = flat[:48], grey[48:]
labels = whole()
compiled(dense()).fit(x_train, labels[:48], validation_data=(x_val, labels[48:]), epochs=1, verbose=0)
"""),
    Program("validation labels not one-hot", "labels_whole", "Dense", """
labels = whole()
y_train, y_val = keras.utils.to_categorical(labels[:48], 10), labels[48:]
compiled(cnn(), 'categorical_crossentropy').fit(x[:48], y_train, validation_data=(x[48:], y_val), verbose=0)
"""),
    Program("validation of another number of rows", "rows_differ", "", """
labels = whole()
compiled(cnn()).fit(x[:48], labels[:48], validation_data=(x[48:], labels), epochs=1, verbose=0)
"""),
    Program("a weight for each class in place of each example", "weights_differ", "", """
weights = np.ones(10)
compiled(dense()).fit(flat, whole(), sample_weight=weights, epochs=1, verbose=0)
"""),
    Program("one-hot labels left in after the loss was changed", "labels_one_hot", "Dense", """
y = keras.utils.to_categorical(whole(), 10)
model = cnn()
model.compile(optimizer='adam', loss=keras.losses.SparseCategoricalCrossentropy(), metrics=['accuracy'])
model.fit(x, y, epochs=1, batch_size=16, verbose=0)
"""),
    Program("a generator that yields the image alone", "stream_without_targets", "", """
def batches():
    while True:
        yield x[:16]
compiled(cnn()).fit(batches(), steps_per_epoch=4, epochs=1, verbose=0)
"""),
    Program("a generator that yields one image at a time", "batch_axis_missing", "", """
def samples():
    labels = whole()
    for image, label in zip(x, labels):
        yield image, label
compiled(cnn()).fit(samples(), steps_per_epoch=16, epochs=1, verbose=0)
"""),
    Program("a Keras data set that gives flat rows", "input_rank", "", """
class Batches(keras.utils.PyDataset):
    def __len__(self): return 4
    def __getitem__(self, i): return flat[i * 16:(i + 1) * 16], whole(16)
compiled(cnn()).fit(Batches(), epochs=1, verbose=0)
"""),
    Program("two inputs given as one array", "input_count", "", """
a, b = keras.Input((13,)), keras.Input((784,))
h = layers.Concatenate()([layers.Dense(8)(a), layers.Dense(8)(b)])
model = Model([a, b], layers.Dense(1)(h))
compiled(model, 'mse').fit(table, rng.random(64), epochs=1, verbose=0)
"""),
    Program("two inputs in the other order", "features", "", """
a, b = keras.Input((13,)), keras.Input((784,))
h = layers.Concatenate()([layers.Dense(8)(a), layers.Dense(8)(b)])
model = Model([a, b], layers.Dense(1)(h))
compiled(model, 'mse').fit([flat, table], rng.random(64), epochs=1, verbose=0)
"""),
    Program("three classes and one sigmoid, one-hot", "units_and_classes", "Dense", """
model = Sequential([keras.Input((13,)), layers.Dense(16, activation='relu'), layers.Dense(1, activation='sigmoid')])
model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
model.fit(table, one_hot(64, 3), epochs=1, verbose=0)
"""),
    Program("a picture predicted after squeeze", "batch_axis_missing", "", """
model = cnn((32, 32, 3))
picture = np.squeeze(colour[:1])
model.predict(picture, verbose=0)
"""),
    Program("grey pictures given to a colour network", "channels", "", """
model = cnn((32, 32, 3))
compiled(model).fit(pictures(64, 32, 32, 1), whole(), epochs=1, verbose=0)
"""),
    Program("pictures not resized", "image_size", "", """
model = compiled(cnn((32, 32, 3)))
model.evaluate(pictures(16, 48, 48, 3), whole(16), verbose=0)
"""),
    Program("a decoder of transposed convolutions of another size", "target_shape", "Conv2DTranspose", """
inp = keras.Input((28, 28, 1))
h = layers.Conv2D(8, 3, strides=2, padding='same', activation='relu')(inp)
h = layers.Conv2D(4, 3, strides=2, padding='same', activation='relu')(h)
h = layers.Conv2DTranspose(8, 3, strides=2, padding='same', activation='relu')(h)
out = layers.Conv2DTranspose(1, 3, strides=2, activation='sigmoid')(h)
compiled(Model(inp, out), 'mse').fit(x, x, epochs=1, verbose=0)
"""),
    Program("forecast of five steps, trained on one", "target_shape", "Dense", """
model = Sequential([keras.Input((20, 6)), layers.LSTM(8), layers.Dense(5)])
compiled(model, 'mse').fit(steps, rng.random((64, 4)), epochs=1, verbose=0)
"""),
    Program("a flattened network of embedded words of another length", "sequence_length", "", """
model = Sequential([keras.Input((20,)), layers.Embedding(100, 8), layers.Flatten(),
    layers.Dense(1, activation='sigmoid')])
compiled(model, 'binary_crossentropy')
model.fit(words, whole(64, 2), epochs=1, verbose=0)
model.predict(rng.integers(0, 100, (4, 12)), verbose=0)
"""),
    Program("pooling larger than what is left", "nothing_left", "MaxPooling2D", """
model = Sequential([keras.Input((28, 28, 1)), layers.Conv2D(8, 5, activation='relu'), layers.MaxPooling2D(4),
    layers.Conv2D(16, 5, activation='relu'), layers.MaxPooling2D(4), layers.Conv2D(32, 3, activation='relu')])
"""),
    Program("labels of the pictures in rows", "flatten_missing", "Dense", """
model = Sequential([keras.Input((32, 32, 3)), layers.Conv2D(8, 3, activation='relu'), layers.MaxPooling2D(),
    layers.Conv2D(16, 3, activation='relu'), layers.Dense(32, activation='relu'),
    layers.Dense(10, activation='softmax')])
model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])
model.fit(colour, whole(), epochs=1, verbose=0)
"""),
)
# fmt: on
