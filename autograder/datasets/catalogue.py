"""The built-in data sets, one record each. To add one, add its record, and its name to `DatasetName`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.core.language import gettext_noop
from autograder.datasets.formats import Arrays, read_cifar, read_idx

# The names that `assignment.toml` may use without a declaration.
DatasetName = Literal["mnist", "fashion_mnist", "cifar10"]

KERAS_STORE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True)
class Dataset:
    """Images in classes, with labels 0, 1, 2, …

    Attributes:
        title: its usual name.
        image: the shape of one image, without a batch axis.
        label: the shape of one label.
        classes: the publisher's English names of the classes, by label.
        published: the number of images for training and for testing.
        files: the publisher's files; an empty tuple if one `.npz` has all arrays.
        read: reads the arrays of the dataset from these files in a folder.
        folders: where Keras keeps these files, relative to its data folder.
        system_folder: where Debian's package puts them, "" if there is none.
        downloads: address and SHA-256 of every file that a download fetches.
        memory_mb: the private memory in MiB of a notebook: for two copies of its images as 64-bit numbers.
    """

    title: str
    image: tuple[int, ...]
    label: tuple[int, ...]
    classes: tuple[str, ...]
    published: tuple[int, int]
    downloads: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()
    read: Callable[[str, Path, tuple[str, ...]], Arrays] | None = None
    folders: tuple[str, ...] = ()
    system_folder: str = ""
    memory_mb: int = 2048


DATASETS: dict[str, Dataset] = {
    # LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist
    "mnist": Dataset(
        title="MNIST",
        image=(28, 28),
        label=(),
        classes=tuple("0123456789"),
        published=(60_000, 10_000),
        downloads=((KERAS_STORE + "mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),),
    ),
    # Zalando Research, https://github.com/zalandoresearch/fashion-mnist
    "fashion_mnist": Dataset(
        title="Fashion-MNIST",
        image=(28, 28),
        label=(),
        classes=(
            *(gettext_noop("T-shirt"), gettext_noop("trouser"), gettext_noop("pullover"), gettext_noop("dress")),
            *(gettext_noop("coat"), gettext_noop("sandal"), gettext_noop("shirt"), gettext_noop("sneaker")),
            *(gettext_noop("bag"), gettext_noop("ankle boot")),
        ),
        published=(60_000, 10_000),
        files=(
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
        ),
        read=read_idx,
        folders=("fashion-mnist",),
        system_folder="/usr/share/datasets/fashion-mnist",
        downloads=(
            (
                KERAS_STORE + "train-images-idx3-ubyte.gz",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            (
                KERAS_STORE + "train-labels-idx1-ubyte.gz",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            (
                KERAS_STORE + "t10k-images-idx3-ubyte.gz",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            (
                KERAS_STORE + "t10k-labels-idx1-ubyte.gz",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
    ),
    # Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html
    "cifar10": Dataset(
        title="CIFAR-10",
        image=(32, 32, 3),
        label=(1,),
        classes=(
            *(gettext_noop("airplane"), gettext_noop("automobile"), gettext_noop("bird"), gettext_noop("cat")),
            *(gettext_noop("deer"), gettext_noop("dog"), gettext_noop("frog"), gettext_noop("horse")),
            *(gettext_noop("ship"), gettext_noop("truck")),
        ),
        published=(50_000, 10_000),
        files=(*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"),
        read=read_cifar,
        # Keras 3 unpacks into an additional folder, Keras 2 did not.
        folders=("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"),
        memory_mb=4096,
        downloads=(
            (
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            ),
        ),
    ),
}
