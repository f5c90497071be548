"""A class graded by the workers of a Dask cluster: the same results as on this machine, whoever dies on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from distributed import Client

from autograder.grading.engine import EngineError, read_cluster_file, running_scheduler
from autograder.grading.engine.cluster import WatchdogExecutor

ROOT = Path(__file__).parents[3]
# Workers on the loopback, over TLS, as docs/cluster.md shows it.
LOCAL = ROOT / "docs" / "clusters" / "local.toml"
STUDENTS = ("Emil Fischer", "Mei-Ling Chen", "Kwame Mensah")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('kind = "local"\nworkers = 0\n', "workers"),
        ('kind = "cloud"\n', "cloud"),
        ("kind =\n", "is no TOML file"),
    ],
)
def test_a_wrong_cluster_file_is_a_sentence(tmp_path, text, message):
    path = tmp_path / "cluster.toml"
    path.write_text(text)
    with pytest.raises(EngineError, match=message):
        read_cluster_file(path)


def test_every_example_is_a_cluster_file():
    kinds = [read_cluster_file(path).kind for path in sorted(LOCAL.parent.glob("*.toml"))]
    assert kinds == ["kubernetes", "local", "slurm", "ssh"]


def test_an_address_without_a_protocol_is_a_sentence():
    with pytest.raises(EngineError, match="is no address of a scheduler"):
        running_scheduler("somewhere:8786")


def test_nobody_behind_an_address_is_a_sentence(tmp_path):
    command = [sys.executable, "-m", "autograder", "grade", "cnn2", ROOT / "tests" / "samples" / "cnn2"]
    options = ["--output", tmp_path / "report", "--scheduler", "tcp://127.0.0.1:9"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("The cluster cannot be used")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_worker_that_is_killed_costs_nobody_anything(tmp_path):
    submissions = tmp_path / "class"
    submissions.mkdir()
    for student in STUDENTS:
        (submissions / f"{student}.ipynb").write_bytes((ROOT / f"tests/samples/cnn2/{student}.ipynb").read_bytes())
    command = [sys.executable, "-m", "autograder", "grade", "cnn2", str(submissions), "--output"]
    subprocess.run([*command, str(tmp_path / "here")], check=True, capture_output=True, timeout=200)
    there = subprocess.Popen(
        [*command, str(tmp_path / "there"), "--cluster", str(LOCAL)], stdout=subprocess.PIPE, text=True
    )
    assert there.stdout is not None
    first = there.stdout.readline()
    assert first.startswith("[1/3]"), first
    workers = [
        child for child in psutil.Process(there.pid).children() if "multiprocessing" in " ".join(child.cmdline())
    ]
    victim = max(workers, key=lambda worker: sum(each.cpu_times().user for each in [worker, *worker.children()]))
    os.kill(victim.pid, signal.SIGKILL)
    rest = there.communicate(timeout=300)[0]
    assert there.returncode == 0, rest
    assert results(tmp_path / "there") == results(tmp_path / "here")


@pytest.mark.slow
def test_a_class_does_not_wait_for_ever_where_every_worker_has_gone(tmp_path):
    address = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", address],
        **quiet,
    )
    worker = None
    try:
        options = ["--no-nanny", "--no-dashboard", "--nthreads", "1", "--resources", "sandbox=1"]
        worker = subprocess.Popen(
            [*dask, "worker", *options, "--scheduler-file", address, "--local-directory", tmp_path], **quiet
        )
        with Client(scheduler_file=str(address), timeout=60) as client:
            client.wait_for_workers(1, timeout=60)
            executor = client.get_executor(pure=False, resources={"sandbox": 1})
            patient = WatchdogExecutor(client, executor, patience=2, poll=0.5)
            assert patient.submit(len, b"four").result() == 4
            with pytest.raises(ZeroDivisionError):
                patient.submit(divmod, 1, 0).result()
            endless = patient.submit(time.sleep, 600)
            with pytest.raises(TimeoutError):
                endless.result(timeout=3)
            worker.kill()
            with pytest.raises(EngineError, match="no worker for 2 seconds"):
                endless.result()
    finally:
        for process in filter(None, (worker, scheduler)):
            process.kill()
            process.wait()


def results(report: Path) -> list[dict]:
    lines = map(json.loads, (report / "results.jsonl").read_text(encoding="utf-8").splitlines())
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]
