"""Inside the kernel: what a network gives for a few rows of a batch, which stand for the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.observe.torch.modules import mapped, tensors_of


def output_of_few_rows(
    original: Callable[..., Any], module: Any, args: Any, kwargs: Any, rows: int, keep: int
) -> Any | None:
    """The output for the first `keep` of `rows` rows, repeated; None if it is not one row for each row of the input."""

    def cut(tensor: Any) -> Any:
        return tensor[:keep] if tensor.ndim and tensor.shape[0] == rows else tensor

    try:
        out = original(module, *mapped(args, cut), **mapped(kwargs, cut))
        found = list(tensors_of(out))
        if found and all(one.ndim and one.shape[0] == keep for one in found):
            places = torch.arange(rows) % keep
            return mapped(out, lambda one: one.index_select(0, places))
    except Exception:
        pass  # the whole call will raise it again, if it is the student's
    return None
