"""Students' pictures: decoded, measured, drawn again, so that only pixels reach the page."""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from autograder.core.language import gettext

MAX_ENCODED = 12 * 2**20
MAX_PIXELS = 16_000_000
MAX_SIDE = 1200
LARGE_BYTES = 160_000


class PictureRefused(ValueError):
    """A picture that is not shown; the message is a sentence for the student."""


@dataclass(frozen=True)
class Picture:
    """A picture ready to embed: a data URI of ours, and its size in pixels."""

    uri: str
    width: int
    height: int


@dataclass
class PictureAllowance:
    """What the pictures of one page may take together: their number, their pixels, their bytes on the page."""

    number: int = 60
    pixels: int = 60_000_000
    characters: int = 500_000

    def embed(self, encoded: str) -> Picture:
        """Draw a base64 PNG or JPEG again, at most 1,200 pixels wide or high.

        Raises:
            PictureRefused: it is not a picture, is too large, or the page is full.
        """
        if self.number <= 0:
            raise PictureRefused(gettext("A picture is left out: the page shows no more than 60."))
        self.number -= 1
        drawn, width, height, kind = self._redraw(_decode(encoded))
        uri = f"data:image/{kind};base64,{base64.b64encode(drawn).decode('ascii')}"
        if len(uri) > self.characters:
            raise PictureRefused(
                gettext("A picture is left out: the pictures of this notebook are too large for one page.")
            )
        self.characters -= len(uri)
        return Picture(uri, width, height)

    def _redraw(self, raw: bytes) -> tuple[bytes, int, int, str]:
        with _opened(raw) as image:
            area = image.width * image.height
        if area > MAX_PIXELS:
            raise PictureRefused(_too_large(image.width, image.height))
        if area > self.pixels:
            raise PictureRefused(
                gettext("A picture is left out: the pictures of this notebook are too large together.")
            )
        self.pixels -= area
        return _redrawn(raw)


def _too_large(width: int, height: int) -> str:
    return gettext("A picture of {width:,} × {height:,} pixels is left out.", width=width, height=height)


@contextlib.contextmanager
def _opened(raw: bytes) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as image:
            yield image
    except Exception as error:  # Pillow raises what its decoders raise: OSError, SyntaxError, zlib.error, struct.error
        raise PictureRefused(gettext("A picture is left out: it cannot be read.")) from error


# Many pictures of a class come from the same data: the first digits of the training set, for example.
@functools.lru_cache(maxsize=64)
def _redrawn(raw: bytes) -> tuple[bytes, int, int, str]:
    """The picture drawn again, its width and height, and "png" or "jpeg"."""
    with _opened(raw) as image:
        kind = "jpeg" if image.format == "JPEG" else "png"
        pixels = image.convert("RGB" if kind == "jpeg" else "RGBA")
    pixels.info.clear()
    pixels.thumbnail((MAX_SIDE, MAX_SIDE))
    drawn = _save(pixels, kind)
    if len(drawn) > LARGE_BYTES and kind == "png":
        paper = Image.new("RGB", pixels.size, "white")
        paper.paste(pixels, mask=pixels.getchannel("A"))
        smaller = _save(paper, "jpeg")
        if len(smaller) < len(drawn):
            drawn, kind = smaller, "jpeg"
    return drawn, pixels.width, pixels.height, kind


def _decode(encoded: str) -> bytes:
    if len(encoded) > MAX_ENCODED:
        raise PictureRefused(gettext("A picture is left out: it is larger than 12 MB."))
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PictureRefused(gettext("A picture is left out: it cannot be read.")) from error


def _save(pixels: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "jpeg":
        pixels.save(buffer, "JPEG", quality=82)
    elif pixels.getchannel("A").getextrema() == (255, 255):
        pixels.convert("RGB").save(buffer, "PNG")
    else:
        pixels.save(buffer, "PNG")
    return buffer.getvalue()
