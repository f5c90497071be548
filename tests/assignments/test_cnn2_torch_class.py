"""The twenty right ways to write cnn2 in PyTorch and the twenty mistakes, executed and graded as one class."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from changes import assignment
from torch_ways import RIGHT, WRONG, applied

from autograder import datasets

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed (make torch)"),
    pytest.mark.skipif("mnist" not in datasets.digests(), reason="MNIST is not on this machine"),
]


def course(folder: Path) -> Path:
    """cnn2-torch without the question for which every network would be trained."""
    for place in ("assignments", "solutions"):
        shutil.copytree(ROOT / place / "cnn2-torch", folder / place / "cnn2-torch")
    toml = folder / "assignments" / "cnn2-torch" / "assignment.toml"
    first, *questions = re.split(r"(?=^\[\[questions\]\])", toml.read_text(encoding="utf-8"), flags=re.MULTILINE)
    kept = [one for one in questions if 'kind = "accuracy"' not in one]
    assert len(kept) == len(questions) - 1
    toml.write_text(first + "".join(kept), encoding="utf-8")
    return toml.parent


def test_right_ways_earn_all_points_and_each_mistake_is_named_and_charged_once(tmp_path: Path) -> None:
    notebook = json.loads(assignment("cnn2-torch").solution_path.read_text(encoding="utf-8"))
    network = next(cell for cell in notebook["cells"] if cell["id"] == "network")
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "curves"]  # a figure changes nothing here
    solved = "".join(network["source"])
    (tmp_path / "class").mkdir()
    for name, edits in {**RIGHT, **{name: mutant.edits for name, mutant in WRONG.items()}}.items():
        network["source"] = applied(edits, solved)
        (tmp_path / "class" / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    command = [sys.executable, "-m", "autograder", "grade", course(tmp_path), tmp_path / "class"]
    subprocess.run([*command, "--output", tmp_path / "report"], cwd=ROOT, check=True, timeout=600, capture_output=True)
    lines = (tmp_path / "report" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    results = {result["student"]: result for result in map(json.loads, lines)}
    assert results.keys() == RIGHT.keys() | WRONG.keys()
    for name, result in results.items():
        layers, *numbers, _ = result["questions"]
        sentences = " ".join(one["message"] for one in layers["findings"])
        if name in RIGHT:
            assert (result["score"], sentences) == (7, ""), name
            continue
        assert (layers["score"], WRONG[name].words in sentences) == (WRONG[name].most, True), (name, sentences)
        # Numbers that are asked for as such say what they follow from; nothing else is lost.
        changed = {one["id"] for one in numbers if one["score"] < one["points"]}
        assert changed in (set(), {"parameters", "all_numbers"}), (name, numbers)
