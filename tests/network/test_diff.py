"""What counts as a mistake, and how many there are: each rule with two small networks."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from network.keras_configs import (
    act,
    build,
    conv,
    dense,
    dropout,
    flatten,
    functional,
    input_layer,
    layer,
    norm,
    pool,
    sequential,
)
from network.random_networks import bounded, edits, mistakes, networks, one_by_one, read, regions, with_mistakes

from autograder.network.canonical import canonicalize
from autograder.network.diff import compare
from autograder.network.measure import measure_until_misfit

IMAGE = input_layer(8, 8, 1)
# 0 input, 1 convolution, 2 normalization, 3 activation, 4 pooling, 5 flatten, 6 dense, 7 softmax
NETWORK = [IMAGE, conv(4), norm(), act(), pool(), flatten(), dense(3), act("softmax")]


def without(place, layers=NETWORK):
    return [*layers[:place], *layers[place + 1 :]]


def put(place, *new, layers=NETWORK):
    return [*layers[:place], *new, *layers[place:]]


def instead(place, new, layers=NETWORK):
    return [*layers[:place], new, *layers[place + 1 :]]


def diff(student, expected=NETWORK, marked=()):
    return compare(read(expected), read(student), frozenset(marked))


def seen(student, expected=NETWORK, marked=()):
    """Kind and places of every deviation."""
    return [(one.kind, one.expected, one.actual) for one in diff(student, expected, marked).deviations]


def states(student, marked=()):
    return [row.state for row in diff(student, marked=marked).aligned]


def test_the_same_network_has_no_deviation():
    found = diff(NETWORK)
    assert found.same
    assert {row.state for row in found.aligned} == {"same"}
    assert found.expected_rows == found.actual_rows


def test_a_layer_that_is_left_out_is_missing_and_nothing_else_is_wrong():
    assert seen(without(2)) == [("missing", 2, None)]


def test_a_layer_more_is_extra():
    assert seen(put(4, dropout(0.5))) == [("extra", None, 4)]


def test_a_layer_of_the_kind_with_other_settings_is_different_in_these():
    (one,) = diff(instead(1, conv(8, kernel_size=[5, 5]))).deviations
    assert (one.kind, one.expected, one.actual) == ("different", 1, 1)
    assert one.settings == ("filters", "kernel_size")


def test_a_relative_in_the_place_of_a_layer_is_another_kind():
    (one,) = diff(instead(4, layer("AveragePooling2D"))).deviations
    assert (one.kind, one.expected, one.actual, one.settings) == ("different", 4, 4, ("kind",))


def test_two_layers_that_changed_places_are_one_mistake():
    (one,) = diff([*NETWORK[:2], NETWORK[3], NETWORK[2], *NETWORK[4:]]).deviations
    assert one.kind == "moved"
    assert {one.expected} <= {2, 3}


def test_a_moved_layer_stands_in_two_rows_and_is_counted_once():
    moved = [*NETWORK[:2], NETWORK[3], NETWORK[2], *NETWORK[4:]]
    assert states(moved).count("moved") == 2
    assert len(diff(moved).deviations) == 1


def test_a_layer_in_another_place_with_other_settings_is_missing_there_and_extra_here():
    found = seen([IMAGE, dropout(0.2), *without(0)], [IMAGE, *without(0), dropout(0.5)])
    assert sorted(kind for kind, _, _ in found) == ["extra", "missing"]


def test_what_follows_from_a_mistake_is_no_mistake():
    found = diff(without(4))
    assert [one.kind for one in found.deviations] == ["missing"]
    assert [row.state for row in found.aligned] == [*["same"] * 4, "missing", *["consequence"] * 2, "same"]


def test_a_row_that_follows_from_nothing_is_the_same():
    assert states(instead(7, act("sigmoid"))) == [*["same"] * 7, "different"]


def test_layers_that_do_not_fit_together_are_compared_all_the_same():
    twice = put(5, pool(), pool(), pool())
    found = diff(twice)
    assert [one.kind for one in found.deviations] in (["extra"] * 3, ["repeated"])
    assert len(found.actual_rows) < len(twice)
    assert found.aligned[-1].state == "consequence"


def test_an_empty_network_misses_every_layer():
    found = seen([input_layer(8, 8, 1)])
    assert found == [("missing", place, None) for place in range(1, len(NETWORK))]


def test_another_input_is_another_setting_of_the_input():
    (one,) = diff(instead(0, input_layer(8, 8, 3))).deviations
    assert (one.kind, one.expected, one.settings) == ("different", 0, ("shape",))


def test_deviations_come_in_the_order_of_the_layers():
    student = put(6, dropout(0.5), layers=instead(1, conv(8)))[:-1]
    assert [one.kind for one in diff(student).deviations] == ["different", "extra", "missing"]


LEARNING = {
    "initializer": (conv(4), conv(4, kernel_initializer=layer("HeNormal"))),
    "regularizer": (conv(4), conv(4, kernel_regularizer=layer("L2", l2=0.1))),
    "constraint": (conv(4), conv(4, kernel_constraint=layer("NonNeg"))),
    "momentum": (norm(), layer("BatchNormalization", momentum=0.9)),
    "epsilon": (norm(), layer("BatchNormalization", epsilon=1e-5)),
}


@pytest.mark.parametrize("name", LEARNING)
def test_what_no_table_shows_is_compared_only_where_that_is_asked_for(name):
    one, other = (build(IMAGE, entry) for entry in LEARNING[name])
    assert compare(one, other).same
    (found,) = compare(one, other, strict=True).deviations
    assert found.kind == "different"
    assert len(found.settings) == 1


def test_padding_is_free_where_nothing_is_left_over():
    assert diff(instead(4, pool(padding="same"))).same


def test_padding_counts_where_something_is_left_over():
    odd = [input_layer(9, 9, 1), *NETWORK[1:]]
    (one,) = diff(instead(4, pool(padding="same"), odd), odd).deviations
    assert one.settings == ("padding",)


def test_padding_stays_free_where_an_earlier_mistake_makes_the_size_odd():
    smaller = instead(1, conv(4, kernel_size=[2, 2], padding="valid"), instead(4, pool(padding="same")))
    assert [one.expected for one in diff(smaller).deviations] == [1]


class TestMarked:
    """The rows that the student had to write are 2 and 3, the rest was given."""

    ROWS = (2, 3)

    def marks(self, student):
        return [(one.kind, one.marked) for one in diff(student, marked=self.ROWS).deviations]

    @pytest.mark.parametrize("place", [2, 3])
    def test_a_mistake_in_a_marked_row_is_marked(self, place):
        assert self.marks(without(place)) == [("missing", True)]

    @pytest.mark.parametrize("place", [1, 4, 6])
    def test_a_mistake_in_a_given_row_is_not(self, place):
        assert self.marks(without(place)) == [("missing", False)]

    @pytest.mark.parametrize("place", [2, 3, 4])
    def test_a_layer_more_between_or_beside_marked_rows_is_marked(self, place):
        assert self.marks(put(place, dropout(0.5))) == [("extra", True)]

    @pytest.mark.parametrize("place", [1, 5, 6, 8])
    def test_a_layer_more_among_the_given_rows_is_not(self, place):
        assert self.marks(put(place, dropout(0.5))) == [("extra", False)]

    def test_a_given_layer_that_was_put_between_the_marked_rows_is_marked(self):
        student = [*NETWORK[:3], NETWORK[4], NETWORK[3], *NETWORK[5:]]
        assert self.marks(student) == [("moved", True)]

    def test_marked_rows_are_the_missing_ones_where_given_rows_look_the_same(self):
        twice = [IMAGE, conv(4), norm(), act(), conv(4), norm(), act(), flatten(), dense(3)]
        for rows in ((1, 2, 3), (4, 5, 6)):
            found = diff([*twice[:4], *twice[7:]], twice, rows)
            assert [(one.expected, one.marked) for one in found.deviations] == [(row, True) for row in rows]

    def test_each_row_says_whether_it_is_marked(self):
        marked = [row.expected for row in diff(NETWORK, marked=self.ROWS).aligned if row.marked]
        assert marked == list(self.ROWS)


TOTALS = {
    "no convolution": (without(1), True),
    "no normalization": (without(2), True),
    "no activation": (without(3), False),
    "no pooling": (without(4), True),
    "dropout more": (put(4, dropout(0.5)), False),
    "another normalization more": (put(4, norm()), True),
    "another activation": (instead(3, act("tanh")), False),
    "fewer units": (instead(6, dense(2)), True),
    "frozen": (instead(6, dense(3, trainable=False)), True),
    "average instead of maximum": (instead(4, layer("AveragePooling2D")), False),
    "normalization after the activation": ([*NETWORK[:2], NETWORK[3], NETWORK[2], *NETWORK[4:]], False),
    "pooling before the convolution": ([IMAGE, pool(), *NETWORK[1:4], *NETWORK[5:]], False),
    "layers that no longer fit": (without(5), True),
}


@pytest.mark.parametrize("name", TOTALS)
def test_a_deviation_says_whether_it_alone_changes_the_totals(name):
    student, changes = TOTALS[name]
    (one,) = diff(student).deviations
    assert one.changes_totals == changes


def test_of_two_mistakes_only_the_one_that_changes_the_totals_says_so():
    found = diff(instead(3, act("tanh"), instead(6, dense(2))))
    assert [(one.expected, one.changes_totals) for one in found.deviations] == [(3, False), (6, True)]


class TestBranches:
    """Networks in which a layer reads others than the one before."""

    def branched(self, reads=("a", "b"), **nodes):
        parts = {
            "x": (input_layer(4), []),
            "a": (dense(4, use_bias=False), [["x"]]),
            "b": (dense(4, activation="tanh"), [["x"]]),
            "sum": (layer("Add"), [[*reads]]),
            "y": (dense(2), [["sum"]]),
        } | nodes
        return canonicalize("Functional", functional(["x"], ["y"], parts))

    def test_the_order_of_what_is_added_does_not_matter(self):
        assert compare(self.branched(), self.branched(("b", "a"))).same

    def test_a_layer_that_reads_another_one_is_connected_otherwise(self):
        nodes = {
            "x": (input_layer(4), []),
            "a": (dense(4), [["x"]]),
            "b": (norm(), [["a"]]),
            "y": (dense(2), [["sum"]]),
        }
        one, other = (
            canonicalize("Functional", functional(["x"], ["y"], {**nodes, "sum": (layer("Add"), [[skipped, "b"]])}))
            for skipped in ("x", "a")
        )
        (found,) = compare(one, other).deviations
        assert found.kind == "connected"
        assert one.operations[found.expected].kind == "Add"

    def test_a_branch_that_reads_the_other_one_is_one_mistake(self):
        student = self.branched(b=(dense(4, activation="tanh"), [["a"]]))
        assert len(compare(self.branched(), student).deviations) == 1

    def test_a_layer_that_is_missing_in_a_branch_is_no_wrong_connection(self):
        expected = self.branched(c=(dropout(0.3), [["b"]]), sum=(layer("Add"), [["a", "c"]]))
        (one,) = compare(expected, self.branched()).deviations
        assert one.kind == "missing"
        assert expected.operations[one.expected].kind == "Dropout"

    def test_a_network_that_ends_too_early_is_connected_otherwise(self):
        nodes = {"x": (input_layer(4), []), "a": (dense(4), [["x"]]), "b": (dense(2), [["a"]])}
        both = canonicalize("Functional", functional(["x"], ["a", "b"], nodes))
        last = canonicalize("Functional", functional(["x"], ["b"], nodes))
        assert [one.kind for one in compare(both, last).deviations] == ["connected"]
        assert compare(both, both).same


@bounded
@given(networks(), st.data())
def test_any_network_equals_itself(layers, data):
    found = compare(read(layers), read(layers), data.draw(regions(layers)))
    assert found.same
    assert all(row.state == "same" and row.expected == row.actual for row in found.aligned)


@bounded
@given(edits(), st.data())
def test_any_one_edit_is_one_deviation(edited, data):
    assume(one_by_one(edited.after))
    expected, student = read(edited.before), read(edited.after)
    found = compare(expected, student, data.draw(regions(edited.before)))
    assert len(found.deviations) == (expected != student)


@bounded
@given(edits())
def test_undoing_an_edit_is_one_deviation_too(edited):
    assume(one_by_one(edited.after))
    student, expected = read(edited.before), read(edited.after)
    assume(fits(student))
    assert len(compare(expected, student).deviations) == (expected != student)


@bounded
@given(mistakes(), st.data())
def test_more_mistakes_are_never_fewer_deviations(made, data):
    layers, wrong = made
    last = data.draw(st.sampled_from(sorted(wrong)))
    fewer = with_mistakes(layers, {place: new for place, new in wrong.items() if place != last})
    more = with_mistakes(layers, wrong)
    assume(one_by_one(fewer) and one_by_one(more))
    marked = data.draw(regions(layers))
    counted = [len(compare(read(layers), read(each), marked).deviations) for each in (fewer, more)]
    assert counted[0] <= counted[1] <= len(wrong)


@bounded
@given(edits(), st.data())
def test_every_operation_stands_in_exactly_one_row(edited, data):
    expected, student = read(edited.before), read(edited.after)
    found = compare(expected, student, data.draw(regions(edited.before)))
    ours = [row.expected for row in found.aligned if row.expected is not None]
    theirs = [row.actual for row in found.aligned if row.actual is not None]
    assert ours == list(range(len(expected.operations)))
    assert theirs == list(range(len(student.operations)))


def spelled(layers, how):
    """The same network, written in another way."""
    if how == "names":
        return sequential(*({**one, "config": {**one["config"], "name": f"n{at}"}} for at, one in enumerate(layers)))
    if how == "nested":
        middle = 1 + len(layers) // 2
        inner = {**layer("Sequential", **sequential(*layers[1:middle])), "module": "keras"}
        return sequential(layers[0], inner, *layers[middle:])
    written = []
    for one in layers:
        name, config = one["class_name"], one["config"]
        before = written[-1] if written else one
        if how == "activations" and name == "Activation" and before["class_name"] in ("Conv2D", "Dense"):
            written[-1] = {**before, "config": {**before["config"], "activation": config["activation"]}}
        elif how == "relu" and name == "Activation" and config["activation"] == "relu":
            written.append(layer("ReLU"))
        elif how == "reshape" and name == "Flatten":
            written.append(layer("Reshape", target_shape=[-1]))
        elif how == "strides" and name == "MaxPooling2D":
            size = config.get("pool_size", [2, 2])
            written.append(pool(**{"pool_size": size, "strides": size, **config}))
        else:
            written.append(one)
    return sequential(*written)


def called(layers):
    """The same layers, each called on the one before."""
    nodes = {f"l{at}": (one, [[f"l{at - 1}"]] if at else []) for at, one in enumerate(layers)}
    return functional(["l0"], [f"l{len(layers) - 1}"], nodes)


@bounded
@given(edits(), st.sampled_from(["names", "nested", "activations", "relu", "reshape", "strides"]))
def test_another_spelling_changes_nothing(edited, how):
    expected, student = read(edited.before), read(edited.after)
    assume(fits(student))
    again = canonicalize("Sequential", spelled(edited.after, how))
    assert again == student
    assert plain(compare(expected, again)) == plain(compare(expected, student))


@bounded
@given(edits())
def test_functional_or_sequential_changes_nothing(edited):
    expected, student = read(edited.before), read(edited.after)
    assume(fits(student))
    again = canonicalize("Functional", called(edited.after))
    assert plain(compare(expected, again)) == plain(compare(expected, student))


def fits(network):
    return measure_until_misfit(network)[1] is None


def plain(found):
    """All of a diff but what names the layers."""
    wording = {"message", "where", "hint"}
    return [one.model_dump(exclude=wording) for one in found.deviations], [
        row.model_dump(exclude={"note"}) for row in found.aligned
    ]
