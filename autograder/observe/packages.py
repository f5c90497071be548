"""The packages that notebooks of an assignment may import: the pins in its lock file, and their folder on this machine.

`autograder setup` writes the lock file and fills the folder. Only the kernels of notebooks import from it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, ValidationError

from autograder.core.data import Data, digest
from autograder.core.errors import UserError
from autograder.datasets.cache import own_folder

LOCK_FILE = "packages.lock"
_HEAD = "# Made by `autograder setup` from [environment] packages ="
_REQUESTED = re.compile(rf"{re.escape(_HEAD)} (\[.*\])")
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)((?: --hash=sha256:[0-9a-f]{64})+)")
_MODULES = re.compile(r"# imported as:((?: \w+)*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class PackagesMissing(UserError):
    """The packages of an assignment are not on this machine; the message has the command that installs them."""


class InvalidLock(UserError):
    """A lock file cannot be read; the message says how to create it again."""


class LockedPackage(Data):
    """One wheel: `hashes` are hexadecimal SHA-256 digests, `modules` its importable top-level names."""

    name: str
    version: str
    hashes: tuple[str, ...] = Field(min_length=1)
    modules: tuple[str, ...] = ()

    @property
    def pin(self) -> str:
        """The line of a requirements file."""
        return " ".join((f"{self.name}=={self.version}", *(f"--hash=sha256:{one}" for one in self.hashes)))


class PackageLock(Data):
    """The content of a lock file: the requirements of `assignment.toml`, and the wheels that satisfy them.

    Packages that the autograder's environment already has are not among the wheels.
    """

    requested: tuple[str, ...]
    packages: tuple[LockedPackage, ...]

    @classmethod
    def read(cls, path: Path) -> PackageLock:
        """The lock in a file.

        Raises:
            InvalidLock: the file is damaged, or has content that `autograder setup` does not write.
            OSError: it cannot be read.
        """
        requested: list[str] | None = None
        packages: list[LockedPackage] = []
        try:
            for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
                line = " ".join(line.split())
                if match := _REQUESTED.fullmatch(line):
                    requested = json.loads(match[1])
                elif match := _PIN.fullmatch(line):
                    hashes = tuple(one.rpartition(":")[2] for one in match[3].split())
                    packages.append(LockedPackage(name=match[1], version=match[2], hashes=hashes))
                elif (match := _MODULES.fullmatch(line)) and packages:
                    packages[-1] = packages[-1].model_copy(update={"modules": tuple(match[1].split())})
                elif line:
                    raise ValueError(line)
            return cls(requested=tuple(requested or ()), packages=tuple(packages))
        except (ValueError, TypeError, ValidationError) as problem:
            what = str(problem).splitlines()[0][:100]
            raise InvalidLock(f"{path} cannot be read ({what}): delete it and run `autograder setup` again.") from None

    @property
    def text(self) -> str:
        """The content of the lock file; it contains no URL."""
        lines = [f"{_HEAD} {json.dumps(list(self.requested), ensure_ascii=False)}"]
        for one in self.packages:
            lines += [one.pin.replace(" ", " \\\n    "), " ".join(("# imported as:", *one.modules))]
        return "\n".join(lines) + "\n"

    @property
    def pins(self) -> str:
        """A requirements file for pip."""
        return "".join(f"{one.pin}\n" for one in self.packages)

    @property
    def digest(self) -> str:
        """A digest of the installed packages; "" if there are none."""
        return digest("packages", [one.pin for one in self.packages]) if self.packages else ""

    @property
    def modules(self) -> frozenset[str]:
        """The top-level module names that it makes available to notebooks."""
        return frozenset(name for one in self.packages for name in one.modules)

    @property
    def installed(self) -> bool:
        """Whether all of its packages are installed on this machine."""
        return not self.digest or packages_folder(self.digest).is_dir()


def normal(name: str) -> str:
    """The normalized name of a package (PEP 503); anything after the name in a requirement is removed."""
    match = _NAME.match(name)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""


def packages_folder(digest: str) -> Path:
    """The folder on this machine for the packages of a lock with this digest, for the Python that runs."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    # The sandbox gives the notebook's user access to folders of this name, see `machine_paths.library_folders`.
    return own_folder().parent / "packages" / python / digest[:32] / "site-packages"


def readable_copy(digest: str, place: Path) -> Path:
    """A copy of the packages' folder, below `place`, that every user may read."""
    folder = packages_folder(digest)
    copy = place / digest[:32] / folder.name
    if not copy.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        # Renamed when it is complete: a copy that was interrupted is never used.
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place) as aside:
            made = Path(aside) / copy.parent.name
            shutil.copytree(folder, made / folder.name)
            for path in (place, made, *made.rglob("*")):
                path.chmod(0o755 if path.is_dir() else 0o644)
            with contextlib.suppress(OSError):  # another thread was faster
                made.rename(copy.parent)
    return copy


def package_versions(digest: str) -> dict[str, str]:
    """The version of each package in the folder, by name; empty if there is no folder."""
    return dict(sorted(_versions(digest))) if digest else {}


def _versions(digest: str) -> Iterator[tuple[str, str]]:
    for one in importlib.metadata.distributions(path=[str(packages_folder(digest))]):
        yield normal(one.metadata["Name"]), one.version
