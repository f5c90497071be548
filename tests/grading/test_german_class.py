"""A German assignment from the file to the page, and another language asked for on the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.assignment import AssignmentError, load
from autograder.authoring import translations
from autograder.core import language
from autograder.core.messages import Message, message
from autograder.grading.answer_key import AnswerKey
from autograder.lms.bundle import _words
from autograder.lms.packaged import _bring_catalogues
from autograder.network.describe import in_words
from autograder.records.result import Finding, Result, Verdict
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.labels import day, points
from autograder.report.report_folder import write_report
from autograder.report.review.serve import reviewing

ROOT = Path(__file__).parents[2]
FRENCH = """msgid ""
msgstr ""
"Language: fr\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "Question by question"
msgstr "Question par question"
"""


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a catalogue of a course's own, which is found."""
    folder = tmp_path / "languages"
    folder.mkdir()
    (folder / "fr.po").write_text(FRENCH, encoding="utf-8")
    monkeypatch.setenv(language.FOLDER_VARIABLE, str(folder))
    language._translations.cache_clear()
    yield folder
    language._translations.cache_clear()


def german_cnn2(folder: Path) -> Path:
    """A copy of cnn2 that says everything in German."""
    shutil.copytree(ROOT / "assignments" / "cnn2", folder / "assignments" / "cnn2")
    shutil.copytree(ROOT / "solutions" / "cnn2", folder / "solutions" / "cnn2")
    file = folder / "assignments" / "cnn2" / "assignment.toml"
    words = file.read_text(encoding="utf-8")
    lines = [line for line in words.splitlines() if not line.startswith("language")]
    file.write_text("\n".join(['language = "de"', *lines]), encoding="utf-8")
    return file.parent


def test_a_language_without_a_catalogue_names_those_that_there_are(tmp_path: Path) -> None:
    folder = german_cnn2(tmp_path)
    assert load(str(folder)).language == "de"
    file = folder / "assignment.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"de"', '"xx"', 1), encoding="utf-8")
    with pytest.raises(
        AssignmentError, match=r'no catalogue for the language "xx"; the languages are "en", "de"'
    ) as caught:
        load(str(folder))
    assert "docs/languages.md" in str(caught.value)
    with pytest.raises(AssignmentError, match=r"docs/languages\.md"):
        load("cnn2").in_language("fr")


def test_a_course_brings_its_own_language_also_into_the_zip(
    french: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load("cnn2").in_language("fr").language == "fr"
    (path,) = _words("fr")
    assert (path, _words("en")) == ("languages/fr.po", {})
    place = tmp_path / "unpacked" / path
    place.parent.mkdir(parents=True)
    place.write_bytes(_words("fr")[path])
    monkeypatch.delenv(language.FOLDER_VARIABLE)
    assert "fr" not in language.available()
    monkeypatch.setenv(language.FOLDER_VARIABLE, "")  # so that it is put back after the test
    _bring_catalogues(tmp_path / "unpacked")
    assert "fr" in language.available()


def test_neither_the_language_nor_its_words_are_part_of_what_is_judged(french: Path) -> None:
    english, french = load("cnn2"), load("cnn2").in_language("fr")
    assert french.digest == english.digest
    assert AnswerKey.stored(french).key == AnswerKey.stored(english).key


FLATTEN = message("layer.missing", "{thing!c} is missing.", thing=in_words("Flatten"))


def a_result(said: Message) -> Result:
    found = (Finding(message=said),)
    verdict = Verdict(id="missing_layers", title="Layers", status="partial", score=3.75, points=5, findings=found)
    waiting = Verdict(id="performance", title="In words", status="needs_review", score=0, points=1)
    return Result(
        student="Ada",
        submission="Ada.ipynb",
        status="graded",
        score=3.75,
        points=10,
        pending=1,
        questions=(verdict, waiting),
        isolation="bubblewrap",
        device="cpu",
        versions={},
        keys={},
        seconds=1,
    )


NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def test_another_language_draws_the_same_results_anew_and_nothing_else_does(tmp_path: Path) -> None:
    page = tmp_path / "students" / "ada.html"

    def written(language: str) -> tuple[str, bool]:
        """The page as it stands after the report was written in this language, and whether it was written again."""
        before = page.stat().st_ino if page.exists() else 0
        write_report(tmp_path, load("cnn2").in_language(language), gradebook, changed=())
        return page.read_text(encoding="utf-8"), page.stat().st_ino != before

    with Gradebook(tmp_path / GRADEBOOK_FILE) as gradebook:
        gradebook.store_submission("Ada", "ada", "Ada.ipynb", NOTEBOOK)
        gradebook.store_result(a_result(FLATTEN), result_key="r", slug="ada")
        english, _ = written("en")
        assert "Question by question" in english
        german, again = written("de")
        assert again
        assert "Frage für Frage" in german
        assert written("de") == (german, False)
        lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()]
        (found,) = lines[0]["questions"][0]["findings"]
        assert (found["message"], found["code"]) == (german_words(FLATTEN), "layer.missing")
        assert german_words(FLATTEN) in (tmp_path / "answers.csv").read_text(encoding="utf-8")
        page.write_text(english.replace("Question by question", "left as it was"), encoding="utf-8")
        assert "left as it was" in written("en")[0]


def german_words(said: Message) -> str:
    with language.use_language("de"):
        return str(said)


def test_a_changed_catalogue_draws_pages_anew(french: Path, tmp_path: Path) -> None:
    script = "import sys; from test_german_class import drawn_in_french; drawn_in_french(sys.argv[1])"

    def drawn() -> str:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)])}
        subprocess.run([sys.executable, "-c", script, tmp_path], cwd=ROOT, env=environment, check=True, timeout=120)
        return (tmp_path / "students" / "ada.html").read_text(encoding="utf-8")

    assert "Question par question" in drawn()
    (french / "fr.po").write_text(FRENCH.replace("par question", "après question"), encoding="utf-8")
    assert "Question après question" in drawn()


def drawn_in_french(folder: str) -> None:
    with Gradebook(Path(folder) / GRADEBOOK_FILE) as gradebook:
        gradebook.store_submission("Ada", "ada", "Ada.ipynb", NOTEBOOK)
        gradebook.store_result(a_result(FLATTEN), result_key="r", slug="ada")
        write_report(Path(folder), load("cnn2").in_language("fr"), gradebook, changed=())


def fetched(address: str, data: dict[str, str] | None = None) -> str:
    body = urllib.parse.urlencode(data).encode() if data else None
    try:
        with urllib.request.urlopen(address, body, timeout=20) as answer:
            return str(answer.read().decode("utf-8"))
    except urllib.error.HTTPError as error:
        return error.read().decode("utf-8")


def test_the_review_is_german_in_every_thread(tmp_path: Path) -> None:
    assignment = load("cnn2").in_language("de")
    with Gradebook(tmp_path / GRADEBOOK_FILE) as gradebook:
        gradebook.store_submission("Ada", "ada", "Ada.ipynb", NOTEBOOK)
        gradebook.store_result(a_result(FLATTEN), result_key="r", slug="ada")
        write_report(tmp_path, assignment, gradebook, changed=())
        with reviewing(tmp_path, assignment, gradebook, reader="Dr. Ruth") as (address, server, _):
            serving = threading.Thread(target=server.run, daemon=True)
            serving.start()
            overview, sheet = fetched(address), fetched(f"{address}q/performance/ada")
            refused = fetched(f"{address}q/performance/ada", {"score": "viel"})
            decided = fetched(f"{address}q/performance/ada", {"score": "0,5", "reason": "Gut."})
            page = fetched(f"{address}students/ada.html")
            server.stop()
            serving.join(10)
    assert "Entscheidungen werden unter dem Namen Dr. Ruth aufbewahrt" in overview
    assert "<strong>1</strong> von 1 wartet noch" in sheet
    assert "Nötig ist eine Punktzahl zwischen 0 und 1." in refused
    assert 'value="0,5"' in decided
    assert "Keine wartet mehr" in decided
    assert "Deine Lehrperson hat entschieden" in page


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)


@pytest.mark.parametrize("words", [b"\xff\xfe", FRENCH.encode() + b'msgid "x" "\n'])
def test_a_damaged_catalogue_is_a_sentence(french: Path, words: bytes) -> None:
    (french / "fr.po").write_bytes(words)
    with pytest.raises(AssignmentError, match=r"^The catalogue fr\.po cannot be read: "):
        load("cnn2").in_language("fr")


def test_a_code_that_is_no_language_does_no_harm(french: Path) -> None:
    (french / "zz.po").write_text(FRENCH, encoding="utf-8")
    assignment = load("cnn2").in_language("zz")
    with language.use_language(assignment.language):
        assert language.gettext("Question by question") == "Question par question"
        assert (day("2026-11-24"), points(1.5)) == ("2026-11-24", "1.5")


def test_the_catalogue_of_a_course_is_begun_and_kept_up(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    assert translations.main([str(path)]) == 0
    begun = path.read_text(encoding="utf-8")
    own = begun.replace('msgid "Question by question"\nmsgstr ""', 'msgid "Question by question"\nmsgstr "Q. p. q."')
    own += '\nmsgid "Said no more."\nmsgstr "Adieu."\n\n'
    path.write_text(own.replace('msgid "wrong"\nmsgstr ""', 'msgid "wrong"\nmsgstr "{faux}"'), encoding="utf-8")
    template = translations.collected()
    total = len([entry for entry in template if entry.id])
    left = translations.updated(path, template)
    assert left == [f"2 of {total} sentences have words", "other placeholders than in “wrong”: “{faux}”"]
    kept = path.read_text(encoding="utf-8")
    assert 'msgstr "Q. p. q."' in kept
    assert '#~ msgstr "Adieu."' in kept
    path.write_text('msgid "', encoding="utf-8")
    assert translations.main([str(path)]) == 2
    assert translations.main([str(tmp_path / "francais.po")]) == 2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_german_assignment_is_graded_in_german_and_told_again_in_english(samples: Path, tmp_path: Path) -> None:
    class_folder, report = tmp_path / "class", tmp_path / "report"
    class_folder.mkdir()
    shutil.copy(samples / "cnn2" / "Anna Lindqvist.ipynb", class_folder)
    (class_folder / "leer.ipynb").write_bytes(b"")
    graded = run("grade", german_cnn2(tmp_path), class_folder, "--output", report)
    assert graded.returncode == 0, graded.stderr
    assert "2 graded" in graded.stdout
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (report / "students").iterdir()}
    index = (report / "index.html").read_text(encoding="utf-8")
    for page in (*pages.values(), index):
        assert '<html lang="de" ' in page
    assert any("Frage für Frage" in page for page in pages.values())
    assert "Kursbericht" in index
    lines = [json.loads(line) for line in (report / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    findings = [one for line in lines for verdict in line["questions"] for one in verdict["findings"]]
    assert findings
    assert all(one["code"] for one in findings)
    judged = [(verdict["id"], verdict["score"]) for line in lines for verdict in line["questions"]]

    again = run("grade", tmp_path / "assignments" / "cnn2", class_folder, "--output", report)
    assert "0 graded, 2 unchanged" in again.stdout
    assert run("regrade", report, "--language", "xx").returncode == 2
    done = run("regrade", report, "--language", "en")
    assert done.returncode == 0, done.stderr
    english = [path.read_text(encoding="utf-8") for path in (report / "students").iterdir()]
    assert all('<html lang="en" ' in page for page in english)
    assert "Class report" in (report / "index.html").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in (report / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(verdict["id"], verdict["score"]) for line in lines for verdict in line["questions"]] == judged
    # What was asked for last stands until something else is asked for.
    assert run("regrade", report).returncode == 0
    assert "Class report" in (report / "index.html").read_text(encoding="utf-8")
    back = run("grade", tmp_path / "assignments" / "cnn2", class_folder, "--output", report)
    assert back.returncode == 0, back.stderr
    assert "Kursbericht" in (report / "index.html").read_text(encoding="utf-8")
