"""The one thing that all errors share which a person can mend: their message is a sentence that says how."""

from __future__ import annotations


class Mendable(Exception):
    """Something that the instructor or the student can put right; shown without a traceback."""
