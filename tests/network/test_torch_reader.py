"""PyTorch modules against the same networks in Keras, by their descriptions in `torch_descriptions.json`."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from autograder.network.canonical import Misfitting, UnknownNetwork, canonicalize
from autograder.network.diff import compare
from autograder.network.measure import rows, totals
from autograder.network.torch.reader import read_description
from autograder.network.torch.words import torch_rows

HERE = Path(__file__).parent
DESCRIPTIONS = json.loads((HERE / "torch_descriptions.json").read_text())


def keras(shape, *layers):
    """A Sequential network of Keras; a layer is its class and its settings."""
    entries = [("InputLayer", {"batch_shape": [None, *shape]}), *layers]
    described = [
        {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
        for name, config in entries
    ]
    return canonicalize("Sequential", {"name": "model", "layers": described})


def conv(filters, activation="relu", **more):
    return ("Conv2D", {"filters": filters, "kernel_size": 3, "padding": "same", "activation": activation, **more})


def cnn2(*, last="softmax", missing=True):
    block = [("BatchNormalization", {}), ("Activation", {"activation": "relu"})]
    pool = ("MaxPooling2D", {"pool_size": 2})
    hidden = [conv(64, "linear"), *block, pool] if missing else []
    return keras(
        (28, 28, 1),
        *(conv(32, "linear"), *block, conv(32, "linear"), *block, pool, conv(64, "linear"), *block, *hidden),
        *(("Flatten", {}), ("Dense", {"units": 200}), ("BatchNormalization", {}), ("Dropout", {"rate": 0.3})),
        *(("Activation", {"activation": "relu"}), ("Dense", {"units": 10}), ("Activation", {"activation": last})),
    )


def lstm(units, **config):
    return ("LSTM", {"units": units, **config})


SAME = {
    "cnn2_sequential": cnn2(last="linear"),
    "cnn2_functional": cnn2(last="linear"),
    "cnn2_nested": cnn2(last="log_softmax"),
    "words": keras(
        (50,),
        ("Embedding", {"input_dim": 1000, "output_dim": 16}),
        lstm(32, return_sequences=True),
        ("Dropout", {"rate": 0.2}),
        lstm(32),
        ("Dense", {"units": 1, "activation": "sigmoid"}),
    ),
    "time_first": keras((9, 12), ("GRU", {"units": 20}), ("Dense", {"units": 4})),
    "text_convolution": keras(
        (30,),
        ("Embedding", {"input_dim": 500, "output_dim": 8}),
        ("Conv1D", {"filters": 24, "kernel_size": 5, "activation": "relu"}),
        ("GlobalMaxPooling1D", {}),
        ("Dense", {"units": 2}),
    ),
    "signal": keras(
        (64, 2),
        ("Conv1D", {"filters": 6, "kernel_size": 3, "activation": "relu"}),
        ("AveragePooling1D", {"pool_size": 2}),
        ("Conv1D", {"filters": 4, "kernel_size": 3}),
        ("Flatten", {}),
        ("Dense", {"units": 3}),
    ),
    "decoder": keras(
        (10,),
        ("Dense", {"units": 392}),
        ("LeakyReLU", {"negative_slope": 0.2}),
        ("Reshape", {"target_shape": [7, 7, 8]}),
        ("Conv2DTranspose", {"filters": 4, "kernel_size": 4, "strides": 2, "padding": "same", "activation": "relu"}),
        ("Conv2DTranspose", {"filters": 1, "kernel_size": 2, "strides": 2, "activation": "tanh"}),
    ),
    "own_weights": keras(
        (28, 28, 1),
        ("Flatten", {}),
        ("Rescaling", {"scale": 1 / 255}),
        ("Dense", {"units": 32, "activation": "relu"}),
        ("Dense", {"units": 10}),
    ),
}
SAME["words_by_state"] = SAME["words"]
SAME["by_hand"] = keras(
    (28, 28, 1), ("Flatten", {}), ("Dense", {"units": 32, "activation": "relu"}),
    ("Dense", {"units": 10, "use_bias": False}),
)  # fmt: skip
SAME["each_step"] = keras(
    (7,), ("Embedding", {"input_dim": 50, "output_dim": 8}), ("GRU", {"units": 12, "return_sequences": True}),
    ("Dense", {"units": 10, "activation": "relu"}), ("Dense", {"units": 50}),
)  # fmt: skip
SAME["text_maximum"] = SAME["text_convolution"]
SAME["never_called"] = keras(
    (28, 28, 1), ("Conv2D", {"filters": 4, "kernel_size": 3}), ("BatchNormalization", {}),
    ("Activation", {"activation": "relu"}), ("Flatten", {}), ("Dense", {"units": 10}),
)  # fmt: skip
SAME["old_example"] = keras(
    (28, 28, 1), ("Conv2D", {"filters": 8, "kernel_size": 3, "activation": "relu"}), ("MaxPooling2D", {}),
    ("SpatialDropout2D", {"rate": 0.25}), ("Flatten", {}), ("Dense", {"units": 32, "activation": "relu"}),
    ("Dropout", {"rate": 0.5}), ("Dense", {"units": 10}),
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(SAME))
def test_a_module_is_the_same_network_as_in_keras(name):
    found = read_description(DESCRIPTIONS[name])
    assert not compare(SAME[name], found).deviations
    assert rows(found) == rows(SAME[name])


def test_three_ways_of_writing_cnn2_are_equal_but_for_the_softmax():
    sequential, functional, nested = (
        read_description(DESCRIPTIONS[f"cnn2_{how}"]) for how in ("sequential", "functional", "nested")
    )
    assert sequential == functional
    assert [one.kind for one in compare(sequential, nested).deviations] == ["extra"]


def test_parameters_are_counted_as_torch_counts_them():
    network = read_description(DESCRIPTIONS["cnn2_sequential"])
    measured = rows(network)
    assert totals(network).total == 695_970
    assert sum(row.parameters for row in torch_rows(network, measured)) == 695_186
    assert DESCRIPTIONS["cnn2_sequential"]["parameters"] == 695_186
    for name in ("words", "both_ways", "time_first", "attention", "residual", "decoder", "gates", "encoder"):
        network = read_description(DESCRIPTIONS[name])
        shown = torch_rows(network, rows(network))
        assert sum(row.parameters for row in shown) == DESCRIPTIONS[name]["parameters"], name


def test_rows_have_the_names_and_the_shapes_of_torch():
    network = read_description(DESCRIPTIONS["cnn2_functional"])
    shown = torch_rows(network, rows(network))
    names = [operation.shown for operation in network.operations]
    assert names[:4] == ["input", "Conv2d", "BatchNorm2d", "ReLU"]
    assert names[-5:] == ["Linear", "BatchNorm1d", "Dropout", "ReLU", "Linear"]
    assert [row.shape for row in shown[:2]] == [(None, 1, 28, 28), (None, 32, 28, 28)]
    assert [operation.label for operation in network.operations[1:4]] == ["conv1", "bn1", "relu"]


def test_branches_are_followed():
    network = read_description(DESCRIPTIONS["residual"])
    assert [one.kind for one in network.operations if len(one.inputs) > 1] == ["Add", "Concatenate"]
    assert totals(network).total == DESCRIPTIONS["residual"]["parameters"]


def test_the_defaults_of_torch_are_explicit():
    network = read_description(DESCRIPTIONS["cnn2_sequential"])
    first, norm = network.operations[1].settings, network.operations[2].settings
    assert first["kernel_initializer"]["config"] == {"scale": 0.3333333, "mode": "fan_in", "distribution": "uniform"}
    assert first["bias_initializer"]["config"] == {"minval": -0.3333333, "maxval": 0.3333333}
    assert (norm["epsilon"], norm["momentum"]) == (1e-5, 0.9)


def test_own_initial_weights_frozen_and_shared_layers_are_read():
    network = read_description(DESCRIPTIONS["frozen"])
    base, last = network.operations[1], network.operations[-1]
    assert base.settings["trainable"] is False
    assert last.settings["trainable"] is True
    assert last.settings["kernel_initializer"]["config"]["scale"] == 2.0
    assert last.settings["bias_initializer"]["class_name"] == "Zeros"
    assert sum(operation.shares is not None for operation in network.operations) == 1


@pytest.mark.parametrize(
    ("name", "layer", "said"),
    [
        ("wrong_size", "fc1", "`in_features` is 1,568, but it gets 1,352"),
        ("no_batch_first", "gru", "`batch_first=True` is missing"),
    ],
)
def test_layers_that_do_not_fit_are_named_and_the_rest_is_still_compared(name, layer, said):
    with pytest.raises(Misfitting) as refused:
        read_description(DESCRIPTIONS[name])
    assert refused.value.layer == layer
    assert said in str(refused.value)
    assert refused.value.architecture.operations[-1].label in ("fc2", "out")


def test_control_flow_on_data_is_said_to_be_unreadable():
    assert DESCRIPTIONS["on_data"]["problem"] == "data_dependent"


def _wounded(value, change):
    return {**DESCRIPTIONS["cnn2_sequential"], "operations": [change, *value["operations"][1:]]}


@pytest.mark.parametrize(
    "description",
    [
        {},
        {"batch": 5},
        {"batch": 5, "operations": [], "outputs": [{"ref": 0}]},
        {"batch": 5, "operations": [{"kind": "input", "shape": [None, 4]}], "outputs": [{"ref": 99}]},
        {"batch": 5, "operations": [{"kind": "input", "shape": "x"}], "outputs": [{"ref": 0}]},
        {"batch": 5, "operations": [{"kind": "__import__", "args": [{"ref": -1}]}], "outputs": [{"ref": 0}]},
        {"batch": 5, "operations": [{"kind": "Linear", "path": "a"}] * 2001, "outputs": [{"ref": 0}]},
        _wounded(DESCRIPTIONS["cnn2_sequential"], {"kind": "input", "shape": [None, 1, 28]}),
        _wounded(DESCRIPTIONS["cnn2_sequential"], {"kind": "Linear", "settings": {"out_features": 10**30}}),
        {"batch": 5, "operations": [{"kind": "input", "shape": [None] + [60000] * 6}], "outputs": [{"ref": 0}]},
    ],
)
def test_a_forged_description_is_refused(description):
    with pytest.raises(UnknownNetwork):
        read_description(description)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed (make torch)")
def test_the_stored_descriptions_are_what_torch_gives(tmp_path):
    file = tmp_path / "described.json"
    script = HERE / "torch_modules.py"
    subprocess.run([sys.executable, str(script), str(file)], check=True, timeout=300, capture_output=True)
    assert json.loads(file.read_text()) == DESCRIPTIONS
