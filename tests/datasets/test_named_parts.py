"""Data with several inputs or outputs by name: what is read, and the sentence for what cannot be used."""

import numpy as np
import pytest

from autograder.core.data import digest
from autograder.datasets import DatasetUnusable, Declaration, load_arrays, locate_dataset, resolve

LINES = [f"{row},{row % 3},{row / 2},{row * 1.5},{'ab'[row % 2]},good {row}" for row in range(30)]
TABLE = "rooms,floor,north,price,kind,text\n" + "\n".join(LINES) + "\n"
GROUPS = {
    "inputs": {"size": ["rooms", "floor"], "place": "north"},
    "outputs": {"price": "price", "kind": "kind"},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "shop.csv").write_text(TABLE)
    (tmp_path / "held.csv").write_text("\n".join(TABLE.splitlines()[:6]) + "\n")
    return tmp_path


def read(folder, **declared):
    source = resolve("shop", Declaration(**declared), folder)
    return source, load_arrays("shop", locate_dataset("shop", source).path, source)


def test_groups_of_columns_are_arrays_by_name(folder):
    source, arrays = read(folder, csv="shop.csv", **GROUPS)
    assert {key: array.shape for key, array in arrays.items()} == {
        "x_train.size": (30, 2),
        "x_train.place": (30, 1),
        "y_train.price": (30,),
        "y_train.kind": (30,),
    }
    assert (source.inputs, source.outputs) == ({"size": (2,), "place": (1,)}, {"price": (), "kind": ()})
    assert source.output_kinds == {"price": "values", "kind": "classes"}
    assert source.classes_of("kind") == ("a", "b")
    assert (source.kind_of(None), source.classes_of(None)) == ("values", ())


def test_held_out_examples_have_the_same_parts(folder):
    source, arrays = read(folder, csv="shop.csv", held_out="held.csv", **GROUPS)
    assert source.held_out == 5
    assert arrays["x_test.size"].shape == (5, 2)
    assert arrays["y_test.kind"].tolist() == [0, 1, 0, 1, 0]


def test_several_inputs_and_one_target(folder):
    source, arrays = read(folder, csv="shop.csv", inputs=GROUPS["inputs"], target="kind")
    assert sorted(arrays) == ["x_train.place", "x_train.size", "y_train"]
    assert (source.target_kind, source.classes, source.outputs) == ("classes", ("a", "b"), {"": ()})


def test_texts_beside_numbers(folder):
    inputs = {"words": "text", "size": ["rooms", "floor"]}
    _, arrays = read(folder, text="shop.csv", inputs=inputs, target="kind")
    assert arrays["x_train.words"][3] == "good 3"
    assert arrays["x_train.size"].dtype == np.float32


def test_a_kind_that_is_declared(folder):
    outputs = {"floor": "floor", "kind": "kind"}
    inputs = {"size": ["rooms"]}
    assert read(folder, csv="shop.csv", inputs=inputs, outputs=outputs)[0].output_kinds["floor"] == "classes"
    source, _ = read(folder, csv="shop.csv", inputs=inputs, outputs=outputs, output_kinds={"floor": "values"})
    assert source.output_kinds["floor"] == "values"


def test_arrays_of_an_npz_with_names(folder):
    arrays = {
        "x_train.left": np.ones((6, 4)),
        "x_train.right": np.ones((6, 2, 2), np.uint8),
        "y_train": np.arange(6) % 2,
    }
    np.savez(folder / "own.npz", **arrays)
    source, read_arrays = read(folder, npz="own.npz")
    assert (source.inputs, source.outputs) == ({"left": (4,), "right": (2, 2)}, {"": ()})
    assert read_arrays["x_train.left"].dtype == np.float32
    same, _ = read(folder, npz="own.npz", inputs={"left": "x_train.left", "right": "x_train.right"})
    assert same.inputs == source.inputs


def test_data_without_names_is_read_and_kept_as_before():
    declared = Declaration(csv="shop.csv", target="kind")
    assert {"inputs", "outputs", "output_kinds"}.isdisjoint(declared.model_dump())
    assert digest(declared) == digest(Declaration(csv="shop.csv", target="kind", inputs={}))


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"csv": "shop.csv", "inputs": {"a": "room"}, "target": "kind"}, 'has no column "room"'),
        ({"csv": "shop.csv", "inputs": {"a": "kind"}, "target": "kind"}, 'column "kind" is an input and an output'),
        ({"csv": "shop.csv", "inputs": {"a": "text"}, "target": "kind"}, 'line 2: column "text" is "good 0"'),
        ({"npz": "odd.npz", "inputs": {"a": "x", "b": "z"}, "target": "y"}, '"z" has 5 examples'),
        ({"npz": "odd.npz", "inputs": {"a": "w"}, "target": "y"}, 'has no array "w"'),
        ({"npz": "odd.npz", "inputs": {"a": ["x", "z"]}, "target": "y"}, "names several arrays"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(folder, declared, sentence):
    np.savez(folder / "odd.npz", x=np.ones((6, 2)), z=np.ones((5, 2)), y=np.arange(6) % 2)
    with pytest.raises(DatasetUnusable, match=sentence):
        read(folder, **declared)


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"keras": "imdb", "inputs": {"a": "x"}}, "inputs and outputs are for npz, csv, text, not for keras"),
        ({"csv": "a.csv", "inputs": {"a": "x"}, "columns": ["y"], "target": "z"}, "inputs replaces columns"),
        ({"csv": "a.csv", "outputs": {"a": "x"}, "target": "z"}, "outputs replaces target"),
        ({"csv": "a.csv", "inputs": {"a/b": "x"}, "target": "z"}, '"a/b" cannot name an input or output'),
        ({"csv": "a.csv", "outputs": {"a": "x"}, "output_kinds": {"b": "values"}}, 'names "b"'),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declared, sentence):
    with pytest.raises(ValueError, match=sentence):
        Declaration(**declared)
