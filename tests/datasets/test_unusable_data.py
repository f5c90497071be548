"""Data that cannot be used: one sentence that names file, column and line."""

import io
import zipfile

import numpy as np
import pytest
from datasets.own_data import FLOWERS, HOUSES, PRICE, image, read

from autograder.datasets import (
    DatasetUnusable,
)

pytestmark = pytest.mark.usefixtures("cache")


def broken(old, new):
    return lambda folder: (folder / "houses.csv").write_text(HOUSES.replace(old, new, 1))


def many(folder):
    with (folder / "houses.csv").open("r+b") as file:
        file.truncate(10 * 2**30)


def no_image(folder):
    image(folder / "photos" / "a" / "1.png", 1)
    (folder / "photos" / "b").mkdir()
    (folder / "photos" / "b" / "2.png").write_text("no image")


def two_sizes(folder):
    image(folder / "photos" / "a" / "1.png", 1)
    image(folder / "photos" / "b" / "2.png", 1, size=(9, 9))


def folder_without_images(folder):
    for name in "ab":
        image(folder / "photos" / name / "1.png", 1)
        image(folder / "photos" / name / "2.png", 1)
    (folder / "photos" / "c").mkdir()
    (folder / "photos" / "c" / "1.heic").write_text("another format")


def archive(**arrays):
    """An `.npz` with these arrays, or these bytes as the file of one."""

    def write(folder):
        with zipfile.ZipFile(folder / "flowers.npz", "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in {"y": np.arange(2), **arrays}.items():
                with made.open(f"{name}.npy", "w", force_zip64=True) as file:
                    if isinstance(content, np.ndarray):
                        np.lib.format.write_array(file, content)
                    else:
                        for block in content:
                            file.write(block)

    return write


def header(*shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def other_format(folder):
    image(folder / "photos" / "a" / "1.png", 1)
    (folder / "photos" / "a" / "2.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 6 4\n%%EndComments\n")


SPECIES = {"csv": "flowers.csv", "target": "species"}
LABELS = "a,y\n" + "".join(f"{row},{row % 2}\n" for row in range(20))


def labels(old, new):
    return lambda folder: (folder / "labels.csv").write_text(LABELS.replace(old, new))


BAD = {
    "missing labels that are written out": (
        labels("7,1\n", "7,NaN\n7,NaN\n"),
        {"csv": "labels.csv", "target": "y"},
        'labels.csv, line 9: column "y" has no value ("NaN"); fill it, or leave the line out.',
    ),
    "missing file": (None, {**PRICE, "csv": "house.csv"}, 'there is no file "house.csv" in '),
    "missing target": (
        None,
        {**PRICE, "target": "prize"},
        'houses.csv has no column "prize"; it has "rooms", "area", "price".',
    ),
    "text in a number column": (
        broken("\n3,52,", "\n3,large,"),
        PRICE,
        'houses.csv, line 4: column "area" is "large", which is no number;',
    ),
    "text in a number column of the target": (
        broken(",109.5\n", ",cheap\n"),
        {**PRICE, "target_kind": "values"},
        'houses.csv, line 5: column "price" is "cheap", which is no number.',
    ),
    "NaN": (broken("\n4,53,", "\nNaN,53,"), PRICE, 'houses.csv, line 5: column "rooms" has no value ("NaN");'),
    "empty cell": (broken("\n4,53,", "\n,53,"), PRICE, 'houses.csv, line 5: column "rooms" is empty;'),
    "infinity": (broken("\n4,53,", "\ninf,53,"), PRICE, 'houses.csv, line 5: column "rooms" is "inf", which is no'),
    "a line that is too short": (
        broken("\n4,53,109.5", "\n4,53"),
        PRICE,
        "houses.csv, line 5: it has 2 values, and the header names 3 columns.",
    ),
    "an empty target": (
        broken("\n4,53,109.5", "\n4,53,"),
        PRICE,
        'houses.csv, line 5: column "price" is empty; fill it, or leave the line out.',
    ),
    "a line that is too long": (
        broken("\n4,53,109.5", "\n4,53,109.5,7,8"),
        PRICE,
        "houses.csv, line 5: it has 5 values, and the header names 3 columns.",
    ),
    "two columns of one name": (
        broken("rooms,area", "area,area"),
        PRICE,
        'houses.csv, line 1: two columns are called "area"; rename one.',
    ),
    "no UTF-8": (
        lambda folder: (folder / "houses.csv").write_bytes(HOUSES.replace("rooms", "räume").encode("latin-1")),
        PRICE,
        "houses.csv, line 1: it is not UTF-8; save it as UTF-8.",
    ),
    "a header only": (
        lambda folder: (folder / "houses.csv").write_text("a,price\n"),
        PRICE,
        "houses.csv has a header and no rows.",
    ),
    "empty": (lambda folder: (folder / "houses.csv").write_text(""), PRICE, "houses.csv is empty."),
    "thousands": (
        broken("\n4,53,", '\n4,"1,053",'),
        PRICE,
        'houses.csv, line 5: column "area" is "1,053"; write numbers with a decimal point and without',
    ),
    "an open quotation mark": (
        broken("\n4,53,", '\n4,"53,'),
        PRICE,
        "houses.csv, line 5: a quotation mark is opened and not closed.",
    ),
    "another separator": (
        lambda folder: (folder / "houses.csv").write_text(HOUSES.replace(",", "|")),
        PRICE,
        'houses.csv has no column "price"; it has "rooms|area|price". Cells are parted by commas,',
    ),
    "row numbers without a name": (
        broken("rooms,area", ",area"),
        PRICE,
        "houses.csv, line 1: column 1 has no name; give it one, or name the others in columns.",
    ),
    "one price": (
        lambda folder: (folder / "houses.csv").write_text("rooms,price\n" + "".join(f"{n},9.5\n" for n in range(30))),
        PRICE,
        'houses.csv: "price" is the same in every example; there is nothing to predict.',
    ),
    "UTF-16": (
        lambda folder: (folder / "houses.csv").write_bytes(HOUSES.encode("utf-16")),
        PRICE,
        "houses.csv is in UTF-16; save it as CSV in UTF-8.",
    ),
    "Parquet": (
        lambda folder: (folder / "houses.csv").write_bytes(b"PAR1\x15\x04\xff\xfePAR1"),
        PRICE,
        "houses.csv is a Parquet file; save it as CSV in UTF-8.",
    ),
    "a class as long as a text": (
        lambda folder: (folder / "flowers.csv").write_text(FLOWERS + f"1,2,{'x' * 500}\n"),
        SPECIES,
        f'flowers.csv, line 42: this is the one example of the class "{"x" * 40}"; each',
    ),
    "complex numbers": (
        archive(x=np.zeros((2, 2), complex)),
        {"npz": "flowers.npz"},
        'flowers.npz: array "x" holds complex128, which no network reads.',
    ),
    "no arrays": (
        lambda folder: zipfile.ZipFile(folder / "flowers.npz", "w").writestr("notes.txt", "x"),
        {"npz": "flowers.npz"},
        "flowers.npz has no usual names; name its arrays in columns and target (columns); it holds no arrays.",
    ),
    "a folder without images": (
        folder_without_images,
        {"images": "photos"},
        "photos/c holds no images (.png, .jpg, .jpeg, .bmp, .gif, .webp); remove it, or it counts as a class.",
    ),
    "10 GB": (many, PRICE, '"houses.csv" has 10.0 GB; a data set may have 2 GB: hand out a part of it.'),
    "one example of a class": (
        lambda folder: (folder / "flowers.csv").write_text(FLOWERS + "1,2,tulip\n"),
        SPECIES,
        'flowers.csv, line 42: this is the one example of the class "tulip"; each class needs two or more',
    ),
    "a class that is not declared": (
        None,
        {**SPECIES, "classes": ("rose", "tulip")},
        'flowers.csv, line 3: column "species" is "iris", which is not in classes.',
    ),
    "no image": (no_image, {"images": "photos"}, "photos/b/2.png is no image that can be read"),
    "images of two sizes": (two_sizes, {"images": "photos"}, "photos/b/2.png has 9×9 pixels, and the first image 6×4:"),
    "no images": (
        lambda folder: (folder / "photos").mkdir(),
        {"images": "photos"},
        "photos holds no images (.png, .jpg,",
    ),
    "damaged npz": (
        lambda folder: (folder / "flowers.npz").write_bytes(b"PK\x03\x04 no archive"),
        {"npz": "flowers.npz"},
        "flowers.npz is no .npz file that can be read",
    ),
    "pickled objects": (
        lambda folder: np.savez(folder / "flowers.npz", x=np.array([{}, 1], dtype=object), y=np.arange(2)),
        {"npz": "flowers.npz"},
        'flowers.npz: array "x" holds Python objects, which are not read; save numbers.',
    ),
    "arrays of different length": (
        lambda folder: np.savez(folder / "flowers.npz", x=np.zeros((3, 2)), y=np.arange(2)),
        {"npz": "flowers.npz"},
        'flowers.npz: "x" has 3 examples and "y" 2; each needs its target.',
    ),
    "a bomb": (
        archive(x=[header(2**31, 1), *[bytes(2**24)] * 129]),
        {"npz": "flowers.npz"},
        '"flowers.npz, unpacked," has 2.0 GB; a data set may have 2 GB:',
    ),
    "a header that lies": (
        archive(x=[header(10**15)]),
        {"npz": "flowers.npz"},
        "flowers.npz is no .npz file that can be read",
    ),
    "an array alone": (
        lambda folder: np.save((folder / "flowers.npz").open("wb"), np.arange(3)),
        {"npz": "flowers.npz"},
        "flowers.npz is no .npz file that can be read",
    ),
    "a number alone": (archive(x=np.array(3.0)), {"npz": "flowers.npz"}, 'flowers.npz: array "x" holds no examples.'),
    "no rows": (archive(x=np.zeros((0, 3))), {"npz": "flowers.npz"}, 'flowers.npz: array "x" holds no examples.'),
    "a long text elsewhere": (
        lambda folder: (folder / "notes.csv").write_text(f"note,kind\n{'x' * 200_000},a\n,b\n"),
        {"text": "notes.csv", "target": "kind"},
        'notes.csv, line 3: column "note" is empty;',
    ),
    "every line is too long": (
        lambda folder: (folder / "houses.csv").write_text("rooms,price\n1,2,3\n4,5,6\n"),
        PRICE,
        "houses.csv, line 2: it has 3 values, and the header names 2 columns.",
    ),
    "too large for 32 bits": (
        broken("\n4,53,", "\n1e300,53,"),
        PRICE,
        'houses.csv, line 5: column "rooms" is "1e300", too large for the 32-bit numbers',
    ),
    "a device": (None, {**PRICE, "csv": "/dev/zero"}, '"/dev/zero" is neither a file nor a folder.'),
    "a format for which Pillow starts a program": (
        other_format,
        {"images": "photos"},
        "photos/a/2.png is no image that can be read (UnidentifiedImageError).",
    ),
    "held out and handed out": (
        None,
        {**PRICE, "held_out": "./houses.csv"},
        'held_out is "./houses.csv", and students receive "houses.csv":',
    ),
    "unknown in scikit-learn": (None, {"sklearn": "boston"}, 'scikit-learn ships no "boston"; it ships iris, wine,'),
    "unknown in Keras": (None, {"keras": "imbd"}, 'keras.datasets has no "imbd"; it has mnist,'),
    "changed": (None, {**PRICE, "digest": "0" * 64}, "houses.csv is not the file that digest was written for:"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_said_in_one_sentence(folder, case):
    change, declared, sentence = BAD[case]
    if change is not None:
        change(folder)
    with pytest.raises(DatasetUnusable) as refused:
        read(folder, **declared)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_a_line_is_counted_as_an_editor_counts_it(folder):
    (folder / "houses.csv").write_text('rooms,note,price\n1,"two\nlines",1.5\n\n2,one,2.5\n3,one,?\n')
    with pytest.raises(DatasetUnusable, match=r"^houses.csv, line 6: column \"price\" has no value \(\"\?\"\)"):
        read(folder, csv="houses.csv", target="price", columns=("rooms",), target_kind="values")
