"""docs/kinds.md: every example works, every field is explained, and the package in it can be installed and used."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from autograder.assignment.validation import validated
from autograder.checks.base import Question
from autograder.checks.registry import find_kind, known_kinds

DOCUMENT = (Path(__file__).parents[2] / "docs" / "kinds.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w[^\n]*)\n(.*?)(?=^## |\Z)", DOCUMENT, re.M | re.S))
OURS = [kind for kind in known_kinds() if find_kind(kind).__module__.startswith("autograder.")]
BLOCKS = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.S)
QUESTIONS = [table for block in BLOCKS for table in tomllib.loads(block).get("questions", ()) if table["kind"] in OURS]


@pytest.mark.parametrize("table", QUESTIONS, ids=lambda table: table["id"])
def test_every_example_is_a_valid_question(table):
    problems = []
    validated(find_kind(table["kind"]), table, "", problems)
    assert problems == []


@pytest.mark.parametrize("kind", OURS)
def test_every_kind_and_each_of_its_fields_is_explained(kind):
    section = SECTIONS[kind]
    assert f"[{kind}](#{kind})" in DOCUMENT
    assert f'kind = "{kind}"' in section
    for field in set(find_kind(kind).model_fields) - set(Question.model_fields):
        assert f"`{field}`" in section, field


def test_the_fields_that_all_kinds_have_are_explained():
    for field in set(Question.model_fields) - {"kind"}:
        assert f"`{field}`" in SECTIONS["What all kinds have"]


USE = """
import sys, tomllib
from autograder.checks.base import Context
from autograder.checks.judging import judge_all
from autograder.checks.registry import find_kind, known_kinds
from autograder.records.evidence import CapturedValue, Evidence

(table,) = tomllib.load(open(sys.argv[1], "rb"))["questions"]
question = find_kind(table["kind"])(**table)
for given in ("Hyper-parameter tuning", "overfitting", 5, None):
    kind = {str: "text", int: "number"}.get(type(given), "none")
    values = (CapturedValue(name="procedure", kind=kind, value=given, cell=0),)
    evidence = Evidence(key="k", cells=(), values=values, isolation="none", versions={})
    print(*(verdict.status for verdict in judge_all([question], Context(evidence=evidence, expected={}))))
"""


def test_the_course_package_can_be_installed_and_used(tmp_path):
    for name, text in re.findall(r"`(course-terms/[\w.]+)`[^\n]*:\n\n```\w+\n(.*?)```", DOCUMENT, re.S):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    target = tmp_path / "site"
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    pip = [sys.executable, "-m", "pip", "install", *options, str(tmp_path / "course-terms")]
    subprocess.run(pip, check=True, timeout=120, cwd=tmp_path)
    command = [sys.executable, "-c", USE, str(tmp_path / "course-terms" / "question.toml")]
    environment = os.environ | {"PYTHONPATH": str(target)}
    said = subprocess.check_output(command, env=environment, cwd=tmp_path, text=True, timeout=60)
    assert said.split() == ["correct", "wrong", "wrong", "not_reached"]
