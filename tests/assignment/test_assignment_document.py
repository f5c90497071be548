"""docs/assignment.md names every key of assignment.toml with its type, default and range, and its example loads."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from autograder.assignment import load
from autograder.assignment.loader import _File, _Network
from autograder.assignment.model import EnvironmentTable, ObserveTable
from autograder.checks.base import Dependency, Question
from autograder.datasets import BaseModelDeclaration, Declaration
from autograder.network.compilation import Compilation, Loss, Optimizer
from autograder.observe.limits import Limits
from autograder.records.training import Prepare, Recipe

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "assignment.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^##+ (\w[^\n]*)\n(.*?)(?=^##+ |\Z)", DOCUMENT, re.M | re.S))
MODELS: dict[str, type[BaseModel]] = {
    "The file": _File,
    "datasets.NAME": Declaration,
    "base_models.NAME": BaseModelDeclaration,
    "networks.NAME": _Network,
    "training": Recipe,
    "training.prepare": Prepare,
    "training.compilation": Compilation,
    "training.compilation.optimizer": Optimizer,
    "training.compilation.loss": Loss,
    "observe": ObserveTable,
    "observe.limits": Limits,
    "environment": EnvironmentTable,
    "questions": Question,
    "questions.depends": Dependency,
}
# What the autograder fills in, and nobody writes.
FILLED_IN = {"training.compilation": ("problem", "losses"), "training": ("source", "base_models")}
TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "table",
}
BOUNDS = {"exclusiveMinimum": "above", "minimum": "at least", "exclusiveMaximum": "below", "maximum": "at most"}


def rows(section: str) -> dict[str, list[str]]:
    """The cells of a section's table, by key: type, default, range and meaning."""
    lines = re.findall(r"^\| `(\w+)` \|(.*)\|$", SECTIONS[section], re.M)
    return {key: [cell.strip() for cell in rest.split("|")] for key, rest in lines}


def kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        *first, last = (f"`{json.dumps(value)}`" for value in schema["enum"])
        return f"{', '.join(first)} or {last}"
    if schema.get("type") == "array":
        entry = kind(schema["items"] if "items" in schema else schema["prefixItems"][0])
        return f"list of {entry}" if entry.startswith("`") else f"list of {entry}s"
    return TYPES[schema["type"]]


def default(model: type[BaseModel], key: str) -> str:
    field = model.model_fields[key]
    if field.is_required():
        return "required"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        assert value == type(value)()
        return "the defaults of its keys"
    return f"`{json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)}`"


def bounds(schema: dict[str, Any]) -> str:
    if "pattern" in schema:
        return f"matches `{schema['pattern']}`"
    if {"minLength", "maxLength"} <= set(schema):
        return f"{schema['minLength']} to {schema['maxLength']} characters"
    lengths = {
        "minLength": "at least {} character",
        "maxLength": "at most {} characters",
        "minItems": "at least {} entry",
    }
    fixed = {"minItems"} if "prefixItems" in schema else set()  # a pair has two entries, as its meaning says
    said = [words.format(schema[name]) for name, words in lengths.items() if name in schema.keys() - fixed]
    return ", ".join(said + [f"{word} {schema[name]:g}" for name, word in BOUNDS.items() if name in schema])


@pytest.mark.parametrize("section", MODELS)
def test_every_key_has_its_type_default_and_range(section):
    model = MODELS[section]
    schema = model.model_json_schema(mode="validation")
    documented = rows(section)
    assert list(documented) == [key for key in model.model_fields if key not in FILLED_IN.get(section, ())]
    for key in documented:
        own = schema["properties"][key]
        plain = next((one for one in own.get("anyOf", ()) if one.get("type") != "null"), own)
        if "$ref" in plain:
            plain = schema["$defs"][plain["$ref"].rpartition("/")[2]]
        written, said, reach, meaning = documented[key]
        assert written == kind(plain), key
        assert re.sub(r"\[(.*?)\]\(.*?\)", r"\1", said) == default(model, key), key
        assert reach == bounds(plain), key
        assert meaning, key


def test_every_table_inside_a_table_has_a_section():
    inside: set[str] = set()
    for section, model in MODELS.items():
        properties = model.model_json_schema(mode="validation")["properties"]
        inside |= set(re.findall(r"#/\$defs/(\w+)", json.dumps([properties[key] for key in rows(section)])))
    assert inside == {model.__name__ for model in (Prepare, Compilation, Optimizer, Loss, Limits, Dependency)}


def test_the_example_loads(tmp_path):
    shutil.copy(ROOT / "assignments" / "cnn2" / "cnn2.ipynb", tmp_path)
    shutil.copy(ROOT / "assignments" / "cnn2" / "cnn2.summary.txt", tmp_path)
    shutil.copy(ROOT / "solutions" / "cnn2" / "cnn2.ipynb", tmp_path / "solution.ipynb")
    example = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.S)[0]
    (tmp_path / "assignment.toml").write_text(example, encoding="utf-8")
    assert [question.id for question in load(str(tmp_path)).questions] == ["missing_layers", "accuracy"]
