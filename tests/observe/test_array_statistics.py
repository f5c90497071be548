"""Facts of the arrays that a student gives to `fit`."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from autograder.observe.array_statistics import input_facts, statistics, target_facts, validation_facts
from autograder.observe.given_arrays import FirstBatches

RANDOM = np.random.RandomState(3)
CLASSES = np.arange(600) % 10
# Each class has a picture of its own, and every image is that picture with noise.
IMAGES = (RANDOM.rand(10, 8, 8)[CLASSES] + 0.1 * RANDOM.rand(600, 8, 8)).astype("float32")


@pytest.mark.parametrize("labels", [CLASSES, CLASSES[:, None], np.eye(10)[CLASSES]], ids=["1-D", "column", "one-hot"])
def test_labels_that_belong_to_their_images_agree_with_them(labels):
    facts = target_facts(IMAGES, labels)
    assert facts["classes"] == 10
    assert facts["agreement"] == 1.0


def test_labels_in_another_order_than_their_images_agree_by_chance_only():
    assert target_facts(IMAGES, RANDOM.permutation(CLASSES))["agreement"] < 0.2


def test_a_validation_on_training_images_overlaps():
    assert validation_facts(IMAGES, (IMAGES[100:200], CLASSES[100:200]), 0.0)["overlap"] == 1.0


def test_a_validation_on_other_images_does_not():
    assert validation_facts(IMAGES[:300], (IMAGES[300:], CLASSES[300:]), 0.0)["overlap"] == 0.0


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (None, None),
        ([1, 2], [1, 2]),
        (np.zeros(()), np.zeros(())),
        (np.zeros((0, 8, 8)), np.zeros(0)),
        (IMAGES, CLASSES[:7]),
        (IMAGES * np.nan, CLASSES),
        (IMAGES.astype(object), CLASSES.astype(object)),
        (np.array(["a"] * 600), CLASSES),
    ],
)
def test_whatever_is_given_no_fact_breaks_the_student_s_call(images, labels):
    assert "agreement" not in (target_facts(images, labels) or {})
    validation_facts(images, (labels, images), 0.2)
    validation_facts(images, "nonsense", 0.0)


def test_labels_divided_by_255_are_no_whole_numbers_and_rows_of_them_do_not_add_up():
    assert target_facts(IMAGES, (CLASSES / 255).astype("float32"))["fractions"] == pytest.approx(0.9)
    assert target_facts(IMAGES, CLASSES.astype("float16"))["fractions"] == 0.0
    assert target_facts(IMAGES, np.eye(10)[CLASSES] / 255)["highest_sum"] == pytest.approx(1 / 255)


def test_numbers_that_are_none_are_counted():
    holed = IMAGES.copy()
    holed[3, 2, 2], holed[4, 1, 1] = np.nan, np.inf
    assert statistics(holed)["not_finite"] == 2
    assert "not_finite" not in statistics(IMAGES)


def test_inputs_that_a_whole_number_division_made_constant():
    table = RANDOM.rand(300, 7)
    table[:, 2] = 5.0
    assert input_facts(table)["constant"] == pytest.approx(1 / 7)
    assert input_facts((RANDOM.rand(300, 8, 8, 1) * 255).astype("int32") // 256)["constant"] == 1.0
    assert "constant" not in input_facts(table[:10])
    assert "constant" not in input_facts(table[:, 0])


def test_a_target_among_the_inputs_is_found_though_it_is_scaled():
    table = RANDOM.rand(300, 7)
    prices = table @ np.arange(7) + 3
    assert target_facts(table, prices)["copied"] < 0.95
    assert target_facts(np.column_stack([table, -2 * prices + 1]), prices[:, None])["copied"] == pytest.approx(1.0)
    assert "copied" not in target_facts(table * np.nan, prices)
    assert target_facts(RANDOM.rand(600, 28, 28), CLASSES).get("copied") is None


def test_a_window_that_reaches_into_what_it_is_to_predict():
    series = np.cumsum(RANDOM.randn(400))
    windows = np.stack([series[at : at + 24] for at in range(370)])[..., None]
    assert target_facts(windows, series[24:394])["copied"] < 0.9999
    assert target_facts(windows, series[23:393])["copied"] == pytest.approx(1.0)


def test_values_in_another_order_than_their_inputs_are_told_by_nothing():
    """With real data: a disease's progression, and the ten columns that it follows from in part."""
    table, progression = load_diabetes(return_X_y=True)
    assert target_facts(table, progression)["predictable"] > 0.5
    shuffles = [np.random.RandomState(seed).permutation(progression) for seed in range(5)]
    assert all(abs(target_facts(table, shuffled)["predictable"]) < 0.1 for shuffled in shuffles)
    # A column with other units changes nothing, and a few classes are no values.
    assert target_facts(table * ([1e6] + 9 * [1]), progression)["predictable"] > 0.5
    assert "predictable" not in target_facts(IMAGES, CLASSES)
    assert "predictable" not in target_facts(table * 0, progression)


def test_arrays_of_other_libraries_are_read_as_well():
    series, table = pd.Series(CLASSES / 255), pd.DataFrame({"label": CLASSES / 255})
    for labels in (series, table, [table], {"label": series}):
        facts = target_facts(IMAGES, labels)
        assert facts["fractions"] == pytest.approx(0.9)
        assert facts["shape"][0] == 600
    assert statistics(pd.DataFrame({"text": ["a", "b"]})) == {"type": "pandas.DataFrame"}
    assert input_facts([IMAGES, IMAGES * np.nan])["not_finite"] == IMAGES.size


def test_tensors_of_pytorch_are_read_as_well():
    torch = pytest.importorskip("torch", reason="needs torch: make torch")
    weight = torch.ones(600, requires_grad=True)
    assert statistics(weight) == {"type": "torch.Tensor"} | statistics(np.ones(600, "float32"))


def test_labels_of_examples_without_weight_do_not_count():
    labels = np.where(CLASSES == 3, -1, CLASSES)
    assert target_facts(IMAGES, labels)["minimum"] == -1
    assert target_facts(IMAGES, labels, (labels >= 0).astype("float32"))["minimum"] == 0
    assert target_facts(IMAGES, labels, np.ones(7))["minimum"] == -1
    assert target_facts(IMAGES, labels, np.array(["no"] * 600))["minimum"] == -1


def test_of_a_stream_the_first_rows_are_kept_and_no_stream_is_read_for_ever():
    seen = FirstBatches()
    batch = np.zeros((32, 4)), np.zeros(32)
    for value in range(9):
        batch[1][:] = value  # as a generator that fills the same array again
        assert seen.see(batch) is batch
    assert seen.full
    assert list(seen.arrays()[1][::32]) == [0, 1, 2, 3]
    large = FirstBatches()
    large.see((np.zeros((60_000, 2)), np.zeros(60_000)))
    assert (large.rows, large.full) == (512, True)
    odd = FirstBatches()
    for one in (None, object(), (), ("a", "b"), (np.zeros(3), "b", "c", "d")):
        odd.see(one)
    assert odd.full
    mixed = FirstBatches()
    mixed.see((np.zeros((2, 3)), np.zeros(2)))
    mixed.see((np.zeros((2, 4)), np.zeros(2)))
    assert mixed.arrays()[0] is None
    assert mixed.arrays()[1].shape == (4,)


def test_pairs_are_found_again_in_other_copies_of_the_data():
    """Scaled, in another order, as rows of another shape, and only most of them; the columns of a table each alone."""
    pairs = target_facts(IMAGES, CLASSES)["pairs"]
    order = RANDOM.permutation(600)
    for copy, labels in (
        (255 * IMAGES[..., None] - 3, np.eye(10)[CLASSES]),
        (IMAGES[order].astype("float64"), CLASSES[order]),
        (IMAGES.reshape(600, 64)[:, None], CLASSES),
    ):
        assert target_facts(copy, labels)["pairs"] == pairs
    most = target_facts(IMAGES[:500], CLASSES[:500])["pairs"]
    assert len(most.keys() & pairs.keys()) > 40
    table = RANDOM.rand(300, 7)
    prices = table.sum(axis=1)
    assert target_facts((table - table.mean(0)) / table.std(0), prices)["pairs"] == target_facts(table, prices)["pairs"]


def test_rows_that_are_there_twice_and_rows_without_values_have_no_pair():
    twice = np.concatenate([IMAGES[:100], IMAGES[:100], np.zeros((100, 8, 8), "float32")])
    assert "pairs" not in target_facts(twice, np.arange(300) % 10)


def test_the_targets_of_each_of_several_outputs():
    named = target_facts(IMAGES, {"digit": CLASSES, "size": RANDOM.rand(600, 1)})["outputs"]
    assert [one["name"] for one in named] == ["digit", "size"]
    assert (named[0]["classes"], named[0]["agreement"], named[1]["shape"]) == (10, 1.0, [600, 1])
    listed = target_facts(IMAGES, [CLASSES / 255, np.eye(10)[CLASSES]], [CLASSES > 0, CLASSES >= 0])["outputs"]
    assert (listed[0]["shape"], listed[1]["highest_sum"]) == ([540], 1.0)
    assert "outputs" not in target_facts(IMAGES, [CLASSES, CLASSES], np.ones(600))  # of which of them?
    assert "outputs" not in target_facts(IMAGES, [0, 1, 2])


@pytest.mark.parametrize("kind", [dict, list])
def test_the_targets_of_several_outputs_in_a_stream(kind):
    def targets(at):
        digits, sides = CLASSES[at : at + 32], CLASSES[at : at + 32] % 2
        return {"digit": digits, "side": sides} if kind is dict else [digits, sides]

    seen, weighted = FirstBatches(), FirstBatches()
    for at in range(0, 128, 32):
        seen.see((IMAGES[at : at + 32], targets(at)))
        weighted.see((IMAGES[at : at + 32], targets(at), np.ones(32)))
    digit, side = target_facts(*seen.arrays())["outputs"]
    assert (digit["shape"], digit["maximum"], side["maximum"], side.get("name")) == (
        [128], 9.0, 1.0, "side" if kind is dict else None
    )  # fmt: skip
    assert target_facts(*weighted.arrays()) is None
