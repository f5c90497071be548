"""Code in sentences: an element on pages, plain text elsewhere; nobody reads a backtick."""

from __future__ import annotations

import functools
import io
import re
import string
from pathlib import Path
from typing import Any

import pytest
from class_of_results import TITLE, answered, class_of, result
from messages_in_code import codes
from rich.console import Console

from autograder.assignment import load
from autograder.checks.base import Dependency
from autograder.cli.result_view import print_result
from autograder.core.language import use_language
from autograder.core.messages import Message
from autograder.records.result import Finding, Result, Verdict
from autograder.report.fragments import findings_as_lines, overview_fragment, question_fragment
from autograder.report.pages import write_class_page, write_student_page
from autograder.report.summary import summarize
from autograder.selfcheck.plain_text import findings_in_words, heading

_ELEMENTS = re.compile(r"<(style|script)\b.*?</\1>|<[^>]+>", re.S)


def _said(template: str, many: str = "") -> Message:
    """A template of ours with something in each place."""
    fields = [(name, spec or "") for _, name, spec, _ in string.Formatter().parse(template + many) if name]
    values: dict[str, Any] = {name: 3 if spec else "conv" for name, spec in fields}
    # A specification may have placeholders of its own: {reached:.{digits}f}
    values |= dict.fromkeys((name for _, spec in fields for _, name, _, _ in string.Formatter().parse(spec) if name), 3)
    return Message(text=template, many=many, values=values)


@functools.cache
def findings() -> tuple[Finding, ...]:
    """A finding for every sentence of ours that has code in it."""
    templates = sorted({words for said in codes().values() for words in said if any("`" in one for one in words)})
    return tuple(Finding(message=_said(*words), hint=_said(*words), where=_said(*words)) for words in templates)


@functools.cache
def verdict() -> Verdict:
    return Verdict(id="q", title="The network `model`", status="wrong", score=0, points=1, findings=findings())


@functools.cache
def everything() -> Result:
    twice = (verdict(), verdict().model_copy(update={"id": "r"}))
    return result("Ada", twice, notes=findings(), status="incomplete")


def _read(page: Path) -> str:
    return _ELEMENTS.sub("", page.read_text(encoding="utf-8"))


def test_there_are_sentences_with_code() -> None:
    assert len(findings()) > 80


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_page_shows_a_backtick(tmp_path: Path, language: str) -> None:
    depends = {"r": Dependency(question="q", share=1, because="Look at `model` first.")}
    with use_language(language):
        for number, one in enumerate((everything(), *class_of(20))):
            page = tmp_path / f"{number}.html"
            write_student_page(page, result=one, assignment_title=TITLE, depends=depends)
            assert "`" not in _read(page), one.student
        everyone = [everything().model_copy(update={"student": name}) for name in ("Ada", "Ben")]
        write_class_page(
            tmp_path / "class.html",
            summary=summarize([*everyone, *class_of(20)], lambda name: "x.html"),
            assignment_title=TITLE,
        )
    # The data of the table are for its script.
    assert "`" not in _read(tmp_path / "class.html")
    assert "<code>model</code>" in (tmp_path / "class.html").read_text(encoding="utf-8")


def test_code_is_an_element_and_what_stands_in_it_is_escaped(tmp_path: Path) -> None:
    write_student_page(
        tmp_path / "page.html",
        result=answered("Ada", Message(text="`{name}` was not compiled.", values={"name": "<b>`x"})),
        assignment_title=TITLE,
    )
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;" in text
    assert "<b>" not in text


def test_no_terminal_platform_or_notebook_shows_a_backtick() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    print_result(console, load("cnn2"), everything())
    texts = [
        console.export_text(),
        findings_as_lines(findings()),
        heading(verdict()),
        findings_in_words(verdict()),
        question_fragment(verdict()),
        overview_fragment(everything(), "", gist=True),
    ]
    assert ["`" in text for text in texts] == [False] * len(texts)
