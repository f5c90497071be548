"""The pages in a real browser: nothing of a student's acts, everything fits, the table works."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from class_of_results import TITLE, class_of, pooling_forgotten, solved, template, unreadable
from hostile_results import hostile, hostile_cells
from sample_notebook import notebook_cells
from wider_text import WIDER, too_wide

from autograder.report.pages import write_class_page, write_student_page
from autograder.report.summary import summarize

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name, result in {
        "solved": solved(),
        "pooling": pooling_forgotten(),
        "template": template("a" * 300),
        "unreadable": unreadable(),
        "hostile": hostile(),
    }.items():
        cells = {"hostile": hostile_cells(), "unreadable": []}.get(name, notebook_cells())
        write_student_page(folder / f"{name}.html", result=result, assignment_title=TITLE, cells=cells)
    everyone = [hostile(), *class_of(59)]
    summary = summarize(everyone, lambda name: "x.html")
    write_class_page(folder / "class.html", summary=summary, assignment_title=TITLE)
    return folder


def opened(browser, file: Path, **options):
    """The page, with lists of what it asked for and what popped up."""
    options.setdefault("viewport", {"width": 1280, "height": 900})
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(10_000)
    page.noise = []
    page.on("dialog", lambda dialog: (page.noise.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: page.noise.append(request.url))
    page.on("popup", lambda popup: page.noise.append("popup"))
    page.on("pageerror", lambda error: page.noise.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_load_state("load")
    return page


@pytest.mark.parametrize("name", ["hostile", "class"])
def test_hostile_words_open_nothing_ask_for_nothing_and_run_nothing(browser, pages: Path, name: str) -> None:
    page = opened(browser, pages / f"{name}.html")
    for summary in page.locator("summary").all():
        summary.click()
    for region in page.locator("[tabindex]").all():
        region.focus()
    page.wait_for_timeout(300)
    asked = [entry for entry in page.noise if not entry.startswith("data:image/png;base64,")]
    assert asked == [(pages / f"{name}.html").as_uri()]
    assert page.url == (pages / f"{name}.html").as_uri()
    assert len(page.frames) == 1
    assert page.locator("h1").is_visible()
    page.context.close()


@pytest.mark.parametrize("name", ["solved", "class"])
def test_markup_that_slipped_through_would_still_not_act(browser, pages: Path, tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        planted = '<script>document.title = "run"</script><img src=x onerror="document.title = \'run\'">'
        planted += (
            f'<img src="http://127.0.0.1:{listener.getsockname()[1]}/p.png"><style>h1 {{ display: none }}</style>'
        )
        text = (pages / f"{name}.html").read_text(encoding="utf-8")
        (tmp_path / "planted.html").write_text(text.replace("<main", planted + "<main"), encoding="utf-8")
        page = opened(browser, tmp_path / "planted.html")
        with pytest.raises(TimeoutError):
            listener.accept()
    assert page.title() != "run"
    assert page.locator("h1").is_visible()
    page.context.close()


@pytest.mark.parametrize("name", ["solved", "pooling", "template", "unreadable", "hostile", "class"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_scrolls_sideways(browser, pages: Path, name: str, width: int) -> None:
    page = opened(browser, pages / f"{name}.html", viewport={"width": width, "height": 844}, bypass_csp=True)
    assert too_wide(page) == []
    page.context.close()


def test_the_table_sorts_by_keyboard_and_says_so(browser, pages: Path) -> None:
    page = opened(browser, pages / "class.html")
    score = page.locator("#class thead th").nth(1)
    score.locator("button").focus()
    page.keyboard.press("Enter")
    assert score.get_attribute("aria-sort") == "descending"
    values = [float(text.split()[0]) for text in page.locator("#class tbody tr td:nth-of-type(1)").all_inner_texts()]
    assert values == sorted(values, reverse=True)
    page.keyboard.press("Space")
    assert score.get_attribute("aria-sort") == "ascending"
    student = page.locator("#class thead th").first
    student.locator("button").focus()
    page.keyboard.press("Enter")
    assert student.get_attribute("aria-sort") == "ascending"
    assert score.get_attribute("aria-sort") is None
    page.context.close()


def test_the_table_finds_names_and_answers(browser, pages: Path) -> None:
    page = opened(browser, pages / "class.html")
    assert page.locator("#shown").inner_text() == "60 students"
    page.get_by_label("Find").focus()
    page.keyboard.type("çelik")
    found = page.locator("#class tbody tr:visible th").all_inner_texts()
    assert found
    assert all("Çelik" in name for name in found)
    assert page.locator("#shown").inner_text() == f"{len(found)} of 60 students"
    page.get_by_label("Find").fill("")
    page.locator("#only").select_option("q-0-partial")
    partial = page.locator("#class tbody tr:visible")
    assert 0 < partial.count() < 60
    assert partial.count() == page.locator('#class tbody tr:visible td[data-s="partial"]').count()
    page.context.close()


def test_a_misconception_leads_to_its_students_in_the_table(browser, pages: Path) -> None:
    page = opened(browser, pages / "class.html")
    link = page.locator("[data-pick='m-0']")
    number = int(page.locator(".findings .count strong").first.inner_text())
    link.click()
    assert page.locator("#class tbody tr").count() == number
    assert page.locator("#shown").inner_text() == f"{number} of 60 students"
    page.context.close()


def test_a_class_of_three_hundred_opens_in_under_a_second_and_is_read_page_by_page(browser, tmp_path: Path) -> None:
    path = tmp_path / "class.html"
    write_class_page(path, summary=summarize(class_of(300), lambda name: "x.html"), assignment_title=TITLE)
    page = opened(browser, path)
    loaded = "new Promise((done) => setTimeout(() => done(performance.getEntriesByType('navigation')[0].loadEventEnd)))"
    took = [page.evaluate(loaded)]
    for _ in range(2):  # the machine may be doing other things as well
        page.reload()
        took.append(page.evaluate(loaded))
    assert 0 < min(took) < 1000
    assert page.locator("#class tbody tr").count() == 100
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").press("Enter")
    assert page.locator("#where").inner_text() == "201 to 300 of 300"
    assert page.evaluate("document.activeElement.id") == "previous", "the keyboard is not lost at the end"
    assert not page.get_by_role("button", name="Next").is_enabled()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#class tbody tr").count() == 300
    page.context.close()


def test_the_class_page_works_without_its_script(browser, pages: Path) -> None:
    page = opened(browser, pages / "class.html", java_script_enabled=False)
    assert page.locator("#class tbody tr").count() == 60
    assert not page.locator("#tools").is_visible()
    assert page.locator("#class thead button").count() == 0
    page.context.close()


def test_on_paper_folded_parts_are_open_and_the_colours_light(browser, pages: Path) -> None:
    page = opened(browser, pages / "pooling.html", viewport={"width": 700, "height": 900}, color_scheme="dark")
    assert not page.locator(".figures table").first.is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator(".figures table").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.context.close()


def test_printing_wastes_no_page(browser, pages: Path) -> None:
    most = {"solved": 3, "pooling": 4, "template": 5, "unreadable": 1, "class": 6}
    for name, number in most.items():
        page = opened(browser, pages / f"{name}.html")
        assert 1 <= len(re.findall(rb"/Type */Page\b", page.pdf(format="A4", prefer_css_page_size=True))) <= number, (
            name
        )
        page.context.close()


def test_the_notebook_is_folded_until_a_link_or_a_click_opens_it(browser, pages: Path) -> None:
    page = opened(browser, pages / "pooling.html")
    cell = page.locator("#cell-5")
    assert not cell.is_visible()
    assert page.evaluate("document.documentElement.scrollHeight") < 8 * 900
    page.emulate_media(media="print")
    assert not page.locator("#notebook").is_visible()
    page.emulate_media(media="screen")
    page.locator(".where a[href='#cell-5']").click()
    assert cell.is_visible()
    page.emulate_media(media="print")
    assert page.locator("#notebook").is_visible()
    page.context.close()


def test_a_right_network_is_folded_and_left_out_on_paper(browser, pages: Path) -> None:
    page = opened(browser, pages / "solved.html")
    row = page.locator(".networks tbody tr").first
    assert not row.is_visible()
    page.locator(".networks summary").click()
    assert row.is_visible()
    page.emulate_media(media="print")
    assert not row.is_visible()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["pooling", "template", "class"])
def test_every_text_has_the_contrast_that_aa_asks_for(browser, pages: Path, name: str, scheme: str) -> None:
    page = opened(browser, pages / f"{name}.html", color_scheme=scheme)
    faint = page.evaluate(
        """() => {
          const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
            .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = (element) => {
            for (let at = element; at; at = at.parentElement) {
              const colour = parse(getComputedStyle(at).backgroundColor);
              if (colour.length === 3 || colour[3] === 1) return colour;
            }
            return [255, 255, 255];
          };
          const faint = new Set();
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            const shown = walker.currentNode.data.trim() && element.checkVisibility();
            if (!shown || element.closest("svg, select")) continue;
            const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) faint.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
          }
          return [...faint];
        }"""
    )
    assert faint == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["solved", "pooling", "template", "unreadable", "hostile", "class"])
def test_axe_finds_no_barrier(browser, pages: Path, name: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    page = opened(browser, pages / f"{name}.html", color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = axe.run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    page.context.close()


@pytest.mark.parametrize("name", ["solved", "pooling", "template", "unreadable", "hostile"])
def test_a_students_page_stays_under_a_megabyte(pages: Path, name: str) -> None:
    assert (pages / f"{name}.html").stat().st_size < 1_000_000


@pytest.mark.parametrize("width", [360, 800])
def test_names_of_layers_stay_whole_on_a_phone_and_a_tablet(browser, pages: Path, width: int) -> None:
    page = opened(browser, pages / "pooling.html", viewport={"width": width, "height": 800}, bypass_csp=True)
    page.add_style_tag(content=WIDER)
    broken = page.evaluate(
        """() => {
          const lines = (element) => {
            const range = document.createRange();
            range.selectNodeContents(element);
            return new Set([...range.getClientRects()].map((one) => Math.round(one.top))).size;
          };
          const names = [...document.querySelectorAll(".networks tbody .layer bdi")];
          return names.filter((one) => one.checkVisibility() && lines(one) > 1).map((one) => one.textContent);
        }"""
    )
    assert broken == []
    page.context.close()


def test_the_class_on_paper_keeps_its_counts_and_its_headings_and_leaves_out_what_can_be_pressed(
    browser, pages: Path
) -> None:
    page = opened(browser, pages / "class.html")
    page.emulate_media(media="print")
    count = page.locator("[aria-labelledby=networks] tbody td:first-of-type").first
    assert count.inner_text().strip().isdigit()
    assert not page.get_by_text("show", exact=True).first.is_visible()
    assert not page.locator("#class thead button").first.is_visible()
    heading = "getComputedStyle(document.querySelector('#class thead th'), '::before').content"
    assert page.evaluate(heading) == '"Student"'
    page.context.close()


def test_many_questions_are_printed_on_paper_that_lies_on_its_side(browser, tmp_path: Path) -> None:
    def with_questions(number: int, result):
        added = (result.questions[0].model_copy(update={"id": f"x{index}"}) for index in range(number))
        return result.model_copy(update={"questions": (*result.questions, *added)})

    for number, paper in ((0, "auto"), (18, "wide")):
        path = tmp_path / f"{number}.html"
        everyone = [with_questions(number, one) for one in class_of(12)]
        write_class_page(path, summary=summarize(everyone, lambda name: "x.html"), assignment_title=TITLE)
        # As wide as the text of A4 on its side is: 27 cm.
        page = opened(browser, path, viewport={"width": 1030, "height": 700})
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.querySelector('[aria-labelledby=students]')).page") == paper
        assert page.evaluate("document.documentElement.scrollWidth") <= 1030
        page.context.close()
