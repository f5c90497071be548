"""How well a question tells strong submissions from weak ones."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from autograder.core.language import gettext

# With fewer, the figure reflects chance rather than the question.
FEWEST = 10


def item_discrimination(pairs: Sequence[tuple[float, float]]) -> float | None:
    """The item-rest correlation: of a question's score with the score on all other questions.

    Args:
        pairs: (score on the question, score on the rest), one for each submission where the question was decided.

    Returns:
        Pearson's r in -1..1 (Ebel and Frisbie, Essentials of Educational Measurement, 1991, ch. 13: 0.4 and more is
        very good, below 0.2 poor, below 0 something is wrong with the question or its key); None for fewer than ten
        submissions, or if all have the same score.
    """
    if len(pairs) < FEWEST:
        return None
    scores, rest = zip(*pairs, strict=True)
    if max(scores) == min(scores) or max(rest) == min(rest):
        return None
    return statistics.correlation(scores, rest)


def discrimination_in_words(value: float) -> str:
    """What the figure means, in a word or two."""
    if value < 0:
        return gettext("the strong fail it: look at the question")
    return (
        gettext("separates poorly")
        if value < 0.2
        else gettext("separates")
        if value < 0.4
        else gettext("separates well")
    )
