"""What a check says from what the kernel holds: the findings of `autograder check`, never whether a number is right."""

import functools
import subprocess
import sys

import pytest

from autograder.assignment import load
from autograder.authoring.release.public_part import public_part
from autograder.checks.base import Context
from autograder.checks.judging import judge_all
from autograder.core.messages import in_plain_text
from autograder.grading.answer_key import AnswerKey
from autograder.records.evidence import CapturedNetwork, CapturedValue, Evidence
from autograder.records.result import Verdict
from autograder.selfcheck.checking import problem_of
from autograder.selfcheck.public import ChecksMissing, PublicPart, read_public


@functools.cache
def answer_key(name: str) -> AnswerKey:
    return AnswerKey.stored(load(name))


@functools.cache
def public(name: str) -> PublicPart:
    own = answer_key(name)
    return public_part(own, Evidence(key="", cells=(), isolation="none", versions={}))


def said(name: str, question: str, context: Context) -> str:
    part = public(name)
    return problem_of(part, part.question(question), context.evidence, context.cells)


def graded(name: str, question: str, context: Context) -> Verdict:
    return next(one for one in judge_all(answer_key(name).assignment.questions, context) if one.id == question)


def with_value(name: str, value: CapturedValue) -> Context:
    context = answer_key(name).reference_context()
    values = tuple(value if one.name == value.name else one for one in context.evidence.values)
    return context.replace(evidence=context.evidence.model_copy(update={"values": values}))


def with_layers(name: str, network: str, change) -> Context:
    """The solution with the layers of a Sequential network as `change` leaves their list."""
    context = answer_key(name).reference_context()

    def changed(one: CapturedNetwork) -> CapturedNetwork:
        if one.name != network:
            return one
        config = {**one.config, "layers": change(list(one.config["layers"]))}
        return one.model_copy(update={"config": config})

    networks = tuple(map(changed, context.evidence.networks))
    evidence = context.evidence.with_networks(networks)
    return context.replace(evidence=evidence)


def without(kind: str, nth: int):
    def change(layers: list) -> list:
        at = [index for index, layer in enumerate(layers) if layer["class_name"] == kind][nth]
        return layers[:at] + layers[at + 1 :]

    return change


def with_setting(kind: str, nth: int, **settings):
    def change(layers: list) -> list:
        at = [index for index, layer in enumerate(layers) if layer["class_name"] == kind][nth]
        layers[at] = {**layers[at], "config": {**layers[at]["config"], **settings}}
        return layers

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("cnn2", without("MaxPooling2D", 1)),
        ("cnn2", without("BatchNormalization", 3)),
        ("cnn2", without("Conv2D", 0)),
        ("cnn2", with_setting("Conv2D", 3, filters=32)),
        ("cnn2", with_setting("Dense", 0, units=100)),
        ("fcn", without("Dropout", 0)),
        ("cnn1", with_setting("Conv2D", 0, kernel_size=[5, 5])),
        ("onions", without("Conv2D", 2)),
    ],
)
def test_findings_about_a_network_are_those_of_autograder_check(name: str, change, capsys) -> None:
    context = with_layers(name, "model", change)
    question = next(one.id for one in answer_key(name).assignment.questions if one.kind == "architecture")
    for asked in (question, "parameters"):
        verdict = graded(name, asked, context)
        text = said(name, asked, context)
        assert bool(text) == (verdict.status != "correct")
        text += capsys.readouterr().out
        assert max(map(len, text.split("\n\n")[0].splitlines()), default=0) <= 90
        words = " ".join(text.split())
        for finding in verdict.findings:
            assert in_plain_text(finding.message) in words
            assert not finding.hint or f"→ {in_plain_text(finding.hint)}" in words


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("cnn2", with_setting("Dropout", 0, rate=0.9)),
        ("cnn2", with_setting("Activation", 3, activation="tanh")),
        ("onions", with_setting("Conv2D", 2, activation="linear")),
        ("onions", with_setting("Dense", -1, activation="softmax")),
    ],
)
def test_what_no_summary_shows_is_left_to_grading(name: str, change) -> None:
    context = with_layers(name, "model", change)
    question = next(one.id for one in answer_key(name).assignment.questions if one.kind == "architecture")
    assert graded(name, question, context).status != "correct"
    assert said(name, question, context) == ""


@pytest.mark.parametrize(
    ("question", "value", "reading"),
    [
        ("dense_parameters", CapturedValue(name="dense_parameters", kind="number", value=307200, cell=0), "307200"),
        ("dense_parameters", CapturedValue(name="dense_parameters", kind="number", value=307300, cell=0), "307300"),
        ("dense_parameters", CapturedValue(name="dense_parameters", kind="text", value="307.300", cell=0), "307300"),
        ("more_or_fewer", CapturedValue(name="more_or_fewer", kind="text", value="less", cell=0), "B (“fewer”)"),
        ("more_or_fewer", CapturedValue(name="more_or_fewer", kind="text", value="A", cell=0), "A (“more”)"),
        ("input_shape", CapturedValue(name="input_shape", kind="text", value="28x28", cell=0), "(28, 28)"),
    ],
)
def test_answers_are_read_and_not_judged(question: str, value: CapturedValue, reading: str, capsys) -> None:
    assert said("onions", question, with_value("onions", value)) == ""
    assert capsys.readouterr().out == f"Your answer in {value.name} is understood as {reading}.\n"


@pytest.mark.parametrize(
    ("question", "value", "words"),
    [
        (
            "dense_parameters",
            CapturedValue(name="dense_parameters", kind="other", type_name="ellipsis", cell=0),
            "holds no answer yet",
        ),
        (
            "dense_parameters",
            CapturedValue(name="dense_parameters", kind="text", value="many", cell=0),
            "No number was found",
        ),
        ("more_or_fewer", CapturedValue(name="more_or_fewer", kind="text", value="D", cell=0), "none of the options"),
        ("input_shape", CapturedValue(name="input_shape", kind="text", value="large", cell=0), "the answer is a shape"),
    ],
)
def test_an_answer_that_is_none_is_told_of(question: str, value: CapturedValue, words: str) -> None:
    assert words in said("onions", question, with_value("onions", value))


def test_a_network_whose_table_is_not_shown_is_only_read(capsys) -> None:
    context = with_layers("onions", "grey_model", without("Conv2D", 2))
    assert said("onions", "grey_network", context) == ""
    assert "grey_model is understood as a network of" in capsys.readouterr().out


def test_an_empty_notebook_is_told_what_is_missing_everywhere() -> None:
    empty = Context(evidence=Evidence(key="", cells=(), isolation="none", versions={}), expected={})
    for question in public("onions").questions:
        assert said("onions", question.id, empty)


def test_a_missing_or_foreign_file_is_told_in_a_sentence(tmp_path) -> None:
    with pytest.raises(ChecksMissing, match=r"There is no file cnn2\.checks\.json"):
        read_public(tmp_path / "cnn2.checks.json")
    (tmp_path / "cnn2.checks.json").write_text("{}")
    with pytest.raises(ChecksMissing, match="damaged"):
        read_public(tmp_path / "cnn2.checks.json")
    with pytest.raises(ChecksMissing, match="no question"):
        public("cnn2").question("other")


def test_the_checks_need_little_that_a_notebook_has_not_anyway() -> None:
    """In Colab the wheel is installed without what grading needs besides."""
    program = """
import sys
import autograder.selfcheck
from autograder.checks.registry import find_kind, known_kinds
for kind in known_kinds():
    find_kind(kind)
import autograder.observe.capture, autograder.observe.fit_recorder
print(sorted({name.split(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)))
"""
    found = subprocess.check_output([sys.executable, "-c", program], text=True)
    allowed = {
        "autograder",
        "numpy",
        "pydantic",
        "pydantic_core",
        "platformdirs",
        "annotated_types",
        "typing_extensions",
    }
    import ast

    unknown = set(ast.literal_eval(found)) - allowed - {"typing_inspection", "__main__", "_distutils_hack"}
    assert not {name for name in unknown if not name.startswith("_")}
