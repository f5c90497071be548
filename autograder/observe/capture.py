"""Inside the kernel: what there is after a cell, as the JSON that `Capture.parse` reads in the grader.

What this needs of Keras, NumPy and matplotlib is taken before the student's first cell. That makes lying harder, not
impossible: whatever comes out of here is a claim.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from autograder.observe.compatibility.keras_generation import METHODS
from autograder.observe.fit_recorder import FitCall, FitRecorder
from autograder.observe.plain import MAX_TEXT, NotPlain, describe_value, plain
from autograder.observe.saved_models import SavedFiles
from autograder.observe.tracing import NoTrace, Tracer

MAX_NETWORKS = 50
MAX_NETWORK_BYTES = 512 * 1024
MAX_BYTES = 3 * 2**20
MAX_FIGURES = 50
MAX_AXES = 64
MAX_LINES = 50
# What every class has, whatever it computes, and the one method that runs before there is a network.
_NO_CODE = frozenset(
    ("__init__", "__module__", "__qualname__", "__doc__", "__annotations__", "__firstlineno__", "__static_attributes__")
)


class Describer:
    """Looks at the student's variables. Made before student code runs; `names` are the variables to bring values of."""

    def __init__(self, variables: dict[str, Any], names: list[str], fits: FitRecorder) -> None:
        import keras
        from keras.src.models.functional import Functional
        from matplotlib import _pylab_helpers

        self._variables = variables
        self._names = names
        self._fits = fits
        self._saved = SavedFiles()
        self._tracer = Tracer()
        self._model = keras.Model
        self._functional = Functional
        self._configs = {keras.Sequential: keras.Sequential.get_config, Functional: Functional.get_config}
        self._compile_config = keras.Model.get_compile_config
        self._dumps = json.dumps
        self._figures: list[dict[str, Any]] = []
        self._open_figures: dict[int, list[dict[str, Any]]] = {}
        self._managers = _pylab_helpers.Gcf
        self._watch_figures()

    def describe(self, cell: int) -> str:
        """Networks, values, calls of `fit`, figures and saved networks, as JSON of at most 4 MiB."""
        models = list(self._models())
        parts: dict[str, list[dict[str, Any]]] = {
            "networks": [self._network(name, model, cell) for name, model in models[:MAX_NETWORKS]],
            "values": list(self._values(cell)),
            "fits": [self._fit(call, models, cell) for call in self._fits.take()],
            "figures": [{"axes": axes, "cell": cell} for axes in self._take_figures()],
            "files": self._saved.take(),
        }
        room = MAX_BYTES
        for key, entries in parts.items():
            kept = []
            for entry in entries:
                room -= len(self._dumps(entry))
                if room < 0:
                    break
                kept.append(entry)
            parts[key] = kept
        return self._dumps(parts)

    def _models(self) -> Iterator[tuple[str, Any]]:
        """Variables that hold a model, and models one level deep in variables that hold a list or a dict of them."""
        for name, value in list(self._variables.items()):
            if type(name) is not str or name.startswith("_") or len(name) > 150:
                continue
            if isinstance(value, self._model):
                yield name, value
            elif type(value) in (list, tuple):
                yield from (
                    (f"{name}[{at}]", item) for at, item in enumerate(value[:100]) if isinstance(item, self._model)
                )
            elif type(value) is dict:
                yield from (
                    (f"{name}[{key!r}]"[:200], item)
                    for key, item in list(value.items())[:100]
                    if type(key) in (str, int) and isinstance(item, self._model)
                )

    def _network(self, name: str, model: Any, cell: int) -> dict[str, Any]:
        facts: dict[str, Any] = {"name": name, "class_name": type(model).__name__[:200], "cell": cell}
        facts["input_shape"] = _quietly(lambda: _shape(model.input_shape))
        facts["compile"] = _quietly(lambda: self._small(self._compile_config(model)))
        kind = self._plain_kind(type(model))
        try:
            if kind is None or self._tracer.is_own(model):
                # From here on it is a functional network, however it was written.
                facts["own_code"] = True
                model, kind = self._tracer.trace(model), self._functional
            if kind is self._functional and type(model) is not kind:
                # Keras describes a functional network of a student's class by its name alone.
                model = kind(model.inputs, model.outputs, name=model.name)
            return facts | {"class_name": _class_name(kind), "config": self._small(self._configs[kind](model))}
        except NoTrace as error:
            why = {"why": "own_class", "reason": error.reason, "detail": error.detail}
            return facts | {"opaque": why | {"kind": type(model).__name__[:200]}}
        except NotPlain as error:
            return facts | {"opaque": {"why": "not_described", "reason": error.reason, "detail": error.detail[:2000]}}
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"[:2000]
            return facts | {"opaque": {"why": "not_describing", "detail": detail}}

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

    def _values(self, cell: int) -> Iterator[dict[str, Any]]:
        for name in self._names:
            if name in self._variables:
                yield {"name": name, **describe_value(self._variables[name]), "cell": cell}

    def _fit(self, call: FitCall, models: list[tuple[str, Any]], cell: int) -> dict[str, Any]:
        model, history = call.model(), call.history() if call.history else None
        variables = ((name, value) for name, value in list(self._variables.items()) if not name.startswith("_"))
        return {
            "network": next((name for name, other in models if other is model), "") if model is not None else "",
            "variable": next((name[:200] for name, other in variables if other is history), "") if history else "",
            "epochs": call.epochs,
            "history": {
                str(name)[:200]: [_number(value) for value in values[:1000]]
                for name, values in list(call.values.items())[:64]
            },
            "shortened": call.shortened,
            "inputs": call.inputs,
            "targets": call.targets,
            "validation": call.validation,
            "batch_size": call.batch_size,
            "cell": cell,
        }

    def _watch_figures(self) -> None:
        """Note every figure when it is closed: the inline backend closes what it has shown."""
        managers = self._managers

        def noting(close: Callable[..., Any]) -> Callable[..., Any]:
            def wrapper(cls: Any, *arguments: Any) -> Any:
                self._note_figures()
                return close(*arguments)

            return wrapper

        for name in ("destroy", "destroy_all"):
            setattr(managers, name, classmethod(noting(getattr(managers, name))))

    def _note_figures(self) -> None:
        for manager in list(self._managers.figs.values()):
            figure = manager.canvas.figure
            axes = _quietly(lambda figure=figure: [_axes(each) for each in figure.axes[:MAX_AXES]])  # type: ignore[misc]
            if axes:
                self._open_figures[id(figure)] = axes

    def _take_figures(self) -> list[list[dict[str, Any]]]:
        """Figures of this cell; one that stays open is given again only when it has changed."""
        self._note_figures()
        still_open = {id(manager.canvas.figure) for manager in self._managers.figs.values()}
        taken = []
        for identity, axes in list(self._open_figures.items())[:MAX_FIGURES]:
            described = {"axes": axes}
            if described not in self._figures:
                taken.append(axes)
            if identity in still_open:
                self._figures = [*self._figures[-MAX_FIGURES:], described]
        self._open_figures.clear()
        return taken


def _axes(axes: Any) -> dict[str, Any]:
    legend = axes.get_legend()
    return {
        "title": _text(axes.get_title()),
        "x_label": _text(axes.get_xlabel()),
        "y_label": _text(axes.get_ylabel()),
        "legend": [_text(text.get_text()) for text in legend.get_texts()[:MAX_LINES]] if legend else [],
        "lines": [
            {"label": _text(line.get_label()), "points": len(line.get_xdata())} for line in axes.lines[:MAX_LINES]
        ],
        "images": len(axes.images),
        "patches": len(axes.patches),
        "collections": len(axes.collections),
    }


def _text(value: Any) -> str:
    return value[:200].encode("utf-8", "replace").decode() if type(value) is str else ""


def _number(value: Any) -> float | None:
    try:
        number = plain(value)
    except NotPlain:
        return None
    return number if type(number) in (int, float) else None


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


def _class_name(kind: type) -> str:
    return kind.__name__[:MAX_TEXT]


def _quietly(get: Callable[[], Any]) -> Any:
    """What `get` returns, or None: a model may not be built or compiled yet, and a student's object may do anything."""
    try:
        return get()
    except Exception:
        return None
