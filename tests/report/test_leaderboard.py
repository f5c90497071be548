"""The leaderboard on the class page: by pseudonym, rounded, only of those who want it."""

import pytest

from autograder.checks.base import Context
from autograder.checks.predictions import Predictions
from autograder.records.evidence import CapturedValue, Evidence
from autograder.records.predictions import CapturedPredictions
from autograder.records.result import Result
from autograder.report.leaderboard import Boards
from autograder.report.pages import write_class_page
from autograder.report.summary import summarize

QUESTION = Predictions(
    kind="predictions",
    id="prices",
    title="Prices",
    points=8,
    dataset="houses",
    metric="mae",
    zero_at=60,
    full_at=40,
    decimals=0,
    leaderboard="name_on_the_board",
)


def result(student, score, name):
    captured = CapturedPredictions(key=QUESTION.request.key, status="predicted", score=score, metric="mae")
    values = () if name is None else (CapturedValue(name="name_on_the_board", kind="text", value=name, cell=0),)
    evidence = Evidence(key="k", cells=(), isolation="none", versions={}, predictions=(captured,), values=values)
    verdict = QUESTION.judge(Context(evidence=evidence, expected={}, questions=(QUESTION,)))
    return Result(
        student=student,
        submission="a.ipynb",
        status="graded",
        score=verdict.score,
        points=8,
        pending=0.0,
        questions=(verdict,),
        isolation="none",
        device="none",
        versions={},
        keys={},
        seconds=0.0,
    )


RESULTS = [
    result("Ada Lovelace", 45.4321, "swift\n otter"),
    result("Charles Babbage", 41.999, "<b>engine</b>"),
    result("Alan Turing", 45.2, "third"),
    result("Grace Hopper", 40.0, None),
    result("Edsger Dijkstra", 40.0, "x" * 31),
    result("Kurt Gödel", 40.0, "\u202eevil"),
]


@pytest.mark.parametrize(("score", "points"), [(61, 0), (60, 0), (50, 4), (45.4321, 6), (39, 8), (40.4, 8)])
def test_points_rise_in_proportion_of_the_rounded_score(score, points):
    assert result("A", score, None).score == points


def test_only_who_chose_a_name_is_listed_with_the_rounded_score_and_equal_scores_share_a_place():
    boards = Boards()
    for one in RESULTS:
        boards.add(one)
    (board,) = boards.listed()
    assert [(one.place, one.name, one.score) for one in board.standings] == [
        (1, "<b>engine</b>", 42),
        (2, "swift otter", 45),
        (2, "third", 45),
    ]


def test_the_class_page_shows_it_as_text(tmp_path):
    summary = summarize(RESULTS, lambda student: f"{student}.html")
    write_class_page(tmp_path / "index.html", summary=summary, assignment_title="Houses")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    board = page[page.index('id="board-1"') : page.index("Only who chose a name")]
    assert "&lt;b&gt;engine&lt;/b&gt;" in board
    assert "mean absolute error" in board
    assert not any(one.student in board for one in RESULTS)
