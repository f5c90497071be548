"""Wrong answers to the assignments about handwritten digits, as students give them."""

import numpy as np
from changes import (
    Wrong,
    answer,
    built,
    compiled,
    drawn,
    drop,
    fitted,
    flat,
    network,
    put,
    saved,
    setting,
    without,
    without_figures,
    without_files,
    without_fits,
)

CNN2 = [
    Wrong("missing_layers", network("model", drop(14)), "A pooling layer is missing"),
    Wrong("missing_layers", network("model", setting(11, filters=32)), "filters"),
    Wrong("missing_layers", built(), "no network in a variable `model`"),
    Wrong("parameters", network("model", drop(14)), "parameters in all"),
    Wrong("parameters", network("model", drop(12)), "non-trainable"),
    Wrong("accuracy", network("model", drop(11), drop(11), drop(11), drop(11)), "builds on “The missing layers”"),
    Wrong("accuracy", compiled("model", optimizer="sgd"), "than guessing", flat),
]

CNN1 = [
    Wrong("network", network("model", drop(2)), "An activation is missing"),
    Wrong("network", network("model", setting(1, padding="valid")), "padding"),
    Wrong("network", network("model", setting(1, filters=16)), "filters"),
    Wrong("parameters", network("model", setting(1, padding="valid")), "parameters in all", charged="network"),
    Wrong("parameters", network("model", setting(1, use_bias=False)), "parameters in all", charged="network"),
    Wrong("most_parameters", answer("most_parameters", "A"), "few numbers"),
    Wrong("most_parameters", answer("most_parameters", "flatten_1"), "only puts the values in one row"),
    Wrong("most_parameters", answer("most_parameters", None), "holds no answer yet"),
    Wrong("accuracy", network("model", drop(1), drop(1), drop(2)), "builds on “The network”"),
    Wrong("accuracy", compiled("model", loss="mean_squared_error"), "than guessing", flat),
    Wrong("curves", drawn("training"), "one line in its axes"),
    Wrong("curves", without_figures, "No figure was drawn"),
    Wrong("raw_accuracy", answer("raw_accuracy", 0.93), "another optimizer"),
    Wrong("raw_accuracy", answer("raw_accuracy", "91 %"), "Train a new network"),
    Wrong("raw_accuracy", answer("raw_accuracy", ...), "holds no answer yet"),
]

FCN = [
    Wrong("network", network("model", drop(3)), "A dropout layer is missing"),
    Wrong("network", network("model", setting(5, units=100)), "units"),
    Wrong("network", network("model", setting(4, activation="tanh")), "activation function"),
    Wrong("network", network("model", setting(9, activation="linear")), "An activation is missing"),
    Wrong("network", network("model", setting(3, rate=0.5)), "rate"),
    Wrong("parameters", network("model", drop(2)), "non-trainable", charged="network"),
    Wrong("parameters", network("model", setting(1, units=400)), "parameters in all", charged="network"),
    Wrong("most_parameters", answer("most_parameters", "C"), "reads the 500 values"),
    Wrong("most_parameters", answer("most_parameters", "batch_normalization_1"), "only four numbers"),
    Wrong("dense_1_parameters", answer("dense_1_parameters", 392_000), "left out the biases"),
    Wrong("dense_1_parameters", answer("dense_1_parameters", "28*500 + 500"), "one side of the image"),
    Wrong("dense_1_parameters", answer("dense_1_parameters", 392.5), "whole number"),
    Wrong("accuracy", network("model", *[drop(1)] * 6), "builds on “The network”"),
    Wrong("accuracy", compiled("model", optimizer="sgd"), "than guessing", flat),
]


def better_dense(task):
    """Runs in which the dense network comes out ahead."""
    return 0.9 if any(operation.kind == "Conv2D" for operation in task.architecture.operations) else 0.95


MNIST_DENSE_CONV = [
    Wrong("conv_full", answer("conv_full", [-3, -2, 2, -4]), "at the edges there are more"),
    Wrong("conv_full", answer("conv_full", [2, -2, 3, 2, -2, 4, -1, 1]), "wrong sign"),
    Wrong("conv_same", answer("conv_same", np.array([-2, 2, -3, -2, 2, -4, 1, -1])), "longer than the signal"),
    Wrong("conv_same", answer("conv_same", [2, -3, -2, 2, -4, -1]), "position 6"),
    Wrong("conv_valid", answer("conv_valid", [2, -3, -2, 2, -4, 1]), "stands over nothing"),
    Wrong("conv_valid", answer("conv_valid", [-3, -2, 2]), "too few"),
    Wrong("largest_pixel", answer("largest_pixel", np.uint8(255)), "before dividing"),
    Wrong("largest_pixel", answer("largest_pixel", 0.996), "255 at first"),
    Wrong("label_shape", answer("label_shape", (1,)), "a plain label"),
    Wrong("label_shape", answer("label_shape", 9), "How many classes"),
    Wrong("test_shape", answer("test_shape", (3300, 28, 28)), "the smaller part"),
    Wrong("test_shape", answer("test_shape", (60000, 28, 28)), "`test_size` says"),
    Wrong("valid_shape", answer("valid_shape", "(1340, 28, 28)"), "the larger part"),
    Wrong("valid_shape", answer("valid_shape", (10000, 28, 28)), "before they are split"),
    Wrong("dense_network", network("dense_model", setting(2, units=64)), "units"),
    Wrong("dense_network", network("dense_model", setting(2, activation="linear")), "An activation is missing"),
    Wrong("dense_network", without("dense_model"), "no network in a variable `dense_model`"),
    Wrong("dense_parameters", network("dense_model", setting(2, units=64)), "parameters in all", charged="dense_network"),
    Wrong("dense_parameters", network("dense_model", setting(3, use_bias=False)), "parameters in all", charged="dense_network"),
    Wrong("dense_compiled", compiled("dense_model", optimizer="sgd"), "optimizer sgd"),
    Wrong("dense_compiled", compiled("dense_model", loss="sparse_categorical_crossentropy"), "one-hot"),
    Wrong("dense_compiled", compiled("dense_model"), "was not compiled"),
    Wrong("dense_epochs", fitted("dense_model", epochs=1), "1 epoch"),
    Wrong("dense_epochs", fitted("dense_model", validation=None, history={"loss": (1.0,)}), "no validation data"),
    Wrong("dense_accuracy", network("dense_model", drop(1), drop(1)), "builds on “The dense network”"),
    Wrong("dense_accuracy", compiled("dense_model", loss="mean_squared_error"), "than guessing", flat),
    Wrong("colour_shape", answer("colour_shape", (28, 28, 1)), "grey image"),
    Wrong("colour_shape", answer("colour_shape", [28, 28]), "axis of the channels"),
    Wrong("cnn", network("cnn_model", drop(2)), "A pooling layer is missing"),
    Wrong("cnn", network("cnn_model", put(4, "MaxPooling2D", pool_size=[2, 2])), "MaxPooling2D"),
    Wrong("cnn", network("cnn_model", setting(3, kernel_size=[5, 5])), "kernel"),
    Wrong("cnn_parameters", network("cnn_model", drop(2)), "parameters in all", charged="cnn"),
    Wrong("cnn_parameters", network("cnn_model", setting(1, padding="same")), "parameters in all", charged="cnn"),
    Wrong("cnn_compiled", compiled("cnn_model", metrics=None), "do not include accuracy"),
    Wrong("cnn_compiled", compiled("cnn_model", loss="binary_crossentropy"), "loss binary_crossentropy"),
    Wrong("cnn_epochs", without_fits("cnn_model"), "was not trained"),
    Wrong("cnn_epochs", fitted("cnn_model", epochs=3), "3 epochs"),
    Wrong("accuracy_curves", drawn("training loss", "validation loss", points=5), "something else than the accuracy"),
    Wrong("accuracy_curves", drawn("training accuracy", points=5), "one line"),
    Wrong("loss_curves", drawn("training", "validation", points=5, title="Accuracy"), "something else than the loss"),
    Wrong("loss_curves", drawn("train loss", "val loss", points=40), "epoch of `cnn_model`"),
    Wrong("cnn_accuracy", network("cnn_model", *[drop(1)] * 3, setting(2, units=10)), "builds on “The convolutional"),
    Wrong("cnn_accuracy", compiled("cnn_model", loss="mean_squared_error"), "than guessing", flat),
    Wrong("cnn_beats_dense", lambda evidence: evidence, "clearly better than", better_dense),
    Wrong(
        "cnn_beats_dense", network("cnn_model", *[drop(1)] * 3, setting(2, units=10)), "builds on “The convolutional"
    ),
    Wrong("saved", without_files, "No file with a saved network"),
    Wrong("saved", saved(name="my_cnn.h5", config=None), "Save it as my_cnn.keras"),
    Wrong("saved", saved(name="model.keras"), "not the file that was asked for"),
    Wrong("saved", network("cnn_model", setting(1, filters=16)), "another network than"),
    Wrong("saved", without("cnn_model"), "no network in a variable `cnn_model`"),
]
