"""What is said of substitutions: which aspect it is and what a run has shown. Never how the layer is written."""

from __future__ import annotations

from autograder.checks.diagnosis.search import Faulty, Found, Trial
from autograder.checks.diagnosis.suspects import Suspect, Suspicion
from autograder.core.language import mark, say, say_count
from autograder.network.describe import joined
from autograder.records.result import Finding, Substitution, SubstitutionExhibit
from autograder.records.training import TrainingRun

_CHANGES: dict[Suspicion, str] = {
    "from_logits": mark("`from_logits` of the loss the other way round"),
    "last activation": mark("another activation at its very end"),
    "loss": mark("another loss"),
    "learning rate": mark("another learning rate"),
    "frozen layers": mark("other layers free to learn"),
    "initial weights": mark("other initial weights"),
    "activations": mark("other activations inside"),
    "optimizer": mark("another optimizer"),
    "normalization of the inputs": mark("normalized inputs"),
    "epochs": mark("more epochs"),
    "batch size": mark("smaller batches"),
    "number of images": mark("more images to train on"),
    "dropout": mark("another amount of dropout"),
    "regularization": mark("other regularizers and constraints"),
    "extra layer": mark("a layer less"),
    "missing layer": mark("a layer more"),
    "kind of layer": mark("another kind of layer in one place"),
    "order of layers": mark("a layer in another place"),
    "size of a layer": mark("a layer of another size"),
    "another setting of a layer": mark("a layer set otherwise"),
    "connections": mark("a layer that reads another one"),
}
_HINTS: dict[Suspicion, str] = {
    "from_logits": mark("Does the loss get probabilities or plain numbers? Read on at `keras.losses`, from_logits."),
    "last activation": mark(
        "What should the last layer give for ten classes, and what does the loss expect of it? Read on "
        "at `keras.activations`."
    ),
    "loss": mark("Which loss measures how wrong the choice of one class out of ten is? Read on at `keras.losses`."),
    "learning rate": mark(
        "Read on at `keras.optimizers`, learning_rate: what do steps do that are too large or too small?"
    ),
    "frozen layers": mark(
        "Read on at `trainable` in the documentation of layers: who may change while the network learns?"
    ),
    "initial weights": mark("Read on at `keras.initializers`: why may units not all start alike, or far from zero?"),
    "activations": mark(
        "What does a network of layers without, or with another, activation compute? Read on at `keras.activations`."
    ),
    "optimizer": mark("Read on at `keras.optimizers`."),
    "normalization of the inputs": mark("Look at the smallest and the largest number that you give to `fit`."),
    "epochs": mark("Does the curve still rise at its end?"),
    "batch size": mark("How many steps are there in an epoch with batches of your size? Read on at `fit`, batch_size."),
    "number of images": mark("How many images do you give to `fit`, and how many are there?"),
    "dropout": mark("Which share of its inputs does a dropout layer throw away? Read on at `keras.layers.Dropout`."),
    "regularization": mark("Read on at `keras.regularizers`: what does it do to weights if it is strong?"),
}
_LOOK = mark("Compare your network with the one in the exercise, row by row, at this place.")
# What one change has shown, and two together: in our own run, in one as in the notebook, and where no run was possible.
_RESTORED = {
    "our run": (
        mark(
            "We trained your network once more, with one thing changed: with {changes}, and everything else as you "
            "have it, it reached {reached:.3f} (it had reached {before:.3f}; {needed:.2f} was needed)."
        ),
        mark(
            "We trained your network once more, with two things changed: with {changes}, and everything else as you "
            "have it, it reached {reached:.3f} (it had reached {before:.3f}; {needed:.2f} was needed)."
        ),
    ),
    "untrainable": (
        mark(
            "We trained your network once more, with one thing changed: with {changes}, and everything else as you "
            "have it, it reached {reached:.3f} (it could not be trained at all; {needed:.2f} was needed)."
        ),
        mark(
            "We trained your network once more, with two things changed: with {changes}, and everything else as you "
            "have it, it reached {reached:.3f} (it could not be trained at all; {needed:.2f} was needed)."
        ),
    ),
    "as trained": (
        mark(
            "With our images and epochs your network does well, trained as in your notebook it does not. With "
            "{changes}, and everything else as you have it, it reached {reached:.3f} (it had reached {before:.3f}; "
            "{needed:.2f} was needed)."
        ),
    )
    * 2,
    "as trained, untrainable": (
        mark(
            "With our images and epochs your network does well, trained as in your notebook it does not. With "
            "{changes}, and everything else as you have it, it reached {reached:.3f} (it could not be trained at all; "
            "{needed:.2f} was needed)."
        ),
    )
    * 2,
}


def findings(case: Faulty, found: Found, own: TrainingRun, *, told: bool, as_trained: bool) -> tuple[Finding, ...]:
    """What the runs have shown, for the student; nothing where they have shown nothing.

    `told`: values of `compile` may be named, because no question asks for them. `as_trained`: the case is not the
    network in our own run, but trained as the notebook does it.
    """
    if found.cause is not None:
        return (_cause(case, found, found.cause, own, told=told, as_trained=as_trained),)
    if found.close or not found.trials or as_trained:
        return ()
    return (_none(case, found),)


def trial_exhibit(
    network: str, case: Faulty, found: Found, own: TrainingRun, *, told: bool
) -> SubstitutionExhibit | None:
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


def _cause(case: Faulty, found: Found, cause: Trial, own: TrainingRun, *, told: bool, as_trained: bool) -> Finding:
    how = "as trained" if as_trained else "our run"
    if not own.validation_accuracy:
        how = "as trained, untrainable" if as_trained else "untrainable"
    of_one, of_two = _RESTORED[how]
    message = say(
        of_one if len(cause.suspects) == 1 else of_two,
        changes=_change(cause, told=told),
        reached=cause.run.accuracy,
        before=own.accuracy,
        needed=case.minimum,
    )
    if len(cause.suspects) == 2 and _both_tried(found, cause):
        neither = say("Neither of the two was enough alone.")
        message = f"{message} {neither}"
    hints = dict.fromkeys(say(_HINTS.get(one.aspect, _LOOK)) for one in cause.suspects)
    where = joined(list(dict.fromkeys(label for one in cause.suspects for label in one.layers))[:4])
    return Finding(message=message, where=where, hint=" ".join(hints))


def _none(case: Faulty, found: Found) -> Finding:
    best = max(found.trials, key=lambda trial: trial.run.accuracy)
    count = len(found.trials)
    message = say_count(
        "We trained your network once more, each time with a part of it as in a network that does well: "
        "none of these changes restored the accuracy. The best reached {reached:.3f}; {needed:.2f} was needed.",
        "We trained your network {count} more times, each time with a part of it as in a network that does well: "
        "none of these changes restored the accuracy. The best reached {reached:.3f}; {needed:.2f} was needed.",
        count,
        count=count,
        reached=best.run.accuracy,
        needed=case.minimum,
    )
    if found.exhausted:
        message = say_count(
            "We trained your network once more, each time with a part of it as in a network that does well: "
            "no single change restored the accuracy, so probably more than one thing is in its way. "
            "The best reached {reached:.3f}; {needed:.2f} was needed.",
            "We trained your network {count} more times, each time with a part of it as in a network that does well: "
            "no single change restored the accuracy, so probably more than one thing is in its way. "
            "The best reached {reached:.3f}; {needed:.2f} was needed.",
            count,
            count=count,
            reached=best.run.accuracy,
            needed=case.minimum,
        )
    return Finding(message=message, hint=say("Go through the findings about the network first, one by one."))


def _both_tried(found: Found, cause: Trial) -> bool:
    alone = [trial.suspects[0] for trial in found.trials if len(trial.suspects) == 1]
    return all(one in alone for one in cause.suspects)


def _change(trial: Trial, *, told: bool) -> str:
    return joined([_one_change(one, trial, told=told) for one in trial.suspects])


def _one_change(one: Suspect, trial: Trial, *, told: bool) -> str:
    if told and one.aspect == "loss":
        name = trial.task.loss.name.removeprefix("sparse_").replace("_", " ")
        return say("the loss set to {name}", name=name)
    if told and one.aspect == "optimizer":
        return say("the optimizer set to {name}", name=trial.task.optimizer.name)
    rate = trial.task.optimizer.settings.get("learning_rate")
    if told and one.aspect == "learning rate" and isinstance(rate, float):
        return say("a learning rate of {rate:.3g}", rate=rate)
    return say(_CHANGES[one.aspect])
