"""Targets: what the kernel says of itself, the verdicts on it, and the pages that show them."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

from pydantic import ValidationError

from autograder.checks.base import NotebookCell
from autograder.checks.judging import with_explanations
from autograder.checks.number_parsing import SeveralNumbers, digits, read_numeral
from autograder.core.data import packed, unpacked
from autograder.core.messages import verbatim
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.judge import conclude, with_runs
from autograder.grading.reference import read_solution
from autograder.intake.notebook import code_cells
from autograder.observe.capture_log import CaptureLog
from autograder.records.evidence import Capture, CellRun, Evidence
from autograder.records.kernel_json import InvalidEvidence
from autograder.records.result import Result
from autograder.records.training import TrainingRun, TrainingTask
from autograder.records.training_outcomes import LayerSignal, Mistake, PredictedClasses
from autograder.report.answers_csv import answers_csv
from autograder.report.grades_files import grades_csv, results_jsonl
from autograder.report.pages import page_cells, write_class_page, write_student_page
from autograder.report.similarity import near_duplicates
from autograder.report.summary import summarize
from tests.fuzz.campaign import Case, Wrong
from tests.fuzz.mutate import NUMBERS, TEXTS, dumped, hostile, mutate, text
from tests.fuzz.networks import standards
from tests.samples.added import added

SECTIONS = ("networks", "values", "fits", "figures", "files")
LARGEST_PAGE = 2**20
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def _captures() -> list[tuple[AnswerKey, str]]:
    """What the kernel of each reference solution said, as JSON."""
    return [
        (answer_key, json.dumps({name: answer_key.reference.evidence.model_dump()[name] for name in SECTIONS}))
        for answer_key in standards().values()
    ]


def _changed(random: Random, capture: str) -> Any:
    """A capture with something changed in one or two of its lists."""
    tree = json.loads(capture)
    if random.random() < 0.03:
        mutate(random, tree)
        return tree
    for name in random.sample([name for name in SECTIONS if tree[name]], random.choice((1, 1, 2))):
        if name == "values" and random.random() < 0.6:
            _answer(random, random.choice(tree[name]))
            continue
        entry = random.choice(tree[name])
        keys = [key for key in ("config", "compile", "history", "inputs", "targets", "axes") if entry.get(key)]
        if keys and random.random() < 0.75:
            mutate(random, entry[random.choice(keys)])
        else:
            mutate(random, random.choice((entry, tree[name])))
    return tree


def _answer(random: Random, value: dict[str, Any]) -> None:
    """Another answer in a variable, of a kind that may or may not be what it holds."""
    given = random.choice((numeral(random), hostile(random), random.choice(NUMBERS), [random.choice(NUMBERS)]))
    kinds = {bool: "boolean", int: "number", float: "number", str: "text", list: "sequence"}
    value["value"] = given
    if random.random() < 0.8:
        value["kind"] = random.choice((kinds.get(type(given), "other"), "array"))
    if random.random() < 0.3:
        value["shape"] = random.choice((None, [], [0], [1], [2, 3], [-1], [2**70], [1] * 32))


def captures() -> Case:
    known = _captures()

    def case(random: Random) -> bool:
        _, capture = random.choice(known)
        raw: Any = _changed(random, capture)
        if random.random() < 0.2:
            raw = hostile(random) if random.random() < 0.1 else text(random, dumped(raw), TEXTS)
        elif random.random() < 0.7:
            raw = dumped(raw)
        if isinstance(raw, str) and random.random() < 0.3:
            raw = raw.encode("utf-8", "surrogatepass")
        try:
            found = Capture.parse(raw)
        except InvalidEvidence:
            return False
        log = CaptureLog()
        log.add(found)
        log.add(found)
        unpacked(Capture, packed(found))
        return True

    return case


def numerals() -> Case:
    def case(random: Random) -> bool:
        given = numeral(random)
        try:
            found = read_numeral(given, thousands=random.random() < 0.5)
        except SeveralNumbers:
            return False
        if found is None:
            return False
        if not math.isfinite(found.value):
            raise Wrong(f"{given[:100]!r} is read as {found.value}")
        digits(found.value)
        return True

    return case


PIECES = (
    *("1", "0", "3", "32", "100", "307,300", "307.300", "1.234.567,8", "0.5", ".5", "5.", "1e3", "1E+400", "9" * 30),
    *(
        "+",
        "-",
        "*",
        "/",
        "**",
        "^",
        "×",
        "x",
        "(",
        ")",
        "(",
        ")",
        "=",
        "%",
        " percent",
        "k",
        " million",
        " ",
        ",",
        ".",
    ),
    *(
        "_",
        "'",
        "’",
        "−",
        "–",
        "\u00a0",
        "about ",
        "weights",
        "٣",
        "²",
        "½",
        "٣,٣٣٣",
        "e",
        "j",
        "0x1F",
        "0b1",
        "--",
        "//",
    ),
    *("nan", "inf", "1_000", "1 000", "07", "\n", "\0", "\ud800", "😀", "≈", "~", "<", "#", "'''", "\\"),
)
WHOLE = (
    "32*32*3*100 + 100 = 307300",
    "(-8)**0.5",
    "3×3×3×100",
    "97.8 %",
    "about 2700 weights",
    "784*500 + 500",
    "2^10",
)


def numeral(random: Random) -> str:
    """A number as somebody may write it, and much that is none."""
    if random.random() < 0.4:
        return text(random, random.choice(WHOLE), PIECES)
    return "".join(random.choice(PIECES) for _ in range(random.choice((1, 2, 3, 5, 8, 13, 40, 300))))


def _reached(random: Random, task: TrainingTask) -> TrainingRun:
    """A run as a trainer of ours may report it."""
    outcome = random.choice(("trained", "trained", "trained", "failed", "limit"))
    count = task.recipe.epochs * task.recipe.validations if outcome == "trained" else random.choice((0, 1))
    reached = tuple(random.random() if random.random() < 0.5 else 0.99 for _ in range(count))
    signals = tuple(
        LayerSignal(operation=at, gradient=random.choice((None, 0.0, 1e-9, 3.0)), dead=random.choice((None, 0.0, 1.0)))
        for at in range(len(task.architecture.operations))
    )
    classes = len(task.recipe.classes) or 10
    table = tuple(tuple(random.randrange(100) for _ in range(classes)) for _ in range(classes))
    predictions = PredictedClasses(confusion=table, mistakes=(Mistake(truth=1, predicted=classes - 1, png=PIXEL),))
    return TrainingRun(
        key=task.key,
        outcome=outcome,
        problem="" if outcome == "trained" else "It cannot be trained.",
        training_accuracy=reached,
        validation_accuracy=reached,
        training_loss=tuple(random.choice((0.1, 2.3)) for _ in reached),
        validation_loss=tuple(random.choice((0.1, 2.3)) for _ in reached),
        predictions=predictions if random.random() < 0.5 else None,
        signals=signals if random.random() < 0.5 else (),
    )


def _graded(random: Random, answer_key: AnswerKey, capture: str, notebook: Any) -> tuple[Result, Evidence] | None:
    """The result on mutated evidence, made as grading makes it; None where the evidence is refused."""
    try:
        parsed = Capture.parse(dumped(_changed(random, capture)))
    except InvalidEvidence:
        return None
    found = {name: getattr(parsed, name) for name in SECTIONS}
    before = answer_key.reference.evidence
    notes = (verbatim(random.choice(TEXTS)),) if random.random() < 0.1 else ()
    cells = tuple(_run(random, one) for one in before.cells)
    evidence = before.model_copy(update={**found, "cells": cells, "notes": notes})
    evidence = unpacked(Evidence, packed(evidence))
    context = context_of(answer_key, evidence, notebook)
    if random.random() < 0.3:
        changed = (one.model_copy(update={"source": text(random, one.source, TEXTS)}) for one in context.cells)
        context = context.replace(cells=tuple(NotebookCell.model_validate(one.model_dump()) for one in changed))
    context = with_runs(answer_key, context, lambda task: _reached(random, task))
    context = with_explanations(context, lambda task: _reached(random, task))
    result = conclude(answer_key, "Zoë 😀 <b>", "a/b.ipynb", context)
    for verdict in result.questions:
        if verdict.status == "error":
            raise Wrong(f"{verdict.id}: {' '.join(str(finding.hint) for finding in verdict.findings)}")
        if not 0 <= verdict.score <= verdict.points:
            raise Wrong(f"{verdict.id}: {verdict.score} of {verdict.points} points")
    if not 0 <= result.score <= result.points:
        raise Wrong(f"{result.score} of {result.points} points")
    return result, evidence


def _run(random: Random, cell: CellRun) -> CellRun:
    """A cell that may have ended otherwise and put out anything."""
    if random.random() < 0.8:
        return cell
    verbatim = cell.model_dump(mode="json")
    verbatim["status"] = random.choice(("ok", "error", "error", "timeout", "died", "not_run"))
    message, source = random.choice(TEXTS)[:4000], random.choice(TEXTS)[:500]
    line = random.choice((None, 0, 3, -1, 10**30))
    failure = {"name": random.choice(("NameError", *TEXTS))[:200], "message": message, "line": line, "source": source}
    verbatim["failure"] = failure if random.random() < 0.8 else None
    outputs: list[Any] = [
        {"output_type": "stream", "name": "stdout", "text": random.choice(TEXTS) * random.choice((1, 30))},
        {"output_type": "error", "ename": "E", "evalue": random.choice(TEXTS), "traceback": ["\x1b[31mx\x1b[0m\r\b\b"]},
        {
            "output_type": "display_data",
            "data": {
                "text/plain": random.choice(TEXTS),
                "text/html": random.choice(
                    ("<table><tr><td>", "<p onclick=x><svg><style>", "<i>" * 3000, "</div>" * 9)
                ),
                "text/markdown": random.choice(("# a\n$x$", "[a](javascript:x)", "> " * 2000, "| a |\n|--|\n" * 50)),
                "image/png": random.choice((PIXEL, PIXEL[:40], "", "x" * 5000)),
            },
        },
    ]
    mutate(random, outputs)
    verbatim["outputs"] = [one for one in outputs if isinstance(one, dict)]
    try:
        return CellRun.model_validate(verbatim)
    except ValidationError:
        return cell


def verdicts() -> Case:
    known = [(answer_key, capture, read_solution(answer_key.assignment)) for answer_key, capture in _captures()]
    return lambda random: _graded(random, *random.choice(known)) is not None


class _Balanced(HTMLParser):
    """Raises where an element is not closed, or one is closed that is not open."""

    VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if any(name.startswith("on") for name, _ in attrs):
            raise Wrong(f"<{tag}> has a handler of events")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise Wrong(f"</{tag}> closes nothing that is open")


def check_page(path: Path, *, scripts: bool, largest: int = LARGEST_PAGE) -> None:
    """A whole page of HTML, in UTF-8, with every element closed."""
    content = path.read_bytes()
    page = content.decode("utf-8")
    if len(content) > largest:
        raise Wrong(f"a page of {len(content)} bytes")
    if not page.lstrip().lower().startswith("<!doctype html>") or not page.rstrip().endswith("</html>"):
        raise Wrong("a page that is not whole")
    parser = _Balanced()
    parser.feed(page)
    parser.close()
    if parser.open or (parser.scripts and not scripts):
        raise Wrong(f"{parser.scripts} scripts, {parser.open[:5]} left open")


def pages() -> Case:
    known = [(answer_key, capture, read_solution(answer_key.assignment)) for answer_key, capture in _captures()]
    place = tempfile.TemporaryDirectory()
    folder = Path(place.name)

    def case(random: Random, keep: object = place) -> bool:
        answer_key, capture, notebook = random.choice(known)
        graded = _graded(random, answer_key, capture, notebook)
        if graded is None:
            return False
        result, evidence = graded
        cells = page_cells(notebook, evidence)
        if random.random() < 0.5:
            cells = [replace(one, source=text(random, one.source, (*TEXTS, *MARKDOWN))) for one in cells]
        questions = answer_key.assignment.questions
        write_student_page(
            folder / "student.html",
            result=result,
            assignment_title=answer_key.assignment.title,
            cells=cells,
            depends={one.id: one.depends for one in questions if one.depends is not None},
            parts={one.id: one.part for one in questions if one.part},
        )
        check_page(folder / "student.html", scripts=False)
        _class(folder, [result], [one.id for one in questions], random, code_cells(notebook))
        return True

    return case


MARKDOWN = (
    *(
        "```",
        "$$",
        "![x](attachment:a.png)",
        "![](data:image/png;base64,AAAA)",
        "[x](javascript:alert(1))",
        "<div>",
        "-->",
    ),
    *(
        "| a | b |\n|---|---|\n",
        "<!-- ",
        "&#x110000;",
        "&amp;lt;",
        "* " * 40,
        "> " * 90,
        "[[" * 400,
        "**" * 300,
        "`" * 99,
    ),
)


def _class(folder: Path, results: list[Result], ids: list[str], random: Random, sources: Sequence[str]) -> None:
    """All files that a class gets."""
    added(results_jsonl(folder / "results.jsonl"), results)
    added(grades_csv(folder / "grades.csv", ids), results)
    added(answers_csv(folder / "answers.csv"), results)
    json.loads((folder / "results.jsonl").read_text(encoding="ascii"))
    if random.random() < 0.2:
        alike = near_duplicates({"a": sources, "b": [text(random, one, TEXTS) for one in sources]})
        summary = summarize(results, lambda student: "page.html", images=100)
        write_class_page(folder / "index.html", summary=summary, assignment_title="Class", alike=alike)
        check_page(folder / "index.html", scripts=True)


MAKERS = {"capture": captures, "numerals": numerals, "verdicts": verdicts, "pages": pages}
