"""Run by the Python that has nbgrader: writes scores into a course's gradebook by nbgrader's own functions.

It reads one JSON object from standard input and imports nothing of autograder. Scores go into `auto_score`, so a
person's `manual_score` stays and counts. Exit status 3 with a sentence: nothing was written.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from nbgrader.api import Grade, Gradebook, MissingEntry


def main() -> int:
    """Write everything, or nothing where the assignment has other cells or points there."""
    asked = json.load(sys.stdin)
    with Gradebook(asked["database"]) as gradebook:
        assignment, notebook = asked["assignment"], asked["notebook"]
        problem = _differs(gradebook, assignment, notebook, asked["questions"])
        if problem:
            print(problem, file=sys.stderr)
            return 3
        gradebook.update_or_create_assignment(assignment)
        gradebook.update_or_create_notebook(notebook, assignment)
        cells = {cell.name: cell for cell in gradebook.find_notebook(notebook, assignment).grade_cells}
        for name, points in asked["questions"].items():
            if name not in cells:
                cells[name] = gradebook.update_or_create_grade_cell(
                    name, notebook, assignment, max_score=points, cell_type="code"
                )
        kept = [_write(gradebook, asked, cells, student) for student in asked["students"]]
        gradebook.db.commit()
    print(json.dumps({"by_hand": [name for name in kept if name]}))
    return 0


def _differs(gradebook: Any, assignment: str, notebook: str, questions: dict[str, float]) -> str:
    try:
        found = gradebook.find_notebook(notebook, assignment)
    except MissingEntry:
        return ""
    there = {cell.name: cell.max_score for cell in (*found.grade_cells, *found.task_cells)}
    for name, points in there.items():
        if name not in questions:
            return f"it has a graded cell {name} in {notebook}, which is no question here"
        if abs(points - questions[name]) > 1e-6:
            return f"{name} counts {points:g} points there and {questions[name]:g} here"
    return ""


def _write(gradebook: Any, asked: dict[str, Any], cells: dict[str, Any], student: dict[str, Any]) -> str:
    """Write one student's scores; the student's id if a person's score stays instead of one."""
    identity = student["id"]
    gradebook.update_or_create_student(identity)
    facts = {"timestamp": student["timestamp"]} if student["timestamp"] else {}
    submission = gradebook.update_or_create_submission(asked["assignment"], identity, **facts)
    own = next((one for one in submission.notebooks if one.name == asked["notebook"]), None)
    if own is None:
        raise SystemExit(f"the submission of {identity} was made before {asked['notebook']} was in the assignment")
    grades = {grade.name: grade for grade in own.grades}
    by_hand = False
    for name, score in student["scores"].items():
        grade = grades.get(name)
        if grade is None:
            grade = Grade(cell_id=cells[name].id, notebook=own)
            gradebook.db.add(grade)
        grade.auto_score = score
        grade.needs_manual_grade = score is None and grade.manual_score is None
        by_hand |= grade.manual_score is not None
    return identity if by_hand else ""


if __name__ == "__main__":
    sys.exit(main())
