"""What is mistyped or unreachable gets one sentence and exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from platforms import Platform
from samples.sums_course import autograder, sentence

from autograder.lms.online.tokens import token_file
from autograder.lms.online.web import host_of


def test_a_course_or_an_assignment_that_is_not_there(platform: Platform) -> None:
    course, assignment = platform.where
    canvas = platform.name == "canvas"
    wrong = "no such course or assignment" if canvas else "in no course with the number 999"
    assert wrong in sentence("pull", platform.name, "999", assignment)
    wrong = '"Deep" is no course of Canvas: name its number' if canvas else 'The course "Deep": none is called that.'
    assert wrong in sentence("pull", platform.name, "Deep", assignment)
    wrong = "no such course or assignment" if canvas else 'The assignment "1": none is called that; name the number of'
    assert wrong in sentence("pull", platform.name, course, "1")
    said = sentence("pull", platform.name, course, "Summs")
    listed = f"Sums ({assignment}); Other ({int(assignment) + 1})"
    assert f'The assignment "Summs": none is called that; name the number of one of these: {listed}.' in said
    platform.stub.title = "Other"  # type: ignore[attr-defined]
    assert 'The assignment "other": more than one is called that' in sentence("pull", platform.name, course, "other")


def test_a_token_is_taken_from_no_argument_and_must_be_there(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given in (["--token", platform.token], [f"--token={platform.token}"]):
        for command in ("pull", "push"):
            status, said = autograder(command, platform.name, *platform.where, *given)
            assert (status, "No such option: --token" in said, platform.token in said) == (2, True, False), said
    monkeypatch.setenv(f"AUTOGRADER_{platform.name.upper()}_TOKEN", "two words")
    assert "is no token: it is one line" in sentence("pull", platform.name, *platform.where)
    monkeypatch.delenv(f"AUTOGRADER_{platform.name.upper()}_TOKEN")
    assert "There is no token for 127.0.0.1" in sentence("pull", platform.name, *platform.where)
    monkeypatch.delenv(f"AUTOGRADER_{platform.name.upper()}_URL")
    assert "name its address with --url" in sentence("pull", platform.name, *platform.where)
    assert not platform.stub.requests


def test_a_server_that_is_down(platform: Platform) -> None:
    said = sentence("pull", platform.name, *platform.where, "--url", "http://127.0.0.1:9")
    assert "There is no token for 127.0.0.1:9" not in said
    assert "127.0.0.1:9 cannot be reached while" in said


def test_a_file_in_the_place_of_a_folder_and_the_reverse(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    pull = ("pull", platform.name, *platform.where)
    assert f"{taken} holds something else: name a new folder with --output." in sentence(*pull, "--output", taken)
    assert f"{taken} holds no gradebook.db; name a folder that" in sentence("push", platform.name, taken)
    assert f"{taken} is a file: name a folder for the keys." in sentence("lti", "keys", "--output", taken)
    assert taken.read_text() == "mine"
    said = sentence(*pull, "--url", "platform.example.edu")
    assert said.startswith("platform.example.edu is refused: the address of a platform begins with https://.")
    monkeypatch.delenv(f"AUTOGRADER_{platform.name.upper()}_TOKEN")
    token_file(platform.name, host_of(platform.stub.address)).mkdir(parents=True)  # type: ignore[arg-type]
    platform.stub.requests.clear()
    assert ".token is no file: remove it, and put the token into a file of that name." in sentence(*pull)
    assert not platform.stub.requests
