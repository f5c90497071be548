"""Pictures reach the page as pixels, or not at all."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sample_notebook import picture

from autograder.report.student_pictures import PictureAllowance, PictureRefused


def encoded(image: Image.Image, **options: object) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)  # type: ignore[arg-type]
    return base64.b64encode(buffer.getvalue()).decode()


def test_a_picture_is_drawn_again_without_what_was_hidden_in_it() -> None:
    secret = PngInfo()
    secret.add_text("Comment", "<script>alert(1)</script>")
    drawn = PictureAllowance().embed(encoded(Image.new("RGB", (40, 30), "red"), pnginfo=secret))
    raw = base64.b64decode(drawn.uri.partition(",")[2])
    assert b"script" not in raw
    assert (drawn.width, drawn.height) == (40, 30)


def test_a_large_picture_is_made_smaller() -> None:
    drawn = PictureAllowance().embed(encoded(Image.new("RGB", (3000, 1500), "red")))
    assert (drawn.width, drawn.height) == (1200, 600)


def test_a_noisy_picture_becomes_a_jpeg_and_a_jpeg_stays_one() -> None:
    noise = Image.effect_noise((700, 700), 90).convert("RGB")
    assert PictureAllowance().embed(encoded(noise)).uri.startswith("data:image/jpeg")
    assert PictureAllowance().embed(picture(50, 50, "JPEG")).uri.startswith("data:image/jpeg")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GIF89a" + b"\0" * 50,
        b"<svg onload=alert(1)>",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 99,
        base64.b64decode(picture())[:200],
    ],
)
def test_what_is_no_whole_png_or_jpeg_is_refused(raw: bytes) -> None:
    with pytest.raises(PictureRefused, match="cannot be read"):
        PictureAllowance().embed(base64.b64encode(raw).decode())


def test_a_picture_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(PictureRefused, match="6,000 × 5,000 pixels"):
        PictureAllowance().embed(encoded(Image.new("1", (6_000, 5_000))))


def test_a_page_takes_only_so_many_pictures() -> None:
    allowance = PictureAllowance(number=2)
    allowance.embed(picture())
    allowance.embed(picture())
    with pytest.raises(PictureRefused, match="no more than"):
        allowance.embed(picture())
