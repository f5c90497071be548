"""The packages of an assignment, as a notebook finds them."""

from __future__ import annotations

import json

import pytest

from autograder.observe.packages import LockedPackage, PackageLock, PackagesMissing, packages_folder, readable_copy
from autograder.observe.task import ObserveTask

LOCK = PackageLock(requested=("puns",), packages=(LockedPackage(name="puns", version="1.0", hashes=("0" * 64,)),))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_a_lock_is_read_as_it_was_written(tmp_path):
    lock = PackageLock(
        requested=("puns>=1", "quips[all]"),
        packages=(
            LockedPackage(name="puns", version="1.0", hashes=("0" * 64, "1" * 64), modules=("_puns", "puns")),
            LockedPackage(name="quips.more", version="2!3.0rc1+cpu", hashes=("2" * 64,)),
        ),
    )
    (tmp_path / "packages.lock").write_text(lock.text)
    assert PackageLock.read(tmp_path / "packages.lock") == lock


def test_the_packages_are_part_of_the_key(observer):
    plain, more = ObserveTask(), ObserveTask(packages=LOCK.digest)
    assert observer.key(["x = 1"], plain) != observer.key(["x = 1"], more)
    assert "packages" not in json.loads(plain.model_dump_json())


def test_packages_that_are_not_here_are_asked_for(observe):
    with pytest.raises(PackagesMissing, match="autograder setup"):
        observe("import puns", packages=LOCK.digest)


def test_another_user_may_read_a_copy_of_the_packages(tmp_path):
    folder = packages_folder(LOCK.digest)
    (folder / "puns").mkdir(parents=True, mode=0o700)
    (folder / "puns" / "__init__.py").touch(mode=0o600)
    copy = readable_copy(LOCK.digest, tmp_path / "copies")
    assert readable_copy(LOCK.digest, tmp_path / "copies") == copy
    modes = {path.name: path.stat().st_mode & 0o777 for path in (copy, copy.parent, copy / "puns", *copy.rglob("*.py"))}
    assert modes == {"site-packages": 0o755, LOCK.digest[:32]: 0o755, "puns": 0o755, "__init__.py": 0o644}


@pytest.mark.slow
def test_a_notebook_imports_a_package_and_cannot_change_it(observe):
    folder = packages_folder(LOCK.digest)
    (folder / "puns-1.0.dist-info").mkdir(parents=True)
    (folder / "puns-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: puns\nVersion: 1.0\n")
    (folder / "puns.py").write_text("WORD = 'pun'\n")
    (folder / "numpy.py").write_text("raise SystemExit\n")
    evidence = observe(
        "import numpy, puns, sys\nword, place = puns.WORD, sys.path[-1]",
        "open(place + '/puns.py', 'w')",
        packages=LOCK.digest,
        variables=("word", "place"),
    )
    assert [cell.status for cell in evidence.cells] == ["ok", "error"]
    assert {name: evidence.value(name).value for name in ("word", "place")} == {"word": "pun", "place": "/packages"}
    assert evidence.versions["puns"] == "1.0"
    assert (folder / "puns.py").read_text() == "WORD = 'pun'\n"
