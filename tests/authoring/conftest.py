"""What the tests of this folder share."""

import pytest


@pytest.fixture
def table(tmp_path):
    def written(text):
        path = tmp_path / "table.txt"
        path.write_text(text, encoding="utf-8")
        return path

    return written
