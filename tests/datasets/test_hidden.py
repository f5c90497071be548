"""Hidden examples of a data set: read for scoring, refused where everybody has them, and in nothing else."""

import json

import numpy as np
import pytest

from autograder.assignment import AssignmentError, load
from autograder.authoring.release.release import _files_of_handout
from autograder.authoring.validate import _doubled_rows
from autograder.datasets import DatasetUnusable, Declaration, load_arrays, locate_dataset, resolve, served_files
from autograder.datasets.hidden import load_hidden
from autograder.intake.notebook import parse_notebook
from autograder.lms.bundle import _assignment_files

HEAD = "rooms,place,price\n"
PUBLIC = HEAD + "".join(f"{row % 5},{'north' if row % 2 else 'south'},{100.5 + row}\n" for row in range(40))
# Two of these rows have the inputs of public ones.
HIDDEN = HEAD + "".join(
    f"{row % 5 if row < 2 else 10 + row},{'north' if row % 2 else 'south'},{900.25 + row}\n" for row in range(25)
)
TABLE = {"csv": "houses.csv", "target": "price", "categories": ("place",), "hidden": "kept/houses-hidden.csv"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "assignment"
    (made / "kept").mkdir(parents=True)
    (made / "houses.csv").write_text(PUBLIC)
    (made / "kept" / "houses-hidden.csv").write_text(HIDDEN)
    return made


def test_hidden_examples_are_apart_from_those_that_train_validate_or_are_served(folder):
    source = resolve("houses", Declaration(**TABLE), folder)
    assert (source.rows, source.held_out, source.hidden, source.hidden_in_public) == (40, 0, 25, 2)
    arrays = load_arrays("houses", locate_dataset("houses", source).path, source)
    assert len(arrays["x_train"]) == 40
    assert "x_test" not in arrays
    assert max(arrays["y_train"]) < 900
    assert list(served_files("houses", source)) == ["houses.csv"]
    hidden = load_hidden("houses", source)
    assert hidden.inputs[""].shape == (25, 3)
    assert hidden.y[3] == 903.25
    assert {name: column.dtype.kind for name, column in hidden.columns.items()} == {"rooms": "i", "place": "U"}
    assert "price" not in hidden.columns
    assert len(hidden.public["rooms"]) == 40


def test_inputs_by_name_can_be_hidden(folder):
    named = {"rooms": ("rooms",), "place": ("place",)}
    one = {key: value for key, value in TABLE.items() if key != "target"}
    for target in ({"target": "price"}, {"outputs": {"price": "price"}}):
        source = resolve("houses", Declaration(**one, inputs=named, **target), folder)
        assert (source.hidden, source.hidden_in_public, source.has_names) == (25, 2, True)
        hidden = load_hidden("houses", source)
        assert {name: x.shape for name, x in hidden.inputs.items()} == {"rooms": (25, 1), "place": (25, 2)}
        assert list(hidden.columns) == ["rooms", "place"]
        assert hidden.y[3] == 903.25


def test_arrays_by_name_and_texts_can_be_hidden(tmp_path):
    for name, rows in (("public", 40), ("hidden", 20)):
        arrays = {
            "x_train.left": np.ones((rows, 3)),
            "x_train.right": np.ones((rows, 2, 2)),
            "y_train": np.arange(rows) % 2,
        }
        np.savez(tmp_path / f"{name}.npz", **arrays)
        lines = (f"good {row},{row}.5,{'ab'[row % 2]}" for row in range(rows))
        (tmp_path / f"{name}.csv").write_text("\n".join(["words,stars,kind", *lines]) + "\n")
    source = resolve("pairs", Declaration(npz="public.npz", hidden="hidden.npz"), tmp_path)
    assert {name: x.shape for name, x in load_hidden("pairs", source).inputs.items()} == {
        "left": (20, 3),
        "right": (20, 2, 2),
    }
    assert source.hidden_in_public == 20
    texts = Declaration(
        text="public.csv", hidden="hidden.csv", target="kind", inputs={"words": "words", "stars": ("stars",)}
    )
    hidden = load_hidden("words", resolve("words", texts, tmp_path))
    assert (hidden.inputs["words"][3], hidden.inputs["stars"][3, 0]) == ("good 3", 3.5)


def test_another_hidden_file_is_another_data_set_with_another_order(folder):
    first = resolve("houses", Declaration(**TABLE), folder)
    (folder / "kept" / "houses-hidden.csv").write_text(HIDDEN.replace("900.25", "901.25"))
    second = resolve("houses", Declaration(**TABLE), folder)
    assert first.digest != second.digest
    assert load_hidden("houses", first).secret != load_hidden("houses", second).secret


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"csv": None, "keras": "california_housing", "categories": ()}, "hidden needs data of one's own: everybody"),
        ({"csv": None, "sklearn": "iris", "categories": ()}, "hidden needs data of one's own: everybody"),
        ({"outputs": {"price": "price", "rooms": "rooms"}, "target": None}, "hidden is for data with one target"),
    ],
)
def test_what_everybody_has_cannot_be_hidden(changes, said):
    with pytest.raises(ValueError, match=said):
        Declaration(**{**TABLE, **changes})


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (HEAD + "1,north,2.0\n1,south,3.0\n2,north,2.0\n", "has 3 examples; at least 20 are needed"),
        ("rooms,price\n" + "1,2.5\n" * 25, 'has no column "place"'),
        (HIDDEN.replace(",price", ",cost"), 'has no column "price"'),
    ],
)
def test_hidden_examples_have_the_form_of_the_others_and_are_enough(folder, hidden, said):
    (folder / "kept" / "houses-hidden.csv").write_text(hidden)
    with pytest.raises(DatasetUnusable, match=said):
        resolve("houses", Declaration(**TABLE), folder)


def test_the_public_file_cannot_be_the_hidden_one(folder):
    for hidden in ("houses.csv", "./houses.csv", "."):
        with pytest.raises(DatasetUnusable, match="students receive"):
            resolve("houses", Declaration(**{**TABLE, "hidden": hidden}), folder)
    both = {**TABLE, "held_out": "kept/houses-hidden.csv"}
    with pytest.raises(DatasetUnusable, match="and validation uses"):
        resolve("houses", Declaration(**both), folder)


def test_hidden_images_below_the_public_folder_are_neither_trained_with_nor_served(tmp_path):
    from PIL import Image

    for part in ("photos", "photos/kept"):
        for kind in "ab":
            for number in range(12):
                path = tmp_path / part / kind / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("L", (4, 4), number).save(path)
    source = resolve("photos", Declaration(images="photos", hidden="photos/kept"), tmp_path)
    assert (source.classes, source.rows, source.hidden) == (("a", "b"), 24, 24)
    assert not any("kept" in file for file in source.files)


ASSIGNMENT = """
name = "houses"
title = "Houses"
notebook = "houses.ipynb"
solution = "solution.ipynb"

[datasets.houses]
csv = "houses.csv"
target = "price"
categories = ["place"]
hidden = "kept/houses-hidden.csv"

[observe]
training = "full"

[[questions]]
kind = "predictions"
id = "q"
title = "Prices"
points = 2
dataset = "houses"
metric = "mae"
zero_at = 60
full_at = 40
"""


@pytest.fixture
def assignment(folder):
    cell = {"cell_type": "code", "id": "c", "metadata": {}, "outputs": [], "execution_count": None}
    # It names the hidden file, as a careless handout may.
    cell["source"] = "# not kept/houses-hidden.csv"
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for name in ("houses", "solution"):
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    (folder / "assignment.toml").write_text(ASSIGNMENT)
    return folder


def test_students_get_nothing_hidden_and_graders_all_of_it(assignment):
    loaded = load(str(assignment))
    handout = parse_notebook((assignment / "houses.ipynb").read_bytes())
    assert sorted(_files_of_handout(loaded, handout)) == ["houses.csv"]
    packed = _assignment_files(loaded)[1]
    assert any(name.endswith("kept/houses-hidden.csv") for name in packed)
    (asked,) = loaded.observe_task().predictions
    assert (asked.source.hidden, asked.purpose) == (25, "predict")
    assert "900.25" not in loaded.observe_task().model_dump_json()
    (warning,) = _doubled_rows(loaded)
    assert warning.startswith("[datasets.houses]: 2 of the 25 hidden examples")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('hidden = "kept', '# hidden = "kept'), "question 1 (q): houses has no hidden examples; name their file"),
        (('training = "full"', ""), 'set training = "full" in [observe]'),
        (('"mae"', '"accuracy"'), 'metric is "accuracy"; those that fit the target of houses are r2,'),
        (('"mae"', '"auc"'), 'metric is "auc"; those that fit the target of houses are r2,'),
        (('"mae"', '"mean_io_u"'), 'metric is "mean_io_u"; predictions are scored by one of accuracy, binary_accuracy'),
        (("full_at = 40", "full_at = 80"), "a lower mae is better: full_at has to be lower than zero_at"),
        (("full_at = 40", "full_at = 60"), "zero_at and full_at are the same"),
        (('dataset = "houses"', 'dataset = "mnist"'), 'dataset is "mnist", which everybody has'),
        (('dataset = "houses"', 'dataset = "house"'), 'did you mean "houses"?'),
        (
            (
                "[observe]",
                "[networks.m]\n[training]\ndataset = 'mnist'\ntrain=9\nvalidation=9\nepochs=1\nbatch_size=1\n"
                "prepare = 'function'\n[observe]",
            ),
            'prepare = "function" scores on hidden rows, which mnist has not',
        ),
        (
            (
                "[observe]",
                "[networks.m]\n[training]\ndataset = 'houses'\nepochs=1\nbatch_size=1\nvalidation=9\n"
                "prepare = 'function'\n[observe]",
            ),
            'with prepare = "function" the hidden rows validate; leave validation out',
        ),
        (
            (
                "[observe]",
                "[datasets.named]\ncsv = 'houses.csv'\nhidden = 'kept/houses-hidden.csv'\n"
                "outputs = { price = 'price', rooms = 'rooms' }\n[observe]",
            ),
            "hidden is for data with one target, not for several outputs",
        ),
        (
            (
                "[observe]",
                "[networks.m]\n[training]\ndataset = 'houses'\nepochs=1\nbatch_size=1\n"
                "prepare = { function = 'f', scale = 2.0 }\n[observe]",
            ),
            "function replaces all steps; leave out scale",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_when_the_assignment_is_loaded(assignment, change, said):
    text = ASSIGNMENT.replace(*change)
    assert text != ASSIGNMENT
    (assignment / "assignment.toml").write_text(text)
    with pytest.raises(AssignmentError) as caught:
        load(str(assignment))
    assert said in str(caught.value)


def test_own_preparation_trains_with_all_public_rows_and_validates_with_the_hidden_ones(assignment):
    table = "[networks.m]\n[training]\ndataset = 'houses'\nepochs = 1\nbatch_size = 1\nprepare = 'function'\n[observe]"
    (assignment / "assignment.toml").write_text(ASSIGNMENT.replace("[observe]", table))
    loaded = load(str(assignment))
    recipe = loaded.networks["m"].recipe
    assert (recipe.train, recipe.validation, recipe.own_preparation.name) == (40, 25, "prepare")
    assert [one.purpose for one in loaded.observe_task().predictions] == ["prepare", "predict"]


def test_the_generator_of_the_example_makes_what_is_in_the_repository(tmp_path):
    import subprocess
    import sys
    from pathlib import Path

    example = Path(__file__).parents[2] / "assignments" / "houses-open"
    subprocess.run([sys.executable, example / "make_data.py", "--folder", tmp_path, "--seed", "5"], check=True)
    assert (tmp_path / "houses.csv").read_bytes() == (example / "houses.csv").read_bytes()
    public, hidden = (
        np.genfromtxt(tmp_path / f"{name}.csv", delimiter=",", skip_header=1) for name in ("houses", "houses-hidden")
    )
    assert (len(public), len(hidden)) == (1500, 600)
    made = {(tmp_path / "houses-hidden.csv").read_bytes(), (example / "houses-hidden.csv").read_bytes()}
    for _ in range(2):
        subprocess.run([sys.executable, example / "make_data.py", "--folder", tmp_path, "--secret"], check=True)
        made.add((tmp_path / "houses-hidden.csv").read_bytes())
    assert len(made) == 4
