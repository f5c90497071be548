"""What an assignment declares, as data for other machines: its data sets' entries in the cache, and its base models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from autograder.core.files import write_atomically
from autograder.datasets.base_models import BASE_MODELS_FOLDER, BaseModel, base_model_path
from autograder.datasets.cache import closed_folder, kept_folders
from autograder.datasets.declared_cache import DECLARED_FOLDER, RECORD, locate_dataset
from autograder.datasets.source import DatasetSource


def cached_files(sources: Sequence[DatasetSource], base_models: Sequence[BaseModel]) -> dict[str, bytes]:
    """The files in the cache that belong to them, by their paths there; the record of a data set comes last.

    Raises:
        DatasetMissing: one of them is not on this machine.
    """
    found: dict[str, bytes] = {}
    for source in sources:
        folder = locate_dataset(source.title, source).path.parent
        paths = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.name == RECORD)
        found |= {
            f"{DECLARED_FOLDER}/{source.digest}/{one.relative_to(folder).as_posix()}": one.read_bytes() for one in paths
        }
    for model in base_models:
        found[f"{BASE_MODELS_FOLDER}/{model.digest}"] = base_model_path(model.digest, model.file).read_bytes()
    return found


def keep_files(files: Mapping[str, bytes]) -> None:
    """Put files from another machine's cache into this one's; what is there already is left alone.

    Raises:
        OSError: the cache cannot be written.
    """
    for name, content in files.items():
        path = PurePosixPath(name)
        if not any((folder / path).is_file() for folder in kept_folders()):
            write_atomically(closed_folder(path.parts[0]).joinpath(*path.parts[1:]), content)
