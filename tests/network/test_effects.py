"""What one mistake alone does to the expected network."""

from network.keras_configs import act, build, conv, dense, dropout, flatten, functional, input_layer, layer, norm, pool

from autograder.network.canonical import canonicalize
from autograder.network.effects import Edit, insertion_anchor, partners
from autograder.network.measure import rows

# 0 input, 1 convolution, 2 pooling, 3 flatten, 4 dense, 5 softmax
LAYERS = [input_layer(8, 8, 1), conv(4), pool(), flatten(), dense(3), act("softmax")]
NETWORK = build(*LAYERS)


def operation(entry):
    return build(input_layer(32, 32, 1), entry).operations[1]


def effect(edit):
    return edit.effect(rows(NETWORK))


def test_nothing_done_changes_nothing():
    found = effect(Edit(NETWORK))
    assert (found.totals, found.rows) == (False, frozenset())


def test_a_layer_that_is_removed_leaves_its_input_to_what_read_it():
    edit = Edit(NETWORK)
    edit.remove(2)
    assert edit.architecture == build(*LAYERS[:2], *LAYERS[3:])
    found = effect(edit)
    assert found.totals
    assert found.rows == {2, 3, 4}


def test_an_activation_that_is_removed_changes_no_other_row_and_no_total():
    edit = Edit(NETWORK)
    edit.remove(5)
    assert edit.architecture == build(*LAYERS[:5])
    assert effect(edit) == (False, frozenset({5}))


def test_a_layer_that_is_inserted_is_read_by_what_read_the_one_before():
    edit = Edit(NETWORK)
    edit.insert(operation(pool()), 2)
    assert edit.architecture == build(*LAYERS[:3], pool(), *LAYERS[3:])
    assert effect(edit) == (True, frozenset({3, 4}))


def test_dropout_that_is_inserted_changes_nothing_that_is_counted():
    edit = Edit(NETWORK)
    edit.insert(operation(dropout(0.5)), 1)
    assert effect(edit) == (False, frozenset())


def test_other_settings_change_the_rows_that_follow():
    edit = Edit(NETWORK)
    edit.replace(1, operation(conv(8)))
    assert edit.architecture == build(LAYERS[0], conv(8), *LAYERS[2:])
    assert effect(edit) == (True, frozenset({1, 2, 3, 4}))


def test_frozen_weights_change_how_many_are_trainable():
    edit = Edit(NETWORK)
    edit.replace(1, operation(conv(4, trainable=False)))
    assert effect(edit) == (True, frozenset({1}))


def test_what_can_no_longer_be_computed_counts_as_changed():
    edit = Edit(NETWORK)
    edit.replace(2, operation(pool(pool_size=16)))
    assert effect(edit) == (True, frozenset({2, 3, 4, 5}))


def test_edits_follow_one_another():
    edit = Edit(NETWORK)
    edit.remove(2)
    edit.insert(operation(norm()), 1)
    edit.insert(operation(act()), 3)
    edit.remove(5)
    assert edit.architecture == build(*LAYERS[:2], norm(), flatten(), act(), dense(3))


def test_the_last_layer_that_is_inserted_is_what_the_network_gives_out():
    edit = Edit(NETWORK)
    edit.insert(operation(act("tanh")), 5)
    assert edit.architecture == build(*LAYERS, act("tanh"))


def test_what_has_no_place_makes_an_edit_impossible():
    for after in (None, 2):
        edit = Edit(NETWORK)
        edit.remove(2)
        edit.insert(operation(norm()), after)
        assert not edit.possible
        assert effect(edit) == (True, frozenset())


def test_a_layer_that_joins_others_cannot_be_removed():
    nodes = {"x": (input_layer(4), []), "d": (dense(4), [["x"]]), "sum": (layer("Add"), [["d", "x"]])}
    network = canonicalize("Functional", functional(["x"], ["sum"], nodes))
    edit = Edit(network)
    edit.remove(2)
    assert not edit.possible
    again = Edit(network)
    again.reconnect(2, (1, 1))
    assert again.possible
    assert again.architecture.operations[2].inputs == (1, 1)


def test_weights_stay_shared_with_the_same_layer_when_others_come_and_go():
    nodes = {"x": (input_layer(4), []), "a": (act(), [["x"]]), "d": (dense(4), [["a"], ["d"]])}
    edit = Edit(canonicalize("Functional", functional(["x"], ["d:1"], nodes)))
    edit.insert(operation(dropout(0.5)), 0)
    assert [one.shares for one in edit.architecture.operations] == [None, None, None, None, 3]
    edit.remove(1)
    assert [one.shares for one in edit.architecture.operations] == [None, None, None, 2]


def test_a_layer_stands_behind_the_nearest_one_before_it_that_has_a_partner():
    partner = partners(((0, 0), (1, None), (None, 1), (None, 2), (2, 3)))
    assert partner == {0: 0, 3: 2}
    assert insertion_anchor(2, NETWORK, partner) == 0
    assert insertion_anchor(4, NETWORK, partner) == 2
    assert insertion_anchor(0, NETWORK, partner) is None
