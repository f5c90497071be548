"""Tables of PyTorch networks: as torchsummary and torchinfo print them, and as `print(model)` lists the layers.

Functions that `forward` calls have no rows in them. Shapes and counts are converted into Keras' order and counting;
`print(model)` has neither, but tells the settings, from which the counts follow.
"""

from __future__ import annotations

import re
from math import prod
from typing import NamedTuple

from autograder.network.architecture import Shape
from autograder.network.torch.words import KERAS_NAMES

_SIZES = r"\[(?P<shape>-?\d+(?:,\s*-?\d+)*)\]"
_SUMMARY = re.compile(rf"\s*(?P<kind>[A-Za-z]\w*)-(?P<number>\d+)\s+{_SIZES}\s+(?P<count>[\d,]+)\s*")
_INFO = re.compile(
    rf"[\s│|]*(?:[├└]─+)?(?P<kind>[A-Za-z]\w*)(?: \((?P<name>[^)]*)\))?: (?P<number>\d+-\d+)\s+"
    rf"(?:{_SIZES}|--)?(?:\s+{_SIZES.replace('shape', 'more')})*\s+(?P<count>[\d,]+|--|\(recursive\))\s*(?:.*)"
)
_PRINTED = re.compile(r"\s*\((?P<name>[^()]*)\): (?P<kind>[A-Za-z]\w*)\((?P<settings>.*)\)\s*")
_START = re.compile(r"[^\w]*(?:[#/-].*)?\bstart\b", re.I)
_END = re.compile(r"[^\w]*(?:[#/-].*)?\bend\b", re.I)
_TOTAL = re.compile(r"\s*(?P<which>total|trainable|non-trainable) params:\s*(?P<count>[\d,]+)\s*", re.I)
_NUMBER = re.compile(r"(?:^|, )(\d+)(?=,|$)")
_SETTING = re.compile(r"(\w+)=(\((?:\d+(?:, ?)?)+\)|\w+)")


class TorchRow(NamedTuple):
    """One row in Keras' words: `shape` is () if it is not printed."""

    name: str
    kind: str
    shape: Shape
    parameters: int
    marked: bool


class TorchTable(NamedTuple):
    """The rows, and the totals as Keras would print them."""

    rows: list[TorchRow]
    totals: dict[str, int]


def read_torch_table(text: str) -> TorchTable | None:
    """The table in a text; None if it is none of PyTorch's.

    Raises:
        ValueError: the markers do not pair, or a layer is not known; the message names the line.
    """
    lines = text.splitlines()
    forms = [(form, sum(1 for line in lines if len(line) < 400 and form.fullmatch(line))) for form in
             (_SUMMARY, _INFO, _PRINTED)]  # fmt: skip
    form, count = max(forms, key=lambda one: one[1])
    if not count:
        return None
    rows: list[TorchRow] = []
    totals: dict[str, int] = {}
    opened = closed = False
    for number, line in enumerate(lines, start=1):
        if len(line) >= 400:
            continue
        if total := _TOTAL.fullmatch(line):
            totals[total["which"].lower().replace("-", "_")] = _count(total["count"])
        elif match := form.fullmatch(line):
            row = _row(match, marked=opened and not closed, number=number)
            if row is not None:
                rows.append(row)
        elif _START.match(line):
            if opened:
                raise ValueError(f"Line {number} starts marked rows, but they were started before.")
            opened = True
        elif _END.match(line):
            if not opened or closed:
                raise ValueError(f"Line {number} ends marked rows, but no line before it starts them.")
            closed = True
    if opened and not closed:
        raise ValueError("Marked rows are started, but no line after that ends them.")
    buffers = sum(_running(row) for row in rows)
    for which in ("total", "non_trainable"):
        if which in totals:
            totals[which] += buffers
    biases = sum(_second_biases(row.kind, row.shape) for row in rows if row.parameters)
    for which in ("total", "trainable"):
        if which in totals:
            totals[which] -= biases
    return TorchTable(rows, totals)


def _row(match: re.Match[str], *, marked: bool, number: int) -> TorchRow | None:
    """The row of a layer; None for a module that holds others."""
    printed = match["kind"]
    kind = KERAS_NAMES.get(printed)
    if kind is None:
        if "settings" in match.groupdict() or not (match["count"] or "").strip("0-"):
            return None
        # torchsummary counts modules that hold others with nothing, torchinfo with "--".
        raise ValueError(f"Line {number}: the layer class {printed!r} is not one that can be read.")
    if "settings" in match.groupdict():
        parameters = _parameters(printed, match["settings"])
        return TorchRow(match["name"][:200], kind, (), parameters, marked)
    sizes = [int(size) for size in (match["shape"] or "").replace(" ", "").split(",") if size]
    shape: Shape = (None, *sizes[2:], sizes[1]) if len(sizes) > 2 and printed not in _SEQUENCES else (None, *sizes[1:])
    if printed.endswith("Embedding") and len(sizes) == 3:
        shape = (None, *sizes[1:])
    count = _count(match["count"]) if match["count"][0].isdigit() else 0
    if kind == "BatchNormalization":
        count *= 2
    count -= _second_biases(kind, shape) if count else 0
    name = f"{printed}-{match['number']}"
    return TorchRow(name[:200], kind, shape, count, marked)


_SEQUENCES = frozenset({"LSTM", "GRU", "RNN", "Embedding", "LayerNorm", "Linear", "MultiheadAttention"})


def _running(row: TorchRow) -> int:
    return row.parameters // 2 if row.kind == "BatchNormalization" else 0


def _second_biases(kind: str, shape: Shape) -> int:
    """What torch's recurrent layers have more than those of Keras."""
    return {"LSTM": 4, "SimpleRNN": 1}.get(kind, 0) * (shape[-1] or 0 if len(shape) > 1 else 0)


def _parameters(kind: str, text: str) -> int:
    """The number of parameters that follows from what `print(model)` shows, as Keras counts them."""
    settings = dict(_SETTING.findall(text))
    numbers = [int(number) for number in _NUMBER.findall(text.split("=")[0].rpartition(",")[0] + "," if "=" in text
                                                          else text + ",")]  # fmt: skip
    bias = settings.get("bias") != "False"

    def given(name: str, place: int) -> int:
        value = settings.get(name, "")
        return int(value) if value.isdecimal() else numbers[place] if place < len(numbers) else 0

    if kind == "Linear":
        return (given("in_features", 0) + bias) * given("out_features", 1)
    if kind.startswith("Conv"):
        kernel = prod(int(size) for size in re.findall(r"\d+", settings.get("kernel_size", "1")))
        groups = int(settings.get("groups", "1"))
        return given("in_channels", 0) // groups * given("out_channels", 1) * kernel + bias * given("out_channels", 1)
    if kind.startswith("BatchNorm"):
        return (4 if settings.get("affine", "True") == "True" else 2) * given("num_features", 0)
    if kind == "Embedding":
        return given("num_embeddings", 0) * given("embedding_dim", 1)
    if kind in ("LSTM", "GRU", "RNN"):
        gates, units = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind], given("hidden_size", 1)
        biases = bias * (2 if kind == "GRU" else 1)
        return gates * units * (given("input_size", 0) + units + biases)
    return 0


def _count(text: str) -> int:
    digits = text.replace(",", "")
    if len(digits) > 15:
        raise ValueError(f"{digits[:20]}... is too large for a number in a summary table.")
    return int(digits)
