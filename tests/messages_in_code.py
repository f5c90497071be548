"""The messages that the package can make, read from its sources."""

from __future__ import annotations

import ast
import functools
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder.network import compilation
from autograder.records import execution_messages, training_messages

PACKAGE = Path(__file__).parents[1] / "autograder"
# By the functions that take a template, the place of the first one and how many there are.
TEMPLATES = {
    **dict.fromkeys(("gettext", "gettext_html", "gettext_noop", "phrase"), (0, 1)),
    **dict.fromkeys(("ngettext", "nphrase"), (0, 2)),
    "message": (1, 1),
    "nmessage": (1, 2),
}
# Tables whose keys are the latter part of a code, by module: codes and templates.
TABLES = {
    "network/compilation.py": {f"compile.{part}_unread": words for part, words in compilation.UNREAD.items()},
    "network/torch/compilation.py": {f"compile.{part}_unread": words for part, words in compilation.UNREAD.items()},
    "records/execution_messages.py": {
        **{f"cell.{kind}": own for kind, (own, _) in execution_messages._NOTES.items()},
        **{f"test_cell.{kind}": of_tests for kind, (_, of_tests) in execution_messages._NOTES.items()},
        **{f"network.{why}": words for why, words in execution_messages._OPAQUE.items()},
    },
    "records/training_messages.py": {f"training.{kind}": words for kind, words in training_messages._TEMPLATES.items()},
}


@functools.cache
def modules() -> Mapping[str, ast.Module]:
    """Every module of the package, by its path in it."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def called(node: ast.AST) -> str:
    """The name of the function that a node calls; "" for any other node."""
    function = node.func if isinstance(node, ast.Call) else None
    return str(getattr(function, "id", getattr(function, "attr", "")))


def templates_of(node: ast.Call) -> list[ast.expr]:
    """The templates among the arguments of one of `TEMPLATES`; none where they come out of a table."""
    first, number = TEMPLATES[called(node)]
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        return []
    return node.args[first : first + number]


@functools.cache
def codes() -> Mapping[str, frozenset[tuple[str, ...]]]:
    """By each code, the templates that are said under it: one, or the pair for one and for many."""
    found: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for table in TABLES.values():
        for code, words in table.items():
            found[code].add((words,))
    for tree in modules().values():
        named = _constants(tree)
        for node in ast.walk(tree):
            for code, templates in _pairs(node):
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    words = [_text(template, named) for template in templates]
                    if None not in words:
                        found[code.value].add(tuple(filter(None, words)))
    return {code: frozenset(templates) for code, templates in found.items()}


def put_together(tree: ast.Module) -> list[str]:
    """The beginnings of codes that a module puts together."""
    made = [node for node in ast.walk(tree) if called(node) in ("message", "nmessage")]
    codes = [node.args[0] for node in made if isinstance(node, ast.Call) and isinstance(node.args[0], ast.JoinedStr)]
    return [str(getattr(code.values[0], "value", "")) for code in codes]


def _pairs(node: ast.AST) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """Codes with their templates: of a message, and in a table that messages are made from."""
    if isinstance(node, ast.Call) and called(node) in ("message", "nmessage") and node.args:
        yield node.args[0], templates_of(node)
    if isinstance(node, ast.Tuple) and len(node.elts) > 1:
        marked = [one for one in node.elts[1:] if isinstance(one, ast.Call) and called(one) == "gettext_noop"]
        if len(marked) == len(node.elts) - 1:
            yield node.elts[0], [one.args[0] for one in marked]


def _constants(tree: ast.Module) -> dict[str, str]:
    """Templates that stand under a name of the module."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _text(node.value, {})
            if text is not None:
                found[node.targets[0].id] = text
    return found


def _text(node: ast.expr, named: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Call) and called(node) == "gettext_noop":
        node = node.args[0]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return named.get(node.id) if isinstance(node, ast.Name) else None


def catalogue(name: str) -> dict[str, list[dict[str, object]]]:
    """One of the report's own catalogues."""
    return tomllib.loads((PACKAGE / "report" / "catalogues" / name).read_text(encoding="utf-8"))
