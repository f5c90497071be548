"""Inside the kernel: describes a PyTorch module as plain data, from one call on a batch without content.

The batch and all that follows from it are fake tensors: they have shapes but no numbers, so the call needs no memory,
changes no weights and draws no random numbers. Functions are recorded by a `TorchFunctionMode`
(https://docs.pytorch.org/docs/stable/torch.overrides.html), layers of `torch.nn` by their `forward`, as one operation
each. Control flow that depends on the data cannot be followed, as with `torch.fx` and `torch.export`; control flow on
shapes can.
"""

from __future__ import annotations

import copy
import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autograder.observe.torch.settings import LAYER_SETTINGS

# A size that no network has by itself: a prime, so that a reshape cannot mix the batch with other axes unnoticed.
_BATCH = 1009
_MAX_OPERATIONS = 2000
MAX_MODULES = 5000
_MAX_DEPTH = 8
_MAX_ITEMS = 200
_MAX_TEXT = 200
_MAX_INITIALIZED = 100_000

_WRAPPERS = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}

# For each place in memory: a weak reference to what is stored there, and the initializer that filled it last. A place
# is used again once its tensor is gone, and its initializer says nothing of the next one.
_initialized: dict[int, tuple[Any, str, dict[str, Any]]] = {}


class _TooLarge(RuntimeError):
    """The network has more operations than are read."""


def describe(module: Any, input_shape: Any = None) -> dict[str, Any]:
    """A module as plain data; never raises.

    Args:
        module: an `nn.Module`; its weights and buffers stay as they are.
        input_shape: the shape of what it reads, in torch's order, with the batch axis first (whose size is ignored),
            or a list with one such shape for each input; None if it is unknown.

    Returns:
        `operations` in the order in which they were called, `outputs` as references to them, the names of layers that
        were never called, and totals; or `problem`, a code of why it could not be described, with `detail`.
    """
    try:
        module = _unwrapped(module)
        name = type(module).__name__[:_MAX_TEXT]
        if input_shape is None:
            return {"class_name": name, "problem": "no_input", "detail": ""}
        several = isinstance(input_shape[0], list | tuple)
        shapes = [tuple(int(size or 1) for size in shape[1:]) for shape in (input_shape if several else [input_shape])]
        if sum(1 for _ in module.modules()) > MAX_MODULES:
            return {"class_name": name, "problem": "too_large", "detail": ""}
        return {"class_name": name} | _described(_filled(module, shapes), shapes)
    except Exception as error:
        return {"class_name": "", "problem": "not_described", "detail": _words(error)}


def watch_initializers() -> None:
    """From now on remember how `torch.nn.init` fills each tensor; to be called before any student code."""
    from torch.nn import init

    for name in dir(init):
        function = getattr(init, name)
        if name.endswith("_") and not name.startswith("_") and callable(function):
            setattr(init, name, _watched(name, function))


def _watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    import inspect

    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        try:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            (_, tensor), *rest = bound.arguments.items()
            settings = {key: value for key, value in rest if isinstance(value, bool | int | float | str)}
            if len(_initialized) < _MAX_INITIALIZED:
                from torch.multiprocessing.reductions import StorageWeakRef

                _initialized[tensor.data_ptr()] = (StorageWeakRef(tensor.untyped_storage()), name, settings)
        except Exception:
            pass
        return result

    return wrapper


def _initializer_of(tensor: Any) -> tuple[str, dict[str, Any]] | None:
    """The initializer that filled a tensor last, as (name, settings); None if it is not known."""
    found = _initialized.get(tensor.data_ptr())
    return None if found is None or found[0].expired() else found[1:]


def _unwrapped(module: Any) -> Any:
    for _ in range(4):
        inner = _WRAPPERS.get(type(module).__name__)
        found = getattr(module, inner, None) if inner else None
        if found is None:
            break
        module = found
    return module


def _filled(module: Any, shapes: list[tuple[int, ...]]) -> Any:
    """The module; a copy if it has lazy layers that no call has given their sizes yet, after one on zeros."""
    import torch
    from torch.nn.parameter import UninitializedBuffer, is_lazy

    if not any(is_lazy(one) for one in (*module.parameters(), *module.buffers())):
        return module
    # `deepcopy` cannot copy them itself.
    buffers: dict[int, Any] = {id(one): UninitializedBuffer() for one in module.buffers() if is_lazy(one)}
    module = copy.deepcopy(module, buffers).eval()
    with torch.no_grad():
        module(*(torch.zeros((2, *shape), dtype=_dtypes(module)[0]) for shape in shapes))
    return module


def _dtypes(module: Any) -> list[Any]:
    """The types of numbers that it may read."""
    import torch

    words = any(isinstance(one, torch.nn.Embedding | torch.nn.EmbeddingBag) for one in module.modules())
    return [torch.int64, torch.float32] if words else [torch.float32]


def _described(module: Any, shapes: list[tuple[int, ...]]) -> dict[str, Any]:
    failed: dict[str, Any] = {}
    for dtype in _dtypes(module):
        found = _called(module, shapes, dtype)
        if "problem" not in found:
            return found
        failed = failed or found
    return failed


def _called(module: Any, shapes: list[tuple[int, ...]], dtype: Any) -> dict[str, Any]:
    import torch
    from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException, FakeTensorMode

    recording = _Recording(module)
    # Each call that does not fit would print a traceback.
    logging.getLogger("torch._subclasses.fake_tensor").setLevel(logging.CRITICAL)
    modes = {one: one.training for one in module.modules()}
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    try:
        module.train()
        with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
            batch = [torch.empty((_BATCH, *shape), dtype=dtype) for shape in shapes]
            for number, tensor in enumerate(batch):
                recording.add("input", "", {}, [], {}, tensor, name=f"input{number or ''}")
            with recording.layers(), recording.functions():
                result = module(*batch)
    except (DataDependentOutputException, DynamicOutputShapeException) as error:
        return recording.partly("data_dependent", error)
    except _TooLarge as error:
        return recording.partly("too_large", error)
    except Exception as error:
        return recording.partly("forward_failed", error)
    finally:
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
        for one, training in modes.items():
            one.training = training
    outputs = [one for one in recording.encode(_flat(result)) if isinstance(one, dict) and "ref" in one]
    if not outputs:
        return recording.partly("no_output", None)
    return recording.whole() | {"outputs": outputs}


def _flat(result: Any) -> list[Any]:
    if isinstance(result, dict):
        return list(result.values())
    return list(result) if isinstance(result, list | tuple) else [result]


class _Recording:
    """The operations of one call."""

    def __init__(self, module: Any) -> None:
        import torch

        self.tensor = torch.Tensor
        self.module = module
        self.operations: list[dict[str, Any]] = []
        self.places: dict[int, dict[str, int]] = {}
        self.kept: list[Any] = []  # so that no id is given twice
        self.inside = 0
        self.called: set[str] = set()
        self.paths = {id(one): name for name, one in module.named_modules()}
        self.parameters = {id(one): name for name, one in module.named_parameters()}
        self.parameters |= {id(one): name for name, one in module.named_buffers()}

    def add(
        self, kind: str, path: str, settings: dict[str, Any], args: list[Any], kwargs: Any, result: Any, **more: Any
    ) -> None:
        """Note one operation and that its results come from it."""
        if len(self.operations) >= _MAX_OPERATIONS:
            raise _TooLarge(f"more than {_MAX_OPERATIONS} operations")
        tensors = self._tensors(result)
        first = result if isinstance(result, self.tensor) else next((one for _, one in tensors), None)
        operation = {"kind": kind, "path": path, "settings": settings, "args": args, "kwargs": kwargs, **more}
        operation["shape"] = None if first is None else _shape(first)
        self.operations.append({key: value for key, value in operation.items() if value or key == "kind"})
        for item, tensor in tensors:
            self.kept.append(tensor)
            place = {"ref": len(self.operations) - 1}
            self.places[id(tensor)] = place if item is None else {**place, "item": item}

    def _tensors(self, result: Any) -> list[tuple[int | None, Any]]:
        if isinstance(result, self.tensor):
            return [(None, result)]
        if not isinstance(result, list | tuple):
            return []
        found: list[tuple[int | None, Any]] = []
        for item, one in enumerate(result):
            inner = one if isinstance(one, list | tuple) else [one]
            # The states of an LSTM are a tuple in a tuple: item 1.
            found += [(item, tensor) for tensor in inner if isinstance(tensor, self.tensor)]
        return found

    def encode(self, value: Any, depth: int = 0) -> Any:
        """An argument as plain data: references to operations and parameters, numbers, texts and lists of them."""
        if depth > _MAX_DEPTH:
            return {"object": "deep"}
        if isinstance(value, self.tensor):
            return self._encoded_tensor(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return value[:_MAX_TEXT]
        if isinstance(value, list | tuple):
            return [self.encode(one, depth + 1) for one in value[:_MAX_ITEMS]]
        if isinstance(value, dict):
            return {str(key)[:_MAX_TEXT]: self.encode(one, depth + 1) for key, one in list(value.items())[:_MAX_ITEMS]}
        if isinstance(value, slice):
            return {"slice": [self.encode(one, depth + 1) for one in (value.start, value.stop, value.step)]}
        if value is Ellipsis:
            return {"slice": "..."}
        return {"object": type(value).__name__[:_MAX_TEXT]}

    def _encoded_tensor(self, tensor: Any) -> Any:
        if id(tensor) in self.places:
            return dict(self.places[id(tensor)])
        if id(tensor) in self.parameters and (tensor.requires_grad or tensor.numel() != 1):
            initialized = _initializer_of(tensor)
            return {
                "parameter": self.parameters[id(tensor)],
                "shape": [int(size) for size in tensor.shape],
                "trainable": bool(tensor.requires_grad),
                **({"initializer": list(initialized)} if initialized else {}),
            }
        if tensor.numel() == 1 and type(tensor) is self.tensor:
            from torch._subclasses.fake_tensor import unset_fake_temporarily

            with unset_fake_temporarily():
                return float(tensor.item())
        return {"constant": _shape(tensor)}

    @contextmanager
    def functions(self) -> Iterator[None]:
        """While active, functions that are called outside of layers are recorded."""
        from torch.overrides import TorchFunctionMode

        recording = self

        class Mode(TorchFunctionMode):  # type: ignore[misc]
            def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                kwargs = kwargs or {}
                if recording.inside:
                    return function(*args, **kwargs)
                given = recording.encode(args), recording.encode(kwargs)
                result = function(*args, **kwargs)
                name = getattr(function, "__name__", "")
                if name == "__get__":
                    name = getattr(getattr(function, "__self__", None), "__name__", name)
                changed = args[0] if name == "__setitem__" else result
                if recording._tensors(changed):
                    recording.add(name[:_MAX_TEXT], "", {}, *given, changed)
                return result

        with Mode():
            yield

    @contextmanager
    def layers(self) -> Iterator[None]:
        """While active, each call of a layer of `torch.nn` is recorded as one operation."""
        import torch

        leaves = [
            one for one in self.module.modules() if type(one) is getattr(torch.nn, type(one).__name__, None)
            and type(one).__name__ in LAYER_SETTINGS and "forward" not in vars(one)
        ]  # fmt: skip
        try:
            for leaf in leaves:
                leaf.forward = functools.partial(self._forward, leaf, leaf.forward)
            yield
        finally:
            for leaf in leaves:
                vars(leaf).pop("forward", None)

    def _forward(self, leaf: Any, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.inside:
            return forward(*args, **kwargs)
        given = self.encode(args), self.encode(kwargs)
        more: dict[str, Any] = {}
        self.inside += 1
        try:
            try:
                result = forward(*args, **kwargs)
            except Exception as error:
                # What the layer would give if its input fitted, so that the rest of the network is seen, too.
                result = _as_if_it_fitted(leaf, args)
                if result is None:
                    raise
                more = {"misfit": _words(error)}
        finally:
            self.inside -= 1
        kind, path = type(leaf).__name__, self.paths.get(id(leaf), "")
        settings = {name: self._setting(leaf, name) for name in LAYER_SETTINGS[kind]}
        weights = list(leaf.parameters(recurse=True))
        initializers = {
            name[:_MAX_TEXT]: list(initializer)
            for name, one in leaf.named_parameters()
            if (initializer := _initializer_of(one)) is not None
        }
        more |= {"parameters": sum(one.numel() for one in weights), "initializers": initializers}
        more["frozen"] = bool(weights) and not any(one.requires_grad for one in weights)
        self.called.add(path)
        self.add(kind, path[:_MAX_TEXT], settings, *given, result, **more)
        return result

    def _setting(self, leaf: Any, name: str) -> Any:
        value = getattr(leaf, name, None)
        if name == "bias" and (value is None or isinstance(value, self.tensor)):
            return value is not None
        return self.encode(value)

    def whole(self) -> dict[str, Any]:
        """The description of what was called."""
        parameters = list(self.module.parameters())
        unused = [
            name[:_MAX_TEXT]
            for name, one in self.module.named_modules()
            if type(one).__name__ in LAYER_SETTINGS and name not in self.called
        ]
        return {
            "batch": _BATCH,
            "operations": self.operations,
            "unused": unused[:_MAX_ITEMS],
            "parameters": sum(one.numel() for one in parameters),
            "trainable": sum(one.numel() for one in parameters if one.requires_grad),
            "buffers": sum(one.numel() for one in self.module.buffers()),
        }

    def partly(self, problem: str, error: Exception | None) -> dict[str, Any]:
        """The same for a call that did not come to its end."""
        return self.whole() | {"problem": problem, "detail": _words(error) if error else ""}


def _as_if_it_fitted(leaf: Any, args: Any) -> Any:
    """The output of a layer whose number of inputs is wrong, as if it were right; None for other layers."""
    import torch

    (given, *_) = args or (None,)
    kind = type(leaf).__name__
    if not isinstance(given, torch.Tensor):
        return None
    if kind == "Linear":
        return given.new_empty((*given.shape[:-1], leaf.out_features))
    if kind.startswith("BatchNorm") and given.dim() in (int(kind[-2]) + 2, 3 if kind == "BatchNorm1d" else 0, 2):
        return given.new_empty(given.shape) if given.dim() > 2 or kind == "BatchNorm1d" else None
    if kind in ("Conv1d", "Conv2d", "Conv3d") and given.dim() == int(kind[-2]) + 2 and leaf.groups == 1:
        weight = given.new_empty((leaf.out_channels, given.shape[1], *leaf.kernel_size))
        convolve = getattr(torch.nn.functional, kind.lower())
        return convolve(given, weight, None, leaf.stride, leaf.padding, leaf.dilation)
    return None


def _shape(tensor: Any) -> list[int | None]:
    return [None if size == _BATCH else int(size) for size in tensor.shape]


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:2000]
