"""A failure is the machine's only by what is known outside the kernel; then a person is asked."""

from __future__ import annotations

import shutil

import pytest

from autograder.checks.architecture import ArchitectureQuestion
from autograder.checks.base import NotebookCell
from autograder.checks.number import Number
from autograder.core.messages import message
from autograder.grading.execution_findings import run_notes
from autograder.grading.machine_faults import cut_short, machine_faults, pending_for, remedy
from autograder.records.evidence import CellRun, Evidence, Failure
from autograder.records.execution_messages import note_message
from autograder.records.result import Finding, Verdict

MISSING = "from tensorflow_addons import nn\nx = 1"


def evidence_of(*cells: CellRun, isolation: str = "bubblewrap", notes: tuple = ()) -> Evidence:
    return Evidence(key="k", cells=cells, isolation=isolation, versions={}, notes=notes)


def failed(line: int = 1, name: str = "Error", text: str = "") -> CellRun:
    return CellRun(index=0, status="error", failure=Failure(name=name, message=text, line=line))


def fault_of(source: str, cell: CellRun | None = None, *others: str) -> str:
    found = machine_faults(evidence_of(cell or failed()), [source, *others])
    return found[0].code if found else ""


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (MISSING, "machine.package"),
        ("import numpy as np, tensorflow_addons as t", "machine.package"),
        ("import nunpy", ""),
        ("import numpy", ""),
        ("tf.config.experimental.set_memory_growth(gpus[0], True)", "machine.gpu"),
        ("urllib.request.urlretrieve(url, 'x.csv')", "machine.network"),
        ("data = pd.read_csv('https://example.org/x.csv')", "machine.network"),
        ("data = pd.read_csv('data/x.csv')", "machine.file"),
        ("raise ModuleNotFoundError(\"No module named 'tensorflow_addons'\")", ""),
        ("x = y", ""),
    ],
)
def test_the_text_of_the_line_and_this_machine_decide(source: str, code: str) -> None:
    assert fault_of(source) == code


COLAB = "device_name = tf.test.gpu_device_name()\nif device_name != '/device:GPU:0':\n    raise SystemError('no GPU')"
LISTED = "if not tf.config.list_physical_devices('GPU'):\n    print(1)\n    raise SystemError"
ELSE = "gpus = tf.config.list_physical_devices('GPU')\nif gpus:\n    print(gpus)\nelse:\n    raise RuntimeError('GPU')"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (COLAB, "machine.gpu"),
        (LISTED, "machine.gpu"),
        (ELSE, "machine.gpu"),
        ("assert tf.test.is_gpu_available()", "machine.gpu"),
        ("assert torch.cuda.is_available(), 'no'", "machine.gpu"),
        ("x = 1\nif x:\n    raise SystemError('GPU device not found')", ""),
        ("raise SystemError('GPU device not found')", ""),
        ("gpus = tf.config.list_physical_devices('GPU')\nassert x == 1", ""),
    ],
)
def test_a_notebook_that_stops_itself_without_a_gpu_is_stopped_by_the_machine(source: str, code: str) -> None:
    assert fault_of(source, failed(len(source.splitlines()))) == code


def test_the_words_of_an_exception_decide_nothing() -> None:
    assert fault_of("x = 1", failed(1, "ModuleNotFoundError", "No module named 'tensorflow_addons'")) == ""
    assert fault_of("x = 1", failed(1, "MemoryError", "out of memory")) == ""


@pytest.mark.parametrize(
    ("source", "line", "code"),
    [
        ("data = pd.read_csv(\n    'https://example.org/x.csv',\n)", 1, "machine.network"),
        ("data = pd.read_csv(  # the table\n    'x.csv', sep=';')", 1, "machine.file"),
        ("path = '/content/x.csv'\ndata = pd.read_csv(path)", 2, "machine.file"),
        (
            "ROOT = Path('plants')\nTRAIN = ROOT / 'train'\nnames = [one\n  for one in TRAIN.iterdir()]",
            3,
            "machine.folder",
        ),
        ("flow = g.flow_from_directory('pets/train', target_size=(8, 8))", 1, "machine.folder"),
        ("ROOT = Path('plants')\nif not ROOT.exists():\n    raise FileNotFoundError(f'{ROOT}')", 3, "machine.folder"),
        ("assert os.path.exists('x.csv'), 'no data'", 1, "machine.file"),
        ("with open(os.path.join('texts', 'x.txt')) as file:\n    text = file.read()", 1, "machine.file"),
        ("(x, y), test = keras.datasets.imdb.load_data(num_words=100)", 1, "machine.network"),
        ("(x, y), test = mnist.load_data()", 1, ""),
    ],
)
def test_the_whole_statement_counts_with_the_paths_that_its_names_stand_for(source: str, line: int, code: str) -> None:
    found = machine_faults(evidence_of(failed(line)), [source], given=frozenset({"mnist"}))
    assert [one.code for one in found.values()] == ([code] if code else [])


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("raise MemoryError('see https://example.org')", "MemoryError"),
        ("x = 1  # pd.read_csv('x.csv'), tf.device('/gpu:0')", "ValueError"),
        ("raise FileNotFoundError(open('x.csv'))", "FileNotFoundError"),
        ("data = pd.read_csv('x.csv')", "NameError"),
        ("data = pd.read_csv('x.csv'", "SyntaxError"),
        ("1 / 0; tf.device('/gpu:0')", "ZeroDivisionError"),
        ("import os\nos.remove('houses.csv')\ndata = pd.read_csv('houses.csv')", "FileNotFoundError"),
        ("data = pd.read_csv('/content/drive/MyDrive/houses.csv', usecols=['none'])", "ValueError"),
        ("model.save('net')\nload_model('net')", "ValueError"),
        ("PATH = 'net.keras'\nmodel.save(PATH)\nload_model(PATH)", "ValueError"),
        ("OUT = Path('out')\nOUT.mkdir()\nlist(OUT.iterdir())", "FileNotFoundError"),
        ("os.makedirs('pets')\nos.listdir('pets/cat')\nos.listdir('pets')", "FileNotFoundError"),
    ],
)
def test_a_failure_of_the_code_itself_is_not_the_machines_whatever_its_text(source: str, name: str) -> None:
    cell = failed(len(source.splitlines()), name, f"No module named 'tensorflow_addons' {source}")
    assert machine_faults(evidence_of(cell), [source], given=frozenset({"houses.csv"})) == {}


def test_a_file_that_the_notebook_may_have_written_under_another_name_is_its_own() -> None:
    assert fault_of("keras.models.load_model('nte.keras')", None, "model.save('net.keras')") == ""
    others = "pd.read_csv('test.csv')\nframe.to_csv('submission.csv')"
    assert fault_of("pd.read_csv('../input/train.csv')", None, others) == "machine.file"


def test_memory_is_the_machines_where_the_sandbox_ended_the_cell_for_it() -> None:
    died = CellRun(index=0, status="died")
    note_message = message("cell.memory", "…", cell=1, megabytes=2048)
    (fault,) = machine_faults(evidence_of(died, notes=(note_message,)), ["x"]).values()
    assert str(remedy(fault)).endswith("`limits = { memory_mb = 4096 }`")
    assert machine_faults(evidence_of(died), ["x"]) == {}


def test_time_is_the_machines_where_a_network_is_trained_and_no_loop_runs_on() -> None:
    late = CellRun(index=0, status="timeout", seconds=60)
    assert fault_of("model.fit(x, y)", late) == "machine.time"
    assert fault_of("while True:\n    model.fit(x, y)", late) == ""
    assert fault_of("sum(x)", late) == ""


@pytest.mark.skipif(shutil.which("dot") is not None, reason="Graphviz is installed here")
def test_graphviz_is_the_machines_where_a_line_draws_with_it() -> None:
    assert fault_of("graph.render('net')", None, "import graphviz") == "machine.graphviz"
    assert fault_of("graph.write_png('net.png')", None, "import pydot") == "machine.graphviz"
    assert fault_of("graph.render('net')", None, "import gym") == ""
    assert fault_of("graph.rendr('net')", None, "import graphviz") == ""


@pytest.mark.parametrize(
    ("source", "line", "code"),
    [
        ("model.fit(x, y)\nwhile True:\n    pass", 1, "machine.time"),
        ("model.fit(x, y)\nwhile True:\n    pass", 3, ""),
        ("while True:\n    if x:\n        model.fit(x, y)", 3, ""),
        ("while x:\n    x = y\nfor i in range(9):\n    model.evaluate(x, y)", 4, "machine.time"),
        ("model.fit(x, y)\nfor i in range(10**9):\n    z = i", 3, ""),
    ],
)
def test_the_line_that_was_running_tells_training_from_a_loop(source: str, line: int, code: str) -> None:
    late = CellRun(
        index=0, status="timeout", seconds=60, failure=Failure(name="KeyboardInterrupt", message="", line=line)
    )
    assert fault_of(source, late) == code
    (note_message,) = run_notes(evidence_of(late), [NotebookCell(index=0, kind="code", source=source)])
    assert (note_message.hint.code == "hint.endless_loop") == (code == "")


def test_a_person_is_asked_where_nothing_is_left_and_what_was_judged_stands() -> None:
    faults = machine_faults(evidence_of(failed()), [MISSING])
    judged = Verdict(id="a", title="A", status="partial", score=1, points=2)
    nothing = Verdict(id="b", title="B", status="not_reached", score=0, points=3)
    questions = [ArchitectureQuestion(id=name, title=name, points=3) for name in "ab"]
    first, second = pending_for([judged, nothing], questions, faults, frozenset())
    assert first == judged
    assert (second.status, second.score, second.pending) == ("needs_review", 0, 3)
    assert "The package tensorflow_addons is not on the grading machine." in str(second.findings[0].message)
    assert pending_for([nothing], questions, {}, frozenset()) == (nothing,)


def test_an_answer_that_no_cell_below_the_failure_gives_is_the_students_to_miss() -> None:
    sources = ["answer_before = ...", MISSING, "ok = 1", "answer = f(x)"]
    cells = [NotebookCell(index=index, kind="code", source=source) for index, source in enumerate(sources)]
    states = ("ok", "error", "ok", "error")
    runs = [CellRun(index=index, status=status) for index, status in enumerate(states)]
    runs[1] = failed().model_copy(update={"index": 1})
    evidence = evidence_of(*runs)
    faults = machine_faults(evidence, sources)
    cut = cut_short(evidence, cells, faults)
    assert {"x", "answer"} <= cut
    assert not cut & {"answer_before", "ok"}
    asked = [
        Number(kind="number", id=name, title=name, points=1, answer=name, expected=1) for name in ("answer", "other")
    ]
    verdicts = [Verdict(id=one.id, title=one.id, status="not_reached", score=0, points=1) for one in asked]
    assert [one.status for one in pending_for(verdicts, asked, faults, cut)] == ["needs_review", "not_reached"]


def test_an_answer_for_which_no_training_was_seen_needs_review_too() -> None:
    asked = [Number(kind="number", id=name, title=name, points=1, answer=name, minimum=0, run_on=200) for name in "ab"]
    untrained = Finding(message=message("number.no_such_run", "no network was trained"))
    wrong = Finding(message=message("answer.wrong", "0.5 is not right."))
    verdicts = [
        Verdict(id=one.id, title=one.id, status="wrong", score=0, points=1, findings=(said,))
        for one, said in zip(asked, (untrained, wrong), strict=True)
    ]
    faults = machine_faults(evidence_of(failed()), [MISSING])
    assert [one.status for one in pending_for(verdicts, asked, faults, frozenset())] == ["needs_review", "wrong"]
    assert pending_for(verdicts, asked, {}, frozenset()) == tuple(verdicts)


def test_the_student_reads_that_it_costs_nothing_by_itself() -> None:
    evidence = evidence_of(failed())
    (note_message,) = run_notes(evidence, (), machine_faults(evidence, [MISSING]))
    assert note_message.code == "machine.package"
    assert "costs no points by itself" in str(note_message.hint)


def test_a_cell_that_other_work_kept_from_its_end_is_the_machines() -> None:
    late = CellRun(index=0, status="timeout", seconds=60)
    busy = note_message("machine_busy", 1)
    found = machine_faults(evidence_of(late, notes=(busy,)), ["x = heavy(1)"])
    assert found[0].code == "machine.busy"
    assert machine_faults(evidence_of(late), ["x = heavy(1)"]) == {}
    assert "less busy" in str(remedy(found[0]))
