"""Notebooks saved as Python files: with percent cells (Spyder, VS Code, Jupytext), marimo's, nbconvert's.

Nothing in them is executed. The result is a notebook of format 4 as plain data.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

MAX_SCRIPT_BYTES = 2**20
# The most cells that are sorted, and the most characters of a cell's options that are read.
_MOST_SORTED = 1000
_LONGEST_OPTIONS = 1000

_PERCENT = re.compile(r"# ?%%(?P<level>%*)(?P<rest>\s.*)?")
_NUMBERED = re.compile(r"# In ?\[[\d *]*\]:")
_KIND = re.compile(r"\[(?P<kind>markdown|md|raw)\]", re.IGNORECASE)
_OPTION = re.compile(r'(?P<name>[A-Za-z_][\w.-]*)\s*=\s*(?=["\[{\d\-tfn])')
_MARIMO = re.compile(r"^(?:import marimo\b|from marimo\b)", re.MULTILINE)
_TOO_ODD = (SyntaxError, ValueError, RecursionError, MemoryError)


def is_notebook_script(content: bytes) -> bool:
    """Whether a Python file is a notebook in another format."""
    try:
        return bool(script_cells(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        return False


def script_cells(text: str) -> list[dict[str, Any]]:
    """The cells of a Python file that is a notebook; empty if it is not one."""
    if len(text) > MAX_SCRIPT_BYTES:
        return []
    if _MARIMO.search(text) and (found := _marimo_cells(text)):
        return found
    lines = text.splitlines()
    for marker in (_PERCENT, _NUMBERED):
        if any(marker.fullmatch(line) for line in lines):
            return list(_marked_cells(lines, marker))
    return []


def _cell(kind: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": metadata or {}, "source": source}


def _marked_cells(lines: Sequence[str], marker: re.Pattern[str]) -> Iterator[dict[str, Any]]:
    """Cells that begin at lines with a marker; the text before the first marker is a cell as well."""
    starts = [number for number, line in enumerate(lines) if marker.fullmatch(line)]
    first = _after_header(lines)
    if first < starts[0]:
        yield from _with_text_after(lines[first : starts[0]])
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        held = lines[start + 1 : end]
        if marker is _NUMBERED:
            yield from _with_text_after(held)
            continue
        rest = lines[start].partition("%%")[2].lstrip("%")
        kind = _KIND.search(rest)
        source = "\n".join(held).strip("\n")
        if kind is None:
            yield _cell("code", source, _options(rest))
        else:
            name = "raw" if kind["kind"].lower() == "raw" else "markdown"
            yield _cell(name, _uncommented(source), _options(rest[kind.end() :]))


def _after_header(lines: Sequence[str]) -> int:
    """The first line below the header: the interpreter, the encoding, and Jupytext's block between `# ---`."""
    first = 0
    while first < len(lines) and (not lines[first].strip() or lines[first].startswith(("#!", "# coding", "# -*-"))):
        first += 1
    if lines[first : first + 1] == ["# ---"] and "# ---" in lines[first + 1 :]:
        return lines.index("# ---", first + 1) + 1
    return first


def _with_text_after(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Code, and the markdown that nbconvert writes below it as comments, after an empty line."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    while 0 < end < len(lines) and lines[end].strip():
        end += 1  # comments right below the code belong to it
    code, text = "\n".join(lines[:end]).strip("\n"), "\n".join(lines[end:]).strip("\n")
    if code.strip():
        yield _cell("code", code)
    if text.strip():
        yield _cell("markdown", _uncommented(text))


def _uncommented(text: str) -> str:
    """The text in comments, or in a triple-quoted string."""
    bare = text.strip()
    for quotes in ('"""', "'''"):
        if bare.startswith((quotes, "r" + quotes)) and bare.endswith(quotes) and len(bare) >= 6:
            return bare.removeprefix("r")[3:-3].strip("\n")
    return "\n".join(re.sub(r"^#+ ?(?=#)|^# ?", "", line, count=1) for line in text.splitlines())


def _options(text: str) -> dict[str, Any]:
    """A cell's metadata: one JSON object, or names with JSON values."""
    found: dict[str, Any] = {}
    decoder = json.JSONDecoder()
    text = text[:_LONGEST_OPTIONS]
    place = text.find("{")
    if place >= 0 and "=" not in text[:place]:
        try:
            held = decoder.raw_decode(text, place)[0]
        except _TOO_ODD:
            return {}
        return held if isinstance(held, dict) else {}
    place = 0
    while match := _OPTION.search(text, place):
        try:
            found[match["name"]], place = decoder.raw_decode(text, match.end())
        except _TOO_ODD:
            break
    return found


def _marimo_cells(text: str) -> list[dict[str, Any]]:
    """The cells of a marimo notebook in marimo's order of execution: each after those whose variables it reads."""
    try:
        tree = ast.parse(text)
    except _TOO_ODD:
        return []
    lines = text.splitlines()
    waiting: list[tuple[set[str], set[str], dict[str, Any]]] = []
    for node in tree.body:
        if isinstance(node, ast.With) and _is_app(node.items[0].context_expr, ("setup",)):
            waiting.append(
                (set(), _assigned(node.body), _cell("code", _dedented(lines[node.lineno : node.end_lineno], 4)))
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            marks = [mark for mark in node.decorator_list if _is_app(mark, ("cell", "function", "class_definition"))]
            if marks and _is_app(marks[0], ("cell",)) and not isinstance(node, ast.ClassDef):
                reads = {argument.arg for argument in node.args.args}
                waiting.append((reads, _returned(node), _marimo_cell(lines, node)))
            elif marks:
                source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                waiting.append((set(), {node.name}, _cell("code", source)))
    return _in_order(waiting)


def _is_app(node: ast.expr, names: tuple[str, ...]) -> bool:
    """Whether it is `app.cell`, or a call of it."""
    called = node.func if isinstance(node, ast.Call) else node
    return isinstance(called, ast.Attribute) and called.attr in names and isinstance(called.value, ast.Name)


def _marimo_cell(lines: Sequence[str], node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Any]:
    body = node.body[:-1] if isinstance(node.body[-1], ast.Return) else node.body
    only = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if isinstance(only, ast.Call) and ast.unparse(only.func) == "mo.md" and len(only.args) == 1:
        text = only.args[0]
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            return _cell("markdown", textwrap.dedent(text.value).strip())
    last = node.body[-1]
    end = last.lineno - 1 if isinstance(last, ast.Return) else (node.end_lineno or node.lineno)
    held = lines[_after_signature(lines, node) : end]
    return _cell("code", _dedented(held, node.body[0].col_offset))


def _after_signature(lines: Sequence[str], node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The line below a function's `:`; comments before its first statement belong to the cell."""
    top = node.body[0]
    marks = top.decorator_list if isinstance(top, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else []
    first = min([top.lineno, *(mark.lineno for mark in marks)]) - 1
    while first > node.lineno and (not lines[first - 1].strip() or lines[first - 1].lstrip().startswith("#")):
        first -= 1
    return first


def _dedented(lines: Sequence[str], depth: int) -> str:
    """Lines without their indentation; lines within a string may be indented less."""
    return "\n".join(line.removeprefix(" " * depth) for line in lines).strip("\n")


def _returned(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    last = node.body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        return set()
    return {part.id for part in ast.walk(last.value) if isinstance(part, ast.Name)}


def _assigned(body: Sequence[ast.stmt]) -> set[str]:
    names: set[str] = set()
    for statement in body:
        for part in ast.walk(statement):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                names.add(part.id)
            elif isinstance(part, ast.alias):
                names.add((part.asname or part.name).partition(".")[0])
    return names


def _in_order(waiting: list[tuple[set[str], set[str], dict[str, Any]]]) -> list[dict[str, Any]]:
    """Each cell after those that define what it reads; cells in a cycle stay in their order."""
    cells: list[dict[str, Any]] = []
    waiting, rest = waiting[:_MOST_SORTED], [cell for _, _, cell in waiting[_MOST_SORTED:]]
    while waiting:
        missing: set[str] = set().union(*(makes for _, makes, _ in waiting))
        ready = next((one for one in waiting if not one[0] & (missing - one[1])), waiting[0])
        waiting = [one for one in waiting if one is not ready]
        cells.append(ready[2])
    return cells + rest
