"""Inside the kernel: what is counted while a training loop runs, for each network, optimizer and pass over a loader."""

from __future__ import annotations

import contextlib
import functools
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from autograder.observe.array_statistics import statistics
from autograder.observe.torch.modules import length_of


@dataclass
class Walk:
    """How a loop without a loader goes through its data: by the places in memory of what its steps read.

    `rounds` counts how often the first step's rows were read, `longest` the steps of a round. `same` tells whether the
    same rows have followed in every round.
    """

    first: Any = None
    second: int | None = None
    rounds: int = 0
    longest: int = 0
    same: bool = True
    _step: int = 0

    def saw(self, rows: Any) -> None:
        """A step has read these rows. The first ones are kept, so that nothing else gets their place."""
        if self.first is None:
            self.first = rows
        if rows.data_ptr() == self.first.data_ptr():
            self.rounds, self._step = self.rounds + 1, 0
        self._step += 1
        self.longest = max(self.longest, self._step)
        if self._step == 2:
            self.second = rows.data_ptr() if self.second is None else self.second
            self.same &= rows.data_ptr() == self.second

    @property
    def of_parts(self) -> bool:
        """Whether the rows are a part of a larger tensor, and not a copy: then a new round is always seen."""
        base = None if self.first is None else self.first._base
        return base is not None and base.numel() > self.first.numel()

    @property
    def in_order(self) -> bool:
        """Whether every round reads the parts in the same order."""
        return self.of_parts and self.same and self.rounds > 1 and self.longest > 1


@dataclass(eq=False)
class Net:
    """A network that was called: what went through it, and the counts of the current cell.

    `called` tells whether a call has succeeded: then `shapes` are what went through it, else what was last tried.
    `stopped` is the error that ended its training in this cell.
    `free_steps` are its steps in this cell that no batch of a loader preceded; after many of them, `output` is what its
    calls give. `given` is what it has read for the next such step, `walk` the order of these; `parts` are shares of
    passes from which the code itself asked for some batches. `learned` tells whether it has ever had a step.
    """

    module: Any
    shapes: list[tuple[Any, ...]] = field(default_factory=list)
    called: bool = False
    criterion: dict[str, Any] | None = None
    counts: dict[str, Any] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    canaries: list[tuple[Any, int]] = field(default_factory=list)
    inputs: Any = None
    targets: Any = None
    rows: int | None = None
    batch_size: int | None = None
    free_steps: int = 0
    output: Any = None
    output_of: tuple[int, ...] = ()
    begun: bool = False
    record: int | None = None
    stopped: dict[str, str] | None = None
    given: Any = None
    walk: Walk = field(default_factory=Walk)
    parts: float = 0.0
    learned: bool = False

    def count(self, name: str, more: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + more

    def saw(self, given: list[Any], *, succeeded: bool) -> None:
        """A call with these tensors. The first one that succeeds counts, until then the last one."""
        if not self.called:
            self.shapes = [(None, *map(int, one.shape[1:])) for one in given if one.ndim] or self.shapes
            self.called = succeeded

    def stepped(self) -> None:
        """An optimizer has changed it."""
        self.learned = True
        if self.given is not None:
            self.walk.saw(self.given)
            self.given = None

    def epochs(self, noted: int) -> int:
        """How often this cell has gone through the data; more, where that is not known.

        Args:
            noted: what else may have counted them: entries of a list, permutations; 0 if nothing has.
        """
        passes: int = round(self.counts.get("passes", 0) + self.parts)
        if passes:
            return passes + self.walk.rounds
        known = max(noted, self.walk.rounds)
        steps: int = self.counts.get("steps", 0)
        return known if known > 1 or self.walk.of_parts else steps or known

    @property
    def trained(self) -> bool:
        """Whether this cell has trained it, or tried to."""
        return self.stopped is not None or any(
            self.counts.get(name) for name in ("steps", "backwards", "foreign_steps")
        )

    def forget_cell(self) -> None:
        """Begin a new cell."""
        self.counts, self.order, self.canaries = {}, [], []
        self.inputs = self.targets = self.rows = self.batch_size = self.output = None
        self.output_of, self.given, self.walk = (), None, Walk()
        self.free_steps, self.parts, self.begun, self.stopped = 0, 0.0, False, None


@dataclass(eq=False)
class Tuned:
    """An optimizer: its settings before its first step, and what it did in the current cell.

    `since` are its steps since a scheduler's. `scheduler` has in "every" when it takes a step: "epoch" or "batch".
    """

    optimizer: Any
    facts: dict[str, Any]
    scheduler: dict[str, Any] | None = None
    since: int = 0
    stepped: bool = False
    reported: bool = False
    zeroed: bool = False
    stale: bool = False
    zero_grads: int = 0
    schedules: int = 0
    after_step: list[tuple[Any, Any, int]] = field(default_factory=list)

    def saw_scheduler(self, facts: dict[str, Any], *, made: bool, batch: bool) -> None:
        """One was made, or took a step in a batch or between epochs. Several together are none that is known."""
        if self.scheduler is None or (made and self.scheduler["class_name"] == facts["class_name"]):
            self.scheduler = facts
        elif made:
            self.scheduler = {"class_name": f"{self.scheduler['class_name']} + {facts['class_name']}"[:200]}
        if not made:
            self.schedules, self.since = self.schedules + 1, 0
            # In the dict that the states of the cell share: they were noted at its first step.
            self.scheduler["every"] = "batch" if batch else "epoch"

    def parameters(self) -> list[Any]:
        optimizer = self.optimizer()
        return [] if optimizer is None else [one for group in optimizer.param_groups for one in group["params"]]


@dataclass(eq=False)
class Pass:
    """One iteration over a loader; `nets` maps each network called in it to [in training mode, with gradients].

    `by_hand` tells whether the code asks for its batches with `next`, and so says itself how many it takes; `counted`
    are the batches that earlier cells have taken.
    """

    loader: Any
    length: int | None
    shuffled: bool | None
    batches: int = 0
    counted: int = 0
    steps: int = 0
    trained: bool = False
    repeating: bool = False
    late: bool = False
    by_hand: bool = False
    over: bool = False
    nets: dict[Net, list[bool]] = field(default_factory=dict)
    last_loss: Any = None
    losses: int = 0
    read: bool = False

    def count(self, *, complete: bool) -> None:
        """Add what is not counted yet of a pass in which networks were trained to their counts."""
        more, self.counted = self.batches - self.counted, self.batches
        whole = complete or (self.by_hand and self.batches == self.length)
        for net in self.nets:
            if not self.trained or not net.begun:
                continue
            net.count("passes", whole)
            net.count("batches", more)
            net.parts += more / self.length if self.by_hand and self.length and not whole else 0.0
            net.counts["batches_per_pass"] = self.length
            if self.shuffled is not None and (self.length or 0) > 1:
                net.counts["shuffled"] = net.counts.get("shuffled", False) or self.shuffled
            net.counts["losses_kept"] = max(net.counts.get("losses_kept", 0), alive(net.canaries))
            loader = self.loader()
            if loader is not None:
                net.batch_size = loader.batch_size if type(loader.batch_size) is int else None
                net.rows = length_of(loader.dataset)


class Canary:
    """It lives as long as the node of the autograd graph that holds it."""


def alive(canaries: list[tuple[Any, int]]) -> int:
    """How many losses still have their graph, other than those of the last batch."""
    return sum(one() is not None for one, batch in canaries if batch != canaries[-1][1])


def canary_on(loss: Any) -> Any:
    """A weak reference that dies with the graph of this loss; None if it has none."""
    if loss.grad_fn is None:
        return None
    canary = Canary()
    loss.grad_fn.metadata["autograder"] = canary
    return weakref.ref(canary)


def facts_of(tensor: Any, rows: int | None) -> dict[str, Any] | None:
    """The statistics of a batch, with the number of rows of its whole data set; without a shape if that is unknown."""
    try:
        facts = statistics(tensor.detach().numpy())
    except Exception:
        return None
    if facts is not None and rows is not None and facts.get("shape"):
        facts["shape"][0] = rows
    return facts


def is_stale(tuned: Tuned) -> bool:
    """Whether gradients that its last step used are still there, or were at an earlier `backward` and not cleared."""
    if tuned.stale:
        return any(parameter.grad is not None and bool(parameter.grad.any()) for parameter, *_ in tuned.after_step)
    for parameter, gradient, version in tuned.after_step:
        now = parameter.grad
        if now is not None and now is gradient() and now._version == version and bool(now.any()):
            return True
    return False


def harmless(method: Callable[..., None]) -> Callable[..., None]:
    """The method, silent about its own errors: recording must never make the student's call fail."""

    @functools.wraps(method)
    def quiet(*positional: Any, **named: Any) -> None:
        with contextlib.suppress(Exception):
            method(*positional, **named)

    return quiet
