"""One total everywhere: pages, terminal, tables and the review desk say the same words about a score."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat import v4
from rich.console import Console
from samples import sums

from autograder.cli.result_view import print_result
from autograder.core.language import use_language
from autograder.core.total import total
from autograder.grading.gradebook_location import claim
from autograder.grading.grader import summary_line
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.report_folder import reviewed, write_report
from autograder.report.review.queues import ReviewQueues

TOML = sums.toml(sums.number("twice", 8, 9), sums.WHY)
HANDOUT = v4.new_notebook(cells=[v4.new_code_cell("twice = ..."), v4.new_markdown_cell("## Why?\nWrite here.")])
ANSWERED = v4.new_notebook(
    cells=[v4.new_code_cell("twice = 8"), v4.new_markdown_cell("## Why?\nBecause four and four are eight.")]
)


@pytest.fixture
def graded(tmp_path: Path) -> Iterator[tuple[Path, ReviewQueues, Gradebook]]:
    """The report of one student whose number is right and whose text waits."""
    folder = tmp_path / "report"
    assignment = sums.course(tmp_path / "sums", TOML, {"twice": 8}, HANDOUT, ANSWERED)
    with Gradebook(folder / GRADEBOOK_FILE) as gradebook:
        claim(gradebook, assignment, folder)
        sums.hand_in(gradebook, assignment, "ada", {"twice": 8}, ANSWERED)
        write_report(folder, assignment, gradebook, changed=["ada"])
        yield folder, ReviewQueues(folder, gradebook, assignment, "R"), gradebook


def said(folder: Path, queues: ReviewQueues, gradebook: Gradebook) -> dict[str, str]:
    """What each place says of the student's total."""
    (stored,) = reviewed(gradebook)
    terminal = Console(width=200, record=True, file=(folder / "terminal.txt").open("w", encoding="utf-8"))
    print_result(terminal, queues.assignment, stored.result)
    pages = {
        name: BeautifulSoup((folder / name).read_bytes(), "html.parser") for name in ("index.html", "students/ada.html")
    }
    row = pages["index.html"].select_one("#class tbody td")
    score = pages["students/ada.html"].select_one(".score")
    (line,) = csv.DictReader((folder / "grades.csv").open(encoding="utf-8", newline=""))
    numbers = json.loads((folder / "results.jsonl").read_text(encoding="utf-8"))
    sheet = queues.sheet("why", "ada")
    assert row is not None
    assert score is not None
    assert sheet is not None
    return {
        "class page": row.get_text(" ", strip=True),
        "table of the class page": json.loads(pages["index.html"].select_one("#data").string or "")["rows"][0][4],
        "student page": score.get_text(" ", strip=True),
        "terminal": terminal.export_text().splitlines()[-2 if stored.result.isolation == "none" else -1],
        "progress": summary_line(stored.result),
        "grades.csv": line["total"],
        "numbers of grades.csv": total(float(line["score"]), float(line["points"]), float(line["pending"])),
        "results.jsonl": total(numbers["score"], numbers["points"], numbers["pending"]),
        "review": sheet.total,
    }


def test_every_place_says_the_same_total(graded: tuple[Path, ReviewQueues, Gradebook]) -> None:
    assert set(said(*graded).values()) == {"9 of 10, 1 needs review"}


def test_they_agree_after_a_decision_too(graded: tuple[Path, ReviewQueues, Gradebook]) -> None:
    folder, queues, gradebook = graded
    queues.decide("why", "ada", score="0.5", reason="Half of it.", alike=False)
    write_report(folder, queues.assignment, gradebook, changed=["ada"])
    assert set(said(folder, queues, gradebook).values()) == {"9.5 of 10 points"}


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((9, 10, 1), "9 of 10, 1 needs review"),
        ((6.75, 10, 2.5), "6.75 of 10, 2.5 need review"),
        ((1, 1, 0), "1 of 1 point"),
        ((1250.5, 2000, 0), "1,250.5 of 2,000 points"),
    ],
)
def test_the_words_of_a_total(numbers: tuple[float, float, float], words: str) -> None:
    assert total(*numbers) == words


def test_a_total_in_german() -> None:
    with use_language("de"):
        assert total(6.75, 10, 0) == "6,75 von 10 Punkten"
