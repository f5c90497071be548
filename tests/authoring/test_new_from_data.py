"""`autograder new` with data of one's own: what it guesses, writes and refuses."""

import contextlib
import json
import re

import numpy as np
import pytest
from test_new import ROOT, code_of
from typer.testing import CliRunner

from autograder.assignment import load
from autograder.authoring import commands
from autograder.authoring.data_guess import CannotGuess, named_groups
from autograder.authoring.new import CannotStart, start_assignment
from autograder.cli import app
from autograder.datasets import DatasetMissing, DatasetUnusable, load_arrays, locate_dataset

SMALL = """
 dense (Dense)                  (None, 16)          80
 dense_1 (Dense)                (None, 3)           51
Total params: 131
Trainable params: 131
Non-trainable params: 0
"""


@pytest.fixture
def flowers(tmp_path, monkeypatch):
    """A table with numbers, a name for each line, a category, and the class as the last column."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "flowers.csv"
    random = np.random.RandomState(0)
    rows = (
        f"plant {row},{random.rand():.3f},{random.rand() + row % 3:.3f},{'wet' if row % 2 else 'dry'},{'abc'[row % 3]}"
        for row in range(60)
    )
    path.write_text("name,length,width,soil,kind\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_data_file_is_declared_copied_and_read_in_the_notebook(table, tmp_path, flowers):
    made = start_assignment("plants", table(SMALL), where=tmp_path, data=str(flowers))
    assert made.guessed == (
        '"kind" is taken for the target, because it is the last column; --target names another.',
        'Left out, because almost every line has another text there: "name".',
        'Taken for categories, with a column of zeros and ones for each value: "soil".',
        "flowers.csv has 60 examples in 3 classes (a, b, c).",
        "The task is taken for classification.",
    )
    assignment = load(str(made.folder))
    recipe = assignment.networks["model"].recipe
    assert recipe.source.features == ("length", "width", "soil_dry", "soil_wet")
    assert (recipe.train, recipe.validation) == (48, 12)
    assert (made.folder / "flowers.csv").read_bytes() == flowers.read_bytes()
    assert 'pd.read_csv("flowers.csv")' in code_of(assignment.solution)


def test_the_written_code_reads_the_arrays_that_networks_are_trained_with(table, tmp_path, flowers, monkeypatch):
    made = start_assignment("plants", table(SMALL), where=tmp_path, data=str(flowers))
    assignment = load(str(made.folder))
    cells = json.loads(assignment.solution.read_text())["cells"]
    (code,) = ("".join(cell["source"]) for cell in cells if "read_csv" in "".join(cell["source"]))
    monkeypatch.chdir(made.folder)
    import pandas as pd

    class Keras:
        class utils:  # noqa: N801
            to_categorical = staticmethod(lambda labels, count: np.eye(count)[labels])

    names = {"pd": pd, "np": np, "keras": Keras}
    exec(code.split("order =")[0], names)
    source = assignment.networks["model"].recipe.source
    arrays = load_arrays("flowers", locate_dataset("flowers", source).path, source)
    assert np.array_equal(names["X"], arrays["x_train"])
    assert np.array_equal(names["Y"].argmax(axis=1), arrays["y_train"])


def dense(inputs, outputs):
    """The table of 16 units and so many outputs, for so many inputs."""
    first, second = 16 * (inputs + 1), 17 * outputs
    return (
        f" dense (Dense)    (None, 16)   {first}\n dense_1 (Dense)  (None, {outputs})   {second}\n"
        f"Total params: {first + second}\nTrainable params: {first + second}\nNon-trainable params: 0\n"
    )


@pytest.mark.parametrize(
    ("target", "inputs", "task", "metric", "last"),
    [
        ("length", 6, "regression", "mae", "layers.Dense(1)"),
        ("soil", 5, "binary", "accuracy", 'layers.Dense(1, activation="sigmoid")'),
    ],
)
def test_the_task_follows_from_the_target_and_the_last_layer_from_the_task(
    table, tmp_path, flowers, target, inputs, task, metric, last
):
    made = start_assignment("plants", table(dense(inputs, 1)), where=tmp_path, data=str(flowers), target=target)
    assert made.guessed[-1] == f"The task is taken for {task}."
    assignment = load(str(made.folder))
    assert assignment.networks["model"].recipe.scored_by.name == metric
    assert f"model.add({last})" in code_of(assignment.solution)
    assert (assignment.networks["model"].recipe.prepare is not None) == (task == "regression")


EMBEDDING = """
 embedding (Embedding)    (None, 12, 8)   800
 global_average_pooling1d (GlobalAveragePooling1D)    (None, 8)   0
 dense (Dense)            (None, 1)       9
Total params: 809
Trainable params: 809
Non-trainable params: 0
"""


def test_texts_are_read_by_an_embedding(table, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    reviews = tmp_path / "reviews.csv"
    lines = (f"{row},a {'fine' if row % 2 else 'dull'} film with number {row} in it,{row % 2}" for row in range(40))
    reviews.write_text("id,review,good\n" + "\n".join(lines) + "\n")
    made = start_assignment("films", table(EMBEDDING), where=tmp_path, data=str(reviews))
    assert 'The texts in "review" are learned from, and nothing else.' in made.guessed
    assignment = load(str(made.folder))
    recipe = assignment.networks["model"].recipe
    assert (recipe.prepare.vocabulary, recipe.prepare.pad, recipe.source.source) == (100, 12, "text")
    assert "TextVectorization(max_tokens=100, output_sequence_length=12)" in code_of(assignment.solution)
    with pytest.raises(CannotStart, match="Texts are read by an Embedding as the first layer, with a length"):
        start_assignment("other", table(dense(4, 1)), where=tmp_path, data=str(reviews))


@pytest.mark.parametrize(
    ("data", "target", "message"),
    [
        ("flowers.csv", "soil", r"gives 3 values, and flowers needs 2 for classification\. .*2 classes \(dry, wet\)"),
        ("flowers.csv", "colour", 'flowers.csv has no column "colour"'),
        ("flowers.csv", "length", "gives 3 values, and flowers needs 1 for regression"),
        ("sklearn:wine", None, r"reads 4 values for an example, and wine has 13 \(alcohol,"),
        ("flowers.xlsx", None, r"is no data that a new assignment can use: name a \.csv"),
    ],
)
def test_data_that_does_not_fit_the_table_is_refused_with_what_was_guessed(
    table, tmp_path, flowers, data, target, message
):
    given = data if ":" in data else str(flowers.with_name(data))
    with pytest.raises((CannotStart, CannotGuess, DatasetUnusable), match=message):
        start_assignment("plants", table(SMALL), where=tmp_path, data=given, target=target)
    assert not (tmp_path / "assignments").exists()


NAMED = """
│ size (InputLayer)   │ (None, 2)         │          0 │ -                 │
│ dense (Dense)       │ (None, 8)         │         24 │ size[0][0]        │
│ soil (InputLayer)   │ (None, 2)         │          0 │ -                 │
│ concatenate         │ (None, 10)        │          0 │ dense[0][0],      │
│ (Concatenate)       │                   │            │ soil[0][0]        │
│ width (Dense)       │ (None, 1)         │         11 │ concatenate[0][0] │
│ kind (Dense)        │ (None, 3)         │         33 │ concatenate[0][0] │
Total params: 68
"""
GROUPS = {
    "inputs": {"size": ["length", "height"], "soil": ["soil"]},
    "outputs": {"width": ["width"], "kind": ["kind"]},
}


@pytest.fixture
def named_flowers(flowers):
    head, *lines = flowers.read_text().splitlines()
    heights = np.random.RandomState(1).rand(len(lines))
    flowers.write_text("\n".join([f"height,{head}", *(f"{x:.3f},{y}" for x, y in zip(heights, lines, strict=True))]))
    return flowers


def test_inputs_and_outputs_by_name(table, tmp_path, named_flowers):
    made = start_assignment("plants", table(NAMED), where=tmp_path, data=str(named_flowers), **GROUPS)
    assert made.guessed == (
        'Taken for categories, with a column of zeros and ones for each value: "soil".',
        "flowers.csv has 60 examples; the inputs are size (2,) and soil (2,); the outputs are width (numbers) and kind "
        "(3 classes: a, b, c).",
        "The task is taken for regression for width and classification for kind.",
    )
    assignment = load(str(made.folder))
    recipe = assignment.networks["model"].recipe
    assert (recipe.metric_output, recipe.learns, recipe.source.inputs) == (
        "width",
        "regression",
        {"size": (2,), "soil": (2,)},
    )
    code = code_of(assignment.solution)
    assert "model = keras.Model(inputs=[size, soil], outputs=[width, kind])" in code
    names = executed(code, made.folder)
    arrays = load_arrays("flowers", locate_dataset("flowers", recipe.source).path, recipe.source)
    for name in ("size", "soil"):
        assert np.array_equal(names["X"][name], arrays[f"x_train.{name}"])
    assert np.array_equal(names["Y"]["kind"].argmax(axis=1), arrays["y_train.kind"])
    assert names["X_train"]["size"].mean(axis=0) == pytest.approx(0, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("named", [False, True], ids=["classes", "values and classes by name"])
def test_what_is_started_from_a_data_file_grades_what_it_asks(table, tmp_path, named_flowers, named):
    if named:
        made = start_assignment("plants", table(NAMED), where=tmp_path, data=str(named_flowers), **GROUPS)
    else:
        made = start_assignment("plants", table(dense(5, 3)), where=tmp_path, data=str(named_flowers), target="kind")
    toml = made.folder / "assignment.toml"
    # In place of `autograder calibrate`: what guessing does not reach.
    asked = {'kind = "accuracy"': "minimum = 0.6", 'kind = "score"': "needed = 0.8"}
    text = toml.read_text()
    for kind, threshold in asked.items():
        text = text.replace(kind, f"{kind}\n{threshold}")
    toml.write_text(text)
    done = commands.validate_assignment(load(str(made.folder)), train_mutants=False)
    assert not done.problems
    assert (done.solution.score, done.untouched.score) == (9, 0)


def executed(code, folder):
    """The variables of the cell with the data."""
    import pandas as pd

    class Keras:
        class utils:  # noqa: N801
            to_categorical = staticmethod(lambda labels, count: np.eye(count)[labels])

    names = {"pd": pd, "np": np, "keras": Keras}
    start = next(one for one in ("data = pd", "file = np") if one in code)
    with contextlib.chdir(folder):
        exec(start + code.partition(start)[2].split("print(")[0], names)
    return names


@pytest.mark.parametrize(
    ("text", "groups", "message"),
    [
        (NAMED, {}, r"The network has 2 inputs \(size, soil\): say what each is, with --inputs NAME=COLUMN"),
        (NAMED, {"inputs": GROUPS["inputs"]}, r"The network has 2 outputs \(width, kind\)"),
        (NAMED.replace("soil", "site"), GROUPS, "has the inputs size, soil, and the table's are called size, site"),
        (NAMED, {**GROUPS, "inputs": {"size": ["length"], "soil": ["soil"]}}, 'input "size" reads 2 values .* has 1'),
        (NAMED, {**GROUPS, "outputs": {"width": ["kind"], "kind": ["width"]}}, "output width gives 1 .* needs 3"),
        (NAMED, {**GROUPS, "inputs": {"size": ["long", "width"], "soil": ["soil"]}}, 'has no column "long"'),
        (NAMED, {**GROUPS, "target": "kind"}, "--outputs is in the place of --target"),
        (
            NAMED.replace("│ dense (", "START\n│ dense (").replace("│ soil (", "END\n│ soil ("),
            GROUPS,
            "without branches",
        ),
    ],
)
def test_names_that_do_not_fit_are_refused_in_a_sentence(table, tmp_path, named_flowers, text, groups, message):
    with pytest.raises((CannotStart, CannotGuess, DatasetUnusable), match=message):
        start_assignment("plants", table(text), where=tmp_path, data=str(named_flowers), **groups)


@pytest.mark.parametrize("given", ["size", "size=", "=length", "size=a,,b"])
def test_an_option_without_columns_is_refused(given):
    with pytest.raises(CannotGuess, match="is not written as NAME=COLUMN,COLUMN"):
        named_groups([given], "--inputs")
    with pytest.raises(CannotGuess, match='names "size" twice'):
        named_groups(["size=a", "size=b"], "--inputs")


def test_numbers_that_an_embedding_reads_stay_what_they_are(table, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = """
│ street (InputLayer) │ (None, 1)         │          0 │ -                 │
│ embedding           │ (None, 1, 2)      │         20 │ street[0][0]      │
│ (Embedding)         │                   │            │                   │
│ flatten (Flatten)   │ (None, 2)         │          0 │ embedding[0][0]   │
│ size (InputLayer)   │ (None, 2)         │          0 │ -                 │
│ concatenate         │ (None, 4)         │          0 │ flatten[0][0],    │
│ (Concatenate)       │                   │            │ size[0][0]        │
│ dense (Dense)       │ (None, 1)         │          5 │ concatenate[0][0] │
"""
    random = np.random.RandomState(0)
    streets, sizes = random.randint(0, 10, (40, 1)), random.rand(40, 2)
    np.savez(tmp_path / "homes.npz", **{"x_train.street": streets, "x_train.size": sizes, "y_train": sizes.sum(axis=1)})
    made = start_assignment("homes", table(text), where=tmp_path, data=str(tmp_path / "homes.npz"))
    assert load(str(made.folder)).networks["model"].recipe.prepare is None
    names = executed(code_of(tmp_path / "solutions/homes/homes.ipynb"), made.folder)
    assert set(np.unique(names["X_train"]["street"])) <= set(range(10))
    assert names["X_train"]["size"].std(axis=0) == pytest.approx(1, abs=1e-5)


def test_a_network_with_a_branch_and_several_targets(table, tmp_path, named_flowers):
    text = """
│ numbers (InputLayer)│ (None, 3)         │          0 │ -                 │
│ dense (Dense)       │ (None, 3)         │         12 │ numbers[0][0]     │
│ add (Add)           │ (None, 3)         │          0 │ numbers[0][0],    │
│                     │                   │            │ dense[0][0]       │
│ dense_1 (Dense)     │ (None, 2)         │          8 │ add[0][0]         │
"""
    named_flowers.write_text("\n".join(line.rpartition(",")[0] for line in named_flowers.read_text().splitlines()))
    made = start_assignment(
        "plants", table(text), where=tmp_path, data=str(named_flowers), target="length,height", title="Two"
    )
    assert made.guessed[-1] == "The task is taken for regression."
    assert load(str(made.folder)).networks["model"].recipe.source.outputs == {"": (2,)}
    assert "add = layers.Add()([" in code_of(tmp_path / "solutions/plants/plants.ipynb")


SEQUENCES = """
 embedding (Embedding)  (None, 6, 8)   64
 lstm (LSTM)            (None, 6, 16)  1600
 dense (Dense)          (None, 6, 8)   136
"""


def test_a_class_for_each_step_and_the_input_itself_are_guessed(table, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    words = np.random.RandomState(0).randint(0, 8, (50, 6))
    np.savez(tmp_path / "turned.npz", x=words, y=words[:, ::-1])
    made = start_assignment("turned", table(SEQUENCES), where=tmp_path, data=str(tmp_path / "turned.npz"))
    assert made.guessed[-1] == "The task is taken for sequence."
    recipe = load(str(made.folder)).networks["model"].recipe
    assert (recipe.learns, recipe.source.target_kind) == ("sequence", "tokens")
    assert "deviation" not in code_of(tmp_path / "solutions/turned/turned.ipynb")
    np.savez(tmp_path / "alone.npz", x=words)
    rows = " dense (Dense)   (None, 2)   14\n dense_1 (Dense)   (None, 6)   18\n"
    summary = table(rows)
    made = start_assignment("alone", summary, where=tmp_path, data=str(tmp_path / "alone.npz"))
    assert load(str(made.folder)).networks["model"].recipe.learns == "autoencoder"
    names = executed(code_of(tmp_path / "solutions/alone/alone.ipynb"), tmp_path / "assignments/alone")
    assert names["Y_val"] is names["X_val"]
    rows = (",".join(f"{number:.3f}" for number in row) for row in np.random.RandomState(0).rand(40, 6))
    (tmp_path / "rows.csv").write_text("a,b,c,d,e,f\n" + "\n".join(rows))
    made = start_assignment("rows", summary, where=tmp_path, data=str(tmp_path / "rows.csv"))
    assert load(str(made.folder)).networks["model"].recipe.source.features == tuple("abcdef")
    with pytest.raises(CannotStart, match=r"reads 6 values for an example, and rows has 5|gives 6 values"):
        start_assignment("other", summary, where=tmp_path, data=str(tmp_path / "rows.csv"), target="f")


def test_data_of_a_package_needs_no_file(table, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = start_assignment("plants", table(SMALL), where=tmp_path, data="sklearn:iris")
    assert load(str(made.folder)).networks["model"].recipe.classes == ("setosa", "versicolor", "virginica")


def test_sequences_of_keras_are_as_long_as_the_embedding_reads(table, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "none"))
    with pytest.raises(DatasetMissing, match="imdb"):
        start_assignment("films", table(EMBEDDING), where=tmp_path, data="keras:imdb")
    texts = np.empty(20, dtype=object)
    texts[:] = [[1, *range(4, 6 + row)] for row in range(20)]
    labels = np.arange(20) % 2
    np.savez(tmp_path / "imdb.npz", x_train=texts, y_train=labels, x_test=texts, y_test=labels)
    made = start_assignment("films", table(EMBEDDING), where=tmp_path, data="keras:imdb")
    assert load(str(made.folder)).networks["model"].recipe.source.inputs == {"": (12,)}
    code = code_of(tmp_path / "solutions/films/films.ipynb")
    assert "keras.datasets.imdb.load_data(num_words=100)" in code
    assert "keras.utils.pad_sequences(X, maxlen=12)" in code
    assert "deviation" not in code


def test_the_tutorial_with_data_of_ones_own(tmp_path, monkeypatch):
    from sklearn.datasets import load_iris

    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8").partition("## With your own data")[2]
    rows, summary = re.findall(r"^```text\n(.*?)^```", text, re.M | re.S)
    header, *shown = rows.splitlines()
    iris = load_iris()
    lines = [f"{','.join(map(str, x))},{iris.target_names[y]}" for x, y in zip(iris.data, iris.target, strict=True)]
    assert set(shown) <= set(lines)
    (tmp_path / "flowers.csv").write_text("\n".join([header, *lines]) + "\n")
    (tmp_path / "flowers.txt").write_text(summary)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    done = CliRunner().invoke(app, re.search(r"^\$ autograder (new .*)$", text, re.M)[1].split())
    assert re.findall(r"^guessed: .*$", done.output, re.M) == re.findall(r"^guessed: .*$", text, re.M)
    recipe = load("flowers", search=[tmp_path / "assignments"]).networks["model"].recipe
    assert (recipe.classes, recipe.train, recipe.validation) == (("setosa", "versicolor", "virginica"), 120, 30)
