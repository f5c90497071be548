"""The German pages in a real browser: longer words fit, and the table of the class speaks German too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from class_of_results import TITLE, class_of, pooling_forgotten, template
from sample_notebook import notebook_cells
from wider_text import too_wide

from autograder.core.language import use_language
from autograder.report.pages import write_class_page, write_student_page
from autograder.report.summary import summarize

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("german")
    with use_language("de"):
        for name, result in {"pooling": pooling_forgotten(), "template": template()}.items():
            write_student_page(folder / f"{name}.html", result=result, assignment_title=TITLE, cells=notebook_cells())
        summary = summarize(class_of(1200), lambda name: "x.html", images=600)
        write_class_page(folder / "class.html", summary=summary, assignment_title=TITLE)
    return folder


def opened(browser: Any, file: Path, width: int) -> Any:
    page = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True).new_page()
    page.set_default_timeout(10_000)
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
@pytest.mark.parametrize("name", ["pooling", "template", "class"])
def test_longer_words_fit(browser: Any, pages: Path, name: str, width: int) -> None:
    page = opened(browser, pages / f"{name}.html", width)
    assert too_wide(page) == []


def test_on_a_narrow_page_rows_that_agree_are_shown_once(browser: Any, pages: Path) -> None:
    page = opened(browser, pages / "pooling.html", 390)
    agreeing = page.locator(".networks .r-same").first
    assert not agreeing.locator("td.expected").is_visible()
    assert agreeing.locator("td.actual").is_visible()


def test_the_table_of_a_class_speaks_german(browser: Any, pages: Path) -> None:
    page = opened(browser, pages / "class.html", 1280)
    assert page.locator("#shown").inner_text() == "1\u202f200 Studierende"
    assert page.locator("#where").inner_text() == "1 bis 100 von 1\u202f200"
    page.get_by_role("searchbox").fill("Ada")
    assert " von 1\u202f200 Studierenden" in page.locator("#shown").inner_text()
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Punkte").click()
    page.get_by_role("button", name="Punkte").click()
    scores = page.locator("#class tbody td:nth-of-type(1)").all_inner_texts()
    assert scores[0].startswith("0 von ")
    page.locator("#only").select_option("m-0")
    page.get_by_role("button", name="Punkte").click()
    assert page.locator("#class tbody td:nth-of-type(1)").first.inner_text().startswith("6,75 von ")
    said = page.evaluate("getComputedStyle(document.querySelector('td.a.s-correct'), '::after').content")
    assert "richtig" in said
