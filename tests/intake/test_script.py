"""Python files that are notebooks in another form, and those that are not."""

from __future__ import annotations

import time
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.intake import read_submissions
from autograder.intake.notebook import UnreadableNotebook, parse_notebook
from autograder.intake.script import is_notebook_script, script_cells

PERCENT = '''# ---
# jupyter:
#   kernelspec:
#     name: python3
# ---

# %% [markdown]
# # Title
#
# Some text.

# %%
import keras

# %% named cell
# a comment
model = keras.Sequential()

# %% [markdown] autograder={"question": "performance"} tags=["a"]
"""
It is **97 %**.
"""

# %% [raw]
# raw text
'''
MARIMO = '''import marimo

__generated_with = "0.17.0"
app = marimo.App(width="medium")

with app.setup:
    import numpy as np


@app.cell
def _(model):
    # after the model
    history = model.fit()
    return (history,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 6. How is it?
    """)
    return


@app.cell
def _():
    model = np.zeros(3)

    text = """first
second"""
    return model, text


@app.function
def double(x):
    return 2 * x


if __name__ == "__main__":
    app.run()
'''
NBCONVERT = """#!/usr/bin/env python
# coding: utf-8

# # Title
#
# Text.

# In[1]:


x = 1
# a comment of the cell


# ## Next

# In[ ]:


y = 2
"""


def held(text: str) -> list[tuple[str, str]]:
    return [(cell["cell_type"], cell["source"]) for cell in script_cells(text)]


def test_percent_cells_are_read_with_their_kinds_and_metadata() -> None:
    assert held(PERCENT) == [
        ("markdown", "# Title\n\nSome text."),
        ("code", "import keras"),
        ("code", "# a comment\nmodel = keras.Sequential()"),
        ("markdown", "It is **97 %**."),
        ("raw", "raw text"),
    ]
    assert script_cells(PERCENT)[3]["metadata"] == {"autograder": {"question": "performance"}, "tags": ["a"]}


@pytest.mark.parametrize("mark", ["#%%", "# %%", "# %% Train", "#%% [markdown]\n# text\n#%%"])
def test_the_marks_of_spyder_and_vs_code_are_known(mark: str) -> None:
    assert ("code", "x = 1") in held(f"{mark}\nx = 1\n")


def test_marimo_cells_come_in_the_order_in_which_marimo_runs_them() -> None:
    assert held(MARIMO) == [
        ("code", "import numpy as np"),
        ("markdown", "## 6. How is it?"),
        ("code", 'model = np.zeros(3)\n\ntext = """first\nsecond"""'),
        ("code", "# after the model\nhistory = model.fit()"),
        ("code", "def double(x):\n    return 2 * x"),
    ]


def test_what_nbconvert_writes_is_read() -> None:
    assert held(NBCONVERT) == [
        ("markdown", "# Title\n\nText."),
        ("code", "x = 1\n# a comment of the cell"),
        ("markdown", "## Next"),
        ("code", "y = 2"),
    ]


@pytest.mark.parametrize(
    "text", ["print(1)\n", "", "x = 5 %% 2\n", "# 100 %% sure\n", "import marimo\nprint(1)\n", "import marimo\ndef ("]
)
def test_a_python_file_without_cells_is_no_notebook(text: str) -> None:
    assert not is_notebook_script(text.encode())
    with pytest.raises(UnreadableNotebook):
        parse_notebook(text.encode())


def test_a_script_is_a_submission_where_there_is_no_notebook(tmp_path: Path) -> None:
    for name, text in {
        "ann/cnn2.py": PERCENT,
        "ben/cnn2.py": "print(1)",
        "cem/cnn2.ipynb": "{}",
        "cem/cnn2.py": MARIMO,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    ann, ben, cem = read_submissions(tmp_path).submissions
    assert (ann.submission, cem.submission) == ("ann/cnn2.py", "cem/cnn2.ipynb")
    assert ben.problem.code == "submission.no_notebook_in_folder"
    nbformat.validate(parse_notebook(ann.read()))


def test_a_script_at_the_top_is_named_after_its_student(tmp_path: Path) -> None:
    (tmp_path / "ann.py").write_text(MARIMO, encoding="utf-8")
    (tmp_path / "helper.py").write_text("x = 1", encoding="utf-8")
    assert [one.student for one in read_submissions(tmp_path).submissions] == ["ann"]
    assert [one.student for one in read_submissions(tmp_path / "ann.py").submissions] == ["ann"]


@pytest.mark.parametrize(
    "text",
    [
        "# %% " + "a" * 900_000,
        "# %% " + "a = " * 200_000,
        "# %%\n" * 150_000,
        "import marimo\n" + "(" * 900_000,
        "import marimo\n" + "@app.cell\ndef _(a):\n    a = 1\n    return (a,)\n" * 18_000,
        "# In[1]:\n" + "# x\n" * 200_000,
    ],
    ids=["long", "options", "cells", "brackets", "marimo", "comments"],
)
def test_hostile_scripts_cost_little(text: str) -> None:
    start = time.process_time()
    script_cells(text)
    assert time.process_time() - start < 8


LINES = st.sampled_from(
    [
        *(
            "# %%",
            "#%% [markdown]",
            "# In[1]:",
            "import marimo",
            "@app.cell",
            "def _():",
            "    return (x,)",
            "    x = 1",
        ),
        *('"""', "# ---", "# text", "", "    mo.md('a')", "with app.setup:", "# %% {", '# %% a={"b": 1} c="'),
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(LINES | st.text(max_size=20), max_size=12))
def test_any_text_gives_cells_that_can_be_written(lines: list[str]) -> None:
    try:
        notebook = parse_notebook("\n".join(lines).encode("utf-8", "replace"))
    except UnreadableNotebook:
        return
    nbformat.validate(notebook)
