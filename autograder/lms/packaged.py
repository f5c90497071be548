"""Grading with an unpacked `autograder.zip`: in a separate process that returns only a result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment, load
from autograder.core.language import ENGLISH, FOLDER_VARIABLE
from autograder.lms.bundle import CATALOGUES, PackageFacts
from autograder.records.result import Result


class GradingFailed(RuntimeError):
    """The grader itself failed, not the student; the message is for the instructor."""


def packaged_assignment(source: Path) -> Assignment:
    """The assignment of an unpacked zip.

    Raises:
        AssignmentError: it is damaged.
    """
    facts = PackageFacts.model_validate_json((source / "package.json").read_text(encoding="utf-8"))
    _bring_catalogues(source)
    return load(str(source / facts.assignment))


def packaged_language(source: Path) -> str:
    """The language that the assignment of an unpacked zip uses with students; English if it is unknown."""
    try:
        return packaged_assignment(source).language
    except Exception:
        return ENGLISH


def _bring_catalogues(source: Path) -> None:
    """Make the languages in the zip available to this process and to those it starts."""
    if (source / CATALOGUES).is_dir():
        os.environ[FOLDER_VARIABLE] = str((source / CATALOGUES).resolve())


def grade_packaged(source: Path, handed_in: Path, student: str) -> Result:
    """Grade what was handed in by the assignment in the folder `source`.

    Raises:
        GradingFailed: with what the process printed.
    """
    facts = PackageFacts.model_validate_json((source / "package.json").read_text(encoding="utf-8"))
    _bring_catalogues(source)
    with tempfile.TemporaryDirectory(prefix="ag-") as folder:
        answer = Path(folder) / "result.json"
        data = ["--data", str(source / "data")] if (source / "data").is_dir() else []
        command = [sys.executable, "-I", "-m", "autograder", *data, "--download", "grade-one"]
        command += ["--student", student, "--output", str(answer), "--", str(source / facts.assignment), str(handed_in)]
        # Not the folder of the submission: nothing in it may be imported.
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode != 0 or not answer.is_file():
            raise GradingFailed(done.stderr.strip()[-4000:] or f"the grader ended with status {done.returncode}")
        return Result.model_validate_json(answer.read_text(encoding="utf-8"))


def close_to_others(*paths: Path) -> None:
    """Let only their owner into these: tests, data and results are not for the notebook's user."""
    for path in paths:
        if path.is_dir():
            os.chmod(path, 0o700)
        elif path.is_file():
            os.chmod(path, 0o600)


def student_of(metadata: Mapping[str, Any], otherwise: str) -> str:
    """The student's name from Gradescope's `submission_metadata.json`; all names of a group."""
    users = metadata.get("users")
    names = [user.get("name") or user.get("email") for user in users or () if isinstance(user, dict)]
    return " and ".join(name for name in names if isinstance(name, str) and name) or otherwise


def read_metadata(path: Path) -> dict[str, Any]:
    """Gradescope's `submission_metadata.json`; empty if it is missing."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
