from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The sample class: notebooks as students write them."""
    return ROOT / "tests" / "samples"
