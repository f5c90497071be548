"""Inside the kernel: what one network is, as plain data."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from autograder.observe.compatibility.keras_generation import METHODS
from autograder.observe.plain import MAX_TEXT, NotPlain, plain
from autograder.observe.tracing import NoTrace, Tracer

MAX_NETWORK_BYTES = 512 * 1024
# What every class has, whatever it computes, and the one method that runs before there is a network.
_NO_CODE = frozenset(
    ("__init__", "__module__", "__qualname__", "__doc__", "__annotations__", "__firstlineno__", "__static_attributes__")
)


class NetworkDescriber:
    """Made before student code runs, so that it holds Keras as it was then."""

    def __init__(self) -> None:
        import keras
        from keras.src.models.functional import Functional

        self._tracer = Tracer()
        self._sequential = keras.Sequential
        self._functional = Functional
        self._configs = {keras.Sequential: keras.Sequential.get_config, Functional: Functional.get_config}
        self._compile_config = keras.Model.get_compile_config
        self._layer_config = keras.saving.serialize_keras_object
        self._dumps = json.dumps

    def describe(self, model: Any) -> dict[str, Any]:
        """The fields of a `CapturedNetwork` but its name, its cell and how it was compiled."""
        facts: dict[str, Any] = {"class_name": type(model).__name__[:200]}
        facts["input_shape"] = quietly(lambda: _shape(model.input_shape))
        kind = self._plain_kind(type(model))
        try:
            if kind is None or self._tracer.is_own(model):
                # From here on it is a functional network, however it was written.
                facts["own_code"] = True
                model, kind = self._tracer.trace(model), self._functional
            if kind is self._functional and type(model) is not kind:
                # Keras describes a functional network of a student's class by its name alone.
                model = kind(model.inputs, model.outputs, name=model.name)
            config = self._with_repetitions(model) if kind is self._sequential else None
            return facts | {
                "class_name": kind.__name__[:MAX_TEXT],
                "config": self._small(config or self._configs[kind](model)),
            }
        except NoTrace as error:
            why = {"why": "own_class", "reason": error.reason, "detail": error.detail}
            return facts | {"opaque": why | {"kind": type(model).__name__[:200]}}
        except NotPlain as error:
            return facts | {"opaque": {"why": "not_described", "reason": error.reason, "detail": error.detail[:2000]}}
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"[:2000]
            return facts | {"opaque": {"why": "not_describing", "detail": detail}}

    def compiled(self, model: Any) -> dict[str, Any] | None:
        """What `compile` was given, None where it was not called."""
        return quietly(lambda: self._small(self._compile_config(model))) or None

    def _with_repetitions(self, model: Any) -> dict[str, Any] | None:
        """The configuration of a Sequential that uses a layer object several times; None where none does.

        Keras' own names each object once.
        """
        layers = list(model._layers)
        if len({id(layer) for layer in layers}) == len(layers):
            return None
        config: dict[str, Any] = self._configs[self._sequential](model)
        return config | {"layers": [self._layer_config(layer) for layer in layers]}

    def _plain_kind(self, kind: type) -> type | None:
        """The Keras class that decides what a network of this class computes; None where the student's own code does.

        A class that only builds its layers in `__init__` computes what the class computes that it is derived from.
        """
        for depth, base in enumerate(kind.__mro__):
            if base in self._configs:
                own = {name for derived in kind.__mro__[:depth] for name in vars(derived)}
                return None if any(hasattr(base, name) for name in own - _NO_CODE - METHODS) else base
        return None

    def _small(self, config: Any) -> Any:
        described = plain(config)
        if len(self._dumps(described)) > MAX_NETWORK_BYTES:
            raise NotPlain("long_description")
        return described


def _shape(shape: Any) -> list[int | None] | None:
    """One input's shape; None where there are several inputs."""
    described = plain(shape)
    if (
        type(described) is list
        and len(described) <= 16
        and all(item is None or type(item) is int for item in described)
    ):
        return described
    return None


def quietly(get: Callable[[], Any]) -> Any:
    """What `get` returns, or None: a model may not be built or compiled yet, and a student's object may do anything."""
    try:
        return get()
    except Exception:
        return None
