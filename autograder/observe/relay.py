"""A relay between a kernel's socket and Jupyter's client: forwards bytes, and counts those that the kernel sends.

ZeroMQ limits the size of a message part and the number of complete messages in a queue, but not the number of parts of
a message; those of an endless message would fill the grader's memory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

# The channels of a kernel between which and Jupyter's client there is a relay, in the order of their ports.
CHANNELS = ("shell", "iopub", "stdin", "control")
_PIECE = 2**18


class Relay:
    """The relays of one kernel, which share one allowance.

    Args:
        allowance: bytes that the kernel may send until `renew`.
        flooded: called once when the kernel exceeds it; nothing more is forwarded then.
    """

    def __init__(self, allowance: int, flooded: Callable[[], None]) -> None:
        self._allowance = allowance
        self._flooded = flooded
        self._servers: list[asyncio.Server] = []
        self._pumps: set[asyncio.Task[None]] = set()
        self.renew()

    def renew(self) -> None:
        """Restore the full allowance."""
        self._left = self._allowance

    async def add(self, ours: str, kernels: str) -> None:
        """Listen at the path `ours`, and relay each connection to the kernel at the path `kernels`."""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                kernel_reader, kernel_writer = await asyncio.open_unix_connection(kernels)
            except OSError:
                writer.close()
                return
            self._start(self._pump(reader, kernel_writer, counted=False))
            self._start(self._pump(kernel_reader, writer, counted=True))

        self._servers.append(await asyncio.start_unix_server(connected, ours))

    def _start(self, pump: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(pump)
        self._pumps.add(task)
        task.add_done_callback(self._pumps.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        try:
            while piece := await reader.read(_PIECE):
                if counted and self._passed(len(piece)):
                    return
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass  # one side has closed the connection; the other is closed next
        finally:
            writer.close()

    def _passed(self, size: int) -> bool:
        before, self._left = self._left, self._left - size
        if before >= 0 > self._left:
            self._flooded()
        return self._left < 0

    async def close(self) -> None:
        """End every connection."""
        for server in self._servers:
            server.close()
        for pump in list(self._pumps):
            pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._pumps, return_exceptions=True)
