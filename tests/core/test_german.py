"""The German catalogue is complete, and whatever judging says can be said in it."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from autograder.assignment import load
from autograder.core import language
from autograder.core.language import say, say_count, speaking
from autograder.core.retelling import retold
from autograder.grading.answer_key import AnswerKey
from autograder.grading.execution_findings import run_notes
from autograder.grading.grader import Grader, grade_class
from autograder.grading.judge import conclude_unreadable
from autograder.intake import Submission
from autograder.intake.notebook import UnreadableNotebook, parse_notebook, told_again
from autograder.intake.submission import nothing_to_read
from autograder.network.canonical import UnknownNetwork, canonicalize
from autograder.records import execution_messages, training_messages
from autograder.records.evidence import Capture, CellRun, Evidence, Failure, InvalidEvidence
from autograder.records.result import Finding
from autograder.records.training import TrainingRun

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "autograder"
# The command line speaks English, with a `say` of its own.
_NOT_SAID = ("cli/",)
# Where the sentences stand that judging says; what shows results has its own, which this test takes in with "".
_JUDGING = ("checks/", "grading/", "intake/", "network/", "observe/", "records/", "train/")
_SAYING = {"say": 1, "say_count": 2, "mark": 1}
# What a student or a lecturer reads; arguments of these are said, or are no sentence.
_READ = {"Finding", "missed", "UnknownNetwork", "Misfitting", "Misfit", "NotGiven", "NotUnderstood", "Untrainable"} | {
    *("Unsuitable", "CannotRebuild", "NotPlain", "UnreadableNotebook", "UnreadableSubmission", "SubmissionTooLarge")
}


def placeholders(message: str) -> set[tuple[str, str]]:
    """Each with its format: a number of another precision would be another statement."""
    return {(name, form or "") for _, name, form, _ in string.Formatter().parse(message) if name is not None}


def extracted() -> set[str | tuple[str, str]]:
    found = extract_from_dir(
        str(PACKAGE), method_map=[("**.py", "python")], keywords={"say": None, "say_count": (1, 2), "mark": None}
    )
    return {message for file, _, message, _, _ in found if file.startswith(_JUDGING)}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module that can say something."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        text = path.read_text(encoding="utf-8")
        if "autograder.core.language" in text and not name.startswith(_NOT_SAID):
            yield name, ast.parse(text)


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def test_every_message_has_a_german_one_with_the_same_placeholders():
    with (PACKAGE / "core" / "languages" / "de.po").open("rb") as file:
        german = read_po(file, locale="de", abort_invalid=True)
    messages = extracted()
    assert len(messages) > 600
    for message in messages:
        entry = german.get(message if isinstance(message, str) else message[0])
        assert entry is not None, message
        told = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        assert all(told), message
        if isinstance(message, str):
            assert placeholders(message) == placeholders(told[0]), message
        else:
            # One may be said in a word, as in "one epoch".
            assert [placeholders(one) for one in message] == [placeholders(one) for one in told], message
        assert all(one.count("„") == one.count("“") and "”" not in one for one in told), message


def test_what_is_said_stands_in_the_code_word_for_word():
    """Neither an f-string nor a sum is found by those who translate, and no call inside an f-string is."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                inside = [one for one in ast.walk(node) if isinstance(one, ast.Call) and name_of(one.func) in _SAYING]
                assert not inside, f"{name}:{node.lineno}"
            if not isinstance(node, ast.Call) or name_of(node.func) not in _SAYING:
                continue
            called = name_of(node.func)
            for argument in node.args[: _SAYING[called]]:
                if called != "say":
                    assert isinstance(argument, ast.Constant), f"{name}:{node.lineno}"
                parts = list(ast.walk(argument))
                assert not any(isinstance(one, ast.JoinedStr | ast.BinOp) for one in parts), f"{name}:{node.lineno}"
                # In a table's key or a call, a text would be taken for a message.
                if not isinstance(argument, ast.Constant):
                    texts = [one for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                    assert not texts, f"{name}:{node.lineno}"


def test_no_finding_and_no_reason_is_made_of_bare_english():
    for name, tree in modules():
        if not name.startswith(_JUDGING):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func) in _READ:
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
                assert not [text for value in values for text in bare(value)], f"{name}:{node.lineno}"


def bare(node: ast.AST) -> Iterator[str]:
    """The texts with words in an expression that nothing says."""
    if isinstance(node, ast.Call) and name_of(node.func) in _SAYING:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(map(str.isalpha, node.value)):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from bare(child)


def test_sentences_that_are_kept_in_english_are_told_in_german():
    run = TrainingRun(key="k", outcome="limit")

    def told(problem: str) -> str:
        return training_messages.told_problem(run.model_copy(update={"problem": problem}))

    too_large = training_messages.TOO_LARGE.format(megabytes=4096)
    other_images = training_messages.OTHER_IMAGES.format(shape=(3, 3), possible="(28, 28, 1) or (28, 28) or (784,)")
    refused = training_messages.REFUSED.format(cause="ValueError: The layers do not fit")
    note = execution_messages.UNREADABLE.format(
        cell=3, problem="the kernel described itself in 5,000,000 bytes; the limit is 4 MiB"
    )
    opaque = execution_messages.NOT_DESCRIBED.format(
        reason=execution_messages.HOLDS_OBJECT.format(kind="numpy.ndarray")
    )
    for before in (too_large, other_images, refused):
        assert told(before) == before
    assert execution_messages.told_note(note) == note
    with speaking("de"):
        assert told(too_large) == ("Das Training brauchte mehr als die 4\u202f096 MB Speicher, die es belegen darf.")
        assert told(other_images).endswith("Ein Bild hat die Form (28, 28, 1) oder (28, 28) oder (784,).")
        # What Keras says stays as Keras says it.
        assert told(refused) == "Keras kann dieses Netz nicht trainieren: ValueError: The layers do not fit"
        assert "5\u202f000\u202f000 Bytes; die Grenze" in execution_messages.told_note(note)
        assert execution_messages.told_opaque(opaque) == (
            "Es kann nicht beschrieben werden: darin steckt ein Objekt vom Typ numpy.ndarray."
        )
        assert told("Something of an earlier version.") == "Something of an earlier version."
        assert execution_messages.told_failure("TooMuchOutput", execution_messages.FAR_TOO_MUCH_OUTPUT).startswith(
            "Diese Zelle"
        )
        assert (
            execution_messages.told_failure("ValueError", execution_messages.FAR_TOO_MUCH_OUTPUT)
            == execution_messages.FAR_TOO_MUCH_OUTPUT
        )


@pytest.mark.parametrize(
    "message",
    [
        *(training_messages.__dict__["_ALL"]),
        *(execution_messages.__dict__["_NOTES"]),
        *(execution_messages.__dict__["_OPAQUE"]),
    ],
)
def test_every_kept_sentence_is_recognized(message):
    numbers = {name: 12_345.0 if form else f"{name} x" for name, form in placeholders(message)}
    english = message.format(**numbers)
    with speaking("de"):
        assert retold(english, [message]) != english


def test_a_hostile_text_is_taken_apart_in_no_time():
    with speaking("de"):
        text = "The layer " + '"' * 3900
        assert training_messages.told_problem(TrainingRun(key="k", outcome="failed", problem=text)) == text


@pytest.mark.parametrize("raw", ["x" * (5 * 2**20), "[" * 70 + "]" * 70, "{", '{"networks": 3}'])
def test_what_a_capture_is_refused_for_is_among_the_kept_sentences(raw):
    with pytest.raises(InvalidEvidence) as caught:
        Capture.parse(raw)
    with speaking("de"):
        note = execution_messages.UNREADABLE.format(cell=1, problem=caught.value)
        assert str(caught.value) not in execution_messages.told_note(note)


def test_what_a_notebook_is_refused_for_is_said_in_german():
    for content in (b"", b"%PDF-1.7", b"{", b"{}", b"[]", b'{"nbformat": 9}', b"\xff\xfa", b"PK\x03\x04"):
        reasons = []
        for code in ("en", "de", "en"):
            with speaking(code), pytest.raises(UnreadableNotebook) as caught:
                parse_notebook(content)
            reasons.append(str(caught.value))
        with speaking("de"):
            assert told_again(reasons[0]) == reasons[1], "so it is told when a class is told again"
        assert reasons[0] == reasons[2] != reasons[1]
    assert reasons[1] == "Die Datei ist ein Zip-Archiv, kein Jupyter-Notebook. Gib die .ipynb-Datei selbst ab."


def test_the_notes_on_cells_are_said_in_german():
    cells = (
        CellRun(index=0, status="error", failure=Failure(name="NameError", message="name 'x' is not defined", line=3)),
        CellRun(index=1, status="timeout", seconds=60.0),
        CellRun(index=2, status="died"),
        CellRun(index=3, status="not_run"),
        CellRun(index=4, status="not_run"),
    )
    evidence = Evidence(key="k", cells=cells, isolation="none", versions={})
    english = run_notes(evidence)
    with speaking("de"):
        german = run_notes(evidence)
    assert [note.where for note in german] == ["Codezelle 1", "Codezelle 2", "Codezelle 3", ""]
    assert german[0].message == "NameError in Zeile 3: name 'x' is not defined"
    assert german[3].message == "2 spätere Codezellen wurden nicht ausgeführt."
    assert all(one.hint != other.hint or not one.hint for one, other in zip(english, german, strict=True))
    assert run_notes(evidence) == english


def test_a_network_that_cannot_be_read_says_so_in_german():
    def dense(**config: object) -> dict[str, object]:
        return {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 3} | config}

    start = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4]}}
    flat = {"module": "keras.layers", "class_name": "Conv2D", "config": {"name": "c", "filters": 2, "kernel_size": 3}}
    lost = {"module": "mine", "class_name": "Mine", "config": {"name": "m"}}
    for layers in ([dense(units=2.5)], [dense(use_bias=3)], [flat], [lost], [dense(activation="sprung")]):
        reasons = []
        for code in ("en", "de", "en"):
            with speaking(code), pytest.raises(UnknownNetwork) as caught:
                canonicalize("Sequential", {"name": "s", "layers": [start, *layers]})
            reasons.append(caught.value.reason)
        assert reasons[0] == reasons[2] != reasons[1]
        assert not any(f" {word} " in f" {reasons[1]} " for word in ("the", "is", "not", "where"))


def test_one_and_many_are_told_apart():
    with speaking("de"):
        assert say_count("{count} unit", "{count} units", 1, count=1) == "1 Einheit"
        assert say_count("{count} unit", "{count} units", 3, count=3) == "3 Einheiten"
        assert say("{some} and {last}", some="a, b", last="c") == "a, b und c"
        assert language.percentage(0.535) == "54\u202f%"
    assert language.percentage(0.535) == "54%"


class Watching:
    def started(self, student: str) -> None: ...
    def finished(self, student: str, summary: str, *, reused: bool) -> None: ...
    def failed(self, student: str, why: str) -> None:
        raise AssertionError(why)


def test_a_class_is_graded_in_german_by_threads_that_know_no_language():
    ours = AnswerKey.stored(load(str(ROOT / "assignments" / "cnn2")))
    german = replace(ours, assignment=replace(ours.assignment, language="de"))
    stored = {}
    gradebook = SimpleNamespace(
        result=lambda student: None,
        evidence=lambda key: None,
        store_evidence=lambda evidence: None,
        training_run=lambda key: None,
        store_training_run=lambda run: None,
        store_graded=lambda result, **_: stored.setdefault(result.student, result),
    )
    empty = Evidence(key="k", cells=(CellRun(index=0, status="died"),), isolation="none", versions={})
    observer = SimpleNamespace(key=lambda cells, task: "k", observe=lambda notebook, task: empty)
    trainer = SimpleNamespace(fingerprint="f", warm=lambda: None, key=lambda task: task.key, run=None)
    notebook = ours.assignment.notebook_path.read_bytes()
    submissions = [
        Submission("anna", "anna.ipynb", lambda limit: notebook),
        Submission("bert", "bert.ipynb", lambda limit: b"%PDF"),
    ]
    for answer_key in (german, ours):
        grade_class(Grader(answer_key, gradebook, observer, trainer), submissions, Watching(), workers=2)
        anna, bert = stored.pop("anna"), stored.pop("bert")
        words = {finding.message for question in anna.questions for finding in question.findings}
        assert any("Es gibt kein Netz" in one for one in words) == (answer_key is german)
        assert any("There is no network" in one for one in words) == (answer_key is ours)
        assert bert.notes[0].message.startswith(
            "Die Datei ist ein PDF" if answer_key is german else "The file is a PDF"
        )
        assert anna.notes[0].where == ("Codezelle 1" if answer_key is german else "code cell 1")


def test_what_has_no_notebook_is_said_in_the_language_of_the_assignment():
    ours = AnswerKey.stored(load(str(ROOT / "assignments" / "cnn2")))
    german = replace(ours, assignment=replace(ours.assignment, language="de"))
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(conclude_unreadable, german, "anna", "anna.ipynb", Finding(message="Warum.")).result()
    assert told.questions[0].findings[0].message == "Es gab kein Notebook, das sich ansehen ließe."
    assert (
        conclude_unreadable(ours, "a", "a", Finding(message="Why."))
        .questions[0]
        .findings[0]
        .message.startswith("There was no")
    )
    with speaking("de"), pytest.raises(Exception, match="kein Notebook, das sich lesen ließe"):
        nothing_to_read(1)
