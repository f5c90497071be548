"""Inside the kernel: a `DataLoader` that is bounded in a short run, and counted in any.

A pass in which a network is trained ends after a few batches, later passes after one, of which the network computes a
few rows (`recorder`). A pass that only calls a network gets its first batches and then the same ones again, so that as
many predictions come out as there are rows. A pass that calls no network is not changed: it may count classes, or
collect the data. Where the code asks for each batch itself (`next`), it says how many there are: it gets its first
batches and then the same ones again, up to the end of the pass.
"""

from __future__ import annotations

import dis
import inspect
import sys
import weakref
from typing import Any

import torch
from torch.utils.data import DataLoader, SequentialSampler

from autograder.observe.torch.loop_state import Pass
from autograder.observe.torch.modules import length_of, mapped, tensors_of
from autograder.observe.torch.recorder import LoopRecorder

_FIRST, _LATER = 3, 1
_EARLY_PASSES = 1
_REPEATED_PASSES = 3
# A loop may take a step after several batches only.
_MOST_WITHOUT_STEP = 40
_FOR = dis.opmap["FOR_ITER"]


class Batches:
    """The iterator over a loader."""

    def __init__(self, recorder: LoopRecorder, loader: Any, batches: Any) -> None:
        self._recorder, self._loader, self._batches = recorder, loader, batches
        self._pass = Pass(weakref.ref(loader), length_of(loader), _shuffled(loader))
        self._pass.late = recorder.shorten and recorder.trained_passes >= _EARLY_PASSES
        self._last: Any = None
        recorder.began(self._pass)

    def __iter__(self) -> Batches:
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        one = self._pass
        one.by_hand = asked_by_hand(sys._getframe(1))
        if one.over or self._bounded():
            self._recorder.ended(one, complete=True)
            raise StopIteration
        try:
            batch = self._repeated() if one.repeating else self._kept(next(self._batches))
        except StopIteration:
            self._recorder.ended(one, complete=True)
            raise
        self._recorder.took(one)
        return batch

    def __del__(self) -> None:
        self._recorder.ended(self._pass, complete=False)

    def _bounded(self) -> bool:
        """Whether the pass ends before its next batch."""
        one, recorder = self._pass, self._recorder
        if not recorder.shorten or not one.nets:
            return False
        limit = _LATER if one.late else _FIRST
        if one.trained and one.by_hand:
            one.repeating = one.batches >= limit and one.length is not None and self._last is not None
            return one.repeating and one.batches >= (one.length or 0)
        if one.trained:
            enough = one.steps >= limit or one.batches >= _MOST_WITHOUT_STEP or (one.late and not self._stepping)
            return one.batches >= limit and enough
        if one.batches < limit:
            return False
        if recorder.evaluated_passes >= _REPEATED_PASSES or one.length is None or self._last is None:
            return True
        one.repeating = True
        return one.batches >= one.length

    @property
    def _stepping(self) -> bool:
        return any(net.counts.get("steps") for net in self._pass.nets)

    def _repeated(self) -> Any:
        rows = length_of(self._loader.dataset)
        size, left = _batch_size(self._loader), None
        if rows is not None and type(size) is int and not self._loader.drop_last:
            left = rows - size * self._pass.batches
        return self._last if left is None or left >= size else mapped(self._last, lambda one: one[:left])

    def _kept(self, batch: Any) -> Any:
        """The batch, noted for repetition if it is a full one."""
        self._last = batch if _rows(batch) == _batch_size(self._loader) else None
        return batch


def _rows(batch: Any) -> int | None:
    """The number of rows that all tensors of a batch have; None if there is anything else in it."""
    parts = [batch] if isinstance(batch, torch.Tensor) else list(batch.values()) if type(batch) is dict else batch
    if type(parts) not in (list, tuple) or not all(isinstance(one, torch.Tensor) and one.ndim for one in parts):
        return None
    sizes = {one.shape[0] for one in tensors_of(batch)}
    return sizes.pop() if len(sizes) == 1 else None


def asked_by_hand(frame: Any) -> bool:
    """Whether the code asks for the next batch with a call of `next`, and not a `for`, through any generators.

    Args:
        frame: of the code that has called `__next__`.
    """
    while frame.f_code.co_code[frame.f_lasti] == _FOR:
        if not frame.f_code.co_flags & inspect.CO_GENERATOR or frame.f_back is None:
            return False
        frame = frame.f_back
    return True


def _batch_size(loader: Any) -> Any:
    """The rows of its batches: also of batches that a sampler of its own makes."""
    return getattr(loader.batch_sampler, "batch_size", None) if loader.batch_size is None else loader.batch_size


def _shuffled(loader: Any) -> bool | None:
    """Whether it draws in random order; None if unknown."""
    drawn_by = loader if loader.batch_size is not None else loader.batch_sampler
    sampler = getattr(drawn_by, "sampler", None)
    if type(sampler) is SequentialSampler:
        return False
    return True if type(sampler).__module__ == "torch.utils.data.sampler" else None


def bound_loaders(recorder: LoopRecorder) -> None:
    """Bound and count every loader. Batches are made in this process: a kernel has few processes and little time."""
    begin, iterate = DataLoader.__init__, DataLoader.__iter__

    def initialize(loader: Any, *positional: Any, **named: Any) -> None:
        for name in ("num_workers", "prefetch_factor", "persistent_workers", "pin_memory", "multiprocessing_context"):
            named.pop(name, None)
        # By position: the data set, batch_size, shuffle, sampler, batch_sampler, num_workers, collate_fn, pin_memory,
        # drop_last.
        if len(positional) > 8:
            named["drop_last"] = positional[8]
        begin(loader, *positional[:5], *([0] if len(positional) > 5 else []), *positional[6:7], **named)

    def batches(loader: Any) -> Any:
        return iterate(loader) if recorder.off else Batches(recorder, loader, iterate(loader))

    DataLoader.__init__, DataLoader.__iter__ = initialize, batches
