"""A result and a notebook in which every word that a student can influence is an attack."""

from __future__ import annotations

import base64

from class_of_results import result
from sample_notebook import picture

from autograder.core.messages import message, verbatim
from autograder.records.evidence import CellRun, Failure
from autograder.records.result import (
    ComparisonExhibit,
    ComparisonRow,
    CurveExhibit,
    Finding,
    MistakenImage,
    PredictionsExhibit,
    Result,
    RowCells,
    TextExhibit,
    Verdict,
)
from autograder.report.pages import PageCell

HOSTILE = (
    "<script>alert('name')</script><img src=x onerror=alert(1)>\"'><svg onload=alert(2)></title></style>"
    "{{ 7*7 }}{% x %}\u202ecod.exe\u2028\x00\ud800javascript:alert(3)=cmd|' /C calc'!A0"
)


def hostile(student: str = HOSTILE) -> Result:
    """Every word that a student can influence, as an attack."""
    cells = RowCells(layer=HOSTILE, settings=(verbatim(HOSTILE),), shape=HOSTILE, parameters=1)
    changed = ComparisonRow(state="different", expected=cells, actual=cells, marked=True, note=HOSTILE)
    layers = ComparisonExhibit(network=HOSTILE, rows=(changed,), expected_total=1, actual_total=2)
    broken = CurveExhibit(
        network=HOSTILE,
        training_accuracy=(float("nan"), 5.0, -3.0),
        validation_accuracy=(float("inf"), 0.5),
        threshold=0.9,
    )
    named = PredictionsExhibit(
        network=HOSTILE,
        classes=(HOSTILE,) * 2,
        confusion=((0, 3), (1, 0)),
        mistakes=(MistakenImage(truth=HOSTILE, predicted=HOSTILE, png=picture(28, 28)),),
    )
    hint = message("answer.wrong", "{value} is not right.", value=HOSTILE)
    finding = Finding(message=HOSTILE, where=HOSTILE, hint=hint)
    verdicts = (
        Verdict(
            id=HOSTILE,
            title=HOSTILE,
            status="partial",
            score=0.5,
            points=1,
            findings=(finding,),
            exhibits=(layers, broken, named, TextExhibit(text=HOSTILE)),
        ),
    )
    return result(
        student,
        verdicts,
        submission=HOSTILE,
        status="incomplete",
        notes=(finding,),
        device=HOSTILE,
        isolation=HOSTILE,
        versions={HOSTILE: HOSTILE},
        keys={HOSTILE: HOSTILE},
    )


HOSTILE_HTML = """
<script>alert(1)</script><img src=x onerror=alert(2)><img src="http://evil.invalid/p.png"><svg onload=alert(3)></svg>
<iframe srcdoc="<script>parent.alert(4)</script>"></iframe><object data="http://evil.invalid/o"></object>
<meta http-equiv=refresh content="0;url=http://evil.invalid/m"><base href="http://evil.invalid/">
<link rel=stylesheet href="http://evil.invalid/s.css"><style>body{display:none}@import 'http://evil.invalid/i'</style>
<a href="javascript:alert(5)">one</a><a href="data:text/html,<script>alert(6)</script>">two</a>
<a href="https://example.org/" onclick=alert(7) target=_top id=questions class=skip style="position:fixed">three</a>
<form action="http://evil.invalid/f"><input name=a autofocus onfocus=alert(8)><button>go</button></form>
<div style="position:fixed;top:0" class="result" id="q1">covered</div><video autoplay src="http://evil.invalid/v"></video>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(9)&gt;">
</section></main></body></html><h1>Full marks</h1>
"""


def hostile_cells() -> list[PageCell]:
    picture_bomb = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\x00" * 200).decode()
    outputs: tuple[dict[str, object], ...] = (
        {"output_type": "stream", "name": "stdout", "text": HOSTILE},
        {"output_type": "stream", "name": ["odd"], "text": {"not": "text"}},
        {"output_type": "display_data", "data": {"text/html": HOSTILE_HTML}},
        {"output_type": "display_data", "data": {"text/markdown": HOSTILE_HTML}},
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload=alert(1)>"}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {"output_type": "display_data", "data": {"image/png": picture_bomb, "text/plain": HOSTILE}},
        {
            "output_type": "display_data",
            "data": {"image/png": '" onerror="alert(1)', "text/latex": "$$\\href{javascript:alert(1)}x$$"},
        },
        {"output_type": "error", "ename": HOSTILE, "evalue": HOSTILE, "traceback": [HOSTILE, 7]},
        {"output_type": "unheard of"},
        {},
    )
    whole = HOSTILE.replace("\ud800", "")
    failure = Failure(name=whole, message=whole)
    return [
        PageCell("markdown", HOSTILE_HTML),
        PageCell("markdown", "[x](javascript:alert(1)) ![y](http://evil.invalid/y.png) <http://a.invalid>"),
        PageCell("markdown", "![a](attachment:a.png)", attachments={"a.png": {"image/png": picture()}}),
        PageCell("code", HOSTILE, CellRun(index=0, status="timeout", failure=failure, outputs=outputs, truncated=True)),
        PageCell("raw", HOSTILE_HTML),
    ]
