"""Inside the kernel: devices that the grading machine lacks. Whatever is moved to one stays on the processor."""

from __future__ import annotations

import ast
import functools
import re
import sys
from typing import Any

import torch
from torch.utils import _device

from autograder.observe.compatibility.stand_in_log import note_stand_in
from autograder.observe.torch.recorder import LoopRecorder

_NAMED = re.compile(r"(cuda|mps|xpu|hpu)(:\d+)?")
_ASKS = re.compile(r"cuda\.is_available\(\)|cuda\.device_count\(\)|mps\.is_available\(\)|accelerator\.is_available\(\)")


def imitate_devices(recorder: LoopRecorder, shell: Any) -> None:
    """Let moves to a GPU do nothing but be counted, and pass over assertions that there is one."""
    variables = shell.user_ns
    _moves(recorder, variables)
    for function in _device._device_constructors():
        name = function.__name__
        if getattr(torch, name, None) is function:
            setattr(torch, name, _made(recorder, function, variables))

    def asked(original: Any) -> Any:
        @functools.wraps(original)
        def ask(*args: Any, **kwargs: Any) -> Any:
            recorder.gpu_wanted |= sys._getframe(1).f_globals is variables
            return original(*args, **kwargs)

        return ask

    for owner in (torch.cuda, torch.backends.mps, getattr(torch, "accelerator", None)):
        if owner is not None:
            owner.is_available = asked(owner.is_available)
    for name, value in (("synchronize", None), ("get_device_name", "CPU"), ("current_device", 0), ("set_device", None)):
        setattr(torch.cuda, name, functools.partial(_constant, name, value))
    shell.ast_transformers.append(_Assertions(recorder))


def _constant(name: str, value: Any, *_: Any, **__: Any) -> Any:
    note_stand_in("torch_gpu", f"torch.cuda.{name}")
    return value


def _near(recorder: LoopRecorder, device: Any) -> Any:
    """The processor for a device that is not here; anything else is returned unchanged."""
    kind = device.type if isinstance(device, torch.device) else device
    if isinstance(kind, str) and _NAMED.fullmatch(kind):
        note_stand_in("torch_gpu", kind)
        recorder.gpu_wanted = True
        return torch.device("cpu")
    return device


def _moves(recorder: LoopRecorder, variables: dict[str, Any]) -> None:
    moving = False
    to, module_to = torch.Tensor.to, torch.nn.Module.to

    @functools.wraps(to)
    def tensor_to(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        if not moving and _names_device(args, kwargs):
            recorder.data_moved += sys._getframe(1).f_globals is variables
        args = tuple(_near(recorder, one) for one in args)
        if "device" in kwargs:
            kwargs["device"] = _near(recorder, kwargs["device"])
        return to(tensor, *args, **kwargs)

    def tensor_cuda(tensor: Any, *_: Any, **__: Any) -> Any:
        recorder.data_moved += 1
        _near(recorder, "cuda")
        return tensor

    @functools.wraps(module_to)
    def network_to(module: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal moving
        recorder.network_moved += _names_device(args, kwargs)
        before, moving = moving, True
        try:
            args = tuple(_near(recorder, one) for one in args)
            if "device" in kwargs:
                kwargs["device"] = _near(recorder, kwargs["device"])
            return module_to(module, *args, **kwargs)
        finally:
            moving = before

    def network_cuda(module: Any, *_: Any, **__: Any) -> Any:
        recorder.network_moved += 1
        _near(recorder, "cuda")
        return module

    torch.Tensor.to, torch.Tensor.cuda = tensor_to, tensor_cuda
    torch.nn.Module.to, torch.nn.Module.cuda = network_to, network_cuda


def _names_device(args: Any, kwargs: Any) -> bool:
    return kwargs.get("device") is not None or any(isinstance(one, str | torch.device) for one in args[:1])


def _made(recorder: LoopRecorder, original: Any, variables: dict[str, Any]) -> Any:
    @functools.wraps(original)
    def make(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("device") is not None:
            recorder.data_moved += sys._getframe(1).f_globals is variables
            kwargs["device"] = _near(recorder, kwargs["device"])
        return original(*args, **kwargs)

    return make


class _Assertions(ast.NodeTransformer):
    """Removes `assert torch.cuda.is_available()`, and an `if` that raises when there is no GPU."""

    def __init__(self, recorder: LoopRecorder) -> None:
        self._recorder = recorder

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return self._passed(node) if _ASKS.search(ast.unparse(node.test)) else node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        ends = len(node.body) == 1 and isinstance(node.body[0], ast.Raise)
        negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
        return (
            self._passed(node)
            if ends and negated and not node.orelse and _ASKS.search(ast.unparse(node.test))
            else node
        )

    def _passed(self, node: ast.stmt) -> ast.AST:
        note_stand_in("torch_assert", "torch.cuda.is_available()")
        self._recorder.gpu_wanted = True
        return ast.copy_location(ast.Pass(), node)
