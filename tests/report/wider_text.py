"""Text wider than this machine's fonts make it: other browsers and systems have other fonts."""

from __future__ import annotations

from typing import Any

WIDER = """
:root { --text: "DejaVu Sans", Verdana, sans-serif; --display: "DejaVu Serif", serif; }
* { letter-spacing: .04em !important; }
code, pre { font-family: "DejaVu Sans Mono", monospace !important; }
"""
_OVERFLOWING = """() => [...document.querySelectorAll("header *, main *, footer *")]
  .filter((one) => !one.closest(".scroll, pre, svg, .skip, thead"))
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((one) => one.outerHTML.slice(0, 80))"""


def too_wide(page: Any) -> list[str]:
    """What reaches beyond the right edge of an open page, with its own text and with wider text.

    The page's context has to allow styles that are not the page's own: `bypass_csp=True`.
    """
    found = _beyond(page)
    page.add_style_tag(content=WIDER)
    return found + [f"wider text: {one}" for one in _beyond(page)]


def _beyond(page: Any) -> list[str]:
    sideways = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return page.evaluate(_OVERFLOWING) + (["the page scrolls sideways"] if sideways else [])
