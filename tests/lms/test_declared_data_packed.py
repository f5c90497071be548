"""The files of declared data sets travel: into the zip for graders, and, without what is held out, to students."""

import shutil
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from autograder.assignment import AssignmentError, load
from autograder.authoring.release.release import _files_of_handout
from autograder.datasets import locate_dataset
from autograder.lms.bundle import pack

ROOT = Path(__file__).parents[2]
TOML = """
name = "plants"
title = "Plants"
notebook = "plants.ipynb"
solution = "solution.ipynb"

[datasets.flowers]
csv = "../shared/flowers.csv"
target = "kind"
held_out = "hidden.csv"

[datasets.boston]
keras = "boston_housing"

[networks.model]

[training]
dataset = "flowers"
epochs = 2
batch_size = 8

[[questions]]
kind = "accuracy"
id = "accuracy"
title = "The accuracy"
points = 3
network = "model"
minimum = 0.9
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    made = tmp_path / "course" / "plants"
    made.mkdir(parents=True)
    (made / "assignment.toml").write_text(TOML)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("# flowers.csv, hidden.csv, extra.txt")])
    for name in ("plants.ipynb", "solution.ipynb"):
        nbformat.write(notebook, made / name)
    (made.parent / "shared").mkdir()
    rows = "".join(f"{row},{'ab'[row % 2]}\n" for row in range(20))
    (made.parent / "shared" / "flowers.csv").write_text("size,kind\n" + rows)
    (made / "hidden.csv").write_text("size,kind\n" + rows[:24])
    (made / "extra.txt").write_text("extra")
    keras = tmp_path / "keras" / "datasets"
    keras.mkdir(parents=True)
    np.savez(keras / "boston_housing.npz", x=np.ones((50, 13)), y=np.linspace(5, 50, 50))
    return made


def test_what_is_held_out_validates_by_default(folder):
    recipe = load(str(folder)).networks["model"].recipe
    assert (recipe.train, recipe.validation, recipe.source.held_out) == (20, 6, 6)


def test_the_package_holds_all_that_grading_reads(folder, tmp_path, monkeypatch):
    assignment = load(str(folder))
    packed = pack(assignment, tmp_path / "autograder.zip")
    with zipfile.ZipFile(packed.path) as archive:
        archive.extractall(tmp_path / "there")
    shutil.rmtree(folder.parent)
    shutil.rmtree(tmp_path / "keras")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other cache"))
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "there" / "data"))
    (again,) = (load(str(path.parent)) for path in (tmp_path / "there").rglob("assignment.toml"))
    sources = again.sources()
    assert sources == assignment.sources()
    assert locate_dataset("flowers", sources["flowers"]).path.is_file()


def test_students_get_the_files_and_never_what_is_held_out(folder):
    assignment = load(str(folder))
    handed_out = _files_of_handout(assignment, nbformat.read(assignment.notebook_path, as_version=4))
    assert sorted(handed_out) == ["extra.txt", "flowers.csv"]


PROBLEMS = {
    "no such file": (
        ("../shared/flowers.csv", "flowers.csv"),
        '[datasets.flowers]: there is no file "flowers.csv" in ',
    ),
    "two sources": (
        ("[datasets.boston]\n", '[datasets.boston]\nsklearn = "iris"\n'),
        "[datasets.boston]: a data set has exactly one of keras, sklearn, npz, csv, images, text; "
        "it has keras and sklearn.",
    ),
    "named twice": (
        ("[datasets.boston]", "[datasets.flowers]"),
        ", line 12: [datasets.flowers] is there twice; give one of them another name.",
    ),
    "a name that is taken": (
        ("[datasets.boston]", "[datasets.mnist]"),
        "[datasets.mnist]: mnist is a data set already, which needs no table; choose another name.",
    ),
    "no target": (("target =", "title ="), "[datasets.flowers]: csv needs target: the name of the column"),
    "an unknown key": (("held_out", "heldout"), '[datasets.flowers]: unknown key heldout; did you mean "held_out"?'),
    "an unknown name": (
        ('dataset = "flowers"', 'dataset = "flower"'),
        '[training]: dataset is "flower" (did you mean "flowers"?); it must be one of "flowers", "boston", "mnist",',
    ),
    "too many examples": (
        ("epochs = 2", "epochs = 2\ntrain = 21"),
        "[training]: train and validation ask for 21 and 6 examples, and flowers has 20 and 6 held out.",
    ),
    "another task": (
        ("epochs = 2", 'epochs = 2\ntask = "regression"'),
        '[training]: task is "regression", and the target of flowers is classes: leave task out, or set target_kind in '
        "[datasets.flowers].",
    ),
    "the record written by hand": (("epochs = 2", "epochs = 2\nsource = {}"), "[training]: unknown key source"),
    "no table": (
        ("[datasets.boston]\nkeras", "[datasets]\nboston"),
        'datasets.boston is "boston_housing"; it must be a table.',
    ),
    "held out by another": (
        ('keras = "boston_housing"', 'csv = "hidden.csv"\ntarget = "kind"'),
        '[datasets.boston]: students would receive "hidden.csv", which is held out by [datasets.flowers]; put the data',
    ),
    "the folder of the assignment": (
        ('keras = "boston_housing"', 'images = "."\ntarget_kind = "input"'),
        '[datasets.boston]: students would receive "./assignment.toml", which is this file; put the data for them',
    ),
    "the solution": (
        ('keras = "boston_housing"', 'images = "photos"\ntarget_kind = "input"'),
        '[datasets.boston]: students would receive "photos/solution.ipynb", which is the solution; put the data',
    ),
    "two files of one name": (
        ('keras = "boston_housing"', 'csv = "flowers.csv"\ntarget = "kind"'),
        '[datasets.boston]: [datasets.flowers] has another file "flowers.csv"; rename one of the two.',
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_a_mistake_in_a_table_is_one_sentence(folder, case):
    (old, new), sentence = PROBLEMS[case]
    if case == "two files of one name":
        (folder / "flowers.csv").write_text("size,kind\n1,a\n2,b\n3,a\n4,b\n")
    (folder / "photos").mkdir()
    Image.new("L", (4, 4)).save(folder / "photos" / "1.png")
    (folder / "photos" / "solution.ipynb").symlink_to(folder / "solution.ipynb")
    text = TOML.replace(old, new, 1)
    assert text != TOML
    (folder / "assignment.toml").write_text(text)
    with pytest.raises(AssignmentError) as refused:
        load(str(folder))
    said = str(refused.value).removeprefix(str(folder / "assignment.toml")).removeprefix(": ")
    assert said.startswith(sentence)
    if case == "no table":
        assert len(refused.value.problems) == 1
