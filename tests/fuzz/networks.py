"""Targets: configurations of networks, how they were compiled, printed summary tables."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from autograder.assignment import load
from autograder.core.data import digest
from autograder.grading.answer_key import AnswerKey
from autograder.network.architecture import Architecture
from autograder.network.canonical import Misfitting, UnknownNetwork, canonicalize
from autograder.network.compilation import Compilation, read_compilation
from autograder.network.covering import disagreements, marked_operations
from autograder.network.describe import settings_in_words, shape_in_words
from autograder.network.diff import compare
from autograder.network.layers import LAYERS
from autograder.network.measure import measure_until_misfit, rows, sum_up
from autograder.network.optimizers import read_optimizer
from autograder.network.table import TableError, parse_table
from tests.fuzz.campaign import Case, Wrong
from tests.fuzz.mutate import NUMBERS, hostile, mutate, text

ROOT = Path(__file__).parents[2]
SIZES = (0, 1, 2, 3, 4, 5, 8, 28, 32, 64, 65, 300, 4096, 65_536)
Layer = dict[str, Any]


@functools.cache
def standards() -> dict[str, AnswerKey]:
    """What all assignments that ask for networks are held against, by name."""
    folders = sorted(path.parent for path in (ROOT / "assignments").glob("*/reference.json"))
    found = {folder.name: AnswerKey.stored(load(str(folder))) for folder in folders}
    return {name: answer_key for name, answer_key in found.items() if answer_key.expected}


def configurations() -> Case:
    known = [
        (network.class_name, json.dumps(network.config), expected, answer_key.expected)
        for answer_key in standards().values()
        for network in answer_key.reference.evidence.networks
        for expected in [answer_key.expected.get(network.name)]
    ]
    expected_of = [one for answer_key in standards().values() for one in answer_key.expected.values()]

    def case(random: Random) -> bool:
        class_name, config, expected, _ = random.choice(known)
        expected = expected or random.choice(expected_of)
        tree = json.loads(config)
        how = random.randrange(4)
        if how == 0:
            class_name, tree = _made(random, tree)
        elif how == 1:
            _rewire(random, tree)
        if how != 0 or random.random() < 0.4:
            mutate(random, tree, loops=random.random() < 0.15)
        shape = random.choice((None, None, (None, 28, 28, 1), (None, 784), (None,), (None, 2**40), (3, None, None)))
        if random.random() < 0.02:
            class_name = hostile(random)
        try:
            found = canonicalize(class_name, tree, input_shape=shape)
        except Misfitting as misfit:
            _use(misfit.architecture, expected.architecture, random)
            return False
        except UnknownNetwork as error:
            if len(str(error)) > 1000 or not error.reason:
                raise Wrong(f"a reason of {len(error.reason)} characters") from None
            return False
        sum_up(rows(found))
        _use(found, expected.architecture, random)
        return True

    return case


def _use(found: Architecture, expected: Architecture, random: Random) -> None:
    """Everything that is worked out of a network that was read."""
    diff = compare(expected, found, strict=random.random() < 0.3)
    if found == expected and diff.deviations:
        raise Wrong("a network differs from itself")
    for operation in found.operations:
        [str(part) for part in settings_in_words(operation)]
    for row in measure_until_misfit(found)[0]:
        shape_in_words(row.shape)
    again = Architecture.model_validate_json(found.model_dump_json())
    if digest(again) != digest(found):
        raise Wrong("a network is another one after it was stored")


def _made(random: Random, tree: Any) -> tuple[str, Any]:
    """A network of layers drawn from all that are known, as a chain or as a graph with branches and shared layers."""
    shape = [None, *random.choice(([28, 28, 1], [32, 32, 3], [784], [10, 8], [20], [8, 8, 8, 2], [None, 4], []))]
    first = _layer("InputLayer", batch_shape=shape)
    count = random.choice((0, 1, 2, 3, 5, 8, 20, 120, 700) if random.random() < 0.1 else (1, 2, 3, 5, 8))
    layers = [_any(random) for _ in range(count)]
    if random.random() < 0.2 and isinstance(tree, dict) and isinstance(tree.get("layers"), list):
        layers += random.sample(tree["layers"], min(3, len(tree["layers"])))
    if random.random() < 0.4:
        return "Sequential", {"name": "s", "layers": [first, *layers]}
    names = [f"l{at}" for at in range(len(layers))]
    entries: list[Layer] = [{**first, "name": "x", "inbound_nodes": []}]
    for at, layer in enumerate(layers):
        before = ["x", *names[:at]]
        calls = random.choice((1, 1, 1, 2, 3))
        inbound = [_call(random, before if random.random() < 0.95 else [*names]) for _ in range(calls)]
        entries.append({**layer, "name": names[at], "inbound_nodes": inbound})
    ends = [
        [random.choice([*names[-2:], "x"]), random.choice((0, 0, 0, 1)), 0] for _ in range(random.choice((1, 1, 2)))
    ]
    return "Functional", {
        "name": "f",
        "layers": entries,
        "input_layers": random.choice(([["x", 0, 0]], ["x", 0, 0])),
        "output_layers": ends,
    }


def _any(random: Random) -> Layer:
    if random.random() < 0.06:
        inner = [_any(random) for _ in range(random.choice((0, 1, 2)))]
        return {**_layer("Sequential", name="inner", layers=inner), "module": "keras"}
    if random.random() < 0.05:
        cell = _layer("LSTM", units=random.choice(SIZES))
        back = _layer("LSTM", units=cell["config"]["units"], go_backwards=True)
        return _layer("Bidirectional", layer=cell, backward_layer=back)
    class_name = random.choice(sorted(LAYERS) if random.random() < 0.5 else ("Dense", "Conv2D", "Add", "Flatten"))
    known = LAYERS[class_name]
    config: dict[str, Any] = {}
    for name, field in known.fields.items():
        if field.default is ... or random.random() < 0.15:
            config[name] = _setting(random, name, field.default)
    if random.random() < 0.3 and known.activated:
        config["activation"] = random.choice(("relu", "softmax", "linear", "tanh", "gelu", "leaky_relu", "nothing"))
    return _layer(class_name, **config)


def _setting(random: Random, name: str, default: Any) -> Any:
    if random.random() < 0.05:
        return hostile(random)
    if isinstance(default, bool):
        return random.random() < 0.5
    if name.endswith(("_size", "strides", "dilation_rate")):
        return [random.choice((1, 2, 3, 5, 64))] * random.choice((1, 2, 2, 3))
    if name in ("target_shape", "dims"):
        return [random.choice((-1, 1, 2, 3, 7, 28, 784, 2**28)) for _ in range(random.choice((1, 2, 3)))]
    if isinstance(default, float) or name in ("rate", "factor", "stddev", "scale", "height_factor", "width_factor"):
        return random.choice((0, 0.1, 0.5, 1, 1.5, *NUMBERS))
    if isinstance(default, int) or default is ...:
        return random.choice(SIZES)
    return deepcopy(default)


def _layer(class_name: str, **config: Any) -> Layer:
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def _call(random: Random, names: list[str]) -> Layer:
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"keras_history": [random.choice(names), 0, 0]}}
        for _ in range(random.choice((1, 1, 1, 2, 3)))
    ]
    return {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": {}}


def _rewire(random: Random, tree: Any) -> None:
    """Let layers of a functional network read others than they did."""
    names = [layer.get("name") for layer in tree.get("layers", []) if isinstance(layer, dict) and layer.get("name")]
    for layer in tree.get("layers", []):
        if names and layer.get("inbound_nodes") and random.random() < 0.3:
            call = _call(random, names)
            layer["inbound_nodes"] = random.choice(([call], [*layer["inbound_nodes"], call], [call] * 400))


def compilations() -> Case:
    known = [
        json.dumps(network.compile)
        for answer_key in standards().values()
        for network in answer_key.reference.evidence.networks
        if network.compile
    ]

    def case(random: Random) -> bool:
        tree = json.loads(random.choice(known))
        mutate(random, tree, loops=random.random() < 0.05)
        found = read_compilation(tree if random.random() < 0.98 else hostile(random))
        if not isinstance(found, Compilation) or len(str(found.problem)) > 3000:
            raise Wrong("no compilation, or a very long sentence about it")
        digest(Compilation.model_validate_json(found.model_dump_json()))
        try:
            read_optimizer(tree.get("optimizer") if isinstance(tree, dict) else tree)
        except UnknownNetwork:
            return False
        return not found.problem

    return case


WORDS = (
    *(
        "(None, 28, 28, 1)",
        "(None,",
        "None)",
        "(None, ²)",
        "[(None, 3)]",
        "│",
        "|",
        "┃",
        "START",
        "END",
        "Total params:",
    ),
    *(
        "Trainable params: 1",
        "Non-trainable params: 0",
        "Optimizer params: 12",
        "total",
        "0",
        "1",
        ",",
        ",,,",
        "²",
        "٣",
    ),
    *("1.0", "9" * 16, "9" * 5000, "?", "unbuilt", "dense (Dense)", "Sequential", "Conv", "model[0][0]", "\x1b[1m"),
    *("\u2028", "\0", "\ud800", "a b", "│ x (Dense) │ (None, 3) │ , │", "| x (Dense) | (None, ²) | 3 |", "  "),
)


def tables() -> Case:
    known = [
        (path.read_text(encoding="utf-8"), standards()[path.parent.name].expected)
        for path in sorted((ROOT / "assignments").glob("*/*.summary.txt"))
    ]

    def case(random: Random) -> bool:
        given, expected = random.choice(known)
        given = text(random, given, WORDS)
        try:
            table = parse_table(given)
        except TableError:
            return False
        for network in expected.values():
            disagreements(table, network.architecture)
            try:
                marked_operations(table, network.architecture)
            except TableError:
                continue
        return True

    return case


MAKERS: dict[str, Callable[[], Case]] = {
    "canonicalize": configurations,
    "compilation": compilations,
    "table": tables,
}
