"""Where in the student's own code a setting is written: the cell and line of the call that set it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from autograder.checks.base import NotebookCell
from autograder.checks.diagnosis.suspects import Suspect, Suspicion
from autograder.core.messages import NOTHING, Message, message
from autograder.network.architecture import Architecture
from autograder.records.evidence import NetworkRecord

# The call that sets an aspect, and the names of its arguments, the most particular first. All others are of layers.
_SET_BY: Mapping[Suspicion, tuple[Literal["compile", "fit"], tuple[str, ...]]] = {
    "loss": ("compile", ("loss",)),
    "from_logits": ("compile", ("from_logits", "loss")),
    "optimizer": ("compile", ("optimizer",)),
    "learning rate": ("compile", ("learning_rate", "lr", "optimizer")),
    "normalization of the inputs": ("fit", ()),
    "epochs": ("fit", ("epochs",)),
    "batch size": ("fit", ("batch_size",)),
    "number of images": ("fit", ()),
}
_LAYER_ARGUMENTS: Mapping[Suspicion, tuple[str, ...]] = {
    "last activation": ("activation",),
    "activations": ("activation",),
    "initial weights": ("kernel_initializer", "bias_initializer"),
    "regularization": ("kernel_regularizer", "bias_regularizer", "kernel_constraint"),
    "frozen layers": ("trainable",),
    "dropout": ("rate",),
    "size of a layer": ("units", "filters", "kernel_size"),
}
_LONGEST = 80
_MAGIC = re.compile(r"^(\s*)[%!]", re.M)


@dataclass(frozen=True)
class _Line:
    """A line (1-based) of a code cell (0-based)."""

    cell: int
    line: int


def place_of(
    suspect: Suspect, network: Architecture, record: NetworkRecord | None, cells: Iterable[NotebookCell]
) -> Message:
    """Where the student wrote what `suspect` changes: code cell, line, and what stands there; empty if unknown.

    `network` is the student's, `record` its history in the notebook, `cells` the notebook's.
    """
    code = [cell.source for cell in cells if cell.kind == "code"]
    found = None if record is None else _found(suspect, network, record, code)
    if found is None:
        return NOTHING
    lines = code[found.cell].splitlines()
    if not 0 < found.line <= len(lines):
        return NOTHING
    text = lines[found.line - 1].strip()
    return message(
        "where.setting",
        "code cell {number}, line {line}: `{code}`",
        number=found.cell + 1,
        line=found.line,
        code=text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…",
    )


def _found(suspect: Suspect, network: Architecture, record: NetworkRecord, code: Sequence[str]) -> _Line | None:
    kind, names = _SET_BY.get(suspect.aspect, ("built", ()))
    events = [event for event in record.did(kind) if event.cell < len(code)]
    if not events:
        return None
    event = events[-1]
    tree = _parsed(code[event.cell])
    if tree is None:
        return None if event.line is None else _Line(event.cell, event.line)
    if kind == "built":
        call = _layer_call(suspect, network, tree)
        return (
            None if call is None else _Line(event.cell, _argument_line(call, _LAYER_ARGUMENTS.get(suspect.aspect, ())))
        )
    calls = [one for one in _calls(tree) if _name(one) == kind and (event.line is None or one.lineno <= event.line)]
    here = [one for one in calls if event.line is None or event.line <= (one.end_lineno or one.lineno)]
    if not here:
        return None if event.line is None else _Line(event.cell, event.line)
    return _setting(here[-1], names, event.cell, code)


def _setting(call: ast.Call, names: Sequence[str], cell: int, code: Sequence[str]) -> _Line:
    """The line of the first of the arguments that is written in the call, or in the variable that it is given."""
    for name in names:
        for inner in ast.walk(call):
            if isinstance(inner, ast.keyword) and inner.arg == name:
                if isinstance(inner.value, ast.Name):
                    return _assigned(inner.value.id, cell, call.lineno, names, code) or _Line(cell, inner.value.lineno)
                return _in_variable(inner.value, cell, call.lineno, names, code) or _Line(cell, inner.value.lineno)
    return _Line(cell, call.lineno)


def _in_variable(value: ast.expr, cell: int, line: int, names: Sequence[str], code: Sequence[str]) -> _Line | None:
    """Where an argument like `Adam(rate)` has its value from another variable: that variable's line."""
    inside = [one.id for one in ast.walk(value) if isinstance(one, ast.Name) and one.id.islower()]
    lines = [found for name in inside if (found := _assigned(name, cell, line, names, code)) is not None]
    return lines[0] if len(lines) == 1 else None


def _assigned(name: str, cell: int, before: int, names: Sequence[str], code: Sequence[str]) -> _Line | None:
    """The last line that assigned a variable before a line of a cell, and in it the first of the arguments."""
    for place in range(cell, -1, -1):
        tree = _parsed(code[place])
        found = [
            one
            for one in ([] if tree is None else ast.walk(tree))
            if isinstance(one, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in one.targets)
            and (place < cell or one.lineno < before)
        ]
        if found:
            last = max(found, key=lambda one: one.lineno)
            inner = next(
                (one for one in ast.walk(last.value) if isinstance(one, ast.keyword) and one.arg in names), None
            )
            return _Line(place, inner.value.lineno if inner is not None else last.lineno)
    return None


def _layer_call(suspect: Suspect, network: Architecture, tree: ast.Module) -> ast.Call | None:
    """The call that makes the first layer concerned, if the layers of its kind are written down one by one."""
    wanted = next((one.expected for one in suspect.deviations if one.expected is not None), None)
    if wanted is None:
        return None
    label = network.operations[wanted].label
    kinds: dict[str, str] = {}
    for operation in network.operations:
        if operation.label and operation.kind != "Input":
            kinds.setdefault(operation.label, operation.kind)
    if label not in kinds:
        return None
    alike = [one for one, kind in kinds.items() if kind == kinds[label]]
    calls = [call for call in _calls(tree) if _name(call) == kinds[label]]
    return calls[alike.index(label)] if len(calls) == len(alike) else None


def _argument_line(call: ast.Call, names: Sequence[str]) -> int:
    return next((one.value.lineno for one in call.keywords if one.arg in names), call.lineno)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    """All calls, in the order in which they are written."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    yield from sorted(found, key=lambda call: (call.func.end_lineno or 0, call.func.end_col_offset or 0))


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _parsed(source: str) -> ast.Module | None:
    """The code of a cell, without IPython's commands; None if it is not Python."""
    try:
        return ast.parse(_MAGIC.sub(r"\1pass #", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
