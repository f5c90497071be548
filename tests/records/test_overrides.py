"""A person's word: it counts, it survives, and nothing of it is lost."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from autograder.assignment import load
from autograder.records.overrides import notebook_digest, overridden
from autograder.records.result import Finding, Override, Result, TextExhibit, Verdict
from autograder.records.store import Gradebook, StoredResult
from autograder.report.report_folder import reviewed, write_report

NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def result(student: str = "ada", *, layers: float = 2.5, notebook: bytes = NOTEBOOK) -> Result:
    wrong = Finding(message="A pooling layer is missing.", hint="Compare the shapes.")
    questions = (
        Verdict(id="missing_layers", title="The layers", status="partial", score=layers, points=5, findings=(wrong,)),
        Verdict(
            id="performance",
            title="In words",
            status="needs_review",
            score=0,
            points=1,
            exhibits=(TextExhibit(text="It reaches 96 %."),),
        ),
    )
    return Result(
        student=student,
        submission=f"{student}.ipynb",
        status="graded",
        score=layers,
        points=6,
        pending=1,
        questions=questions,
        isolation="bubblewrap",
        device="cpu",
        versions={},
        keys={"result": notebook_digest(notebook)},
        seconds=1,
    )


def stored(gradebook: Gradebook, student: str = "ada", notebook: bytes = NOTEBOOK, layers: float = 2.5) -> None:
    gradebook.store_submission(student, student, f"{student}.ipynb", notebook)
    gradebook.store_result(result(student, layers=layers, notebook=notebook), result_key="r", slug=student)


def give(gradebook: Gradebook, question: str, score: float, points: float, reason: str = "Read again.") -> None:
    seen = notebook_digest(NOTEBOOK)
    gradebook.overrides.give("ada", question, score=score, points=points, by="Dr. No", reason=reason, seen=seen)


def only(gradebook: Gradebook) -> StoredResult:
    (found,) = reviewed(gradebook)
    return found


def test_an_override_counts_in_place_of_the_verdict_and_names_who_when_and_why(target: str) -> None:
    with Gradebook(target) as gradebook:
        stored(gradebook)
        give(gradebook, "performance", 0.5, 1, "Half of it is said.")
        shown = only(gradebook).result
    verdict = shown.questions[1]
    assert (verdict.status, verdict.score, shown.score, shown.pending) == ("partial", 0.5, 3.0, 0)
    assert verdict.override is not None
    assert (verdict.override.by, verdict.override.reason) == ("Dr. No", "Half of it is said.")
    assert (verdict.override.judged_status, verdict.override.judged_score) == ("needs_review", 0)
    assert verdict.override.at.endswith("+00:00")
    assert not verdict.override.outdated


def test_an_override_survives_that_the_result_is_made_again(target: str) -> None:
    with Gradebook(target) as gradebook:
        stored(gradebook)
        give(gradebook, "missing_layers", 5, 5)
    with Gradebook(target) as gradebook:
        stored(gradebook, layers=0)
        assert only(gradebook).result.score == 5
        assert next(gradebook.results()).result.score == 0


def test_a_new_notebook_keeps_the_override_and_says_that_it_is_about_another(target: str) -> None:
    with Gradebook(target) as gradebook:
        stored(gradebook)
        give(gradebook, "missing_layers", 5, 5)
        stored(gradebook, notebook=NOTEBOOK + b" ")
        override = only(gradebook).result.questions[0].override
    assert override is not None
    assert override.outdated


def test_where_the_points_of_a_question_change_the_same_share_counts() -> None:
    override = Override(score=1, points=2, by="x", at="2026-01-01T00:00:00+00:00")
    assert overridden(result(), {"missing_layers": override}, "").questions[0].score == 2.5


def test_withdrawing_gives_the_question_back_and_the_history_keeps_everything(target: str) -> None:
    with Gradebook(target) as gradebook:
        stored(gradebook)
        give(gradebook, "missing_layers", 5, 5, "An equal solution.")
        gradebook.overrides.withdraw("ada", "missing_layers", by="Dr. No", reason="It was another student.")
        assert only(gradebook).result.questions[0] == result().questions[0]
        history = gradebook.overrides.history("ada", "missing_layers")
    assert [(said.reason, withdrawn) for said, withdrawn in history] == [
        ("An equal solution.", False),
        ("It was another student.", True),
    ]


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan"), float("inf")])
def test_no_score_outside_the_points_can_be_given(target: str, score: float) -> None:
    with Gradebook(target) as gradebook, pytest.raises(ValueError, match="between 0 and 1"):
        give(gradebook, "performance", score, 1)


def test_the_comments_that_count_are_offered_again_the_most_used_first(target: str) -> None:
    with Gradebook(target) as gradebook:
        overrides = gradebook.overrides
        for student, reason in (("a", "rare"), ("b", "often"), ("c", "often"), ("d", "corrected"), ("d", "rare, too")):
            overrides.give(student, "performance", score=1, points=1, by="x", reason=reason, seen="")
        assert overrides.comments("performance") == ["often", "rare", "rare, too"]
        assert overrides.comments("missing_layers") == []


def test_overrides_stand_on_the_pages_and_in_the_exports(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "gradebook.db") as gradebook:
        stored(gradebook)
        write_report(tmp_path, load("cnn2"), gradebook, changed=())
        give(gradebook, "performance", 1, 1, "Well <observed>.")
        write_report(tmp_path, load("cnn2"), gradebook, changed=())
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["score"], row["pending"], row["performance"]) == ("3.5", "0", "1")
    line = json.loads((tmp_path / "results.jsonl").read_text(encoding="utf-8"))
    assert line["questions"][1]["override"]["by"] == "Dr. No"
    page = BeautifulSoup((tmp_path / "students" / "ada.html").read_text(encoding="utf-8"), "html.parser")
    said = " ".join(page.select_one("#q2").get_text(" ").split())  # type: ignore[union-attr]
    assert "Well <observed>." in said
    assert "Dr. No" in said
    index = BeautifulSoup((tmp_path / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert "3.5" in index.select_one("#class tbody").get_text(" ")  # type: ignore[union-attr]
