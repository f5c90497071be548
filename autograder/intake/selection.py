"""Which of several notebooks of one student is graded: the latest attempt, or the one with the assignment's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message
from autograder.intake.listing import Entry
from autograder.intake.submission import Ignored

# What Canvas, Moodle and browsers append to the name of a file that was handed in again: cnn2-1, cnn2 (1).
_AGAIN = re.compile(r"(?:-(\d{1,3})|\s*\((\d{1,3})\))$")
# otter.Notebook.export names its archive after the notebook and the moment.
_EXPORTED = re.compile(r"_(\d{4}_\d{2}_\d{2}T\d{2}_\d{2}_\d{2}_\d{1,6})\.zip$", re.IGNORECASE)
_COUNTED = {
    2: (
        "submission.two_notebooks",
        gettext_noop("Two notebooks of one student: {named}. Only one can be graded: keep the right one."),
    ),
    3: (
        "submission.three_notebooks",
        gettext_noop("Three notebooks of one student: {named}. Only one can be graded: keep the right one."),
    ),
}

Order = tuple[object, ...]


@dataclass(frozen=True)
class Selection:
    """The notebook that is graded, the attempts before it and what else lay there; or the problem, for the student."""

    chosen: Entry | None
    earlier: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    problem: Message = NOTHING


def select(
    entries: Sequence[Entry],
    notebook_name: str | None,
    *,
    name_of: Callable[[Entry], str] = lambda entry: entry.name,
    order: Callable[[Entry], Order] = lambda entry: (),
) -> Selection:
    """Choose among everything that one student handed in.

    Notebooks that differ in nothing but what a platform appends (`-1`, ` (1)`, otter's moment) are attempts of one
    work, and the latest counts. Of several works the one called `notebook_name` counts; where none is, that is a
    problem, because nobody but the student knows.

    Args:
        entries: the student's files.
        notebook_name: what the assignment's notebook is called.
        name_of: the file's name as the student gave it.
        order: sorts attempts, the latest last, before what the names say; a higher upload number, say.
    """
    notebooks = [entry for entry in entries if entry.is_notebook]
    others = tuple(Ignored(entry.path, why_not(entry)) for entry in entries if not entry.is_notebook)
    if not notebooks:
        held = ", ".join(name_of(entry) for entry in entries[:3])
        return Selection(None, (), others, _only(held, len(entries) - 3) if held else NOTHING)
    works: dict[str, list[Entry]] = {}
    for entry in notebooks:
        works.setdefault(_work(name_of(entry)), []).append(entry)
    wanted = _work(notebook_name if notebook_name is None or "." in notebook_name else f"{notebook_name}.ipynb")
    attempts = next(iter(works.values())) if len(works) == 1 else works.get(wanted, [])
    if not attempts:
        return Selection(None, (), others, several([entry.path for entry in notebooks]))
    ordered = sorted(attempts, key=lambda entry: (*order(entry), moment(entry), _again(name_of(entry)), entry.path))
    latest = ordered[-1]
    left = [Ignored(entry.path, f"an earlier attempt; {latest.path} is graded") for entry in ordered[:-1]]
    left += [
        Ignored(entry.path, f"{latest.path} is graded")
        for work in works.values()
        if work is not attempts
        for entry in work
    ]
    return Selection(latest, tuple(entry.path for entry in ordered[:-1]), (*others, *left))


def several(paths: Sequence[str]) -> Message:
    """That one student has several notebooks and nobody knows which of them counts, for the student."""
    named = tuple(paths[:3])
    if len(paths) in _COUNTED:
        return message(*_COUNTED[len(paths)], named=named)
    return message(
        "submission.many_notebooks",
        "{count} notebooks of one student: {named} (and {more} more). Only one can be graded: keep the right one.",
        count=len(paths),
        named=named,
        more=len(paths) - 3,
    )


def _only(held: str, more: int) -> Message:
    if more > 0:
        return message(
            "submission.only_more_files",
            "No notebook (.ipynb) was handed in, only {files} and {more} more.",
            files=held,
            more=more,
        )
    return message("submission.only_files", "No notebook (.ipynb) was handed in, only {files}.", files=held)


def moment(entry: Entry) -> str:
    """When otter exported the archive that holds the entry, so that later ones sort later; "" where it did not."""
    found = [_EXPORTED.search(part) for part in entry.parts[:-1]]
    return next((match.group(1) for match in reversed(found) if match), "")


def why_not(entry: Entry) -> str:
    """Why a file is no submission."""
    name = entry.name.lower()
    if name.endswith((".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".xz", ".bz2")):
        return "an archive inside: unpack it to have its notebooks graded"
    if ".ipynb." in name:
        return "not called a notebook: rename it so that it ends in .ipynb"
    return "not a notebook (.ipynb)"


def _work(name: str | None) -> str:
    stem = (name or "").rpartition(".")[0]
    return _AGAIN.sub("", stem).strip().casefold()


def _again(name: str) -> int:
    match = _AGAIN.search(name.rpartition(".")[0])
    return int(match.group(1) or match.group(2)) if match else 0
