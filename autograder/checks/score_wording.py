"""What the student reads about a score: what was reached, what was needed, how it was measured, and where to look."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from autograder.checks.mean_of_runs import chance_of_passing, interval
from autograder.checks.read_network import StudentNetwork
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, message, nphrase, phrase, verbatim
from autograder.records.metrics import Metric
from autograder.records.result import Finding
from autograder.records.training import Recipe, TrainingRun

# A network that learned nothing is right on about one image in ten: all built-in datasets have ten balanced classes.
CHANCE = 0.2
# For other data: how much better than a constant answer a network has to be to count as learning.
_BETTER = 0.05
WIDE_GAP = 0.1
_WIDE_RATIO = 1.5
# How a single run was made, by how it ended.
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
_SCORE_REACHED = (
    "where.own_run_score",
    gettext_noop("our own run: {how}; it ended as soon as what is needed was clearly reached"),
)


@dataclass(frozen=True)
class Measurement:
    """The measurement: the first run, the scores of all runs (the first run's first), and the score needed."""

    run: TrainingRun
    scores: tuple[float, ...]
    needed: float
    recipe: Recipe

    @property
    def metric(self) -> Metric:
        return self.recipe.scored_by

    def once(self) -> Finding:
        """The finding for one run that decided, or for two that were both far from the score needed."""
        first = self.scores[0]
        said = self._accuracy_once() if is_accuracy(self.metric) else self._score_once()
        template = _ONE_RUN[self.run.ended]
        if self.run.ended == "target" and not is_accuracy(self.metric):
            template = _SCORE_REACHED
        where = message(*template, how=how_trained(self.recipe))
        return Finding(message=said, where=where, hint=self._hint(first))

    def on_average(self, runs: int) -> Finding:
        """The finding for several runs whose mean decided, out of at most `runs`."""
        mean = mean_score(self.scores, self.recipe)
        said = self._without_mean()
        if math.isfinite(mean):
            on_average = self._accuracy_on_average if is_accuracy(self.metric) else self._score_on_average
            said = on_average(mean, runs)
        where = message(
            "where.own_runs_each",
            "our own {count} runs, each: {how}",
            count=len(self.scores),
            how=how_trained(self.recipe),
        )
        return Finding(message=said, where=where, hint=self._hint(mean))

    def on_hidden_rows(self) -> Finding:
        """The finding if hidden rows decided: one score, however many runs it is the mean of."""
        reached = mean_score(self.scores, self.recipe)
        if not math.isfinite(reached):
            return Finding(message=self._without_mean())
        # No more decimals than it has: the score was rounded, and what is needed is shown as it is set.
        decimals = len(f"{self.needed:.6f}".rstrip("0").partition(".")[2])
        said = message(
            "score.on_hidden_rows",
            "On examples that you have not seen, your network reaches this score: {metric} {reached:,.10g}; {needed} "
            "was needed.",
            reached=reached,
            **self._asked(decimals),
        )
        epochs = nphrase("one epoch", "{count} epochs", self.recipe.epochs, count=self.recipe.epochs)
        where = message(
            "where.own_run_hidden_rows",
            "our own training: {train:,} rows of {dataset}, at most {epochs}; scored on hidden rows",
            train=self.recipe.train,
            dataset=self.recipe.title,
            epochs=epochs,
        )
        return Finding(message=said, where=where, hint=self._hint(reached))

    def _hint(self, reached: float) -> Message:
        return NOTHING if self.metric.reaches(reached, self.needed) else _advice(self.run, self.recipe)

    def _asked(self, digits: int) -> dict[str, Message]:
        """What the sentences about a score other than accuracy name: the metric, and what of it was needed."""
        return {"metric": self.metric.shown, "needed": needed_phrase(self.metric, self.needed, digits)}

    def _accuracy_once(self) -> Message:
        first, digits = self.scores[0], telling_digits(self.scores[0], self.needed)
        if len(self.scores) == 1:
            return message(
                "accuracy.reached",
                "Your network reached a validation accuracy of {reached:.{digits}f}; {needed:.{digits}f} was needed.",
                reached=first,
                needed=self.needed,
                digits=digits,
            )
        return message(
            "accuracy.reached_twice",
            "Your network reached a validation accuracy of {reached:.{digits}f} ({again:.3f} from another random "
            "start); {needed:.{digits}f} was needed.",
            reached=first,
            again=self.scores[1],
            needed=self.needed,
            digits=digits,
        )

    def _accuracy_on_average(self, mean: float, runs: int) -> Message:
        low, high = interval(self.scores)
        return message(
            "accuracy.reached_on_average",
            "Your network reached a validation accuracy of {reached:.{digits}f} on average; {needed:.{digits}f} "
            "was needed. The first run left open whether luck had decided, being close to that or unlike the "
            "second: so we trained your network from {count} random starts, and their mean counts. By "
            "{confidence:.0%} confidence it lies between {low:.3f} and {high:.3f}. A network whose true mean "
            "lies one standard deviation below what is needed would pass this in {cases:.1f} of 100 cases.",
            reached=mean,
            needed=self.needed,
            digits=telling_digits(mean, self.needed),
            count=len(self.scores),
            confidence=0.95,
            low=low,
            high=high,
            cases=100 * chance_of_passing(1, runs),
        )

    def _score_once(self) -> Message:
        first = self.scores[0]
        digits = telling_digits(first, self.needed, self.metric)
        if len(self.scores) == 1 or not math.isfinite(self.scores[1]):
            return message(
                "score.reached",
                "What counts is the {metric} on the validation data: your network reached {reached:.{digits}f}, and "
                "{needed} was needed.",
                reached=first,
                digits=digits,
                **self._asked(digits),
            )
        return message(
            "score.reached_twice",
            "What counts is the {metric} on the validation data: your network reached {reached:.{digits}f} "
            "({again:.{digits}f} from another random start), and {needed} was needed.",
            reached=first,
            again=self.scores[1],
            digits=digits,
            **self._asked(digits),
        )

    def _without_mean(self) -> Message:
        """Some runs failed before the first validation: an error without an upper bound has no mean then."""
        return message(
            "score.no_mean",
            "What counts is the {metric} on the validation data, of which {needed} was needed. We trained your network "
            "from {count} random starts, and their mean counts; {failed} of them failed before anything was measured.",
            **self._asked(telling_digits(self.needed, self.needed, self.metric)),
            count=len(self.scores),
            failed=sum(not math.isfinite(score) for score in self.scores),
        )

    def _score_on_average(self, mean: float, runs: int) -> Message:
        low, high = interval(self.scores, self.metric)
        digits = telling_digits(mean, self.needed, self.metric)
        return message(
            "score.reached_on_average",
            "What counts is the {metric} on the validation data: your network reached {reached:.{digits}f} on average, "
            "and {needed} was needed. The first run left open whether luck had decided, so we trained your network "
            "from {count} random starts, and their mean counts. By {confidence:.0%} confidence it lies between "
            "{low:.{digits}f} and {high:.{digits}f}. A network whose true mean is one standard deviation worse than "
            "what is needed would pass this in {cases:.1f} of 100 cases.",
            reached=mean,
            digits=digits,
            **self._asked(digits),
            count=len(self.scores),
            confidence=0.95,
            low=low,
            high=high,
            cases=100 * chance_of_passing(1, runs),
        )


def after_repair(titles: tuple[Message, ...], reached: float, recipe: Recipe) -> Message:
    """The note that the score is missed only because of mistakes that have cost points at these questions."""
    metric = recipe.scored_by
    if recipe.own_preparation is not None:
        return message(
            "score.charged_on_hidden_rows",
            "With the mistakes repaired that have cost points at {titles}, and nothing else changed, your network "
            "reaches what is needed. The score is missed because of them, so it costs nothing here.",
            titles=titles,
        )
    if is_accuracy(metric):
        return message(
            "accuracy.charged",
            "With the mistakes repaired that have cost points at {titles}, and nothing else changed, your network "
            "reached {reached:.3f}. The accuracy is missed because of them, so it costs nothing here.",
            titles=titles,
            reached=reached,
        )
    return message(
        "score.charged",
        "With the mistakes repaired that have cost points at {titles}, and nothing else changed, your network reached "
        "{reached:.{digits}f}. The score is missed because of them, so it costs nothing here.",
        titles=titles,
        reached=reached,
        digits=telling_digits(reached, reached, metric),
    )


def is_accuracy(metric: Metric) -> bool:
    """Whether a score is called an accuracy."""
    return metric.title == "accuracy"


def needed_phrase(metric: Metric, needed: float, digits: int) -> Message:
    """The score needed, with its direction: "at least 0.9", "at most 3.2"."""
    if metric.higher_is_better:
        return phrase("at least {needed:.{digits}f}", needed=needed, digits=digits)
    return phrase("at most {needed:.{digits}f}", needed=needed, digits=digits)


def mean_score(scores: tuple[float, ...], recipe: Recipe) -> float:
    """The mean, rounded as scores are stored: the mean of equal scores is that score. On hidden rows it is rounded as
    it is shown: with all its digits, each further run would tell more of them."""
    mean = recipe.scored_by.rounded(statistics.fmean(scores))
    return mean if recipe.own_preparation is None else recipe.scored_by.rounded_on_hidden_rows(mean)


def telling_digits(reached: float, needed: float, metric: Metric | None = None) -> int:
    """The number of decimals to print for both: three, or as many as it takes to tell them apart.

    A score that is not between 0 and 1 has four significant digits, such as 512.3 or 0.001234.
    """
    least = 3
    if metric is not None and not metric.share:
        size = max(abs(reached), abs(needed))
        least = min(9, max(0, 3 - math.floor(math.log10(size)))) if 0 < size < math.inf else 3
    telling = (
        digits
        for digits in range(least, least + 3)
        if reached == needed or f"{reached:.{digits}f}" != f"{needed:.{digits}f}"
    )
    return next(telling, least + 3)


def how_trained(recipe: Recipe) -> Message:
    """How many rows of which data train and validate, and for how long."""
    epochs = nphrase("one epoch", "{count} epochs", recipe.epochs, count=recipe.epochs)
    if recipe.source is None:
        return phrase(
            "{train:,} images of {dataset} to train, {validation:,} to validate, at most {epochs}",
            train=recipe.train,
            dataset=recipe.title,
            validation=recipe.validation,
            epochs=epochs,
        )
    return phrase(
        "{train:,} rows of {dataset} to train, {validation:,} to validate, at most {epochs}",
        train=recipe.train,
        dataset=recipe.title,
        validation=recipe.validation,
        epochs=epochs,
    )


def class_names(recipe: Recipe, count: int) -> tuple[Message, ...]:
    """The names of the classes; their numbers if the data has no names."""
    if recipe.source is None:
        return tuple(map(phrase, recipe.classes))
    # A course's own names are plain text; ours have a translation.
    return tuple(map(verbatim, recipe.classes or map(str, range(count))))


def _advice(run: TrainingRun, recipe: Recipe) -> Message:
    metric = run.scored_by
    best = run.training_score
    if _guesses(run, recipe):
        if is_accuracy(metric):
            return message(
                "hint.guessing",
                "This is hardly better than guessing. Look at the last layer and its activation, the loss, "
                "and the learning rate.",
            )
        return message(
            "hint.same_answer",
            "This is hardly better than the same answer for every row. Look at the last layer and its activation, the "
            "loss, the size of the numbers that go in, and the learning rate.",
        )
    if not is_accuracy(metric):
        wide = metric.lead(best, run.score) > WIDE_GAP if metric.higher_is_better else run.score > _WIDE_RATIO * best
        if wide:
            return message(
                "hint.overfitting_score",
                "On the training data it did far better ({reached:.{digits}f}), so it learns, but it does not carry "
                "over to new data. Look at what the network does against overfitting.",
                reached=best,
                digits=telling_digits(best, run.score, metric),
            )
    elif best - run.score > WIDE_GAP:
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


def _guesses(run: TrainingRun, recipe: Recipe) -> bool:
    if recipe.source is None and is_accuracy(run.scored_by):
        return run.score < CHANCE
    if run.baseline is None:
        return run.scored_by.name == "auc" and run.score < 0.5 + _BETTER
    towards_perfect = _BETTER * abs(run.scored_by.perfect - run.baseline)
    return run.scored_by.lead(run.score, run.baseline) < towards_perfect


def unused_compilation(student: StudentNetwork) -> Finding:
    """For the student: the run did not use all of how the network was compiled, because some of it cannot be read."""
    problem = student.compilation.problem
    torch = student.captured is not None and student.captured.framework == "torch"
    said = message(
        "accuracy.compile_unused", "What you gave to `compile` was not used as a whole: {problem}", problem=problem
    )
    if torch:
        said = message(
            "accuracy.training_unused",
            "Your optimizer and your criterion were not used as a whole: {problem}",
            problem=problem,
        )
    nothing = problem.code in ("compile.missing", "compile.unused")
    return Finding(
        message=problem if nothing else said,
        hint=message("hint.usual_settings", "Our run used the usual settings in its place."),
    )
