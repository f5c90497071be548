"""Servers that fail in the middle: nothing is lost, sent twice, or sent to another host."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import stub_canvas
from platforms import GRADES, Platform, graded_class
from samples.sums_course import autograder
from stub import Answer, Fault, Request, Stub, serving
from stub_canvas import StubCanvas

from autograder.lms.online import web


@pytest.fixture
def report(platform: Platform, tmp_path: Path) -> Path:
    """Three students, pulled and graded."""
    made = graded_class(platform, tmp_path)
    platform.stub.requests.clear()
    return made


DONE = {student: (grade, 1) for student, grade in GRADES.items()}
NOTHING = dict.fromkeys(GRADES, (None, 0))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("SENDS", "after", 500),
        Fault("SENDS", "before", 500),
        Fault("SENDS", "before", 429, times=2),
        Fault("SENDS", "before", 429, retry_after=None),
        Fault("SENDS", "before", 403),
        Fault("SENDS", "silent"),
        Fault("SENDS", "half"),
        Fault("UPLOADS", "before", 500, skip=1),
        Fault("READS", "before", 503, skip=1),
        Fault("READS", "silent", skip=1),
        Fault("READS", "cut"),
    ],
    ids=lambda fault: f"{fault.where} {fault.kind} {fault.status} {fault.retry_after}",
)
def test_whatever_fails_once_everything_stands_there_once(platform: Platform, report: Path, fault: Fault) -> None:
    words = {"SENDS": platform.sends, "UPLOADS": platform.uploads, "READS": platform.reads}
    stub = platform.stub
    if isinstance(stub, StubCanvas) and fault.where == "UPLOADS":
        stub = stub.files
    injected = replace(fault, where=words[fault.where])
    stub.faults.append(injected)
    status, said = autograder("push", platform.name, report, "--yes")
    assert injected.times == 0, "the fault did not happen"
    assert (status, platform.state()) == (0, DONE), said
    assert "sent and read back: 3 of 3" in said
    platform.stub.requests.clear()
    assert "nothing to send" in autograder("push", platform.name, report, "--yes")[1]
    assert not platform.stub.writes()


def test_a_platform_that_asks_to_wait_is_not_asked_before(platform: Platform, report: Path) -> None:
    platform.stub.faults.append(Fault(platform.sends, "before", 429, retry_after="1"))
    assert autograder("push", platform.name, report, "--yes")[0] == 0
    first, second = [one.at for one in platform.stub.requests if platform.sends in platform.stub.about(one)]
    assert second - first >= 1
    assert platform.state() == DONE


def test_after_a_push_that_broke_off_the_next_one_completes_it(platform: Platform, report: Path) -> None:
    platform.stub.faults += [
        Fault(platform.sends, "after"),
        Fault(platform.reads, "before", 500, times=9, skip=platform.pages),
    ]
    status, said = autograder("push", platform.name, report, "--yes")
    assert status == 2, said
    platform.stub.faults.clear()
    assert platform.state() == DONE  # it did arrive, and it is known as ours although nobody said so
    assert "nothing to send" in autograder("push", platform.name, report, "--yes")[1]
    assert platform.state() == DONE


def test_a_password_in_netrc_is_not_sent_in_the_place_of_the_token(
    platform: Platform, report: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    status, said = autograder("pull", platform.name, *platform.where, "--output", tmp_path / "again")
    assert (status, "3 new (3 files)" in said) == (0, True), said
    assert not any("Basic" in str(one.headers) for server in platform.servers for one in server.requests)


def test_a_token_that_expires_stops_everything_with_one_sentence(platform: Platform, report: Path) -> None:
    token = platform.token
    platform.stub.token = "another"  # type: ignore[attr-defined]
    for command in (("push", platform.name, report, "--yes"), ("pull", platform.name, "44", "77")):
        status, said = autograder(*command)
        assert status == 2
        assert "does not accept the token" in said
        assert token not in said
    assert platform.state() == NOTHING


def test_a_token_that_expires_in_the_middle_leaves_nothing_twice(
    platform: Platform, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, handle = platform.stub, platform.stub.handle

    def expires(request: Request) -> Answer:
        if platform.sends in stub.about(request):
            stub.token = "another"  # type: ignore[attr-defined]
        return handle(request)

    monkeypatch.setattr(stub, "handle", expires)
    status, said = autograder("push", platform.name, report, "--yes")
    assert (status, "does not accept the token" in said) == (2, True), said
    assert platform.state() == NOTHING
    monkeypatch.setattr(stub, "handle", handle)
    stub.token = platform.token  # type: ignore[attr-defined]
    assert autograder("push", platform.name, report, "--yes")[0] == 0
    assert platform.state() == DONE


def test_half_a_page_of_submissions_is_no_class(platform: Platform, report: Path) -> None:
    platform.stub.faults.append(Fault(platform.reads, "half"))
    status, said = autograder("push", platform.name, report, "--yes")
    assert status == 2, said
    assert platform.state() == NOTHING


def test_a_pull_that_broke_off_goes_on_where_it_was(platform: Platform, report: Path, tmp_path: Path) -> None:
    stub = platform.stub.files if isinstance(platform.stub, StubCanvas) else platform.stub
    files = "/store/" if isinstance(platform.stub, StubCanvas) else "pluginfile.php"
    stub.faults.append(Fault(files, "cut", skip=2))
    status, said = autograder("pull", platform.name, *platform.where, "--output", tmp_path / "again")
    assert (status, "try again" in said) == (2, True), said
    status, said = autograder("pull", platform.name, *platform.where, "--output", tmp_path / "again")
    assert (status, "1 new (1 files), 2 unchanged" in said) == (0, True), said


class Elsewhere(Stub):
    """A host that wants to hear a token."""

    def handle(self, request: Request) -> Answer:
        return Answer(200, b"{}")


def test_a_redirect_to_another_host_hears_no_token(
    platform: Platform, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Elsewhere()
    with serving(elsewhere) as address:
        for status in (302, 307):
            redirect = Answer(status, b"", {"Location": f"{address}/api/v1/x"})
            monkeypatch.setattr(platform.stub, "handle", lambda _, answer=redirect: answer)
            done, said = autograder("push", platform.name, report, "--yes")
            assert done == 2, said
        for request in elsewhere.requests:
            text = f"{request.path}{request.query}{request.headers}{request.body!r}"
            assert platform.token not in text


def test_a_folder_made_by_somebody_else_sends_no_token_anywhere(
    platform: Platform, report: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = platform.name.upper()
    monkeypatch.delenv(f"AUTOGRADER_{name}_URL")
    status, said = autograder("push", platform.name, report)
    assert (status, f"Set AUTOGRADER_{name}_URL next to AUTOGRADER_{name}_TOKEN" in said) == (2, True)
    monkeypatch.setenv(f"AUTOGRADER_{name}_URL", "https://canvas.example.edu")
    assert "were pulled from" in autograder("push", platform.name, report)[1]
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
    status, said = autograder("push", platform.name, report)
    assert (status, "may be read by others (mode 640)" in said) == (2, True)
    file.chmod(0o600)
    status, said = autograder("push", platform.name, report)
    assert (status, "Nothing was sent: --yes sends this to 3 students." in said) == (0, True), said


@pytest.mark.parametrize(
    "address", ["http://canvas.example.edu", "ftp://127.0.0.1", "https://me:secret@canvas.example.edu", "canvas.edu"]
)
def test_an_address_that_would_show_the_token_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_CANVAS_TOKEN", stub_canvas.TOKEN)
    status, said = autograder("pull", "canvas", "1", "2", "--url", address)
    assert (status, "refused" in said, "secret" in said) == (2, True, False)
