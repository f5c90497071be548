from __future__ import annotations

from collections.abc import Callable, Iterator

import nbformat
import pytest

from autograder.observe.observer import Observer
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation
from autograder.observe.task import Limits, ObserveTask
from autograder.records.evidence import Evidence

QUICK = Limits(cell_seconds=20, total_seconds=60, grace_seconds=2)

Observe = Callable[..., Evidence]


@pytest.fixture(scope="session")
def observer() -> Iterator[Observer]:
    try:
        isolation = choose_isolation("bubblewrap")
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))
    with Observer(isolation, workers=2) as observer:
        yield observer


@pytest.fixture
def observe(observer: Observer) -> Observe:
    """Observe a notebook of these code cells: `observe("x = 1", "x", variables=("x",))`."""

    def run(*cells: str, limits: Limits = QUICK, **task: object) -> Evidence:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        return observer.observe(notebook, ObserveTask.model_validate({"limits": limits, **task}))

    return run
