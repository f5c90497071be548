"""A platform with LTI 1.3's Assignment and Grade Services for one course, by their specifications.

The token endpoint verifies the signed JWT as RFC 7523 and 1EdTech's security framework ask; line items and results come
in pages with links; a score with a timestamp that is not later than the last one changes nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jwt
from stub import Answer, Request, Stub, as_json

CLIENT = "10000000000042"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NEEDED = {f"{AGS}lineitem", f"{AGS}score", f"{AGS}result.readonly"}
PER_PAGE = 2


@dataclass
class Item:
    """A line item; `scores` are what tools posted, `grades` what stands there (of 1, as a platform may scale it)."""

    label: str
    maximum: float
    resource: str = ""
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)
    grades: dict[str, float] = field(default_factory=dict)


class StubLti(Stub):
    """The state of the course.

    filters: whether it knows the parameter resource_id. unknown: its answer for a user who is not in the course; that
    of Moodle is 500 (mod/lti/service/gradebookservices, scores.php joins a text and an object for its message).
    lti_ids: whether results name users by other ids than scores did and can be filtered by both, as Canvas's are
    (Lti::Ims::ResultsSerializer, and `user` of GradebookServices).
    """

    def __init__(self, jwks: dict[str, Any], users: set[str]) -> None:
        super().__init__()
        self.jwks = jwks
        self.users = users
        self.items: dict[int, Item] = {1: Item("Essay", 10), 2: Item("Quiz", 5, "quiz"), 3: Item("Lab", 5, "lab")}
        self.filters = True
        self.unknown = 404
        self.lti_ids = False
        self.tokens: set[str] = set()
        self.seen: set[str] = set()

    @property
    def line_items(self) -> str:
        return f"{self.address}/ags/courses/7/lineitems?type_id=3"

    def grade(self, item: int, user: str, points: float) -> None:
        self.items[item].grades[user] = points / self.items[item].maximum

    def handle(self, request: Request) -> Answer:
        if request.path == "/token":
            return self._token(request)
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return as_json({"error": "invalid token"}, 401)
        assert request.one("type_id") == "3"  # part of the address, also below it
        if request.path == "/ags/courses/7/lineitems":
            return self._made(request) if request.method == "POST" else self._listed(request)
        found = re.fullmatch(r"/ags/courses/7/lineitems/(\d+)/lineitem/(scores|results)", request.path)
        if not found or int(found[1]) not in self.items:
            return as_json({}, 404)
        item = self.items[int(found[1])]
        if found[2] == "scores":
            return self._scored(item, request)
        wanted = request.one("user_id") if self.lti_ids else ""
        rows = [
            {"id": f"{self._id(int(found[1]))}/{user}", "userId": self._named(user), "resultScore": share}
            for user, share in item.grades.items()
            if not wanted or wanted in (user, self._named(user))
        ]
        return self._page(rows, request, "application/vnd.ims.lis.v2.resultcontainer+json")

    def _named(self, user: str) -> str:
        """How Canvas names a user in a result, and other platforms."""
        return f"lti-{user}-id" if self.lti_ids else user

    def _token(self, request: Request) -> Answer:
        try:
            assert request.one("grant_type") == "client_credentials"
            assert request.one("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            said = request.one("client_assertion")
            keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(self.jwks).keys}
            claims = jwt.decode(
                said,
                keys[jwt.get_unverified_header(said)["kid"]].key,
                algorithms=["RS256"],
                audience=f"{self.address}/token",
                issuer=CLIENT,
                options={"require": ["iss", "sub", "aud", "iat", "exp", "jti"]},
            )
            assert claims["sub"] == CLIENT
            assert claims["exp"] - claims["iat"] <= 3600
            assert claims["jti"] not in self.seen
        except (jwt.PyJWTError, AssertionError, KeyError):
            return as_json({"error": "invalid_client"}, 400)
        assert set(request.one("scope").split()) == NEEDED
        self.seen.add(claims["jti"])
        token = f"token-{len(self.seen)}"
        self.tokens.add(token)
        return as_json(
            {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": request.one("scope")}
        )

    def _id(self, number: int) -> str:
        return f"{self.address}/ags/courses/7/lineitems/{number}/lineitem?type_id=3"

    def _shown(self, number: int) -> dict[str, Any]:
        item = self.items[number]
        shown = {"id": self._id(number), "label": item.label, "scoreMaximum": item.maximum}
        return {**shown, **({"resourceId": item.resource} if item.resource else {})}

    def _listed(self, request: Request) -> Answer:
        assert request.headers["Accept"] == "application/vnd.ims.lis.v2.lineitemcontainer+json"
        wanted = request.one("resource_id") if self.filters else ""
        rows = [self._shown(number) for number, one in self.items.items() if not wanted or one.resource == wanted]
        return self._page(rows, request, "application/vnd.ims.lis.v2.lineitemcontainer+json")

    def _made(self, request: Request) -> Answer:
        assert request.headers["Content-Type"] == "application/vnd.ims.lis.v2.lineitem+json"
        said = json.loads(request.body)
        number = len(self.items) + 1
        self.items[number] = Item(said["label"], said["scoreMaximum"], said["resourceId"])
        return as_json(self._shown(number), 201)

    def _page(self, rows: list[dict[str, Any]], request: Request, kind: str) -> Answer:
        page = int(request.one("page", "1"))
        query = "&".join(f"{name}={value}" for name, value in request.query if name != "page")
        more = page * PER_PAGE < len(rows)
        links = {"Link": f'<{self.address}{request.path}?{query}&page={page + 1}>; rel="next"'} if more else {}
        body = json.dumps(rows[(page - 1) * PER_PAGE : page * PER_PAGE]).encode()
        return Answer(200, body, {"Content-Type": kind, **links})

    def _scored(self, item: Item, request: Request) -> Answer:
        assert request.headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
        said = json.loads(request.body)
        user = said["userId"]
        if user not in self.users:
            return as_json({"error": "no such user"}, self.unknown)
        assert (said["activityProgress"], said["gradingProgress"]) == ("Completed", "FullyGraded")
        at = datetime.fromisoformat(said["timestamp"])
        assert at.tzinfo is not None
        before = item.scores.get(user)
        if before is not None and at <= datetime.fromisoformat(before["timestamp"]):
            return as_json({}, 409)
        item.scores[user] = said
        item.grades[user] = said["scoreGiven"] / said["scoreMaximum"]
        return Answer(204)
