"""Parses the bytes of a submission into a notebook, or raises an error with a sentence that says why it cannot.

The bytes are untrusted. The notebook is rebuilt from the few fields that grading reads, so it is a valid notebook of
format 4 for any input. Stored outputs are left out, because only what is executed while grading counts.
"""

from __future__ import annotations

import ast
import json
import re
from itertools import chain, count
from typing import Any

from nbformat import NotebookNode, from_dict

from autograder.core.language import gettext_noop
from autograder.core.messages import Message, in_turn, message, phrase
from autograder.intake.script import script_cells
from autograder.intake.submission import MAX_NOTEBOOK_BYTES, UnreadableSubmission
from autograder.records.kernel_json import InvalidEvidence, check_depth

MAX_CELLS = 10_000
_MAX_DEPTH = 64
# Every bracket and comma of JSON can take a hundred bytes of memory, and a bracket some microseconds; real notebooks of
# 50 MB are mostly pictures.
MAX_BRACKETS = 500_000
MAX_COMMAS = 5_000_000

# A cell without a type is parsed up to this length to determine its type.
_LONGEST_PARSED = 20_000

_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SAVE_AGAIN = phrase("Open it in Jupyter, save it, and hand it in again.")
_CELL_TYPES = frozenset({"code", "markdown", "raw"})
# Magic bytes of files that are handed in as notebooks by mistake, and what they are.
_SIGNATURES = (
    (b"%PDF", gettext_noop("a PDF document")),
    (b"\x1f\x8b", gettext_noop("a gzip archive")),
    (b"7z\xbc\xaf", gettext_noop("a 7z archive")),
    (b"Rar!", gettext_noop("a RAR archive")),
    (b"\x89PNG", gettext_noop("a picture")),
    (b"\xff\xd8\xff", gettext_noop("a picture")),
    (b"\xd0\xcf\x11\xe0", gettext_noop("an Office document")),
    (b"\x89HDF", gettext_noop("a saved Keras model")),
)


class UnreadableNotebook(UnreadableSubmission):
    """The bytes are not a notebook that can be graded: a sentence for the student."""


def _save_again(problem: Message) -> UnreadableNotebook:
    """The problem with the hint to save the notebook again; the code is that of the problem."""
    return UnreadableNotebook(in_turn(problem, _SAVE_AGAIN, code=problem.code))


def parse_notebook(content: bytes) -> NotebookNode:
    """A valid notebook of format 4.5 with the submission's cells and metadata, without stored outputs.

    Formats 3 and 4 are read, with or without a byte order mark, and Python files that are notebooks in another format.
    A cell whose text is present is repaired: if its type is missing or unknown, or its id missing or duplicate. The
    same bytes give the same notebook.

    Raises:
        UnreadableNotebook: the bytes are not such a notebook; no other exception, for any bytes.
    """
    plain = _load(content)
    version = _version(plain)
    if version == 4:
        cells = plain["cells"]
    elif version == 3:
        cells = _cells_of_format_3(plain["worksheets"])
    elif type(version) is int:
        raise UnreadableNotebook(
            message(
                "notebook.format",
                "The notebook has format {version}; formats 3 and 4 can be read. "
                "Save it with a current Jupyter and hand it in again.",
                version=version if abs(version) < 1000 else phrase("unknown"),
            )
        )
    else:
        raise _save_again(message("notebook.no_cells", "The file is JSON, but no Jupyter notebook: it has no cells."))
    if len(cells) > MAX_CELLS:
        raise UnreadableNotebook(
            message(
                "notebook.too_many_cells",
                "The notebook has {count:,} cells; at most {most:,} can be graded.",
                count=len(cells),
                most=MAX_CELLS,
            )
        )
    metadata = _metadata(plain.get("metadata"))
    _require_python(metadata, cells if version == 3 else [])
    taken: set[str] = set()
    notebook: NotebookNode = from_dict(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": metadata,
            "cells": [_cell(cell, number, taken) for number, cell in enumerate(cells, 1) if cell is not None],
        }
    )
    return notebook


def _version(plain: dict[str, Any]) -> Any:
    """The format, by the place of the cells; as the file states it if they are in neither place."""
    sentence = plain.get("nbformat")
    known = type(sentence) is not int or sentence in (3, 4)
    if known and isinstance(plain.get("cells"), list):
        return 4
    if known and isinstance(plain.get("worksheets"), list):
        return 3
    return None if known else sentence


def assignment_name(notebook: NotebookNode) -> str | None:
    """The assignment that the notebook says it belongs to, from its metadata `autograder.assignment`."""
    ours = notebook.metadata.get("autograder")
    name = ours.get("assignment") if isinstance(ours, dict) else None
    return name if isinstance(name, str) and 0 < len(name) <= 200 else None


def code_cells(notebook: NotebookNode) -> tuple[str, ...]:
    """The source of every code cell, in order."""
    return tuple(cell.source for cell in notebook.cells if cell.cell_type == "code")


def _load(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_NOTEBOOK_BYTES:
        raise UnreadableNotebook(
            message(
                "notebook.too_large",
                "The notebook has {megabytes:,.0f} MB; at most {most} MB can be graded. "
                "Clear its outputs (in Jupyter: Edit, Clear Outputs of All Cells), save it and hand it in again.",
                megabytes=len(content) / 2**20,
                most=MAX_NOTEBOOK_BYTES // 2**20,
            )
        )
    if not content.strip(b"\0 \t\r\n"):
        raise _save_again(message("notebook.empty", "The file is empty ({count} bytes).", count=len(content)))
    text = _decode(content).strip()
    if text.count("[") + text.count("{") > MAX_BRACKETS or text.count(",") > MAX_COMMAS:
        raise UnreadableNotebook(
            message(
                "notebook.too_many_parts",
                "The file has more parts than any notebook. Clear its outputs and hand it in again.",
            )
        )
    if not text.startswith("{"):
        if cells := script_cells(text):
            return {"nbformat": 4, "metadata": {}, "cells": cells}
        raise _save_again(message("notebook.not_json", "The file is no Jupyter notebook, though its name says so."))
    try:
        # NaN and Infinity are not valid JSON, so they are not allowed in a notebook's metadata either.
        plain = json.loads(text, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        if error.pos >= len(text) or error.msg.startswith("Unterminated string"):
            raise UnreadableNotebook(
                message(
                    "notebook.breaks_off",
                    "The notebook breaks off in line {line}: it was not saved or uploaded completely. "
                    "Save it and hand it in again.",
                    line=text.count("\n") + 1,
                )
            ) from None
        damaged = message(
            "notebook.damaged", "The notebook is damaged in line {line} (no valid JSON there).", line=error.lineno
        )
        raise _save_again(damaged) from None
    except (RecursionError, ValueError):
        raise _save_again(
            message("notebook.too_deep", "The file is nested too deeply or holds numbers too large.")
        ) from None
    if not isinstance(plain, dict):  # pragma: no cover - text that starts with "{" is an object
        raise _save_again(message("notebook.no_object", "The file is no Jupyter notebook."))
    return plain


def _decode(content: bytes) -> str:
    kind = _mistaken_for(content)
    if kind:
        raise UnreadableNotebook(
            message(
                "notebook.other_file",
                "The file is {kind}, not a Jupyter notebook. Hand in the .ipynb file itself.",
                kind=phrase(kind),
            )
        )
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise _save_again(
            message("notebook.no_text", "The file is not text in UTF-8, so it is not a Jupyter notebook.")
        ) from None


def _mistaken_for(content: bytes) -> str:
    if content.startswith(b"PK\x03\x04"):
        if b"word/" in content:
            return gettext_noop("a Word document")
        return (
            gettext_noop("an Office document") if b"[Content_Types].xml" in content else gettext_noop("a zip archive")
        )
    beginning = content[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if beginning.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head")):
        return gettext_noop("a web page")
    return next((kind for signature, kind in _SIGNATURES if content.startswith(signature)), "")


def _cells_of_format_3(worksheets: list[Any]) -> list[Any]:
    """The cells of all worksheets in format 4; nbformat's own converter does not validate its input."""
    cells: list[Any] = []
    for sheet in worksheets:
        held = sheet.get("cells", []) if isinstance(sheet, dict) else None
        if not isinstance(held, list):
            raise _save_again(message("notebook.worksheet", "A worksheet of the notebook is damaged."))
        cells.extend(held)
    return [_cell_of_format_3(cell) if isinstance(cell, dict) else cell for cell in cells]


def _cell_of_format_3(cell: dict[str, Any]) -> dict[str, Any]:
    kind = cell.get("cell_type")
    if kind == "code":
        return {**cell, "source": cell.get("input", "")}
    if kind == "heading":
        level = cell.get("level")
        marks = "#" * level if type(level) is int and 1 <= level <= 6 else "#"
        return {**cell, "cell_type": "markdown", "source": f"{marks} {_text(cell.get('source', '')) or ''}"}
    return {**cell, "cell_type": "markdown"} if kind == "html" else cell


def _cell(cell: Any, number: int, taken: set[str]) -> dict[str, Any]:
    if not isinstance(cell, dict):
        raise _save_again(
            message("notebook.cell", "Cell {number} of the notebook is damaged: it is no cell.", number=number)
        )
    source = _text(cell.get("source", cell.get("input", "")))
    if source is None:
        raise _save_again(
            message(
                "notebook.cell_source",
                "Cell {number} of the notebook is damaged: its source is no text.",
                number=number,
            )
        )
    kind = _kind(cell, source)
    clean: dict[str, Any] = {
        "id": _identity(cell.get("id"), number, taken),
        "cell_type": kind,
        "metadata": _cell_metadata(cell.get("metadata")),
        "source": source,
    }
    if kind == "code":
        clean.update(execution_count=None, outputs=[])
    elif attachments := _attachments(cell.get("attachments")):
        clean["attachments"] = attachments
    return clean


def _kind(cell: dict[str, Any], source: str) -> str:
    """A cell's type; if it is missing or unknown, inferred from the cell's content."""
    sentence = cell.get("cell_type")
    kind = sentence.strip().lower() if isinstance(sentence, str) else ""
    if kind in _CELL_TYPES:
        return kind
    if "outputs" in cell or "execution_count" in cell or "input" in cell or _is_python(source):
        return "code"
    return "markdown"


def _is_python(source: str) -> bool:
    """Whether it is certainly Python: it can be parsed, and does something."""
    if len(source) > _LONGEST_PARSED:
        return False
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(not isinstance(one, ast.Expr) or isinstance(one.value, ast.Call) for one in statements)


def _text(value: Any) -> str | None:
    """A string, or joined strings, without lone surrogates (which no file can hold); None for anything else."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(line, str | None) for line in value):
        value = "".join(line or "" for line in value)
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else None


def _identity(given: Any, number: int, taken: set[str]) -> str:
    own = [given] if isinstance(given, str) and _CELL_ID.fullmatch(given) else []
    repaired = (f"cell-{number}" + (f"-{again}" if again else "") for again in count())
    identity = next(identity for identity in chain(own, repaired) if identity not in taken)
    taken.add(identity)
    return identity


def _metadata(value: Any) -> dict[str, Any]:
    """The notebook's metadata, without fields that the format defines and that are invalid or not needed here."""
    clean = _plain_object(value)
    for name in ("orig_nbformat", "orig_nbformat_minor", "title", "authors", "signature", "name"):
        clean.pop(name, None)
    for name, required in (("kernelspec", ("name", "display_name")), ("language_info", ("name",))):
        held = clean.get(name)
        if not isinstance(held, dict) or not all(isinstance(held.get(key), str) for key in required):
            clean.pop(name, None)
        elif name == "language_info":
            clean[name] = {"name": held["name"]}
    return clean


def _cell_metadata(value: Any) -> dict[str, Any]:
    """A cell's metadata, without how it was displayed."""
    clean = _plain_object(value)
    for name in ("collapsed", "scrolled", "jupyter", "execution", "name", "format"):
        clean.pop(name, None)
    for name in ("deletable", "editable"):
        if not isinstance(clean.get(name, True), bool):
            clean.pop(name)
    tags = clean.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag and "," not in tag for tag in tags):
        clean.pop("tags")
    elif tags:
        clean["tags"] = list(dict.fromkeys(tags))
    return clean


def _plain_object(value: Any) -> dict[str, Any]:
    """A copy of a JSON object without lone surrogates; an empty one for anything else."""
    if not isinstance(value, dict):
        return {}
    try:
        check_depth(value, _MAX_DEPTH)
    except InvalidEvidence:
        raise _save_again(message("notebook.metadata", "The notebook's metadata is nested too deeply.")) from None
    clean: dict[str, Any] = _without_surrogates(value)
    return clean


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", key): _without_surrogates(item) for key, item in value.items()}
    return value


def _attachments(value: Any) -> dict[str, Any]:
    """Pictures pasted into a markdown cell: name to MIME type to base64 text."""
    if not isinstance(value, dict):
        return {}
    return {
        _without_surrogates(name): {_without_surrogates(kind): _text(data) or "" for kind, data in bundle.items()}
        for name, bundle in value.items()
        if isinstance(bundle, dict)
    }


def _require_python(metadata: dict[str, Any], cells_of_format_3: list[Any]) -> None:
    """Raise if the notebook is not Python: by its kernel or, if that says nothing, the language it last ran in."""
    kernel = metadata.get("kernelspec", {})
    sentence = kernel.get("language") or metadata.get("language_info", {}).get("name")
    if not isinstance(sentence, str) or kernel.get("name", "").lower().startswith("python"):
        sentence = "python"
    sentence = next(
        (
            cell["language"]
            for cell in cells_of_format_3
            if isinstance(cell, dict) and isinstance(cell.get("language"), str)
        ),
        sentence,
    )
    if not re.match(r"i?python", sentence, re.IGNORECASE):
        raise UnreadableNotebook(
            message(
                "notebook.language",
                "The notebook is written for {language}, not for Python. Choose a Python kernel in "
                "Jupyter, save it, and hand it in again.",
                language=_without_surrogates(sentence)[:40],
            )
        )
