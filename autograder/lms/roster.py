"""An instructor's own CSV file, in which single cells are written and every other byte stays as it is."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path

from autograder.core.errors import UserError

_MAX_BYTES = 64 * 2**20
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DELIMITERS = (",", ";", "\t")
# The delimiter is found from this many lines and characters.
_SAMPLE = 50
_LONGEST_SAMPLE = 100_000
# What Excel reads as the delimiter of the lines below.
_ANNOUNCED = re.compile(r'"?sep=([,;\t|])"?[ \t]*(?:\r\n|\n|\r)', re.IGNORECASE)
_DECIMAL = re.compile(r"\s*\d+([.,])\d+\s*")


class ExportError(UserError):
    """Nothing can be exported: one sentence that names the file and how to fix it."""


@dataclass
class RosterCell:
    """One cell: its characters in the file, and the text they encode."""

    raw: str

    @property
    def text(self) -> str:
        if self.raw[:1] == '"':
            return self.raw[1:].removesuffix('"').replace('""', '"')
        return self.raw


@dataclass
class RosterTable:
    """A CSV file as rows of cells. Joined again they are the file, byte for byte, except for the written cells.

    `ends` are the line ends of the rows, `mark` the byte order mark, `announcement` a line above the header that only
    names the delimiter (`sep=;`).
    """

    path: Path
    delimiter: str
    encoding: str
    mark: bytes
    rows: list[list[RosterCell]] = field(repr=False)
    ends: list[str] = field(repr=False)
    announcement: str = ""

    @property
    def header(self) -> list[str]:
        return [cell.text.strip() for cell in self.rows[0]]

    @property
    def body(self) -> list[int]:
        """The rows below the header that are not blank."""
        return [row for row in range(1, len(self.rows)) if any(cell.text.strip() for cell in self.rows[row])]

    def text(self, row: int, column: int | None) -> str:
        """A cell's text, without spaces around it; "" if the row ends before it."""
        cells = self.rows[row]
        return cells[column].text.strip() if column is not None and column < len(cells) else ""

    def write(self, row: int, column: int, text: str) -> None:
        """Put `text` into a cell, in quotes if it had some or needs them; a row that is too short grows."""
        cells = self.rows[row]
        cells.extend(RosterCell("") for _ in range(column + 1 - len(cells)))
        quoted = cells[column].raw[:1] == '"' or any(sign in text for sign in (self.delimiter, '"', "\n", "\r"))
        cells[column].raw = '"' + text.replace('"', '""') + '"' if quoted else text

    def decimal_comma(self, columns: list[int]) -> bool:
        """Whether numbers in these columns are written with a comma."""
        cells = (_DECIMAL.fullmatch(self.text(row, column)) for row in range(1, len(self.rows)) for column in columns)
        return any(match and match[1] == "," for match in cells)

    def content(self) -> bytes:
        """The file's bytes."""
        text = "".join(
            self.delimiter.join(cell.raw for cell in row) + end for row, end in zip(self.rows, self.ends, strict=True)
        )
        return self.mark + (self.announcement + text).encode(self.encoding)


def read_table(path: Path) -> RosterTable:
    """Read a CSV file; the delimiter is the one named in a line `sep=;`, or the one that makes its lines a table.

    Raises:
        ExportError: it cannot be read, or is not a table with a header.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ExportError(f"{path} has more than 64 MB: name the CSV file that the platform wrote.")
        content = path.read_bytes()
    except OSError as error:
        raise ExportError(f"{path} cannot be read ({error.strerror}): name the CSV file with --roster.") from None
    if content.startswith(b"PK\x03\x04"):
        raise ExportError(f"{path} is an Excel workbook or a zip archive: download the CSV file and name that.")
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8"))
    text, encoding = _decoded(content[len(mark) :], encoding)
    announced = _ANNOUNCED.match(text)
    announcement = announced.group() if announced else ""
    text = text[len(announcement) :]
    delimiter = announced[1] if announced else _delimiter(text)
    rows, ends = _split(text, delimiter)
    if len(rows) < 2:
        raise ExportError(f"{path} has no line below its header: name the CSV file that the platform wrote.")
    if len(rows[0]) < 2:
        raise ExportError(f"{path} has a single column: it is no CSV file of a class.")
    return RosterTable(path, delimiter, encoding, mark, rows, ends, announcement)


def _delimiter(text: str) -> str:
    """The one by which most of the first lines have as many cells as the header; titles may hold any other."""
    beginning = text[:_LONGEST_SAMPLE]

    def fit(delimiter: str) -> tuple[float, int]:
        rows = _split(beginning, delimiter)[0][:_SAMPLE]
        whole = [row for row in rows if any(cell.text.strip() for cell in row)]
        wide = len(whole[0]) if whole else 0
        alike = sum(len(row) == wide for row in whole)
        return (alike / len(whole) if wide > 1 else 0.0, wide)

    return max(_DELIMITERS, key=fit)


def _decoded(content: bytes, encoding: str) -> tuple[str, str]:
    for name in (encoding, "cp1252", "latin-1"):
        try:
            return content.decode(name), name
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 decodes every byte")


def _split(text: str, delimiter: str) -> tuple[list[list[RosterCell]], list[str]]:
    """Rows of cells with their quotes, and the line ends; what follows a closing quote belongs to the cell."""
    plain = re.compile(rf"[^{re.escape(delimiter)}\r\n]*")
    quoted = re.compile(rf'"(?:[^"]|"")*"?[^{re.escape(delimiter)}\r\n]*')
    rows: list[list[RosterCell]] = []
    ends: list[str] = []
    row: list[RosterCell] = []
    place = 0
    while place < len(text):
        match = (quoted if text[place] == '"' else plain).match(text, place)
        assert match is not None  # both match the empty text
        row.append(RosterCell(match.group()))
        place = match.end()
        if place < len(text) and text[place] == delimiter:
            place += 1
            if place == len(text) or text[place] in "\r\n":
                row.append(RosterCell(""))
            else:
                continue
        end = "\r\n" if text.startswith("\r\n", place) else text[place : place + 1]
        place += len(end)
        rows.append(row)
        ends.append(end)
        row = []
    return rows, ends
