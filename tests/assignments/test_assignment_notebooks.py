"""What students receive: every question is asked, has its place, and nothing is answered yet."""

import json
import re

import pytest
from changes import NAMES, assignment

ROW = re.compile(r"^\| (?P<title>[^|]+?) \|(?:[^|]*\|)? (?P<points>[\d.]+) \|", re.M)
OTHERS = [name for name in NAMES if name not in ("cnn2", "cnn2-torch")]


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def text_of(cell):
    return "".join(cell["source"])


@pytest.mark.parametrize("name", NAMES)
def test_the_first_cell_lists_the_points_of_every_question_in_their_order(name):
    listed = [float(row["points"]) for row in ROW.finditer(text_of(cells_of(assignment(name).notebook_path)[0]))]
    assert listed == [question.points for question in assignment(name).questions]


@pytest.mark.parametrize("name", OTHERS)
def test_the_first_cell_gives_every_question_its_title(name):
    listed = [row["title"] for row in ROW.finditer(text_of(cells_of(assignment(name).notebook_path)[0]))][1:]
    titles = [question.title for question in assignment(name).questions]
    assert [title.casefold() for title in listed] == [title.casefold() for title in titles][-len(listed) :]


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_is_asked_for_waits_in_the_notebook(name):
    code = "\n".join(text_of(cell) for cell in cells_of(assignment(name).notebook_path) if cell["cell_type"] == "code")
    for variable in assignment(name).variables():
        assert re.search(rf"^{variable} = \.\.\.", code, re.M), variable


@pytest.mark.parametrize("name", NAMES)
def test_every_written_question_has_its_heading_and_its_place(name):
    cells = cells_of(assignment(name).notebook_path)
    places = {cell["metadata"].get("autograder", {}).get("question"): cell for cell in cells}
    headings = {line.lstrip("# ") for cell in cells for line in text_of(cell).splitlines() if line.startswith("#")}
    for question in assignment(name).questions:
        if question.kind == "written":
            assert text_of(places[question.id]).strip("*") == question.placeholder
            assert question.heading in headings


@pytest.mark.parametrize("name", OTHERS)
def test_questions_are_numbered_as_they_are_graded(name):
    texts = [text_of(cell) for cell in cells_of(assignment(name).notebook_path) if cell["cell_type"] == "markdown"]
    numbers = []
    for heading in re.findall(r"^#+ Questions? (\d+(?: (?:and|to) \d+)?)", "\n".join(texts), re.M):
        first, _, last = heading.partition(" and ") if " and " in heading else heading.partition(" to ")
        numbers += range(int(first), int(last or first) + 1)
    assert numbers == list(range(1, len(assignment(name).questions) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_changes_answers_only_and_neither_notebook_has_outputs(name):
    given, solved = (cells_of(path) for path in (assignment(name).notebook_path, assignment(name).solution_path))
    assert [cell["id"] for cell in given] == [cell["id"] for cell in solved]
    for before, after in zip(given, solved, strict=True):
        assert not before.get("outputs")
        assert not after.get("outputs")
        if before != after:
            answered = "..." in text_of(before) or "your code" in text_of(before)
            assert answered or "question" in before["metadata"].get("autograder", {}), before["id"]


@pytest.mark.parametrize("name", NAMES)
def test_every_question_says_where_to_read_on(name):
    cells = cells_of(assignment(name).notebook_path)
    headings = {line.lstrip("# ") for cell in cells for line in text_of(cell).splitlines() if line.startswith("#")}
    for question in assignment(name).questions:
        where = question.part or getattr(question, "heading", "")
        assert where in headings, question.id
