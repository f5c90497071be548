"""Misconceptions: submissions with the same root cause, and the sentence to say about it in the next lecture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from autograder.core.language import ENGLISH, active, say
from autograder.records.result import Finding, Result, Verdict
from autograder.report.lecture_advice import Topic, sentence, topic

# Measured figures and the names of layers differ from student to student where the mistake is the same.
_FIGURE = re.compile(r"\d+\.\d+|\d{1,3}(?:,\d{3})+")
_LAYER = re.compile(r"\b[a-z][a-z0-9_]* \(([A-Z]\w+)\)")
# The same where thousands are kept apart by a narrow space, and a comma may stand before the decimals.
_FOREIGN_FIGURE = re.compile(r"\d{1,3}(?:[,\u202f]\d{3})+(?:[.,]\d+)?|\d+[.,]\d+")
# How the checks say in English that a verdict follows from an earlier one (a test holds them to it).
_FOLLOWS = re.compile(r"\bThat follows from\b|\bbuilds on “")


@dataclass
class Misconception:
    """One root cause: whom it was found with (by row), as what, and an example (by row).

    `found` counts the rows by what was said to them, without figures and names of their own; `parts` by what was left
    out, changed or added.
    """

    question: str
    about: Topic
    students: list[int] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    score: float = -1.0
    example: int = 0

    def sentence(self) -> str:
        """What to say in the next lecture."""
        return sentence(self.about, [part for part, _ in self.parts.most_common()], len(self.students))


class Misconceptions:
    """Counts root causes, one result after the other."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, bool], Misconception] = {}

    def add(self, row: int, result: Result) -> None:
        """Count what went wrong in the result of this row."""
        for question, title, nothing, findings in root_causes(result):
            for finding in findings:
                about = topic(general(finding.key), finding.hint_key, told=finding.hint or general(finding.message))
                # To have nothing right is another mistake than to have forgotten something.
                key = question, _FIGURE.sub("#", about.key), nothing
                group = self._groups.setdefault(key, Misconception(title, about))
                if not group.students or group.students[-1] != row:
                    group.students.append(row)
                group.found[without_figures(general(finding.message))] += 1
                if about.what:
                    group.parts[about.what] += 1
                # Typical is who did everything else right: there the mistake stands alone.
                if result.score > group.score:
                    group.score, group.example = result.score, row

    def listed(self) -> list[Misconception]:
        """The largest first."""
        return sorted(self._groups.values(), key=lambda one: (-len(one.students), one.question, one.about.key))


def root_causes(result: Result) -> Iterator[tuple[str, str, bool, tuple[Finding, ...]]]:
    """What went wrong without following from what went wrong before.

    Yields question id, its title, whether nothing of it was right, and the findings, each said once.
    """
    if result.status == "unreadable":
        yield "", say("The submission as a whole"), True, result.notes
        return
    failed = False
    for verdict in result.questions:
        if verdict.status in ("correct", "needs_review") or verdict.override:
            continue
        findings = tuple(finding for finding in verdict.findings if not (failed and _FOLLOWS.search(finding.key)))
        if findings and not (failed and _repeats(verdict, result)):
            yield verdict.id, verdict.title, verdict.score == 0, _once(findings)
        failed = True
    notes = tuple(note for note in result.notes if note.where)
    if notes and not failed:
        yield "", say("The submission as a whole"), False, _once(notes)


def _once(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple({general(finding.key): finding for finding in findings}.values())


def without_figures(message: str) -> str:
    """A finding without what was measured on one student's network."""
    figure = _FIGURE if active() == ENGLISH else _FOREIGN_FIGURE
    return figure.sub("…", message)


def general(message: str) -> str:
    """A finding without what is one student's own: "conv2d_3 (Conv2D)" is a Conv2D."""
    return _LAYER.sub(r"\1", message)


def _repeats(verdict: Verdict, result: Result) -> bool:
    """Whether an earlier question failed with the same words: no network, nothing to judge."""
    said = {finding.message for finding in verdict.findings}
    for earlier in result.questions:
        if earlier.id == verdict.id:
            return False
        if earlier.status not in ("correct", "needs_review") and said <= {one.message for one in earlier.findings}:
            return True
    return False
