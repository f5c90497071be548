"""Plausible wrong answers lose points, each for its own reason, and the student reads that reason."""

import functools
from collections import Counter

import pytest
from changes import assignment, judge, said
from wrong_clothes_and_photos import ADVANCED_LAYERS, FASHION_CONV, ONIONS
from wrong_mnist import CNN1, CNN2, FCN, MNIST_DENSE_CONV
from wrong_predictions import HOUSES_OPEN
from wrong_transfer import TRANSFER
from wrong_torch import CNN2_TORCH, LOOP_TORCH

WRONG = {
    "cnn1": CNN1,
    "cnn2": CNN2,
    "cnn2-torch": CNN2_TORCH,
    "fcn": FCN,
    "onions": ONIONS,
    "advanced-layers": ADVANCED_LAYERS,
    "fashion-conv": FASHION_CONV,
    "loop-torch": LOOP_TORCH,
    "mnist-dense-conv": MNIST_DENSE_CONV,
    "transfer": TRANSFER,
    "houses-open": HOUSES_OPEN,
}
NAMES = sorted(WRONG)  # the others' wrong answers are executed: test_rewritten_solutions.py
CASES = [
    pytest.param(name, at, id=f"{name} {wrong.question}") for name in NAMES for at, wrong in enumerate(WRONG[name])
]


@functools.cache
def judged(name, at):
    """All verdicts on a submission with this one mistake."""
    return judge(name, WRONG[name][at].change, WRONG[name][at].reached)


@pytest.mark.parametrize(("name", "at"), CASES)
def test_a_wrong_answer_loses_points_and_hears_why(name, at):
    wrong = WRONG[name][at]
    verdict = judged(name, at)[wrong.question]
    assert wrong.words in said(verdict)
    if wrong.charged:
        charged = judged(name, at)[wrong.charged]
        assert verdict.score == verdict.points
        assert charged.score < charged.points
        assert f"“{charged.title}”" in said(verdict)
    else:
        assert verdict.status in ("wrong", "partial", "not_reached")
        assert verdict.score < verdict.points


@pytest.mark.parametrize("name", NAMES)
def test_every_question_that_is_decided_has_two_wrong_answers_here(name):
    counted = Counter(wrong.question for wrong in WRONG[name])
    asked = {question.id for question in assignment(name).questions if question.kind != "written"}
    assert set(counted) == asked
    assert min(counted.values()) >= 2


@pytest.mark.parametrize("name", NAMES)
def test_one_wrong_answer_costs_no_other_question_that_is_answered_apart(name):
    alone = {"number", "choice", "array", "shape"}
    kinds = {question.id: question.kind for question in assignment(name).questions}
    right = judge(name)
    for at, wrong in enumerate(WRONG[name]):
        if kinds[wrong.question] in alone:
            verdicts = judged(name, at)
            changed = {question for question, verdict in verdicts.items() if verdict.score != right[question].score}
            assert changed == {wrong.question}
