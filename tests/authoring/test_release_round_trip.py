"""From `autograder release` to the grade: real `otter assign`, a real kernel, `autograder grade`, real `otter run`."""

import csv
import json
import shutil
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from samples.otter_command import BIN, otter_run

from autograder.assignment import load
from autograder.authoring.release.release import ReleaseError, release
from autograder.lms.bundle import pack
from autograder.records.evidence import Evidence
from tests.samples.gradescope import METADATA

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
# What a machine without a network puts before a student's notebook: the images, and short training.
PREPARE = (
    "from autograder.authoring.release.otter_rehearsal import prepare_rehearsal\n"
    'prepare_rehearsal(["mnist"], [], shorten=True)'
)
COLAB = """
import pathlib, sys, types
files = types.ModuleType("google.colab.files")
archive = pathlib.Path({archive!r})
files.upload = lambda: {{archive.name: archive.read_bytes()}}
colab = types.ModuleType("google.colab")
colab.files = files
sys.modules |= {{"google.colab": colab, "google.colab.files": files}}
type(get_ipython()).__repr__ = lambda shell: "<google.colab._shell.Shell object>"
"""


class Unrun:
    """Where nothing of the handout's own code is to be known."""

    @staticmethod
    def observe(*_: object) -> Evidence:
        return Evidence(key="", cells=(), isolation="none", versions={})


@pytest.fixture(scope="module")
def cnn2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes, as an instructor calls it."""
    folder = tmp_path_factory.mktemp("dist") / "cnn2"
    command = [BIN / "autograder", "release", "cnn2", "--output", folder]
    text = subprocess.check_output(command, cwd=ROOT, text=True)
    assert "cnn2.zip" in text
    assert "checked by students: missing_layers, parameters\n" in text
    assert "judged when graded: accuracy\n" in text
    assert "without a check: performance\n" in text
    assert text.endswith("The solution passes all 3 checks under otter.\n")
    return folder


def solved(made: Path, name: str) -> nbformat.NotebookNode:
    """The released notebook with the answers of the solution in it."""
    notebook = nbformat.read(made / f"{name}.ipynb", as_version=4)
    answers = {cell.id: cell.source for cell in nbformat.read(load(name).solution_path, as_version=4).cells}
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def executed(notebook: nbformat.NotebookNode, folder: Path, before: str = PREPARE) -> dict[str, nbformat.NotebookNode]:
    """The cells, by their ids, after a run with an ordinary kernel in `folder`."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(before))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=240, allow_errors=True, record_timing=True, resources=resources).execute()
    return {cell.id: cell for cell in notebook.cells}


def said(cell: nbformat.NotebookNode) -> str:
    return "\n".join(output.get("text") or output.get("evalue") or output.data["text/plain"] for output in cell.outputs)


def seconds(cell: nbformat.NotebookNode) -> float:
    """How long the kernel was busy with it."""
    busy, idle = (
        datetime.fromisoformat(cell.metadata.execution[f"iopub.status.{state}"]) for state in ("busy", "idle")
    )
    return (idle - busy).total_seconds()


def test_students_get_the_handout_with_checks_and_nothing_of_the_solution(cnn2: Path) -> None:
    assert sorted(path.name for path in (cnn2 / "tests").iterdir()) == [
        "accuracy.py",
        "missing_layers.py",
        "parameters.py",
    ]
    handout = nbformat.read(load("cnn2").notebook_path, as_version=4)
    solution = nbformat.read(load("cnn2").solution_path, as_version=4)
    notebook = nbformat.read(cnn2 / "cnn2.ipynb", as_version=4)
    nbformat.validate(notebook)
    added = [cell.id for cell in notebook.cells if cell.metadata.get("autograder", {}).get("added")]
    assert added == ["start-checks", "check-missing-layers", "check-parameters", "check-accuracy"]
    kept = [cell for cell in notebook.cells if cell.id not in added]
    assert [(one.id, one.source, one.metadata) for one in kept] == [
        (one.id, one.source, one.metadata) for one in handout.cells
    ]
    given = {line for cell in handout.cells for line in cell.source.splitlines()}
    answers = {line for cell in solution.cells for line in cell.source.splitlines()} - given
    with zipfile.ZipFile(cnn2.with_suffix(".zip")) as archive:
        assert sorted(archive.namelist()) == sorted(
            path.relative_to(cnn2).as_posix() for path in cnn2.rglob("*") if path.is_file()
        )
        texts = [archive.read(name).decode() for name in archive.namelist() if not name.endswith(".whl")]
    assert answers
    assert not [line for line in answers for text in texts if line in text]


def test_the_untouched_notebook_hears_what_is_missing_at_once(cnn2: Path) -> None:
    cells = executed(nbformat.read(cnn2 / "cnn2.ipynb", as_version=4), cnn2)
    text = said(cells["check-missing-layers"])
    assert "✗ The missing layers: not right yet" in text
    assert "between activation_2 and flatten: A convolution is missing." in text
    assert "− Conv2D (None, 14, 14, 64) 36928" in text
    assert "695,970 expected" in said(cells["check-parameters"])
    assert "is trained, with the same images for everybody" in said(cells["check-accuracy"])
    assert max(seconds(cell) for cell in cells.values() if cell.source.startswith("grader.check")) < 1


def test_a_solved_notebook_gets_its_points_from_autograder_and_from_otter(cnn2: Path, tmp_path: Path) -> None:
    handed_in = tmp_path / "released.ipynb"
    nbformat.write(solved(cnn2, "cnn2"), handed_in)
    report = tmp_path / "report"
    subprocess.run([BIN / "autograder", "grade", "cnn2", handed_in, "--output", report], cwd=ROOT, check=True)
    result = json.loads((report / "results.jsonl").read_text())
    assert (result["score"], result["pending"], result["notes"]) == (9, 1, [])
    package = pack(load("cnn2"), tmp_path / "autograder.zip").path
    assert otter_run(package, handed_in, tmp_path / "otter")["score"] == 9


@pytest.mark.timeout(600)
def test_what_the_notebook_exports_is_graded_like_the_notebook(cnn2: Path, tmp_path: Path) -> None:
    """otter's own export, made by a cell of the released notebook, handed in by mail, in a class and on Gradescope."""
    own = tmp_path / "home"
    shutil.copytree(cnn2, own)
    notebook = solved(cnn2, "cnn2")
    notebook.cells.append(nbformat.v4.new_code_cell("grader.export(pdf=False)", id="export"))
    nbformat.write(notebook, own / "cnn2.ipynb")
    executed(notebook, own)
    [exported] = own.glob("cnn2_*.zip")
    with zipfile.ZipFile(exported) as archive:
        assert set(archive.namelist()) == {"cnn2.ipynb", ".OTTER_LOG", "__zip_filename__"}
    for student in ("anna", "ben"):
        (tmp_path / "class" / student).mkdir(parents=True)
        shutil.copy(exported, tmp_path / "class" / student)
    shutil.copy(exported, tmp_path / "class" / "carl.zip")
    with zipfile.ZipFile(tmp_path / "assignment_5_export.zip", "w") as archive:
        archive.write(exported, f"assignment_5_export/submission_100/{exported.name}")
        archive.writestr("assignment_5_export/submission_metadata.yml", METADATA.partition("submission_101")[0])
    report = tmp_path / "report"
    for handed_in in (exported, tmp_path / "class", tmp_path / "assignment_5_export.zip"):
        command = [BIN / "autograder", "grade", "cnn2", handed_in, "--output", report]
        said = subprocess.check_output(command, cwd=ROOT, text=True)
        assert "passed over" not in said
    rows = {row["student"]: row for row in csv.DictReader((report / "grades.csv").open(encoding="utf-8"))}
    assert set(rows) == {exported.stem, "anna", "ben", "carl", "Jane Doe (0012)"}
    assert {(row["score"], row["pending"], row["status"]) for row in rows.values()} == {("9", "1", "graded")}
    package = pack(load("cnn2"), tmp_path / "autograder.zip").path
    assert otter_run(package, exported, tmp_path / "otter")["score"] == 9


def test_in_colab_the_first_cell_fetches_what_the_checks_need(
    cnn2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Colab itself is not here: its way of taking files is, and otter takes the kernel for Colab's."""
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "installed"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    runtime = tmp_path / "content"
    runtime.mkdir()
    notebook = nbformat.read(cnn2 / "cnn2.ipynb", as_version=4)
    wanted = ("start-checks", "check-accuracy")
    notebook.cells = [cell for cell in notebook.cells if cell.id in wanted]
    notebook.cells.append(nbformat.v4.new_code_cell("print(grader.interpreter)", id="interpreter"))
    cells = executed(notebook, runtime, COLAB.format(archive=str(cnn2.with_suffix(".zip"))))
    assert said(cells["interpreter"]).strip() == "IPythonInterpreter.COLAB"
    assert "There is no network in a variable model" in said(cells["check-accuracy"])


def test_a_cell_that_looks_like_otters_markup_is_told_of(tmp_path: Path) -> None:
    assignment = load("cnn2")
    notebook = nbformat.read(assignment.notebook_path, as_version=4)
    notebook.cells[2].source += "\nnp.random.seed(1)  # IGNORE"
    path = tmp_path / "cnn2.ipynb"
    nbformat.write(notebook, path)
    object.__setattr__(assignment, "notebook_path", path)
    with pytest.raises(ReleaseError, match="changed a cell of the handout"):
        release(assignment, Unrun(), tmp_path / "dist", run_tests=False)
    assert not (tmp_path / "dist").exists()


def test_a_folder_of_the_instructors_own_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ReleaseError, match="holds no release"):
        release(load("cnn2"), Unrun(), tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
