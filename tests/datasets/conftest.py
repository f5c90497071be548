import pytest
from datasets.own_data import FLOWERS, HOUSES


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own, and no data from elsewhere."""
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    """An assignment's folder with two tables."""
    made = tmp_path / "assignment"
    made.mkdir()
    (made / "houses.csv").write_text(HOUSES)
    (made / "flowers.csv").write_text(FLOWERS)
    return made
