"""Inside the kernel: describes a network of student-written classes by the Keras layers that it calls.

Subclassed models, composite layers, and `Lambda` layers over Keras operations have no configuration of their own. They
are called once on a symbolic input, and Keras records the call as a functional network. Code that computes with its own
weights or with other libraries leaves no such trace; such a network has no description.
"""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Iterator
from typing import Any

_MAX_LAYERS = 2000


class NoTrace(Exception):
    """The call does not produce a functional network.

    `reason` is the code of a reason in `execution_messages`, "" if `detail` is the whole reason.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


class Tracer:
    """Created before student code runs, so that it holds the original Keras functions."""

    def __init__(self) -> None:
        import keras
        from keras.src.backend.common import global_state
        from keras.src.models.functional import Functional

        self._keras = keras
        self._functional = Functional
        self._layer = keras.Layer
        self._model = keras.Model
        self._lambda = keras.layers.Lambda
        self._input = keras.Input
        self._tensor = keras.KerasTensor
        self._called = keras.Layer.__call__
        self._state = global_state

    def is_own(self, layer: Any) -> bool:
        """Whether student code decides what the layer, or a layer in it, computes."""
        if self._has_own_call(layer):
            return True
        return isinstance(layer, self._model) and any(map(self._has_own_call, self._within(layer)))

    def trace(self, model: Any) -> Any:
        """A functional network of Keras' own layers and operations that is equivalent to `model`.

        Raises:
            NoTrace: there is none.
        """
        shape = self._shape(model)
        with self._aside():
            try:
                given = self._input(batch_shape=(None, *shape[1:]), name="input")
                given_out = self._inlined(model, (given,), {})
                if not isinstance(given_out, self._tensor):
                    raise NoTrace("gives_no_tensor")
                return self._functional(given, given_out, name="traced")
            except NoTrace:
                raise
            except Exception as error:
                raise NoTrace("", f"{type(error).__name__}: {error}"[:500]) from None

    def _shape(self, model: Any) -> tuple[Any, ...]:
        """The shape of its single input, batch axis first."""
        shape = getattr(model, "input_shape", None) if getattr(model, "inputs", None) else None
        if shape is None:
            shapes = list((getattr(model, "_build_shapes_dict", None) or {}).values())
            shape = shapes[0] if len(shapes) == 1 else None
        if not isinstance(shape, tuple | list) or not all(size is None or type(size) is int for size in shape):
            raise NoTrace("never_called")
        return tuple(shape)

    def _has_own_call(self, layer: Any) -> bool:
        if type(layer) is self._lambda:
            return True
        for kind in type(layer).__mro__:
            if "call" in vars(kind) or "__call__" in vars(kind):
                return not str(kind.__module__).startswith("keras.")
        return False

    def _within(self, model: Any) -> Iterator[Any]:
        found = model._flatten_layers(include_self=False, recursive=True)
        for count, layer in enumerate(found):
            if count >= _MAX_LAYERS:
                raise NoTrace("too_many_layers")
            yield layer

    @contextlib.contextmanager
    def _aside(self) -> Iterator[None]:
        """Inline calls of the student's own layers, without printing and without using up layer names."""
        names = self._state.get_global_attribute("object_name_uids")
        kept = None if names is None else names.copy()
        called = self._layer.__call__

        def inlining(layer: Any, *positional: Any, **named: Any) -> Any:
            if self.is_own(layer):
                return self._inlined(layer, positional, named)
            return self._called(layer, *positional, **named)

        self._layer.__call__ = inlining
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                yield
        finally:
            self._layer.__call__ = called
            if kept is not None:
                self._state.set_global_attribute("object_name_uids", kept)

    def _inlined(self, layer: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The output of the layer's own `call`, in training mode: only then are all of its layers active."""
        if any("__call__" in vars(kind) for kind in type(layer).__mro__ if not kind.__module__.startswith("keras.")):
            raise NoTrace("own_call")
        accepted = inspect.signature(layer.call).parameters
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted.values()):
            # Keras passes these only to a `call` that accepts them.
            named = {key: value for key, value in named.items() if key in accepted or key not in ("training", "mask")}
        if "training" in accepted and named.get("training") is None and len(positional) < 2:
            named = {**named, "training": True}
        return layer.call(*positional, **named)
