"""The pages of `autograder review`: plain forms over HTTP, for one person on this machine."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import FastAPI, Form, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as NoAnswer
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograder.core.language import gettext, plain_number, use_language
from autograder.report.review.queues import NotDecided, ReviewItem, ReviewQueues
from autograder.report.templating import environment, frame
from autograder.report.views import question_view

FoundItem = TypeVar("FoundItem")

_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"frame-ancestors 'none'",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


class TokenMiddleware:
    """Lets in those who hold the token, under our own host name, and sends nothing that another site could use.

    The token is part of every address and there are no cookies, so a page of another site can neither make a request on
    the reader's behalf nor send a form. A host name other than ours is refused as well: a foreign site that points its
    name to this machine (DNS rebinding) would use one.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: frozenset[str]) -> None:
        self._app, self._token, self._hosts = app, token.encode("ascii"), hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on with the token removed from its address."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [(name, value) for name, value in message["headers"] if name.lower() not in _HEADERS]
                message["headers"] = [*given, *_HEADERS.items()]
            await send(message)

        given, _, rest = scope["path"].lstrip("/").partition("/")
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin", "")
        foreign = origin not in ("", "null") and origin.removeprefix("http://") not in self._hosts
        if headers.get(b"host", "") not in self._hosts or foreign:
            await Response("This server answers on its own address only.", 403)(scope, receive, guarded)
        elif not secrets.compare_digest(given.encode("utf-8", "replace"), self._token):
            await Response("Open the address that `autograder review` printed.", 404)(scope, receive, guarded)
        else:
            inside = {**scope, "path": f"/{rest}", "raw_path": None}
            await self._app(inside, receive, guarded)


class _LanguageMiddleware:
    """Answers every request in one language, including in worker threads."""

    def __init__(self, app: ASGIApp, language: str) -> None:
        self._app, self._language = app, language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        with use_language(self._language):
            await self._app(scope, receive, send)


def review_app(desk: ReviewQueues, changed: Callable[[str], None], page: Callable[[str | None], Path]) -> FastAPI:
    """The application, to put behind a `TokenMiddleware`.

    Args:
        desk: the class.
        changed: called for every student with a new decision.
        page: brings the page of a student, or of the class (None), up to date and returns its file.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(_LanguageMiddleware, language=desk.assignment.language)

    @app.exception_handler(NoAnswer)
    async def refuse(_: Request, error: NoAnswer) -> PlainTextResponse:
        return PlainTextResponse(error.detail, error.status_code)

    @app.get("/")
    def overview() -> HTMLResponse:
        return _overview(desk)

    @app.post("/runs")
    def make_runs() -> Response:
        try:
            for student in desk.make_runs():
                changed(student)
        except NotDecided as error:
            return _overview(desk, problem=str(error), status=422)
        return RedirectResponse("./", 303)

    @app.get("/q/{question}")
    def begin(question: str) -> RedirectResponse:
        queue = _known(desk.queue(question))
        first = queue.first()
        return RedirectResponse(f"{question}/{quote(first.slug)}" if first else "..", 303)

    @app.get("/q/{question}/{slug}")
    def read(question: str, slug: str, saved: str = "") -> HTMLResponse:
        return _sheet(desk, _known(desk.sheet(question, slug)), saved=saved)

    @app.post("/q/{question}/{slug}")
    def decide(
        question: str,
        slug: str,
        action: Annotated[str, Form()] = "save",
        score: Annotated[str, Form()] = "",
        reason: Annotated[str, Form()] = "",
        alike: Annotated[bool, Form()] = False,
    ) -> Response:
        try:
            if action == "withdraw":
                changed(desk.withdraw(question, slug, reason=reason))
                return RedirectResponse(quote(slug), 303)
            for student in desk.decide(question, slug, score=score, reason=reason, alike=alike):
                changed(student)
        except NotDecided as error:
            sheet = _known(desk.sheet(question, slug))
            return _sheet(desk, sheet, problem=str(error), score=score, reason=reason, status=422)
        following = _known(desk.queue(question)).after(slug)
        return RedirectResponse(f"{quote(following.slug if following else slug)}?saved={quote(slug)}", 303)

    @app.get("/index.html")
    def class_page() -> FileResponse:
        return FileResponse(page(None), media_type="text/html")

    @app.get("/students/{name}.html")
    def student_page(name: str) -> HTMLResponse:
        before, after = desk.neighbours(name) if desk.student(name) else (None, None)
        text = page(_known(desk.student(name))).read_text(encoding="utf-8")
        navigation = environment().get_template("review_turn.html").render(before=before, after=after)
        # Links to other students are only in this response: the file that the student gets must not name anybody else.
        return HTMLResponse(text.replace("<body>", f"<body>\n{navigation}", 1).encode("utf-8"))

    return app


def _known(found: FoundItem | None) -> FoundItem:
    if found is None:
        raise HTTPException(404, gettext("There is no such page."))
    return found


def _overview(desk: ReviewQueues, problem: str = "", status: int = 200) -> HTMLResponse:
    queues = desk.queues()
    by_student = [{line.slug: line for line in queue.lines} for queue in queues]
    shown = {"queues": queues, "students": desk.students(), "by_student": by_student}
    return _page("review_overview.html", desk, status, **shown, lacking=desk.lacking, problem=problem)


def _sheet(
    desk: ReviewQueues,
    sheet: ReviewItem,
    *,
    saved: str = "",
    problem: str = "",
    score: str | None = None,
    reason: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    verdict, override = sheet.verdict, sheet.verdict.override
    before = override.score if override else None if verdict.status == "needs_review" else verdict.score
    given = "" if before is None else plain_number(before)
    return _page(
        "review_question.html",
        desk,
        status,
        sheet=sheet,
        view=question_view(verdict),
        levels=_levels(sheet),
        score=given if score is None else score,
        reason=(override.reason if override else "") if reason is None else reason,
        problem=problem,
        saved=saved if desk.student(saved) else "",
    )


def _levels(sheet: ReviewItem) -> list[tuple[str, str]]:
    """The scores that a single key enters into the form: the rubric's lines, or all, half and none."""
    points = sheet.queue.question.points
    plain = [
        (points, gettext("all of it")),
        (round(points / 2, 3), gettext("half of it")),
        (0.0, gettext("none of it")),
    ]
    levels = [(line.points, line.text) for line in sheet.rubric] or plain
    return [(plain_number(points), text) for points, text in levels]


def _page(template: str, desk: ReviewQueues, status: int = 200, **values: Any) -> HTMLResponse:
    text = (
        environment()
        .get_template(template)
        .render(
            **frame("student.css", "review.css", script="review.js", forms=True),
            assignment_title=desk.assignment.title,
            reader=desk.reader,
            **values,
        )
    )
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status)
