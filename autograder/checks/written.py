"""A question that the student answers in words: the autograder finds the answer, and it needs review."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from autograder.checks.base import Context, NotebookCell, Question
from autograder.core.data import Data
from autograder.core.messages import message
from autograder.records.result import Finding, TextExhibit, Verdict

LONGEST_SHOWN = 5000

_HEADING = re.compile(r"^ {0,3}#{1,6}(\s|$)")
# A line of code that may contain words.
_SAYS = re.compile(r"#|[\"']")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


class RubricLine(Data):
    """What an answer has to say to earn `points`, for the reviewer."""

    points: float = Field(ge=0, le=1000)
    text: str = Field(min_length=1, max_length=500)


class Written(Question):
    """Text in the notebook, below the question.

    The answer begins at the cell that carries the metadata `{"autograder": {"question": "<id>"}}`, or, if a tool has
    dropped the metadata, after the heading line `heading`. It ends before the next heading of the handout, or the next
    cell that carries the metadata of a question; if several cells carry this question's, all are read. Text cells
    count, and code cells that hold only comments; the line `placeholder` and the handout's own lines do not.
    The points need review; the reviewer sees the whole notebook next to the `rubric`. It earns no points without review
    only if the place is there, nothing was written in it, and no other line in that part of the notebook is the
    student's own, unless `empty_waits`.
    """

    kind: Literal["written"]
    heading: str = Field(default="", max_length=200)
    placeholder: str = Field(default="Write your answer here.", max_length=500)
    rubric: tuple[RubricLine, ...] = Field(default=(), max_length=9)
    empty_waits: bool = False

    @model_validator(mode="after")
    def _rubric_within_points(self) -> Self:
        beyond = [line.points for line in self.rubric if line.points > self.points]
        if beyond:
            raise ValueError(f"a line of the rubric gives {max(beyond):g} points, the question has {self.points:g}")
        return self

    @property
    def needs_manual_grading(self) -> bool:
        return True

    def judge(self, context: Context) -> Verdict:
        answer = find_answer(
            context.cells,
            self.id,
            heading=self.heading,
            placeholder=self.placeholder,
            handout=context.handout,
        )
        if answer is None:
            return self.verdict(
                "needs_review",
                0.0,
                Finding(
                    message=message(
                        "written.place_gone_text",
                        "The place for this answer is no longer in the notebook, so no text was found.",
                    ),
                    hint=message(
                        "hint.answered_elsewhere",
                        "If you answered elsewhere, the person who reads your notebook will find it there.",
                    ),
                ),
            )
        where = message("where.cell", "cell {number}", number=answer.cell + 1)
        if not answer.text:
            surely = answer.place_found and bool(context.handout) and not self.empty_waits
            untouched = surely and not _own_lines(context, answer.cell, self.id, self.placeholder)
            return self.verdict(
                "not_reached" if untouched else "needs_review",
                0.0,
                Finding(
                    message=message("written.empty", "Nothing was written here."),
                    where=where,
                    hint=message("hint.write_below", "Write your answer below the question."),
                ),
            )
        text = answer.text
        if len(text) > LONGEST_SHOWN:
            text = text[:LONGEST_SHOWN] + " […]"
        return self.verdict(
            "needs_review",
            0.0,
            Finding(
                message=message("written.found", "Your answer was found; a person reads it and gives the points."),
                where=where,
            ),
            exhibits=(TextExhibit(text=text),),
        )


@dataclass(frozen=True)
class Answer:
    """The text below a question, without headings and placeholder; `cell` is where its place begins.

    place_found: whether the cell for the answer is there, by its metadata, its placeholder or as an empty cell.
    """

    text: str
    cell: int
    place_found: bool = True


def find_answer(
    cells: Sequence[NotebookCell],
    question: str,
    *,
    heading: str,
    placeholder: str,
    handout: frozenset[str] = frozenset(),
) -> Answer | None:
    """What was written below a question; None if neither its cell nor its heading is in the notebook.

    A cell that was split, or copied below an old draft, has the question's metadata more than once, and a copy of the
    question's own cell has its heading: all of them count. If the `handout` is known, what a student wrote into the
    question's own cell, and between it and the place for the answer, counts too, and a heading that is not in the
    handout ends nothing.
    """
    printed = _bare_lines(handout)
    marked = [position for position, cell in enumerate(cells) if _question_of(cell) == question]
    own = [position for position, cell in enumerate(cells) if heading and _has_heading(cell, heading)]
    pieces: list[tuple[int, list[str]]] = []
    for position in own if printed or not marked else ():
        if printed:
            pieces.append((cells[position].index, list(_below_heading(cells[position], heading, printed))))
        pieces += _until_next_part(cells[position + 1 :], printed)
    for position in marked:
        pieces.append((cells[position].index, _text_lines(cells[position])))
        pieces += _until_next_part(cells[position + 1 :], printed)
    if not own and not marked:
        return None
    no_answer = printed | {_bare(placeholder)}
    texts: dict[str, int] = {}
    for cell, lines in sorted(pieces, key=lambda piece: piece[0]):
        text = "\n".join(line for line in lines if not _bare(line) or _bare(line) not in no_answer).strip()
        if text:
            texts.setdefault(text, cell)
    begins = cells[(marked or own)[0]].index
    blank = {cell.index for cell in cells if cell.kind != "code" and not cell.source.strip()}
    place_found = bool(marked) or any(
        cell in blank or _bare(placeholder) in map(_bare, lines) for cell, lines in pieces
    )
    return Answer("\n\n".join(texts), min(texts.values(), default=begins), place_found)


def _own_lines(context: Context, place: int, question: str, placeholder: str) -> bool:
    """Whether the part of the notebook around an answer's place holds a line of text that was not handed out."""
    start = next(at for at, cell in enumerate(context.cells) if cell.index == place)
    first = next((at for at in range(start, -1, -1) if _begins_part(context.cells[at])), 0)
    end = len(context.cells)
    for at in range(start + 1, end):
        if _begins_part(context.cells[at]) or _question_of(context.cells[at]) not in (None, question):
            # The following content may be in the same cell as the next heading, above it.
            end = at + 1
            break
    given = _bare_lines(context.handout) | {_bare(placeholder), ""}
    return any(
        _bare(line) not in given and (cell.kind != "code" or _SAYS.search(line))
        for cell in context.cells[first:end]
        for line in cell.source.splitlines()
    )


def _begins_part(cell: NotebookCell) -> bool:
    return cell.kind == "markdown" and any(_HEADING.match(line) for line in cell.source.splitlines())


def _until_next_part(cells: Sequence[NotebookCell], printed: frozenset[str]) -> list[tuple[int, list[str]]]:
    """The cells and their lines up to a question's place or a heading: the handout's, if that is known."""
    pieces = []
    for cell in cells:
        if _question_of(cell) is not None:
            break
        lines = list(_before_heading(cell, _text_lines(cell), printed))
        pieces.append((cell.index, lines))
        if len(lines) < len(_text_lines(cell)):
            break
    return pieces


def _before_heading(cell: NotebookCell, lines: Sequence[str], printed: frozenset[str]) -> Iterator[str]:
    fenced = False
    for line in lines:
        fenced ^= bool(_FENCE.match(line))
        ends = cell.kind == "markdown" and not fenced and _HEADING.match(line)
        if ends and (not printed or _bare(line) in printed):
            return
        yield line


def _below_heading(cell: NotebookCell, heading: str, printed: frozenset[str]) -> Iterator[str]:
    lines = cell.source.splitlines()
    first = next(at for at, line in enumerate(lines) if _HEADING.match(line) and _bare(line) == _bare(heading))
    return _before_heading(cell, lines[first + 1 :], printed)


@lru_cache(maxsize=16)
def _bare_lines(lines: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_bare, lines)) - {""}


def _text_lines(cell: NotebookCell) -> list[str]:
    lines = cell.source.splitlines()
    if cell.kind != "code":
        return lines
    if all(not line.strip() or line.lstrip().startswith("#") for line in lines):
        return [line.lstrip().lstrip("#").removeprefix(" ") for line in lines]
    return []


def _has_heading(cell: NotebookCell, heading: str) -> bool:
    return cell.kind == "markdown" and any(
        _HEADING.match(line) and _bare(line) == _bare(heading) for line in cell.source.splitlines()
    )


def _question_of(cell: NotebookCell) -> Any:
    ours = cell.metadata.get("autograder")
    return ours.get("question") if isinstance(ours, dict) else None


def _bare(line: str) -> str:
    """A line without markup and case, so that `*Write your answer here.*` is still the placeholder."""
    return re.sub(r"[\s#*_>`.:…]+", " ", line).strip().casefold()
