"""Written answers: found wherever a student may have put them, and always left to a person."""

import json
from pathlib import Path

import pytest

from autograder.checks.base import Context, NotebookCell
from autograder.checks.judging import judge_all
from autograder.checks.written import Written, find_answer
from autograder.records.evidence import Evidence

ASSIGNMENT = Path(__file__).parents[2] / "assignments" / "cnn2" / "cnn2.ipynb"
QUESTION = Written(
    kind="written", id="performance", title="In words", points=1, heading="6. How is the performance of cnn2?"
)
HEADING = "## 6. How is the performance of cnn2?\n\nAnswer in three sentences."
TAGGED = {"autograder": {"question": "performance"}}


def cells(*given):
    """Cells from texts, (text, metadata) or (text, metadata, kind)."""
    made = []
    for index, cell in enumerate(given):
        source, metadata, kind = cell if isinstance(cell, tuple) and len(cell) == 3 else (*_pair(cell), "markdown")
        made.append(NotebookCell(index=index, kind=kind, source=source, metadata=metadata))
    return tuple(made)


def _pair(cell):
    return (cell, {}) if isinstance(cell, str) else cell


def answer(*given):
    return find_answer(cells(*given), QUESTION.id, heading=QUESTION.heading, placeholder=QUESTION.placeholder)


def judge(*given):
    evidence = Evidence(key="k", cells=(), isolation="none", versions={})
    return judge_all([QUESTION], Context(evidence=evidence, expected={}, cells=cells(*given)))[0]


def test_the_answer_is_the_text_of_the_marked_cell():
    assert answer("# Title", HEADING, ("It is 97 %.", TAGGED), "## Next").text == "It is 97 %."


def test_the_answer_may_go_on_in_cells_below():
    assert answer(("First.", TAGGED), "Second.", "## Next\n\nThird.").text == "First.\n\nSecond."


def test_the_answer_is_found_by_the_heading_where_a_tool_dropped_the_metadata():
    assert answer("# Title", HEADING, "It is 97 %.", "# Next", "no").text == "It is 97 %."


def test_the_answer_ends_where_the_next_question_begins():
    other = {"autograder": {"question": "other"}}
    assert answer(("Mine.", TAGGED), ("Not mine.", other)).text == "Mine."


def test_an_answer_may_have_headings_of_its_own():
    assert answer(("## Result\n\nGood.\n\n## Why\n\nPooling.", TAGGED)).text.endswith("Pooling.")


def test_an_answer_may_stand_in_comments_or_a_raw_cell():
    assert answer(("", TAGGED), ("# It is good.\n# Very good.", {}, "code")).text == "It is good.\nVery good."
    assert answer(("It is good.", TAGGED, "raw")).text == "It is good."


def test_code_is_no_answer():
    assert answer(("", TAGGED), ("model.evaluate(X_val, Y_val)", {}, "code")).text == ""


def test_the_placeholder_is_no_answer():
    assert answer(("*Write your answer here.*", TAGGED)).text == ""
    assert answer(("*Write your answer here.*\n\nGood.", TAGGED)).text == "Good."


def test_a_heading_inside_a_code_block_ends_nothing():
    assert "more" in answer(("My code:", TAGGED), "```python\n# a comment\n```\nmore").text


def test_without_place_and_heading_there_is_no_answer():
    assert answer("# Title", "Some text") is None
    assert answer() is None


@pytest.mark.parametrize("metadata", [{"autograder": "x"}, {"autograder": None}, {"autograder": {"question": []}}, {}])
def test_strange_metadata_is_no_mark(metadata):
    assert answer(("text", metadata)) is None


@pytest.mark.parametrize("given", [[("It is 97 %.", TAGGED)], [("", TAGGED)], []])
def test_the_points_wait_for_a_person_whatever_was_written(given):
    verdict = judge(*given)
    assert (verdict.status, verdict.score, verdict.pending) == ("needs_review", 0, 1)


def test_the_page_gets_the_answer_and_its_place():
    verdict = judge("# Title", ("<b>97</b> %", TAGGED))
    assert verdict.exhibits[0].text == "<b>97</b> %"
    assert str(verdict.findings[0].where) == "cell 2"


def test_an_empty_answer_is_told_so():
    verdict = judge(("*Write your answer here.*", TAGGED))
    assert str(verdict.findings[0].message) == "Nothing was written here."
    assert verdict.exhibits == ()


def test_a_very_long_answer_is_cut():
    assert len(judge(("a" * 100_000, TAGGED)).exhibits[0].text) < 6_000


@pytest.mark.parametrize("keep", [True, False])
def test_the_place_in_cnn2_is_found_with_and_without_metadata(keep):
    notebook = json.loads(ASSIGNMENT.read_text(encoding="utf-8"))
    given = [
        ("".join(cell["source"]), cell["metadata"] if keep else {}, cell["cell_type"]) for cell in notebook["cells"]
    ]
    assert answer(*given).text == ""
    assert answer(*given[:-1], ("Good.", given[-1][1])).text == "Good."


PRINTED = frozenset(HEADING.splitlines()) | {"*Write your answer here.*", "## Next", "Train it."}


def whole(*given):
    given = cells("# Title", *given)
    return find_answer(given, QUESTION.id, heading=QUESTION.heading, placeholder=QUESTION.placeholder, handout=PRINTED)


def test_an_answer_in_two_pieces_is_shown_whole():
    assert answer(("It is 97 %, with the s", TAGGED), ("ame images.", TAGGED)).text == (
        "It is 97 %, with the s\n\name images."
    )
    assert whole(HEADING, ("One.", TAGGED), ("x = 1", {}, "code"), ("Two.", TAGGED), "## Next").text == "One.\n\nTwo."


def test_the_new_answer_below_an_old_draft_is_shown_with_it():
    assert whole(HEADING, ("Draft.", TAGGED), ("Final.", TAGGED), "## Next").text == "Draft.\n\nFinal."
    assert whole(HEADING, ("Draft.", TAGGED), "## My new answer\n\nFinal.", "## Next\n\nTrain it.").text == (
        "Draft.\n\n## My new answer\n\nFinal."
    )
    assert whole(HEADING, "Draft above.", ("Final.", TAGGED)).text == "Draft above.\n\nFinal."


def test_an_answer_in_the_questions_own_cell_is_shown_without_what_the_handout_says():
    found = whole(f"{HEADING}\n\nIt is 97 %.", ("*Write your answer here.*", TAGGED), "## Next")
    assert (found.text, found.cell) == ("It is 97 %.", 1)
    assert whole(f"{HEADING}\n\nMerged with its answer.", "## Next").text == "Merged with its answer."
    assert whole(f"{HEADING}\n\nMine.\n\n## Next\n\nNot mine.").text == "Mine."


def test_what_the_handout_says_is_no_answer():
    empty = whole(HEADING, ("*Write your answer here.*", TAGGED), "## Next\n\nTrain it.")
    assert (empty.text, empty.cell) == ("", 2)
    assert whole(HEADING, ("Mine.\n\n## Next\n\nTrain it.", TAGGED)).text == "Mine."


def test_a_copied_cell_is_shown_once():
    assert whole(HEADING, ("Mine.", TAGGED), ("Mine.", TAGGED)).text == "Mine."
    assert whole(HEADING, HEADING, "Mine.").text == answer(HEADING, HEADING, "Mine.").text == "Mine."


PLACE = ("*Write your answer here.*", TAGGED)
HANDOUT = ("# Title", "model.fit(x, y)  # train", HEADING, PLACE, "## Next\n\nText.")


def judged_with_handout(*given, asked=QUESTION):
    evidence = Evidence(key="k", cells=(), isolation="none", versions={})
    printed = frozenset(line for cell in cells(*HANDOUT) for line in cell.source.splitlines())
    context = Context(evidence=evidence, expected={}, cells=cells(*given), handout=printed)
    return judge_all([asked], context)[0]


def changed(place, *new):
    """The handout with other cells at a place."""
    return (*HANDOUT[:place], *new, *HANDOUT[place + 1 :])


def test_an_untouched_answer_earns_nothing_without_a_person():
    for given in (HANDOUT, changed(3, ("", TAGGED)), changed(3, ("  \n", TAGGED)), changed(1, "mine, elsewhere")):
        verdict = judged_with_handout(*given)
        assert (verdict.status, verdict.pending) == ("not_reached", 0)
        assert verdict.findings[0].code == "written.empty"


@pytest.mark.parametrize(
    "given",
    [
        changed(2, HEADING + "\n\nIt is 97 %."),
        changed(2, HEADING, "It is 97 %, better than before."),
        changed(3, PLACE, ("model.evaluate(x, y)  # 97 %, better than before", {}, "code")),
        changed(3, PLACE, ("print('It is 97 %')", {}, "code")),
        changed(4, "It is 97 %.\n\n## Next\n\nText."),
        changed(3, "elsewhere"),
        changed(2, "removed"),
    ],
)
def test_where_another_line_of_the_student_stands_in_that_part_a_person_looks(given):
    assert judged_with_handout(*given).pending == 1


def test_where_the_cell_for_the_answer_is_gone_a_person_looks():
    for given in (changed(3), changed(3, ("x = 1", {}, "code")), (*HANDOUT[:3],)):
        assert judged_with_handout(*given).pending == 1
    for given in (changed(3, "*Write your answer here.*"), changed(3, ""), changed(3, ("", {}, "raw"))):
        assert judged_with_handout(*given).status == "not_reached"


def test_a_setting_makes_an_empty_answer_wait():
    assert judged_with_handout(*HANDOUT, asked=QUESTION.model_copy(update={"empty_waits": True})).pending == 1
