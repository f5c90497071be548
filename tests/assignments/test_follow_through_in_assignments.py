"""A mistake of one kind throughout a network, and answers that follow from it rightly: it is charged once."""

import pytest
from changes import answer, drop, judge, network, setting


def test_padding_throughout_fashion_conv_costs_its_rows_only():
    changes = [
        network("model", setting(1, padding="same"), setting(3, padding="same")),
        answer("conv_1_shape", (28, 28, 64)),
        answer("pool_1_shape", (14, 14, 64)),
        answer("conv_2_shape", (14, 14, 64)),
        answer("pool_2_shape", (7, 7, 64)),
        answer("flatten_values", 7 * 7 * 64),
        answer("dense_1_parameters", 7 * 7 * 64 * 128 + 128),
    ]

    def change(evidence):
        for one in changes:
            evidence = one(evidence)
        return evidence

    right, given = judge("fashion-conv"), judge("fashion-conv", change, lambda task: 0.95)
    lost = {name: right[name].score - given[name].score for name in right if given[name].score < right[name].score}
    assert lost == {"network": pytest.approx(8 / 11, abs=1e-3)}


def test_an_untouched_template_earns_nothing_anywhere():
    """Whatever its runs reach: what the notebook gives is no mistake that follows from anything."""
    left_out = network("model", *[drop(11)] * 4)
    for reached in (0.99, 0.1):
        assert sum(one.score for one in judge("cnn2", left_out, lambda task, value=reached: value).values()) == 0
    given = judge("onions", network("model", drop(5)), lambda task: 0.99)
    assert {name: given[name].score for name in ("network", "parameters", "accuracy")} == {
        "network": 0,
        "parameters": 0,
        "accuracy": 0,
    }


def test_no_softmax_costs_its_row_and_not_what_follows_from_it():
    def learns(task):
        last = task.architecture.operations[task.architecture.outputs[0]]
        return 0.99 if last.settings.get("activation") == "softmax" else 0.1

    plain = network("cnn_model", setting(6, activation="linear"))
    right, given = judge("mnist-dense-conv", reached=learns), judge("mnist-dense-conv", plain, learns)
    lost = {name for name in right if given[name].score < right[name].score}
    assert lost <= {"cnn", "saved"}  # the file holds the right network, as it was saved
    assert "cnn" in lost
