"""`load_data` gives as many images as were published, wherever a notebook runs."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.observe.dataset_memory import at_published_size
from autograder.observe.limits import Limits


def small() -> dict[str, np.ndarray]:
    images = np.arange(7 * 4, dtype=np.uint8).reshape(7, 2, 2)
    return {"x_train": images, "y_train": np.arange(7), "x_test": images[:3], "y_test": np.arange(3)}


def test_fewer_images_are_repeated_to_the_published_number() -> None:
    arrays = at_published_size("mnist", small())
    assert [len(array) for array in arrays.values()] == [60_000, 60_000, 10_000, 10_000]
    assert (arrays["x_train"][:7] == small()["x_train"]).all()
    assert (arrays["y_train"][7:14] == np.arange(7)).all()


def test_a_repeated_image_is_not_the_same_image() -> None:
    x = at_published_size("mnist", small())["x_train"]
    assert (x[7].ravel() - x[0].ravel()).tolist() == [1, 0, 0, 0]


def test_other_datasets_and_whole_ones_stay_as_they_are() -> None:
    assert at_published_size("another", small())["x_train"].shape == (7, 2, 2)


@pytest.mark.parametrize(("names", "expected"), [(("mnist",), 2048), (("mnist", "cifar10"), 4096), ((), 2048)])
def test_the_memory_fits_the_datasets(names: tuple[str, ...], expected: int) -> None:
    assert Limits().fitting(names).memory_mb == expected


def test_memory_that_is_set_by_hand_stays() -> None:
    assert Limits(memory_mb=512).fitting(("cifar10",)).memory_mb == 512
