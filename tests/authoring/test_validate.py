"""`autograder validate` as an instructor runs it."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from autograder import datasets

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def validate(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", "validate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)


def test_cnn2_grades_what_it_asks():
    done = validate("cnn2", "--details")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "solution: 9 of 10, 1 needs review" in done.stdout
    assert "untouched notebook: 0 of 10 points" in done.stdout
    assert "caught       model: layer 14 (a pooling layer) left out (missing_layers, parameters)" in done.stdout
    assert "fair         model: as a functional network" in done.stdout
    assert "caught       model: layers 11 to 14 pasted twice (missing_layers, parameters)" in done.stdout
    assert "caught       notebook: more than 4 networks tried under one name" in done.stdout
    assert "noticed      notebook: never compiled" in done.stdout
    assert "8 of 8 right ones keep all" in done.stdout
    assert done.stdout.rstrip().endswith("The assignment grades what it asks.")


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed (make torch)")
def test_a_solution_in_pytorch_is_tried_with_code_of_pytorch():
    if "fashion_mnist" not in datasets.digests():
        pytest.skip("the images of Fashion-MNIST are not on this machine")
    done = validate("loop-torch", "--details")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "solution: 8 of 10, 2 need review" in done.stdout
    assert "model: 55 mutants: 4 cost points, 51 are not asked for; 3 of 3 rewrites keep all" in done.stdout
    assert "caught       model: trained with NLLLoss (criterion)" in done.stdout
    assert "fair         notebook: with each name used again for another network" in done.stdout
    assert "whole notebook: 1 mistakes: 1 cost points; 4 of 4 right ones keep all" in done.stdout
    assert "does not run" not in done.stdout


def test_an_assignment_that_nobody_knows_is_a_sentence():
    done = validate("cnn99")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'There is no assignment "cnn99"' in done.stderr
