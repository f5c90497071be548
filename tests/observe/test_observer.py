from __future__ import annotations

import hashlib
import json
from textwrap import dedent

import nbformat
import pytest

from autograder.network.canonical import canonicalize
from autograder.observe.observer import Observer
from autograder.observe.task import ObserveEnvironment, ObserveTask
from autograder.records.evidence import Evidence
from tests.observe.conftest import Observe

pytestmark = pytest.mark.slow

NETWORK = dedent("""
    import keras
    from keras import layers
    model = keras.Sequential([
        layers.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Activation("relu"),
        layers.Flatten(), layers.Dense(10, activation="softmax")])
""")


def test_the_state_of_a_network_is_captured_after_every_cell(observe: Observe) -> None:
    evidence = observe(
        NETWORK, "model.add(layers.Dense(3))", "model.compile('sgd', 'mse')", "del model\nimport os; os._exit(3)", "1"
    )
    network = evidence.network("model")
    assert network is not None
    assert network.class_name == "Sequential"
    assert network.input_shape == (None, 28, 28, 1)
    assert network.config is not None
    assert [layer["class_name"] for layer in network.config["layers"]][-2:] == ["Dense", "Dense"]
    assert network.compile is not None
    assert network.compile["loss"] == "mse"
    assert network.cell == 2
    assert [cell.status for cell in evidence.cells] == ["ok", "ok", "ok", "died", "not_run"]
    assert "Code cell 4" in str(evidence.notes[0])
    assert evidence.bounded_by in ("supervisor", "cgroup v2")


def test_functional_networks_and_networks_in_lists_are_captured(observe: Observe) -> None:
    evidence = observe(
        NETWORK + "inputs = keras.Input((8,))\nnet = keras.Model(inputs, layers.Dense(2)(inputs))\nboth = [model, net]"
    )
    assert {network.name: network.class_name for network in evidence.networks} == {
        "model": "Sequential",
        "net": "Functional",
        "both[0]": "Sequential",
        "both[1]": "Functional",
    }


def test_a_saved_network_is_described_as_it_was_last_written_and_other_files_are_not(observe: Observe) -> None:
    evidence = observe(
        NETWORK + "model.save('net.keras')",
        "model.add(layers.Dense(3))\nimport os; os.makedirs('out'); model.save('out/net.keras')",
        "model.pop(); model.pop(); model.save('net.keras'); model.save_weights('a.weights.h5')",
        "open('broken.keras', 'wb').write(b'PK'); open('notes.txt', 'w').write('x'); os.remove('out/net.keras')",
    )
    files = {file.name: file for file in evidence.files}
    assert sorted(files) == ["a.weights.h5", "broken.keras", "net.keras", "out/net.keras"]
    layers = json.loads(files["net.keras"].config or "")["config"]["layers"]
    assert [layer["class_name"] for layer in layers][-1] == "Flatten"
    assert "keras_version" in (files["net.keras"].metadata or "")
    assert (files["broken.keras"].size, files["broken.keras"].config) == (2, None)
    assert files["broken.keras"].sha256 == hashlib.sha256(b"PK").hexdigest()
    assert evidence.complete


ONLY_BUILT = [
    "class Net(keras.Sequential):\n"
    "    def __init__(self):\n"
    "        super().__init__([keras.Input((4,)), keras.layers.Dense(3, activation='relu'), keras.layers.Dense(2)])",
    "class Net(keras.Sequential):\n"
    "    def __init__(self):\n"
    "        super().__init__()\n"
    "        self.add_all()\n"
    "    def add_all(self):\n"
    "        self.add(keras.Input((4,)))\n"
    "        self.add(keras.layers.Dense(3, activation='relu'))\n"
    "        self.add(keras.layers.Dense(2))",
    "class Net(keras.Model):\n"
    "    def __init__(self):\n"
    "        inputs = keras.Input((4,))\n"
    "        hidden = keras.layers.Dense(3, activation='relu')(inputs)\n"
    "        super().__init__(inputs=inputs, outputs=keras.layers.Dense(2)(hidden))",
]


@pytest.mark.parametrize("code", ONLY_BUILT, ids=["list", "add", "functional"])
def test_a_class_that_only_builds_its_layers_is_the_network_that_it_builds(observe: Observe, code: str) -> None:
    network = observe(f"import keras\n{code}\nmodel = Net()").network("model")
    assert network is not None
    assert not network.opaque
    built = canonicalize(network.class_name, network.config, input_shape=network.input_shape)
    assert [operation.kind for operation in built.operations] == ["Input", "Dense", "Activation", "Dense"]


def test_a_failure_names_its_line(observe: Observe) -> None:
    evidence = observe(
        "def broken():\n    return {}['key']\n", "x = 1\n\ny = broken()", "if True print(3)", "%%time\nz = 1\n1 / 0"
    )
    failures = [cell.failure for cell in evidence.cells]
    assert failures[0] is None
    assert failures[1] is not None
    assert (failures[1].name, failures[1].line, failures[1].source) == ("KeyError", 3, "y = broken()")
    assert failures[2] is not None
    assert (failures[2].name, failures[2].line) == ("SyntaxError", 1)
    assert failures[3] is not None
    assert (failures[3].name, failures[3].line, failures[3].source) == ("ZeroDivisionError", 3, "1 / 0")


def test_values_of_the_named_variables_come_back_as_plain_data(observe: Observe) -> None:
    evidence = observe(
        dedent("""
            import numpy as np
            class Liar(int):
                def __eq__(self, other): return True
                def __index__(self): return 307300
            answer, ratio, word, choice = 307300, np.float64(0.25), "three", True
            grid, many, rows = np.arange(6).reshape(2, 3), np.zeros(20_000), [1, (2, 3)]
            liar, unasked = Liar(1), 5
        """),
        variables=("answer", "ratio", "word", "choice", "grid", "many", "rows", "liar", "missing"),
    )
    values = {value.name: (value.kind, value.value, value.shape) for value in evidence.values}
    assert values == {
        "answer": ("number", 307300, None),
        "ratio": ("number", 0.25, None),
        "word": ("text", "three", None),
        "choice": ("boolean", True, None),
        "grid": ("array", [[0, 1, 2], [3, 4, 5]], (2, 3)),
        "many": ("array", None, (20_000,)),
        "rows": ("sequence", [1, [2, 3]], (2,)),
        "liar": ("other", None, None),
    }


def test_figures_are_captured_before_they_are_closed(observe: Observe) -> None:
    evidence = observe(
        dedent("""
            import matplotlib.pyplot as plt
            plt.plot([1, 2, 3], label="training")
            plt.plot([2, 3, 4], label="validation")
            plt.legend(); plt.xlabel("epoch"); plt.ylabel("accuracy"); plt.title("Curves")
            plt.show()
        """),
        "fig, axes = plt.subplots(1, 2)\naxes[1].imshow([[0, 1]])",
    )
    shown, left_open = evidence.figures
    (axes,) = shown.axes
    assert (axes["title"], axes["x_label"], axes["y_label"]) == ("Curves", "epoch", "accuracy")
    assert [(line["label"], line["points"]) for line in axes["lines"]] == [("training", 3), ("validation", 3)]
    assert [axes["images"] for axes in left_open.axes] == [0, 1]
    assert "image/png" in evidence.cells[0].outputs[0]["data"]


@pytest.mark.parametrize(
    "way",
    [
        "import keras\n(x, y), _ = keras.datasets.mnist.load_data()",
        "import tensorflow as tf\n(x, y), _ = tf.keras.datasets.mnist.load_data()",
        "from keras.datasets import mnist\n(x, y), _ = mnist.load_data(path='mnist.npz')",
        "from tensorflow.keras.datasets import mnist\n(x, y), _ = mnist.load_data()",
        "from tensorflow.keras.datasets.mnist import load_data\n(x, y), _ = load_data()",
    ],
)
def test_the_exercises_data_is_served_under_every_name(observe: Observe, way: str) -> None:
    evidence = observe(
        way + "\nx[0] = 0; shape = x.shape; kind = str(x.dtype)\n",
        way + "\nsame = int(x[0].sum())",
        variables=("shape", "kind", "same"),
        datasets=("mnist",),
    )
    shape, kind, same = evidence.values
    assert shape.value[1:] == [28, 28]
    assert kind.value == "uint8"
    assert same.value > 0, "what one call's caller writes must not reach the next one"


def test_other_data_is_refused_in_words(observe: Observe) -> None:
    (cell,) = observe("import keras\nkeras.datasets.cifar10.load_data()", datasets=("mnist",)).cells
    assert cell.failure is not None
    assert str(cell.failure.message) == "There is no network here; the dataset cifar10 is not part of the exercise."


def test_the_same_notebook_gives_the_same_evidence(observe: Observe) -> None:
    cells = (NETWORK, "model.compile('adam', 'categorical_crossentropy')", FIT_RANDOM, "chosen = {'a', 'b', 'c'}")
    first, second = (_comparable(observe(*cells, variables=("noise", "deep"))) for _ in range(2))
    assert first == second


FIT_RANDOM = dedent("""
    import random, numpy as np, tensorflow as tf
    noise, deep = random.random() + np.random.rand(), float(tf.random.normal(()))
    history = model.fit(np.random.rand(64, 28, 28, 1), np.eye(10)[np.arange(64) % 10], epochs=2)
""")


def _comparable(evidence: Evidence) -> dict[str, object]:
    plain = evidence.model_dump(exclude={"seconds"})
    for cell in plain["cells"]:
        del cell["seconds"], cell["outputs"]
    return plain


def test_two_notebooks_share_no_random_numbers(observe: Observe) -> None:
    source = "import random, numpy as np, keras\nn = random.random()\nm = np.random.rand()\n"
    source += "k = float(keras.random.normal(()))"
    first, second = (observe(source + "\n" * at, variables=("n", "m", "k")) for at in range(2))
    assert all(one.value != other.value for one, other in zip(first.values, second.values, strict=True))


def test_only_code_cells_run_and_nothing_but_their_source_counts(observer: Observer) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("1/0"),
            nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["skip-execution", "raises-exception"]}),
            nbformat.v4.new_code_cell("", outputs=[]),
            nbformat.v4.new_code_cell(
                "x += 1", outputs=[nbformat.v4.new_output("stream", name="stdout", text="stored")]
            ),
        ],
        metadata={"kernelspec": {"name": "python3.9", "display_name": "Python 3.9", "language": "python"}},
    )
    evidence = observer.observe(notebook, ObserveTask(variables=("x",)))
    assert [cell.status for cell in evidence.cells] == ["ok", "ok", "ok"]
    assert evidence.value("x") is not None
    assert evidence.value("x").value == 2  # type: ignore[union-attr]
    assert evidence.cells[2].outputs == ()


def test_the_usual_habits_of_notebooks_work(observe: Observe) -> None:
    evidence = observe(
        "%matplotlib inline\n!ls -a",
        "!pip install seaborn 2>&1 | tail -1",
        "%%bash\necho $HOME",
        "from pathlib import Path\nPath('notes.txt').write_text('x')\nPath.home()",
        "await __import__('asyncio').sleep(0)",
        limits=ObserveTask().limits,
    )
    assert [cell.status for cell in evidence.cells] == ["ok"] * 5
    assert evidence.cells[2].outputs[0]["text"] == "/notebook\n"
    assert evidence.cells[3].outputs[0]["data"]["text/plain"] == "PosixPath('/notebook')"


def test_input_fails_at_once(observe: Observe) -> None:
    cell, after = observe("name = input('?')", "2").cells
    assert cell.failure is not None
    assert cell.failure.name == "StdinNotImplementedError"
    assert cell.seconds < 5
    assert after.status == "ok"


def test_progress_bars_are_kept_in_their_last_state(observe: Observe) -> None:
    (cell,) = observe("for i in range(50): print(f'\\rstep {i}', end='')\nprint()\nprint('abc\\b\\bd')").cells
    assert cell.outputs[0]["text"] == "step 49\nad\n"


def test_the_key_depends_on_code_task_and_isolation_only(observer: Observer) -> None:
    from autograder.observe.sandbox.isolation import choose_isolation

    here, task = ObserveEnvironment.here(choose_isolation("none")), ObserveTask(variables=("x",))
    key = here.key(["a = 1"], task)
    assert key == here.key(["a = 1"], ObserveTask(variables=("x",)))
    assert key != here.key(["a = 2"], task)
    assert key != here.key(["a = 1"], ObserveTask(training="full"))
    assert key != observer.key(["a = 1"], task)
