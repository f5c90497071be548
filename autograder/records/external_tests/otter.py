"""Otter's test files, parsed without executing them: only names, points and texts are read.

The formats are those of otter-grader 7: a dict `test` of doctests ("OK"), or functions with the decorator `test_case`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from textwrap import dedent
from typing import Any

from pydantic import ValidationError

from autograder.records.external_tests.model import MAX_SOURCE, Case, ExternalTestsError, OtterTest, Suite

_CASE = ("name", "points", "hidden", "success_message", "failure_message")
_FLAWS = (ValidationError, TypeError, KeyError, ValueError, IndexError, AttributeError)


def read_test_file(text: str, where: str) -> Suite:
    """The tests in the text of a test file.

    Raises:
        ExternalTestsError: it is not a test file, or computes a value that must be a literal.
    """
    tree = _parsed(text, where)
    assigned = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    if "OK_FORMAT" not in assigned:
        raise ExternalTestsError(f"{where} is not a test file of otter's: it does not set OK_FORMAT.")
    if not _literal(assigned["OK_FORMAT"], "OK_FORMAT", where):
        return _functions(text, tree, assigned, where)
    if "test" not in assigned:
        raise ExternalTestsError(f'{where} has no dict "test", where otter has its cases.')
    return read_specification(_literal(assigned["test"], "test", where), where)


def read_specification(test: Any, where: str) -> Suite:
    """The tests in a dict of otter's OK format, from a file or from a notebook's metadata.

    Raises:
        ExternalTestsError: it has another shape.
    """
    try:
        name, suites = test["name"], test["suites"]
        if len(suites) != 1 or suites[0].get("type", "doctest") != "doctest":
            raise ExternalTestsError(f"{where}: otter's tests have one suite of doctests; this file has others.")
        if suites[0].get("setup") or suites[0].get("teardown"):
            raise ExternalTestsError(f"{where}: otter runs no setup and no teardown; move them into the cases.")
        cases = suites[0]["cases"]
        # Otter hides a case of this format unless `hidden` is False.
        facts = [{"hidden": True, **{key: case[key] for key in _CASE if key in case}} for case in cases]
        run = OtterTest(name=name, doctests=tuple(dedent(case["code"]) for case in cases))
        return _suite(name, run, facts, test.get("points"), test.get("all_or_nothing", False), where)
    except _FLAWS as error:
        raise ExternalTestsError(f"{where}: its tests have another shape than otter's ({error!r:.200}).") from None


def _functions(text: str, tree: ast.Module, assigned: Mapping[str, ast.expr], where: str) -> Suite:
    if "name" not in assigned:
        raise ExternalTestsError(f'{where} does not set "name", as a test file of otter\'s does.')
    name = _literal(assigned["name"], "name", where)
    # As in otter, a later function replaces an earlier one of the same name.
    found: dict[str, dict[str, Any]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            marks = [mark for mark in node.decorator_list if _is_test_case(mark)]
            if marks:
                found[node.name] = _said_of_case(marks[0], where)
    said = {key: _literal(assigned[key], key, where) for key in ("points", "all_or_nothing") if key in assigned}
    try:
        run = OtterTest(name=name, source=text, functions=tuple(found))
        return _suite(name, run, list(found.values()), said.get("points"), bool(said.get("all_or_nothing")), where)
    except _FLAWS as error:
        raise ExternalTestsError(f"{where}: names or points are not as otter writes them ({error!r:.200}).") from None


def _is_test_case(mark: ast.expr) -> bool:
    called = mark.func if isinstance(mark, ast.Call) else mark
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "test_case"


def _said_of_case(mark: ast.expr, where: str) -> dict[str, Any]:
    if not isinstance(mark, ast.Call):
        raise ExternalTestsError(f"{where}: write @test_case() with its brackets in line {mark.lineno}.")
    said = dict(zip(_CASE, mark.args, strict=False)) | {word.arg: word.value for word in mark.keywords if word.arg}
    return {key: _literal(value, key, where) for key, value in said.items() if key in _CASE}


def _suite(
    name: str, run: OtterTest, facts: Sequence[Mapping[str, Any]], points: Any, all_or_nothing: bool, where: str
) -> Suite:
    earned = resolved_points([case.get("points") for case in facts], points, where)
    cases = tuple(
        Case(
            name=str(case.get("name") or f"{name} - {number}")[:200],
            points=each,
            hidden=bool(case.get("hidden", False)),
            success=str(case.get("success_message") or "")[:2000],
            failure=str(case.get("failure_message") or "")[:2000],
        )
        for number, (case, each) in enumerate(zip(facts, earned, strict=True), 1)
    )
    return Suite(name=name, platform="otter", tests=(run,), cases=cases, all_or_nothing=bool(all_or_nothing))


def resolved_points(given: Sequence[float | None], total: Any, where: str) -> list[float]:
    """The points of each case, as otter resolves them: the cases without points share the rest of the file's points; a
    file without points is worth one.

    Raises:
        ExternalTestsError: otter refuses such points.
    """
    if isinstance(total, list):
        if len(total) != len(given):
            raise ExternalTestsError(f"{where}: there are {len(given)} cases, and points for {len(total)}.")
        given, total = list(total), None
    known = sum(points for points in given if points is not None)
    without = sum(points is None for points in given)
    if total is not None and known > total:
        raise ExternalTestsError(f"{where}: the cases have more points than the file.")
    if total is None:
        total = 1 if known == 0 else known
    share = (total - known) / without if without else 0.0
    return [float(share if points is None else points) for points in given]


def _parsed(text: str, where: str) -> ast.Module:
    if len(text) > MAX_SOURCE:
        raise ExternalTestsError(f"{where} is larger than any test file ({len(text):,} characters).")
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExternalTestsError(f"{where} is not a Python file that can be read: {error}.") from None


def _literal(value: ast.expr, name: str, where: str) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise ExternalTestsError(
            f"{where}: {name} is computed; write it out, for test files are read and not executed outside the sandbox."
        ) from None
