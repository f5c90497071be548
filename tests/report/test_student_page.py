"""What a student's page says, and that nothing in it is more than text."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from class_of_results import (
    TITLE,
    expected,
    pooling_forgotten,
    result,
    rows,
    solved,
    template,
    unreadable,
)
from hostile_results import HOSTILE, hostile, hostile_cells
from sample_notebook import notebook_cells, picture

from autograder.checks.base import Dependency
from autograder.core.messages import message, phrase
from autograder.records.evidence import CellRun
from autograder.records.result import ComparisonExhibit, ComparisonRow, Finding, HandedIn, Result, RowCells, Verdict
from autograder.report.pages import PageCell, write_student_page


def page(folder: Path, of: Result, cells: list[PageCell] | None = None, **further: object) -> BeautifulSoup:
    path = folder / "page.html"
    write_student_page(path, result=of, assignment_title=TITLE, cells=cells or [], **further)  # type: ignore[arg-type]
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def words(element: object) -> str:
    return " ".join(element.get_text(" ").split())  # type: ignore[attr-defined]


def test_the_score_is_out_of_all_points_and_names_what_waits(tmp_path: Path) -> None:
    header = words(page(tmp_path, pooling_forgotten()).select_one("header.top"))
    assert "6.75 of 10, 1 needs review" in header
    assert "1 point more waits for your lecturer." in header
    assert "1 of 3 questions is right." in header


def test_what_kept_the_limits_stands_among_the_run_details_where_it_is_known(tmp_path: Path) -> None:
    assert "Limits kept by" not in words(page(tmp_path, solved()).select_one("footer.colophon"))
    in_a_group = solved().model_copy(update={"bounded_by": "cgroup v2"})
    assert "Limits kept by cgroup v2" in words(page(tmp_path, in_a_group).select_one("footer.colophon"))


def test_each_question_has_its_line_with_status_and_points(tmp_path: Path) -> None:
    lines = [words(line) for line in page(tmp_path, pooling_forgotten()).select(".glance li")]
    assert lines == [
        "The missing layers partly right 3.75 / 5",
        "The number of parameters not right yet 0 / 1",
        "Accuracy after a short training run right 3 / 3",
        "How is the performance of cnn2? waits for your lecturer 1 open",
    ]


@pytest.mark.parametrize("of", [solved(), pooling_forgotten(), template(), unreadable()], ids=lambda of: of.student)
def test_every_finding_stands_on_the_page(tmp_path: Path, of: Result) -> None:
    text = words(page(tmp_path, of))
    findings = [*of.notes, *(finding for question in of.questions for finding in question.findings)]
    for finding in findings:
        for sentence in (finding.message, finding.where, finding.hint):
            assert str(sentence) in text


def test_the_dense_row_is_shown_as_a_consequence_with_its_reason(tmp_path: Path) -> None:
    soup = page(tmp_path, pooling_forgotten())
    rows, reasons = soup.select(".networks tr.r-consequence:not(.why)"), soup.select(".networks tr.r-consequence.why")
    assert len(rows) == len(reasons) == 2
    assert rows[1].find_next_sibling("tr") is reasons[1]
    assert "2,509,000" in words(rows[1])
    assert "627,400" in words(rows[1])
    assert words(rows[1]).endswith("only follows")
    assert "627,400 parameters were expected here; it has 2,509,000 because nothing halved" in words(reasons[1])


def test_a_layer_that_moved_is_one_row_in_another_place(tmp_path: Path) -> None:
    here, there = (ComparisonRow(state="moved", **{side: RowCells(layer="Dropout")}) for side in ("expected", "actual"))
    rows = (here, ComparisonRow(state="same", expected=RowCells(layer="Dense"), actual=RowCells(layer="Dense")), there)
    verdict = Verdict(
        id="q",
        title="Q",
        status="wrong",
        score=0,
        points=1,
        exhibits=(ComparisonExhibit(network="model", rows=rows),),
    )
    soup = page(tmp_path, result("Ada", (verdict,)))
    assert "1 row stands in another place; 1 of 2 rows agrees." in words(soup.select_one(".networks figcaption"))
    assert len(soup.select(".networks tr.r-moved")) == 2


def test_a_place_that_the_finding_names_already_is_not_named_again(tmp_path: Path) -> None:
    findings = (
        Finding(message="The rate of dropout (Dropout) is not as expected.", where="dropout"),
        Finding(message="A row is missing.", where="between conv2d_3 and flatten"),
    )
    verdict = Verdict(id="q", title="Q", status="wrong", score=0, points=1, findings=findings)
    soup = page(tmp_path, result("Ada", (verdict,)))
    places = [words(place) for place in soup.select("article .where")]
    assert "dropout" not in places
    assert "between conv2d_3 and flatten" in places


def test_a_differing_row_is_marked_by_sign_and_word_and_the_marked_part_is_named(tmp_path: Path) -> None:
    soup = page(tmp_path, pooling_forgotten())
    (missing,) = soup.select(".networks tr.r-missing:not(.why)")
    assert missing.select_one("use")["href"] == "#i-missing"  # type: ignore[index]
    assert "missing" in words(missing.select_one(".mark"))
    assert "not in your network" in words(missing)
    marked = soup.select(".networks tbody.marked tr:not(.why)")
    assert len(marked) == 5
    assert words(marked[0]) == "The marked part: these rows carry the points"


def test_a_differing_number_is_marked_but_not_what_the_expected_row_does_not_say(tmp_path: Path) -> None:
    changed = ComparisonRow(
        state="different",
        expected=RowCells(layer="Conv2D", shape="14 × 14 × 64", parameters=36_928),
        actual=RowCells(
            layer="Conv2D", settings=(phrase("{count} filters", count=32),), shape="14 × 14 × 32", parameters=18_464
        ),
        marked=True,
    )
    exhibit = ComparisonExhibit(network="model", rows=rows(r10=changed))
    verdict = Verdict(id="q", title="Q", status="partial", score=1, points=2, exhibits=(exhibit,))
    soup = page(tmp_path, result("a", (verdict,)))
    assert [words(part) for part in soup.select("tr.r-different td:nth-of-type(2) .diff")] == ["14 × 14 × 32", "18,464"]
    assert expected(10).parameters == 36_928


def test_the_curve_has_its_threshold_a_title_and_the_same_figures_as_a_table(tmp_path: Path) -> None:
    soup = page(tmp_path, solved())
    drawing = soup.select_one("svg.drawing")
    assert drawing is not None
    assert drawing.find("title") is not None
    assert drawing.find("desc") is not None
    assert drawing.select_one("path.threshold") is not None
    assert words(drawing.select_one("text.needed")) == "needed: 0.900"
    table = [[words(cell) for cell in row.select("th,td")] for row in soup.select(".plot .figures tbody tr")]
    assert len(table) == 6
    assert table[-1][0] == "6"
    assert table[-1][2] == "0.962"


def test_a_question_says_what_it_depends_on_and_why(tmp_path: Path) -> None:
    depends = {"accuracy": Dependency(question="missing_layers", because="The template trains just as well.")}
    text = words(page(tmp_path, solved(), depends=depends))
    assert (
        "This counts only where at least half of “The missing layers” is right. The template trains just as well."
        in text
    )


def test_the_notebook_shows_what_ran_without_the_noise_of_the_terminal(tmp_path: Path) -> None:
    soup = page(tmp_path, solved(), notebook_cells())
    outputs = [block.get_text() for block in soup.select("pre.output")]
    assert "Epoch 1/1\n19/19 ━━━━━━ loss: 0.0526\n" in outputs
    assert "ZeroDivisionError: division by zero" in words(soup.select_one(".failure"))
    assert soup.select_one(".picture img")["src"].startswith("data:image/png;base64,")  # type: ignore[index, union-attr]
    assert [words(cell) for cell in soup.select(".rich td")] == ["", "0.951", "0.143"]
    assert not soup.select(".rich style")
    assert "$695\\,970$" in words(soup.select_one(".prose"))


def test_a_finding_leads_to_the_cell_that_it_names(tmp_path: Path) -> None:
    notes = (
        Finding(message="one", where=message("where.cell", "cell {number}", number=5)),
        Finding(message="two", where=message("where.code_cell", "code cell {number}", number=4)),
        Finding(message="three", where=message("where.cell", "cell {number}", number=99)),
    )
    soup = page(tmp_path, result("a", (), notes=notes), notebook_cells())
    targets = [link["href"] for link in soup.select(".where a")]
    assert targets == ["#cell-5", "#code-4"]
    assert all(soup.select_one(target) is not None for target in targets)


def test_nothing_a_student_writes_becomes_markup(tmp_path: Path) -> None:
    soup = page(tmp_path, hostile(), hostile_cells())
    assert not soup.select(
        "script, iframe, object, form, input, base, link, video, math, body style, .prose h1, [onerror], [onload]"
    )
    assert [meta.get("http-equiv") for meta in soup.select("meta[http-equiv]")] == ["Content-Security-Policy"]
    assert {element["href"] for element in soup.select("a[href]") if not element["href"].startswith("#")} == {
        "https://example.org/",
        "http://a.invalid",
    }
    for link in soup.select('a[href^="http"]'):
        assert link["rel"] == ["noopener", "nofollow", "noreferrer"]
        assert set(link.attrs) == {"href", "rel"}
    assert all(image.get("src", "").startswith("data:image/png;base64,") for image in soup.select("img[src]"))
    assert not soup.select("[style]")
    assert len(soup.select("#questions")) == 1
    assert "<script>alert('name')</script>" in words(soup.select_one("h1"))
    assert "49" not in words(soup.select_one("h1"))


def test_characters_that_hide_or_turn_the_text_are_shown_by_their_code(tmp_path: Path) -> None:
    text = str(page(tmp_path, hostile(), hostile_cells()))
    assert not set(text) & set("\u202e\u2028\x00\x1b")
    assert "⟨202E⟩cod.exe⟨2028⟩⟨0000⟩⟨D800⟩" in text


def test_the_policy_allows_nothing_but_our_style_and_embedded_pictures(tmp_path: Path) -> None:
    policy = page(tmp_path, solved()).select_one("meta[http-equiv]")["content"]  # type: ignore[index]
    style, *rest = policy.split("style-src ")[::-1]
    assert rest == ["default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "]
    assert style.startswith("'sha256-")


def test_a_page_stays_under_a_megabyte_whatever_a_notebook_puts_out(tmp_path: Path) -> None:
    flood = {"output_type": "stream", "name": "stdout", "text": "蛋" * 3_000_000}
    table = {
        "output_type": "display_data",
        "data": {"text/html": "<table>" + "<tr><td>1</td></tr>" * 1400 + "</table>"},
    }
    drawing = {"output_type": "display_data", "data": {"image/png": picture(900, 700)}}
    run = CellRun(index=0, status="ok", outputs=(flood, table, drawing) * 20)
    page(tmp_path, pooling_forgotten(), [PageCell("code", "x = '蛋'\n" * 4000, run)] * 50)
    assert (tmp_path / "page.html").stat().st_size < 1_000_000
    assert "left out" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_finished_leaves_the_old_one_and_nothing_beside_it(tmp_path: Path) -> None:
    page(tmp_path, solved())
    before = (tmp_path / "page.html").read_bytes()
    with pytest.raises(AttributeError):
        page(tmp_path, solved(), [object()])  # type: ignore[list-item]
    assert (tmp_path / "page.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_same_result_gives_the_same_page(tmp_path: Path) -> None:
    page(tmp_path, hostile(), hostile_cells())
    first = (tmp_path / "page.html").read_bytes()
    page(tmp_path, hostile(HOSTILE), hostile_cells())
    assert (tmp_path / "page.html").read_bytes() == first


def test_the_page_says_how_the_submission_was_handed_in(tmp_path: Path) -> None:
    came = HandedIn(platform="canvas", late=True, earlier=("a.ipynb",))
    footer = words(page(tmp_path, solved().model_copy(update={"handed_in": came})).select_one("footer"))
    assert "Handed in late, 1 earlier attempt; the latest one counts" in footer


def test_the_steps_on_top_are_the_root_causes_in_the_order_to_work_on_them(tmp_path: Path) -> None:
    steps = [words(step) for step in page(tmp_path, pooling_forgotten()).select(".steps li")]
    assert steps == ["The missing layers : A pooling layer is missing."]


def test_a_wrong_answer_says_where_to_read_on_in_the_exercise_and_in_the_documentation(tmp_path: Path) -> None:
    soup = page(tmp_path, pooling_forgotten(), parts={"missing_layers": "4. The network"})
    text = words(soup.select_one("#q1 .wrong"))
    assert (
        "See also: “4. The network” in the exercise; Pooling layers , Model.summary in the Keras documentation" in text
    )
    links = soup.select("#q1 .wrong a[href^=http]")
    assert [link["href"] for link in links] == [
        "https://keras.io/api/layers/pooling_layers/",
        "https://keras.io/api/models/model/#summary-method",
    ]
    assert all(link["rel"] == ["noopener", "noreferrer"] for link in links)


def test_that_a_question_builds_on_another_is_said_once(tmp_path: Path) -> None:
    depends = {"accuracy": Dependency(question="missing_layers", share=0.5)}
    for of, said in ((pooling_forgotten(), True), (template(), False)):
        text = words(page(tmp_path, of, depends=depends).select_one("#q3"))
        assert ("This counts only where at least half" in text) == said


def test_the_surest_mistakes_are_shown_as_pictures_of_ours_with_words_beside_them(tmp_path: Path) -> None:
    figure = page(tmp_path, pooling_forgotten()).select_one("figure.predictions")
    assert figure is not None
    assert len(figure.select(".mistakes li")) == 12
    assert all(image["src"].startswith("data:image/png;base64,") for image in figure.select("img"))
    assert len(figure.select(".confusion tbody tr")) == 10


def test_every_run_of_a_close_accuracy_stands_beside_their_mean_and_its_interval(tmp_path: Path) -> None:
    drawing = page(tmp_path, template()).select_one("svg.starts")
    assert drawing is not None
    assert len(drawing.select("circle")) == 5
    assert "mean of 5 runs 0.895, 95 % interval 0.886 to 0.903" in words(drawing)


def test_what_a_cell_printed_is_folded(tmp_path: Path) -> None:
    soup = page(tmp_path, solved(), notebook_cells())
    folded = soup.select("details.printed")
    assert folded
    assert not any(one.has_attr("open") for one in folded)
    assert all(text.find_parent("details") for text in soup.select("pre.output"))


def test_a_network_that_is_missing_because_its_cell_failed_is_no_step_beside_that_cell(tmp_path: Path) -> None:
    failed = Finding(
        message="SyntaxError in line 19: '(' was never closed",
        where=message("where.code_cell", "code cell {number}", number=5),
        hint="Look.",
    )

    def steps(cell: int) -> list[str]:
        ended = message(
            "network.cell_died",
            "There is no network in a variable `{name}`: code cell {cell}, which makes it, ended the kernel.",
            name="model",
            cell=cell,
        )
        finding = Finding(message=ended, hint="Run all cells.")
        verdict = Verdict(id="q", title="Q", status="not_reached", score=0, points=1, findings=(finding,))
        soup = page(tmp_path, result("Ada", (verdict,), notes=(failed,)))
        return [words(step) for step in soup.select(".steps li")]

    assert steps(5) == ["code cell 5 : SyntaxError in line 19: '(' was never closed"]
    assert len(steps(50)) == 2
