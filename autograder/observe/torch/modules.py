"""Inside the kernel: which modules are networks of their own, and an optimizer or scheduler as plain data."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.modules import module as hooks

from autograder.observe.plain import NotPlain, plain

_MOST_KNOWN = 50_000
_MOST_PARENTS = 100


class ModuleTree:
    """Knows the parents of every module, from the moment at which they are registered."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self._variables = variables
        self._parents: dict[int, list[weakref.ref[Any]]] = {}
        hooks.register_module_module_registration_hook(self._registered)

    def _registered(self, parent: Any, name: str, child: Any) -> None:
        if len(self._parents) > _MOST_KNOWN:
            self._parents.clear()
        known = self._parents.setdefault(id(child), [])
        known[:] = [one for one in known if one() is not None][-_MOST_PARENTS:]
        known.append(weakref.ref(parent))

    def network_of(self, module: Any) -> Any:
        """The network that a called module belongs to: itself if a variable holds it or nothing contains it."""
        for _ in range(_MOST_PARENTS):
            if self.named(module):
                return module
            parent = self._parent(module)
            if parent is None:
                return module
            module = parent
        return module

    def outermost(self, module: Any) -> bool:
        """Whether it is a network: it has parameters, is not a criterion, and is not part of a module in a variable."""
        if not is_network(module):
            return False
        parent = self._parent(module)
        for _ in range(_MOST_PARENTS):  # a module may be put into itself
            if parent is None:
                return True
            if parent is not module and self.named(parent):
                return False
            parent = self._parent(parent)
        return True

    def named(self, module: Any) -> bool:
        """Whether a variable of the notebook holds it."""
        return any(value is module for value in list(self._variables.values()))

    def _parent(self, module: Any) -> Any:
        for reference in reversed(self._parents.get(id(module), ())):
            parent = reference()
            if parent is not None and any(child is module for child in parent._modules.values()):
                return parent
        return None


def is_network(module: Any) -> bool:
    """Whether a module has parameters, and is not a loss. One whose own code cannot say so is none."""
    try:
        return not isinstance(module, torch.nn.modules.loss._Loss) and next(module.parameters(), None) is not None
    except Exception:  # such as a thousand nested modules
        return False


def matters_in_training(module: Any) -> bool:
    """Whether it has layers that compute something else in training: dropout, or the statistics of a batch."""
    kinds = (torch.nn.modules.dropout._DropoutNd, torch.nn.modules.batchnorm._NormBase, torch.nn.AlphaDropout)
    return any(isinstance(one, kinds) for one in module.modules())


def optimizer_facts(optimizer: Any) -> dict[str, Any]:
    """Its class and the settings of its groups; a scheduler's first rate counts as the rate."""
    groups = []
    for group in optimizer.param_groups[:100]:
        settings = _settings(group, without=("params", "initial_lr", "param_names"))
        if isinstance(group.get("initial_lr"), int | float):
            settings["lr"] = group["initial_lr"]
        groups.append(settings)
    return {**_class(optimizer), "groups": groups}


def scheduler_facts(scheduler: Any) -> dict[str, Any]:
    """Its class and its settings."""
    without = ("optimizer", "base_lrs", "last_epoch", "verbose")
    public = {name: value for name, value in vars(scheduler).items() if not name.startswith("_")}
    if isinstance(public.get("milestones"), Counter):
        public["milestones"] = sorted(public["milestones"].elements())
    return {**_class(scheduler), "settings": _settings(public, without=without)}


def tensors_of(part: Any, depth: int = 0) -> Iterator[Any]:
    """The tensors in arguments: also in lists, tuples and dicts of them."""
    if isinstance(part, torch.Tensor):
        yield part
    elif depth < 4 and type(part) in (list, tuple):
        for item in part[:100]:
            yield from tensors_of(item, depth + 1)
    elif depth < 4 and isinstance(part, dict):
        for item in list(part.values())[:100]:
            yield from tensors_of(item, depth + 1)


def mapped(part: Any, change: Any, depth: int = 0) -> Any:
    """The same structure with every tensor changed."""
    if isinstance(part, torch.Tensor):
        return change(part)
    if depth < 4 and type(part) in (list, tuple):
        return type(part)(mapped(item, change, depth + 1) for item in part)
    if depth < 4 and type(part) is dict:
        return {key: mapped(item, change, depth + 1) for key, item in part.items()}
    return part


def plain_setting(value: Any) -> Any:
    """A setting as plain data: a small tensor as a list. Raises `NotPlain` for anything else."""
    if isinstance(value, torch.Tensor):
        if value.numel() > 1000:
            raise NotPlain("long_description")
        value = value.detach().tolist()
    return plain(value)


def probabilities(given: Any) -> bool:
    """Whether these are rows of probabilities: at least 0, and 1 in total."""
    if not isinstance(given, torch.Tensor) or given.ndim != 2 or given.shape[1] < 2 or not given.is_floating_point():
        return False
    rows = given.detach()
    return bool((rows >= 0).all()) and bool(((rows.sum(1) - 1).abs() < 1e-3).all())


def length_of(dataset: Any) -> int | None:
    """Its length; None if it has none."""
    try:
        return len(dataset)
    except Exception:
        return None


def _class(given: Any) -> dict[str, Any]:
    kind = type(given)
    facts = {"class_name": kind.__name__[:200]}
    if not str(kind.__module__).startswith("torch."):
        facts["module"] = str(kind.__module__)[:200]
    return facts


def _settings(given: dict[str, Any], *, without: tuple[str, ...]) -> dict[str, Any]:
    settings = {}
    for name, value in list(given.items())[:100]:
        if name in without or type(name) is not str:
            continue
        try:
            settings[name[:100]] = plain_setting(value)
        except NotPlain:
            continue
    return settings
