"""Reads images: from a folder for each class, or from a table that lists files and classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.datasets.readers.examples import MAX_DATASET_BYTES, DatasetUnusable, Examples, visible_files
from autograder.datasets.readers.tables import read_data_table
from autograder.datasets.source import Declaration

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
# By their content, whatever a file is called: for others Pillow starts programs (Ghostscript for EPS).
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
_MOST_PIXELS = 50_000_000
# Pillow's modes of images with more than 8 bits a pixel.
_DEEP = ("I", "I;16", "I;16B", "I;16L")


def image_files(folder: Path, *without: Path) -> list[Path]:
    """The images below a folder, as `visible_files` gives them."""
    return [path for path in visible_files(folder, *without) if path.suffix.lower() in SUFFIXES]


def read_images(
    folder: Path, name: str, declared: Declaration, table: Path | None = None, without: Sequence[Path] = ()
) -> Examples:
    """The images as uint8, images × height × width, and × 3 if one has colours; those below one of `without`
    are left out.

    Raises:
        DatasetUnusable: a file is not an image, sizes differ and `size` is not set, or a class is unknown.
    """
    import numpy as np

    if table is not None:
        listed = read_data_table(table, table.name)
        columns = [column for column in listed.columns if column not in declared.targets]
        if len(declared.columns or columns) != 1 or len(declared.targets) < 1:
            raise DatasetUnusable(f"{table.name}: name the column with the files in columns, and target.")
        files = listed.filled((declared.columns or columns)[0]).tolist()
        paths = [folder / file for file in files]
        targets = {one: listed.filled(one) for one in declared.targets}
        where = listed.where
        for row, path in enumerate(paths):
            if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
                raise DatasetUnusable(f'{where(row)}: there is no file "{files[row]}" in {name}.')
    else:
        paths = image_files(folder, *without)
        if not paths:
            raise DatasetUnusable(f"{name} holds no images ({', '.join(SUFFIXES)}).")
        astray = next((path for path in paths if path.parent == folder), None)
        if astray is not None and declared.target_kind != "input":
            raise DatasetUnusable(
                f"{name}/{astray.name} is in no folder of a class; each class has a folder of its own."
            )
        first = [path.relative_to(folder).parts[0] for path in paths]
        empty = next(
            (one for one in sorted(folder.iterdir()) if _is_visible_folder(one) and not image_files(one)), None
        )
        if empty is not None and declared.target_kind != "input":
            # Keras takes every folder for a class.
            raise DatasetUnusable(
                f"{name}/{empty.name} holds no images ({', '.join(SUFFIXES)}); remove it, or it counts as a class."
            )
        targets = {} if declared.target_kind == "input" else {"folder": np.array(first, str)}

        def where(row: int) -> str:
            return f"{name}/{paths[row].relative_to(folder).as_posix()}"

    return Examples(_pixels(paths, folder, name, declared), targets, where)


def _is_visible_folder(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _pixels(paths: list[Path], folder: Path, name: str, declared: Declaration) -> NDArray[Any]:
    import numpy as np

    images: list[Any] = []
    held = 0
    for path in paths:
        shown = f"{name}/{path.relative_to(folder).as_posix()}"
        image = _read(path, shown, declared.size)
        if images and image.shape[:2] != images[0].shape[:2]:
            (height, width), (first_height, first_width) = image.shape[:2], images[0].shape[:2]
            raise DatasetUnusable(
                f"{shown} has {width}×{height} pixels, and the first image {first_width}×{first_height}: set size = "
                "[height, width], to which all are scaled."
            )
        images.append(image)
        held += image.nbytes
        if held > MAX_DATASET_BYTES:
            raise DatasetUnusable(
                f"The images in {name} take more than {MAX_DATASET_BYTES >> 30} GB; set a smaller size."
            )
    if any(image.ndim == 3 for image in images):
        images = [image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2) for image in images]
    return np.stack(images)


def _eight_bits(file: Any) -> Any:
    """The image; of 16 bits a pixel the upper eight, as TensorFlow reads it (Pillow would make 255 of all others)."""
    import numpy as np
    from PIL import Image

    if file.mode not in _DEEP:
        return file
    return Image.fromarray((np.asarray(file).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))


def _read(path: Path, shown: str, size: tuple[int, int] | None) -> NDArray[Any]:
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path, formats=_FORMATS) as file:
            if file.width * file.height > _MOST_PIXELS:
                raise DatasetUnusable(f"{shown} has {file.width:,}×{file.height:,} pixels, too many for a network.")
            image = _eight_bits(file).convert("L" if file.mode in ("1", "L", *_DEEP) else "RGB")
            if size is not None:
                image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            return np.asarray(image, np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DatasetUnusable(f"{shown} is no image that can be read ({type(error).__name__}).") from None
