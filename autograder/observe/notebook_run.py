"""Runs all cells of one notebook in an existing kernel, then the external tests and the predictions."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError

from autograder.core.messages import Value
from autograder.observe.capture_log import CaptureLog
from autograder.observe.client import BoundedClient, tidy
from autograder.observe.hidden_rows import AskedRows
from autograder.observe.kernel_requests import KernelLost, KernelRequests, machine_is_busy
from autograder.observe.limits import Limits
from autograder.observe.provisioner import MAX_SENT, Manager
from autograder.observe.schedule import outcome_of, steps_of
from autograder.records import execution_messages
from autograder.records.evidence import BoundedBy, Capture, CapturedTest, CellRun, Failure
from autograder.records.external_tests.model import ExternalTest, OtterTest
from autograder.records.kernel_json import InvalidEvidence
from autograder.records.predictions import CapturedPredictions
from autograder.records.stand_in_messages import MOST_STAND_INS, stand_in_message

_START_SECONDS = 60.0
CAPTURE_SECONDS = 20.0
# How long to wait for the last outputs of a finished cell: a flood may have displaced the message that ends them.
IOPUB_SECONDS = 3
# A cell at its time limit was slowed by other work if its notebook could run for at least this share of the time (a
# sleeping one cannot) but had a processor for less than that share, on a busy machine.
_RUNNABLE, _SHARE_OF_A_CORE = 0.5, 0.25
# nbclient logs every interrupted cell and every dead kernel; here both are normal.
_log = logging.getLogger(__name__)
_log.setLevel(logging.CRITICAL + 1)


class NotebookRun:
    """Runs the cells and requests the capture after each. Nothing that the notebook does raises an exception here.

    External tests are run, too: nbgrader cells at their positions, otter files after the last capture.
    """

    def __init__(
        self,
        manager: Manager,
        sources: Sequence[str],
        limits: Limits,
        tests: Sequence[ExternalTest] = (),
        hidden: Sequence[AskedRows] = (),
    ) -> None:
        self._manager = manager
        self._limits = limits
        self._steps = steps_of(sources, tests)
        self._files = [test for test in tests if isinstance(test, OtterTest)]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(step.source) for step in self._steps])
        self._client = BoundedClient(
            notebook,
            km=manager,
            allow_errors=True,
            timeout=None,
            iopub_timeout=IOPUB_SECONDS,
            skip_cells_with_tag="",
            store_widget_state=False,
            log=_log,
        )
        self._client.on_cell_executed = self._client.note_reply
        self._client.bound(limits.output_kb * 1024, limits.total_output_kb * 1024)
        self._requests = KernelRequests(manager, self._client, limits)
        self._cells: list[CellRun] = []
        self._tests: list[CapturedTest] = []
        self._hidden = hidden
        self._predictions: list[CapturedPredictions] = []
        self._late: list[int] = []
        self._processor_seconds = self._runnable_seconds = 0.0
        self.log = CaptureLog()

    async def run(self) -> None:
        """Run every cell, then every test file, then ask for predictions on hidden rows.

        Raises:
            KernelLost: the kernel could not be used, for a reason that is not the notebook's.
        """
        try:
            await self._start()
            deadline = time.monotonic() + self._limits.total_seconds
            for index in range(len(self._steps)):
                await self._cell(index, deadline)
            for test in self._files:
                self._tests.append(await self._requests.run_test(test, deadline))
            # Last, so that nothing of the hidden rows can reach an output, a capture or a test's message.
            for rows in self._hidden:
                self._predictions.append(await self._requests.predict(rows, deadline))
        finally:
            await self._stop()

    @property
    def cells(self) -> tuple[CellRun, ...]:
        """The run of each cell."""
        return tuple(self._cells)

    @property
    def tests(self) -> tuple[CapturedTest, ...]:
        """The result of each external test."""
        return tuple(self._tests)

    @property
    def predictions(self) -> tuple[CapturedPredictions, ...]:
        """What came of each request for predictions."""
        return tuple(self._predictions)

    @property
    def bounded_by(self) -> BoundedBy:
        """What enforced the limits on the kernel's memory and processes."""
        process = self._provisioner.process
        if process is None:
            return "unknown"
        return "cgroup v2" if process.grouped else "supervisor"

    @property
    def slowed(self) -> bool:
        """Whether cells or predictions hit their time limit while other work on this machine had the processors."""
        seconds = sum(cell.seconds for cell in self._cells)
        waited = self._runnable_seconds >= _RUNNABLE * seconds
        late = bool(self._late) and waited and self._processor_seconds < _SHARE_OF_A_CORE * seconds
        return late or any(one.busy for one in self._predictions)

    def note_slowed(self) -> None:
        """Add a note that the machine was busy to every cell that hit its time limit."""
        for index in self._late:
            self._note("machine_busy", index)

    async def _start(self) -> None:
        await self._manager.start_kernel()
        client = self._client.kc = self._manager.client()
        client.start_channels(hb=False)
        client.allow_stdin = False
        request = client.kernel_info()
        try:
            await self._requests.reply(request, _START_SECONDS)
            # Before the kernel's welcome message on the output channel, outputs may be lost.
            while (await client.iopub_channel.get_msg(timeout=_START_SECONDS))["msg_type"] != "iopub_welcome":
                pass
        except Exception as error:
            ended = self._provisioner.exit
            raise KernelLost(f"the kernel did not start: {ended or type(error).__name__}") from None

    async def _stop(self) -> None:
        await self._provisioner.kill()
        ended = self._provisioner.exit
        if ended is not None:
            self._processor_seconds, self._runnable_seconds = ended.cpu_seconds, ended.runnable_seconds
        if self._client.kc is not None:
            self._client.kc.stop_channels()
        await self._manager.cleanup_resources()
        self._manager.context.destroy(linger=0)

    @property
    def _provisioner(self) -> Any:
        return self._manager.provisioner

    async def _cell(self, index: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        self._requests.reason_of_death()
        if self._provisioner.exit is not None or left <= 0:
            if left <= 0 and not any(cell.status == "not_run" for cell in self._cells):
                self._note("not_reached", index, seconds=self._limits.total_seconds)
            self._keep(index, CellRun(index=self._steps[index].cell, status="not_run"))
            return
        started = time.monotonic()
        self._client.next_cell()
        self._provisioner.relay.renew()
        status = await self._execute(index, min(self._limits.cell_seconds, left))
        seconds = time.monotonic() - started
        cell = self._client.nb.cells[index]
        # For an interrupted cell, the reply has the line.
        raised = status == "error" or (status == "timeout" and self._client.reply.get("status") == "error")
        failure = self._failure(index) if raised else None
        if self._client.truncated:
            self._note("too_much_output", index, kilobytes=self._limits.output_kb)
        run = CellRun(
            index=self._steps[index].cell,
            status=status,
            seconds=round(seconds, 3),
            failure=failure,
            outputs=tidy(cell.outputs),
            truncated=self._client.truncated,
        )
        self._keep(index, run)
        if self._provisioner.exit is None and self._steps[index].source.strip():
            await self._capture(index)

    def _keep(self, index: int, run: CellRun) -> None:
        step = self._steps[index]
        if step.test is not None:
            if step.test.graded:
                self._tests.append(outcome_of(step.test, run.status, run.failure, run.outputs))
            # The outputs of a test may contain content that students must not see.
            run = CellRun(index=run.index, status=run.status, seconds=run.seconds)
        if step.own:
            self._cells.append(run)

    async def _execute(self, index: int, seconds: float) -> Any:
        """Run one cell and return its status. At its time limit it is interrupted, then killed if it does not stop."""
        cell = self._client.nb.cells[index]
        execution = asyncio.ensure_future(self._client.async_execute_cell(cell, index))
        ended = asyncio.ensure_future(self._provisioner.ended.wait())
        flooded = asyncio.ensure_future(self._client.flooded.wait())
        status = ""
        try:
            await asyncio.wait({execution, ended, flooded}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not execution.done() and not ended.done():
                status = "" if flooded.done() else "timeout"
                if status:
                    self._note("timeout", index, seconds=seconds)
                    if machine_is_busy():
                        self._late.append(index)
                await self._manager.interrupt_kernel()
                grace = self._limits.grace_seconds + IOPUB_SECONDS
                await asyncio.wait({execution, ended}, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
                if not execution.done() and not ended.done():
                    self._note("not_interrupted", index)
                    await self._provisioner.kill()
                    return status or "died"
            if execution.done() and not self._broke(execution):
                return status or ("error" if self._client.reply.get("status") == "error" else "ok")
            return await self._died(index, status)
        finally:
            for waiting in (execution, ended, flooded):
                waiting.cancel()
            await asyncio.gather(execution, ended, flooded, return_exceptions=True)

    def _broke(self, execution: asyncio.Future[Any]) -> bool:
        """Whether the kernel is dead, or sent an invalid reply."""
        return execution.cancelled() or execution.exception() is not None

    async def _died(self, index: int, status: str) -> str:
        await self._provisioner.kill()
        self._note_death(index, "ended")
        return status or "died"

    def _note_death(self, index: int, otherwise: str) -> None:
        """Add a note with the reason why the sandbox ended the kernel; `otherwise` if the sandbox did not end it."""
        limits: dict[str, Value] = {
            "megabytes": self._limits.memory_mb,
            "processes": self._limits.processes,
            "seconds": self._limits.bounds().cpu_seconds,
        }
        reason = self._requests.reason_of_death()
        why = reason if reason in execution_messages.ENDINGS else otherwise
        if self._provisioner.flooded:
            why, limits = "flooded", {"megabytes": MAX_SENT // 2**20}
        self._note(why, index, **limits)

    def _failure(self, index: int) -> Failure:
        reply = self._client.reply
        line = reply.get("autograder_line")
        lines = self._steps[index].source.splitlines()
        if type(line) is not int or not 1 <= line <= len(lines):
            line = None
        return Failure(
            name=_text(reply.get("ename"), 200).strip() or "Error",  # a forged one may lack it
            message=_text(reply.get("evalue"), 4000),
            line=line,
            source=lines[line - 1].strip()[:500] if line else "",
        )

    async def _capture(self, index: int) -> None:
        session, channel = self._client.kc.session, self._client.kc.shell_channel
        request = session.msg("autograder_capture_request", {"cell": self._steps[index].cell})
        channel.send(request)
        try:
            reply = await self._requests.reply(request["header"]["msg_id"], CAPTURE_SECONDS)
            text = str(reply["content"]["capture"])
            self.log.add(Capture.parse(text), len(text))
            self._note_stand_ins(reply["content"].get("stand_ins"))
        except InvalidEvidence as problem:
            self._note("unreadable", index, problem=problem.reason)
        except (TimeoutError, DeadKernelError):
            self._note_death(index, "no_answer")
            await self._provisioner.kill()
        except Exception:
            # Anything else that the kernel sends is not a valid reply.
            self._note_death(index, "nonsense")
            await self._provisioner.kill()

    def _note_stand_ins(self, claimed: Any) -> None:
        """Add the kernel's claims about old names, and names of other machines, that it replaced: each once."""
        for entry in (claimed if isinstance(claimed, list) else [])[:MOST_STAND_INS]:
            sentence = stand_in_message(*entry) if isinstance(entry, list) and len(entry) == 3 else None
            if sentence is not None and sentence not in self.log.notes:
                self.log.note(sentence)

    def _note(self, kind: str, index: int, **values: Value) -> None:
        """Add a message of `execution_messages` to a cell."""
        step = self._steps[index]
        self.log.note(execution_messages.note_message(kind, step.cell + 1 if step.own else None, **values))


def _text(value: Any, longest: int) -> str:
    return value[:longest] if isinstance(value, str) else ""
