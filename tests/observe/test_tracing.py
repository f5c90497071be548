"""Networks whose class or layers are the student's own: read where Keras can see what they call, else left alone."""

from __future__ import annotations

import pytest

from autograder.network.canonical import canonicalize
from autograder.network.measure import totals
from autograder.records.evidence import CapturedNetwork
from tests.observe.conftest import Observe

HEAD = "import keras, numpy as np\nfrom keras import layers, ops\n"
SUBCLASS = """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(3, activation="relu")
        self.drop = layers.Dropout(0.5)
        self.last = layers.Dense(2)
    def call(self, x, training=None):
        x = self.first(x)
        print("called with", x.shape)
        if training:
            x = self.drop(x, training=training)
        return ops.softmax(self.last(x))
"""
BLOCK = """
class Block(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense = layers.Dense(units)
    def call(self, x):
        return ops.relu(self.dense(x))
"""
LAST = "layers.Dropout(0.5), layers.Dense(2, activation='softmax')])"
WAYS = {
    "called": f"{SUBCLASS}model = Net()\n_ = model(np.zeros((2, 4)))",
    "built": f"{SUBCLASS}model = Net()\nmodel.build((None, 4))",
    "fitted": f"{SUBCLASS}model = Net()\nmodel.compile('adam', 'sparse_categorical_crossentropy')\n"
    "history = model.fit(np.zeros((8, 4)), np.zeros(8), epochs=2, verbose=0)",
    "layer": f"{BLOCK}model = keras.Sequential([keras.Input((4,)), Block(3), {LAST}",
    "nested": f"{BLOCK}model = keras.Sequential([keras.Input((4,)), keras.Sequential([Block(3)]), {LAST}",
    "lambda": "model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Lambda(lambda x: ops.relu(x)), "
    f"{LAST}",
    "functional": f"{BLOCK}a = keras.Input((4,))\nb = layers.Dropout(0.5)(Block(3)(a))\n"
    "model = keras.Model(a, layers.Dense(2, activation='softmax')(b))",
    "train_step": f"{BLOCK}class Own(keras.Sequential):\n    def train_step(self, data): return {{}}\n"
    f"model = Own([keras.Input((4,)), Block(3), {LAST}",
    "get_config": f"class Own(keras.Sequential):\n    def get_config(self): return {{}}\n"
    f"model = Own([keras.Input((4,)), layers.Dense(3, activation='relu'), {LAST}",
}
NONE = {
    "never called": f"{SUBCLASS}model = Net()",
    "gives nothing": "class Net(keras.Model):\n    def call(self, x): return None\n"
    "model = Net()\nmodel.build((None, 4))",
    "own weights": "class Own(layers.Layer):\n    def build(self, shape): self.w = self.add_weight(shape=(4, 2))\n"
    "    def call(self, x): return x @ self.w\nmodel = keras.Sequential([keras.Input((4,)), Own()])",
    "tensorflow": "import tensorflow as tf\nmodel = keras.Sequential([keras.Input((4,)), layers.Dense(2), "
    "layers.Lambda(lambda x: tf.nn.relu(x))])",
    "own __call__": "class Own(keras.Sequential):\n    def __call__(self, x): return x\n"
    "model = Own([keras.Input((4,)), layers.Dense(2)])",
    "numpy": "class Net(keras.Model):\n    def call(self, x): return np.ones((1, 2))\nmodel = Net()\n"
    "_ = model(np.zeros((2, 4)))",
    "layers hidden": "class Own(keras.Sequential):\n    def layers(self): return None\n"
    "    def call(self, x): return None\nmodel = Own([keras.Input((4,)), layers.Dense(2)])",
}


def described(network: CapturedNetwork | None) -> tuple[list[str], int]:
    assert network is not None
    assert not network.opaque
    architecture = canonicalize(network.class_name, network.config, input_shape=network.input_shape)
    return [operation.kind for operation in architecture.operations], totals(architecture).total


@pytest.mark.parametrize("code", WAYS.values(), ids=WAYS)
def test_however_it_is_written_it_is_the_network_that_it_calls(observe: Observe, code: str) -> None:
    evidence = observe(HEAD + code, "print(layers.Dense(1).name)")
    assert all(cell.status == "ok" for cell in evidence.cells), evidence.cells
    kinds, parameters = described(evidence.network("model"))
    assert kinds == ["Input", "Dense", "Activation", "Dropout", "Dense", "Activation"]
    assert parameters == 4 * 3 + 3 + 3 * 2 + 2


@pytest.mark.parametrize("code", NONE.values(), ids=NONE)
def test_what_leaves_no_trace_is_not_described(observe: Observe, code: str) -> None:
    network = observe(HEAD + code).network("model")
    assert network is None or network.opaque or _unreadable(network)


def _unreadable(network: CapturedNetwork) -> bool:
    from autograder.network.values import UnknownNetwork

    try:
        canonicalize(network.class_name, network.config, input_shape=network.input_shape)
    except UnknownNetwork:
        return True
    return False


def test_looking_leaves_no_name_and_no_print_behind(observe: Observe) -> None:
    looked, plain = (
        observe(HEAD + f"{SUBCLASS}{made}", "x = layers.Dense(1)(keras.Input((3,)))\nprint(layers.ReLU().name, x.name)")
        for made in ("model = Net()\n_ = model(np.zeros((2, 4)))", "_model = Net()\n_ = _model(np.zeros((2, 4)))")
    )
    assert looked.cells[1].outputs == plain.cells[1].outputs
    assert looked.cells[0].outputs == plain.cells[0].outputs
