"""How often the cause of a shape error is named, over small programs of our own, each a cell in a real kernel.

    python -m benchmarks.shape_errors

Prints for each program that is explained wrongly what was expected and what was said, and the rates of the right layer
and of the right cause: over the programs that the rules were written with, over four sets written afterwards; and
the right programs about which something was said.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable

import nbformat

from autograder.checks.diagnosis.shape_errors import Cause, explain
from autograder.observe.limits import Limits
from autograder.observe.observer import Observer
from autograder.observe.sandbox.isolation import choose_isolation
from autograder.observe.task import ObserveTask
from benchmarks.shape_programs import FAULTY, SETUP, Program
from benchmarks.shape_programs_fourth import FOURTH
from benchmarks.shape_programs_third import THIRD
from benchmarks.unseen_shape_programs import LAST, LATER, SILENT

_LIMITS = Limits(cell_seconds=120, total_seconds=1200)


def causes(observer: Observer, sources: Iterable[str]) -> list[Cause | None]:
    """The cause that is named for each program, all run in one kernel."""
    cells = [SETUP, *(source.strip() for source in sources)]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    evidence = observer.observe(notebook, ObserveTask(limits=_LIMITS))
    found = {failure.cell: explain(failure) for failure in evidence.failures}
    return [found.get(index) for index in range(1, len(cells))]


def described(cause: Cause | None) -> tuple[str, str]:
    """Cause and class of the layer, as the programs have them."""
    return ("", "") if cause is None else (cause.code, cause.layer.kind if cause.layer is not None else "")


def _report(title: str, programs: tuple[Program, ...], found: list[Cause | None]) -> None:
    said = [described(cause) for cause in found]
    for program, (code, layer) in zip(programs, said, strict=True):
        if (code, layer) != (program.cause, program.layer):
            print(f"  {program.name}: {code} {layer}, not {program.cause} {program.layer}")
    right = sum(code == program.cause for program, (code, _) in zip(programs, said, strict=True))
    placed = sum(bool(code) and layer == one.layer for one, (code, layer) in zip(programs, said, strict=True))
    both = sum(one == (program.cause, program.layer) for program, one in zip(programs, said, strict=True))
    count = len(programs)
    print(f"{title}: {count} programs, cause {right / count:.0%}, layer {placed / count:.0%}, both {both / count:.0%}")


def main() -> None:
    started = time.monotonic()
    sets = {
        "written with the rules": FAULTY,
        "written afterwards": LATER,
        "written last": LAST,
        "a third set": THIRD,
        "a fourth set": FOURTH,
    }
    with Observer(choose_isolation("auto")) as observer:
        found = iter(causes(observer, [program.source for programs in sets.values() for program in programs]))
        silent = causes(observer, [source for _, source in SILENT])
    for title, programs in sets.items():
        _report(title, programs, list(itertools.islice(found, len(programs))))
    loud = [f"{name} ({cause.code})" for (name, _), cause in zip(SILENT, silent, strict=True) if cause is not None]
    print(f"right programs, or failing for other reasons: {len(SILENT)}, something said about {len(loud)} {loud}")
    print(f"{time.monotonic() - started:.0f} seconds")


if __name__ == "__main__":
    main()
