"""What is said of substitutions: which aspect it is and what a run has shown. Never how the layer is written."""

from __future__ import annotations

from autograder.diagnosis.search import Case, Found, Trial
from autograder.diagnosis.suspects import Aspect, Suspect
from autograder.network.describe import joined
from autograder.result import Finding, Substitution, SubstitutionExhibit
from autograder.training import TrainingRun

_CHANGES: dict[Aspect, str] = {
    "from_logits": "`from_logits` of the loss the other way round",
    "last activation": "another activation at its very end",
    "loss": "another loss",
    "learning rate": "another learning rate",
    "frozen layers": "other layers free to learn",
    "initial weights": "other initial weights",
    "activations": "other activations inside",
    "optimizer": "another optimizer",
    "normalization of the inputs": "normalized inputs",
    "epochs": "more epochs",
    "batch size": "smaller batches",
    "number of images": "more images to train on",
    "dropout": "another amount of dropout",
    "regularization": "other regularizers and constraints",
    "extra layer": "a layer less",
    "missing layer": "a layer more",
    "kind of layer": "another kind of layer in one place",
    "order of layers": "a layer in another place",
    "size of a layer": "a layer of another size",
    "another setting of a layer": "a layer set otherwise",
    "connections": "a layer that reads another one",
}
_HINTS: dict[Aspect, str] = {
    "from_logits": "Does the loss get probabilities or plain numbers? Read on at `keras.losses`, from_logits.",
    "last activation": "What should the last layer give for ten classes, and what does the loss expect of it? Read on "
    "at `keras.activations`.",
    "loss": "Which loss measures how wrong the choice of one class out of ten is? Read on at `keras.losses`.",
    "learning rate": "Read on at `keras.optimizers`, learning_rate: what do steps do that are too large or too small?",
    "frozen layers": "Read on at `trainable` in the documentation of layers: who may change while the network learns?",
    "initial weights": "Read on at `keras.initializers`: why may units not all start alike, or far from zero?",
    "activations": "What does a network of layers without, or with another, activation compute? Read on at "
    "`keras.activations`.",
    "optimizer": "Read on at `keras.optimizers`.",
    "normalization of the inputs": "Look at the smallest and the largest number that you give to `fit`.",
    "epochs": "Does the curve still rise at its end?",
    "batch size": "How many steps are there in an epoch with batches of your size? Read on at `fit`, batch_size.",
    "number of images": "How many images do you give to `fit`, and how many are there?",
    "dropout": "Which share of its inputs does a dropout layer throw away? Read on at `keras.layers.Dropout`.",
    "regularization": "Read on at `keras.regularizers`: what does it do to weights if it is strong?",
}
_LOOK = "Compare your network with the one in the exercise, row by row, at this place."


def findings(case: Case, found: Found, own: TrainingRun, *, told: bool, as_trained: bool) -> tuple[Finding, ...]:
    """What the runs have shown, for the student; nothing where they have shown nothing.

    `told`: values of `compile` may be named, because no question asks for them. `as_trained`: the case is not the
    network in our own run, but trained as the notebook does it.
    """
    if found.cause is not None:
        return (_cause(case, found, found.cause, own, told=told, as_trained=as_trained),)
    if found.close or not found.trials or as_trained:
        return ()
    return (_none(case, found),)


def exhibit(network: str, case: Case, found: Found, own: TrainingRun, *, told: bool) -> SubstitutionExhibit | None:
    """The substitutions that were tried, in their order; None where none was."""
    if not found.trials:
        return None
    return SubstitutionExhibit(
        network=network,
        reached=own.accuracy,
        needed=case.minimum,
        tried=tuple(
            Substitution(
                aspects=tuple(one.aspect for one in trial.suspects),
                change=_change(trial, told=told),
                accuracy=trial.run.accuracy if trial.run.validation_accuracy else None,
                restored=trial is found.cause,
            )
            for trial in found.trials
        ),
    )


def _cause(case: Case, found: Found, cause: Trial, own: TrainingRun, *, told: bool, as_trained: bool) -> Finding:
    count = "one thing" if len(cause.suspects) == 1 else "two things"
    before = f"it had reached {own.accuracy:.3f}" if own.validation_accuracy else "it could not be trained at all"
    lead = f"We trained your network once more, with {count} changed: with"
    if as_trained:
        lead = "With our images and epochs your network does well, trained as in your notebook it does not. With"
    message = (
        f"{lead} {_change(cause, told=told)}, and everything else as you have it, it reached "
        f"{cause.run.accuracy:.3f} ({before}; {case.minimum:.2f} was needed)."
    )
    if len(cause.suspects) == 2 and _both_tried(found, cause):
        message += " Neither of the two was enough alone."
    hints = dict.fromkeys(_HINTS.get(one.aspect, _LOOK) for one in cause.suspects)
    where = joined(list(dict.fromkeys(label for one in cause.suspects for label in one.layers))[:4])
    return Finding(message=message, where=where, hint=" ".join(hints))


def _none(case: Case, found: Found) -> Finding:
    best = max(found.trials, key=lambda trial: trial.run.accuracy)
    count = len(found.trials)
    times = "once more" if count == 1 else f"{count} more times"
    said = (
        "no single change restored the accuracy, so probably more than one thing is in its way"
        if found.exhausted
        else "none of these changes restored the accuracy"
    )
    return Finding(
        message=f"We trained your network {times}, each time with a part of it as in a network that does well: {said}. "
        f"The best reached {best.run.accuracy:.3f}; {case.minimum:.2f} was needed.",
        hint="Go through the findings about the network first, one by one.",
    )


def _both_tried(found: Found, cause: Trial) -> bool:
    alone = [trial.suspects[0] for trial in found.trials if len(trial.suspects) == 1]
    return all(one in alone for one in cause.suspects)


def _change(trial: Trial, *, told: bool) -> str:
    return joined([_one_change(one, trial, told=told) for one in trial.suspects])


def _one_change(one: Suspect, trial: Trial, *, told: bool) -> str:
    if told and one.aspect == "loss":
        return f"the loss set to {trial.task.loss.name.removeprefix('sparse_').replace('_', ' ')}"
    if told and one.aspect == "optimizer":
        return f"the optimizer set to {trial.task.optimizer.name}"
    rate = trial.task.optimizer.settings.get("learning_rate")
    if told and one.aspect == "learning rate" and isinstance(rate, float):
        return f"a learning rate of {rate:.3g}"
    return _CHANGES[one.aspect]
