"""Sentences that were kept in English, said again in the language of the moment.

What a notebook left behind and what a training run came to is kept whatever language the assignment has, and part of it
was written where nobody knew that language: in a sandbox, in a process that trains, on another machine. There the
sentences are made of English messages with `str.format`; here they are taken apart by the same messages.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Iterable, Mapping, Sequence

from autograder.core.language import ENGLISH, active, filled, say, sentences

_LONGEST = 4000
# With fewer letters of its own a sentence of the catalogue fits whatever is said.
_FEWEST_LETTERS = 3

Parts = Mapping[str, Sequence[str]]


def retold(text: str, messages: Iterable[str], parts: Parts | None = None) -> str:
    """`text`, which one of the English `messages` gave, in the active language; as it is where none of them did.

    `parts` says, by placeholder, which messages may stand in it: those are said again as well. All other values are
    left alone, so that a student's words stay a student's words.
    """
    if active() == ENGLISH or len(text) > _LONGEST:
        return text
    for message in messages:
        values = _values(text, message)
        if values is None:
            continue
        for name, among in (parts or {}).items():
            if isinstance(values.get(name), str):
                values[name] = retold(str(values[name]), among, parts)
        return say(message, **values)
    return text


def retold_from_all(text: str) -> str:
    """`text` in the active language by whichever sentence of its catalogue gave it; as it is where none did.

    For what is known in English alone by now and may be any sentence of ours, such as the part of a finding that a
    lecture speaks of. Values are said again in the same way.
    """
    if active() == ENGLISH or not text or len(text) > _LONGEST:
        return text
    for english, told in _longest_first(sentences(active())):
        values = _values(text, english)
        if values is not None:
            again = {
                name: retold_from_all(value) if isinstance(value, str) else value for name, value in values.items()
            }
            return filled(told, english, again)
    return text


@functools.lru_cache(maxsize=8)
def _longest_first(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Sentences without placeholders, then the others, those with most words of their own first."""

    def own(english: str) -> str:
        return re.sub(r"\{[^{}]*\}", "", english)

    plain = [pair for pair in pairs if own(pair[0]) == pair[0]]
    others = [pair for pair in pairs if own(pair[0]) != pair[0] and _letters(own(pair[0])) >= _FEWEST_LETTERS]
    return (*plain, *sorted(others, key=lambda pair: -len(own(pair[0]))))


def _letters(text: str) -> int:
    return len(re.sub(r"\W", "", text))


def _values(text: str, message: str) -> dict[str, object] | None:
    """What stands in `text` in the places of the message's placeholders; None where it is no such sentence.

    Each value ends where what follows it in the message is met first, so that it takes no longer for a hostile text.
    """
    pieces = _pieces(message)
    values: dict[str, object] = {}
    at = 0
    for number, (literal, name, form) in enumerate(pieces):
        if not text.startswith(literal, at):
            return None
        at += len(literal)
        if name is None:
            continue
        following, more, _ = pieces[number + 1] if number + 1 < len(pieces) else ("", None, "")
        end = len(text) - len(following) if more is None else text.find(following, at)
        if end < at:
            return None
        value = _number(text[at:end]) if form else text[at:end]
        if value is None:
            return None
        values[name] = value
        at = end
    return values if at == len(text) else None


@functools.cache
def _pieces(message: str) -> tuple[tuple[str, str | None, str], ...]:
    return tuple((literal, name, form or "") for literal, name, form, _ in string.Formatter().parse(message))


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text.replace(",", ""))
        except ValueError:
            continue
    return None
