import numpy as np
import pytest

from autograder.records.training import Recipe
from autograder.records.training_messages import CannotTrain
from autograder.train.row_split import training_data
from autograder.train.targets import one_hot


def arrays(count=100, image=(28, 28)):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (count, *image), dtype=np.uint8)
    pixels[:, 0, 0] = 0
    return {"x_train": pixels, "y_train": rng.integers(0, 10, (count, 1), dtype=np.uint8)}


def recipe(**changes):
    return Recipe(**{"dataset": "mnist", "train": 60, "validation": 40, "epochs": 1, "batch_size": 16, **changes})


@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28), (784,), (None, None, 1)])
def test_images_take_the_shape_of_the_networks_input(shape):
    images = training_data(arrays(), recipe(), shape)
    wanted = tuple(size or 28 for size in shape)
    assert images.x_train.shape == (60, *wanted)
    assert images.x_validation.shape == (40, *wanted)


def test_colour_images_may_be_flattened_and_may_come_channels_first():
    colour = arrays(image=(32, 32, 3))
    cifar = recipe(dataset="cifar10")
    assert training_data(colour, cifar, (3072,)).x_train.shape == (60, 3072)
    first = training_data(colour, cifar.model_copy(update={"channels_last": False}), (3, 32, 32)).x_train
    assert np.array_equal(np.moveaxis(first, 1, -1), training_data(colour, cifar, (32, 32, 3)).x_train)


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 3), (28, 28, 1, 1), (783,), ()])
def test_another_shape_is_refused_in_a_sentence(shape):
    with pytest.raises(CannotTrain, match=r"does not fit the images: one image has the shape \(28, 28, 1\) or"):
        training_data(arrays(), recipe(), shape)


def test_standardized_training_images_have_mean_0_and_deviation_1_in_every_pixel_that_varies():
    images = training_data(arrays(), recipe(normalization="standardize"), (28, 28)).x_train
    assert np.allclose(images.mean(0), 0, atol=1e-5)
    deviations = images.std(0)
    assert deviations[0, 0] == 0
    assert np.allclose(deviations.reshape(-1)[1:], 1, atol=1e-4)


def test_the_validation_images_have_no_say_in_the_standardization():
    one, other = arrays(), arrays()
    validation = np.random.RandomState(20_240_229).permutation(100)[60:]
    other["x_train"][validation] = 255
    assert np.array_equal(training_data(one, recipe(), (784,)).x_train, training_data(other, recipe(), (784,)).x_train)


def test_the_other_normalizations_keep_the_order_of_grays():
    plain = training_data(arrays(), recipe(normalization="none"), (784,)).x_train
    unit = training_data(arrays(), recipe(normalization="unit"), (784,)).x_train
    assert plain.max() == 255
    assert np.allclose(unit * 255, plain, atol=1e-4)


def test_the_split_is_the_same_for_every_seed_and_every_input_shape():
    one = training_data(arrays(), recipe(seed=1), (784,))
    other = training_data(arrays(), recipe(seed=2), (28, 28, 1))
    assert np.array_equal(one.x_train, other.x_train.reshape(60, 784))
    assert np.array_equal(one.y_validation, other.y_validation)


def test_no_image_both_trains_and_validates():
    images = training_data(arrays(), recipe(normalization="none"), (784,))
    assert not {bytes(image) for image in images.x_train} & {bytes(image) for image in images.x_validation}


def test_one_hot_labels_have_ten_columns():
    assert one_hot(np.array([0, 9], dtype=np.int32), 10).tolist() == [[1.0] + [0.0] * 9, [0.0] * 9 + [1.0]]
