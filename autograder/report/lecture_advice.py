"""What a lecturer can say about a misconception: one sentence for each thing that is often found."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, BinaryIO

from autograder.core.language import gettext, gettext_noop, ngettext
from autograder.core.messages import Message, listed
from autograder.records.result import Finding
from autograder.report.generalized import generalized, group_key

_OTHERWISE = gettext_noop("{count} should look at this again: {hint}")
# Up to this many parts are named.
_MOST_PARTS = 4


@dataclass(frozen=True)
class Topic:
    """What a finding is about: the sentence to say, its parts, and the hint if there is no sentence about it.

    `sentence` has {count}, {what} and {hint} left open; `several` replaces it if the class has more than one part.
    Findings with an equal `key` are about the same thing.
    """

    sentence: str
    key: tuple[object, ...]
    several: str = ""
    parts: tuple[str, ...] = ()
    hint: str = ""


def topic(finding: Finding) -> Topic:
    """The topic of a finding; without a sentence about it, its hint is what there is to say."""
    entry = _entries().get(finding.code)
    if entry is None:
        hint = str(generalized(finding.hint or finding.message))
        return Topic(_OTHERWISE, group_key(finding.message), hint=hint)
    parts = _parts(finding.message, entry.get("what", ()))
    return Topic(entry["say"], (entry["say"],), several=entry.get("several", ""), parts=parts)


def sentence(about: Topic, what: Sequence[str], number: int) -> str:
    """What to say to a class in which `number` submissions have this, `what` being their parts, most common first."""
    some = [*what[:_MOST_PARTS], gettext("other things")] if len(what) > _MOST_PARTS else what
    who = ngettext("one of you", "{number} of you", number)
    template = about.several if about.several and len(what) > 1 else about.sentence
    said = gettext(template, count=who, what=listed(some), hint=about.hint)
    return said[:1].upper() + said[1:]


def messages(file: BinaryIO, *_: object, options: object = None) -> Iterator[tuple[int, str, str, list[str]]]:
    """The sentences to say, as Babel collects them for the catalogues: line, function, message, comments."""
    for entry in tomllib.load(file)["sentences"]:
        for said in filter(None, (entry["say"], entry.get("several"))):
            yield 0, "gettext", said, [f"To say in the lecture of: {', '.join(entry['codes'])}"]


def _parts(message: Message, paths: Sequence[str]) -> tuple[str, ...]:
    """What the value at the first matching path says, without one student's own values; several in turn."""
    for path in paths:
        value: Any = message
        for name in path.split("."):
            value = value.values.get(name) if isinstance(value, Message) else None
        if value:
            values = value if isinstance(value, tuple) else (value,)
            return tuple(str(generalized(one)) if isinstance(one, Message) else str(one) for one in values)
    return ()


@functools.cache
def _entries() -> dict[str, dict[str, Any]]:
    text = resources.files("autograder.report").joinpath("catalogues", "lecture.toml").read_text(encoding="utf-8")
    return {code: entry for entry in tomllib.loads(text)["sentences"] for code in entry["codes"]}
