import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import postgresql_server
import pytest

ROOT = Path(__file__).parents[1]


def pytest_configure() -> None:
    """The hidden file of houses-open, which is in no repository: `make demo-open` makes it likewise."""
    folder = ROOT / "assignments" / "houses-open"
    if not (folder / "houses-hidden.csv").exists():
        subprocess.run([sys.executable, str(folder / "make_data.py")], check=True, timeout=60)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: where two processes share the files, neither is left with a long one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The sample class: notebooks as students write them."""
    return ROOT / "tests" / "samples"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgresql_server.Server]:
    """A PostgreSQL server of these tests' own."""
    if not postgresql_server.programs():
        pytest.skip("no PostgreSQL server is installed here")
    pytest.importorskip("psycopg")
    with postgresql_server.running() as server:
        yield server


@pytest.fixture
def database(postgresql: postgresql_server.Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database, without its password, which is in the environment."""
    monkeypatch.setenv("PGPASSWORD", postgresql_server.PASSWORD)
    return postgresql.new_database()


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.slow)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new gradebook can be: each of the databases that may keep one."""
    if request.param == "file":
        return str(tmp_path / "reports" / "gradebook.db")
    return str(request.getfixturevalue("database"))
