"""Saved files: read, compared, and never loaded."""

import json

import pytest
from by_hand import FASHION, context, dense, file, judged, layer, network, question, said, sequential

from autograder.records.evidence import NetworkEvent, NetworkRecord, NetworkState

QUESTION = question("saved_model", network="model")
GRADED = network(*FASHION)
OTHER = network(layer("Flatten"), dense(10, "softmax"), name="other")


def archive(*layers):
    """What config.json of a `.keras` file holds."""
    return json.dumps(
        {
            "module": "keras",
            "class_name": "Sequential",
            "config": sequential(*layers),
            "registered_name": None,
            "build_config": {"input_shape": [None, 28, 28, 1]},
            "compile_config": {"optimizer": "adam"},
        }
    )


def saved(*files, networks=(GRADED, OTHER), asked=QUESTION):
    return judged(asked, context(files=files, networks=networks, expected={"model": GRADED}))


def test_a_file_with_the_graded_network_earns_all_points():
    verdict = saved(file("cnn_model.keras", config=archive(*FASHION)))
    assert (verdict.status, verdict.score, verdict.findings) == ("correct", 2, ())


def test_one_right_file_among_others_is_enough():
    older = file("older.keras", config=archive(dense(3)))
    assert saved(older, file("data.csv"), file("m.keras", config=archive(*FASHION))).status == "correct"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (file("m.keras", config=archive(*FASHION[2:])), "holds another network than `model`"),
        (file("m.keras", config=archive(layer("Flatten"), dense(10, "softmax"))), "holds the network `other`"),
        (file("m.keras"), "no description of a network"),
        (file("m.keras", config="{"), "is damaged"),
        (file("m.keras", config="[" * 100_000), "is damaged"),
        (file("m.keras", config='{"a":' * 80 + "1" + "}" * 80), "is damaged"),
        (file("m.keras", config="[]"), "not one of a network"),
        (file("m.keras", config=archive(layer("Lambda", function="x"))), "cannot be read"),
        (file("m.h5"), "old HDF5 format"),
        (file("m.weights.h5"), "weights alone"),
        (file("cnn_model/saved_model.pb"), "TensorFlow's own format"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(given, words):
    verdict = saved(given)
    assert (verdict.status, verdict.score) == ("wrong", 0)
    assert words in said(verdict)


def test_other_formats_hear_which_one_to_use():
    assert ".keras" in said(saved(file("m.h5")))


def test_no_file_is_told_apart_from_a_wrong_one():
    assert saved().status == saved(file("notes.txt")).status == "not_reached"
    assert saved(networks=()).status == "not_reached"


def test_the_name_counts_where_it_is_asked_for():
    asked = question("saved_model", network="model", file="cnn.keras")
    assert saved(file("models/cnn.keras", config=archive(*FASHION)), asked=asked).status == "correct"
    verdict = saved(file("mine.keras", config=archive(*FASHION)), asked=asked)
    assert "not the file that was asked for" in said(verdict)


def life(*kinds, layers=FASHION):
    """The life of the network in `model`: the events of these kinds, "save" to the file m.keras."""
    events = [
        NetworkEvent(kind=kind, cell=1, name={"named": "model", "save": "m.keras"}.get(kind, ""), state=0)
        for kind in ("named", "compile", *kinds)
    ]
    state = NetworkState(index=0, network=network(*layers, name="model"))
    return NetworkRecord(number=1, states=(state,), events=tuple(events))


def test_a_network_of_a_class_of_ones_own_counts_as_it_was_when_it_was_saved():
    own = file("m.keras", config=json.dumps({"class_name": "MyNet", "config": {}}))

    def verdict_of(*records):
        made = context(files=(own,), networks=(GRADED,), expected={"model": GRADED}, records=records)
        return judged(QUESTION, made)

    assert verdict_of(life("save")).status == "correct"
    assert "cannot be read" in said(verdict_of(life("fit")))


def test_a_file_that_was_saved_before_training_may_count_as_wrong():
    asked = question("saved_model", network="model", trained=True)
    written = file("m.keras", config=archive(*FASHION))

    def verdict_of(*kinds, asked=asked):
        made = context(files=(written,), networks=(GRADED,), expected={"model": GRADED}, records=(life(*kinds),))
        return judged(asked, made)

    assert [verdict_of("save", "fit").status, verdict_of("save").status] == ["wrong", "wrong"]
    assert [finding.code for finding in verdict_of("save", "fit").findings] == ["saved.before_training"]
    assert [verdict_of("fit", "save").status, verdict_of("save", "fit", "save").status] == ["correct", "correct"]
    assert verdict_of("save", "fit", asked=QUESTION).status == "correct"
