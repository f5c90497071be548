"""The sample class and the correct variants are what their script makes of the assignment notebook."""

import json
import runpy
import tomllib
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[1] / "samples"
MADE = runpy.run_path(str(SAMPLES / "make_cnn2.py"))
FOLDERS = sorted(MADE["FOLDERS"])
POINTS = {"missing_layers": 5, "parameters": 1, "accuracy": 3, "performance": 1}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_committed_files_are_what_the_script_makes(folder):
    made = MADE["files"](MADE["FOLDERS"][folder])
    committed = {path.name: path.read_text(encoding="utf-8") for path in (SAMPLES / folder).iterdir()}
    assert sorted(committed) == sorted(made)
    different = [name for name, text in made.items() if committed[name] != text]
    assert not different, "run `python tests/samples/make_cnn2.py`"


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_expected_of_each_sample_is_consistent(folder):
    expected = tomllib.loads((SAMPLES / folder / "expected.toml").read_text(encoding="utf-8"))
    for student, entry in expected.items():
        assert (SAMPLES / folder / f"{student}.ipynb").is_file()
        for question, points in POINTS.items():
            score, status = entry[question]["score"], entry[question]["status"]
            assert (score == points) == (status == "correct")
            assert (0 < score < points) == (status == "partial")


def test_every_correct_variant_is_expected_to_earn_all_that_can_be_decided():
    expected = tomllib.loads((SAMPLES / "cnn2_correct" / "expected.toml").read_text(encoding="utf-8"))
    assert {sum(entry[question]["score"] for question in POINTS) for entry in expected.values()} == {9}


def test_only_the_cheat_has_stored_outputs():
    with_outputs = set()
    for path in (SAMPLES / "cnn2").glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        if text.startswith("{") and any(cell.get("outputs") for cell in json.loads(text)["cells"]):
            with_outputs.add(path.stem)
    assert with_outputs == {"Viktor Sokolov"}


def test_the_solution_differs_from_the_assignment_in_the_marked_cell_and_the_answer_only():
    root = SAMPLES.parents[1]
    assignment, solution = (
        json.loads((root / folder / "cnn2" / "cnn2.ipynb").read_text(encoding="utf-8"))
        for folder in ("assignments", "solutions")
    )
    pairs = zip(assignment["cells"], solution["cells"], strict=True)
    assert [one["id"] for one, other in pairs if one != other] == ["network", "performance-answer"]
    assert not any(cell.get("outputs") for cell in assignment["cells"])
