"""Variants of the solution, written another way or with one mistake, to be executed like a student's notebook.

Each plant changes the solution's code for all networks of the assignment at once.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbformat import v4

if TYPE_CHECKING:
    from nbformat import NotebookNode

# More than `chosen_network.MOST_TRIED`, together with the solution's own.
_ENUMERATED = 5
_OTHER_NETWORK = """
import keras as planted_keras
import numpy as planted_numpy
{name} = planted_keras.Sequential([planted_keras.Input((3,)), planted_keras.layers.Dense(2)])
{name}.compile(optimizer="sgd", loss="mse")
{name}.fit(planted_numpy.zeros((8, 3)), planted_numpy.zeros((8, 2)), verbose=0)
"""
_ENUMERATION = """
import keras as planted_keras
for planted_units in range(1, {most} + 1):
    {name} = planted_keras.Sequential([planted_keras.Input((3,)), planted_keras.layers.Dense(planted_units)])
    {name}.compile(optimizer="sgd", loss="mse")
"""
_OTHER_TORCH_NETWORK = """
import torch as planted_torch
{name} = planted_torch.nn.Sequential(planted_torch.nn.Linear(3, 2))
planted_optimizer = planted_torch.optim.SGD({name}.parameters(), lr=0.01)
planted_torch.nn.functional.mse_loss({name}(planted_torch.zeros(8, 3)), planted_torch.zeros(8, 2)).backward()
planted_optimizer.step()
"""
_TORCH_ENUMERATION = """
import torch as planted_torch
for planted_units in range(1, {most} + 1):
    {name} = planted_torch.nn.Sequential(planted_torch.nn.Linear(3, planted_units))
    planted_optimizer = planted_torch.optim.SGD({name}.parameters(), lr=0.01)
    planted_torch.nn.functional.l1_loss({name}(planted_torch.zeros(8, 3)), planted_torch.zeros(8, 1)).backward()
    planted_optimizer.step()
"""

CodeEdit = Callable[[list[ast.stmt]], list[ast.stmt]]


@dataclass(frozen=True)
class Plant:
    """A notebook, with a description of what was changed in it.

    `right`: it must keep all points of the solution. Otherwise it must lose points at a question of one of the kinds
    `costs`.
    """

    what: str
    notebook: NotebookNode
    right: bool = True
    costs: frozenset[str] = frozenset()


def plants(
    solution: NotebookNode,
    networks: Sequence[str],
    counted_last: Sequence[str] = (),
    uncompiled: Sequence[str] = (),
    *,
    torch: bool = False,
) -> Iterator[Plant]:
    """All plants that apply to `solution`.

    `networks` are the variables that hold the assignment's networks. For those in `counted_last` the last network
    counts, so reusing the name is a mistake. The name of a network that is `uncompiled` in the solution is not reused
    either: such a network no longer counts when another one has its name. `torch`: they are networks of PyTorch, which
    have no `compile`, `summary` or .h5 files.
    """
    other, enumeration = (_OTHER_TORCH_NETWORK, _TORCH_ENUMERATION) if torch else (_OTHER_NETWORK, _ENUMERATION)
    best = [name for name in networks if name not in counted_last]
    rights = {
        "with a second name for each network": _aliased(solution, networks),
        "with each network built in a function": _in_functions(solution, networks),
        "with labels as tensors": None
        if torch
        else _edited(solution, lambda body: [_TensorLabels().visit(line) for line in body]),
        "with each network saved as .h5 too": _with_cells(
            solution, [f'{name}.save("planted.h5")' for name in networks if not torch]
        ),
        "with `compile` assigned to the network's name": _compile_assigned(solution, networks),
        "with `summary` assigned to the network's name": _with_cells(
            solution, [f"{name} = {name}.summary()" for name in networks if not torch]
        ),
        "with each name used again for another network": _with_cells(
            solution,
            [other.format(name=name) for name in best if name not in uncompiled],
        ),
        "with the untouched cell run again below": _with_cells(solution, [f"{name} = ..." for name in best]),
    }
    for what, notebook in rights.items():
        if notebook is not None:
            yield Plant(what, notebook)
    wrongs = {
        f"more than {_ENUMERATED - 1} networks tried under one name": (
            _with_cells(solution, [enumeration.format(name=name, most=_ENUMERATED) for name in best]),
            {"architecture", "parameters"},
        ),
        "never compiled": (
            _edited(solution, lambda body: [_WithoutCall("compile").visit(line) for line in body]),
            {"compiled", "history"},
        ),
        "saved before it was trained": (_saved_early(solution, networks), {"saved_model"}),
    }
    for what, (notebook, costs) in wrongs.items():
        if notebook is not None:
            yield Plant(what, notebook, right=False, costs=frozenset(costs))


def _edited(solution: NotebookNode, edit: CodeEdit) -> NotebookNode | None:
    """The notebook with the statements of each code cell edited; None if nothing changes."""
    made, changed = copy.deepcopy(solution), False
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(cell.source)
        except (SyntaxError, ValueError):
            continue  # magics; such a cell is not changed
        before = ast.unparse(tree)
        tree.body = edit(tree.body)
        after = ast.unparse(ast.fix_missing_locations(tree))
        if after != before:
            cell.source, changed = after, True
    return made if changed else None


def _with_cells(solution: NotebookNode, sources: Sequence[str]) -> NotebookNode | None:
    """The notebook with code cells added at its end."""
    if not sources:
        return None
    made = copy.deepcopy(solution)
    made.cells += [v4.new_code_cell(source.strip()) for source in sources]
    return made


def _aliased(solution: NotebookNode, networks: Sequence[str]) -> NotebookNode | None:
    """Each network gets a second name in the cell that builds it, and only that name is used afterwards."""
    known: set[str] = set()

    def edit(body: list[ast.stmt]) -> list[ast.stmt]:
        lines: list[ast.stmt] = []
        for line in body:
            lines.append(line if isinstance(line, ast.FunctionDef | ast.ClassDef) else _Renamed(known).visit(line))
            for name in networks:
                if name in _bound(line):
                    lines.append(ast.parse(f"{_second(name)} = {name}").body[0])
                    known.add(name)
        return lines

    return _edited(solution, edit)


def _compile_assigned(solution: NotebookNode, networks: Sequence[str]) -> NotebookNode | None:
    """`model = model.compile(…)`; the rest of the notebook uses a second name."""
    aliased = _aliased(solution, networks)
    if aliased is None:
        return None
    return _edited(aliased, lambda body: [_CompileAssigned(networks).visit(line) for line in body])


def _in_functions(solution: NotebookNode, networks: Sequence[str]) -> NotebookNode | None:
    """The cell that builds a network becomes a function that returns everything the cell assigned."""

    def edit(body: list[ast.stmt]) -> list[ast.stmt]:
        outside = [
            line for line in body if isinstance(line, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
        ]
        inside = [line for line in body if line not in outside]
        names = list(dict.fromkeys(name for line in inside for name in _bound(line)))
        if not set(names) & set(networks):
            return body
        made = ast.parse(f"def planted():\n    return {', '.join(names)},\n{', '.join(names)}, = planted()").body
        assert isinstance(made[0], ast.FunctionDef)
        made[0].body = [*inside, *made[0].body]
        return [*outside, *made]

    return _edited(solution, edit)


def _saved_early(solution: NotebookNode, networks: Sequence[str]) -> NotebookNode | None:
    """Each `model.save(…)` is moved right after the line that builds the network."""
    saved: dict[str, ast.stmt] = {}
    for cell in solution.cells:
        if cell.cell_type == "code":
            try:
                lines = ast.parse(cell.source).body
            except (SyntaxError, ValueError):
                continue
            for line in lines:
                owner = _caller(line, "save")
                if owner is not None and owner in networks:
                    saved[owner] = line
    if not saved:
        return None

    def edit(body: list[ast.stmt]) -> list[ast.stmt]:
        lines: list[ast.stmt] = []
        for line in body:
            if _caller(line, "save") not in saved:
                lines.append(line)
            lines += [copy.deepcopy(saved[name]) for name in _bound(line) if name in saved]
        return lines

    return _edited(solution, edit)


def _second(name: str) -> str:
    return f"planted_{name}"


def _bound(line: ast.stmt) -> list[str]:
    """The names that a statement assigns, outside functions and comprehensions."""
    found: list[str] = []
    stack: list[ast.AST] = [line]
    closed = ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    while stack:
        node = stack.pop(0)
        if isinstance(node, closed):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
        stack += ast.iter_child_nodes(node)
    return list(dict.fromkeys(found))


def _caller(line: ast.stmt, method: str) -> str | None:
    """The variable whose `method` a statement calls; "" if the object has no name, None if it calls no `method`."""
    call = line.value if isinstance(line, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == method:
        owner = call.func.value
        return owner.id if isinstance(owner, ast.Name) else ""
    return None


class _Renamed(ast.NodeTransformer):
    """Replaces reads of one of `names` by reads of its second name."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if isinstance(node.ctx, ast.Load) and node.id in self._names:
            return ast.Name(_second(node.id), node.ctx)
        return node


class _CompileAssigned(ast.NodeTransformer):
    def __init__(self, networks: Sequence[str]) -> None:
        self._first = {_second(name): name for name in networks}

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        owner = _caller(node, "compile")
        if owner in self._first:
            return ast.Assign([ast.Name(self._first[owner], ast.Store())], node.value)
        return node


class _WithoutCall(ast.NodeTransformer):
    """Removes the statements that call a method."""

    def __init__(self, method: str) -> None:
        self._method = method

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        return ast.Pass() if _caller(node, self._method) is not None else node


class _TensorLabels(ast.NodeTransformer):
    """Converts the labels passed to `fit` into a tensor."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "fit":
            if len(node.args) > 1:
                node.args[1] = _tensor(node.args[1])
            for keyword in node.keywords:
                if keyword.arg == "y":
                    keyword.value = _tensor(keyword.value)
        return node


def _tensor(labels: ast.expr) -> ast.expr:
    made = ast.parse('__import__("tensorflow").convert_to_tensor(labels)', mode="eval").body
    assert isinstance(made, ast.Call)
    made.args = [labels]
    return made
