import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import postgresql_server
import pytest

ROOT = Path(__file__).parents[1]
# The files that take more than half a minute of processor time, or wait for minutes, the longest first.
LONGEST = (
    "test_rewritten_solutions.py",
    "test_grade_class.py",
    "test_assignments_graded.py",
    "test_validate.py",
    "test_trainer.py",
    "test_zygote.py",
    "test_observer_limits.py",
    "test_release_round_trip.py",
    "test_wounds.py",
    "test_otter.py",
    "test_open_exercise.py",
)


def pytest_configure() -> None:
    """The hidden file of houses-open, which is in no repository: `make demo-open` makes it likewise."""
    folder = ROOT / "assignments" / "houses-open"
    if not (folder / "houses-hidden.csv").exists():
        subprocess.run([sys.executable, str(folder / "make_data.py")], check=True, timeout=60)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then the others with slow tests: no process is left with a long one at the end."""
    turn = {name: number for number, name in enumerate(LONGEST)}
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (turn.get(item.path.name, len(turn)), item.path not in slow))


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
