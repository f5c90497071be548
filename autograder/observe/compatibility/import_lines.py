"""Inside the kernel: an import that fails does not take the other imports of its cell along.

What stands on a cell's own level and fails because of the machine (a package that courses use and that is not here, a
GPU that is not here) is remembered, the rest of the cell runs, and the failure is told when the cell has ended. Of any
other import that fails, the later imports of the cell are run, and then it ends the cell as it does anywhere.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.records.machine import GPU, KNOWN_PACKAGES

_NAME = "__autograder_failed__"


@dataclass
class Deferred:
    """A failure that is told at the end of its cell: the exception, and the line (1-based)."""

    error: BaseException
    line: int


class ImportLines(ast.NodeTransformer):
    """An AST transformer of IPython's: notices the statements of a cell that may fail because of the machine."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self._variables = variables
        self._statements: list[ast.stmt] = []
        self.deferred: Deferred | None = None
        setattr(builtins, _NAME, self._failed)

    def begin(self) -> None:
        """A new cell."""
        self._statements, self.deferred = [], None

    def visit_Module(self, node: ast.Module) -> ast.Module:
        node.body = [self._guarded(one) for one in node.body]
        return node

    def _guarded(self, statement: ast.stmt) -> ast.stmt:
        of_import = isinstance(statement, ast.Import | ast.ImportFrom)
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            return statement
        if not of_import and not (isinstance(statement, ast.Expr) and GPU.search(ast.unparse(statement))):
            return statement
        self._statements.append(statement)
        kind = "ImportError" if of_import else "Exception"
        place = len(self._statements) - 1
        guard = ast.parse(f"try:\n pass\nexcept {kind}:\n if not {_NAME}({place}):\n  raise").body[0]
        assert isinstance(guard, ast.Try)
        for part in ast.walk(guard):
            if isinstance(part, ast.stmt | ast.expr | ast.excepthandler):
                ast.copy_location(part, statement)
        guard.body = [statement]
        return guard

    def _failed(self, place: int) -> bool:
        """Whether the cell goes on, after the statement at this place has failed."""
        error, statement = sys.exc_info()[1], self._statements[place]
        if error is None:
            return False
        if not isinstance(statement, ast.Import | ast.ImportFrom) or missing_package(statement):
            if self.deferred is None:
                self.deferred = Deferred(error, statement.lineno)
            if isinstance(statement, ast.Import):
                self._run(_one_by_one(statement))
            return True
        later = [one for one in self._statements[place + 1 :] if isinstance(one, ast.Import | ast.ImportFrom)]
        self._run([*_one_by_one(statement), *later])
        return False

    def _run(self, imports: Sequence[ast.stmt]) -> None:
        """Run imports one by one, those that fail in silence."""
        for one in imports:
            with contextlib.suppress(Exception):
                exec(compile(ast.Module([one], []), "<import>", "exec"), self._variables)


def _one_by_one(statement: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
    """The names of an import, each in an import of its own."""
    parts: list[ast.stmt] = []
    for alias in statement.names:
        part = (
            ast.Import([alias])
            if isinstance(statement, ast.Import)
            else ast.ImportFrom(statement.module, [alias], statement.level)
        )
        parts.append(ast.copy_location(part, statement))
    return parts


def missing_package(statement: ast.Import | ast.ImportFrom) -> str:
    """The package that courses use, that the statement imports, and that is not on this machine; "" for none."""
    names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else [statement.module or ""]
    for name in names:
        top = name.partition(".")[0]
        with contextlib.suppress(ValueError, ImportError):
            if top in KNOWN_PACKAGES and importlib.util.find_spec(top) is None:
                return top
    return ""
