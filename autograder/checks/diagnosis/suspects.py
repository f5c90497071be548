"""What in a student's training task may keep it from learning: every difference from the reference, as a substitution.

A suspect is one difference, or one kind of setting that differs in several layers. Substituting it gives the student's
own task with that one thing taken from the reference, and everything else unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from typing import Any, Literal

from autograder.core.messages import NOTHING
from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Loss, Optimizer
from autograder.network.deviation import Deviation
from autograder.network.diff import compare
from autograder.network.effects import Edit, insertion_anchor, partners
from autograder.network.kinds import ACTIVATIONS, DROPOUTS, NOISES
from autograder.network.measure import measure_until_misfit
from autograder.network.optimizers import read_optimizer
from autograder.records.training import TrainingTask

Suspicion = Literal[
    "from_logits",
    "last activation",
    "loss",
    "learning rate",
    "frozen layers",
    "initial weights",
    "activations",
    "optimizer",
    "normalization of the inputs",
    "epochs",
    "batch size",
    "number of images",
    "dropout",
    "regularization",
    "extra layer",
    "missing layer",
    "kind of layer",
    "order of layers",
    "size of a layer",
    "another setting of a layer",
    "connections",
]
# The order in which equally small suspects are tried: the most frequent causes of training failure first
# (Humbatova et al., Taxonomy of Real Faults in Deep Learning Systems, ICSE 2020).
ASPECTS: tuple[Suspicion, ...] = Suspicion.__args__  # type: ignore[attr-defined]
_LAYERS: frozenset[Suspicion] = frozenset({"extra layer", "missing layer", "kind of layer", "order of layers"})
# The recipe fields that each aspect of the student's own training changes.
RECIPE_FIELDS: Mapping[Suspicion, str] = {
    "normalization of the inputs": "normalization",
    "epochs": "epochs",
    "batch size": "batch_size",
    "number of images": "train",
}
_DROPPING = DROPOUTS | NOISES


@dataclass(frozen=True)
class Suspect:
    """One thing to substitute.

    Attributes:
        aspect: what kind of thing it is.
        size: the size of the change: 1 for a setting, 1 more for each layer added, removed or moved.
        layers: the names of the student's layers it concerns, for the student.
        deviations: the differences between the two networks that it reverts, seen from the student's network.
        settings: by the student's operation, the settings it takes from the reference (None: all).
        optimizer, loss: what it substitutes for the student's.
        recipe: what it changes in how the student trained.
    """

    aspect: Suspicion
    size: int = 1
    layers: tuple[str, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    settings: Mapping[int, frozenset[str] | None] = field(default_factory=dict)
    optimizer: Optimizer | None = None
    loss: Loss | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)


def suspects(task: TrainingTask, reference: TrainingTask) -> tuple[Suspect, ...]:
    """The differences between a student's task and the reference's, smallest first, then by `ASPECTS`."""
    found = [
        *_of_recipe(task, reference),
        *_of_loss(task.loss, reference.loss),
        *_of_optimizer(task.optimizer, reference.optimizer),
        *_of_network(task.architecture, reference.architecture),
    ]
    return tuple(sorted(found, key=lambda one: (one.size, ASPECTS.index(one.aspect))))


def substituted(task: TrainingTask, reference: TrainingTask, chosen: Sequence[Suspect]) -> TrainingTask | None:
    """The student's task with the chosen suspects taken from the reference; None if the layers would not fit."""
    architecture = _edited(task.architecture, reference.architecture, chosen)
    if architecture is None or measure_until_misfit(architecture)[1] is not None:
        return None
    # The whole optimizer includes its learning rate, the whole loss its `from_logits`.
    optimizers = {one.aspect: one.optimizer for one in chosen if one.optimizer is not None}
    losses = {one.aspect: one.loss for one in chosen if one.loss is not None}
    optimizer = optimizers.get("optimizer") or next(iter(optimizers.values()), task.optimizer)
    loss = losses.get("loss") or next(iter(losses.values()), task.loss)
    recipe = {key: value for one in chosen for key, value in one.recipe.items()}
    return task.model_copy(
        update={
            "architecture": architecture,
            "compilation": task.compilation.model_copy(
                update={"optimizer": optimizer, "loss": loss, "problem": NOTHING}
            ),
            "recipe": task.recipe.model_copy(update=recipe),
        }
    )


def _of_recipe(task: TrainingTask, reference: TrainingTask) -> Iterator[Suspect]:
    for aspect, name in RECIPE_FIELDS.items():
        wanted = getattr(reference.recipe, name)
        if getattr(task.recipe, name) != wanted:
            yield Suspect(aspect, recipe={name: wanted})


def _of_loss(given: Loss, wanted: Loss) -> Iterator[Suspect]:
    """Sparse and one-hot labels make no difference to a trusted run, which gives every loss the labels it needs."""
    if _base(given) != _base(wanted):
        yield Suspect("loss", loss=wanted)
        return
    logits = bool(wanted.settings.get("from_logits", False))
    if bool(given.settings.get("from_logits", False)) != logits:
        settings = {**given.settings, "from_logits": logits}
        yield Suspect("from_logits", loss=given.model_copy(update={"settings": settings}))
    if _other_settings(given) != _other_settings(wanted) and given.name == wanted.name:
        yield Suspect("loss", loss=wanted)


def _base(loss: Loss) -> str:
    return loss.name.removeprefix("sparse_")


def _other_settings(loss: Loss) -> dict[str, Any]:
    return {key: value for key, value in loss.settings.items() if key not in ("from_logits", "axis", "ignore_class")}


def _of_optimizer(given: Optimizer, wanted: Optimizer) -> Iterator[Suspect]:
    same = given.name == wanted.name
    # With another optimizer than the reference's, its Keras default rate is the expected one.
    target = wanted if same else Optimizer.model_validate(dict(zip(("name", "settings"), _default(given), strict=True)))
    if not same_rate(given, target):
        settings = {**given.settings, "learning_rate": rate_of(target)}
        yield Suspect("learning rate", optimizer=given.model_copy(update={"settings": settings}))
    if not same or _settings_differ(given, wanted):
        yield Suspect("optimizer", optimizer=wanted)


def _default(optimizer: Optimizer) -> tuple[str, dict[str, Any]]:
    return read_optimizer(optimizer.name)


def rate_of(optimizer: Optimizer) -> Any:
    """Its learning rate: a number, or the description of a schedule."""
    return optimizer.settings.get("learning_rate", _default(optimizer)[1]["learning_rate"])


def same_rate(one: Optimizer, other: Optimizer) -> bool:
    """Whether two optimizers have the same learning rate."""
    return _close(rate_of(one), rate_of(other))


def _close(one: Any, other: Any) -> bool:
    """Keras stores a learning rate in single precision."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=1e-4)
    return bool(one == other)


def _settings_differ(given: Optimizer, wanted: Optimizer) -> bool:
    defaults = _default(wanted)[1]
    names = defaults.keys() - {"learning_rate"}
    return any(
        not _close(given.settings.get(name, defaults[name]), wanted.settings.get(name, defaults[name]))
        for name in names
    )


def _of_network(given: Architecture, wanted: Architecture) -> Iterator[Suspect]:
    diff = compare(given, wanted, strict=True, folded=False)
    settings: dict[Suspicion, dict[int, frozenset[str]]] = {}
    loose: list[tuple[Suspicion, Deviation]] = []
    for deviation in diff.deviations:
        if deviation.kind == "different" and deviation.settings != ("kind",):
            for name in deviation.settings:
                ours = _known(deviation.expected)
                aspect = _aspect_of_setting(name, ours, given)
                by_operation = settings.setdefault(aspect, {})
                by_operation[ours] = by_operation.get(ours, frozenset()) | {name}
    for aspect, changed in settings.items():
        if aspect in ("size of a layer", "another setting of a layer"):
            for index, names in changed.items():
                yield _of_settings(aspect, {index: names}, given, diff.deviations)
        else:
            loose += [(aspect, one) for one in diff.deviations if one.kind == "different" and one.expected in changed]
    blocks = _blocks([one for one in diff.deviations if one.kind != "different" or one.settings == ("kind",)])
    for block in blocks:
        aspect = _aspect_of_block(block, given, wanted)
        if aspect in _LAYERS or aspect == "connections":
            yield Suspect(aspect, 1 + len(block), _labels(block, given), tuple(block))
        else:
            loose += [(aspect, one) for one in block]
    for aspect in dict.fromkeys(aspect for aspect, _ in loose):
        deviations = tuple(one for each, one in loose if each == aspect)
        chosen = dict(settings.get(aspect, {}))
        yield Suspect(aspect, 1, _labels(deviations, given), deviations, chosen)


def _of_settings(
    aspect: Suspicion,
    changed: Mapping[int, frozenset[str]],
    given: Architecture,
    deviations: Sequence[Deviation],
) -> Suspect:
    mine = tuple(one for one in deviations if one.kind == "different" and one.expected in changed)
    return Suspect(aspect, 2 if aspect == "size of a layer" else 1, _labels(mine, given), mine, dict(changed))


def _aspect_of_setting(name: str, index: int, given: Architecture) -> Suspicion:
    if name.endswith("_initializer"):
        return "initial weights"
    if name.endswith(("_regularizer", "_constraint")):
        return "regularization"
    if name == "trainable":
        return "frozen layers"
    if name in ("rate", "stddev") and given.operations[index].kind in _DROPPING:
        return "dropout"
    if given.operations[index].kind in ACTIVATIONS:
        return "last activation" if index in given.outputs else "activations"
    return "size of a layer" if name in ("units", "filters", "kernel_size") else "another setting of a layer"


def _aspect_of_block(block: Sequence[Deviation], given: Architecture, wanted: Architecture) -> Suspicion:
    """What a contiguous block adds or removes: layers, or only an activation or dropout."""
    kinds: set[str] = set()
    last = False
    for one in block:
        if one.kind in ("connected", "shared"):
            return "connections"
        if one.expected is not None and one.kind != "extra":
            kinds.add(given.operations[one.expected].kind)
            last |= one.expected in given.outputs
        if one.actual is not None and one.kind != "missing":
            kinds.add(wanted.operations[one.actual].kind)
            last |= one.actual in wanted.outputs
    if kinds <= ACTIVATIONS:
        return "last activation" if last else "activations"
    if kinds <= _DROPPING:
        return "dropout"
    if {one.kind for one in block} == {"missing"}:
        return "extra layer"  # seen from the student's network, the reference lacks it
    if {one.kind for one in block} == {"extra"}:
        return "missing layer"
    return "order of layers" if any(one.kind == "moved" for one in block) else "kind of layer"


def _blocks(deviations: Sequence[Deviation]) -> list[list[Deviation]]:
    """Adjacent missing or extra layers are one change: a convolution comes with its activation."""
    blocks: list[list[Deviation]] = []
    for one in deviations:
        before = blocks[-1][-1] if blocks else None
        if before is not None and one.kind == before.kind and one.kind in ("missing", "extra") and _next(before, one):
            blocks[-1].append(one)
        else:
            blocks.append([one])
    return blocks


def _next(before: Deviation, one: Deviation) -> bool:
    here, there = (before.expected, one.expected) if one.kind == "missing" else (before.actual, one.actual)
    return here is not None and there == here + 1


def _labels(deviations: Sequence[Deviation], given: Architecture) -> tuple[str, ...]:
    operations = [given.operations[one.expected] for one in deviations if one.expected is not None]
    return tuple(dict.fromkeys(operation.label or operation.kind for operation in operations))


def _edited(given: Architecture, wanted: Architecture, chosen: Sequence[Suspect]) -> Architecture | None:
    """The student's network with the chosen deviations reverted; None if they cannot be reverted one by one."""
    if not any(one.deviations for one in chosen):
        return given
    diff = compare(given, wanted, strict=True, folded=False)
    partner = partners(tuple((row.expected, row.actual) for row in diff.aligned))
    edit = Edit(given)
    inserted: list[tuple[int, Operation]] = []
    for suspect in chosen:
        for one in suspect.deviations:
            if one.kind == "different":
                _replace(edit, one, wanted, suspect.settings.get(_known(one.expected)))
            if one.kind in ("missing", "moved"):
                edit.remove(_known(one.expected))
            if one.kind in ("extra", "moved"):
                inserted.append((_known(one.actual), wanted.operations[_known(one.actual)]))
            if one.kind == "shared":
                owner = wanted.operations[_known(one.actual)].shares
                edit.share(_known(one.expected), None if owner is None else partner.get(owner))
            if one.kind == "connected":
                if one.actual is None:
                    return None
                sources = wanted.operations[one.actual].inputs
                edit.reconnect(_known(one.expected), tuple(partner.get(source) for source in sources))
            if not edit.possible:
                return None
    # From last to first, so that each lands right behind its anchor and before those that follow it.
    for index, operation in sorted(inserted, key=lambda pair: -pair[0]):
        edit.insert(operation, insertion_anchor(index, wanted, partner))
        if not edit.possible:
            return None
    return edit.architecture


def _replace(edit: Edit, deviation: Deviation, wanted: Architecture, names: frozenset[str] | None) -> None:
    ours, theirs = _known(deviation.expected), wanted.operations[_known(deviation.actual)]
    if names is None:
        edit.replace(ours, theirs)
        return
    here = edit.operations[edit.origin.index(ours)]
    settings = {**here.settings, **{name: theirs.settings[name] for name in names if name in theirs.settings}}
    edit.replace(ours, here.model_copy(update={"settings": settings}))


def _known(index: int | None) -> int:
    assert index is not None
    return index
