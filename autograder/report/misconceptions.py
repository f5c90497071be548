"""Misconceptions: submissions with the same root cause, and the sentence about it for the next lecture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from autograder.core.language import gettext
from autograder.records.result import Finding, Result, Verdict
from autograder.report.generalized import generalized, nested_messages
from autograder.report.lecture_advice import Topic, sentence, topic

# The groups and codes by which the checks mark a verdict that follows from an earlier one (a test keeps them in step).
FOLLOWING_GROUP = "depends."
FOLLOWING = frozenset({"parameters.follow"})
# A missed score, and the codes of what a run has shown to restore it: then that is the cause, and the score follows.
MISSED = frozenset({"accuracy.reached", "accuracy.reached_twice", "accuracy.untrainable"})
SHOWN = frozenset(
    {
        "cause.one_change",
        "cause.several_changes",
        "cause.one_change_untrainable",
        "cause.several_changes_untrainable",
        "cause.maybe_fewer",
        "cause.first_alone",
        "cause.first_two",
    }
)


@dataclass
class Misconception:
    """One root cause: who has it (by row), as what, and an example (by row).

    `code` is that of its first finding. `found` counts the rows by the findings they got, without their own figures and
    names; `parts` by what was left out, changed or added.
    """

    question: str
    about: Topic
    code: str = ""
    students: list[int] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    score: float = -1.0
    example: int = 0

    def sentence(self) -> str:
        """What to say in the next lecture."""
        return sentence(self.about, [part for part, _ in self.parts.most_common()], len(self.students))


class Misconceptions:
    """Counts root causes, one result at a time."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, tuple[object, ...], bool], Misconception] = {}

    def add(self, row: int, result: Result) -> None:
        """Count what went wrong in the result of this row."""
        for question, title, nothing, findings in root_causes(result):
            for finding in findings:
                about = topic(finding)
                # Having nothing right is a different mistake from forgetting something.
                key = question, about.key, nothing
                group = self._groups.setdefault(key, Misconception(title, about, finding.code))
                if not group.students or group.students[-1] != row:
                    group.students.append(row)
                group.found[str(generalized(finding.message))] += 1
                group.parts.update(about.parts)
                # A submission with everything else right is typical: it shows the mistake alone.
                if result.score > group.score:
                    group.score, group.example = result.score, row

    def listed(self) -> list[Misconception]:
        """The largest first."""
        return sorted(
            self._groups.values(), key=lambda one: (-len(one.students), one.question, one.code, str(one.about.key))
        )


def root_causes(result: Result) -> Iterator[tuple[str, str, bool, tuple[Finding, ...]]]:
    """What went wrong without following from an earlier mistake.

    Yields question id, title, whether nothing of it was right, and the findings, each once.
    """
    if result.status == "unreadable":
        yield "", gettext("The submission as a whole"), True, result.notes
        return
    failed = False
    for verdict in result.questions:
        if verdict.status in ("correct", "needs_review") or verdict.override:
            continue
        found = verdict.findings
        if any(finding.code in SHOWN for finding in found):
            found = tuple(finding for finding in found if finding.code not in MISSED)
        findings = tuple(finding for finding in found if not (failed and _follows(finding)))
        if findings and not (failed and _repeats(verdict, result)):
            yield verdict.id, verdict.title, verdict.score == 0, _once(findings)
        failed = True
    notes = tuple(note for note in result.notes if note.where)
    if notes and not failed:
        yield "", gettext("The submission as a whole"), False, _once(notes)


def _once(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple({generalized(finding.message): finding for finding in findings}.values())


def _follows(finding: Finding) -> bool:
    codes = {one.code for one in nested_messages(finding.message)}
    return bool(codes & FOLLOWING) or any(code.startswith(FOLLOWING_GROUP) for code in codes)


def _repeats(verdict: Verdict, result: Result) -> bool:
    """Whether an earlier question failed with the same words: no network, nothing to judge."""
    said = {finding.message for finding in verdict.findings}
    for earlier in result.questions:
        if earlier.id == verdict.id:
            return False
        if earlier.status not in ("correct", "needs_review") and said <= {one.message for one in earlier.findings}:
            return True
    return False
