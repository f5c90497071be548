"""A network with its channels first is the one with its channels last, unless something else reads the axes."""

import pytest
from network.keras_configs import dense, functional, input_layer, layer, sequential

from autograder.network.canonical import UnknownNetwork, canonicalize
from autograder.network.measure import rows

FIRST = {"data_format": "channels_first"}


def conv(**more):
    return layer("Conv2D", filters=4, kernel_size=[3, 3], **more)


def chain(*layers):
    return canonicalize("Sequential", sequential(*layers))


LAST = chain(
    input_layer(8, 10, 3), conv(), layer("BatchNormalization"), layer("MaxPooling2D"), layer("Flatten"), dense(2)
)


@pytest.mark.parametrize("flatten", [{}, FIRST])
def test_channels_first_is_the_same_network(flatten):
    norm = {**layer("BatchNormalization", axis=1), "build_config": {"input_shape": [None, 4, 6, 8]}}
    first = chain(
        input_layer(3, 8, 10),
        conv(**FIRST),
        norm,
        layer("MaxPooling2D", **FIRST),
        layer("Flatten", **flatten),
        dense(2),
    )
    assert first == LAST


def test_normalizing_over_columns_by_mistake_is_another_network():
    norm = {**layer("BatchNormalization", axis=-1), "build_config": {"input_shape": [None, 4, 6, 8]}}
    first = chain(
        input_layer(3, 8, 10), conv(**FIRST), norm, layer("MaxPooling2D", **FIRST), layer("Flatten"), dense(2)
    )
    assert first != LAST
    assert [row.parameters for row in rows(first)][2] == 4 * 8


def test_after_flatten_an_axis_stays():
    norm = {**layer("BatchNormalization", axis=-1), "build_config": {"input_shape": [None, 192]}}
    first = chain(input_layer(3, 8, 10), conv(**FIRST), layer("Flatten"), norm, dense(2))
    assert first == chain(input_layer(8, 10, 3), conv(), layer("Flatten"), layer("BatchNormalization"), dense(2))


def test_branches_are_joined_along_the_channels():
    def network(shape, axis, **order):
        join = {
            **layer("Concatenate", axis=axis),
            "build_config": {"input_shape": [[None, 4, 6, 8], [None, 4, 6, 8]] if order else None},
        }
        nodes = {
            "a": (input_layer(*shape), []),
            "b": (conv(**order), [["a"]]),
            "c": (conv(**order), [["a"]]),
            "d": (join, [["b", "c"]]),
            "e": (layer("GlobalAveragePooling2D", **order), [["d"]]),
        }
        return canonicalize("Functional", functional(["a"], ["e"], nodes))

    assert network((3, 8, 10), 1, **FIRST) == network((8, 10, 3), -1)


def test_images_get_their_one_channel_by_reshape():
    first = chain(input_layer(8, 10), layer("Reshape", target_shape=[1, 8, 10]), conv(**FIRST), layer("Flatten"))
    last = chain(input_layer(8, 10), layer("Reshape", target_shape=[8, 10, 1]), conv(), layer("Flatten"))
    assert first == last


@pytest.mark.parametrize(
    "layers",
    [
        (conv(**FIRST), conv(data_format="channels_last")),
        (conv(**FIRST), layer("Permute", dims=[2, 3, 1]), layer("Flatten")),
        (layer("Reshape", target_shape=[3, 10, 8]), conv(**FIRST)),
        (conv(data_format=["channels_first"]), layer("Flatten")),
        (layer("Reshape", target_shape=7), conv(**FIRST)),
    ],
)
def test_other_uses_of_the_axes_are_not_read(layers):
    with pytest.raises(UnknownNetwork):
        chain(input_layer(3, 8, 10), *layers)
