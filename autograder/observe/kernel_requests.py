"""Requests to a kernel besides its cells: the external tests and the predictions after them, each with one reply."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any, Literal

from nbclient.exceptions import DeadKernelError

from autograder.observe.client import BoundedClient
from autograder.observe.hidden_rows import AskedRows
from autograder.observe.limits import Limits
from autograder.observe.provisioner import Manager
from autograder.records.evidence import CapturedTest
from autograder.records.external_tests.model import OtterTest
from autograder.records.predictions import CapturedPredictions

_POLL = 0.5
# The machine is busy if more than so many threads per processor are runnable.
_BUSY = 4.0


class KernelLost(RuntimeError):
    """The kernel did not start, or was lost with its zygote or supervisor: not the notebook's fault."""


class KernelRequests:
    """Sends requests to one kernel and waits for the replies; whatever it replies, or if it does not, it ends well."""

    def __init__(self, manager: Manager, client: BoundedClient, limits: Limits) -> None:
        self._manager, self._client, self._limits = manager, client, limits

    @property
    def _provisioner(self) -> Any:
        return self._manager.provisioner

    def reason_of_death(self) -> str:
        """Why the kernel ended, "" while it is alive.

        Raises:
            KernelLost: it ended with the zygote, or with its supervisor.
        """
        ended = self._provisioner.exit
        reason: str = ended.reason if ended else ""
        if reason == "lost":
            raise KernelLost("the sandbox ended while a notebook ran")
        return reason

    async def run_test(self, test: OtterTest, deadline: float) -> CapturedTest:
        """Send a test file, which the kernel has not seen before, have it run, and read the claimed result."""
        seconds = min(self._limits.cell_seconds, deadline - time.monotonic())
        if self._provisioner.exit is not None or seconds <= 0:
            return CapturedTest(key=test.key, status="not_run")
        try:
            answer = await self._answer("test", {"test": test.model_dump(mode="json")}, seconds)
            return CapturedTest.parse(test.key, answer.get("test"), test.count)
        except TimeoutError:
            status: Literal["timeout", "died"] = "timeout"
        except Exception:
            # The kernel is dead, or its reply is invalid.
            self.reason_of_death()
            status = "died"
        await self._provisioner.kill()
        return CapturedTest(key=test.key, status=status)

    async def predict(self, rows: AskedRows, deadline: float) -> CapturedPredictions:
        """Send the batches of rows one by one, and score the answers, or keep them for training, here."""
        seconds = rows.request.seconds or self._limits.cell_seconds
        deadline = min(deadline, time.monotonic() + seconds)
        if self._provisioner.exit is not None or deadline <= time.monotonic():
            return rows.ended("not_run")
        status: Literal["timeout", "died"] = "died"
        try:
            for batch in rows.batches:
                content = {"name": rows.request.name, "purpose": rows.request.purpose, "rows": rows.packed(batch)}
                answer = await self._answer("predict", content, deadline - time.monotonic())
                if ended := rows.take(answer.get("predicted"), len(batch)):
                    busy = ended.status == "timeout" and machine_is_busy()
                    return ended.model_copy(update={"busy": busy})
            return rows.concluded()
        except TimeoutError:
            status = "timeout"
        except Exception:
            # The kernel is dead, or its reply is invalid.
            self.reason_of_death()
        await self._provisioner.kill()
        return rows.ended(status, busy=status == "timeout" and machine_is_busy())

    async def _answer(self, kind: str, content: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The content of the kernel's reply to a request; after so many seconds the kernel is interrupted.

        Raises:
            TimeoutError: it does not reply even then.
            DeadKernelError: it is dead.
        """
        self._provisioner.relay.renew()
        request = self._client.kc.session.msg(f"autograder_{kind}_request", content)
        self._client.kc.shell_channel.send(request)
        asked = request["header"]["msg_id"]
        try:
            reply = await self.reply(asked, max(seconds, 0.0))
        except TimeoutError:
            await self._manager.interrupt_kernel()
            reply = await self.reply(asked, self._limits.grace_seconds)
        answer: dict[str, Any] = reply["content"]
        return answer

    async def reply(self, request: str, seconds: float) -> dict[str, Any]:
        """The kernel's reply to the message `request`.

        Raises:
            TimeoutError: there is no reply in time.
            DeadKernelError: the kernel is dead.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._provisioner.exit is not None:
                raise DeadKernelError("Kernel died")
            try:
                message: dict[str, Any] = await self._client.kc.shell_channel.get_msg(timeout=min(left, _POLL))
            except asyncio.QueueEmpty:
                continue
            except Exception as error:
                if type(error).__name__ != "Empty":
                    raise
                continue
            if message["parent_header"].get("msg_id") == request:
                return message
        raise TimeoutError


def machine_is_busy() -> bool:
    """Whether far more threads are runnable than there are processors, by the load average of the last minute."""
    return os.getloadavg()[0] > _BUSY * len(os.sched_getaffinity(0))
