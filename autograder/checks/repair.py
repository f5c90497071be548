"""A student's network without the mistakes that have already cost points.

A mistake costs points once, at the question about its cause. Questions about accuracies are affected by it as well:
they keep their points if the network with only these mistakes repaired, and everything else as the student has it,
passes a trusted run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from autograder.checks.base import Context, Question
from autograder.checks.compiled import Compiled, fits_output
from autograder.checks.follow_through import charged_at, charging, verdict_on
from autograder.checks.student_network import difference, find_network
from autograder.checks.training_tasks import losses_of, names_of
from autograder.core.messages import Message, phrase
from autograder.network.align import for_learning_only
from autograder.network.architecture import Architecture
from autograder.network.diff import Diff
from autograder.network.table import TableError
from autograder.records.result import Verdict
from autograder.records.training import TrainingTask

_KINDS = ("architecture", "parameters", "compiled")


@dataclass(frozen=True)
class Repair:
    """The run of a repaired network, and the questions at which its mistakes have cost points."""

    task: TrainingTask
    charged: tuple[Verdict, ...]


def repaired(context: Context, network: str, task: TrainingTask) -> Repair | None:
    """The student's `network` with all mistakes repaired that have cost points; None if there are none.

    Args:
        task: the run of the network as the student has it.
    """
    expected = context.expected[network]
    architecture, at = repaired_architecture(context, network, task.architecture)
    compilation, charged = task.compilation, [] if at is None else [at]
    names = names_of(architecture, task.recipe)
    solution = expected.compilation or task.recipe.usual_compilation
    for question in context.questions:
        if isinstance(question, Compiled) and question.network == network:
            better, verdict = question.repaired(compilation, solution, context), verdict_on(question, context)
            if better != compilation and verdict.score < verdict.points:
                if names and better.loss != compilation.loss:
                    better = better.model_copy(update={"losses": losses_of(solution, architecture)})
                compilation = better
                charged.append(verdict)
    if fits_output(task.compilation, task.architecture) and not fits_output(compilation, architecture):
        # The student's loss belongs to the student's last layer.
        compilation = compilation.model_copy(update={"loss": solution.loss})
    made = task.model_copy(update={"architecture": architecture, "compilation": compilation, **names})
    return Repair(made, tuple(charged)) if charged and made.key != task.key else None


def repaired_architecture(context: Context, network: str, own: Architecture) -> tuple[Architecture, Verdict | None]:
    """The student's `network` with the expected rows, and the question at which the differences have cost points.

    If they have not cost points, the student's `own` architecture and None.
    """
    at, student = charged_at(context, network, own), find_network(context, network)
    try:
        diff = difference(context, network, student) if at is not None else None
    except TableError:
        diff = None
    if diff is None or not diff.deviations:
        return own, None
    return _with_expected_rows(context.expected[network].architecture, own, diff), at


def titles_of(charged: Iterable[Verdict]) -> tuple[Message, ...]:
    """The titles of questions, each once, for the student."""
    return tuple(dict.fromkeys(phrase("“{text}”", text=one.title) for one in charged))


def charging_repairs(questions: tuple[Question, ...], networks: tuple[str, ...]) -> frozenset[str]:
    """The ids of the questions at which mistakes in the `networks` may have cost points."""
    return frozenset(one for network in networks for one in charging(questions, network, _KINDS))


def _with_expected_rows(expected: Architecture, actual: Architecture, diff: Diff) -> Architecture:
    """The expected network, with the student's values for settings that are not compared, such as initializers."""
    operations = list(expected.operations)
    for row in diff.aligned:
        if row.expected is None or row.actual is None:
            continue
        ours, theirs = expected.operations[row.expected], actual.operations[row.actual]
        if ours.kind == theirs.kind:
            own = {name: value for name, value in theirs.settings.items() if for_learning_only(name)}
            operations[row.expected] = ours.model_copy(update={"settings": {**ours.settings, **own}})
    return expected.model_copy(update={"operations": tuple(operations)})
