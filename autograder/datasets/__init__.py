"""MNIST, Fashion-MNIST and CIFAR-10 as files on this machine: local folder, Keras cache, packaged subset, download.

Every dataset is an `.npz` with uint8 arrays `x_train`, `y_train`, `x_test`, `y_test`, shaped as `keras.datasets` gives
them. Files that come in another format are converted once and kept in our cache folder.
"""

from autograder.datasets.formats import CLASSES, SHAPES, Arrays, DatasetMissing, load_arrays
from autograder.datasets.places import DatasetFile, digests, find

__all__ = ["CLASSES", "SHAPES", "Arrays", "DatasetFile", "DatasetMissing", "digests", "find", "load_arrays"]
