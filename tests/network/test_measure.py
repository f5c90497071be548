"""Shapes and parameters by formula: every number of the exercises."""

import pytest
from network.keras_configs import (
    act,
    build,
    cnn2_layers,
    conv,
    dense,
    dropout,
    flatten,
    input_layer,
    layer,
    norm,
    pool,
)

from autograder.network.measure import rows, totals


def valid(filters):
    return conv(filters, padding="valid", activation="relu")


CIFAR = input_layer(32, 32, 3)
TOTALS = {
    "dense on pixels": ([CIFAR, flatten(), dense(100)], 307_300),
    "kernels without bias": ([CIFAR, conv(100, use_bias=False)], 2_700),
    "onions": (
        [CIFAR, valid(32), pool(), valid(32), pool(), valid(32), flatten(), dense(32, activation="relu"), dense(10)],
        36_138,
    ),
    "onions without the layer": (
        [CIFAR, valid(32), pool(), valid(32), pool(), flatten(), dense(32, activation="relu"), dense(10)],
        47_370,
    ),
    "small": ([CIFAR, valid(50), valid(50), flatten(), dense(10)], 415_960),
    "with pooling": ([CIFAR, valid(50), pool(), valid(50), pool(), flatten(), dense(50), dense(10)], 114_510),
    "depth": ([CIFAR, valid(50), pool(), valid(50), pool(), valid(50), flatten(), dense(50), dense(10)], 87_060),
    "depth with dropout": (
        [CIFAR, valid(50), pool(), valid(50), pool(), valid(50), dropout(0.8), flatten(), dense(50), dense(10)],
        87_060,
    ),
    "dense network": ([CIFAR, flatten(), dense(50), dense(50), dense(10)], 156_710),
    "cnn1": ([input_layer(28, 28, 1), conv(32), act(), flatten(), dense(10), act("softmax")], 251_210),
    "fashion": (
        [input_layer(28, 28, 1), valid(64), pool(), valid(64), pool(), flatten(), dense(128), dense(10)],
        243_786,
    ),
    "mnist dense": ([input_layer(28, 28), flatten(), dense(128), dense(10)], 101_770),
    "mnist cnn": ([input_layer(28, 28, 1), valid(32), pool(), valid(64), flatten(), dense(64), dense(10)], 515_146),
    "cnn2 without the missing layers": ([*cnn2_layers()[:11], *cnn2_layers()[15:]], 2_540_386),
}


@pytest.mark.parametrize("name", TOTALS)
def test_totals_are_those_of_the_exercises(name):
    layers, total = TOTALS[name]
    assert totals(build(*layers)).total == total


def test_cnn2_has_the_parameters_of_the_handout():
    counted = totals(build(*cnn2_layers()))
    assert (counted.total, counted.trainable, counted.non_trainable) == (695_970, 695_186, 784)


def test_fcn_has_the_parameters_of_the_exercise():
    block = [norm(), dropout(0.3), act()]
    counted = totals(build(input_layer(784), dense(500), *block, dense(50), *block, dense(10), act("softmax")))
    assert (counted.total, counted.trainable, counted.non_trainable) == (420_260, 419_160, 1_100)


def test_halving_eleven_gives_five():
    shapes = [row.shape for row in rows(build(*TOTALS["fashion"][0]))]
    assert (None, 11, 11, 64) in shapes
    assert (None, 5, 5, 64) in shapes
    assert (None, 1600) in shapes


def test_a_kernel_of_five_takes_four_pixels():
    (_, row) = rows(build(input_layer(28, 28, 1), layer("Conv2D", filters=1, kernel_size=5)))
    assert row.shape == (None, 24, 24, 1)


def test_shared_weights_count_once():
    from network.keras_configs import functional

    from autograder.network.canonical import canonicalize

    nodes = {"x": (input_layer(4), []), "d": (dense(4), [["x"], ["d"]])}
    assert totals(canonicalize("Functional", functional(["x"], ["d:1"], nodes))).total == 20


def test_frozen_parameters_are_not_trainable():
    counted = totals(build(input_layer(4), dense(3, trainable=False)))
    assert (counted.total, counted.trainable, counted.non_trainable) == (15, 0, 15)
