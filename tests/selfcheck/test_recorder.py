"""The checks see what the cells of a running notebook leave, and forget what a cell left before it was run again."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.selfcheck.public import PublicPart, PublicQuestion

MODEL = """
import keras, numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax", name="last")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
x, y = np.zeros((8, 4)), np.zeros(8, int)
"""
TRAIN = "history = model.fit(x, y, epochs={epochs}, verbose=0{more})"
DRAW = """
%matplotlib inline
import matplotlib.pyplot as plt
plt.plot(history.history["loss"], label="training"); plt.plot(history.history["val_loss"], label="validation")
plt.legend(); plt.show()
"""
CHECK = """
from autograder.selfcheck import Findings, check
for question in ("trained", "drawn", "compiled", "saved", "answer", "array"):
    try:
        check(globals(), question, "tiny.checks.json")
        print(question, "passed")
    except Findings as found:
        print(question, "failed:", found)
"""


def question(identity: str, kind: str, settings: dict | None = None, **more: object) -> PublicQuestion:
    return PublicQuestion(id=identity, kind=kind, title=identity, points=1, settings=settings, **more)


def as_jupyter_runs(source: str, cell: str) -> str:
    """Jupyter tells the kernel which cell it runs; nbclient does not."""
    return f"get_ipython().run_cell({source!r}, cell_id={cell!r}, store_history=True);"


@pytest.mark.slow
def test_cells_are_seen_as_they_are_run_and_run_again(tmp_path: Path) -> None:
    part = PublicPart(
        assignment="tiny",
        title="tiny",
        language="en",
        questions=(
            question("trained", "history", {"network": "model", "epochs": 3, "validation": True}, networks=("model",)),
            question("drawn", "figure", {"network": "model"}, networks=("model",)),
            question("compiled", "compiled", {"network": "model", "metrics": ["accuracy"]}, networks=("model",)),
            question("saved", "saved_model", {"network": "model", "file": "mine.keras"}, networks=("model",)),
            question("answer", "number", variable="answer", reading={"thousands": True}),
            question("array", "array", variable="x"),
        ),
    )
    (tmp_path / "tiny.checks.json").write_text(part.model_dump_json())
    sources = {
        "watch": "import autograder.selfcheck; autograder.selfcheck.watch(); autograder.selfcheck.watch()",
        "answer": "answer = ...",
        "model": MODEL,
        "train": as_jupyter_runs(TRAIN.format(epochs=3, more=", validation_data=(x, y)"), "train"),
        "draw": as_jupyter_runs(DRAW, "draw"),
        "save": 'model.save("mine.keras")',
        "right": CHECK,
        # The same cells once more, with other text.
        "train-": as_jupyter_runs(TRAIN.format(epochs=2, more=""), "train"),
        "draw-": as_jupyter_runs("pass", "draw"),
        "answer-": 'answer = "307.300"',
        "wrong": CHECK,
    }
    cells = [nbformat.v4.new_code_cell(text, id=name) for name, text in sources.items()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    said = {cell.id: "".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells}
    assert "trained passed\ndrawn passed\ncompiled passed\nsaved passed\nanswer failed: – answer" in said["right"]
    assert "answer holds no answer yet." in said["right"]
    assert "array passed" in said["right"]
    assert "trained failed: ✗ trained: not right yet" in said["wrong"]
    assert "fit ran for 2 epochs, which is fewer than the exercise asks for." in said["wrong"]
    assert "No figure was drawn." in said["wrong"]
    assert "Your answer in answer is understood as 307300." in said["wrong"]
