"""See also: the pages of the Keras documentation about what a finding names."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

from autograder.core.messages import Message
from autograder.network.describe import in_words, setting_in_words
from autograder.records.result import Finding
from autograder.report.generalized import nested_messages

# More links than this would not help.
_MOST = 2
_SITE = "https://keras.io/api/"


class DocumentationPage(NamedTuple):
    """A page of the Keras documentation: its own title and its address."""

    title: str
    url: str


def read_on(finding: Finding) -> tuple[DocumentationPage, ...]:
    """At most two pages of the Keras documentation on what the finding names; the finding comes before its hint."""
    messages = [*nested_messages(finding.message), *nested_messages(finding.hint)]
    pages = [page for one in messages for name in _names(one) if (page := _pages().get(name))]
    return tuple(dict.fromkeys(pages))[:_MOST]


def _names(message: Message) -> Iterator[str]:
    """The keys of a message and its values in the catalogue: code, our own words, kind of layer."""
    yield message.code or message.text
    kind = message.values.get("kind")
    if isinstance(kind, str):
        yield in_words(kind).text


@functools.cache
def _pages() -> dict[str, DocumentationPage]:
    """The page for each code, and for the words for a setting or a family of layers."""
    text = resources.files("autograder.report").joinpath("catalogues", "keras.toml").read_text(encoding="utf-8")
    found: dict[str, DocumentationPage] = {}
    for page in tomllib.loads(text)["pages"]:
        words = [in_words(kind) for kind in page.get("layers", ())]
        words += [said for name in page.get("settings", ()) if isinstance(said := setting_in_words(name), Message)]
        place = DocumentationPage(page["read"], _SITE + page["at"])
        found |= dict.fromkeys((*page.get("codes", ()), *(said.text for said in words)), place)
    return found
