"""Data of a course's own, from files to arrays: what is read, and the sentence for each thing that cannot be used."""

import io
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from autograder.datasets import (
    DatasetMissing,
    DatasetUnusable,
    Declaration,
    load_arrays,
    locate,
    resolve,
    served_files,
)
from autograder.datasets.readers.keras_sets import read_objects

HOUSES = "rooms,area,price\n" + "".join(f"{1 + row % 5},{50 + row},{100.5 + 3 * row}\n" for row in range(40))
FLOWERS = "length,width,species\n" + "".join(
    f"{row / 10},{row % 7},{'iris' if row % 2 else 'rose'}\n" for row in range(40)
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "assignment"
    made.mkdir()
    (made / "houses.csv").write_text(HOUSES)
    (made / "flowers.csv").write_text(FLOWERS)
    return made


def read(folder, **declared):
    source = resolve("own", Declaration(**declared), folder)
    return source, load_arrays("own", locate("own", source).path, source)


def image(path, colour, size=(6, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB" if isinstance(colour, tuple) else "L", size, colour).save(path)


def test_a_table_of_numbers_with_a_column_of_classes(folder):
    source, arrays = read(folder, csv="flowers.csv", target="species")
    assert (source.target_kind, source.classes, source.features) == (
        "classes",
        ("iris", "rose"),
        ("length", "width"),
    )
    assert arrays["x_train"].shape == (40, 2)
    assert arrays["x_train"].dtype == np.float32
    assert arrays["y_train"][:3].tolist() == [1, 0, 1]


def test_numbers_to_be_predicted_are_values(folder):
    source, arrays = read(folder, csv="houses.csv", target="price")
    assert (source.target_kind, source.classes) == ("values", ())
    assert arrays["y_train"][:2].tolist() == [100.5, 103.5]


def test_several_columns_of_0_and_1_are_labels_and_others_are_several_values(folder):
    (folder / "films.csv").write_text("year,funny,sad\n1990,1,0\n1991,0,0\n1992,1,1\n")
    source, arrays = read(folder, csv="films.csv", target=("funny", "sad"))
    assert (source.target_kind, source.classes) == ("multilabel", ("funny", "sad"))
    assert arrays["y_train"].tolist() == [[1, 0], [0, 0], [1, 1]]
    source, arrays = read(folder, csv="houses.csv", target=("price", "area"))
    assert (source.target_kind, source.outputs) == ("values", {"": (2,)})


def test_a_column_of_text_becomes_a_column_per_value_where_it_is_a_category(folder):
    (folder / "titanic.csv").write_text("age,sex,survived\n20,male,0\n30,female,1\n40,male,1\n50,female,0\n")
    source, arrays = read(folder, csv="titanic.csv", target="survived", categories=("sex",))
    assert source.features == ("age", "sex_female", "sex_male")
    assert arrays["x_train"][0].tolist() == [20, 0, 1]


def test_semicolons_and_decimal_commas_are_understood(folder):
    (folder / "haus.csv").write_text("fläche;preis\n" + "".join(f"{row},5;{row},25\n" for row in range(30)))
    _, arrays = read(folder, csv="haus.csv", target="preis")
    assert (float(arrays["x_train"][3, 0]), float(arrays["y_train"][3])) == (3.5, 3.25)


def test_a_folder_of_images_per_class(folder):
    for number in range(3):
        image(folder / "photos" / "cats" / f"{number}.png", 10 * number)
        image(folder / "photos" / "dogs" / f"{number}.jpg", 10 * number)
    source, arrays = read(folder, images="photos")
    assert (source.classes, arrays["x_train"].shape, arrays["x_train"].dtype) == (
        ("cats", "dogs"),
        (6, 4, 6),
        np.dtype("uint8"),
    )
    assert read(folder, images="photos/", size=(2, 2))[1]["x_train"].shape == (6, 2, 2)
    assert sorted(served_files("own", source))[:2] == ["photos/cats/0.png", "photos/cats/1.png"]


def test_images_that_a_table_lists(folder):
    for number in range(4):
        image(folder / "photos" / f"{number}.png", (number, 0, 0))
    (folder / "labels.csv").write_text("file,kind\n0.png,cat\n1.png,dog\n2.png,cat\n3.png,dog\n")
    source, arrays = read(folder, images="photos", table="labels.csv", target="kind")
    assert (arrays["x_train"].shape, arrays["y_train"].tolist()) == ((4, 4, 6, 3), [0, 1, 0, 1])
    assert "labels.csv" in source.files


def test_arrays_under_usual_names_or_under_those_that_are_named(folder):
    x, y = np.arange(24, dtype=np.float64).reshape(6, 4), np.array([0, 1, 2, 0, 1, 2])
    np.savez(folder / "flowers.npz", x_train=x, y_train=y)
    source, arrays = read(folder, npz="flowers.npz")
    assert (source.classes, arrays["x_train"].dtype) == (("0", "1", "2"), np.dtype("float32"))
    np.savez(folder / "other.npz", petals=x, kinds=y)
    assert read(folder, npz="other.npz", columns=("petals",), target="kinds")[0].rows == 6


def test_texts_stay_texts(folder):
    (folder / "reviews.csv").write_text('id,review,good\n1,"Fine, really",1\n2,Dull,0\n3,Good,1\n4,Long,0\n')
    source, arrays = read(folder, text="reviews.csv", columns=("review",), target="good")
    assert (source.classes, arrays["x_train"][0]) == (("0", "1"), "Fine, really")
    assert arrays["x_train"].dtype.kind == "U"


@pytest.mark.parametrize(("name", "shape", "classes"), [("iris", (150, 4), 3), ("digits", (1797, 8, 8), 10)])
def test_what_scikit_learn_ships_needs_no_file(folder, name, shape, classes):
    source, arrays = read(folder, sklearn=name)
    assert (arrays["x_train"].shape, len(source.classes), source.files) == (shape, classes, ())


@pytest.fixture
def keras(tmp_path):
    """Keras' cache with small files in the formats that Keras publishes."""
    folder = tmp_path / "keras" / "datasets"
    folder.mkdir(parents=True)
    texts = np.empty(4, dtype=object)
    texts[:] = [[5, 9], [6], [7, 8, 30], [5]]
    labels = np.array([0, 1, 0, 1])
    np.savez(folder / "imdb.npz", x_train=texts, y_train=labels, x_test=texts, y_test=labels)
    np.savez(folder / "reuters.npz", x=texts[[0, 1, 2, 3] * 23], y=np.arange(92) % 46)
    np.savez(folder / "boston_housing.npz", x=np.ones((50, 13)), y=np.linspace(5, 50, 50))
    python = folder / "cifar-100-python-target" / "cifar-100-python"
    python.mkdir(parents=True)
    images = np.arange(200 * 3072, dtype=np.int64).reshape(200, 3072).astype(np.uint8)
    batch = {b"data": images, b"fine_labels": [number % 100 for number in range(200)]}
    (python / "train").write_bytes(pickle.dumps(batch))
    (python / "meta").write_bytes(pickle.dumps({b"fine_label_names": [b"class %d" % number for number in range(100)]}))
    return folder


@pytest.mark.usefixtures("keras")
def test_sequences_of_keras_have_the_numbers_that_its_function_gives(folder):
    source, arrays = read(folder, keras="imdb", num_words=12, maxlen=3)
    assert (source.title, source.classes) == ("IMDB reviews", ("negative", "positive"))
    assert arrays["x_train"].tolist() == [[1, 8, 2], [0, 1, 9], [10, 11, 2], [0, 1, 8]]
    assert len(read(folder, keras="reuters")[0].classes) == 46


@pytest.mark.usefixtures("keras")
def test_the_other_sets_of_keras_are_values_and_images(folder):
    source, arrays = read(folder, keras="boston_housing")
    assert (source.target_kind, arrays["x_train"].shape) == ("values", (50, 13))
    source, arrays = read(folder, keras="cifar100")
    assert (len(source.classes), arrays["x_train"].shape) == (100, (200, 32, 32, 3))
    assert sorted(served_files("own", source)) == [
        f".keras/datasets/cifar-100-python-target/cifar-100-python/{name}" for name in ("meta", "train")
    ]


def test_a_pickle_in_a_file_of_keras_runs_nothing(folder, keras):
    class Evil:
        def __reduce__(self):
            return (keras.joinpath("run").touch, ())

    texts = np.empty(2, dtype=object)
    texts[:] = [Evil(), [1]]
    np.savez(keras / "imdb.npz", x_train=texts, y_train=np.arange(2), x_test=texts, y_test=np.arange(2))
    with pytest.raises(DatasetMissing, match="is damaged or is not imdb"):
        read(folder, keras="imdb")
    assert not (keras / "run").exists()


@pytest.mark.usefixtures("keras")
def test_a_set_of_keras_that_is_not_here_says_where_to_put_it(folder):
    with pytest.raises(DatasetMissing, match=r"california_housing is not on this machine .*put california_housing"):
        read(folder, keras="california_housing")


def test_held_out_examples_have_arrays_of_their_own_and_no_file_for_the_notebook(folder):
    (folder / "hidden.csv").write_text("length,width,species\n1,2,rose\n3,4,iris\n5,6,rose\n")
    source, arrays = read(folder, csv="flowers.csv", target="species", held_out="hidden.csv")
    assert (source.rows, source.held_out, source.files) == (40, 3, ("flowers.csv",))
    assert arrays["y_test"].tolist() == [1, 0, 1]


def test_of_a_folder_of_images_neither_hidden_nor_held_out_ones_are_read(folder):
    for place in ("a", "b", "kept/a", "kept/b", ".ipynb_checkpoints"):
        for number in range(2):
            image(folder / "photos" / place / f"{number}.png", number)
    source, _ = read(folder, images="photos", held_out="photos/kept")
    assert (source.classes, source.rows, source.held_out) == (("a", "b"), 4, 4)
    assert source.files == ("photos/a/0.png", "photos/a/1.png", "photos/b/0.png", "photos/b/1.png")


def test_empty_cells_behind_the_last_column_are_no_values(folder):
    (folder / "houses.csv").write_text("rooms,price\n1,2.5,\n2,3.5,\n")
    assert read(folder, **PRICE)[1]["y_train"].tolist() == [2.5, 3.5]


def test_a_set_is_read_once_and_again_when_its_file_changes(folder):
    first, _ = read(folder, csv="houses.csv", target="price")
    entry = locate("own", first).path
    before = entry.stat().st_mtime_ns
    assert read(folder, csv="houses.csv", target="price", title="Houses")[0].title == "Houses"
    assert entry.stat().st_mtime_ns == before
    (folder / "houses.csv").write_text(HOUSES + "3,70,250\n")
    assert read(folder, csv="houses.csv", target="price")[0].digest != first.digest


def test_a_copy_in_the_cache_that_was_damaged_is_not_believed(folder):
    source, arrays = read(folder, csv="houses.csv", target="price")
    path = locate("own", source).path
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DatasetMissing, match="load the assignment here again"):
        locate("own", source)
    again, mended = read(folder, csv="houses.csv", target="price")
    assert again == source
    assert np.array_equal(arrays["x_train"], mended["x_train"])


def test_a_file_for_notebooks_that_was_changed_in_the_cache_is_not_believed(folder):
    source, _ = read(folder, csv="houses.csv", target="price")
    (served,) = served_files("own", source).values()
    served.write_text(HOUSES.replace("100.5", "900.5", 1))
    with pytest.raises(DatasetMissing, match="load the assignment here again"):
        served_files("own", source)
    read(folder, csv="houses.csv", target="price")
    assert served_files("own", source)["houses.csv"].read_text() == HOUSES


def test_a_record_under_another_key_is_not_believed(folder):
    source, _ = read(folder, csv="houses.csv", target="price")
    other, _ = read(folder, csv="flowers.csv", target="species")
    (record, others) = (locate("own", one).path.parent for one in (source, other))
    for name in ("record.json", "arrays.npz"):
        (record / name).write_bytes((others / name).read_bytes())
    (record / "files" / "flowers.csv").write_text(FLOWERS)
    with pytest.raises(DatasetMissing):
        locate("own", source)


def test_the_cache_is_closed_to_other_users_because_it_holds_what_is_held_out(folder, tmp_path):
    kept = tmp_path / "cache" / "keras-autograder" / "datasets" / "declared"
    kept.mkdir(parents=True)
    kept.chmod(0o755)
    source, _ = read(folder, csv="houses.csv", target="price")
    assert locate("own", source).path.parents[1] == kept
    assert kept.stat().st_mode & 0o077 == 0


def test_sequences_that_unpack_to_more_than_a_data_set_may_have_are_refused_unread(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "imdb.npz", x_train=np.zeros(5_000_000, np.int8))
    monkeypatch.setattr("autograder.datasets.readers.examples.MAX_BYTES", 2**20)
    with pytest.raises(DatasetUnusable, match="a data set may have"):
        read_objects(tmp_path / "imdb.npz")


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


PRICE = {"csv": "houses.csv", "target": "price"}
SPECIES = {"csv": "flowers.csv", "target": "species"}
BAD = {
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
        'houses.csv, line 5: column "price" is empty; fill it, or leave the line out.',
    ),
    "a line that is too long": (
        broken("\n4,53,109.5", "\n4,53,109.5,7,8"),
        PRICE,
        "houses.csv is no table with one header line: Expected 3 fields in line 5, saw 5.",
    ),
    "two columns of one name": (
        broken("rooms,area", "area,area"),
        PRICE,
        'houses.csv, line 1: two columns are called "area"; rename one.',
    ),
    "no UTF-8": (
        lambda folder: (folder / "houses.csv").write_bytes(HOUSES.replace("rooms", "räume").encode("latin-1")),
        PRICE,
        "houses.csv is no text in UTF-8; save it as UTF-8.",
    ),
    "a header only": (
        lambda folder: (folder / "houses.csv").write_text("a,price\n"),
        PRICE,
        "houses.csv has a header and no rows.",
    ),
    "empty": (lambda folder: (folder / "houses.csv").write_text(""), PRICE, "houses.csv is no table with one header"),
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
    with pytest.raises(DatasetUnusable, match=r"^houses.csv, line 6: column \"price\" is \"\?\""):
        read(folder, csv="houses.csv", target="price", columns=("rooms",), target_kind="values")


def test_looking_up_what_was_read_imports_nothing_heavy(folder):
    read(folder, csv="houses.csv", target="price")
    program = (
        "import sys, pathlib; from autograder.datasets import Declaration, resolve;"
        f"resolve('own', Declaration(**{json.dumps(PRICE)}), pathlib.Path({str(folder)!r}));"
        "print([name for name in ('numpy', 'pandas', 'sklearn', 'PIL') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
