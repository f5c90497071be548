"""Attacks on an open exercise, in one class beside the honest notebook: none earns more, nothing hidden comes back."""

import json
import re

import numpy as np
import pytest
from hostile_class import Graded, grade
from predicting import PREDICTORS
from preparing import NETWORK, PREPARERS

from autograder.records.store import GRADEBOOK_FILE, Gradebook

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
# In every hidden row, and in no public one.
# Not within a digest.
MARK = re.compile(r"(?<![0-9a-f])777\d{4}(?![0-9a-f])")
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
leaderboard = "pseudonym"
"""


PREPARED = """
name = "prepared"
title = "Things that you prepare yourself"
notebook = "open.ipynb"
solution = "solution.ipynb"

[datasets.things]
csv = "things.csv"
hidden = "things-hidden.csv"
target = "kind"

[networks.model]

[training]
dataset = "things"
epochs = 30
batch_size = 16
prepare = { function = "prepare", inputs = "table" }

[observe]
limits = { cell_seconds = 8, total_seconds = 60, grace_seconds = 1, memory_mb = 1024 }

[[questions]]
kind = "accuracy"
id = "accuracy"
title = "The accuracy"
points = 10
network = "model"
minimum = 0.75
runs = 1
"""


def table(rows, first, draw):
    """Rows of size, mark and kind, sorted by their kind, which follows the size with some noise."""
    sizes = draw.uniform(0, 10, rows).round(3)
    kinds = np.where(sizes + draw.normal(0, 1.2, rows) > 5, "b", "a")
    lines = sorted(zip(kinds, sizes, range(first, first + rows), strict=True))
    return "size,mark,kind\n" + "".join(f"{size},{mark},{kind}\n" for kind, size, mark in lines)


def made_course(folder, toml, solution):
    folder.mkdir()
    draw = np.random.default_rng(5)
    (folder / "things.csv").write_text(table(200, 1_000_000, draw))
    (folder / "things-hidden.csv").write_text(table(100, 7_770_000, draw))
    (folder / "assignment.toml").write_text(toml)
    for name in ("open", "solution"):
        cell = {"cell_type": "code", "id": "c", "metadata": {}, "outputs": [], "execution_count": None}
        notebook = {"cells": [{**cell, "source": solution}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    return folder


def graded_apart(course, members, folder):
    """With a cache of its own, which holds the hidden rows and is no part of what comes back."""
    cache = {"XDG_CACHE_HOME": str(course.parent / "cache")}
    return grade(course, tuple(one.notebook for one in members), folder, variables=cache)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return made_course(tmp_path_factory.mktemp("open") / "course", TOML, "x = 1")


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory) -> Graded:
    return graded_apart(course, PREDICTORS, tmp_path_factory.mktemp("graded"))


@pytest.fixture(scope="module")
def honest_score(course):
    lines = (course / "things-hidden.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    accuracy = np.mean([(float(size) > 5) == (kind == "b") for size, _, kind in rows])
    return round((round(accuracy, 2) - 0.6) / 0.4 * 10, 3)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Graded:
    solution = f"{NETWORK}\nprepare = scaled"
    course = made_course(tmp_path_factory.mktemp("prepared") / "course", PREPARED, solution)
    return graded_apart(course, PREPARERS, tmp_path_factory.mktemp("graded"))


def evidence_of(graded):
    with Gradebook(graded.folder / GRADEBOOK_FILE) as gradebook:
        return {student: gradebook.evidence(result["keys"]["evidence"]) for student, result in graded.results.items()}


@pytest.fixture(scope="module")
def evidence(graded):
    return evidence_of(graded)


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


def test_no_page_has_a_digest_that_would_tell_whether_a_guessed_hidden_file_is_right(graded):
    keys = {part for one in graded.results.values() for key in one["keys"].values() for part in key.split(",") if part}
    pages = "".join(path.read_text(encoding="utf-8") for path in graded.folder.rglob("*.html"))
    assert len(keys) > len(PREDICTORS)
    assert not [key for key in keys if key[:8] in pages]


def test_what_a_student_reads_is_the_rounded_score_and_no_exhibit(graded):
    (question,) = graded.results["honest-rule"]["questions"]
    assert not question.get("exhibits")
    (finding,) = question["findings"]
    assert "reach this score: accuracy 0." in str(finding)
    (raised,) = graded.results["hidden-in-exceptions"]["questions"][0]["findings"]
    assert "raised an exception when it was given rows" in str(raised)
    assert "code cell 2, line 3" in str(raised)


def test_the_leaderboard_has_the_name_that_a_cell_gave(graded):
    told = str(graded.results["name-on-the-board"]["questions"][0]["findings"])
    assert "otter" in told
    assert "otter" in (graded.folder / "index.html").read_text(encoding="utf-8")


def test_a_network_on_its_own_preparation_is_scored_on_hidden_rows_alone(prepared):
    evidence = evidence_of(prepared)
    for one in PREPARERS:
        (captured,) = evidence[one.name].predictions
        result = prepared.results[one.name]
        assert captured.status == one.status, captured
        assert result["score"] == (10.0 if one.same else 0.0), result["questions"]
        assert not result["questions"][0].get("exhibits")
        assert len(result["questions"][0]["findings"]) == 1
    packed = str(prepared.results["packed-labels"]["questions"][0]["findings"])
    assert "On the training images it was right far more often" in packed
    assert "your network reaches this score: accuracy 0." in packed
    # What is said of the network is one score with two decimals: no curve, no confusion, no example.
    assert not MARK.search(prepared.everything())
    with Gradebook(prepared.folder / GRADEBOOK_FILE) as gradebook:
        for key in prepared.results["honest-scale"]["keys"]["training"].split(","):
            run = gradebook.training_run(key)
            assert len(run.validation_accuracy) == 1
            assert run.validation_accuracy[0] == round(run.validation_accuracy[0], 2)
            assert (run.predictions, run.residuals, run.baseline, run.validation_loss) == (None, None, None, ())
