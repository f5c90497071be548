"""Errors that the user can correct: the message is one sentence that says how."""

from __future__ import annotations


class UserError(Exception):
    """Something that the instructor or the student can fix; shown without a traceback."""


class UsageError(UserError):
    """The request cannot be carried out; the message is one sentence that says what to do instead."""
