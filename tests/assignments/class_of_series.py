"""Right rewrites of the solution of series, and mistakes."""

from rewritten import Slip

SLIDING = """
X = np.lib.stride_tricks.sliding_window_view(load, 24)[:-1][..., None]
y = load[24:].reshape(-1, 1)
"""
SLIDING_NAIVE = """
naive_last = np.abs(X_val[:, -1] - y_val).mean()
naive_day = np.mean([abs(window[0, 0] - after) for window, after in zip(X_val, y_val)])
"""
LISTS = """
X, y = [], []
for start in range(984):
    X.append([[value] for value in load[start:start + 24]])
    y.append(load[start + 24])
X, y = np.array(X), np.array(y)
"""
FUNCTIONAL = """
inputs = keras.Input((24, 1))
x = layers.GRU(units=16, activation="tanh")(inputs)
model = keras.Model(inputs, layers.Dense(1, activation="linear")(x))
"""
ADDED = """
model = keras.Sequential()
model.add(layers.GRU(16, input_shape=(24, 1)))
model.add(layers.Dense(1))
"""
CELL = FUNCTIONAL.replace('layers.GRU(units=16, activation="tanh")', "layers.RNN(layers.GRUCell(16))")
CONV = """
inputs = keras.Input((24, 1))
x = layers.Conv1D(filters=16, kernel_size=(5,))(inputs)
x = layers.ReLU()(x)
x = layers.MaxPool1D()(x)
x = layers.Reshape((-1,))(x)
conv_model = keras.Model(inputs, layers.Dense(1)(x))
"""
COMPILE = "model.compile(optimizer={optimizer}, loss={loss}, metrics={metrics})"
DATASET = """
rows = keras.utils.timeseries_dataset_from_array(
    (load[:840] - mean) / deviation, (load[24:840] - mean) / deviation, 24, batch_size=32, shuffle=True, seed=1
).map(lambda x, y: (x[..., None], y))
history = model.fit(rows, epochs=10, validation_data=(X_val_scaled, y_val_scaled), verbose=0)
"""
FRAME = """
import pandas as pd
pd.DataFrame(history.history)[["loss", "val_loss"]].plot()
plt.show()
"""
ONE_BY_ONE = """
predicted = np.concatenate([model(X_val_scaled[at:at + 1]).numpy()[0] for at in range(len(X_val_scaled))])
plt.plot(range(816, 984), y_val, "k-", range(816, 984), predicted * deviation + mean, "r--")
plt.show()
"""
RIGHT = {
    "sliding windows, functional": {"windows": SLIDING, "naive": SLIDING_NAIVE, "network": FUNCTIONAL},
    "lists, layers added": {"windows": LISTS, "network": ADDED, "shape": "window_shape = X.shape"},
    "a cell of a GRU": {"network": CELL, "forecast": ONE_BY_ONE},
    "another convolution": {"conv": CONV, "conv-train": ""},
    "a data set of Keras": {"train": DATASET},
    "absolute error": {
        "compile": COMPILE.format(
            optimizer="keras.optimizers.Adam(learning_rate=0.005)",
            loss='"mae"',
            metrics='["mse", keras.metrics.MeanAbsoluteError()]',
        ),
        "curves": FRAME,
    },
    "answers in words": {
        "count": 'window_count = "1008 - 24"',
        "shape": 'window_shape = "984x24x1"',
        "split": 'split = "the last week"',
        "naive": 'naive_last, naive_day = "2.52 MW", 3.61',
        "gru": 'gru_parameters = "912"',
        "validation-mae": 'validation_mae = "about 1.6"',
        "shapes": 'conv_shape, pool_shape, conv_parameters = (None, 20, 16), [10, 16], "5*16 + 16"',
    },
    "computed": {
        "validation-mae": 'validation_mae = history.history["val_mae"][-1] * deviation',
        "gru": "gru_parameters = model.layers[0].count_params()",
        "shapes": "conv_shape, pool_shape = (layer.output.shape[1:] for layer in conv_model.layers[:2])\n"
        "conv_parameters = conv_model.layers[0].count_params()",
        "count": "window_count = sum(1 for start in range(len(load)) if start + 24 < len(load))",
    },
}
FAULTS = {
    "all weights zero": Slip(
        {
            "network": FUNCTIONAL.replace("layers.Dense(1,", 'layers.Dense(1, kernel_initializer="zeros",').replace(
                "units=16,", 'units=16, kernel_initializer="zeros", recurrent_initializer="zeros",'
            )
        },
        {"error": "initial weights"},
    ),
    "a tiny learning rate": Slip(
        {"compile": COMPILE.format(optimizer="keras.optimizers.Adam(1e-7)", loss='"mse"', metrics='["mae"]')},
        {"error": "learning rate"},
    ),
}
WRONG = {
    "wrong answers": Slip(
        {
            "count": "window_count = 1008 - 24 + 1",
            "shape": "window_shape = (984, 24)",
            "split": 'split = "A"',
            "naive": "naive_last = np.sqrt(np.mean((X_val[:, -1, 0] - y_val) ** 2))\n"
            "naive_day = np.abs(X_val[:, -1, 0] - y_val).mean()",
            "gru": "gru_parameters = 4 * (16 * (1 + 16) + 16)",
            "validation-mae": "validation_mae = 0.16",
            "shapes": "conv_shape, pool_shape, conv_parameters = (24, 16), (10, 8), 5 * 16",
        },
        {
            "window_count": "no hour that could be forecast",
            "window_shape": "expects a third axis",
            "split": "hold the same hours",
            "naive_last": "root mean squared",
            "naive_day": "other end of the window",
            "gru_parameters": "That is an LSTM",
            "validation_mae": "below both naive forecasts",
            "conv_shape": "Without padding",
            "pool_shape": "the filters stay",
            "conv_parameters": "left out the biases",
        },
    ),
    "an LSTM": Slip({"network": FUNCTIONAL.replace("GRU", "LSTM")}, {"network": "LSTM"}),
    "half the units": Slip({"network": FUNCTIONAL.replace("units=16", "units=8")}, {"network": "units"}),
    "backwards": Slip(
        {"network": FUNCTIONAL.replace("units=16", "units=16, go_backwards=True")}, {"network": "backwards"}
    ),
    "padding": Slip({"conv": CONV.replace("(5,)", '5, padding="same"')}, {"convolution": "padding"}),
    "no pooling": Slip(
        {"conv": CONV.replace("x = layers.MaxPool1D()(x)", "")}, {"convolution": "A pooling layer is missing"}
    ),
    "a convolution larger than the GRU": Slip(
        {"conv": CONV.replace("filters=16", "filters=128")},
        {"convolution": "filters"},
    ),
    "a loss for classes": Slip(
        {
            "compile": COMPILE.format(
                optimizer="keras.optimizers.Adam(0.005)", loss='"binary_crossentropy"', metrics='["mae"]'
            )
        },
        {"compiled": "not one for this task"},
    ),
    "two epochs, one curve, no forecast": Slip(
        {
            "train": "history = model.fit(X_train_scaled, y_train_scaled, epochs=2, verbose=0)",
            "curves": 'plt.plot(history.history["loss"])\nplt.show()',
            "forecast": "plt.plot(y_val[:100])\nplt.show()",
        },
        {"epochs": "2 epochs", "curves": "one line", "forecast": "as many points"},
    ),
    "nothing but the GRU": Slip(
        {"conv": "conv_model = None", "conv-train": ""},
        {"convolution": "conv_model", "fewer_parameters": "builds on"},
    ),
    **FAULTS,
}
