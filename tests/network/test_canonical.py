"""The same network, however it is written, is the same architecture."""

import pytest
from network.keras_configs import (
    act,
    build,
    cnn2_layers,
    conv,
    dense,
    dropout,
    flatten,
    functional,
    input_layer,
    layer,
    norm,
    pool,
    sequential,
)

from autograder.network.canonical import Misfitting, UnknownNetwork, canonicalize


def head(*layers):
    return build(input_layer(14, 14, 3), *layers, flatten(), dense(5))


def functional_chain(*layers):
    """The same layers, each called on the one before."""
    nodes, before = {}, []
    for number, entry in enumerate(layers):
        name = f"layer_{number}"
        nodes[name] = (entry, [before] if before else [])
        before = [name]
    return functional(["layer_0"], before, nodes)


def tensorflow_function(name):
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def operation(module, class_name, **config):
    return {"module": f"keras.src.{module}", "class_name": class_name, "config": config, "registered_name": class_name}


RELU = [conv(4), act()]
SAME = {
    "fused activation": ([conv(4, activation="relu")], RELU),
    "ReLU layer": ([conv(4), layer("ReLU")], RELU),
    "ReLU layer as activation": ([conv(4, activation=layer("ReLU"))], RELU),
    "relu after relu": ([conv(4, activation="relu"), act()], RELU),
    "linear activation": ([conv(4, activation="linear"), act("linear")], [conv(4)]),
    "tf.nn.silu": ([act(tensorflow_function("swish"))], [act("silu")]),
    "tf.nn.softmax": ([act(tensorflow_function("softmax_v2"))], [act("softmax")]),
    "Softmax layer": ([layer("Softmax")], [act("softmax")]),
    "ReLU with the slope of LeakyReLU": ([layer("ReLU", negative_slope=0.2)], [act("leaky_relu")]),
    "ReLU6": ([layer("ReLU", max_value=6.0)], [act("relu6")]),
    "ELU": ([layer("ELU")], [act("elu")]),
    "kernel as a number": ([conv(4, kernel_size=3, strides=1)], [conv(4)]),
    "pool strides left out": ([pool(pool_size=2)], [pool(pool_size=[2, 2], strides=[2, 2])]),
    "pool padding where nothing is left over": ([pool(padding="same")], [pool()]),
    "zero padding before a valid convolution": ([layer("ZeroPadding2D"), conv(4, padding="valid")], [conv(4)]),
    "one by one kernels need no padding": (
        [conv(4, kernel_size=1)],
        [conv(4, kernel_size=1, padding="valid")],
    ),
    "reshape to one axis": ([layer("Reshape", target_shape=[-1])], []),
    "reshape to the flat size": ([layer("Reshape", target_shape=[588])], []),
    "reshape there and back": (
        [layer("Reshape", target_shape=[196, 3]), layer("Reshape", target_shape=[14, 14, -1])],
        [],
    ),
    "flatten twice": ([flatten()], []),
    "dropout of nothing": ([dropout(0.0)], []),
    "identity": ([layer("Identity")], []),
    "pool of one": ([pool(pool_size=1)], []),
    "axis of the last dimension": ([layer("BatchNormalization", axis=[3])], [norm()]),
    "global pooling that keeps the axes": (
        [layer("GlobalAveragePooling2D", keepdims=True)],
        [layer("GlobalAveragePooling2D")],
    ),
    "names, types and seeds": (
        [layer("Dropout", rate=0.5, seed=7, name="mine", dtype="float32")],
        [dropout(0.5)],
    ),
    "nested network": ([{**layer("Sequential", **sequential(conv(4), act())), "module": "keras"}], RELU),
    "L1L2 with one of both": (
        [conv(4, kernel_regularizer=layer("L1L2", l1=0.0, l2=0.1))],
        [conv(4, kernel_regularizer=layer("L2", l2=0.1))],
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_two_ways_of_writing_the_same_are_equal(name):
    one, other = SAME[name]
    assert head(*one) == head(*other)


DIFFERENT = {
    "activation before and after normalization": ([act(), norm()], [norm(), act()]),
    "another activation": ([act("tanh")], [act("relu")]),
    "dilation": ([conv(4, dilation_rate=2)], [conv(4)]),
    "frozen": ([conv(4, trainable=False)], [conv(4)]),
    "without bias": ([conv(4, use_bias=False)], [conv(4)]),
    "padding": ([conv(4, padding="valid")], [conv(4)]),
    "dropout rate": ([dropout(0.4)], [dropout(0.3)]),
    "initializer": ([conv(4, kernel_initializer=layer("HeNormal"))], [conv(4)]),
    "kind of pooling": ([layer("AveragePooling2D")], [pool()]),
    "momentum": ([layer("BatchNormalization", momentum=0.9)], [norm()]),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_computes_or_learns_otherwise_differs(name):
    one, other = DIFFERENT[name]
    assert head(*one) != head(*other)


def test_a_functional_network_equals_the_sequential_one():
    assert canonicalize("Functional", functional_chain(*cnn2_layers())) == build(*cnn2_layers())


def test_frozen_networks_freeze_what_is_inside():
    inner = {**layer("Sequential", **{**sequential(dense(3)), "trainable": False}), "module": "keras"}
    assert build(input_layer(4), inner) == build(input_layer(4), dense(3, trainable=False))


def test_a_network_may_end_with_another_one():
    """Keras counts the calls of a functional network from 1 where they are outputs, and from 0 elsewhere."""
    inner = functional(["a"], ["b"], {"a": (input_layer(4), []), "b": (dense(3), [["a"]])})
    base = {**layer("Functional", **inner), "module": "keras.src.models.functional"}
    written = functional(["x"], ["base:1"], {"x": (input_layer(4), []), "base": (base, [["x"]])})
    assert canonicalize("Functional", written) == build(input_layer(4), dense(3))


def test_operations_of_keras_ops_equal_their_layers():
    written = functional(
        ["x"],
        ["flat"],
        {
            "x": (input_layer(8, 8, 3), []),
            "pooled": (operation("ops.nn", "MaxPool", pool_size=2, strides=None, padding="valid"), [["x"]]),
            "relu": (operation("ops.nn", "Relu"), [["pooled"]]),
            "flat": (operation("ops.numpy", "Reshape", newshape=[-1, 48]), [["relu"]]),
        },
    )
    assert canonicalize("Functional", written) == build(input_layer(8, 8, 3), pool(), act(), flatten())


def test_a_constant_that_is_multiplied_is_a_rescaling():
    written = functional(
        ["x"], ["y"], {"x": (input_layer(4), []), "y": (operation("ops.numpy", "TrueDivide"), [["x"]])}
    )
    written["layers"][1]["inbound_nodes"][0]["args"].append(4)
    assert canonicalize("Functional", written) == build(input_layer(4), layer("Rescaling", scale=0.25))


def test_the_order_of_what_is_added_up_does_not_matter():
    def written(*order):
        return canonicalize(
            "Functional",
            functional(
                ["x"], ["sum"], {"x": (input_layer(4), []), "d": (dense(4), [["x"]]), "sum": (layer("Add"), [[*order]])}
            ),
        )

    assert written("x", "d") == written("d", "x")


def test_the_order_of_what_is_subtracted_matters():
    def written(*order):
        nodes = {"x": (input_layer(4), []), "d": (dense(4), [["x"]]), "diff": (layer("Subtract"), [[*order]])}
        return canonicalize("Functional", functional(["x"], ["diff"], nodes))

    assert written("x", "d") != written("d", "x")


def test_a_layer_that_is_called_twice_shares_its_weights():
    nodes = {"x": (input_layer(4), []), "d": (dense(4), [["x"], ["d"]])}
    shared = canonicalize("Functional", functional(["x"], ["d:1"], nodes))
    assert [operation.shares for operation in shared.operations] == [None, None, 1]
    assert shared != build(input_layer(4), dense(4), dense(4))


def test_what_reaches_no_output_is_left_out():
    nodes = {"x": (input_layer(4), []), "d": (dense(3), [["x"]]), "lost": (dense(9), [["x"]])}
    assert canonicalize("Functional", functional(["x"], ["d"], nodes)) == build(input_layer(4), dense(3))


def test_operations_stand_in_one_order_whatever_the_order_of_the_layers():
    nodes = {
        "a": (input_layer(4), []),
        "b": (input_layer(4), []),
        "p": (dense(2), [["a"]]),
        "q": (dense(3), [["b"]]),
        "both": (layer("Concatenate"), [["p", "q"]]),
    }
    turned = dict(reversed(nodes.items()))
    one = canonicalize("Functional", functional(["a", "b"], ["both"], nodes))
    assert one == canonicalize("Functional", functional(["a", "b"], ["both"], turned))
    assert [operation.kind for operation in one.operations] == ["Input", "Input", "Dense", "Dense", "Concatenate"]


def test_a_network_that_was_never_built_takes_the_shape_it_is_given():
    built, unbuilt = cnn2_layers(), sequential(*cnn2_layers()[1:])
    assert canonicalize("Sequential", unbuilt, input_shape=(None, 28, 28, 1)) == build(*built)
    with pytest.raises(UnknownNetwork, match="shape of its input"):
        canonicalize("Sequential", unbuilt)


def test_a_network_knows_its_input_from_having_been_built():
    config = {**sequential(dense(3)), "build_input_shape": [None, 7]}
    assert canonicalize("Sequential", config) == build(input_layer(7), dense(3))


def test_layers_that_do_not_fit_are_named_and_still_readable():
    with pytest.raises(Misfitting, match="nothing is left") as caught:
        build(input_layer(4, 4, 1), pool(), pool(), layer("MaxPooling2D", name="third"), flatten(), dense(2))
    assert caught.value.layer == "third"
    assert len(caught.value.architecture.operations) == 6


def test_labels_are_neither_compared_nor_dumped():
    named = build(input_layer(4), layer("Dense", units=2, name="mine"))
    assert named == build(input_layer(4), layer("Dense", units=2, name="yours"))
    assert named.operations[1].label == "mine"
    assert "mine" not in named.model_dump_json()
