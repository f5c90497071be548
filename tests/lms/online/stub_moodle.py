"""A Moodle with one course and one assignment, by the sources of its web service (mod/assign/externallib.php).

Errors come with status 200; feedback is replaced as a whole; a draft area is emptied into the feedback files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from stub import Answer, Request, Stub, as_json

COURSE, CM, ASSIGN = 44, 77, 9
TOKEN = "moodle0123456789abcdef"


@dataclass
class Student:
    id: int
    name: str
    number: str = ""
    group: int = 0
    attempts: list[dict[str, Any]] = field(default_factory=list)
    grade: float | None = None
    comment: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    extension: int = 0
    sections: tuple[int, ...] = ()


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


class StubMoodle(Stub):
    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.students: dict[int, Student] = {}
        self.groups: dict[int, str] = {}
        self.title = "Sums"
        self.points = 7
        self.due = seconds("2026-11-20T12:00:00+00:00")
        self.blind = self.workflow = False
        # Moodle tells them since 5.3; None is an older one.
        self.overrides: list[dict[str, Any]] | None = None
        self.lacks: dict[str, str] = {}
        self.gone = False
        self.contents: dict[str, bytes] = {}
        self.drafts: dict[int, dict[str, bytes]] = {}

    def enrol(self, number: int, name: str, idnumber: str = "", group: int = 0) -> Student:
        self.students[number] = Student(number, name, idnumber, group)
        return self.students[number]

    def hand_in(
        self, student: int, content: bytes, at: str, *, name: str = "sums.ipynb", status: str = "submitted"
    ) -> None:
        one = self.students[student]
        attempt = self._attempt(one, at, status)
        attempt["plugins"] = [
            {"type": "file", "name": "File", "fileareas": [{"area": "submission_files", "files": []}]},
            {"type": "comments", "name": "Comments"},
        ]
        self.attach(student, content, name)

    def attach(self, student: int, content: bytes, name: str) -> None:
        """Another file of the latest attempt."""
        folder = f"/webservice/pluginfile.php/31/assignsubmission_file/submission_files/{len(self.contents)}"
        place = f"{folder}/{quote(name, safe='')}"
        self.contents[place] = content
        file = {"filename": name, "filepath": "/", "fileurl": self.address + place}
        self.students[student].attempts[-1]["plugins"][0]["fileareas"][0]["files"].append(file)

    def hand_in_text(self, student: int, at: str) -> None:
        field = {"name": "onlinetext", "text": "<p>See my mail.</p>", "format": 1}
        attempt = self._attempt(self.students[student], at, "submitted")
        attempt["plugins"] = [{"type": "onlinetext", "name": "Online text", "editorfields": [field]}]

    def _attempt(self, one: Student, at: str, status: str) -> dict[str, Any]:
        """A new attempt of a student, or of the student's group."""
        attempt: dict[str, Any] = {
            "id": 600 + sum(len(other.attempts) for other in self.students.values()),
            "userid": 0 if one.group else one.id,
            "groupid": one.group,
            "attemptnumber": len(one.attempts),
            "timecreated": seconds(at),
            "timemodified": seconds(at),
            "status": status,
        }
        for other in self.students.values():
            if other is one or (one.group and other.group == one.group):
                other.attempts.append(attempt)
        return attempt

    def about(self, request: Request) -> str:
        return f"{request.method} {request.path} {request.one('wsfunction')}"

    def writes(self) -> list[str]:
        return [about for about in map(self.about, self.requests) if "save_grades" in about or "upload.php" in about]

    def handle(self, request: Request) -> Answer:
        assert TOKEN not in str(request.query), "a token in an address ends up in logs"
        given = request.one("wstoken") or request.one("token")
        if given != self.token:
            return as_json({"exception": "moodle_exception", "errorcode": "invalidtoken", "message": "Invalid token"})
        if request.path == "/webservice/upload.php":
            draft = int(request.one("itemid")) or 8000 + len(self.drafts)
            _, name, content = request.files[0]
            self.drafts.setdefault(draft, {})[name] = content
            return as_json([{"component": "user", "filearea": "draft", "itemid": draft, "filename": name}])
        if request.path.startswith("/webservice/pluginfile.php/"):
            return Answer(200, self.contents[request.path], {"Content-Type": "application/octet-stream"})
        if request.path != "/webservice/rest/server.php" or request.method != "POST":
            return Answer(404, b"not found")
        name = request.one("wsfunction")
        if name == "mod_assign_get_overrides" and self.overrides is None:
            message = "Can't find data record in database table external_functions."
            return as_json({"exception": "x", "errorcode": "invalidrecord", "message": message})
        if name in self.lacks:
            message = "Sorry, but you do not currently have permissions to do that (Grade assignment)."
            return as_json({"exception": "x", "errorcode": self.lacks[name], "message": message})
        function = getattr(self, name)
        return as_json(function(request))

    def core_course_get_courses_by_field(self, request: Request) -> Any:
        found = request.one("field") == "shortname" and request.one("value") == "DL-2026"
        return {"courses": [{"id": COURSE, "shortname": "DL-2026"}] if found else [], "warnings": []}

    def mod_assign_get_assignments(self, request: Request) -> Any:
        if request.all("courseids[0]") != [str(COURSE)]:
            return {"courses": [], "warnings": [{"warningcode": "2"}]}
        on = [
            {"plugin": name, "subtype": "assignfeedback", "name": "enabled", "value": "1"}
            for name in ("comments", "file")
        ]
        assignment = {
            "id": ASSIGN,
            "cmid": CM,
            "name": self.title,
            "grade": self.points,
            "duedate": self.due,
            "cutoffdate": 0,
            "teamsubmission": int(bool(self.groups)),
            "blindmarking": int(self.blind),
            "revealidentities": 0,
            "markingworkflow": int(self.workflow),
            "configs": on,
        }
        other = {**assignment, "id": 10, "cmid": 78, "name": "Other"}
        found = [other] if self.gone else [assignment, other]
        return {"courses": [{"id": COURSE, "assignments": found}], "warnings": []}

    def mod_assign_list_participants(self, request: Request) -> Any:
        assert request.one("assignid") == str(ASSIGN)
        found = []
        for number, one in enumerate(self.students.values()):
            facts = {"id": one.id, "fullname": f"Participant {number}" if self.blind else one.name}
            if not self.blind:
                facts |= {"email": f"{one.id}@uni.example", "idnumber": one.number}
            if one.group:
                facts |= {"groupid": one.group, "groupname": self.groups[one.group]}
            facts["groups"] = [{"id": number, "name": f"Section {number}"} for number in one.sections]
            found.append(facts)
        return found

    def mod_assign_get_submissions(self, request: Request) -> Any:
        latest = {one.attempts[-1]["id"]: one.attempts[-1] for one in self.students.values() if one.attempts}
        return self._rows(request, "submissions", list(latest.values()))

    def mod_assign_get_grades(self, request: Request) -> Any:
        graded = [one for one in self.students.values() if one.grade is not None and not one.group]
        rows = [{"userid": one.id, "grade": f"{one.grade:.5f}", "attemptnumber": 0} for one in graded]
        return self._rows(request, "grades", rows)

    def mod_assign_get_user_flags(self, request: Request) -> Any:
        some = [one for one in self.students.values() if one.extension]
        rows = [{"userid": one.id, "extensionduedate": one.extension, "workflowstate": ""} for one in some]
        return self._rows(request, "userflags", rows)

    def mod_assign_get_overrides(self, request: Request) -> Any:
        assert request.one("assignid") == str(ASSIGN)
        return {"overrides": [{"assignid": ASSIGN, **one} for one in self.overrides or ()]}

    def mod_assign_get_submission_status(self, request: Request) -> Any:
        one = self.students[int(request.one("userid"))]
        before = [
            {"attemptnumber": attempt["attemptnumber"], "submission": attempt}
            for attempt in reversed(one.attempts[:-1])
        ]
        found: dict[str, Any] = {"previousattempts": before, "warnings": []}
        if one.grade is not None or one.comment or one.files:
            for name, content in one.files.items():
                self.contents[f"/webservice/pluginfile.php/31/assignfeedback_file/feedback_files/{one.id}/{name}"] = (
                    content
                )
            base = f"{self.address}/webservice/pluginfile.php/31/assignfeedback_file/feedback_files/{one.id}"
            files = [{"filename": name, "filepath": "/", "fileurl": f"{base}/{name}"} for name in one.files]
            found["feedback"] = {
                "grade": {"grade": "-1.00000" if one.grade is None else f"{one.grade:.5f}"},
                "plugins": [
                    {"type": "comments", "editorfields": [{"name": "comments", "text": one.comment, "format": 1}]},
                    {"type": "file", "fileareas": [{"area": "feedback_files", "files": files}]},
                ],
            }
        return found

    def mod_assign_save_grades(self, request: Request) -> Any:
        assert request.one("assignmentid") == str(ASSIGN)
        assert request.one("applytoall") == "0"
        rows: dict[int, dict[str, str]] = {}
        for key, value in request.form:
            if found := re.fullmatch(r"grades\[(\d+)\](.*)", key):
                rows.setdefault(int(found[1]), {})[found[2]] = value
        for row in rows.values():
            one = self.students[int(row["[userid]"])]
            assert row["[attemptnumber]"] == "-1"
            grade = float(row["[grade]"])
            one.grade = None if grade < 0 else round(grade, 5)
            # The plug-in for comments reads its editor without asking whether it was sent.
            one.comment = row["[plugindata][assignfeedbackcomments_editor][text]"]
            if draft := row.get("[plugindata][files_filemanager]"):
                one.files = dict(self.drafts[int(draft)])
        return None

    def _rows(self, request: Request, key: str, rows: list[Any]) -> Any:
        assert request.all("assignmentids[0]") == [str(ASSIGN)]
        found = [{"assignmentid": ASSIGN, key: rows}] if rows else []
        warnings = [] if rows else [{"item": "module", "itemid": ASSIGN, "warningcode": "3", "message": "none found"}]
        return {"assignments": found, "warnings": warnings}
