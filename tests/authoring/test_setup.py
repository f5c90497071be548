"""`autograder setup`: wheels only, pinned, of their own folder, and nothing that shadows or starts by itself."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from packages_by_hand import assignment_with, offline, wheel

from autograder.assignment import AssignmentError
from autograder.authoring.setup import PackagesRefused, refuse_by_content, set_up
from autograder.observe.packages import (
    LOCK_FILE,
    InvalidLock,
    LockedPackage,
    PackageLock,
    PackagesMissing,
    package_versions,
)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return offline(monkeypatch, tmp_path)


@pytest.mark.slow
def test_packages_and_what_they_need_are_pinned_and_installed(tmp_path, wheels):
    wheel(wheels, "quips", {"quips/__init__.py": "WORD = 'quip'\n"}, requires=("puns", "numpy"))
    wheel(wheels, "puns", {"puns.py": "WORD = 'pun'\n"})
    assignment = assignment_with(tmp_path, "quips>=1", "numpy")
    with pytest.raises(PackagesMissing, match=r"run `autograder setup .*cnn2`"):
        assignment.observe_task()
    done = set_up(assignment)
    assert done.packages == ("puns 1.0", "quips 1.0")
    assert done.present == ("numpy",)
    assert sorted(path.name for path in done.folder.iterdir() if path.suffix in ("", ".py")) == [
        "__pycache__",
        "puns.py",
        "quips",
    ]
    lock = PackageLock.read(assignment.lock_file)
    assert lock.requested == ("quips>=1", "numpy")
    assert lock.modules == {"puns", "quips"}
    assert all(len(one.hashes) == 1 for one in lock.packages)
    assert "://" not in assignment.lock_file.read_text()
    assert package_versions(lock.digest) == {"puns": "1.0", "quips": "1.0"}
    assert assignment.observe_task().packages == lock.digest


@pytest.mark.slow
def test_the_lock_decides_what_another_machine_installs(tmp_path, wheels, monkeypatch):
    made = wheel(wheels, "puns", {"puns.py": "WORD = 'pun'\n"})
    assignment = assignment_with(tmp_path, "puns")
    set_up(assignment)
    text = assignment.lock_file.read_text()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    with pytest.raises(PackagesMissing, match=r"not installed on this machine: run `autograder setup .*cnn2`\."):
        assignment.require_packages()
    set_up(assignment)
    assignment.require_packages()
    assert assignment.lock_file.read_text() == text
    # A wheel with other content is not the one that was pinned.
    made.unlink()
    wheel(wheels, "puns", {"puns.py": "WORD = 'other'\n"})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "third"))
    with pytest.raises(PackagesRefused, match="pip finds no wheels that fit"):
        set_up(assignment)


def test_other_packages_than_were_pinned_are_asked_for_again(tmp_path):
    assignment = assignment_with(tmp_path, "puns")
    assignment.lock_file.write_text(PackageLock(requested=("quips",), packages=()).text)
    with pytest.raises(PackagesMissing, match=r"autograder setup .*cnn2"):
        assignment.require_packages()


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("keras/__init__.py", "puns would be imported as keras"),
        ("numpy.py", "puns would be imported as numpy"),
        ("autograder/extra.py", "puns would be imported as autograder"),
        ("json.py", "puns would be imported as json"),
        ("sitecustomize.py", "puns would be imported as sitecustomize"),
        ("google/protobuf/__init__.py", "puns would be imported as google.protobuf"),
        ("usercustomize.pyc", "puns would be imported as usercustomize"),
        ("PIL.cpython-311-x86_64-linux-gnu.so", "puns would be imported as PIL"),
        ("puns.pth", "puns holds puns.pth"),
        ("puns/deep/x.pth", "puns holds x.pth"),
        ("puns/libcudart.so.12", "puns holds libcudart.so.12 of CUDA"),
    ],
)
def test_what_shadows_or_starts_by_itself_is_refused(tmp_path, file, why):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()
    with pytest.raises(PackagesRefused, match=why.replace(".", r"\.")):
        refuse_by_content(tmp_path, [LockedPackage(name="puns", version="1.0", hashes=("0",), modules=("puns",))])


def test_a_new_part_of_a_package_that_several_share_is_not_refused(tmp_path):
    for file in ("puns/__init__.py", "google/puns/__init__.py", "puns-1.0.dist-info/METADATA"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).touch()
    refuse_by_content(tmp_path, [LockedPackage(name="puns", version="1.0", hashes=("0",))])


@pytest.mark.slow
def test_nothing_is_left_of_packages_that_are_refused(tmp_path, wheels):
    wheel(wheels, "puns", {"puns-1.0.data/purelib/sklearn/__init__.py": ""})
    assignment = assignment_with(tmp_path, "puns")
    with pytest.raises(PackagesRefused, match="puns would be imported as sklearn, which exists here already"):
        set_up(assignment)
    assert not assignment.lock_file.exists()
    assert not list((tmp_path / "cache").rglob("site-packages"))


@pytest.mark.slow
def test_packages_for_a_gpu_and_other_versions_of_what_is_installed_are_refused(tmp_path, wheels):
    wheel(wheels, "nvidia_cublas_cu12", {"nvidia/cublas.py": ""})
    wheel(wheels, "puns", {"puns.py": ""}, requires=("nvidia-cublas-cu12",))
    with pytest.raises(PackagesRefused, match="is for a GPU"):
        set_up(assignment_with(tmp_path, "puns"))
    wheel(wheels, "numpy", {"numpy/__init__.py": ""})
    with pytest.raises(PackagesRefused, match="pip finds no wheels that fit this machine and what is installed"):
        set_up(assignment_with(tmp_path, "numpy==1.0"))


def test_what_has_been_installed_beside_the_autograder_leaves_the_lock(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assignment = assignment_with(tmp_path, "numpy")
    pinned = LockedPackage(name="NumPy", version="1.0", hashes=("0" * 64,))
    assignment.lock_file.write_text(PackageLock(requested=("numpy",), packages=(pinned,)).text)
    with pytest.raises(PackagesRefused, match="run `autograder setup` with --upgrade"):
        set_up(assignment)


@pytest.mark.slow
def test_a_source_distribution_is_refused(tmp_path, wheels):
    with tarfile.open(wheels / "puns-1.0.tar.gz", "w:gz") as archive:
        content = b"raise SystemExit('this was executed')\n"
        entry = tarfile.TarInfo("puns-1.0/setup.py")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    with pytest.raises(PackagesRefused, match="packages are installed from wheels only") as refused:
        set_up(assignment_with(tmp_path, "puns"))
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("named", ["https://example.org/puns.whl", "../puns", "--index-url=x", "puns @ file:///x", ""])
def test_only_names_and_versions_can_be_asked_for(tmp_path, named):
    with pytest.raises(AssignmentError, match=r"packages, entry 1 is .*it must be a package's name"):
        assignment_with(tmp_path, named)


def test_a_lock_file_holds_pins_and_nothing_else(tmp_path):
    file = tmp_path / LOCK_FILE
    file.write_text("--index-url https://example.org\n")
    with pytest.raises(InvalidLock, match="run `autograder setup` again"):
        PackageLock.read(file)


def test_an_assignment_without_packages_has_nothing_to_set_up(tmp_path):
    with pytest.raises(PackagesRefused, match="names no packages"):
        set_up(assignment_with(tmp_path))
    assert assignment_with(tmp_path).observe_task().packages == ""
