"""Checks of the built site: a page that loads anything from elsewhere is a warning, which fails a strict build."""

from __future__ import annotations

import logging
from html.parser import HTMLParser
from typing import Any

log = logging.getLogger("mkdocs.hooks.site")
# The attributes by which an element loads something; a link is followed by its reader only.
LOADING = {"src", "srcset", "data", "poster"}


class Loads(HTMLParser):
    """Collects what a page loads from another host."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        loading = LOADING | {"href"} if tag in ("link", "use", "image") else LOADING
        values = [value for name, value in attrs if name in loading and value]
        if dict(attrs).get("rel") != "canonical":
            self.found += [value for value in values if value.lower().startswith(("http:", "https:", "//"))]


def remote_loads(html: str) -> list[str]:
    """The addresses on other hosts from which a page loads something."""
    parser = Loads()
    parser.feed(html)
    return parser.found


def on_post_page(output: str, page: Any, **_: Any) -> None:
    """Called with each page as it is written."""
    for address in remote_loads(output):
        log.warning("%s loads %s", page.file.src_path, address)
