"""A person's word on a question carries on to those that build on it, at once, and back where it is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from autograder.assignment import Assignment, load
from autograder.checks.judging import building_on
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.gradebook_location import claim
from autograder.grading.judge import conclude
from autograder.grading.reference import Reference, read_solution, solution_key, write_reference
from autograder.grading.regrade import rejudge
from autograder.observe.plain import describe_value
from autograder.records.evidence import CapturedValue, Evidence
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.records.training import TrainingTask
from autograder.report.report_folder import reviewed, write_report
from autograder.report.review.queues import ReviewQueues

TOML = """
name = "sums"
title = "Sums"
notebook = "sums.ipynb"
solution = "solution.ipynb"

[[questions]]
kind = "number"
id = "twice"
title = "Twice four"
points = 2
answer = "twice"
expected = 8

[[questions]]
kind = "number"
id = "square"
title = "Its square"
points = 4
answer = "square"
expected = 64
depends = { question = "twice", share = 0.5 }

[[questions]]
kind = "number"
id = "root"
title = "The root of that"
points = 1
answer = "root"
expected = 8
depends = { question = "square", share = 0.5 }
"""
NOTEBOOK = v4.new_notebook(cells=[v4.new_code_cell("...")])


@dataclass(frozen=True)
class Desk:
    folder: Path
    assignment: Assignment
    gradebook: Gradebook
    queues: ReviewQueues

    def scores(self) -> dict[str, float]:
        """As the pages and exports show them."""
        (stored,) = reviewed(self.gradebook)
        assert stored.result.score == sum(one.score for one in stored.result.questions)
        return {one.id: one.score for one in stored.result.questions}


def evidence(twice: float) -> Evidence:
    given = {"twice": twice, "square": 64, "root": 8}
    values = tuple(CapturedValue(name=name, cell=0, **describe_value(value)) for name, value in given.items())
    asked = tuple(sorted(given))
    return Evidence(key=str(twice), cells=(), values=values, isolation="none", versions={}, asked=asked)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """One student whose first answer is wrong, so that the two behind it do not count."""
    place, folder = tmp_path / "sums", tmp_path / "report"
    place.mkdir()
    (place / "assignment.toml").write_text(TOML, encoding="utf-8")
    for name in ("sums", "solution"):
        nbformat.write(NOTEBOOK, place / f"{name}.ipynb")
    assignment = load(str(place))
    write_reference(
        place, Reference(solution=solution_key(assignment, read_solution(assignment)), evidence=evidence(8))
    )
    with Gradebook(folder / GRADEBOOK_FILE) as gradebook:
        claim(gradebook, assignment, folder)
        answer_key, left = AnswerKey.stored(assignment), evidence(7)
        made = conclude(answer_key, "ada", "ada.ipynb", context_of(answer_key, left, NOTEBOOK))
        result = made.model_copy(update={"keys": {**made.keys, "result": "ada"}})
        gradebook.store_evidence(left)
        content = nbformat.writes(NOTEBOOK).encode()
        gradebook.store_graded(result, result_key="ada", slug="ada", path="ada.ipynb", content=content)
        write_report(folder, assignment, gradebook, changed=["ada"])
        yield Desk(folder, assignment, gradebook, ReviewQueues(folder, gradebook, assignment, "R"))


def no_run(task: TrainingTask) -> str:
    raise AssertionError("no run is needed here")


def test_what_builds_on_a_decided_question_counts_from_that_word_through_the_whole_chain(desk: Desk) -> None:
    assert desk.scores() == {"twice": 0, "square": 0, "root": 0}
    desk.queues.decide("twice", "ada", score="2", reason="You wrote it on paper.", alike=False)
    assert desk.scores() == {"twice": 2, "square": 4, "root": 1}


def test_the_desk_and_the_page_say_the_same(desk: Desk) -> None:
    desk.queues.decide("twice", "ada", score="2", reason="r", alike=False)
    sheet = desk.queues.sheet("square", "ada")
    assert sheet is not None
    assert (sheet.verdict.score, sheet.line.judged) == (4, "correct")
    write_report(desk.folder, desk.assignment, desk.gradebook, changed=["ada"])
    assert "ada,7,7,0,100,graded,2,4,1" in (desk.folder / "grades.csv").read_text(encoding="utf-8")


def test_what_is_said_about_a_question_that_still_does_not_count_names_the_decided_score(desk: Desk) -> None:
    desk.queues.decide("twice", "ada", score="0.5", reason="r", alike=False)
    (stored,) = reviewed(desk.gradebook)
    square = next(one for one in stored.result.questions if one.id == "square")
    assert "and you have 0.5" in str(square.findings[0].message)


def test_a_word_that_is_withdrawn_or_lowered_takes_them_back(desk: Desk) -> None:
    desk.queues.decide("twice", "ada", score="2", reason="r", alike=False)
    desk.queues.decide("twice", "ada", score="0.5", reason="r", alike=False)
    assert desk.scores() == {"twice": 0.5, "square": 0, "root": 0}
    desk.queues.decide("twice", "ada", score="1", reason="r", alike=False)
    assert desk.scores()["root"] == 1
    desk.queues.withdraw("twice", "ada", reason="r")
    assert desk.scores() == {"twice": 0, "square": 0, "root": 0}


def test_a_word_in_the_middle_of_the_chain_leaves_what_comes_before(desk: Desk) -> None:
    desk.queues.decide("square", "ada", score="4", reason="r", alike=False)
    assert desk.scores() == {"twice": 0, "square": 4, "root": 1}


def test_judging_again_keeps_what_follows_from_the_word(desk: Desk) -> None:
    desk.queues.decide("twice", "ada", score="2", reason="r", alike=False)
    rejudging = rejudge(AnswerKey.stored(desk.assignment), desk.gradebook, no_run)
    assert rejudging.changes == ()
    rejudging.store(desk.gradebook)
    assert desk.scores() == {"twice": 2, "square": 4, "root": 1}


def test_what_builds_on_a_question_is_found_through_others(desk: Desk) -> None:
    assert building_on(desk.assignment.questions, {"twice"}) == {"square", "root"}
    assert building_on(desk.assignment.questions, {"root"}) == frozenset()
