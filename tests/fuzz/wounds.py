"""Notebooks as accidents and other tools leave them: cells split, merged, copied, retyped, and kept in other formats.

Every wound leaves the student's work where it was, so that a grader has to find it. `python -m tests.fuzz.wounds
FOLDER` writes a class of wounded notebooks.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).parents[2]
Tree = dict[str, Any]

FOREIGN: tuple[Tree, ...] = (
    {"colab": {"base_uri": "https://example.org/"}, "id": "Xy-12_ab", "outputId": "7f0c"},
    {"vscode": {"languageId": "python"}, "scrolled": True, "collapsed": "yes"},
    {"_uuid": "8f2839f25d086af736a60e9eeb907d3b93b6e0e5", "_cell_guid": "b1076dfc", "execution": {"x": "2026"}},
    {"application/vnd.databricks.v1+cell": {"nuid": "0a", "title": "", "inputWidgets": {}}, "tags": "none"},
    {"jupyter": {"source_hidden": 1}, "deletable": "no", "editable": None, "tags": ["a", "a", ""]},
)


@dataclass(frozen=True)
class Wounded:
    """The bytes of a notebook, the suffix of its file, and what was done to it."""

    content: bytes
    suffix: str
    wounds: tuple[str, ...]


def text_of(cell: Tree) -> str:
    source = cell.get("source", "")
    return "".join(line or "" for line in source) if isinstance(source, list) else source


def is_place(cell: Tree) -> bool:
    """Whether it is the place for a written answer, by its metadata."""
    return "autograder" in cell.get("metadata", {})


def split(random: Random, cells: list[Tree]) -> None:
    """A cell in two: text between any two lines, code between two statements."""
    at = random.randrange(len(cells))
    lines = text_of(cells[at]).splitlines(keepends=True)
    places = list(range(1, len(lines)))
    if cells[at]["cell_type"] == "code":
        try:
            places = [one.lineno - 1 for one in ast.parse("".join(lines)).body[1:]]
        except SyntaxError:
            return
    if places:
        place = random.choice(places)
        first, second = copy.deepcopy(cells[at]), copy.deepcopy(cells[at])
        first["source"], second["source"] = lines[:place], lines[place:]
        cells[at : at + 1] = [first, second]


def merge(random: Random, cells: list[Tree]) -> None:
    """Two cells of one type in one, which has the first one's metadata."""
    pairs = [at for at in range(len(cells) - 1) if cells[at]["cell_type"] == cells[at + 1]["cell_type"]]
    if pairs:
        at = random.choice(pairs)
        joint = "\n" if cells[at]["cell_type"] == "code" else "\n\n"
        cells[at]["source"] = text_of(cells[at]).rstrip("\n") + joint + text_of(cells[at + 1])
        del cells[at + 1]


def duplicate(random: Random, cells: list[Tree]) -> None:
    at = random.randrange(len(cells))
    cells.insert(at + 1, copy.deepcopy(cells[at]))


def delete_text(random: Random, cells: list[Tree]) -> None:
    """Text that is no answer; the question's own cell stays, by which an answer without metadata is found."""
    places = [
        at
        for at, cell in enumerate(cells)
        if cell["cell_type"] == "markdown"
        and not is_place(cell)
        and (at + 1 == len(cells) or not is_place(cells[at + 1]))
    ]
    if places:
        del cells[random.choice(places)]


def empty_cells(random: Random, cells: list[Tree]) -> None:
    for _ in range(random.randrange(1, 4)):
        kind = random.choice(("code", "markdown", "raw"))
        cells.insert(
            random.randrange(len(cells) + 1), {"cell_type": kind, "metadata": {}, "source": random.choice(("", "\n"))}
        )


def wrong_type(random: Random, cells: list[Tree]) -> None:
    """A type in other letters, a foreign one, or none; text as raw."""
    cell = random.choice(cells)
    kind = cell["cell_type"]
    if kind == "code":
        cell["cell_type"] = random.choice(("Code", "CODE ", "sql", "", None, 3, ["code"]))
        cell["outputs"], cell["execution_count"] = [], None
    elif kind == "markdown":
        cell["cell_type"] = random.choice(("Markdown", "raw", "heading", "md"))


def no_ids(random: Random, cells: list[Tree]) -> None:
    for cell in cells:
        cell.pop("id", None)


def wrong_ids(random: Random, cells: list[Tree]) -> None:
    for cell in cells:
        cell["id"] = random.choice(("same", "", "not valid!", 7, None, "x" * 100))


def foreign_metadata(random: Random, cells: list[Tree]) -> None:
    for cell in cells:
        cell["metadata"] = {**cell.get("metadata", {}), **random.choice(FOREIGN)}


def no_metadata(random: Random, cells: list[Tree]) -> None:
    for cell in cells:
        cell["metadata"] = random.choice(({}, None, []))


def other_sources(random: Random, cells: list[Tree]) -> None:
    """Sources as one text or as lines, with other line ends, with a `null` in between."""
    for cell in cells:
        text = text_of(cell)
        lines = text.splitlines(keepends=True)
        cell["source"] = random.choice((text, lines, [*lines, None], text.rstrip("\n") + "\n"))


def lost_fields(random: Random, cells: list[Tree]) -> None:
    for cell in cells:
        for name in ("outputs", "execution_count", "attachments"):
            if random.random() < 0.5:
                cell.pop(name, None)
        if cell["cell_type"] == "code" and random.random() < 0.2:
            cell["outputs"] = random.choice((None, "text", [{"output_type": 5}]))


CELL_WOUNDS: dict[str, Callable[[Random, list[Tree]], None]] = {
    wound.__name__: wound
    for wound in (
        *(split, merge, duplicate, delete_text, empty_cells, no_ids, wrong_ids, foreign_metadata, no_metadata),
        *(other_sources, lost_fields, wrong_type),
    )
}


def as_json(random: Random, tree: Tree) -> bytes:
    """Format 4.0 to 4.5, with the version lost or wrong, in the encodings of editors."""
    tree["nbformat_minor"] = random.randrange(6)
    version: Any = random.choice((4, 4, 4, 4, "4", None, 3))
    tree["nbformat"] = version
    text = json.dumps(tree, ensure_ascii=random.random() < 0.5, indent=random.choice((None, 1, 4)))
    return text.encode(random.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16")))


def as_format_3(random: Random, tree: Tree) -> bytes:
    cells = [
        {**cell, "input": cell.get("source", ""), "language": "python", "prompt_number": None}
        if cell.get("cell_type") == "code"
        else cell
        for cell in tree["cells"]
    ]
    for cell in cells:
        if cell.get("cell_type") == "code":
            cell.pop("source", None)
    at = random.randrange(len(cells) + 1)
    sheets = [{"cells": part, "metadata": {}} for part in (cells[:at], cells[at:]) if part]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "x"}, "worksheets": sheets}
    return json.dumps(old).encode()


def as_percent(random: Random, tree: Tree) -> bytes:
    """As Jupytext, VS Code and Spyder keep a notebook."""
    mark = random.choice(("# %%", "#%%"))
    parts = ["# ---\n# jupyter:\n#   jupytext:\n#     format_name: percent\n# ---\n"] if random.random() < 0.5 else []
    for cell in tree["cells"]:
        options = "".join(f" {name}={json.dumps(value)}" for name, value in (cell.get("metadata") or {}).items())
        kind = "" if cell["cell_type"] == "code" else f" [{cell['cell_type']}]"
        text = text_of(cell).rstrip("\n")
        parts.append(f"{mark}{kind}{options}\n{text if not kind else textwrap.indent(text, '# ', lambda _: True)}\n")
    return "\n".join(parts).encode()


def as_marimo(random: Random, tree: Tree) -> bytes:
    """As marimo keeps a notebook whose cells it was given in order."""
    parts = ['import marimo\n\n__generated_with = "0.17.0"\napp = marimo.App()\n']
    for cell in tree["cells"]:
        text = text_of(cell).strip("\n")
        if cell["cell_type"] != "code":
            text = f"mo.md({json.dumps(text, ensure_ascii=False)})"
        held = textwrap.indent(f"{text}\n", "    ") if text else ""
        parts.append(f"@app.cell{random.choice(('', '(hide_code=True)'))}\ndef _():\n{held}    return\n")
    return ("\n\n".join([*parts, 'if __name__ == "__main__":\n    app.run()'])).encode()


FORMATS: dict[str, tuple[Callable[[Random, Tree], bytes], str]] = {
    "json": (as_json, ".ipynb"),
    "format 3": (as_format_3, ".ipynb"),
    "percent": (as_percent, ".py"),
    "marimo": (as_marimo, ".py"),
}


def wound(random: Random, tree: Tree, only: str | None = None) -> Wounded:
    """A wounded copy of a notebook: one to three wounds in one format; or the wound or the format that is named."""
    tree = copy.deepcopy(tree)
    names = (
        [only]
        if only in CELL_WOUNDS
        else []
        if only
        else random.sample(sorted(CELL_WOUNDS), random.choice((1, 1, 2, 3)))
    )
    # What changes types and fields comes last: the others look at them.
    for name in sorted(names, key=list(CELL_WOUNDS).index):
        CELL_WOUNDS[name](random, tree["cells"])
    form = only if only in FORMATS else random.choices(list(FORMATS), (6, 1, 1, 1))[0]
    kinds = [cell.get("cell_type") for cell in tree["cells"]]
    if form in ("percent", "marimo", "format 3") and not set(map(str, kinds)) <= {"code", "markdown", "raw"}:
        form = "json"
    if form == "marimo" and not all(_plain_python(cell) for cell in tree["cells"]):
        form = "percent"
    write, suffix = FORMATS[form]
    return Wounded(write(random, tree), suffix, (*names, form))


def _plain_python(cell: Tree) -> bool:
    """Whether marimo could keep the cell as it is: Python, and no string over several lines."""
    if cell["cell_type"] != "code":
        return True
    try:
        ast.parse(text_of(cell))
    except SyntaxError:
        return False
    return '"""' not in text_of(cell) and "'''" not in text_of(cell)


def wounded_class(notebooks: Sequence[Path], number: int, seed: int) -> Iterator[tuple[Path, Wounded]]:
    """Wounded copies of notebooks in turn, each by a random number of its own."""
    trees = [json.loads(path.read_text(encoding="utf-8")) for path in notebooks]
    for index in range(number):
        which = index % len(trees)
        yield notebooks[which], wound(Random(f"{seed} {index}"), trees[which])


def sound_samples() -> list[Path]:
    """The samples and solutions that are whole notebooks."""
    found = sorted((*ROOT.glob("tests/samples/cnn2*/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")))
    return [path for path in found if path.read_text(encoding="utf-8").startswith("{") and _whole(path)]


def _whole(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")).get("cells"))
    except ValueError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for index, (path, made) in enumerate(wounded_class(sound_samples(), asked.number, asked.seed)):
        place = asked.folder / f"{path.stem} {index}" / f"{path.parent.name}{made.suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(made.content)


if __name__ == "__main__":
    main()
