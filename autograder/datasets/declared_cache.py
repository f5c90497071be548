"""Declared data sets on this machine: read once, checked, and cached by the digest of their files.

A cache entry is a folder: `record.json`, `arrays.npz` for training, `hidden.npz` with the hidden examples, which
nothing but scoring reads (`autograder.datasets.hidden`), and `files/` with the files for notebooks.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.core.data import Data, digest
from autograder.datasets.cache import closed_folder, file_digest, kept_folders, npz_bytes
from autograder.datasets.formats import DatasetMissing
from autograder.datasets.places import DatasetFile, find
from autograder.datasets.readers.examples import DatasetUnusable, refuse_large, visible_files
from autograder.datasets.readers.sklearn_and_npz import SKLEARN
from autograder.datasets.source import DatasetSource, Declaration

# Incremented whenever the same files would give other arrays.
_REVISION = 2
DECLARED_FOLDER = "declared"
RECORD = "record.json"
# The keys that describe the data without affecting the arrays.
_ABOUT = ("title", "licence", "digest")


class StoredRecord(Data):
    """`record.json`: the record of the data set, the SHA-256 of the arrays and of the hidden ones ("": none), and a
    digest of the files for notebooks ("" in entries of earlier versions)."""

    source: DatasetSource
    arrays: str
    hidden: str = ""
    served: str = ""


def resolve(name: str, declared: Declaration, folder: Path, *, download: bool = False) -> DatasetSource:
    """The record of a data set that an assignment in `folder` declares; its files are read if they are new.

    Args:
        name: its name in the assignment.
        declared: its table in the assignment.
        folder: the folder that its paths are relative to.
        download: whether to download the data set that `keras` names if it is not on this machine.

    Raises:
        DatasetUnusable: the data cannot be used as declared; the message names file, column and line.
        DatasetMissing: a data set of Keras is not on this machine.
    """
    files = _files(declared, folder, download=download)
    parts = {key: _digest_of(path) for key, path in files.items()}
    if declared.digest is not None and declared.digest != parts["main"]:
        raise DatasetUnusable(
            f"{declared.place} is not the file that digest was written for: its SHA-256 is {parts['main']}."
        )
    asked = declared.model_dump(mode="json", exclude=set(_ABOUT))
    key = digest("declared data set", _REVISION, asked, parts)
    title = declared.title or _usual_title(declared) or name
    entry = _kept(key)
    if entry is None:
        entry = _keep(key, name, declared, files, folder)
    return entry.source.model_copy(update={"title": title})


def locate_dataset(name: str, source: DatasetSource | None = None) -> DatasetFile:
    """The file of a data set: a built-in one, or with `source` a declared one in the cache.

    Raises:
        DatasetMissing: it is not on this machine, or the file is damaged.
    """
    if source is None:
        return find(name)
    if _kept(source.digest) is None:
        raise DatasetMissing(
            name,
            f"The data set {name} was not prepared on this machine, or its copy in the cache was damaged: load the "
            "assignment here again.",
        )
    return DatasetFile(_entry_folder(source.digest) / "arrays.npz", source.digest, source.source, source.rows)


def locate_hidden(name: str, source: DatasetSource) -> DatasetFile:
    """The file with the hidden examples of a declared data set; its `digest` is the SHA-256 of its content.

    Raises:
        DatasetMissing: as `locate_dataset`, or it has none.
    """
    locate_dataset(name, source)
    entry = _kept(source.digest)
    if entry is None or not entry.hidden:
        raise DatasetMissing(name, f"The data set {name} has no hidden examples.")
    return DatasetFile(_entry_folder(source.digest) / "hidden.npz", entry.hidden, source.source, source.hidden)


def served_files(name: str, source: DatasetSource) -> dict[str, Path]:
    """The files that a notebook receives, by their path next to the notebook.

    Raises:
        DatasetMissing: as `locate_dataset`.
    """
    folder = locate_dataset(name, source).path.parent / "files"
    return {file: folder / file for file in source.files}


def public_files(declared: Declaration, folder: Path) -> dict[str, Path]:
    """The files of an assignment that students receive, by their path next to the notebook; none that is held out or
    hidden.

    Raises:
        DatasetUnusable: one is missing.
    """
    if declared.source in ("keras", "sklearn"):
        return {}
    found: dict[str, Path] = {}
    for name in (declared.place, *([declared.table] if declared.table else [])):
        path = existing_file(name, folder)
        if path.is_dir():
            inside = visible_files(path, *withheld(declared, folder))
            found |= {f"{beside(name)}/{one.relative_to(path).as_posix()}": one for one in inside}
        else:
            found[beside(name)] = path
    return found


def withheld(declared: Declaration, folder: Path) -> tuple[Path, ...]:
    """The files and folders of a data set that students never receive."""
    return tuple(folder / name for name in (declared.held_out, declared.hidden) if name is not None)


def beside(name: str) -> str:
    """The path of a file next to the notebook: as in the assignment, or its file name if it is in another folder."""
    path = Path(os.path.normpath(name))
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()


def _files(declared: Declaration, folder: Path, *, download: bool) -> dict[str, Path]:
    """The files that the data is read from: "main", and "table", "held_out" and "hidden" if they exist."""
    if declared.source == "sklearn":
        # The data in the package has not changed for years; its version would make thresholds stale without reason.
        if declared.place not in SKLEARN:
            raise DatasetUnusable(f'scikit-learn ships no "{declared.place}"; it ships {", ".join(SKLEARN)}.')
        return {}
    if declared.source == "keras":
        from autograder.datasets.readers.keras_sets import keras_file

        return {"main": keras_file(declared.place, download=download)}
    names = {"main": declared.place, "table": declared.table, "held_out": declared.held_out, "hidden": declared.hidden}
    found = {key: existing_file(name, folder) for key, name in names.items() if name is not None}
    for kept in ("held_out", "hidden"):
        for key in ("main", "table", "held_out"):
            if kept in found and key in found and key != kept and _overlap(found[key], found[kept], key):
                used = "validation uses" if key == "held_out" else "students receive"
                raise DatasetUnusable(
                    f'{kept} is "{names[kept]}", and {used} "{names[key]}": name another file or folder in {kept}.'
                )
    return found


def _overlap(used: Path, kept: Path, key: str) -> bool:
    """Whether what is used is part of what is kept back; what is used for validation may not be around it either."""
    used, kept = used.resolve(), kept.resolve()
    return used.is_relative_to(kept) or (key == "held_out" and kept.is_relative_to(used))


def existing_file(name: str, folder: Path) -> Path:
    """The path of a file (or a folder) of the assignment in `folder`.

    Raises:
        DatasetUnusable: it is missing, cannot be read, or is too large.
    """
    path = folder / name
    try:
        if path.is_dir():
            size = sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
        else:
            size = path.stat().st_size
            if not path.is_file():
                raise DatasetUnusable(f'"{name}" is neither a file nor a folder.')
            with path.open("rb"):
                pass
    except (FileNotFoundError, ValueError):  # ValueError: a name that no file can have
        raise DatasetUnusable(f'there is no file "{name}" in {folder}.') from None
    except OSError as error:
        raise DatasetUnusable(f'"{name}" cannot be read: {error.strerror}.') from None
    refuse_large(name, size)
    return path


def _digest_of(path: Path) -> str:
    """The SHA-256 of a file, or of the names and contents of a folder's files."""
    if path.is_file():
        return file_digest(path)
    states = ((one.relative_to(path).as_posix(), one.stat()) for one in visible_files(path))
    return _digest_of_folder(path, tuple((name, state.st_size, state.st_mtime_ns) for name, state in states))


def _digest_of_named(folder: Path, names: Sequence[str]) -> str:
    """The digest of these files below a folder.

    Raises:
        OSError: one is missing.
    """
    states = ((name, (folder / name).stat()) for name in names)
    return _digest_of_folder(folder, tuple((name, state.st_size, state.st_mtime_ns) for name, state in states))


@functools.lru_cache(maxsize=16)
def _digest_of_folder(folder: Path, states: tuple[tuple[str, int, int], ...]) -> str:
    """Cached in each process, as long as no file changes."""
    return digest([[name, hashlib.sha256((folder / name).read_bytes()).hexdigest()] for name, _, _ in states])


def _usual_title(declared: Declaration) -> str:
    if declared.source != "keras":
        return ""
    from autograder.datasets.readers.keras_sets import keras_title

    return keras_title(declared.place)


def _kept(key: str) -> StoredRecord | None:
    folder = _entry_folder(key)
    try:
        entry = StoredRecord.model_validate_json((folder / RECORD).read_bytes())
        same = entry.source.digest == key and file_digest(folder / "arrays.npz") == entry.arrays
        same = same and (not entry.hidden or file_digest(folder / "hidden.npz") == entry.hidden)
        served = _digest_of_named(folder / "files", entry.source.files)
        if same and (not entry.served or served == entry.served):
            return entry
    except (OSError, ValueError):
        pass
    return None


def _entry_folder(key: str) -> Path:
    """The folder of an entry: the existing one, or the one to write."""
    for folder in kept_folders():
        if os.path.isdir(folder / DECLARED_FOLDER / key):
            return folder / DECLARED_FOLDER / key
    return closed_folder(DECLARED_FOLDER) / key


def _keep(key: str, name: str, declared: Declaration, files: Mapping[str, Path], folder: Path) -> StoredRecord:
    from autograder.datasets.readers.hidden import read_hidden
    from autograder.datasets.readers.read_declared import read

    arrays, source = read(key, name, declared, files)
    kept_back = b""
    if declared.hidden is not None:
        secret, source = read_hidden(declared, files, arrays, source)
        kept_back = npz_bytes(secret)
    served = _served(declared, files, folder)
    content = npz_bytes(arrays)
    size = -(-sum(path.stat().st_size for path in served.values()) // 2**20)
    source = source.model_copy(update={"files": tuple(served), "file_mb": size, "array_mb": -(-len(content) // 2**20)})
    parts = [[place, hashlib.sha256(path.read_bytes()).hexdigest()] for place, path in served.items()]
    hidden = hashlib.sha256(kept_back).hexdigest() if kept_back else ""
    entry = StoredRecord(source=source, arrays=hashlib.sha256(content).hexdigest(), hidden=hidden, served=digest(parts))
    shutil.rmtree(_entry_folder(key), ignore_errors=True)  # it is damaged, otherwise it would have been used
    try:
        _write(closed_folder(DECLARED_FOLDER) / key, entry, content, kept_back, served)
    except OSError as error:
        raise DatasetUnusable(f"it cannot be kept in {closed_folder(DECLARED_FOLDER)}: {error.strerror}.") from None
    return entry


def _write(target: Path, entry: StoredRecord, content: bytes, hidden: bytes, served: Mapping[str, Path]) -> None:
    # Written to a temporary folder and renamed, so that no incomplete entry is read.
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as aside:
        made = Path(aside) / "entry"
        made.mkdir()
        (made / "arrays.npz").write_bytes(content)
        if hidden:
            (made / "hidden.npz").write_bytes(hidden)
        (made / RECORD).write_text(entry.model_dump_json(), encoding="utf-8")
        for place, path in served.items():
            copy = made / "files" / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        with contextlib.suppress(OSError):  # another process has written the same content first
            made.rename(target)


def _served(declared: Declaration, files: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    if declared.source == "sklearn":
        return {}
    if declared.source == "keras":
        from autograder.datasets.readers.keras_sets import served_by_keras

        return served_by_keras(declared.place, files["main"])
    return public_files(declared, folder)
