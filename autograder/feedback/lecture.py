"""What a lecturer says next about a misconception: one sentence for each thing that is commonly found."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Topic:
    """What a finding is about: the sentence to say, with {count} and {what} left open, and its own part of it."""

    say: str
    what: str


def topic(message: str, hint: str) -> Topic:
    """The topic of a finding; where no sentence fits, what was found and where to look is what there is to say."""
    for fitting, say in _sentences():
        match = fitting.fullmatch(message)
        if match:
            found = match.groupdict()
            return Topic(say, lowered(found.get("what", "")))
    return Topic(f"{{count}} should look at this again: {hint or message}".replace("{what}", ""), "")


def sentence(say: str, what: Sequence[str], number: int) -> str:
    """What to say to a class of which `number` submissions have this, `what` being their parts, commonest first."""
    some = _joined([*what[:4], "other things"] if len(what) > 4 else what)
    who = "one of you" if number == 1 else f"{number:,} of you"
    said = say.replace("{count}", who).replace("{what}", some)
    return said[:1].upper() + said[1:]


def lowered(text: str) -> str:
    """With a small letter at its beginning where it begins with an article: "A pooling layer", not "MaxPooling2D"."""
    return text[0].lower() + text[1:] if text.split(" ")[0] in ("A", "An", "The") else text


@functools.cache
def _sentences() -> list[tuple[re.Pattern[str], str]]:
    text = resources.files("autograder.feedback").joinpath("catalogues", "lecture.toml").read_text(encoding="utf-8")
    return [(pattern(entry["finding"]), entry["say"]) for entry in tomllib.loads(text)["sentences"]]


def pattern(template: str) -> re.Pattern[str]:
    """What matches a sentence that was made from `template`: "{what} is missing." has one part that varies."""
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile(
        "".join(f"(?P<{part}>.+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)), re.S
    )


def _joined(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
