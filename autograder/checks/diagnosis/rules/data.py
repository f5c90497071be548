"""Rules about what a student passes to `fit`: from facts about the notebook's own arrays (claims, for wording)."""

from __future__ import annotations

from autograder.checks.diagnosis.notebook import not_normalized
from autograder.checks.diagnosis.rules.facts import Facts, fact
from autograder.core.messages import message, nmessage
from autograder.records.result import Finding

# The share of images that lie closest to the mean image of their own class is 0.77 for MNIST, 0.69 for Fashion-MNIST
# and 0.25 for CIFAR-10 (measured over 1,000 images of each); guessing gives 0.1, in a sample of 500 hardly ever 0.15.
_BY_CHANCE = 0.15
_ENOUGH = 400
_FEW_EPOCHS = 0.5


def inputs_not_normalized(facts: Facts) -> Finding | None:
    """Inputs with a mean or a standard deviation above `NORMALIZED` where the reference solution's are below it.

    Source: AutoTrainer (mean magnitude of 10); UMLAUT's (outside −1..1) is too strict for standardized pixels.
    The assignment decides: if its own solution feeds raw pixels, there is no finding.
    """
    if facts.fit is None or facts.reference_fit is None or not not_normalized(facts.fit.inputs):
        return None
    if not_normalized(facts.reference_fit.inputs):
        return None
    low, high = fact(facts.fit.inputs, "minimum"), fact(facts.fit.inputs, "maximum")
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
    overlap = fact(facts.fit.validation, "overlap") if facts.fit is not None else None
    wanted = fact(facts.reference_fit.validation, "overlap") if facts.reference_fit is not None else None
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


def labels_of_other_images(facts: Facts) -> Finding | None:
    """Images are closest to the mean image of their own class no more often than by chance.

    Source: TheDeepChecker (Ben Braiek and Khomh, TOSEM 2023), corrupted labels; the operator "labels" of DeepCrime.
    """
    if facts.fit is None or facts.recipe.source is not None:
        return None
    agreement, shape = fact(facts.fit.targets, "agreement"), (facts.fit.inputs or {}).get("shape")
    if agreement is None or agreement > _BY_CHANCE or not isinstance(shape, list | tuple) or shape[0] < 2 * _ENOUGH:
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


def too_few_epochs(facts: Facts) -> Finding | None:
    """Fewer than half the epochs of the reference solution's own call of `fit`.

    Source: DeepFD (Cao et al., ICSE 2022), insufficient iteration; its classifier knows no task, the solution does.
    """
    if facts.fit is None or facts.reference_fit is None:
        return None
    if not 0 < facts.fit.epochs < _FEW_EPOCHS * facts.reference_fit.epochs:
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
