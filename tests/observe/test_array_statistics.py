"""Facts of the arrays that a student gives to `fit`."""

import numpy as np
import pytest

from autograder.observe.array_statistics import target_facts, validation_facts

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
