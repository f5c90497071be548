"""A Canvas with one course and one assignment, by its public documentation (developerdocs.instructure.com).

Submissions, submission comments, the three steps of an upload, `update_grades` with its progress, pagination by links,
the late policy (a deduction after the entered score), excused students, groups, anonymous grading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from stub import Answer, Request, Stub, as_json

COURSE, ASSIGNMENT = 101, 98765
TOKEN = "7~canvasTokenOfTheLecturer"
PER_PAGE = 2
LATE_DEDUCTION = 1.0


@dataclass
class Student:
    id: int
    name: str
    number: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)
    entered: float | None = None
    grader: str = ""
    excused: bool = False
    comments: list[dict[str, Any]] = field(default_factory=list)
    group: dict[str, Any] | None = None
    due: str | None = None

    @property
    def anonymous_id(self) -> str:
        return f"aB{self.id % 1000}x"

    @property
    def late(self) -> bool:
        return bool(self.attempts and self.attempts[-1]["late"])


class FileStore(Stub):
    """Another host, which keeps the files; it must never see a token."""

    def __init__(self, canvas: StubCanvas) -> None:
        super().__init__()
        self.canvas = canvas
        self.stored: dict[int, tuple[str, bytes]] = {}

    def handle(self, request: Request) -> Answer:
        assert "Authorization" not in request.headers
        assert TOKEN.encode() not in request.body
        if request.method == "POST":
            number = 5000 + len(self.stored)
            _, name, content = request.files[0]
            self.stored[number] = (name, content)
            assert request.one("key") == "upload-key"
            return as_json(
                {"id": number}, 201, Location=f"{self.canvas.address}/api/v1/files/{number}/create_success?uuid=u"
            )
        number = int(request.path.rpartition("/")[2])
        return Answer(200, self.stored[number][1], {"Content-Type": "application/x-ipynb+json"})


class StubCanvas(Stub):
    def __init__(self) -> None:
        super().__init__()
        self.files = FileStore(self)
        self.token = TOKEN
        self.students: dict[int, Student] = {}
        self.title = "Sums"
        self.points = 7.0
        self.due: str | None = "2026-11-20T12:00:00Z"
        # The marks of a scheme with their shares, where the assignment is graded by one.
        self.scheme: dict[str, float] = {}
        self.anonymous = False
        self.jobs: dict[int, int] = {}
        self.gone = False
        # Requests with this in them need a right that the token's owner lacks, and the status that says so.
        self.denied: tuple[str, int] | None = None
        self.job_fails = False

    # What people do.

    def enrol(self, number: int, name: str, sis: str = "", **more: Any) -> Student:
        self.students[number] = Student(number, name, sis, **more)
        return self.students[number]

    def hand_in(self, student: int, content: bytes, at: str, *, name: str = "sums.ipynb") -> None:
        one = self.students[student]
        attempt = {"attempt": len(one.attempts) + 1, "submitted_at": at, "attachments": []}
        one.attempts.append({**attempt, "late": at > (one.due or self.due or "9"), "workflow_state": "submitted"})
        self.attach(student, content, name)

    def attach(self, student: int, content: bytes, name: str) -> None:
        """Another file of the latest attempt."""
        number = 1000 + len(self.files.stored)
        self.files.stored[number] = (name, content)
        attachment = {
            "id": number,
            "display_name": name,
            "filename": name,
            "size": len(content),
            "url": f"{self.address}/files/{number}/download?download_frd=1&verifier=secretverifier",
        }
        self.students[student].attempts[-1]["attachments"].append(attachment)

    def hand_in_text(self, student: int, at: str) -> None:
        one = self.students[student]
        one.attempts.append({"attempt": 1, "submitted_at": at, "late": False, "workflow_state": "submitted"})
        one.attempts[-1] |= {"submission_type": "online_text_entry", "body": "<p>See my mail.</p>"}

    def grade(self, student: int, entered: float | None, grader: str = "a colleague") -> None:
        one = self.students[student]
        one.entered, one.grader, one.excused = entered, grader, False

    # What programs ask.

    def handle(self, request: Request) -> Answer:
        path = request.path
        if found := re.fullmatch(r"/files/(\d+)/download", path):
            assert request.one("verifier") == "secretverifier"
            return Answer(302, b"", {"Location": f"{self.files.address}/store/{found[1]}"})
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            body = {"errors": [{"message": "Invalid access token."}]}
            return as_json(body, 401, **{"WWW-Authenticate": 'Bearer realm="canvas-lms"'})
        if self.denied and self.denied[0] in self.about(request):
            error = {"status": "unauthorized", "errors": [{"message": "user not authorized to perform that action"}]}
            return as_json(error, self.denied[1])
        base = f"/api/v1/courses/{COURSE}"
        if self.gone and f"assignments/{ASSIGNMENT}" in path:
            return as_json({"errors": [{"message": "The specified resource does not exist."}]}, 404)
        submissions = f"{base}/assignments/{ASSIGNMENT}/submissions"
        if path in (base, "/api/v1/courses/sis_course_id:DL-2026"):
            return as_json({"id": COURSE, "name": "Deep Learning"})
        if path == f"{base}/assignments":
            return as_json([self._assignment(), {**self._assignment(), "id": 98766, "name": "Other"}])
        if path == f"{base}/assignments/{ASSIGNMENT}":
            dates = [
                {"base": True, "due_at": self.due},
                *({"due_at": one.due} for one in self.students.values() if one.due),
            ]
            return as_json({**self._assignment(), **({"all_dates": dates} if request.one("all_dates") else {})})
        if path == submissions and request.method == "GET":
            return self._page(request)
        if path == f"{submissions}/update_grades" and request.method == "POST":
            return self._bulk(request)
        if found := re.fullmatch(r"/api/v1/progress/(\d+)", path):
            return as_json(self._progress(int(found[1])))
        if found := re.fullmatch(r"/api/v1/files/(\d+)/create_success", path):
            number = int(found[1])
            return as_json({"id": number, "display_name": self.files.stored[number][0], "url": f"{self.address}/x"})
        if re.fullmatch(rf"{base}/assignments/{ASSIGNMENT}/submissions/\d+/comments/files", path):
            assert request.one("name").endswith(".html")
            assert int(request.one("size")) > 0
            return as_json({"upload_url": f"{self.files.address}/upload", "upload_params": {"key": "upload-key"}})
        kind = "anonymous_submissions" if self.anonymous else "submissions"
        if (found := re.fullmatch(rf"{base}/assignments/{ASSIGNMENT}/{kind}/(\w+)", path)) and request.method == "PUT":
            one = next(one for one in self.students.values() if found[1] in (one.anonymous_id, str(one.id)))
            if grade := request.one("submission[posted_grade]"):
                points_first = request.one("prefer_points_over_scheme") == "true"
                self.grade(one.id, float(grade) if points_first else self._by_scheme(grade), "token")
            self._comment(one, request.one("comment[text_comment]"), request.all("comment[file_ids][]"))
            return as_json({})
        return as_json({"errors": [{"message": "The specified resource does not exist."}]}, 404)

    def _assignment(self) -> dict[str, Any]:
        return {
            "id": ASSIGNMENT,
            "course_id": COURSE,
            "name": self.title,
            "points_possible": self.points,
            "due_at": self.due,
            "grading_type": "letter_grade" if self.scheme else "points",
            "anonymize_students": self.anonymous,
        }

    def _page(self, request: Request) -> Answer:
        page = int(request.one("page", "1"))
        everyone = list(self.students.values())
        some = everyone[(page - 1) * PER_PAGE : page * PER_PAGE]
        include = request.all("include[]")
        base = f"{self.address}{request.path}?" + "&".join(f"include[]={one}" for one in include)
        links = {}
        if page * PER_PAGE < len(everyone):
            links = {"Link": f'<{base}&page={page + 1}&per_page=2>; rel="next", <{base}&page=1>; rel="first"'}
        return as_json([self._submission(one, include) for one in some], **links)

    def _submission(self, one: Student, include: list[str]) -> dict[str, Any]:
        assert {"user", "submission_comments", "submission_history", "group"} <= set(include)
        deducted = LATE_DEDUCTION if one.late and one.entered is not None else None
        score = None if one.entered is None else one.entered - (deducted or 0)
        latest = one.attempts[-1] if one.attempts else {"attempt": None, "submitted_at": None, "late": False}
        found = {
            **latest,
            "assignment_id": ASSIGNMENT,
            "score": score,
            "entered_score": one.entered,
            "points_deducted": deducted,
            "excused": one.excused,
            "workflow_state": "graded" if one.entered is not None else "submitted" if one.attempts else "unsubmitted",
            "cached_due_date": one.due or self.due,
            "submission_history": one.attempts or [{"attempt": None, "submitted_at": None}],
            "submission_comments": one.comments,
            "group": one.group or {"id": None, "name": None},
        }
        if self.anonymous:
            return {**found, "anonymous_id": one.anonymous_id}
        user = {"id": one.id, "name": one.name, "sis_user_id": one.number}
        return {**found, "user_id": one.id, "user": user}

    def _bulk(self, request: Request) -> Answer:
        rows: dict[int, dict[str, list[str]]] = {}
        for key, value in request.form:
            found = re.fullmatch(r"grade_data\[(\d+)\]\[(\w+)\](?:\[\])?", key)
            assert found, key
            rows.setdefault(int(found[1]), {}).setdefault(found[2], []).append(value)
        for number, fields in rows.items():
            one = self.students[number]
            if "posted_grade" in fields:
                self.grade(number, self._by_scheme(fields["posted_grade"][0]), "token")
            self._comment(one, "".join(fields.get("text_comment", [])), fields.get("file_ids", []))
        job = 300 + len(self.jobs)
        self.jobs[job] = 0
        return as_json(self._progress(job))

    def _by_scheme(self, grade: str) -> float:
        """Canvas reads a number as a mark if the scheme has one of that name."""
        return self.scheme[grade] * self.points if grade in self.scheme else float(grade)

    def _comment(self, one: Student, text: str, files: list[str]) -> None:
        if text:
            attachments = [{"id": int(number), "display_name": self.files.stored[int(number)][0]} for number in files]
            one.comments.append({"comment": text, "author_name": "Lecturer", "attachments": attachments})

    def _progress(self, job: int) -> dict[str, Any]:
        self.jobs[job] += 1
        ended = "failed" if self.job_fails else "completed"
        state = ("queued", "running", ended)[min(self.jobs[job] - 1, 2)]
        return {"id": job, "workflow_state": state, "completion": 50, "tag": "submissions_update"}
