"""Correct ways of writing cnn2: each is the network of the handout, and earns everything that can be decided."""

from __future__ import annotations

from sheet import SOLVED, Samples, Sheet

VARIANTS = Samples()
variant = VARIANTS.student

@variant("list", "Sequential with a list of layers")
def _(sheet: Sheet) -> None:
    sheet.rewrite("network", """
model = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        layers.Conv2D(32, (3, 3), padding="same", kernel_initializer="he_normal"),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.Conv2D(32, (3, 3), padding="same", kernel_initializer="he_normal"),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        # here is your code coming:
        layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPooling2D((2, 2)),
        # end of your code
        layers.Flatten(),
        layers.Dense(200, kernel_initializer="he_normal"),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        layers.Activation("relu"),
        layers.Dense(10, kernel_initializer="he_normal"),
        layers.Activation("softmax"),
    ]
)
""")


@variant("functional-function", "functional, built in a function that gives the model back")
def _(sheet: Sheet) -> None:
    sheet.rewrite("network", """
def conv_block(x, filters):
    x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation("relu")(x)


def build_cnn2(dropout=0.3):
    inputs = keras.layers.Input((28, 28, 1))
    x = inputs
    for filters in (32, 64):
        x = conv_block(x, filters)
        x = conv_block(x, filters)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(200, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Activation("relu")(x)
    x = layers.Dense(10, kernel_initializer="he_normal")(x)
    outputs = layers.Activation("softmax")(x)
    return keras.models.Model(inputs=inputs, outputs=outputs, name="cnn2")


# here is your code coming:
model = build_cnn2()
# end of your code
""")


@variant("tf-keras", "everything imported from tensorflow")
def _(sheet: Sheet) -> None:
    sheet.replace("setup", "import keras\n", "")
    sheet.replace("setup", "from keras import layers", "import tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import layers")
    sheet.marked(SOLVED)


@variant("mixed-imports", "keras and tf.keras next to each other")
def _(sheet: Sheet) -> None:
    sheet.replace("setup", "from keras import layers", "from keras import layers\nimport tensorflow as tf")
    sheet.marked("""
from tensorflow.keras.layers import BatchNormalization as BN
from keras.layers import MaxPool2D

model.add(tf.keras.layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(BN())
model.add(tf.keras.layers.Activation("relu"))
model.add(MaxPool2D((2, 2)))
""")


@variant("single-imports", "each layer imported by its name, Sequential from keras.models")
def _(sheet: Sheet) -> None:
    sheet.add("setup", """
from keras.models import Sequential
from keras.layers import Dense, Activation, Flatten, Dropout
from keras.layers import Conv2D, MaxPooling2D, BatchNormalization, Input
""")
    sheet.marked("""
model.add(Conv2D(64, (3, 3), padding='same', kernel_initializer='he_normal'))
model.add(BatchNormalization())
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
""")
    sheet.replace("network", "keras.Sequential()", "Sequential()")
    for name in ("Conv2D", "BatchNormalization", "Activation", "MaxPooling2D", "Flatten", "Dense", "Dropout"):
        sheet.replace("network", f"layers.{name}(", f"{name}(")


@variant("int-sizes", "whole numbers instead of tuples, MaxPool2D")
def _(sheet: Sheet) -> None:
    sheet.replace("network", "(3, 3)", "3")
    sheet.replace("network", "layers.MaxPooling2D((2, 2))", "layers.MaxPool2D(2)")
    sheet.marked("""
model.add(layers.Conv2D(64, 3, padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPool2D(2))
""")


@variant("strides-given", "settings that are the defaults anyway are written out")
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, kernel_size=[3, 3], strides=(1, 1), padding="SAME", activation=None, use_bias=True,
                        data_format="channels_last", dilation_rate=1, kernel_initializer="he_normal",
                        bias_initializer="zeros"))
model.add(layers.BatchNormalization(axis=-1, momentum=0.99, epsilon=0.001))
model.add(layers.Activation(activation="relu"))
model.add(layers.MaxPooling2D(pool_size=(2, 2), strides=(2, 2), padding="valid"))
""")


@variant("linear-activation", "activation='linear' in a convolution changes nothing")
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", activation="linear", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2), strides=2))
""")


@variant("names", "layers and model with names of the student's own")
def _(sheet: Sheet) -> None:
    sheet.replace("network", "keras.Sequential()", 'keras.Sequential(name="my_first_cnn")')
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal", name="missing_conv"))
model.add(layers.BatchNormalization(name="missing_bn"))
model.add(layers.Activation("relu", name="missing_relu"))
model.add(layers.MaxPooling2D((2, 2), name="missing_pool"))
""")


@variant("variables-first", "layers made first, in another order, and added afterwards")
def _(sheet: Sheet) -> None:
    sheet.marked("""
pool = layers.MaxPooling2D((2, 2))
act = layers.Activation("relu")
norm = layers.BatchNormalization()
conv = layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal")
for layer in [conv, norm, act, pool]:
    model.add(layer)
""")


@variant("relu-layers", "ReLU and Softmax layers instead of Activation")
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    sheet.replace("network", 'layers.Activation("relu")', "layers.ReLU()")
    sheet.replace("network", 'layers.Activation("softmax")', "layers.Softmax()")


@variant("activation-functions", "activations given as functions of tensorflow and keras")
def _(sheet: Sheet) -> None:
    sheet.add("setup", "import tensorflow as tf")
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation(keras.activations.relu))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.replace("network", 'layers.Activation("softmax")', "layers.Activation(tf.nn.softmax)")


@variant("fused-softmax", "the last activation given to the Dense layer")
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    sheet.replace("network", """model.add(layers.Dense(10, kernel_initializer="he_normal"))
model.add(layers.Activation("softmax"))""", 'model.add(layers.Dense(10, "softmax", kernel_initializer="he_normal"))')


@variant("input-shape", "the input shape given to the first layer, as older books do")
def _(sheet: Sheet) -> None:
    sheet.replace("network", "model.add(keras.Input(shape=(28, 28, 1)))\n", "")
    sheet.replace("network", """# the first block: two convolutions with 32 filters
model.add(layers.Conv2D(32, (3, 3), padding="same",""", """# the first block: two convolutions with 32 filters
model.add(layers.Conv2D(32, (3, 3), input_shape=(28, 28, 1), padding="same",""")
    sheet.marked(SOLVED)


@variant("input-layer", "an InputLayer, and blocks written by a helper that adds to the model")
def _(sheet: Sheet) -> None:
    sheet.rewrite("network", """
model = keras.models.Sequential()
model.add(layers.InputLayer(shape=X_train.shape[1:]))
batch_size, nb_classes, kernel = 128, 10, (3, 3)


def add_conv(n):
    model.add(layers.Convolution2D(n, kernel, padding="same", kernel_initializer="he_normal"))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))


add_conv(32)
add_conv(32)
model.add(layers.MaxPooling2D())
add_conv(64)
# here is your code coming:
add_conv(64)
model.add(layers.MaxPooling2D())
# end of your code
model.add(layers.Flatten())
model.add(layers.Dense(200, kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Dropout(rate=0.3))
model.add(layers.Activation("relu"))
model.add(layers.Dense(nb_classes, kernel_initializer="he_normal"))
model.add(layers.Activation("softmax"))
""")


@variant("nested", "the block is a small model of its own inside the model")
def _(sheet: Sheet) -> None:
    sheet.marked("""
block = keras.Sequential(name="block4")
block.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
block.add(layers.BatchNormalization())
block.add(layers.Activation("relu"))
block.add(layers.MaxPooling2D((2, 2)))
model.add(block)
""")


@variant("reshape", "Reshape((-1,)) instead of Flatten")
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    sheet.replace("network", "layers.Flatten()", "layers.Reshape((-1,))")


@variant("initializer-object", "initializer, optimizer and loss as objects")
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer=keras.initializers.HeNormal()))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.rewrite("compile", """
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
)
""")


@variant("no-summary", "no summary, the cell with the check is gone, other batch size and more epochs")
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    sheet.drop("summary")
    sheet.replace("train", "batch_size=128", "batch_size=64")
    sheet.replace("train", "epochs=10", "epochs=50,\n    verbose=2")


@variant("callbacks", "early stopping, shuffling and a small batch in the student's own fit")
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    sheet.rewrite("train", """
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True)
history = model.fit(X_train, Y_train, epochs=30, batch_size=32, shuffle=True, callbacks=[stop],
                    validation_data=(X_val, Y_val))
""")


@variant("extra-cells", "cells of the student's own, above, between and below")
def _(sheet: Sheet) -> None:
    sheet.add("setup", "# check where I am\nimport os\nprint(os.getcwd())\nnp.set_printoptions(precision=3)")
    sheet.add("prepare", "X_train.mean(), X_train.std(), X_val.mean()")
    sheet.marked(SOLVED)
    sheet.add("summary", """
expected = 695970
print("richtig" if model.count_params() == expected else "falsch", model.count_params())
""")
    sheet.add("curves", """
prediction = model.predict(X_val[:100], verbose=0).argmax(axis=1)
wrong = np.flatnonzero(prediction != digits_val[:100])
print(len(wrong), "of 100 are wrong")
""")
    sheet.add("curves", "## My notes\n\nThe digit 8 is hard.", kind="markdown")
    sheet.answer("0.97, so better than the fully connected network.")


@variant("second-try", "a first try that fails, repaired in a cell of its own")
def _(sheet: Sheet) -> None:
    template = sheet.cell("network")["source"]
    sheet.marked(SOLVED)
    solved = sheet.cell("network")["source"]
    sheet.rewrite("network", template.replace("# end of your code", 'model.add(layers.Conv2D(64, "three"))\n# end of your code'))
    sheet.add("network", "# second try, this one works\n" + solved)


@variant("colab", "the notebook went through a tool that dropped all metadata of the cells")
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    for cell in sheet.cells:
        cell["metadata"] = {}
    sheet.answer("Validation accuracy 0.9683")


@variant("subclassed", "a class of the student's own, which calls its layers")
def _(sheet: Sheet) -> None:
    sheet.rewrite("network", """
class CNN2(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = []
        for filters in (32, 32, 64, 64):
            conv = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")
            self.blocks.append((conv, layers.BatchNormalization()))
        self.pools = [layers.MaxPooling2D(), layers.MaxPooling2D()]
        self.flatten = layers.Flatten()
        self.hidden = layers.Dense(200, kernel_initializer="he_normal")
        self.norm = layers.BatchNormalization()
        self.dropout = layers.Dropout(0.3)
        self.out = layers.Dense(10, activation="softmax", kernel_initializer="he_normal")

    def call(self, x, training=None):
        for index, (conv, norm) in enumerate(self.blocks):
            x = keras.ops.relu(norm(conv(x), training=training))
            if index % 2:
                x = self.pools[index // 2](x)
        x = self.norm(self.hidden(self.flatten(x)), training=training)
        x = keras.activations.relu(self.dropout(x, training=training))
        return self.out(x)


# here is your code coming:
model = CNN2()
model.build((None, 28, 28, 1))
# end of your code
""")


@variant("own-layer", "a layer of the student's own for the part that comes twice, and a Lambda layer")
def _(sheet: Sheet) -> None:
    sheet.rewrite("network", """
class Block(layers.Layer):
    def __init__(self, filters):
        super().__init__()
        self.conv = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")
        self.norm = layers.BatchNormalization()

    def call(self, x):
        return keras.ops.relu(self.norm(self.conv(x)))


# here is your code coming:
model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    Block(32), Block(32), layers.MaxPooling2D(),
    Block(64), Block(64), layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(200, kernel_initializer="he_normal"),
    layers.BatchNormalization(),
    layers.Dropout(0.3),
    layers.Lambda(lambda x: keras.ops.relu(x)),
    layers.Dense(10, kernel_initializer="he_normal"),
    layers.Softmax(),
])
# end of your code
""")
