"""Returns scores, comments and pages to the platform that the submissions were pulled from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from autograder.assignment import Assignment
from autograder.core.data import digest
from autograder.core.errors import UsageError
from autograder.core.language import use_language
from autograder.core.messages import message
from autograder.core.total import total
from autograder.grading.gradebook_location import opened
from autograder.lms.export import undecided
from autograder.lms.online.push_plan import (
    DECIMALS,
    Before,
    Choices,
    OurGrade,
    PushStep,
    ambiguous_names,
    decide,
    same,
    unknown_names,
)
from autograder.lms.online.site import (
    MARKER_DIGITS,
    Connection,
    Grading,
    Interrupted,
    PlatformError,
    Site,
    with_marker,
)
from autograder.records.pulled import PULLED_FACT, SENT_FACT, OnlinePlatform, Pulled, Sent, SentGrade
from autograder.records.result import Result
from autograder.records.store import Gradebook
from autograder.report.report_folder import bring_up_to_date, reviewed

Pages = Literal["deadline", "now", "never"]
_ROUNDS = 3


@dataclass(frozen=True)
class PushPlan:
    """What a push would do, for the lecturer to read first. `notes` say what holds for everyone."""

    site: Site
    steps: tuple[PushStep, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class PushReport:
    """What a push did: the steps that the platform now shows as done, and those that it does not."""

    listing: PushPlan
    done: tuple[PushStep, ...]
    failed: tuple[PushStep, ...]
    problems: tuple[str, ...]


class Push:
    """One push of a report folder; `listing` says what it would do, `send` does it."""

    def __init__(
        self,
        folder: Path,
        assignment: Assignment,
        gradebook: Gradebook,
        pulled: Before,
        connection: Connection,
        *,
        choices: Choices,
        pages: Pages,
        scale: bool,
        now: datetime,
    ) -> None:
        self._folder, self._assignment, self._gradebook = folder, assignment, gradebook
        self._pulled, self._connection = pulled, connection
        self._choices, self._pages, self._scale, self._now = choices, pages, scale, now
        self._results = {stored.result.student: _without_exhibits(stored.result) for stored in reviewed(gradebook)}
        self.listing = self._listed(self._read())

    def send(self) -> PushReport:
        """Send what the listing says, then read the platform again to see what stands there.

        After a failure nothing is sent again before the platform was read. What is about to be sent is noted first,
        so that a grade which arrived without an answer is known as ours.
        """
        wanted = {step.id: step for step in self.listing.steps if step.sends}
        listing = self.listing
        problems: list[str] = []
        for _ in range(_ROUNDS):
            todo = [step for step in listing.steps if step.sends and step.id in wanted]
            if not todo:
                break
            self._note(todo, final=False)
            try:
                self._connection.send(listing.site, [self._grading(step) for step in todo])
            except Interrupted as error:
                problems.append(str(error))
            # An error of reading ends here: without knowing what arrived, nothing is sent again.
            listing = self._listed(self._read())
            self._note([step for step in listing.steps if step.id in wanted and step.kind == "unchanged"], final=True)
        after = {step.id: step for step in listing.steps}
        failed = [step for identity, step in wanted.items() if not _is_done(after.get(identity))]
        done = [step for step in wanted.values() if step not in failed]
        return PushReport(self.listing, tuple(done), tuple(failed), tuple(dict.fromkeys(problems)))

    def _read(self) -> Site:
        return self._connection.read(self._pulled.course, self._pulled.assignment)

    def _listed(self, site: Site) -> PushPlan:
        held, notes = self._pages_held(site)
        choices = replace(self._choices, pages=not held)
        points = self._assignment.points
        if not site.refuses and site.maximum <= 0:
            site = replace(site, refuses="the assignment there has no points")
        if not site.refuses and not self._scale and not same(site.maximum, points):
            why = f"the maximum there is {site.maximum:g}, here {points:g} (--scale scales every score)"
            site = replace(site, refuses=why)
        grades = list(self._grades(site.maximum))
        steps = decide(grades, site, self._pulled, self._sent(), choices)
        mistyped = [f'--replace "{name}": nobody is called that' for name in unknown_names(steps, choices)]
        several = [
            f'--replace "{name}": several students are called that, so name one by id'
            for name in sorted(ambiguous_names(site, choices))
        ]
        return PushPlan(site, tuple(steps), (*site.notes, *notes, *mistyped, *several))

    def _pages_held(self, site: Site) -> tuple[bool, tuple[str, ...]]:
        if self._pages == "never" or not site.takes_pages:
            return True, ()
        if self._pages == "now":
            return False, ()
        if site.deadline is None:
            return True, ("pages are held back, because the assignment there has no deadline (--pages now)",)
        if site.deadline > self._now:
            last = site.deadline.astimezone().strftime("%Y-%m-%d %H:%M")
            return True, (f"pages are held back until the last deadline, {last} (--pages now)",)
        return False, ()

    def _grades(self, maximum: float) -> Iterator[OurGrade]:
        known = self._pulled.grades
        for result in self._results.values():
            ids, at = self._identified(result)
            points = result.points or 1.0
            amount = min(result.score / points, 1.0) * maximum if self._scale else result.score
            yield OurGrade(
                student=result.student,
                ids=tuple(identity for identity in ids if identity in known),
                amount=round(amount, DECIMALS),
                undecided=undecided(result),
                at=at,
                marker=self._marker(result),
            )

    def _identified(self, result: Result) -> tuple[Sequence[str], str]:
        """The platform's ids of those who handed this in, and when."""
        came = result.handed_in
        if came is None:
            return (), ""
        return [person.id for person in came.persons if came.platform == self._pulled.platform], came.at

    def _marker(self, result: Result) -> str:
        """The same for the same verdicts: a page is sent again only if it says something else."""
        line = result.line()
        said = {key: line[key] for key in ("score", "points", "questions", "notes", "handed_in")}
        where = [self._pulled.url, self._pulled.assignment]
        return digest(where, said)[:MARKER_DIGITS]

    def _grading(self, step: PushStep) -> Grading:
        grade = step.after if step.sends_grade else None
        if not step.sends_page:
            return Grading(step.id, grade)
        page = bring_up_to_date(self._folder, self._assignment, self._gradebook, step.student)
        with use_language(self._assignment.language):
            comment = str(_comment(self._results[step.student]))
        return Grading(step.id, grade, with_marker(comment, step.marker), step.marker, page)

    def _sent(self) -> dict[str, SentGrade]:
        prefix = self._key("")
        return {key.removeprefix(prefix): one for key, one in self._all_sent().items() if key.startswith(prefix)}

    def _all_sent(self) -> dict[str, SentGrade]:
        text = self._gradebook.fact(SENT_FACT)
        try:
            return Sent.model_validate_json(text).grades if text else {}
        except ValidationError:
            return {}  # what stands on the platform then counts as a person's

    def _note(self, steps: Iterable[PushStep], *, final: bool) -> None:
        """Note grades about to be sent next to earlier ones, or alone once they are seen on the platform."""
        kept = self._all_sent()
        changed = False
        for step in steps:
            if step.after is None or not (step.sends_grade or final):
                continue
            before = kept.get(self._key(step.id), SentGrade(grades=()))
            grades = (step.after,) if final else (*before.grades, step.after)
            if final and not any(same(step.after, grade) for grade in before.grades):
                continue  # a person gave the same grade
            changed |= grades != before.grades
            kept[self._key(step.id)] = SentGrade(grades=tuple(dict.fromkeys(grades)))
        if changed:
            self._gradebook.store_fact(SENT_FACT, Sent(grades=kept).model_dump_json())

    def _key(self, identity: str) -> str:
        return f"{self._pulled.platform} {self._pulled.url} {self._pulled.assignment} {identity}"


@contextmanager
def pushing(
    folder: Path,
    platform: OnlinePlatform,
    connect: Callable[[Pulled], Connection],
    *,
    choices: Choices,
    pages: Pages = "deadline",
    scale: bool = False,
    now: datetime | None = None,
) -> Iterator[Push]:
    """A push of a report folder, with the platform read and nothing sent.

    Args:
        folder: a report folder that `grade` wrote from a pulled folder.
        platform: the platform that the caller named.
        connect: opens the connection to where the submissions came from.
        choices: what the caller allows.
        pages: whether pages go out after the deadline of everybody, at once, or not at all.
        scale: whether scores are scaled to the maximum there.
        now: the present, by default the clock's.

    Raises:
        UsageError: the report was not graded from a pulled folder of this platform.
        PlatformError, AssignmentError, GradebookError: with a sentence.
    """
    with opened(folder) as (assignment, gradebook):
        pulled = _pulled_of(gradebook, folder)
        if pulled.platform != platform:
            raise UsageError(f"The submissions in {folder} were pulled from {pulled.platform}: push {pulled.platform}.")
        yield Push(
            folder,
            assignment,
            gradebook,
            pulled,
            connect(pulled),
            choices=choices,
            pages=pages,
            scale=scale,
            now=now or datetime.now(UTC),
        )


def _pulled_of(gradebook: Gradebook, folder: Path) -> Pulled:
    text = gradebook.fact(PULLED_FACT)
    if text is None:
        raise UsageError(
            f"{folder} was not graded from a folder that `autograder pull` filled, so nobody's id is known: pull, "
            "grade that folder, and push its report; or use `autograder export`."
        )
    try:
        return Pulled.model_validate_json(text)
    except ValidationError:
        raise UsageError(f"{folder} was graded from a damaged pulled.json: pull and grade again.") from None


def _comment(result: Result) -> object:
    text = total(result.score, result.points, result.pending)
    return message("push.comment", "{total}. The attached page explains every question.", total=text)


def _is_done(step: PushStep | None) -> bool:
    return step is not None and step.kind == "unchanged" and not step.sends


def _without_exhibits(result: Result) -> Result:
    """A result without tables and pictures, so that a class of thousands fits into memory."""
    questions = tuple(verdict.model_copy(update={"exhibits": ()}) for verdict in result.questions)
    return result.model_copy(update={"questions": questions})


def in_lines(steps: Sequence[PushStep]) -> list[str]:
    """The listing in lines: each kind with its students; whose grade is lowered or refused is named one by one."""
    lines: list[str] = []
    for kind in dict.fromkeys(step.kind for step in steps):
        some = [step for step in steps if step.kind == kind]
        pages = sum(step.sends_page for step in some)
        lines.append(f"{kind} ({len(some)}){f', with {pages} pages' if pages else ''}:")
        lines += [f"  {_line(step)}" for step in some]
    return lines


def _line(step: PushStep) -> str:
    before = "" if step.before is None else f" {step.before:g}"
    after = "" if step.after is None else f" {step.after:g}"
    numbers = f"{before} →{after}" if before and after else before or after
    if step.kind == "unchanged":
        numbers = f"{after}{', a new page' if step.sends_page else ''}"
    return f"{step.name}{numbers}{f' ({step.why})' if step.why else ''}"


__all__ = ["Pages", "PlatformError", "Push", "PushPlan", "PushReport", "in_lines", "pushing"]
