"""Each student's deadline in Moodle: an override before the assignment's date, and an extension after both.

Overrides are told by `mod_assign_get_overrides`, which Moodle has since version 5.3. The rules are those of
moodle/moodle, mod/assign/locallib.php (`override_exists`): a student's own override counts alone, else that of the
first of the student's groups in Moodle's order; what it leaves open stays the assignment's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def deadlines(
    due: int,
    people: Sequence[Mapping[str, Any]],
    flags: Sequence[Mapping[str, Any]],
    overrides: Sequence[Mapping[str, Any]],
) -> dict[int, int]:
    """By user id, the time in seconds since 1970; 0 for none.

    Args:
        due: the assignment's own.
        people: as `mod_assign_list_participants` lists them, with their groups.
        flags: as `mod_assign_get_user_flags`, with the extensions.
        overrides: as `mod_assign_get_overrides`; empty if they are not known.
    """
    own = {int(one["userid"]): one for one in overrides if one.get("userid")}
    by_group = {int(one["groupid"]): one for one in overrides if one.get("groupid")}
    extensions = {int(one["userid"]): int(one.get("extensionduedate") or 0) for one in flags}
    found: dict[int, int] = {}
    for person in people:
        user = int(person["id"])
        ofgroups = [by_group[group] for group in _groups(person) if group in by_group]
        override = own.get(user) or min(ofgroups, key=lambda one: int(one.get("sortorder") or 0), default={})
        given = override.get("duedate")
        date = due if given is None else int(given)
        found[user] = max(date, extensions.get(user, 0)) if date else 0
    return found


def last_deadline(due: int, dates: Mapping[int, int]) -> int:
    """The last one of anybody in seconds since 1970; 0 if somebody has none."""
    everyone = [*dates.values()] or [due]
    return max(everyone) if all(everyone) else 0


def _groups(person: Mapping[str, Any]) -> set[int]:
    return {int(one["id"]) for one in person.get("groups") or ()} | {int(person.get("groupid") or 0)}
