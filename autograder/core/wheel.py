"""The running package as a wheel, and its locked requirements, for installation on another machine."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from importlib.metadata import Distribution, distribution

from autograder.core.errors import UserError
from autograder.core.package_files import PACKAGE, SAMPLES

NAME = "keras-autograder"
LOCK = "requirements.lock"
# The earliest date a zip can hold: equal content gives equal bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_TAG = "py3-none-any"


class NotLocked(UserError):
    """There is no lock file to pack; the message says where it was expected."""


def wheel() -> tuple[str, bytes]:
    """The file name and the bytes of a wheel of this package (binary distribution format, PEP 427)."""
    own = distribution(NAME)
    stem = f"{NAME.replace('-', '_')}-{own.version}"
    contents = {
        f"autograder/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes()
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.name.startswith(".")
        and SAMPLES not in path.parents  # solutions are not shipped
    }
    info = f"{stem}.dist-info"
    for name in ("METADATA", "entry_points.txt"):
        contents[f"{info}/{name}"] = (own.read_text(name) or "").encode()
    contents[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: true\nTag: {_TAG}\n".encode()
    lines = [f"{path},{_digest(content)},{len(content)}" for path, content in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    return f"{stem}-{_TAG}.whl", zipped(contents)


def zipped(contents: dict[str, bytes], executable: frozenset[str] = frozenset()) -> bytes:
    """A zip of `contents` (bytes by path); paths in `executable` get the executable bit. Deterministic."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in contents.items():
            entry = zipfile.ZipInfo(path, _DATE)
            entry.external_attr = (0o100755 if path in executable else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return made.getvalue()


def runtime_requirements() -> str:
    """The runtime part of the lock file, with hashes and without an index.

    Raises:
        NotLocked: there is no lock file.
    """
    places = (PACKAGE.parent / LOCK, PACKAGE / LOCK)
    lock = next((place for place in places if place.is_file()), None)
    if lock is None:
        raise NotLocked(f"There is no {LOCK} at {' or '.join(map(str, places))}; run this from a checkout.")
    return _closure(lock.read_text(encoding="utf-8"), _direct(distribution(NAME)))


def _direct(own: Distribution) -> set[str]:
    """The direct dependencies of our package, without those of its extras."""
    required = [line for line in own.requires or () if "extra ==" not in line]
    return {_normal(re.match(r"[\w.-]+", line)[0]) for line in required}  # type: ignore[index]


def _closure(lock: str, direct: set[str]) -> str:
    """The lock file entries reachable from `direct`, according to the file's "via" comments."""
    entries: dict[str, str] = {}
    askers: dict[str, set[str]] = {}
    for entry in re.split(r"\n(?=[a-zA-Z0-9])", lock):
        head = re.match(r"([\w.-]+)==", entry)
        if head is None:
            continue
        name = _normal(head[1])
        entries[name] = entries.get(name, "") + entry.rstrip() + "\n"
        via = re.findall(r"^ +#(?: via)? +([\w.-]+)", entry, re.MULTILINE)
        askers.setdefault(name, set()).update(_normal(one) for one in via if one != "via")
    needed = {name for name in entries if name in direct}
    while grown := {name for name in entries if name not in needed and askers[name] & needed}:
        needed |= grown
    return "".join(entries[name] for name in sorted(needed))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
