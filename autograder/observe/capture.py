"""Inside the kernel: captures the state after a cell, as the JSON that `Capture.parse` reads in the grader.

The functions of Keras, NumPy and matplotlib that it uses are stored before the student's first cell. That makes forgery
harder, not impossible: the capture is untrusted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from autograder.observe.figures import describe_figure
from autograder.observe.fit_recorder import FitCall, FitRecorder
from autograder.observe.network_description import EitherDescriber, NetworkDescriber, quietly
from autograder.observe.network_failures import FailureRecorder
from autograder.observe.network_log import MAX_PER_CELL, NetworkLog
from autograder.observe.plain import NotPlain, describe_value, plain
from autograder.observe.saved_models import SavedFiles

_MAX_NETWORKS = 50
_MAX_BYTES = 3 * 2**20
MAX_FIGURES = 50
MAX_AXES = 64


class Describer:
    """Inspects the student's variables. Created before student code runs.

    `names` are the variables to capture, `base_weights` the fingerprints of the weights in declared base models.
    `torch` observes PyTorch in a kernel that has it (`observe.torch.observing`).
    """

    def __init__(
        self,
        variables: dict[str, Any],
        names: list[str],
        fits: FitRecorder,
        base_weights: frozenset[str] = frozenset(),
        torch: Any = None,
    ) -> None:
        import keras
        from matplotlib import _pylab_helpers

        self._variables = variables
        self._names = names
        self._fits = fits
        self._saved = SavedFiles()
        self._torch = torch
        describer = NetworkDescriber(base_weights)
        self._log = NetworkLog(variables, describer if torch is None else EitherDescriber(describer, torch))
        # After the describer, whose own calls of layers are none of the student's.
        self._failures = FailureRecorder(describer)
        fits.listener = self._log.happened
        if torch is not None:
            torch.listen(self._log.happened)
        self._model = keras.Model
        self._dumps = json.dumps
        self._figures: list[dict[str, Any]] = []
        self._open_figures: dict[int, list[dict[str, Any]]] = {}
        self._managers = _pylab_helpers.Gcf
        self._watch_figures()

    def describe(self, cell: int) -> str:
        """Networks, values, calls of `fit`, figures, saved networks, and where a network failed, as JSON of at most
        4 MiB."""
        # First, because it may add to the log about this cell.
        loops = [] if self._torch is None else quietly(self._torch.take) or []
        models = list(self._models())
        networks = self._networks(models[:_MAX_NETWORKS], cell)
        records, dropped = self._log.take(models[: 4 * _MAX_NETWORKS], cell)
        parts: dict[str, list[dict[str, Any]]] = {
            "networks": networks,
            "values": list(self._values(cell)),
            "fits": [self._fit(call, models, cell) for call in [*self._fits.take(), *loops]],
            "figures": [{"axes": axes, "cell": cell} for axes in self._take_figures()],
            "files": self._saved.take(),
            "records": records[:MAX_PER_CELL],
            "failures": self._failures.of(getattr(sys, "last_value", None), cell),
        }
        room = _MAX_BYTES
        for key, entries in parts.items():
            kept = []
            for entry in entries:
                room -= len(self._dumps(entry))
                if room < 0:
                    break
                kept.append(entry)
            parts[key] = kept
        dropped += len(records) - len(parts["records"])
        parts["records"].reverse()
        return self._dumps({**parts, "records_dropped": dropped})

    def _models(self) -> Iterator[tuple[str, Any]]:
        """Variables that hold a model, and models one level deep in variables that hold a list or dict of models."""
        for name, value in list(self._variables.items()):
            if type(name) is not str or name.startswith("_") or len(name) > 150:
                continue
            if self._is_network(value):
                yield name, value
            elif type(value) in (list, tuple):
                yield from ((f"{name}[{at}]", item) for at, item in enumerate(value[:100]) if self._is_network(item))
            elif type(value) is dict:
                yield from (
                    (f"{name}[{key!r}]"[:200], item)
                    for key, item in list(value.items())[:100]
                    if type(key) in (str, int) and self._is_network(item)
                )

    def _is_network(self, value: Any) -> bool:
        return isinstance(value, self._model) or (self._torch is not None and self._torch.is_network(value))

    def _networks(self, models: list[tuple[str, Any]], cell: int) -> list[dict[str, Any]]:
        """Each network is described once, however many variables hold it."""
        described: dict[int, dict[str, Any]] = {}
        for _, model in models:
            if id(model) not in described:
                described[id(model)] = self._log.describe(model)
        return [{**described[id(model)], "name": name, "cell": cell} for name, model in models]

    def _values(self, cell: int) -> Iterator[dict[str, Any]]:
        for name in self._names:
            if name in self._variables:
                yield {"name": name, **describe_value(self._variables[name]), "cell": cell}

    def _fit(self, call: FitCall, models: list[tuple[str, Any]], cell: int) -> dict[str, Any]:
        model, history = call.model(), call.history() if call.history else None
        variables = ((name, value) for name, value in list(self._variables.items()) if not name.startswith("_"))
        return {
            "network": next((name for name, other in models if other is model), "") if model is not None else "",
            "variable": next((name[:200] for name, other in variables if other is history), "")
            if history
            else call.variable,
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
            "record": call.record,
            "failure": call.failure,
            "loop": call.loop,
            "cell": cell,
        }

    def _watch_figures(self) -> None:
        """Record every figure when it is closed: the inline backend closes the figures that it has shown."""
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
            axes = quietly(lambda figure=figure: describe_figure(figure, MAX_AXES))  # type: ignore[misc]
            if axes:
                self._open_figures[id(figure)] = axes

    def _take_figures(self) -> list[list[dict[str, Any]]]:
        """Figures of this cell; a figure that stays open is repeated only if it has changed."""
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


def _number(value: Any) -> float | None:
    try:
        number = plain(value)
    except NotPlain:
        return None
    return number if type(number) in (int, float) else None
