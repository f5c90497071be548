"""Folders, notebooks and what stands beside them, as instructors have them on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.intake import Intake, IntakeError, SubmissionTooLarge, UnreadableSubmission, read_submissions

NOTEBOOK = b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}'


def put(path: Path, content: bytes = NOTEBOOK) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def students(intake: Intake) -> list[str]:
    return [submission.student for submission in intake.submissions]


def reasons(intake: Intake) -> dict[str, str]:
    return {one.path: one.reason for one in intake.ignored}


def test_a_folder_of_notebooks_names_students_by_their_files(tmp_path: Path) -> None:
    for name in ("ben", "Anna Müller", 'Zoë "Z" O\'Neil'):
        put(tmp_path / f"{name}.ipynb", name.encode())
    intake = read_submissions(tmp_path)
    assert students(intake) == ["Anna Müller", "ben", 'Zoë "Z" O\'Neil']
    assert [one.submission for one in intake.submissions] == [f"{name}.ipynb" for name in students(intake)]
    assert intake.submissions[0].read() == "Anna Müller".encode()
    assert [one.slug for one in intake.submissions] == ["Anna-Müller", "ben", "Zoë-Z-O-Neil"]
    assert intake.ignored == ()


def test_a_folder_per_student_names_students_by_their_folders(tmp_path: Path) -> None:
    put(tmp_path / "anna" / "cnn2.ipynb")
    put(tmp_path / "ben" / "work" / "my answer.ipynb")
    put(tmp_path / "ben" / "digits.csv")
    intake = read_submissions(tmp_path)
    assert students(intake) == ["anna", "ben"]
    assert intake.submissions[1].submission == "ben/work/my answer.ipynb"
    assert reasons(intake) == {"ben/digits.csv": "not a notebook (.ipynb)"}


def test_one_notebook_is_a_class_of_one(tmp_path: Path) -> None:
    intake = read_submissions(put(tmp_path / "anna.IPYNB"))
    assert [(one.student, one.submission, one.slug) for one in intake.submissions] == [("anna", "anna.IPYNB", "anna")]


def test_the_assignments_name_decides_between_two_notebooks_of_a_folder(tmp_path: Path) -> None:
    put(tmp_path / "anna" / "cnn2.ipynb", b"right")
    put(tmp_path / "anna" / "Untitled.ipynb")
    intake = read_submissions(tmp_path, "cnn2")
    assert intake.submissions[0].read() == b"right"
    assert reasons(intake) == {"anna/Untitled.ipynb": "anna/cnn2.ipynb is graded"}


def test_two_notebooks_of_one_student_are_a_problem_that_names_both(tmp_path: Path) -> None:
    put(tmp_path / "anna" / "a.ipynb", b"one")
    put(tmp_path / "anna" / "b.ipynb", b"another")
    put(tmp_path / "ben" / "cnn2.ipynb")
    anna, ben = read_submissions(tmp_path, "cnn2").submissions
    assert str(anna.problem).startswith("Two notebooks of one student: anna/a.ipynb and anna/b.ipynb.")
    assert str(ben.problem) == ""
    with pytest.raises(UnreadableSubmission, match=r"anna/a\.ipynb and anna/b\.ipynb"):
        anna.read()


@pytest.mark.parametrize("other", ["anna/cnn2.ipynb", "Anna.ipynb", "ANNA/x.ipynb"])
def test_one_student_by_two_routes_is_one_submission_with_a_problem(tmp_path: Path, other: str) -> None:
    put(tmp_path / "anna.ipynb")
    put(tmp_path / other)
    intake = read_submissions(tmp_path, "cnn2")
    assert len(intake.submissions) == 1
    assert "anna.ipynb" in str(intake.submissions[0].problem)
    assert other in str(intake.submissions[0].problem)


def test_a_students_folder_without_a_notebook_is_a_submission_with_a_problem(tmp_path: Path) -> None:
    put(tmp_path / "anna" / "cnn2.ipynb")
    put(tmp_path / "ben" / "essay.docx")
    (tmp_path / "carl").mkdir()
    _, ben, carl = read_submissions(tmp_path).submissions
    assert str(ben.problem) == "The folder ben holds no notebook (.ipynb), only essay.docx."
    assert str(carl.problem) == "The folder carl is empty: no notebook (.ipynb) was handed in."


def test_a_data_folder_beside_notebooks_is_no_student(tmp_path: Path) -> None:
    put(tmp_path / "anna.ipynb")
    put(tmp_path / "data" / "mnist.npz")
    intake = read_submissions(tmp_path)
    assert students(intake) == ["anna"]
    assert "data/mnist.npz" in reasons(intake)


def test_nothing_is_dropped_silently(tmp_path: Path) -> None:
    put(tmp_path / "anna.ipynb")
    for name in (
        "essay.txt",
        "scan.pdf",
        "README",
        ".DS_Store",
        ".ipynb_checkpoints/x.ipynb",
    ):
        put(tmp_path / name)
    found = reasons(read_submissions(tmp_path))
    assert set(found) == {
        *("essay.txt", "scan.pdf", "README", ".DS_Store", ".ipynb_checkpoints"),
    }


def test_links_are_never_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "secret.ipynb")
    inside = put(tmp_path / "class" / "anna" / "cnn2.ipynb")
    for link, target in (("mallory/cnn2.ipynb", inside), ("eve.ipynb", outside), ("trudy", outside.parent)):
        (tmp_path / "class" / link).parent.mkdir(exist_ok=True)
        (tmp_path / "class" / link).symlink_to(target)
    intake = read_submissions(tmp_path / "class")
    assert [one.student for one in intake.submissions if not one.problem] == ["anna"]
    assert {path for path, reason in reasons(intake).items() if reason.startswith("a link")} == {
        *("mallory/cnn2.ipynb", "eve.ipynb", "trudy"),
    }


def test_a_file_that_turns_into_a_link_or_pipe_later_is_not_opened(tmp_path: Path) -> None:
    path = put(tmp_path / "class" / "anna.ipynb")
    secret = put(tmp_path / "secret")
    (submission,) = read_submissions(tmp_path / "class").submissions
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(UnreadableSubmission):
        submission.read()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UnreadableSubmission, match="no ordinary file"):
        submission.read()


def test_pipes_are_listed_and_never_opened(tmp_path: Path) -> None:
    put(tmp_path / "anna.ipynb")
    os.mkfifo(tmp_path / "ben.ipynb")
    assert reasons(read_submissions(tmp_path)) == {"ben.ipynb": "neither a file nor a folder"}


def test_a_submission_over_the_limit_is_refused_when_read(tmp_path: Path) -> None:
    with (tmp_path / "anna.ipynb").open("wb") as file:
        file.truncate(60 * 2**20)
    (submission,) = read_submissions(tmp_path).submissions
    with pytest.raises(SubmissionTooLarge, match=r"anna\.ipynb is larger than 50 MB\. Clear its outputs"):
        submission.read()


def test_a_name_that_is_no_utf8_is_shown_as_it_was_meant(tmp_path: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller.ipynb")), b"x")
    (submission,) = read_submissions(tmp_path).submissions
    assert (submission.student, submission.submission, submission.read()) == ("Müller", "Müller.ipynb", b"x")


def test_decomposed_umlauts_and_override_characters_are_shown_plainly(tmp_path: Path) -> None:
    put(tmp_path / "Mu\u0308ller.ipynb")
    put(tmp_path / "\u202egnp.anna\x07\n\x1b[31m.ipynb")
    assert students(read_submissions(tmp_path)) == ["gnp.anna [31m", "Müller"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing", "does not exist: name a folder of notebooks"),
        ("empty", "is empty: put the students' notebooks"),
        ("folders", "holds no notebook"),
        ("notes.txt", "notes.txt is not a notebook: name a folder of notebooks"),
        ("noext", "noext is not a notebook"),
        ("texts", "holds no notebook"),
        ("packed", r"holds one archive and nothing else\. class\.zip is damaged\."),
        ("broken.zip", "is no zip archive, or a damaged one"),
        ("nul\0name", "cannot be read|does not exist"),
    ],
)
def test_where_there_is_nothing_to_grade_the_sentence_names_the_path_and_the_remedy(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "folders" / "anna").mkdir(parents=True)
    put(tmp_path / "notes.txt")
    put(tmp_path / "noext")
    put(tmp_path / "texts" / "anna.txt")
    put(tmp_path / "packed" / "class.zip")
    put(tmp_path / "broken.zip", b"PK\x03\x04 and nothing more")
    with pytest.raises(IntakeError, match=says) as refused:
        read_submissions(tmp_path / name)
    assert "\n" not in str(refused.value)
    assert str(tmp_path) in str(refused.value)
