from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from textwrap import dedent

import pytest

from autograder.observe import notebook_run
from autograder.observe.limits import Limits
from autograder.records.evidence import Evidence
from tests.observe.conftest import QUICK, Observe

pytestmark = pytest.mark.slow

SHORT = Limits(cell_seconds=2, total_seconds=60, grace_seconds=1)


def statuses(evidence: Evidence) -> list[str]:
    return [cell.status for cell in evidence.cells]


def test_a_cell_out_of_time_is_interrupted_and_the_next_ones_run(observe: Observe) -> None:
    evidence = observe("x = 1\nwhile True: x += 1", "done = True", variables=("done",), limits=SHORT)
    assert statuses(evidence) == ["timeout", "ok"]
    assert evidence.value("done") is not None
    assert evidence.cells[0].failure is not None
    assert evidence.cells[0].failure.line == 2
    assert [str(note) for note in evidence.notes] == ["Code cell 1 ran for more than 2 seconds and was stopped."]


def test_what_a_cell_built_before_its_time_was_over_stays(observe: Observe) -> None:
    evidence = observe(
        "import keras, time\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
        "model.compile('sgd', 'mse')\nanswer = 7\ntime.sleep(60)",
        variables=("answer",),
        limits=SHORT,
    )
    assert statuses(evidence) == ["timeout"]
    network, answer = evidence.network("model"), evidence.value("answer")
    assert network is not None
    assert network.compile is not None
    assert answer is not None
    assert answer.value == 7


def test_a_cell_that_ignores_the_interrupt_is_killed_and_what_was_before_stays(observe: Observe) -> None:
    evidence = observe(
        "kept = 5",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "after = 1",
        variables=("kept", "after"),
        limits=SHORT,
    )
    assert statuses(evidence) == ["ok", "timeout", "not_run"]
    assert [value.name for value in evidence.values] == ["kept"]


def test_a_notebook_out_of_time_stops(observe: Observe) -> None:
    evidence = observe(
        *["import time; time.sleep(2)"] * 3, limits=Limits(cell_seconds=5, total_seconds=3.5, grace_seconds=1)
    )
    assert statuses(evidence) == ["ok", "timeout", "not_run"]


def test_processor_time_is_bounded_over_all_processes(observe: Observe) -> None:
    evidence = observe(
        "kept = 5",
        dedent("""
            import os, time
            for _ in range(3):
                if os.fork() == 0:
                    while True:
                        pass
            time.sleep(60)
        """),
        "after = 1",
        variables=("kept", "after"),
        limits=Limits(cell_seconds=40, total_seconds=50, grace_seconds=1, cpu_seconds=6),
    )
    assert statuses(evidence) == ["ok", "died", "not_run"]
    assert "used more than 6 seconds of processor time" in str(evidence.notes[0])
    assert [value.name for value in evidence.values] == ["kept"]


@pytest.mark.parametrize(
    "end",
    [
        "import os; os._exit(0)",
        "import os, signal; me = os.getpid(); os.kill(me, signal.SIGKILL)",
        "import os, signal; os.killpg(0, signal.SIGKILL)",
        "import ctypes; ctypes.string_at(0)",
    ],
)
def test_a_dead_kernel_costs_only_what_came_after(observe: Observe, end: str) -> None:
    evidence = observe("kept = 5", end, "after = 1", variables=("kept", "after"))
    assert statuses(evidence) == ["ok", "died", "not_run"]
    assert [value.name for value in evidence.values] == ["kept"]


def test_nobody_can_end_the_guardian(observe: Observe) -> None:
    evidence = observe("import os, signal\nos.kill(1, signal.SIGKILL)\nos.kill(1, signal.SIGTERM)", "x = 1")
    assert statuses(evidence) == ["ok", "ok"]


def test_an_array_too_large_is_an_ordinary_error(observe: Observe) -> None:
    evidence = observe(
        "import numpy as np\nx = np.ones(10**9)",
        "import tensorflow as tf\ny = tf.ones((10**5, 10**4))",
        "z = 1",
        limits=QUICK.model_copy(update={"memory_mb": 512}),
    )
    assert statuses(evidence) == ["error", "error", "ok"]
    first = evidence.cells[0].failure
    assert first is not None
    assert "MemoryError" in first.name


def test_many_processes_together_stay_within_the_memory(observe: Observe) -> None:
    bomb = dedent("""
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                memory = bytearray(b"x") * (200 * 2**20)
                time.sleep(30)
                os._exit(0)
        time.sleep(30)
    """)
    evidence = observe("kept = 1", bomb, variables=("kept",), limits=QUICK.model_copy(update={"memory_mb": 512}))
    assert statuses(evidence) == ["ok", "died"]
    (note,) = evidence.notes
    assert str(note) == "Code cell 2 used more than 512 MB of memory; the cells after it were not run."
    assert evidence.value("kept") is not None


def test_a_fork_bomb_stays_within_its_bounds(observe: Observe) -> None:
    evidence = observe("kept = 1", "import os\nwhile True:\n    os.fork()", limits=SHORT)
    assert statuses(evidence)[0] == "ok"
    assert statuses(evidence)[1] in ("error", "timeout", "died")


def test_the_disk_is_bounded(observe: Observe) -> None:
    fill = "for i in range(100):\n    with open(f'{folder}/{i}', 'wb') as f: f.write(bytes(2**20))"
    evidence = observe(
        *(f"folder = {folder!r}\n{fill}" for folder in (".", "/tmp", "/dev/shm")),
        limits=QUICK.model_copy(update={"disk_mb": 20}),
    )
    assert [cell.failure and cell.failure.name for cell in evidence.cells] == ["OSError"] * 3


def test_a_flood_of_prints_is_cut(observe: Observe) -> None:
    evidence = observe(
        "while True: print('x' * 1000)",
        "print('y' * 10**8)",
        "import os\nfor _ in range(300): os.write(1, b'z' * 10**5)",
        "print('still here')",
        limits=QUICK.model_copy(update={"output_kb": 64}),
    )
    assert statuses(evidence)[0] == "error"
    assert evidence.cells[0].failure is not None
    assert evidence.cells[0].failure.name == "TooMuchOutput"
    assert all(cell.truncated for cell in evidence.cells[:3])
    assert all(len(output.get("text", "")) <= 64 * 1024 for cell in evidence.cells for output in cell.outputs)
    assert evidence.cells[3].outputs[0]["text"] == "still here\n"
    assert "Code cell 1 wrote more than 64 KB; the rest of its output was cut." in map(str, evidence.notes)


def test_a_flood_of_rich_outputs_is_cut(observe: Observe) -> None:
    evidence = observe(
        "from IPython.display import HTML, display\nfor i in range(50_000): display(HTML('<b>' + 'x' * 100))",
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 10**8))",
        "x = 1",
        variables=("x",),
        limits=QUICK.model_copy(update={"output_kb": 64}),
    )
    assert evidence.cells[0].truncated
    assert len(evidence.cells[0].outputs) <= 1000
    assert statuses(evidence)[2] == "ok"
    assert evidence.value("x") is not None


def test_a_kernel_that_lies_to_the_client_loses_only_itself(observe: Observe) -> None:
    nonsense = dedent("""
        kernel = get_ipython().kernel
        def answer(stream, ident, parent):
            kernel.session.send(stream, "autograder_capture_reply", {"capture": "[" * 100_000}, parent, ident=ident)
        kernel.shell_handlers["autograder_capture_request"] = answer
    """)
    unsigned = "kernel.session.key = b'x'"
    evidence = observe("kept = 1", nonsense, "2", unsigned, "3", variables=("kept",), limits=SHORT)
    assert evidence.value("kept") is not None
    assert statuses(evidence)[:3] == ["ok", "ok", "ok"]
    assert any(note.code == "cell.unreadable" for note in evidence.notes)
    assert statuses(evidence)[4] == "not_run"


def test_there_is_no_network(observe: Observe) -> None:
    evidence = observe(
        "import socket\nsocket.create_connection(('127.0.0.1', 22), timeout=2)",
        "socket.create_connection(('192.0.2.1', 80), timeout=2)",
        "socket.getaddrinfo('example.org', 80)",
        "names = [name for _, name in socket.if_nameindex()]\nabstract = open('/proc/net/unix').read().count('@')",
        variables=("names", "abstract"),
    )
    assert statuses(evidence) == ["error", "error", "error", "ok"]
    assert [value.value for value in evidence.values] == [["lo"], 0]


def test_nothing_of_the_machine_is_visible(observe: Observe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text("secret")
    monkeypatch.setenv("AUTOGRADER_CANARY", "secret")
    look = dedent(f"""
        import os
        from pathlib import Path
        seen = [path for path in {
        [
            str(canary),
            os.path.expanduser("~/.ssh"),
            "/etc/passwd",
            "/var",
            "/sys",
            "/run/lock",
            str(Path(__file__)),
            str(Path(__file__).parents[2] / "solutions"),
        ]
    } if os.path.exists(path)]
        environment = sorted(name for name in os.environ if "CANARY" in name)
        processes = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
        own = ("/proc", "/notebook", "/run/notebook", "/tmp", "/dev/shm")
        writable = [folder for folder, _, _ in os.walk("/")
                    if not folder.startswith(own) and os.access(folder, os.W_OK)]
        links = sorted(os.readlink(f"/proc/self/fd/{{fd}}") for fd in os.listdir("/proc/self/fd")
                       if os.path.exists(f"/proc/self/fd/{{fd}}"))
        opened = [link for link in links if link.startswith("/") and not link.startswith(("/dev/null", "/proc"))]
        parent_memory = os.access("/proc/1/mem", os.R_OK)
    """)
    names = ("seen", "environment", "processes", "writable", "opened", "parent_memory")
    evidence = observe(look, variables=names)
    assert statuses(evidence) == ["ok"]
    values = {value.name: value.value for value in evidence.values}
    assert values == {
        "seen": [],
        "environment": [],
        "processes": [1, 2],
        "writable": [],
        "opened": [],
        "parent_memory": False,
    }


def test_the_kernel_has_no_privileges_and_cannot_get_any(observe: Observe) -> None:
    evidence = observe(
        dedent("""
            import ctypes, os
            lines = open("/proc/self/status").read().splitlines()
            status = dict(line.split(":\\t") for line in lines if ":\\t" in line)
            rights = [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")]
            promise = status["NoNewPrivs"].strip()
            libc = ctypes.CDLL(None, use_errno=True)
            refused = [libc.unshare(0x10000000), libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), libc.umount(b"/proc")]
            trace = libc.ptrace(16, 1, 0, 0)
            user = os.getuid()
        """),
        variables=("rights", "promise", "refused", "trace", "user"),
    )
    assert [value.value for value in evidence.values] == [[0] * 5, "1", [-1] * 3, -1, 1000]


def test_notebooks_running_beside_each_other_do_not_meet(observe: Observe) -> None:
    source = dedent("""
        import os, socket, time
        for folder in ("/tmp", "/dev/shm", "/notebook"):
            open(f"{folder}/note-%d", "w").close()
        server = socket.socket(socket.AF_UNIX); server.bind("\\0note-%d"); server.listen()
        time.sleep(2)
        met = [name for folder in ("/tmp", "/dev/shm", "/run", "/notebook") for name in os.listdir(folder)
               if name.startswith("note-") and name != "note-%d"]
        met += [line for line in open("/proc/net/unix") if "@note" in line and "note-%d" not in line]
        met += [name for name in os.listdir("/proc") if name.isdigit() and int(name) > 2]
    """)
    found: list[Evidence] = []
    threads = [
        threading.Thread(target=lambda at=at: found.append(observe(source.replace("%d", str(at)), variables=("met",))))  # type: ignore[misc]
        for at in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [evidence.value("met").value for evidence in found] == [[], []]  # type: ignore[union-attr]


@pytest.mark.alone
def test_nothing_is_left_behind(observe: Observe) -> None:
    observe("1")  # the zygote is there from now on
    before = _settled_traces()
    evidence = observe(
        dedent("""
            import os, subprocess, sys, threading, time
            subprocess.Popen(["sleep", "1000"], start_new_session=True)
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0: time.sleep(1000)
                os._exit(0)
            threading.Thread(target=time.sleep, args=(1000,)).start()
            open("file", "w").write("x")
        """)
    )
    assert statuses(evidence) == ["ok"]
    deadline = time.monotonic() + 5
    while (after := _traces()) != before and time.monotonic() < deadline:
        time.sleep(0.01)  # the last process may be on its way out
    assert after == before


def _settled_traces() -> tuple[int, int, list[str], int]:
    """The traces once nothing is on its way out any more: the same for a second."""
    deadline = time.monotonic() + 20
    seen, since = _traces(), time.monotonic()
    while time.monotonic() - since < 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        if (now := _traces()) != seen:
            seen, since = now, time.monotonic()
    return seen


def _traces() -> tuple[int, int, list[str], int]:
    """Our descendants, our mounts, our temporary folders, and our open files."""
    import tempfile

    import psutil

    descendants = psutil.Process().children(recursive=True)
    return (
        sum(process.status() != psutil.STATUS_ZOMBIE for process in descendants),
        len(Path("/proc/self/mounts").read_text().splitlines()),
        sorted(name for name in os.listdir(tempfile.gettempdir()) if name.startswith("ag-")),
        len(os.listdir("/proc/self/fd")),
    )


def test_a_cell_that_other_work_kept_from_its_end_is_run_again_and_noted(
    observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A cell that computes has one core here: below what counts as a share only for this test.
    monkeypatch.setattr(notebook_run, "_SHARE_OF_A_CORE", 3.0)
    computes, sleeps = ("while True: pass", "done = True"), ("import time; time.sleep(30)", "done = True")
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    assert [note.code for note in observe(*computes, limits=SHORT).notes] == ["cell.timeout"]
    monkeypatch.setattr(os, "getloadavg", lambda: (1000.0, 0.0, 0.0))
    evidence = observe(*computes, "1", limits=SHORT)
    assert statuses(evidence) == ["timeout", "ok", "ok"]
    assert [note.code for note in evidence.notes] == ["cell.timeout", "cell.machine_busy"]
    assert [note.code for note in observe(*sleeps, limits=SHORT).notes] == ["cell.timeout"]
