"""Wrong answers to the assignments in PyTorch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from changes import Change, Wrong, answer, compiled, fitted, without, without_fits

from autograder.records.evidence import Evidence

Operations = list[dict[str, Any]]


def described(name: str, edit: Callable[[Operations], None]) -> Change:
    """Another network in a variable: the reference's operations, edited in place."""

    def change(evidence: Evidence) -> Evidence:
        found = evidence.network(name)
        assert found is not None
        config = copy.deepcopy(found.config)
        assert config is not None
        edit(config["operations"])
        new = found.model_copy(update={"config": config})
        return evidence.with_networks([new if one is found else one for one in evidence.networks])

    return change


def other(at: int, kind: str = "", shape: Any = None, **settings: Any) -> Callable[[Operations], None]:
    """With another kind or other settings of the operation at `at`."""

    def edit(operations: Operations) -> None:
        operation = operations[at]
        operation["kind"] = kind or operation["kind"]
        operation["settings"] = {**operation.get("settings", {}), **settings}
        if shape is not None:
            operation["shape"] = shape

    return edit


def skipped(at: int) -> Callable[[Operations], None]:
    """Without the operation at `at`: what reads it reads what it reads."""

    def edit(operations: Operations) -> None:
        for operation in operations[at + 1 :]:
            operation["args"] = [operations[at]["args"][0] if one == {"ref": at} else one for one in operation["args"]]

    return edit


def _slow(task: Any) -> float:
    return 0.5


CNN2_TORCH = [
    Wrong("missing_layers", described("model", other(13, "Tanh")), "activation function"),
    Wrong("missing_layers", described("model", skipped(13)), "An activation is missing"),
    Wrong("missing_layers", without("model"), "no network in a variable `model`"),
    Wrong("parameters", described("model", other(11, bias=False)), "695,122 parameters in all (695,186 expected)"),
    Wrong("parameters", described("model", skipped(12)), "695,058 parameters in all"),
    Wrong("accuracy", lambda evidence: evidence, "50", _slow),
    Wrong("accuracy", without("model"), "builds on “The missing layers”"),
    Wrong("all_numbers", answer("all_numbers", 695_186), "the running means and variances are not in it"),
    Wrong("all_numbers", answer("all_numbers", 695_975), "counters of the steps"),
]
LOOP_TORCH = [
    Wrong("criterion", compiled("model", criterion={"class_name": "MSELoss"}), "MSELoss is not one for this task"),
    Wrong("criterion", compiled("model", criterion={"class_name": "NLLLoss"}), "NLLLoss expects what LogSoftmax gives"),
    Wrong("loop", fitted("model", epochs=2), "through the data 2 times"),
    Wrong("loop", without_fits("model"), "was not trained"),
    Wrong("accuracy", lambda evidence: evidence, "50", _slow),
    Wrong("accuracy", without("model"), "no network"),
]
