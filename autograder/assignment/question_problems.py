"""Problems of a question that concern other tables of `assignment.toml`: earlier questions, networks and data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from autograder.assignment.declared_datasets import unknown_dataset
from autograder.assignment.model import DeclaredDataset, NetworkSpec
from autograder.assignment.validation import did_you_mean
from autograder.checks.base import Question
from autograder.checks.score import ScoreQuestion


def dependency_problems(question: Question, place: str, ids: Sequence[Any], number: int) -> list[str]:
    """What is wrong with `depends` of the question at `number` in the list of `ids`, in sentences."""
    if question.depends is None:
        return []
    needed = question.depends.question
    if needed == question.id:
        return [f"{place}: it depends on itself; name an earlier question, or leave depends out."]
    if needed in ids[:number]:
        return []
    if needed in ids:
        return [
            f'{place}: it depends on "{needed}", which comes later; questions are judged in their order, so move '
            f'"{needed}" above it (and let the two not depend on each other).'
        ]
    near = did_you_mean(needed, [identity for identity in ids[:number] if isinstance(identity, str)])
    return [f'{place}: it depends on "{needed}", and there is no such question; {near}']


def network_problems(
    question: Question, place: str, networks: Mapping[str, NetworkSpec], untrained: Set[str]
) -> list[str]:
    """What is wrong with the networks that a question names, in sentences; `untrained` have no recipe."""
    problems = []
    for name in question.networks():
        if name not in networks:
            near = did_you_mean(name, networks, "the declared ones are")
            problems.append(f'{place}: network "{name}" is not declared as [networks.{name}]; {near}')
        elif question.requires_training and name in untrained:
            problems.append(f'{place}: network "{name}" is to be trained; add a [training] table that says how.')
        elif question.requires_training and (recipe := networks[name].recipe) is not None:
            if not recipe.metric_problem:  # that is said of [training]
                problems += [f"{place}: {said}" for said in [question.training_problem(recipe)] if said]
            if recipe.own_preparation is not None and not isinstance(question, ScoreQuestion):
                problems.append(f'{place}: prepare = "function" is for the kinds score and accuracy.')
    return problems


def hidden_problems(
    question: Question, declared: Mapping[str, DeclaredDataset], names: tuple[str, ...], training: str, place: str
) -> list[str]:
    """What is wrong with the data that a question asks predictions for, as sentences."""
    problems = []
    for request in question.predictions():
        one = declared.get(request.dataset)
        if one is None:
            if problem := unknown_dataset(request.dataset, names):
                problems.append(f"{place}: dataset {problem}")
            elif request.dataset not in names:
                problems.append(
                    f'{place}: dataset is "{request.dataset}", which everybody has; predictions are asked for hidden '
                    "examples, of data of your own."
                )
        elif said := question.prediction_problem(one.source, training):
            problems.append(f"{place}: {said}")
    return problems
