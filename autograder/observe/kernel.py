"""Inside the sandbox: an IPython kernel that also answers requests for the state that the student's cells left."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import zmq
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

from autograder.observe.capture import Describer
from autograder.observe.compatibility import stand_in_log
from autograder.observe.compatibility.added_losses import accept_added_losses
from autograder.observe.compatibility.import_lines import ImportLines
from autograder.observe.compatibility.local_tfds import offer_tensorflow_datasets
from autograder.observe.compatibility.network_pictures import draw_tables_without_graphviz
from autograder.observe.compatibility.old_arguments import accept_old_arguments
from autograder.observe.compatibility.old_files import accept_old_files
from autograder.observe.compatibility.old_layers import accept_old_layers
from autograder.observe.compatibility.old_libraries import offer_removed_names
from autograder.observe.compatibility.old_metrics import accept_old_metric_names
from autograder.observe.compatibility.old_modules import PrivateKeras, offer_old_modules
from autograder.observe.compatibility.other_machines import imitate_hosted_machines
from autograder.observe.compatibility.pretrained_weights import skip_weight_downloads
from autograder.observe.compatibility.tensorflow_paths import redirect_tensorflow_paths
from autograder.observe.dataset_files import lay
from autograder.observe.dataset_loader import serve
from autograder.observe.external_tests import run_test
from autograder.observe.fit_recorder import FitRecorder
from autograder.observe.predicting import predict
from autograder.observe.relay import CHANNELS
from autograder.observe.stubs import replace_selfchecks
from autograder.records.cell_errors import FAR_TOO_MUCH_OUTPUT

CAPTURE_REQUEST = "autograder_capture_request"
CAPTURE_REPLY = "autograder_capture_reply"
TEST_REQUEST = "autograder_test_request"
TEST_REPLY = "autograder_test_reply"
PREDICT_REQUEST = "autograder_predict_request"
PREDICT_REPLY = "autograder_predict_reply"
_MAX_MESSAGE = 4000
_OUTPUT_ENDS_CELL = 20


class TooMuchOutput(Exception):
    """A cell continued to print long after its output was truncated."""


class Budget:
    """The remaining output of a cell: output over the limit is dropped, and far beyond it the cell is ended."""

    def __init__(self) -> None:
        self.limit = 2**20
        self.said = 0

    @property
    def passed(self) -> bool:
        return self.said > self.limit

    def take(self, size: int) -> int:
        """Count `size` characters; returns how many of them may be sent.

        Raises:
            TooMuchOutput: in the student's thread, if the cell is far over the limit.
        """
        room = max(self.limit - self.said, 0)
        self.said += size
        if self.said > self.limit * _OUTPUT_ENDS_CELL and threading.current_thread() is threading.main_thread():
            raise TooMuchOutput(FAR_TOO_MUCH_OUTPUT)
        return room


_budget = Budget()


class BudgetedStream(OutStream):  # type: ignore[misc]
    """Standard output and error within the cell's budget, so that an endless loop of prints cannot flood the grader."""

    def write(self, string: str) -> int | None:
        if type(string) is not str:
            return super().write(string)  # type: ignore[no-any-return]
        if allowed := _budget.take(len(string)):
            super().write(string[:allowed])
        return len(string)


def _bounded_display(message: dict[str, Any]) -> dict[str, Any] | None:
    """A hook of IPython's publisher: the message, or None if it is too large for the cell's budget."""
    data = message["content"].get("data", {})
    size = 100 + sum(len(value) for value in data.values() if isinstance(value, str))
    return message if size <= _budget.take(size) else None


class Kernel(IPythonKernel):  # type: ignore[misc]
    """IPython's kernel, plus requests for the capture, for external tests and for predictions, and the line of a cell
    that failed."""

    names: Sequence[str] = ()
    base_weights: frozenset[str] = frozenset()
    shorten = True
    # Whether names of Keras 1 and 2 are supported, and whether the notebook is written for Keras 1.
    old_names, keras_1 = True, False
    # Whether PyTorch is observed: only in kernels of the zygote that has imported it.
    torch = False
    examples: Sequence[Sequence[Sequence[int]]] = ()

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        torch = None
        if self.torch:
            from autograder.observe.torch.observing import TorchObserver

            torch = TorchObserver(self.shell, shorten=self.shorten, examples=self.examples)
        fits = FitRecorder(shorten=self.shorten)
        self.describer = Describer(self.shell.user_ns, list(self.names), fits, self.base_weights, torch)
        self.shell_handlers[CAPTURE_REQUEST] = self.capture_request
        self.shell_handlers[TEST_REQUEST] = self.test_request
        self.shell_handlers[PREDICT_REQUEST] = self.predict_request
        self.shell.display_pub.register_hook(_bounded_display)
        self._stand_ins()

    def _stand_ins(self) -> None:
        """Install the stand-ins. After the describer is created: it needs Keras' original functions, and its wrappers
        receive calls with today's arguments."""
        self._imports = ImportLines(self.shell.user_ns)
        self.shell.ast_transformers.append(self._imports)
        imitate_hosted_machines(self.shell)
        redirect_tensorflow_paths()
        draw_tables_without_graphviz()
        skip_weight_downloads()
        if self.old_names:
            offer_old_modules()
            accept_old_arguments(keras_1=self.keras_1)
            accept_old_layers()
            accept_old_files()
            accept_old_metric_names()
            accept_added_losses()
            offer_removed_names()
            self.shell.ast_transformers.append(PrivateKeras())

    async def do_execute(self, code: str, *arguments: Any, **named: Any) -> dict[str, Any]:
        _budget.said = 0
        sys.last_value = None
        self._imports.begin()
        reply: dict[str, Any] = await super().do_execute(code, *arguments, **named)
        deferred = self._imports.deferred
        if deferred is not None:
            # The first failure is reported; later ones may be a consequence of it.
            error = deferred.error
            if reply.get("status") != "error":
                self.shell.showtraceback((type(error), error, error.__traceback__))
            reply.update(status="error", ename=type(error).__name__, evalue=str(error), traceback=[])
            sys.last_value = error
        reply["autograder_cut"] = _budget.passed
        if reply.get("status") == "error":
            reply["autograder_line"] = self._failed_line(code)
            reply["evalue"] = str(reply.get("evalue"))[:_MAX_MESSAGE]
            reply["traceback"] = [str(line)[: 4 * _MAX_MESSAGE] for line in reply.get("traceback", ())[:100]]
        return reply

    def _failed_line(self, code: str) -> int | None:
        """The line of the cell (1-based) that was being executed when the exception was raised."""
        error = sys.last_value
        if isinstance(error, SyntaxError):
            return error.lineno
        cell, line = self.shell.compile.get_code_name(code, code, 0), None
        trace = error.__traceback__ if isinstance(error, BaseException) else None
        while trace is not None:
            name = trace.tb_frame.f_code.co_filename
            if name == cell:
                line = trace.tb_lineno
            elif name in ("<timed exec>", "<timed eval>"):
                line = trace.tb_lineno + 1
            trace = trace.tb_next
        return line

    async def capture_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        text = self.describer.describe(int(parent["content"]["cell"]))
        self.session.send(
            stream, CAPTURE_REPLY, {"capture": text, "stand_ins": stand_in_log.take()}, parent, ident=ident
        )

    async def test_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        _budget.said = 0
        text = run_test(parent["content"]["test"], self.shell.user_ns)
        self.session.send(stream, TEST_REPLY, {"test": text}, parent, ident=ident)

    async def predict_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        answer = predict(parent["content"], self.shell.user_ns)
        self.session.send(stream, PREDICT_REPLY, {"predicted": answer}, parent, ident=ident)


class Application(IPKernelApp):  # type: ignore[misc]
    """A kernel on sockets that are already open. The grader creates them, so no folder is shared with the kernel."""

    listening: Mapping[int, int] = {}

    def init_connection_file(self) -> None:
        """Not used: the request contains the settings."""

    def write_connection_file(self, **_: Any) -> None:
        """Not used."""

    def init_heartbeat(self) -> None:
        """Not used: the supervisor reports whether the kernel is alive."""

    def _try_bind_socket(self, s: Any, port: int) -> int:
        s.setsockopt(zmq.USE_FD, self.listening[port])
        s.bind(f"ipc://channel-{port}")
        if port == 1:
            # The debugger is not used, but its connection needs an address of the shell.
            s.bind("inproc://shell")
        return port


def run(arguments: dict[str, Any], descriptors: list[int]) -> None:
    """Run the kernel of one notebook; returns when it is shut down.

    Args:
        arguments: "key" of the connection, "names" of the variables to capture, "shorten" (whether training is
            shortened), "seed", "output_kb" per cell, "old_names" (whether Keras 1 and 2 are supported), "keras_1"
            (whether the notebook is written for Keras 1), "datasets" (see `dataset_loader.serve`), "base_weights"
            (the fingerprints of the weights in declared base models), "torch" (whether the notebook imports PyTorch,
            which the zygote has imported then), "examples" (for each data set of the exercise the shapes of one
            example, one for each input).
        descriptors: listening sockets in the order of `CHANNELS`, then the memory of "datasets", then those for
            `dataset_files.lay`.
    """
    keras.utils.set_random_seed(int(arguments["seed"]))
    channels, files = descriptors[: len(CHANNELS)], descriptors[len(CHANNELS) :]
    kept = len(arguments["datasets"])
    served = serve(arguments["datasets"], files[:kept], lay(files[kept:]))
    offer_tensorflow_datasets(served)
    Kernel.torch, Kernel.examples = bool(arguments["torch"]), arguments["examples"]
    if Kernel.torch:
        from autograder.observe.torch.vision import serve_torchvision

        serve_torchvision(served)
    replace_selfchecks()
    _budget.limit = int(arguments["output_kb"]) * 1024
    # As in Jupyter, a module next to the notebook can be imported.
    sys.path.insert(0, "")
    Kernel.old_names, Kernel.keras_1 = bool(arguments["old_names"]), bool(arguments["keras_1"])
    Kernel.base_weights = frozenset(arguments["base_weights"])
    Kernel.names, Kernel.shorten = tuple(arguments["names"]), bool(arguments["shorten"])
    Application.listening = dict(enumerate(channels, start=1))
    settings = Config()
    settings.Session.key = str(arguments["key"]).encode()
    settings.HistoryManager.hist_file = ":memory:"
    application = Application.instance(
        config=settings,
        kernel_class=Kernel,
        outstream_class=f"{__name__}.BudgetedStream",
        transport="ipc",
        ip="channel",
        log_level=50,
        **{f"{channel}_port": port for port, channel in enumerate(CHANNELS, start=1)},
    )
    application.initialize([])
    # Importing matplotlib in a notebook does this; here it was imported before the kernel existed.
    application.shell.enable_matplotlib("inline")
    application.start()
