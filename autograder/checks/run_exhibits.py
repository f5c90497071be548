"""What a student's page shows of a trusted run besides its curve."""

from __future__ import annotations

from autograder.checks.score_wording import class_names
from autograder.records.result import (
    MistakenImage,
    PredictionsExhibit,
    ReconstructedImage,
    ReconstructionsExhibit,
    ResidualsExhibit,
    RocExhibit,
)
from autograder.records.training import Recipe, TrainingRun

# A network with more than this many times the expected number of parameters is called large.


def exhibits_of(
    run: TrainingRun, recipe: Recipe, network: str
) -> tuple[PredictionsExhibit | ResidualsExhibit | RocExhibit | ReconstructionsExhibit, ...]:
    """Confusion and mistakes, residuals, the ROC curve, or reconstructions, as the task has them."""
    return (*_predictions(run, recipe, network), *_others(run, recipe, network))


def _predictions(run: TrainingRun, recipe: Recipe, network: str) -> tuple[PredictionsExhibit, ...]:
    if run.predictions is None:
        return ()
    names = class_names(recipe, len(run.predictions.confusion))
    # Students never see an example that is held out.
    secret = recipe.source is not None and recipe.source.held_out > 0
    mistakes = tuple(
        MistakenImage(truth=names[one.truth], predicted=names[one.predicted], png=one.png)
        for one in (() if secret else run.predictions.mistakes)
    )
    confusion = run.predictions.confusion
    images = recipe.source is None or recipe.source.source == "images"
    return (PredictionsExhibit(network=network, classes=names, confusion=confusion, mistakes=mistakes, images=images),)


def _others(
    run: TrainingRun, recipe: Recipe, network: str
) -> tuple[ResidualsExhibit | RocExhibit | ReconstructionsExhibit, ...]:
    secret = recipe.source is not None and recipe.source.held_out > 0
    if (values := run.residuals) is not None:
        pairs = list(zip(values.truth, values.predicted, strict=True))
        # In their order the true values could be told to belong to rows that students never get.
        truth, predicted = zip(*(sorted(pairs) if secret else pairs), strict=True)
        return (ResidualsExhibit(network=network, truth=truth, predicted=predicted),)
    if (curve := run.roc) is not None:
        positive = class_names(recipe, 2)[1]
        return (RocExhibit(network=network, positive=positive, **curve.model_dump()),)
    if run.reconstructions and not secret:
        images = tuple(ReconstructedImage(given=one.given, made=one.made) for one in run.reconstructions)
        return (ReconstructionsExhibit(network=network, images=images),)
    return ()
