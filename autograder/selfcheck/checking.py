"""One question checked in the student's own notebook."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.checks.answers import NotGiven, given
from autograder.checks.base import Context, ExpectedNetwork, NotebookCell, Question
from autograder.checks.registry import find_kind
from autograder.checks.student_network import StudentNetwork, find_network
from autograder.core.language import use_language
from autograder.core.messages import in_plain_text, message
from autograder.records.evidence import Evidence
from autograder.records.result import Finding, Verdict
from autograder.selfcheck.interpretation import understood
from autograder.selfcheck.plain_text import findings_in_words, heading, network_in_words
from autograder.selfcheck.public import PublicPart, PublicQuestion, read_public
from autograder.selfcheck.recorder import watch_of


class Findings(AssertionError):
    """What a check found, in words for the student."""


def check(env: dict[str, Any], question: str, checks: str) -> None:
    """Check one question on the objects in the student's notebook; returns without an exception if nothing is wrong.

    The result is not a score and not trusted: the check runs in the student's own kernel.

    Args:
        env: the notebook's variables, as otter passes them to a test with the parameter `env`.
        question: the id of the question.
        checks: the file with the public part of the assignment, next to the notebook.

    Raises:
        Findings: something is wrong or missing; the message says what.
        ChecksMissing: the file is missing or damaged.
    """
    public = read_public(Path(checks))
    asked = public.question(question)
    evidence, cells = watch_of(env).evidence(public.variables())
    with use_language(public.language):
        problem = problem_of(public, asked, evidence, cells)
        if problem:
            # Otter inserts the message into HTML without escaping.
            raise Findings(problem.replace("<", "‹").replace(">", "›"))


def problem_of(
    public: PublicPart, question: PublicQuestion, evidence: Evidence, cells: tuple[NotebookCell, ...]
) -> str:
    """What is wrong, in words for the student; "" if nothing is. Everything else is printed."""
    context = _context(public, question, evidence, cells)
    if question.settings is not None:
        verdict = _judged(question, context)
        if verdict.status != "correct":
            return f"{heading(verdict)}\n{findings_in_words(verdict)}"
        for finding in verdict.findings:
            print(findings_in_words(finding))
        return ""
    try:
        for sentence in _read(question, context):
            print(sentence)
    except NotGiven as problem:
        return f"– {question.title}\n{findings_in_words(problem.finding)}"
    return ""


def _context(
    public: PublicPart, question: PublicQuestion, evidence: Evidence, cells: tuple[NotebookCell, ...]
) -> Context:
    """The context of the question: networks of other questions only help to assign networks to names."""
    expected = {
        name: ExpectedNetwork(name, network.shown.architecture, network.table)
        for name, network in public.networks.items()
        if network.shown is not None
    }
    others = public.networks.keys() - expected.keys() - set(question.networks)
    networks = tuple(network for network in evidence.networks if network.name not in others)
    evidence = evidence.with_networks(networks)
    context = Context(evidence=evidence, expected=expected, cells=cells, questions=_questions(public))
    own = {name: find_network(context, name).comparable for name in question.networks if name in expected}
    beside = {
        name: replace(expected[name], architecture=shown.beside(student))
        for name, student in own.items()
        if student is not None and (shown := public.networks[name].shown) is not None
    }
    return context.replace(expected={**expected, **beside})


def _questions(public: PublicPart) -> tuple[Question, ...]:
    return tuple(_model(question) for question in public.questions if question.settings is not None)


def _model(question: PublicQuestion) -> Question:
    own = {"kind": question.kind, "id": question.id, "title": question.title, "points": question.points}
    return _kind(question.kind).model_validate({**own, **(question.settings or {})})


@functools.cache
def _kind(name: str) -> type[Question]:
    """Cached, so that the installed packages are searched once."""
    return find_kind(name)


def _judged(question: PublicQuestion, context: Context) -> Verdict:
    model = _model(question)
    try:
        return model.judge(context)
    except Exception as error:
        problem = Finding(
            message=message(
                "check.failed", "The check itself failed; that is not your fault, and says nothing about your answer."
            ),
            hint=f"{type(error).__name__}: {str(error)[:300]}",
        )
        return model.verdict("error", 0.0, problem)


def _read(question: PublicQuestion, context: Context) -> list[str]:
    """How an answer is interpreted, one sentence for each part.

    Raises:
        NotGiven: there is no answer, or it cannot be interpreted.
    """
    if question.variable:
        value = given(context, question.variable, question.placeholder)
        return [in_plain_text(understood(question, value))]
    return [_network(find_network(context, name), name) for name in question.networks]


def _network(student: StudentNetwork, name: str) -> str:
    if student.architecture is None:
        first = message("hint.run_from_top", "Run the cells from the top, and look at the first one that fails.")
        raise NotGiven(student.problem, first)
    return network_in_words(student, name)
