"""Inside the kernel: `torchvision`'s data sets with the exercise's data, and the rest of it where it is not installed.

If the package is there, only its data sets are replaced: it would download them.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import PIL.Image
import torch

from autograder.datasets.catalogue import DATASETS
from autograder.observe.compatibility.stand_in_log import note_stand_in
from autograder.observe.dataset_loader import LoadData
from autograder.observe.torch.vision_random import CLASSES
from autograder.observe.torch.vision_transforms import TRANSFORM_FUNCTIONS

# The names of the classes as torchvision writes them, where they differ from the catalogue's.
_FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


class _Images(torch.utils.data.Dataset):  # type: ignore[misc]
    """Images and labels in the attributes that torchvision's data sets have."""

    name = ""
    classes: list[str] = []
    loaders: Callable[[str], LoadData]

    def __init__(
        self,
        root: Any = None,
        train: bool = True,
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
    ) -> None:
        note_stand_in("torchvision", f"torchvision.datasets.{type(self).__name__}")
        both = type(self).loaders(self.name)()
        images, labels = both[0 if train else 1]
        self.root, self.train = root, train
        self.transform, self.target_transform = transform, target_transform
        self.data, self.targets = self._held(np.asarray(images), np.asarray(labels).reshape(-1))

    def _held(self, images: Any, labels: Any) -> tuple[Any, Any]:
        return images, labels.tolist()

    @property
    def class_to_idx(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image: Any = PIL.Image.fromarray(np.asarray(self.data[index]))
        target: Any = int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)

    def __repr__(self) -> str:
        return f"Dataset {type(self).__name__}\n    Number of datapoints: {len(self)}"


class MNIST(_Images):
    """`torchvision.datasets.MNIST`: `data` and `targets` are tensors."""

    name = "mnist"
    classes = [f"{digit} - {name}" for digit, name in enumerate(_DIGITS)]

    def _held(self, images: Any, labels: Any) -> tuple[Any, Any]:
        return torch.from_numpy(images), torch.from_numpy(labels.astype("int64"))


class FashionMNIST(MNIST):
    """`torchvision.datasets.FashionMNIST`."""

    name = "fashion_mnist"
    classes = _FASHION


class CIFAR10(_Images):
    """`torchvision.datasets.CIFAR10`: `data` is an array with channels last, `targets` a list."""

    name = "cifar10"
    classes = [*DATASETS["cifar10"].classes]


class CIFAR100(CIFAR10):
    """`torchvision.datasets.CIFAR100`."""

    name = "cifar100"
    classes = [str(number) for number in range(100)]


_SETS = (MNIST, FashionMNIST, CIFAR10, CIFAR100)


def make_grid(tensor: Any, nrow: int = 8, padding: int = 2, normalize: bool = False, **_: Any) -> Any:
    """`torchvision.utils.make_grid`: images side by side, `nrow` in a row, black lines between them."""
    images = torch.stack(list(tensor)) if isinstance(tensor, list | tuple) else tensor
    images = images[None] if images.ndim == 3 else images
    images = images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images
    if normalize:
        low, high = images.min(), images.max()
        images = (images - low) / (high - low).clamp(min=1e-5)
    across = min(nrow, len(images))
    down = -(-len(images) // across)
    height, width = images.shape[2] + padding, images.shape[3] + padding
    grid = images.new_zeros((images.shape[1], height * down + padding, width * across + padding))
    for place, image in enumerate(images):
        top, left = padding + place // across * height, padding + place % across * width
        grid[:, top : top + images.shape[2], left : left + images.shape[3]] = image
    return grid


def serve_torchvision(loaders: Callable[[str], LoadData]) -> None:
    """Make `import torchvision` give our data.

    Args:
        loaders: returns the `load_data` function for the name of a data set; it raises if the set is not served.
    """
    _Images.loaders = staticmethod(loaders)
    with contextlib.suppress(ImportError):
        real = importlib.import_module("torchvision.datasets")
        for kind in _SETS:
            setattr(real, kind.__name__, kind)
        return
    words = "A stand-in of the grader: data sets and transforms."
    package, sets, transforms, second, plain, utils = (
        ModuleType(f"torchvision{name}", words)
        for name in ("", ".datasets", ".transforms", ".transforms.v2", ".transforms.functional", ".utils")
    )
    vars(sets).update({kind.__name__: kind for kind in _SETS})
    vars(transforms).update(CLASSES, v2=second, functional=plain)
    vars(second).update(CLASSES, functional=plain)
    vars(plain).update(TRANSFORM_FUNCTIONS)
    vars(utils).update(make_grid=make_grid)
    vars(package).update(
        datasets=sets, transforms=transforms, utils=utils, __version__="0", disable_beta_transforms_warning=_nothing
    )
    for module in (package, transforms):
        vars(module).update(__path__=[])
    for module in (package, sets, transforms, second, plain, utils):
        sys.modules[module.__name__] = module
    sys.modules["torchvision.transforms.v2.functional"] = plain


def _nothing() -> None:
    """There is no warning to disable."""
