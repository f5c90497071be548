"""Inside the kernel: an import that fails does not prevent the other imports of its cell.

If a top-level statement of a cell fails because of the machine (a missing package that courses use, a missing GPU), the
failure is deferred: the rest of the cell runs, and the failure is raised at its end. If any other import fails, the
later imports of the cell are run, and then the exception ends the cell as usual.
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
    """A failure that is reported at the end of its cell: the exception, and the line (1-based)."""

    error: BaseException
    line: int


class ImportLines(ast.NodeTransformer):
    """An AST transformer for IPython: guards the statements of a cell that may fail because of the machine."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self._variables = variables
        self._statements: list[ast.stmt] = []
        self.deferred: Deferred | None = None
        setattr(builtins, _NAME, self._failed)

    def begin(self) -> None:
        """Reset the state before a new cell."""
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
        """Whether the cell continues after the statement with index `place` has failed."""
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
        """Run imports one by one; failures are ignored."""
        for one in imports:
            with contextlib.suppress(Exception):
                exec(compile(ast.Module([one], []), "<import>", "exec"), self._variables)


def _one_by_one(statement: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
    """An import statement split into one statement per name."""
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
    """The package imported by the statement that courses use and that is missing on this machine; "" if none."""
    names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else [statement.module or ""]
    for name in names:
        top = name.partition(".")[0]
        with contextlib.suppress(ValueError, ImportError):
            if top in KNOWN_PACKAGES and importlib.util.find_spec(top) is None:
                return top
    return ""
