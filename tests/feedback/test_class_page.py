"""What the page of a class says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bs4 import BeautifulSoup
from class_of_results import HOSTILE, TITLE, class_of, hostile, pooling_forgotten, result, solved, template, unreadable

from autograder.feedback.pages import write_class_page
from autograder.feedback.summary import summarize
from autograder.result import Finding, Result, Verdict


def page_of(student: str) -> str:
    return f"{student}.html"


def page(folder: Path, results: Iterable[Result]) -> BeautifulSoup:
    path = folder / "index.html"
    write_class_page(path, results=results, assignment_title=TITLE, page_of=page_of)
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
    assert lines[3] == "How is the performance of cnn2? 1 point 4 waits for a person"


def test_the_histogram_gives_full_marks_a_bar_of_their_own(tmp_path: Path) -> None:
    soup = page(tmp_path, [solved("a"), solved("b"), pooling_forgotten(), template(), unreadable()])
    figures = dict([words(cell) for cell in row.select("th,td")] for row in soup.select(".figures tbody tr"))
    assert figures["full marks"] == "2"
    assert figures["70 % to under 80 %"] == "1"
    assert figures["0 % to under 10 %"] == "1"
    assert sum(map(int, figures.values())) == 4


def test_the_commonest_findings_come_first_with_those_who_have_them(tmp_path: Path) -> None:
    soup = page(tmp_path, [pooling_forgotten("a"), template("b"), pooling_forgotten("c")])
    first = soup.select_one(".findings li")
    assert first is not None
    assert words(first.select_one(".count")) == "2 67 %"
    assert "A MaxPooling2D layer is missing" in words(first)
    assert [link["href"] for link in first.select(".who a")] == ["students/a.html", "students/c.html"]


def test_findings_that_differ_only_in_a_measured_figure_are_one() -> None:
    def reached(student: str, value: float) -> Result:
        finding = Finding(message=f"Your network reached {value}; 0.9 was needed.")
        return result(student, (Verdict(id="q", title="Q", status="wrong", score=0, points=1, findings=(finding,)),))

    (common,) = summarize([reached("a", 0.5), reached("b", 0.61)], page_of).findings
    assert common.students == [0, 1]
    assert common.varies


def test_findings_about_right_answers_are_not_counted_as_wrong() -> None:
    finding = Finding(message="Your network reached 0.96; 0.9 was needed.")
    verdict = Verdict(id="q", title="Q", status="correct", score=1, points=1, findings=(finding,))
    assert summarize([result("a", (verdict,))], page_of).findings == ()


def test_the_table_has_a_row_for_each_student_with_a_link_and_an_answer_for_each_question(tmp_path: Path) -> None:
    soup = page(tmp_path, [solved("Zoë & Co"), unreadable("b")])
    rows = [[words(cell) for cell in row.select("th,td")] for row in soup.select("#class tbody tr")]
    assert rows == [
        ["Zoë & Co", "9", "100 %", "1", "graded", "5", "1", "3", ""],
        ["b", "0", "0 %", "", "unreadable", "–", "–", "–", "–"],
    ]
    assert soup.select_one("#class tbody a")["href"] == "students/Zo%C3%AB%20%26%20Co.html"  # type: ignore[index]
    assert next(cell["data-s"] for cell in soup.select("#class tbody td[data-s]")) == "correct"


def test_hostile_names_are_text(tmp_path: Path) -> None:
    soup = page(tmp_path, [hostile(), solved()])
    assert len(soup.select("script")) == 1
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
    assert len(soup.select("#class tbody tr")) == 1500
    assert (tmp_path / "index.html").stat().st_size < 1_000_000
