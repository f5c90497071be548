"""The statement of a cell that failed, with the paths that its names stand for: read from the text, never executed."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Mapping, Sequence

_MAGIC = re.compile(r"^[ \t]*[!%?].*$", re.M)
_LONGEST = 100_000
_MOST_NAMES = 1_000
_LONGEST_PATH = 500
_JOINING = frozenset({"Path", "PurePath", "pathlib.Path", "os.path.join", "osp.join", "path.join"})
_HEADS = ("test", "iter", "items", "subject")


def failing_statement(source: str, line: int, paths: Mapping[str, str]) -> str:
    """The innermost statement at a line (1-based) of a cell, on one line and without comments.

    Of `if`, `for`, `while` and `with` it is what stands before the colon. A `raise` gives "": its text is the
    student's own. Names and joined paths that `paths_of` found are replaced by their text. In a cell that does not
    parse, it is the line itself.
    """
    tree = _parsed(source)
    try:
        return _as_line(source, line) if tree is None else _in_tree(tree, line, paths)
    except RecursionError:
        return ""


def _as_line(source: str, line: int) -> str:
    lines = source.splitlines()
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return "" if text.startswith("raise") else text


def _in_tree(tree: ast.Module, line: int, paths: Mapping[str, str]) -> str:
    found = [
        node for node in ast.walk(tree) if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    if not found:
        return ""
    # Of statements on one line the outer one is met first, and the later one of two is no deeper.
    statement = min(found, key=lambda node: ((node.end_lineno or 0) - node.lineno, -node.col_offset))
    if isinstance(statement, ast.Raise):
        return ""
    parts = [statement] if not hasattr(statement, "body") else [getattr(statement, name, None) for name in _HEADS]
    texts = []
    for part in parts:
        for node in part if isinstance(part, list) else [part]:
            if isinstance(node, ast.AST):
                texts.append(" ".join(ast.unparse(_WithPaths(paths).visit(node)).splitlines()))
    return " ".join(texts)


def paths_of(sources: Sequence[str]) -> dict[str, str]:
    """The text of the names that code cells assign a text or a path to, such as `TRAIN = Path("data") / "train"`."""
    paths: dict[str, str] = {}
    for source in sources:
        tree = _parsed(source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                with contextlib.suppress(RecursionError):
                    text = _text(node.value, paths)
                    if text is not None and len(paths) < _MOST_NAMES:
                        paths[node.targets[0].id] = text
    return paths


class _WithPaths(ast.NodeTransformer):
    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = paths

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Name | ast.BinOp | ast.Call | ast.JoinedStr):
            text = _text(node, self._paths)
            if text is not None:
                return ast.copy_location(ast.Constant(text), node)
        visited: ast.AST = super().visit(node)
        return visited

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = self.visit(node.value)  # type: ignore[assignment]
        return node


def _text(node: ast.expr | ast.AST, paths: Mapping[str, str]) -> str | None:
    """The text of a constant, a known name, or a path joined of such; None for anything else."""
    found: str | None = None
    if isinstance(node, ast.Constant):
        found = node.value if isinstance(node.value, str) else None
    elif isinstance(node, ast.Name):
        found = paths.get(node.id)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Add):
        found = _joined([node.left, node.right], "/" if isinstance(node.op, ast.Div) else "", paths)
    elif isinstance(node, ast.Call) and not node.keywords and ast.unparse(node.func) in _JOINING:
        found = _joined(node.args, "/", paths)
    elif isinstance(node, ast.JoinedStr):
        found = _joined(
            [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values], "", paths
        )
    return found if found is None or len(found) <= _LONGEST_PATH else None


def _joined(nodes: Sequence[ast.expr], by: str, paths: Mapping[str, str]) -> str | None:
    texts = [_text(node, paths) for node in nodes]
    return None if None in texts or not texts else by.join(text for text in texts if text is not None)


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(_MAGIC.sub("", source)) if len(source) <= _LONGEST else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
