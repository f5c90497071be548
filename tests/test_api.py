"""The functions for scripts and notebooks, and the examples in docs/api.md."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autograder
from autograder import api, load_results
from autograder.core.errors import UsageError
from autograder.records.store import Gradebook

ROOT = Path(__file__).parents[1]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.S)


def test_the_package_offers_the_functions_of_the_api():
    for name in ("check", "grade", "load_results", "regrade"):
        assert getattr(autograder, name) is getattr(api, name)
        assert name in dir(autograder)


def test_importing_the_package_loads_none_of_its_rooms():
    program = "import sys, autograder; print([name for name in sys.modules if name.startswith('autograder.')])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_an_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'grades'"):
        _ = autograder.grades


def test_a_folder_without_a_gradebook_has_no_results(tmp_path):
    with pytest.raises(UsageError, match="holds no gradebook"):
        load_results(tmp_path)


@pytest.mark.slow
def test_the_examples_of_the_document_run_as_one_script(tmp_path, samples):
    (tmp_path / "submissions").mkdir()
    students = ("Anna Lindqvist", "Bob Untermeyer")
    for student in students:
        shutil.copy(samples / "cnn2" / f"{student}.ipynb", tmp_path / "submissions")
    shutil.copy(ROOT / "solutions" / "cnn2" / "cnn2.ipynb", tmp_path)
    script = tmp_path / "example.py"
    script.write_text("\n".join(EXAMPLES), encoding="utf-8")
    said = subprocess.check_output([sys.executable, str(script)], cwd=tmp_path, text=True, timeout=280)
    index = Path("reports") / "cnn2" / "index.html"
    assert f"2 students: {index}" in said
    assert f"2 results judged again: {index}" in said
    assert all(f"{student}: " in said for student in students)
    assert "The missing layers: correct" in said
    assert "no such folder" in said.splitlines()[-1]

    report = tmp_path / "reports" / "cnn2"
    before = {result.student: result.score for result in load_results(report)}
    with Gradebook(report / "gradebook.db") as gradebook:
        gradebook.overrides.give(
            students[0], "performance", score=1, points=1, by="Dr. No", reason="It says what was reached.", seen=""
        )
    after = {result.student: result.score for result in load_results(str(report))}
    assert after == before | {students[0]: before[students[0]] + 1}
