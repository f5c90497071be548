"""A student's network without the mistakes that have already cost points.

A mistake costs points once, at the question about its cause. Questions about accuracies are affected by it as well:
they keep their points if the network with only these mistakes repaired, and everything else as the student has it,
passes a trusted run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from autograder.checks.base import Context, Question
from autograder.checks.compiled import Compiled, compiled_questions, fits_output
from autograder.checks.follow_through import charged_at, charging, verdict_on
from autograder.checks.student_network import difference, find_network
from autograder.checks.training_tasks import inputs_and_outputs, losses_of
from autograder.core.messages import Message, phrase
from autograder.network.align import for_learning_only
from autograder.network.architecture import Architecture
from autograder.network.diff import Diff
from autograder.network.table import TableError
from autograder.records.result import Verdict
from autograder.records.training import TrainingTask

_KINDS = ("architecture", "parameters", "compiled")
# Questions about how well a network learns, by themselves.
_SCORES = ("accuracy", "score")


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
    names = inputs_and_outputs(architecture, task.recipe)
    solution = expected.compilation or task.recipe.usual_compilation
    for question in compiled_questions(context, network):
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


def repaired_to_learn(context: Context, network: str, task: TrainingTask) -> Repair | None:
    """The student's `network` as `repaired`, and also with what keeps it from learning, if that has cost points already
    at a question about its score: how it is compiled, and settings such as initial weights.

    Rows that differ from the expected network and have cost no points stay as the student has them.
    """
    known = repaired(context, network, task)
    missed = tuple(
        verdict
        for one in context.questions
        if one.kind in _SCORES
        and network in one.networks()
        and (verdict := context.earlier.get(one.id)) is not None
        and verdict.status == "wrong"
        and not any(finding.code.startswith("depends.") for finding in verdict.findings)
    )
    if not missed:
        return known
    base = task if known is None else known.task
    expected, student = context.expected[network], find_network(context, network)
    solution = expected.compilation or base.recipe.usual_compilation
    try:
        diff = difference(context, network, student)
    except TableError:
        return known
    architecture = expected.architecture
    if base.architecture == task.architecture:
        pairs = ((actual, wanted) for wanted, actual in _aligned(diff))
        architecture = _with_learning_of(architecture, task.architecture, pairs)
    loss = solution.loss if fits_output(solution, architecture) else base.compilation.loss
    compilation = solution.model_copy(update={"loss": loss})
    names = inputs_and_outputs(architecture, task.recipe)
    if names:
        compilation = compilation.model_copy(update={"losses": losses_of(solution, architecture)})
    made = task.model_copy(update={"architecture": architecture, "compilation": compilation, **names})
    charged = missed if known is None else (*known.charged, *missed)
    return Repair(made, charged) if made.key != task.key else known


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
    return _with_learning_of(own, context.expected[network].architecture, _aligned(diff)), at


def titles_of(charged: Iterable[Verdict]) -> tuple[Message, ...]:
    """The titles of questions, each once, for the student."""
    return tuple(dict.fromkeys(phrase("“{text}”", text=one.title) for one in charged))


def charging_repairs(
    questions: tuple[Question, ...], networks: tuple[str, ...], *, scores: bool = False
) -> frozenset[str]:
    """The ids of the questions at which mistakes in the `networks` may have cost points; `scores`: those about how
    well each of them learns as well."""
    kinds = (*_KINDS, *_SCORES) if scores else _KINDS
    found = frozenset(one for network in networks for one in charging(questions, network, kinds))
    return found | {one.id for one in questions if isinstance(one, Compiled)}


def _with_learning_of(other: Architecture, network: Architecture, pairs: Iterable[tuple[int, int]]) -> Architecture:
    """`network` with the values of `other` for settings that are not compared, such as initializers.

    Args:
        pairs: the operations of `network` and of `other` that stand for each other.
    """
    operations = list(network.operations)
    for place, at in pairs:
        own, theirs = operations[place], other.operations[at]
        if own.kind == theirs.kind:
            learning = {name: value for name, value in theirs.settings.items() if for_learning_only(name)}
            operations[place] = own.model_copy(update={"settings": {**own.settings, **learning}})
    return network.model_copy(update={"operations": tuple(operations)})


def _aligned(diff: Diff) -> list[tuple[int, int]]:
    """The expected and the actual operations that stand for each other."""
    return [(row.expected, row.actual) for row in diff.aligned if row.expected is not None and row.actual is not None]
