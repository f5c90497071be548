"""Which network of a notebook is meant where variables have other names than the assignment's."""

import pytest
from by_hand import FASHION, context, conv, dense, judged, layer, network, question, said

from autograder.checks.base import NotebookCell

DENSE = (layer("Flatten"), dense(100, "relu"), dense(50, "relu"), dense(10, "softmax"))
EXPECTED = {"cnn": network(*FASHION, name="cnn"), "mlp": network(*DENSE, name="mlp")}
QUESTION = {name: question("architecture", network=name) for name in EXPECTED}


def verdict(asked, *networks, expected=EXPECTED):
    return judged(QUESTION[asked], context(networks=networks, expected=expected))


def test_each_of_two_renamed_networks_is_taken_for_what_it_is_closest_to():
    built = network(*DENSE, name="first"), network(*FASHION[:-1], dense(10), name="second")
    assert verdict("mlp", *built).status == "correct"
    assert "called `first`" in said(verdict("mlp", *built))
    assert "called `second`" in said(verdict("cnn", *built))
    assert verdict("cnn", *built).status == "partial"


def test_one_renamed_network_is_not_taken_for_two():
    built = network(*FASHION, name="net")
    assert verdict("cnn", built).status == "correct"
    nothing = verdict("mlp", built)
    assert (nothing.status, nothing.score) == ("not_reached", 0)


def test_a_variant_of_a_network_that_is_there_is_not_taken_for_another_that_is_not():
    helper = network(*FASHION[:2], *FASHION[4:], name="helper")
    assert verdict("mlp", network(*FASHION, name="cnn"), helper).status == "not_reached"


def test_a_network_that_has_little_in_common_with_any_is_taken_for_none():
    scratch = network(layer("Flatten"), dense(3), name="scratch")
    assert [verdict(asked, scratch).status for asked in EXPECTED] == ["not_reached", "not_reached"]


def test_where_one_network_is_asked_for_the_only_one_is_meant_whatever_it_is():
    only = {"cnn": EXPECTED["cnn"]}
    scratch = network(layer("Flatten"), dense(10, "softmax"), name="scratch")
    assert "taken as `cnn`" in said(verdict("cnn", scratch, expected=only))


def test_of_two_equally_close_networks_none_is_guessed():
    only = {"cnn": EXPECTED["cnn"]}
    built = network(conv(32), *FASHION[1:], name="a"), network(*FASHION[:2], conv(32), *FASHION[3:], name="b")
    unclear = verdict("cnn", *built, expected=only)
    assert unclear.status == "not_reached"
    assert "cannot be told which of `a` and `b`" in said(unclear)


def test_of_two_equal_networks_the_one_that_the_handout_does_not_name_is_meant():
    only = {"cnn": EXPECTED["cnn"]}
    given = context(networks=(network(*FASHION, name="other"), network(*FASHION, name="mine")), expected=only)
    assert "called `other`" in said(judged(QUESTION["cnn"], given))
    given = given.replace(handout_code=frozenset({"cnn = ...", "other = ..."}))
    assert "called `mine`" in said(judged(QUESTION["cnn"], given))


def test_a_cell_that_failed_before_the_network_was_there_is_not_hidden_behind_another_network():
    only = {"cnn": EXPECTED["cnn"]}
    cells = (
        NotebookCell(index=0, kind="markdown", source="cnn = what you build"),
        NotebookCell(index=1, kind="code", source="base = keras.Sequential()"),
        NotebookCell(index=2, kind="code", source="size = 3\ncnn = keras.Sequential(\ncnn.add(layers.Dense(10))"),
    )

    def verdict_of(other, **evidence):
        return judged(QUESTION["cnn"], context(networks=(other,), expected=only, cells=cells, **evidence))

    other = network(*FASHION[:2], name="base")
    assert "taken as `cnn`" in said(verdict_of(other))
    stopped = verdict_of(other, failed=(1,))
    assert (stopped.status, stopped.score) == ("not_reached", 0)
    assert "code cell 2, which makes it, stopped with an error" in said(stopped)
    assert [one.message.values["cell"] for one in stopped.findings] == [2]
    # Where the other one is the network that was asked for, the student named it otherwise.
    right = verdict_of(network(*FASHION, name="net"), failed=(1,))
    assert right.status == "correct"
    # Another cell that failed explains nothing.
    assert "taken as `cnn`" in said(verdict_of(other, failed=(0,)))


@pytest.mark.parametrize("count", [12, 50])
def test_a_notebook_full_of_networks_is_judged_all_the_same(count):
    built = [network(*FASHION, name=f"net_{at}") for at in range(count)]
    assert verdict("cnn", *built).status == "correct"
