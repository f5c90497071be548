"""From the description of a PyTorch module to the canonical architecture. The description is untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.core.messages import phrase
from autograder.network.activations import Applied
from autograder.network.architecture import Architecture
from autograder.network.canonical import Misfitting, finished
from autograder.network.measure import measure_until_misfit
from autograder.network.ops import with_constant
from autograder.network.torch import recurrent
from autograder.network.torch.builder import TorchBuilder
from autograder.network.torch.layers import TORCH_LAYERS
from autograder.network.torch.layout import Axes, OtherInput, Tensor, as_images
from autograder.network.torch.operation import (
    PER_STEP,
    RESHAPES,
    TORCH_FUNCTIONS,
    Broadcast,
    Filled,
    Merged,
    Op,
    unknown,
)
from autograder.network.torch.products import PRODUCTS, TURNS, Product, dense_layer, is_weight, turned
from autograder.network.torch.recurrent import Recurrent, States
from autograder.network.torch.words import with_torch_names
from autograder.network.values import (
    UnknownNetwork,
    boolean,
    integer,
    mapping,
    number,
    optional,
    read_list,
    shown_value,
)

_MOST = 2000
_SUMS = {"add": "Add", "sub": "Subtract", "mul": "Multiply", "div": "TrueDivide"}
_ARITHMETIC: dict[str, tuple[str, bool]] = {
    **{name: (kind, False) for name, kind in _SUMS.items()},
    **{f"{name}_": (kind, False) for name, kind in _SUMS.items()},
    **{f"__{name}__": (kind, False) for name, kind in _SUMS.items()},
    **{f"__i{name}__": (kind, False) for name, kind in _SUMS.items()},
    **{f"__r{name}__": (kind, True) for name, kind in _SUMS.items()},
    **dict.fromkeys(("__truediv__", "__itruediv__", "true_divide", "divide"), ("TrueDivide", False)),
    "rsub": ("Subtract", True),
    "multiply": ("Multiply", False),
    "subtract": ("Subtract", False),
    "maximum": ("Maximum", False),
    "minimum": ("Minimum", False),
}
_FILLS = {"zeros": 0.0, "zeros_like": 0.0, "new_zeros": 0.0, "ones": 1.0, "ones_like": 1.0, "new_ones": 1.0}
_JOINS = frozenset({"cat", "concat", "concatenate", "hstack"})
_PICKS = frozenset({"__getitem__", "select"})


def read_description(description: Mapping[str, object]) -> Architecture:
    """The canonical architecture of a module.

    Args:
        description: what `observe.torch.description.describe` made in the student's kernel; untrusted.

    Raises:
        UnknownNetwork: it contains a layer, a function or a setting that is not supported.
        Misfitting: everything is supported, but the layers do not fit together.
    """
    chosen: dict[int, Axes] = {}
    for _ in range(9):
        try:
            return _Reader(chosen).read(mapping(description))
        except OtherInput as found:
            chosen[found.place] = found.axes
        except UnknownNetwork:
            raise
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
            raise UnknownNetwork(phrase("its description is not one that is understood here")) from None
    raise UnknownNetwork(phrase("its inputs are read in orders of axes that contradict each other"))


class _Reader(TorchBuilder):
    """Reads one description, operation by operation."""

    def __init__(self, inputs: dict[int, Axes]) -> None:
        super().__init__(inputs)
        self._values: list[Any] = []
        self._batch = 0

    def read(self, description: Mapping[str, object]) -> Architecture:
        """The whole network."""
        self._batch = integer(2)(description.get("batch"))
        for entry in read_list(description.get("operations"), _MOST):
            self.builder.count()
            self._values.append(self._read(mapping(entry)))
        ends = [self._tensor(self._decoded(end)) for end in read_list(description.get("outputs"))]
        if not ends:
            raise UnknownNetwork(phrase("the network has no input or no output"))
        try:
            architecture = finished(self.builder, tuple(end.node for end in ends))
        except Misfitting as error:
            raise Misfitting(error.reason, error.layer, _shown(error.architecture)) from None
        return _shown(architecture)

    def _read(self, entry: Mapping[str, object]) -> Any:
        op = self._operation(entry)
        try:
            if "misfit" in entry:
                self._note_misfit(op)
            return self._applied(op)
        except UnknownNetwork as error:
            raise error if error.layer else UnknownNetwork(error.reason, op.label) from None

    def _note_misfit(self, op: Op) -> None:
        """Its weights are made for another number of inputs than it gets."""
        axis = len(op.tensor.shape) - 1 if op.kind == "Linear" else 1
        names = {"Linear": "in_features", "BatchNorm1d": "num_features"}
        name = names.get(op.kind, "num_features" if op.kind.startswith("BatchNorm") else "in_channels")
        given, expected = op.tensor.shape[axis], op.settings.get(name)
        if given is not None and isinstance(expected, int) and given != expected:
            self.misfit(
                op.label,
                phrase("`{name}` is {expected:,}, but it gets {given:,}", name=name, expected=expected, given=given),
            )
        else:
            self.misfit(op.label, phrase("it cannot read what it gets"))

    def _operation(self, entry: Mapping[str, object]) -> Op:
        name, path = str(shown_value(str(entry.get("kind")))), str(shown_value(str(entry.get("path") or "")))
        args = [self._decoded(one) for one in read_list(entry.get("args") or [], 200)]
        kwargs = {key: self._decoded(one) for key, one in mapping(entry.get("kwargs") or {}).items()}
        settings = dict(mapping(entry.get("settings") or {}))
        kind, names = (name, ()) if path or settings else TORCH_FUNCTIONS.get(name, (name, ()))
        read = [args[0]] if args and kind != name else args
        rest = args[1:]
        if names:
            if len(rest) > len(names) and all(isinstance(one, int) for one in rest):
                rest = [rest]
            settings |= dict(zip(names, rest, strict=False))
        if "input" in kwargs and not read:
            read = [kwargs.pop("input")]
        settings |= {key: value for key, value in kwargs.items() if not key.startswith("_")}
        if path:
            read = args + [value for value in kwargs.values() if isinstance(value, Tensor | Recurrent | Filled | list)]
        initializers, key = mapping(entry.get("initializers") or {}), path
        settings, key = _with_weights(kind, settings, key)
        size = optional(integer(0, 2**31))
        shape = tuple(size(one) for one in read_list(entry.get("shape") or [], 8))
        resolved = [self._resolved(one, kind) for one in read]
        frozen = boolean(entry.get("frozen") or False)
        label = path or str(shown_value(str(entry.get("name") or name)))
        return Op(kind, label, key or f"#{len(self._values)}", settings, resolved, rest, shape, initializers, frozen)

    def _resolved(self, value: Any, kind: str) -> Any:
        """All steps of a recurrent layer, unless the operation picks one of them."""
        if isinstance(value, list):
            return [self._resolved(one, kind) for one in value]
        if isinstance(value, Recurrent) and kind not in _PICKS:
            return value.steps()
        if isinstance(value, Product) and kind not in _ARITHMETIC:
            return TORCH_LAYERS["Linear"](self, value.dense())
        if isinstance(value, Broadcast) and kind in _ARITHMETIC:
            return value.tensor
        return value

    def _decoded(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._decoded(one) for one in value]
        if not isinstance(value, dict) or "ref" not in value:
            return value
        found = self._values[integer(0, len(self._values) - 1)(value["ref"])]
        if isinstance(found, list):
            item = integer(0, 8)(value.get("item", 0))
            return found[item] if item < len(found) else None
        return found

    def _tensor(self, value: Any) -> Tensor:
        value = self._resolved(value, "")
        if isinstance(value, Merged):
            return value.tensor
        if not isinstance(value, Tensor):
            raise UnknownNetwork(phrase("its output is not one that is understood here"))
        return value

    def _applied(self, op: Op) -> Any:
        if op.kind == "input":
            place = len(self._values)
            axes = self.layout.inputs.get(place, as_images(len(op.shape)))
            node = self.builder.input([None, *(op.shape[axis] for axis in axes[1:])], op.label)
            return Tensor(node, axes, op.shape, place)
        if op.kind in _FILLS:
            return Filled(_FILLS[op.kind], op.shape)
        if op.kind in ("RNN", "LSTM", "GRU"):
            return recurrent.read_recurrent(self, op)
        if op.read and isinstance(op.read[0], Filled) and op.kind in ("to", "cuda", "float", "requires_grad_"):
            return op.read[0]
        if op.read and isinstance(op.read[0], States):
            return self._state(op)
        if op.kind in TURNS and op.read and is_weight(op.read[0], 2):
            return turned(op.read[0])
        if op.kind in PRODUCTS and len(op.read) == 2 and is_weight(op.read[1], 2):
            return Product(op, op.read[1])
        if op.read and isinstance(op.read[0], Merged):
            return self._on_steps(op, op.read[0].tensor)
        if op.kind in RESHAPES and (merged := self._merged(op)) is not None:
            return merged
        if op.kind in _PICKS:
            return self._picked(op)
        if op.kind in _JOINS:
            return self._joined(op)
        if op.kind in _ARITHMETIC:
            return self._calculated(op)
        if op.kind == "neg":
            return self.elementwise(op, "Rescaling", {"scale": -1.0, "offset": 0.0})
        read = TORCH_LAYERS.get(op.kind)
        if read is None:
            raise unknown(op)
        return read(self, op)

    def _merged(self, op: Op) -> Merged | None:
        """Batch and steps as one axis; None for any other change of shape."""
        tensor = op.tensor
        if len(tensor.shape) != 3 or len(op.shape) != 2 or tensor.axes != (0, 1, 2):
            return None
        _, steps, features = tensor.shape
        return Merged(tensor) if steps and op.shape == (steps * self._batch, features) else None

    def _on_steps(self, op: Op, tensor: Tensor) -> Any:
        if op.kind in RESHAPES and op.shape == tensor.shape:
            return tensor
        if op.kind not in PER_STEP or len(op.shape) != 2 or op.settings.get("dim", 1) not in (1, -1):
            raise unknown(op)
        settings = {**op.settings, "dim": -1} if "dim" in op.settings else op.settings
        shape = (*tensor.shape[:2], op.shape[1])
        return Merged(self._applied(op._replace(read=[tensor, *op.read[1:]], settings=settings, shape=shape)))

    def _state(self, op: Op) -> Any:
        states = op.read[0]
        found = None
        if op.kind in _PICKS:
            index = op.read[1] if len(op.read) > 1 else op.settings.get("index", op.settings.get("dim"))
            found = recurrent.picked(states, index)
        elif op.kind in ("squeeze", "view", "reshape") and states.count == 1 and len(op.shape) == 2:
            found = states.at(0)
        if found is None:
            raise unknown(op)
        return found

    def _picked(self, op: Op) -> Any:
        value, index = op.read[0], op.read[1] if len(op.read) > 1 else None
        if isinstance(value, Recurrent):
            if (found := recurrent.picked(value, index)) is not None:
                return found
            value = value.steps()
        parts = index if isinstance(index, list) else [index]
        whole = all(isinstance(part, dict) and part.get("slice") in ("...", [None, None, None]) for part in parts)
        if isinstance(value, Tensor) and whole:
            return value
        if (
            isinstance(value, Tensor)
            and op.shape
            and all(part is None or (isinstance(part, dict) and "slice" in part) for part in parts)
            and [size for size in op.shape if size != 1] == [size for size in value.shape if size != 1]
        ):
            return self.layout.reshaped(value, op.shape, op.label)
        raise unknown(op)

    def _joined(self, op: Op) -> Tensor:
        given = op.read[0] if op.read else op.settings.get("tensors")
        parts = given if isinstance(given, list) else []
        if (both := recurrent.joined(parts)) is not None:
            return both
        usual = 1 if op.kind == "hstack" else 0
        dim = op.settings.get("dim", op.settings.get("axis", op.read[1] if len(op.read) > 1 else usual))
        if not parts or not all(isinstance(one, Tensor) for one in parts):
            raise unknown(op)
        first = parts[0]
        rank = len(first.shape)
        axis = integer(-8, 8)(dim) % rank
        nodes = tuple(self.layout.ordered(one, first.axes, op.label).node for one in parts)
        place = first.axes.index(axis)
        if place == 0:
            raise UnknownNetwork(phrase("another axis than the first is read as the batch"))
        node = self.builder.add(Applied("Concatenate", {"axis": place}), nodes, None, op.label)
        return Tensor(node, first.axes, op.shape)

    def _calculated(self, op: Op) -> Any:
        kind, backwards = _ARITHMETIC[op.kind]
        if len(op.read) < 2 and "other" in op.settings:
            op = op._replace(read=[*op.read, op.settings["other"]])
        if len(op.read) != 2 or op.settings.get("alpha", 1) != 1:
            raise unknown(op)
        one, other = reversed(op.read) if backwards else op.read
        if kind == "Add" and (dense := dense_layer(one, other)) is not None:
            return TORCH_LAYERS["Linear"](self, dense)
        one, other = self._resolved(one, ""), self._resolved(other, "")
        constants = [_constant(value) for value in (one, other)]
        if isinstance(one, Tensor) and isinstance(other, Tensor):
            if kind == "TrueDivide":
                raise unknown(op)
            if len(one.shape) != len(other.shape):
                raise unknown(op)
            if one.root is not None and other.root is None:
                one = self.layout.ordered(one, other.axes, op.label)
            other = self.layout.ordered(other, one.axes, op.label)
            node = self.builder.add(Applied(kind, {}), (one.node, other.node), None, op.label)
            return Tensor(node, one.axes, op.shape)
        tensor = one if isinstance(one, Tensor) else other
        constant = constants[1] if isinstance(one, Tensor) else constants[0]
        if not isinstance(tensor, Tensor) or constant is None:
            raise unknown(op)
        if (kind in ("Add", "Subtract") and not constant and isinstance(one, Tensor)) or (
            kind == "Multiply" and constant == 1
        ):
            return tensor
        read = number(-1e9, 1e9)
        node = tensor.node
        for applied in with_constant(kind, read(constant), constant_first=not isinstance(one, Tensor)):
            node = self.builder.add(applied, (node,), None, op.label)
        return tensor._replace(node=node)


def _constant(value: Any) -> float | None:
    if isinstance(value, Filled):
        return value.value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _with_weights(kind: str, settings: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """Settings that follow from weights that are given to a function, and their name."""
    weight = settings.get("weight")
    if not isinstance(weight, dict) or "parameter" not in weight:
        return settings, key
    sizes = [integer(1)(size) for size in read_list(weight.get("shape"), 8)]
    found = {name: value for name, value in settings.items() if name not in ("weight", "bias")}
    found["bias"] = isinstance(settings.get("bias"), dict)
    if kind == "Linear" and len(sizes) == 2:
        found |= {"out_features": sizes[0], "in_features": sizes[1]}
    elif kind in ("Conv1d", "Conv2d", "Conv3d"):
        found |= {"out_channels": sizes[0], "kernel_size": sizes[2:]}
    else:
        return settings, key
    return found, str(weight["parameter"])[:200]


def _shown(architecture: Architecture) -> Architecture:
    return with_torch_names(architecture, measure_until_misfit(architecture)[0])
