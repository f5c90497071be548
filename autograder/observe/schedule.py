"""The steps of a notebook's execution: its own code cells, and nbgrader's test cells at their positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.records.evidence import CapturedCase, CapturedTest, CellStatus, Failure
from autograder.records.external_tests.model import ExternalTest, NbgraderCell
from autograder.records.external_tests.nbgrader import partial_points

_LONGEST = 600


@dataclass(frozen=True)
class CellStep:
    """One cell to execute. `cell` is the index (0-based) of the notebook's code cell that it is, or that precedes it;
    `own` says whether it counts as that cell, and `test` is the nbgrader cell if it is one.
    """

    source: str
    cell: int
    own: bool = True
    test: NbgraderCell | None = None


def steps_of(sources: Sequence[str], tests: Sequence[ExternalTest] = ()) -> list[CellStep]:
    """The notebook's code cells, with the nbgrader cells at the positions assigned to them."""
    cells = [test for test in tests if isinstance(test, NbgraderCell)]
    replaced = {test.replaces: test for test in cells if test.replaces is not None}
    inserted: dict[int, list[NbgraderCell]] = {}
    for test in cells:
        if test.replaces is None:
            inserted.setdefault(test.after, []).append(test)
    steps = [_inserted(test, 0) for test in inserted.get(-1, ())]
    for index, source in enumerate(sources):
        copied = replaced.get(index)
        steps.append(CellStep(copied.source if copied else source, index, test=copied))
        steps += [_inserted(test, index) for test in inserted.get(index, ())]
    return steps


def _inserted(test: NbgraderCell, cell: int) -> CellStep:
    return CellStep(test.source, cell, own=False, test=test)


def outcome_of(
    test: NbgraderCell, status: CellStatus, failure: Failure | None, outputs: Sequence[Mapping[str, Any]]
) -> CapturedTest:
    """The result of a test cell by nbgrader's rules: all points if it raised nothing, or its last value as points.
    Unlike in nbgrader, output on standard error does not cost points: TensorFlow writes its warnings there.
    """
    if status in ("timeout", "died", "not_run"):
        return CapturedTest(key=test.key, status=status)
    raised = status == "error" or any(output.get("output_type") == "error" for output in outputs)
    if raised:
        said = f"{failure.name}: {failure.message}".removesuffix(": ") if failure else ""
        case = CapturedCase(
            passed=False,
            error=said[:_LONGEST],
            example=failure.source if failure else "",
            line=failure.line if failure else None,
        )
    else:
        case = CapturedCase(passed=True, value=_value(outputs))
    return CapturedTest(key=test.key, status="ran", cases=(case,))


def _value(outputs: Sequence[Mapping[str, Any]]) -> float | None:
    for output in outputs:
        if output.get("output_type") == "execute_result":
            data = output.get("data")
            text = data.get("text/plain") if isinstance(data, Mapping) else None
            return partial_points(text) if isinstance(text, str) else None
    return None
