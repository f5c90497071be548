"""What an `architecture` and a `parameters` question give for two small networks: every mistake costs its own row."""

from dataclasses import replace

import pytest
from by_hand import context, question
from hypothesis import assume, given
from hypothesis import strategies as st
from network.keras_configs import act, build, conv, dense, dropout, flatten, input_layer, layer, norm, pool, sequential
from network.random_networks import bounded, edits, mistakes, one_by_one, regions, with_mistakes

from autograder.checks.base import ExpectedNetwork
from autograder.checks.judging import judge_all
from autograder.network.measure import rows
from autograder.network.table import parse_table
from autograder.records.evidence import CapturedNetwork

POINTS = 12.0
NETWORK = question("architecture", id="network", points=POINTS)
COUNTS = question("parameters", id="counts", points=2.0)

# 0 input, 1 convolution, 2 normalization, 3 activation, 4 pooling, 5 flatten, 6 dense, 7 softmax
LAYERS = [input_layer(8, 8, 1), conv(4), norm(), act(), pool(), flatten(), dense(3), act("softmax")]
MARKED = frozenset({2, 3, 4})


def table(layers, marked):
    """The handout's table, with lines around the marked rows."""
    lines = []
    for at, row in enumerate(rows(build(*layers))):
        if at in marked and at - 1 not in marked:
            lines.append("--- START")
        lines.append(f"row_{at} ({row.kind})   {row.shape}   {row.parameters}")
        if at in marked and at + 1 not in marked:
            lines.append("--- END")
    return parse_table("\n".join(lines))


def given_network(config, expected, printed):
    """What a check reads of a student's network, None where there is none."""
    networks = (CapturedNetwork(name="model", class_name="Sequential", config=config, cell=1),) if config else ()
    return replace(
        context(networks=networks), expected={"model": ExpectedNetwork("model", build(*expected), table=printed)}
    )


def verdict(student, expected=LAYERS, marked=MARKED, *, asked=NETWORK, counted=False):
    """The verdict on one question; `counted`: the other one is asked as well."""
    given = given_network(sequential(*student) if student else None, expected, table(expected, marked))
    questions = (NETWORK, COUNTS) if counted else (asked,)
    return next(one for one in judge_all(questions, replace(given, questions=questions)) if one.id == asked.id)


def near(share):
    """This share of the points, as scores are rounded."""
    return pytest.approx(POINTS * share, abs=1e-3)


def score(*arguments, **options):
    return verdict(*arguments, **options).score


def without(*places):
    return [one for at, one in enumerate(LAYERS) if at not in places]


def put(place, *new):
    return [*LAYERS[:place], *new, *LAYERS[place:]]


def instead(place, new, layers=LAYERS):
    return [*layers[:place], new, *layers[place + 1 :]]


def test_the_expected_network_earns_all():
    found = verdict(LAYERS)
    assert (found.status, found.score) == ("correct", POINTS)
    assert found.findings == ()


ONE_MISTAKE = {
    "a marked layer left out": without(3),
    "a marked layer with another setting": instead(4, pool(pool_size=[4, 4])),
    "a relative in a marked row": instead(4, layer("AveragePooling2D")),
    "a layer more between marked rows": put(3, dropout(0.5)),
    "a layer more beside the marked rows": put(5, dropout(0.5)),
    "two marked layers that changed places": [*LAYERS[:2], LAYERS[3], LAYERS[2], *LAYERS[4:]],
    "a given layer changed": instead(6, dense(5)),
    "a given layer left out": without(1),
    "a layer more among the given ones": put(1, dropout(0.5)),
}


@pytest.mark.parametrize("name", ONE_MISTAKE)
def test_one_mistake_costs_one_of_the_marked_rows(name):
    found = verdict(ONE_MISTAKE[name])
    assert (found.status, found.score) == ("partial", POINTS * 2 / 3)
    assert len(found.findings) == 1


@pytest.mark.parametrize(("places", "share"), [((2,), 2 / 3), ((2, 3), 1 / 3), ((2, 3, 4), 0)])
def test_every_marked_layer_that_is_missing_costs_its_row(places, share):
    assert score(without(*places)) == near(share)


def test_there_is_no_credit_below_nothing():
    found = verdict(without(1, 2, 3, 4))
    assert (found.status, found.score) == ("wrong", 0)


def test_without_marks_the_points_stand_on_all_rows_but_the_input():
    assert score(without(3), marked=()) == near(6 / 7)
    assert score(without(3, 4), marked=()) == near(5 / 7)


def test_a_row_of_a_layer_with_its_own_activation_stands_for_both():
    layers = [input_layer(4), dense(3), dense(2, activation="relu"), dense(2)]
    printed = parse_table(
        "d (Dense)  (None, 3)  15\n--- START\ne (Dense)  (None, 2)  8\n--- END\nf (Dense)  (None, 2)  6"
    )
    students = {"none": layers[:2], "no activation": [*layers[:2], dense(2)], "all": layers[:3]}
    earned = {
        name: NETWORK.judge(given_network(sequential(*written, layers[3]), layers, printed)).score
        for name, written in students.items()
    }
    assert earned == {"none": 0, "no activation": POINTS / 2, "all": POINTS}


class TestCountedElsewhere:
    """Another question asks for the parameter counts, so that a given row that changes them costs nothing twice."""

    @pytest.mark.parametrize("student", [instead(6, dense(5)), without(1)], ids=["changed", "left out"])
    def test_a_given_row_that_changes_the_counts_costs_the_counts_alone(self, student):
        assert score(student, counted=True) == POINTS
        assert score(student, asked=COUNTS) == 0

    def test_a_given_row_that_does_not_change_the_counts_costs_its_row(self):
        student = instead(7, act("tanh"))
        assert score(student, counted=True) == POINTS * 2 / 3
        assert score(student, asked=COUNTS) == COUNTS.points

    def test_a_marked_row_costs_its_row_whatever_the_counts_are(self):
        assert score(without(2), counted=True) == POINTS * 2 / 3
        assert score(without(2), asked=COUNTS) == 0

    def test_nothing_is_free_where_the_counts_come_out_right_after_all(self):
        layers = [input_layer(4), dense(3), dense(3), act("softmax")]
        unbiased = [layers[0], dense(3, use_bias=False), dense(3), layers[3]]
        balanced = [layers[0], dense(3, use_bias=False), layer("PReLU"), dense(3), layers[3]]
        assert score(unbiased, layers, {3}, counted=True) == POINTS
        assert score(balanced, layers, {3}, counted=True) == 0


def test_a_free_mistake_is_told_all_the_same():
    found = verdict(instead(6, dense(5)), counted=True)
    assert (found.status, found.score, len(found.findings)) == ("correct", POINTS, 1)


def test_layers_that_do_not_fit_together_never_earn_all():
    taller = [*LAYERS[:4], pool(pool_size=[16, 16]), *LAYERS[5:]]
    assert score(taller, marked={2, 3}, counted=True) == POINTS / 2


class TestFrozenBase:
    """The expected network has two frozen convolutions; the student has to write its head, or all of it."""

    BASE = [input_layer(8, 8, 1), conv(4, trainable=False), act(), conv(6, trainable=False)]
    HEAD = [flatten(), dense(5), act(), dense(3)]
    EXPECTED = [*BASE, *HEAD]
    NOT_FROZEN = [BASE[0], conv(4), act(), conv(6), *HEAD]

    @pytest.mark.parametrize(("marked", "share"), [((), 6 / 7), ({1, 2, 3}, 2 / 3), ({5, 6}, 1 / 2)])
    def test_not_freezing_it_costs_one_row(self, marked, share):
        found = verdict(self.NOT_FROZEN, self.EXPECTED, marked)
        assert found.score == near(share)
        assert len(found.findings) == 1

    def test_freezing_all_costs_one_row(self):
        frozen = [*self.BASE, flatten(), dense(5, trainable=False), act(), dense(3, trainable=False)]
        assert score(frozen, self.EXPECTED, ()) == near(6 / 7)

    def test_the_counts_of_a_base_that_was_to_be_frozen_cost_nothing_more(self):
        assert score(self.NOT_FROZEN, self.EXPECTED, {1, 2, 3}, asked=COUNTS) == 0
        assert score(self.NOT_FROZEN, self.EXPECTED, {1, 2, 3}, counted=True) == near(2 / 3)
        given_network_of = given_network(sequential(*self.NOT_FROZEN), self.EXPECTED, table(self.EXPECTED, {1, 2, 3}))
        both = judge_all((NETWORK, COUNTS), replace(given_network_of, questions=(NETWORK, COUNTS)))
        assert [one.score for one in both] == [near(2 / 3), COUNTS.points]

    def test_the_counts_of_a_given_base_cost_the_counts_alone(self):
        assert score(self.NOT_FROZEN, self.EXPECTED, {5, 6}, counted=True) == POINTS

    def test_the_counts_tell_trainable_and_frozen_parameters(self):
        (found,) = verdict(self.NOT_FROZEN, self.EXPECTED, {5, 6}, asked=COUNTS).findings
        assert "trainable parameters" in str(found.message.values["counts"])


COUNTED = {
    "the same": (LAYERS, 2.0),
    "another activation": (instead(3, act("tanh")), 2.0),
    "dropout more": (put(4, dropout(0.5)), 2.0),
    "no normalization": (without(2), 0.0),
    "frozen": (instead(6, dense(3, trainable=False)), 0.0),
    "layers that do not fit together": ([*LAYERS[:4], *[pool()] * 4, *LAYERS[5:]], 0.0),
}


@pytest.mark.parametrize("name", COUNTED)
def test_the_counts_are_right_or_not(name):
    student, earned = COUNTED[name]
    assert score(student, asked=COUNTS) == earned


def test_no_network_is_not_reached():
    for asked in (NETWORK, COUNTS):
        found = verdict([], asked=asked)
        assert (found.status, found.score) == ("not_reached", 0)


def test_a_network_with_a_layer_of_its_own_is_wrong():
    strange = {**layer("Mine"), "module": "__main__"}
    for asked in (NETWORK, COUNTS):
        found = verdict(put(3, strange), asked=asked)
        assert (found.status, found.score) == ("wrong", 0)


@bounded
@given(edits(), st.data())
def test_any_one_edit_costs_exactly_one_row(edited, data):
    assume(one_by_one(edited.after))
    marked = data.draw(regions(edited.before))
    same = sequential(*edited.before) == sequential(*edited.after)
    assume(not same)
    rows_to_write = len(marked) or len(edited.before) - 1
    found = verdict(edited.after, edited.before, marked)
    lost = 0 if found.status == "correct" else 1
    assert found.score == near((rows_to_write - lost) / rows_to_write)


@bounded
@given(mistakes(), st.data())
def test_more_mistakes_never_earn_more(made, data):
    layers, wrong = made
    last = data.draw(st.sampled_from(sorted(wrong)))
    fewer = with_mistakes(layers, {place: new for place, new in wrong.items() if place != last})
    more = with_mistakes(layers, wrong)
    assume(one_by_one(fewer) and one_by_one(more))
    marked = data.draw(regions(layers))
    assert score(more, layers, marked) <= score(fewer, layers, marked)
