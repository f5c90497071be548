"""The place of a setting in the student's own code."""

import pytest

from autograder.checks.base import NotebookCell
from autograder.checks.diagnosis.code_lines import place_of
from autograder.checks.diagnosis.suspects import suspects
from autograder.records.evidence import NetworkEvent, NetworkRecord

CELLS = (
    "%matplotlib inline\nimport keras",
    "rate = 3.0\n"
    "model = keras.Sequential([\n"
    "    keras.layers.Conv2D(8, 3, activation='relu'),\n"
    "    keras.layers.MaxPooling2D(),\n"
    "    keras.layers.Flatten(),\n"
    "    keras.layers.Dense(\n"
    "        1,\n"
    "        activation='relu',\n"
    "    ),\n"
    "    keras.layers.Dropout(0.2),\n"
    "    keras.layers.Dense(10, activation='sigmoid'),\n"
    "])",
    "%%capture\n"
    "model.compile(\n"
    "    optimizer=keras.optimizers.Adam(learning_rate=rate),\n"
    "    loss='mean_absolute_error',\n"
    ")\n"
    "model.fit(x, y,\n"
    "          epochs=1, batch_size=512)",
)
EVENTS = (
    NetworkEvent(kind="built", cell=1, line=2),
    NetworkEvent(kind="compile", cell=2, line=2),
    NetworkEvent(kind="fit", cell=2, line=6),
)


def places(tasks, student, reference, *, cells=CELLS, events=EVENTS):
    """By aspect, the cell, the line and the code there."""
    written = [NotebookCell(index=at, kind="code", source=source, metadata={}) for at, source in enumerate(cells)]
    record = NetworkRecord(number=1, events=events)
    found = {}
    for one in suspects(student, reference):
        values = place_of(one, student.architecture, record, written).values
        found[one.aspect] = (values.get("number"), values.get("line"), values.get("code"))
    return found


@pytest.fixture
def student(tasks):
    layers = tasks.changed(3, units=1)
    layers[5] = ("Dense", {"units": 10, "activation": "sigmoid"})
    return tasks(
        layers,
        loss=tasks.loss("mean_absolute_error"),
        optimizer=tasks.optimizer(learning_rate=3.0),
        epochs=1,
        batch_size=512,
    )


def test_each_setting_is_found_at_its_own_argument(tasks, student):
    found = places(tasks, student, tasks())
    assert found == {
        "last activation": (2, 11, "keras.layers.Dense(10, activation='sigmoid'),"),
        "loss": (3, 4, "loss='mean_absolute_error',"),
        "learning rate": (2, 1, "rate = 3.0"),
        "epochs": (3, 7, "epochs=1, batch_size=512)"),
        "batch size": (3, 7, "epochs=1, batch_size=512)"),
        "size of a layer": (2, 6, "keras.layers.Dense("),
    }


def test_an_optimizer_in_a_variable_of_another_cell_is_found_there(tasks, student):
    cells = (
        CELLS[0],
        "opt = keras.optimizers.Adam(\n    learning_rate=3.0)",
        "model.compile(optimizer=opt, loss='mae')",
    )
    events = (NetworkEvent(kind="compile", cell=2, line=1),)
    found = places(tasks, student, tasks(), cells=cells, events=events)
    assert found["learning rate"] == (2, 2, "learning_rate=3.0)")


def test_layers_made_in_a_loop_have_no_place_of_their_own(tasks, student):
    cells = (CELLS[0], "for units in (1, 10):\n    model.add(Dense(units))", CELLS[2])
    found = places(tasks, student, tasks(), cells=cells)
    assert found["size of a layer"] == (None, None, None)


def test_what_the_kernel_claims_about_places_is_only_believed_where_there_is_such_a_line(tasks, student):
    events = (NetworkEvent(kind="compile", cell=7, line=2), NetworkEvent(kind="fit", cell=0, line=900))
    assert set(places(tasks, student, tasks(), events=events).values()) == {(None, None, None)}
