"""A class of wounded notebooks: nobody's work is lost, and nobody's grade changes."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from nbformat import NotebookNode

from autograder.assignment.loader import load
from autograder.checks.base import NotebookCell
from autograder.checks.written import Written, find_answer
from autograder.grading.answer_key import AnswerKey
from autograder.intake import read_submissions
from autograder.intake.notebook import parse_notebook
from tests.fuzz.wounds import CELL_WOUNDS, FORMATS, ROOT, sound_samples, wound, wounded_class
from tests.grading.test_grade_class import grade

COPIES, SEED = 1_000, 18


def code_lines(notebook: NotebookNode) -> list[str]:
    return [
        line.rstrip()
        for cell in notebook.cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if line.strip()
    ]


def holds(whole: Sequence[str], part: Sequence[str]) -> bool:
    """Whether `part` stands in `whole` in its order, other lines between them or not."""
    rest = iter(whole)
    return all(any(line == other for other in rest) for line in part)


@pytest.fixture(scope="module")
def questions() -> dict[str, tuple[list[Written], frozenset[str]]]:
    """By assignment: its written questions, and the lines of its handout."""
    found = {}
    for folder in sorted((ROOT / "assignments").iterdir()):
        if (folder / "assignment.toml").is_file():
            assignment = load(str(folder))
            written = [question for question in assignment.questions if isinstance(question, Written)]
            found[folder.name] = (written, AnswerKey.stored(assignment).handout)
    return found


def answers(notebook: NotebookNode, of: tuple[list[Written], frozenset[str]]) -> dict[str, list[str]]:
    cells = [
        NotebookCell(index=index, kind=cell.cell_type, source=cell.source, metadata=dict(cell.metadata))
        for index, cell in enumerate(notebook.cells)
    ]
    found = {}
    for one in of[0]:
        answer = find_answer(cells, one.id, heading=one.heading, placeholder=one.placeholder, handout=of[1])
        found[one.id] = [line.strip() for line in answer.text.splitlines() if line.strip()] if answer else []
    return found


def test_a_thousand_wounded_notebooks_are_all_read_with_all_their_work(
    tmp_path: Path, questions: dict[str, tuple[list[Written], frozenset[str]]]
) -> None:
    made = list(wounded_class(sound_samples(), COPIES, SEED))
    for index, (path, one) in enumerate(made):
        place = tmp_path / f"{index:04d}" / f"{path.stem}{one.suffix}"
        place.parent.mkdir()
        place.write_bytes(one.content)
    intake = read_submissions(tmp_path)
    assert [one.student for one in intake.submissions] == [f"{index:04d}" for index in range(COPIES)]
    lost: list[tuple[str, tuple[str, ...]]] = []
    for submission, (path, one) in zip(intake.submissions, made, strict=True):
        assignment = path.parent.name.removesuffix("_correct")
        before, after = parse_notebook(path.read_bytes()), parse_notebook(submission.read())
        same_code = holds(code_lines(after), code_lines(before)) and set(code_lines(after)) == set(code_lines(before))
        wanted, got = answers(before, questions[assignment]), answers(after, questions[assignment])
        if not same_code or not all(set(wanted[name]) <= set(got[name]) for name in wanted):
            lost.append((path.name, one.wounds))
    assert len(lost) <= COPIES // 100, lost


def test_every_kind_of_wound_and_format_is_in_the_class() -> None:
    seen = Counter(name for _, one in wounded_class(sound_samples(), COPIES, SEED) for name in one.wounds)
    assert set(seen) == {*CELL_WOUNDS, *FORMATS}
    assert min(seen.values()) >= 20, seen


def test_a_wounded_copy_depends_on_its_number_alone() -> None:
    few = list(wounded_class(sound_samples(), 12, SEED))
    assert few == list(wounded_class(sound_samples(), 30, SEED))[:12]
    assert few != list(wounded_class(sound_samples(), 12, SEED + 1))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_wounded_samples_keep_their_grades(tmp_path: Path) -> None:
    folder = ROOT / "tests" / "samples" / "cnn2"
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    kinds = ("split", "merge", "duplicate", "delete_text", "wrong_type", "no_ids", "foreign_metadata", "no_metadata")
    forms = ("format 3", "percent", "marimo", "json")
    students = [name for name, table in sorted(expected.items()) if table["status"] == "graded"]
    for index, kind in enumerate((*kinds, *forms)):
        student = students[index]
        one = wound(
            Random(f"{SEED} {kind}"), json.loads((folder / f"{student}.ipynb").read_text(encoding="utf-8")), kind
        )
        place = tmp_path / "class" / student / f"cnn2{one.suffix}"
        place.parent.mkdir(parents=True)
        place.write_bytes(one.content)
    report = grade(tmp_path / "class", tmp_path / "report")
    assert report.status == 0, report.stderr
    earned = {name: {one["id"]: one["score"] for one in found["questions"]} for name, found in report.results.items()}
    wanted = {
        name: {question: one["score"] for question, one in expected[name].items() if isinstance(one, dict)}
        for name in earned
    }
    assert len(earned) == len(kinds) + len(forms)
    assert earned == wanted
