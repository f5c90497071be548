"""Inside the kernel: the random transforms of `torchvision.transforms`, and all transforms by name.

They draw from PyTorch's generator, as torchvision's do; their numbers differ from torchvision's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import PIL.ImageEnhance
import torch

from autograder.observe.torch import vision_transforms as steady
from autograder.observe.torch.vision_transforms import (
    Compose,
    Transform,
    crop,
    hflip,
    pad,
    pair,
    resize,
    rotate,
    size_of,
    vflip,
)


def chance() -> float:
    """A random number from 0 to 1."""
    return float(torch.rand(1))


def between(low: float, high: float) -> float:
    """A random number from `low` to `high`."""
    return low + (high - low) * chance()


def random_integer(low: int, high: int) -> int:
    """A random integer from `low` to `high`, both included."""
    return int(torch.randint(low, high + 1, (1,))) if high > low else low


class RandomCrop(Transform):
    """`torchvision.transforms.RandomCrop`."""

    def __init__(self, size: Any, padding: Any = None, *_: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        self.size, self.padding, self.fill, self.padding_mode = size, padding, fill, padding_mode

    def forward(self, image: Any) -> Any:
        if self.padding is not None:
            image = pad(image, self.padding, self.fill, self.padding_mode)
        (height, width), (tall, wide) = size_of(image), pair(self.size)
        return crop(image, random_integer(0, height - tall), random_integer(0, width - wide), tall, wide)


class RandomResizedCrop(Transform):
    """`torchvision.transforms.RandomResizedCrop`."""

    def __init__(self, size: Any, scale: Sequence[float] = (0.08, 1.0), *_: Any, **__: Any) -> None:
        self.size, self.scale = size, scale

    def forward(self, image: Any) -> Any:
        height, width = size_of(image)
        part = between(*self.scale) ** 0.5
        tall, wide = max(1, int(height * part)), max(1, int(width * part))
        return resize(
            crop(image, random_integer(0, height - tall), random_integer(0, width - wide), tall, wide), pair(self.size)
        )


class _Flip(Transform):
    """Flips with the probability `p`."""

    def __init__(self, p: float = 0.5) -> None:
        self.p = p


class RandomHorizontalFlip(_Flip):
    """`torchvision.transforms.RandomHorizontalFlip`."""

    def forward(self, image: Any) -> Any:
        return hflip(image) if chance() < self.p else image


class RandomVerticalFlip(_Flip):
    """`torchvision.transforms.RandomVerticalFlip`."""

    def forward(self, image: Any) -> Any:
        return vflip(image) if chance() < self.p else image


class RandomRotation(Transform):
    """`torchvision.transforms.RandomRotation`."""

    def __init__(self, degrees: Any, *_: Any, **__: Any) -> None:
        self.degrees = (-degrees, degrees) if isinstance(degrees, int | float) else tuple(degrees)

    def forward(self, image: Any) -> Any:
        return rotate(image, between(*self.degrees))


class RandomAffine(RandomRotation):
    """Rotates and shifts; scale and shear are left out."""

    def __init__(self, degrees: Any, translate: Sequence[float] | None = None, *_: Any, **__: Any) -> None:
        super().__init__(degrees)
        self.translate = translate

    def forward(self, image: Any) -> Any:
        image = super().forward(image)
        if self.translate is None:
            return image
        height, width = size_of(image)
        down, across = round(height * self.translate[-1]), round(width * self.translate[0])
        padded = pad(image, (across, down))
        return crop(padded, random_integer(0, 2 * down), random_integer(0, 2 * across), height, width)


class ColorJitter(Transform):
    """Brightness and contrast of images of PIL; saturation and hue are left out."""

    def __init__(self, brightness: Any = 0, contrast: Any = 0, *_: Any, **__: Any) -> None:
        self.brightness, self.contrast = brightness, contrast

    def forward(self, image: Any) -> Any:
        for amount, kind in (
            (self.brightness, PIL.ImageEnhance.Brightness),
            (self.contrast, PIL.ImageEnhance.Contrast),
        ):
            low, high = (max(0, 1 - amount), 1 + amount) if isinstance(amount, int | float) else amount
            factor = between(low, high)
            image = image * factor if isinstance(image, torch.Tensor) else kind(image).enhance(factor)
        return image


class RandomErasing(Transform):
    """`torchvision.transforms.RandomErasing`."""

    def __init__(
        self, p: float = 0.5, scale: Sequence[float] = (0.02, 0.33), *_: Any, value: Any = 0, **__: Any
    ) -> None:
        self.p, self.scale, self.value = p, scale, value

    def forward(self, image: Any) -> Any:
        if chance() >= self.p:
            return image
        height, width = size_of(image)
        part = between(*self.scale) ** 0.5
        tall, wide = max(1, int(height * part)), max(1, int(width * part))
        top, left = random_integer(0, height - tall), random_integer(0, width - wide)
        image = image.clone()
        image[..., top : top + tall, left : left + wide] = self.value
        return image


class RandomApply(Transform):
    """`torchvision.transforms.RandomApply`."""

    def __init__(self, transforms: Sequence[Any], p: float = 0.5) -> None:
        self.transforms, self.p = transforms, p

    def forward(self, image: Any) -> Any:
        return Compose(self.transforms)(image) if chance() < self.p else image


CLASSES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(
            steady.Compose,
            steady.ToTensor,
            steady.PILToTensor,
            steady.ToImage,
            steady.ToPILImage,
            steady.ConvertImageDtype,
            steady.ToDtype,
            steady.Normalize,
            steady.Lambda,
            steady.Resize,
        ),
        *(
            steady.CenterCrop,
            steady.Pad,
            RandomCrop,
            RandomResizedCrop,
            RandomHorizontalFlip,
            RandomVerticalFlip,
            RandomRotation,
        ),
        *(RandomAffine, ColorJitter, steady.Grayscale, RandomErasing, RandomApply),
    )
}
