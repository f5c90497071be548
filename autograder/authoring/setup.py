"""`autograder setup`: installs the packages of an assignment from wheels, into a separate folder.

It installs what the assignment names, never what students import. The lock file next to the assignment pins every wheel
by its hash; the user's pip configuration decides where packages come from.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Assignment
from autograder.core.errors import UserError
from autograder.core.files import Unwritable, write_atomically
from autograder.observe.packages import LockedPackage, PackageLock, normal, packages_folder

_SECONDS = 1800
# Notebooks have no access to a GPU, and these packages take gigabytes.
_CUDA = re.compile(r"(?:nvidia|cuda|cupy|pycuda|tensorrt|triton)(?:-|$)|.*-(?:cu\d+|cuda\d*|gpu)$")
_CUDA_FILE = re.compile(
    r"lib(?:cudart|cublas|cublaslt|cudnn|cufft|curand|cusolver|cusparse|nccl|nvrtc)\b.*\.so[\d.]*", re.I
)
# Python imports these automatically when it starts.
_AT_START = frozenset({"sitecustomize", "usercustomize"})
_NOT_IMPORTED = ("bin", "etc", "include", "share")
_MODULE = re.compile(r"([A-Za-z_]\w*)(?:\.pyc?|\.[\w-]*\.?so|\.pyd)?")


class PackagesRefused(UserError):
    """The packages cannot be installed; the message says which one, why, and what to do."""


@dataclass(frozen=True)
class SetUp:
    """What is installed: name and version of each package, and the folder; `present` were installed already."""

    packages: tuple[str, ...]
    present: tuple[str, ...]
    folder: Path | None
    lock_file: Path


def set_up(assignment: Assignment, *, upgrade: bool = False) -> SetUp:
    """Install the packages that the assignment names, as its lock file pins them.

    Args:
        assignment: an assignment with `[environment]` packages.
        upgrade: choose the newest versions again and write a new lock file.

    Raises:
        PackagesRefused, Unwritable: nothing was installed.
    """
    requested = assignment.environment.packages
    if not requested:
        raise PackagesRefused(
            f'{assignment.file} names no packages; add them: [environment] and below it packages = ["plotly"].'
        )
    try:
        lock = None if upgrade else PackageLock.read(assignment.lock_file)
    except OSError:
        lock = None
    if lock is not None and lock.requested != requested:
        lock = None
    if lock is None or not lock.installed:
        with tempfile.TemporaryDirectory(prefix="ag-wheels-") as name:
            wheels = Path(name)
            lock = _install(lock or _lock(requested, wheels), wheels)
        write_atomically(assignment.lock_file, lock.text)
    installed = {normal(one.name) for one in lock.packages}
    return SetUp(
        packages=tuple(f"{one.name} {one.version}" for one in lock.packages),
        present=tuple(one for one in requested if normal(one) not in installed),
        folder=packages_folder(lock.digest) if lock.digest else None,
        lock_file=assignment.lock_file,
    )


def _lock(requested: Sequence[str], wheels: Path) -> PackageLock:
    """The newest wheels that satisfy the requirements and fit what is installed, downloaded into `wheels`."""
    report, here = wheels / "report.json", wheels / "installed.txt"
    # Installed packages must not change: a package that needs another NumPy cannot be used.
    here.write_text("".join(f"{name}=={version}\n" for name, version in sorted(_installed().items())))
    _pip("install", "--dry-run", "--report", str(report), "--constraint", str(here), *requested)
    planned = json.loads(report.read_text(encoding="utf-8"))["install"]
    chosen = {normal(one["metadata"]["name"]): one["metadata"] for one in planned}
    for one in chosen.values():
        _refuse_by_name(one["name"])
    if chosen:
        _pip(
            *("download", "--no-deps", "--dest", str(wheels)),
            *(f"{one['name']}=={one['version']}" for one in chosen.values()),
        )
    packages = []
    for wheel in wheels.glob("*.whl"):
        one = chosen[normal(wheel.name.partition("-")[0])]
        with wheel.open("rb") as file:
            hashed = hashlib.file_digest(file, "sha256").hexdigest()
        packages.append(LockedPackage(name=one["name"], version=one["version"], hashes=(hashed,)))
    return PackageLock(requested=tuple(requested), packages=tuple(sorted(packages, key=lambda one: normal(one.name))))


def _install(lock: PackageLock, wheels: Path) -> PackageLock:
    """Install the wheels, check what they contain, and return the lock with the names of its modules."""
    for package in lock.packages:
        _refuse_by_name(package.name)
    folder = packages_folder(lock.digest) if lock.digest else None
    if folder is None:
        return lock
    pins = wheels / "pins.txt"
    pins.write_text(lock.pins, encoding="utf-8")
    target = wheels / "site-packages"
    _pip(
        "install",
        "--no-deps",
        "--require-hashes",
        "--find-links",
        str(wheels),
        "--requirement",
        str(pins),
        "--target",
        str(target),
    )
    # Scripts and their data are left out: notebooks only import.
    for name in _NOT_IMPORTED:
        shutil.rmtree(target / name, ignore_errors=True)
    completed = [_with_modules(package, target) for package in lock.packages]
    refuse_by_content(target, completed)
    made = PackageLock(requested=lock.requested, packages=tuple(completed))
    _place(target, packages_folder(made.digest))
    return made


def _pip(*arguments: str) -> None:
    """Run pip for wheels only, with the user's configuration.

    Raises:
        PackagesRefused: it failed.
    """
    command, options = arguments[0], arguments[1:]
    own = ("--quiet", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pip", command, *own, *options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise PackagesRefused(f"pip did not come to an end ({problem}); nothing was installed.") from None
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise PackagesRefused(f"pip is not installed beside the autograder: {sys.executable} -m ensurepip installs it.")
    raise PackagesRefused(
        f"pip finds no wheels that fit this machine and what is installed ({_reason(done.stderr, done.returncode)}); "
        "packages are installed from wheels only, so name another version, or build the wheel and name its folder in "
        "PIP_FIND_LINKS."
    )


def _reason(errors: str, status: int) -> str:
    """Why pip failed, from its output: the first error, otherwise the last line."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    said = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ") and "Exception:" not in line]
    why = (said[:1] or lines[-1:] or [f"exit status {status}"])[0]
    if why.startswith("Cannot install "):
        # pip lists all versions that it tried.
        named = dict.fromkeys(re.findall(r"([\w.-]+)==", why))
        why = f"no version of {', '.join(named)} fits" if named else why
    return why.rstrip(".")[:300]


def _installed() -> dict[str, str]:
    return {
        normal(one.metadata["Name"]): one.version
        for one in importlib.metadata.distributions()
        if one.metadata["Name"] and one.version
    }


def _refuse_by_name(name: str) -> None:
    if _CUDA.match(normal(name)):
        raise PackagesRefused(
            f"{name} is for a GPU, and notebooks see none: leave out the package that needs it, or pin a version "
            "without it."
        )
    if normal(name) in _installed():
        raise PackagesRefused(
            f"{name} is pinned in the lock file and also installed beside the autograder, which comes first: run "
            "`autograder setup` with --upgrade, and the lock file leaves it out."
        )


def _with_modules(package: LockedPackage, target: Path) -> LockedPackage:
    found = next(
        (one for one in importlib.metadata.distributions(path=[str(target)]) if _is(package, one)),
        None,
    )
    tops = {file.parts[0] for file in (found.files if found is not None else None) or () if file.parts}
    modules = {match[1] for top in tops if (match := _MODULE.fullmatch(top))}
    return package.model_copy(update={"modules": tuple(sorted(modules - {*_NOT_IMPORTED, "__pycache__"}))})


def _is(package: LockedPackage, found: importlib.metadata.Distribution) -> bool:
    return normal(found.metadata["Name"] or "") == normal(package.name)


def refuse_by_content(target: Path, packages: Sequence[LockedPackage]) -> None:
    """Check what was unpacked into `target`; nothing of it is imported.

    Raises:
        PackagesRefused: it shadows a module, holds a file that Python executes when it starts, or is for a GPU.
    """
    for path in sorted(target.rglob("*")):
        owner = _owner(path.relative_to(target), packages)
        if path.is_symlink():
            raise PackagesRefused(f"{owner} holds the link {path.name}; packages with links are not installed.")
        if path.suffix == ".pth":
            raise PackagesRefused(
                f"{owner} holds {path.name}: Python executes files with this ending, so it is not installed."
            )
        if _CUDA_FILE.fullmatch(path.name):
            raise PackagesRefused(f"{owner} holds {path.name} of CUDA, and notebooks see no GPU: it is not installed.")
    for name in _shadowed(target, [path for path in sys.path if path]):
        owner = _owner(Path(name.replace(".", "/")), packages)
        raise PackagesRefused(
            f"{owner} would be imported as {name}, which exists here already; packages that shadow another are not "
            "installed."
        )


def _owner(path: Path, packages: Sequence[LockedPackage]) -> str:
    """The package that installed a path in the folder."""
    match = _MODULE.fullmatch(path.parts[0])
    found = next((one for one in packages if match and match[1] in one.modules), None)
    return found.name if found is not None else ", ".join(one.name for one in packages)


def _shadowed(folder: Path, search: Sequence[str], prefix: str = "") -> Iterator[str]:
    """The modules in the folder with the name of an existing one; new parts of namespace packages are allowed."""
    for path in sorted(folder.iterdir()):
        match = _MODULE.fullmatch(path.name)
        if match is None or match[1] == "__pycache__":
            continue
        name = match[1]
        if not prefix and (name in sys.stdlib_module_names or name in _AT_START or name == "autograder"):
            yield name
            continue
        found = importlib.machinery.PathFinder.find_spec(name, search)
        if found is None:
            continue
        shared = found.loader is None or found.origin is None
        if shared and path.is_dir() and not (path / "__init__.py").exists():
            yield from _shadowed(path, list(found.submodule_search_locations or ()), f"{prefix}{name}.")
        else:
            yield prefix + name


def _place(target: Path, folder: Path) -> None:
    """Move what was unpacked to the folder that notebooks import from; another process may have done so already."""
    if folder.is_dir():
        return
    beside = folder.parent.with_name(f".{folder.parent.name}.{os.getpid()}")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(target, beside / folder.name)
        try:
            os.replace(beside, folder.parent)
        except OSError:
            shutil.rmtree(beside, ignore_errors=True)
            if not folder.is_dir():
                raise
    except OSError as error:
        raise Unwritable(folder, error) from error
