"""What is found of every wrong answer to our assignments can be told in German: no sentence of ours stays English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from changes import answer_key, assignment, judge
from test_wrong_answers import NAMES, WRONG, judged

from autograder.core.language import use_language
from autograder.grading.answer_key import context_of
from autograder.grading.judge import conclude, with_runs
from autograder.grading.reference import read_solution
from autograder.records.result import Verdict
from autograder.records.training import TrainingRun

# Words that stand in nearly every English sentence of ours and in no German one.
ENGLISH_WORDS = re.compile(
    r"\b(the|is|are|of|and|not|your|you|which|that|this|there|should|where|than|with|from|have|holds|look|read on)\b",
    re.IGNORECASE,
)
CODE = re.compile(r"`[^`]*`|[\w.]+_[\w.]+")


def own_texts(name: str) -> list[str]:
    """What the author of the assignment wrote, in the author's language; the longest first."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str) and value:
            yield value
        elif isinstance(value, dict):
            for one in value.values():
                yield from texts(one)
        elif isinstance(value, list | tuple):
            for one in value:
                yield from texts(one)

    return sorted(
        {text for question in assignment(name).questions for text in texts(question.model_dump())},
        key=len,
        reverse=True,
    )


def said(verdict: Verdict) -> list[str]:
    """Every text of a verdict that is ours or the student's, in the language in use."""
    texts = [text for one in verdict.findings for text in (one.message, one.where, one.hint)]
    for exhibit in verdict.exhibits:
        if exhibit.kind == "comparison":
            texts += [text for row in exhibit.rows for text in (row.note, *(row.actual.settings if row.actual else ()))]
        if exhibit.kind == "substitutions":
            texts += [one.change for one in exhibit.tried]
    return [str(text) for text in texts if text]


def without(text: str, texts: list[str]) -> str:
    for one in texts:
        text = text.replace(one, " ")
    return CODE.sub(" ", text)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_answers_are_answered_in_german(name):
    texts = own_texts(name)
    for at in range(len(WRONG[name])):
        for verdict in judged(name, at).values():
            english = said(verdict)
            with use_language("de"):
                german = said(verdict)
            for before, after in zip(english, german, strict=True):
                rest = without(after, texts)
                assert not ENGLISH_WORDS.search(rest), (after, rest)
                if len(re.findall(r"[a-z]{2,}", without(before, texts))) > 2:
                    assert before != after


@pytest.mark.parametrize("name", NAMES)
def test_judging_is_the_same_whatever_language_is_in_use(name):
    wrong = WRONG[name][0]
    with use_language("de"):
        assert judge(name, wrong.change, wrong.reached) == judged(name, 0)


def test_one_result_is_told_in_either_language():
    ours = answer_key("cnn2")
    wrong = next(one for one in WRONG["cnn2"] if "pooling" in one.words)
    context = context_of(ours, wrong.change(ours.reference.evidence), read_solution(ours.assignment))
    run = with_runs(ours, context, lambda task: TrainingRun(key=task.key, outcome="trained"))
    finding = conclude(ours, "anna", "anna.ipynb", run).questions[0].findings[0]
    assert (finding.code, str(finding.message)) == ("layer.missing", "A pooling layer is missing.")
    with use_language("de"):
        assert str(finding.message) == "Eine Pooling-Schicht fehlt."


def test_the_language_of_an_assignment_is_no_part_of_what_is_judged_by():
    ours = answer_key("cnn2")
    german = replace(ours, assignment=replace(ours.assignment, language="de"))
    assert german.key == ours.key
