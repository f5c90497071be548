"""The workflow that grades from outside the students' repositories: its commands, in bare folders like GitHub's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from samples.sums_course import autograder, calibrate, make_assignment, notebook

# Minutes of downloads, and a setting of the runner's kernel.
NOT_HERE = {"Install the grader", "Allow the sandbox its namespaces"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of a course's repository, with the workflow."""
    base = tmp_path_factory.mktemp("github")
    place = make_assignment(base)
    calibrate(place)
    status, said = autograder("package", place, "--for", "github", "--output", base / "course")
    assert status == 0, said
    assert "private repository only" in said
    return base / "course"


def workflow(course: Path) -> dict[str, Any]:
    return yaml.safe_load((course / ".github" / "workflows" / "grade-sums.yml").read_text())


def repository(place: Path, files: dict[str, bytes], branch: str = "main") -> str:
    """A repository of a student's, with a link that leads out of it; gives its address."""
    place.mkdir(parents=True)
    for name, content in files.items():
        (place / name).write_bytes(content)
    (place / "other.ipynb").symlink_to("/etc/passwd")
    own = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    for command in (
        ["init", "-q", "-b", branch],
        ["add", "-A"],
        ["-c", "user.name=s", "-c", "user.email=s@example.org", "commit", "-q", "-m", "done"],
    ):
        subprocess.run(["git", *command], cwd=place, check=True, env=own)
    return place.as_uri()


def run(steps: list[dict[str, Any]], folder: Path, **own: str) -> str:
    """The commands of a job, each in a shell of its own as GitHub starts it; gives what was printed."""
    secret = {"${{ secrets.STUDENTS_TOKEN }}": ""}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said = ""
    for step in steps:
        if "run" not in step or step["name"] in NOT_HERE:
            continue
        env = {name: secret.get(value, value) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=folder,
            env={"PATH": path, "HOME": str(folder), **own, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, (step["name"], done.stdout, done.stderr)
        said += done.stdout + done.stderr
    return said


def test_no_job_has_both_a_secret_and_a_students_code(course: Path) -> None:
    read = workflow(course)
    assert read["permissions"] == {}
    # YAML 1.1 reads `on` as True.
    assert list(read[True]) == ["workflow_dispatch"]
    fetch, grade = read["jobs"]["fetch"], read["jobs"]["grade"]
    assert "secrets." in str(fetch)
    assert "autograder" not in "".join(step.get("run", "") for step in fetch["steps"]).replace("autograder.zip", "")
    assert "secrets." not in str(grade)
    assert "github.token" not in str(grade)
    assert "permissions" not in grade  # so that it has none
    assert not any("checkout" in step.get("uses", "") for step in grade["steps"])
    assert fetch["steps"][0]["with"] == {"persist-credentials": False}
    # Nothing that a student writes comes into a command: expressions are in no `run`.
    assert not any("${{" in step.get("run", "") for job in read["jobs"].values() for step in job["steps"])


@pytest.mark.slow
def test_the_jobs_grade_what_is_in_the_students_repositories(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = repository(tmp_path / "ada", {"sums.ipynb": notebook(8, 9)})
    ben = repository(tmp_path / "ben", {"sums.ipynb": notebook(8, 6)}, branch="work")
    listed = f"# the class\nada {ada}\nben {ben} work\n\ncleo {(tmp_path / 'gone').as_uri()}"
    (course / "grading" / "sums" / "repositories.txt").write_text(listed)
    jobs = workflow(course)["jobs"]
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(course, first)
    said = run(jobs["fetch"]["steps"], first, FETCH_PROTOCOLS="file")
    assert "::warning::not fetched: cleo" in said
    assert "fetched: 2" in said
    handed_in = first / "handed-in" / "submissions"
    assert not list(handed_in.rglob(".git"))
    assert (handed_in / "ada" / "other.ipynb").read_text() == "/etc/passwd"  # a text, no link
    second.mkdir()
    shutil.copy(first / "handed-in.tar", second)
    run(jobs["grade"]["steps"], second)
    lines = (second / "report" / "grades.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["student", "ada", "ben"]
    assert (second / "report" / "commits.txt").read_text().startswith("ada ")

    # The lecturer's own machine has the report and the assignment, but not the runner's folders.
    shutil.rmtree(second / "grader")
    status, said = autograder("regrade", second / "report")
    assert (status, "grader/assignment" in said) == (2, True), said
    (tmp_path / "own" / "assignments").mkdir(parents=True)
    shutil.copytree(course.parent / "sums", tmp_path / "own" / "assignments" / "sums")
    monkeypatch.chdir(tmp_path / "own")
    status, said = autograder("regrade", second / "report")
    assert status == 0, said


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("../ada https://example.org/a.git", "not a line of NAME ADDRESS"),
        ("ada https://example.org/a.git main more", "not a line of NAME ADDRESS"),
        ("ada ext::touch%20run", "not fetched: ada"),
        ("ada --upload-pack=touch%20run", "not fetched: ada"),
    ],
)
def test_a_line_that_could_run_something_is_refused(course: Path, tmp_path: Path, line: str, why: str) -> None:
    (tmp_path / "list.txt").write_text(line)
    command = ["bash", str(course / "grading" / "sums" / "fetch.sh"), "list.txt", "out/submissions"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, why in done.stderr) == (1, True), done.stderr
    assert not list(tmp_path.rglob("run"))
