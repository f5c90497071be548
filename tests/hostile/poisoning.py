"""Names, outputs, messages and layers that want to act in the pages and files that an instructor opens."""

from __future__ import annotations

from attack import FULL_MARKS, IMPORTS, SOLVED, Attack, breaking

_ACT = "document.title = 'run'; alert(1)"
_IMAGE = '<img src=x onerror="alert(1)">'

POISONING = (
    breaking(
        "poisoned-outputs",
        "put out everything that a browser might run, load or follow",
        """
        from IPython.display import HTML, SVG, IFrame, Javascript, Latex, Markdown, display
        act = "document.title = 'run'; alert(1)"
        there = "http://127.0.0.1:9/"
        for html in (
            "<script>" + act + "</script>",
            "<img src=x onerror=\\"" + act + "\\"><img src=" + there + "a.png>",
            "<iframe srcdoc='<script>" + act + "</script>'></iframe>",
            "<meta http-equiv=refresh content='0;url=" + there + "'><base href=" + there + ">",
            "<link rel=stylesheet href=" + there + "a.css><style>@import url(" + there + "a.css);</style>",
            "<style>* { display: none }</style><p style='background: url(" + there + "b.png); position: fixed'>x",
            "<form action=" + there + "><input name=a autofocus onfocus=alert(1)><button>grade</button></form>",
            "<a href='javascript:alert(1)' id=questions>again</a>",
            "<object data='data:text/html,<script>alert(1)</script>'></object><embed src=" + there + ">",
            "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg></main></body>",
        ):
            display(HTML(html))
            display({"text/html": html, "text/markdown": html, "text/latex": html, "text/plain": html}, raw=True)
        display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"))
        display(Javascript(act))
        display(Latex(r"$\\href{javascript:alert(1)}{x} \\unicode{<script>}$"))
        display(Markdown("[a](javascript:alert(1)) ![b](" + there + "b.png) <script>alert(1)</script>"))
        display(IFrame(there, 100, 100))
        rest = {"application/javascript": act, "image/svg+xml": "<svg onload=alert(1)>", "image/png": "<script>"}
        display(rest, raw=True)
        print("\\x1b[31m<script>alert(1)</script>\\x1b]8;;" + there + "\\x07link\\x1b]8;;\\x07 \\u202e txt.exe")
        """,
    ),
    breaking(
        "poisoned-error",
        "raise an error whose name and words are markup",
        f"raise type('E{_IMAGE}', (Exception,), {{}})('''</pre></main><script>{_ACT}</script>{_IMAGE}''')",
    ),
    Attack(
        "poisoned-layer",
        "give layers, networks and metrics names that are markup",
        (
            IMPORTS,
            SOLVED.replace(
                "    layers.Flatten(),",
                f"    layers.Flatten(name='<svg onload={_IMAGE}'), layers.ReLU(name='{_IMAGE}'),",
            ),
        ),
        earns=7.75,
    ),
    Attack("=1+1+cmd|' calc'!A0", "be a formula in every table", (IMPORTS, SOLVED), FULL_MARKS),
    Attack(f"+{_IMAGE}", "be markup in every table", (IMPORTS, SOLVED), FULL_MARKS),
    Attack("@SUM(A1)", "be a formula of another kind", (IMPORTS, SOLVED), FULL_MARKS),
)
