"""Sharing of work between threads: calls in flight, and a bounded cache."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class SingleFlight(Generic[_Value]):
    """Shares calls in flight: the first caller of a key does the work, the others wait for its value or its exception.

    Nothing is cached after the call: the gradebook stores what is worth keeping.
    """

    def __init__(self) -> None:
        self._flights: dict[str, Future[_Value]] = {}
        self._lock = threading.Lock()

    def __call__(self, key: str, work: Callable[[], _Value]) -> _Value:
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                mine = False
            else:
                mine, flight = True, Future()
                self._flights[key] = flight
        if not mine:
            return flight.result()
        try:
            value = work()
        except BaseException as error:
            flight.set_exception(error)
            raise
        else:
            flight.set_result(value)
            return value
        finally:
            with self._lock:
                del self._flights[key]


class BoundedCache(Generic[_Value]):
    """An in-memory cache of at most `most` values, keyed by content.

    Values are shared between threads and callers and must not be modified. Exceptions are not cached.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Hashable, _Value] = {}

    def __call__(self, key: Hashable, work: Callable[[], _Value]) -> _Value:
        found = self._values.get(key)
        if found is None:
            found = work()
            if len(self._values) >= self._most:
                self._values.clear()
            self._values[key] = found
        return found
