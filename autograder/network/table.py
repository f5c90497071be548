"""Reads the table that `model.summary()` prints: as Keras 1, 2 and 3 print it, no matter where it was copied from.

Those of PyTorch are read too, see `network.torch.tables`.

A line that says START ... opens the marked rows, one that says END ... closes them, with any decoration.
"""

from __future__ import annotations

import re
from typing import ClassVar, Literal, NamedTuple

from autograder.core.data import Data, OmitsNewDefaults
from autograder.network.architecture import Shape
from autograder.network.kinds import ALIASES, LAYER_KINDS, current_name
from autograder.network.torch.tables import read_torch_table

MAX_CHARACTERS = 400_000
MAX_ROWS = 500

NETWORK_CLASSES = frozenset({"Sequential", "Functional", "Model"})

# A shape, complete or cut off at the end of the column.
_SHAPE = re.compile(r"\[?\((?:None|\d+)(?:, ?(?:None|\d+))*,?(?: ?\)\]?|\s*(?=\s\s\d))")
_PARAMETERS = re.compile(r"\d[\d,]*(?:\.0)?")
_TOTALS = re.compile(
    r"(?P<which>non[- ]trainable|trainable|optimizer|total)(?:\s+params?)?(?:\s*[:=])?\s*(?P<count>\d[\d,]*)(?:\.0)?",
    re.I,
)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_RULE = re.compile(r"[\s_=\-+|\u2500-\u257f]*")
_PREAMBLE = re.compile(r"\s*(Model:|Layer \(type\)|None$|#)", re.I)
_NAMES = sorted(LAYER_KINDS | ALIASES.keys() | NETWORK_CLASSES)


class TableError(ValueError):
    """The text is not a summary table that can be read; the message names the line."""


class TableRow(Data):
    """One row: the layer's name as printed, its class by its current name, output shape and parameter count."""

    name: str
    kind: str
    shape: Shape
    parameters: int
    marked: bool = False
    connected: tuple[str, ...] = ()


class SummaryTable(OmitsNewDefaults):
    """A summary table. A total that was not printed is None.

    `framework` is "torch" for a table of PyTorch: its rows are converted, but functions have none.
    """

    rows: tuple[TableRow, ...]
    total: int | None = None
    trainable: int | None = None
    non_trainable: int | None = None
    framework: Literal["", "torch"] = ""

    added_later: ClassVar[tuple[str, ...]] = ("framework",)

    @property
    def marked(self) -> tuple[int, ...]:
        """The indices of the rows between the marker lines."""
        return tuple(index for index, row in enumerate(self.rows) if row.marked)


class _Line(NamedTuple):
    """The text of one row, joined from the lines it was printed on; `column` is where its shape began."""

    number: int
    column: int
    layer: str
    shape: str
    parameters: str
    connected: str
    marked: bool


def parse_table(text: str) -> SummaryTable:
    """Read a summary table.

    Raises:
        TableError: a line cannot be read, markers do not pair, or there are no rows at all.
    """
    if len(text) > MAX_CHARACTERS:
        raise TableError(f"The table has {len(text):,} characters; no more than {MAX_CHARACTERS:,} are read.")
    if (found := _torch_table(_ANSI.sub("", text))) is not None:
        return found
    lines, counts = _collect(_ANSI.sub("", text).splitlines())
    if not lines:
        raise TableError("There is no row of a summary table in the text.")
    if len(lines) > MAX_ROWS:
        raise TableError(f"The table has {len(lines):,} rows; no more than {MAX_ROWS} are read.")
    rows: list[TableRow] = []
    for line in lines:
        row = _row(line, rows[-1].shape if rows else None)
        connected = tuple(_printed_name(name, rows) for name in row.connected)
        rows.append(row.model_copy(update={"connected": connected}))
    return SummaryTable(rows=tuple(rows), **_printed_totals(counts))


def _torch_table(text: str) -> SummaryTable | None:
    try:
        found = read_torch_table(text)
    except ValueError as error:
        raise TableError(str(error)) from None
    if found is None or not found.rows:
        return None
    if len(found.rows) > MAX_ROWS:
        raise TableError(f"The table has {len(found.rows):,} rows; no more than {MAX_ROWS} are read.")
    rows = tuple(TableRow(**row._asdict()) for row in found.rows)
    return SummaryTable(rows=rows, framework="torch", **found.totals)


def _collect(texts: list[str]) -> tuple[list[_Line], dict[str, int]]:
    lines: list[_Line] = []
    counts: dict[str, int] = {}
    opened: int | None = None
    closed = False
    joinable = False
    for number, text in enumerate(texts, start=1):
        content = text.strip()
        if _RULE.fullmatch(content):
            joinable = joinable and not content
            continue
        marker = _marker(content)
        if marker == "start":
            if opened is not None or closed:
                raise TableError(f"Line {number} starts marked rows, but they were started before.")
            opened, joinable = number, False
        elif marker == "end":
            if opened is None:
                raise TableError(f"Line {number} ends marked rows, but no line before it starts them.")
            if not any(line.marked for line in lines):
                raise TableError(f"There is no row between the markers of lines {opened} and {number}.")
            opened, closed, joinable = None, True, False
        elif found := _counts(content):
            counts.update(found)
            joinable = False
        elif _PREAMBLE.match(content) or (not lines and _is_heading(content)):
            joinable = False
        elif line := _first_line(number, text, marked=opened is not None):
            lines.append(line)
            joinable = True
        elif joinable and (extended := _extend(lines[-1], text)):
            lines[-1] = extended
        elif any("Layer (type)" in one and "Param" not in one for one in texts):
            raise TableError(
                'The table has no column "Param #": it was cut at the width of the terminal; copy it from a notebook '
                "or a wider terminal."
            )
        else:
            raise TableError(f"Line {number} is not a row of a summary table: {content[:60]!r}.")
    if opened is not None:
        raise TableError(f"Line {opened} starts marked rows, but no line after it ends them.")
    return lines, counts


def _marker(content: str) -> str | None:
    if _SHAPE.search(content):
        return None
    if re.search(r"\bstart\b", content, re.I):
        return "start"
    if re.search(r"\bend\b", content, re.I):
        return "end"
    return None


def _is_heading(content: str) -> bool:
    """Whether a line above the first row belongs to the heading, which narrow tables print on several lines."""
    return (cells := _cells(content)) is not None and not any(re.search(r"\((None|\d)", cell) for cell in cells)


def _counts(content: str) -> dict[str, int]:
    """The totals in a line; empty if it is not a line of totals."""
    if not _TOTALS.match(content):
        return {}
    return {
        match["which"].lower().replace("-", "_").replace(" ", "_"): _number(match["count"])
        for match in _TOTALS.finditer(content)
    }


def _first_line(number: int, text: str, *, marked: bool) -> _Line | None:
    """The first printed line of a row, or None where the line does not begin one."""
    if (cells := _cells(text)) is not None:
        layer, shape, parameters, *connected = [*cells, "", ""][: max(len(cells), 3)]
        if "?" in parameters or "unbuilt" in parameters:
            raise TableError(f"Line {number} was printed before the network was built: it has no parameter count.")
        if not parameters:
            return None
        return _Line(number, 0, layer, shape, parameters, " ".join(connected).strip(), marked)
    match = _SHAPE.search(text)
    if match is None or not text[: match.start()].strip():
        return None
    after = text[match.end() :].lstrip(" )]")
    count = _PARAMETERS.match(after)
    if count is None:
        raise TableError(f"Line {number} has no parameter count after the shape: {text.strip()[:60]!r}.")
    layer, rest = text[: match.start()].strip(), after[count.end() :].strip()
    return _Line(number, match.start(), layer, match.group().strip(), count.group(), rest, marked)


def _extend(line: _Line, text: str) -> _Line | None:
    """`line` with what a further printed line of the same row adds; None if that line adds nothing."""
    if (cells := _cells(text)) is not None:
        layer, shape, parameters, *connected = [*cells, "", ""][: max(len(cells), 3)]
        if parameters:
            return None
        return line._replace(
            layer=line.layer + layer,
            shape=f"{line.shape} {shape}",
            connected=f"{line.connected} {' '.join(connected)}".strip(),
        )
    pieces = re.split(r"\s{2,}", text.strip())
    layer = pieces.pop(0) if len(text) - len(text.lstrip()) < line.column // 2 else ""
    if not re.fullmatch(r"[A-Za-z0-9_]*\)?", layer):
        return None
    line = line._replace(layer=line.layer + layer)
    for piece in filter(None, pieces):
        if re.fullmatch(r"[\d, )\]None]+", piece) and ")" not in line.shape:
            line = line._replace(shape=line.shape + piece)
        elif re.fullmatch(r"([\w/.:-]+(\[\d+\])+,?|[\])'\[,]+|\[?'[\w/.:-]+(\[\d+\])+',?\]?)", piece):
            line = line._replace(connected=f"{line.connected} {piece}".strip())
        else:
            return None
    return line


def _cells(text: str) -> list[str] | None:
    """The cells of a line of a box (drawn with lines, or with the vertical bars of the ASCII fallback)."""
    content = text.strip()
    for bar in "│┃|":
        if content.startswith(bar) and content.endswith(bar) and len(content) > 1:
            return [cell.strip() for cell in content[1:-1].split(bar)]
    return None


def _row(line: _Line, before: Shape | None) -> TableRow:
    match = re.match(r"(?P<name>[^\s(]*)\s*(?:\((?P<kind>[A-Za-z0-9_]*))?", line.layer)
    name, kind = (match["name"], match["kind"] or "") if match else ("", "")
    dims = re.search(r"\(([^()\[\]]*)", line.shape)
    if not name or dims is None:
        raise TableError(f"Line {line.number} is not a row of a summary table: {line.layer[:60]!r}.")
    sizes = [size.strip() for size in dims[1].replace(" ", ",").split(",") if size.strip()]
    if not sizes or not all(size == "None" or size.isdecimal() for size in sizes):
        raise TableError(f"Line {line.number} has a shape that cannot be read: {line.shape[:60]!r}.")
    if not _PARAMETERS.fullmatch(line.parameters):
        raise TableError(f"Line {line.number} has a parameter count that cannot be read: {line.parameters[:40]!r}.")
    shape = tuple(None if size == "None" else _number(size) for size in sizes)
    return TableRow(
        name=name[:200],
        kind=_kind(kind, name, len(before or shape) - 2, line.number),
        shape=shape,
        parameters=_number(line.parameters),
        marked=line.marked,
        connected=tuple(re.findall(r"(?<![\w/.:-])[\w/.:-]+(?=\[\d+\])|(?<![\w/.:-])[\w/.:-]+…", line.connected)),
    )


def _printed_name(name: str, rows: list[TableRow]) -> str:
    """The name of the row above that a row reads; either name may be cut off."""
    if any(row.name == name for row in rows):
        return name
    starts = name.removesuffix("…")
    found = [
        row.name
        for row in rows
        if (name.endswith("…") and row.name.startswith(starts))
        or (row.name.endswith("…") and starts.startswith(row.name.removesuffix("…")))
    ]
    return found[0] if len(found) == 1 else name


def _number(text: str) -> int:
    digits = text.replace(",", "").removesuffix(".0")
    if len(digits) > 15:
        raise TableError(f"{digits[:20]}... is too large for a number in a summary table.")
    return int(digits)


def _kind(printed: str, name: str, axes: int, number: int) -> str:
    """The current class name for a printed one that may be cut off.

    If several classes begin like this, the layer's name decides, or the number of spatial axes of what the layer reads.
    """
    if printed in _NAMES:
        return current_name(printed)
    stem = re.sub(r"(_\d+)?$", "", name.removesuffix("…")).replace("_", "").lower()
    candidates = {current_name(known) for known in _NAMES if printed and known.startswith(printed)}
    by_name = {current_name(known) for known in _NAMES if known.lower() == stem}
    candidates = (candidates & by_name) or candidates or by_name
    if len(candidates) > 1:
        candidates = {one for one in candidates if one.endswith(f"{axes}D")}
    if len(candidates) != 1:
        what = f"the layer class {printed!r}" if printed else f"the layer {name!r}"
        raise TableError(f"Line {number}: {what} is not one that can be read.")
    return candidates.pop()


def _printed_totals(counts: dict[str, int]) -> dict[str, int]:
    """Subtract the optimizer's variables, which Keras 3 includes in the total of a trained network."""
    found = {which: count for which, count in counts.items() if which != "optimizer"}
    if "total" in found and "optimizer" in counts:
        found["total"] -= counts["optimizer"]
    return found
