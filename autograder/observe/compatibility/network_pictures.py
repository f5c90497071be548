"""Inside the kernel: `plot_model` and `model_to_dot` draw the network's summary table if Graphviz is missing."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Callable
from typing import Any

import keras
import keras.src.utils.model_visualization as keras_pictures
from IPython.display import Image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from autograder.observe.compatibility.stand_in_log import note_stand_in

_FORMATS = ("png", "svg", "pdf", "jpg", "jpeg", "ps", "eps")
_MOST_LINES = 200


def draw_tables_without_graphviz() -> None:
    """Install the stand-ins under every name of Keras' functions; they call Keras first."""
    stand_ins = {
        "plot_model": _plot_model(keras_pictures.plot_model),
        "model_to_dot": _model_to_dot(keras_pictures.model_to_dot),
    }
    for place in ("keras.utils", "keras._tf_keras.keras.utils", "tensorflow.keras.utils"):
        module = sys.modules.get(place)
        for name, function in stand_ins.items():
            if module is not None and hasattr(module, name):
                setattr(module, name, function)


def _can_draw() -> bool:
    """Whether Graphviz is available. Keras looks for pydot only on import, before the assignment's packages exist."""
    if keras_pictures.pydot is None:
        with contextlib.suppress(ImportError):
            keras_pictures.pydot = importlib.import_module("pydot")
    return bool(keras_pictures.check_graphviz())


def _plot_model(original: Callable[..., Any]) -> Callable[..., Any]:
    def plot_model(model: Any, to_file: Any = "model.png", *arguments: Any, **named: Any) -> Any:
        if not _is_model(model) or _can_draw():
            return original(model, to_file, *arguments, **named)
        note_stand_in("graphviz", "plot_model")
        picture = _Picture(model)
        if to_file:
            picture.write(to_file)
        return Image(data=picture.create(format="png"), format="png")

    return plot_model


def _model_to_dot(original: Callable[..., Any]) -> Callable[..., Any]:
    def model_to_dot(model: Any, *arguments: Any, **named: Any) -> Any:
        if not _is_model(model) or _can_draw():
            return original(model, *arguments, **named)
        note_stand_in("graphviz", "model_to_dot")
        return _Picture(model)

    return model_to_dot


def _is_model(value: Any) -> bool:
    return isinstance(value, keras.Model) and value.built


class _Picture:
    """A stand-in for `pydot.Dot`: its `create…` and `write…` methods return or write the table as an image."""

    def __init__(self, model: Any) -> None:
        lines = [f"{'Layer (type)':<40}{'Output shape':<26}{'Parameters':>12}"]
        for layer in model.layers[:_MOST_LINES]:
            shape: Any = "?"
            with contextlib.suppress(AttributeError, ValueError):
                shape = layer.output.shape
            named = f"{layer.name} ({type(layer).__name__})"
            lines.append(f"{named:<40}{shape!s:<26}{layer.count_params():>12,}")
        lines.append(f"{'Total':<66}{model.count_params():>12,}")
        # Matplotlib renders text between two of these signs as a formula.
        self._text = "\n".join(lines).replace("$", "")

    def create(self, prog: Any = None, format: str = "png", **_: Any) -> bytes:
        """The bytes of the image."""
        figure = Figure(figsize=(8, 0.2 * (self._text.count("\n") + 2)))
        FigureCanvasAgg(figure)
        figure.text(0.02, 0.98, self._text, family="monospace", size=8, va="top")
        made = io.BytesIO()
        figure.savefig(made, format=format if format in _FORMATS else "png", bbox_inches="tight")
        return made.getvalue()

    def write(self, path: Any, prog: Any = None, format: str = "", **_: Any) -> bool:
        """Write the image to a file."""
        ending = os.path.splitext(str(path))[1].lstrip(".").lower()
        with open(path, "wb") as file:
            file.write(self.create(format=format or ending))
        return True

    def __getattr__(self, name: str) -> Any:
        kind, _, format = name.partition("_")
        if kind == "create" and format:
            return lambda *_, **__: self.create(format=format)
        if kind == "write" and format:
            return lambda path, *_, **__: self.write(path, format=format)
        raise AttributeError(name)
