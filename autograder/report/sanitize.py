"""Makes students' text safe to show: Markdown, HTML, code, and terminal output."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.core.language import gettext
from autograder.report.labels import visible

# Parsers of Markdown and HTML take quadratic time on input built to slow them down.
MAX_MARKDOWN = 12_000
MAX_HTML = 30_000
MAX_CODE = 20_000
MAX_LINE = 2_000

_TAGS = {
    *("a", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h3", "h4", "h5", "h6"),
    *("hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s", "samp", "small", "span", "strong", "sub", "sup", "table"),
    *("tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var"),
}
_HIDDEN = {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math", "textarea", "select"}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_FORMATTING = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s]+", re.IGNORECASE)
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_MATH = re.compile(r"\$\$[^$]{1,2000}\$\$|\$[^$\n]{1,500}\$")

Embed = Callable[[str], str | None]


_NAMELESS = re.compile(r'<img(?![^>]* alt=")')


def clean_html(html: str, embed: Embed | None = None) -> Markup | None:
    """The harmless part of `html`: no scripts, styles, ids, classes, forms, frames or drawings, no automatic loading.

    `embed` turns the source of a picture into a data URI of ours, or into None to leave the picture out. The result is
    None if `html` is too large, or built to grow when it is parsed: then show it as text, or not at all.
    """
    # The parser repeats every open formatting element in every paragraph after it, so it is the product that counts.
    if len(html) > MAX_HTML or len(_FORMATTING.findall(html)) * html.count("<") > 400_000:
        return None

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return value if len(value) < 2000 and _LINK.fullmatch(value) else None
        if name == "src":
            return embed(value) if embed else None
        if name in ("colspan", "rowspan"):
            return value if re.fullmatch(r"[1-9]|[1-4][0-9]", value) else None
        return value

    def clean(text: str, given: dict[str, dict[str, str]]) -> str:
        return nh3.clean(
            text,
            tags=_TAGS,
            clean_content_tags=_HIDDEN,
            attributes=_ATTRIBUTES,
            set_tag_attribute_values=given,
            attribute_filter=attribute,
            link_rel="noopener nofollow noreferrer",
            url_schemes={"http", "https", "data", "attachment"},
        )

    cleaned = clean(visible(html), {})
    if _NAMELESS.search(cleaned):
        # A screen reader would spell out the address of a picture that has no alternative text.
        cleaned = clean(visible(html), {"img": {"alt": gettext("Picture in the notebook")}})
    # The corner of a pandas table is not a heading.
    cleaned = cleaned.replace("<th></th>", "<td></td>")
    # References such as &#8238; became characters only now.
    return Markup(visible(cleaned)) if len(cleaned) <= 4 * MAX_HTML else None


def _math(state: StateInline, silent: bool) -> bool:
    """Formulas stay as they were written: they are not typeset here, and Markdown would remove their underscores."""
    match = _MATH.match(state.src, state.pos, state.posMax)
    if state.src[state.pos] != "$" or match is None:
        return False
    if not silent:
        state.push("code_inline", "code", 0).content = match[0]
    state.pos = match.end()
    return True


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 20}).enable(["table", "strikethrough"])
    parser.inline.ruler.before("escape", "formula", _math)
    return parser


_MARKDOWN = _parser()


def markdown(source: str, embed: Embed | None = None) -> Markup:
    """Markdown as harmless HTML; headings start at the third level, below the page's own."""
    if len(source) > MAX_MARKDOWN:
        return plain_text(shortened(source, 8_000, 2_000))
    cleaned = clean_html(_html(source), embed)
    return plain_text(source) if cleaned is None else cleaned


# The handout's cells are in every notebook of a class.
@functools.lru_cache(maxsize=256)
def _html(source: str) -> str:
    tokens = _MARKDOWN.parse(source)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def plain_text(text: str) -> Markup:
    """`text` as it is, in a preformatted block."""
    return Markup("<pre>{}</pre>").format(visible(text))


_PYTHON = PythonLexer(stripnl=False, ensurenl=False)
_SPANS = HtmlFormatter(nowrap=True, classprefix="y-")


@functools.lru_cache(maxsize=256)
def code(source: str) -> Markup:
    """Python with its syntax marked; very long sources are left plain."""
    text = visible(source.replace("\r\n", "\n"))
    if len(text) > MAX_CODE or any(len(line) > MAX_LINE for line in text.split("\n")):
        return escape(text)
    marked = Markup(highlight(text, _PYTHON, _SPANS))
    return marked if len(marked) < 12 * len(text) + 1000 else escape(text)


def printed(text: str) -> str:
    """What a terminal would show in the end: without colours, and with overwritten lines in their last state.

    Other control characters are still in it; `visible` shows them.
    """
    lines = []
    for line in _ANSI.sub("", text).replace("\r\n", "\n").split("\n"):
        last = next((part for part in reversed(line.split("\r")) if part), "")
        lines.append(_backspaced(last) if "\b" in last else last)
    return "\n".join(lines)


def _backspaced(line: str) -> str:
    shown: list[str] = []
    for character in line:
        if character != "\b":
            shown.append(character)
        elif shown:
            shown.pop()
    return "".join(shown)


def shortened(text: str, head: int, tail: int) -> str:
    """The beginning and end of a text that is too long, with a line between them that says how much is left out."""
    if len(text) <= head + tail + 200:
        return text
    left_out = gettext("⋯ {number:,} characters are left out here ⋯", number=len(text) - head - tail)
    return f"{text[:head]}\n{left_out}\n{text[len(text) - tail :]}"
