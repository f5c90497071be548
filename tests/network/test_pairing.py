"""Of several ways to pair two networks up, the one that tells the mistakes best."""

import pytest
from network.keras_configs import act, build, conv, dense, dropout, flatten, input_layer, norm, pool

from autograder.network.diff import compare


def seen(expected, student, marked=()):
    found = compare(build(*expected), build(*student), frozenset(marked))
    return [(one.kind, one.expected, one.actual) for one in found.deviations]


def valid(filters):
    return conv(filters, padding="valid", activation="relu")


# 1, 2 the first convolution with its activation, 3 pooling, 4, 5 the second, 6 pooling, 7, 8 the layer to be added
TAIL = [flatten(), dense(10)]
ADDED = [input_layer(32, 32, 3), valid(32), pool(), valid(32), pool(), valid(32), *TAIL]
ADDED_ROWS = (7, 8)


@pytest.mark.parametrize(("place", "there"), [(2, 3), (4, 6)], ids=["before the first pooling", "before the second"])
def test_a_layer_in_a_wrong_place_is_at_fault_and_not_what_it_stands_before(place, there):
    given = [*ADDED[:5], *TAIL]
    student = [*given[:place], valid(32), *given[place:]]
    assert seen(ADDED, student, ADDED_ROWS) == [("moved", 7, there), ("moved", 8, there + 1)]


def test_what_is_given_and_left_out_is_at_fault_whatever_is_marked():
    assert seen(ADDED, [*ADDED[:4], *ADDED[5:]], ADDED_ROWS) == [("missing", 6, None)]


BLOCK = [norm(), dropout(0.3), act()]
# 2, 3, 4 the block behind the 500 units, 6, 7, 8 that behind the 50
DEEP = [input_layer(784), dense(500), *BLOCK, dense(50), *BLOCK, dense(10), act("softmax")]
HEAD = [dense(10), act("softmax")]
LARGE_NORM = {
    "activation first": [act(), norm(), dropout(0.3), dense(50), act()],
    "no dropout": [act(), norm(), dense(50), act()],
    "a norm after each activation": [act(), norm(), dense(50), act(), norm()],
    "no second dense layer": [norm(), dropout(0.3), act()],
}


@pytest.mark.parametrize("name", LARGE_NORM)
def test_a_layer_stands_for_the_row_that_has_its_size(name):
    student = build(input_layer(784), dense(500), *LARGE_NORM[name], *HEAD)
    found = compare(build(*DEEP), student)
    (norm_row,) = {
        row.expected
        for row in found.aligned
        if row.actual is not None
        and row.expected is not None
        and student.operations[row.actual].kind == "BatchNormalization"
        and found.actual_rows[row.actual].parameters == 2000
    } | {
        one.expected
        for one in found.deviations
        if one.kind == "moved" and one.actual is not None and found.actual_rows[one.actual].parameters == 2000
    }
    assert norm_row == 2
    assert all(one.settings != ("kind",) for one in found.deviations)


def test_a_size_that_follows_from_an_earlier_mistake_is_no_mistake():
    student = [DEEP[0], dense(400), *DEEP[2:]]
    assert seen(DEEP, student) == [("different", 1, 1)]


def test_what_was_given_comes_before_sizes():
    block = [norm(), act()]
    twice = [input_layer(8, 8, 1), conv(4), *block, conv(4), *block, flatten(), dense(3)]
    assert seen(twice, [*twice[:4], *twice[7:]], (1, 2, 3)) == [("missing", row, None) for row in (1, 2, 3)]
