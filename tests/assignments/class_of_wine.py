"""Right rewrites of the solution of wine, and mistakes."""

from rewritten import Slip

SEQUENTIAL = """
model = keras.Sequential()
model.add(keras.Input((13,)))
model.add(layers.Dense(16))
model.add(layers.Activation("relu"))
model.add(layers.Dense(3))
model.add(layers.Softmax())
"""
FUNCTIONAL = """
inputs = keras.Input((13,))
x = layers.Dense(16, activation=keras.activations.relu)(inputs)
model = keras.Model(inputs, layers.Dense(3, activation="softmax")(x))
"""
OLD = """
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense
model = Sequential()
model.add(Dense(16, activation="relu", input_dim=13))
model.add(Dense(3, activation="softmax"))
"""
SPARSE = """
model.compile(optimizer=keras.optimizers.Adam(), loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["acc"])
"""
WHOLE = """
history = model.fit(X_train_scaled, y_train, epochs=30, batch_size=8, validation_data=(X_val_scaled, y_val), verbose=0)
"""
FRAME = """
import pandas as pd
pd.DataFrame(history.history).plot()
plt.show()
"""
BOTH = """
for name, values in history.history.items():
    if "loss" in name:
        plt.plot(values, label=name)
plt.legend()
plt.show()
"""
RAW = """
def raw():
    network = keras.Sequential([keras.Input((13,)), layers.Dense(16, "relu"), layers.Dense(3, "softmax")])
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network, network.fit(X_train, y_train, epochs=30, batch_size=8, validation_data=(X_val, y_val), verbose=0)
other, other_history = raw()
"""
RIGHT = {
    "layers, whole numbers": {"network": SEQUENTIAL, "compile": SPARSE, "train": WHOLE},
    "functional, counted by numpy": {
        "network": FUNCTIONAL,
        "confusion": "confusion = np.zeros((3, 3), int)\nnp.add.at(confusion, (truth, predicted), 1)",
    },
    "older Keras, one-hot by numpy": {
        "network": OLD,
        "labels": "Y_train, Y_val = np.eye(3)[y_train], np.eye(3)[y_val]",
        "label-shape": "label_shape = Y_train.shape",
    },
    "confusion by sklearn": {
        "confusion": "from sklearn.metrics import confusion_matrix\nconfusion = confusion_matrix(truth, predicted)",
        "recall": "from sklearn.metrics import recall_score\nrecall = 78.125",
        "precision": 'precision = "89.3 %"',
        "curves": FRAME,
    },
    "confusion by pandas, rmsprop": {
        "confusion": "import pandas as pd\nconfusion = pd.crosstab(pd.Series(truth), pd.Series(predicted)).to_numpy()",
        "compile": 'model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy", "categorical_accuracy"])',
    },
    "answers in words": {
        "naive": 'naive_accuracy = "37 %"',
        "label-shape": 'label_shape = "118 x 3"',
        "last-layer": 'last_layer = "16*3+3 = 51"',
        "loss": 'whole_number_loss = "sparse_categorical_crossentropy"',
        "raw-accuracy": "raw_accuracy = 66.7",
        "column": 'largest_column = "Proline"',
        "most-confused": 'most_confused = "c) 1 taken for 2"',
    },
    "the raw one in a function": {"raw": RAW, "curves": BOTH},
    "computed": {
        "raw-accuracy": 'raw_accuracy = raw_history.history["val_accuracy"][-1]',
        "naive": "naive_accuracy = np.mean(y_val == np.bincount(y_train).argmax())",
        "label-shape": "label_shape = Y_val.shape",
    },
}
COMPILE = 'model.compile(optimizer={optimizer}, loss="categorical_crossentropy", metrics=["accuracy"])'
FAULTS = {
    "a tiny learning rate": Slip(
        {"compile": COMPILE.format(optimizer="keras.optimizers.Adam(1e-6)")}, {"accuracy": "learning rate"}
    ),
    "all weights zero": Slip(
        {"network": FUNCTIONAL.replace("layers.Dense(", 'layers.Dense(kernel_initializer="zeros", units=')},
        {"accuracy": "initial weights"},
    ),
}
WRONG = {
    "wrong answers": Slip(
        {
            "naive": "naive_accuracy = 49 / 118",
            "label-shape": "label_shape = y_train.shape",
            "last-layer": "last_layer = 16 * 3",
            "loss": 'whole_number_loss = "C"',
            "column": 'largest_column = "magnesium"',
            "confusion": "confusion = [[2, 0, 0], [1, 3, 1], [0, 1, 2]]",
            "recall": "recall = 25 / 28",
            "precision": "precision = 25 / 32",
            "most-confused": 'most_confused = "D"',
        },
        {
            "naive_accuracy": "share of the training rows",
            "label_shape": "as whole numbers",
            "last_layer": "left out the biases",
            "whole_number_loss": "expects one-hot labels",
            "largest_column": "more than 300",
            "confusion": "exchanged",
            "recall": "That is the precision",
            "precision": "That is the recall",
            "most_confused": "the row is the truth",
        },
    ),
    "labels that do not fit the loss": Slip(
        {"compile": SPARSE}, {"compiled": "one-hot"}
    ),
    "sigmoid at the end": Slip({"network": FUNCTIONAL.replace("softmax", "sigmoid")}, {"network": "activation"}),
    "no softmax": Slip({"network": SEQUENTIAL.replace("model.add(layers.Softmax())", "")}, {"network": "activation"}),
    "too few units": Slip({"network": FUNCTIONAL.replace("16", "8")}, {"network": "units"}),
    "a layer more": Slip(
        {"network": FUNCTIONAL.replace("(inputs)\n", '(inputs)\nx = layers.Dense(16, "relu")(x)\n')},
        {"network": "stands there again"},
    ),
    "squared error": Slip(
        {"compile": 'model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])'},
        {"compiled": "not one for this task"},
    ),
    "five epochs, unseen by validation": Slip(
        {"train": "history = model.fit(X_train_scaled, Y_train, epochs=5, verbose=0)", "curves": ""},
        {"epochs": "5 epochs", "curves": "No figure"},
    ),
    "accuracy drawn": Slip({"curves": BOTH.replace('"loss"', '"acc"')}, {"curves": "something else than the loss"}),
    "never trained without scaling": Slip(
        {"raw": "raw_network = None"}, {"raw_accuracy": "no network was trained on numbers up to"}
    ),
    **FAULTS,
}
