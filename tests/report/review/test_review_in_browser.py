"""`autograder review` in a real browser, against a gradebook as `grade` leaves it."""

from __future__ import annotations

import csv
import html
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.assignment import load
from autograder.records.overrides import notebook_digest
from autograder.records.result import Finding, Result, TextExhibit, Verdict
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.report_folder import write_report
from autograder.report.review.serve import reviewing

NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
ANSWERS = {
    "Ada": "It reaches 96 %,\nmore than the 91 % before.",
    "Ben": "",
    "Cem <b>x</b>": "<script>document.title = 'run'</script>",
    "Dora": "",
    "Emil": "Good.",
}


def result(student: str, answer: str) -> Result:
    exhibits = (TextExhibit(text=answer),) if answer else ()
    found = Finding(message="A MaxPooling2D layer is missing.", hint="Go through the table.")
    questions = (
        Verdict(id="missing_layers", title="Layers", status="partial", score=3.75, points=5, findings=(found,)),
        Verdict(id="parameters", title="Parameters", status="wrong", score=0, points=1),
        Verdict(id="accuracy", title="Accuracy", status="correct", score=3, points=3),
        Verdict(id="performance", title="In words", status="needs_review", score=0, points=1, exhibits=exhibits),
    )
    return Result(
        student=student,
        submission=f"{student}.ipynb",
        status="graded",
        score=6.75,
        points=10,
        pending=1,
        questions=questions,
        isolation="bubblewrap",
        device="cpu",
        versions={},
        keys={},
        seconds=1,
    )


@dataclass(frozen=True)
class Reading:
    folder: Path
    address: str
    gradebook: Gradebook

    def given(self, student: str) -> dict[str, tuple[float, str, str]]:
        current = self.gradebook.overrides.current().get(student, {})
        return {question: (said.score, said.reason, said.by) for question, said in current.items()}

    def rows(self) -> dict[str, dict[str, str]]:
        with (self.folder / "grades.csv").open(encoding="utf-8") as file:
            return {row["student"]: row for row in csv.DictReader(file)}


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    with Gradebook(tmp_path / GRADEBOOK_FILE) as gradebook:
        for number, (student, answer) in enumerate(ANSWERS.items()):
            gradebook.store_submission(student, f"s{number}", f"{student}.ipynb", NOTEBOOK)
            gradebook.store_result(result(student, answer), result_key="r", slug=f"s{number}")
        assignment = load("cnn2")
        write_report(tmp_path, assignment, gradebook, changed=())
        with reviewing(tmp_path, assignment, gradebook, reader="Dr. Ruth") as (address, server, _):
            serving = threading.Thread(target=server.run, daemon=True)
            serving.start()
            yield Reading(tmp_path, address, gradebook)
            server.stop()
            serving.join(10)
        assert not serving.is_alive()


def opened(browser: Any, address: str) -> Any:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(10_000)
    page.noise = []
    page.on("request", lambda request: page.noise.append(request.url))
    page.on("pageerror", lambda error: page.noise.append(f"error: {error}"))
    page.goto(address)
    return page


def status(address: str, data: bytes | None = None, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
def test_a_class_is_read_with_the_keyboard_alone(browser: Any, reading: Reading) -> None:
    page = opened(browser, reading.address)
    page.get_by_role("link", name="The performance, in words").click()
    assert page.locator(".words").inner_text() == "It reaches 96 %, more than the 91 % before."
    assert not page.get_by_text("Ada", exact=True).is_visible()
    page.keyboard.press("n")
    assert page.get_by_text("Ada", exact=True).is_visible()
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.keyboard.type("Well compared. Just so: 1, 2, j!")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert reading.given("Ada") == {"performance": (1.0, "Well compared. Just so: 1, 2, j!", "Dr. Ruth")}

    assert page.get_by_text("No text was found.").is_visible()
    page.keyboard.press("3")
    page.keyboard.press("e")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert reading.given("Ben") == reading.given("Dora") == {"performance": (0.0, "", "Dr. Ruth")}

    assert page.locator(".words").inner_text() == ANSWERS["Cem <b>x</b>"]
    assert page.title() != "run"
    page.keyboard.press("2")
    page.keyboard.press("a")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert reading.given("Cem <b>x</b>") == {"performance": (0.5, "Well compared. Just so: 1, 2, j!", "Dr. Ruth")}
    assert "1 of 5 still waits" in page.locator(".progress").inner_text()
    with page.expect_navigation():
        page.keyboard.press("u")
    assert page.locator(".words").inner_text() == ANSWERS["Cem <b>x</b>"]
    assert {request.removeprefix(reading.address).partition("/")[0] for request in page.noise} <= {"", "q"}
    page.context.close()


@pytest.mark.slow
def test_a_score_of_the_autograder_is_overridden_with_a_reason_and_given_back(browser: Any, reading: Reading) -> None:
    page = opened(browser, f"{reading.address}q/missing_layers/s0")
    page.get_by_label("Points, of 5").fill("5")
    page.get_by_role("button", name="Save").click()
    assert "Say why" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Points, of 5").input_value() == "5"
    page.get_by_label("What the student reads").fill("An equal solution.")
    page.get_by_role("button", name="Save").click()
    page.goto(f"{reading.address}students/s0.html")
    assert "An equal solution." in page.locator("#q1").inner_text()
    assert "the autograder had given 3.75 of 5 points" in page.locator("#q1").inner_text()
    page.goto(f"{reading.address}index.html")
    assert page.locator("#class tbody tr").first.locator("td").first.inner_text() == "8 of 10, 1 needs review"
    assert reading.rows()["Ada"]["missing_layers"] == "5"
    page.goto(f"{reading.address}q/missing_layers/s0")
    page.get_by_role("button", name="Withdraw").click()
    page.goto(f"{reading.address}index.html")
    assert reading.rows()["Ada"]["missing_layers"] == "3.75"
    assert len(reading.gradebook.overrides.history("Ada", "missing_layers")) == 2
    page.context.close()


@pytest.mark.slow
def test_lines_of_a_reason_stay_lines_and_what_depends_on_the_score_is_named(browser: Any, reading: Reading) -> None:
    page = opened(browser, f"{reading.address}q/missing_layers/s0")
    page.keyboard.press("1")
    assert page.get_by_label("Points, of 5").input_value() == "5"
    page.get_by_label("What the student reads").fill("An equal solution.\nSeen in the lab.")
    page.get_by_role("button", name="Save").click()
    assert reading.given("Ada") == {"missing_layers": (5.0, "An equal solution.\nSeen in the lab.", "Dr. Ruth")}
    assert "saved" in page.locator(".progress").inner_text()
    assert page.locator("#last").count() == 0, "there is none before"
    page.get_by_role("link", name="The accuracy").click()
    assert page.url.endswith("q/accuracy/s0")
    page.goto(f"{reading.address}students/s0.html")
    assert "An equal solution.\nSeen in the lab." in page.locator("#q1").inner_text()
    assert "What the autograder saw" in page.locator("#q1").inner_text()
    page.context.close()


@pytest.mark.slow
def test_axe_finds_no_barrier_at_the_desk(browser: Any, reading: Reading) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    assert status(f"{reading.address}q/missing_layers/s0", b"action=save&score=5&reason=Equal.") == 200
    for path in ("", "q/missing_layers/s0", "q/performance/s0"):
        page = opened(browser, f"{reading.address}{path}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found = axe.run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
        page.context.close()
    page = opened(browser, reading.address)
    assert page.get_by_role("link", name="decided: 5").count() == 1
    page.context.close()


@pytest.mark.slow
def test_a_lecturer_goes_from_student_to_student_and_the_students_files_name_nobody_else(
    browser: Any, reading: Reading
) -> None:
    page = opened(browser, f"{reading.address}students/s1.html")
    page.get_by_role("link", name="Cem <b>x</b>").click()
    assert page.url.endswith("/students/s2.html")
    page.get_by_role("link", name="Ben").click()
    page.get_by_role("link", name="Ada").click()
    assert page.locator("nav.turn [rel=prev]").count() == 0, "Ada is the first"
    page.get_by_role("link", name="All students").click()
    assert page.url == f"{reading.address}#students"
    assert "error" not in "".join(page.noise)
    for file in (reading.folder / "students").iterdir():
        text = file.read_text(encoding="utf-8")
        assert [name for name in ANSWERS if f">{html.escape(name)}<" in text] == [
            name for number, name in enumerate(ANSWERS) if file.stem == f"s{number}"
        ]
    page.context.close()


def test_nobody_without_the_token_and_no_other_site_gets_in(reading: Reading) -> None:
    root, token, _ = reading.address.rsplit("/", 2)
    sheet = f"{reading.address}q/performance/s0"
    form = b"action=save&score=1&reason=x"
    assert status(reading.address) == 200
    assert status(f"{root}/") == 404
    assert status(f"{root}/{token[:-1]}/") == 404
    assert status(f"{root}/q/performance/s0", form) == 404
    assert status(reading.address, Host="evil.example") == 403
    assert status(sheet, form, Origin="https://evil.example") == 403
    assert reading.given("Ada") == {}
    assert status(f"{reading.address}students/..%2f..%2fgradebook.db") == 404
    assert status(f"{reading.address}openapi.json") == 404
    with urllib.request.urlopen(reading.address, timeout=10) as answer:
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("score", ["", "much", "-1", "1.5", "nan", "inf"])
def test_a_score_that_is_none_is_refused(reading: Reading, score: str) -> None:
    sheet = f"{reading.address}q/performance/s0"
    assert status(sheet, f"action=save&score={score}&reason=x".encode()) == 422
    assert reading.given("Ada") == {}


def test_what_was_decided_is_in_the_report_when_the_reader_stops(tmp_path: Path) -> None:
    assignment = load("cnn2")
    with Gradebook(tmp_path / GRADEBOOK_FILE) as gradebook:
        gradebook.store_submission("Ada", "s0", "Ada.ipynb", NOTEBOOK)
        gradebook.store_result(result("Ada", "Good."), result_key="r", slug="s0")
        with reviewing(tmp_path, assignment, gradebook, reader="Dr. Ruth") as (address, server, _):
            serving = threading.Thread(target=server.run, daemon=True)
            serving.start()
            assert status(f"{address}q/performance/s0", b"action=save&score=0,5&reason=Half.") == 200
            server.stop()
            serving.join(10)
        seen = gradebook.overrides.current()["Ada"]["performance"].seen
    line = json.loads((tmp_path / "results.jsonl").read_text(encoding="utf-8"))
    assert line["score"] == 7.25
    assert line["questions"][3]["override"]["reason"] == "Half."
    assert seen == notebook_digest(NOTEBOOK)
