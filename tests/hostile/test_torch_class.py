"""Hostile notebooks of PyTorch in one class beside honest ones, through the real sandbox and the real command."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from attack import Attack
from hostile_class import CANARY, Graded, assignment, grade, left_behind, without_durations, without_seconds
from torch_attacks import HONEST_TORCH, TORCH

from autograder import datasets

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_spec("torch") is None, reason="needs torch: make torch"),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if "mnist" not in datasets.digests():
        pytest.skip("MNIST is not on this machine")
    return assignment(tmp_path_factory.mktemp("hostile"), "cnn2-torch")


@pytest.fixture(scope="module")
def traces() -> tuple[set[str], set[str]]:
    return left_behind()


@pytest.fixture(scope="module")
def graded(course: Path, traces: object, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    return grade(course, (*HONEST_TORCH, *TORCH), tmp_path_factory.mktemp("all"))


@pytest.fixture(scope="module")
def alone(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The honest ones by themselves."""
    return grade(course, HONEST_TORCH, tmp_path_factory.mktemp("honest"))


@pytest.mark.parametrize("attack", [*HONEST_TORCH, *TORCH], ids=lambda attack: attack.name)
def test_each_earns_what_its_network_honestly_earns(graded: Graded, attack: Attack):
    result = graded.results[attack.name]
    assert result["score"] == attack.earns, [(one["id"], one["score"], one["findings"]) for one in result["questions"]]
    assert result["status"] == (attack.status or result["status"]) in ("graded", "incomplete")
    assert attack.note in " ".join(note["message"] for note in result["notes"])


def test_nobody_elses_result_changes_by_a_byte(graded: Graded, alone: Graded):
    for honest in HONEST_TORCH:
        assert without_seconds(graded.results[honest.name]) == without_seconds(alone.results[honest.name])
        assert without_durations(graded.page(honest.name)) == without_durations(alone.page(honest.name))


def test_nothing_came_back_and_nothing_is_left(graded: Graded, traces: tuple[set[str], set[str]]):
    assert CANARY not in graded.everything()
    assert left_behind() == traces
    assert list((graded.folder.parent / "tmp").iterdir()) == []
