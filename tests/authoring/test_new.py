"""`autograder new` makes, from nothing but a summary table, an assignment that grades what it asks."""

import json
from pathlib import Path

import pytest

from autograder.assignment import load
from autograder.authoring import commands
from autograder.authoring.new import BEGIN, END, CannotStart, start_assignment

ROOT = Path(__file__).parents[2]
TABLE = """
 conv2d (Conv2D)                (None, 26, 26, 8)   80
 max_pooling2d (MaxPooling2D)   (None, 13, 13, 8)   0
 flatten (Flatten)              (None, 1352)        0
 dropout (Dropout)              (None, 1352)        0
 dense (Dense)                  (None, 10)          13530
Total params: 13,610
Trainable params: 13,610
Non-trainable params: 0
"""
MARKED = TABLE.replace(" flatten", "--- START OF THE MISSING LAYERS\n flatten").replace(
    " dense (", "--- END OF THE MISSING LAYERS\n dense ("
)


def code_of(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_the_student_writes_the_whole_network_where_nothing_is_marked(table, tmp_path):
    made = start_assignment("mini", table(TABLE), where=tmp_path)
    assert "model = ..." in code_of(made.folder / "mini.ipynb")
    assert "Conv2D" not in code_of(made.folder / "mini.ipynb")
    assert load(str(made.folder)).points == 10


def test_only_the_marked_layers_are_left_to_the_student(table, tmp_path):
    made = start_assignment("mini", table(MARKED), where=tmp_path)
    given = code_of(made.folder / "mini.ipynb")
    assert "layers.Conv2D(8, 3)" in given.replace(', activation="relu"', "")
    assert "Flatten" not in given
    between = code_of(tmp_path / "solutions" / "mini" / "mini.ipynb").split(BEGIN)[1].split(END)[0]
    assert between.split() == ["model.add(layers.Flatten())", "model.add(layers.Dropout(0.5))"]


def test_a_title_with_quotes_stays_one(table, tmp_path):
    made = start_assignment("mini", table(TABLE), where=tmp_path, title='The "mini" network \\ 1')
    assert load(str(made.folder)).title == 'The "mini" network \\ 1'


def test_nothing_that_is_there_is_written_over(table, tmp_path):
    start_assignment("mini", table(TABLE), where=tmp_path)
    with pytest.raises(CannotStart, match="is there already"):
        start_assignment("mini", table(TABLE), where=tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n", "Line 1 is not a row"),
        (TABLE.replace("13530", "13531"), "no Dense makes"),
        (TABLE.replace("(None, 10)          13530", "(None, 7)           9471"), "gives 7 values"),
    ],
)
def test_a_table_that_makes_no_assignment_is_refused_with_its_reason_and_leaves_nothing(table, tmp_path, text, message):
    text = text if "Total" not in text else text.split("Total")[0]
    with pytest.raises(CannotStart, match=message):
        start_assignment("mini", table(text), where=tmp_path)
    assert not (tmp_path / "assignments").exists()


def test_images_of_another_size_are_refused(table, tmp_path):
    with pytest.raises(CannotStart, match="784 values"):
        start_assignment("mini", table(TABLE), where=tmp_path, dataset="cifar10")


@pytest.mark.slow
def test_what_is_started_grades_what_it_asks(table, tmp_path):
    made = start_assignment("mini", table(MARKED), where=tmp_path)
    toml = made.folder / "assignment.toml"
    # In place of `autograder calibrate`, which trains the solution twenty times.
    toml.write_text(toml.read_text().replace('kind = "accuracy"', 'kind = "accuracy"\nminimum = 0.5'))
    done = commands.validate_assignment(load(str(made.folder)), train_mutants=False)
    assert not done.problems
    assert (done.solution.score, done.untouched.score) == (9, 0)
