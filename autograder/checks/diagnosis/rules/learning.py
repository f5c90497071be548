"""Rules about how a network learned in its trusted run, if it missed its accuracy: symptoms, which name no cause."""

from __future__ import annotations

import math

from autograder.checks.diagnosis.rules.facts import Facts
from autograder.core.messages import message
from autograder.records.result import Finding

_EXPLODED = 1e3
_GUESSING = 0.05
_DEAD = 0.7
_SMALL_RATIO, _SMALL = 1e-3, 1e-4
_GAP = 0.1


def loss_explodes(facts: Facts) -> Finding | None:
    """A loss that is NaN, or above 1,000.

    Source: AutoTrainer (Zhang et al., ICSE 2021), exploding: NaN or a loss of 1e3 and more.
    """
    if facts.run is None or not facts.missed:
        return None
    losses = (*facts.run.training_loss, *facts.run.validation_loss)
    if facts.run.problem.code != "training.diverged" and all(loss < _EXPLODED for loss in losses):
        return None
    return Finding(
        message=message(
            "cause.loss_explodes", "The loss grew without bounds: each step changed the weights by far too much."
        ),
        hint=message(
            "hint.step_size",
            "Look at the size of a step (the learning rate), at the initial weights, and at how large the inputs are.",
        ),
    )


def nothing_learned(facts: Facts) -> Finding | None:
    """The loss ended at the level of guessing, ln 10 ≈ 2.30 for a cross-entropy over ten classes.

    Source: TheDeepChecker (initial loss −log(1/C)), AutoTrainer (not converging). The accuracy below which a network
    counts as guessing is the assignment's own, `give_up` in its recipe.
    """
    if facts.run is None or not facts.missed or not facts.run.training_loss or facts.compilation is None:
        return None
    if facts.classes < 2:
        return None
    guessing = math.log(facts.classes)
    if "crossentropy" not in facts.compilation.loss.name or facts.compilation.loss.name.startswith("binary"):
        return None
    best = max(facts.run.score, *facts.run.training_accuracy)
    if best > facts.recipe.give_up or abs(facts.run.training_loss[-1] - guessing) > _GUESSING * guessing:
        return None
    return Finding(
        message=message(
            "cause.nothing_learned",
            "Nothing was learned: the loss ended at {loss:.2f}, and ln {classes} = "
            "{guessing:.2f} is the loss of a network that gives every class the same probability.",
            loss=facts.run.training_loss[-1],
            classes=facts.classes,
            guessing=guessing,
        ),
        hint=message(
            "hint.nothing_learned",
            "Either nothing in the network can change, or the steps are far too small, or what it learns from says "
            "nothing about the labels.",
        ),
    )


def dead_relus(facts: Facts) -> Finding | None:
    """At least 70 % of the units of a ReLU output zero for every image.

    Source: AutoTrainer, dying ReLU (γ = 0.7); Lu et al., Dying ReLU and Initialization (2019).
    """
    if facts.run is None or not facts.missed:
        return None
    worst = max((signal for signal in facts.run.signals if signal.dead), key=lambda one: one.dead or 0, default=None)
    if worst is None or (worst.dead or 0) < _DEAD:
        return None
    return Finding(
        message=message(
            "cause.dead_relus",
            "{share:.0%} of the units of a ReLU are dead: they give 0 for every image, so they can learn nothing any "
            "more.",
            share=worst.dead,
        ),
        where=_label(facts, worst.operation),
        hint=message(
            "hint.dead_relus", "Large steps, or unlucky initial weights, push units there for good. Look at both."
        ),
    )


def vanishing_gradients(facts: Facts) -> Finding | None:
    """The gradient of the first layer with weights below 1e-4, and below a thousandth of the last layer's.

    Source: AutoTrainer, vanishing gradient (β₁ = 1e-3, β₂ = 1e-4).
    """
    if facts.run is None or not facts.missed:
        return None
    found = [signal for signal in facts.run.signals if signal.gradient is not None]
    if len(found) < 2:
        return None
    first, last = found[0].gradient or 0.0, found[-1].gradient or 0.0
    if first >= _SMALL or first >= _SMALL_RATIO * last:
        return None
    return Finding(
        message=message(
            "cause.vanishing_gradients",
            "Hardly any signal reaches the first layers: the gradient there is less than a thousandth of that at "
            "the end of the network.",
        ),
        where=_label(facts, found[0].operation),
        hint=message("hint.activations_between", "Look at the activations on the way, and at the initial weights."),
    )


def overfitting(facts: Facts) -> Finding | None:
    """The minimum is reached on the training images, but missed on new images by a gap of 0.10 or more.

    Source: AutoTrainer and UMLAUT (a gap of 0.10). The minimum is the assignment's threshold, so that a network that
    reaches it is not accused of a gap that the exercise wants to show.
    """
    if facts.run is None or not facts.missed or not facts.run.training_accuracy or not facts.run.scored_by.share:
        return None
    best = max(facts.run.training_accuracy)
    if best < facts.minimum or best - facts.run.score < _GAP:
        return None
    return Finding(
        message=message(
            "cause.overfitting",
            "The network learned its training images by heart ({known:.2f} of them right, {new:.2f} of new ones).",
            known=best,
            new=facts.run.score,
        ),
        hint=message("hint.against_overfitting", "What does the exercise's network have against overfitting?"),
    )


def _label(facts: Facts, operation: int) -> str:
    if operation >= len(facts.architecture.operations):
        return ""
    return facts.architecture.operations[operation].label
