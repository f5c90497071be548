"""Right rewrites of the solution of reviews, and mistakes."""

from rewritten import Slip

BY_HAND = """
from collections import Counter
words = Counter(word for text in train_texts for word in text.replace(",", "").split())
places = {word: place for place, (word, _) in enumerate(words.most_common(48), 2)}
def numbered(text):
    row = [places.get(word, 1) for word in text.replace(",", "").split()][:14]
    return row + [0] * (14 - len(row))
X_train, X_val = np.array([numbered(text) for text in train_texts]), np.array([numbered(text) for text in val_texts])
"""
TENSORS = """
import tensorflow as tf
numbers = layers.TextVectorization(max_tokens=50, output_sequence_length=14)
numbers.adapt(tf.data.Dataset.from_tensor_slices(train_texts.astype(str)).batch(64))
X_train, X_val = numbers(tf.constant(train_texts.astype(str))), numbers(tf.constant(val_texts.astype(str)))
"""
FUNCTIONAL = """
inputs = keras.Input((14,), dtype="int32")
x = layers.Embedding(input_dim=50, output_dim=8)(inputs)
x = layers.LSTM(16)(x)
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
"""
ADDED = """
model = keras.models.Sequential()
model.add(layers.Embedding(50, 8, input_length=14))
model.add(layers.LSTM(16))
model.add(layers.Dense(1))
model.add(layers.Activation("sigmoid"))
model.build((None, 14))
"""
CELL = FUNCTIONAL.replace("layers.LSTM(16)", "layers.RNN(layers.LSTMCell(16))")
BAG = """
inputs = keras.Input((14,))
x = layers.Embedding(50, 8)(inputs)
x = layers.GlobalAvgPool1D()(x)
bag_model = keras.Model(inputs, layers.Dense(1, activation=keras.activations.sigmoid)(x))
"""
COMPILE = """
model.compile(optimizer={optimizer}, loss={loss}, metrics={metrics})
bag_model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy", metrics=["accuracy"])
"""
OBJECTS = COMPILE.format(
    optimizer="keras.optimizers.Adam(learning_rate=5e-3)",
    loss="keras.losses.BinaryCrossentropy()",
    metrics="[keras.metrics.BinaryAccuracy()]",
)
COLUMN = """
history = model.fit(x=X_train, y=y_train[:, None], epochs=10, batch_size=16, verbose=0,
                    validation_data=(X_val, y_val[:, None]))
bag_model.fit(X_train, y_train, epochs=10, batch_size=16, verbose=0)
"""
SPLIT = """
history = model.fit(X_train, y_train, epochs=12, batch_size=16, validation_split=0.2, verbose=0)
"""
SEABORN = """
import pandas as pd, seaborn as sns
both = pd.DataFrame(history.history)
sns.lineplot(both[[name for name in both if "acc" in name]])
plt.show()
"""
RIGHT = {
    "functional": {"network": FUNCTIONAL, "bag": BAG},
    "layers added": {"network": ADDED, "compile": OBJECTS, "curves": SEABORN},
    "numbered by hand": {"vectorize": BY_HAND},
    "tensors, a split": {"vectorize": TENSORS, "train": SPLIT},
    "a cell of an LSTM": {"network": CELL},
    "a column of labels": {"train": COLUMN},
    "answers in words": {
        "tokens": 'tokens = "3, 4, 2, 5, 1, 0, 0"',
        "token-shape": "token_shape = X_train.shape",
        "names": 'only_names = "b)"',
        "embedding": 'embedding_parameters = "400"\nembedded_shape = (None, 14, 8)',
        "blind": 'blind = " c "',
        "lstm": 'lstm_parameters = "1,600"',
        "last": 'last_activation = "sigmoid"',
    },
    "counted by Keras": {
        "embedding": "embedding_parameters = bag_model.layers[0].count_params()\n"
        "embedded_shape = bag_model.layers[0].output.shape",
        "lstm": "lstm_parameters = model.layers[1].count_params()",
        "tokens": "tokens = np.array([[3, 4, 2, 5, 1, 0, 0]])",
    },
}
FAULTS = {
    "a tiny learning rate": Slip(
        {
            "compile": COMPILE.format(
                optimizer="keras.optimizers.Adam(1e-6)", loss='"binary_crossentropy"', metrics='["accuracy"]'
            )
        },
        {"accuracy": "learning rate"},
    ),
    "all weights zero": Slip(
        {
            "network": FUNCTIONAL.replace("LSTM(16)", 'LSTM(16, kernel_initializer="zeros")').replace(
                "output_dim=8", 'output_dim=8, embeddings_initializer="zeros"'
            )
        },
        {"accuracy": "initial weights"},
    ),
}
WRONG = {
    "wrong answers": Slip(
        {
            "tokens": "tokens = [3, 4, 2, 5, 0, 0, 0]",
            "token-shape": "token_shape = (14, 800)",
            "names": 'only_names = "A"',
            "embedding": "embedding_parameters = 50 * 8 + 8\nembedded_shape = (50, 8)",
            "blind": 'blind = "B"',
            "lstm": "lstm_parameters = (8 + 16) * 16 + 16",
            "last": 'last_activation = "softmax"',
        },
        {
            "tokens": "has a number of its own",
            "token_shape": "texts come first",
            "only_names": "divide them by 50",
            "embedding_parameters": "has no biases",
            "embedded_shape": "the table itself",
            "blind": "changes the mean",
            "lstm_parameters": "one of its four parts",
            "last_activation": "always gives 1",
        },
    ),
    "a GRU": Slip({"network": FUNCTIONAL.replace("LSTM", "GRU")}, {"network": "GRU"}),
    "softmax over one unit": Slip({"network": FUNCTIONAL.replace("sigmoid", "softmax")}, {"network": "activation"}),
    "every step goes on": Slip(
        {"network": FUNCTIONAL.replace("LSTM(16)", "LSTM(16, return_sequences=True)")},
        {"network": "the last step or all of them"},
    ),
    "too small an embedding": Slip(
        {"bag": BAG.replace("50, 8", "50, 4")}, {"bag": "The size of the output of embedding"}
    ),
    "a flat bag": Slip({"bag": BAG.replace("GlobalAvgPool1D", "Flatten")}, {"bag": "Flatten"}),
    "a loss for many classes": Slip(
        {
            "compile": COMPILE.format(
                optimizer="keras.optimizers.Adam(0.005)", loss='"categorical_crossentropy"', metrics='["accuracy"]'
            )
        },
        {"compiled": "not one for this task"},
    ),
    "three epochs without validation": Slip(
        {"train": "history = model.fit(X_train, y_train, epochs=3, verbose=0)", "curves": ""},
        {"epochs": "3 epochs", "curves": "No figure"},
    ),
    "the loss drawn": Slip(
        {"curves": SEABORN.replace('"acc"', '"loss"')}, {"curves": "something else than the accuracy"}
    ),
    "the LSTM in both": Slip(
        {"bag": FUNCTIONAL.replace("model", "bag_model")},
        {"bag": "LSTM", "order_matters": "clearly better"},
    ),
    **FAULTS,
}
