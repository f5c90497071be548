"""The names of layers: today's Keras classes, the names they had in Keras 1 and 2, and what kind of thing each is."""

from __future__ import annotations

# What layer classes were called before: Keras 1's names, and the aliases that Keras still has.
ALIASES = {
    "AtrousConvolution2D": "Conv2D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "Deconvolution2D": "Conv2DTranspose",
    "DepthwiseConvolution2D": "DepthwiseConv2D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "InputLayer": "Input",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
}

ACTIVATIONS = frozenset({"Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"})
CONVOLUTIONS = frozenset(
    {
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "SeparableConv1D",
        "SeparableConv2D",
    }
)
POOLINGS = frozenset(f"{how}Pooling{n}D" for how in ("Max", "Average") for n in (1, 2, 3))
GLOBAL_POOLINGS = frozenset(f"Global{how}Pooling{n}D" for how in ("Max", "Average") for n in (1, 2, 3))
NORMALIZATIONS = frozenset({"BatchNormalization", "LayerNormalization"})
DROPOUTS = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"})
NOISES = frozenset({"GaussianNoise", "GaussianDropout"})
MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"})
RECURRENTS = frozenset({"LSTM", "GRU", "SimpleRNN", "Bidirectional"})
AUGMENTATIONS = frozenset({"RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast"})
RESHAPES = frozenset({"Flatten", "Reshape", "Permute", "RepeatVector"})
PADDINGS = frozenset(
    {"ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D"}
)
OTHERS = frozenset({"Input", "Dense", "Embedding", "Rescaling"})

FAMILIES: tuple[frozenset[str], ...] = (
    ACTIVATIONS,
    CONVOLUTIONS,
    POOLINGS | GLOBAL_POOLINGS,
    NORMALIZATIONS,
    DROPOUTS | NOISES,
    MERGES,
    RECURRENTS,
    AUGMENTATIONS,
    RESHAPES,
    PADDINGS,
)
KINDS: frozenset[str] = frozenset().union(*FAMILIES, OTHERS)

# Layers that hold weights: the only ones that can be shared or frozen.
WEIGHTED = CONVOLUTIONS | NORMALIZATIONS | RECURRENTS | {"Dense", "Embedding", "PReLU"}

# The order of what they read does not matter.
COMMUTATIVE = frozenset({"Add", "Multiply", "Average", "Maximum", "Minimum"})


def current_name(class_name: str) -> str:
    """Today's canonical name of a Keras class, whichever version's name is given (unknown names stay)."""
    return ALIASES.get(class_name, class_name)


def related(one: str, other: str) -> bool:
    """Whether two kinds do a similar job, as two ways of pooling do."""
    return one == other or any(one in family and other in family for family in FAMILIES)
