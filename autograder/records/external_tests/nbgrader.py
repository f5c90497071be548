"""An nbgrader source notebook: its test cells, and their positions in a student's copy of the notebook.

https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html describes the cells' metadata.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from autograder.records.external_tests.model import Case, ExternalTestsError, NbgraderCell, Suite

_AUTOTEST = re.compile(r"^\s*###\s*(HASHED\s+)?AUTOTEST", re.MULTILINE)
_BEGIN, _END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
_NEAREST = 50


def read_source(cells: Sequence[Mapping[str, Any]], where: str) -> tuple[Suite, ...]:
    """One suite for each cell that nbgrader grades, in notebook order; empty if it is not an nbgrader notebook.

    Raises:
        ExternalTestsError: a cell cannot be used as it is.
    """
    ids: list[str] = []
    locked: list[NbgraderCell] = []
    graded: list[tuple[str, float, NbgraderCell | None]] = []
    for cell in cells:
        facts, identity = _facts(cell["metadata"])
        if not identity:
            continue
        if identity in ids:
            raise ExternalTestsError(f'{where}: two cells have the grade_id "{identity}"; run nbgrader validate.')
        tested = facts.get("grade") is True and facts.get("solution") is not True
        run = None
        if cell["cell_type"] == "code" and _is_locked(facts):
            if _AUTOTEST.search(cell["source"]):
                raise ExternalTestsError(
                    f'{where}: the cell "{identity}" has an AUTOTEST, which nbgrader replaces when it makes the '
                    "release; write the assertion out."
                )
            run = _cell(identity, cell["source"], tested, ids, where)
            locked.append(run)
        if facts.get("grade") is True or facts.get("task") is True:
            graded.append((identity, _points(facts, identity, where), run))
        ids.append(identity)
    plain = tuple(cell for cell in locked if not cell.graded)
    return tuple(_suite(identity, points, run, plain) for identity, points, run in graded)


def joined_cells(suites: Sequence[Suite]) -> Suite:
    """Several cells combined into one question."""
    tests = dict.fromkeys(test for suite in suites for test in suite.tests)
    return Suite(
        name=", ".join(suite.name for suite in suites)[:200],
        platform="nbgrader",
        tests=tuple(tests),
        cases=tuple(case for suite in suites for case in suite.cases),
    )


def identity_of(metadata: Mapping[str, Any]) -> str:
    """The `grade_id` in a cell's metadata; "" if there is none."""
    return _facts(metadata)[1]


def in_hidden_region(source: str, line: int | None) -> bool:
    """Whether a line (1-based) of a test cell is hidden from students; an unknown line counts if the cell has any."""
    if _BEGIN not in source:
        return False
    if line is None:
        return True
    hidden = False
    for number, text in enumerate(source.splitlines(), 1):
        if _BEGIN in text:
            hidden = True
        if number == line:
            return hidden
        if _END in text:
            hidden = False
    return True


def partial_points(text: str) -> float | None:
    """The points given by a test cell's last value, as nbgrader reads it; None if it does not give points."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def placed(tests: Sequence[NbgraderCell], cells: Sequence[Mapping[str, Any]]) -> list[NbgraderCell]:
    """The cells with their positions among the code cells of a student's notebook.

    A cell replaces the student's copy, the last one if there are several. If the copy was deleted, the cell is inserted
    after the nearest preceding nbgrader cell, or at the end.
    """
    codes = -1
    position: dict[str, tuple[int, bool]] = {}
    for cell in cells:
        code = cell["cell_type"] == "code"
        codes += code
        if identity := identity_of(cell["metadata"]):
            position[identity] = (codes, code)
    return [_placed(test, position, codes) for test in tests]


def _placed(test: NbgraderCell, position: Mapping[str, tuple[int, bool]], last: int) -> NbgraderCell:
    at, code = position.get(test.name, (last, False))
    if code:
        return test.model_copy(update={"replaces": at})
    if test.name not in position:
        at = next((position[earlier][0] for earlier in test.before if earlier in position), last)
    return test.model_copy(update={"after": at})


def _facts(metadata: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    facts = metadata.get("nbgrader")
    identity = facts.get("grade_id") if isinstance(facts, Mapping) else None
    if not isinstance(facts, Mapping) or not isinstance(identity, str) or not 0 < len(identity) <= 200:
        return {}, ""
    if not identity.isprintable():
        return {}, ""
    return facts, identity


def _is_locked(facts: Mapping[str, Any]) -> bool:
    if facts.get("solution") is True:
        return False
    return facts.get("grade") is True or facts.get("locked") is True


def _cell(identity: str, source: str, graded: bool, ids: Sequence[str], where: str) -> NbgraderCell:
    try:
        before = tuple(reversed(ids[-_NEAREST:]))
        return NbgraderCell(name=identity, source=source, graded=graded, before=before)
    except ValidationError:
        raise ExternalTestsError(f'{where}: the cell "{identity}" is larger than any test.') from None


def _points(facts: Mapping[str, Any], identity: str, where: str) -> float:
    points = facts.get("points", 0)
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points <= 1000:
        raise ExternalTestsError(
            f'{where}: the cell "{identity}" has the points {points!r:.50}; 0 to 1000 can be used.'
        )
    return float(points)


def _suite(identity: str, points: float, run: NbgraderCell | None, plain: tuple[NbgraderCell, ...]) -> Suite:
    if run is None:
        return Suite(name=identity, platform="nbgrader", manual=points)
    # A release shows all of a cell but its hidden region: visibility is decided line by line.
    case = Case(name=identity, points=points)
    return Suite(name=identity, platform="nbgrader", tests=(*plain, run), cases=(case,))
