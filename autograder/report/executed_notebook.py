"""The executed notebook, cell by cell, as it is shown to the student."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from markupsafe import Markup, escape

from autograder.core.language import gettext
from autograder.records.evidence import CellRun, Evidence
from autograder.report.labels import visible
from autograder.report.sanitize import clean_html, code, markdown, plain_text, printed, shortened
from autograder.report.student_pictures import PictureAllowance, PictureRefused

if TYPE_CHECKING:
    from nbformat import NotebookNode

CellKind = Literal["markdown", "code", "raw"]
OutputKind = Literal["text", "error", "picture", "rich", "note"]

MAX_SHOWN_CELLS = 400
MAX_OUTPUTS = 40
MAX_PRINTED = 400_000

_PASTED = re.compile(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class PageCell:
    """A cell to show: its source, what happened when it ran, and the pictures that were pasted into it."""

    kind: CellKind
    source: str
    run: CellRun | None = None
    attachments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OutputView:
    """One output, ready for the page; `text` says what a picture or a rich output is."""

    kind: OutputKind
    html: Markup = field(default_factory=Markup)
    text: str = ""


@dataclass(frozen=True)
class CellView:
    """One cell, ready for the page, with its position among all cells and among the code cells, both from 1."""

    kind: CellKind
    number: int
    code_number: int
    source: Markup
    run: CellRun | None = None
    outputs: tuple[OutputView, ...] = ()


@dataclass
class Allowance:
    """How much a notebook may take of its page, and of the time to make it.

    `size` is bytes of markup on the page; `parsed` and `printed` are characters that may go through the Markdown and
    HTML parsers, and through the processing of terminal output.
    """

    size: int = 260_000
    parsed: int = 300_000
    printed: int = 6_000_000
    pictures: PictureAllowance = field(default_factory=PictureAllowance)

    def fits(self, html: str) -> bool:
        """Whether there is room for this on the page; if so, it is counted."""
        size = len(html.encode("utf-8", "replace"))
        if size > self.size:
            return False
        self.size -= size
        return True

    def parse(self, text: str) -> bool:
        """Whether this may still be parsed; if so, it is counted."""
        self.parsed -= len(text)
        return self.parsed >= 0

    def tidy(self, text: str) -> str:
        """What a terminal would show of `text`, shortened in the middle if it is long; empty once too much was read."""
        text = shortened(text, MAX_PRINTED // 2, MAX_PRINTED // 2)
        self.printed -= len(text)
        return visible(shortened(printed(text), 6_000, 2_500)) if self.printed >= 0 else ""


def page_cells(notebook: NotebookNode, evidence: Evidence | None) -> list[PageCell]:
    """The cells of `notebook` with what each code cell did; stored outputs are ignored."""
    runs = iter(evidence.cells if evidence else ())
    cells = []
    for cell in notebook.get("cells", []):
        kind: CellKind = cell["cell_type"] if cell.get("cell_type") in ("markdown", "code") else "raw"
        attachments = cell.get("attachments")
        cells.append(
            PageCell(
                kind=kind,
                source=_joined(cell.get("source", "")),
                run=next(runs, None) if kind == "code" else None,
                attachments=attachments if isinstance(attachments, Mapping) else {},
            )
        )
    return cells


def anchors(cells: Sequence[PageCell]) -> frozenset[str]:
    """The names by which findings can point into the notebook: "cell-7" among all cells, "code-4" among code cells."""
    code_cells = sum(cell.kind == "code" for cell in cells[:MAX_SHOWN_CELLS])
    return frozenset(
        [f"cell-{number + 1}" for number in range(len(cells[:MAX_SHOWN_CELLS]))]
        + [f"code-{number + 1}" for number in range(code_cells)]
    )


def render_cells(cells: Sequence[PageCell]) -> Iterator[CellView]:
    """The cells as shown on the page, as many as there is room for; the last one says what is left out."""
    allowance = Allowance()
    code_number = 0
    for position, cell in enumerate(cells):
        code_number += cell.kind == "code"
        source = _source(cell, allowance)
        if position >= MAX_SHOWN_CELLS or not allowance.fits(source):
            left = len(cells) - position
            yield CellView("raw", 0, 0, escape(_page_is_full(left)))
            return
        outputs = tuple(_outputs(cell.run, allowance)) if cell.run else ()
        yield CellView(cell.kind, position + 1, code_number, source, cell.run, outputs)


def _page_is_full(left: int) -> str:
    return gettext("The page is full: the last {left:,} cells are left out here.", left=left)


def _source(cell: PageCell, allowance: Allowance) -> Markup:
    if cell.kind == "code":
        return code(shortened(cell.source, 30_000, 5_000))
    if cell.kind == "raw":
        return plain_text(shortened(cell.source, 8_000, 2_000))

    return _text_cell(cell, allowance)


def _text_cell(cell: PageCell, allowance: Allowance) -> Markup:
    pasted: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        # The parsers need not read through a picture embedded in the text itself.
        key = f"attachment:pasted-{len(pasted)}"
        pasted[key] = match[1]
        return key

    def embed(source: str) -> str | None:
        picture = pasted.get(source, "")
        bundle = cell.attachments.get(source.removeprefix("attachment:"))
        if not picture and isinstance(bundle, Mapping):
            picture = next(_pictures(bundle), "")
        try:
            return allowance.pictures.embed(picture).uri if picture else None
        except PictureRefused:
            return None

    text = _PASTED.sub(name, cell.source)
    return markdown(text, embed) if allowance.parse(text) else plain_text(shortened(text, 8_000, 2_000))


def _outputs(run: CellRun, allowance: Allowance) -> Iterator[OutputView]:
    shown = 0
    for output in _merged(run.outputs):
        if shown >= MAX_OUTPUTS:
            yield OutputView("note", text=gettext("Further outputs of this cell are left out here."))
            break
        for view in _output(output, allowance):
            # Pictures have a separate allowance.
            if view.kind != "picture" and not allowance.fits(view.html + view.text):
                yield OutputView("note", text=gettext("An output is left out: the page is full."))
                return
            shown += 1
            yield view
    if run.truncated:
        yield OutputView("note", text=gettext("This cell put out more than is kept; the rest is left out."))


def _merged(outputs: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The outputs with neighbouring prints of one stream joined, in order."""
    held: list[str] = []
    stream = ""
    for output in (*outputs, {}):
        name = str(output.get("name", "stdout")) if output.get("output_type") == "stream" else ""
        if held and name != stream:
            yield {"output_type": "stream", "text": "".join(held)}
            held = []
        stream = name
        if name:
            held.append(_joined(output.get("text", "")))
        elif output:
            yield output


def _output(output: Mapping[str, Any], allowance: Allowance) -> Iterator[OutputView]:
    kind = output.get("output_type")
    if kind == "stream":
        text = allowance.tidy(_joined(output.get("text", "")))
        if text.strip():
            yield OutputView("text", escape(text))
    elif kind == "error":
        traceback = output.get("traceback")
        lines = [_joined(line) for line in traceback] if isinstance(traceback, list | tuple) else []
        name, value = _joined(output.get("ename", "")), _joined(output.get("evalue", ""))
        where = escape(allowance.tidy("\n".join(lines)))
        yield OutputView("error", where, allowance.tidy(f"{name}: {value}") or gettext("An error"))
    elif isinstance(output.get("data"), Mapping):
        yield from _bundle(output["data"], allowance)


def _bundle(data: Mapping[str, Any], allowance: Allowance) -> Iterator[OutputView]:
    """The richest harmless form of one output."""
    text = allowance.tidy(_joined(data.get("text/plain", "")))
    for picture in _pictures(data):
        try:
            drawn = allowance.pictures.embed(picture)
        except PictureRefused as refused:
            yield OutputView("note", text=str(refused))
        else:
            image = Markup('<img src="{}" width="{}" height="{}" alt="{}">')
            said = gettext("Picture that this cell drew: {text}", text=text[:200])
            yield OutputView("picture", image.format(drawn.uri, drawn.width, drawn.height, said))
            return
    html, marked = _joined(data.get("text/html", "")), _joined(data.get("text/markdown", ""))
    cleaned = clean_html(html) if html and allowance.parse(html) else None
    if cleaned is not None and cleaned.strip():
        yield OutputView("rich", cleaned)
    elif marked and allowance.parse(marked):
        yield OutputView("rich", markdown(marked))
    elif text.strip():
        yield OutputView("text", escape(text))
    elif "image/svg+xml" in data:
        yield OutputView("note", text=gettext("A vector drawing is left out; draw it as PNG to see it here."))
    elif data:
        yield OutputView("note", text=gettext("An output of another kind is left out."))


def _pictures(data: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            yield _joined(data[kind])


def _joined(value: Any) -> str:
    """Text of a notebook is a string or a list of lines; anything else counts as empty."""
    if isinstance(value, str):
        return value
    return "".join(part for part in value if isinstance(part, str)) if isinstance(value, list | tuple) else ""
