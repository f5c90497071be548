"""A person's word on a question carries on to those that build on it, at once, and back where it is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbformat import v4
from samples import sums

from autograder.assignment import Assignment
from autograder.checks.judging import building_on
from autograder.grading.answer_key import AnswerKey
from autograder.grading.gradebook_location import claim
from autograder.grading.regrade import rejudge
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.records.training import TrainingTask
from autograder.report.report_folder import reviewed, write_report
from autograder.report.review.queues import ReviewQueues

TOML = sums.toml(
    sums.number("twice", 8, 2),
    sums.number("square", 64, 4, 'depends = { question = "twice", share = 0.5 }'),
    sums.number("root", 8, 1, 'depends = { question = "square", share = 0.5 }'),
)
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


def values(twice: float) -> dict[str, float]:
    return {"twice": twice, "square": 64, "root": 8}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """One student whose first answer is wrong, so that the two behind it do not count."""
    folder = tmp_path / "report"
    assignment = sums.course(tmp_path / "sums", TOML, values(8), NOTEBOOK)
    with Gradebook(folder / GRADEBOOK_FILE) as gradebook:
        claim(gradebook, assignment, folder)
        sums.hand_in(gradebook, assignment, "ada", values(7), NOTEBOOK)
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
