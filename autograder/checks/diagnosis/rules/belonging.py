"""Rules about targets that do not belong to their inputs: one of the two was shuffled, split or selected alone.

They read facts about the notebook's own arrays (claims, for wording).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.checks.diagnosis.rules.facts import Facts, number_of
from autograder.core.messages import message
from autograder.records.evidence import CapturedFit
from autograder.records.result import Finding

# The share of images that lie closest to the mean image of their own class is 0.77 for MNIST, 0.69 for Fashion-MNIST
# and 0.25 for CIFAR-10 (measured over 1,000 images of each); guessing gives 0.1, in a sample of 500 hardly ever 0.15.
_BY_CHANCE = 0.15
_ENOUGH = 400
# Correlations of targets with those of similar examples: from which they are telling, and which share of that is not.
_TELLING, _NOT_TELLING = 0.4, 0.2
# How many of the exercise's examples have to be among the student's; and how far their targets tell each other, from 0
# (as by chance) to 1: up to which they do not belong, and from which they do. Of 24 rows, shuffled, it was above 0.45
# in none of 1,200 draws with 2 to 46 classes; by ranks, of 64 rows above 0.43 in none of 1,000.
_FEWEST_PAIRS = 24
_LITTLE, _MOSTLY = 0.5, 0.9
# If nearly all rows have one label, any order of them is the right one.
_NEARLY_ALL = 0.9


def labels_of_other_images(facts: Facts) -> Finding | None:
    """Images are closest to the mean image of their own class no more often than by chance.

    Source: TheDeepChecker (Ben Braiek and Khomh, TOSEM 2023), corrupted labels; the operator "labels" of DeepCrime.
    For data of the course's own, what the solution's data reach decides. Where examples of the exercise's own are among
    the student's, their labels decide in place of that.
    """
    belong = _belong(facts) if facts.recipe.learns != "regression" else None
    if belong is not None:
        return None if belong.yes else _apart(belong)
    by_chance = _by_chance(facts)
    if facts.fit is None or by_chance is None:
        return None
    agreement, shape = number_of(facts.fit.targets, "agreement"), (facts.fit.inputs or {}).get("shape")
    if (
        agreement is None
        or agreement > (_by_chance(facts) or 0)
        or not isinstance(shape, list | tuple)
        or type(shape[0]) is not int
        or shape[0] < 2 * _ENOUGH
    ):
        return None
    return Finding(
        message=message(
            "cause.other_labels",
            "The labels that you train with do not seem to belong to the images: images with the same label are "
            "no more alike than any others.",
        ),
        hint=message(
            "hint.same_order", "Images and labels have to be shuffled, split and selected together, in the same order."
        ),
    )


def targets_of_other_examples(facts: Facts) -> Finding | None:
    """In a regression, similar examples have no more similar targets than any others.

    Source: TheDeepChecker, corrupted labels. How well the targets of similar examples tell one's own depends on the
    data: it is 0.53 for the diabetes data, and 0.07 at most in ten shuffles of them. So the solution's inputs of the
    same form decide; and where examples of the exercise's own are among the student's, their targets.
    """
    if facts.fit is None or facts.reference_fit is None or facts.recipe.learns != "regression":
        return None
    belong = _belong(facts)
    if belong is not None:
        return None if belong.yes else _apart(belong)
    own, wanted = (number_of(one.targets, "predictable") for one in (facts.fit, facts.reference_fit))
    forms = [((one.inputs or {}).get("shape") or [])[1:] for one in (facts.fit, facts.reference_fit)]
    if own is None or wanted is None or wanted < _TELLING or own > _NOT_TELLING * wanted or forms[0] != forms[1]:
        return None
    return Finding(
        message=message(
            "cause.other_targets",
            "The targets that you train with do not seem to belong to their inputs: similar inputs have targets that "
            "are no more alike than any others.",
        ),
        hint=message(
            "hint.same_order_of_rows",
            "Inputs and targets have to be shuffled, split and selected together, in the same order.",
        ),
    )


def _by_chance(facts: Facts) -> float | None:
    """The agreement of examples with their labels up to which it counts as chance; None if that cannot be said."""
    if facts.recipe.source is None:
        return _BY_CHANCE
    wanted = number_of(facts.reference_fit.targets, "agreement") if facts.reference_fit is not None else None
    if wanted is None or facts.classes < 2:
        return None
    chance = 1 / facts.classes
    # Only where the solution's own data are clearly above chance can their absence be seen.
    return chance + 0.2 * (wanted - chance) if wanted >= chance + 0.4 else None


@dataclass(frozen=True)
class _Belong:
    """What rows of the exercise's own say that are among the student's: `yes` if they have the targets that they have
    there, whatever these are called; how many `rows` there are."""

    yes: bool
    rows: int


def _belong(facts: Facts) -> _Belong | None:
    """Whether the student's examples have their own targets; None if too few of the exercise's are among them, or if
    they have them partly, as with other labels than the exercise's."""
    theirs, ours = _pairs(facts.fit), _pairs(facts.reference_fit)
    known = sorted(theirs.keys() & ours.keys())
    if len(known) < _FEWEST_PAIRS:
        return None
    own, wanted = (np.array([pairs[mark] for mark in known]) for pairs in (theirs, ours))
    shown = _rank_correlation(own, wanted) if facts.recipe.learns == "regression" else _consistency(own, wanted)
    if shown is None or _LITTLE < shown < _MOSTLY:
        return None
    return _Belong(shown >= _MOSTLY, len(known))


def _pairs(fit: CapturedFit | None) -> dict[str, float]:
    given = ((fit.targets if fit is not None else None) or {}).get("pairs")
    if not isinstance(given, dict):
        return {}
    return {mark: float(one) for mark, one in given.items() if type(one) in (int, float) and np.isfinite(one)}


def _consistency(own: np.ndarray, wanted: np.ndarray) -> float | None:
    """How far one label follows from the other: 1 if always, about 0 if no more than from a shuffled one."""
    share = _share_told(own, wanted)
    draw = np.random.RandomState(0)
    by_chance = float(np.mean([_share_told(draw.permutation(own), wanted) for _ in range(20)]))
    return (share - by_chance) / (1 - by_chance) if by_chance < _NEARLY_ALL else None


def _share_told(own: np.ndarray, wanted: np.ndarray) -> float:
    """The share of the rows whose own label is the most frequent one among those with the same wanted label."""
    told = [np.unique(own[wanted == label], return_counts=True)[1].max() for label in np.unique(wanted)]
    return float(sum(told) / len(own))


def _rank_correlation(own: np.ndarray, wanted: np.ndarray) -> float | None:
    """Without its sign: targets may be scaled, turned round, or a logarithm."""
    one, other = (np.argsort(np.argsort(each, kind="stable")).astype(np.float64) for each in (own, wanted))
    if own.std() == 0 or wanted.std() == 0:
        return None
    return abs(float(np.corrcoef(one, other)[0, 1]))


def _apart(belong: _Belong) -> Finding:
    return Finding(
        message=message(
            "cause.shuffled_apart",
            "The targets that you train with do not belong to their inputs: we know {rows} of your examples from the "
            "exercise, and their targets there have nothing to do with those that you give them.",
            rows=belong.rows,
        ),
        hint=message(
            "hint.same_order_of_rows",
            "Inputs and targets have to be shuffled, split and selected together, in the same order.",
        ),
    )
