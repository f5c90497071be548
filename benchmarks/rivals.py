"""nbgrader and otter-grader, used as their own documentation describes, on the notebooks of `cnn2_class`.

Both judge by tests that run in the student's kernel: the four layers, the number of parameters, and that the student's
own short training learned something.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cnn2_class import Student, filled_in, template

from autograder.datasets import find

FOLDER = Path(__file__).parent
ENVIRONMENT = FOLDER.parent / ".venv-peers"
_TESTS = {
    "missing_layers": """
        shapes = [(type(layer).__name__, tuple(layer.output.shape)[1:]) for layer in model.layers[10:14]]
        assert shapes == [
            ("Conv2D", (14, 14, 64)),
            ("BatchNormalization", (14, 14, 64)),
            ("Activation", (14, 14, 64)),
            ("MaxPooling2D", (7, 7, 64)),
        ], shapes
        assert model.layers[10].count_params() == 36928
    """,
    "parameters": "assert model.count_params() == 695970, model.count_params()",
    "accuracy": 'assert history.history["accuracy"][-1] > 0.5',
}


class PeerFailed(RuntimeError):
    """A rival's own command failed; the message is the end of what it printed."""


def _run(command: list[Any], folder: Path) -> None:
    path = os.pathsep.join([str(ENVIRONMENT / "bin"), os.environ["PATH"]])  # nbgrader calls alembic by its name
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={**os.environ, "PATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    if done.returncode:
        raise PeerFailed(f"{' '.join(map(str, command[:3]))}: {(done.stdout + done.stderr)[-1500:]}")


def _cell(source: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"cell-{zlib.crc32(source.encode()):08x}",
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def handed_out(epochs: int) -> dict[str, Any]:
    """The student's notebook with the digits that ours serves, so that all train on the same and none downloads."""
    notebook = template(epochs)
    serving = f"""
        import keras, numpy

        def load_data(path="mnist.npz"):
            with numpy.load({str(find("mnist").path)!r}) as arrays:
                return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])

        keras.datasets.mnist.load_data = load_data
    """
    notebook["cells"].insert(0, _cell(textwrap.dedent(serving).strip()))
    return notebook


def _tool(name: str) -> Path:
    path = ENVIRONMENT / "bin" / name
    if not path.exists():
        raise PeerFailed(f"{path} is missing: run `make peers`")
    return path


class Nbgrader:
    """`nbgrader autograde`, one notebook after another: it has no parallel mode."""

    name = "nbgrader"

    def __init__(self, folder: Path, *, epochs: int) -> None:
        self._folder = folder
        self._notebook = self._source(epochs)
        source = folder / "source" / "cnn2" / "cnn2.ipynb"
        source.parent.mkdir(parents=True)
        source.write_text(json.dumps(self._notebook), encoding="utf-8")
        (folder / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "bench"\n')
        _run([_tool("nbgrader"), "generate_assignment", "cnn2", "--create"], folder)

    @staticmethod
    def _source(epochs: int) -> dict[str, Any]:
        notebook = handed_out(epochs)
        for question, test in _TESTS.items():
            marks = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "points": 1}
            marks |= {"grade_id": question, "task": False}
            notebook["cells"].append(_cell(textwrap.dedent(test).strip(), nbgrader=marks))
        return notebook

    def grade(self, members: list[Student]) -> set[str]:
        """Autograde them; the names of those who earned every point."""
        submitted, graded = self._folder / "submitted", self._folder / "autograded"
        for old in (submitted, graded):
            shutil.rmtree(old, ignore_errors=True)
        release = json.loads((self._folder / "release" / "cnn2" / "cnn2.ipynb").read_text(encoding="utf-8"))
        for cell in release["cells"]:
            cell["source"] = "".join(cell["source"])
        for member in members:
            path = submitted / member.name / "cnn2" / "cnn2.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(filled_in(release, member.code)), encoding="utf-8")
        _run([_tool("nbgrader"), "autograde", "cnn2", "--force"], self._folder)
        return {member.name for member in members if self._passed(graded / member.name / "cnn2" / "cnn2.ipynb")}

    @staticmethod
    def _passed(path: Path) -> bool:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        tests = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")]
        failed = [cell for cell in tests if any(output["output_type"] == "error" for output in cell["outputs"])]
        return len(tests) == len(_TESTS) and not failed


class Otter:
    """`otter run`, two at a time."""

    name = "otter run"

    def __init__(self, folder: Path, *, epochs: int) -> None:
        self._folder = folder
        self._notebook = handed_out(epochs)
        for question in _TESTS:
            self._notebook["cells"].append(_cell(f'grader.check("{question}")'))
        self._notebook["cells"].insert(0, _cell("import otter\ngrader = otter.Notebook(tests_dir='./tests')"))
        tests = folder / "tests"
        tests.mkdir(parents=True)
        for question, test in _TESTS.items():
            body = textwrap.indent(textwrap.dedent(test).strip(), "    ")
            (tests / f"{question}.py").write_text(
                "from otter.test_files import test_case\n\nOK_FORMAT = False\n"
                f'name = "{question}"\npoints = 1\n\n\n'
                f"@test_case()\ndef test(model, history):\n{body}\n",
                encoding="utf-8",
            )
        _run([_tool("otter"), "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"], folder)

    def grade(self, members: list[Student]) -> set[str]:
        """Run them; the names of those who earned every point."""
        with ThreadPoolExecutor(2) as pool:
            passed = list(pool.map(self._grade, members))
        return {member.name for member, right in zip(members, passed, strict=True) if right}

    def _grade(self, member: Student) -> bool:
        folder = self._folder / member.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "cnn2.ipynb").write_text(json.dumps(filled_in(self._notebook, member.code)), encoding="utf-8")
        _run([_tool("otter"), "run", "-a", "../autograder.zip", "-o", ".", "cnn2.ipynb"], folder)
        tests = json.loads((folder / "results.json").read_text(encoding="utf-8"))["tests"]
        scored = [test for test in tests if "max_score" in test]
        return len(scored) == len(_TESTS) and all(test["score"] == test["max_score"] for test in scored)


class Ours:
    """`autograder grade`, with everything stored deleted first, so that nothing is reused."""

    name = "autograder"

    def __init__(self, folder: Path, *, epochs: int) -> None:
        self._folder = folder
        self._epochs = epochs

    def grade(self, members: list[Student]) -> set[str]:
        """Grade them; the names of those who earned every point but that of the written answer, which nobody gave."""
        from cnn2_class import write_class

        shutil.rmtree(self._folder, ignore_errors=True)
        write_class(self._folder / "class", members, epochs=self._epochs)
        return self.again()

    def again(self) -> set[str]:
        """The same command on the same notebooks."""
        report = self._folder / "report"
        _run([sys.executable, "-m", "autograder", "grade", "cnn2", "class", "--output", report], self._folder)
        results = [json.loads(line) for line in (report / "results.jsonl").read_text(encoding="utf-8").splitlines()]
        return {
            result["student"]
            for result in results
            if all(asked["score"] == asked["points"] for asked in result["questions"] if asked["id"] != "performance")
        }
