"""What the page of a class says."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from pathlib import Path

import pandas
import pytest
from bs4 import BeautifulSoup
from class_of_results import TITLE, answered, class_of, page_of, pooling_forgotten, result, solved, template, unreadable
from hostile_results import HOSTILE, hostile
from samples.added import added

from autograder.core.messages import message, phrase
from autograder.records.result import (
    AppliedOverride,
    ComparisonExhibit,
    ComparisonRow,
    CurveExhibit,
    Finding,
    Result,
    RowCells,
    Verdict,
)
from autograder.records.run_statistics import RunStatistics, TrainingStatistics
from autograder.report.answers_csv import answers_csv
from autograder.report.class_json import write_class_json
from autograder.report.item_analysis import item_discrimination
from autograder.report.pages import write_class_page
from autograder.report.similarity import Likeness
from autograder.report.summary import summarize


def page(folder: Path, results: Iterable[Result]) -> BeautifulSoup:
    path = folder / "index.html"
    write_class_page(path, summary=summarize(results, page_of, images=600), assignment_title=TITLE)
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def words(element: object) -> str:
    return " ".join(element.get_text(" ").split())  # type: ignore[attr-defined]


def test_the_numbers_leave_unreadable_submissions_out_of_the_mean(tmp_path: Path) -> None:
    numbers = words(page(tmp_path, [solved(), pooling_forgotten(), template(), unreadable()]).select_one(".numbers"))
    assert "Submissions 4 2 graded, 1 incomplete, 1 unreadable" in numbers
    assert "Mean 5.25 of 9 points decided so far" in numbers
    assert "Median 6.75" in numbers
    assert "3 submissions with 3 points open in all" in numbers


def test_each_question_counts_its_answers(tmp_path: Path) -> None:
    soup = page(tmp_path, [solved("a"), solved("b"), pooling_forgotten(), template()])
    lines = [words(line) for line in soup.select(".questions article")]
    assert lines[0] == "The missing layers 5 points 2 correct 1 partial 1 wrong"
    assert lines[3] == "How is the performance of cnn2? 1 point 4 needs review"


def test_the_histogram_gives_full_marks_a_bar_of_their_own(tmp_path: Path) -> None:
    soup = page(tmp_path, [solved("a"), solved("b"), pooling_forgotten(), template(), unreadable()])
    figures = dict([words(cell) for cell in row.select("th,td")] for row in soup.select(".figures tbody tr"))
    assert figures["full marks"] == "2"
    assert figures["70 % to under 80 %"] == "1"
    assert figures["0 % to under 10 %"] == "1"
    assert sum(map(int, figures.values())) == 4


def test_submissions_with_the_same_root_cause_are_one_misconception_with_a_sentence_and_an_example(
    tmp_path: Path,
) -> None:
    soup = page(tmp_path, [pooling_forgotten("a"), template("b"), pooling_forgotten("c")])
    (first,) = soup.select(".findings li")
    assert words(first.select_one(".count")) == "2 67 %"
    assert "2 of you left out what the table has a row for: a pooling layer." in words(first)
    assert "The missing layers: A pooling layer is missing." in words(first)
    assert [link["href"] for link in first.select("a")] == ["students/a.html", "#students"]
    assert soup.select_one("option[value=m-0]").get_text().endswith("(2)")  # type: ignore[union-attr]
    assert "1 rarer cause stands on the students’ pages" in words(soup)


def test_who_needs_a_person_is_named_with_the_reason(tmp_path: Path) -> None:
    near = CurveExhibit(network="m", training_accuracy=(0.9,), validation_accuracy=(0.89,), threshold=0.9)
    far = near.model_copy(update={"validation_accuracy": (0.8,)})
    verdicts = [
        Verdict(id="q", title="Q", status="wrong", score=0, points=1, exhibits=(curve,)) for curve in (near, far)
    ]
    broken = answered("broken", "x", "error")
    everyone = [result("near", (verdicts[0],)), result("far", (verdicts[1],)), solved("waits"), broken, unreadable("u")]
    attention = summarize(everyone, page_of, images=600).attention
    assert (attention.near, attention.waiting, attention.failed, attention.unfinished) == ([0], [2], [3], [4])
    said = words(page(tmp_path, everyone).select_one(".attention"))
    for name in ("near", "waits", "broken", "u"):
        assert name in said
    assert "far" not in said.split()


def test_what_the_machine_lacked_is_said_on_top_and_listed_first(tmp_path: Path) -> None:
    gpu = message("machine.gpu", "The grading machine has no GPU for notebooks.")
    file = message("machine.file", "The file {name} was not handed in with the notebook.", name="x.csv")
    both, one = ((Finding(message=gpu), Finding(message=file)), (Finding(message=gpu),))
    hit = [solved("a").model_copy(update={"notes": both}), solved("b").model_copy(update={"notes": one}), solved("c")]
    soup = page(tmp_path, hit)
    assert "in 2 the machine lacked something" in words(soup.select_one(".numbers"))
    first = words(soup.select_one(".attention li"))
    assert "no GPU for notebooks. It affects 2 submissions" in first
    assert "decide in autograder review" in first


def test_networks_in_use_are_counted_with_what_they_reached(tmp_path: Path) -> None:
    soup = page(tmp_path, [solved("a"), pooling_forgotten("b"), solved("c")])
    rows = [[words(cell) for cell in row.select("th,td")] for row in soup.select(".plain tbody tr")]
    assert rows == [["as expected", "2", "695,970", "0.962"], ["− MaxPooling2D", "1", "2,577,570", "0.951"]]


def test_long_answers_that_agree_word_for_word_and_rare_common_code_are_shown_as_evidence(tmp_path: Path) -> None:
    same = "It reaches ninety-six percent, which is more than the dense network before it had reached."
    everyone = [
        answered("a", "x", "needs_review", same),
        answered("b", "x", "needs_review", same.upper() + "!"),
        answered("c", "x", "needs_review", "Good."),
        answered("d", "x", "needs_review", "Good."),
    ]
    path = tmp_path / "index.html"
    pair = Likeness(students=("a", "d"), share=0.9, fingerprints=12, passage=("x = <b>", "y = <b>"))
    write_class_page(path, summary=summarize(everyone, page_of), assignment_title=TITLE, alike=[pair])
    said = words(BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("#person").parent)  # type: ignore[union-attr]
    assert "The same answer to “Q”: a , b" in said
    assert "a and d share 90 %" in said
    assert "x = <b>" in said
    assert "not a verdict" in said


def test_discrimination_tells_a_question_that_the_strong_pass_from_one_that_they_fail() -> None:
    rising = [(float(score > 5), float(score)) for score in range(12)]
    assert item_discrimination(rising) == pytest.approx(0.869, abs=0.01)
    assert item_discrimination([(1 - score, rest) for score, rest in rising]) == pytest.approx(-0.869, abs=0.01)
    assert item_discrimination(rising[:9]) is None
    assert item_discrimination([(1.0, rest) for _, rest in rising]) is None


def test_the_table_has_a_row_for_each_student_with_a_link_and_an_answer_for_each_question(tmp_path: Path) -> None:
    soup = page(tmp_path, [solved("Zoë & Co"), unreadable("b")])
    rows = [[words(cell) for cell in row.select("th,td")] for row in soup.select("#class tbody tr")]
    assert rows == [
        ["Zoë & Co", "9 of 10, 1 needs review", "100 %", "1", "graded", "5", "1", "3", ""],
        ["b", "0 of 10 points", "0 %", "", "unreadable", "–", "–", "–", "–"],
    ]
    assert soup.select_one("#class tbody a")["href"] == "students/Zo%C3%AB%20%26%20Co.html"  # type: ignore[index]
    assert next(cell["data-s"] for cell in soup.select("#class tbody td[data-s]")) == "correct"


def test_hostile_names_are_text(tmp_path: Path) -> None:
    soup = page(tmp_path, [hostile(), solved()])
    assert [script.get("type") for script in soup.select("script")] == ["application/json", None]
    assert "<" not in soup.select_one("#data").get_text()  # type: ignore[union-attr]
    assert not soup.select("[onerror], [onload], img, body style")
    assert "<script>alert('name')</script>" in words(soup.select_one("#class tbody th"))
    assert all(link["href"].startswith(("students/", "#")) for link in soup.select("a"))
    assert "\u202e" not in str(soup)
    assert HOSTILE not in str(soup)


def test_an_empty_class_has_a_page(tmp_path: Path) -> None:
    soup = page(tmp_path, [])
    assert "No submission reached a question." in words(soup)


def test_results_are_read_once_and_a_large_class_stays_small(tmp_path: Path) -> None:
    soup = page(tmp_path, iter(class_of(1500)))
    data = json.loads(soup.select_one("#data").get_text())  # type: ignore[union-attr]
    assert len(data["rows"]) == 1500
    assert len(soup.select("#class tbody tr")) == 100
    assert (tmp_path / "index.html").stat().st_size < 1_000_000


def test_the_twin_says_the_same_as_the_page_and_pandas_reads_the_answers(tmp_path: Path) -> None:
    everyone = [pooling_forgotten("=1+1"), template("b"), pooling_forgotten("c"), unreadable("u")]
    run = RunStatistics(at="2026-01-01T00:00:00+00:00", seconds=9, workers=2, graded=4, reused=0, failures={"z": "why"})
    write_class_json(
        tmp_path / "class.json",
        summary=summarize(everyone, page_of),
        assignment="cnn2",
        run=run,
        training=TrainingStatistics(runs=2, seconds=3.5, devices=("cpu",)),
        alike=[],
    )
    data = json.loads((tmp_path / "class.json").read_text(encoding="utf-8"))
    assert data["misconceptions"][0]["students"] == ["=1+1", "c"]
    assert data["misconceptions"][0]["code"] == "layer.missing"
    assert data["attention"]["not_graded"] == {"z": "why"}
    assert (data["run"]["seconds"], data["training"]["runs"]) == (9, 2)
    added(answers_csv(tmp_path / "answers.csv"), everyone)
    answers = pandas.read_csv(tmp_path / "answers.csv")
    assert len(answers) == 12
    assert answers.groupby("question")["score"].sum()["missing_layers"] == 7.5
    assert answers["student"][0] == "'=1+1"
    assert list(answers["codes"][:2]) == ["layer.missing", "parameters.follow"]


def decided(student: str, score: float, judged: str, reason: str) -> Result:
    """A result of one question that a person decided; the autograder had given a quarter, or waited."""
    by_hand = AppliedOverride(
        score=score,
        points=4,
        reason=reason,
        by="Dr. Ruth",
        at="2026-11-24T22:30:00.000+00:00",
        judged_status=judged,  # type: ignore[arg-type]
        judged_score=0 if judged == "needs_review" else 1,
    )
    verdict = Verdict(id="q", title="Q", status="partial", score=score, points=4, override=by_hand)
    return result(student, (verdict,))


def test_what_persons_decided_is_on_the_page_with_who_when_and_why_and_can_be_filtered(tmp_path: Path) -> None:
    soup = page(
        tmp_path, [decided("a", 3, "wrong", "An equal solution."), decided("b", 2, "needs_review", ""), solved()]
    )
    said = words(soup.select_one("#person").parent)  # type: ignore[union-attr]
    assert "1 answer that waited has its points" in said
    assert "a , Q: 3 instead of 1 of 4 points Dr. Ruth, 24 November 2026: An equal solution." in said
    sets = json.loads(soup.select_one("#data").get_text())["sets"]  # type: ignore[union-attr]
    assert (sets["d-changed"], sets["d-given"]) == ([0], [1])


def test_what_persons_decided_is_in_the_files_with_who_when_and_why(tmp_path: Path) -> None:
    everyone = [decided("a", 3, "wrong", "An equal solution."), solved("b")]
    summary = summarize(everyone, page_of)
    write_class_json(
        tmp_path / "class.json", summary=summary, assignment="x", run=None, training=TrainingStatistics(), alike=[]
    )
    (said,) = json.loads((tmp_path / "class.json").read_text(encoding="utf-8"))["decided"]
    assert (said["student"], said["score"], said["judged_score"]) == ("a", 3, 1)
    assert (said["by"], said["at"], said["reason"]) == (
        "Dr. Ruth",
        "2026-11-24T22:30:00.000+00:00",
        "An equal solution.",
    )
    added(answers_csv(tmp_path / "answers.csv"), everyone)
    answers = pandas.read_csv(tmp_path / "answers.csv", parse_dates=["decided_at"])
    assert list(answers["decided_by"][:1]) == ["Dr. Ruth"]
    assert answers["decided_at"][0].day == 24
    assert answers["reason"].count() == 1


def test_points_that_are_decided_for_some_alone_are_a_range(tmp_path: Path) -> None:
    whole = solved("read")
    read = whole.model_copy(update={"pending": 0, "score": 10})
    assert "of 9 to 10 points decided so far" in words(page(tmp_path, [read, solved("b")]).select_one(".numbers"))


def test_everyone_whose_notebook_did_not_run_is_a_press_away_however_many(tmp_path: Path) -> None:
    soup = page(tmp_path, [unreadable(f"u{number}") for number in range(20)])
    assert soup.select_one("[data-pick='p-unfinished']")
    assert len(json.loads(soup.select_one("#data").get_text())["sets"]["p-unfinished"]) == 20  # type: ignore[union-attr]


def test_networks_with_other_settings_are_told_apart(tmp_path: Path) -> None:
    def built(student: str, *rows: ComparisonRow) -> Result:
        exhibit = ComparisonExhibit(network="model", rows=rows)
        return result(student, (Verdict(id="q", title="Q", status="wrong", score=0, points=1, exhibits=(exhibit,)),))

    conv, pool = RowCells(layer="Conv2D"), RowCells(layer="MaxPooling2D")
    five, two = (RowCells(layer="Conv2D", settings=(phrase("{size} filters of 5×5", size=size),)) for size in (5, 2))
    moved = (ComparisonRow(state="moved", expected=pool), ComparisonRow(state="moved", actual=pool))
    other = ComparisonRow(state="different", expected=pool, actual=RowCells(layer="AveragePooling2D"))
    extra = ComparisonRow(
        state="extra", actual=RowCells(layer="Dropout", settings=(phrase("rate {rate:g}", rate=0.3),))
    )
    soup = page(
        tmp_path,
        [
            built("a", ComparisonRow(state="different", expected=conv, actual=five)),
            built("b", ComparisonRow(state="different", expected=conv, actual=two)),
            built("c", *moved),
            built("d", other, extra),
        ],
    )
    assert {words(cell) for cell in soup.select("[aria-labelledby=networks] tbody th")} == {
        "≠ Conv2D (5 filters of 5×5)",
        "≠ Conv2D (2 filters of 5×5)",
        "↕ MaxPooling2D",
        "≠ MaxPooling2D → AveragePooling2D, + Dropout (rate 0.3)",
    }


def test_the_command_that_opens_the_review_has_the_folder_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "class of 2026"
    command = page(folder, [solved("a"), solved("b")]).select_one(".command code")
    assert command is not None
    assert shlex.split(command.text) == ["autograder", "review", str(folder.resolve())]


def test_a_class_in_which_nothing_waits_names_no_command(tmp_path: Path) -> None:
    assert page(tmp_path, [unreadable()]).select_one(".command") is None
