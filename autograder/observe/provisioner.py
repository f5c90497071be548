"""The Jupyter side of a confined kernel: a provisioner that forks it, and a manager and client that talk to it.

The grader opens the kernel's sockets itself and passes the descriptors, so that the sandbox shares no folder with the
machine. What the kernel sends is limited before it is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase

from autograder.observe.relay import CHANNELS, Relay
from autograder.observe.sandbox.bounds import Bounds
from autograder.observe.sandbox.process import ConfinedProcess, Exit, Zygote

ENTRY = "autograder.observe.kernel:run"
# The largest message that is read, in bytes, and the number of unread messages per channel.
MAX_MESSAGE = 8 * 2**20
MAX_WAITING = 64
# The most that a kernel may send on all channels for one cell and its capture, in bytes.
MAX_SENT = 64 * 2**20
_KILL_SECONDS = 5.0


class ZygoteProvisioner(KernelProvisionerBase):  # type: ignore[misc]
    """A kernel provisioner for Jupyter that starts the kernel as a fork of the zygote."""

    warm: Zygote
    bounds: Bounds
    arguments: Mapping[str, Any]
    descriptors: Sequence[int]

    def prepare(self, warm: Zygote, bounds: Bounds, arguments: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        """Set what to start: `arguments` and `descriptors` as for `kernel.run`, without sockets and key."""
        self.warm, self.bounds, self.arguments, self.descriptors = warm, bounds, arguments, descriptors
        self.folder = Path(tempfile.mkdtemp(prefix="ag-"))
        self.process: ConfinedProcess | None = None
        self.ended = asyncio.Event()
        self.flooded = False
        self.relay = Relay(MAX_SENT, self._flood)

    @property
    def has_process(self) -> bool:
        return self.process is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        return {"cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        key = secrets.token_hex(16)
        listening = [self._listen(port) for port in range(1, len(CHANNELS) + 1)]
        home = self.folder / "home"
        home.mkdir()
        try:
            descriptors = [*(one.fileno() for one in listening), *self.descriptors]
            self.process = await asyncio.get_running_loop().run_in_executor(
                None,
                lambda: self.warm.fork(ENTRY, {**self.arguments, "key": key}, descriptors, self.bounds, str(home)),
            )
        finally:
            for one in listening:
                one.close()
        for port in range(1, len(CHANNELS) + 1):
            await self.relay.add(f"{self.folder / 'k'}-{port}", self._path(port))
        asyncio.get_running_loop().add_reader(self.process.fileno(), self._notice)
        ports = {f"{channel}_port": port for port, channel in enumerate(CHANNELS, start=1)}
        return {
            "transport": "ipc",
            "ip": str(self.folder / "k"),
            "key": key.encode(),
            "signature_scheme": "hmac-sha256",
            "hb_port": len(CHANNELS) + 1,  # unused: the supervisor reports whether the kernel is alive
            **ports,
        }

    def _listen(self, port: int) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self._path(port))
        listening.listen(8)
        return listening

    def _path(self, port: int) -> str:
        return str(self.folder / f"kernel-{port}")

    def _flood(self) -> None:
        self.flooded = True
        if self.process is not None:
            self.process.kill()

    def _notice(self) -> None:
        if self.process is not None and self.process.poll() is not None:
            asyncio.get_running_loop().remove_reader(self.process.fileno())
            self.ended.set()

    @property
    def exit(self) -> Exit | None:
        """How the kernel ended; None while it is alive."""
        return self.process.poll() if self.process else None

    async def poll(self) -> int | None:
        ended = self.exit
        return None if ended is None and self.process else (ended.code if ended else 0)

    async def wait(self) -> int | None:
        if self.process is not None:
            await self.ended.wait()
        return await self.poll()

    async def send_signal(self, signum: int) -> None:
        if self.process is not None and signum == signal.SIGINT:
            self.process.interrupt()

    async def kill(self, restart: bool = False) -> None:
        """Kill it with everything it started; returns when no process is left."""
        if self.process is None or self.ended.is_set():
            return
        self.process.kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), _KILL_SECONDS)
            return
        self.process.destroy()  # its supervisor does not answer; other notebooks are not affected
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), _KILL_SECONDS)

    async def terminate(self, restart: bool = False) -> None:
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        if self.process is not None:
            asyncio.get_running_loop().remove_reader(self.process.fileno())
            self.process.close()
        await self.relay.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Manager(AsyncKernelManager):  # type: ignore[misc]
    """A kernel manager for one confined kernel; it does not need an installed kernel spec."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(argv=["autograder"], language="python", interrupt_mode="signal")


def manager(warm: Zygote, bounds: Bounds, arguments: Mapping[str, Any], descriptors: Sequence[int]) -> Manager:
    """A manager whose `start_kernel` forks the kernel. Create it inside the event loop that uses it."""
    context = zmq.asyncio.Context()
    # These apply to every socket made from it: a reply of gigabytes is dropped unread, a flood stays in the sandbox.
    context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
    context.setsockopt(zmq.RCVHWM, MAX_WAITING)
    context.setsockopt(zmq.LINGER, 0)
    made = Manager(context=context, transport="ipc")
    made.provisioner = ZygoteProvisioner(kernel_id="observed", parent=made)
    made.provisioner.prepare(warm, bounds, arguments, descriptors)
    made.connection_file = str(
        made.provisioner.folder / "kernel.json"
    )  # Jupyter writes one; it is removed with the folder
    return made
