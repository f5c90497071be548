"""What a lecturer reviews in a class: queues by question, one answer at a time, and the decisions."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Assignment, AssignmentError
from autograder.checks.base import Question
from autograder.checks.judging import building_on
from autograder.checks.written import RubricLine, Written
from autograder.core.data import digest
from autograder.core.errors import UserError
from autograder.core.language import gettext, plain_number
from autograder.core.total import total
from autograder.grading.answer_key import AnswerKey
from autograder.grading.override_consequences import judge_dependents
from autograder.grading.regrade import rejudge
from autograder.records.overrides import notebook_digest
from autograder.records.result import Override, Status, TextExhibit, Verdict
from autograder.records.store import Gradebook, StoredResult
from autograder.report.report_folder import with_overrides
from autograder.train.trainer import Trainer


class NotDecided(UserError):
    """An invalid decision; the message is a sentence for the lecturer."""


@dataclass(frozen=True)
class QueueItem:
    """One question of one student, in a queue. Equal `answer`: the same text, apart from spaces and case."""

    student: str
    slug: str
    judged: Status
    answer: str
    override: Override | None
    outdated: bool

    @property
    def waiting(self) -> bool:
        """Whether it needs review: nothing is decided, grading failed, or another notebook was handed in since."""
        return self.outdated or (self.override is None and self.judged in ("needs_review", "error"))


@dataclass(frozen=True)
class Queue:
    """All items of one question, in the order of the class."""

    question: Question
    lines: tuple[QueueItem, ...]

    @property
    def waiting(self) -> int:
        return sum(line.waiting for line in self.lines)

    @property
    def decided(self) -> int:
        return sum(line.override is not None for line in self.lines)

    def first(self) -> QueueItem | None:
        """Where reading begins: the first item that needs review, else the first of all."""
        return next((line for line in self.lines if line.waiting), self.lines[0] if self.lines else None)

    def after(self, slug: str) -> QueueItem | None:
        """The next item that needs review after this one, wrapping around at the end; None if there is none."""
        here = next((place for place, line in enumerate(self.lines) if line.slug == slug), -1)
        around = (*self.lines[here + 1 :], *self.lines[: here + 1])
        return next((line for line in around if line.waiting and line.slug != slug), None)


@dataclass(frozen=True)
class ReviewItem:
    """One answer with everything that helps to judge it; `alike` counts others with the same words that need review.

    `total` is the student's whole score in words, `dependents` are the questions that are judged again with this one.
    """

    queue: Queue
    line: QueueItem
    place: int
    verdict: Verdict
    total: str
    rubric: tuple[RubricLine, ...]
    comments: tuple[str, ...]
    history: tuple[tuple[Override, bool], ...]
    dependents: tuple[Question, ...]
    alike: int
    before: QueueItem | None
    after: QueueItem | None


class ReviewQueues:
    """A report folder's class, read once; decisions go into its gradebook.

    Args:
        folder: the report folder.
        gradebook: that folder's gradebook; its results are checked for changes whenever an answer is shown.
        assignment: whose questions are read.
        reader: the name under which decisions are kept.
    """

    def __init__(self, folder: Path, gradebook: Gradebook, assignment: Assignment, reader: str) -> None:
        self.folder, self.assignment, self.reader = folder, assignment, reader
        self._gradebook = gradebook
        self._answer_key: AnswerKey | None = None
        self._run_key = Trainer().key
        self._training = threading.Lock()
        self._questions = {question.id: question for question in assignment.questions}
        self._seen = {submission.student: notebook_digest(submission.content) for submission in gradebook.submissions()}
        self._students: dict[str, str] = {}
        self._judged: dict[str, list[tuple[str, Status, str]]] = {question: [] for question in self._questions}
        self._lacking: set[str] = set()
        for stored in gradebook.results():
            self._students[stored.slug] = stored.result.student
            self._note_lacking(stored)
            for verdict in stored.result.questions:
                if verdict.id in self._judged:
                    self._judged[verdict.id].append((stored.slug, verdict.status, _words(verdict)))

    def students(self) -> Iterator[tuple[str, str]]:
        """Everyone with the file stem of their page, in the order of the class."""
        return ((slug, student) for slug, student in self._students.items())

    def student(self, slug: str) -> str | None:
        """The student whose page has this file stem; None if there is none."""
        return self._students.get(slug)

    def neighbours(self, slug: str) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
        """The students before and after this one, each with the file stem of the page; None at the ends."""
        slugs = list(self._students)
        place = slugs.index(slug)
        around = (slugs[place - 1] if place else None, slugs[place + 1] if place + 1 < len(slugs) else None)
        before, after = ((one, self._students[one]) if one is not None else None for one in around)
        return before, after

    def queues(self) -> list[Queue]:
        """Every question with its items, in the order of the assignment."""
        current = self._gradebook.overrides.current()
        return [self._queue(question, current) for question in self._questions]

    def queue(self, question: str) -> Queue | None:
        """The items of one question; None if there is no such question."""
        return self._queue(question, self._gradebook.overrides.current()) if question in self._questions else None

    def sheet(self, question: str, slug: str) -> ReviewItem | None:
        """One student's answer to one question; None if there is none."""
        queue = self.queue(question)
        place = next((place for place, line in enumerate(queue.lines) if line.slug == slug), None) if queue else None
        if queue is None or place is None:
            return None
        line = queue.lines[place]
        stored = self._reviewed(line)
        verdict = next((one for one in stored.result.questions if one.id == question), None) if stored else None
        if stored is None or verdict is None:
            return None
        asked, result = queue.question, stored.result
        building = building_on(self.assignment.questions, {question})
        return ReviewItem(
            queue=queue,
            line=line,
            place=place + 1,
            verdict=verdict,
            total=total(result.score, result.points, result.pending),
            rubric=asked.rubric if isinstance(asked, Written) else (),
            comments=tuple(self._gradebook.overrides.comments(question)[:8]),
            history=tuple(self._gradebook.overrides.history(line.student, question)),
            dependents=tuple(one for one in self.assignment.questions if one.id in building),
            alike=len(self._alike(queue, line)),
            before=queue.lines[place - 1] if place else None,
            after=queue.lines[place + 1] if place + 1 < len(queue.lines) else None,
        )

    def decide(self, question: str, slug: str, *, score: str, reason: str, alike: bool) -> list[str]:
        """Give a score, with `alike` also to all others with the same words that need review; returns the students.

        Raises:
            NotDecided: there is no such answer, the score is not a number within the points, or the reason is missing
                although the autograder had decided.
        """
        queue, line = self._found(question, slug)
        points = queue.question.points
        try:
            number = float(score.strip().replace(",", "."))
        except ValueError:
            raise NotDecided(_between(points)) from None
        reason = _in_lines(reason)
        if not reason and line.judged != "needs_review":
            raise NotDecided(gettext("Say why: the student reads it beside the changed score."))
        if len(reason) > 4000:
            raise NotDecided(gettext("A reason has room for {number:,} characters.", number=4000))
        about = [line, *(self._alike(queue, line) if alike else ())]
        for one in about:
            try:
                self._gradebook.overrides.give(
                    one.student,
                    question,
                    score=number,
                    points=points,
                    by=self.reader,
                    reason=reason,
                    seen=self._seen.get(one.student, ""),
                )
            except ValueError as error:
                raise NotDecided(str(error)) from None
            self._judge_dependents(one, question)
        return [one.student for one in about]

    def withdraw(self, question: str, slug: str, *, reason: str) -> str:
        """Let the autograder's verdict count again; returns the student.

        Raises:
            NotDecided: there is nothing to withdraw.
        """
        _, line = self._found(question, slug)
        if line.override is None:
            raise NotDecided(gettext("Nothing was decided here that could be withdrawn."))
        self._gradebook.overrides.withdraw(line.student, question, by=self.reader, reason=_in_lines(reason))
        self._judge_dependents(line, question)
        return line.student

    def _judge_dependents(self, line: QueueItem, question: str) -> None:
        """Judge the questions that depend on a decided one again, at once."""
        if not building_on(self.assignment.questions, {question}):
            return
        try:
            answer_key = self._answer_key = self._answer_key or AnswerKey.stored(self.assignment)
        except AssignmentError:
            return  # nothing can be judged without the reference; `grade` does it
        changed = judge_dependents(answer_key, self._gradebook, line.student, {question}, self._run_key)
        self._refresh(line.student, changed)

    @property
    def lacking(self) -> int:
        """How many results have a question that needs a training run of ours which was not made yet."""
        return len(self._lacking)

    def make_runs(self) -> list[str]:
        """Make the training runs that results lack, and judge these again, which takes as long as the runs; returns the
        students.

        Raises:
            NotDecided: the assignment has no stored reference, or the runs cannot be made here.
        """
        students = {self._students[slug] for slug in self._lacking}
        with self._training:
            try:
                answer_key = self._answer_key = self._answer_key or AnswerKey.stored(self.assignment)
                with Trainer() as trainer:
                    found = rejudge(answer_key, self._gradebook, trainer.key, trainer.run, only=students)
            except UserError as error:
                raise NotDecided(str(error)) from None
            made = [one.after.student for one in found.store(self._gradebook)]
        for student in made:
            self._refresh(student, self._questions)
        return made

    def _refresh(self, student: str, changed: Collection[str]) -> None:
        """Note the stored verdicts of a student on the `changed` questions."""
        stored = self._gradebook.result(student) if changed else None
        if stored is None:
            return
        self._note_lacking(stored)
        for verdict in stored.result.questions:
            if verdict.id in changed and verdict.id in self._judged:
                self._judged[verdict.id] = [
                    (slug, verdict.status, _words(verdict)) if slug == stored.slug else (slug, status, words)
                    for slug, status, words in self._judged[verdict.id]
                ]

    def _note_lacking(self, stored: StoredResult) -> None:
        findings = (finding for verdict in stored.result.questions for finding in verdict.findings)
        if any(finding.code == "question.needs_run" for finding in findings):
            self._lacking.add(stored.slug)
        else:
            self._lacking.discard(stored.slug)

    def _found(self, question: str, slug: str) -> tuple[Queue, QueueItem]:
        queue = self.queue(question)
        line = next((line for line in queue.lines if line.slug == slug), None) if queue else None
        if queue is None or line is None:
            raise NotDecided(gettext("There is no such answer any more; go back to the questions."))
        return queue, line

    def _alike(self, queue: Queue, line: QueueItem) -> list[QueueItem]:
        if not queue.question.needs_manual_grading:
            return []
        return [one for one in queue.lines if one.waiting and one.answer == line.answer and one.slug != line.slug]

    def _queue(self, question: str, current: dict[str, dict[str, Override]]) -> Queue:
        lines = []
        for slug, judged, answer in self._judged[question]:
            student = self._students[slug]
            override = current.get(student, {}).get(question)
            outdated = override is not None and override.seen != self._seen.get(student, "")
            lines.append(QueueItem(student, slug, judged, answer, override, outdated))
        return Queue(self._questions[question], tuple(lines))

    def _reviewed(self, line: QueueItem) -> StoredResult | None:
        stored = self._gradebook.result(line.student)
        if stored is None:
            return None
        return with_overrides(self._gradebook, stored, self._gradebook.overrides.current().get(line.student, {}))


def _between(points: float) -> str:
    return gettext("Give a number of points between 0 and {points}.", points=plain_number(points))


def _in_lines(text: str) -> str:
    """Text from a form, with plain line ends instead of HTTP's."""
    return re.sub(r"\r\n?", "\n", text).strip()


def _words(verdict: Verdict) -> str:
    """A digest of an answer's text, so that the answers of a whole class need little memory."""
    text = " ".join(exhibit.text for exhibit in verdict.exhibits if isinstance(exhibit, TextExhibit))
    return digest(re.sub(r"\s+", " ", text).strip().casefold())
