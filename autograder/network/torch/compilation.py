"""What trains a PyTorch network: optimizer and criterion, as `compile` of Keras has them.

The update rules are those of `torch.optim` (https://docs.pytorch.org/docs/stable/optim.html). Where torch adds its
epsilon to a square root and Keras to the square below it, Keras gets its square, which is the same for small
gradients. A `weight_decay` that torch adds to the gradient is an L2 penalty, see `decay_of`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.core.messages import Message, in_turn, message, phrase
from autograder.network.architecture import Architecture
from autograder.network.compilation import UNREAD, Compilation, Loss, Optimizer
from autograder.network.kinds import WEIGHTED
from autograder.network.optimizers import read_optimizer
from autograder.network.values import UnknownNetwork, boolean, mapping, number, only, read_list, shown_value

# For each optimizer its name in Keras and torch's default learning rate.
_OPTIMIZERS: dict[str, tuple[str, float]] = {
    "Adam": ("adam", 1e-3),
    "AdamW": ("adamw", 1e-3),
    "Adamax": ("adamax", 2e-3),
    "NAdam": ("nadam", 2e-3),
    "SGD": ("sgd", 1e-3),
    "RMSprop": ("rmsprop", 1e-2),
    "Adagrad": ("adagrad", 1e-2),
    "Adadelta": ("adadelta", 1.0),
}
DEFAULT_RATES = dict(_OPTIMIZERS.values())
# For each criterion its loss in Keras, and whether it reads raw values.
_CRITERIA: dict[str, tuple[str, bool | None]] = {
    "CrossEntropyLoss": ("sparse_categorical_crossentropy", True),
    # Of log-probabilities: what the softmax of log-probabilities is, are the probabilities.
    "NLLLoss": ("sparse_categorical_crossentropy", True),
    "BCELoss": ("binary_crossentropy", False),
    "BCEWithLogitsLoss": ("binary_crossentropy", True),
    "MSELoss": ("mean_squared_error", None),
    "L1Loss": ("mean_absolute_error", None),
    "HuberLoss": ("huber", None),
    "SmoothL1Loss": ("huber", None),
}
LOSS_NAMES = {loss.casefold(): name for loss, (name, _) in _CRITERIA.items()}
_SHARE, _SMALL, _POSITIVE = number(0, 1), number(0, 1), number(0, 1e6)


def criterion_of(given: Mapping[str, Any] | None) -> str:
    """The class of the criterion; "" if none was used, or none that can be read."""
    found = (given or {}).get("criterion")
    try:
        _loss(mapping(found))
    except (UnknownNetwork, TypeError, ValueError, LookupError, ArithmeticError):
        return ""
    return str(mapping(found)["class_name"])


def read_torch_compilation(given: Mapping[str, Any] | None) -> Compilation:
    """Optimizer and loss from what the kernel reported (untrusted). Raises nothing.

    What cannot be read keeps its default, and `problem` says what it was.
    """
    if not isinstance(given, Mapping) or not given:
        return Compilation(
            problem=message("compile.unused", "No optimizer and no criterion were used with it."), metrics=()
        )
    problems: list[Message] = []
    parts: dict[str, Any] = {"metrics": ()}
    for part, key, read in (("optimizer", "optimizer", _optimizer), ("loss", "criterion", _loss)):
        try:
            if key == "criterion" and given.get(key) is None:
                problems.append(message("compile.no_criterion", "No criterion was used with the network."))
                continue
            if not isinstance(given.get(key), dict):
                raise UnknownNetwork(phrase("there is none"))
            parts[part] = read(mapping(given.get(key)))
        except UnknownNetwork as error:
            problems.append(message(f"compile.{part}_unread", UNREAD[part], reason=error.reason))
        except (TypeError, ValueError, LookupError, ArithmeticError):
            reason = phrase("its description is not one that is understood here")
            problems.append(message(f"compile.{part}_unread", UNREAD[part], reason=reason))
    return Compilation(**parts, problem=in_turn(*problems))


def decay_of(given: Mapping[str, Any] | None) -> float:
    """The `weight_decay` that torch adds to the gradients; 0 for AdamW, whose decay is Keras' own."""
    try:
        described = mapping((given or {}).get("optimizer"))
        group = mapping(read_list(described.get("groups"), 64)[0])
        decoupled = described.get("class_name") == "AdamW" or bool(group.get("decoupled_weight_decay"))
        return 0.0 if decoupled else float(_POSITIVE(group.get("weight_decay") or 0.0))
    except (UnknownNetwork, LookupError):
        return 0.0


def with_decay(architecture: Architecture, decay: float) -> Architecture:
    """The network with an L2 penalty of decay/2 on all weights: its gradient is the decay times the weight."""
    if not decay:
        return architecture
    penalty = {"class_name": "L2", "config": {"l2": float(f"{decay / 2:.7g}")}}
    operations = tuple(
        operation.model_copy(
            update={
                "settings": {
                    name: penalty if name.endswith("_regularizer") and name != "activity_regularizer" else value
                    for name, value in operation.settings.items()
                }
            }
        )
        if operation.kind in WEIGHTED
        else operation
        for operation in architecture.operations
    )
    return architecture.model_copy(update={"operations": operations})


def _own(described: Mapping[str, object], known: Mapping[str, Any]) -> str:
    name, module = described.get("class_name"), described.get("module")
    if module is not None and not (isinstance(module, str) and module.startswith("torch.")):
        raise UnknownNetwork(phrase("{name} is a class of your own, which cannot be rebuilt", name=shown_value(name)))
    if not isinstance(name, str) or name not in known:
        raise UnknownNetwork(phrase("{name} is not one of PyTorch's that is known here", name=shown_value(name)))
    return name


def _optimizer(described: Mapping[str, object]) -> Optimizer:
    name = _own(described, _OPTIMIZERS)
    kind, usual = _OPTIMIZERS[name]
    groups = [mapping(one) for one in read_list(described.get("groups"), 64)]
    group = groups[0]
    if any(one.get("lr") != group.get("lr") for one in groups):
        raise UnknownNetwork(phrase("its groups of parameters have different learning rates"))
    only(False, None)(group.get("maximize"))
    config: dict[str, Any] = {"learning_rate": group.get("lr", usual)}
    first, second = read_list(group.get("betas") or [0.9, 0.999], 2)
    if kind in ("adam", "adamw", "adamax", "nadam"):
        config |= {"beta_1": first, "beta_2": second, "epsilon": group.get("eps", 1e-8)}
    if kind in ("adam", "adamw"):
        config["amsgrad"] = boolean(group.get("amsgrad") or False)
    decoupled = kind == "adamw" or (kind == "adam" and group.get("decoupled_weight_decay") is True)
    if decoupled:
        config["weight_decay"] = group.get("weight_decay", 0.01) or None
    if kind == "sgd":
        only(0, 0.0, None)(group.get("dampening"))
        config |= {"momentum": group.get("momentum") or 0.0, "nesterov": boolean(group.get("nesterov") or False)}
    if kind == "rmsprop":
        config |= {"rho": group.get("alpha", 0.99), "epsilon": _SMALL(group.get("eps", 1e-8)) ** 2}
        config |= {"momentum": group.get("momentum") or 0.0, "centered": boolean(group.get("centered") or False)}
    if kind == "adagrad":
        only(0, 0.0, None)(group.get("lr_decay"))
        config["initial_accumulator_value"] = group.get("initial_accumulator_value") or 0.0
        config["epsilon"] = _SMALL(group.get("eps", 1e-10)) ** 2
    if kind == "adadelta":
        config |= {"rho": group.get("rho", 0.9), "epsilon": group.get("eps", 1e-6)}
    found, settings = read_optimizer({"class_name": kind, "config": config, "module": "keras.optimizers"})
    return Optimizer(name=found, settings=settings)


def _loss(described: Mapping[str, object]) -> Loss:
    name = _own(described, _CRITERIA)
    kind, logits = _CRITERIA[name]
    settings = mapping(described.get("settings") or {})
    only("mean", None)(settings.get("reduction"))
    only(None, False)(settings.get("weight"))
    only(None, False)(settings.get("pos_weight"))
    smoothing = float(_SHARE(settings.get("label_smoothing") or 0.0))
    found: dict[str, Any] = {}
    if kind == "sparse_categorical_crossentropy":
        only(-100, None)(settings.get("ignore_index"))
        if smoothing:
            kind, found = "categorical_crossentropy", {"from_logits": True, "label_smoothing": smoothing, "axis": -1}
        else:
            found = {"from_logits": True, "ignore_class": None}
    elif kind == "binary_crossentropy":
        found = {"from_logits": bool(logits), "label_smoothing": 0.0, "axis": -1}
    elif kind == "huber":
        found = {"delta": float(_POSITIVE(settings.get("delta" if name == "HuberLoss" else "beta") or 1.0))}
    return Loss(name=kind, settings=found)
