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


@pytest.mark.parametrize(
    "name",
    [
        "\u3164",  # a filler of Hangul: a letter that shows nothing
        "\uffa0\u115f",
        "\u200b\u200d",
        "\u2800\u2800",
        "swift\u202ereltto",
        "\u0301\u0302",
        "q\u0300\u0301\u0302tter",
        "\u034fotter",
        "otter\U000e0101",
        "\ue000",
        "\u043etter",  # a Cyrillic letter among Latin ones
        ". - .",
        "x" * 31,
    ],
)
def test_a_pseudonym_that_cannot_be_read_is_not_listed_and_its_author_is_told(name):
    (verdict,) = result("A", 45, name).questions
    assert [finding.code for finding in verdict.findings] == ["predictions.score", "predictions.not_on_the_board"]
    boards = Boards()
    boards.add(result("A", 45, name))
    assert boards.listed() == ()


@pytest.mark.parametrize(
    "name", ["a", "7", "Zoë", "Đặng Thị", "наука", "สวัสดี", "हिन्दी", "東京タワー", "🦦", "❤️ otter", "x_y (2)"]
)
def test_pseudonyms_of_any_script_are_listed(name):
    (verdict,) = result("A", 45, name).questions
    assert verdict.findings[-1].code == "predictions.on_the_board"


def test_who_takes_a_name_that_looks_like_anothers_is_seen_to_be_a_second():
    boards = Boards()
    names = ["Swift Otter", "swift  0tter", "Ѕwіft Оttеr", "sw1ft-otter", "ѕоха", "soxa", "third", "rnink", "mink #1"]
    for number, name in enumerate(names):
        boards.add(result(f"student {number}", 45 + number, name))
    shown = [one.name for one in boards.listed()[0].standings]
    assert shown == [
        "Swift Otter #1",
        "swift 0tter #2",
        "sw1ft-otter #3",
        "ѕоха #1",
        "soxa #2",
        "third",
        "rnink #1",
        "mink #1 #2",
    ]


def test_the_class_page_shows_it_as_text(tmp_path):
    summary = summarize(RESULTS, lambda student: f"{student}.html")
    write_class_page(tmp_path / "index.html", summary=summary, assignment_title="Houses")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    board = page[page.index('id="board-1"') : page.index("Only who chose a name")]
    assert "&lt;b&gt;engine&lt;/b&gt;" in board
    assert "mean absolute error" in board
    assert not any(one.student in board for one in RESULTS)
