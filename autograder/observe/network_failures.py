"""Inside the kernel: records which layer or loss failed, and on which shapes, at the exception itself.

Keras removes its own frames from tracebacks, so the layer cannot be found afterwards. The wrapped methods cost one
call while nothing fails; everything else happens only once an exception passes. The facts are kept at the exception
object, so an exception that the student's code catches leaves nothing behind.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.observe.network_description import NetworkDescriber, quietly
from autograder.observe.plain import plain

_NOTED = "_autograder_network_failure"
_METHODS = ("compile", "fit", "evaluate", "predict")
_MOST = 16
_DEEPEST = 12
# Rows of a list or an array of objects whose lengths are compared.
_ROWS = 1000
_MAX_LAYER_BYTES = 2**16


class FailureRecorder:
    """Wraps the methods of Keras at which shapes meet. Created before student code runs."""

    def __init__(self, describer: NetworkDescriber) -> None:
        import keras
        import tensorflow as tf
        from keras.src.ops.operation import Operation

        self._describer = describer
        self._model = keras.Model
        self._symbolic = keras.KerasTensor
        self._serialize = keras.saving.serialize_keras_object
        self._flatten = keras.tree.flatten
        self._dataset, self._batches = tf.data.Dataset, keras.utils.PyDataset
        self._wrap(keras.Layer, "__call__", self._at_layer)
        self._wrap(Operation, "symbolic_call", self._at_layer)
        self._wrap(keras.losses.Loss, "__call__", self._at_loss)
        self._wrap(keras.Sequential, "add", functools.partial(self._at_method, "add"))
        self._wrap(keras.Sequential, "build", functools.partial(self._at_method, "build"))
        for name in _METHODS:
            owner = next(base for base in keras.Model.__mro__ if name in vars(base))
            self._wrap(owner, name, functools.partial(self._at_method, name))

    def of(self, error: Any, cell: int) -> list[dict[str, Any]]:
        """What was noted at the exception that ended a cell: the fields of one `NetworkFailure`, or nothing."""
        facts = _noted(error)
        if facts is None:
            return []
        return [{"method": "call", **facts, "error": type(error).__name__[:200], "cell": cell}]

    def _wrap(self, owner: Any, name: str, note: Callable[..., dict[str, Any]]) -> None:
        original = vars(owner)[name]

        @functools.wraps(original)
        def method(*positional: Any, **named: Any) -> Any:
            try:
                return original(*positional, **named)
            except Exception as error:
                self._note(error, functools.partial(note, original=original), positional, named)
                raise

        setattr(owner, name, method)

    def _note(
        self, error: Exception, note: Callable[..., dict[str, Any]], given: tuple[Any, ...], named: dict[str, Any]
    ) -> None:
        """Add to what inner methods noted; of layers and losses, the innermost counts. Never raises."""
        add_to_failure(error, quietly(lambda: note(_noted(error) or {}, *given, **named)) or {})

    def _at_layer(self, known: dict[str, Any], layer: Any, *given: Any, original: Any, **named: Any) -> dict[str, Any]:
        if "layer" in known:
            # An outer network: it tells what surrounds a layer that failed on real data.
            if known.get("network") is None and isinstance(layer, self._model):
                return {"network": self._described(layer)}
            return {}
        tensors = [one for one in self._flatten([*given, *named.values()]) if hasattr(one, "shape")][:_MOST]
        if isinstance(layer, self._model):
            return {
                "layer": {"class_name": type(layer).__name__[:200], "name": str(layer.name)[:200]},
                "shapes": [_sizes(one.shape) for one in tensors],
                "network": self._described(layer),
            }
        facts: dict[str, Any] = {
            "layer": quietly(lambda: self._layer(layer)),
            "shapes": [_sizes(one.shape) for one in tensors],
        }
        if tensors and all(isinstance(one, self._symbolic) for one in tensors):
            facts |= quietly(lambda: self._leading_to(tensors)) or {}
        return facts

    def _at_loss(
        self, known: dict[str, Any], loss: Any, y_true: Any = None, y_pred: Any = None, *_: Any, **__: Any
    ) -> dict[str, Any]:
        if "layer" in known or "loss" in known:
            return {}
        given = [getattr(self._flatten(one)[0], "shape", None) for one in (y_true, y_pred)]
        target, output = (None if shape is None else _sizes(shape) for shape in given)
        return {"loss": str(loss.name)[:200], "target": target, "output": output}

    def _at_method(
        self, method: str, known: dict[str, Any], model: Any, *given: Any, original: Any, **named: Any
    ) -> dict[str, Any]:
        facts: dict[str, Any] = {"method": method}
        if method == "fit" and known.get("method") == "evaluate":
            return facts | {"validation": True}
        if method in ("fit", "evaluate", "predict"):
            if known.get("network") is None:
                facts["network"] = self._described(model)
            asked = inspect.signature(original).bind(model, *given, **named).arguments
            facts |= self._data(asked.get("x"), asked.get("y"))
            weights = getattr(asked.get("sample_weight"), "shape", None)
            if weights:
                facts["weights"] = int(weights[0])
            if method == "fit" and not {"layer", "loss"} & known.keys() and not _rows_differ(facts):
                # Keras pairs the rows of the validation data up before it evaluates anything.
                facts |= quietly(lambda: self._unpaired(asked.get("validation_data"))) or {}
        return facts

    def _unpaired(self, validated: Any) -> dict[str, Any]:
        """The validation data, if they have not as many targets as examples."""
        given = self._data(*validated[:2]) if type(validated) in (tuple, list) and len(validated) > 1 else {}
        return given | {"validation": True} if _rows_differ(given) else {}

    def _described(self, model: Any) -> dict[str, Any] | None:
        facts = self._describer.describe(model)
        config = facts.get("config")
        if config is None:
            return None
        return {"class_name": facts["class_name"], "config": config, "input_shape": facts.get("input_shape")}

    def _layer(self, layer: Any) -> dict[str, Any]:
        described = plain(self._serialize(layer))
        kept = {key: described.get(key) for key in ("class_name", "module", "registered_name", "config")}
        if layer.__class__.__module__.startswith("keras.src.ops"):
            kept["class_name"], kept["module"] = type(layer).__name__, "keras.ops"
        built = described.get("build_config") if getattr(layer, "built", False) else None
        kept |= {"name": str(layer.name)[:200]} | ({"build_config": built} if built else {})
        if len(repr(kept)) > _MAX_LAYER_BYTES:
            kept["config"] = None
        return kept

    def _leading_to(self, tensors: list[Any]) -> dict[str, Any]:
        """The network whose outputs are these tensors, described."""
        starts = list({id(start): start for one in tensors for start in _starts(one)}.values())
        network = self._model(starts, tensors if len(tensors) > 1 else tensors[0], name="partial")
        return {"network": self._described(network), "partial": True}

    def _data(self, x: Any, y: Any) -> dict[str, Any]:
        if isinstance(x, types.GeneratorType | self._dataset | self._batches):
            batch = quietly(lambda: self._batch(x))
            if type(batch) not in (tuple, list):
                return {"inputs": self._given(batch, stream=True), "streamed": 1}
            parts = [*batch, None, None][:2]
            return {
                "inputs": self._given(parts[0], stream=True),
                "targets": self._given(parts[1], stream=True),
                "streamed": len(batch),
            }
        return {"inputs": self._given(x), "targets": self._given(y)}

    def _batch(self, stream: Any) -> Any:
        if isinstance(stream, self._dataset):
            return stream.element_spec
        return stream[0] if isinstance(stream, self._batches) else next(stream)

    def _given(self, part: Any, *, stream: bool = False) -> list[dict[str, Any]]:
        if part is None:
            return []
        whole = type(part) in (list, tuple) and part and not any(hasattr(one, "shape") for one in part)
        parts = [part] if whole else self._flatten(part)
        return [_given(one, stream) for one in parts[:_MOST]]


def _given(part: Any, stream: bool) -> dict[str, Any]:
    """The fields of one `GivenData`."""
    facts: dict[str, Any] = {"type_name": f"{type(part).__module__}.{type(part).__qualname__}"[:200]}
    shape = getattr(part, "shape", None)
    rows = part[:_ROWS] if type(part) is list or (type(part) is np.ndarray and part.dtype.hasobject) else ()
    lengths = {len(row) for row in rows if hasattr(row, "__len__") and not isinstance(row, str)}
    if len(lengths) > 1:
        return facts | {"kind": "ragged", "shape": [len(part), None]}
    if shape is None and type(part) is list:
        shape = quietly(lambda: np.shape(part))
    if shape is None:
        return facts | {"kind": "stream" if stream else "other"}
    dtype = getattr(part, "dtype", "")
    return facts | {
        "kind": "stream" if stream else "array",
        "shape": quietly(lambda: _sizes(shape)),
        "dtype": str(getattr(dtype, "name", dtype))[:64],
    }


def _rows_differ(facts: dict[str, Any]) -> bool:
    """Whether the inputs and the targets of a call have another number of rows."""
    shapes = [one.get("shape") for one in (*facts.get("inputs", ()), *facts.get("targets", ()))]
    return len({shape[0] for shape in shapes if shape}) > 1


def _starts(tensor: Any) -> Iterator[Any]:
    """The input tensors that a symbolic tensor was computed from."""
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        history = one._keras_history
        sources = history.operation._inbound_nodes[history.node_index].input_tensors
        waiting.extend(sources)
        if not sources:
            yield one


def add_to_failure(error: Exception, facts: dict[str, Any]) -> None:
    """Note at an exception what it says about a network: some fields of one `NetworkFailure`. Raises nothing."""
    known = _noted(error)
    if known is None:
        quietly(lambda: setattr(error, _NOTED, facts))
    else:
        known.update(facts)


def _noted(error: Any) -> dict[str, Any] | None:
    """What was noted at an exception, or at one that it replaced: Keras raises again to add the call's arguments."""
    for _ in range(_DEEPEST):
        if not isinstance(error, BaseException):
            return None
        facts = vars(error).get(_NOTED)
        if type(facts) is dict:
            return facts
        error = error.__cause__ or error.__context__
    return None


def _sizes(shape: Any) -> list[int | None]:
    return [None if size is None else int(size) for size in tuple(shape)[:_MOST]]
