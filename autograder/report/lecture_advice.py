"""What a lecturer says next about a misconception: one sentence for each thing that is commonly found."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import BinaryIO

from autograder.core.language import mark, pattern, say, say_count
from autograder.core.retelling import retold_from_all

_OTHERWISE = mark("{count} should look at this again: {hint}")


@dataclass(frozen=True)
class Topic:
    """What a finding is about: the sentence to say, its own part of it, and the hint where no sentence is about it.

    `sentence` is English, with {count}, {what} and {hint} left open, until it is said; findings with an equal `key` are
    about the same.
    """

    sentence: str
    what: str = ""
    hint: str = ""
    key: str = ""


def topic(message: str, hint: str, *, told: str = "") -> Topic:
    """The topic of a finding; where no sentence fits, what was found and where to look is what there is to say.

    `message` and `hint` are the English ones; `told` is what to say in the language of the moment where none fits.
    """
    for fitting, said in _sentences():
        match = fitting.fullmatch(message)
        if match:
            what = lowered(match.groupdict().get("what", ""))
            return Topic(said, what=retold_from_all(what), key=said)
    return Topic(_OTHERWISE, hint=told or hint or message, key=_OTHERWISE.format(count="{count}", hint=hint or message))


def sentence(about: Topic, what: Sequence[str], number: int) -> str:
    """What to say to a class of which `number` submissions have this, `what` being their parts, commonest first."""
    some = _joined([*what[:4], say("other things")] if len(what) > 4 else what)
    who = say_count("one of you", "{number} of you", number)
    said = say(about.sentence, count=who, what=some, hint=about.hint)
    return said[:1].upper() + said[1:]


def lowered(text: str) -> str:
    """With a small letter at its beginning where it begins with an article: "A pooling layer", not "MaxPooling2D"."""
    return text[0].lower() + text[1:] if text.split(" ")[0] in ("A", "An", "The") else text


@functools.cache
def _sentences() -> list[tuple[re.Pattern[str], str]]:
    text = resources.files("autograder.report").joinpath("catalogues", "lecture.toml").read_text(encoding="utf-8")
    return [(pattern(entry["finding"]), entry["say"]) for entry in tomllib.loads(text)["sentences"]]


def messages(file: BinaryIO, *_: object, options: object = None) -> Iterator[tuple[int, str, str, list[str]]]:
    """The sentences to say, as Babel collects them for the catalogues: line, function, message, comments."""
    for entry in tomllib.load(file)["sentences"]:
        yield 0, "say", entry["say"], [f"To say in the lecture of: {entry['finding']}"]


def _joined(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return say("{some} and {last}", some=", ".join(words[:-1]), last=words[-1])
