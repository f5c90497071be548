"""Data of a course's own, from files to arrays: what is read, and the sentence for each thing that cannot be used."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from datasets.own_data import FLOWERS, HOUSES, PRICE, image, read
from PIL import Image

from autograder.datasets import (
    DatasetMissing,
    DatasetUnusable,
    locate_dataset,
    served_files,
)
from autograder.datasets.readers.keras_sets import read_objects

pytestmark = pytest.mark.usefixtures("cache")


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
    entry = locate_dataset("own", first).path
    before = entry.stat().st_mtime_ns
    assert read(folder, csv="houses.csv", target="price", title="Houses")[0].title == "Houses"
    assert entry.stat().st_mtime_ns == before
    (folder / "houses.csv").write_text(HOUSES + "3,70,250\n")
    assert read(folder, csv="houses.csv", target="price")[0].digest != first.digest


def test_a_copy_in_the_cache_that_was_damaged_is_not_believed(folder):
    source, arrays = read(folder, csv="houses.csv", target="price")
    path = locate_dataset("own", source).path
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DatasetMissing, match="load the assignment here again"):
        locate_dataset("own", source)
    again, repaired = read(folder, csv="houses.csv", target="price")
    assert again == source
    assert np.array_equal(arrays["x_train"], repaired["x_train"])


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
    (record, others) = (locate_dataset("own", one).path.parent for one in (source, other))
    for name in ("record.json", "arrays.npz"):
        (record / name).write_bytes((others / name).read_bytes())
    (record / "files" / "flowers.csv").write_text(FLOWERS)
    with pytest.raises(DatasetMissing):
        locate_dataset("own", source)


def test_the_cache_is_closed_to_other_users_because_it_holds_what_is_held_out(folder, tmp_path):
    kept = tmp_path / "cache" / "keras-autograder" / "datasets" / "declared"
    kept.mkdir(parents=True)
    kept.chmod(0o755)
    source, _ = read(folder, csv="houses.csv", target="price")
    assert locate_dataset("own", source).path.parents[1] == kept
    assert kept.stat().st_mode & 0o077 == 0


def test_sequences_that_unpack_to_more_than_a_data_set_may_have_are_refused_unread(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "imdb.npz", x_train=np.zeros(5_000_000, np.int8))
    monkeypatch.setattr("autograder.datasets.readers.examples.MAX_DATASET_BYTES", 2**20)
    with pytest.raises(DatasetUnusable, match="a data set may have"):
        read_objects(tmp_path / "imdb.npz")


def test_looking_up_what_was_read_imports_nothing_heavy(folder):
    read(folder, csv="houses.csv", target="price")
    program = (
        "import sys, pathlib; from autograder.datasets import Declaration, resolve;"
        f"resolve('own', Declaration(**{json.dumps(PRICE)}), pathlib.Path({str(folder)!r}));"
        "print([name for name in ('numpy', 'pandas', 'sklearn', 'PIL') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_of_images_with_16_bits_the_upper_eight_count_as_tensorflow_reads_them(folder):
    deep = (np.arange(24, dtype=np.uint16) * 2048).reshape(6, 4)
    for name in ("a/1", "a/2", "b/1", "b/2"):
        (folder / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(deep).save(folder / "photos" / f"{name}.png")
    _, arrays = read(folder, images="photos")
    assert (arrays["x_train"][0] == deep >> 8).all()
