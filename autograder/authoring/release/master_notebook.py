"""The master notebook that `otter assign` reads, made from the files an assignment already has.

The handout's cells are taken as they are. A code cell that differs in the solution becomes one cell with a prompt
(what students get) and a solution; below it are the questions that are checked there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.core.errors import UserError
from autograder.core.language import gettext
from autograder.selfcheck.public import PublicPart, PublicQuestion

_QUOTES = ('"""', "'''")
LOCKED = {"deletable": False, "editable": False}


class NoMasterNotebook(UserError):
    """No master notebook can be made from the assignment; the sentence says why."""


def master(
    handout: NotebookNode,
    solution: NotebookNode,
    part: PublicPart,
    places: Mapping[int, Sequence[str]],
    first: Sequence[NotebookNode],
    config: Mapping[str, Any],
) -> NotebookNode:
    """The master notebook.

    Args:
        handout: the notebook that students get.
        solution: the same with answers, cell by cell.
        part: the public part of the questions.
        places: from the index of a code cell to the questions that are checked below it.
        first: cells to put before the first code cell.
        config: otter's own settings.

    Raises:
        NoMasterNotebook: the two notebooks do not match, or one of them cannot be marked up.
    """
    answers = iter(_matching(handout, solution))
    made = [_raw("# ASSIGNMENT CONFIG", config)]
    code = 0
    for cell in handout.cells:
        if cell.cell_type != "code":
            made.append(cell)
            continue
        if code == 0:
            made += first
        made.append(_marked(cell, next(answers)))
        for identity in places.get(code, ()):
            made += _question(part.question(identity), f"{part.assignment}.checks.json")
        code += 1
    notebook: NotebookNode = nbformat.v4.new_notebook(cells=made, metadata=handout.metadata)
    # Otter does not start without a language.
    notebook.metadata.setdefault("kernelspec", {"name": "python3", "display_name": "Python 3", "language": "python"})
    return notebook


def _matching(handout: NotebookNode, solution: NotebookNode) -> list[NotebookNode]:
    """The solution's code cells, one for each of the handout's."""
    given = [cell for cell in handout.cells if cell.cell_type == "code"]
    answers = [cell for cell in solution.cells if cell.cell_type == "code"]
    if len(given) != len(answers):
        raise NoMasterNotebook(
            f"The handout has {len(given)} code cells, the solution {len(answers)}; a notebook to release needs the "
            "same cells in both, in the same order."
        )
    return answers


def _marked(cell: NotebookNode, answer: NotebookNode) -> NotebookNode:
    """The handout's cell with the solution's text in it, if it differs, in otter's markup."""
    if cell.source == answer.source:
        return cell
    lines, answered = cell.source.split("\n"), answer.source.split("\n")
    magic = []
    if lines[0].startswith("%%") and lines[0] == answered[0]:
        magic, lines, answered = lines[:1], lines[1:], answered[1:]
    quote = next((quote for quote in _QUOTES if quote not in cell.source), None)
    if quote is None:
        raise NoMasterNotebook(
            f"A code cell holds both kinds of triple quotes, which otter cannot mark up: {lines[0][:80]}"
        )
    prompt = [f"r{quote}  # BEGIN PROMPT", *lines, f"{quote}  # END PROMPT"]
    marked = [*magic, *prompt, "# BEGIN SOLUTION NO PROMPT", *answered, "# END SOLUTION"]
    copy: NotebookNode = nbformat.from_dict({**cell, "source": "\n".join(marked)})
    return copy


def _question(question: PublicQuestion, checks: str) -> list[NotebookNode]:
    settings: dict[str, Any] = {"hidden": False}
    if message := _beside(question):
        settings["success_message"] = message
    test = [
        '""" # BEGIN TEST CONFIG',
        json.dumps(settings, ensure_ascii=False),
        '""" # END TEST CONFIG',
        f"def test_{question.id}(env):",
        "    from autograder.selfcheck import check",
        f"    check(env, {question.id!r}, {checks!r})",
    ]
    return [
        _raw("# BEGIN QUESTION", {"name": question.id, "points": question.points}),
        _raw("# BEGIN TESTS"),
        nbformat.v4.new_code_cell("\n".join(test)),
        _raw("# END TESTS"),
        _raw("# END QUESTION"),
    ]


def _beside(question: PublicQuestion) -> str:
    """What a student should know about a check that passed, if more is judged than it can see."""
    if question.trained:
        return gettext("Your network is trained, with the same images for everybody, when your notebook is graded.")
    if question.settings is None and question.variable:
        return gettext("Your answer is understood. Whether it is right is told when your notebook is graded.")
    if question.settings is None or question.kind in ("architecture", "compiled"):
        return gettext("What the exercise shows agrees. The rest is compared when your notebook is graded.")
    return ""


def _raw(head: str, settings: Mapping[str, Any] | None = None) -> NotebookNode:
    # JSON is YAML.
    body = json.dumps(settings, ensure_ascii=False) if settings else ""
    cell: NotebookNode = nbformat.v4.new_raw_cell(f"{head}\n{body}".strip())
    return cell
