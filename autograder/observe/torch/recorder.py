"""Inside the kernel: counts what a training loop written with PyTorch does, while it runs.

Calls of networks, losses, `backward`, optimizers and loaders are counted by wrappers of PyTorch's own functions, so it
does not matter how the loop is written. A shortened loop trains on a few batches per pass (`loaders`). Outside a
loader, a network is called with a few rows of a large batch, which stand for the rest; after `_FREE` such steps a loop
computes no gradients any more: its steps change nothing, and its lists get as long as without grading.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch

from autograder.observe.fit_recorder import Listener
from autograder.observe.torch import modules
from autograder.observe.torch.few_rows import output_of_few_rows
from autograder.observe.torch.loop_state import Net, Pass, Tuned, canary_on, facts_of, harmless, is_stale

# Rows of a call outside a loader from which it is cut, and how many are kept; then steps from which two rows are kept,
# and from which there are no gradients.
LARGE, KEPT = 256, 128
_FEW, _FREE = 20, 60
# Rows of a batch in a late pass over a loader.
_LATE = 8
_ORDER = 16
_COMPARED = 8


class LoopRecorder:
    """Counts by network. Created before student code; `notify` reports events to the network log."""

    def __init__(self, variables: dict[str, Any], *, shorten: bool) -> None:
        self.family = modules.ModuleTree(variables)
        self.shorten = shorten
        self.listener: Listener | None = None
        self.off = False
        self.inside = False
        self.nets: dict[int, Net] = {}
        self.tuned: dict[int, Tuned] = {}
        self.current: Pass | None = None
        self.stack: list[Pass] = []
        self.called: list[Net] = []
        self.trained_passes = self.evaluated_passes = 0
        self.network_moved = self.data_moved = 0
        self.gpu_wanted = self.permuted = False
        self.permutations = 0
        self._order: list[str] = []
        self._batch, self._batch_seen = 0, False
        # Whether a loop outside a loader has taken so many steps that no more gradients are computed.
        self.skipping = False
        self._first_loss = True
        self._losses: dict[int, tuple[Any, Pass | None]] = {}
        self._output: tuple[int, ...] = ()
        self._uncuttable: weakref.WeakSet[Any] = weakref.WeakSet()

    def notify(self, kind: str, module: Any, detail: str = "") -> int | None:
        return self.listener(kind, module, detail) if self.listener is not None and not self.off else None

    def net(self, module: Any) -> Net:
        """The record of a network."""
        known = self.nets.get(id(module))
        if known is None or known.module() is not module:
            known = self.nets[id(module)] = Net(weakref.ref(module))
        return known

    # Networks

    def call(self, original: Callable[..., Any], module: Any, args: Any, kwargs: Any) -> Any:
        """An outermost call of a module."""
        if not modules.is_network(module):
            return original(module, *args, **kwargs)
        net = self.net(self.family.network_of(module))
        given = list(modules.tensors_of((args, kwargs)))
        rows = given[0].shape[0] if given and given[0].ndim else 0
        keep = self._kept_rows(net, module, rows)
        self.inside = True
        try:
            out = net.output if self.skipping and net.output_of == (id(module), rows, keep) else None
            if keep and out is None:
                with torch.set_grad_enabled(torch.is_grad_enabled() and not self.skipping):
                    out = output_of_few_rows(original, module, args, kwargs, rows, keep)
                if out is None:
                    self._uncuttable.add(module)
            if out is None:
                out = original(module, *args, **kwargs)
        except Exception:
            net.saw(given, succeeded=False)
            raise
        finally:
            self.inside = False
        if self.skipping and keep:
            net.output, net.output_of = out, (id(module), rows, keep)
        self._saw_call(net, given, out)
        return out

    def _kept_rows(self, net: Net, module: Any, rows: int) -> int:
        """How many rows a call is cut to; 0 if it is not cut."""
        if not self.shorten or module in self._uncuttable or rows <= 2:
            return 0
        if (self.current is not None and self.current.repeating) or net.free_steps > _FEW:
            return 2
        if self.current is not None and self.current.late:
            return _LATE if rows > _LATE else 0
        return KEPT if rows > LARGE and (net.begun or self._tuned_for(net)) else 0

    @harmless
    def _saw_call(self, net: Net, given: list[Any], out: Any) -> None:
        if self.off:
            return
        net.saw(given, succeeded=True)
        net.inputs = given[0] if given and net.inputs is None else net.inputs
        net.count("forwards")
        self._note("forward")
        if net not in self.called:
            self.called = [*self.called[-20:], net]
        if isinstance(out, torch.Tensor) and out.ndim == 2:
            self._output = tuple(out.shape)
        training, gradients = bool(net.module().training), torch.is_grad_enabled()
        if self.current is not None:
            facts = self.current.nets.setdefault(net, [False, False])
            facts[0] |= training
            facts[1] |= gradients
        elif gradients:
            net.given = given[0] if given and net.given is None else net.given
        elif net.learned and given and given[0].ndim and given[0].shape[0] > 1:
            # Without gradients, between passes over loaders: it learns nothing from these rows.
            net.count("evaluations")
            net.count("evaluated_in_training", training)

    def _note(self, call: str) -> None:
        if len(self._order) < _ORDER:
            self._order.append(call)

    # Losses

    @harmless
    def saw_loss(self, kind: str, settings: dict[str, Any], given: Any, target: Any, loss: Any) -> None:
        """A loss function was called; `loss` is None if it failed."""
        if not torch.is_grad_enabled() or not self.called:
            return
        self._note("loss")
        for net in self.called:
            if self._first_loss:
                net.criterion = {"class_name": kind, "settings": settings}
            if net.targets is None and isinstance(target, torch.Tensor):
                net.targets = target
            if kind == "CrossEntropyLoss" and modules.probabilities(given):
                net.counts["probabilities"] = True
        self._first_loss = loss is None
        if loss is not None:
            self._keep_loss(loss)

    def _keep_loss(self, loss: Any) -> None:
        if id(loss) in self._losses and self._losses[id(loss)][0]() is loss:
            return
        if len(self._losses) > 500:
            self._losses = {key: one for key, one in self._losses.items() if one[0]() is not None}
        self._losses[id(loss)] = weakref.ref(loss), self.current

    @harmless
    def read(self, tensor: Any) -> None:
        """A tensor was turned into a number: which losses of a pass are read?"""
        known = self._losses.get(id(tensor))
        if self.off or known is None or known[0]() is not tensor or known[1] is None:
            return
        one = known[1]
        if not one.over:
            one.read = True
        elif (
            not one.read and one.losses > 1 and one.trained and one.last_loss is not None and one.last_loss() is tensor
        ):
            one.read = True
            for net in one.nets:
                net.count("last_loss_only")

    # Gradients

    def backward(self, original: Callable[..., Any], tensors: Any, args: Any, kwargs: Any) -> Any:
        """`backward` on a loss."""
        nets = list(self.called)
        if self.off or not nets:
            return original(tensors, *args, **kwargs)
        skip = self.skipping
        roots = list(modules.tensors_of(tensors if isinstance(tensors, torch.Tensor) else list(tensors)))
        if not skip:
            for tuned in self.tuned.values():
                tuned.stale = is_stale(tuned)
            # Reporting the first batch of a cell looks at the local names of functions, which keeps its loss alive.
            canary = canary_on(roots[0]) if roots and all(net.begun for net in nets) else None
            original(tensors, *args, **kwargs)
            for net in nets:
                if canary is not None:
                    net.canaries = [*net.canaries[-200:], (canary, self._batch)]
        self._note("backward")
        for net in nets:
            net.count("backwards")
            if not net.module().training:
                net.count("trained_in_evaluation")
        for tuned in self.tuned.values():
            tuned.zeroed = False
        self.begin(nets)
        if roots:
            self._keep_loss(roots[0])
        if self.current is not None:
            self.current.trained = True
            self.current.losses += 1
            self.current.last_loss = weakref.ref(roots[0]) if roots else None
        return None

    @harmless
    def made(self, optimizer: Any) -> None:
        """An optimizer was created."""
        for key in [key for key, one in self.tuned.items() if one.optimizer() is None][:-20]:
            del self.tuned[key]
        self.tuned[id(optimizer)] = Tuned(weakref.ref(optimizer), modules.optimizer_facts(optimizer))

    def step(self, original: Callable[..., Any], optimizer: Any, args: Any, kwargs: Any) -> Any:
        """A step of an optimizer."""
        tuned = self.tuned.get(id(optimizer))
        if self.off or tuned is None or tuned.optimizer() is not optimizer:
            return original(optimizer, *args, **kwargs)
        if not tuned.stepped:
            tuned.facts, tuned.stepped = modules.optimizer_facts(optimizer), True
        closure = args[0] if args else kwargs.get("closure")
        parameters = tuned.parameters()
        mine = {id(one) for one in parameters}
        empty = closure is None and not self.skipping and (tuned.zeroed or all(one.grad is None for one in parameters))
        if self.skipping:
            found = closure() if closure is not None else None
        else:
            found = original(optimizer, *args, **kwargs)
            kept = [one for one in parameters if one.grad is not None][:_COMPARED]
            tuned.after_step = [(one, weakref.ref(one.grad), one.grad._version) for one in kept]
        stale, tuned.stale = tuned.stale, False
        tuned.since += 1
        self._note("step")
        own = [net for net in self.called if mine & {id(one) for one in net.module().parameters()}]
        for net in own:
            net.count("steps")
            net.count("empty_steps", empty)
            net.count("stale_gradients", stale)
            net.order, net.stopped = list(self._order), None
            net.free_steps += not self._batch_seen
            net.stepped()
        for net in [] if own else self.called:
            net.count("foreign_steps")
            net.free_steps += not self._batch_seen
        self.skipping = self.shorten and any(net.free_steps > _FREE for net in self.called)
        self.begin(own or self.called)
        if self.current is not None:
            self.current.trained = True
            self.current.steps += 1
            self.current = None if self.current.by_hand else self.current
        self.called, self._order = [], []
        self._batch += not self._batch_seen
        self._batch_seen, self._first_loss = False, True
        return found

    @harmless
    def zeroed(self, optimizer: Any) -> None:
        """`zero_grad` of an optimizer was called."""
        tuned = self.tuned.get(id(optimizer))
        if tuned is not None and not self.off:
            tuned.zeroed, tuned.stale = True, False
            tuned.zero_grads += 1
            self._note("zero_grad")

    @harmless
    def module_zeroed(self, module: Any) -> None:
        """`zero_grad` of a network was called."""
        if not self.off and modules.is_network(module):
            self.net(module).count("zero_grads")
            self._note("zero_grad")
            ids = {id(one) for one in module.parameters()}
            for tuned in self.tuned.values():
                tuned.zeroed |= bool(ids & {id(one) for one in tuned.parameters()})

    @harmless
    def scheduled(self, scheduler: Any, *, made: bool) -> None:
        """A scheduler of learning rates was made, or took a step."""
        tuned = self.tuned.get(id(getattr(scheduler, "optimizer", None)))
        if tuned is not None and not self.off:
            batch = self.current is not None or (not self.trained_passes and tuned.since <= 1)
            tuned.saw_scheduler(modules.scheduler_facts(scheduler), made=made, batch=batch)

    def begin(self, nets: list[Net]) -> None:
        """Report the training of a network once per cell; only then is it known what went through it."""
        for net in nets:
            module = net.module()
            if net.begun or module is None:
                continue
            net.begun = True
            if self._tuned_for(net):
                self.notify("compile", module)
            net.record = self.notify("fit", module)

    def _tuned_for(self, net: Net) -> list[Tuned]:
        """The optimizers that hold parameters of a network, the last one made first."""
        module = net.module()
        if module is None:
            return []
        mine = {id(one) for one in module.parameters()}
        return [one for one in reversed(self.tuned.values()) if any(id(other) in mine for other in one.parameters())]

    def compiled(self, module: Any) -> dict[str, Any] | None:
        """Optimizer, criterion and scheduler of a network, as data; None if it has neither of the first two."""
        net = self.net(module)
        facts: dict[str, Any] = {}
        for tuned in self._tuned_for(net)[:1]:
            facts["optimizer"] = tuned.facts
            if tuned.scheduler is not None:
                facts["scheduler"] = tuned.scheduler
        if net.criterion is not None:
            facts["criterion"] = net.criterion
        return facts or None

    # Passes over loaders

    def began(self, one: Pass) -> None:
        self.stack.append(one)

    def took(self, one: Pass) -> None:
        """A pass gives its next batch."""
        self.current = one
        if not (one.by_hand and one.repeating):
            self._batch_seen, self.skipping = True, False
        self._batch += 1
        one.batches += 1

    @harmless
    def ended(self, one: Pass, *, complete: bool) -> None:
        """A pass has ended, or was abandoned."""
        if one.over:
            return
        one.over = True
        self.stack = [other for other in self.stack if other is not one]
        # Batches that the code asks for itself may come from an iterator that is open for long.
        self.current = next((other for other in reversed(self.stack) if not other.by_hand), None)
        one.count(complete=complete)
        for net, (training, gradients) in one.nets.items():
            if not one.trained:
                net.count("evaluations")
                net.count("evaluated_in_training", training)
                net.count("evaluated_with_gradients", gradients)
        self.trained_passes += one.trained
        self.evaluated_passes += bool(one.nets) and not one.trained

    @harmless
    def still_open(self) -> None:
        """Count, at the end of a cell, the batches of passes that may go on in the next one."""
        for one in self.stack:
            one.count(complete=False)

    # Predictions

    @harmless
    def best(self, tensor: Any, dim: Any) -> None:
        """The largest value along an axis was asked for."""
        if self.off or not isinstance(tensor, torch.Tensor) or tuple(tensor.shape) != self._output:
            return
        if tensor.shape[0] < 2 or tensor.shape[1] < 2:
            return
        name = "best_over_classes" if dim in (1, -1) else "best_over_batch"
        for net in [*(self.current.nets if self.current is not None else ()), *self.called][:1]:
            net.count(name)

    def new_cell(self) -> None:
        """Forget the counts of the cell."""
        for key, net in list(self.nets.items()):
            net.forget_cell()
            if net.module() is None:
                del self.nets[key]
        for tuned in self.tuned.values():
            tuned.zero_grads = tuned.schedules = 0
        self.called, self._order, self._losses, self.skipping, self.permutations = [], [], {}, False, 0
        self.trained_passes = self.evaluated_passes = 0
        self.current = None

    def zero_grads(self, net: Net) -> tuple[int, int]:
        """The calls of `zero_grad` and of a scheduler for a network in this cell."""
        tuned = self._tuned_for(net)
        zeroed = net.counts.get("zero_grads", 0) + sum(one.zero_grads for one in tuned)
        return zeroed, sum(one.schedules for one in tuned)

    def inputs_of(self, net: Net) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """The statistics of the first batch that went through, and of its targets."""
        given = None if net.inputs is None else facts_of(net.inputs, net.rows)
        if given is not None and net.rows is None:
            given.pop("shape", None)  # a batch only: how many rows there are is not known
        return given, None if net.targets is None else facts_of(net.targets, net.rows)
