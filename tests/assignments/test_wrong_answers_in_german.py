"""Every wrong answer to our assignments is judged in German: no sentence of ours stays English, nothing else changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from changes import NAMES, assignment, judge, answer_key
from test_wrong_answers import WRONG, judged

from autograder.grading.judge import conclude, with_runs
from autograder.grading.answer_key import context_of
from autograder.core.language import ENGLISH, speaking
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
        {text for question in assignment(name).questions for text in texts(question.model_dump())}, key=len, reverse=True
    )


def said(verdict: Verdict) -> list[str]:
    """Every text of a verdict that is ours or the student's."""
    texts = [text for one in verdict.findings for text in (one.message, one.where, one.hint)]
    for exhibit in verdict.exhibits:
        if exhibit.kind == "comparison":
            texts += [text for row in exhibit.rows for text in (row.note, row.actual.settings if row.actual else "")]
        if exhibit.kind == "substitutions":
            texts += [one.change for one in exhibit.tried]
    return [text for text in texts if text]


def without(text: str, texts: list[str]) -> str:
    for one in texts:
        text = text.replace(one, " ")
    return CODE.sub(" ", text)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_answers_are_answered_in_german(name):
    texts = own_texts(name)
    for at, wrong in enumerate(WRONG[name]):
        english = judged(name, at)
        with speaking("de"):
            german = judge(name, wrong.change, wrong.reached)
        for one, other in zip(english.values(), german.values(), strict=True):
            assert (one.id, one.status, one.score) == (other.id, other.status, other.score)
            assert len(said(one)) == len(said(other))
            for before, after in zip(said(one), said(other), strict=True):
                rest = without(after, texts)
                assert not ENGLISH_WORDS.search(rest), (after, rest)
                if len(re.findall(r"[a-z]{2,}", without(before, texts))) > 2:
                    assert before != after
    assert judge(name, wrong.change, wrong.reached) == english


def test_a_result_is_in_the_language_of_its_assignment():
    """Whatever language is spoken where the result is asked for."""
    ours = answer_key("cnn2")
    german = replace(ours, assignment=replace(ours.assignment, language="de"))
    wrong = next(one for one in WRONG["cnn2"] if "pooling" in one.words)
    evidence = wrong.change(ours.reference.evidence).model_copy(
        update={"notes": ("Code cell 3 ended the kernel; the cells after it were not run.",)}
    )
    context = context_of(ours, evidence, read_solution(ours.assignment))
    results = []
    for asked, spoken in ((german, ENGLISH), (ours, "de"), (german, ENGLISH)):
        with speaking(spoken):
            # One context for all of them: what it keeps of one language is not told in another.
            run = with_runs(asked, context, lambda task: TrainingRun(key=task.key, outcome="trained"))
            results.append(conclude(asked, "anna", "anna.ipynb", run))
    messages = [result.questions[0].findings[0].message for result in results]
    assert messages == ["Eine Pooling-Schicht fehlt.", "A pooling layer is missing.", "Eine Pooling-Schicht fehlt."]
    assert [result.notes[-1].message for result in results][:2] == [
        "Codezelle 3 hat den Kernel beendet; die Zellen danach wurden nicht ausgeführt.",
        "Code cell 3 ended the kernel; the cells after it were not run.",
    ]
    assert results[0] == results[2]


def test_the_catalogue_is_part_of_the_standard_but_for_english(monkeypatch):
    ours = answer_key("cnn2")
    german = replace(ours, assignment=replace(ours.assignment, language="de"))
    unknown = replace(ours, assignment=replace(ours.assignment, language="xx"))
    keys = {one.key for one in (ours, german, unknown)}
    assert len(keys) == 3
    monkeypatch.setattr("autograder.grading.answer_key.catalogue", lambda language: b"" if language == ENGLISH else b"another")
    assert replace(ours).key == ours.key
    assert replace(german).key != german.key
