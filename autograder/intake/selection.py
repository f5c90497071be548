"""Which of several notebooks of one student is graded: the latest attempt, or the one with the assignment's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message
from autograder.intake.listing import Entry, stem_of
from autograder.intake.notebook import parse_notebook
from autograder.intake.script import MAX_SCRIPT_BYTES, is_notebook_script
from autograder.intake.submission import MAX_NOTEBOOK_BYTES, Ignored, UnreadableSubmission

# Suffixes that Canvas, Moodle and browsers add to a file that is handed in again: cnn2-1, cnn2 (1).
_AGAIN = re.compile(r"(?:-(\d{1,3})|\s*\((\d{1,3})\))$")
# Copy of cnn2, Kopie von cnn2; cnn2-Copy1, cnn2 - Copy, cnn2 - Kopie (2), cnn2 copy 2.
_COPY_OF = re.compile(r"^\s*(?:copy of|kopie von|copie de|copia di|copia de|cópia de|kopie van)[ _]+", re.IGNORECASE)
_COPY = re.compile(r"[\s_-]+(?:copy|kopie|copie|copia|cópia)[\s_-]*(?:\(?\d{0,3}\)?)\s*$", re.IGNORECASE)
# otter.Notebook.export names its archive after the notebook and the time.
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

# The most of one student's files that are opened to find out which one counts.
_MOST_COMPARED = 20
_MOST_SCRIPTS = 20

Order = tuple[object, ...]


@dataclass(frozen=True)
class Sought:
    """The notebook to look for in a student's files.

    `name` is the name of the assignment's notebook, None if unknown; `handout` holds the cells of the notebook as
    students got it.
    """

    name: str | None = None
    handout: frozenset[str] | None = None

    @classmethod
    def of(cls, name: str | None, handout: bytes | None) -> Sought:
        """From the bytes of the handout, which are ignored if they are not a notebook."""
        cells = _cells(handout) if handout is not None else None
        return cls(name, None if cells is None else frozenset(cells))

    def is_untouched(self, cells: Sequence[str] | None) -> bool:
        """Whether a notebook contains nothing but the handout's cells."""
        return self.handout is not None and cells is not None and self.handout.issuperset(cells)


@dataclass(frozen=True)
class Selection:
    """The notebook to grade, the earlier attempts and the other files; or the problem, for the student."""

    chosen: Entry | None
    earlier: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    problem: Message = NOTHING


def select(
    entries: Sequence[Entry],
    sought: Sought,
    *,
    name_of: Callable[[Entry], str] = lambda entry: entry.name,
    order: Callable[[Entry], Order] = lambda entry: (),
) -> Selection:
    """Choose among everything that one student handed in.

    The unchanged handout does not count next to an edited notebook, and of notebooks with the same cells one counts.
    Notebooks whose names differ only in what a platform appends (`-1`, ` (1)`, otter's time) are attempts at the same
    work, and the latest counts. Of several works the one called `sought.name` counts, or a copy of it; if there is
    none, or the order of the attempts is unknown, that is a problem: only the student knows which one counts.

    Args:
        entries: the student's files.
        sought: the notebook to look for.
        name_of: the file's name as the student gave it.
        order: sort key of attempts, the latest last, which precedes the names: an upload number, for example.
    """
    found = notebooks_among(entries)
    others = tuple(Ignored(entry.path, why_not(entry)) for entry in entries if entry not in found)
    if not found:
        shut = next((entry for entry in entries if entry.is_packed), None)
        if shut is not None:
            return Selection(None, (), others, not_opened(shut))
        held = ", ".join(name_of(entry) for entry in entries[:3])
        return Selection(None, (), others, _only(held, len(entries) - 3) if held else NOTHING)

    def place(entry: Entry) -> Order:
        return (*order(entry), moment(entry), _again(name_of(entry)))

    notebooks, set_aside = worked(sorted(found, key=lambda entry: (place(entry), entry.path)), sought)
    others += set_aside
    attempts = _attempts(notebooks, sought, name_of)
    if not attempts or (len(attempts) > 1 and place(attempts[-1]) == place(attempts[-2])):
        return Selection(None, (), others, several([entry.path for entry in attempts or notebooks]))
    latest = attempts[-1]
    left = [Ignored(entry.path, f"an earlier attempt; {latest.path} is graded") for entry in attempts[:-1]]
    left += [Ignored(entry.path, f"{latest.path} is graded") for entry in notebooks if entry not in attempts]
    return Selection(latest, tuple(entry.path for entry in attempts[:-1]), (*others, *left))


def notebooks_among(entries: Sequence[Entry]) -> list[Entry]:
    """The notebooks among a student's files; if there are none, the Python files that are notebooks in another format.

    Python files must be opened to tell, so only a few are examined.
    """
    found = [entry for entry in entries if entry.is_notebook]
    return found or [entry for entry in [one for one in entries if one.is_script][:_MOST_SCRIPTS] if _is_script(entry)]


def worked(notebooks: Sequence[Entry], sought: Sought) -> tuple[list[Entry], tuple[Ignored, ...]]:
    """The notebooks that may count, and those that do not: unchanged handouts next to an edited one, and duplicates.

    Of duplicates the last one stays. Nothing is opened if there is only one notebook, or an implausible number.
    """
    if not 1 < len(notebooks) <= _MOST_COMPARED:
        return list(notebooks), ()
    cells = [_cells_of(entry) for entry in notebooks]
    touched = [not sought.is_untouched(held) for held in cells]
    kept: list[Entry] = []
    left: list[Ignored] = []
    for index, entry in enumerate(notebooks):
        again = next((later for later in range(len(notebooks) - 1, index, -1) if cells[later] == cells[index]), None)
        if any(touched) and not touched[index]:
            left.append(Ignored(entry.path, "the assignment's notebook as it was handed out"))
        elif again is not None and cells[index] is not None:
            left.append(Ignored(entry.path, f"the same as {notebooks[again].path}"))
        else:
            kept.append(entry)
    return kept, tuple(left)


def _cells_of(entry: Entry) -> tuple[str, ...] | None:
    try:
        return None if entry.problem else _cells(entry.fetch(MAX_NOTEBOOK_BYTES))
    except UnreadableSubmission:
        return None


def _cells(content: bytes) -> tuple[str, ...] | None:
    """The sources of a notebook's cells, without empty ones and trailing spaces; None if it cannot be read."""
    try:
        cells = parse_notebook(content).cells
    except UnreadableSubmission:
        return None
    sources = ("\n".join(line.rstrip() for line in cell.source.splitlines()).strip() for cell in cells)
    return tuple(source for source in sources if source)


def _is_script(entry: Entry) -> bool:
    try:
        return is_notebook_script(entry.fetch(MAX_SCRIPT_BYTES))
    except UnreadableSubmission:
        return False


def _attempts(notebooks: list[Entry], sought: Sought, name_of: Callable[[Entry], str]) -> list[Entry]:
    """The notebooks that are one work: all, those with the name looked for, or its copies; none if that is unclear."""
    for name in (_work, _original):
        works: dict[str, list[Entry]] = {}
        for entry in notebooks:
            works.setdefault(name(stem_of(name_of(entry))), []).append(entry)
        if len(works) == 1:
            return notebooks
        if sought.name is not None and (called := works.get(name(_stem(sought.name)))):
            return called
    return []


def several(paths: Sequence[str]) -> Message:
    """For the student: there are several notebooks, and it is unknown which of them counts."""
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
    """When otter exported the archive that holds the entry, as a sortable text; "" if otter did not."""
    found = [_EXPORTED.search(part) for part in entry.parts[:-1]]
    return next((match.group(1) for match in reversed(found) if match), "")


def why_not(entry: Entry) -> str:
    """Why a file is not a submission."""
    if entry.is_packed:
        return f"an archive that was not opened: {not_opened(entry).english}"
    if ".ipynb." in entry.name.lower():
        return "not called a notebook: rename it so that it ends in .ipynb"
    return "not a notebook (.ipynb)"


def not_opened(entry: Entry) -> Message:
    """Why an archive was not opened, for the student."""
    return entry.problem or message(
        "submission.packing",
        "{file} is packed in a way that is not read here. Hand in the notebook itself, or an ordinary zip.",
        file=entry.name,
    )


def _stem(notebook_name: str) -> str:
    return stem_of(notebook_name) if "." in notebook_name else notebook_name


def _work(stem: str) -> str:
    return _AGAIN.sub("", stem).strip().casefold()


def _original(stem: str) -> str:
    """The name of the file that this one is a copy of, by the naming of Jupyter, Colab, Windows and macOS."""
    return _work(_COPY.sub("", _COPY_OF.sub("", stem)))


def _again(name: str) -> int:
    match = _AGAIN.search(stem_of(name))
    return int(match.group(1) or match.group(2)) if match else 0
