"""Servers that fail in the middle: nothing is lost, sent twice, or sent to another host."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import stub_canvas
import stub_moodle
from samples.sums_course import autograder, graded_by_hand, make_assignment, notebook
from stub import Answer, Fault, Request, Stub, serving
from stub_canvas import StubCanvas
from stub_moodle import StubMoodle

from autograder.lms.online import web


@dataclass
class Platform:
    """One of the two, with ada, ben and chloé handed in and graded; `state` is a student's grade and our comments."""

    name: str
    stub: Stub
    report: Path
    sends: str
    uploads: str
    reads: str
    pages: int
    state: Callable[[], list[tuple[float | None, int]]]


DONE = [(6.0, 1), (2.0, 1), (4.0, 1)]


@pytest.fixture(params=["canvas", "moodle"])
def platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Platform]:
    monkeypatch.setattr(web, "READ_SECONDS", 1.0)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    books = [notebook(8, 9), notebook(8, 6), notebook(7, 9)]
    place = make_assignment(tmp_path)
    with ExitStack() as stack:
        if request.param == "canvas":
            canvas = StubCanvas()
            stack.enter_context(serving(canvas))
            stack.enter_context(serving(canvas.files))
            stub, token, where = canvas, stub_canvas.TOKEN, (stub_canvas.COURSE, stub_canvas.ASSIGNMENT)
            for number, book in enumerate(books, 11):
                canvas.enrol(number, f"Student {number}")
                canvas.hand_in(number, book, "2026-11-19T10:00:00Z")
            words = ("update_grades", "/upload", "GET /api/v1/courses/101/assignments/98765/submissions", 2)

            def state() -> list[tuple[float | None, int]]:
                return [(one.entered, len(one.comments)) for one in canvas.students.values()]

        else:
            moodle = StubMoodle()
            stack.enter_context(serving(moodle))
            stub, token, where = moodle, stub_moodle.TOKEN, (stub_moodle.COURSE, stub_moodle.CM)
            for number, book in enumerate(books, 11):
                moodle.enrol(number, f"Student {number}")
                moodle.hand_in(number, book, "2026-11-19T10:00:00+00:00")
            words = ("save_grades", "upload.php", "mod_assign_get_submissions", 1)

            def state() -> list[tuple[float | None, int]]:
                return [(one.grade, one.comment.count("(autograder ")) for one in moodle.students.values()]

        monkeypatch.setenv(f"AUTOGRADER_{request.param.upper()}_URL", stub.address)
        monkeypatch.setenv(f"AUTOGRADER_{request.param.upper()}_TOKEN", token)
        status, said = autograder("pull", request.param, *where)
        assert status == 0, said
        report = graded_by_hand(place, tmp_path / "pulled" / f"{request.param}-{where[1]}", tmp_path / "report")
        stub.requests.clear()
        yield Platform(request.param, stub, report, *words, state)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("SENDS", "after", 500),
        Fault("SENDS", "before", 500),
        Fault("SENDS", "before", 429, times=2),
        Fault("SENDS", "silent"),
        Fault("SENDS", "half"),
        Fault("UPLOADS", "before", 500, skip=1),
        Fault("READS", "before", 503, skip=1),
        Fault("READS", "silent", skip=1),
        Fault("READS", "cut"),
    ],
    ids=lambda fault: f"{fault.where} {fault.kind} {fault.status}",
)
def test_whatever_fails_once_everything_stands_there_once(platform: Platform, fault: Fault) -> None:
    words = {"SENDS": platform.sends, "UPLOADS": platform.uploads, "READS": platform.reads}
    stub = platform.stub
    if isinstance(stub, StubCanvas) and fault.where == "UPLOADS":
        stub = stub.files
    injected = Fault(words[fault.where], fault.kind, fault.status, fault.times, fault.skip)
    stub.faults.append(injected)
    status, said = autograder("push", platform.name, platform.report, "--yes")
    assert injected.times == 0, "the fault did not happen"
    assert (status, platform.state()) == (0, DONE), said
    assert "sent and read back: 3 of 3" in said
    platform.stub.requests.clear()
    assert "nothing to send" in autograder("push", platform.name, platform.report, "--yes")[1]
    assert not platform.stub.writes()


def test_after_a_push_that_broke_off_the_next_one_completes_it(platform: Platform) -> None:
    platform.stub.faults += [
        Fault(platform.sends, "after"),
        Fault(platform.reads, "before", 500, times=9, skip=platform.pages),
    ]
    status, said = autograder("push", platform.name, platform.report, "--yes")
    assert status == 2, said
    platform.stub.faults.clear()
    assert platform.state() == DONE  # it did arrive, and it is known as ours although nobody said so
    assert "nothing to send" in autograder("push", platform.name, platform.report, "--yes")[1]
    assert platform.state() == DONE


def test_a_token_that_expires_stops_everything_with_one_sentence(platform: Platform) -> None:
    token = platform.stub.token
    platform.stub.token = "another"  # type: ignore[attr-defined]
    for command in (("push", platform.name, platform.report, "--yes"), ("pull", platform.name, "44", "77")):
        status, said = autograder(*command)
        assert status == 2
        assert "does not accept the token" in said
        assert token not in said
    assert platform.state() == [(None, 0)] * 3


def test_half_a_page_of_submissions_is_no_class(platform: Platform) -> None:
    platform.stub.faults.append(Fault(platform.reads, "half"))
    status, said = autograder("push", platform.name, platform.report, "--yes")
    assert status == 2, said
    assert platform.state() == [(None, 0)] * 3


def test_a_pull_that_broke_off_goes_on_where_it_was(platform: Platform, tmp_path: Path) -> None:
    where = {"canvas": ("101", "98765"), "moodle": ("44", "77")}[platform.name]
    stub = platform.stub.files if isinstance(platform.stub, StubCanvas) else platform.stub
    files = "/store/" if isinstance(platform.stub, StubCanvas) else "pluginfile.php"
    stub.faults.append(Fault(files, "cut", skip=2))
    status, said = autograder("pull", platform.name, *where, "--output", tmp_path / "again")
    assert (status, "try again" in said) == (2, True), said
    status, said = autograder("pull", platform.name, *where, "--output", tmp_path / "again")
    assert (status, "1 new (1 files), 2 unchanged" in said) == (0, True), said


class Elsewhere(Stub):
    """A host that wants to hear a token."""

    def handle(self, request: Request) -> Answer:
        return Answer(200, b"{}")


def test_a_redirect_to_another_host_hears_no_token(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Elsewhere()
    tokens = (stub_canvas.TOKEN, stub_moodle.TOKEN)
    with serving(elsewhere) as address:
        for status in (302, 307):
            redirect = Answer(status, b"", {"Location": f"{address}/api/v1/x"})
            monkeypatch.setattr(platform.stub, "handle", lambda _, answer=redirect: answer)
            done, said = autograder("push", platform.name, platform.report, "--yes")
            assert done == 2, said
        for request in elsewhere.requests:
            text = f"{request.path}{request.query}{request.headers}{request.body!r}"
            assert not any(token in text for token in tokens)


def test_a_folder_made_by_somebody_else_sends_no_token_anywhere(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = platform.name.upper()
    monkeypatch.delenv(f"AUTOGRADER_{name}_URL")
    status, said = autograder("push", platform.name, platform.report)
    assert (status, f"Set AUTOGRADER_{name}_URL next to AUTOGRADER_{name}_TOKEN" in said) == (2, True)
    monkeypatch.setenv(f"AUTOGRADER_{name}_URL", "https://canvas.example.edu")
    assert "were pulled from" in autograder("push", platform.name, platform.report)[1]
    assert not platform.stub.requests
    # A token stored for this host needs no environment.
    monkeypatch.delenv(f"AUTOGRADER_{name}_URL")
    token = os.environ.pop(f"AUTOGRADER_{name}_TOKEN")
    monkeypatch.setenv(f"AUTOGRADER_{name}_TOKEN", "")
    file = tmp_path / "config" / "keras-autograder" / f"{platform.name}-{web.host_of(platform.stub.address)}.token"
    file = file.with_name(file.name.replace(":", "-"))
    file.parent.mkdir(parents=True)
    file.write_text(token + "\n")
    file.chmod(0o640)
    status, said = autograder("push", platform.name, platform.report)
    assert (status, "may be read by others (mode 640)" in said) == (2, True)
    file.chmod(0o600)
    status, said = autograder("push", platform.name, platform.report)
    assert (status, "Nothing was sent: --yes sends this to 3 students." in said) == (0, True), said


@pytest.mark.parametrize(
    "address", ["http://canvas.example.edu", "ftp://127.0.0.1", "https://me:secret@canvas.example.edu", "canvas.edu"]
)
def test_an_address_that_would_show_the_token_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_CANVAS_TOKEN", stub_canvas.TOKEN)
    status, said = autograder("pull", "canvas", "1", "2", "--url", address)
    assert (status, "refused" in said, "secret" in said) == (2, True, False)
