"""Rules about the targets that a student passes to `fit`: from facts about the notebook's own arrays (claims).

Those of `WRONG` are mistakes whatever the exercise; `checks.training_targets` says when they cost points.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from autograder.checks.diagnosis.rules.facts import CROSSENTROPIES, Facts, Trained, number_of
from autograder.core.messages import message
from autograder.network.architecture import Architecture
from autograder.records.evidence import CapturedFit
from autograder.records.result import Finding

# How far the sum of a row of probabilities may be off: float16 adds a thousand classes to within a hundredth.
_SUM = 0.02
# A column that is a copy of the target, possibly scaled, correlates with it by 1; measured data hardly ever by this.
_COPY = 0.9999
_CLOSE = 0.999
_OTHER_SCALE = 4.0
NOT_FINITE = message(
    "hint.not_finite",
    "One such number makes every weight NaN. Missing values in the data, a division by 0 and a logarithm of 0 make "
    "them: `np.isnan(x).sum()` tells how many there are.",
)
_SPARSE = "sparse_categorical_crossentropy"
OnTargets = Callable[[Trained], Finding | None]


def labels_not_whole(facts: Trained) -> Finding | None:
    """Class indices, for the sparse cross-entropy, of which some are not whole numbers: Keras rounds them down.

    Source: Humbatova et al., Taxonomy of Real Faults (ICSE 2020), wrong labels; program 59325381 of their benchmark
    (EMSE 2025), which divides images and labels by 255. Regression targets and smoothed rows have other losses.
    """
    if facts.fit is None or _loss(facts) != _SPARSE or not number_of(facts.fit.targets, "fractions"):
        return None
    if facts.reference_fit is not None and number_of(facts.reference_fit.targets, "fractions"):
        return None
    low, high = number_of(facts.fit.targets, "minimum"), number_of(facts.fit.targets, "maximum")
    return Finding(
        message=message(
            "cause.labels_not_whole",
            "Your labels, between {low:.3g} and {high:.3g}, are not whole numbers. The loss reads them as the numbers "
            "of classes and rounds them down, so different classes become the same one.",
            low=low or 0,
            high=high or 0,
        ),
        hint=message(
            "hint.labels_untouched", "Only the inputs are scaled. Which line changes the labels, and do they need it?"
        ),
    )


def labels_outside(facts: Trained) -> Finding | None:
    """Class indices below 0, or as large as the number of outputs or larger; for the binary loss targets outside 0..1.

    Source: Keras, `SparseCategoricalCrossentropy` (indices in [0, num_classes)) and `BinaryCrossentropy` (targets 0 or
    1); UMLAUT and TheDeepChecker check labels against outputs. A loss with `ignore_class`, and hinge losses with -1
    and +1, are not meant.
    """
    if facts.fit is None or facts.compilation is None:
        return None
    loss, units = _loss(facts), output_size(facts.architecture)
    if loss == _SPARSE and units is not None and facts.compilation.loss.settings.get("ignore_class") is None:
        if facts.fit.loop is not None:
            return None  # PyTorch leaves out the class `ignore_index`, and refuses all others outside
        allowed = units - 1
    elif loss in ("binary_crossentropy", "binary_focal_crossentropy"):
        allowed = 1
    else:
        return None
    if not _beyond(facts.fit, allowed) or (facts.reference_fit is not None and _beyond(facts.reference_fit, allowed)):
        return None
    low, high = number_of(facts.fit.targets, "minimum") or 0, number_of(facts.fit.targets, "maximum") or 0
    if loss != _SPARSE:
        return Finding(
            message=message(
                "cause.targets_outside",
                "Your targets lie between {low:g} and {high:g}, but your loss compares probabilities, so it needs "
                "targets between 0 and 1.",
                low=low,
                high=high,
            ),
            hint=message("hint.targets_outside", "Print `np.unique` of the targets, and what the loss expects."),
        )
    return Finding(
        message=message(
            "cause.labels_outside",
            "Your labels lie between {low:g} and {high:g}. The number of outputs of your network is {units}, so "
            "classes are numbered from 0 to {last}.",
            units=units,
            last=allowed,
            low=low,
            high=high,
        ),
        hint=message(
            "hint.labels_outside",
            "Do the labels begin at 0, and are there as many outputs as classes? Print `np.unique` of the labels.",
        ),
    )


def _beyond(fit: CapturedFit, allowed: int) -> bool:
    """Whether some of the targets are below 0 or above `allowed`."""
    low, high = number_of(fit.targets, "minimum"), number_of(fit.targets, "maximum")
    return low is not None and high is not None and (low < 0 or high > allowed)


def rows_do_not_add_up(facts: Trained) -> Finding | None:
    """Rows of targets for the categorical cross-entropy that do not add up to 1.

    Source: Keras, `CategoricalCrossentropy` (one-hot or probabilities); TheDeepChecker, labels. Smoothed and mixed
    labels add up to 1, and an assignment whose own solution has other rows decides otherwise.
    """
    if facts.fit is None or _loss(facts) not in CROSSENTROPIES - {_SPARSE}:
        return None
    sums = [number_of(facts.fit.targets, name) for name in ("lowest_sum", "highest_sum")]
    if all(one is None or abs(one - 1) <= _SUM for one in sums):
        return None
    if facts.reference_fit is not None:
        wanted = [number_of(facts.reference_fit.targets, name) for name in ("lowest_sum", "highest_sum")]
        if any(one is not None and abs(one - 1) > _SUM for one in wanted):
            return None
    low, high = sums[0] or 0, sums[1] or 0
    if high - low <= _SUM * high:
        said = message(
            "cause.rows_add_up_to",
            "The rows of your labels add up to {sum:.3g} each. The loss reads a row as probabilities, which add up to "
            "1.",
            sum=high,
        )
    else:
        said = message(
            "cause.rows_do_not_add_up",
            "The rows of your labels add up to between {low:.3g} and {high:.3g}. The loss reads a row as "
            "probabilities, which add up to 1.",
            low=low,
            high=high,
        )
    return Finding(
        message=said,
        hint=message(
            "hint.one_hot_rows",
            "In a one-hot row there is a single 1. Print the first rows: which line changed them afterwards?",
        ),
    )


def targets_not_finite(facts: Trained) -> Finding | None:
    """NaN or infinity among the targets, where the solution's have none.

    Source: TheDeepChecker and SageMaker Debugger, invalid values in the data.
    """
    if facts.fit is None or not number_of(facts.fit.targets, "not_finite"):
        return None
    if facts.reference_fit is not None and number_of(facts.reference_fit.targets, "not_finite"):
        return None
    return Finding(
        message=message("cause.targets_not_finite", "Among your targets there are some that are NaN or infinite."),
        hint=NOT_FINITE,
    )


def targets_among_inputs(facts: Trained) -> Finding | None:
    """A column of the inputs, or a step of a sequence, that is the target, possibly scaled; the solution's have none.

    Source: Kaufman et al., Leakage in Data Mining (TKDD 2012); Yang et al., Data Leakage in Notebooks (ASE 2022).
    """
    if facts.fit is None or facts.reference_fit is None:
        return None
    copied, wanted = number_of(facts.fit.targets, "copied"), number_of(facts.reference_fit.targets, "copied")
    if copied is None or copied < _COPY or wanted is None or wanted >= _CLOSE:
        return None
    return Finding(
        message=message(
            "cause.targets_among_inputs",
            "One of the numbers that you give to the network for each example is its target itself, so there is "
            "nothing to learn, and on new examples, whose target is unknown, the network is of no use.",
        ),
        hint=message(
            "hint.target_column", "Which columns or steps go into the inputs, and where is the target left out?"
        ),
    )


def targets_of_other_scale(facts: Facts) -> Finding | None:
    """Targets of a regression whose spread is more than four times that of the solution's own, or less than a quarter.

    Source: none of the tools, which know no reference; scaling targets is good practice (Bishop 1995, section 8.2), so
    it is named only as something to remember, and only if the solution does otherwise.
    """
    if facts.fit is None or facts.reference_fit is None or facts.recipe.learns != "regression":
        return None
    own, wanted = (number_of(one.targets, "standard_deviation") for one in (facts.fit, facts.reference_fit))
    if not own or not wanted or 1 / _OTHER_SCALE <= own / wanted <= _OTHER_SCALE or facts.scaled_back:
        return None
    return Finding(
        message=message(
            "cause.targets_of_other_scale",
            "You train on targets of another scale: they spread by {own:.3g}, and those of the exercise by "
            "{wanted:.3g}. Nothing in your notebook turns predictions back, so errors are not in its units.",
            own=own,
            wanted=wanted,
        ),
        hint=message("hint.scale_back", "What was done to the targets has to be undone for each prediction."),
    )


def _loss(facts: Trained) -> str:
    """The loss that the student compiled; "" if there is none, or several."""
    if facts.compilation is None or facts.compilation.problem or facts.compilation.losses:
        return ""
    return facts.compilation.loss.name


def output_size(architecture: Architecture) -> int | None:
    """How many values the last layer gives for each example or step; None if that is not known."""
    last = architecture.outputs[0]
    for step in (last, *architecture.operations[last].inputs[:1]):
        operation = architecture.operations[step]
        if operation.kind == "Dense":
            return int(operation.settings["units"])
        if operation.kind != "Activation":
            return None
    return None


def of_each_output(rule: OnTargets) -> OnTargets:
    """The rule, which is about one output, for a network with several: the first finding, with the output's name."""

    @functools.wraps(rule)
    def first(facts: Trained) -> Finding | None:
        for name, alone in facts.per_output():
            found = rule(alone)
            if found is not None:
                said = message("cause.of_output", "Output `{output}`: {said}", output=name, said=found.message)
                return found.model_copy(update={"message": said}) if name else found
        return None

    return first


WRONG: tuple[OnTargets, ...] = tuple(
    map(of_each_output, (targets_not_finite, labels_not_whole, labels_outside, rows_do_not_add_up))
)

# The codes of what they find.
WRONG_TARGETS = frozenset(
    {
        "cause.of_output",
        "cause.targets_not_finite",
        "cause.labels_not_whole",
        "cause.labels_outside",
        "cause.targets_outside",
        "cause.rows_add_up_to",
        "cause.rows_do_not_add_up",
    }
)
