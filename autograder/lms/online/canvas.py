"""Canvas by canvasapi: what is read, and how grades, comments and pages are sent.

Fields and calls are those of Canvas' public documentation (developerdocs.instructure.com, "Submissions", "Submission
Comments", "Assignments", "Progress"). `entered_score` is the grade before the late policy; `posted_grade` sets it, and
Canvas deducts by itself.
"""

from __future__ import annotations

import logging
import re
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import canvasapi
from canvasapi.exceptions import (
    CanvasException,
    Forbidden,
    InvalidAccessToken,
    RateLimitExceeded,
    ResourceDoesNotExist,
    Unauthorized,
)

from autograder.intake.names import shown_name
from autograder.lms.online import web
from autograder.lms.online.push_plan import DECIMALS
from autograder.lms.online.site import (
    Attempt,
    Grading,
    Interrupted,
    Participant,
    PlatformError,
    RemoteFile,
    Site,
    markers_in,
    named_one,
    parsed_time,
)
from autograder.lms.online.tokens import Token
from autograder.records.result import Person

_AT_ONCE = 100
_LONGEST_JOB = 600.0
_INCLUDE = ("user", "submission_comments", "submission_history", "group")
_NO_POINTS = {"pass_fail": "complete/incomplete", "not_graded": "not graded"}
# With these, `update_grades` reads "2.0" as the mark of that name if the scheme has one.
_BY_SCHEME = ("letter_grade", "gpa_scale")
# It writes headers and data to its log.
logging.getLogger("canvasapi").setLevel(logging.WARNING)


class Canvas:
    """A connection to one Canvas, hosted anywhere."""

    def __init__(self, address: str, token: Token) -> None:
        web.require_safe(address)
        self._address = address
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about http://, which is this machine here
            self._canvas = canvasapi.Canvas(address, token.reveal())
        # canvasapi has no setting for its session, and its own waits for ever.
        self._requester = self._canvas._Canvas__requester
        self._session = web.Session(address)
        self._requester._session = self._session

    def read(self, course: str, assignment: str) -> Site:
        """The assignment with everyone's submission.

        Args:
            course: its number, or `sis_course_id:…`.
            assignment: its number or its exact title.

        Raises:
            PlatformError: with a sentence.
        """
        with self._explained("reading the assignment"):
            found_course = self._course(course)
            found = self._assignment(found_course, assignment)
            anonymous = bool(getattr(found, "anonymize_students", False))
            submissions = list(found.get_submissions(include=list(_INCLUDE), per_page=_AT_ONCE))
            participants = tuple(
                one for submission in submissions if (one := _participant(submission, anonymous)) is not None
            )
            deadline = _last_deadline(found, submissions)
            maximum = float(getattr(found, "points_possible", None) or 0.0)
        grading = getattr(found, "grading_type", "points")
        refuses = f"the assignment there is {_NO_POINTS[grading]} and takes no points" if grading in _NO_POINTS else ""
        if getattr(found, "moderated_grading", False) and not getattr(found, "grades_published", False):
            refuses = "the assignment there is moderated, and its grades are not released yet"
        return Site(
            platform="canvas",
            course=str(found_course.id),
            assignment=str(found.id),
            title=shown_name(str(found.name)),
            maximum=maximum,
            deadline=deadline,
            participants=participants,
            anonymous=anonymous,
            refuses=refuses,
            # "Submission Comments" takes a file for a user id only.
            takes_pages=not anonymous,
            notes=("pages are not returned: Canvas takes none while the grading is anonymous",) if anonymous else (),
        )

    def download(self, file: RemoteFile, path: Path) -> None:
        """Store an attachment; another host that Canvas keeps files on does not see the token."""
        web.require_safe(file.address)
        own = web.host_of(file.address) == web.host_of(self._address)
        headers = {"Authorization": f"Bearer {self._requester.access_token}"} if own else {}
        with self._explained(f"fetching {file.name}"):
            response = self._session.get(file.address, headers=headers, stream=True)
            if response.status_code != 200:
                raise PlatformError(f"Canvas does not give {file.name} (status {response.status_code}): try again.")
            web.save_response(response, path, file.size)

    def send(self, site: Site, gradings: Sequence[Grading]) -> None:
        """Upload the pages, then send grades and comments, up to 100 students in one of Canvas' jobs."""
        with self._explained("sending", sending=True):
            course = self._canvas.get_course(site.course)
            assignment = course.get_assignment(site.assignment)
            by_scheme = getattr(assignment, "grading_type", "points") in _BY_SCHEME
            for start in range(0, len(gradings), _AT_ONCE):
                some = gradings[start : start + _AT_ONCE]
                data = {one.participant: self._data(site, one) for one in some}
                if site.anonymous or by_scheme:
                    for identity, fields in data.items():
                        self._grade_one(site, identity, fields)
                else:
                    self._finish(assignment.submissions_bulk_update(grade_data=data))

    def _course(self, wanted: str) -> Any:
        number = wanted.removeprefix("sis_course_id:")
        if number == wanted and not wanted.isdecimal():
            raise PlatformError(
                f'"{wanted}" is no course of Canvas: name its number (…/courses/NUMBER) or sis_course_id:….'
            )
        return self._canvas.get_course(number, use_sis_id=number != wanted)

    def _assignment(self, course: Any, wanted: str) -> Any:
        if not wanted.isdecimal():
            found = [(str(one.id), str(one.name)) for one in course.get_assignments(per_page=_AT_ONCE)]
            wanted = named_one(wanted, found, "The assignment")
        return course.get_assignment(wanted, all_dates=True)

    def _data(self, site: Site, grading: Grading) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if grading.grade is not None:
            data["posted_grade"] = str(round(grading.grade, DECIMALS))
        if grading.page is not None:
            data["text_comment"] = grading.comment
            data["file_ids"] = [self._uploaded(site, grading)]
        return data

    def _uploaded(self, site: Site, grading: Grading) -> int:
        """The id of the uploaded page, which nobody sees until a comment names it."""
        assert grading.page is not None
        where = f"{_place(site)}/submissions/{grading.participant}/comments/files"
        content = grading.page.read_bytes()
        facts = {"name": grading.file_name, "size": len(content), "content_type": "text/html"}
        answer = self._requester.request("POST", where, _kwargs=list(facts.items())).json()
        fields = {str(name): value for name, value in (answer.get("upload_params") or {}).items()}
        target = str(answer.get("upload_url") or "")
        web.require_safe(target)
        stored = self._session.post(
            target, data=fields, files={"file": (grading.file_name, content, "text/html")}, allow_redirects=False
        )
        if stored.is_redirect or stored.status_code == 201:
            stored = self._confirmed(stored.headers.get("Location", ""), stored)
        if stored.status_code >= 400:
            raise Interrupted(f"Canvas does not take a page (status {stored.status_code}).")
        return int(stored.json()["id"])

    def _confirmed(self, location: str, stored: Any) -> Any:
        """The last step of an upload: a question to Canvas itself, where the store answers with a place there."""
        if not location or web.host_of(location) != web.host_of(self._address):
            return stored
        return self._session.get(location, headers={"Authorization": f"Bearer {self._requester.access_token}"})

    def _grade_one(self, site: Site, identity: str, data: dict[str, Any]) -> None:
        """The same for one student: without a name, or where points could be read as a mark of a scheme."""
        fields: list[tuple[str, Any]] = []
        if "posted_grade" in data:
            fields.append(("submission[posted_grade]", data["posted_grade"]))
            fields.append(("prefer_points_over_scheme", "true"))
        if "text_comment" in data:
            fields.append(("comment[text_comment]", data["text_comment"]))
            fields += [("comment[file_ids][]", number) for number in data["file_ids"]]
        whose = "anonymous_submissions" if site.anonymous else "submissions"
        self._requester.request("PUT", f"{_place(site)}/{whose}/{identity}", _kwargs=fields)

    def _finish(self, progress: Any) -> None:
        """Wait for a job; whom it reached is seen when the assignment is read again."""
        end = time.monotonic() + _LONGEST_JOB
        pause = 0.1
        while progress.workflow_state in ("queued", "running"):
            if time.monotonic() > end:
                raise Interrupted("Canvas has been storing the grades for ten minutes: try again later.")
            time.sleep(pause)
            pause = min(2 * pause, 5.0)
            progress = progress.query()
        if progress.workflow_state != "completed":
            raise Interrupted("Canvas did not finish storing the grades.")

    @contextmanager
    def _explained(self, doing: str, *, sending: bool = False) -> Iterator[None]:
        host = web.host_of(self._address)
        try:
            with web.explained(self._address, doing):
                yield
        except InvalidAccessToken:
            raise PlatformError(f"{host} does not accept the token (expired, or made by somebody else).") from None
        except (Forbidden, Unauthorized):
            # canvasapi's word for status 401 with a token that is valid.
            right = "Grades - edit" if sending else "Grades - view all grades"
            raise PlatformError(
                f"{host}: the owner of the token may not do that while {doing}; the role in the course needs "
                f"“{right}”, and a token with scopes needs those of submissions."
            ) from None
        except ResourceDoesNotExist:
            raise PlatformError(
                f"{host} has no such course or assignment: compare the numbers in its address."
            ) from None
        except RateLimitExceeded:
            raise Interrupted(f"{host} takes no more requests now: try again later.") from None
        except (CanvasException, ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"{host} gave an answer that is not understood while {doing} ({type(error).__name__}): try again."
            raise (Interrupted(what) if sending else PlatformError(what)) from None
        except PlatformError as error:
            if sending and not isinstance(error, Interrupted):
                raise Interrupted(str(error)) from None
            raise


def _place(site: Site) -> str:
    return f"courses/{site.course}/assignments/{site.assignment}"


def _last_deadline(assignment: Any, submissions: Sequence[Any]) -> datetime | None:
    """The last deadline of anybody; None if somebody has none.

    Canvas' "Assignments" tell the dates of sections and of single students (`all_dates`), "Submissions" each student's
    own (`cached_due_date`).
    """
    everyone = getattr(assignment, "due_at", None)
    own = [getattr(one, "cached_due_date", everyone) for one in submissions if not _is_test_student(one)]
    if not all(own or [everyone]):
        return None
    given = [one.get("due_at") for one in getattr(assignment, "all_dates", None) or ()]
    return max(filter(None, map(parsed_time, (everyone, *given, *own))), default=None)


def _is_test_student(submission: Any) -> bool:
    """Whether it is the lecturer's own view of the course."""
    user = getattr(submission, "user", None) or {}
    return bool(user.get("fake_student")) or user.get("name") == "Test Student"


def _participant(submission: Any, anonymous: bool) -> Participant | None:
    """One student; None for the Test Student."""
    if _is_test_student(submission):
        return None
    user = getattr(submission, "user", None) or {}
    identity = str(submission.anonymous_id if anonymous else submission.user_id)
    if not re.fullmatch(r"[0-9A-Za-z]{1,40}", identity):
        raise ValueError(identity)
    group = getattr(submission, "group", None) or {}
    comments = getattr(submission, "submission_comments", None) or []
    score = getattr(submission, "entered_score", getattr(submission, "score", None))
    person = Person(id=identity)
    if not anonymous:
        person = Person(
            name=shown_name(str(user.get("name") or "")),
            id=identity,
            number=str(user.get("sis_user_id") or ""),
            email=str(user.get("email") or ""),
        )
    return Participant(
        person=person,
        group="" if anonymous else shown_name(str(group.get("name") or "")),
        group_id="" if anonymous or not group.get("id") else str(int(group["id"])),
        attempts=_attempts(submission),
        grade=None if score is None else float(score),
        excused=bool(getattr(submission, "excused", False)),
        markers=frozenset().union(*(markers_in(str(one.get("comment") or "")) for one in comments)),
    )


def _attempts(submission: Any) -> tuple[Attempt, ...]:
    """From the history, or from the submission itself where there is none."""
    history = getattr(submission, "submission_history", None) or [vars(submission)]
    found: dict[int, Attempt] = {}
    for one in history:
        if not one.get("submitted_at") or one.get("workflow_state") == "unsubmitted":
            continue
        number = int(one.get("attempt") or 1)
        files = tuple(
            RemoteFile(
                str(file.get("display_name") or file.get("filename") or "file"), str(file["url"]), file.get("size")
            )
            for file in one.get("attachments") or ()
        )
        found[number] = Attempt(number, _utc(str(one["submitted_at"])), bool(one.get("late")), files)
    return tuple(found[number] for number in sorted(found))


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()
