"""How `autograder review` ends, whoever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.assignment import load
from autograder.records.store import GRADEBOOK_FILE, Gradebook
from autograder.report.report_folder import write_report


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_the_file_with_the_address_is_gone_afterwards(tmp_path: Path, order: signal.Signals) -> None:
    report, handed = tmp_path / "report", tmp_path / "handed"
    report.mkdir()
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\ntouch {handed}\n")
    browser.chmod(0o755)
    assignment = load("cnn2")
    with Gradebook(report / GRADEBOOK_FILE) as gradebook:
        gradebook.store_fact("assignment_folder", str(assignment.folder))
        write_report(report, assignment, gradebook, changed=())
    command = [sys.executable, "-m", "autograder", "review", str(report)]
    review = subprocess.Popen(
        command, env={**os.environ, "BROWSER": f"{browser} %s &"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        deadline = time.monotonic() + 60
        while not handed.exists() and review.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert (report / ".review.html").exists()
        review.send_signal(order)
        said = review.communicate(timeout=30)[0].decode()
    finally:
        review.kill()
    assert review.returncode == 0, said
    assert not (report / ".review.html").exists()
