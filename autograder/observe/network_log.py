"""Inside the kernel: the events of every network, recorded when they happen.

A network is an object, not a name: variables are assigned and reassigned, functions use local names for it, and it may
be deleted before its cell ends. Objects are held by weak references; their descriptions are kept.
"""

from __future__ import annotations

import inspect
import os
import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from autograder.observe.network_description import EitherDescriber, NetworkDescriber, quietly
from autograder.observe.plain import type_name

# The most networks reported per cell, and the most states and events of one kind per network.
MAX_PER_CELL = 50
_MAX_OF_A_KIND = 12
_MAX_STATES = 6
_MAX_BUILT = 2000
_MAX_FRAMES = 200


@dataclass
class _Life:
    """A network, and its events that are not yet reported."""

    number: int
    model: Any
    compiled: dict[str, Any] | None = None
    facts: dict[str, Any] | None = None
    fingerprint: Any = None
    state: int = -1
    states: dict[int, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def note(self, kind: str, **facts: Any) -> None:
        """Keep an event; of many events of one kind, the first and the last ones."""
        alike = [event for event in self.events if event["kind"] == kind]
        if len(alike) >= _MAX_OF_A_KIND:
            self.events.remove(alike[_MAX_OF_A_KIND // 2])
        self.events.append({"kind": kind, **facts})


class NetworkLog:
    """Numbers networks in the order in which they are first seen."""

    def __init__(self, variables: dict[str, Any], describer: NetworkDescriber | EitherDescriber) -> None:
        self._variables = variables
        self._describer = describer
        self._lives: dict[int, _Life] = {}
        self._built: dict[int, tuple[Any, int | None]] = {}
        self._holders: dict[str, _Life] = {}
        self._count = 0
        self._dropped = 0

    def happened(self, kind: str, model: Any, detail: str = "") -> int | None:
        """Record a call on a network; returns the network's number. Never raises."""
        try:
            if kind == "built":
                self._note_built(model)
                return None
            life = self._life(model)
            frames = list(self._frames())
            if kind in ("compile", "fit"):
                life.compiled = self._compiled(life, model, renewed=kind == "compile")
            # Weights may have been loaded without any other change.
            self._see_state(life, model, force=self._describer.has_base and kind in ("load", "fit"))
            self._see_names(model, life)
            life.note(
                kind,
                line=frames[-1].f_lineno if frames else None,
                local=self._local_name(model, frames),
                name=self._file(detail) if kind in ("save", "load") and detail else "",
                detail="" if kind in ("save", "load") else detail[:200],
                state=life.state,
            )
            return life.number
        except Exception:
            return None

    def describe(self, model: Any) -> dict[str, Any]:
        """The description of a network, with the arguments that `compile` received even if Keras has dropped them."""
        life = self._life(model, described=False)
        self._see_state(life, model, force=not self._describer.precise(model))
        return life.facts or {}

    def number(self, model: Any) -> int:
        """The number of a network."""
        return self._life(model).number

    def take(self, named: list[tuple[str, Any]], cell: int) -> tuple[list[dict[str, Any]], int]:
        """What is new about each network after a cell, newest network first; and how many were left out.

        Args:
            named: the variables that currently hold a network.
        """
        for name, model in named:
            self._hold(name, self._life(model))
        held = {name for name, _ in named}
        for name in [name for name in self._holders if name not in held]:
            now = type_name(self._variables[name]) if name in self._variables else ""
            self._holders.pop(name).note("lost", name=name, detail=now)
        sentence = []
        for key, life in list(self._lives.items()):
            if life.states or life.events:
                sentence.append(self._told(life, cell))
            if life.model() is None:
                del self._lives[key]
        sentence.sort(key=lambda record: -record["number"])
        dropped, self._dropped = self._dropped, 0
        return sentence, dropped

    def _told(self, life: _Life, cell: int) -> dict[str, Any]:
        name = next((name for name, other in self._holders.items() if other is life), "")
        name = name or next((event["local"] for event in life.events if event.get("local")), "")
        states = [
            {"index": index, "network": {**facts, "name": name, "cell": cell}}
            for index, facts in list(life.states.items())[-_MAX_STATES:]
        ]
        events = [{**event, "cell": cell} for event in life.events[-_MAX_OF_A_KIND * 4 :]]
        life.states, life.events = {}, []
        return {"number": life.number, "states": states, "events": events}

    def _life(self, model: Any, *, described: bool = True) -> _Life:
        life = self._lives.get(id(model))
        if life is not None and life.model() is model:
            return life
        if life is not None and (life.events or life.states):
            self._lives[-life.number] = life  # it is gone, and another object has its identity; it is not reported yet
        self._count += 1
        life = self._lives[id(model)] = _Life(self._count, weakref.ref(model))
        built, line = self._built.pop(id(model), (None, None))
        if built is not None and built() is model:
            life.note("built", line=line)
        if described:
            self._see_state(life, model)
        waiting = [key for key, other in self._lives.items() if other.events or other.states]
        for key in waiting[: max(len(waiting) - MAX_PER_CELL, 0)]:
            old = self._lives[key]
            self._dropped += 1
            old.states, old.events, old.facts = {}, [], None
            if old.model() is None:
                del self._lives[key]
        return life

    def _note_built(self, model: Any) -> None:
        frames = list(self._frames())
        if frames:
            self._built[id(model)] = weakref.ref(model), frames[-1].f_lineno
            if len(self._built) > _MAX_BUILT:
                self._built.pop(next(iter(self._built)))

    def _compiled(self, life: _Life, model: Any, *, renewed: bool) -> dict[str, Any] | None:
        """The arguments of `compile`. They are kept, because Keras drops the optimizer when it writes an .h5 file."""
        now = self._describer.compiled(model)
        if now is None or renewed or not life.compiled:
            return now
        return life.compiled | {key: value for key, value in now.items() if value is not None}

    def _see_state(self, life: _Life, model: Any, *, force: bool = False) -> None:
        """Describe the network if it may have changed; with `force`, always."""
        fingerprint = quietly(lambda: self._describer.fingerprint(model))
        if not force and life.facts is not None and fingerprint is not None and fingerprint == life.fingerprint:
            return
        facts = self._describer.describe(model)
        compiled = self._describer.compiled(model)
        facts["compile"] = None if compiled is None else life.compiled or compiled
        life.fingerprint = fingerprint
        if facts != life.facts:
            life.facts = facts
            life.state += 1
            life.states[life.state] = facts

    def _see_names(self, model: Any, life: _Life) -> None:
        for name, value in list(self._variables.items()):
            if value is model and type(name) is str and not name.startswith("_") and len(name) <= 150:
                self._hold(name, life)

    def _hold(self, name: str, life: _Life) -> None:
        before = self._holders.get(name)
        if before is life:
            return
        if before is not None:
            before.note("lost", name=name, detail=str(life.number))
        self._holders[name] = life
        life.note("named", name=name, state=life.state)

    def _frames(self) -> Iterator[FrameType]:
        """The stack frames of student code, innermost first; the last one is the cell itself."""
        frame: FrameType | None = sys._getframe(2)
        for _ in range(_MAX_FRAMES):
            if frame is None:
                return
            if frame.f_globals is self._variables:
                yield frame
            frame = frame.f_back

    def _local_name(self, model: Any, frames: list[FrameType]) -> str:
        for frame in frames[:20]:
            if frame.f_locals is not self._variables:
                held = frame.f_locals
                names = [name for name, value in held.items() if value is model and type(name) is str]
                if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
                    held.clear()  # it is a copy that would keep everything in it alive as long as the frame
                for name in names:
                    if name != "self" and not name.startswith("_"):
                        return name[:200]
        return ""

    def _file(self, path: str) -> str:
        return os.path.relpath(path).encode("utf-8", "replace").decode()[-200:]
