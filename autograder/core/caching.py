"""Work that several threads ask for at the same time is done once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class SingleFlight(Generic[_Value]):
    """Shares calls in flight: the first caller of a key does the work, the others wait for its value or its exception.

    Nothing is remembered after the call: what is worth keeping goes to the gradebook.
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
    """What was worked out of equal content, kept in memory; no more than `most` values.

    Values are shared between threads and callers, so nobody may change them. An exception is not remembered.
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
