"""A mistake of one kind throughout a network, and answers that follow from it rightly: it is charged once."""

import pytest
from changes import answer, judge, network, setting


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
