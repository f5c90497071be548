"""A block that was pasted again is one mistake; a layer that is used at several places is not several layers."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from network.keras_configs import (
    CNN2_MARKED,
    act,
    cnn2_layers,
    conv,
    dense,
    dropout,
    flatten,
    functional,
    input_layer,
    layer,
    norm,
    pool,
)
from network.random_networks import bounded, networks, one_by_one, read

from autograder.network.canonical import canonicalize
from autograder.network.diff import compare

CNN2 = cnn2_layers()
MARKED = CNN2[11:15]


def diff(student, expected=CNN2, marked=CNN2_MARKED):
    return compare(read(expected), read(student), marked)


def seen(*arguments):
    return [(one.kind, one.span, one.marked) for one in diff(*arguments).deviations]


def after(place, *new, layers=CNN2):
    return [*layers[:place], *new, *layers[place:]]


REPEATED = {
    "the marked block": (after(15, *MARKED), ("repeated", 4, True)),
    "the marked block, three times in all": (after(15, *MARKED, *MARKED), ("repeated", 8, True)),
    "its first three layers": (after(14, *MARKED[:3]), ("repeated", 3, True)),
    "a given block": (after(7, *CNN2[1:7]), ("repeated", 6, False)),
    "a part of the head": (after(20, *CNN2[16:20]), ("repeated", 4, False)),
    "everything, as when the cell that adds it runs again": (after(len(CNN2), *CNN2[1:]), ("repeated", 21, True)),
}


@pytest.mark.parametrize("name", REPEATED)
def test_a_block_that_stands_there_again_is_one_mistake(name):
    student, wanted = REPEATED[name]
    assert seen(student) == [wanted]


def test_every_layer_of_the_block_is_a_row_of_its_own():
    found = diff(after(15, *MARKED))
    assert [row.state for row in found.aligned].count("extra") == 4
    (one,) = found.deviations
    assert one.expected is None
    assert one.changes_totals


def test_a_repeated_block_that_changes_no_total_says_so():
    layers = [input_layer(4), dense(4), act(), dropout(0.5), dense(2)]
    (one,) = diff(after(4, *layers[2:4], layers=layers), layers, frozenset()).deviations
    assert (one.kind, one.changes_totals) == ("repeated", False)


def test_a_layer_with_its_own_activation_is_a_block():
    layers = [input_layer(4), dense(4, activation="relu"), dense(2)]
    assert seen(after(2, layers[1], layers=layers), layers, frozenset()) == [("repeated", 2, False)]


def test_one_layer_more_of_the_same_is_one_layer_too_many():
    assert seen(after(12, norm())) == [("extra", 1, True)]


def test_layers_that_repeat_nothing_are_each_too_many():
    assert [kind for kind, *_ in seen(after(15, dense(3), dropout(0.1)))] == ["extra", "extra"]


def test_what_is_added_beside_a_repeated_block_counts_for_itself():
    kinds = [kind for kind, *_ in seen(after(15, *MARKED, layer("GaussianNoise", stddev=0.1)))]
    assert kinds == ["repeated", "extra"]


def test_a_block_may_be_taken_layer_by_layer():
    found = compare(read(CNN2), read(after(15, *MARKED)), folded=False)
    assert [one.kind for one in found.deviations] == ["extra"] * 4


@bounded
@given(networks().filter(one_by_one), st.data())
def test_any_block_that_is_pasted_twice_is_one_mistake(layers, data):
    first = data.draw(st.integers(1, len(layers) - 2))
    last = data.draw(st.integers(first + 1, len(layers) - 1))
    twice = after(last + 1, *layers[first : last + 1], layers=layers)
    assume(one_by_one(twice))
    assert [one.kind for one in diff(twice, layers, frozenset()).deviations] == ["repeated"]


def normalized(names):
    """Two convolutions with normalization, the normalizations of these names: twice the same is one layer."""
    calls = {name: (norm(), []) for name in names}
    first, second = names
    nodes = {"x": (input_layer(8, 8, 1), []), "a": (conv(4), [["x"]]), "b": (conv(4), [[first]])}
    calls[first][1].append(["a"])
    calls[second][1].append(["b"])
    end = f"{second}:1" if first == second else second
    nodes |= {**calls, "flat": (flatten(), [[end]]), "y": (dense(2), [["flat"]])}
    return canonicalize("Functional", functional(["x"], ["y"], nodes))


def test_a_layer_that_is_used_twice_is_told_from_two_layers():
    separate, shared = normalized(["n", "m"]), normalized(["n", "n"])
    assert compare(shared, shared).same
    (one,) = compare(separate, shared, frozenset({4})).deviations
    assert (one.kind, one.expected, one.actual, one.marked, one.changes_totals) == ("shared", 4, 4, True, True)
    (other,) = compare(shared, separate).deviations
    assert (other.kind, other.changes_totals) == ("shared", True)


def test_only_the_row_that_uses_the_weights_again_is_wrong():
    found = compare(normalized(["n", "m"]), normalized(["n", "n"]))
    assert [row.state for row in found.aligned].count("different") == 1
    assert {row.state for row in found.aligned} == {"same", "different"}


def test_an_activation_that_is_used_at_several_places_shares_nothing():
    nodes = {
        "x": (input_layer(4), []),
        "a": (dense(4), [["x"]]),
        "act": (act(), [["a"], ["b"]]),
        "b": (dense(3), [["act"]]),
    }
    shared = canonicalize("Functional", functional(["x"], ["act:1"], nodes))
    assert compare(read([input_layer(4), dense(4), act(), dense(3), act()]), shared).same


def test_a_pooling_layer_more_of_the_same_kind_each_time_is_one_mistake():
    assert [kind for kind, *_ in seen(after(15, pool(), pool()))] == ["repeated"]
