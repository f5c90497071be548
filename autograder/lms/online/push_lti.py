"""`push lti`: the same plan and the same rounds as for a pulled folder, without a pull."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autograder.grading.gradebook_location import opened
from autograder.lms.online.lti import Lti
from autograder.lms.online.lti_settings import read_lti_settings
from autograder.lms.online.push import Push
from autograder.lms.online.push_plan import Choices
from autograder.records.pulled import PULLED_FACT, Pulled
from autograder.records.result import Person, Result
from autograder.records.store import Gradebook
from autograder.report.report_folder import reviewed


@dataclass(frozen=True)
class _Known:
    """What stood in the line item when it was read first; `url` is the address of the course's line items."""

    url: str
    course: str
    assignment: str
    maximum: float
    grades: Mapping[str, float | None]
    platform: str = "lti"


class LtiPush(Push):
    """A push in which students are known by the user ids of a Canvas download, or of a pulled folder."""

    def __init__(self, *of_push: Any, platforms: frozenset[str], **more: Any) -> None:
        self._platforms = platforms  # before the listing, which asks who is who
        super().__init__(*of_push, **more)

    def _identified(self, result: Result) -> tuple[Sequence[str], str]:
        # The services do not tell of attempts, so that no time is compared.
        return [person.id for person in _persons(result, self._platforms)], ""


@contextmanager
def pushing_lti(
    folder: Path, settings: Path, *, resource: str = "", choices: Choices, scale: bool = False
) -> Iterator[Push]:
    """A push of a report folder to a line item, with the platform read and nothing sent.

    Args:
        folder: a report folder that `grade` wrote.
        settings: `lti.toml`, with the private key beside it.
        resource: the line item's `resourceId`, by default the assignment's name.
        choices: what the caller allows.
        scale: whether scores are scaled to the maximum there.

    Raises:
        PlatformError, UsageError, AssignmentError, GradebookError: with a sentence.
    """
    options, key = read_lti_settings(settings)
    with opened(folder) as (assignment, gradebook):
        platforms = _platforms(gradebook)
        found = {one.id: one for stored in reviewed(gradebook) for one in _persons(stored.result, platforms)}
        connection = Lti(options, key, tuple(found.values()), assignment.title, assignment.points)
        resource = resource or assignment.name
        site = connection.read(options.line_items, resource)
        grades = {one.person.id: one.grade for one in site.participants}
        known = _Known(options.line_items, options.line_items, resource, site.maximum, grades)
        yield LtiPush(
            folder,
            assignment,
            gradebook,
            known,
            connection,
            platforms=platforms,
            choices=choices,
            pages="never",
            scale=scale,
            now=datetime.now(UTC),
        )


def _platforms(gradebook: Gradebook) -> frozenset[str]:
    """Whose ids are those of users: Canvas's always, Moodle's only if they were pulled; none of a blind marking."""
    text = gradebook.fact(PULLED_FACT)
    if text is None:
        return frozenset({"canvas"})
    try:
        pulled = Pulled.model_validate_json(text)
    except ValidationError:
        return frozenset()
    return frozenset() if pulled.anonymous else frozenset({pulled.platform})


def _persons(result: Result, platforms: frozenset[str]) -> tuple[Person, ...]:
    came = result.handed_in
    if came is None or came.platform not in platforms:
        return ()
    return tuple(person for person in came.persons if person.id.isdecimal())  # other ids are anonymous
