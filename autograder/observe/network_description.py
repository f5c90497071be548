"""Inside the kernel: describes one network as plain data."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from autograder.observe.base_weights import BaseWeights
from autograder.observe.compatibility.keras_generation import METHODS
from autograder.observe.plain import MAX_TEXT, NotPlain, plain
from autograder.observe.tracing import NoTrace, Tracer

MAX_NETWORK_BYTES = 512 * 1024
# Attributes that say nothing about what a class computes, and `__init__`, which runs before the network exists.
_NO_CODE = frozenset(
    ("__init__", "__module__", "__qualname__", "__doc__", "__annotations__", "__firstlineno__", "__static_attributes__")
)


class NetworkDescriber:
    """Created before student code runs, so that it holds the original Keras functions."""

    def __init__(self, base_weights: frozenset[str] = frozenset()) -> None:
        import keras
        from keras.src.models.functional import Functional

        self._base = BaseWeights(base_weights)

        self._tracer = Tracer()
        self._sequential = keras.Sequential
        self._functional = Functional
        self._configs = {keras.Sequential: keras.Sequential.get_config, Functional: Functional.get_config}
        self._compile_config = keras.Model.get_compile_config
        self._layer_config = keras.saving.serialize_keras_object
        self._dumps = json.dumps

    @property
    def has_base(self) -> bool:
        """Whether there are declared base models."""
        return bool(self._base.known)

    def describe(self, model: Any) -> dict[str, Any]:
        """The fields of a `CapturedNetwork` except its name, cell and compile arguments."""
        facts: dict[str, Any] = {"class_name": type(model).__name__[:200]}
        facts["input_shape"] = quietly(lambda: _shape(model.input_shape))
        kind = self._plain_kind(type(model))
        try:
            if kind is None or self._tracer.is_own(model):
                # From here on it is treated as a functional network.
                facts["own_code"] = True
                model, kind = self._tracer.trace(model), self._functional
            if kind is self._functional and type(model) is not kind:
                # Keras describes a functional network of a student's class only by its class name.
                model = kind(model.inputs, model.outputs, name=model.name)
            config = self._with_repetitions(model) if kind is self._sequential else None
            described = self._small(config or self._configs[kind](model))
            self._base.mark(described, model)
            return facts | {"class_name": kind.__name__[:MAX_TEXT], "config": described}
        except NoTrace as error:
            why = {"why": "own_class", "reason": error.reason, "detail": error.detail}
            return facts | {"opaque": why | {"kind": type(model).__name__[:200]}}
        except NotPlain as error:
            return facts | {"opaque": {"why": "not_described", "reason": error.reason, "detail": error.detail[:2000]}}
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"[:2000]
            return facts | {"opaque": {"why": "not_describing", "detail": detail}}

    def compiled(self, model: Any) -> dict[str, Any] | None:
        """The arguments of `compile`, None if it was not called."""
        return quietly(lambda: self._small(self._compile_config(model))) or None

    def fingerprint(self, model: Any) -> Any:
        """A cheap value that changes with nearly everything that changes the description."""
        return tuple(map(id, model.layers)), id(getattr(model, "_compile_config", None)), bool(model.built)

    def precise(self, model: Any) -> bool:
        """Whether the same fingerprint means the same description."""
        return False

    def _with_repetitions(self, model: Any) -> dict[str, Any] | None:
        """The configuration of a Sequential that uses a layer object several times; None if it uses each once.

        Keras' own configuration lists each object once.
        """
        layers = list(model._layers)
        if len({id(layer) for layer in layers}) == len(layers):
            return None
        config: dict[str, Any] = self._configs[self._sequential](model)
        return config | {"layers": [self._layer_config(layer) for layer in layers]}

    def _plain_kind(self, kind: type) -> type | None:
        """The Keras class that decides what a network of this class computes; None if student code does.

        A class that only builds its layers in `__init__` computes the same as its base class.
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


class EitherDescriber:
    """Describes networks of Keras, and those of PyTorch with its own describer, see `observe.torch.observing`."""

    def __init__(self, keras: NetworkDescriber, torch: Any) -> None:
        self._keras, self._torch = keras, torch
        self.has_base = keras.has_base

    def _of(self, model: Any) -> Any:
        return self._torch if self._torch.is_module(model) else self._keras

    def describe(self, model: Any) -> dict[str, Any]:
        """The fields of a `CapturedNetwork` except its name, cell and compile arguments."""
        facts: dict[str, Any] = self._of(model).describe(model)
        return facts

    def compiled(self, model: Any) -> dict[str, Any] | None:
        """The arguments of `compile`, or optimizer, criterion and scheduler; None if there are none."""
        facts: dict[str, Any] | None = self._of(model).compiled(model)
        return facts

    def fingerprint(self, model: Any) -> Any:
        """A cheap value that changes with nearly everything that changes the description."""
        return self._of(model).fingerprint(model)

    def precise(self, model: Any) -> bool:
        """Whether the same fingerprint means the same description."""
        return bool(self._of(model).precise(model))


def _shape(shape: Any) -> list[int | None] | None:
    """The shape of a single input; None if there are several inputs."""
    described = plain(shape)
    if (
        type(described) is list
        and len(described) <= 16
        and all(item is None or type(item) is int for item in described)
    ):
        return described
    return None


def quietly(get: Callable[[], Any]) -> Any:
    """What `get` returns, None if it raises: a model may not be built yet, and a student's object may do anything."""
    try:
        return get()
    except Exception:
        return None
