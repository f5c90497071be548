"""`assignment.toml`: what a right one gives, and the sentence that each mistake gets."""

import re
import shutil
from pathlib import Path

import pytest

from autograder.assignment import AssignmentError, load
from autograder.checks.registry import known_kinds
from autograder.network.architecture import Architecture, Operation

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path):
    """A copy of cnn2 and its solution, to be spoiled: `copy(old, new)` edits the file and gives its folder."""
    for part in ("assignments", "solutions"):
        shutil.copytree(ROOT / part / "cnn2", tmp_path / part / "cnn2")
    folder = tmp_path / "assignments" / "cnn2"

    def edit(old="", new=""):
        file = folder / "assignment.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return edit


def problems(folder):
    with pytest.raises(AssignmentError) as caught:
        load(str(folder))
    assert str(caught.value) == "\n".join(caught.value.problems)
    for problem in caught.value.problems:
        assert "pydantic" not in problem
        assert "validation error" not in problem
    return [problem.removeprefix(f"{folder / 'assignment.toml'}: ") for problem in caught.value.problems]


def test_cnn2_is_complete():
    assignment = load("cnn2", search=[ROOT / "assignments"])
    assert (assignment.name, assignment.points, assignment.language) == ("cnn2", 10, "en")
    assert [question.id for question in assignment.questions] == [
        "missing_layers",
        "parameters",
        "accuracy",
        "performance",
    ]
    assert assignment.notebook_path.name == "cnn2.ipynb"
    assert assignment.solution_path == ROOT / "solutions" / "cnn2" / "cnn2.ipynb"
    assert assignment.folder == ROOT / "assignments" / "cnn2"
    assert len(assignment.tables()["model"].marked) == 4
    assert assignment.networks["model"].recipe.train == 1600


def test_what_observe_is_asked_for_follows_from_the_file():
    task = load("cnn2", search=[ROOT / "assignments"]).observe_task()
    assert tuple(task.datasets) == ("mnist",)
    assert (task.training, task.limits.cell_seconds) == ("short", 45)


def test_an_assignment_is_found_by_name_folder_and_file(copy, tmp_path):
    folder = copy()
    found = [load("cnn2", search=[tmp_path / "assignments"]), load(str(folder)), load(str(folder / "assignment.toml"))]
    assert {assignment.file for assignment in found} == {folder / "assignment.toml"}


def test_a_name_is_looked_up_here_first_and_then_beside_the_package(copy, tmp_path, monkeypatch):
    folder = copy()
    monkeypatch.chdir(folder)
    assert load("cnn2").folder == ROOT / "assignments" / "cnn2"
    monkeypatch.chdir(tmp_path)
    assert load("cnn2").folder == folder


def test_a_name_means_the_assignment_even_where_a_folder_of_submissions_has_it_too(copy, tmp_path, monkeypatch):
    copy()
    (tmp_path / "cnn2").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load("cnn2").folder == tmp_path / "assignments" / "cnn2"


def test_an_unknown_name_gets_the_one_that_was_meant(copy, tmp_path):
    copy()
    with pytest.raises(AssignmentError, match=r'There is no assignment "cnn".*did you mean "cnn2"'):
        load("cnn", search=[tmp_path / "assignments"])


@pytest.mark.parametrize(("name", "words"), [("", "holds no assignment.toml"), ("note.txt", "is not an assignment")])
def test_a_path_that_is_no_assignment_is_told_so(tmp_path, name, words):
    (tmp_path / "note.txt").write_text("hello")
    with pytest.raises(AssignmentError, match=words):
        load(str(tmp_path / name), search=[])


MISTAKES = {
    "unknown key": (
        "title =",
        "tilte =",
        ["title is missing; add it: a text in quotes.", 'unknown key tilte; did you mean "title"?'],
    ),
    "unknown key of a question": (
        "points = 1\nnetwork",
        "pionts = 1\nnetwork",
        [
            "question 2 (parameters): points is missing; add it: a number.",
            'question 2 (parameters): unknown key pionts; did you mean "points"?',
        ],
    ),
    "question without points": (
        "points = 1\nnetwork",
        "network",
        ["question 2 (parameters): points is missing; add it: a number."],
    ),
    "number in quotes": (
        "points = 5",
        'points = "5"',
        ['question 1 (missing_layers): points is "5"; it must be a number.'],
    ),
    "no points": ("points = 5", "points = 0", ["question 1 (missing_layers): points is 0; it must be greater than 0."]),
    "points that are no number": (
        "points = 5",
        "points = nan",
        ["question 1 (missing_layers): points is NaN; it must be at most 1000."],
    ),
    "endless points": (
        "points = 5",
        "points = inf",
        ["question 1 (missing_layers): points is Infinity; it must be at most 1000."],
    ),
    "unknown kind": (
        'kind = "accuracy"',
        'kind = "acuracy"',
        [
            'question 3 (accuracy): there is no kind "acuracy" (did you mean "accuracy"?); '
            f"the installed kinds are {', '.join(known_kinds())}."
        ],
    ),
    "no kind": (
        'kind = "accuracy"\n',
        "",
        [f"question 3 (accuracy): kind is missing; it must be one of {', '.join(known_kinds())}, as a text in quotes."],
    ),
    "same id": (
        'id = "parameters"',
        'id = "missing_layers"',
        ['question 2 (missing_layers): question 1 has the id "missing_layers" too; choose another.'],
    ),
    "id with capitals": (
        'id = "parameters"',
        'id = "Parameters"',
        [
            'question 2 (Parameters): id is "Parameters"; it must begin with a small letter and hold '
            "only small letters, digits and _."
        ],
    ),
    "depends on nothing": (
        'question = "missing_layers"',
        'question = "missing_layer"',
        [
            'question 3 (accuracy): it depends on "missing_layer", and there is no such question; '
            'did you mean "missing_layers"?'
        ],
    ),
    "depends on a later one": (
        'question = "missing_layers"',
        'question = "performance"',
        [
            'question 3 (accuracy): it depends on "performance", which comes later; questions are judged in their '
            'order, so move "performance" above it (and let the two not depend on each other).'
        ],
    ),
    "depends on itself": (
        'question = "missing_layers"',
        'question = "accuracy"',
        ["question 3 (accuracy): it depends on itself; name an earlier question, or leave depends out."],
    ),
    "share over 1": (
        "share = 0.5",
        "share = 50",
        ["question 3 (accuracy): depends.share is 50; it must be at most 1."],
    ),
    "network that is not declared": (
        'points = 3\nnetwork = "model"',
        'points = 3\nnetwork = "modle"',
        ['question 3 (accuracy): network "modle" is not declared as [networks.modle]; did you mean "model"?'],
    ),
    "missing notebook": (
        'notebook = "cnn2.ipynb"',
        'notebook = "cnn3.ipynb"',
        ['notebook is "cnn3.ipynb", and there is no such file in {folder}.'],
    ),
    "missing solution": (
        "../../solutions/cnn2/cnn2.ipynb",
        "nowhere.ipynb",
        ['solution is "nowhere.ipynb", and there is no such file in {folder}.'],
    ),
    "missing table": (
        "cnn2.summary.txt",
        "cnn2.txt",
        ['[networks.model]: table is "cnn2.txt", and there is no such file in {folder}.'],
    ),
    "table that is none": (
        "cnn2.summary.txt",
        "assignment.toml",
        [
            '[networks.model]: table "assignment.toml" cannot be read: '
            "Line 2 is not a row of a summary table: 'name = \"cnn2\"'."
        ],
    ),
    "unknown dataset": (
        'dataset = "mnist"',
        'dataset = "mnits"',
        [
            '[training]: dataset is "mnits" (did you mean "mnist"?); '
            'it must be one of "mnist", "fashion_mnist", "cifar10", or be declared as [datasets.mnits].'
        ],
    ),
    "dataset in a list": (
        'datasets = ["mnist"]',
        'datasets = ["mnist", "iris"]',
        [
            '[observe]: datasets, entry 2 is "iris"; it must be one of "mnist", "fashion_mnist", "cifar10", '
            "or be declared as [datasets.iris]."
        ],
    ),
    "a GPU for notebooks": (
        "[observe]",
        "[observe]\ngpu = true",
        [
            "[observe]: unknown key gpu; notebooks get no GPU, because no sandbox limits its memory (docs/gpu.md); "
            "give them more time in limits."
        ],
    ),
    "half an image": ("train = 1600", "train = 0.6", ["[training]: train is 0.6; it must be a whole number."]),
    "own recipe": (
        'table = "cnn2.summary.txt"',
        'table = "cnn2.summary.txt"\ntraining = { epoch = 5 }',
        ['[networks.model], training: unknown key epoch; did you mean "epochs"?'],
    ),
    "table that is a text": ("[networks.model]\ntable =", "[observed]\ntable =", None),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_a_sentence_that_says_where_and_what_to_do(copy, mistake):
    old, new, sentences = MISTAKES[mistake]
    folder = copy(old, new)
    found = problems(folder)
    if sentences is not None:
        assert found == [
            sentence.format(folder=folder) if "{folder}" in sentence else sentence for sentence in sentences
        ]


@pytest.mark.parametrize(
    ("broken", "what"), [("points = ", "Invalid value"), ("points = 5\npoints = 6", "Cannot overwrite a value")]
)
def test_broken_toml_is_shown_by_its_line(copy, broken, what):
    folder = copy("points = 5", broken)
    lines = (folder / "assignment.toml").read_text(encoding="utf-8").splitlines()
    line = 1 + max(number for number, text in enumerate(lines) if text in broken.splitlines())
    (problem,) = problems(folder)
    assert problem.startswith(f"this is not valid TOML: {what} at line {line}, column ")


def test_a_data_set_that_is_declared_twice_is_named_with_its_line(copy):
    folder = copy()
    file = folder / "assignment.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + '\n[datasets.own]\nsklearn = "iris"\n[datasets.own]\nsklearn = "wine"\n', encoding="utf-8")
    with pytest.raises(AssignmentError) as error:
        load(str(folder))
    line = text.count("\n") + 4
    assert str(error.value) == f"{file}, line {line}: [datasets.own] is there twice; give one of them another name."


def test_data_that_cannot_be_read_is_one_sentence_whatever_depends_on_it(copy):
    file = copy('dataset = "mnist"', 'dataset = "own"') / "assignment.toml"
    text = re.sub(r"(train|validation) = \d+\n", "", file.read_text(encoding="utf-8")).replace('["mnist"]', '["own"]')
    file.write_text(text + '\n[datasets.own]\ncsv = "own.csv"\ntarget = "y"\n', encoding="utf-8")
    (said,) = problems(file.parent)
    assert said.startswith('[datasets.own]: there is no file "own.csv" in ')


def test_a_metric_that_does_not_fit_the_data_is_a_sentence(copy):
    folder = copy('dataset = "mnist"', 'dataset = "own"\nmetric = "mae"')
    file = folder / "assignment.toml"
    text = (
        file.read_text(encoding="utf-8").replace("train = 1600", "train = 100").replace('s = ["mnist"]', 's = ["own"]')
    )
    text = text.replace("validation = 600", "validation = 50")
    file.write_text(text + '\n[datasets.own]\nsklearn = "iris"\n', encoding="utf-8")
    (said,) = problems(folder)
    assert said.startswith(
        '[training]: metric "mae" does not fit the task "classification"; those that do are accuracy'
    )


def test_a_question_that_trains_needs_to_be_told_how(copy):
    file = copy() / "assignment.toml"
    file.write_text(re.sub(r"\[training\]\n(.+\n)*", "", file.read_text(encoding="utf-8")), encoding="utf-8")
    assert problems(file.parent) == [
        'question 3 (accuracy): network "model" is to be trained; add a [training] table that says how.'
    ]


def test_all_mistakes_are_said_at_once(copy):
    copy("points = 5", "points = -5")
    copy('kind = "written"', 'kind = "essay"')
    assert len(problems(copy("train = 1600", "train = 0"))) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "name is missing"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b"questions = 3", "questions is 3; it must be a list in [ ]"),
        (b"questions = []", "questions is empty"),
        (b"questions = [1]", "questions, entry 1 is 1; it must be a table"),
        (b"networks = 'model'", "networks is"),
        (b"[[questions]]\nkind = 3", "question 1: kind is missing"),
        (b"name = 12:30:00", 'name is "12:30:00"; it must hold'),
        (b"[networks]\nmodel = 1", "networks.model is 1; it must be a table"),
        (b"[networks.'my model']", "not a variable name of Python"),
        (b"[training]\ncompilation = { optimizer = 3 }", "compilation.optimizer is 3; it must be a table"),
        (b"observe = { limits = { hours = 3 } }", "limits.hours"),
    ],
)
def test_a_file_of_any_shape_gets_sentences_and_no_traceback(copy, content, words):
    folder = copy()
    (folder / "assignment.toml").write_bytes(content)
    assert any(words in problem for problem in problems(folder))


def test_a_network_may_be_trained_in_its_own_way(copy):
    folder = copy('table = "cnn2.summary.txt"', 'table = "cnn2.summary.txt"\ntraining = { epochs = 7 }')
    recipe = load(str(folder)).networks["model"].recipe
    assert (recipe.epochs, recipe.train) == (7, 1600)


def test_of_several_networks_under_one_name_the_nearest_counts_unless_the_last_is_asked_for(copy):
    before = load(str(copy()))
    asked = load(str(copy('table = "cnn2.summary.txt"', 'counts = "last"')))
    assert [one.networks["model"].counts for one in (before, asked)] == ["best", "last"]
    assert before.digest != asked.digest
    network = Architecture(operations=(Operation(kind="Input", settings={"shape": (4,)}, inputs=()),), outputs=(0,))
    assert asked.expected({"model": network})["model"].counts == "last"


def test_the_digest_changes_with_what_judging_reads_and_with_nothing_else(copy):
    before = load(str(copy())).digest
    folder = copy('title = "The accuracy"', 'title = "Accuracy"')
    changed = load(str(folder)).digest
    assert changed != before
    (folder / "cnn2.ipynb").write_text("{}")
    assert load(str(folder)).digest == changed
    solution = folder.parents[1] / "solutions" / "cnn2" / "cnn2.ipynb"
    solution.write_text(solution.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert load(str(folder)).digest != changed


def test_a_network_that_the_solution_does_not_have_is_named():
    with pytest.raises(AssignmentError, match='leaves no Keras network in a variable "model"'):
        load("cnn2", search=[ROOT / "assignments"]).expected({})


def test_a_table_that_shows_another_network_than_the_solution_is_told_so():
    other = Architecture(
        operations=(Operation(kind="Input", settings={"shape": [28, 28, 1]}), Operation(kind="Flatten", inputs=(0,))),
        outputs=(1,),
    )
    with pytest.raises(AssignmentError) as caught:
        load("cnn2", search=[ROOT / "assignments"]).expected({"model": other})
    assert all("cnn2.summary.txt and the solution" in problem for problem in caught.value.problems)
