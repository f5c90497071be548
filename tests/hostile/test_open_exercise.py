"""Attacks on an open exercise, in one class beside the honest notebook: none earns more, nothing hidden comes back."""

import json
import re

import numpy as np
import pytest
from hostile_class import Graded, grade
from predicting import PREDICTORS

from autograder.records.store import GRADEBOOK_FILE, Gradebook

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
# In every hidden row, and in no public one.
MARK = re.compile(r"777\d{4}")
TOML = """
name = "open"
title = "Things that you have not seen"
notebook = "open.ipynb"
solution = "solution.ipynb"

[datasets.things]
csv = "things.csv"
hidden = "things-hidden.csv"
target = "kind"

[observe]
training = "full"
limits = { cell_seconds = 8, total_seconds = 60, grace_seconds = 1, memory_mb = 1024 }

[[questions]]
kind = "predictions"
id = "kinds"
title = "The kinds"
points = 10
dataset = "things"
inputs = "table"
zero_at = 0.6
full_at = 1.0
seconds = 5
"""


def table(rows, first, draw):
    """Rows of size, mark and kind, sorted by their kind, which follows the size with some noise."""
    sizes = draw.uniform(0, 10, rows).round(3)
    kinds = np.where(sizes + draw.normal(0, 1.2, rows) > 5, "b", "a")
    lines = sorted(zip(kinds, sizes, range(first, first + rows), strict=True))
    return "size,mark,kind\n" + "".join(f"{size},{mark},{kind}\n" for kind, size, mark in lines)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    made = tmp_path_factory.mktemp("open") / "course"
    made.mkdir()
    draw = np.random.default_rng(5)
    (made / "things.csv").write_text(table(200, 1_000_000, draw))
    (made / "things-hidden.csv").write_text(table(100, 7_770_000, draw))
    (made / "assignment.toml").write_text(TOML)
    for name in ("open", "solution"):
        cells = [
            {"cell_type": "code", "id": "c", "metadata": {}, "outputs": [], "execution_count": None, "source": "x = 1"}
        ]
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (made / f"{name}.ipynb").write_text(json.dumps(notebook))
    return made


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory) -> Graded:
    return grade(course, tuple(one.notebook for one in PREDICTORS), tmp_path_factory.mktemp("graded"))


@pytest.fixture(scope="module")
def honest_score(course):
    lines = (course / "things-hidden.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    accuracy = np.mean([(float(size) > 5) == (kind == "b") for size, _, kind in rows])
    return round((round(accuracy, 2) - 0.6) / 0.4 * 10, 3)


@pytest.fixture(scope="module")
def evidence(graded):
    with Gradebook(graded.folder / GRADEBOOK_FILE) as gradebook:
        return {student: gradebook.evidence(result["keys"]["evidence"]) for student, result in graded.results.items()}


@pytest.mark.parametrize("one", PREDICTORS, ids=lambda one: one.name)
def test_none_earns_more_than_its_honest_predictions(graded, evidence, honest_score, one):
    (captured,) = evidence[one.name].predictions
    assert captured.status == one.status, captured
    assert graded.results[one.name]["score"] == (pytest.approx(honest_score, abs=0.002) if one.same else 0.0)
    assert (captured.score is None) == (one.status != "predicted")


def test_nothing_of_the_hidden_rows_comes_back(graded, evidence):
    assert MARK.search(" ".join(map(str, range(7_770_000, 7_770_003))))
    assert not MARK.search(graded.everything())
    for student, one in evidence.items():
        assert not MARK.search(one.model_dump_json()), student
    assert not MARK.search(str(graded.folder.parent / "tmp"))


def test_what_a_student_reads_is_the_rounded_score_and_no_exhibit(graded):
    (question,) = graded.results["honest-rule"]["questions"]
    assert not question.get("exhibits")
    (finding,) = question["findings"]
    assert "reach this score: accuracy 0." in str(finding)
    (raised,) = graded.results["hidden-in-exceptions"]["questions"][0]["findings"]
    assert "raised an exception when it was given rows" in str(raised)
    assert "code cell 2, line 3" in str(raised)
