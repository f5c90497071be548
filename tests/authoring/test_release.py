"""What students receive: that it tells no answer, checks in the right places, and is the handout but for the checks."""

import itertools
import json
from pathlib import Path

import nbformat
import pytest

from autograder.assignment import load
from autograder.authoring.release.master_notebook import NoMasterNotebook, master
from autograder.authoring.release.placement import cells_with_checks
from autograder.authoring.release.public_part import public_part, said_by
from autograder.authoring.release.release import reason_in
from autograder.checks.registry import find_kind
from autograder.grading.answer_key import AnswerKey
from autograder.records.evidence import Evidence
from autograder.selfcheck.public import PublicPart

ASSIGNMENTS = sorted(path.parent.name for path in (Path(__file__).parents[2] / "assignments").glob("*/assignment.toml"))
NOTHING = Evidence(key="", cells=(), isolation="none", versions={})
READING = {"thousands", "fraction", "options", "also"}


@pytest.fixture(params=ASSIGNMENTS)
def answer_key(request: pytest.FixtureRequest) -> AnswerKey:
    return AnswerKey.stored(load(request.param))


def cells_below(answer_key: AnswerKey, part: PublicPart) -> dict[str, list[str]]:
    notebook = nbformat.read(answer_key.assignment.notebook_path, as_version=4)
    names = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
    checked = cells_with_checks(part, answer_key.reference_context())
    return {names[index]: questions for index, questions in checked.items()}


def test_of_a_question_only_what_is_public_is_handed_out(answer_key: AnswerKey) -> None:
    part = public_part(answer_key, NOTHING)
    own = {question.id: question for question in answer_key.assignment.questions}
    for question in part.questions:
        assert set(question.settings or ()) <= set(find_kind(question.kind).public)
        assert set(question.reading) <= READING
        public = json.dumps([question.settings, question.reading])
        for secret in ("wrong", "messages", "minimum", "correct", "optimizer", "loss"):
            held = getattr(own[question.id], secret, None)
            assert f'"{secret}":' not in public or not held
        if isinstance(getattr(own[question.id], "expected", None), int | float):
            assert f"{own[question.id].expected:g}" not in public


def test_the_solution_passes_every_check_and_the_handout_passes_none_that_judges_a_network(
    answer_key: AnswerKey,
) -> None:
    part = public_part(answer_key, NOTHING)
    context = answer_key.reference_context()
    unseen = {"predictions", "written"}  # nothing that a student may have can judge these
    assert part.questions or {one.kind for one in answer_key.assignment.questions} <= unseen
    for question in part.questions:
        assert said_by(part, question, context) == ""
    networks = {question.network for question in answer_key.assignment.questions if question.kind == "architecture"}
    assert all(part.networks[name].shown or part.networks[name].table is None for name in networks)


def test_every_public_question_is_checked_once(answer_key: AnswerKey) -> None:
    part = public_part(answer_key, NOTHING)
    placed = list(itertools.chain(*cells_below(answer_key, part).values()))
    assert sorted(placed) == sorted(question.id for question in part.questions)


def test_checks_stand_below_the_cell_that_they_are_about() -> None:
    answer_key = AnswerKey.stored(load("onions"))
    below = cells_below(answer_key, public_part(answer_key, NOTHING))
    assert below["dense"] == ["dense_parameters"]
    assert below["network"] == ["network", "parameters"]
    assert below["train"] == ["epochs", "accuracy"]
    assert below["curves"] == ["curves"]
    assert below["grey-network"] == ["grey_network"]


def test_a_network_is_known_as_far_as_table_and_given_code_show_it() -> None:
    answer_key = AnswerKey.stored(load("cnn2"))
    alone = public_part(answer_key, NOTHING).networks["model"].shown
    assert alone is not None
    given = public_part(answer_key, answer_key.reference.evidence).networks["model"].shown
    assert given is not None
    [dropout] = [at for at, one in enumerate(alone.architecture.operations) if one.kind == "Dropout"]
    assert alone.open[dropout] == ("rate",)
    assert given.open[dropout] == ()
    assert given.architecture.operations[dropout].settings == {"rate": 0.3}


def test_hidden_and_written_questions_have_no_check() -> None:
    answer_key = AnswerKey.stored(load("cnn2"))
    questions = answer_key.assignment.questions
    hidden = tuple(one.model_copy(update={"hidden": one.id == "parameters"}) for one in questions)
    object.__setattr__(answer_key.assignment, "questions", hidden)
    assert [question.id for question in public_part(answer_key, NOTHING).questions] == ["missing_layers", "accuracy"]


def test_a_cell_with_an_answer_holds_both_in_otters_markup() -> None:
    answer_key = AnswerKey.stored(load("cnn2"))
    part = public_part(answer_key, NOTHING)
    handout = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%%time\nanswer = ...")])
    solution = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%%time\nanswer = 5")])
    made = master(handout, solution, part, {0: ["parameters"]}, [], {"name": "x"})
    assert made.cells[1].source.split("\n") == [
        "%%time",
        'r"""  # BEGIN PROMPT',
        "answer = ...",
        '"""  # END PROMPT',
        "# BEGIN SOLUTION NO PROMPT",
        "answer = 5",
        "# END SOLUTION",
    ]
    assert [cell.source.split("\n")[0] for cell in made.cells if cell.cell_type == "raw"] == [
        "# ASSIGNMENT CONFIG",
        "# BEGIN QUESTION",
        "# BEGIN TESTS",
        "# END TESTS",
        "# END QUESTION",
    ]


def test_notebooks_that_do_not_go_together_are_told_of() -> None:
    part = public_part(AnswerKey.stored(load("cnn2")), NOTHING)
    one = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("a = 1")])
    with pytest.raises(NoMasterNotebook, match="1 code cells, the solution 0"):
        master(one, nbformat.v4.new_notebook(), part, {}, [], {})


def test_of_otters_traceback_the_reason_is_left() -> None:
    said = "Traceback (most recent call last):\n  File x\nRuntimeError: Some autograder tests failed:\n    a results:\n"
    assert reason_in(said) == "Some autograder tests failed:\n    a results:"
    assert reason_in("killed\n") == "killed"
