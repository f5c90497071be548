"""Inside the kernel: the stand-ins that a notebook used, until the grader requests them. Untrusted, as all captures."""

from __future__ import annotations

_MOST = 60
_told: set[tuple[str, str, str]] = set()
_new: list[tuple[str, str, str]] = []


def note_stand_in(code: str, old: str = "", new: str = "") -> None:
    """Record, once, that a name was replaced.

    Args:
        code: its message in `records.stand_in_messages`.
        old: the name in the notebook.
        new: today's name that replaces it.
    """
    entry = (code, old[:60], new[:60])
    if entry not in _told and len(_told) < _MOST:
        _told.add(entry)
        _new.append(entry)


def take() -> list[tuple[str, str, str]]:
    """What was recorded since the previous call."""
    taken = list(_new)
    _new.clear()
    return taken
