"""Data sets as files on this machine: built in (MNIST, Fashion-MNIST, CIFAR-10), or declared by an assignment.

A built-in one is an `.npz` with uint8 arrays `x_train`, `y_train`, `x_test`, `y_test`, shaped as `keras.datasets` gives
them, from a local folder, the Keras cache, a packaged subset or a download. Files that come in another format, and
those that an assignment declares, are read once and kept in our cache folder.
"""

from autograder.datasets.arrays import load_arrays
from autograder.datasets.base_models import BaseModel, BaseModelDeclaration, base_model_path
from autograder.datasets.catalogue import DATASETS, DatasetName
from autograder.datasets.declared_cache import locate_dataset, public_files, resolve, served_files, withheld
from autograder.datasets.formats import Arrays, DatasetMissing
from autograder.datasets.places import DatasetFile, allow_download, digests, find, may_download
from autograder.datasets.readers.examples import DatasetUnusable
from autograder.datasets.source import DatasetSource, Declaration

__all__ = [
    "DATASETS",
    "Arrays",
    "BaseModel",
    "BaseModelDeclaration",
    "DatasetFile",
    "DatasetMissing",
    "DatasetName",
    "DatasetSource",
    "DatasetUnusable",
    "Declaration",
    "allow_download",
    "base_model_path",
    "digests",
    "find",
    "load_arrays",
    "locate_dataset",
    "may_download",
    "public_files",
    "resolve",
    "served_files",
    "withheld",
]
