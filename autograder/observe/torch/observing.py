"""Inside the kernel: what the capture asks of PyTorch: its networks, their descriptions, and the loops of a cell."""

from __future__ import annotations

import contextlib
import io
import json
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from autograder.observe.fit_recorder import FitCall, Listener
from autograder.observe.network_description import MAX_NETWORK_BYTES, quietly
from autograder.observe.plain import NotPlain, plain
from autograder.observe.state_files import MAX_TENSORS
from autograder.observe.torch import description, modules
from autograder.observe.torch.devices import imitate_devices
from autograder.observe.torch.histories import Histories
from autograder.observe.torch.input_shapes import fits, way_of_first_layer, ways_to_read
from autograder.observe.torch.loaders import bound_loaders
from autograder.observe.torch.loop_state import Net
from autograder.observe.torch.recorder import LoopRecorder
from autograder.observe.torch.wrapping import watch_pytorch


class TorchObserver:
    """Created before student code; `shell` is IPython's.

    `examples` are the shapes of one example, for each data set of the exercise one for each input.
    `is_network` tells which objects are described, `describe`, `compiled` and `fingerprint` are those of a describer of
    the network log.
    """

    def __init__(self, shell: Any, *, shorten: bool, examples: Sequence[Sequence[Sequence[int]]] = ()) -> None:
        # Threads cost more than they give for a few rows, and other notebooks run beside this one.
        torch.set_num_threads(1)
        self._recorder = LoopRecorder(shell.user_ns, shorten=shorten)
        self._histories = Histories(shell.user_ns)
        self._variables = shell.user_ns
        self._dumps = json.dumps
        self._ways = [way for shapes in examples for way in ways_to_read(shapes)]
        description.watch_initializers()
        imitate_devices(self._recorder, shell)
        watch_pytorch(self._recorder, shell.user_ns)
        bound_loaders(self._recorder)

    def listen(self, listener: Listener) -> None:
        """Report the events of networks to `listener`."""
        self._recorder.listener = listener

    def is_module(self, value: Any) -> bool:
        return isinstance(value, torch.nn.Module)

    def is_network(self, value: Any) -> bool:
        """Whether it is a network of its own: a module with parameters, no loss, and no part of another one."""
        return isinstance(value, torch.nn.Module) and self._recorder.family.outermost(value)

    def describe(self, module: Any) -> dict[str, Any]:
        """The fields of a `CapturedNetwork` except its name, cell and compile arguments."""
        name = type(module).__name__[:200]
        net = self._recorder.net(module)
        shapes = net.shapes if net.called else []
        facts: dict[str, Any] = {"class_name": name, "framework": "torch", "own_code": True}
        facts["input_shape"] = list(shapes[0]) if len(shapes) == 1 and len(shapes[0]) <= 16 else None
        facts["tensors"] = quietly(lambda: _tensors(module)) or []
        try:
            with self._aside():
                found = plain(self._described(module, net))
            if len(self._dumps(found)) > MAX_NETWORK_BYTES:
                raise NotPlain("long_description")
        except NotPlain as error:
            return facts | {"opaque": {"why": "not_described", "reason": error.reason, "detail": error.detail[:2000]}}
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"[:2000]
            return facts | {"opaque": {"why": "not_describing", "detail": detail}}
        if "problem" in found:
            why = {"why": "torch", "reason": str(found["problem"])[:40], "detail": str(found.get("detail", ""))[:2000]}
            return facts | {"opaque": why | {"kind": name}}
        return facts | {"config": found}

    def _described(self, module: Any, net: Net) -> dict[str, Any]:
        """The module on what went through it. If nothing did, on an example of the exercise if it reads one, on what
        its first layer says it reads, or on what it was called with in vain; else on an example that does not fit."""
        misfitting = None
        for way in [] if net.called else [*self._ways, *way_of_first_layer(module)]:
            found = description.describe(module, way)
            if fits(found):
                return found
            misfitting = misfitting or (None if "problem" in found else found)
        if misfitting is not None and not net.shapes:
            return misfitting
        return description.describe(module, net.shapes or None)

    def compiled(self, module: Any) -> dict[str, Any] | None:
        return self._recorder.compiled(module)

    def fingerprint(self, module: Any) -> Any:
        """Cheap, and changes with nearly everything that changes the description."""
        parts = tuple((id(one), one.extra_repr()) for one in module.modules())
        frozen = tuple(one.requires_grad for one in module.parameters())
        net = self._recorder.net(module)
        return parts, frozen, net.called, tuple(net.shapes), self._dumps(self.compiled(module), default=str)

    def precise(self, module: Any) -> bool:
        """Whether the same fingerprint means the same description."""
        return True

    def take(self) -> list[FitCall]:
        """The training of each network since the previous call, as one call of `fit`. Also reports evaluations."""
        recorder = self._recorder
        recorder.still_open()
        nets = [net for net in recorder.nets.values() if net.module() is not None]
        trained = [net for net in nets if net.trained]
        with self._aside():
            history, holder = self._histories.take(max((net.epochs(0) for net in trained), default=0))
        calls = [self._fit(net, history, holder) for net in trained]
        for net in nets:
            if not net.trained and net.counts.get("evaluations"):
                recorder.notify("evaluate", net.module(), detail=_evaluation(net))
        for tuned in list(recorder.tuned.values()):
            self._report_compiled(tuned)
        recorder.new_cell()
        return calls

    def _report_compiled(self, tuned: Any) -> None:
        """An optimizer that has taken no step yet belongs to the networks in variables that hold its parameters."""
        if tuned.stepped or tuned.reported:
            return
        mine = {id(one) for one in tuned.parameters()}
        for value in list(self._variables.values()):
            if self.is_network(value) and mine & {id(one) for one in value.parameters()}:
                tuned.reported = True
                self._recorder.notify("compile", value)

    def _fit(self, net: Net, history: dict[str, list[Any]], holder: str) -> FitCall:
        recorder, counts = self._recorder, net.counts
        zeroed, scheduled = recorder.zero_grads(net)
        loop = {
            **counts,
            **({"shuffled": False, "batches_per_pass": net.walk.longest} if net.walk.in_order else {}),
            "zero_grads": zeroed,
            "schedules": scheduled,
            "order": net.order,
            "permuted": recorder.permuted,
            "mode_matters": modules.matters_in_training(net.module()),
            "network_moved": recorder.network_moved,
            "data_moved": recorder.data_moved,
            "gpu_wanted": recorder.gpu_wanted,
        }
        inputs, targets = recorder.inputs_of(net)
        lengths = [len(values) for values in history.values()] or [0]
        return FitCall(
            weakref.ref(net.module()),
            # Without a loader: one entry in a list, or one permutation, per epoch.
            net.epochs(max(*lengths, 0) or recorder.permutations),
            recorder.shorten,
            inputs,
            targets,
            {} if counts.get("evaluations") else None,
            net.batch_size,
            record=net.record,
            failure=net.stopped,
            values={key: list(values) for key, values in history.items()},
            variable=holder,
            loop=loop,
        )

    @contextlib.contextmanager
    def _aside(self) -> Iterator[None]:
        """Nothing that happens here is recorded or printed, and the random numbers stay the student's."""
        recorder, state = self._recorder, torch.get_rng_state()
        before, recorder.off = recorder.off, True
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                yield
        finally:
            recorder.off = before
            torch.set_rng_state(state)


def _tensors(module: Any) -> list[dict[str, Any]]:
    """Parameters and buffers as they are in its `state_dict`; none if there are too many."""
    named = torch.nn.Module.state_dict(module)
    if len(named) > MAX_TENSORS:
        return []
    return [
        {"name": name[:300], "shape": list(one.shape), "dtype": str(one.dtype).removeprefix("torch.")}
        for name, one in named.items()
        if isinstance(one, torch.Tensor)
    ]


def _evaluation(net: Net) -> str:
    """What an evaluation in a cell of its own did: words of `records.training_loop`."""
    names = ("evaluated_in_training", "evaluated_with_gradients", "best_over_batch")
    said = [name for name in names if net.counts.get(name)]
    if modules.matters_in_training(net.module()):
        said.append("mode_matters")
    return " ".join(said)
