"""The layers of `torch.nn` that count as one operation, and the attributes that hold their settings."""

from __future__ import annotations

_WINDOW = ("kernel_size", "stride", "padding", "dilation")
_CONVOLUTION = ("in_channels", "out_channels", *_WINDOW, "groups", "padding_mode", "output_padding", "bias")
_BATCH_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")
_RECURRENT = (
    *("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional"),
    *("nonlinearity", "proj_size"),
)
_MAX_POOL = (*_WINDOW, "ceil_mode", "return_indices")
_AVERAGE_POOL = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")

# The layers that count as one operation, and their settings; the code of all others is followed.
LAYER_SETTINGS: dict[str, tuple[str, ...]] = {
    **{f"Conv{n}d": _CONVOLUTION for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": _CONVOLUTION for n in (1, 2, 3)},
    "Linear": ("in_features", "out_features", "bias"),
    **{f"BatchNorm{n}d": _BATCH_NORM for n in (1, 2, 3)},
    **{f"InstanceNorm{n}d": _BATCH_NORM for n in (1, 2, 3)},
    "LayerNorm": ("normalized_shape", "eps", "elementwise_affine", "bias"),
    "RMSNorm": ("normalized_shape", "eps", "elementwise_affine"),
    "GroupNorm": ("num_groups", "num_channels", "eps", "affine"),
    **dict.fromkeys(("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"), ("p",)),
    **{f"MaxPool{n}d": _MAX_POOL for n in (1, 2, 3)},
    **{f"AvgPool{n}d": _AVERAGE_POOL for n in (1, 2, 3)},
    **{f"Adaptive{how}Pool{n}d": ("output_size",) for how in ("Avg", "Max") for n in (1, 2, 3)},
    "Flatten": ("start_dim", "end_dim"),
    "Unflatten": ("dim", "unflattened_size"),
    "Identity": (),
    **dict.fromkeys(
        ("ReLU", "ReLU6", "Sigmoid", "Tanh", "SELU", "SiLU", "Mish", "Softsign", "LogSigmoid", "Hardsigmoid"), ()
    ),
    "Hardswish": (),
    "Hardtanh": ("min_val", "max_val"),
    "LeakyReLU": ("negative_slope",),
    "ELU": ("alpha",),
    "CELU": ("alpha",),
    "GELU": ("approximate",),
    "Softplus": ("beta", "threshold"),
    "Softmax": ("dim",),
    "LogSoftmax": ("dim",),
    "Softmax2d": (),
    "PReLU": ("num_parameters",),
    "Embedding": ("num_embeddings", "embedding_dim", "padding_idx", "max_norm", "scale_grad_by_freq", "sparse"),
    **dict.fromkeys(("RNN", "LSTM", "GRU"), _RECURRENT),
    "MultiheadAttention": (
        *("embed_dim", "num_heads", "dropout", "batch_first", "kdim", "vdim", "add_zero_attn"),
        "_qkv_same_embed_dim",
    ),
    "Upsample": ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor"),
    "UpsamplingNearest2d": ("size", "scale_factor", "mode"),
    "UpsamplingBilinear2d": ("size", "scale_factor", "mode", "align_corners"),
    **{f"ZeroPad{n}d": ("padding",) for n in (1, 2, 3)},
    **{f"ConstantPad{n}d": ("padding", "value") for n in (1, 2, 3)},
}
