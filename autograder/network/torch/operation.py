"""One operation of a description (`observe.torch.description`), with its arguments by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from autograder.core.messages import phrase
from autograder.network.architecture import Shape
from autograder.network.torch.layout import Tensor
from autograder.network.values import UnknownNetwork, integer, shown_value

# The arguments of a function after the tensor that it reads, for functions that do what a layer does.
_POOL = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_AVERAGE = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
TORCH_FUNCTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "relu": ("ReLU", ()),
    "relu_": ("ReLU", ()),
    "relu6": ("ReLU6", ()),
    "sigmoid": ("Sigmoid", ()),
    "sigmoid_": ("Sigmoid", ()),
    "tanh": ("Tanh", ()),
    "tanh_": ("Tanh", ()),
    "selu": ("SELU", ()),
    "silu": ("SiLU", ()),
    "mish": ("Mish", ()),
    "softsign": ("Softsign", ()),
    "logsigmoid": ("LogSigmoid", ()),
    "hardsigmoid": ("Hardsigmoid", ()),
    "hardswish": ("Hardswish", ()),
    "hardtanh": ("Hardtanh", ("min_val", "max_val")),
    "leaky_relu": ("LeakyReLU", ("negative_slope",)),
    "leaky_relu_": ("LeakyReLU", ("negative_slope",)),
    "elu": ("ELU", ("alpha",)),
    "elu_": ("ELU", ("alpha",)),
    "celu": ("CELU", ("alpha",)),
    "gelu": ("GELU", ("approximate",)),
    "softplus": ("Softplus", ("beta", "threshold")),
    "softmax": ("Softmax", ("dim",)),
    "log_softmax": ("LogSoftmax", ("dim",)),
    "dropout": ("Dropout", ("p", "training")),
    "dropout1d": ("Dropout1d", ("p", "training")),
    "dropout2d": ("Dropout2d", ("p", "training")),
    "dropout3d": ("Dropout3d", ("p", "training")),
    "alpha_dropout": ("AlphaDropout", ("p", "training")),
    **{f"max_pool{n}d": (f"MaxPool{n}d", _POOL) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": (f"AvgPool{n}d", _AVERAGE) for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": (f"AdaptiveAvgPool{n}d", ("output_size",)) for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": (f"AdaptiveMaxPool{n}d", ("output_size",)) for n in (1, 2, 3)},
    "interpolate": ("Upsample", ("size", "scale_factor", "mode", "align_corners")),
    # With weights of its own, see `weights_of`.
    "linear": ("Linear", ("weight", "bias")),
    **{
        f"conv{n}d": (f"Conv{n}d", ("weight", "bias", "stride", "padding", "dilation", "groups"))
        for n in (1, 2, 3)
    },
    "mean": ("mean", ("dim", "keepdim")),
    "amax": ("max", ("dim", "keepdim")),
    "max": ("largest", ("dim", "keepdim")),
    "permute": ("permute", ("dims",)),
    "transpose": ("transpose", ("dim0", "dim1")),
    "swapaxes": ("transpose", ("dim0", "dim1")),
    "swapdims": ("transpose", ("dim0", "dim1")),
    "clamp": ("clamp", ("min", "max")),
    "clamp_min": ("clamp", ("min",)),
    "relu6_": ("ReLU6", ()),
    "exp": ("exp", ()),
    "pad": ("pad", ("pad", "mode", "value")),
}  # fmt: skip


class Filled(NamedTuple):
    """A tensor in which all numbers are the same, such as `torch.zeros(...)`."""

    value: float
    shape: Shape


class Broadcast(NamedTuple):
    """A tensor with axes of size 1 that were repeated (`expand`), which sums and products do themselves."""

    tensor: Tensor


class Merged(NamedTuple):
    """A tensor (batch, steps, features) as (batch · steps, features): what follows does the same to each step."""

    tensor: Tensor


# Operations that do the same to each row of features.
PER_STEP = frozenset({"Linear", "ReLU", "Tanh", "Sigmoid", "GELU", "LeakyReLU", "Dropout", "Softmax", "LogSoftmax"})
RESHAPES = frozenset({"view", "reshape", "flatten", "Flatten", "unflatten", "Unflatten"})


class Op(NamedTuple):
    """One operation: `read` are the values it reads, in order, `settings` everything else by name.

    `label` is the path of its layer, or the function's name; `key` tells layers that own weights apart.
    """

    kind: str
    label: str
    key: str
    settings: Mapping[str, Any]
    read: list[Any]
    args: list[Any]
    shape: Shape
    initializers: Mapping[str, Any]
    frozen: bool

    def get(self, name: str, default: Any = None) -> Any:
        """A setting; `default` if it is not given."""
        value = self.settings.get(name, default)
        return default if value is None else value

    def whole(self, name: str, low: int = -(2**31), default: int | None = None) -> int:
        """A setting that is a whole number."""
        return int(integer(low, 2**31)(self.get(name, default)))

    @property
    def tensor(self) -> Tensor:
        """The one tensor that it reads.

        Raises:
            UnknownNetwork: it reads something else.
        """
        if not self.read or not isinstance(self.read[0], Tensor):
            raise unknown(self)
        return self.read[0]


def unknown(op: Op) -> UnknownNetwork:
    """What is said of an operation that is not read."""
    return UnknownNetwork(phrase("the operation {name} of PyTorch is not known here", name=shown_value(op.kind)))


def one_per_axis(value: object, count: int, low: int = 0, high: int = 4096) -> list[int]:
    """`count` whole numbers; one number stands for all."""
    one = integer(low, high)
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, list | tuple):
        return [one(value)] * count
    if len(value) != count:
        raise UnknownNetwork(phrase("{given:,} numbers stand where {count} belong", given=len(value), count=count))
    return [one(item) for item in value]
