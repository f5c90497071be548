"""From a Canvas download to a Canvas gradebook, by the commands themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.grading.gradebook_location import opened

ROOT = Path(__file__).parents[2]
ROSTER = (
    b"\xef\xbb\xbfStudent,ID,SIS User ID,SIS Login ID,Section,cnn2 (98765)\r\n    Points Possible,,,,,10\r\n"
    b'"Ray, Bob",333,u3,bray,A,\r\n"Doe, Jane",12345,u1,jdoe,A,\r\n'
)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False)


@pytest.mark.slow
def test_who_handed_in_what_and_when_comes_through_to_the_gradebook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as archive:
        archive.writestr("raybob_LATE_333_67_essay.docx", b"x")
        archive.writestr("poekim_444_68_essay.docx", b"x")
    report, roster = tmp_path / "report", tmp_path / "grades.csv"
    roster.write_bytes(ROSTER)
    graded = run("grade", "cnn2", tmp_path / "submissions.zip", "--output", report)
    assert graded.returncode == 0, graded.stderr
    lines = [json.loads(line) for line in (report / "results.jsonl").read_text().splitlines()]
    assert [(line["handed_in"]["persons"][0]["id"], line["handed_in"]["late"]) for line in lines] == [
        ("444", False),
        ("333", True),
    ]
    done = run("export", report, "--to", "canvas", "--roster", roster, "--pending", "zero")
    assert done.returncode == 1
    assert (
        "submissions that match nobody in the roster (1): poekim (444): number 444 is not in this file" in done.stderr
    )
    assert "in the roster without a submission, left as they are (1): Doe, Jane" in done.stdout
    assert "a score of 0 because no notebook could be read (1): raybob (333)" in done.stdout
    assert (report / "grades.graded.csv").read_bytes() == ROSTER.replace(b"bray,A,", b"bray,A,0")
    assert roster.read_bytes() == ROSTER
    with opened(report) as (_, gradebook):
        for question in lines[1]["questions"]:
            gradebook.overrides.give(
                "raybob (333)", question["id"], score=1, points=question["points"], by="me", reason="on paper", seen=""
            )
    assert run("export", report, "--to", "canvas", "--roster", roster).returncode == 1
    assert (report / "grades.graded.csv").read_bytes() == ROSTER.replace(b"bray,A,", b"bray,A,4")
    refused = run("export", report, "--to", "canvas", "--roster", roster, "--output", roster)
    assert refused.returncode == 2
    assert "is your own file" in refused.stderr
