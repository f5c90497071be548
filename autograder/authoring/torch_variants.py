"""Mutants and rewrites of a PyTorch solution, as the kernel records such a network and what it is trained with.

Its layers are mutated as those of Keras, since both are the same architecture; see `keras_form`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from autograder.authoring.mutants import Mutant
from autograder.network.compilation import Compilation
from autograder.network.torch.compilation import criterion_of, read_torch_compilation

OperationRecord = dict[str, Any]

# Alternatives, by their names in PyTorch and in Keras; the first that is neither used nor right is taken.
_OTHER_OPTIMIZERS = {"SGD": "sgd", "Adam": "adam", "Adagrad": "adagrad", "Adadelta": "adadelta"}
_OTHER_CRITERIA = {"MSELoss": "mean_squared_error", "L1Loss": "mean_absolute_error", "HuberLoss": "huber"}


def keras_form(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a PyTorch network is trained with, as `compile` of Keras is given it."""
    read: Compilation = read_torch_compilation(given)
    return {
        "optimizer": {
            "module": "keras.optimizers",
            "class_name": read.optimizer.name,
            "config": dict(read.optimizer.settings),
        },
        "loss": {"module": "keras.losses", "class_name": read.loss.name, "config": dict(read.loss.settings)},
        "metrics": ["accuracy"],
    }


def of_torch_compilation(given: dict[str, Any], right: Collection[str] = ()) -> Iterator[tuple[str, Mutant]]:
    """Training with another optimizer, learning rate or criterion, with what it changes: the field that asks for it.

    Optimizers and losses in `right`, by their names in Keras, are right as well.
    """
    used = read_torch_compilation(given)
    name = _first(_OTHER_OPTIMIZERS, {used.optimizer.name, *right})
    other = {"class_name": name, "groups": [{"lr": 0.01}]}
    yield "optimizer", Mutant(f"trained with the optimizer {name}", compilation={**given, "optimizer": other})
    optimizer = given.get("optimizer")
    groups = optimizer.get("groups") if isinstance(optimizer, dict) else None
    if isinstance(optimizer, dict) and groups and isinstance(groups[0].get("lr"), float):
        changed = {**optimizer, "groups": [{**one, "lr": groups[0]["lr"] * 100} for one in groups]}
        what = f"trained with a learning rate of {groups[0]['lr'] * 100:g}"
        yield "learning_rate", Mutant(what, compilation={**given, "optimizer": changed})
    names = [_first(_OTHER_CRITERIA, {used.loss.name, *right})]
    if criterion_of(given) == "CrossEntropyLoss":
        names.append("NLLLoss")  # of raw values: it expects what LogSoftmax gives
    for name in names:
        criterion = {"class_name": name, "settings": {}}
        yield "loss", Mutant(f"trained with {name}", compilation={**given, "criterion": criterion})


def torch_rewrites(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Other ways of writing a recorded network: how, and its description. None of them may lose a point."""
    operations: list[OperationRecord] = config["operations"]
    variants: dict[str, Callable[[OperationRecord], OperationRecord]] = {
        "with other names": lambda one: {**one, "path": f"my.own.{one['path']}"} if "path" in one else one,
        "with functions for modules without weights": _as_function,
        "with modules for functions": _as_module,
    }
    for how, rewrite in variants.items():
        written = [rewrite(one) for one in operations]
        if written != operations:
            yield how, {**config, "operations": written}
    if len(config["outputs"]) == 1:
        end, shape = config["outputs"][0]["ref"], operations[-1]["shape"]
        nothing = [
            {"kind": "Identity", "path": "same", "args": [{"ref": end}], "shape": shape},
            {"kind": "Dropout", "path": "none", "settings": {"p": 0.0}, "args": [{"ref": len(operations)}]},
        ]
        nothing[1]["shape"] = shape
        outputs = [{"ref": len(operations) + 1}]
        yield (
            "with an identity and dropout of nothing added",
            {
                **config,
                "operations": [*operations, *nothing],
                "outputs": outputs,
            },
        )


def _first(names: Mapping[str, str], known: Collection[str]) -> str:
    return next((name for name, keras in names.items() if keras not in known), next(iter(names)))


_FUNCTIONS = {"ReLU": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "MaxPool2d": "max_pool2d", "Flatten": "flatten"}
_POOLING = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False}


def _as_function(one: OperationRecord) -> OperationRecord:
    """A call of `torch.nn.functional` or of `torch`, as the recorder notes it."""
    name, settings = _FUNCTIONS.get(one["kind"]), one.get("settings", {})
    if name is None:
        return one
    written: OperationRecord = {"kind": name, "args": one["args"], "shape": one["shape"]}
    if name == "max_pool2d":
        written["args"] = [*one["args"], settings["kernel_size"]]
        written["kwargs"] = {key: settings[key] for key in _POOLING}
    if name == "flatten":
        written["args"] = [*one["args"], settings["start_dim"], settings["end_dim"]]
    return written


def _as_module(one: OperationRecord) -> OperationRecord:
    """A layer of `torch.nn` for a function with one input."""
    name = next((module for module, function in _FUNCTIONS.items() if function == one["kind"]), None)
    given, kwargs = one.get("args", []), one.get("kwargs", {})
    if name is None:
        return one
    written: OperationRecord = {"kind": name, "path": name.lower(), "args": given[:1], "shape": one["shape"]}
    if name == "MaxPool2d":
        size = given[1]
        settings = {**_POOLING, **kwargs, "kernel_size": size}
        written["settings"] = settings if settings["stride"] is not None else {**settings, "stride": size}
    if name == "Flatten":
        written["settings"] = {
            "start_dim": given[1] if len(given) > 1 else 0,
            "end_dim": given[2] if len(given) > 2 else -1,
        }
    return written
