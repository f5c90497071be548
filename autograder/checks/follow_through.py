"""Follow-through: an answer that follows correctly from a mistake that has already cost points costs nothing more.

An answer about a layer that is right for the student's own network earns its points if that network has lost points for
being different, is at least half right, and has the layer in question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from autograder.checks.base import Context, Question
from autograder.checks.quantities import LayerOf
from autograder.checks.student_network import difference, find_network
from autograder.core.messages import Message, message
from autograder.network.architecture import Architecture
from autograder.network.table import TableError
from autograder.records.result import Verdict

_Asked = TypeVar("_Asked")
# The share of its points that the question about the network must have earned.
_SHARE = 0.5


@dataclass(frozen=True)
class OfOwnNetwork(Generic[_Asked]):
    """The requested value in the student's own network: None if it has no such layer or no such size.

    `charged` is the question at which the difference has cost points; None if it has not, or if the layer in question
    has no partner: then the answer is judged like any other.
    """

    value: _Asked | None = None
    charged: Verdict | None = None


def in_own(
    context: Context,
    asked: LayerOf,
    of: Callable[[Architecture], _Asked | None],
    at: Callable[[Architecture, int], _Asked | None],
) -> OfOwnNetwork[_Asked]:
    """The value of `asked` in the student's own network: `of` for a whole network, `at` for an operation in it."""
    own, paired = _own(context, asked)
    if own is None:
        return OfOwnNetwork()
    if paired is None:
        return OfOwnNetwork(of(own))
    return OfOwnNetwork(at(own, paired), charged_at(context, asked.network, own))


def _own(context: Context, asked: LayerOf) -> tuple[Architecture | None, int | None]:
    """The student's network, and the layer in it that is paired with the one in question."""
    expected, student = context.expected.get(asked.network), find_network(context, asked.network)
    own = student.architecture
    index = None if expected is None or not asked.layer else asked.index_in(expected.architecture)
    if expected is None or index is None or own is None:
        return own, None
    try:
        diff = difference(context, asked.network, student)
    except TableError:
        return own, None
    kind = expected.architecture.operations[index].kind
    partners = [row.actual for row in diff.aligned if row.expected == index and row.actual is not None]
    return own, next((place for place in partners if own.operations[place].kind == kind), None)


def uses_torch(context: Context, network: str) -> bool:
    """Whether the student's network is one of PyTorch."""
    captured = find_network(context, network).captured
    return captured is not None and captured.framework == "torch"


def follows_from(charged: Verdict) -> Message:
    """For the student: the answer counts although another one is expected."""
    return message(
        "answer.follows",
        "That is right for the network that you built. Another one was asked for; this has cost points at “{title}” "
        "and costs none here.",
        title=charged.title,
    )


def charged_at(
    context: Context, network: str, own: Architecture, kinds: tuple[str, ...] = ("architecture", "parameters")
) -> Verdict | None:
    """The question, of these kinds, at which the differences in the student's network `own` have cost points.

    None if they have not, if the network is less than half right, or if it is that of another part.
    """
    if any(other.architecture == own for name, other in context.expected.items() if name != network):
        return None  # the network of another part, or one that the notebook gave
    asked = [one for one in context.questions if network in one.networks()]
    about = _on_architecture(context, network)
    if not about or not is_half_right(context, network):
        return None
    seen = [*about, *(verdict_on(one, context) for one in asked if one.kind == "parameters" and one.kind in kinds)]
    return next((one for one in seen if one.score < one.points), None)


def is_half_right(context: Context, network: str) -> bool:
    """Whether the student's network has earned at least half at an `architecture` question, if one asks for it."""
    about = _on_architecture(context, network)
    return not about or any(one.score > 0 and one.score + 0.0005 >= _SHARE * one.points for one in about)


def _on_architecture(context: Context, network: str) -> list[Verdict]:
    # The checks in a released notebook do not know every expected network.
    if network not in context.expected:
        return []
    asked = (one for one in context.questions if one.kind == "architecture" and network in one.networks())
    return [verdict_on(one, context) for one in asked]


def verdict_on(question: Question, context: Context) -> Verdict:
    """The verdict already given, or computed now: the kinds that charge for a network need no run."""
    earlier = context.earlier.get(question.id)
    if earlier is not None:
        return earlier
    if question.from_evidence_alone:
        return context.counting(context.once(("verdict", question), lambda: question.judge(context)))
    return context.counting(question.judge(context))


def charging(
    questions: tuple[Question, ...], network: str, kinds: tuple[str, ...] = ("architecture", "parameters")
) -> frozenset[str]:
    """The ids of the questions that show whether a difference in a network has cost points."""
    return frozenset(one.id for one in questions if one.kind in kinds and network in one.networks())
