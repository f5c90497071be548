"""LTI's services over HTTP: keys, dry run, scores, review, scores again, by the commands themselves."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from samples.sums_course import autograder, decide, graded_by_hand, make_assignment, notebook
from stub import Answer, Fault, Request, Stub, serving
from stub_lti import CLIENT, StubLti


@pytest.fixture(scope="module")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys."""
    folder = tmp_path_factory.mktemp("lti") / "keys"
    status, said = autograder("lti", "keys", "--output", folder)
    assert status == 0, said
    assert all(str(folder / name) in said for name in ("private.pem", "jwks.json", "public.pem", "lti.toml"))
    assert json.dumps(json.loads((folder / "jwks.json").read_text())["keys"][0]) in said
    assert "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly" in said
    return folder


@pytest.fixture
def keys(made_keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same keys where `push lti` looks for them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "keras-autograder" / "lti"
    shutil.copytree(made_keys, folder)
    return folder


@pytest.fixture
def lti(keys: Path) -> Iterator[StubLti]:
    """A course with users 11 to 13; 14 left it."""
    stub = StubLti(json.loads((keys / "jwks.json").read_text()), {"11", "12", "13"})
    with serving(stub) as address:
        (keys / "lti.toml").write_text(
            f'client_id = "{CLIENT}"\ntoken_url = "{address}/token"\nline_items = "{stub.line_items}"\n'
        )
        yield stub


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Graded from a Canvas download: ada 6, ben 2, chloé with a text to be read, a file without an id."""
    place = make_assignment(tmp_path)
    files = {
        "adal_11_501_sums.ipynb": notebook(8, 9),
        "okriben_12_502_sums.ipynb": notebook(8, 6),
        "obrien_LATE_13_503_sums.ipynb": notebook(8, 9, "Because of the sum."),
        "bymail.ipynb": notebook(1, 1),
    }
    (tmp_path / "download").mkdir()
    for name, content in files.items():
        (tmp_path / "download" / name).write_bytes(content)
    return graded_by_hand(place, tmp_path / "download", tmp_path / "report")


def made(stub: StubLti) -> dict[str, float]:
    """The points that stand in our line item."""
    (item,) = (one for one in stub.items.values() if one.resource == "sums")
    return {user: round(share * item.maximum, 2) for user, share in item.grades.items()}


def test_the_private_key_is_for_its_owner_and_is_never_replaced(keys: Path) -> None:
    assert stat.S_IMODE((keys / "private.pem").stat().st_mode) == 0o600
    assert b"PRIVATE" not in (keys / "jwks.json").read_bytes() + (keys / "public.pem").read_bytes()
    signed = jwt.encode({"sub": "me"}, (keys / "private.pem").read_bytes(), algorithm="RS256")
    assert jwt.decode(signed, (keys / "public.pem").read_bytes(), algorithms=["RS256"]) == {"sub": "me"}
    before = (keys / "private.pem").read_bytes()
    status, said = autograder("lti", "keys")
    assert (status, "is there already" in said) == (2, True)
    assert (keys / "private.pem").read_bytes() == before


def test_a_line_item_is_made_and_gets_the_scores_once(lti: StubLti, report: Path, keys: Path) -> None:
    status, said = autograder("push", "lti", report)
    assert status == 0, said
    assert "new (2):\n  adal 6\n  okriben 2\n" in said, said
    assert "(1 points are not decided)" in said
    assert "bymail (no id of a user there is known)" in said
    assert 'no line item with the resourceId "sums" yet: --yes makes it' in said
    assert "Nothing was sent: --yes sends this to 2 students." in said
    assert lti.writes() == ["POST /token"]

    status, said = autograder("push", "lti", report, "--yes")
    assert (status, "sent and read back: 2 of 2" in said) == (0, True), said
    assert made(lti) == {"11": 6, "12": 2}
    lti.requests.clear()
    status, said = autograder("push", "lti", report, "--yes")
    assert (status, "nothing to send" in said, lti.writes()) == (0, True, ["POST /token"]), said

    decide(report, "obrien (13)", 0.5)
    assert autograder("push", "lti", report, "--yes")[0] == 0
    assert made(lti) == {"11": 6, "12": 2, "13": 6.5}
    decide(report, "obrien (13)", 0)
    status, said = autograder("push", "lti", report, "--yes")
    assert "6.5 → 6 (needs --allow-lower)" in said
    assert made(lti)["13"] == 6.5
    assert autograder("push", "lti", report, "--yes", "--allow-lower")[0] == 0
    assert made(lti)["13"] == 6
    private = (keys / "private.pem").read_text()
    others = "".join(path.read_text(errors="replace") for path in report.rglob("*") if path.is_file())
    assert private not in others + said
    assert not any(token in others + said for token in lti.tokens)


def test_a_grade_of_a_person_stays_and_a_platform_may_not_filter(lti: StubLti, report: Path) -> None:
    assert autograder("push", "lti", report, "--yes", "--resource-id", "lab", "--scale")[0] == 0
    assert {user: round(share, 3) for user, share in lti.items[3].grades.items()} == {"11": 0.858, "12": 0.286}
    lti.filters = False
    lti.grade(3, "11", 1)
    said = autograder("push", "lti", report, "--yes", "--resource-id", "lab", "--scale")[1]
    assert "the grade there, 1, was not written by autograder" in said
    assert lti.items[3].grades["11"] == 0.2
    said = autograder("push", "lti", report, "--resource-id", "lab")[1]
    assert "the maximum there is 5, here 7 (--scale scales every score)" in said
    lti.items[4] = type(lti.items[3])("Lab again", 5, "lab")
    assert '2 line items have the resourceId "lab"' in autograder("push", "lti", report, "--resource-id", "lab")[1]


def test_results_that_name_students_by_other_ids_are_read(lti: StubLti, report: Path) -> None:
    lti.lti_ids = True
    status, said = autograder("push", "lti", report, "--yes")
    assert (status, "sent and read back: 2 of 2" in said) == (0, True), said
    (item,) = (one for one in lti.items.values() if one.resource == "sums")
    item.grades["99"] = 0.5  # of somebody who is not in the report
    status, said = autograder("push", "lti", report, "--yes")
    assert (status, "nothing to send" in said) == (0, True), said
    item.grades["11"] = 1 / 7
    said = autograder("push", "lti", report, "--yes")[1]
    assert "adal 1 → 6 (the grade there, 1, was not written by autograder" in said
    decide(report, "okriben (12)", 0, "twice")
    said = autograder("push", "lti", report, "--yes")[1]
    assert "okriben 2 → 0 (needs --allow-lower)" in said


@pytest.mark.parametrize("kind", ["after", "silent", "before"])
def test_after_a_failure_the_results_are_read_before_more_is_sent(lti: StubLti, report: Path, kind: str) -> None:
    lti.faults.append(Fault("/scores", kind, status=500))
    status, said = autograder("push", "lti", report, "--yes")
    assert (status, "sent and read back: 2 of 2" in said) == (0, True), said
    posts = [one for one in lti.writes() if "/scores" in one]
    # What had arrived is not sent again.
    assert len(posts) == (3 if kind == "before" else 2)
    assert sum(one.path.endswith("/lineitems") for one in lti.requests if one.method == "POST") == 1
    assert made(lti) == {"11": 6, "12": 2}


@pytest.mark.parametrize("unknown", [404, 500])
def test_who_left_the_course_keeps_nobody_else_from_a_score(lti: StubLti, report: Path, unknown: int) -> None:
    lti.users.discard("11")
    lti.unknown = unknown
    status, said = autograder("push", "lti", report, "--yes")
    assert status == 1
    assert f"did not take 1 scores (status {unknown})" in said
    assert "sent and read back: 1 of 2" in said
    assert made(lti) == {"12": 2}


def test_an_expired_token_is_renewed_and_a_wrong_key_gets_none(lti: StubLti, report: Path, keys: Path) -> None:
    lti.faults.append(Fault("GET /ags", "before", status=401))
    assert autograder("push", "lti", report)[0] == 0
    assert len(lti.tokens) == 2
    (keys / "other").mkdir()
    assert autograder("lti", "keys", "--output", keys / "other")[0] == 0
    (keys / "other" / "lti.toml").write_text((keys / "lti.toml").read_text())
    status, said = autograder("push", "lti", report, "--settings", keys / "other" / "lti.toml")
    assert (status, "gives no token (invalid_client)" in said) == (2, True), said
    (keys / "private.pem").chmod(0o644)
    status, said = autograder("push", "lti", report)
    assert (status, "may be read by others" in said) == (2, True)
    (keys / "private.pem").chmod(0o600)
    (keys / "lti.toml").write_text('client_id = ""\n')
    status, said = autograder("push", "lti", report)
    assert (status, "client_id, token_url, line_items (docs/lti.md)" in said) == (2, True), said


def test_a_platform_that_asks_to_wait_gets_each_score_once(lti: StubLti, report: Path) -> None:
    lti.faults += [
        Fault("GET /ags", "before", 429, retry_after=None),
        Fault("/scores", "before", 429, retry_after="1"),
        Fault("GET /ags", "silent", skip=1),
    ]
    status, said = autograder("push", "lti", report, "--yes")
    assert (status, "sent and read back: 2 of 2" in said) == (0, True), said
    assert not any(fault.times for fault in lti.faults), "a fault did not happen"
    assert sum("/scores" in one for one in lti.writes()) == 3
    assert made(lti) == {"11": 6, "12": 2}


def test_half_a_list_of_results_sends_nothing(lti: StubLti, report: Path) -> None:
    assert autograder("push", "lti", report, "--yes")[0] == 0
    decide(report, "okriben (12)", 3, "square")
    for kind in ("half", "cut"):
        lti.faults.append(Fault("/results", kind, times=9))
        status, said = autograder("push", "lti", report, "--yes")
        assert (status, len(said.splitlines())) == (2, 1), said
        lti.faults.clear()
    assert made(lti) == {"11": 6, "12": 2}


class Elsewhere(Stub):
    """A host that wants to hear a token."""

    def handle(self, request: Request) -> Answer:
        return Answer(200, b"[]")


@pytest.mark.parametrize("place", ["/token", "/ags/courses/7/lineitems"])
def test_a_redirect_is_not_followed(lti: StubLti, report: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    elsewhere, handle = Elsewhere(), lti.handle
    with serving(elsewhere) as address:
        redirect = Answer(307, b"", {"Location": f"{address}/x"})
        monkeypatch.setattr(lti, "handle", lambda request: redirect if request.path == place else handle(request))
        status, said = autograder("push", "lti", report, "--yes")
    assert (status, "answers with a redirect, which is not followed" in said) == (2, True), said
    assert not elsewhere.requests


def test_a_line_item_on_another_host_gets_no_token(lti: StubLti, report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert autograder("push", "lti", report, "--yes")[0] == 0
    elsewhere, own = Elsewhere(), lti._id
    with serving(elsewhere) as address:
        monkeypatch.setattr(lti, "_id", lambda number: own(number).replace(lti.address, address))
        status, said = autograder("push", "lti", report, "--yes")
    assert (status, "is another host than the platform's: it gets no token" in said) == (2, True), said
    assert not elsewhere.requests


def test_a_platform_that_is_down_is_one_sentence(lti: StubLti, report: Path, keys: Path) -> None:
    settings = (keys / "lti.toml").read_text()
    for place in (f"{lti.address}/token", f"{lti.address}/ags"):
        down = place.replace(lti.address, "http://127.0.0.1:9")
        (keys / "lti.toml").write_text(settings.replace(place, down))
        status, said = autograder("push", "lti", report, "--yes")
        assert (status, len(said.splitlines()), "127.0.0.1:9 cannot be reached while" in said) == (2, 1, True), said
    assert not made_anything(lti)


def made_anything(stub: StubLti) -> bool:
    return any(item.scores for item in stub.items.values())
