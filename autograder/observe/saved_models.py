"""Inside the kernel: describes the files with saved networks that the notebook wrote, without loading them."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.observe.state_files import saved_tensors

MAX_SAVED_FILES = 50
_OF_TORCH = (".pt", ".pth", ".ckpt", ".bin", ".tar")
_ENDINGS = (".keras", ".h5", ".hdf5", "saved_model.pb", *_OF_TORCH)
_DEPTH = 3
_MAX_ENTRIES = 2000
_MAX_HASHED = 512 * 2**20
_MEMBERS = {"config": ("config.json", 2**20), "metadata": ("metadata.json", 10_000)}


class SavedFiles:
    """Watches the notebook's folder. Created before student code runs: files that exist then are not the student's."""

    def __init__(self) -> None:
        self._folder = Path.cwd()
        self._known = {path: _state(facts) for path, facts in self._found()}

    def take(self) -> list[dict[str, Any]]:
        """The files that are new or changed since the previous call: `name`, `size`, `sha256`, the description of the
        network in a `.keras` archive, and the tensors in a file of PyTorch."""
        described = []
        for path, facts in list(self._found())[:MAX_SAVED_FILES]:
            if self._known.get(path) == _state(facts):
                continue
            self._known[path] = _state(facts)
            try:
                described.append(self._describe(path, facts.st_size))
            except OSError:
                continue  # deleted already, or not readable
        return described

    def _describe(self, path: Path, size: int) -> dict[str, Any]:
        name = path.relative_to(self._folder).as_posix().encode("utf-8", "replace").decode()
        facts: dict[str, Any] = {"name": name[-200:], "size": size, "sha256": _digest(path)}
        if name.casefold().endswith(".keras"):
            facts |= {key: _member(path, member, longest) for key, (member, longest) in _MEMBERS.items()}
        elif name.casefold().endswith(_OF_TORCH):
            facts["state"] = saved_tensors(path)
        return facts

    def _found(self) -> Iterator[tuple[Path, os.stat_result]]:
        folders, entries = [(self._folder, 1)], 0
        while folders:
            folder, depth = folders.pop()
            try:
                listed = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in listed:
                entries += 1
                if entries > _MAX_ENTRIES:
                    return
                try:
                    facts = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISDIR(facts.st_mode) and depth < _DEPTH:
                    folders.append((Path(entry.path), depth + 1))
                elif stat.S_ISREG(facts.st_mode) and entry.name.casefold().endswith(_ENDINGS):
                    yield Path(entry.path), facts


def _state(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_size, facts.st_mtime_ns


def _digest(path: Path) -> str:
    """The SHA-256 of the file; of its beginning if it is very large."""
    sha, left = hashlib.sha256(), _MAX_HASHED
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(2**20, left))):
            sha.update(block)
            left -= len(block)
    return sha.hexdigest()


def _member(path: Path, member: str, longest: int) -> str | None:
    """A text file in the archive; None if it is missing or too long, or the archive is damaged."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            content = file.read(longest + 1)
        return content.decode() if len(content) <= longest else None
    except (OSError, KeyError, ValueError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile):
        return None
