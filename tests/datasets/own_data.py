"""Files of a course's own data, and what is read from them."""

from PIL import Image

from autograder.datasets import (
    Declaration,
    load_arrays,
    locate_dataset,
    resolve,
)

HOUSES = "rooms,area,price\n" + "".join(f"{1 + row % 5},{50 + row},{100.5 + 3 * row}\n" for row in range(40))
FLOWERS = "length,width,species\n" + "".join(
    f"{row / 10},{row % 7},{'iris' if row % 2 else 'rose'}\n" for row in range(40)
)
PRICE = {"csv": "houses.csv", "target": "price"}


def read(folder, **declared):
    source = resolve("own", Declaration(**declared), folder)
    return source, load_arrays("own", locate_dataset("own", source).path, source)


def image(path, colour, size=(6, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB" if isinstance(colour, tuple) else "L", size, colour).save(path)
