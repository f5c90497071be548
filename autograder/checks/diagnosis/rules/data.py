"""Rules about what a student passes to `fit`: from facts about the notebook's own arrays (claims, for wording)."""

from __future__ import annotations

from autograder.checks.diagnosis.as_trained import not_normalized, trains_less
from autograder.checks.diagnosis.rules.facts import Facts, number_of
from autograder.checks.diagnosis.rules.targets import NOT_FINITE, of_each_output, targets_not_finite
from autograder.core.messages import message, nmessage
from autograder.records.evidence import CapturedFit
from autograder.records.result import Finding

# Shares of constant inputs; pixels at the border of MNIST are constant in every solution, too.
_CONSTANT, _MORE_CONSTANT = 0.5, 0.25
# Validation data count as prepared otherwise if their standard deviation is this many times larger or smaller, or their
# mean is this many standard deviations away. Pixels of 0 to 255 beside 0 to 1 differ by 255.
_OTHER_SPREAD, _OTHER_MEAN = 8.0, 10.0


def inputs_not_normalized(facts: Facts) -> Finding | None:
    """Inputs with a mean or a standard deviation above `NORMALIZED` where the reference solution's are below it.

    Source: AutoTrainer (mean magnitude of 10); UMLAUT's (outside −1..1) is too strict for standardized pixels.
    The assignment decides: if its own solution feeds raw pixels, there is no finding.
    """
    if facts.fit is None or facts.reference_fit is None or not not_normalized(facts.fit.inputs):
        return None
    if not_normalized(facts.reference_fit.inputs):
        return None
    low, high = number_of(facts.fit.inputs, "minimum"), number_of(facts.fit.inputs, "maximum")
    return Finding(
        message=message(
            "cause.not_normalized",
            "You train on numbers between {low:g} and {high:g}. Networks start best from inputs around "
            "0, most of which are not larger than 1.",
            low=low or 0,
            high=high or 0,
        ),
        hint=message(
            "hint.normalization_done",
            "Was the normalization of the images done, and are these the images that you give to `fit`?",
        ),
    )


def validation_is_training(facts: Facts) -> Finding | None:
    """More than half of the validation images are training images as well.

    Source: Humbatova et al., Taxonomy of Real Faults (ICSE 2020), overlap of training and test data. UMLAUT infers it
    from a high validation accuracy, which is wrong for MNIST; here the images themselves are compared.
    """
    overlap = number_of(facts.fit.validation, "overlap") if facts.fit is not None else None
    wanted = number_of(facts.reference_fit.validation, "overlap") if facts.reference_fit is not None else None
    if overlap is None or overlap <= 0.5 or (wanted is not None and wanted > 0.5):
        return None
    return Finding(
        message=message(
            "cause.validation_is_training",
            "You validate on images that you also train on ({share:.0%} of them), so your validation accuracy "
            "does not say how well the network does on new images.",
            share=overlap,
        ),
        hint=message("hint.unseen_images", "Which images does the network not see while it learns?"),
    )


def too_few_epochs(facts: Facts) -> Finding | None:
    """Fewer than half the epochs of the reference solution's own call of `fit`, and fewer than half its steps.

    Source: DeepFD (Cao et al., ICSE 2022), insufficient iteration; its classifier knows no task, the solution does.
    """
    if facts.fit is None or facts.reference_fit is None:
        return None
    if not trains_less(facts.fit, facts.reference_fit):
        return None
    return Finding(
        message=nmessage(
            "cause.few_epochs",
            "You train for one epoch; the network is still learning by then.",
            "You train for {count} epochs; the network is still learning by then.",
            facts.fit.epochs,
            count=facts.fit.epochs,
        ),
        hint=message(
            "hint.epochs_asked",
            "How many epochs does the exercise ask for? Look at whether the curve still rises at its end.",
        ),
    )


def not_finite(facts: Facts) -> Finding | None:
    """NaN or infinity among the inputs or the targets, where the solution's have none.

    Source: TheDeepChecker and SageMaker Debugger, invalid values in the data; UMLAUT, NaN in the input.
    """
    if facts.fit is None or not number_of(facts.fit.inputs, "not_finite"):
        return of_each_output(targets_not_finite)(facts)
    if facts.reference_fit is not None and number_of(facts.reference_fit.inputs, "not_finite"):
        return None
    return Finding(
        message=message(
            "cause.inputs_not_finite", "Among the numbers that you train on there are some that are NaN or infinite."
        ),
        hint=NOT_FINITE,
    )


def constant_inputs(facts: Facts) -> Finding | None:
    """At least half of the values of an example are the same in all examples, and far fewer in the solution's data.

    Source: TheDeepChecker, constant inputs. Pixels at a border and padding are constant in the solution's data as well,
    and sequences of words, which are padded as everyone likes, are left out.
    """
    if facts.fit is None or facts.reference_fit is None:
        return None
    if any(one.kind in ("Embedding", "Masking") for one in facts.architecture.operations):
        return None
    constant, wanted = number_of(facts.fit.inputs, "constant"), number_of(facts.reference_fit.inputs, "constant")
    if constant is None or wanted is None or constant < max(_CONSTANT, wanted + _MORE_CONSTANT):
        return None
    return Finding(
        message=message(
            "cause.constant_inputs",
            "{share:.0%} of the numbers in an example are the same in all of your examples, so they tell the network "
            "nothing.",
            share=constant,
        ),
        hint=message(
            "hint.constant_inputs",
            "Look at one example before and after each step of its preparation: a whole-number division, or a "
            "conversion to whole numbers, turns small numbers into 0.",
        ),
    )


def validation_prepared_otherwise(facts: Facts) -> Finding | None:
    """Validation inputs of a far larger or smaller spread than the training inputs, or far away from them.

    Source: Humbatova et al., Taxonomy of Real Faults (ICSE 2020), preprocessing of test data differs; TheDeepChecker,
    distribution shift. The solution's own data decide whether such a difference belongs to the exercise.
    """
    if facts.fit is None or not _prepared_otherwise(facts.fit):
        return None
    if facts.reference_fit is not None and _prepared_otherwise(facts.reference_fit):
        return None
    given = (facts.fit.validation or {}).get("inputs")
    return Finding(
        message=message(
            "cause.validation_prepared_otherwise",
            "You train on numbers with a mean of {mean:.3g} and a standard deviation of {spread:.3g}, and validate on "
            "numbers with a mean of {other_mean:.3g} and a standard deviation of {other_spread:.3g}.",
            mean=number_of(facts.fit.inputs, "mean") or 0,
            spread=number_of(facts.fit.inputs, "standard_deviation") or 0,
            other_mean=number_of(given, "mean") or 0,
            other_spread=number_of(given, "standard_deviation") or 0,
        ),
        hint=message(
            "hint.same_preparation",
            "Each step that prepares the training data is needed for the validation data, with the same numbers.",
        ),
    )


def _prepared_otherwise(fit: CapturedFit) -> bool:
    given = (fit.validation or {}).get("inputs")
    if not isinstance(given, dict):
        return False
    mean, spread = number_of(fit.inputs, "mean"), number_of(fit.inputs, "standard_deviation")
    other_mean, other = number_of(given, "mean"), number_of(given, "standard_deviation")
    if mean is None or other_mean is None or not spread or not other:
        return False
    ratio = max(spread / other, other / spread)
    return ratio >= _OTHER_SPREAD or abs(mean - other_mean) > _OTHER_MEAN * max(spread, other)
