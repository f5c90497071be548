"""Reads JSON that a kernel wrote, which may be hostile."""

from __future__ import annotations

import math
from typing import Any

from autograder.core.messages import Message, phrase


class InvalidEvidence(ValueError):
    """The kernel's data is not valid evidence: too large, too deep, or of another shape; `reason` says which."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


def whole_number(digits: str) -> int | float:
    """A JSON integer, infinite if it exceeds the range of floats: its readers compare and show floats."""
    value = float(digits)
    return int(digits) if math.isfinite(value) else value


def check_depth(value: Any, limit: int) -> None:
    """Raise `InvalidEvidence` if `value` nests deeper than `limit`; iterative, so that deep nesting is no danger."""
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if depth > limit:
            raise InvalidEvidence(phrase("nested deeper than {limit}", limit=limit))
        if isinstance(item, dict):
            stack.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            stack.extend((child, depth + 1) for child in item)
