"""What a class hands in: the solution with some cells rewritten, and what the mistakes among them cost."""

from typing import NamedTuple


class Slip(NamedTuple):
    """A notebook with mistakes: the cells that differ from the solution's, and for each question at which one costs
    points, words of what the student hears there. All other questions keep their points.
    """

    cells: dict[str, str]
    lost: dict[str, str]
