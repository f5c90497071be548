"""The known layers of Keras: one record for each, by families. `LAYERS` holds them all."""

from autograder.network.layers import (
    activation,
    attention,
    audio,
    augmentation,
    convolution,
    core,
    images,
    merging,
    normalization,
    pooling,
    preprocessing,
    recurrent,
    regularization,
    reshaping,
    text,
    wrappers,
)
from autograder.network.layers.reading import read_layer
from autograder.network.layers.record import LAYERS, Family, Field, Layer, measure

__all__ = ["LAYERS", "Family", "Field", "Layer", "measure", "read_layer"]

# The modules add their records when they are imported.
FAMILIES = (
    *(activation, attention, audio, augmentation, convolution, core, images, merging),
    *(normalization, pooling, preprocessing, recurrent, regularization, reshaping, text, wrappers),
)
