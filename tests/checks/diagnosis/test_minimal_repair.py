"""The search for the smallest repair, against a network whose causes are known."""

import math
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.checks.diagnosis.minimal_repair import _FEW, EvaluatedRepair, minimal_repair


def most_tests(count: int, causes: int) -> int:
    """How many tests at most find this many causes among `count` changes and show that none can be left out, where
    further changes never undo a repair."""
    if count <= _FEW:
        return int(2**count) - 1
    halvings = math.ceil(math.log2(count))
    return 2 + causes * (halvings + 1) + (causes if causes > 1 else 0) + max(0, causes - 2)


def solve(count, score, budget=1000):
    """Let the search run to its end; `score` gives the lead of a set. Also the sets that it tested."""
    tested = []
    search = minimal_repair(count, budget)
    try:
        asked = next(search)
        while True:
            lead = score(asked)
            if lead is not None:
                tested.append(asked)
            asked = search.send(lead)
    except StopIteration as ended:
        return ended.value, tested


def needs(*sets):
    """Repaired once all of any of these sets is changed; before, each change of the nearest set does a part."""
    sets = [frozenset(one) for one in sets]
    return lambda chosen: max(0.1 if one <= chosen else len(one & chosen) / len(one) - 1.01 for one in sets)


@st.composite
def several_repairs(draw):
    count = draw(st.integers(1, 20))
    changes = st.sets(st.integers(0, count - 1), min_size=1, max_size=4)
    return count, draw(st.lists(changes, min_size=1, max_size=4))


@settings(max_examples=400, deadline=None)
@given(several_repairs())
def test_what_is_found_repairs_and_nothing_of_it_can_be_left_out(case):
    count, sets = case
    score = needs(*sets)
    found, tested = solve(count, score)
    assert found.minimal
    assert found.exhausted
    assert score(frozenset(found.causes)) >= 0
    assert frozenset(found.causes) in tested
    assert all(score(frozenset(found.causes) - {one}) < 0 for one in found.causes)
    assert len(set(tested)) == len(tested)
    assert len(tested) <= most_tests(count, len(found.causes))


@settings(max_examples=400, deadline=None)
@example(count=10, seed=398, budget=14)  # after one change is left out, another one can be left out too
@given(st.integers(1, 12), st.integers(0, 10_000), st.integers(0, 14))
def test_whatever_changes_do_to_each_other_only_what_a_test_has_shown_is_claimed_within_the_budget(count, seed, budget):
    def score(chosen):
        drawn = random.Random(f"{seed} {sorted(chosen)}")
        return None if drawn.random() < 0.1 else drawn.uniform(-1, 0.5)

    found, tested = solve(count, score, budget)
    assert len(tested) <= budget
    if found.causes:
        assert frozenset(found.causes) in tested
        assert score(frozenset(found.causes)) >= 0
        if found.minimal and len(found.causes) > 1:
            assert all((score(frozenset(found.causes) - {one}) or -1) < 0 for one in found.causes)


@pytest.mark.parametrize("causes", [(0,), (11,), (2, 9), (0, 5, 11)])
def test_k_causes_among_twelve_changes_cost_about_k_log_n_tests(causes):
    found, tested = solve(12, needs(causes))
    assert set(found.causes) == set(causes)
    assert len(tested) <= most_tests(12, len(causes)) <= 2 + len(causes) * (math.log2(12) + 3)


@pytest.mark.parametrize("pair", [(a, b) for b in range(8) for a in range(b)])
def test_two_causes_among_eight_changes_fit_into_twelve_tests(pair):
    found, _ = solve(8, needs(pair), budget=12)
    assert set(found.causes) == set(pair)
    assert found.minimal


def test_the_cause_that_does_most_alone_is_named_first_and_each_share_was_tested():
    weight = {1: 0.1, 4: 0.2, 6: 0.6}
    found, tested = solve(8, lambda chosen: sum(weight.get(one, 0) for one in chosen) - 0.9 + 1e-9)
    assert found.causes == (6, 4, 1)
    assert {frozenset((6,)), frozenset((6, 4))} <= set(tested)


def test_of_few_changes_each_is_tried_alone_first():
    _, tested = solve(3, needs((2,)))
    assert [sorted(one) for one in tested] == [[0], [1], [2]]


def test_where_all_changes_at_once_do_not_repair_the_single_ones_and_pairs_are_tried():
    harmful = lambda chosen: None if len(chosen) > 2 else needs((1, 3))(chosen)  # noqa: E731
    found, _ = solve(5, harmful)
    assert set(found.causes) == {1, 3}


def test_where_nothing_repairs_that_is_said():
    assert solve(4, lambda chosen: -0.5)[0] == EvaluatedRepair(exhausted=True)


def test_a_repair_that_may_not_be_minimal_is_said_to_be_so_when_the_tests_run_out():
    found, tested = solve(12, needs((3, 9)), budget=5)
    assert len(tested) == 5
    assert {3, 9} <= set(found.causes)
    assert not found.minimal
    assert not found.exhausted
