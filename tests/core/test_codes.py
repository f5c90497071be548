"""Codes are what programs and classes tell messages by: each is well formed and belongs to one template alone."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from messages_in_code import TABLES, TEMPLATES, called, codes, modules, put_together, templates_of

from autograder.authoring.translations import template_placeholders

# Where everything that is said is data.
DATA_ROOMS = ("checks/", "grading/", "intake/", "network/", "observe/", "records/", "train/")
JUDGING = ("checks/", "grading/")
FORM = re.compile(r"[a-z_]+\.[a-z][a-z0-9_]*")


def test_there_are_many_and_all_are_well_formed() -> None:
    assert len(codes()) > 250
    assert [code for code in codes() if not FORM.fullmatch(code)] == []


def test_one_code_has_one_template() -> None:
    assert {code: said for code, said in codes().items() if len(said) != 1} == {}


def test_one_template_has_one_code() -> None:
    counted = Counter(template for said in codes().values() for template in said)
    assert [template for template, number in counted.items() if number > 1] == []


def test_a_code_is_written_out_or_put_together_from_a_table_that_is_known_here() -> None:
    """What comes from elsewhere is not found by those who look for it, nor by these tests."""
    for name, tree in modules().items():
        beginnings = put_together(tree)
        known = TABLES.get(name, {})
        assert all(any(code.startswith(beginning) for code in known) for beginning in beginnings), name
        for node in ast.walk(tree):
            if called(node) in ("message", "nmessage") and name != "core/messages.py":
                assert isinstance(node, ast.Call)
                code = node.args[0]
                assert isinstance(code, ast.Starred | ast.Constant | ast.JoinedStr), f"{name}:{node.lineno}"


def findings(tree: ast.Module) -> Iterator[tuple[int, str, ast.expr]]:
    """Where a finding is made: the line, the field, and what stands in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == "Finding":
            yield from ((node.lineno, one.arg, one.value) for one in node.keywords if one.arg)


@pytest.mark.parametrize("name", [name for name in modules() if name.startswith(JUDGING)])
def test_every_finding_is_made_with_a_code(name: str) -> None:
    for line, field, value in findings(modules()[name]):
        parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
        for part in parts:
            made = called(part)
            assert not isinstance(part, ast.JoinedStr | ast.Constant | ast.BinOp), f"{name}:{line} {field}"
            assert made not in ("phrase", "nphrase", "gettext", "ngettext", "str"), f"{name}:{line} {field}"


@pytest.mark.parametrize("name", [name for name in modules() if name.startswith(DATA_ROOMS)])
def test_nothing_that_is_stored_depends_on_the_language(name: str) -> None:
    """Sentences become text where somebody reads them, and nowhere before."""
    speaking = {"gettext", "ngettext", "use_language", "active", "format_decimal", "format_integer"}
    imported = {
        alias.name
        for node in ast.walk(modules()[name])
        if isinstance(node, ast.ImportFrom) and node.module == "autograder.core.language"
        for alias in node.names
    }
    assert imported & speaking == set()


@pytest.mark.parametrize("name", sorted(modules()))
def test_a_template_stands_in_the_code_word_for_word(name: str) -> None:
    """Neither an f-string nor a sum is found by those who translate, and no call inside an f-string is."""
    for node in ast.walk(modules()[name]):
        if isinstance(node, ast.JoinedStr):
            inside = [one for one in ast.walk(node) if called(one) in TEMPLATES]
            assert not inside, f"{name}:{node.lineno}"
        if called(node) not in TEMPLATES:
            continue
        assert isinstance(node, ast.Call)
        for template in templates_of(node):
            parts = list(ast.walk(template))
            assert not any(isinstance(one, ast.JoinedStr | ast.BinOp) for one in parts), f"{name}:{node.lineno}"


def test_templates_for_one_and_many_have_the_same_placeholders_but_for_the_number() -> None:
    for said in codes().values():
        for templates in said:
            named = [template_placeholders(template) - {"number", "count"} for template in templates]
            assert named.count(named[0]) == len(named), templates
