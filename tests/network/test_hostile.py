"""A configuration comes from the student's kernel: whatever it is, it is read or refused in words, and soon."""

import json
import time
from contextlib import suppress
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from network.keras_configs import (
    act,
    build,
    cnn2_layers,
    conv,
    dense,
    flatten,
    functional,
    input_layer,
    layer,
    sequential,
)

from autograder.network.canonical import UnknownNetwork, canonicalize
from autograder.network.compilation import Compilation, read_compilation
from autograder.network.measure import ShapeError, rows


def refused(config, class_name="Sequential"):
    with pytest.raises(UnknownNetwork) as caught:
        canonicalize(class_name, config)
    return caught.value


BAD_LAYERS = {
    "Lambda": layer("Lambda", function={"class_name": "__lambda__", "config": {"code": "4wEA"}}),
    "class of the student": {**layer("Mine"), "module": "__main__", "registered_name": "Custom>Mine"},
    "known name from elsewhere": {**dense(3), "module": "__main__"},
    "registered under a known name": {**dense(3), "registered_name": "Custom>Dense"},
    "function of the student": dense(
        3, activation={"module": "builtins", "class_name": "function", "config": "f", "registered_name": "function"}
    ),
    "lambda as activation": dense(3, activation={"value": ["4wEA", None, None]}),
    "unknown setting": dense(3, secret=1),
    "unknown activation": dense(3, activation="__import__"),
    "True units": dense(True),
    "units as text": dense("10"),
    "units as a fraction": dense(2.5),
    "no units": layer("Dense"),
    "negative units": dense(-1),
    "huge units": dense(10**9),
    "endless units": dense(10**400),
    "rate that is no number": layer("Dropout", rate=float("nan")),
    "rate beyond one": layer("Dropout", rate=1.5),
    "endless rate": layer("Dropout", rate=float("inf")),
    "huge kernel": conv(3, kernel_size=[65, 65]),
    "kernel of three": conv(3, kernel_size=[3, 3, 3]),
    "channels in the middle": conv(3, data_format="channels_middle"),
    "initializer of the student": conv(3, kernel_initializer={"class_name": "Mine", "config": {}}),
    "regularizer as a list": conv(3, kernel_regularizer=[1]),
    "settings as a list": {**layer("Dense"), "config": [3]},
    "no settings": {"module": "keras.layers", "class_name": "Dense"},
    "class as a list": {**dense(3), "class_name": ["Dense"]},
    "too many parameters": dense(2**16),
    "text": "Dense",
    "nothing": None,
}


@pytest.mark.parametrize("name", BAD_LAYERS)
def test_what_is_not_understood_is_refused_in_words(name):
    entries = [input_layer(200, 200, 3), BAD_LAYERS[name]]
    if name == "too many parameters":
        entries.insert(1, flatten())
    config = {"name": "sequential", "layers": entries}
    reason = str(refused(config).reason)
    assert reason
    assert "\n" not in reason


@pytest.mark.parametrize("class_name", ["Mine", "", "Sequential\x00", "x" * 10_000])
def test_a_class_of_the_student_is_refused_and_short(class_name):
    assert len(str(refused({}, class_name))) < 300


@pytest.mark.parametrize("config", [{}, {"layers": None}, {"layers": 3}, {"layers": [[]]}, {"layers": {}}, []])
def test_a_configuration_of_another_shape_is_refused(config):
    refused(config)
    refused(config, "Functional")


def test_layers_that_read_each_other_in_a_circle_are_refused():
    nodes = {"x": (input_layer(4), []), "a": (layer("Add"), [["x", "b"]]), "b": (dense(4), [["a"]])}
    assert "circle" in str(refused(functional(["x"], ["b"], nodes), "Functional").reason)


def test_a_layer_that_reads_itself_is_refused():
    nodes = {"x": (input_layer(4), []), "a": (dense(4), [["a"]])}
    assert "circle" in str(refused(functional(["x"], ["a"], nodes), "Functional").reason)


def test_references_to_nothing_are_refused():
    nodes = {"x": (input_layer(4), []), "a": (dense(4), [["x"]])}
    for outputs in (["b"], ["a:7"], []):
        refused(functional(["x"], outputs, nodes), "Functional")


def test_nesting_without_end_is_refused():
    config = sequential(input_layer(4), dense(3))
    for _ in range(60):
        config = sequential({**layer("Sequential", **config), "module": "keras"})
    refused({**config, "build_input_shape": [None, 4]})


def test_a_configuration_that_contains_itself_is_refused():
    config = {"name": "s", "layers": [], "build_input_shape": [None, 4]}
    config["layers"].append({"module": "keras", "class_name": "Sequential", "config": config})
    refused(config)


def test_networks_that_multiply_by_nesting_are_refused_soon():
    inner = functional(["x"], ["d"], {"x": (input_layer(4), []), "d": (dense(4), [["x"]])})
    for _ in range(14):
        nested = {**layer("Functional", **inner), "module": "keras"}
        inner = functional(["x"], ["n:2"], {"x": (input_layer(4), []), "n": (nested, [["x"], ["n"]])})
    start = time.process_time()
    refused(inner, "Functional")
    assert time.process_time() - start < 5


def test_too_many_layers_are_refused():
    assert "operations" in str(refused(sequential(input_layer(4), *[dense(4)] * 600)).reason)
    refused(sequential(input_layer(4), *[dense(4)] * 5000))


def test_outputs_too_large_to_compute_are_refused():
    growing = [layer("UpSampling2D", size=64)] * 3
    assert "too large" in str(refused(sequential(input_layer(64, 64, 3), *growing)).reason)
    refused(sequential(input_layer(65536, 65536, 65536)))


def test_a_long_chain_of_layers_does_no_harm():
    names = [f"d{number}" for number in range(900)]
    nodes = {"x": (input_layer(4), [])} | {
        name: (act("tanh"), [[before]]) for before, name in zip(["x", *names], names, strict=False)
    }
    assert "operations" in str(refused(functional(["x"], ["d899"], nodes), "Functional").reason)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def _places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield from _places(child, (*path, key))


_NODES = {
    "x": (input_layer(8, 8, 1), []),
    "c": (conv(2, activation="relu"), [["x"], ["c"]]),
    "s": (layer("Add"), [["c", "c:1"]]),
    "f": (flatten(), [["s"]]),
    "r": (layer("LSTM", units=3), [["x"]]),
}
_STACKED = layer("StackedRNNCells", cells=[layer("LSTMCell", units=2), layer("GRUCell", units=3)])
_STEPS = [
    layer("Masking", mask_value=0.5),
    layer("EinsumDense", equation="abc,cd->abd", output_shape=[None, 4], bias_axes="d"),
    layer("TimeDistributed", layer={**layer("Sequential", **sequential(dense(3), act())), "module": "keras"}),
    layer("SpectralNormalization", layer=dense(3)),
    layer("Normalization", axis=[2], mean=[0.0], variance=[1.0]),
    layer("RNN", cell=_STACKED),
]
_ATTENDING = {
    "x": (input_layer(5, 4), []),
    "h": (layer("MultiHeadAttention", num_heads=2, key_dim=3), [["x"]]),
    "w": (layer("StringLookup", vocabulary=["a", "b"], output_mode="multi_hot"), [["h"]]),
    "p": (layer("Pipeline", layers=[layer("Discretization", bin_boundaries=[0.5])]), [["w"]]),
}
_ATTENTION = functional(["x"], ["p"], _ATTENDING)
_X = _ATTENTION["layers"][1]["inbound_nodes"][0]["args"][0]
_ATTENTION["layers"][1]["inbound_nodes"][0] = {"args": [_X, _X], "kwargs": {"key": _X, "use_causal_mask": True}}
BASES = [
    ("Sequential", json.loads(json.dumps(sequential(input_layer(5, 4), *_STEPS)))),
    ("Functional", json.loads(json.dumps(_ATTENTION))),
    ("Sequential", json.loads(json.dumps(sequential(*cnn2_layers())))),
    ("Functional", json.loads(json.dumps(functional(["x"], ["f"], _NODES)))),
]
PLACES = [(number, path) for number, (_, base) in enumerate(BASES) for path in _places(base) if path]


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), JSON | st.sampled_from(["relu", "Conv2D", "keras", 0, -1, 1e308, 2**70, [], {}]))
def test_any_change_anywhere_is_read_or_refused(where, value):
    number, path = where
    class_name, base = BASES[number]
    config = deepcopy(base)
    target = config
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with suppress(UnknownNetwork):
        rows(canonicalize(class_name, config))


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_compilation_is_read_or_described(config):
    assert isinstance(read_compilation(config), Compilation)
    if isinstance(config, dict):
        read_compilation({"optimizer": config, "loss": config, "metrics": config})


def test_shape_errors_name_the_operation():
    fits = build(input_layer(8, 8, 1), conv(2), flatten(), dense(3))
    small = fits.operations[0].model_copy(update={"settings": {"shape": [None, 8, 1]}})
    with pytest.raises(ShapeError) as caught:
        rows(fits.model_copy(update={"operations": (small, *fits.operations[1:])}))
    assert caught.value.operation == 3
