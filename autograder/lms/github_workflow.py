"""A GitHub workflow for the course's own repository, which grades students' repositories from outside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from autograder.assignment import Assignment
from autograder.core.files import write_atomically
from autograder.lms.bundle import Packed, package, packed_folder

_LIST = """# One line for each student: a name, the address of the repository and, if wanted, a branch or tag.
# ada https://github.com/your-course/@name@-ada.git
"""


@dataclass(frozen=True)
class WorkflowFiles:
    """What was written: the workflow, the list of repositories to be filled in, and the packed grader."""

    workflow: Path
    repositories: Path
    packed: Packed


def write_workflow(assignment: Assignment, course: Path) -> WorkflowFiles:
    """Write the workflow and what it uses into a clone of the course's repository; a list that is there is kept.

    Args:
        assignment: what to grade with.
        course: the root of the clone.

    Raises:
        AssignmentError, DatasetMissing: it is not ready for grading; the sentence says what to do.
        Unwritable: the folder takes no file.
    """
    place = course / "grading" / assignment.name
    made = package(assignment, place)
    values = {"name": assignment.name, "folder": packed_folder(assignment), "title": " ".join(assignment.title.split())}
    scripts = resources.files(__package__).joinpath("scripts")
    workflow = course / ".github" / "workflows" / f"grade-{assignment.name}.yml"
    write_atomically(workflow, _filled(scripts.joinpath("github_workflow.yml").read_text("utf-8"), values))
    write_atomically(place / "fetch.sh", scripts.joinpath("github_fetch.sh").read_bytes())
    os.chmod(place / "fetch.sh", 0o755)
    repositories = place / "repositories.txt"
    if not repositories.exists():
        write_atomically(repositories, _filled(_LIST, values))
    return WorkflowFiles(workflow, repositories, made)


def _filled(text: str, values: dict[str, str]) -> str:
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
