"""MNIST, Fashion-MNIST and CIFAR-10 as files on this machine: local folder, Keras cache, packaged subset, download.

Every dataset is an `.npz` with uint8 arrays `x_train`, `y_train`, `x_test`, `y_test`, shaped as `keras.datasets` gives
them. Files that come in another format are converted once and kept in our cache folder.
"""

from autograder.datasets.arrays import load_arrays
from autograder.datasets.catalogue import DATASETS, DatasetName
from autograder.datasets.formats import CLASSES, Arrays, DatasetMissing
from autograder.datasets.places import DatasetFile, digests, find

__all__ = [
    "CLASSES",
    "DATASETS",
    "Arrays",
    "DatasetFile",
    "DatasetMissing",
    "DatasetName",
    "digests",
    "find",
    "load_arrays",
]
