"""Which layer of a student's network stands for which expected one."""

import pytest
from network.keras_configs import act, build, conv, dense, dropout, flatten, input_layer, layer, norm, pool

from autograder.network.align import align, compared, differing, needs_no_padding
from autograder.network.measure import rows

IMAGE = input_layer(8, 8, 1)


def paired(ours, theirs, marked=()):
    expected, actual = build(IMAGE, *ours), build(IMAGE, *theirs)
    return align(expected, actual, frozenset(marked), needs_no_padding(expected, rows(expected)))


def operation(entry):
    return build(IMAGE, entry).operations[1]


def test_equal_layers_are_paired_in_order():
    assert paired([conv(4), act()], [conv(4), act()]) == ((0, 0), (1, 1), (2, 2))


def test_what_is_missing_and_what_is_extra_stand_alone():
    assert paired([conv(4), norm(), act()], [conv(4), act()]) == ((0, 0), (1, 1), (2, None), (3, 2))
    assert paired([conv(4), act()], [conv(4), norm(), act()]) == ((0, 0), (1, 1), (None, 2), (2, 3))


NEARER = {
    "the same kind with other settings before a relative": (
        [pool()],
        [pool(pool_size=4), layer("AveragePooling2D")],
        1,
    ),
    "a relative before something unrelated": ([pool()], [dropout(0.5), layer("AveragePooling2D")], 2),
    "fewer other settings": ([conv(4)], [conv(8, use_bias=False), conv(8)], 2),
    "the equal one": ([conv(4)], [conv(8), conv(4)], 2),
}


@pytest.mark.parametrize("name", NEARER)
def test_the_nearer_layer_is_paired(name):
    ours, theirs, chosen = NEARER[name]
    assert (1, chosen) in paired(ours, theirs)


def test_an_input_is_paired_with_nothing_but_an_input():
    expected, actual = build(input_layer(4), dense(3)), build(input_layer(5), dense(3))
    assert align(expected, actual, frozenset(), frozenset()) == ((0, 0), (1, 1))


@pytest.mark.parametrize("rows_to_write", [(1, 2), (3, 4)])
def test_given_rows_are_paired_first_where_several_pairings_are_as_good(rows_to_write):
    block = [conv(4), act()]
    pairs = paired([*block, *block], block, rows_to_write)
    assert {ours for ours, theirs in pairs if theirs is None} == set(rows_to_write)


def test_a_layer_more_stands_beside_the_marked_rows_where_that_is_as_good():
    (place,) = (
        at
        for at, (ours, _) in enumerate(paired([act()] * 1 + [conv(4), conv(4)], [act(), *[conv(4)] * 3], [3]))
        if ours is None
    )
    assert place >= 3


def test_settings_that_are_compared_are_those_that_change_what_is_computed():
    assert {"filters", "kernel_size", "padding", "strides", "use_bias"} <= compared(operation(conv(4))).keys()
    assert not any(name.endswith("_initializer") for name in compared(operation(conv(4))))
    assert {"momentum", "epsilon"}.isdisjoint(compared(operation(norm())))


def test_settings_are_named_where_they_differ():
    assert differing(operation(conv(4)), operation(conv(5, strides=2))) == ("filters", "strides")
    assert differing(operation(conv(4)), operation(norm())) == ("kind",)


def test_free_padding_does_not_differ_but_causal_padding_does():
    valid, same, causal = (
        build(input_layer(8, 1), layer("Conv1D", filters=2, kernel_size=3, padding=how)).operations[1]
        for how in ("valid", "same", "causal")
    )
    assert differing(valid, same) == ("padding",)
    assert differing(valid, same, any_padding=True) == ()
    assert differing(valid, causal, any_padding=True) == ("padding",)


def test_padding_is_free_where_the_window_divides_the_image():
    network = build(IMAGE, pool(), conv(4, padding="valid"), pool(padding="valid"), flatten(), dense(2))
    assert needs_no_padding(network, rows(network)) == {1, 3}


def test_what_bidirectional_wraps_is_compared_by_its_settings():
    def wrapped(units, **settings):
        forward, backward = (layer("LSTM", units=units, go_backwards=turned, **settings) for turned in (False, True))
        entry = layer("Bidirectional", layer=forward, backward_layer=backward)
        return build(input_layer(5, 3), entry).operations[1]

    assert differing(wrapped(4), wrapped(5)) == ("layer",)
    assert differing(wrapped(4), wrapped(4, kernel_initializer=layer("HeNormal"))) == ()
