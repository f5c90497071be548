"""Feedback as an HTML fragment, for platforms that show it inside their own page: no style, no script."""

from __future__ import annotations

from autograder.core.messages import in_plain_text
from autograder.records.result import Finding, Result, Verdict
from autograder.report.templating import environment
from autograder.report.views import at_a_glance


def question_fragment(verdict: Verdict) -> str:
    """The result of one question: findings, the networks side by side, the training run in a sentence."""
    return environment().get_template("platform.html").render(verdict=verdict).strip()


def overview_fragment(result: Result, protects: str, *, gist: bool) -> str:
    """What there is to say about the whole submission, and how it was graded.

    `protects` says what the isolation protected; `gist` adds how many questions are right, which includes hidden ones.
    """
    glance = at_a_glance(result) if gist else None
    template = environment().get_template("platform_overview.html")
    return template.render(result=result, glance=glance, protects=protects).strip()


def findings_as_lines(findings: tuple[Finding, ...]) -> str:
    """Findings as lines of plain text."""
    lines = ((f"{one.where}:" if one.where else "", str(one.message), str(one.hint)) for one in findings)
    return in_plain_text("\n".join(" ".join(filter(None, parts)) for parts in lines))
