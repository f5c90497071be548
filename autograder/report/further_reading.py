"""Where to read on about a finding: the Keras documentation's own names for what it speaks of."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

from autograder.records.result import Finding

# More names than this send a reader everywhere, which is nowhere.
_MOST = 2


def read_on(finding: Finding) -> tuple[str, ...]:
    """At most two pages of the Keras documentation on what the finding names; what was seen goes before the hint."""
    found = [*_pages(finding.key), *_pages(finding.hint_key)]
    return tuple(dict.fromkeys(found))[:_MOST]


def _pages(text: str) -> list[str]:
    """In the order in which the text comes to them."""
    places = [(match.start(), read) for word, read in _catalogue() if (match := word.search(text))]
    return [read for _, read in sorted(places)]


@functools.cache
def _catalogue() -> list[tuple[re.Pattern[str], str]]:
    text = resources.files("autograder.report").joinpath("catalogues", "keras.toml").read_text(encoding="utf-8")
    return [(re.compile(rf"\b(?:{page['word']})"), page["read"]) for page in tomllib.loads(text)["pages"]]
