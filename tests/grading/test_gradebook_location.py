"""Where a report folder's gradebook is kept: named once, found again, and never with a password."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.assignment import load
from autograder.cli import app
from autograder.grading.gradebook_location import NOTE_NAME, locate_gradebook, location_of
from autograder.records.store import GRADEBOOK_FILE, Gradebook, GradebookError


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'grades.db'}"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report"


def keep(report: Path, url: str, assignment: str = "cnn2") -> Gradebook:
    location = locate_gradebook(report, load(assignment), url)
    assert location is not None
    with location.opened():
        location.note(report)
    return Gradebook(location.url, location.assignment)


def test_without_a_url_the_report_folder_keeps_its_own_gradebook(report: Path) -> None:
    assert locate_gradebook(report, load("cnn2"), None) is None
    assert locate_gradebook(report, load("cnn2"), f"sqlite:///{report / GRADEBOOK_FILE}") is None
    assert not report.exists()


def test_what_was_named_once_is_found_again_from_any_folder(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keep(report, "sqlite:///grades.db").close()
    monkeypatch.chdir("/")
    found = location_of(report)
    assert found is not None
    assert found.url == f"sqlite:///{tmp_path / 'grades.db'}"
    assert locate_gradebook(report, load("cnn2"), None) == locate_gradebook(report, load("cnn2"), found.url) == found
    assert Path(found.assignment_folder) == load("cnn2").folder.resolve()


@pytest.mark.parametrize(
    "named",
    [
        "postgresql://me:secret@127.0.0.1:1/grades",
        "postgresql+psycopg://me:sec@secret@127.0.0.1:1/grades",
        "postgresql+psycopg://me:sec/secret@127.0.0.1:1/grades",
        "postgresql+psycopg://me@127.0.0.1:1/grades?password=secret",
        "postgresql+psycopg://me@127.0.0.1:1/grades?sslpassword=secret",
    ],
)
def test_a_password_is_neither_taken_nor_repeated(report: Path, tmp_path: Path, named: str) -> None:
    status, said = grade(tmp_path, report, named)
    assert status == 2
    assert "PGPASSWORD" in said
    assert "secret" not in said
    assert not report.exists()


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("grades.db", "is not the URL of a database: name sqlite:"),
        ("postgresql+psycopg://me:secret@host:port/db", "is not the URL of a database"),
        ("mysql://me@host/db", "cannot be kept by mysql"),
        ("postgresql+asyncpg://me@host/db", "cannot be kept by postgresql\\+asyncpg"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////no/such/folder/grades.db", "check its folder"),
        ("postgresql://me@127.0.0.1:1/grades", "cannot be reached: start its server"),
        ("postgresql://me@/grades?host=/no/such/folder", "cannot be reached: start its server"),
        ("postgresql://me@127.0.0.1:1/grades?nosuch=1", "has an option in its URL"),
    ],
)
def test_a_url_that_leads_nowhere_is_a_sentence(report: Path, tmp_path: Path, named: str, says: str) -> None:
    pytest.importorskip("psycopg")
    status, said = grade(tmp_path, report, named)
    assert status == 2
    assert said.count("\n") == 1
    assert "secret" not in said
    assert re.search(says, said), said
    assert not report.exists()


def test_without_the_driver_the_sentence_names_what_to_install(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    status, said = grade(tmp_path, report, "postgresql://me@127.0.0.1:1/grades")
    assert (status, "pip install 'keras-autograder[postgresql]'" in said) == (2, True)


def test_a_folder_that_keeps_its_grades_elsewhere_is_refused(report: Path, url: str, tmp_path: Path) -> None:
    keep(report, url).close()
    with pytest.raises(GradebookError, match=r"keeps its grades in .*grades.db, not in .*other.db"):
        locate_gradebook(report, load("cnn2"), f"sqlite:///{tmp_path / 'other.db'}")
    with pytest.raises(GradebookError, match='holds the grades of "cnn2", not of "cnn1"'):
        locate_gradebook(report, load("cnn1"), url)
    (tmp_path / "own").mkdir()
    Gradebook(tmp_path / "own" / GRADEBOOK_FILE).close()
    with pytest.raises(GradebookError, match="leave --gradebook out"):
        locate_gradebook(tmp_path / "own", load("cnn2"), url)


def test_the_file_inside_another_report_folder_is_refused(report: Path, tmp_path: Path) -> None:
    with Gradebook(tmp_path / "own.db") as own:
        own.store_fact("assignment", "cnn1")
    with pytest.raises(GradebookError, match="a report folder's own gradebook"):
        keep(report, f"sqlite:///{tmp_path / 'own.db'}")
    assert location_of(report) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is damaged"),
        ('{"url": "x"}', "is damaged"),
        (
            json.dumps({"url": "postgresql://me:secret@h/db", "assignment": "cnn2", "assignment_folder": "/"}),
            "holds a password",
        ),
    ],
)
def test_a_note_that_cannot_be_used_is_a_sentence(report: Path, content: str, says: str) -> None:
    report.mkdir()
    (report / NOTE_NAME).write_text(content)
    for command in ("regrade", "export"):
        done = CliRunner().invoke(app, [command, str(report), *(["--to", "csv"] if command == "export" else [])])
        assert done.exit_code == 2
        assert says in done.output
        assert "secret" not in done.output


def grade(folder: Path, report: Path, url: str) -> tuple[int, str]:
    """The exit status of `grade`, and what it said."""
    (folder / "class").mkdir()
    (folder / "class" / "ada.ipynb").write_text("{")
    command = ["grade", "cnn2", str(folder / "class"), "--output", str(report), "--gradebook", url]
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output
