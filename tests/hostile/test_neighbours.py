"""Eight honest notebooks beside one that makes its supervisor slow: none of them may notice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from attack import honest
from harming import HARMING

from autograder.observe.limits import Limits
from autograder.observe.observer import Observer
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation
from autograder.observe.task import ObserveTask

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(300)]
LIMITS = Limits(cell_seconds=6, total_seconds=90, grace_seconds=1, memory_mb=1024, processes=160)


def seen(observer: Observer, sources: tuple[str, ...]) -> dict[str, object]:
    """The evidence of a notebook, without how long it took."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    evidence = observer.observe(notebook, ObserveTask(variables=("model",), limits=LIMITS)).model_dump(mode="json")
    evidence.pop("seconds")
    for cell in evidence["cells"]:
        cell.pop("seconds")
    return evidence


def test_eight_honest_notebooks_keep_every_byte_beside_one_that_forks_its_memory() -> None:
    try:
        isolation = choose_isolation("bubblewrap")
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))
    (attack,) = (one for one in HARMING if one.name == "forked-memory")
    neighbours = [one.cells for one in honest(8)]
    with Observer(isolation, workers=9) as observer, ThreadPoolExecutor(9) as threads:
        alone = list(threads.map(lambda cells: seen(observer, cells), neighbours))
        attacking = threads.submit(seen, observer, attack.cells)
        beside = list(threads.map(lambda cells: seen(observer, cells), neighbours))
        attacker = attacking.result()
    assert beside == alone
    assert [cell["status"] for cell in beside[0]["cells"]] == ["ok"] * 11
    assert attacker["cells"][2]["status"] in ("timeout", "died")
    assert [network["name"] for network in attacker["networks"]] == ["model"], "what it built before still counts"
