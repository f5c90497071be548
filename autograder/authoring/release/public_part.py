"""The public part of an assignment: what students may have of it, so that their notebook can check itself.

Everything shipped is tried on the reference solution first: a question that would not find the solution right from its
public part is not judged there, only read.
"""

from __future__ import annotations

import contextlib
import io

from pydantic import ValidationError

from autograder.checks.answers import Answered
from autograder.checks.base import Context, Question
from autograder.checks.read_network import architecture_of
from autograder.checks.registry import find_kind
from autograder.grading.answer_key import AnswerKey
from autograder.network.architecture import Architecture
from autograder.network.canonical import UnknownNetwork
from autograder.network.public_network import shown
from autograder.records.evidence import Evidence
from autograder.selfcheck.checking import problem_of
from autograder.selfcheck.public import PublicNetwork, PublicPart, PublicQuestion


def public_part(answer_key: AnswerKey, handout: Evidence) -> PublicPart:
    """What students may have.

    Args:
        standard: the assignment and its reference solution.
        handout: the evidence of the untouched handout: the networks that its own code builds.
    """
    assignment, context = answer_key.assignment, answer_key.reference_context()
    networks = {}
    for name, expected in answer_key.expected.items():
        network = None
        if expected.table is not None:
            network = shown(expected.table, expected.architecture, _built(handout, name))
        networks[name] = PublicNetwork(table=expected.table if network else None, shown=network)
    candidates = {
        question.id: [*_judged(question), *_read(question, context)]
        for question in assignment.questions
        if not question.hidden
    }
    part = PublicPart(
        assignment=assignment.name,
        title=assignment.title,
        language=assignment.language,
        # All judged questions at once: for some it matters whether another question counts the parameters.
        questions=tuple(found[0] for found in candidates.values() if found),
        networks=networks,
    )

    def works(question: PublicQuestion) -> bool:
        return not said_by(part, question, context)

    tried = (next(filter(works, found), None) for found in candidates.values())
    return part.model_copy(update={"questions": tuple(question for question in tried if question is not None)})


def said_by(part: PublicPart, question: PublicQuestion, context: Context) -> str:
    """What the check of a question says about a notebook; "" if it passes."""
    with contextlib.redirect_stdout(io.StringIO()):
        return problem_of(part, question, context.evidence, context.cells)


def _judged(question: Question) -> list[PublicQuestion]:
    """The question with its public settings, if they are enough to judge it."""
    if question.requires_training or not question.public:
        return []
    own = question.model_dump(mode="json")
    settings = {name: own[name] for name in question.public}
    common = {"id": question.id, "kind": question.kind, "title": question.title, "points": question.points}
    try:
        find_kind(question.kind).model_validate({**common, **settings})
    except ValidationError:
        return []
    return [PublicQuestion(**common, settings=settings, networks=question.networks())]


def _read(question: Question, context: Context) -> list[PublicQuestion]:
    """The question with what is needed to read its answer, if there is anything to read."""
    answered = question if isinstance(question, Answered) else None
    if answered is None and not question.networks():
        return []
    return [
        PublicQuestion(
            id=question.id,
            kind=question.kind,
            title=question.title,
            points=question.points,
            variable=answered.answer if answered else "",
            placeholder=answered.placeholder if answered else None,
            reading=question.reading(context),
            networks=() if answered else question.networks(),
            trained=question.requires_training,
        )
    ]


def _built(evidence: Evidence, name: str) -> Architecture | None:
    captured = evidence.network(name)
    if captured is None or captured.config is None:
        return None
    try:
        return architecture_of(captured)
    except UnknownNetwork:
        return None
