"""Inside the kernel: wraps PyTorch's functions, so that the recorder knows of every call. Before student code runs."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from typing import Any

import torch
from torch.nn import functional
from torch.optim import lr_scheduler
from torch.optim.optimizer import Optimizer

from autograder.observe.compatibility.other_machines import local_path
from autograder.observe.compatibility.stand_in_log import note_stand_in
from autograder.observe.plain import NotPlain
from autograder.observe.torch import modules, stops
from autograder.observe.torch.loop_state import harmless
from autograder.observe.torch.recorder import LoopRecorder

# The functions of `torch.nn.functional`, and the classes that use them.
TORCH_LOSSES = {
    "cross_entropy": "CrossEntropyLoss",
    "nll_loss": "NLLLoss",
    "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "mse_loss": "MSELoss",
    "l1_loss": "L1Loss",
    "smooth_l1_loss": "SmoothL1Loss",
    "huber_loss": "HuberLoss",
    "kl_div": "KLDivLoss",
    "poisson_nll_loss": "PoissonNLLLoss",
    "gaussian_nll_loss": "GaussianNLLLoss",
    "hinge_embedding_loss": "HingeEmbeddingLoss",
    "multi_margin_loss": "MultiMarginLoss",
    "multilabel_margin_loss": "MultiLabelMarginLoss",
    "multilabel_soft_margin_loss": "MultiLabelSoftMarginLoss",
    "soft_margin_loss": "SoftMarginLoss",
}
_READS = ("item", "tolist", "numpy", "detach", "cpu", "__float__", "__format__", "__repr__")
_OLD = ("size_average", "reduce")


def watch_pytorch(recorder: LoopRecorder, variables: dict[str, Any]) -> None:
    """Wrap everything, for the notebook with these variables."""
    _calls(recorder)
    for name, kind in TORCH_LOSSES.items():
        setattr(functional, name, _loss(recorder, getattr(functional, name), kind))
    _gradients(recorder)
    _schedulers(recorder)
    for name in _READS:
        setattr(torch.Tensor, name, _reading(recorder, getattr(torch.Tensor, name)))
    for owner in (torch.Tensor, torch):
        for name in ("argmax", "max"):
            setattr(owner, name, _best(recorder, getattr(owner, name)))
    _files(recorder)
    original = torch.randperm

    @functools.wraps(original)
    def randperm(*positional: Any, **named: Any) -> Any:
        if sys._getframe(1).f_globals is variables:
            recorder.permuted = True
            recorder.permutations += 1
        return original(*positional, **named)

    torch.randperm = randperm


def _calls(recorder: LoopRecorder) -> None:
    called, begin, zero = torch.nn.Module.__call__, torch.nn.Module.__init__, torch.nn.Module.zero_grad

    def call(module: Any, *args: Any, **kwargs: Any) -> Any:
        if recorder.inside or recorder.off:
            return called(module, *args, **kwargs)
        try:
            return recorder.call(called, module, args, kwargs)
        except Exception as error:
            if modules.is_network(module):
                net = recorder.net(recorder.family.network_of(module))
                stops.at_call(recorder, error, net, list(modules.tensors_of((args, kwargs))), TORCH_LOSSES)
            raise

    @functools.wraps(begin)
    def initialize(module: Any, *args: Any, **kwargs: Any) -> None:
        begin(module, *args, **kwargs)
        recorder.notify("built", module)

    @functools.wraps(zero)
    def zero_grad(module: Any, *args: Any, **kwargs: Any) -> None:
        if not recorder.skipping:
            zero(module, *args, **kwargs)
        recorder.module_zeroed(module)

    torch.nn.Module.__call__, torch.nn.Module.__init__, torch.nn.Module.zero_grad = call, initialize, zero_grad


def _loss(recorder: LoopRecorder, original: Any, kind: str) -> Any:
    signature = inspect.signature(original)
    given = next(iter(signature.parameters))

    @functools.wraps(original)
    def loss(*positional: Any, **named: Any) -> Any:
        try:
            found = original(*positional, **named)
        except Exception as error:
            saw(error, positional, named, None)
            raise
        if isinstance(found, torch.Tensor):
            saw(None, positional, named, found)
        return found

    @harmless
    def saw(failure: Exception | None, positional: Any, named: Any, found: Any) -> None:
        if recorder.off:
            return
        asked = signature.bind(*positional, **named)
        asked.apply_defaults()
        arguments = dict(asked.arguments)
        values, target = arguments.pop(given), arguments.pop("target", None)
        recorder.saw_loss(kind, _settings(arguments), values, target, found)
        if failure is not None:
            stops.at_loss(recorder, failure, kind, values, target)

    return loss


def _settings(arguments: dict[str, Any]) -> dict[str, Any]:
    settings = {}
    for name, value in arguments.items():
        try:
            settings[name] = modules.plain_setting(value)
        except NotPlain:
            continue
    return {name: value for name, value in settings.items() if name not in _OLD}


def _gradients(recorder: LoopRecorder) -> None:
    backward, begin, zero = torch.autograd.backward, Optimizer.__init__, Optimizer.zero_grad
    hooked = Optimizer.profile_hook_step

    @functools.wraps(backward)
    def counted(tensors: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return recorder.backward(backward, tensors, args, kwargs)
        except Exception as error:
            stops.at_backward(recorder, error)
            raise

    @functools.wraps(begin)
    def initialize(optimizer: Any, *args: Any, **kwargs: Any) -> None:
        begin(optimizer, *args, **kwargs)
        recorder.made(optimizer)

    @functools.wraps(zero)
    def zero_grad(optimizer: Any, *args: Any, **kwargs: Any) -> None:
        if not recorder.skipping:
            zero(optimizer, *args, **kwargs)
        recorder.zeroed(optimizer)

    def hook(function: Any) -> Any:
        # Every class of optimizers has its `step` wrapped by this function when its first optimizer is created.
        inner = hooked(function)

        @functools.wraps(function)
        def step(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
            return recorder.step(inner, optimizer, args, kwargs)

        return step

    torch.autograd.backward = counted
    Optimizer.__init__, Optimizer.zero_grad, Optimizer.profile_hook_step = initialize, zero_grad, staticmethod(hook)


def _schedulers(recorder: LoopRecorder) -> None:
    base = lr_scheduler.LRScheduler
    for kind in (base, lr_scheduler.ReduceLROnPlateau):
        begin, step = vars(kind).get("__init__"), vars(kind).get("step")
        if begin is not None:
            kind.__init__ = _scheduled(recorder, begin, made=True)
        if step is not None:
            kind.step = _scheduled(recorder, step, made=False)


def _scheduled(recorder: LoopRecorder, original: Any, *, made: bool) -> Any:
    @functools.wraps(original)
    def method(scheduler: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(scheduler, *args, **kwargs)
        # Its constructor takes a first step itself.
        if made or getattr(scheduler, "_step_count", 2) > 1:
            recorder.scheduled(scheduler, made=made)
        return found

    return method


def _reading(recorder: LoopRecorder, original: Any) -> Any:
    @functools.wraps(original)
    def read(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        recorder.read(tensor)
        return original(tensor, *args, **kwargs)

    return read


def _best(recorder: LoopRecorder, original: Any) -> Any:
    @functools.wraps(original)
    def best(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(tensor, *args, **kwargs)
        dim = args[0] if args else kwargs.get("dim", kwargs.get("axis"))
        # `max` without an axis is the largest value of all, which is not a prediction.
        if type(dim) is int or (not args and not kwargs and original.__name__ == "argmax"):
            recorder.best(tensor, dim)
        return found

    return best


def _files(recorder: LoopRecorder) -> None:
    save, load, restore = torch.save, torch.load, torch.nn.Module.load_state_dict

    @functools.wraps(save)
    def saved(obj: Any, f: Any, *args: Any, **kwargs: Any) -> Any:
        f = local_path(f)
        found = save(obj, f, *args, **kwargs)
        if isinstance(f, str | os.PathLike):
            for module in _saved_networks(recorder, obj):
                recorder.notify("save", module, str(f))
        return found

    @functools.wraps(load)
    def loaded(f: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
        return load(local_path(f), "cpu", *args, **kwargs)

    @functools.wraps(restore)
    def load_state_dict(module: Any, *args: Any, **kwargs: Any) -> Any:
        found = restore(module, *args, **kwargs)
        if modules.is_network(module):
            recorder.notify("load", recorder.family.network_of(module))
        return found

    def compiled(model: Any = None, **_: Any) -> Any:
        # It needs a compiler; what it returns computes the same as the network.
        note_stand_in("torch_compile", "torch.compile")
        return model if model is not None else lambda function: function

    torch.save, torch.load, torch.nn.Module.load_state_dict, torch.compile = saved, loaded, load_state_dict, compiled


def _saved_networks(recorder: LoopRecorder, saved: Any) -> list[Any]:
    """The networks whose tensors, or which themselves, were saved."""
    parts = [saved, *list(saved.values())[:50]] if isinstance(saved, dict) else [saved]
    storages = {one.untyped_storage().data_ptr() for part in parts for one in modules.tensors_of(part) if one.numel()}
    found = []
    for net in list(recorder.nets.values()):
        module = net.module()
        first = None if module is None else next(module.parameters(), None)
        if first is None:
            continue
        filled = not torch.nn.parameter.is_lazy(first)
        if any(part is module for part in parts) or (filled and first.untyped_storage().data_ptr() in storages):
            found.append(module)
    return found
