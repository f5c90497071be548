"""Which layers may learn: a base that is not frozen is one mistake, however many layers it has."""

import pytest
from network.keras_configs import act, build, conv, dense, flatten, input_layer, layer, norm, pool, sequential

from autograder.core.messages import in_plain_text
from autograder.network.canonical import UnknownNetwork
from autograder.network.diff import compare

IMAGE = input_layer(8, 8, 1)
BODY = [conv(4), norm(), act(), pool(), conv(6), norm(), act()]
HEAD = [flatten(), dense(3), act("softmax")]


def base(layers=BODY, *, trainable):
    """A network that is used as one layer of another."""
    return {**layer("Sequential", **{**sequential(IMAGE, *layers), "trainable": trainable}), "module": "keras"}


def network(layers=BODY, head=HEAD, *, frozen=True):
    return build(IMAGE, base(layers, trainable=not frozen), *head)


def seen(student, expected, marked=()):
    return [(one.kind, one.settings) for one in compare(expected, student, frozenset(marked)).deviations]


def test_frozen_layers_have_parameters_that_are_not_trainable():
    assert compare(network(), network()).same
    (one,) = compare(network(), network(frozen=False)).deviations
    assert (one.kind, one.pairs, one.changes_totals) == ("frozen", ((1, 1), (2, 2), (5, 5), (6, 6)), True)


def test_a_base_is_frozen_as_a_whole_or_layer_by_layer():
    layers = [{**one, "config": {**one["config"], "trainable": False}} for one in BODY]
    assert compare(network(), build(IMAGE, *layers, *HEAD)).same
    assert compare(network(), network(layers, frozen=False)).same


SAID = {
    "base": (
        network(),
        network(frozen=False),
        "4 layers, from conv2d (Conv2D) on, should be frozen: trainable = False.",
    ),
    "all": (
        network(frozen=False),
        network(),
        "4 layers, from conv2d (Conv2D) on, are frozen, but should learn: trainable = True.",
    ),
    "one": (
        build(IMAGE, conv(4, trainable=False), *HEAD),
        build(IMAGE, conv(4), *HEAD),
        "conv2d (Conv2D) should be frozen: trainable = False.",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_the_sentence_tells_which_layers(name):
    expected, student, said = SAID[name]
    (one,) = compare(expected, student).deviations
    assert in_plain_text(one.message) == said


def test_layers_that_should_be_frozen_and_layers_that_should_not_are_two_mistakes():
    head = [flatten(), dense(3, trainable=False), act("softmax")]
    assert [kind for kind, _ in seen(network(head=head, frozen=False), network())] == ["frozen", "frozen"]


def test_other_mistakes_in_a_base_that_is_not_frozen_are_found_as_in_a_frozen_one():
    others = {
        "missing": [*BODY[:1], *BODY[2:]],
        "extra": [*BODY[:4], norm(), *BODY[4:]],
        "different": [conv(5), *BODY[1:]],
    }
    for kind, layers in others.items():
        ((frozen, _),) = seen(network(layers), network())
        assert frozen == kind
        assert sorted(one for one, _ in seen(network(layers, frozen=False), network())) == sorted(["frozen", kind])


def test_a_single_layer_that_differs_in_more_than_that_is_one_mistake():
    expected = build(IMAGE, conv(4, trainable=False), *HEAD)
    assert seen(build(IMAGE, conv(5), *HEAD), expected) == [("different", ("filters", "trainable"))]


def test_of_two_equal_layers_the_frozen_one_is_paired_with_the_frozen_one():
    frozen = dense(3, trainable=False)
    expected = build(input_layer(3), frozen, dense(3), dense(2))
    for kept, missing in ((frozen, 2), (dense(3), 1)):
        (one,) = compare(expected, build(input_layer(3), kept, dense(2))).deviations
        assert (one.kind, one.expected) == ("missing", missing)


def test_every_layer_that_differs_is_shown_as_different():
    shown = compare(network(), network(frozen=False)).aligned
    assert [row.state for row in shown if row.expected in (1, 2, 5, 6)] == ["different"] * 4
    assert {row.state for row in shown if row.expected not in (1, 2, 5, 6)} == {"same"}


PRINTS = ["0" * 32, "1" * 32]


def loaded(one, prints=PRINTS):
    return {**one, "config": {**one["config"], "base_weights": list(prints)}}


def from_base(*, frozen=True, weights=True, head=HEAD):
    layers = [loaded(conv(4)), norm(), loaded(conv(6))] if weights else [conv(4), norm(), conv(6)]
    return network(layers, head, frozen=frozen)


def test_layers_without_the_weights_of_the_base_model_are_one_mistake():
    assert compare(from_base(), from_base()).same
    (one,) = compare(from_base(), from_base(weights=False)).deviations
    assert (one.kind, one.pairs, one.changes_totals) == ("base_weights", ((1, 1), (3, 3)), False)
    said = "2 layers, from conv2d (Conv2D) on, do not have the weights of the base model."
    assert in_plain_text(one.message) == said


def test_a_base_that_is_neither_loaded_nor_frozen_is_two_mistakes():
    found = seen(from_base(frozen=False, weights=False), from_base())
    assert found == [("frozen", ("trainable",)), ("base_weights", ("base_weights",))]


def test_weights_where_none_belong_and_those_of_another_layer_are_named():
    head = [flatten(), loaded(dense(3)), act("softmax")]
    (one,) = compare(from_base(), from_base(head=head)).deviations
    assert in_plain_text(one.message) == "dense (Dense) has weights of the base model, but should start with new ones."
    swapped = network([loaded(conv(4)), norm(), loaded(conv(6), reversed(PRINTS))])
    (one,) = compare(from_base(), swapped).deviations
    assert in_plain_text(one.message) == "conv2d_1 (Conv2D) has the weights of another layer of the base model."


@pytest.mark.parametrize("weights", ["00", ["0"], [7], [], ["g" * 32], ["0" * 32] * 65])
def test_weights_that_are_described_otherwise_are_refused(weights):
    layer = conv(4)
    with pytest.raises(UnknownNetwork):
        build(IMAGE, {**layer, "config": {**layer["config"], "base_weights": weights}}, *HEAD)
