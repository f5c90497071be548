"""Moodle by its web service: what is read, and how grades, comments and pages are sent.

The functions are those of moodle/moodle, mod/assign/externallib.php (`get_assignments`, `list_participants`,
`get_submissions`, `get_grades`, `get_user_flags`, `get_submission_status`, `save_grades`), and webservice/upload.php
and pluginfile.php for files. Moodle answers errors with status 200 and an `exception`. Feedback is replaced as a whole
there, so a person's comment and files are sent again with ours.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from autograder.intake.names import shown_name
from autograder.lms.online import web
from autograder.lms.online.moodle_deadlines import deadlines, last_deadline
from autograder.lms.online.site import (
    MARKER_DIGITS,
    Attempt,
    Grading,
    Interrupted,
    Participant,
    PlatformError,
    RemoteFile,
    Site,
    markers_in,
    named_one,
)
from autograder.lms.online.tokens import Token
from autograder.records.result import Person

_AT_ONCE = 20
_SAVES = "mod_assign_save_grades"
_OURS = re.compile(rf"<p[^>]*>[^<]*\(autograder [0-9a-f]{{{MARKER_DIGITS}}}\)</p>\s*")
_PAGE = re.compile(rf"feedback-[0-9a-f]{{{MARKER_DIGITS}}}\.html")
_TOKEN_ERRORS = ("invalidtoken", "invalidlogin", "tokenexpired")
# What the token's owner may not do, or not in this course.
_NO_RIGHT = ("nopermissions", "nopermission", "requireloginerror", "notingroup")
_NO_FILES = "its setting “Feedback files” is off: pages cannot be returned"
_NO_OVERRIDES = (
    "whether a student or a group has another deadline (an override) is not told there: if one is still to come, use "
    "--pages never (docs/moodle.md)"
)
_Answer = TypeVar("_Answer")


class Moodle:
    """A connection to one Moodle."""

    def __init__(self, address: str, token: Token) -> None:
        web.require_safe(address)
        self._address = address
        self._token = token
        self._session = web.Session(address, follows=False)

    def read(self, course: str, assignment: str) -> Site:
        """The assignment with everyone's submission.

        Args:
            course: its number, or its short name.
            assignment: the number in its address (`mod/assign/view.php?id=…`), or its exact title.

        Raises:
            PlatformError: with a sentence.
        """
        try:
            return self._site(course, assignment)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise PlatformError(_not_understood(self._address, error)) from None

    def _site(self, course: str, assignment: str) -> Site:
        number = self._course(course)
        found = self._assignment(number, assignment)
        identity = int(found["id"])
        people = self._call("mod_assign_list_participants", assignid=identity, groupid=0, filter="")
        submissions = self._of_assignment("mod_assign_get_submissions", "submissions", identity)
        grades = {
            int(one["userid"]): float(one["grade"])
            for one in self._of_assignment("mod_assign_get_grades", "grades", identity)
            if float(one["grade"]) >= 0
        }
        flags = self._of_assignment("mod_assign_get_user_flags", "userflags", identity)
        overrides = self._overrides(identity)
        due = int(found.get("duedate") or 0)
        dates = deadlines(due, people, flags, overrides or ())
        deadline = last_deadline(due, dates)
        blind = bool(int(found.get("blindmarking") or 0)) and not int(found.get("revealidentities") or 0)
        team = bool(int(found.get("teamsubmission") or 0))
        by_owner = {(int(one["userid"]), int(one.get("groupid") or 0)): one for one in submissions}
        participants = []
        for person in people:
            user, group = int(person["id"]), int(person.get("groupid") or 0) if team else 0
            own = by_owner.get((0, group)) if team else by_owner.get((user, 0))
            attempt = _attempt(own, dates[user]) if own else None
            one = Participant(
                person=_person(person, blind),
                group=shown_name(str(person.get("groupname") or "")) if team else "",
                group_id=str(group) if team and group else "",
                attempts=(attempt,) if attempt else (),
                grade=grades.get(user),
            )
            participants.append(self._with_feedback(identity, one) if attempt else one)
        maximum = float(found.get("grade") or 0)
        plugins = {
            one["plugin"]
            for one in found.get("configs") or ()
            if one.get("subtype") == "assignfeedback" and one.get("name") == "enabled" and str(one.get("value")) == "1"
        }
        return Site(
            platform="moodle",
            course=str(number),
            assignment=str(found["cmid"]),
            title=shown_name(str(found["name"])),
            maximum=maximum,
            deadline=datetime.fromtimestamp(deadline, UTC) if deadline else None,
            participants=tuple(participants),
            anonymous=blind,
            refuses=_refuses(found, maximum),
            takes_pages="file" in plugins,
            notes=tuple(
                note
                for note, holds in ((_NO_FILES, "file" not in plugins), (_NO_OVERRIDES, overrides is None))
                if holds
            ),
        )

    def download(self, file: RemoteFile, path: Path) -> None:
        """Store a file; the token is in the body, so that it is in no address and no log."""
        with web.explained(self._address, f"fetching {file.name}"):
            web.save_response(self._fetched(file), path, file.size)

    def send(self, site: Site, gradings: Sequence[Grading]) -> None:
        """Send the gradings, each with all the feedback that stands there already."""
        found = self._assignment(int(site.course), site.assignment)
        known = {one.person.id: one for one in site.participants}
        plugins = {one["plugin"] for one in found.get("configs") or () if _is_on(one)}
        rows: list[dict[str, Any]] = []
        for grading in gradings:
            stands = known[grading.participant]
            data = self._guarded(lambda one=grading: self._feedback(int(found["id"]), one, plugins))  # type: ignore[misc]
            grade = stands.grade if grading.grade is None else grading.grade
            rows.append(
                {
                    "userid": int(grading.participant),
                    "grade": -1.0 if grade is None else grade,
                    "attemptnumber": -1,
                    "addattempt": 0,
                    "workflowstate": "",
                    "plugindata": data,
                }
            )
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            self._guarded(
                lambda part=some: self._call(  # type: ignore[misc]
                    _SAVES, assignmentid=int(found["id"]), applytoall=0, grades=part
                )
            )

    def _feedback(self, assignment: int, grading: Grading, plugins: set[str]) -> dict[str, Any]:
        """The feedback plugins' data: what others wrote stays, our earlier comment and page are replaced."""
        text, files = _standing(self._status(assignment, grading.participant))
        data: dict[str, Any] = {}
        if "comments" in plugins:
            if grading.page is not None:
                text = _OURS.sub("", text) + f'<p class="autograder">{html.escape(grading.comment, quote=False)}</p>'
            data["assignfeedbackcomments_editor"] = {"text": text, "format": 1}
        if "file" in plugins and grading.page is not None:
            draft = 0
            for file in files:
                if not _PAGE.fullmatch(file.name):
                    draft = self._uploaded(draft, file.name, self._fetched(file).content)
            data["files_filemanager"] = self._uploaded(draft, grading.file_name, grading.page.read_bytes())
        return data

    def _with_feedback(self, assignment: int, one: Participant) -> Participant:
        """With the earlier attempts, and the markers of our feedback."""
        status = self._status(assignment, one.person.id)
        text, files = _standing(status)
        markers = markers_in(text).union(*(markers_in(file.name) for file in files))
        grade = one.grade
        graded = (status.get("feedback") or {}).get("grade") or {}
        if grade is None and graded.get("grade") not in (None, "") and float(graded["grade"]) >= 0:
            grade = float(graded["grade"])
        latest = one.attempts[-1]
        earlier = [
            attempt
            for before in status.get("previousattempts") or ()
            if before.get("submission")
            and (attempt := _attempt(before["submission"], 0)) is not None
            and attempt.number < latest.number
        ]
        earlier.sort(key=lambda attempt: attempt.number)
        return replace(one, grade=grade, markers=markers, attempts=(*earlier, latest))

    def _status(self, assignment: int, user: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._call("mod_assign_get_submission_status", assignid=assignment, userid=int(user))
        return answer

    def _course(self, wanted: str) -> int:
        if wanted.isdecimal():
            return int(wanted)
        answer = self._call("core_course_get_courses_by_field", field="shortname", value=wanted)
        found = [(str(one["id"]), str(one["shortname"])) for one in answer.get("courses") or ()]
        return int(named_one(wanted, found, "The course"))

    def _assignment(self, course: int, wanted: str) -> dict[str, Any]:
        answer = self._call("mod_assign_get_assignments", courseids=[course])
        courses = [one for one in answer.get("courses") or () if int(one["id"]) == course]
        if not courses:
            raise PlatformError(f"The owner of the token is in no course with the number {course}.")
        found = {str(one["cmid"]): one for one in courses[0]["assignments"]}
        titles = [(number, str(one["name"])) for number, one in found.items()]
        chosen: dict[str, Any] = found[named_one(wanted, titles, "The assignment")]
        return chosen

    def _of_assignment(self, function: str, key: str, assignment: int) -> list[dict[str, Any]]:
        answer = self._call(function, assignmentids=[assignment])
        refused = [one for one in answer.get("warnings") or () if str(one.get("warningcode")) == "1"]
        if refused:
            raise PlatformError("The owner of the token may not grade this assignment.")
        return [row for one in answer.get("assignments") or () for row in one.get(key) or ()]

    def _overrides(self, assignment: int) -> list[dict[str, Any]] | None:
        """The assignment's overrides; None if this Moodle, or this token, does not tell them."""
        try:
            answer = self._call("mod_assign_get_overrides", assignid=assignment)
        except _Denied as error:
            if error.code in _TOKEN_ERRORS:
                raise
            return None
        found: list[dict[str, Any]] = answer.get("overrides") or []
        return found

    def _call(self, function: str, **arguments: Any) -> Any:
        fields = {"wstoken": self._token.reveal(), "wsfunction": function, "moodlewsrestformat": "json"}
        fields.update(_flat(arguments))
        place, reads = f"{self._address}/webservice/rest/server.php", function != _SAVES
        with web.explained(self._address, f"asking for {function}"):
            response = self._session.request("POST", place, data=fields, reads=reads)
        return _understood(response, web.host_of(self._address), function)

    def _fetched(self, file: RemoteFile) -> Any:
        web.require_safe(file.address)
        if web.host_of(file.address) != web.host_of(self._address):
            raise PlatformError(f"{file.name} lies on another host than the platform, which gets no token.")
        data = {"token": self._token.reveal()}
        response = self._session.request("POST", file.address, data=data, stream=True, reads=True)
        if response.status_code != 200 or "application/json" in response.headers.get("Content-Type", ""):
            is_error = response.status_code != 200 or b'"errorcode"' in response.content[:2000]
            if is_error:
                raise PlatformError(f"Moodle does not give {file.name}: the token may not fetch files.")
        return response

    def _uploaded(self, draft: int, name: str, content: bytes) -> int:
        """The draft area with the file in it; a new one for 0."""
        with web.explained(self._address, "sending a page"):
            response = self._session.post(
                f"{self._address}/webservice/upload.php",
                data={"token": self._token.reveal(), "filearea": "draft", "itemid": str(draft)},
                files={"file_1": (name, content, "text/html")},
            )
        answer = _understood(response, web.host_of(self._address), "upload.php")
        return int(answer[0]["itemid"])

    def _guarded(self, action: Callable[[], _Answer]) -> _Answer:
        """An action that sends: after a failure it is unknown what arrived."""
        try:
            return action()
        except Interrupted:
            raise
        except _Denied as error:
            raise PlatformError(str(error)) from None
        except PlatformError as error:
            raise Interrupted(str(error)) from None
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise Interrupted(_not_understood(self._address, error)) from None


def _not_understood(address: str, error: Exception) -> str:
    return f"{web.host_of(address)} gave an answer that is not understood ({type(error).__name__}): try again."


class _Denied(PlatformError):
    """The token, or its owner, may not do that: nothing was carried out. `code` is Moodle's word for the reason."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


def _understood(response: Any, host: str, function: str) -> Any:
    """The answer of the web service.

    Raises:
        PlatformError: it is an error, or no answer of Moodle's.
    """
    if response.status_code != 200:
        raise PlatformError(f"{host} answers {function} with status {response.status_code}: try again.")
    try:
        answer = response.json()
    except ValueError:
        raise PlatformError(f"{host} gave no answer of a web service: is it on, and is the address right?") from None
    if isinstance(answer, dict) and (answer.get("exception") or answer.get("errorcode")):
        code = str(answer.get("errorcode") or "")
        said = str(answer.get("message") or answer.get("error") or code)[:200]
        if code in _TOKEN_ERRORS:
            raise _Denied(f"{host} does not accept the token (expired, or made by somebody else).", code)
        # Not in the service of the token; not in this Moodle, whose table of functions lacks it.
        if code == "accessexception" or "external_functions" in said:
            raise _Denied(f"{host}: the token's service lacks {function} (docs/moodle.md lists what it needs).", code)
        if code in _NO_RIGHT:
            raise _Denied(f"{host}: the owner of the token may not call {function}: {said}", code)
        raise PlatformError(f"{host} refuses {function}: {said}")
    return answer


def _flat(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Nested arguments as Moodle's REST server reads them: `grades[0][userid]`."""
    for name, inner in value.items():
        key = f"{above}[{name}]" if above else name
        if isinstance(inner, Mapping):
            yield from _flat(inner, key)
        elif isinstance(inner, list):
            yield from _flat({str(index): one for index, one in enumerate(inner)}, key)
        else:
            yield key, inner


def _is_on(config: Mapping[str, Any]) -> bool:
    named = config.get("subtype") == "assignfeedback" and config.get("name") == "enabled"
    return named and str(config.get("value")) == "1"


def _refuses(found: Mapping[str, Any], maximum: float) -> str:
    if maximum <= 0:
        return "the assignment there has a scale or no grade, so it takes no points"
    if int(found.get("markingworkflow") or 0):
        return "the assignment there uses marking workflow, whose unreleased feedback cannot be read back"
    return ""


def _person(found: Mapping[str, Any], blind: bool) -> Person:
    identity = str(int(found["id"]))
    if blind:
        return Person(id=identity)
    number, email = str(found.get("idnumber") or ""), str(found.get("email") or "")
    return Person(name=shown_name(str(found.get("fullname") or "")), id=identity, number=number, email=email)


def _attempt(found: Mapping[str, Any], due: int) -> Attempt | None:
    """A submission as an attempt; None for a draft, or if nothing was handed in."""
    if found.get("status") != "submitted":
        return None
    at = int(found["timemodified"])
    files = tuple(
        RemoteFile(str(file.get("filename") or str(file["filepath"]).rpartition("/")[2]), str(file["fileurl"]))
        for plugin in found.get("plugins") or ()
        if plugin.get("type") == "file"
        for area in plugin.get("fileareas") or ()
        for file in area.get("files") or ()
    )
    number = int(found.get("attemptnumber") or 0) + 1
    return Attempt(number, datetime.fromtimestamp(at, UTC).isoformat(), bool(due) and at > due, files)


def _standing(status: Mapping[str, Any]) -> tuple[str, list[RemoteFile]]:
    """The feedback comment and files that stand there."""
    text, files = "", []
    for plugin in (status.get("feedback") or {}).get("plugins") or ():
        for field in plugin.get("editorfields") or ():
            if plugin.get("type") == "comments":
                text = str(field.get("text") or "")
        for area in plugin.get("fileareas") or ():
            for file in area.get("files") or () if plugin.get("type") == "file" else ():
                name = str(file.get("filename") or str(file.get("filepath") or "").rpartition("/")[2])
                files.append(RemoteFile(name, str(file["fileurl"])))
    return text, files
