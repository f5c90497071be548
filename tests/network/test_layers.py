"""One record per layer: what it reads and refuses, what counts as the same, and how it is written as code."""

from pathlib import Path

import pytest
from network.keras_configs import build, conv, dense, flatten, functional, input_layer, layer, sequential
from network.layer_examples import EXAMPLES, READ_AS

from autograder.authoring.keras_code import layer_codes
from autograder.authoring.keras_configs import layers_of
from autograder.authoring.keras_configs import sequential as written
from autograder.network.canonical import UnknownNetwork, canonicalize
from autograder.network.covering import disagreements
from autograder.network.describe import in_words, settings_in_words
from autograder.network.diff import compare
from autograder.network.kinds import related
from autograder.network.layers import LAYERS, read_layer, record
from autograder.network.measure import rows, totals
from autograder.network.table import parse_table

# Read with the network, or only as a part of another layer.
ALONE_NOT = {"Input", "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"}


def test_every_layer_has_examples_or_stands_for_others():
    assert EXAMPLES.keys() | READ_AS.keys() | ALONE_NOT == LAYERS.keys()


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_layer_has_a_name_in_words(name):
    assert str(in_words(name)).startswith(("a ", "an ", "the "))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_settings_are_in_canonical_form_after_one_reading(name):
    for _, given in EXAMPLES[name]:
        config = {key: value for key, value in given.items() if key != "call"}
        for applied in read_layer(name, config, given.get("call", {})):
            settings = {key: value for key, value in applied.settings.items() if key not in LAYERS[applied.kind].call}
            if "layer" in settings or applied.kind == "Activation":
                continue
            call = {key: applied.settings[key] for key in LAYERS[applied.kind].call}
            assert read_layer(applied.kind, settings, call) == [applied]


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_layer_refuses_a_setting_that_it_has_not(name):
    config = {key: value for key, value in EXAMPLES[name][0][1].items() if key != "call"}
    with pytest.raises(UnknownNetwork, match="secret"):
        read_layer(name, {**config, "secret": 1})


REFUSED = {
    "a vocabulary in a file": layer("StringLookup", vocabulary="/etc/passwd"),
    "a vocabulary without end": layer("StringLookup", vocabulary=["a"] * 200_000),
    "a long word": layer("TextVectorization", vocabulary=["a" * 10_000]),
    "a function that splits": layer("TextVectorization", split={"class_name": "function", "config": "f"}),
    "numbers without end": layer("Normalization", mean=[0.0] * 100_000, variance=[1.0] * 100_000),
    "numbers that multiply by nesting": layer("Normalization", mean=[[[0.0] * 200] * 200] * 200, variance=1.0),
    "a mean without a variance": layer("Normalization", mean=1.0),
    "neither bins nor boundaries": layer("Discretization"),
    "a huge number of bins": layer("Hashing", num_bins=10**12),
    "a huge image": layer("Resizing", height=10**9, width=10**9),
    "an equation that is none": layer("EinsumDense", equation="__import__", output_shape=[3]),
    "a long equation": layer("EinsumDense", equation="ab" * 10_000, output_shape=[3]),
    "a cell that stands alone": layer("LSTMCell", units=3),
    "a cell of the student's": layer("RNN", cell={**layer("Mine"), "module": "__main__"}),
    "no cells": layer("RNN", cell=layer("StackedRNNCells", cells=[])),
    "a thousand cells": layer("RNN", cell=layer("StackedRNNCells", cells=[layer("GRUCell", units=2)] * 1000)),
    "a Lambda at every step": layer("TimeDistributed", layer=layer("Lambda")),
    "a merge at every step": layer("TimeDistributed", layer=layer("Add")),
    "a dropout of a kernel's size": layer("SpectralNormalization", layer=layer("Dropout", rate=0.1)),
    "a pipeline of a student's": layer("Pipeline", layers=[{**layer("Mine"), "registered_name": "Custom>Mine"}]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused_in_words(name):
    with pytest.raises(UnknownNetwork) as caught:
        canonicalize("Sequential", sequential(input_layer(5, 8, 8, 3), REFUSED[name]))
    assert 10 < len(str(caught.value.reason)) < 300


def test_layers_in_layers_without_end_are_refused():
    held = layer("Dense", units=3)
    for _ in range(500):
        held = layer("TimeDistributed", layer=held)
    with pytest.raises(UnknownNetwork, match="deep"):
        canonicalize("Sequential", sequential(input_layer(5, 8), held))
    itself = layer("TimeDistributed")
    itself["config"]["layer"] = itself
    with pytest.raises(UnknownNetwork):
        canonicalize("Sequential", sequential(input_layer(5, 8), itself))


def cells(*names):
    return layer("StackedRNNCells", cells=[layer(name, units=4) for name in names])


STEPS = input_layer(5, 8)
FILM = input_layer(5, 8, 8, 3)
SAME = {
    "an RNN of a cell": (
        [STEPS, layer("RNN", cell=layer("GRUCell", units=4), return_sequences=True)],
        [STEPS, layer("GRU", units=4, return_sequences=True)],
    ),
    "cells on top of each other": (
        [STEPS, layer("RNN", cell=cells("LSTMCell", "SimpleRNNCell"), go_backwards=True)],
        [
            STEPS,
            layer("LSTM", units=4, return_sequences=True, go_backwards=True),
            layer("SimpleRNN", units=4),
        ],
    ),
    "a dense layer at every step": ([STEPS, layer("TimeDistributed", layer=dense(4))], [STEPS, dense(4)]),
    "an activation inside a layer at every step": (
        [FILM, layer("TimeDistributed", layer=conv(4, activation="relu"))],
        [FILM, layer("TimeDistributed", layer=conv(4)), layer("ReLU")],
    ),
    "a network at every step": (
        [
            FILM,
            layer(
                "TimeDistributed", layer={**layer("Sequential", **sequential(conv(4), flatten())), "module": "keras"}
            ),
        ],
        [FILM, layer("TimeDistributed", layer=conv(4)), layer("TimeDistributed", layer=flatten())],
    ),
    "a pipeline": (
        [input_layer(8, 8, 3), layer("Pipeline", layers=[layer("RandomFlip"), layer("CenterCrop", height=4, width=4)])],
        [input_layer(8, 8, 3), layer("RandomFlip"), layer("CenterCrop", height=4, width=4)],
    ),
    "resized to its own size": (
        [input_layer(8, 8, 3), layer("Resizing", height=8, width=8), flatten()],
        [input_layer(8, 8, 3), flatten()],
    ),
    "an axis counted from the front": (
        [STEPS, layer("UnitNormalization", axis=2)],
        [STEPS, layer("UnitNormalization", axis=[-1])],
    ),
    "other letters in an equation": (
        [STEPS, layer("EinsumDense", equation="xyz,zw->xyw", output_shape=[None, 3], bias_axes="w")],
        [STEPS, layer("EinsumDense", equation="abc,cd->abd", output_shape=[None, 3], bias_axes="d")],
    ),
    "statistics of the data": (
        [STEPS, layer("Discretization", num_bins=4, bin_boundaries=[0.1, 0.2, 0.3])],
        [STEPS, layer("Discretization", num_bins=4)],
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_two_ways_of_writing_the_same_are_equal(name):
    one, other = SAME[name]
    assert build(*one) == build(*other)


def attention(*reads, **keywords):
    """x, and attention from x to x, given in one way or another."""
    nodes = {"x": (input_layer(5, 8), []), "a": (layer("MultiHeadAttention", num_heads=2, key_dim=3), [["x"]])}
    written = functional(["x"], ["a"], nodes)
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}}
    keywords = {name: tensor if value == "x" else value for name, value in keywords.items()}
    written["layers"][1]["inbound_nodes"] = [{"args": [tensor for _ in reads], "kwargs": keywords}]
    return canonicalize("Functional", written)


def test_attention_reads_query_value_and_key_however_they_are_given():
    expected = attention("x", "x")
    assert expected.operations[1].inputs == (0, 0)
    assert attention("x", "x", "x") == attention("x", value="x", key="x") == attention(query="x", value="x") == expected
    assert attention("x", "x", training=True, attention_mask=None) == expected
    assert totals(expected).total == 218


def test_attention_that_looks_back_only_is_another_one():
    causal = attention("x", "x", use_causal_mask=True)
    (deviation,) = compare(attention("x", "x"), causal).deviations
    assert deviation.settings == ("use_causal_mask",)


@pytest.mark.parametrize(
    "keywords",
    [{"attention_mask": "x"}, {"return_attention_scores": True}, {"use_causal_mask": "yes"}, {"value": 3}],
)
def test_a_call_that_is_not_understood_is_refused_in_words(keywords):
    with pytest.raises(UnknownNetwork) as caught:
        attention("x", *(() if "value" in keywords else ("x",)), **keywords)
    assert caught.value.layer == "a"
    assert 10 < len(str(caught.value.reason)) < 200


def test_attention_without_a_value_is_refused():
    with pytest.raises(UnknownNetwork, match="without its value"):
        attention("x")


def test_layers_of_one_family_are_related():
    assert related("Conv2D", "DepthwiseConv2D")
    assert related("Dropout", "GaussianNoise")
    assert related("RandomFlip", "MixUp")
    assert not related("Dense", "Embedding")
    assert not related("Flatten", "ZeroPadding2D")
    assert related("Nobody", "Nobody")
    assert not related("Nobody", "Dense")


CODE = {
    'layers.Conv2D(64, 3, padding="same")': conv(64),
    "layers.Conv2D(6, (3, 2), strides=(2, 1), groups=2)": layer(
        "Conv2D", filters=6, kernel_size=[3, 2], strides=[2, 1], groups=2
    ),
    "layers.MaxPooling2D(2)": layer("MaxPooling2D"),
    "layers.MaxPooling2D(3, strides=2)": layer("MaxPooling2D", pool_size=3, strides=2),
    "layers.Dense(7, use_bias=False, trainable=False)": dense(7, use_bias=False, trainable=False),
    "layers.Dropout(0.3)": layer("Dropout", rate=0.3),
    "layers.BatchNormalization(scale=False)": layer("BatchNormalization", scale=False),
    "layers.Reshape((3, 162))": layer("Reshape", target_shape=[3, -1]),
    "layers.TimeDistributed(layers.Conv1D(3, 2))": layer(
        "TimeDistributed", layer=layer("Conv1D", filters=3, kernel_size=2)
    ),
    'layers.RandomFlip(mode="horizontal")': layer("RandomFlip", mode="horizontal"),
}


@pytest.mark.parametrize("code", CODE)
def test_a_layer_is_written_as_code_with_what_must_be_said(code):
    shape = (9, 9, 6)
    _, codes = layer_codes(build(input_layer(*shape), CODE[code]))
    assert [one.code for one in codes] == [code]


@pytest.mark.parametrize("name", sorted(name for name, examples in EXAMPLES.items() if len(examples[0][0]) == 1))
def test_a_chain_is_written_as_a_configuration_from_which_it_comes_back(name):
    ((shape,), given), *_ = EXAMPLES[name]
    config = {key: value for key, value in given.items() if key != "call"}
    architecture = build(input_layer(*shape), layer(name, **config))
    assert canonicalize("Sequential", written(layers_of(architecture))) == architecture
    assert all(settings_in_words(operation) is not None for operation in architecture.operations)
    (_, codes) = layer_codes(architecture)
    for code in codes:
        compile(code.code, "code", "eval")


TABLE = """
 rnn (RNN)                        (None, 5, 3)   170
 time_distributed (TimeDistribut  (None, 5, 4)   16
 group_normalization (GroupNorma  (None, 5, 4)   8
"""


def test_a_table_shows_layers_that_are_read_as_others():
    stacked = layer("StackedRNNCells", cells=[layer("LSTMCell", units=2), layer("SimpleRNNCell", units=3)])
    architecture = build(
        STEPS,
        layer("RNN", cell=stacked, return_sequences=True),
        layer("TimeDistributed", layer=dense(4)),
        layer("GroupNormalization", groups=2),
    )
    measured = [row.parameters for row in rows(architecture)]
    assert measured == [0, 88, 18, 16, 8]
    assert disagreements(parse_table(TABLE.replace("170", str(88 + 18))), architecture) == ()


def test_the_document_names_every_layer_in_its_module():
    document = (Path(__file__).parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
    rows = [line.split("|")[2:4] for line in document.splitlines() if line.startswith("| ") and ".py" in line]
    listed = {name.strip(): module.strip(" `") for names, module in rows for name in names.split(",")}
    assert listed.keys() == LAYERS.keys()
    source = Path(record.__file__).parent
    for module in sorted({*listed.values()}):
        assert (source / module).is_file()
