"""`[datasets.<name>]` and `[base_models.<name>]`: what an assignment declares, read and checked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.assignment.model import DeclaredBaseModel, DeclaredDataset
from autograder.assignment.validation import validated
from autograder.core.errors import UserError
from autograder.datasets import DATASETS, BaseModelDeclaration, Declaration, public_files, resolve
from autograder.datasets.base_models import check_base_model
from autograder.datasets.source import TargetKind
from autograder.observe.packages import LOCK_FILE
from autograder.records.metrics import Task
from autograder.records.training import Recipe

# Where `grading.reference` keeps what the solution left behind.
REFERENCE = "reference.json"
# The share of the examples for validation if the assignment does not set their number.
_VALIDATION_SHARE = 0.2

# The targets that fit a task; any fits an autoencoder, whose target is the input.
_TARGETS: dict[Task, tuple[TargetKind, ...]] = {
    "classification": ("classes",),
    "binary": ("classes",),
    "multilabel": ("multilabel",),
    "regression": ("values",),
    "sequence": ("tokens", "values"),
}
_SHOWN: dict[TargetKind, str] = {
    "classes": "classes",
    "values": "numbers",
    "multilabel": "several labels",
    "tokens": "a sequence",
    "input": "the input itself",
}


def declared_datasets(
    tables: Mapping[str, Any], file: Path, solution: object, problems: list[str], tests: object = None
) -> tuple[dict[str, DeclaredDataset], tuple[str, ...]]:
    """The data sets that could be read, and the names of all declared ones; one sentence is added for each problem.

    Students must not receive the assignment's `file`, nor the `solution` and the `tests` that it names, nor its
    reference, nor what is held out.
    """
    folder = file.parent
    secret = {file.resolve(): "this file"}
    for beside, what in ((REFERENCE, "the stored reference"), (LOCK_FILE, "the lock of the packages")):
        secret[(folder / beside).resolve()] = what
    if tests:
        secret[(folder / str(tests)).resolve()] = "the tests"
    if solution:
        secret[(folder / str(solution)).resolve()] = "the solution"
    found: dict[str, DeclaredDataset] = {}
    owners: dict[str, tuple[str, Path]] = {}
    for name, table in tables.items():
        place = f"[datasets.{name}]"
        if not isinstance(table, Mapping):
            continue  # a problem that is said of the file as a whole
        declaration = validated(Declaration, table, place, problems)
        if declaration is None:
            continue
        if name in DATASETS and declaration.keras != name:
            problems.append(f"{place}: {name} is a data set already, which needs no table; choose another name.")
            continue
        for kept, what in ((declaration.held_out, "held out"), (declaration.hidden, "hidden")):
            if kept is not None:
                secret[(folder / kept).resolve()] = f"{what} by [datasets.{name}]"
        try:
            source = resolve(name, declaration, folder, download=True)
            for beside, path in public_files(declaration, folder).items():
                owner, other = owners.setdefault(beside, (name, path))
                if other.resolve() != path.resolve():
                    problems.append(f'{place}: [datasets.{owner}] has another file "{beside}"; rename one of the two.')
        except UserError as problem:
            problems.append(f"{place}: {problem}")
            continue
        found[name] = DeclaredDataset(declaration, source)
    # Only now is it known what every one of them holds out.
    for name, one in found.items():
        for beside, path in public_files(one.declaration, folder).items():
            inside = (path.resolve(), *path.resolve().parents)
            if what := next((secret[place] for place in inside if place in secret), ""):
                problems.append(
                    f'[datasets.{name}]: students would receive "{beside}", which is {what}; put the data for them '
                    "into a folder of its own."
                )
                break
    return found, tuple(tables)


def declared_base_models(
    tables: Mapping[str, Any],
    datasets: Mapping[str, DeclaredDataset],
    folder: Path,
    problems: list[str],
) -> dict[str, DeclaredBaseModel]:
    """The base models that could be read; one sentence is added for each problem."""
    taken = {file for one in datasets.values() for file in public_files(one.declaration, folder)}
    found: dict[str, DeclaredBaseModel] = {}
    for name, table in tables.items():
        place = f"[base_models.{name}]"
        if not isinstance(table, Mapping):
            continue  # a problem that is said of the file as a whole
        declaration = validated(BaseModelDeclaration, table, place, problems)
        if declaration is None:
            continue
        try:
            model = check_base_model(declaration, folder)
        except UserError as problem:
            problems.append(f"{place}: {problem}")
            continue
        if model.file in taken:
            problems.append(f'{place}: another table has the file "{model.file}" already; rename one of the two.')
        taken.add(model.file)
        found[name] = DeclaredBaseModel(declaration, model)
    return found


def unknown_dataset(name: object, declared: tuple[str, ...]) -> str:
    """The problem with the name of a data set, as a sentence without its key; "" if the name is known."""
    known = (*declared, *(one for one in DATASETS if one not in declared))
    if not isinstance(name, str) or name in known:
        return ""
    near = difflib.get_close_matches(name, known, n=1)
    meant = f' (did you mean "{near[0]}"?)' if near else ""
    listed = ", ".join(f'"{one}"' for one in known)
    return f'is "{name}"{meant}; it must be one of {listed}, or be declared as [datasets.{name}].'


def recipe_on(
    table: dict[str, Any],
    declared: Mapping[str, DeclaredDataset],
    names: tuple[str, ...],
    place: str,
    problems: list[str],
    base_models: tuple[str, ...] = (),
) -> Recipe | None:
    """`[training]` as a recipe, with the record of its data set if that is a declared one, and the digests of the
    `base_models`."""
    if "base_models" in table:
        problems.append(f"{place}: unknown key base_models; a base model has a table [base_models.NAME].")
    elif "source" in table:
        problems.append(f"{place}: unknown key source; data of your own has a table [datasets.NAME].")
    elif problem := unknown_dataset(table.get("dataset"), names):
        problems.append(f"{place}: dataset {problem}")
    else:
        if table.get("dataset") in [name for name in names if name not in declared]:
            # What is wrong with the data was said; how many examples it has is not known.
            validated(Recipe, {"train": 1, "validation": 1, **table}, place, problems)
            return None
        recipe = validated(Recipe, _with_counts(table, declared), place, problems)
        made = recipe and _with_source(recipe, declared, place, problems)
        return made and made.model_copy(update={"base_models": base_models})
    return None


def _with_counts(table: dict[str, Any], declared: Mapping[str, DeclaredDataset]) -> dict[str, Any]:
    """`[training]` with defaults for omitted numbers of examples, if its data set is a declared one."""
    given = declared.get(str(table.get("dataset")))
    if given is None:
        return table
    source = given.source
    if source.hidden and _by_function(table):
        return {"train": source.rows, "validation": source.hidden, **table}
    if source.held_out:
        return {"train": source.rows, "validation": source.held_out, **table}
    validation = table.get("validation", max(1, round(source.rows * _VALIDATION_SHARE)))
    whole = isinstance(validation, int)
    return {"train": max(1, source.rows - (validation if whole else 0)), "validation": validation, **table}


def _by_function(table: dict[str, Any]) -> bool:
    """Whether `[training]` leaves the preparation to the student's own function."""
    prepare = table.get("prepare")
    return prepare == "function" or (isinstance(prepare, dict) and "function" in prepare)


def _with_source(recipe: Recipe, declared: Mapping[str, DeclaredDataset], place: str, problems: list[str]) -> Recipe:
    """The recipe with the record of its data set, if that is a declared one."""
    given = declared.get(recipe.dataset)
    if given is None:
        if recipe.own_preparation is not None:
            problems.append(f'{place}: prepare = "function" scores on hidden rows, which {recipe.dataset} has not.')
        if recipe.metric_output is not None:
            problems.append(f"{place}: metric_output is for data with named outputs, which {recipe.dataset} has not.")
        return recipe
    source = given.source
    request = recipe.own_preparation
    if request is not None:
        if not source.hidden:
            problems.append(
                f'{place}: prepare = "function" scores on hidden rows, which {recipe.dataset} has not; name their file '
                f'in [datasets.{recipe.dataset}], as hidden = "…".'
            )
        elif request.inputs == "table" and source.source != "csv":
            problems.append(f'{place}: inputs = "table" is for csv; {recipe.dataset} is {source.source}.')
        elif recipe.validation != source.hidden:
            problems.append(f'{place}: with prepare = "function" the hidden rows validate; leave validation out.')
    wanted = recipe.train if source.held_out or request else recipe.train + recipe.validation
    if wanted > source.rows or (source.held_out and recipe.validation > source.held_out):
        held = f" and {source.held_out:,} held out" if source.held_out else ""
        problems.append(
            f"{place}: train and validation ask for {recipe.train:,} and {recipe.validation:,} examples, and "
            f"{recipe.dataset} has {source.rows:,}{held}."
        )
    made = recipe.model_copy(update={"source": source})
    if made.metric_output is not None and made.metric_output not in source.outputs:
        named = ", ".join(f'"{name}"' for name in source.outputs if name) or "one without a name"
        problems.append(f'{place}: metric_output is "{made.metric_output}"; the outputs of {recipe.dataset}: {named}.')
        return made
    kinds = _TARGETS.get(made.learns)
    kind = source.kind_of(made.scored_output)
    if made.learns == "autoencoder" and source.has_names:
        problems.append(
            f'{place}: task is "autoencoder", and {recipe.dataset} has named inputs or outputs: give each output its '
            "own columns."
        )
    elif kinds is not None and kind not in kinds:
        problems.append(
            f'{place}: task is "{made.learns}", and the target of {recipe.dataset} is {_SHOWN[kind]}: '
            f"leave task out, or set target_kind in [datasets.{recipe.dataset}]."
        )
    elif made.learns == "binary" and len(made.classes) != 2:
        problems.append(f'{place}: task is "binary", and {recipe.dataset} has {len(made.classes)} classes, not two.')
    elif said := made.metric_problem:
        problems.append(f"{place}: {said}")
    return made
