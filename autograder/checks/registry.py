"""The kinds of question that are installed: built-in ones, and those that a course adds.

A package adds a kind through an entry point in the group `autograder.checks`: its name is the kind as `assignment.toml`
writes it, its value the class, a `Question`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from autograder.checks.base import Question

GROUP = "autograder.checks"


class UnknownKind(LookupError):
    """No installed package offers this kind of question; `known` are those that are offered."""

    def __init__(self, kind: str, known: tuple[str, ...]) -> None:
        super().__init__(f'there is no kind of question "{kind}"')
        self.kind = kind
        self.known = known


class UnusableKind(LookupError):
    """A package offers this kind of question, but it cannot be used; the message says why."""


def known_kinds() -> tuple[str, ...]:
    """The names of all kinds, in alphabetical order; imports none of them."""
    return tuple(sorted(_offers(tuple(sys.path))))


def find_kind(kind: str) -> type[Question]:
    """The class of a kind of question.

    Raises:
        UnknownKind: no installed package offers it.
        UnusableKind: two packages offer it, its module cannot be imported, or it does not name a `Question`.
    """
    offers = _offers(tuple(sys.path)).get(kind)
    if not offers:
        raise UnknownKind(kind, known_kinds())
    if len(offers) > 1:
        raise UnusableKind(f'two packages offer the kind "{kind}": {" and ".join(sorted(offers))}; uninstall one')
    return _load(next(iter(offers.values())))


@cache
def _offers(path: tuple[str, ...]) -> Mapping[str, Mapping[str, EntryPoint]]:
    """What the packages on the path offer, by kind and then by the class that is named; to look takes ten milliseconds.

    A package that is on the path twice (a wheel and an editable copy) offers the same thing twice: no conflict.
    """
    found: defaultdict[str, dict[str, EntryPoint]] = defaultdict(dict)
    for entry in entry_points(group=GROUP):
        found[entry.name][entry.value] = entry
    return dict(found)


def _load(entry: EntryPoint) -> type[Question]:
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        raise UnusableKind(f'the kind "{entry.name}" cannot be imported from {entry.value}: {error}') from error
    if not (isinstance(found, type) and issubclass(found, Question)):
        raise UnusableKind(f'the kind "{entry.name}" is to be a class of Question, and {entry.value} is not')
    return found
