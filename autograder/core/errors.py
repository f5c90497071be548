"""Errors that a person can correct: their message is one sentence that says how."""

from __future__ import annotations


class UserError(Exception):
    """Something that the instructor or the student can put right; shown without a traceback."""


class UsageError(UserError):
    """What was asked for cannot be done; the message is one sentence that says what to do instead."""
