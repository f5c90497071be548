"""Inside the kernel: `keras.datasets.<name>.load_data()` returns the exercise's data, without a network connection."""

from __future__ import annotations

import math
import mmap
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from autograder.observe.dataset_files import local_file
from autograder.records.cell_errors import NO_DATASET

ImagesAndLabels = tuple[Any, Any]
LoadData = Callable[[], tuple[ImagesAndLabels, ImagesAndLabels]]


class DatasetUnavailable(Exception):
    """The student asked for a dataset that is not part of the exercise."""


def serve(
    datasets: Sequence[Mapping[str, Any]], descriptors: Sequence[int], laid: Set[str] = frozenset()
) -> Callable[[str], Callable[..., Any]]:
    """Serve our data under every name of Keras' `load_data` functions.

    If Keras' own files are next to the notebook, its function reads them, with all its arguments.

    Returns:
        A function from a name to its `load_data`; for a data set that is not served, `load_data` raises
        `DatasetUnavailable`.

    Args:
        datasets: for each dataset its "name", the size of its file in "bytes", and in "arrays" the name, dtype, shape
            and offset of each array.
        descriptors: the files of the datasets, in the same order.
        laid: the data sets whose files are next to the notebook.
    """
    served = {
        dataset["name"]: _loader(dataset, descriptor) for dataset, descriptor in zip(datasets, descriptors, strict=True)
    }
    for path, module in list(sys.modules.items()):
        parent, _, name = path.rpartition(".")
        of_keras = parent.startswith(("keras.", "tensorflow.")) and parent.endswith(".datasets")
        if of_keras and name in laid and name not in served:
            if hasattr(module, "get_file"):
                setattr(module, "get_file", local_file(_unavailable))  # noqa: B010
        elif of_keras and hasattr(module, "load_data"):
            setattr(module, "load_data", served.get(name) or _refusal(name))  # noqa: B010
    return lambda name: served.get(name) or _refusal(name)


def _loader(dataset: Mapping[str, Any], descriptor: int) -> Callable[..., tuple[ImagesAndLabels, ImagesAndLabels]]:
    def load_data(*_: Any, **__: Any) -> tuple[ImagesAndLabels, ImagesAndLabels]:
        # A new private mapping per call: all kernels share the memory, and writes to the arrays stay private.
        memory = mmap.mmap(descriptor, dataset["bytes"], flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        arrays = {
            array["name"]: np.frombuffer(memory, array["dtype"], math.prod(array["shape"]), array["offset"]).reshape(
                array["shape"]
            )
            for array in dataset["arrays"]
        }
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])

    return load_data


def _refusal(name: str) -> Callable[..., Any]:
    def load_data(*_: Any, **__: Any) -> Any:
        raise _unavailable(name)

    return load_data


def _unavailable(name: str) -> DatasetUnavailable:
    return DatasetUnavailable(NO_DATASET.format(name=name))
