"""What the tests of training share."""

from collections.abc import Iterator

import pytest

from autograder.train.trainer import Trainer


@pytest.fixture(scope="module")
def trainer() -> Iterator[Trainer]:
    """The real worker, one for the tests of a file."""
    with Trainer(workers=2) as made:
        made.warm()
        yield made
