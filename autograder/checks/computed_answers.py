"""Whether a notebook computes the value of a variable or the student typed it; read from its code alone."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograder.checks.base import NotebookCell

_MAGIC = re.compile(r"^(\s*)[%!]", re.M)
# What these give depends on a training, even where every line above them is made of literals.
_OF_A_NETWORK = frozenset({"fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"})
_ADDING = frozenset({"append", "extend", "insert", "appendleft", "update", "add"})


@dataclass(frozen=True)
class _Given:
    """One place that assigns a name, or adds to it (`adds`), from the expressions `sources`."""

    sources: tuple[ast.expr, ...]
    adds: bool = False


def is_computed(cells: Sequence[NotebookCell], name: str) -> bool:
    """Whether the last value of `name` is computed, possibly by a loop that adds to an empty list or to zero.

    A value written as a literal is typed, even if a function of Python or of a library is applied to the literal
    (`round(0.114, 2)`). What a network gives is computed. So is a name that no line assigns.
    """
    given: dict[str, list[_Given]] = {}
    for cell in cells:
        for target, value in _values_given(cell):
            given.setdefault(target, []).append(value)
    return _computed(name, given, frozenset())


def _computed(name: str, given: dict[str, list[_Given]], seen: frozenset[str]) -> bool:
    if name in seen:
        return False
    places = given.get(name)
    if places is None:
        return not hasattr(builtins, name)
    # Additions belong to the value that was set before them.
    last: list[_Given] = []
    for place in places:
        last = [*last, place] if place.adds else [place]
    return any(_computes(source, given, seen | {name}) for place in last for source in place.sources)


def _computes(node: ast.expr, given: dict[str, list[_Given]], seen: frozenset[str]) -> bool:
    """Whether an expression is more than literals; functions of Python and libraries applied to literals are not."""
    if isinstance(node, ast.Name):
        return _computed(node.id, given, seen)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _OF_A_NETWORK:
            return True
        parts = [node.func, *node.args, *(keyword.value for keyword in node.keywords)]
        return any(_computes(part, given, seen) for part in parts)
    if isinstance(node, ast.Attribute | ast.Subscript):
        return _computes(node.value, given, seen)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        looped = {name.id for loop in node.generators for name in ast.walk(loop.target) if isinstance(name, ast.Name)}
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return any(_computes(loop.iter, given, seen) for loop in node.generators) or any(
            _computes(part, given, seen | looped) for part in made
        )
    return any(_computes(part, given, seen) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))


def _values_given(cell: NotebookCell) -> Iterator[tuple[str, _Given]]:
    """The assignments, in the order of the lines."""
    if cell.kind != "code":
        return
    try:
        tree = ast.parse(_MAGIC.sub(r"\1pass #", cell.source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.Call | ast.NamedExpr)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        yield from _of(node)


def _of(node: ast.AST) -> Iterable[tuple[str, _Given]]:
    if isinstance(node, ast.Assign):
        return [one for target in node.targets for one in _bound(target, node.value)]
    if isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        return _bound(node.target, node.value)
    if isinstance(node, ast.AugAssign):
        return [(name, _Given((node.value,), adds=True)) for name in _root(node.target)]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [((alias.asname or alias.name).partition(".")[0], _Given(())) for alias in node.names]
    if isinstance(node, ast.For):
        return _bound(node.target, node.iter)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ADDING:
        return [(name, _Given(tuple(node.args), adds=True)) for name in _root(node.func.value)]
    return []


def _bound(target: ast.expr, value: ast.expr) -> list[tuple[str, _Given]]:
    if isinstance(target, ast.Tuple | ast.List):
        same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        parts = value.elts if same and isinstance(value, ast.Tuple | ast.List) else [value] * len(target.elts)
        return [one for inner, part in zip(target.elts, parts, strict=True) for one in _bound(inner, part)]
    if isinstance(target, ast.Starred):
        return _bound(target.value, value)
    if isinstance(target, ast.Name):
        return [(target.id, _Given((value,)))]
    return [(name, _Given((value,), adds=True)) for name in _root(target)]


def _root(node: ast.expr) -> list[str]:
    """The name whose value is added to, through `name[…]`, `name.…` or itself."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return [node.id] if isinstance(node, ast.Name) else []
