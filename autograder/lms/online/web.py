"""Every request goes through this session: encrypted, bounded in time, and with the token to one host only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from autograder.core.files import replacing
from autograder.lms.online.site import PlatformError

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
# A student's upload; the grader itself reads at most 50 MB of a notebook.
MAX_DOWNLOAD_BYTES = 512 * 2**20
# Before the first repetition, in seconds; each further pause is twice as long.
FIRST_PAUSE = 0.4
_TRIES = 5
_LONGEST_PAUSE = 60.0
_CHUNK = 2**18


class Session(requests.Session):  # type: ignore[misc]
    """A session that refuses what would show the token to others.

    Args:
        home: the platform's address; only its host receives the token.
        follows: whether redirects are followed. Moodle's token is in the body, which a redirect would repeat.
    """

    def __init__(self, home: str, *, follows: bool = True) -> None:
        super().__init__()
        self._home = _place(home)
        self._follows = follows
        self.max_redirects = 5
        # Without it, requests puts a password of ~/.netrc for this host in the place of the token.
        self.auth = _unchanged

    def request(self, method: str, url: str, *, reads: bool = False, **settings: Any) -> Any:
        """Repeats what the platform did not carry out because of too many requests, and reading that failed.

        Args:
            method: GET is reading, any other only with `reads`.
            url: where to.
            reads: whether it changes nothing.
            settings: as `requests` takes them.
        """
        settings.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        settings.setdefault("allow_redirects", self._follows)
        safe = reads or method.upper() == "GET"
        for left in reversed(range(_TRIES)):
            try:
                response = super().request(method, url, **settings)
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                if not safe or not left:
                    raise
                time.sleep(FIRST_PAUSE * 2 ** (_TRIES - left - 1))
                continue
            if not left or not (_throttled(response) or (safe and response.status_code in (500, 502, 503, 504))):
                break
            time.sleep(_pause(response, _TRIES - left))
        if not self._follows and response.is_redirect:
            raise PlatformError(
                f"{_shown(url)} answers with a redirect, which is not followed: it would pass the token on. Give the "
                "address that the platform has in the browser."
            )
        return response

    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Take the token out of a redirect to another host, and put nothing of ~/.netrc in."""
        if self.should_strip_auth(response.request.url, prepared_request.url):
            prepared_request.headers.pop("Authorization", None)

    def send(self, request: Any, **settings: Any) -> Any:
        """Also called for each redirect."""
        require_safe(request.url)
        if "Authorization" in request.headers and _place(request.url) != self._home:
            raise PlatformError(f"{_shown(request.url)} is another host than the platform's: it gets no token.")
        return super().send(request, **settings)


def require_safe(url: str) -> None:
    """Refuse an address without encryption, except of this machine.

    Raises:
        PlatformError: it would send the token readable to everyone on the way.
    """
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise PlatformError("An address with a name or password in it is refused: leave them out.")
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return
    raise PlatformError(f"{_shown(url)} is refused: the address of a platform begins with https://.")


def host_of(url: str) -> str:
    """The host of an address, with a port that is not the usual one."""
    host, port = _place(url)[1:]
    return host if port in (443, 80) else f"{host}:{port}"


@contextmanager
def explained(url: str, doing: str) -> Iterator[None]:
    """Turn what `requests` raises into one sentence, without the address of a file or anything that was sent."""
    try:
        yield
    except requests.Timeout:
        raise PlatformError(f"{host_of(url)} did not answer in time while {doing}: try again.") from None
    except requests.TooManyRedirects:
        raise PlatformError(f"{host_of(url)} redirects in a circle while {doing}: check the address.") from None
    except requests.exceptions.SSLError:
        raise PlatformError(f"The certificate of {host_of(url)} is not valid: check the address.") from None
    except requests.RequestException as error:
        raise PlatformError(
            f"{host_of(url)} cannot be reached while {doing} ({type(error).__name__}): check the address and try again."
        ) from None


def save_response(response: Any, path: Path, expected: int | None) -> None:
    """Write the body of a response, all of it or nothing.

    Raises:
        PlatformError: it is shorter or longer than announced, or too large.
    """
    size = 0
    with replacing(path) as file:
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > MAX_DOWNLOAD_BYTES:
                raise PlatformError(
                    f"{path.name} is larger than {MAX_DOWNLOAD_BYTES / 2**20:.0f} MB and is not fetched."
                )
            file.write(chunk)
        if expected is not None and size != expected:
            raise PlatformError(f"Only {size} of {expected} bytes of {path.name} arrived: try again.")


def _unchanged(request: Any) -> Any:
    return request


def _place(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or (80 if parts.scheme == "http" else 443)


def _shown(url: str) -> str:
    """An address without its query, which may let anyone in."""
    parts = urlsplit(url)
    return f"{parts.scheme + '://' if parts.scheme else ''}{parts.hostname or ''}{parts.path[:80]}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _throttled(response: Any) -> bool:
    """Whether it was refused for the number of requests; older Canvas answers 403 with these words."""
    if response.status_code == 429:
        return True
    return response.status_code == 403 and "Rate Limit Exceeded" in response.text[:200]


def _pause(response: Any, turn: int) -> float:
    said = response.headers.get("Retry-After", "")
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - time.time()
        except (TypeError, ValueError):
            seconds = FIRST_PAUSE * 2 ** (turn - 1)
    return max(0.0, min(seconds, _LONGEST_PAUSE))
