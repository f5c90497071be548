"""LTI 1.3 without a launch: scores into a line item of the Assignment and Grade Services.

The tool authenticates with a JWT that it signs (1EdTech Security Framework 1.0, section 4.1; RFC 7523), and gets a
token for the three scopes. Fields and media types are those of the Assignment and Grade Services 2.0
(imsglobal.org/spec/lti-ags/v2p0). Scores are read back by its result service. It has no place for pages.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from autograder.lms.lti_keys import SCOPES, lti_missing, public_jwk
from autograder.lms.online import web
from autograder.lms.online.lti_settings import LtiSettings
from autograder.lms.online.push_plan import DECIMALS
from autograder.lms.online.site import Grading, Interrupted, Participant, PlatformError, RemoteFile, Site
from autograder.lms.online.tokens import Token
from autograder.records.result import Person

_LINE_ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
_LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
_RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
_SCORE = "application/vnd.ims.lis.v1.score+json"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Canvas makes a new attempt of each score otherwise (developerdocs.instructure.com, "Score"); others ignore it.
_NO_ATTEMPT = {"https://canvas.instructure.com/lti/submission": {"new_submission": False}}
_ASSERTION_SECONDS = 300
_MOST_PAGES = 1000
# No user has this id; a platform that lists results for it has no filter.
_NOBODY = "0"
_FAILURES_IN_A_ROW = 3


class Lti:
    """A connection to the line items of one course.

    Args:
        settings: what the administrator answered.
        key: the private key, PEM.
        persons: whose scores are read and sent, by the platform's user ids.
        title: of a line item that is made here.
        points: its maximum.
    """

    def __init__(self, settings: LtiSettings, key: Token, persons: Sequence[Person], title: str, points: float) -> None:
        for address in (settings.token_url, settings.line_items):
            web.require_safe(address)
        self._settings, self._key = settings, key
        self._persons, self._title, self._points = persons, title, points
        self._tokens = web.Session(settings.token_url, follows=False)
        self._session = web.Session(settings.line_items, follows=False)
        self._token: Token | None = None
        self._expires = 0.0
        self._other_ids: dict[str, str] = {}

    def read(self, course: str, assignment: str) -> Site:
        """The line item whose `resourceId` is `assignment`, with the results of our students.

        Raises:
            PlatformError: with a sentence.
        """
        with self._explained("reading the line items"):
            item = self._line_item(assignment)
            maximum = float(item["scoreMaximum"]) if item else self._points
            grades = self._grades(str(item["id"]), maximum) if item else {}
        notes = ["pages are not returned: these services have no place for them"]
        if item is None:
            notes.append(f'there is no line item with the resourceId "{assignment}" yet: --yes makes it')
        return Site(
            platform="lti",
            course=course,
            assignment=assignment,
            title=str((item or {}).get("label") or self._title),
            maximum=maximum,
            deadline=None,
            participants=tuple(Participant(person, grade=grades.get(person.id)) for person in self._persons),
            takes_pages=False,
            notes=tuple(notes),
        )

    def download(self, file: RemoteFile, path: Path) -> None:
        """There are no submissions in these services."""
        raise PlatformError("LTI's services hold no submissions: download them from the platform.")

    def send(self, site: Site, gradings: Sequence[Grading]) -> None:
        """Post one score after the other; the line item is made before if there is none.

        Moodle answers 500 for a student who left the course, so that one such answer does not end it.
        """
        refused: list[int] = []
        failures = 0
        with self._explained("sending", sending=True):
            item = self._line_item(site.assignment) or self._made(site.assignment)
            place = _below(str(item["id"]), "scores")
            for one in gradings:
                if one.grade is None:
                    continue
                score = {
                    "userId": one.participant,
                    "scoreGiven": round(one.grade, DECIMALS),
                    "scoreMaximum": site.maximum,
                    "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "activityProgress": "Completed",
                    "gradingProgress": "FullyGraded",
                    **_NO_ATTEMPT,
                }
                answer = self._request("POST", place, json=score, headers={"Content-Type": _SCORE})
                if not answer.ok:
                    refused.append(answer.status_code)
                failures = failures + 1 if answer.status_code >= 500 else 0
                if failures == _FAILURES_IN_A_ROW:
                    break
        if refused:
            raise Interrupted(f"{self._host} did not take {len(refused)} scores (status {refused[0]}).")

    @property
    def _host(self) -> str:
        return web.host_of(self._settings.line_items)

    def _line_item(self, resource: str) -> dict[str, Any] | None:
        found = self._all(self._settings.line_items, _LINE_ITEMS, {"resource_id": resource})
        # A platform may leave the filter out.
        items = [item for item in found if item.get("resourceId") == resource]
        if len(items) > 1:
            named = ", ".join(str(item.get("label")) for item in items[:5])
            raise PlatformError(
                f'{len(items)} line items have the resourceId "{resource}" ({named}): name another with --resource-id, '
                "or remove all but one."
            )
        return items[0] if items else None

    def _made(self, resource: str) -> dict[str, Any]:
        item = {"scoreMaximum": self._points, "label": self._title, "resourceId": resource}
        headers = {"Content-Type": _LINE_ITEM, "Accept": _LINE_ITEM}
        answer = self._checked(self._request("POST", self._settings.line_items, json=item, headers=headers))
        return dict(answer.json())

    def _grades(self, item: str, maximum: float) -> dict[str, float]:
        """By our students' ids, the results on the scale of the line item.

        Canvas takes a user id of either kind with a score, but names the user by the one of LTI in every result
        (`Lti::Ims::ResultsSerializer`). Its filter takes both, so it tells whose result it is.
        """
        place = _below(item, "results")
        there = {str(one["userId"]): _on_scale(one, maximum) for one in self._results(place, {})}
        known = {person.id for person in self._persons}
        if not there.keys() <= known | self._other_ids.keys() and not self._results(place, {"user_id": _NOBODY}):
            for person in self._persons:
                if person.id not in there and person.id not in self._other_ids.values():
                    own = self._results(place, {"user_id": person.id})
                    self._other_ids.update({str(one["userId"]): person.id for one in own[:1]})
        return {self._other_ids.get(user, user): grade for user, grade in there.items()}

    def _results(self, place: str, query: dict[str, str]) -> list[dict[str, Any]]:
        return [one for one in self._all(place, _RESULTS, query) if one.get("resultScore") is not None]

    def _all(self, url: str, accept: str, query: dict[str, str]) -> list[dict[str, Any]]:
        """A list that comes in pages, each with a link to the next."""
        found: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            answer = self._checked(self._request("GET", url, params=query, headers={"Accept": accept}))
            found.extend(answer.json())
            url, query = answer.links.get("next", {}).get("url", ""), {}
            if not url:
                return found
        raise PlatformError(f"{self._host} has more than {_MOST_PAGES} pages of one list: tell its administrator.")

    def _request(self, method: str, url: str, headers: dict[str, str], **more: Any) -> Any:
        """With a token, and once more with a new one if the platform takes it no longer."""
        for again in (False, True):
            bearer = {"Authorization": f"Bearer {self._access(renew=again).reveal()}"}
            answer = self._session.request(method, url, headers={**headers, **bearer}, **more)
            if answer.status_code != 401:
                break
        return answer

    def _checked(self, answer: Any) -> Any:
        if answer.status_code in (401, 403):
            raise PlatformError(
                f"{self._host} does not let the tool do that (status {answer.status_code}): the administrator allows "
                "the tool its three scopes, and deploys it in the course."
            )
        if answer.status_code == 404:
            raise PlatformError(f"{self._host} has no such line items: compare line_items in lti.toml.")
        if not answer.ok:
            raise PlatformError(f"{self._host} answers with status {answer.status_code}: try again.")
        return answer

    def _access(self, *, renew: bool) -> Token:
        if self._token is None or renew or time.monotonic() > self._expires:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION,
                "client_assertion": self._assertion(),
                "scope": " ".join(SCOPES),
            }
            with web.explained(self._settings.token_url, "asking for a token"):
                answer = self._tokens.post(self._settings.token_url, data=form)
            host = web.host_of(self._settings.token_url)
            if not answer.ok:
                raise PlatformError(
                    f"{host} gives no token ({_reason(answer)}): compare client_id, token_url and audience in "
                    "lti.toml, and the public key there with jwks.json."
                )
            said = answer.json()
            self._token = Token(str(said["access_token"]))
            self._expires = time.monotonic() + float(said.get("expires_in") or 0) - 30.0
        return self._token

    def _assertion(self) -> str:
        try:
            import jwt
        except ModuleNotFoundError as missing:
            raise lti_missing(missing) from None
        now = int(time.time())
        claims = {
            "iss": self._settings.client_id,
            "sub": self._settings.client_id,
            "aud": self._settings.audience or self._settings.token_url,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(24),
        }
        private = self._key.reveal()
        return jwt.encode(claims, private, algorithm="RS256", headers={"kid": public_jwk(private.encode())["kid"]})

    @contextmanager
    def _explained(self, doing: str, *, sending: bool = False) -> Iterator[None]:
        try:
            with web.explained(self._settings.line_items, doing):
                yield
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"{self._host} gave an answer that is not understood while {doing} ({type(error).__name__})."
            raise (Interrupted(what) if sending else PlatformError(what)) from None
        except PlatformError as error:
            if sending and not isinstance(error, Interrupted):
                raise Interrupted(str(error)) from None
            raise


def _on_scale(result: dict[str, Any], maximum: float) -> float:
    """A result's points where the line item has `maximum`; 1 is the default of `resultMaximum`."""
    return float(result["resultScore"]) / float(result.get("resultMaximum") or 1.0) * maximum


def _below(address: str, name: str) -> str:
    """A place below a line item, whose address may end with a query (specification, section 3.1)."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def _reason(answer: Any) -> str:
    """The error code of RFC 6749, section 5.2, which is all that is shown of the answer."""
    try:
        said = str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        said = ""
    return said if said.replace("_", "").isalpha() and len(said) < 40 else f"status {answer.status_code}"
