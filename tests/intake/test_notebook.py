"""Bytes that students hand in as notebooks."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.intake.notebook import UnreadableNotebook, assignment_name, code_cells, parse_notebook

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def packed(*cells: Any, metadata: Any = PYTHON, **top: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells, **top}).encode()


def code(source: Any = "x = 1", **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source, **more}


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableNotebook) as refused:
        parse_notebook(content)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_notebook_keeps_its_cells_and_metadata() -> None:
    notebook = parse_notebook(
        packed(
            {"cell_type": "markdown", "id": "intro", "metadata": {}, "source": ["# cnn2\n", "text"]},
            code(["a = 1\n", "b = 2"], id="first"),
            code("c", id="second"),
            metadata={**PYTHON, "autograder": {"assignment": "cnn2"}},
        )
    )
    nbformat.validate(notebook)
    assert code_cells(notebook) == ("a = 1\nb = 2", "c")
    assert [cell.id for cell in notebook.cells] == ["intro", "first", "second"]
    assert notebook.cells[0].source == "# cnn2\ntext"
    assert notebook.metadata.kernelspec.name == "python3"
    assert assignment_name(notebook) == "cnn2"


def test_stored_outputs_are_left_out() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "Total params: 695,970"}
    notebook = parse_notebook(packed(code(outputs=[output], execution_count=7)))
    assert (notebook.cells[0].outputs, notebook.cells[0].execution_count) == ([], None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_accepted(encoding: str) -> None:
    content = packed(code("größe = 1")).decode().encode(encoding)
    assert code_cells(parse_notebook(content)) == ("größe = 1",)


def test_missing_repeated_and_malformed_ids_are_repaired_the_same_way_each_time() -> None:
    content = packed(code(id="a"), code(id="a"), code(), code(id="not valid!"), code(id=5), code(id="cell-3"))
    first, second = parse_notebook(content), parse_notebook(content)
    nbformat.validate(first)
    assert first == second
    assert [cell.id for cell in first.cells] == ["a", "cell-2", "cell-3", "cell-4", "cell-5", "cell-6"]


def test_an_older_minor_format_needs_no_ids() -> None:
    nbformat.validate(parse_notebook(packed(code(), nbformat_minor=2)))


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ({"cell_type": "Code", "source": "text"}, "code"),
        ({"cell_type": ["code"], "source": "", "outputs": []}, "code"),
        ({"source": "model = build()"}, "code"),
        ({"cell_type": "sql", "input": "x", "source": None, "execution_count": 3}, "code"),
        ({"cell_type": None, "source": ["The ", None, "answer"]}, "markdown"),
        ({"source": "forty-two"}, "markdown"),
    ],
)
def test_a_cell_without_a_known_type_is_what_it_shows(cell: dict[str, Any], kind: str) -> None:
    notebook = parse_notebook(packed(cell, None))
    nbformat.validate(notebook)
    assert [one.cell_type for one in notebook.cells] == [kind]


@pytest.mark.parametrize("fields", [{"nbformat": "4"}, {"nbformat": 3}, {"nbformat": None}, {"nbformat_minor": "x"}])
def test_where_the_cells_stand_says_the_format(fields: dict[str, Any]) -> None:
    assert code_cells(parse_notebook(packed(code(), **fields))) == ("x = 1",)


def test_format_3_is_read_from_all_its_worksheets() -> None:
    sheets = [
        {
            "cells": [
                {"cell_type": "heading", "level": 2, "source": ["cnn2"]},
                {"cell_type": "code", "input": ["x = 1"]},
            ]
        },
        {"cells": [{"cell_type": "html", "source": "<b>"}, {"cell_type": "code", "language": "python", "input": "y"}]},
    ]
    content = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": sheets}).encode()
    notebook = parse_notebook(content)
    nbformat.validate(notebook)
    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [
        *(("markdown", "## cnn2"), ("code", "x = 1"), ("markdown", "<b>"), ("code", "y")),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty (0 bytes)."),
        (b" \n\0\0", "The file is empty (4 bytes)."),
        (packed(code())[:-40], "breaks off in line 1"),
        (packed(code("x" * 50))[:70], "breaks off in line 1"),
        (b'{"nbformat": 4,,}', "damaged in line 1"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\n<html>", "a web page"),
        (b"PK\x03\x04....word/document.xml", "a Word document"),
        (b"PK\x03\x04....[Content_Types].xml", "an Office document"),
        (b"PK\x03\x04....", "a zip archive"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"import keras\n", "no Jupyter notebook, though its name says so"),
        (b"[1, 2]", "no Jupyter notebook"),
        (b'{"a": 1}', "JSON, but no Jupyter notebook"),
        (b'{"nbformat": 4, "cells": {}}', "JSON, but no Jupyter notebook"),
        (b'{"nbformat": 3, "worksheets": 3}', "JSON, but no Jupyter notebook"),
        (b'{"nbformat": 2, "worksheets": []}', "has format 2; formats 3 and 4 can be read"),
        (b'{"nbformat": 5, "cells": []}', "has format 5; formats 3 and 4 can be read"),
        (b'{"nbformat": 3, "worksheets": [7]}', "worksheet of the notebook is damaged"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b'{"x": "\xe4"}', "not text in UTF-8"),
        (packed(code(), 5), "Cell 2 of the notebook is damaged: it is no cell"),
        (packed(code(7)), "Cell 1 of the notebook is damaged: its source is no text"),
        (packed(code(["a", 1])), "Cell 1 of the notebook is damaged: its source is no text"),
        (packed(*[code()] * 10_001), "has 10,001 cells; at most 10,000"),
        (
            packed(metadata={"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}),
            "is written for R, not",
        ),
        (packed(metadata={"language_info": {"name": "julia"}}), "is written for julia, not for Python"),
        (b'{"nbformat": 4, "cells": [], "x": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"nbformat": 4, "cells": [], "metadata": {"x":' + b"[" * 90 + b"]" * 90 + b"}}", "nested too deeply"),
        (b'{"nbformat": ' + b"9" * 5000 + b"}", "numbers too large"),
        (b'{"nbformat": ' + b"9" * 4000 + b"}", "has format unknown"),
        (b'{"x": [' + b"[]," * 510_000, "more parts than any notebook"),
        (b'{"x": [' + b"1," * 5_100_000, "more parts than any notebook"),
        (b" " * (50 * 2**20 + 1), "has 50 MB; at most 50 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_notebook_is_told_to_the_student_in_a_sentence(content: bytes, says: str) -> None:
    assert says in refusal(content)


def test_the_kernel_that_was_chosen_decides_over_the_language_it_last_ran_in() -> None:
    parse_notebook(packed(metadata={**PYTHON, "language_info": {"name": "R"}}))
    parse_notebook(
        packed(metadata={"kernelspec": {"name": "tf2", "display_name": "tf2"}, "language_info": {"name": "ipython"}})
    )
    parse_notebook(packed(metadata={}))


def test_malformed_metadata_outputs_and_attachments_do_not_cost_the_notebook() -> None:
    notebook = parse_notebook(
        packed(
            code(outputs=[{"output_type": 5}], metadata={"tags": "no list", "collapsed": 3, "editable": 0, "mine": 1}),
            code(metadata=[]),
            {"cell_type": "markdown", "source": "", "attachments": {"a": 5, "b": {"image/png": ["x", "y"], "z": 4}}},
            metadata={"kernelspec": 4, "language_info": {}, "title": 5, "authors": 6, "autograder": {"assignment": 5}},
        )
    )
    nbformat.validate(notebook)
    assert notebook.cells[0].metadata == {"mine": 1}
    assert assignment_name(notebook) is None


def test_lone_surrogates_are_replaced_so_that_everything_can_be_written() -> None:
    notebook = parse_notebook(packed(code("s = '\ud800'"), metadata={"\udfff": {"x": ["\ud800"]}}))
    json.dumps(notebook, ensure_ascii=False).encode()
    assert code_cells(notebook) == ("s = '\ufffd'",)


def outcome(content: bytes) -> nbformat.NotebookNode | str:
    try:
        return parse_notebook(content)
    except UnreadableNotebook as refused:
        return str(refused) if refused.reason.code else "no code"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def near(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with these fields, any of which may be missing or hold anything."""
    return st.fixed_dictionaries({}, optional={name: held | JSON for name, held in fields.items()})


KINDS = st.sampled_from(["code", "markdown", "raw", "heading", "html"])
METADATA = near(
    tags=st.lists(st.text(max_size=3)),
    autograder=near(assignment=st.text()),
    kernelspec=near(
        name=st.text(max_size=4), display_name=st.text(max_size=4), language=st.sampled_from(["python", "R"])
    ),
    language_info=near(name=st.just("python")),
    editable=st.booleans(),
    jupyter=JSON,
)
CELLS = st.lists(
    near(
        cell_type=KINDS,
        source=st.text() | st.lists(st.text(max_size=5)),
        input=st.text(),
        id=st.text("ab-", max_size=2),
        metadata=METADATA,
        outputs=JSON,
        attachments=st.dictionaries(st.text(max_size=3), near(png=st.text(max_size=3))),
        level=st.integers(),
        language=st.sampled_from(["python", "R"]),
    )
    | JSON,
    max_size=4,
)
NOTEBOOKS = near(
    nbformat=st.sampled_from([3, 4, 4, 4]),
    nbformat_minor=st.integers(0, 9),
    metadata=METADATA,
    cells=CELLS,
    worksheets=st.lists(near(cells=CELLS), max_size=2),
)


@settings(max_examples=600, deadline=None)
@given(NOTEBOOKS | JSON)
@example({"nbformat": 4, "cells": [{"cell_type": "code", "source": "", "metadata": {"tags": ["a", "a"]}}]})
@example({"nbformat": 4, "cells": [{"cell_type": "code", "source": "", "metadata": {"tags": [""]}}]})
def test_any_json_gives_a_valid_notebook_or_a_sentence(plain: Any) -> None:
    notebook = outcome(json.dumps(plain).encode())
    if isinstance(notebook, str):
        assert notebook.endswith(".")
        return
    nbformat.validate(notebook)
    json.dumps(notebook, ensure_ascii=False).encode()
    assignment_name(notebook)
    assert all(isinstance(source, str) for source in code_cells(notebook))


@settings(max_examples=400, deadline=None)
@given(
    st.binary(max_size=200)
    | st.tuples(st.binary(max_size=8), st.binary(max_size=3), st.integers(0, 200)).map(
        lambda cut: cut[0] + packed(code())[: cut[2]] + cut[1] + packed(code())[cut[2] :]
    )
)
def test_any_bytes_give_a_notebook_or_a_sentence(content: bytes) -> None:
    notebook = outcome(content)
    assert not isinstance(notebook, str) or notebook.endswith(".")
