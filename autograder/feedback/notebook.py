"""The executed notebook, cell by cell, as a student may see it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from markupsafe import Markup, escape

from autograder.evidence import CellRun, Evidence
from autograder.feedback.pictures import PictureAllowance, PictureRefused
from autograder.feedback.rich import clean_html, code, markdown, plain, printed, shortened

if TYPE_CHECKING:
    from nbformat import NotebookNode

CellKind = Literal["markdown", "code", "raw"]
OutputKind = Literal["text", "error", "picture", "rich", "note"]

MAX_CELLS = 400
MAX_OUTPUTS = 40
MAX_RAW_OUTPUT = 2_000_000


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
    """One cell, ready for the page; `number` is its place among all cells from 1, as the findings name it."""

    kind: CellKind
    number: int
    source: Markup
    run: CellRun | None = None
    outputs: tuple[OutputView, ...] = ()


@dataclass
class Allowance:
    """What a notebook may take of its page: characters of text and markup, and pictures."""

    characters: int = 260_000
    pictures: PictureAllowance = field(default_factory=PictureAllowance)

    def take(self, html: Markup) -> bool:
        """Whether there is room for this; if so it is counted."""
        if len(html) > self.characters:
            return False
        self.characters -= len(html)
        return True


def page_cells(notebook: NotebookNode, evidence: Evidence | None) -> list[PageCell]:
    """The cells of `notebook` with what each code cell did; stored outputs are not looked at."""
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


def render_cells(cells: Sequence[PageCell]) -> Iterator[CellView]:
    """The cells as they stand on the page, as many as there is room for; the last one says what is left out."""
    allowance = Allowance()
    for position, cell in enumerate(cells):
        source = _source(cell, allowance)
        if position >= MAX_CELLS or not allowance.take(source):
            left = len(cells) - position
            yield CellView("raw", 0, escape(f"The page is full: the last {left:,} cells are left out here."))
            return
        outputs = tuple(_outputs(cell.run, allowance)) if cell.run else ()
        yield CellView(cell.kind, position + 1, source, cell.run, outputs)


def _source(cell: PageCell, allowance: Allowance) -> Markup:
    if cell.kind == "code":
        return code(shortened(cell.source, 30_000, 5_000))
    if cell.kind == "raw":
        return plain(shortened(cell.source, 8_000, 2_000))

    def embed(source: str) -> str | None:
        if source.startswith("attachment:"):
            bundle = cell.attachments.get(source.removeprefix("attachment:"))
            picture = next(iter(_pictures(bundle)), "") if isinstance(bundle, Mapping) else ""
        elif source.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")):
            picture = source.partition(",")[2]
        else:
            return None
        try:
            return allowance.pictures.embed(picture).uri
        except PictureRefused:
            return None

    return markdown(cell.source, embed)


def _outputs(run: CellRun, allowance: Allowance) -> Iterator[OutputView]:
    shown = 0
    for output in _merged(run.outputs):
        if shown >= MAX_OUTPUTS:
            yield OutputView("note", text="Further outputs of this cell are left out here.")
            break
        for view in _output(output, allowance):
            # Pictures have an allowance of their own.
            if view.kind != "picture" and not allowance.take(view.html):
                yield OutputView("note", text="An output is left out: the page is full.")
                return
            shown += 1
            yield view
    if run.truncated:
        yield OutputView("note", text="This cell put out more than is kept; the rest is left out.")


def _merged(outputs: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The outputs with neighbouring prints of one stream joined, as they came."""
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
        text = _tidy(_joined(output.get("text", "")))
        if text.strip():
            yield OutputView("text", escape(text))
    elif kind == "error":
        traceback = output.get("traceback")
        lines = [_joined(line) for line in traceback] if isinstance(traceback, list | tuple) else []
        name, value = _joined(output.get("ename", "")), _joined(output.get("evalue", ""))
        yield OutputView("error", escape(_tidy("\n".join(lines))), shortened(printed(f"{name}: {value}"), 600, 200))
    elif isinstance(output.get("data"), Mapping):
        yield from _bundle(output["data"], allowance)


def _bundle(data: Mapping[str, Any], allowance: Allowance) -> Iterator[OutputView]:
    """The richest harmless form of one output."""
    text = _tidy(_joined(data.get("text/plain", "")))
    for picture in _pictures(data):
        try:
            drawn = allowance.pictures.embed(picture)
        except PictureRefused as refused:
            yield OutputView("note", text=str(refused))
        else:
            image = Markup('<img src="{}" width="{}" height="{}" alt="{}">').format(
                drawn.uri, drawn.width, drawn.height, f"Picture that this cell drew: {shortened(text, 200, 0)}"
            )
            yield OutputView("picture", image)
            return
    if "text/html" in data:
        html = clean_html(_joined(data["text/html"]))
        if html is not None and html.strip():
            yield OutputView("rich", html)
            return
    if "text/markdown" in data:
        yield OutputView("rich", markdown(_joined(data["text/markdown"])))
    elif text.strip():
        yield OutputView("text", escape(text))
    elif "image/svg+xml" in data:
        yield OutputView("note", text="A vector drawing is left out; draw it as PNG to see it here.")
    elif data:
        yield OutputView("note", text="An output of another kind is left out.")


def _pictures(data: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            yield _joined(data[kind])


def _tidy(text: str) -> str:
    return shortened(printed(shortened(text, MAX_RAW_OUTPUT // 2, MAX_RAW_OUTPUT // 2)), 6_000, 2_500)


def _joined(value: Any) -> str:
    """Text of a notebook is a string or a list of lines; anything else there is no text."""
    if isinstance(value, str):
        return value
    return "".join(part for part in value if isinstance(part, str)) if isinstance(value, list | tuple) else ""
