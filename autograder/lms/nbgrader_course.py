"""Scores and pages into an nbgrader course: its gradebook and `feedback/`, from where its exchange hands them out.

`nbgrader release_feedback` takes `feedback/{student}/{assignment}/{notebook}.html` with `timestamp.txt` and
`submission_secret.txt` next to it, which the exchange left in `submitted/` (nbgrader/exchange/default).
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path, PurePosixPath

from autograder.core.errors import UsageError
from autograder.core.files import write_atomically
from autograder.grading.gradebook_location import opened
from autograder.lms.export import ExportedGrades, Pending, undecided
from autograder.lms.roster import ExportError
from autograder.records.result import Result
from autograder.report.report_folder import bring_up_to_date, reviewed

_BESIDE = ("timestamp.txt", "submission_secret.txt")
_NAME = re.compile(r"[^/\\\x00]{1,200}")
_SECONDS = 600


def export_to_course(folder: Path, course: Path, *, pending: Pending) -> ExportedGrades:
    """Put a report's scores and pages into the course.

    Args:
        folder: a report folder, graded from the course's `submitted/`.
        course: the course's folder, with `gradebook.db` and `submitted/`.
        pending: what happens to a student with undecided points; unless they are left out, nbgrader lists the
            undecided questions for manual grading.

    Raises:
        UsageError: it is no course, or nothing in the report came from one.
        ExportError: points are pending, the course's assignment differs, or nbgrader fails; no grade was written.
    """
    if not (course / "submitted").is_dir():
        raise UsageError(f"{course} has no folder submitted/: name the course's folder with --roster.")
    python = _nbgrader_python()
    with opened(folder) as (assignment, gradebook):
        results = [stored.result for stored in reviewed(gradebook)]
        ours = [(result, found) for result in results if (found := _place(result)) is not None]
        others = [result.student for result in results if _place(result) is None]
        if not ours:
            raise UsageError(f"Nothing in {folder} was graded from an nbgrader course: grade {course / 'submitted'}.")
        names = sorted({found[1] for _, found in ours})
        if len(names) > 1:
            raise ExportError(f"The report holds submissions to several assignments ({', '.join(names)}).")
        waiting = [result.student for result, _ in ours if undecided(result)]
        if waiting and pending == "refuse":
            raise ExportError(
                f"Points are still pending for {len(waiting)} students, so nothing was written. `autograder review` "
                "decides them; or --pending leave leaves these students out, and --pending zero has nbgrader list "
                "their questions for manual grading."
            )
        if pending == "leave":
            ours = [(result, found) for result, found in ours if not undecided(result)]
        asked = {
            "database": f"sqlite:///{(course / 'gradebook.db').resolve()}",
            "assignment": names[0],
            "notebook": assignment.notebook_path.stem,
            "questions": {question.id: question.points for question in assignment.questions},
            "students": [_scores(result, found[0]) for result, found in ours],
        }
        by_hand = _write(python, asked)
        written, closed = [], []
        for result, found in ours:
            page = bring_up_to_date(folder, assignment, gradebook, result.student)
            written.append(_feedback(course, found, page))
            if not (written[-1].parent / _BESIDE[1]).is_file():
                closed.append(found[0])
    notes = [f"{len(ours)} students in {course / 'gradebook.db'}, assignment {names[0]}"]
    notes += _named("points are pending", waiting)
    notes += _named("a score given by hand there stays and counts", by_hand)
    notes += _named("did not come through the exchange, so release_feedback cannot hand their page out", closed)
    notes.append(f"now: nbgrader release_feedback {names[0]}")
    problems = _named("not graded from an nbgrader course, so not written", others)
    return ExportedGrades((course / "gradebook.db", course / "feedback"), tuple(notes), tuple(problems))


def _place(result: Result) -> tuple[str, str, str] | None:
    """The student's id, the assignment and the notebook's stem, from `submitted/{student}/{assignment}/{notebook}`."""
    came = result.handed_in
    if came is None or came.platform != "nbgrader" or not came.persons:
        return None
    identity = came.persons[0].id
    parts = PurePosixPath(result.submission).parts
    where = parts.index(identity) if identity in parts else len(parts)
    named = parts[where + 1 : where + 2]
    stem = PurePosixPath(result.submission).stem
    if not named or not all(_NAME.fullmatch(text) and text not in (".", "..") for text in (identity, *named, stem)):
        return None
    return identity, named[0], stem


def _scores(result: Result, identity: str) -> dict[str, object]:
    scores = {
        verdict.id: None if verdict.status in ("needs_review", "error") else verdict.score
        for verdict in result.questions
    }
    return {"id": identity, "timestamp": result.handed_in.at if result.handed_in else "", "scores": scores}


def _write(python: Path, asked: Mapping[str, object]) -> list[str]:
    """Write the scores with nbgrader; the students with a score given by hand.

    Raises:
        ExportError: nbgrader refuses or fails.
    """
    script = resources.files(__package__).joinpath("scripts", "nbgrader_gradebook.py")
    with resources.as_file(script) as path:
        done = subprocess.run(
            [str(python), "-I", str(path)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            # nbgrader calls `alembic` by its name.
            env={**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
            check=False,
        )
    said = done.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
    if done.returncode == 3:
        raise ExportError(f"The course's assignment {asked['assignment']} differs, so nothing was written: {said[0]}.")
    if done.returncode != 0:
        raise ExportError(f"nbgrader could not write the grades: {said[0]}")
    by_hand: list[str] = json.loads(done.stdout)["by_hand"]
    return by_hand


def _feedback(course: Path, found: tuple[str, str, str], page: Path) -> Path:
    """Place a page for `release_feedback`, with what it needs of the submission next to it."""
    identity, assignment, stem = found
    place = course / "feedback" / identity / assignment
    for name in _BESIDE:
        kept = course / "submitted" / identity / assignment / name
        if kept.is_file() and not kept.is_symlink():
            write_atomically(place / name, kept.read_bytes())
    write_atomically(place / f"{stem}.html", page.read_bytes())
    return place / f"{stem}.html"


def _nbgrader_python() -> Path:
    """The Python of the `nbgrader` that a terminal here would start.

    Raises:
        UsageError: there is none.
    """
    if importlib.util.find_spec("nbgrader") is not None:
        return Path(sys.executable)
    command = shutil.which("nbgrader")
    if command:
        first = Path(command).read_bytes()[:500].splitlines()[0].decode("utf-8", "replace")
        if first.startswith("#!") and Path(first[2:].strip()).is_file():
            return Path(first[2:].strip())
    raise UsageError("nbgrader is not found here: run this where the command `nbgrader` works.")


def _named(what: str, who: Sequence[str]) -> list[str]:
    return [f"{what} ({len(who)}): {'; '.join(who)}"] if who else []
