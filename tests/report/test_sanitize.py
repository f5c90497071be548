"""What of a student's Markdown, HTML, code and prints is shown, and what it may cost."""

from __future__ import annotations

import time

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.report.sanitize import clean_html, code, markdown, printed, shortened


def test_markdown_keeps_its_structure_and_starts_below_the_headings_of_the_page() -> None:
    assert str(markdown("# A\n\n*b* `c`\n\n| d |\n|---|\n| e |")) == (
        "<h3>A</h3>\n<p><em>b</em> <code>c</code></p>\n"
        "<table>\n<thead>\n<tr>\n<th>d</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>e</td>\n</tr>\n</tbody>\n</table>\n"
    )


def test_formulas_stay_as_they_were_written() -> None:
    assert "<code>$a_1 * b_1 * c$</code>" in markdown("so $a_1 * b_1 * c$ it is")


@pytest.mark.parametrize(
    "attack",
    [
        '<a href="java&#x0A;script:alert(1)">x</a>',
        '<a href="//evil.invalid">x</a>',
        '<a href="#q1">x</a>',
        "<img src=x onerror=alert(1)>",
        "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        '<p style="position:fixed" class="result" id="q1" dir=rtl>x</p>',
        "<template><script>alert(1)</script></template>",
        "<plaintext>x",
        "<button popovertarget=x>x</button>",
    ],
)
def test_html_loses_what_could_act(attack: str) -> None:
    for cleaned in (clean_html(attack), markdown(attack)):
        assert cleaned is not None
        for word in ("script", "onerror", "style", "class=", "id=", "href", "src=", "<plaintext", "<button", "<svg"):
            assert word not in cleaned.replace("&lt;", "")


PIECES = (
    *(
        "<b>",
        "</b>",
        "<table>",
        "<td>",
        "<svg>",
        "<math>",
        "<style>",
        "</style>",
        "<!--",
        "-->",
        "<script>",
        "x",
        '"',
        "'",
    ),
    *(
        "<a href=",
        "javascript:x",
        ">",
        "<img src=",
        "data:text/html,x",
        "&#8238;",
        "\u202e",
        "\ud800",
        "`",
        "\n",
        "[a](",
        ")",
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_no_mixture_of_markup_survives_as_more_than_text(text: str) -> None:
    for cleaned in (clean_html(text), markdown(text)):
        assert cleaned is not None
        for element in BeautifulSoup(cleaned, "html.parser").find_all(True):
            assert element.name not in ("script", "style", "svg", "math")
            assert set(element.attrs) <= ({"a": {"href", "rel"}, "img": {"alt"}}.get(element.name, set()))
            assert str(element.get("href", "https://")).startswith("http")
        assert "\u202e" not in cleaned
        cleaned.encode("utf-8")


def test_html_that_grows_when_it_is_parsed_is_refused() -> None:
    assert clean_html("".join(f"<i a={n}>" for n in range(600)) + "<p>" * 600) is None


@pytest.mark.parametrize("attack", ["[", "![[", "*a_ ", "[a](", "<!--", "$a\n", "|a"])
def test_markdown_built_to_be_slow_is_not(attack: str) -> None:
    started = time.process_time()
    markdown(attack * (12_000 // len(attack)))
    assert time.process_time() - started < 3


def test_code_is_marked_and_escaped() -> None:
    marked = code("if a < 1:  # '<b>'")
    assert '<span class="y-k">if</span>' in marked
    assert "&lt;b&gt;" in marked
    assert "<b>" not in marked


def test_a_progress_bar_is_shown_as_it_ended() -> None:
    assert printed("1/3\r\x1b[1m2/3\x1b[0m\r3/3 done\nabc\b\bx\r\nend\r") == "3/3 done\nax\nend"


def test_a_long_text_says_how_much_is_left_out() -> None:
    assert shortened("a" * 2000, 10, 5) == "a" * 10 + "\n⋯ 1,985 characters are left out here ⋯\n" + "a" * 5
