"""Inside the kernel: the usual transforms of `torchvision.transforms`, for images of PIL and for tensors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps
import torch
from torch.nn import functional


def pair(size: Any) -> tuple[int, int]:
    """A size as (height, width)."""
    return (int(size), int(size)) if isinstance(size, int) else (int(size[0]), int(size[-1]))


def size_of(image: Any) -> tuple[int, int]:
    """Height and width."""
    return tuple(image.shape[-2:]) if isinstance(image, torch.Tensor) else image.size[::-1]


def to_tensor(image: Any) -> Any:
    """Channels first, and whole numbers of 8 bits divided by 255."""
    array = np.array(image)
    array = array[:, :, None] if array.ndim == 2 else array
    tensor = torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))
    return tensor.float() / 255 if tensor.dtype is torch.uint8 else tensor


def pil_to_tensor(image: Any) -> Any:
    """Channels first, the numbers unchanged."""
    if isinstance(image, torch.Tensor):
        return image
    array = np.array(image)
    array = array[:, :, None] if array.ndim == 2 else array
    return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))


def to_pil_image(image: Any, mode: Any = None) -> Any:
    """An image of PIL, from a tensor with channels first or an array with channels last."""
    if isinstance(image, torch.Tensor):
        image = (image * 255).byte() if image.is_floating_point() else image
        image = (image if image.ndim == 3 else image[None]).permute(1, 2, 0).numpy()
    image = image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image
    return PIL.Image.fromarray(image, mode)


def normalize(tensor: Any, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Any:
    """(tensor - mean) / std for each channel."""
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    means, deviations = (torch.as_tensor(one, dtype=tensor.dtype).reshape(-1, 1, 1) for one in (mean, std))
    if bool((deviations == 0).any()):
        raise ValueError(f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero.")
    return tensor.sub_(means).div_(deviations) if inplace else (tensor - means) / deviations


def resize(image: Any, size: Any, *_: Any, **__: Any) -> Any:
    """To (height, width); a single number is the length of the shorter side."""
    height, width = size_of(image)
    if isinstance(size, int) or len(size) == 1:
        short = size if isinstance(size, int) else size[0]
        new = (short, round(width * short / height)) if height <= width else (round(height * short / width), short)
    else:
        new = pair(size)
    if not isinstance(image, torch.Tensor):
        return image.resize(new[::-1], PIL.Image.Resampling.BILINEAR)
    batch = image if image.ndim == 4 else image[None]
    found = functional.interpolate(batch.float(), new, mode="bilinear", antialias=True).to(image.dtype)
    return found if image.ndim == 4 else found[0]


def crop(image: Any, top: int, left: int, height: int, width: int) -> Any:
    """A part of the image."""
    if isinstance(image, torch.Tensor):
        return image[..., top : top + height, left : left + width]
    return image.crop((left, top, left + width, top + height))


def center_crop(image: Any, size: Any) -> Any:
    """The middle of the image."""
    (height, width), (tall, wide) = size_of(image), pair(size)
    return crop(image, round((height - tall) / 2), round((width - wide) / 2), tall, wide)


def pad(image: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """Lines of `fill` around the image."""
    given = (padding,) if isinstance(padding, int) else tuple(padding)
    left, top, right, bottom = given * 4 if len(given) == 1 else given * 2 if len(given) == 2 else given
    if not isinstance(image, torch.Tensor):
        image, tensor = pil_to_tensor(image), False
    else:
        tensor = True
    mode = {"edge": "replicate", "symmetric": "reflect"}.get(padding_mode, padding_mode)
    if mode == "constant":
        found = functional.pad(image, (left, right, top, bottom), value=fill)
    else:
        found = functional.pad(image.float(), (left, right, top, bottom), mode=mode).to(image.dtype)
    return found if tensor else to_pil_image(found)


def hflip(image: Any) -> Any:
    """Left and right exchanged."""
    return image.flip(-1) if isinstance(image, torch.Tensor) else PIL.ImageOps.mirror(image)


def vflip(image: Any) -> Any:
    """Top and bottom exchanged."""
    return image.flip(-2) if isinstance(image, torch.Tensor) else PIL.ImageOps.flip(image)


def rotate(image: Any, angle: float, *_: Any, **__: Any) -> Any:
    """Rotate counter-clockwise about the middle; the corners become 0."""
    if not isinstance(image, torch.Tensor):
        return image.rotate(angle)
    turn = torch.tensor(angle).deg2rad()
    theta = torch.stack([turn.cos(), -turn.sin(), turn * 0, turn.sin(), turn.cos(), turn * 0]).reshape(1, 2, 3)
    grid = functional.affine_grid(theta, [1, *image.shape[-3:]], align_corners=False)
    return functional.grid_sample(image[None].float(), grid, align_corners=False)[0].to(image.dtype)


def rgb_to_grayscale(image: Any, num_output_channels: int = 1) -> Any:
    """Weighted by 0.299, 0.587 and 0.114 (ITU-R BT.601)."""
    if not isinstance(image, torch.Tensor):
        gray = image.convert("L")
        return gray if num_output_channels == 1 else PIL.Image.merge("RGB", (gray,) * 3)
    weights = torch.tensor([0.299, 0.587, 0.114]).reshape(3, 1, 1)
    gray = (image * weights).sum(-3, keepdim=True).to(image.dtype) if image.shape[-3] == 3 else image
    return gray.expand(*gray.shape[:-3], num_output_channels, *gray.shape[-2:])


class Transform(ABC):
    """Called with an image; `forward` does the work, as in torchvision."""

    def __call__(self, image: Any) -> Any:
        return self.forward(image)

    @abstractmethod
    def forward(self, image: Any) -> Any:
        """The changed image."""

    def __repr__(self) -> str:
        held = ", ".join(f"{name}={value}" for name, value in vars(self).items())
        return f"{type(self).__name__}({held})"


class Compose(Transform):
    """`torchvision.transforms.Compose`."""

    def __init__(self, transforms: Sequence[Any]) -> None:
        self.transforms = transforms

    def forward(self, image: Any) -> Any:
        for transform in self.transforms:
            image = transform(image)
        return image


class ToTensor(Transform):
    """`torchvision.transforms.ToTensor`."""

    def forward(self, image: Any) -> Any:
        return to_tensor(image)


class PILToTensor(Transform):
    """`torchvision.transforms.PILToTensor`."""

    def forward(self, image: Any) -> Any:
        return pil_to_tensor(image)


class ToImage(PILToTensor):
    """Of version 2: a tensor with the numbers unchanged."""


class ToPILImage(Transform):
    """`torchvision.transforms.ToPILImage`."""

    def __init__(self, mode: Any = None) -> None:
        self.mode = mode

    def forward(self, image: Any) -> Any:
        return to_pil_image(image, self.mode)


class ConvertImageDtype(Transform):
    """`torchvision.transforms.ConvertImageDtype`."""

    def __init__(self, dtype: Any = torch.float32) -> None:
        self.dtype = dtype

    def forward(self, image: Any) -> Any:
        whole = not image.is_floating_point()
        return image.to(self.dtype) / 255 if whole and self.dtype.is_floating_point else image.to(self.dtype)


class ToDtype(ConvertImageDtype):
    """Of version 2: scales whole numbers only where that is asked for."""

    def __init__(self, dtype: Any = torch.float32, scale: bool = False) -> None:
        super().__init__(dtype)
        self.scale = scale

    def forward(self, image: Any) -> Any:
        return super().forward(image) if self.scale else image.to(self.dtype)


class Normalize(Transform):
    """`torchvision.transforms.Normalize`."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        self.mean, self.std, self.inplace = mean, std, inplace

    def forward(self, image: Any) -> Any:
        return normalize(image, self.mean, self.std, self.inplace)


class Lambda(Transform):
    """`torchvision.transforms.Lambda`."""

    def __init__(self, lambd: Any) -> None:
        self.lambd = lambd

    def forward(self, image: Any) -> Any:
        return self.lambd(image)


class Resize(Transform):
    """`torchvision.transforms.Resize`."""

    def __init__(self, size: Any, *_: Any, **__: Any) -> None:
        self.size = size

    def forward(self, image: Any) -> Any:
        return resize(image, self.size)


class CenterCrop(Transform):
    """`torchvision.transforms.CenterCrop`."""

    def __init__(self, size: Any) -> None:
        self.size = size

    def forward(self, image: Any) -> Any:
        return center_crop(image, self.size)


class Pad(Transform):
    """`torchvision.transforms.Pad`."""

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def forward(self, image: Any) -> Any:
        return pad(image, self.padding, self.fill, self.padding_mode)


class Grayscale(Transform):
    """`torchvision.transforms.Grayscale`."""

    def __init__(self, num_output_channels: int = 1) -> None:
        self.num_output_channels = num_output_channels

    def forward(self, image: Any) -> Any:
        return rgb_to_grayscale(image, self.num_output_channels)


TRANSFORM_FUNCTIONS: dict[str, Any] = {
    function.__name__: function
    for function in (
        *(to_tensor, pil_to_tensor, to_pil_image, normalize, resize, crop, center_crop, pad, hflip, vflip, rotate),
        rgb_to_grayscale,
    )
}
