"""What one notebook costs, on a machine that does nothing else.

    .venv/bin/python benchmarks/one.py

1. Processor time of a notebook above its own cells', warm: start, kernel, capture, judge, page. Two classes of
   notebooks with almost no work in their nine cells are graded, one class larger by 20; the extra processor time
   for the larger one is divided by 20. The same for notebooks that import PyTorch, where it is installed.
2. `autograder check` of a solved notebook, cold, against nbclient alone executing it, in turn. Both in the environment
   of the autograder; nbclient trains as the student wrote it, for `--epochs` epochs on 2,400 images.
3. Private memory of each further kernel, before `fit`: the unique set size of its processes while three notebooks that
   have built their network sleep side by side.
4. What the arrays of MNIST cost a kernel that has read every pixel of them: private memory above that of a kernel
   that has not, two at a time, beside the size of the arrays. Arrays that are mapped cost next to nothing, copies all
   of their size.
5. Processor time of one training run of the solution's network on tables and on MNIST, in a worker that has started.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import psutil
from cnn2_class import filled_in, students, template
from rivals import handed_out

AUTOGRADER = Path(sys.executable).parent / "autograder"
MORE = 20
NBCLIENT = (
    "import sys, nbformat; from nbclient import NotebookClient; "
    "NotebookClient(nbformat.read(sys.argv[1], 4), timeout=None, kernel_name='python3').execute()"
)


def busy() -> float:
    """Seconds that all cores together have worked since the machine started."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait


def overhead(folder: Path, first: str) -> float:
    """Processor seconds of a notebook that begins with `import FIRST` above its own cells'."""
    spent = []
    for count in (10, 10 + MORE):
        members = folder / f"{first}-{count}"
        members.mkdir()
        for number in range(count):
            sources = [f"import {first}", *(f"x{cell} = {number}" for cell in range(8))]
            cells = [nbformat.v4.new_code_cell(source) for source in sources]
            nbformat.write(nbformat.v4.new_notebook(cells=cells), members / f"student-{number}.ipynb")
        before = busy()
        run([AUTOGRADER, "grade", "cnn2", members, "--output", folder / f"report-{first}-{count}"])
        spent.append(busy() - before)
    return (spent[1] - spent[0]) / MORE


def check_beside_nbclient(folder: Path, epochs: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of `autograder check` and of nbclient, in turn."""
    (member,) = students(1, 1, 1)
    path, served = folder / "cnn2.ipynb", folder / "served.ipynb"
    path.write_text(json.dumps(filled_in(template(epochs), member.code)), encoding="utf-8")
    served.write_text(json.dumps(filled_in(handed_out(epochs), member.code)), encoding="utf-8")
    ours, plain = [], []
    for _ in range(rounds):
        ours.append(timed(lambda: run([AUTOGRADER, "check", path])))
        plain.append(timed(lambda: run([sys.executable, "-c", NBCLIENT, served])))
    return ours, plain


def private_memory(cells: list[Any], count: int = 3) -> list[float]:
    """MB of memory that each kernel after these cells does not share, of so many side by side."""
    from autograder.assignment import load
    from autograder.observe.observer import Observer
    from autograder.observe.sandbox.isolation import choose_isolation

    asleep = nbformat.v4.new_code_cell("import time; time.sleep(12)")
    notebook = nbformat.v4.new_notebook(cells=[*cells, asleep])
    with Observer(choose_isolation("auto"), workers=count) as observer, ThreadPoolExecutor(count) as pool:
        observer.observe(nbformat.v4.new_notebook(), load("cnn2").observe_task())
        before = {process.pid for process in psutil.Process().children(recursive=True)}
        waiting = [pool.submit(observer.observe, notebook, load("cnn2").observe_task()) for _ in range(count)]
        time.sleep(9)
        mine = [one for one in psutil.Process().children(recursive=True) if one.pid not in before]
        sizes = [one.memory_full_info().uss / 1e6 for one in mine if one.is_running()]
        for one in waiting:
            one.result()
    return sorted(sizes)[-count:]


def with_a_network() -> list[float]:
    """`private_memory` of three kernels that have built their network."""
    (member,) = students(1, 1, 1)
    notebook = filled_in(template(1), member.code)
    until = next(place for place, cell in enumerate(notebook["cells"]) if ".fit(" in cell["source"])
    return private_memory(nbformat.from_dict({**notebook, "cells": notebook["cells"][:until]}).cells)


def with_mnist() -> float:
    """MB of private memory that MNIST costs each of two kernels; what one alone maps would count as its own."""
    load = "(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()\npixels = int(x.sum()) + int(x_test.sum())"
    cells = [nbformat.v4.new_code_cell("import keras\nkeras.datasets.mnist"), nbformat.v4.new_code_cell(load)]
    without, loaded = private_memory(cells[:1], 2), private_memory(cells, 2)
    return statistics.fmean(loaded) - statistics.fmean(without)


def trainings() -> Iterator[str]:
    """The processor seconds of one whole run of each solution."""
    from autograder.assignment import load
    from autograder.grading.answer_key import AnswerKey
    from autograder.train.trainer import Trainer

    with Trainer() as trainer:
        for name in ("wine", "diabetes", "cnn2"):
            answer_key = AnswerKey.stored(load(name))
            asked = next(question for question in answer_key.assignment.questions if question.needs_calibration)
            (task,) = asked.training(answer_key.reference_context())
            whole = task.model_copy(update={"target": None})
            trainer.run(whole)
            (worker,) = psutil.Process().children()
            before = worker.cpu_times()
            trainer.run(whole)
            spent = worker.cpu_times()
            seconds = spent.children_user + spent.children_system - before.children_user - before.children_system
            steps = whole.recipe.epochs * whole.recipe.steps_per_epoch
            yield f"{name} {seconds:.2f} s ({steps} steps)"


def run(command: list[Any]) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise SystemExit(done.stderr[-2000:])


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="one-") as name:
        folder = Path(name)
        for first in ("keras", "torch"):
            if importlib.util.find_spec(first) is not None:
                seconds = overhead(folder, first)
                print(f"processor time above the cells': {seconds:.2f} s a notebook with {first}", flush=True)
        ours, plain = check_beside_nbclient(folder, chosen.epochs, chosen.rounds)
        ratio = statistics.median(one / other for one, other in zip(ours, plain, strict=True))
        print(
            f"autograder check: {statistics.median(ours):.1f} s; nbclient alone: {statistics.median(plain):.1f} s; "
            f"{ratio:.2f} of its time",
            flush=True,
        )
        print("private memory of each kernel:", ", ".join(f"{size:.0f} MB" for size in with_a_network()), flush=True)
        arrays = 70_000 * (28 * 28 + 1) / 1e6
        print(f"private memory for the arrays of MNIST: {with_mnist():.1f} MB, of {arrays:.1f} MB", flush=True)
        print("processor time of a training run:", ", ".join(trainings()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
