"""The German catalogue is complete, and what was judged anywhere is read in German."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from autograder.assignment import load
from autograder.authoring.translations import KEYWORDS
from autograder.core.language import gettext, ngettext, use_language
from autograder.core.messages import Message
from autograder.grading.answer_key import AnswerKey
from autograder.grading.execution_findings import run_notes
from autograder.grading.grader import Grader, grade_class
from autograder.intake import Submission
from autograder.intake.notebook import UnreadableNotebook, parse_notebook
from autograder.intake.submission import UnreadableSubmission, nothing_to_read
from autograder.network.canonical import UnknownNetwork, canonicalize
from autograder.records.evidence import CellRun, Evidence, Failure
from autograder.records.result import Finding, Result

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "autograder"
# Where the sentences stand that judging says; the report's test takes in what shows results.
_JUDGING = ("checks/", "grading/", "intake/", "network/", "observe/", "records/", "train/")


def placeholders(message: str) -> set[tuple[str, str]]:
    """Each with its format: a number of another precision would be another statement."""
    return {(name, form or "") for _, name, form, _ in string.Formatter().parse(message) if name is not None}


def extracted() -> set[str | tuple[str, str]]:
    found = extract_from_dir(str(PACKAGE), method_map=[("**.py", "python")], keywords=KEYWORDS)
    return {message for file, _, message, _, _ in found if file.startswith(_JUDGING)}


def test_every_message_has_a_german_one_with_the_same_placeholders():
    with (PACKAGE / "core" / "languages" / "de.po").open("rb") as file:
        german = read_po(file, locale="de", abort_invalid=True)
    messages = extracted()
    assert len(messages) > 600
    for message in messages:
        entry = german.get(message if isinstance(message, str) else message[0])
        assert entry is not None, message
        translations = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        assert all(translations), message
        if isinstance(message, str):
            assert placeholders(message) == placeholders(translations[0]), message
        else:
            # One may be said in a word, as in "one epoch".
            assert [placeholders(one) for one in message] == [placeholders(one) for one in translations], message
        assert all(one.count("„") == one.count("“") and "”" not in one for one in translations), message


def bilingual(*messages: Message | str) -> list[tuple[str, str]]:
    """What these say in English and in German."""
    english = [str(message) for message in messages]
    with use_language("de"):
        return list(zip(english, [str(message) for message in messages], strict=True))


def test_what_a_notebook_is_refused_for_is_said_in_german():
    for content in (b"", b"%PDF-1.7", b"{", b"{}", b"[]", b'{"nbformat": 9}', b"\xff\xfa", b"PK\x03\x04"):
        with pytest.raises(UnreadableNotebook) as caught:
            parse_notebook(content)
        ((english, german),) = bilingual(caught.value.reason)
        assert english != german
    assert german == "Die Datei ist ein Zip-Archiv, kein Jupyter-Notebook. Gib die .ipynb-Datei selbst ab."
    with pytest.raises(UnreadableSubmission) as caught:
        nothing_to_read(1)
    assert "kein Notebook, das sich lesen ließe" in bilingual(caught.value.reason)[0][1]


def test_the_notes_on_cells_are_said_in_german():
    cells = (
        CellRun(index=0, status="error", failure=Failure(name="NameError", message="name 'x' is not defined", line=3)),
        CellRun(index=1, status="timeout", seconds=60.0),
        CellRun(index=2, status="died"),
        CellRun(index=3, status="not_run"),
        CellRun(index=4, status="not_run"),
    )
    notes = run_notes(Evidence(key="k", cells=cells, isolation="none", versions={}))
    assert [german for _, german in bilingual(*(note.where for note in notes))] == [
        "Codezelle 1",
        "Codezelle 2",
        "Codezelle 3",
        "",
    ]
    messages = [german for _, german in bilingual(*(note.message for note in notes))]
    assert messages[0] == "NameError in Zeile 3: name 'x' is not defined"
    assert messages[3] == "2 spätere Codezellen wurden nicht ausgeführt."
    assert all(english != german or not english for english, german in bilingual(*(note.hint for note in notes)))


def test_a_network_that_cannot_be_read_says_so_in_german():
    def dense(**config: object) -> dict[str, object]:
        return {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 3} | config}

    start = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4]}}
    flat = {"module": "keras.layers", "class_name": "Conv2D", "config": {"name": "c", "filters": 2, "kernel_size": 3}}
    lost = {"module": "mine", "class_name": "Mine", "config": {"name": "m"}}
    for layers in ([dense(units=2.5)], [dense(use_bias=3)], [flat], [lost], [dense(activation="sprung")]):
        with pytest.raises(UnknownNetwork) as caught:
            canonicalize("Sequential", {"name": "s", "layers": [start, *layers]})
        ((english, german),) = bilingual(caught.value.reason)
        assert english != german
        assert not any(f" {word} " in f" {german} " for word in ("the", "is", "not", "where"))


def test_one_and_many_are_told_apart():
    with use_language("de"):
        assert ngettext("{count} unit", "{count} units", 1, count=1) == "1 Einheit"
        assert ngettext("{count} unit", "{count} units", 3, count=3) == "3 Einheiten"
        assert gettext("{some} and {last}", some="a, b", last="c") == "a, b und c"


class Watching:
    def started(self, student: str) -> None: ...
    def finished(self, student: str, summary: str, *, reused: bool) -> None: ...
    def failed(self, student: str, why: str) -> None:
        raise AssertionError(why)


def test_a_class_is_judged_alike_whatever_its_language_and_read_in_any():
    ours = AnswerKey.stored(load(str(ROOT / "assignments" / "cnn2")))
    german = replace(ours, assignment=replace(ours.assignment, language="de"))
    stored: dict[str, Result] = {}
    gradebook = SimpleNamespace(
        overrides=SimpleNamespace(of=lambda student: {}),
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
    graded = []
    for answer_key in (german, ours):
        grade_class(Grader(answer_key, gradebook, observer, trainer), submissions, Watching(), workers=2)
        graded.append(
            {student: result.model_copy(update={"seconds": 0.0, "versions": {}}) for student, result in stored.items()}
        )
        stored.clear()
    assert graded[0] == graded[1]
    anna, bert = (Result.model_validate_json(graded[0][student].model_dump_json()) for student in ("anna", "bert"))
    words = bilingual(*(finding.message for question in anna.questions for finding in question.findings))
    assert any("There is no network" in english and "Es gibt kein Netz" in german for english, german in words)
    ((english, german_words),) = bilingual(bert.notes[0].message)
    assert english.startswith("The file is a PDF")
    assert german_words.startswith("Die Datei ist ein PDF")
    assert bilingual(anna.notes[0].where) == [("code cell 1", "Codezelle 1")]
    assert bilingual(bert.questions[0].findings[0].message)[0][1] == (
        "Das Abgegebene ließ sich hier nicht öffnen; ein Mensch sieht es sich an."
    )


def test_plain_text_is_shown_as_it_is():
    finding = Finding(message="An author's own words.", hint="{braces}")
    assert bilingual(finding.message, finding.hint) == [("An author's own words.",) * 2, ("{braces}",) * 2]
