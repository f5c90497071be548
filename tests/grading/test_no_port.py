"""Grading on one machine opens no port: nobody on the network, or beside us on the machine, has anything to talk to."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


def listening(process: psutil.Process) -> set[str]:
    """The addresses on which a process and all below it listen."""
    found = set()
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error):
            found |= {str(socket.laddr) for socket in one.net_connections("inet") if socket.status == "LISTEN"}
    return found


def test_a_listening_process_would_be_seen():
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); print('ready', flush=True); input()"
    server = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with server:
        assert server.stdout.readline() == "ready\n"
        assert listening(psutil.Process(server.pid))
        server.communicate("\n", timeout=20)


@pytest.mark.slow
def test_nothing_listens_while_a_class_is_graded(tmp_path):
    submission = ROOT / "tests" / "samples" / "cnn2" / "Emil Fischer.ipynb"
    command = [sys.executable, "-m", "autograder", "grade", "cnn2", submission, "--output", tmp_path / "report"]
    grader = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    most, found = 0, set()
    with grader:
        process = psutil.Process(grader.pid)
        while grader.poll() is None:
            with suppress(psutil.Error):
                most = max(most, len(process.children(recursive=True)))
                found |= listening(process)
            time.sleep(0.1)
    assert grader.returncode == 0
    # The sandbox, its zygote, a kernel and the training were looked at.
    assert most >= 4
    assert found == set()
