from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from samples.added import added

from autograder.records.result import Finding, HandedIn, Person, Result, Status, Verdict
from autograder.report.grades_files import grades_csv, results_jsonl, spreadsheet_text


def verdict(question: str, score: float, points: float, status: Status = "partial", message: str = "x") -> Verdict:
    return Verdict(
        id=question, title=question, status=status, score=score, points=points, findings=(Finding(message=message),)
    )


def result(student: str, *questions: Verdict, **more: Any) -> Result:
    plain: dict[str, Any] = {
        "student": student,
        "submission": "a.ipynb",
        "status": "graded",
        "score": sum(one.score for one in questions),
        "points": sum(one.points for one in questions),
        "pending": sum(one.pending for one in questions),
        "questions": questions,
        "isolation": "none",
        "device": "cpu",
        "versions": {},
        "keys": {},
        "seconds": 1.0,
    }
    return Result(**{**plain, **more})


ANNA = result(
    "Anna Müller",
    verdict("layers", 10 / 3, 5),
    verdict("accuracy", 3, 3, "correct"),
    verdict("performance", 0, 1, "needs_review"),
)


def test_grades_have_exactly_the_promised_columns_and_plain_numbers(tmp_path: Path) -> None:
    added(grades_csv(tmp_path / "grades.csv", ["layers", "accuracy", "performance"]), [ANNA])
    assert (tmp_path / "grades.csv").read_bytes().decode() == (
        "student,score,points,pending,percent,status,layers,accuracy,performance,total\n"
        'Anna Müller,6.333,9,1,79.17,graded,3.333,3,,"6.333 of 9, 1 needs review"\n'
    )


def test_percent_is_of_the_decided_points_and_empty_where_none_are(tmp_path: Path) -> None:
    waiting = result("ben", verdict("performance", 0, 1, "needs_review"))
    added(grades_csv(tmp_path / "g.csv", []), [ANNA, waiting, result("carl", verdict("layers", 0, 5, "wrong"))])
    rows = list(csv.DictReader((tmp_path / "g.csv").open(encoding="utf-8", newline="")))
    assert [row["percent"] for row in rows] == ["79.17", "", "0"]


def test_a_question_that_a_result_lacks_is_empty_not_zero(tmp_path: Path) -> None:
    unreadable = result("dora", status="unreadable", points=9.0)
    added(grades_csv(tmp_path / "g.csv", ["layers"]), [unreadable])
    assert (tmp_path / "g.csv").read_text().splitlines()[1] == "dora,0,9,0,0,unreadable,,0 of 9 points"


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "＝1", '=cmd|" /C calc"!A0'])
def test_a_name_that_a_spreadsheet_would_compute_gets_an_apostrophe(tmp_path: Path, name: str) -> None:
    added(grades_csv(tmp_path / "g.csv", []), [result(name)])
    (row,) = csv.DictReader((tmp_path / "g.csv").open(encoding="utf-8", newline=""))
    assert row["student"] == "'" + name.replace("\r", " ")


@pytest.mark.parametrize("within", ["x;=1+1", "x\t@y", "x; +1"])
def test_a_name_that_becomes_a_formula_where_lines_are_split_elsewhere_gets_an_apostrophe(within: str) -> None:
    assert "'" in spreadsheet_text(within)
    assert spreadsheet_text("a;b - c, =d") == "a;b - c, =d"


def test_names_with_commas_and_quotes_survive_pandas(tmp_path: Path) -> None:
    names = ['Müller, "Anna"', "O'Neil", "李明"]
    added(grades_csv(tmp_path / "g.csv", ["q"]), [result(name, verdict("q", 1, 2)) for name in names])
    table = pd.read_csv(tmp_path / "g.csv")
    assert list(table["student"]) == names
    assert list(table["q"]) == [1, 1, 1]


def test_results_are_one_sorted_object_a_line_without_exhibits(tmp_path: Path) -> None:
    odd = result("eve", verdict("q", 0, 1, message="a\u2028b\n\x85\ud800"))
    added(results_jsonl(tmp_path / "r.jsonl"), [ANNA, odd])
    lines = (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["student"] for line in lines] == ["Anna Müller", "eve"]
    first = json.loads(lines[0])
    assert first == ANNA.line()
    assert list(first) == sorted(first)
    assert "exhibits" not in lines[0]


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    added(results_jsonl(tmp_path / "a"), [ANNA])
    added(results_jsonl(tmp_path / "b"), iter([Result.model_validate(ANNA.model_dump())]))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_grades_say_who_handed_in_how_where_a_platform_told(tmp_path: Path) -> None:
    person = Person(name="doejane", id="12345", email="=j@u")
    came = HandedIn(platform="canvas", persons=(person,), late=True, earlier=("a.ipynb",))
    added(grades_csv(tmp_path / "g.csv", ["layers"]), [ANNA, result("jane", handed_in=came)])
    first, second = csv.DictReader((tmp_path / "g.csv").open(encoding="utf-8", newline=""))
    assert [second[name] for name in ("platform_id", "email", "late", "attempts")] == ["12345", "'=j@u", "yes", "2"]
    assert first["late"] == ""
