"""Training loops written with PyTorch that an error ended: what they would have done, as far as their code says.

A loop has no arguments that say for how many epochs it is meant to run, as `fit` has. What cannot be read off its code
is taken as right: it could not be reached because of a mistake that has cost points.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from autograder.checks.base import Context, NotebookCell
from autograder.core.messages import Message, message
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedFit, CellRun, Failure
from autograder.records.training_loop import CapturedLoop

_READ, _LONGEST = 100_000, 200
# Epochs that the code does not say as a number: as many as any question asks for.
ANY_NUMBER = 10_000
_TRAINS = re.compile(r"\.backward\(")
_EVALUATES = re.compile(r"\b(?:no_grad|inference_mode)\b|\.eval\(")
_APPENDS = re.compile(r"\b(\w+)(?:\[[^\]\n]*\]|\.\w+)?\.append\(")
_MAKES_TRAINING = re.compile(r"\boptim\b|\bOptimizer\b|criterion|[lL]oss")
_COUNTED = frozenset({"range", "trange"})


def stop_of_loop(fit: CapturedFit) -> Message:
    """For the student: the loop stopped, in the words of the error."""
    assert fit.failure is not None
    return message(
        "loop.stopped",
        "The training loop stopped with {error}: {words}",
        error=shown_value(fit.failure.name),
        words=words_of(fit.failure),
    )


def words_of(failure: Failure) -> str:
    """The first line of an error's message as a sentence, cut off if it is long."""
    first = (failure.message.strip().splitlines() or [""])[0]
    words = str(shown_value(first, _LONGEST)) + "…" * (len(first) > _LONGEST)
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def as_planned(context: Context, fit: CapturedFit) -> CapturedFit:
    """The stopped training with the epochs that its code asks for, and with validation if the code has one."""
    return fit if fit.loop is None or fit.failure is None else _planned(context, fit)


def _planned(context: Context, fit: CapturedFit) -> CapturedFit:
    code = [cell for cell in context.cells if cell.kind == "code"]
    epochs = _epochs(code, fit.cell)
    validated = fit.validation is not None or any(_EVALUATES.search(cell.source[:_READ]) for cell in code)
    return fit.model_copy(update={"epochs": max(fit.epochs, epochs), "validation": {} if validated else None})


def unreached_loop(context: Context) -> CapturedFit | None:
    """The loop that was not reached because making its optimizer or its criterion stopped with an error before; None if
    there is none."""
    code = [cell for cell in context.cells if cell.kind == "code"]
    for run in context.evidence.cells:
        if run.status != "error" or run.index >= len(code) or context.is_handout(run.index):
            continue
        if not _TRAINS.search(code[run.index].source[:_READ]):
            continue
        root = _root(context, code, run)
        if root.failure is not None and _MAKES_TRAINING.search(root.failure.source):
            return _planned(context, CapturedFit(epochs=0, cell=run.index, loop=CapturedLoop()))
    return None


def written_by(cell: NotebookCell) -> frozenset[str]:
    """The names that a cell assigns, and the lists that it appends to."""
    return cell.makes() | frozenset(_APPENDS.findall(cell.source[:_READ]))


def _root(context: Context, code: list[NotebookCell], run: CellRun) -> CellRun:
    """The earlier cell whose error left a name without a value that this cell failed at; else the cell itself."""
    missing = re.search(r"name '(\w+)' is not defined", run.failure.message if run.failure else "")
    if missing is None:
        return run
    earlier = (one for one in context.evidence.cells if one.index < run.index and one.status == "error")
    made = (one for one in earlier if one.index < len(code) and missing[1] in code[one.index].makes())
    return next(made, run)


def _epochs(code: list[NotebookCell], cell: int) -> int:
    """How often the outermost counted loop runs: that of the cell, else that of a function of the notebook."""
    trees = [_parsed(one.source[:_READ]) for one in code]
    known = _numbers(trees)
    if cell < len(trees):
        if found := list(_outermost(trees[cell].body, known)):
            return max(found)
        if _is_one_pass(trees[cell]):
            return 1
    functions = (
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and _TRAINS.search(ast.unparse(node))
    )
    return max((count for one in functions for count in _outermost(one.body, known)), default=ANY_NUMBER)


def _is_one_pass(tree: ast.Module) -> bool:
    """Whether the training is a single `for` loop, over a loader."""
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)]
    training = [node for node in loops if _TRAINS.search(ast.unparse(node))]
    return len(training) == 1 and isinstance(training[0], ast.For)


def _outermost(body: list[ast.stmt], known: dict[str, int]) -> Iterator[int]:
    """The number of rounds of each loop over a `range` that is in no other one, and that holds a call or a loop."""
    for line in body:
        if isinstance(line, ast.For) and (rounds := _rounds(line.iter, known)) is not None:
            if any(isinstance(node, ast.For | ast.While | ast.Call) for one in line.body for node in ast.walk(one)):
                yield rounds
        elif not isinstance(line, ast.FunctionDef | ast.ClassDef):
            inner = [*getattr(line, "body", ()), *getattr(line, "orelse", ())]
            yield from _outermost([one for one in inner if isinstance(one, ast.stmt)], known)


def _rounds(over: ast.expr, known: dict[str, int]) -> int | None:
    """The length of a `range`, also within another call such as `tqdm(range(5))`; None if it is none."""
    calls = [node for node in ast.walk(over) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    ranges = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in _COUNTED]
    if not ranges:
        return None
    bounds = [_number(one, known) for one in ranges[-1].args]
    if None in bounds or not 1 <= len(bounds) <= 3:
        return ANY_NUMBER
    try:
        return len(range(*(bound for bound in bounds if bound is not None)))
    except (ValueError, OverflowError):
        return ANY_NUMBER


def _number(node: ast.expr, known: dict[str, int]) -> int | None:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, right = _number(node.left, known), _number(node.right, known)
        if left is None or right is None:
            return None
        return left + right if isinstance(node.op, ast.Add) else left - right
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return known.get(name)


def _numbers(trees: list[ast.Module]) -> dict[str, int]:
    """The whole numbers that names are given: by assignments, defaults and named arguments; the largest counts."""
    found: dict[str, int] = {}

    def note(name: str, value: ast.expr | None) -> None:
        if isinstance(value, ast.Constant) and type(value.value) is int:
            found[name] = max(value.value, found.get(name, 0))

    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name | ast.Attribute):
                    note(target.id if isinstance(target, ast.Name) else target.attr, node.value)
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                note(keyword.arg or "", keyword.value)
        elif isinstance(node, ast.arguments):
            for argument, default in zip(reversed(node.args), reversed(node.defaults), strict=False):
                note(argument.arg, default)
    return found


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])
