"""`[base_models.<name>]`: files with trained weights that an assignment hands out, and the fingerprints of the weights.

Weights are recognized by their content. So it does not matter how a notebook gets them into its network
(`load_model`, `load_weights`, layer by layer), and a network that is trained for grading takes them from the declared
file, never from a student.
"""

from __future__ import annotations

import functools
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from autograder.core.data import Data
from autograder.core.files import write_atomically
from autograder.core.weight_fingerprint import fingerprint
from autograder.datasets.cache import closed_folder, file_digest, kept_folders
from autograder.datasets.declared_cache import beside, existing_file
from autograder.datasets.formats import DatasetMissing
from autograder.datasets.readers.examples import DatasetUnusable

if TYPE_CHECKING:
    from numpy.typing import NDArray

BASE_MODELS_FOLDER = "base_models"
_KERAS_WEIGHTS = "model.weights.h5"
_ENDINGS = (".keras", ".h5", ".hdf5")
# The state of random layers, which is no weight.
_NO_WEIGHTS = ("seed_generator", "optimizer")


class BaseModelDeclaration(Data):
    """`[base_models.<name>]`: a network (`.keras`, `.h5`) or its weights (`.weights.h5`) as a file of the assignment.

    `digest` is the SHA-256 of the file; a file that was changed is refused. `licence` is for those who read the table.
    """

    file: str = Field(min_length=1)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str = Field(default="", max_length=500)


class BaseModel(Data):
    """A declared file that was checked: its path next to the notebook, its SHA-256, and its size in MiB, rounded up."""

    file: str
    digest: str
    megabytes: int


def check_base_model(declared: BaseModelDeclaration, folder: Path) -> BaseModel:
    """The record of a file that an assignment in `folder` declares; the file is kept in the cache.

    Raises:
        DatasetUnusable: it is missing, changed, or holds no weights.
    """
    name = declared.file
    if not name.endswith(_ENDINGS):
        raise DatasetUnusable(
            f'"{name}" is no file that Keras saves a network or its weights in: {", ".join(_ENDINGS)}.'
        )
    path = existing_file(name, folder)
    if path.is_dir():
        raise DatasetUnusable(f'"{name}" is a folder, not a file.')
    if (found := file_digest(path)) != declared.digest:
        raise DatasetUnusable(f'"{name}" is not the file that digest was written for: its SHA-256 is {found}.')
    try:
        weights = weights_in(path)
    except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise DatasetUnusable(f'"{name}" is damaged or was not saved by Keras: {error}') from None
    if not weights:
        raise DatasetUnusable(f'"{name}" holds no weights.')
    model = BaseModel(file=beside(name), digest=found, megabytes=-(-path.stat().st_size // 2**20))
    if _kept(found) is None:
        try:
            write_atomically(closed_folder(BASE_MODELS_FOLDER) / found, path.read_bytes())
        except OSError as error:
            raise DatasetUnusable(
                f'"{name}" cannot be kept in {closed_folder(BASE_MODELS_FOLDER)}: {error.strerror}.'
            ) from None
    return model


def base_model_path(digest: str, name: str = "") -> Path:
    """The file with this SHA-256 in the cache; `name` is what it is called in messages.

    Raises:
        DatasetMissing: it is not there.
    """
    path = _kept(digest)
    if path is None:
        raise DatasetMissing(
            name or digest[:12],
            f"The base model {name or digest[:12]} was not prepared on this machine: load the assignment here again.",
        )
    return path


@functools.lru_cache(maxsize=16)
def fingerprints(digest: str, name: str = "") -> frozenset[str]:
    """The fingerprints of all weights in a kept file.

    Raises:
        DatasetMissing: it is not there.
    """
    return frozenset(weights_in(base_model_path(digest, name)))


def _kept(digest: str) -> Path | None:
    for folder in kept_folders():
        path = folder / BASE_MODELS_FOLDER / digest
        if path.is_file() and file_digest(path) == digest:
            return path
    return None


def weights_in(path: Path) -> dict[str, NDArray[Any]]:
    """All weights in a file, by their fingerprints.

    Raises:
        OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile: it is damaged.
    """
    import h5py

    content: Any = path
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            content = io.BytesIO(archive.read(_KERAS_WEIGHTS))
    found: dict[str, NDArray[Any]] = {}

    def collect(name: str, item: Any) -> None:
        inside = any(part.startswith(_NO_WEIGHTS) for part in name.split("/"))
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and not inside:
            found[fingerprint(item[()])] = item[()]

    with h5py.File(content, "r") as file:
        file.visititems(collect)
    return found
