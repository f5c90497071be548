"""Inside the kernel: what is noted where a training loop stopped with an error, in a network, a loss or `backward`.

It is kept at the exception, as `observe.network_failures` does, and with the network, whose training then is a call of
`fit` that failed. Whether a call belongs to a training loop is told by the code that made it: a function of the
notebook, or the cell itself, that calls `backward`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import torch

from autograder.observe.network_failures import add_to_failure
from autograder.observe.torch.loop_state import Net, harmless
from autograder.observe.torch.modules import length_of
from autograder.observe.torch.recorder import LoopRecorder

_MOST_FRAMES = 200
_MOST_AXES = 16


@harmless
def at_call(recorder: LoopRecorder, error: Exception, net: Net, given: list[Any], losses: Mapping[str, str]) -> None:
    """A network could not read what it was given.

    Args:
        losses: for each function of `torch.nn.functional` that is a loss, the class that uses it.
    """
    loop = _training_loop()
    if loop is None:
        return
    if net.criterion is None:
        net.criterion = next(_criteria(loop, losses), None)
    net.inputs = given[0] if given and net.inputs is None else net.inputs
    layer = {"class_name": type(net.module()).__name__[:200], "name": ""}
    _stopped(recorder, error, [net], {"layer": layer, "shapes": [_sizes(one) for one in given[:_MOST_AXES]]})


@harmless
def at_loss(recorder: LoopRecorder, error: Exception, kind: str, given: Any, target: Any) -> None:
    """A loss could not compare an output with its targets. `recorder.saw_loss` has noted both."""
    if _training_loop() is not None:
        _stopped(recorder, error, list(recorder.called), _compared(kind, given, target))


@harmless
def at_backward(recorder: LoopRecorder, error: Exception) -> None:
    """`backward` could not compute the gradients, such as those of a loss between numbers of two types."""
    for net in recorder.called[-1:]:
        kind = (net.criterion or {}).get("class_name", "")
        _stopped(recorder, error, list(recorder.called), _compared(kind, None, net.targets))


def _stopped(recorder: LoopRecorder, error: Exception, nets: list[Net], facts: dict[str, Any]) -> None:
    words = str(error)[:4000].encode("utf-8", "replace").decode()
    now = recorder.current
    loader = now.loader() if now is not None else None
    if now is not None and torch.is_grad_enabled():
        now.nets.clear()  # a pass that was to train has evaluated nothing
    for net in nets:
        net.stopped = {"name": type(error).__name__[:200], "message": words}
        if loader is not None and net.rows is None:
            net.rows = length_of(loader.dataset)
    recorder.begin(nets)
    add_to_failure(error, {"method": "fit", "framework": "torch", "validation": not torch.is_grad_enabled(), **facts})


def _compared(kind: str, given: Any, target: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"loss": kind[:200]}
    for name, tensor in (("output", given), ("target", target)):
        if isinstance(tensor, torch.Tensor):
            found[name] = _sizes(tensor)
    return found


def _sizes(tensor: Any) -> list[int]:
    return [int(size) for size in tensor.shape[:_MOST_AXES]]


def _training_loop() -> FrameType | None:
    """The innermost running code of the notebook that calls `backward`; None if there is none."""
    return next((frame for frame in _frames() if "backward" in frame.f_code.co_names), None)


def _frames() -> Iterator[FrameType]:
    """The running code of the notebook, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return
        if frame.f_globals.get("__name__") == "__main__":
            yield frame
        frame = frame.f_back


def _criteria(loop: FrameType, losses: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """What a loop that did not get as far as its loss would have used, as far as its names say: a loss of PyTorch in
    one of its variables or of its object's, or a function of `torch.nn.functional`."""
    code = loop.f_code
    names = (*code.co_varnames, *code.co_freevars, *code.co_names)
    owner = loop.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    places = (loop.f_locals, loop.f_globals, getattr(owner, "_modules", None) or {}, getattr(owner, "__dict__", {}))
    for name in names:
        for place in places:
            value = place.get(name)
            if isinstance(value, torch.nn.modules.loss._Loss):
                yield {"class_name": type(value).__name__[:200], "settings": {}}
        if name in losses:
            yield {"class_name": losses[name], "settings": {}}
