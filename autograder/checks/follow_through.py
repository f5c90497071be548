"""Follow-through: what follows rightly from a mistake that has cost points already does not cost them again.

An answer about a layer that is right for the network which the student built earns its points, where that network has
lost points for being another one, is half right at least, and holds the layer that is asked about.
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
# So much of its points the question about the network has to have earned.
_SHARE = 0.5


@dataclass(frozen=True)
class OfOwnNetwork(Generic[_Asked]):
    """What is asked for, in the network that the student built: None where it has no such layer or no such size.

    `charged` is the question at which the difference has cost points; None where it has not, or where the layer that is
    asked about has no partner: then what follows from it is judged like anything else.
    """

    value: _Asked | None = None
    charged: Verdict | None = None


def in_own(
    context: Context,
    asked: LayerOf,
    of: Callable[[Architecture], _Asked | None],
    at: Callable[[Architecture, int], _Asked | None],
) -> OfOwnNetwork[_Asked]:
    """What `asked` asks for, as in the student's own network: `of` a whole network, `at` an operation of it."""
    own, paired = _own(context, asked)
    if own is None:
        return OfOwnNetwork()
    if paired is None:
        return OfOwnNetwork(of(own))
    return OfOwnNetwork(at(own, paired), _charged(context, asked.network, own))


def _own(context: Context, asked: LayerOf) -> tuple[Architecture | None, int | None]:
    """The student's network, and the layer in it that is paired with the one that is asked about."""
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


def follows_from(charged: Verdict) -> Message:
    """That an answer counts although another one is expected, for the student."""
    return message(
        "answer.follows",
        "That is right for the network that you built. Another one was asked for; this has cost points at “{title}” "
        "and costs none here.",
        title=charged.title,
    )


def _charged(context: Context, network: str, own: Architecture) -> Verdict | None:
    if any(other.architecture == own for name, other in context.expected.items() if name != network):
        return None  # the network of another part, or one that the notebook gave
    asked = [one for one in context.questions if network in one.networks()]
    about = [_verdict(one, context) for one in asked if one.kind == "architecture"]
    if not any(one.score > 0 and one.score + 0.0005 >= _SHARE * one.points for one in about):
        return None
    seen = [*about, *(_verdict(one, context) for one in asked if one.kind == "parameters")]
    return next((one for one in seen if one.score < one.points), None)


def _verdict(question: Question, context: Context) -> Verdict:
    """As it was judged, or as it will be: these kinds need nothing but the evidence."""
    earlier = context.earlier.get(question.id)
    if earlier is not None:
        return earlier
    return context.counting(context.once(("verdict", question), lambda: question.judge(context)))


def charging(questions: tuple[Question, ...], network: str) -> frozenset[str]:
    """The ids of the questions that say whether a difference in a network has cost points."""
    kinds = ("architecture", "parameters")
    return frozenset(one.id for one in questions if one.kind in kinds and network in one.networks())
