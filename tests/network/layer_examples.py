"""For every layer that is known, examples with settings that are not the usual ones: (shapes it reads, settings)."""

from __future__ import annotations

from typing import Any

from network.keras_configs import layer

IMAGE, SERIES, VOLUME, FLAT, WORDS = (8, 8, 4), (9, 4), (6, 6, 6, 2), (12,), (7,)
FILM = {1: (5, 9, 4), 2: (5, 8, 8, 4), 3: (3, 6, 6, 6, 2)}
SPACE = {1: SERIES, 2: IMAGE, 3: VOLUME}
L2 = {"class_name": "L2", "config": {"l2": 0.1}}
NORM = {"class_name": "MaxNorm", "config": {"max_value": 2.0}}
LSTM3 = layer("LSTM", units=3)

# What a call is given beside its inputs stands under "call".
Example = tuple[tuple[tuple[int | None, ...], ...], dict[str, Any]]


def _one(shape: tuple[int | None, ...], *configs: dict[str, Any]) -> list[Example]:
    return [((shape,), config) for config in configs or ({},)]


def _two(shapes: tuple[tuple[int | None, ...], ...], *configs: dict[str, Any]) -> list[Example]:
    return [(shapes, config) for config in configs or ({},)]


def _lookup(*vocabulary: str | int) -> tuple[dict[str, Any], ...]:
    given: dict[str, Any] = {"vocabulary": list(vocabulary)}
    return (
        given,
        {**given, "output_mode": "multi_hot", "num_oov_indices": 2},
        {**given, "output_mode": "one_hot", "max_tokens": 9, "pad_to_max_tokens": True},
        {**given, "output_mode": "tf_idf", "idf_weights": [1.0] * len(vocabulary)},
    )


EXAMPLES: dict[str, list[Example]] = {
    "Activation": _one(FLAT, {"activation": "gelu"}),
    "ReLU": _one(FLAT, {"max_value": 3.0, "negative_slope": 0.1, "threshold": 0.5}),
    "LeakyReLU": _one(FLAT, {"negative_slope": 0.3}),
    "ELU": _one(FLAT, {"alpha": 0.5}),
    "PReLU": _one(IMAGE, {"shared_axes": [1, 2]}, {}),
    "Softmax": _one(IMAGE, {"axis": 1}),
    "Dense": _one(IMAGE, {"units": 5, "use_bias": False, "kernel_regularizer": L2, "trainable": False}, {"units": 3}),
    "EinsumDense": [
        *_one(SERIES, {"equation": "abc,cd->abd", "output_shape": [9, 7], "bias_axes": "d"}),
        *_one(IMAGE, {"equation": "...x,xy->...y", "output_shape": 7, "activation": "relu"}),
        *_one(IMAGE, {"equation": "xy...,yz->xz...", "output_shape": 5, "bias_axes": "z"}),
        *_one(SERIES, {"equation": "abc,cde->abde", "output_shape": [None, 2, 3], "bias_axes": "de"}),
    ],
    "Embedding": _one(WORDS, {"input_dim": 10, "output_dim": 3}, {"input_dim": 9, "output_dim": 2, "mask_zero": True}),
    "ReversibleEmbedding": [
        *_one(WORDS, {"input_dim": 10, "output_dim": 3}, {"input_dim": 10, "output_dim": 3, "tie_weights": False}),
        *_one(SERIES, {"input_dim": 10, "output_dim": 4, "logit_soft_cap": 3.0, "call": {"reverse": True}}),
    ],
    "Masking": _one(SERIES, {"mask_value": 0.5}),
    "Flatten": _one(IMAGE),
    "Reshape": _one(IMAGE, {"target_shape": [4, -1]}),
    "Permute": _one(IMAGE, {"dims": [3, 1, 2]}),
    "RepeatVector": _one(FLAT, {"n": 3}),
    "BatchNormalization": _one(IMAGE, {"scale": False, "gamma_regularizer": L2, "momentum": 0.9}, {"axis": 1}),
    "LayerNormalization": _one(IMAGE, {"axis": [2, 3]}, {"center": False}),
    "GroupNormalization": _one(IMAGE, {"groups": 2}, {"groups": -1, "axis": 2, "scale": False}, {"groups": 1}),
    "RMSNormalization": _one(IMAGE, {}, {"axis": [2, 3], "epsilon": 1e-3}),
    "UnitNormalization": _one(IMAGE, {}, {"axis": [1, 2]}),
    "Dropout": _one(IMAGE, {"rate": 0.1}),
    "AlphaDropout": _one(FLAT, {"rate": 0.1}),
    **{f"SpatialDropout{n}D": _one(SPACE[n], {"rate": 0.1}) for n in (1, 2, 3)},
    "GaussianDropout": _one(FLAT, {"rate": 0.1}),
    "GaussianNoise": _one(FLAT, {"stddev": 0.1}),
    "ActivityRegularization": _one(FLAT, {"l1": 0.1}, {"l2": 0.2}),
    "Conv1D": _one(SERIES, {"filters": 4, "kernel_size": [3], "padding": "causal", "dilation_rate": [2]}),
    "Conv2D": [
        *_one(IMAGE, {"filters": 6, "kernel_size": [3, 2], "strides": [2, 1], "groups": 2, "kernel_constraint": NORM}),
        *_one((None, None, 3), {"filters": 2, "kernel_size": 3}),
    ],
    "Conv3D": _one(VOLUME, {"filters": 3, "kernel_size": [2, 3, 2], "padding": "same"}),
    "DepthwiseConv1D": _one(SERIES, {"kernel_size": [3], "depth_multiplier": 2}),
    "DepthwiseConv2D": _one(IMAGE, {"kernel_size": [3, 3], "depth_multiplier": 2}),
    "SeparableConv1D": _one(SERIES, {"filters": 5, "kernel_size": [3], "depth_multiplier": 2}),
    "SeparableConv2D": _one(IMAGE, {"filters": 5, "kernel_size": [3, 3], "strides": [2, 2]}),
    "Conv1DTranspose": _one(
        SERIES,
        {"filters": 3, "kernel_size": [4], "strides": [2]},
        {"filters": 3, "kernel_size": [3], "strides": [2], "padding": "same", "output_padding": 1},
    ),
    "Conv2DTranspose": _one(
        IMAGE,
        {"filters": 3, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same"},
        {"filters": 3, "kernel_size": [3, 2], "strides": [2, 2], "output_padding": [1, 0]},
    ),
    "Conv3DTranspose": _one(VOLUME, {"filters": 3, "kernel_size": 2, "strides": [2, 1, 2]}),
    **{f"{how}Pooling1D": _one(SERIES, {"pool_size": [2], "strides": [3]}) for how in ("Max", "Average")},
    **{
        f"{how}Pooling2D": _one(IMAGE, {"pool_size": [3, 2], "strides": [2, 2], "padding": "same"}, {})
        for how in ("Max", "Average")
    },
    **{f"{how}Pooling3D": _one(VOLUME, {"pool_size": [2, 2, 2], "strides": [1, 2, 3]}) for how in ("Max", "Average")},
    **{
        f"Global{how}Pooling{n}D": _one(SPACE[n], {"keepdims": n == 2}) for how in ("Max", "Average") for n in (1, 2, 3)
    },
    **{
        f"Adaptive{how}Pooling{n}D": _one(SPACE[n], {"output_size": 3}, {"output_size": [1, 2, 3][:n]})
        for how in ("Max", "Average")
        for n in (1, 2, 3)
    },
    "ZeroPadding1D": _one(SERIES, {"padding": [[1, 2]]}),
    "ZeroPadding2D": _one(IMAGE, {"padding": [[1, 2], [0, 3]]}),
    "ZeroPadding3D": _one(VOLUME, {"padding": [[1, 1], [0, 3], [2, 2]]}),
    "Cropping1D": _one(SERIES, {"cropping": [[1, 2]]}),
    "Cropping2D": _one(IMAGE, {"cropping": [[1, 2], [0, 3]]}),
    "Cropping3D": _one(VOLUME, {}, {"cropping": [[1, 2], [0, 3], [0, 0]]}),
    "UpSampling1D": _one(SERIES, {"size": [3]}),
    "UpSampling2D": _one(IMAGE, {"size": [2, 3], "interpolation": "bilinear"}),
    "UpSampling3D": _one(VOLUME, {}, {"size": [1, 2, 3]}),
    "LSTM": _one(SERIES, {"units": 5, "return_sequences": True, "dropout": 0.1}),
    "GRU": _one(SERIES, {"units": 5, "reset_after": False, "recurrent_dropout": 0.1}),
    "SimpleRNN": _one(SERIES, {"units": 5, "go_backwards": True}),
    "Bidirectional": _one(
        SERIES,
        *(
            {
                "layer": layer(name, units=3, return_sequences=True),
                "backward_layer": layer(name, units=3, return_sequences=True, go_backwards=True),
                "merge_mode": how,
            }
            for name, how in (("LSTM", "concat"), ("GRU", "sum"), ("SimpleRNN", "concat"))
        ),
    ),
    **{
        f"ConvLSTM{n}D": _one(
            FILM[n],
            {"filters": 3, "kernel_size": 3, "return_sequences": True},
            {"filters": 2, "kernel_size": 2, "padding": "same", "strides": 2, "use_bias": False},
        )
        for n in (1, 2, 3)
    },
    "TimeDistributed": [
        *_one(FILM[2], {"layer": layer("Conv2D", filters=3, kernel_size=3, activation="relu")}),
        *_one(FILM[2], {"layer": layer("Flatten")}, {"layer": layer("BatchNormalization"), "trainable": False}),
        *_one(FILM[1], {"layer": LSTM3}),
    ],
    "SpectralNormalization": [
        *_one(IMAGE, {"layer": layer("Conv2D", filters=3, kernel_size=2), "power_iterations": 2}),
        *_one(IMAGE, {"layer": layer("Conv2DTranspose", filters=3, kernel_size=2, activation="relu")}),
        *_one(FLAT, {"layer": layer("Dense", units=3)}),
        *_one(WORDS, {"layer": layer("Embedding", input_dim=9, output_dim=4)}),
    ],
    "Attention": [
        *_two(((5, 8), (7, 8)), {}, {"use_scale": True, "score_mode": "concat", "call": {"use_causal_mask": True}}),
        *_two(((5, 8), (7, 6), (7, 8)), {"dropout": 0.1}),
    ],
    "AdditiveAttention": _two(((5, 8), (7, 8)), {}, {"use_scale": False}),
    "MultiHeadAttention": [
        *_two(((5, 8), (7, 6)), {"num_heads": 2, "key_dim": 3}, {"num_heads": 2, "key_dim": 3, "use_gate": True}),
        *_two(
            ((5, 8), (7, 6), (7, 9)),
            {"num_heads": 2, "key_dim": 3, "value_dim": 4, "output_shape": 9, "use_bias": False},
            {"num_heads": 2, "key_dim": 3, "use_gate": True, "value_dim": 5, "call": {"use_causal_mask": True}},
        ),
        *_two(((5, 4, 8), (5, 4, 8)), {"num_heads": 2, "key_dim": 3, "attention_axes": [2], "output_shape": [2, 3]}),
    ],
    "GroupQueryAttention": [
        *_two(
            ((5, 8), (7, 8)),
            {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
            {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 1, "use_gate": True, "use_bias": False},
        ),
        *_two(((5, 8), (7, 8), (7, 9)), {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}),
    ],
    **{name: _two((FLAT, FLAT)) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": _two((SERIES, SERIES), {}, {"axis": 1}),
    "Dot": [
        *_two(((5, 8), (7, 8)), {"axes": 2}, {"axes": -1, "normalize": True}),
        *_two(((8, 5), (7, 8)), {"axes": [1, 2]}),
        *_two((FLAT, FLAT), {"axes": 1}),
    ],
    "Rescaling": _one(IMAGE, {"scale": 0.5, "offset": -1.0}),
    "Resizing": _one(IMAGE, {"height": 5, "width": 9, "interpolation": "nearest", "crop_to_aspect_ratio": True}),
    "CenterCrop": _one(IMAGE, {"height": 5, "width": 3}),
    "Normalization": [
        *_one(
            IMAGE,
            {},
            {"axis": [1, 3], "invert": True},
            {"axis": None},
            {"mean": [1.0] * 4, "variance": [2.0] * 4},
        ),
        *_one(FLAT, {"axis": None, "mean": 1.0, "variance": 2.0}),
    ],
    "Discretization": _one(
        FLAT,
        {"bin_boundaries": [0.0, 1.5]},
        {"bin_boundaries": [0.0], "output_mode": "one_hot"},
        {"num_bins": 4, "output_mode": "multi_hot"},
    ),
    "CategoryEncoding": [
        *_one(WORDS, *({"num_tokens": 4, "output_mode": mode} for mode in ("one_hot", "multi_hot", "count"))),
        *_one((2, 3), {"num_tokens": 4}),
        *_one((1,), {"num_tokens": 4, "output_mode": "one_hot"}),
    ],
    "Hashing": _one(WORDS, {"num_bins": 5}, {"num_bins": 5, "salt": 3, "output_mode": "multi_hot"}),
    "HashedCrossing": _two(((1,), (1,)), {"num_bins": 5}, {"num_bins": 5, "output_mode": "one_hot"}),
    "StringLookup": [
        *_one(WORDS, *_lookup("a", "b"), {"vocabulary": ["a"], "mask_token": ""}),
        *_one((1,), _lookup("a")[1]),
    ],
    "IntegerLookup": _one(WORDS, *_lookup(4, 7), {"vocabulary": [4], "mask_token": 0}),
    "TextVectorization": [
        *_one((1,), {"vocabulary": ["a", "b"]}, {"vocabulary": ["a"], "output_mode": "count", "ngrams": 2}),
        *_one(
            (),
            {"vocabulary": ["a"], "output_sequence_length": 7},
            {"vocabulary": ["a"], "output_mode": "tf_idf", "idf_weights": [1.0]},
        ),
    ],
    "STFTSpectrogram": [
        *_one((1600, 1), {"frame_length": 64, "frame_step": 16}, {"mode": "imag"}),
        *_one(
            (1600, 2), {"mode": "stft", "expand_dims": True, "padding": "same", "fft_length": 256, "frame_length": 64}
        ),
    ],
    "MelSpectrogram": _one((16000,), {}, {"num_mel_bins": 20, "sequence_length": 1000, "fft_length": 1024}),
    "AugMix": _one(IMAGE, {"num_chains": 2}),
    "AutoContrast": _one(IMAGE, {"value_range": [0, 1]}),
    "ContrastLimitedAdaptiveHistogramEqualization": _one(IMAGE, {"tile_grid_size": 4}),
    "CutMix": _one(IMAGE, {"factor": [0.2, 0.5]}),
    "Equalization": _one(IMAGE, {"bins": 64}),
    "MaxNumBoundingBoxes": _one(IMAGE, {"max_number": 3}),
    "MixUp": _one(IMAGE, {"alpha": 0.3}),
    "RandAugment": _one(IMAGE, {"num_ops": 3}),
    "RandomBrightness": _one(IMAGE, {"factor": [-0.2, 0.2]}),
    "RandomColorDegeneration": _one((8, 8, 3), {"factor": [0.1, 0.2]}),
    "RandomColorJitter": _one(IMAGE, {"brightness_factor": 0.2, "hue_factor": [0.1, 0.2]}),
    "RandomContrast": _one(IMAGE, {"factor": [0.0, 0.3]}),
    "RandomCrop": _one(IMAGE, {"height": 5, "width": 3}),
    "RandomElasticTransform": _one(IMAGE, {"scale": [0.1, 0.2]}),
    "RandomErasing": _one(IMAGE, {"factor": [0.0, 0.5]}),
    "RandomFlip": _one(IMAGE, {"mode": "horizontal"}),
    "RandomGaussianBlur": _one(IMAGE, {"kernel_size": 5}),
    "RandomGrayscale": _one((8, 8, 3), {"factor": 0.3}),
    "RandomHue": _one((8, 8, 3), {"factor": [0.0, 0.2]}),
    "RandomInvert": _one(IMAGE, {"factor": [0.0, 0.5]}),
    "RandomPerspective": _one(IMAGE, {"scale": 0.5}),
    "RandomPosterization": _one(IMAGE, {"factor": [2, 5]}),
    "RandomRotation": _one(IMAGE, {"factor": [-0.1, 0.1]}),
    "RandomSaturation": _one((8, 8, 3), {"factor": [0.4, 0.6]}),
    "RandomSharpness": _one(IMAGE, {"factor": [0.0, 0.2]}),
    "RandomShear": _one(IMAGE, {"x_factor": [-0.1, 0.1], "y_factor": [0.0, 0.3]}),
    "RandomTranslation": _one(IMAGE, {"height_factor": 0.1, "width_factor": 0.1, "fill_mode": "constant"}),
    "RandomZoom": _one(IMAGE, {"height_factor": [-0.1, 0.2], "width_factor": 0.1}),
    "Solarization": _one(IMAGE, {"addition_factor": [0.0, 0.3]}),
}

# Read as other layers, or as nothing: with how many operations of which kind.
READ_AS: dict[str, tuple[tuple[int | None, ...], dict[str, Any], list[str]]] = {
    "Identity": (FLAT, {}, []),
    "RNN": (
        SERIES,
        {
            "cell": layer("StackedRNNCells", cells=[layer("LSTMCell", units=4), layer("GRUCell", units=5)]),
            "return_sequences": True,
        },
        ["LSTM", "GRU"],
    ),
    "Pipeline": (
        IMAGE,
        {"layers": [layer("RandomFlip"), layer("Resizing", height=4, width=4)]},
        ["RandomFlip", "Resizing"],
    ),
}
