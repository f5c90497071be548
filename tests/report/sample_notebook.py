"""A notebook of the cnn2 exercise as it ran, and a picture, for the tests of the pages."""

from __future__ import annotations

import base64
import io

import nbformat
from PIL import Image, ImageDraw

from autograder.records.evidence import CellRun, Evidence, Failure
from autograder.report.pages import PageCell, page_cells


def picture(width: int = 560, height: int = 380, kind: str = "PNG") -> str:
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.line([(20, height - 30), (width // 3, 90), (width - 20, 50)], fill=(30, 80, 160), width=3)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def notebook_cells() -> list[PageCell]:
    """A short cnn2 notebook as it ran: progress bars, a picture, a table, an error."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(
                "# cnn2\n\nAdd the missing layers, so that the network has $695\\,970$ parameters."
            ),
            nbformat.v4.new_code_cell(
                "import keras\nfrom keras import layers\n\nmodel = keras.Sequential([\n    keras.Input((28, 28, 1)),\n"
                '    layers.Conv2D(32, 3, padding="same"),  # the first one\n])\nmodel.summary()'
            ),
            nbformat.v4.new_code_cell("history = model.fit(X_train, Y_train, validation_data=(X_val, Y_val))"),
            nbformat.v4.new_code_cell("pd.DataFrame(history.history).tail(2)"),
            nbformat.v4.new_markdown_cell("## How is the performance?\n\nIt reaches *about* 96 %."),
            nbformat.v4.new_code_cell("1 / 0"),
        ]
    )
    summary = 'Model: "sequential"\n' + "\n".join(
        f" conv2d_{number} (Conv2D)              (None, 28, 28, 32)              {number * 320:>8,}"
        for number in range(1, 5)
    )
    bars = (
        "".join(f"\r\x1b[1m{step}/19\x1b[0m \x1b[32m━━━━━━\x1b[0m loss: {1 / step:.4f}" for step in range(1, 20)) + "\n"
    )
    table = (
        "<div><style scoped>.dataframe th{color:red}</style><table border='1' class='dataframe'><thead><tr><th></th>"
        "<th>accuracy</th><th>loss</th></tr></thead><tbody><tr><th>4</th><td>0.951</td><td>0.143</td></tr></tbody></table></div>"
    )
    runs = (
        CellRun(
            index=0, status="ok", seconds=0.31, outputs=({"output_type": "stream", "name": "stdout", "text": summary},)
        ),
        CellRun(
            index=1,
            status="ok",
            seconds=3.4,
            outputs=(
                {"output_type": "stream", "name": "stdout", "text": "Epoch 1/1\n" + bars},
                {
                    "output_type": "display_data",
                    "data": {"image/png": picture(), "text/plain": "<Figure size 640x480>"},
                },
            ),
        ),
        CellRun(
            index=2,
            status="ok",
            outputs=({"output_type": "execute_result", "data": {"text/html": table, "text/plain": "…"}},),
        ),
        CellRun(
            index=3,
            status="error",
            failure=Failure(name="ZeroDivisionError", message="division by zero", line=1),
            outputs=(
                {
                    "output_type": "error",
                    "ename": "ZeroDivisionError",
                    "evalue": "division by zero",
                    "traceback": ["\x1b[31m----\x1b[39m", "Cell In[4], line 1\n----> 1 1 / 0"],
                },
            ),
        ),
    )
    evidence = Evidence(key="k", cells=runs, isolation="bubblewrap", versions={})
    return page_cells(notebook, evidence)
