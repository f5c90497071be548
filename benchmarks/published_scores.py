"""What a diagnosis names, in the parameters of the published benchmark, and how the paper scores it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.checks.diagnosis.suspects import Suspect, same_rate
from autograder.network.architecture import Architecture
from autograder.records.training import TrainingTask

# The causes that a run has shown, and those that rules name, as parameters; the layer's number follows where # stands.
PARAMETERS: Mapping[str, str] = {
    "from_logits": "loss",
    "loss": "loss",
    "learning rate": "lr",
    "optimizer": "optimizer",
    "epochs": "epochs",
    "batch size": "batch_size",
    "normalization of the inputs": "preprocessing",
    "number of images": "data",
    "last activation": "act#",
    "activations": "act#",
    "initial weights": "ki#",
    "size of a layer": "unit#",
    "dropout": "dropout#",
    "extra layer": "layer#",
    "missing layer": "layer#",
    "kind of layer": "layer#",
    "order of layers": "layer#",
    "regularization": "regularization",
}
OF_RULES: Mapping[str, str] = {
    "NaN or infinity": "preprocessing",
    "labels of other images": "preprocessing",
    "targets of other examples": "preprocessing",
    "labels no whole numbers": "preprocessing",
    "labels outside the classes": "preprocessing",
    "rows that do not add up": "preprocessing",
    "targets among the inputs": "preprocessing",
    "targets of another scale": "preprocessing",
    "constant inputs": "preprocessing",
    "validation prepared otherwise": "preprocessing",
    "inputs not normalized": "preprocessing",
    "loss and labels": "loss",
    "softmax and from_logits": "loss",
    "no softmax": "last activation",
    "too few epochs": "epochs",
    "validation data used for training": "data",
    "metric": "metric",
}
# These say that the last activation and the loss do not fit together, and that either can be changed.
_OUTPUT_AND_LOSS = frozenset({"no softmax", "softmax and from_logits"})
TOOLS = {"DeepFD": ("dfd", "deepfd"), "DeepDiagnosis": ("dd",), "NeuraLint": ("nl",), "UMLAUT": ("um",)}
# Seconds for a program, from the least to the most (Table 13 of the paper).
TOOL_SECONDS = {
    "DeepFD": "11 to 1,651",
    "DeepDiagnosis": "1.3 to 559",
    "NeuraLint": "0.5 to 10",
    "UMLAUT": "0.4 to 325",
}
_LABEL = re.compile(r"(?:again\d+_)?l(\d+)")
_KERNEL, _BIAS = "kernel_initializer", "bias_initializer"


@dataclass(frozen=True)
class Score:
    """How well a diagnosis matches the ground truth: shares of 0 to 1."""

    recall: float
    precision: float


def scored(named: Collection[str], truths: Iterable[Collection[str]]) -> Score:
    """As the paper scores: recall = what is right of the ground truth, precision = what is right of what is named, for
    the equivalent repair that fits best (by F3, which weights the recall). "act" matches every activation."""
    scores = [_against(set(named), set(truth)) for truth in truths]
    return max(scores, key=_f3, default=Score(0.0, 0.0))


def _against(named: set[str], truth: set[str]) -> Score:
    found = {one for one in truth if any(_fits(name, one) for name in named)}
    right = {name for name in named if any(_fits(name, one) for one in truth)}
    return Score(len(found) / len(truth) if truth else 0.0, len(right) / len(named) if named else 0.0)


def _fits(name: str, parameter: str) -> bool:
    return name == parameter or (name == "act" and parameter.startswith("act"))


def _f3(score: Score) -> tuple[float, float]:
    bottom = 9 * score.precision + score.recall
    return (10 * score.precision * score.recall / bottom if bottom else 0.0, score.precision)


def parameters_of(suspects: Iterable[Suspect], before: TrainingTask, after: TrainingTask) -> frozenset[str]:
    """The parameters that these changes set, read from the network before and after them."""
    changed = _changed(before.architecture, after.architecture)
    named: set[str] = set()
    for one in suspects:
        parameter = PARAMETERS.get(one.aspect, "")
        if parameter == "ki#":
            named |= {each for each in changed if each.startswith(("ki", "bi"))}
        elif parameter.endswith("#"):
            start = parameter.removesuffix("#")
            own = {each for each in changed if each.startswith(start)}
            named |= own or {f"{start}{_number(label)}" for label in one.layers if _number(label)}
        elif parameter:
            named.add(parameter)
        if parameter == "optimizer" and not same_rate(before.optimizer, after.optimizer):
            named.add("lr")  # the whole optimizer includes its learning rate
    return frozenset(named)


def parameters_of_rules(rules: Iterable[str], shown: Collection[str], last: str) -> frozenset[str]:
    """The parameters that rules name beside those that a run has `shown`; `last` is that of the last activation."""
    named = [
        OF_RULES[rule].replace("last activation", last)
        for rule in rules
        if not (rule in _OUTPUT_AND_LOSS and {last, "loss"} & set(shown))
    ]
    return frozenset(named)


def _number(label: str) -> str:
    found = _LABEL.fullmatch(label)
    return found[1] if found else ""


def _changed(before: Architecture, after: Architecture) -> set[str]:
    """Which parameters of layers are others."""
    one, other = _read(before), _read(after)
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def _read(network: Architecture) -> dict[str, str]:
    """The parameters of a network's layers, by their names l1, l2, …; `layer<n>` is how many of them there are."""
    found: dict[str, str] = {}
    for operation in network.operations:
        number = _number(operation.label)
        if not number:
            continue
        settings = operation.settings
        if operation.kind == "Activation":
            found[f"act{number}"] = str(settings["activation"])
            continue
        found[f"layer{number}"] = str(int(found.get(f"layer{number}", "0")) + 1)
        found[f"unit{number}"] = str(settings.get("units", settings.get("filters")))
        for name, key in ((_KERNEL, "ki"), (_BIAS, "bi")):
            found[f"{key}{number}"] = json.dumps(settings.get(name), sort_keys=True)
    return found


def tools_named(folder: Path) -> dict[str, dict[str, frozenset[str]]]:
    """By tool and program, the parameters that the published tools named."""
    found: dict[str, dict[str, frozenset[str]]] = {tool: {} for tool in TOOLS}
    for path in sorted(folder.glob("*.csv")):
        ending = path.stem.split("_")[-1]
        tool = next((name for name, endings in TOOLS.items() if ending in endings), None)
        if tool is None:
            continue
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for program, *rest in csv.reader(lines):
                # "k4" of C3 stands for the initial weights that the paper counts as its ground truth.
                names = {one.replace("k4", "ki2") if program == "C3" else one for one in rest[2:] if one}
                found[tool][program.zfill(3) if program.isdigit() else program] = frozenset(names)
    return found
