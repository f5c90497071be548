"""Inside the kernel: runs otter tests on the student's variables, in the student's process.

The student's code shares this process and can forge the result of any of these tests. The results therefore count for
the questions of these tests only.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import pdb
import traceback
from collections.abc import Sequence
from typing import Any

_LONGEST = 600
_DUMPS = json.dumps
# The base class of doctest's debugger; a kernel replaces it with IPython's.
_PDB = pdb.Pdb
_FILE = "<test>"

TestOutcome = dict[str, Any]


def run_test(test: dict[str, Any], variables: dict[str, Any]) -> str:
    """Run the cases of a test file in order, until one is interrupted.

    Args:
        test: an `OtterTest` as JSON data.
        variables: the notebook's variables.

    Returns:
        The input of `CapturedTest.parse`.
    """
    cases: list[TestOutcome] = []
    status, problem = "ran", ""
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            if test["source"]:
                _run_functions(test["source"], test["functions"], variables, cases)
            else:
                _run_doctests(test["doctests"], variables, cases)
    except KeyboardInterrupt:
        status = "timeout"
    except (Exception, SystemExit) as error:
        status, problem = "broken", _said(error)
    return _DUMPS({"status": status, "cases": cases, "problem": problem})


def _run_doctests(codes: Sequence[str], variables: dict[str, Any], cases: list[TestOutcome]) -> None:
    parser = doctest.DocTestParser()
    pdb.Pdb = _PDB  # type: ignore[misc]
    for number, code in enumerate(codes, 1):
        runner = _Runner(verbose=False)
        runner.run(doctest.DocTest(parser.get_examples(code), variables, f"case {number}", None, None, code), out=_mute)
        cases.append({"passed": not runner.failed, **runner.failed})


class _Runner(doctest.DocTestRunner):
    """Keeps the first example that failed."""

    failed: TestOutcome

    def __init__(self, *, verbose: bool) -> None:
        super().__init__(verbose=verbose)
        self.failed = {}

    def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:
        self.failed = self.failed or {
            "example": _short(example.source),
            "got": _short(got),
            "want": _short(example.want),
        }

    def report_unexpected_exception(self, out: Any, test: Any, example: doctest.Example, exc_info: Any) -> None:
        self.failed = self.failed or {"example": _short(example.source), "error": _said(exc_info[1])}


def _run_functions(source: str, functions: Sequence[str], variables: dict[str, Any], cases: list[TestOutcome]) -> None:
    names: dict[str, Any] = {"__name__": "test"}
    exec(compile(source, _FILE, "exec"), names)
    for function in functions:
        try:
            names[function].call(variables)
        except (Exception, SystemExit) as error:
            cases.append({"passed": False, "error": _said(error), "example": _line(source, error)})
        else:
            cases.append({"passed": True})


def _line(source: str, error: BaseException) -> str:
    """The line in the test file that raised the error."""
    numbers = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _FILE]
    lines = source.splitlines()
    return _short(lines[numbers[-1] - 1]) if numbers and numbers[-1] and numbers[-1] <= len(lines) else ""


def _said(error: BaseException) -> str:
    try:
        message = str(error)
    except Exception:
        message = ""
    return _short(f"{type(error).__name__}: {message}" if message else type(error).__name__)


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _mute(_: str) -> None:
    """Discard what doctest would print."""
