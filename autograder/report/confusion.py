"""A confusion matrix for the page: the most common mistakes in a sentence, and cells shaded by their counts."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.core.language import gettext, ngettext
from autograder.records.result import PredictionsExhibit


@dataclass(frozen=True)
class Cell:
    """How many images; `heat` is 2 for at least a tenth of the images of their true class, 1 for fewer."""

    count: int
    heat: int


@dataclass(frozen=True)
class ConfusionView:
    """The matrix, a row for each true class, and its summary."""

    rows: tuple[tuple[Cell, ...], ...]
    gist: str


def confusion(exhibit: PredictionsExhibit) -> ConfusionView:
    """The matrix of an exhibit, ready for the page."""
    rows = tuple(
        tuple(Cell(count, 2 if 10 * count >= sum(row) > 0 else 1) for count in row) for row in exhibit.confusion
    )
    return ConfusionView(rows, _gist(exhibit))


def _gist(exhibit: PredictionsExhibit) -> str:
    matrix = exhibit.confusion
    images = sum(map(sum, matrix))
    wrong = sorted(
        (
            (-count, truth, taken)
            for truth, row in enumerate(matrix)
            for taken, count in enumerate(row)
            if truth != taken
        )
    )
    missed = -sum(count for count, _, _ in wrong)
    if not exhibit.images:
        return _gist_of_rows(exhibit, images, missed, wrong)
    if not missed:
        return gettext("All {images:,} validation images were recognized at the end of our run.", images=images)
    gist = ngettext(
        "At the end of our run, {missed:,} of {number} validation image were taken for something else",
        "At the end of our run, {missed:,} of {number} validation images were taken for something else",
        images,
        missed=missed,
    )
    taken_for = [sum(row[column] for row in matrix) for column in range(len(matrix))]
    favourite = taken_for.index(max(taken_for))
    if 10 * taken_for[favourite] >= 9 * images:
        return gettext("{gist}: nearly every image was taken for {name}.", gist=gist, name=exhibit.classes[favourite])
    often = _with_commonest(gist, exhibit, wrong)
    below = gettext("Below are those it was surest of.")
    return f"{often} {below}" if exhibit.mistakes else often


def _gist_of_rows(exhibit: PredictionsExhibit, rows: int, missed: int, wrong: list[tuple[int, int, int]]) -> str:
    if not missed:
        return gettext("All {rows:,} validation rows were recognized at the end of our run.", rows=rows)
    gist = ngettext(
        "At the end of our run, {missed:,} of {number} validation row was taken for another class",
        "At the end of our run, {missed:,} of {number} validation rows were taken for another class",
        rows,
        missed=missed,
    )
    return _with_commonest(gist, exhibit, wrong)


def _with_commonest(gist: str, exhibit: PredictionsExhibit, wrong: list[tuple[int, int, int]]) -> str:
    """The sentence with the commonest mistake; `wrong` holds (-count, true class, predicted class), sorted."""
    count, truth, taken = wrong[0]
    return ngettext(
        "{gist}; most often {truth} for {taken} ({number} time).",
        "{gist}; most often {truth} for {taken} ({number} times).",
        -count,
        gist=gist,
        truth=exhibit.classes[truth],
        taken=exhibit.classes[taken],
    )
