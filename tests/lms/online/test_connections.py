"""Only `pull` and `push` call a platform: no other code imports what could."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from platforms import Platform, graded_class
from samples.connections import connections
from samples.sums_course import autograder
from test_floors import imports

ONLINE = "autograder.lms.online"
CLIENTS = {"requests", "canvasapi", "httpx", "aiohttp", "urllib3"}


def test_the_two_commands_alone_import_the_connections() -> None:
    importing = {module for module, names in imports().items() if any(name.startswith(ONLINE) for name in names)}
    assert {module for module in importing if not module.startswith(ONLINE)} == {"autograder.cli.online"}


def test_no_other_code_imports_an_http_client() -> None:
    importing = {module for module, names in imports().items() if {name.split(".")[0] for name in names} & CLIENTS}
    assert all(module.startswith(ONLINE) for module in importing)


def test_the_plan_is_made_without_any_connection() -> None:
    program = (
        "import sys, autograder.lms.online.push_plan; print([m for m in ('requests', 'canvasapi') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_the_other_commands_open_none(platform: Platform, tmp_path: Path) -> None:
    report = graded_class(platform, tmp_path)
    with connections() as opened:
        for command in (
            ["export", report, "--to", "csv"],
            ["imports", tmp_path / "pulled" / f"{platform.name}-{platform.where[1]}", tmp_path / "sums"],
            ["package", tmp_path / "sums", "--output", tmp_path],
            ["lti", "keys"],
            ["forget", report, "--yes"],
        ):
            status, said = autograder(*command)
            assert status == 0, said
        assert opened == []
        autograder("pull", platform.name, *platform.where)
    assert opened, "the listener hears nothing"
