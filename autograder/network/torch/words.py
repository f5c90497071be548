"""Networks in PyTorch's words: names of layers, and shapes with the channels first."""

from __future__ import annotations

from autograder.network.architecture import Architecture, Operation, Row, Shape

_ACTIVATIONS = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
    "elu": "ELU",
    "celu": "CELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "mish": "Mish",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "log_sigmoid": "LogSigmoid",
    "hard_sigmoid": "Hardsigmoid",
    "hard_silu": "Hardswish",
    "hard_tanh": "Hardtanh",
    "exponential": "exp",
    "linear": "Identity",
}
_NAMES = {
    "Input": "input",
    "Dense": "Linear",
    "MultiHeadAttention": "MultiheadAttention",
    "LayerNormalization": "LayerNorm",
    "RMSNormalization": "RMSNorm",
    "GroupNormalization": "GroupNorm",
    "SimpleRNN": "RNN",
    "Reshape": "view",
    "Permute": "permute",
    "Concatenate": "cat",
    "Add": "+",
    "Subtract": "-",
    "Multiply": "*",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "Rescaling": "scaling",
    **{f"Conv{n}D": f"Conv{n}d" for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": f"ConvTranspose{n}d" for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": f"Conv{n}d" for n in (1, 2)},
    **{f"MaxPooling{n}D": f"MaxPool{n}d" for n in (1, 2, 3)},
    **{f"AveragePooling{n}D": f"AvgPool{n}d" for n in (1, 2, 3)},
    **{f"Global{how}Pooling{n}D": f"Adaptive{short}Pool{n}d" for how, short in (("Max", "Max"), ("Average", "Avg"))
       for n in (1, 2, 3)},
    **{f"Adaptive{how}Pooling{n}D": f"Adaptive{short}Pool{n}d" for how, short in (("Max", "Max"), ("Average", "Avg"))
       for n in (1, 2, 3)},
    **{f"SpatialDropout{n}D": f"Dropout{n}d" for n in (1, 2, 3)},
    **{f"UpSampling{n}D": "Upsample" for n in (1, 2, 3)},
    **{f"ZeroPadding{n}D": f"ZeroPad{n}d" for n in (1, 2, 3)},
}  # fmt: skip
# Keras' names of PyTorch's layers.
KERAS_NAMES: dict[str, str] = {
    **dict.fromkeys(_ACTIVATIONS.values(), "Activation"),
    **{name: keras for keras, name in _NAMES.items() if name[0].isupper() and not keras.startswith("Depthwise")},
    **{f"AdaptiveAvgPool{n}d": f"GlobalAveragePooling{n}D" for n in (1, 2, 3)},
    **{f"AdaptiveMaxPool{n}d": f"GlobalMaxPooling{n}D" for n in (1, 2, 3)},
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"), "BatchNormalization"),
    **{name: name for name in ("LSTM", "GRU", "Embedding", "Flatten", "Dropout", "LeakyReLU", "ELU", "PReLU")},
    "Unflatten": "Reshape",
    "Upsample": "UpSampling2D",
}
# Layers of sequences of channels: with them, three axes are (batch, channels, length) in torch.
_OF_CHANNELS = frozenset(
    {name for name in _NAMES if name.endswith("1D") and not name.startswith("Global")} | {"Conv1DTranspose"}
)
# Layers that keep the order of axes of what they read.
_KEEPING = frozenset({"Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "Dropout", "AlphaDropout"}) | {
    "BatchNormalization",
    "GroupNormalization",
    "Add",
    "Multiply",
    "Concatenate",
}


def torch_name(operation: Operation, rank: int | None = None) -> str:
    """The class (or function) of an operation in PyTorch; `rank` is the number of its output's axes, if known."""
    kind = operation.kind
    if kind == "Activation":
        name = str(operation.settings.get("activation"))
        return _ACTIVATIONS.get(name, name)
    if kind == "BatchNormalization":
        return "BatchNorm1d" if rank in (2, 3) else "BatchNorm3d" if rank == 5 else "BatchNorm2d"
    if kind == "Bidirectional":
        held = str(operation.settings.get("layer", {}).get("class_name", ""))
        return _NAMES.get(held, held)
    return _NAMES.get(kind, kind)


def in_torch(architecture: Architecture) -> bool:
    """Whether a network is shown in PyTorch's words."""
    return any(operation.shown for operation in architecture.operations)


def with_torch_names(architecture: Architecture, measured: tuple[Row, ...]) -> Architecture:
    """The same network with the names that its operations have in PyTorch.

    `measured` are its rows; they may end where its operations stop fitting together.
    """
    operations = tuple(
        operation.model_copy(
            update={"shown": torch_name(operation, len(measured[place].shape) if place < len(measured) else None)}
        )
        for place, operation in enumerate(architecture.operations)
    )
    return architecture.model_copy(update={"operations": operations})


def torch_rows(architecture: Architecture, measured: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows as PyTorch counts them: channels first, buffers are not parameters, recurrent layers have two biases."""
    channels = _channels_first(architecture)
    return tuple(
        row.model_copy(
            update={
                "shape": channels_first(row.shape) if channels[place] else row.shape,
                "parameters": row.parameters + _more_parameters(architecture.operations[place], row),
                "trainable": row.trainable + (_more_biases(architecture.operations[place]) if row.trainable else 0),
            }
        )
        for place, row in enumerate(measured)
    )


def channels_first(shape: Shape) -> Shape:
    """(batch, ..., channels) as (batch, channels, ...)."""
    return (shape[0], shape[-1], *shape[1:-1]) if len(shape) > 2 else shape


def _channels_first(architecture: Architecture) -> list[bool]:
    found: list[bool] = []
    operations = architecture.operations
    for place, operation in enumerate(operations):
        readers = [one for one in operations if place in one.inputs]
        kept = operation.kind in _KEEPING and bool(operation.inputs) and found[operation.inputs[0]]
        sequence = operation.kind in _OF_CHANNELS or kept
        if operation.kind == "Input":
            sequence = any(one.kind in _OF_CHANNELS for one in readers)
        found.append(sequence or _rank_of(operation, architecture) in (4, 5))
    return found


def _rank_of(operation: Operation, architecture: Architecture) -> int:
    for _ in range(len(architecture.operations)):
        kind, settings = operation.kind, operation.settings
        if kind == "Input":
            return len(settings["shape"]) + 1
        if kind == "Reshape":
            return len(settings["target_shape"]) + 1
        if kind == "Flatten" or (kind.startswith("Global") and not settings.get("keepdims")):
            return 2
        if kind[-2:] in ("2D", "3D") or "DTranspose" in kind:
            digit = kind[-2] if kind[-1] == "D" and kind[-2].isdigit() else kind[kind.index("DTranspose") - 1]
            return int(digit) + 2
        if not operation.inputs:
            return 2
        operation = architecture.operations[operation.inputs[0]]
    return 2


def _running(operation: Operation, row: Row) -> int:
    if operation.kind != "BatchNormalization" or not row.parameters:
        return 0
    learned = int(operation.settings["center"]) + int(operation.settings["scale"])
    return row.parameters * 2 // (learned + 2)


def _more_parameters(operation: Operation, row: Row) -> int:
    return -_running(operation, row) + (_more_biases(operation) if row.parameters else 0)


def _more_biases(operation: Operation) -> int:
    """The second bias that torch's LSTM and RNN have."""
    kind, settings, times = operation.kind, operation.settings, 1
    if kind == "Bidirectional":
        kind, settings, times = settings["layer"]["class_name"], settings["layer"]["config"], 2
    gates = {"LSTM": 4, "SimpleRNN": 1}.get(kind, 0)
    return times * gates * int(settings.get("units", 0)) if settings.get("use_bias") else 0
