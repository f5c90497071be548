"""Messages about substitutions: the aspect and what a run has shown. They never reveal how to write the layer."""

from __future__ import annotations

import math
from collections.abc import Callable

from autograder.checks.diagnosis.repair_runs import Faulty, Found, Trial
from autograder.checks.diagnosis.suspects import Suspect, Suspicion, rate_of, same_rate
from autograder.checks.score_wording import telling_digits
from autograder.core.language import gettext_noop
from autograder.core.messages import NOTHING, Message, in_turn, message, nmessage, phrase
from autograder.records.result import Finding, Substitution, SubstitutionExhibit
from autograder.records.training import TrainingRun

_CHANGES: dict[Suspicion, str] = {
    "from_logits": gettext_noop("`from_logits` of the loss the other way round"),
    "last activation": gettext_noop("another activation at its very end"),
    "loss": gettext_noop("another loss"),
    "learning rate": gettext_noop("another learning rate"),
    "frozen layers": gettext_noop("other layers free to learn"),
    "initial weights": gettext_noop("other initial weights"),
    "activations": gettext_noop("other activations inside"),
    "optimizer": gettext_noop("another optimizer"),
    "normalization of the inputs": gettext_noop("normalized inputs"),
    "epochs": gettext_noop("more epochs"),
    "batch size": gettext_noop("batches of another size"),
    "number of images": gettext_noop("more images to train on"),
    "dropout": gettext_noop("another amount of dropout"),
    "regularization": gettext_noop("other regularizers and constraints"),
    "extra layer": gettext_noop("a layer less"),
    "missing layer": gettext_noop("a layer more"),
    "kind of layer": gettext_noop("another kind of layer in one place"),
    "order of layers": gettext_noop("a layer in another place"),
    "size of a layer": gettext_noop("a layer of another size"),
    "another setting of a layer": gettext_noop("a layer set otherwise"),
    "connections": gettext_noop("a layer that reads another one"),
}
_HINTS: dict[Suspicion, tuple[str, str]] = {
    "from_logits": (
        "hint.try_from_logits",
        gettext_noop("Does the loss get probabilities or plain numbers? See `keras.losses`, from_logits."),
    ),
    "last activation": (
        "hint.try_last_activation",
        gettext_noop(
            "What should the last layer give here, and what does the loss expect of it? See `keras.activations`."
        ),
    ),
    "loss": (
        "hint.try_loss",
        gettext_noop("Which loss measures how wrong an output is in a task like this one? See `keras.losses`."),
    ),
    "learning rate": (
        "hint.try_learning_rate",
        gettext_noop("See `keras.optimizers`, learning_rate: what do steps do that are too large or too small?"),
    ),
    "frozen layers": (
        "hint.try_trainable",
        gettext_noop("See `trainable` in the documentation of layers: who may change while the network learns?"),
    ),
    "initial weights": (
        "hint.try_initializers",
        gettext_noop("See `keras.initializers`: why may units not all start alike, or far from zero?"),
    ),
    "activations": (
        "hint.try_activations",
        gettext_noop(
            "What does a network of layers without, or with another, activation compute? See `keras.activations`."
        ),
    ),
    "optimizer": ("hint.try_optimizer", gettext_noop("See `keras.optimizers`.")),
    "normalization of the inputs": (
        "hint.try_normalization",
        gettext_noop("Look at the smallest and the largest number that you give to `fit`."),
    ),
    "epochs": ("hint.try_epochs", gettext_noop("Does the curve still rise at its end?")),
    "batch size": (
        "hint.try_batch_size",
        gettext_noop("How many steps are there in an epoch with batches of your size? See `fit`, batch_size."),
    ),
    "number of images": (
        "hint.try_images",
        gettext_noop("How many images do you give to `fit`, and how many are there?"),
    ),
    "dropout": (
        "hint.try_dropout",
        gettext_noop("Which share of its inputs does a dropout layer throw away? See `keras.layers.Dropout`."),
    ),
    "regularization": (
        "hint.try_regularizers",
        gettext_noop("See `keras.regularizers`: what does it do to weights if it is strong?"),
    ),
}
_LOOK = (
    "hint.compare_place",
    gettext_noop("Compare your network with the one in the exercise, row by row, at this place."),
)
# What a repair has shown, of one change and of several: the cause, its run, and what that reached; in the trusted run,
# in one that could not be trained before, and trained as in the notebook.
_RESTORED = {
    "our run": (
        (
            "cause.one_change",
            gettext_noop(
                "Your network learns with {changes}: our run with nothing else changed reached {reached:.{digits}f} "
                "(yours {before:.{digits}f}; {needed:.{places}f} was needed)."
            ),
        ),
        (
            "cause.several_changes",
            gettext_noop(
                "Your network learns with {changes} together: our run with nothing else changed reached "
                "{reached:.{digits}f} (yours {before:.{digits}f}; {needed:.{places}f} was needed)."
            ),
        ),
    ),
    "untrainable": (
        (
            "cause.one_change_untrainable",
            gettext_noop(
                "Your network learns with {changes}: our run with nothing else changed reached {reached:.{digits}f} "
                "(yours could not be trained at all; {needed:.{places}f} was needed)."
            ),
        ),
        (
            "cause.several_changes_untrainable",
            gettext_noop(
                "Your network learns with {changes} together: our run with nothing else changed reached "
                "{reached:.{digits}f} (yours could not be trained at all; {needed:.{places}f} was needed)."
            ),
        ),
    ),
    "as trained": (
        (
            "cause.as_trained",
            gettext_noop(
                "With our images and epochs your network does well, trained as in your notebook it does not. With "
                "{changes}, and everything else as you have it, it reached {reached:.{digits}f} (it had reached "
                "{before:.{digits}f}; {needed:.{places}f} was needed)."
            ),
        ),
    )
    * 2,
    "as trained, untrainable": (
        (
            "cause.as_trained_untrainable",
            gettext_noop(
                "With our images and epochs your network does well, trained as in your notebook it does not. With "
                "{changes}, and everything else as you have it, it reached {reached:.{digits}f} (it could not be "
                "trained at all; {needed:.{places}f} was needed)."
            ),
        ),
    )
    * 2,
}
# More changes than this are counted, not listed.
_MOST_LISTED = 3
PlaceOf = Callable[[Suspect], Message]


def findings(
    case: Faulty,
    found: Found,
    own: TrainingRun,
    *,
    named: bool,
    as_trained: bool,
    place_of: PlaceOf = lambda suspect: NOTHING,
) -> tuple[Finding, ...]:
    """What the runs have shown, for the student; empty if they have shown nothing.

    `named`: values of `compile` may be named, because no question asks for them. `as_trained`: the case is trained as
    in the notebook, not as in the trusted run. `place_of` gives the place in the notebook where a setting is written.
    """
    if found.cause is not None:
        return (_cause(case, found, found.cause, own, place_of, named=named, as_trained=as_trained),)
    if found.close or not found.trials or as_trained:
        return ()
    if not math.isfinite(case.task.recipe.scored_by.best(trial.run.score for trial in found.trials)):
        return ()  # no change let it be trained
    return (_none(case, found, place_of, named=named),)


def trial_exhibit(
    network: str, case: Faulty, found: Found, own: TrainingRun, *, named: bool
) -> SubstitutionExhibit | None:
    """The substitutions that were tried, in order; None if there were none."""
    if not found.trials:
        return None
    return SubstitutionExhibit(
        network=network,
        reached=own.score if own.validation_accuracy else None,
        needed=case.minimum,
        metric=own.metric,
        tried=tuple(
            Substitution(
                aspects=tuple(one.aspect for one in trial.suspects),
                change=_in_words(_changes(case, trial, named=named, listed=_MOST_LISTED)),
                accuracy=trial.run.score if trial.run.validation_accuracy else None,
                restored=found.cause is not None and trial.task == found.cause.task,
            )
            for trial in found.trials
        ),
    )


def _cause(
    case: Faulty, found: Found, cause: Trial, own: TrainingRun, place_of: PlaceOf, *, named: bool, as_trained: bool
) -> Finding:
    how = "as trained" if as_trained else "our run"
    if not own.validation_accuracy:
        how = "as trained, untrainable" if as_trained else "untrainable"
    of_one, of_several = _RESTORED[how]
    restored = message(
        *(of_one if len(cause.suspects) == 1 else of_several),
        changes=_in_words(_changes(case, cause, named=named)),
        reached=cause.run.score,
        before=own.score if own.validation_accuracy else 0.0,
        needed=case.minimum,
        **_digits(case, cause.run.score),
    )
    restored = _with_parts(restored, case, found, cause, named=named)
    if not found.minimal:
        restored = message("cause.maybe_fewer", "{restored} Fewer changes may be enough.", restored=restored)
    hints = dict.fromkeys(message(*_HINTS.get(one.aspect, _LOOK)) for one in cause.suspects)
    return Finding(message=restored, where=_where(cause, place_of), hint=in_turn(*hints))


def _with_parts(restored: Message, case: Faulty, found: Found, cause: Trial, *, named: bool) -> Message:
    """The share of each of several causes: what the first reached alone, and with the second."""
    parts = [part for part in found.parts if part.run.validation_accuracy]
    if not parts or len(parts[0].suspects) != 1:
        return restored
    first, *further = parts
    alone = message(
        "cause.first_alone",
        "{restored} With {change} alone it reached {alone:.{digits}f}.",
        restored=restored,
        change=_one_change(case, cause.suspects[0], cause, named=named),
        alone=first.run.score,
        digits=_digits(case, first.run.score)["digits"],
    )
    if not further:
        return alone
    return message(
        "cause.first_two",
        "{alone} With {change} too it reached {both:.{digits}f}.",
        alone=alone,
        change=_one_change(case, cause.suspects[1], cause, named=named),
        both=further[0].run.score,
        digits=_digits(case, further[0].run.score)["digits"],
    )


def _where(trial: Trial, place_of: PlaceOf) -> Message:
    """The places in the notebook; the names of the layers where none is known."""
    places = tuple(dict.fromkeys(place for one in trial.suspects if (place := place_of(one))))
    layers = tuple(dict.fromkeys(label for one in trial.suspects for label in one.layers))
    return _in_words((places or layers)[:4])


def _none(case: Faulty, found: Found, place_of: PlaceOf, *, named: bool) -> Finding:
    metric = case.task.recipe.scored_by
    reached, needed = metric.best(trial.run.score for trial in found.trials), case.minimum
    digits = _digits(case, reached)
    tried = nmessage(
        "cause.none_restored",
        "We trained your network once more, each time with a part of it as in a network that does well: none of these "
        "changes was enough. The best reached {reached:.{digits}f}; {needed:.{places}f} was needed.",
        "We trained your network {number} more times, each time with a part of it as in a network that does well: none "
        "of these changes was enough. The best reached {reached:.{digits}f}; {needed:.{places}f} was needed.",
        len(found.trials),
        reached=reached,
        needed=needed,
        **digits,
    )
    hint = message("hint.findings_first", "Go through the findings about the network first, one by one.")
    if found.best is None or len(found.best.suspects) > _MOST_LISTED:
        return Finding(message=tried, hint=hint)
    partly = message(
        "cause.best_part",
        "{tried} With {changes} it reached {reached:.{digits}f}: this is a part of the cause.",
        tried=tried,
        changes=_in_words(_changes(case, found.best, named=named)),
        reached=found.best.run.score,
        digits=_digits(case, found.best.run.score)["digits"],
    )
    return Finding(message=partly, where=_where(found.best, place_of), hint=hint)


def _digits(case: Faulty, reached: float) -> dict[str, int]:
    """The number of decimals to print of a score and of the score needed."""
    metric = case.task.recipe.scored_by
    if metric.share:
        return {"digits": 3, "places": 2}
    digits = telling_digits(reached, case.minimum, metric)
    return {"digits": digits, "places": digits}


def _changes(case: Faulty, trial: Trial, *, named: bool, listed: int | None = None) -> tuple[Message, ...]:
    """The changes of a trial; their number, if there are more than are to be `listed`."""
    if listed is not None and len(trial.suspects) > listed:
        return (phrase("{number} changes at once", number=len(trial.suspects)),)
    return tuple(_one_change(case, one, trial, named=named) for one in trial.suspects)


def _in_words(parts: tuple[Message | str, ...]) -> Message:
    """One part unchanged, several as a list."""
    return in_turn(*parts) if len(parts) < 2 else phrase("{parts}", parts=parts)


def _one_change(case: Faulty, one: Suspect, trial: Trial, *, named: bool) -> Message:
    if named and one.aspect == "loss":
        name = trial.task.loss.name.removeprefix("sparse_").replace("_", " ")
        return phrase("the loss set to {name}", name=name)
    rate = rate_of(trial.task.optimizer)
    if named and one.aspect == "optimizer":
        name = trial.task.optimizer.name
        if isinstance(rate, float) and not same_rate(case.task.optimizer, trial.task.optimizer):
            return phrase("the optimizer set to {name} with a learning rate of {rate:.3g}", name=name, rate=rate)
        return phrase("the optimizer set to {name}", name=name)
    if named and one.aspect == "learning rate" and isinstance(rate, float):
        return phrase("a learning rate of {rate:.3g}", rate=rate)
    return phrase(_CHANGES[one.aspect])
