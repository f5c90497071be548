from collections.abc import Iterator

import pytest

from autograder.observe.observer import Observer
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation


@pytest.fixture(scope="module")
def observer() -> Iterator[Observer]:
    try:
        isolation = choose_isolation("bubblewrap")
    except IsolationUnavailable as missing:
        pytest.skip(str(missing))
    with Observer(isolation) as observer:
        yield observer
