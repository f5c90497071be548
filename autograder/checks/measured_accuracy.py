"""What is said about an accuracy that was measured."""

from __future__ import annotations

import statistics

from autograder.checks.score_statistics import chance_of_passing, interval
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message, nphrase, phrase
from autograder.datasets import DATASETS
from autograder.records.result import Finding
from autograder.records.training import Recipe, TrainingRun

# A network that learned nothing is right on about one image in ten; all our datasets have ten classes of like size.
CHANCE = 0.2
WIDE_GAP = 0.1
# How the one run was made, by how it ended.
_ONE_RUN = {
    "complete": ("where.own_run", gettext_noop("our own run: {how}")),
    "target": (
        "where.own_run_target",
        gettext_noop("our own run: {how}; it ended as soon as the accuracy was clearly reached"),
    ),
    "flat": (
        "where.own_run_flat",
        gettext_noop("our own run: {how}; it was given up half-way, because the network still guessed"),
    ),
}


def measured(run: TrainingRun, accuracies: tuple[float, ...], minimum: float, recipe: Recipe) -> Finding:
    """The finding for one run that decided, or for two that were both far below."""
    first, digits = accuracies[0], _telling_digits(accuracies[0], minimum)
    said = message(
        "accuracy.reached",
        "Your network reached a validation accuracy of {reached:.{digits}f}; {needed:.{digits}f} was needed.",
        reached=first,
        needed=minimum,
        digits=digits,
    )
    if len(accuracies) > 1:
        said = message(
            "accuracy.reached_twice",
            "Your network reached a validation accuracy of {reached:.{digits}f} ({again:.3f} from another random "
            "start); {needed:.{digits}f} was needed.",
            reached=first,
            again=accuracies[1],
            needed=minimum,
            digits=digits,
        )
    where = message(*_ONE_RUN[run.ended], how=_how(recipe))
    return Finding(message=said, where=where, hint=NOTHING if first >= minimum else _advice(run))


def measured_on_average(
    run: TrainingRun, accuracies: tuple[float, ...], minimum: float, recipe: Recipe, most_runs: int
) -> Finding:
    """The finding for the mean of several runs; `most_runs` is how many the question allows."""
    mean = mean_of(accuracies)
    low, high = interval(accuracies)
    return Finding(
        message=message(
            "accuracy.reached_on_average",
            "Your network reached a validation accuracy of {reached:.{digits}f} on average; {needed:.{digits}f} "
            "was needed. The first run left open whether luck had decided, being close to that or unlike the "
            "second: so we trained your network from {count} random starts, and their mean counts. By "
            "{confidence:.0%} confidence it lies between {low:.3f} and {high:.3f}. A network whose true mean "
            "lies one standard deviation below what is needed would pass this in {cases:.1f} of 100 cases.",
            reached=mean,
            needed=minimum,
            digits=_telling_digits(mean, minimum),
            count=len(accuracies),
            confidence=0.95,
            low=low,
            high=high,
            cases=100 * chance_of_passing(1, most_runs),
        ),
        where=message(
            "where.own_runs_each", "our own {count} runs, each: {how}", count=len(accuracies), how=_how(recipe)
        ),
        hint=NOTHING if mean >= minimum else _advice(run),
    )


def _how(recipe: Recipe) -> Message:
    return phrase(
        "{train:,} images of {dataset} to train, {validation:,} to validate, at most {epochs}",
        train=recipe.train,
        dataset=DATASETS[recipe.dataset].title,
        validation=recipe.validation,
        epochs=nphrase("one epoch", "{count} epochs", recipe.epochs, count=recipe.epochs),
    )


def mean_of(accuracies: tuple[float, ...]) -> float:
    """Rounded to a millionth, as accuracies are stored: the mean of equal accuracies is that accuracy."""
    return round(statistics.fmean(accuracies), 6)


def _telling_digits(reached: float, needed: float) -> int:
    """The number of decimals to print for both: three, or as many as it takes to tell them apart."""
    telling = (
        digits for digits in range(3, 6) if reached == needed or f"{reached:.{digits}f}" != f"{needed:.{digits}f}"
    )
    return next(telling, 6)


def _advice(run: TrainingRun) -> Message:
    best = max(run.training_accuracy, default=0.0)
    if run.accuracy < CHANCE:
        return message(
            "hint.guessing",
            "This is hardly better than guessing. Look at the last layer and its activation, the loss, "
            "and the learning rate.",
        )
    if best - run.accuracy > WIDE_GAP:
        return message(
            "hint.overfitting",
            "On the training images it was right far more often ({reached:.3f}), so it learns, but it does not "
            "carry over to new images. Look at what the network does against overfitting.",
            reached=best,
        )
    return message(
        "hint.too_slow",
        "It learns, but too slowly. Look at the layers and their order, the activations, and the optimizer.",
    )
