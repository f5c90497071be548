"""Right rewrites of the solution of diabetes, and mistakes."""

from rewritten import Slip

SCALE = """
from sklearn.preprocessing import StandardScaler
scaler = StandardScaler().fit(X_train)
X_train_scaled, X_val_scaled = scaler.transform(X_train), scaler.transform(X_val)
"""
PANDAS = """
import pandas as pd
before = pd.DataFrame(X_train)
X_train_scaled = (before - before.mean()) / before.std()
X_val_scaled = (pd.DataFrame(X_val) - before.mean()) / before.std()
"""
NORMALIZATION = """
normalization = layers.Normalization()
normalization.adapt(X_train)
X_train_scaled, X_val_scaled = normalization(X_train), normalization(X_val)
"""
FUNCTIONAL = """
inputs = keras.Input((10,))
x = layers.Dense(16, "relu")(inputs)
x = layers.Dense(8, "relu")(x)
model = keras.Model(inputs, layers.Dense(1, activation="linear")(x))
"""
LAYERS = """
model = keras.Sequential()
model.add(keras.Input((10,)))
for units in (16, 8):
    model.add(layers.Dense(units))
    model.add(layers.ReLU())
model.add(layers.Dense(1))
"""
OWN_CLASS = """
class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = [layers.Dense(16, activation="relu"), layers.Dense(8, activation="relu")]
        self.out = layers.Dense(1)
    def call(self, x):
        for layer in self.hidden:
            x = layer(x)
        return self.out(x)
model = Network()
model.build((None, 10))
"""
DATASET = """
import tensorflow as tf
rows = tf.data.Dataset.from_tensor_slices((X_train_scaled, y_train_scaled)).shuffle(353, seed=1).batch(16)
unseen = tf.data.Dataset.from_tensor_slices((X_val_scaled, y_val_scaled)).batch(16)
history = model.fit(rows, epochs=60, validation_data=unseen, verbose=0)
"""
COLUMN = """
history = model.fit(X_train_scaled, y_train_scaled.reshape(-1, 1), batch_size=16, epochs=60, verbose=0,
                    validation_data=(X_val_scaled, y_val_scaled.reshape(-1, 1)))
"""
FRAME = """
import pandas as pd
pd.DataFrame(history.history)[["loss", "val_loss"]].plot(xlabel="epoch")
plt.show()
"""
SQUARED = """
fig, ax = plt.subplots(1, 2, figsize=(10, 4))
ax[0].plot(history.history["mae"], label="Training MAE")
ax[0].plot(history.history["val_mae"], label="Validation MAE")
ax[0].legend()
ax[1].plot(history.history["loss"], "b", label="Trainingsfehler")
ax[1].plot(history.history["val_loss"], "r", label="Validierungsfehler")
ax[1].legend()
plt.show()
"""
DOTS = """
off = y_val - (model.predict(X_val_scaled).ravel() * y_deviation + y_mean)
plt.plot(y_val, off, "o")
plt.hlines(0, 25, 346)
plt.show()
"""
SEABORN = """
import seaborn as sns
off = y_val - (model(np.asarray(X_val_scaled)).numpy()[:, 0] * y_deviation + y_mean)
sns.scatterplot(x=y_val, y=off)
"""
OTHER_CURVES = """
plt.plot(history.history["loss"], label="train")
plt.plot(history.history["val_loss"], label="val")
plt.show()
"""
COMPILE = "model.compile(optimizer={optimizer}, loss={loss}, metrics={metrics})"
# Networks that no variable of the asked name holds, or that were built, trained or loaded in other ways.
OBJECTS = """
class Experiment:
    def __init__(self, *units):
        hidden = [layers.Dense(number, activation="relu") for number in units]
        self.net = keras.Sequential([keras.Input((10,)), *hidden, layers.Dense(1)])
    def run(self):
        self.net.compile(optimizer="adam", loss="mse", metrics=["mae"])
        self.result = self.net.fit(X_train_scaled, y_train_scaled, epochs=60, batch_size=16, verbose=0,
                                   validation_data=(X_val_scaled, y_val_scaled))
        return self.result
small, wide = Experiment(16, 8), Experiment(128, 128)
"""
TWINS = """
figure, left = plt.subplots()
right = left.twinx()
left.plot({0}["loss"], "b", label="training loss")
right.plot({0}["val_loss"], "r", label="validation loss")
figure.legend()
plt.show()
"""
BUILD = """
def build(*units):
    inputs = x = keras.Input((10,))
    for number in units:
        x = layers.Dense(number, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(1)(x))
"""
FIT = """{0}.fit(X_train_scaled, y_train_scaled, epochs={1}, batch_size=16, verbose=0,
    validation_data=(X_val_scaled, y_val_scaled){2})"""
BEST_OF_THREE = f"""
runs = []
for seed in range(3):
    keras.utils.set_random_seed(seed)
    model = build(16, 8)
    model.compile("adam", "mse", metrics=["mae"])
    history = {FIT.format("model", 60, "")}
    runs.append((min(history.history["val_mae"]), model, history))
_, model, history = min(runs, key=lambda one: one[0])
"""
STREAMS = """
import tensorflow as tf
rows = tf.data.Dataset.from_tensor_slices((X_train_scaled, y_train_scaled)).shuffle(400).repeat().batch(16)
unseen = tf.data.Dataset.from_tensor_slices((X_val_scaled, y_val_scaled)).batch(16).repeat()
history = model.fit(rows, epochs=60, steps_per_epoch=22, validation_data=unseen, validation_steps=5, verbose=0)
model.save_weights("best.weights.h5")
again = keras.models.clone_model(model)
again.load_weights("best.weights.h5")
model = again
"""
CLOSURE = """
def made(net):
    def get():
        return net
    return get
get_model = made(build(16, 8))
"""
IN_HALVES = f"""
first = {FIT.format("model", 30, "")}
history = {FIT.format("model", 30, "")}
both = {{key: first.history[key] + history.history[key] for key in history.history}}
"""
STRATEGY = """
import tensorflow as tf
with tf.distribute.get_strategy().scope():
    template = keras.Sequential([layers.Dense(16, activation="relu", input_shape=(10,)),
                                 layers.Dense(8, activation="relu"), layers.Dense(1)])
    model = keras.models.clone_model(template)
"""
LOG = f"""
class Log(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(logs["loss"])
history = {FIT.format("model", 60, ", callbacks=[Log()]")}
"""
NINE = LAYERS.replace("(10,)", "(9,)")

RIGHT = {
    "networks in objects, twin axes": {
        "network": OBJECTS,
        "summary": "small.net.summary()",
        "compile": "history = small.run()",
        "train": "pass",
        "validation-mae": 'validation_mae = small.result.history["val_mae"][-1] * y_deviation',
        "curves": TWINS.format("small.result.history"),
        "wide": "wide.net.summary()",
        "wide-train": "wide_history = wide.run()",
        "wide-curves": TWINS.format("wide.result.history"),
        "residuals": DOTS.replace("model", "small.net"),
    },
    "the best of three seeds": {"network": BUILD, "compile": "pass", "train": BEST_OF_THREE, "summary": "pass"},
    "streams that repeat, weights in a clone": {"train": STREAMS},
    "a network in a closure": {
        "network": BUILD + CLOSURE,
        "summary": "get_model().summary()",
        "compile": 'get_model().compile("adam", "mse", metrics=["mae"])',
        "train": "history = " + FIT.format("get_model()", 60, ""),
        "residuals": DOTS.replace("model", "get_model()"),
    },
    "two calls of fit": {"network": STRATEGY, "train": IN_HALVES, "curves": TWINS.format("both")},
    "functional, scaled by sklearn": {"scale": SCALE, "network": FUNCTIONAL, "residuals": DOTS},
    "ReLU layers, scaled by pandas": {
        "scale": PANDAS,
        "network": LAYERS,
        "scaled-bmi": "scaled_bmi = X_val_scaled.iloc[4, 2]",
    },
    "a class": {"network": OWN_CLASS, "residuals": SEABORN},
    "a Normalization layer and tf.data": {
        "scale": NORMALIZATION,
        "train": DATASET,
        "scaled-bmi": "scaled_bmi = X_val_scaled[4, 2]",
    },
    "mean absolute error": {
        "compile": COMPILE.format(
            optimizer="keras.optimizers.Adam()",
            loss="keras.losses.MeanAbsoluteError()",
            metrics="[keras.metrics.MeanAbsoluteError()]",
        ),
        "curves": FRAME,
    },
    "huber, a column of targets": {
        "compile": COMPILE.format(
            optimizer='"Adam"', loss="keras.losses.Huber()", metrics='["mean_absolute_error", "mse"]'
        ),
        "train": COLUMN,
    },
    "answers in words": {
        "naive": 'naive_mae = "about 71.3"',
        "scaled-by": 'scaled_by = "b) the training rows only"',
        "scaled-bmi": "scaled_bmi = [2.916]",
        "first-layer": 'first_layer = "10*16 + 16"',
        "last": 'last_activation = "linear"',
        "overfitting": 'sign_of_overfitting = ["C"]',
        "largest": 'largest_targets = "underestimated"',
        "validation-mae": 'validation_mae = "46,2"',
    },
    "computed, two axes": {
        "validation-mae": 'validation_mae = history.history["val_mae"][-1] * y_deviation',
        "curves": SQUARED,
        "naive": "naive_mae = sum(abs(one - sum(y_train) / len(y_train)) for one in y_val) / len(y_val)",
    },
    "another name": {"network": LAYERS.replace("model", "small") + "\nmodel = small"},
}
# With `compile` as the solution has it, but for one thing: what is left is found by further runs.
FAULTS = {
    "a tiny learning rate": Slip(
        {"compile": COMPILE.format(optimizer="keras.optimizers.Adam(1e-6)", loss='"mse"', metrics='["mae"]')},
        {"error": "learning rate"},
    ),
    "all weights zero": Slip(
        {"network": LAYERS.replace("Dense(units)", 'Dense(units, kernel_initializer="zeros")')},
        {"error": "initial weights"},
    ),
}
WRONG = {
    "wrong answers": Slip(
        {
            "naive": "naive_mae = np.sqrt(np.mean((y_val - y_train.mean()) ** 2))",
            "scaled-by": 'scaled_by = "A"',
            "scaled-bmi": "scaled_bmi = (X_val[4, 2] - X[:, 2].mean()) / X[:, 2].std()",
            "first-layer": "first_layer = 10 * 16",
            "last": 'last_activation = "relu"',
            "validation-mae": "validation_mae = 0.61",
            "overfitting": 'sign_of_overfitting = "B"',
            "largest": 'largest_targets = "too high"',
        },
        {
            "naive_mae": "large errors count more",
            "scaled_by": "no longer unseen",
            "scaled_bmi": "scaled by all rows",
            "first_layer": "left out the biases",
            "last_activation": "no negative numbers",
            "validation_mae": "multiplied by their deviation",
            "sign_of_overfitting": "what you wish for",
            "largest_targets": "below the truth",
        },
    ),
    "relu at the end": Slip({"network": FUNCTIONAL.replace('"linear"', '"relu"')}, {"network": "activation"}),
    "a layer forgotten": Slip(
        {"network": FUNCTIONAL.replace('x = layers.Dense(8, "relu")(x)', "")}, {"network": "A dense layer is missing"}
    ),
    "without activations": Slip(
        {"network": LAYERS.replace("    model.add(layers.ReLU())\n", "")}, {"network": "activation is missing"}
    ),
    "a loss and a metric for classes": Slip(
        {"compile": COMPILE.format(optimizer='"sgd"', loss='"binary_crossentropy"', metrics='["accuracy"]')},
        {"compiled": "not one for this task"},
    ),
    "ten epochs without validation": Slip(
        {
            "train": "history = model.fit(X_train_scaled, y_train_scaled, epochs=10, batch_size=16, verbose=0)",
            "curves": 'plt.plot(history.history["loss"], label="training")\nplt.show()',
        },
        {"epochs": "10 epochs", "curves": "one line"},
    ),
    "curves of the other network": Slip(
        {"wide-curves": OTHER_CURVES},
        {"wide_curves": "not of `wide_model`"},
    ),
    "swapped labels, a histogram of residuals": Slip(
        {
            "curves": FRAME.replace(".plot(", '.rename(columns={"loss": "validation", "val_loss": "training"}).plot('),
            "residuals": "plt.hist(y_val - (model.predict(X_val_scaled)[:, 0] * y_deviation + y_mean))\nplt.show()",
        },
        {"curves": "swapped", "residuals": "as many points"},
    ),
    "the wide network not wide": Slip(
        {"wide": FUNCTIONAL.replace("model", "wide_model")},
        {"wide_network": "units", "smaller_gap": "does against overfitting"},
    ),
    "a callback that fails": Slip({"train": LOG}, {"epochs": "no attribute 'seen'"}),
    "an input of nine": Slip(
        {"network": NINE, "first-layer": "first_layer = 9 * 16 + 16", "validation-mae": 'validation_mae = history.history["val_mae"][-1] * y_deviation'},
        {"network": "shape of input"},
    ),
    "one curve twice": Slip(
        {"wide-curves": OTHER_CURVES.replace("history", "wide_history").replace(".wide_history", ".history").replace('"val_loss"', '"loss"')},
        {"wide_curves": "drawn twice"},
    ),
    **FAULTS,
}
