"""What the pages share: templates that escape everything, and the policy that allows a page only our own content."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.core.data import digest
from autograder.core.language import ENGLISH, active, catalogue, gettext, ngettext
from autograder.core.messages import CODE_SPAN, Message, in_plain_text
from autograder.report import labels, plots, scores
from autograder.report.confusion import confusion
from autograder.report.further_reading import read_on
from autograder.report.scatter import roc_curve, scatter
from autograder.report.views import comparison

# The start of Unicode's private use area.
_PRIVATE = 0xE000
_NOTHING = "default-src 'none'; img-src data:; base-uri 'none'"


def frame(*stylesheets: str, script: str = "", forms: bool = False) -> dict[str, Any]:
    """The style and script of a page, and the policy that allows these and nothing else.

    Args:
        stylesheets: names of packaged files, besides the one that all pages have.
        script: the name of a packaged file; empty if the page runs nothing.
        forms: whether the page may send a form back to its server.
    """
    style = "".join(packaged(name) for name in ("base.css", *stylesheets)) + _said_by_style()
    back = "'self'" if forms else "'none'"
    policy = f"{_NOTHING}; form-action {back}; style-src '{_source_hash(style)}'"
    code = packaged(script) if script else ""
    if code:
        policy += f"; script-src '{_source_hash(code)}'"
    # Both texts are ours, never a student's; escaping would change the hash.
    return {"style": Markup(style), "script": Markup(code), "policy": policy}


def _said_by_style() -> str:
    """What a screen reader says for the signs in the class table, if the language is not English."""
    if active() == ENGLISH:
        return ""
    # Only characters that can end neither the string nor the element.
    words = {state: re.sub(r"[^\w .,-]", "", gettext(sentence)) for state, sentence in labels.CLASS_STATUS.items()}
    rules = "".join(f'--said-{state}: " {sentence}"; ' for state, sentence in words.items())
    return f":root {{ {rules}}}\n"


def _source_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def worded() -> str:
    """A digest of the language in use and its catalogue: a page with a different one is written again."""
    return _worded(active())


@functools.cache
def _worded(language: str) -> str:
    return digest(language, catalogue(language))[:12]


@functools.cache
def packaged(name: str) -> str:
    """A packaged stylesheet or script, which is inserted into a page unchanged."""
    text = resources.files("autograder.report").joinpath("templates", name).read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"{name} would end its own element in the page")
    return text


@functools.cache
def environment() -> Environment:
    """Templates that escape everything, fail on missing values, and show no invisible character."""
    made = Environment(
        loader=PackageLoader("autograder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    made.filters.update(
        points=labels.points,
        point_count=labels.point_count,
        of_points=labels.of_points,
        integer=labels.integer_or_dash,
        percent=labels.percent,
        accuracy=labels.accuracy,
        duration=labels.duration,
        day=labels.day,
        reflowed=labels.reflowed,
        fixed=labels.fixed,
        fact=labels.fact,
        settings=labels.settings_text,
        coded=coded,
        uncoded=in_plain_text,
    )
    made.globals.update(
        gettext=gettext,
        ngettext=ngettext,
        gettext_html=gettext_html,
        language=active,
        worded=worded,
        student_status=labels.STUDENT_STATUS,
        class_status=labels.CLASS_STATUS,
        row_state=labels.ROW_STATE,
        accuracy=labels.accuracy,
        accuracies=labels.accuracies,
        anchor=labels.anchor,
        places=labels.places,
        comparison=comparison,
        read_on=read_on,
        confusion=confusion,
        curve=plots.curve,
        starts=plots.starts,
        plot=plots,
        score=scores.score,
        scores=scores.scores,
        curve_words=scores.curve_words,
        tried_caption=scores.tried_caption,
        roc_curve=roc_curve,
        scatter=scatter,
    )
    return made


def gettext_html(message: str, /, **values: object) -> Markup:
    """The sentence in the active language; markup among the values stays markup, all else is escaped."""
    # A private-use character replaces each value until the sentence itself is escaped.
    places = {name: chr(_PRIVATE + index) for index, name in enumerate(values)}
    markup = {place: str(escape(_finalize(values[name]))) for name, place in places.items()}
    sentence = str(escape(gettext(message, **places)))
    return Markup(re.sub(rf"[{chr(_PRIVATE)}-{chr(_PRIVATE + 99)}]", lambda found: markup.get(found[0], ""), sentence))


def coded(sentence: Message | str) -> Markup:
    """The sentence escaped, with the code in it as `<code>`."""
    return Markup(CODE_SPAN.sub(r"<code>\2</code>", str(escape(labels.visible(str(sentence))))))


def _finalize(value: Any) -> Any:
    if isinstance(value, Message):
        return coded(value)
    return labels.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
