"""What the two stub platforms share: an HTTP server on loopback with a record of requests, and faults on request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

LONGER_THAN_A_CLIENT_WAITS = 1.6


@dataclass
class Request:
    """One request as it arrived; `files` are (field, name, content)."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Message
    body: bytes
    form: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    at: float = field(default_factory=time.monotonic)

    def one(self, name: str, default: str = "") -> str:
        return next((value for key, value in (*self.form, *self.query) if key == name), default)

    def all(self, name: str) -> list[str]:
        return [value for key, value in (*self.form, *self.query) if key == name]


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def as_json(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})


@dataclass
class Fault:
    """What goes wrong with requests whose method and path or function match: `times` of them, after `skip`.

    before: refused without being carried out, with `status` and, unless it is None, `retry_after`. after: carried out,
    then answered with `status`. silent: carried out, and answered too late. half: the answer's second half is missing,
    unnoticed by the server. cut: the connection ends in the middle of the answer.
    """

    where: str
    kind: str
    status: int = 500
    times: int = 1
    skip: int = 0
    retry_after: str | None = "0"


class Stub:
    """The state of a platform. A subclass answers requests in `handle`, one at a time."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.lock = threading.Lock()
        self.address = ""

    def handle(self, request: Request) -> Answer:
        raise NotImplementedError

    def about(self, request: Request) -> str:
        """What faults are matched with."""
        return f"{request.method} {request.path}"

    def writes(self) -> list[str]:
        """The requests that may have changed something."""
        return [self.about(one) for one in self.requests if one.method != "GET"]

    def answer(self, request: Request) -> tuple[Answer, float]:
        with self.lock:
            self.requests.append(request)
            fault = self._fault(self.about(request))
            if fault is None:
                return self.handle(request), 0.0
            if fault.kind == "before":
                headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
                return Answer(fault.status, b"403 Forbidden (Rate Limit Exceeded)", headers), 0.0
            done = self.handle(request)
            if fault.kind == "after":
                return Answer(fault.status, b"<html>Something broke.</html>"), 0.0
            if fault.kind in ("half", "cut"):
                announced = {"Content-Length": str(len(done.body))} if fault.kind == "cut" else {}
                return Answer(done.status, done.body[: len(done.body) // 2], {**done.headers, **announced}), 0.0
            return done, LONGER_THAN_A_CLIENT_WAITS

    def _fault(self, about: str) -> Fault | None:
        for fault in self.faults:
            if fault.where in about:
                if fault.skip:
                    fault.skip -= 1
                elif fault.times:
                    fault.times -= 1
                    return fault
        return None


@contextmanager
def serving(stub: Stub) -> Iterator[str]:
    """The stub on a free port of this machine; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are sent apart; the second would wait 40 ms for the acknowledgement of the first.
        disable_nagle_algorithm = True

        def _any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(
                self.command, parts.path, parse_qsl(parts.query, keep_blank_values=True), self.headers, body
            )
            kind = self.headers.get_content_type()
            if kind == "application/x-www-form-urlencoded":
                request.form = parse_qsl(body.decode(), keep_blank_values=True)
            elif kind == "multipart/form-data":
                _read_parts(request)
            answer, delay = stub.answer(request)
            time.sleep(delay)
            try:
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
                self.close_connection |= len(answer.body) != int(answer.headers.get("Content-Length", len(answer.body)))
            except OSError:
                self.close_connection = True  # the client waited no longer

        do_GET = do_POST = do_PUT = _any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        stub.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield stub.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _read_parts(request: Request) -> None:
    head = b"Content-Type: " + request.headers["Content-Type"].encode() + b"\r\n\r\n"
    for part in BytesParser().parsebytes(head + request.body).get_payload():
        assert isinstance(part, Message)
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename() is None:
            request.form.append((name, content.decode()))
        else:
            request.files.append((name, str(part.get_filename()), content))
