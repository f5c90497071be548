"""What `regrade` says before it lets other grades count, and what it then stores."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from nbformat import v4
from samples import sums
from typer.testing import CliRunner

from autograder import api
from autograder.cli import app
from autograder.grading.grade_change import GradeChange
from autograder.grading.gradebook_location import claim
from autograder.grading.regrade import NotRegraded
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.report_folder import write_report

ROOT = Path(__file__).parents[2]
TOML = sums.toml(sums.number("twice", 8, 2), sums.number("square", 9, 4), sums.WHY)
NOTEBOOK = v4.new_notebook(cells=[v4.new_markdown_cell("# Why?"), v4.new_markdown_cell(), v4.new_code_cell("...")])
# What each of the class has in its variables: ada is right, ben squares wrongly, carl is near.
CLASS = {"ada": (8, 9), "ben": (8, 6), "carl": (7.9, 9)}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The report folder of a class of three, graded from evidence as a run leaves it behind."""
    folder = tmp_path / "report"
    assignment = sums.course(tmp_path / "sums", TOML, values(8, 9), NOTEBOOK)
    with Gradebook(folder / GRADEBOOK_FILE) as gradebook:
        claim(gradebook, assignment, folder)
        for student, given in CLASS.items():
            sums.hand_in(gradebook, assignment, student, values(*given), NOTEBOOK)
        write_report(folder, assignment, gradebook, changed=CLASS)
    return folder


def values(twice: float, square: float) -> dict[str, float]:
    return {"twice": twice, "square": square}


def edit(report: Path, old: str, new: str) -> None:
    """Another assignment than the class was graded by."""
    toml = report.parent / "sums" / "assignment.toml"
    words = toml.read_text(encoding="utf-8")
    assert old in words
    toml.write_text(words.replace(old, new), encoding="utf-8")


def nearly_is_enough(report: Path) -> None:
    """It raises carl, and lowers nobody."""
    edit(report, "expected = 8", "expected = 8\ntolerance = 0.2")


def six_is_right(report: Path) -> None:
    """It raises ben, and lowers ada and carl."""
    edit(report, "expected = 9", "expected = 6")


def regrade(report: Path, *options: str) -> tuple[int, str]:
    """The exit status and everything that was said, where there is no terminal."""
    done = CliRunner().invoke(app, ["regrade", str(report), *options])
    return done.exit_code, done.output


def regrade_in_a_terminal(report: Path, answer: str) -> tuple[int, str]:
    """The same where a person sits, who types the answer."""
    ours, theirs = pty.openpty()
    with closing(os.fdopen(ours, "wb", buffering=0)) as keyboard:
        command = [sys.executable, "-m", "autograder", "regrade", str(report)]
        with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
            os.close(theirs)
            keyboard.write(f"{answer}\n".encode())
            said, _ = running.communicate(timeout=60)
    return running.returncode, said.decode()


def stored(report: Path) -> dict[str, float]:
    with Gradebook(report / GRADEBOOK_FILE) as gradebook:
        return {one.result.student: one.result.score for one in gradebook.results()}


def in_results(report: Path) -> dict[str, float]:
    lines = (report / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["student"]: line["score"] for line in map(json.loads, lines)}


BEFORE = {"ada": 6.0, "ben": 2.0, "carl": 4.0}
WITH_SIX = {"ada": 2.0, "ben": 6.0, "carl": 0.0}


def test_the_class_of_these_examples_is_graded_as_they_say(report: Path) -> None:
    assert stored(report) == in_results(report) == BEFORE


def test_it_lists_whose_grade_is_raised_and_whose_is_lowered_and_by_which_question(report: Path) -> None:
    six_is_right(report)
    _, said = regrade(report, "--yes")
    assert (
        "1 whose grade is raised:\n"
        "  ben: 2/7 → 6/7\n"
        "    Square: 0/4 → 4/4\n"
        "2 whose grade is lowered:\n"
        "  ada: 6/7 → 2/7\n"
        "    Square: 4/4 → 0/4\n"
        "  carl: 4/7 → 0/7\n"
    ) in said


def test_with_yes_it_stores_without_asking(report: Path) -> None:
    six_is_right(report)
    status, said = regrade(report, "--yes")
    assert (status, stored(report), in_results(report)) == (0, WITH_SIX, WITH_SIX)
    assert "3 judged again, nothing executed" in said


@pytest.mark.parametrize("change", [six_is_right, nearly_is_enough])
def test_where_nobody_can_be_asked_it_changes_nothing_and_names_yes(
    report: Path, change: Callable[[Path], None]
) -> None:
    change(report)
    page = (report / "index.html").read_bytes()
    status, said = regrade(report, "--language", "de")
    assert status == 2
    assert said.splitlines()[-1].startswith("Nothing was stored")
    assert "--yes" in said
    assert (stored(report), in_results(report), (report / "index.html").read_bytes()) == (BEFORE, BEFORE, page)
    with Gradebook(report / GRADEBOOK_FILE) as gradebook:
        assert gradebook.fact("language") is None


@pytest.mark.parametrize(("answer", "status", "scores"), [("y", 0, WITH_SIX), ("n", 1, BEFORE), ("", 1, BEFORE)])
def test_in_a_terminal_it_asks_and_stores_what_was_agreed_to(
    report: Path, answer: str, status: int, scores: dict[str, float]
) -> None:
    six_is_right(report)
    done, said = regrade_in_a_terminal(report, answer)
    assert (done, stored(report), in_results(report)) == (status, scores, scores)
    assert said.index("2 whose grade is lowered:") < said.index("Let these grades count? [y/N]")
    assert ("Nothing was stored." in said) == (scores == BEFORE)


def test_where_nobodys_grade_changes_it_asks_nothing_and_draws_the_pages_anew(report: Path) -> None:
    status, said = regrade(report, "--language", "de")
    assert (status, stored(report)) == (0, BEFORE)
    assert "nobody's grade changes" in said
    assert '<html lang="de"' in (report / "index.html").read_text(encoding="utf-8")
    assert '<html lang="de"' in (report / "students" / "ada.html").read_text(encoding="utf-8")


def test_a_grade_is_the_share_of_the_points_so_that_points_that_all_double_raise_nobodys(report: Path) -> None:
    for old, new in ((4, 8), (2, 4), (1, 2)):
        edit(report, f"points = {old}\n", f"points = {new}\n")
    _, said = regrade(report, "--yes")
    assert "raised" not in said
    assert "lowered" not in said
    assert "3 whose grade keeps its share of the points:\n  ada: 6/7 → 12/14\n" in said
    assert stored(report) == {"ada": 12.0, "ben": 4.0, "carl": 8.0}


def test_a_question_that_counts_more_raises_who_is_right_and_lowers_who_is_wrong(report: Path) -> None:
    edit(report, "points = 4\n", "points = 8\n")
    _, said = regrade(report, "--yes")
    raised, _, lowered = said.partition("whose grade is lowered:")
    assert "  ada: 6/7 → 10/11\n    Square: 4/4 → 8/8\n" in raised
    assert "  ben: 2/7 → 2/11\n    Square: 0/4 → 0/8\n" in lowered


def test_a_persons_word_stands_and_what_it_covers_is_no_change(report: Path) -> None:
    with Gradebook(report / GRADEBOOK_FILE) as gradebook:
        gradebook.overrides.give("ben", "square", score=3, points=4, by="Dr. No", reason="", seen="")
        gradebook.overrides.give("ada", "why", score=1, points=1, by="Dr. No", reason="", seen="")
    six_is_right(report)
    _, said = regrade(report, "--yes")
    assert "ben" not in said
    assert "ada: 7/7 → 3/7" in said
    assert in_results(report) == {"ada": 3.0, "ben": 5.0, "carl": 0.0}


def test_a_question_that_is_new_or_gone_is_named_as_such(report: Path) -> None:
    edit(report, 'id = "square"', 'id = "cube"')
    _, said = regrade(report, "--yes")
    assert "    Square: not asked → 4/4\n    Square: 4/4 → no longer asked\n" in said


def test_who_cannot_be_judged_again_keeps_the_grade_and_the_others_are_regraded(report: Path) -> None:
    with Gradebook(report / GRADEBOOK_FILE) as gradebook:
        unseen = sums.evidence("ben", values(8, 6)).model_copy(update={"asked": ("twice",)})
        gradebook.store_evidence(unseen)
    six_is_right(report)
    status, said = regrade(report, "--yes")
    assert status == 1
    assert "not judged again (ben): its notebook was run before a question asked for `square`" in said
    assert stored(report) == {"ada": 2.0, "ben": 2.0, "carl": 0.0}


def test_evidence_from_before_it_was_kept_who_was_asked_for_is_judged_by_what_it_holds(report: Path) -> None:
    with Gradebook(report / GRADEBOOK_FILE) as gradebook:
        for student, given in CLASS.items():
            gradebook.store_evidence(sums.evidence(student, values(*given)).model_copy(update={"asked": None}))
    assert regrade(report)[0] == 0
    assert stored(report) == BEFORE


def test_a_script_decides_for_itself_what_it_confirms(report: Path) -> None:
    six_is_right(report)
    confirmed: list[GradeChange] = []
    outcomes = api.regrade(report, confirm=confirmed.extend).outcomes
    assert [(change.student, change.direction) for change in confirmed] == [
        ("ada", "lowered"),
        ("ben", "raised"),
        ("carl", "lowered"),
    ]
    assert not [one for one in outcomes if isinstance(one, NotRegraded)]
    assert stored(report) == WITH_SIX


def test_what_another_grader_stored_while_a_person_thinks_stands(report: Path) -> None:
    six_is_right(report)

    def another_grader(_: object) -> None:
        with Gradebook(report / GRADEBOOK_FILE) as gradebook:
            newer = gradebook.result("ben")
            assert newer is not None
            later = newer.result.model_copy(update={"score": 1.0})
            gradebook.store_result(later, result_key="newer", slug="ben")

    api.regrade(report, confirm=another_grader)
    assert stored(report) == WITH_SIX | {"ben": 1.0}


def test_the_report_folder_of_an_older_autograder_is_regraded_and_nobodys_grade_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    shutil.copy(ROOT / "tests" / "records" / "gradebook_0_1" / GRADEBOOK_FILE, tmp_path)
    _, said = regrade(tmp_path)
    # Where other versions are installed than those that trained, whoever needs a run keeps the grade all the same.
    assert "nobody's grade changes\n" in said
    graded = {"Anna Lindqvist": 9.0, "Oskar Nowak": 0.0, "Tomasz Wiśniewski": 7.75}
    assert stored(tmp_path) == graded
    assert in_results(tmp_path) == graded | {"Anna Lindqvist": 9.5}
    assert "Names the accuracy, but compares it with nothing." in (tmp_path / "results.jsonl").read_text(
        encoding="utf-8"
    )
