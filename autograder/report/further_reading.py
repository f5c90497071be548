"""Where to read on about a finding: the Keras documentation's own names for what it speaks of."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from importlib import resources

from autograder.core.messages import Message
from autograder.network.describe import in_words, setting_in_words
from autograder.records.result import Finding
from autograder.report.generalized import spoken_of

# More names than this send a reader everywhere, which is nowhere.
_MOST = 2


def read_on(finding: Finding) -> tuple[str, ...]:
    """At most two pages of the Keras documentation on what the finding names; what was seen goes before the hint."""
    spoken = [*spoken_of(finding.message), *spoken_of(finding.hint)]
    pages = [page for one in spoken for name in _names(one) if (page := _pages().get(name))]
    return tuple(dict.fromkeys(pages))[:_MOST]


def _names(message: Message) -> Iterator[str]:
    """By what a message and its values are known here: code, words of ours, kind of layer."""
    yield message.code or message.text
    kind = message.values.get("kind")
    if isinstance(kind, str):
        yield in_words(kind).text


@functools.cache
def _pages() -> dict[str, str]:
    """By a code, and by the words for a setting or a family of layers, the page about it."""
    text = resources.files("autograder.report").joinpath("catalogues", "keras.toml").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for page in tomllib.loads(text)["pages"]:
        words = [in_words(kind) for kind in page.get("layers", ())]
        words += [said for name in page.get("settings", ()) if isinstance(said := setting_in_words(name), Message)]
        found |= dict.fromkeys((*page.get("codes", ()), *(said.text for said in words)), page["read"])
    return found
