"""The pages in German: every sentence of ours has its German words, none of another language is left, none leaks."""

from __future__ import annotations

import ast
import functools
import json
import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from class_of_results import class_of, pooling_forgotten, result, solved, template, unreadable
from messages_in_code import TEMPLATES, called, modules, templates_of
from rich.console import Console
from sample_notebook import notebook_cells

from autograder.assignment import load
from autograder.authoring.translations import PACKAGED, TEMPLATE, collected, template_placeholders, updated
from autograder.checks.base import Dependency
from autograder.cli.result_view import print_result
from autograder.core.language import use_language
from autograder.core.messages import message, phrase
from autograder.core.wheel import wheel
from autograder.lms.gradescope import failure_json, results_json
from autograder.records.result import (
    AppliedOverride,
    Finding,
    HandedIn,
    Result,
    Substitution,
    SubstitutionExhibit,
    TextExhibit,
    Verdict,
)
from autograder.records.run_statistics import RunStatistics, TrainingStatistics
from autograder.report.fragments import overview_fragment, question_fragment
from autograder.report.labels import accuracies, accuracy, anchor, day, duration, of_points, percent, points
from autograder.report.pages import write_class_page, write_student_page
from autograder.report.similarity import Likeness
from autograder.report.summary import summarize
from autograder.report.templating import gettext_html

LANGUAGES = ("en", "de")
GERMAN = PACKAGED / "de.po"
DEPENDS = {"accuracy": Dependency(question="missing_layers", share=0.5, because="")}


def in_german(english: Result) -> Result:
    """A result as a German course has it: what its author and its students wrote is German."""
    questions = tuple(
        verdict.model_copy(
            update={
                "title": f"Aufgabe {number}",
                "exhibits": tuple(
                    TextExhibit(text="Antwort.") if isinstance(exhibit, TextExhibit) else exhibit
                    for exhibit in verdict.exhibits
                ),
            }
        )
        for number, verdict in enumerate(english.questions, 1)
    )
    return english.model_copy(update={"questions": questions})


def everything() -> Result:
    """A result with whatever a page can show and the other samples do not have."""
    decided = AppliedOverride(
        score=1, points=2, reason="Gut.", by="R", at="2026-11-24T10:00:00", judged_status="wrong", judged_score=0.5
    )
    tried = (
        Substitution(aspects=("loss",), change=phrase("another loss"), accuracy=0.95, restored=True),
        Substitution(aspects=("epochs",), change=phrase("more epochs"), accuracy=None, restored=False),
    )
    exhibit = SubstitutionExhibit(network="model", reached=0.5, needed=0.9, tried=tried)
    verdicts = (
        Verdict(id="a", title="A", status="wrong", score=1, points=2, override=decided),
        Verdict(id="b", title="B", status="error", score=0, points=1, findings=(Finding(message="Kaputt."),)),
        Verdict(id="c", title="C", status="wrong", score=0, points=1, exhibits=(exhibit,)),
    )
    handed_in = HandedIn(platform="moodle", late=True, earlier=("1", "2"))
    return result("Ohne", verdicts, handed_in=handed_in, isolation="none", device="none")


def student_page(path: Path, shown: Result) -> str:
    cells = [] if shown.status == "unreadable" else notebook_cells()
    parts = {"missing_layers": "Teil 1"}
    write_student_page(path, result=shown, assignment_title="Netz", cells=cells, depends=DEPENDS, parts=parts)
    return path.read_text(encoding="utf-8")


def class_page(path: Path, results: list[Result]) -> str:
    run = RunStatistics(at="2026-11-24T00:00:00+00:00", seconds=93, workers=2, graded=3, reused=1, failures={"z": "x"})
    training = TrainingStatistics(runs=2, seconds=3.5, devices=("cpu",))
    names = [one.student for one in results]
    alike = [Likeness(students=(names[0], names[1]), share=0.8, fingerprints=9, passage=("a", "b"))]
    summary = summarize(results, lambda name: "x.html", images=600)
    write_class_page(path, summary=summary, assignment_title="Netz", run=run, training=training, alike=alike)
    return path.read_text(encoding="utf-8")


def readable(page: str) -> str:
    """What a reader sees and a screen reader says, without the notebook and what is marked as English."""
    soup = BeautifulSoup(page, "html.parser")
    said = [tag.get_text() for tag in soup.select("#data")]
    for tag in soup.select("style, script, pre, body [lang=en], .prose, .rich"):
        tag.decompose()
    said += [soup.get_text(" ")]
    for name in ("aria-label", "alt", "title", "placeholder", "data-side"):
        said += [str(tag[name]) for tag in soup.select(f"[{name}]")]
    return " ".join(" ".join(said).split())


@functools.cache
def english_phrases() -> tuple[str, ...]:
    """Every stretch of at least two words in a sentence of ours that German does not share."""
    entries = [entry for entry in read_po(GERMAN.open("rb"), locale="de") if entry.id]
    german = " ".join(sentence for entry in entries for sentence in forms(entry.string))
    return tuple(dict.fromkeys(_phrases(entries, german)))


def forms(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return words if isinstance(words, tuple) else (words,)


def _phrases(entries: Iterable[Message], german: str) -> Iterator[str]:
    for english in (form for entry in entries for form in forms(entry.id)):
        for part in re.split(r"\{[^{}]*\}", english):
            phrase = part.strip(" ;:,.–")
            if len(phrase.split()) >= 2 and phrase not in german:
                yield phrase


def english_left_in(page: str) -> list[str]:
    text = readable(page)
    return [phrase for phrase in english_phrases() if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text)]


def test_every_sentence_of_the_code_is_in_the_catalogue_with_the_same_placeholders(tmp_path: Path) -> None:
    template = collected()
    stored = read_po(TEMPLATE.open("rb"))
    assert {entry.id for entry in stored} == {entry.id for entry in template}, "run `make catalogues`"
    copy = tmp_path / "de.po"
    copy.write_bytes(GERMAN.read_bytes())
    total = len([entry for entry in template if entry.id])
    assert updated(copy, template) == [f"{total} of {total} sentences have words"]


def test_no_sentence_hides_where_it_cannot_be_collected() -> None:
    """Such as within an f-string, which Babel does not look into."""
    known = {form for entry in collected() for form in forms(entry.id)}
    for name, tree in modules().items():
        if name.startswith("cli/") and name != "cli/result_view.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) in TEMPLATES:
                for template in templates_of(node):
                    if isinstance(template, ast.Constant):
                        assert template.value in known, f"{name}:{node.lineno}"


@pytest.mark.parametrize(
    "shown", [solved(), pooling_forgotten(), template(), unreadable(), everything()], ids=lambda one: one.student
)
def test_a_students_page_is_german_throughout(tmp_path: Path, shown: Result) -> None:
    with use_language("de"):
        page = student_page(tmp_path / "page.html", in_german(shown))
    assert '<html lang="de" ' in page
    assert english_left_in(page) == []
    if shown.status == "graded" and shown.student == "Zoë Müller":
        text = readable(page)
        assert "6,75 von 10, 1 wird noch durchgesehen" in text
        assert "2\u202f577\u202f570" in page
        assert 'href="#cell-5"' in page
        assert "Pooling layers" in page


def test_the_page_of_a_class_is_german_throughout(tmp_path: Path) -> None:
    results = [in_german(one) for one in class_of(40)]
    with use_language("de"):
        page = class_page(tmp_path / "index.html", [*results, in_german(everything())])
    assert '<html lang="de" ' in page
    assert english_left_in(page) == []
    assert "24. November 2026" in page
    assert "--said-needs_review" in page
    data = json.loads(BeautifulSoup(page, "html.parser").select_one("#data").get_text())  # type: ignore[union-attr]
    assert data["words"]["thousands"] == "\u202f"
    assert data["words"]["decimal"] == ","
    assert data["statuses"][0] == "correct"


def test_what_platforms_and_the_terminal_show_is_german(capsys: pytest.CaptureFixture[str]) -> None:
    with use_language("de"):
        for shown in map(in_german, (solved(), pooling_forgotten(), template(), unreadable())):
            fragments = [overview_fragment(shown, "", gist=True), *map(question_fragment, shown.questions)]
            assert english_left_in(" ".join(fragments)) == []
        document = results_json(in_german(everything()), set())
        assert "Nichts ist geschützt" in document["output"]
        assert document["extra_data"]["protects"].startswith("Nothing is protected")
        assert failure_json("why")["output"].startswith("Der Autograder selbst ist gescheitert.")
    print_result(Console(width=200), load("cnn2").in_language("de"), in_german(pooling_forgotten()))
    said = capsys.readouterr().out
    assert english_left_in(said) == []
    assert "6,75 von 10, 1 wird noch durchgesehen" in said


def test_english_is_as_it_was_after_german_and_beside_it(tmp_path: Path) -> None:
    """What is kept from one page to the next keeps no language, and threads have each their own."""
    shown, everyone = pooling_forgotten(), list(class_of(20))

    def drawn(folder: str, language: str) -> tuple[str, str]:
        with use_language(language):
            return (
                student_page(tmp_path / folder / "page.html", shown),
                # It names its folder, in the command that opens the review.
                class_page(tmp_path / folder / "index.html", everyone).replace(str(tmp_path.resolve() / folder), ""),
            )

    before, german = drawn("before", "en"), drawn("german", "de")
    assert min(len(english_left_in(page)) for page in before) > 20  # that is how English would be noticed
    assert drawn("after", "en") == before
    assert german != before
    found: dict[str, tuple[str, str]] = {}

    def draw(folder: str, language: str) -> None:
        found[folder] = drawn(folder, language)

    threads = [
        threading.Thread(target=draw, args=(f"{language}{n}", language)) for n in (1, 2) for language in LANGUAGES
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"en1": before, "en2": before, "de1": german, "de2": german}


def test_numbers_days_and_places_are_those_of_the_language() -> None:
    with use_language("de"):
        assert (points(1250.5), of_points(9), of_points(1)) == ("1\u202f250,5", "von 9 Punkten", "von 1 Punkt")
        assert (percent(0.94), accuracy(0.94), accuracies((0.9, 0.95))) == ("94 %", "0,940", "0,900; 0,950")
        assert (duration(0.44), duration(125)) == ("0,4 Sekunden", "2 min 5 s")
        assert day("2026-11-24T10:00:00+00:00") == "24. November 2026"
        place = message("where.code_cell", "code cell {number}", number=4)
        assert (str(place), anchor(place)) == ("Codezelle 4", "code-4")
    assert accuracies((0.9, 0.95)) == "0.900, 0.950"


def test_one_class_is_summed_up_the_same_way_in_every_language() -> None:
    def wrong(student: str, reached: float) -> Result:
        said = message(
            "accuracy.reached",
            "Your network reached a validation accuracy of {reached:.{digits}f}; {needed:.{digits}f} was needed.",
            reached=reached,
            needed=0.9,
            digits=3,
        )
        findings = (Finding(message=said),)
        return result(student, (Verdict(id="q", title="Q", status="wrong", score=0, points=1, findings=findings),))

    class_of_two = [wrong("a", 0.5), wrong("b", 0.61)]
    (english,) = summarize(class_of_two, lambda name: "x.html").misconceptions
    with use_language("de"):
        (cause,) = summarize(class_of_two, lambda name: "x.html").misconceptions
        assert (cause.code, cause.students) == (english.code, english.students)
        assert cause.sentence().startswith("2 von euch haben ein Netz gebaut, das zu wenig lernt")
        (found,) = cause.found
        assert "eine Validierungsgenauigkeit von …" in found
        assert found.endswith("nötig war ….")


def test_what_programs_read_has_the_words_of_the_language_and_codes_that_have_none() -> None:
    with use_language("de"):
        line = pooling_forgotten().line()
    (finding,) = line["questions"][0]["findings"]
    assert finding["message"] == "Eine Pooling-Schicht fehlt."
    assert (finding["code"], finding["values"]) == ("layer.missing", {"thing": "a pooling layer"})
    assert pooling_forgotten().line()["questions"][0]["findings"][0]["message"] == "A pooling layer is missing."


def test_markup_within_a_sentence_is_only_ours() -> None:
    with use_language("de"):
        sentence = gettext_html("{pages} in the Keras documentation", pages="<b>\ue000\u202e")
    assert sentence == "&lt;b&gt;\ue000⟨202E⟩ in der Keras-Dokumentation"


def test_the_catalogues_travel_with_the_package() -> None:
    import io
    import zipfile

    names = zipfile.ZipFile(io.BytesIO(wheel()[1])).namelist()
    assert {"autograder/core/languages/de.po", "autograder/core/languages/autograder.pot"} <= set(names)


def test_every_brace_of_the_catalogue_is_a_placeholder() -> None:
    for entry in read_po(GERMAN.open("rb"), locale="de"):
        forms = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        assert not {"{", ""} & {name for form in forms for name in template_placeholders(form)}, entry.id
