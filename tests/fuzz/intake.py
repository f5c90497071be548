"""Targets: notebooks as they are uploaded, and the archives and folders that they come in."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import nbformat

from autograder.intake import IntakeError, UnreadableSubmission, read_submissions
from autograder.intake.notebook import UnreadableNotebook, assignment_name, code_cells, parse_notebook
from autograder.report.executed_notebook import page_cells, render_cells
from autograder.report.similarity import near_duplicates
from tests.fuzz.campaign import Case, Wrong
from tests.fuzz.mutate import NUMBERS, TEXTS, damaged, dumped, hostile, mutate, text
from tests.fuzz.networks import ROOT

Files = list[tuple[str, bytes]]


def _notebooks() -> list[str]:
    paths = sorted((*ROOT.glob("assignments/*/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")))
    return [path.read_text(encoding="utf-8") for path in paths]


def _older(tree: dict[str, Any]) -> dict[str, Any]:
    """A notebook as format 3 has it."""
    cells = [{**cell, "input": cell.get("source", ""), "language": "python"} for cell in tree.get("cells", [])]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def notebook_bytes(random: Random, known: list[str]) -> bytes:
    """A notebook of ours after an accident, or after somebody's work with an editor."""
    tree = json.loads(random.choice(known))
    if random.random() < 0.15:
        tree = _older(tree)
    for cell in random.sample(tree.get("cells", []), min(2, len(tree.get("cells", [])))):
        if random.random() < 0.3:
            cell["attachments"] = {"a.png": {"image/png": "AAAA"}, random.choice(TEXTS): hostile(random)}
        if random.random() < 0.3:
            cell["metadata"] = {random.choice((*TEXTS, "tags", "editable")): hostile(random)}
    if random.random() < 0.5:
        cells = tree.get("cells") or [tree]
        mutate(random, random.choice((tree.get("metadata", tree), cells, random.choice(cells))))
    else:
        mutate(random, tree)
    given = dumped(tree, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.15:
        given = text(random, given, (*TEXTS, "[" * 50_000, '{"a":' * 5000, "NaN", "1" * 5000, ",", "}", '"'))
    content = given.encode(random.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252")), "replace")
    return damaged(random, content) if random.random() < 0.15 else content


def notebooks() -> Case:
    known = _notebooks()

    def case(random: Random) -> bool:
        content = notebook_bytes(random, known)
        try:
            found = parse_notebook(content)
        except UnreadableNotebook as error:
            if not str(error) or len(str(error)) > 1000:
                raise Wrong("no sentence, or a very long one") from None
            return False
        if random.random() < 0.05:
            nbformat.validate(found)
        nbformat.writes(found).encode("utf-8")
        sources = code_cells(found)
        assignment_name(found)
        if random.random() < 0.1:
            near_duplicates({"a": sources, "b": sources})
            for _ in render_cells(page_cells(found, None)):
                pass
        return True

    return case


NAMES = (
    *(
        "anna",
        "Zoë",
        "Zoe\u0308",
        "con",
        "..",
        ".",
        "",
        " ",
        "a" * 300,
        "é" * 120,
        "\u202egnp.",
        "a\0b",
        "\ud800",
        "😀",
    ),
    *("anna_12345_67890_cnn2", "annasmith_LATE_1_2_cnn2", "Anna Smith_123456_assignsubmission_file_", "__MACOSX"),
    *("submission_1", "submission_2", "submitted", "cnn2", "COM1", "-rf", "=1+1", "a:b", "C:\\x", "/etc", "~", "anna "),
    *("cnn2_2026_01_05T10_11_12_123456", "ＡＮＮＡ", "Strauß", "STRAUSS", ".hidden", ".ipynb_checkpoints"),
)
ENDINGS = (".ipynb", ".ipynb", ".ipynb", ".IPYNB", ".zip", ".py", "", ".ipynb.txt", "/", "\\x.ipynb", ".pdf")


def _name(random: Random) -> str:
    parts = [random.choice(NAMES) for _ in range(random.choice((1, 1, 2, 2, 3, 14)))]
    return random.choice(("/", "/", "/", "\\")).join(parts) + random.choice(ENDINGS)


def _files(random: Random, known: list[str], depth: int = 0) -> Files:
    """Files as one of the platforms packs them, or as nobody does."""
    small = [b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', b"", b"PK\x03\x04", b"x" * 2000]
    contents = [random.choice(small) for _ in range(6)]
    if random.random() < 0.3:
        contents.append(notebook_bytes(random, known))
    form = random.randrange(8)
    students = random.sample(("anna", "ben", "Zoë", "Anna", "carl"), 3)
    files: Files = []
    for at, student in enumerate(students):
        named = (
            f"{student}.ipynb",
            f"{student}/cnn2.ipynb",
            f"{student}_{at}123_{at}456_cnn2-{at}.ipynb",
            f"{student} Smith_{at}12345_assignsubmission_file_/cnn2.ipynb",
            f"assignment_1_export/submission_{at}/cnn2.ipynb",
            f"submitted/{student}/cnn2/cnn2.ipynb",
            f"{student}.zip",
            _name(random),
        )[form]
        content = random.choice(contents)
        if form == 6 and depth < 2:
            inner = [("cnn2.ipynb", content), (".OTTER_LOG", b"x"), *_files(random, known, depth + 1)[:1]]
            content = _packed(random, inner)
        files.append((named, content))
    if form == 4:
        files.append(("assignment_1_export/submission_metadata.yml", _metadata(random)))
    if form == 5:
        files.append(
            (f"submitted/{students[0]}/cnn2/timestamp.txt", random.choice((b"2026-01-05 10:11:12 UTC", b"\xff")))
        )
    files += [(_name(random), random.choice(contents)) for _ in range(random.choice((0, 0, 1, 3)))]
    return files


TAGGED = tuple(
    f"!!{tag} {value}" for tag in ("int", "bool", "timestamp", "binary", "float") for value in ("x", "''", "[]")
)


def _metadata(random: Random) -> bytes:
    """What Gradescope says of its submissions, with other values."""
    numbers = (*map(str, NUMBERS), "0x" + "f" * 5000, "1:59:59:59", "0o777", ".inf", "1" * 4400)
    values = (*numbers, *map(json.dumps, TEXTS), "*a", "&a [1, *a]", "!ruby/object:X {a: 1}", "2026-01-05 10:11:12 Z")
    odd = (
        "0001-01-01 00:00:00 +14:00",
        "9999-12-31 23:59:59 -12:00",
        "2026-99-99",
        "[" * 800,
        "{? [a]: b}",
        "!!set {}",
        *TAGGED,
    )
    records = []
    for at in range(3):
        name, number, email, at_time, late = (random.choice((*values, *odd)) for _ in range(5))
        records.append(
            f"submission_{at}:\n  :submitters:\n  - :name: {name}\n    :sid: {number}\n    :email: {email}\n"
            f"  :created_at: {at_time}\n  :lateness: {late}\n  :history:\n  - :id: {random.choice(values)}\n"
            f"    :created_at: {random.choice((*values, *odd))}\n"
        )
    given = "".join(records)
    if random.random() < 0.3:
        given = text(random, given, (*values, *odd, "---", "%YAML 9.9", "\t", "- ", ": ", "submission_1:"))
    return given.encode("utf-8", "surrogatepass")


def _packed(random: Random, files: Files) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files:
            info = zipfile.ZipInfo(random.choice((name, name, name, "x")) if "\0" in name else name)
            # ZipInfo cuts a name at a NUL; an attacker's program does not.
            info.filename = name.encode("utf-8", "replace").decode()
            info.compress_type = random.choice((0, 8, 8, 8, 12, 14))
            mode = random.choice((0o100644,) * 6 + (0, 0o120777, 0o040755, 0o060644, 0o010644))
            info.external_attr = mode << 16
            info.date_time = random.choice(((2026, 1, 5, 10, 11, 12), (1980, 1, 1, 0, 0, 0)))
            archive.writestr(info, content)
    content = held.getvalue()
    if random.random() < 0.1:
        content = content.replace(b"\x50\x4b\x01\x02\x14\x03", b"\x50\x4b\x01\x02\xff\xff")
    if random.random() < 0.4:
        # The directory at the end is what a reader believes.
        tail = random.choice((60, 200, 600, len(content)))
        content = content[:-tail] + damaged(random, content[-tail:])
    return content


def _tree(folder: Path, files: Files) -> None:
    """The files in a folder, as far as a file system takes their names."""
    for name, content in files:
        parts = [part for part in name.split("/") if part not in ("", "..", ".") and "\0" not in part]
        try:
            if parts:
                path = folder.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        except (OSError, UnicodeError):
            continue


def archives() -> Case:
    known = _notebooks()

    def case(random: Random) -> bool:
        files = _files(random, known)
        asked = random.choice((None, "cnn2", "cnn2.ipynb", ""))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            path = folder / "class.zip"
            if random.random() < 0.25:
                path = folder / "class"
                path.mkdir()
                _tree(path, files)
            else:
                path.write_bytes(_packed(random, files))
            return _taken_in(path, asked)

    return case


def _taken_in(path: Path, asked: str | None) -> bool:
    try:
        found = read_submissions(path, asked)
    except IntakeError:
        return False
    slugs = {one.slug.casefold() for one in found.submissions}
    if len(slugs) != len(found.submissions) or any("/" in slug or not slug for slug in slugs):
        raise Wrong("two submissions have one slug, or one has none")
    for one in found.submissions:
        if not one.student.isprintable() or ".." in one.submission.split("/"):
            raise Wrong(f"a student or a path that cannot be shown: {one.student!a} {one.submission!a}")
        try:
            parse_notebook(one.read())
        except UnreadableSubmission:
            continue
    return True


MAKERS = {"notebook": notebooks, "archive": archives}
