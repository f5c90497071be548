"""Right rewrites of the solution of autoencoder, and mistakes."""

from rewritten import Slip

LAYERS = """
def autoencoder(values):
    network = keras.Sequential()
    network.add(keras.Input((8, 8, 1)))
    network.add(layers.Conv2D(16, (3, 3), strides=(2, 2), padding="same"))
    network.add(layers.ReLU())
    network.add(layers.Conv2D(8, (3, 3), strides=(2, 2), padding="same"))
    network.add(layers.ReLU())
    network.add(layers.Flatten())
    network.add(layers.Dense(values))
    network.add(layers.Dense(32))
    network.add(layers.ReLU())
    network.add(layers.Reshape((2, 2, 8)))
    network.add(layers.Conv2DTranspose(16, (3, 3), strides=(2, 2), padding="same"))
    network.add(layers.ReLU())
    network.add(layers.Conv2DTranspose(1, (3, 3), strides=(2, 2), padding="same"))
    network.add(layers.Activation("sigmoid"))
    return network
model = autoencoder(8)
"""
NESTED = """
def autoencoder(values):
    encoder = keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.Conv2D(16, 3, 2, "same", activation="relu"),
        layers.Conv2D(8, 3, 2, "same", activation="relu"),
        layers.Reshape((-1,)),
        layers.Dense(values, name="code"),
    ])
    decoder = keras.Sequential([
        keras.Input((values,)),
        layers.Dense(2 * 2 * 8, activation="relu"),
        layers.Reshape((2, 2, -1)),
        layers.Conv2DTranspose(16, 3, 2, "same", activation="relu"),
        layers.Conv2DTranspose(1, 3, 2, "same", activation="sigmoid"),
    ])
    return keras.Sequential([keras.Input((8, 8, 1)), encoder, decoder])
model = autoencoder(8)
"""
TWO_MODELS = NESTED.replace(
    "return keras.Sequential([keras.Input((8, 8, 1)), encoder, decoder])",
    "inputs = keras.Input((8, 8, 1))\n    return keras.Model(inputs, decoder(encoder(inputs)))",
)
NESTED_MAP = """
values = narrow_model.layers[0].predict(X_val, verbose=0)
plt.scatter(*values.T, c=labels_val)
"""
TWO_MODELS_MAP = NESTED_MAP.replace("layers[0]", "layers[1]")
LAYERS_MAP = """
encoder = keras.Model(narrow_model.inputs, narrow_model.layers[5].output)
values = encoder.predict(X_val, verbose=0)
plt.plot(values[:, 0], values[:, 1], ".")
plt.show()
"""
EACH_DIGIT = """
encoder = keras.Model(narrow_model.inputs, narrow_model.layers[3].output)
import seaborn as sns
values = encoder.predict(X_val, verbose=0)
sns.scatterplot(x=values[:, 0], y=values[:, 1], hue=labels_val, palette="tab10")
"""
COMPILE = "model.compile(optimizer={optimizer}, loss={loss}, metrics={metrics})"
DATASET = """
import tensorflow as tf
pairs = tf.data.Dataset.from_tensor_slices((X_train, X_train)).batch(32)
history = model.fit(pairs, epochs=12, validation_data=(X_val, X_val), verbose=0)
"""
FRAME = """
import pandas as pd
pd.DataFrame({"train": history.history["loss"], "val": history.history["val_loss"]}).plot()
plt.show()
"""
RIGHT = {
    "layers of their own": {"network": LAYERS, "map": LAYERS_MAP},
    "encoder and decoder": {"network": NESTED, "map": NESTED_MAP},
    "two models, called": {"network": TWO_MODELS, "map": TWO_MODELS_MAP},
    "cross-entropy": {
        "compile": COMPILE.format(
            optimizer="keras.optimizers.Adam(learning_rate=5e-3)",
            loss="keras.losses.BinaryCrossentropy()",
            metrics="[keras.metrics.MeanSquaredError()]",
        ),
        "validation-mse": 'validation_mse = history.history["val_mean_squared_error"][-1]',
    },
    "a data set": {
        "compile": COMPILE.format(optimizer="keras.optimizers.Adam(0.005)", loss='"mse"', metrics='["mae", "mse"]'),
        "train": DATASET,
        "curves": FRAME,
    },
    "a split": {
        "train": "history = model.fit(X_train, X_train, epochs=15, batch_size=32, validation_split=0.1, verbose=0)"
    },
    "answers in words": {
        "naive": 'naive_mse = "0.0723"',
        "target": 'target = "A) the images themselves"',
        "in": 'conv_shape, smaller = "4x4x16", "8 times"',
        "out": 'transposed_shape, transposed_parameters = [4, 4, 16], "1,168"',
        "last": 'last_activation = "b"',
        "validation-mse": 'validation_mse = "0.023"',
    },
    "computed": {
        "naive": "naive_mse = float(keras.ops.mean((X_val - X_train.mean(0, keepdims=True)) ** 2))",
        "in": "conv_shape = model.layers[0].output.shape[1:]\nsmaller = X_val[0].size / model.layers[3].units",
        "out": "transposed_shape = model.layers[6].output.shape[1:]\n"
        "transposed_parameters = model.layers[6].count_params()",
        "map": EACH_DIGIT,
    },
}
FAULTS = {
    "a bottleneck that begins at zero": Slip(
        {
            "network": LAYERS.replace("Dense(values)", 'Dense(values, kernel_initializer="zeros")')
            .replace("Dense(32)", 'Dense(32, kernel_initializer="zeros")')
            .replace("model = autoencoder(8)", "")
            + "model = autoencoder(8)",
            "map": LAYERS_MAP,
        },
        {"error": "initial weights"},
    ),
    "a huge learning rate": Slip(
        {"compile": COMPILE.format(optimizer="keras.optimizers.Adam(5.0)", loss='"mse"', metrics='["mse"]')},
        {"error": "learning rate"},
    ),
}
WRONG = {
    "wrong answers": Slip(
        {
            "naive": "naive_mse = np.abs(X_val - X_train.mean(axis=0)).mean()",
            "target": 'target = "C"',
            "in": "conv_shape, smaller = (8, 8, 16), 8 * 8 / 32",
            "out": "transposed_shape, transposed_parameters = (1, 1, 16), 3 * 3 * 8 * 16",
            "last": 'last_activation = "A"',
            "validation-mse": "validation_mse = 5.8",
        },
        {
            "naive_mse": "mean absolute error",
            "target": "no label is needed",
            "conv_shape": "half as many places",
            "smaller": "the bottleneck is narrower",
            "transposed_shape": "make the image larger",
            "transposed_parameters": "left out the biases",
            "last_activation": "no classes",
            "validation_mse": "far below that of the mean image",
        },
    ),
    "relu in the bottleneck": Slip(
        {"network": LAYERS.replace("Dense(values)", 'Dense(values, activation="relu")'), "map": LAYERS_MAP},
        {"network": "activation", "narrow": "activation"},
    ),
    "no sigmoid": Slip(
        {"network": LAYERS.replace('    network.add(layers.Activation("sigmoid"))\n', ""), "map": LAYERS_MAP},
        {"network": "activation", "narrow": "activation"},
    ),
    "upsampling": Slip(
        {
            "network": LAYERS.replace(
                'layers.Conv2DTranspose(1, (3, 3), strides=(2, 2), padding="same")',
                'layers.UpSampling2D())\n    network.add(layers.Conv2D(1, (3, 3), padding="same")',
            ),
            "map": LAYERS_MAP,
        },
        {"network": "UpSampling2D", "narrow": "UpSampling2D"},
    ),
    "a wide bottleneck": Slip(
        {"network": LAYERS.replace("autoencoder(8)", "autoencoder(32)"), "map": LAYERS_MAP}, {"network": "units"}
    ),
    "narrow is not narrow": Slip(
        {"narrow": "narrow_model = autoencoder(8)", "map": "plt.plot([1, 2])"},
        {"narrow": "units", "wider_is_better": "clearly better", "code_map": "as many points"},
    ),
    "a loss for classes": Slip(
        {
            "compile": COMPILE.format(
                optimizer="keras.optimizers.Adam(0.005)", loss='"categorical_crossentropy"', metrics='["accuracy"]'
            )
        },
        {"compiled": "not one for this task"},
    ),
    "two epochs, no curves": Slip(
        {"train": "history = model.fit(X_train, X_train, epochs=2, verbose=0)", "curves": "no line"},
        {"epochs": "2 epochs", "curves": "no line"},
    ),
    **FAULTS,
}
