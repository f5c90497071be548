"""Problems in an assignment, worded so that its author can fix them."""

from __future__ import annotations

import difflib
import json
import types
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from autograder.core.errors import UserError
from autograder.core.language import FOLDER_VARIABLE, available, unusable

Model = TypeVar("Model", bound=BaseModel)

_SIMPLE = {int: "a whole number", float: "a number", str: "a text in quotes", bool: "true or false"}
_WANTED_BY_ERROR = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "a text in quotes",
    "bool_type": "true or false",
    "tuple_type": "a list in [ ]",
    "list_type": "a list in [ ]",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
_LIMITS = {
    "greater_than": ("gt", "greater than {}"),
    "greater_than_equal": ("ge", "at least {}"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "at most {}"),
}
# A requirement of PEP 508 by name and version: no address, no file and no option of pip.
REQUIREMENT = r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._, -]+\])?( ?(==|!=|<=|>=|~=|<|>) ?[A-Za-z0-9.*+!_-]+,?)*$"
_PATTERNS = {
    "^[a-z][a-z0-9_]{0,63}$": "must begin with a small letter and hold only small letters, digits and _",
    "^[a-z0-9][a-z0-9_-]{0,63}$": "must hold only small letters, digits, - and _",
    REQUIREMENT: 'must be a package\'s name, with versions if need be, such as "plotly>=5"',
    "^[a-z]{2}$": 'must be a language in two small letters, such as "en"',
}


class AssignmentError(UserError):
    """An assignment cannot be used as written; `problems` has one sentence for each thing to fix."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def validated(model: type[Model], table: Mapping[str, Any], place: str, problems: list[str]) -> Model | None:
    """`table` as a `model`, or None after its problems were added to `problems`, one sentence each.

    `place` ("[training]", "question 2 (parameters)") starts every sentence; types must be exact: a number in quotes
    is not a number.
    """
    try:
        # Strictly validated JSON keeps TOML's distinctions, and lets a list be a tuple.
        return model.model_validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as error:
        sentences = dict.fromkeys(_sentence(detail, model, table) for detail in error.errors(include_url=False))
        problems.extend(f"{place}: {sentence}" if place else sentence for sentence in sentences)
        return None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "it must be one of") -> str:
    """A suggestion for an unknown word: the most similar known word, or all known words."""
    known = tuple(known)
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"{otherwise} {', '.join(known)}." if known else "there is none."


def question_place(number: int, entry: Mapping[str, Any]) -> str:
    """How a sentence names a question: by its number, from 1, and its id."""
    identity = entry.get("id")
    return f"question {number} ({identity})" if isinstance(identity, str) and identity else f"question {number}"


def language_problem(language: str) -> str:
    """The problem with this language, as a sentence; "" if it can be used."""
    known = available()
    if language in known:
        return unusable(language)
    listed = ", ".join(f'"{one}"' for one in known)
    return (
        f'There is no catalogue for the language "{language}"; the languages are {listed}. docs/languages.md says how '
        f"to add one, in a folder that {FOLDER_VARIABLE} names."
    )


# Keys that authors look for, and why there is none.
_NOT_OFFERED = dict.fromkeys(
    ("gpu", "gpus"),
    "notebooks get no GPU, because no sandbox limits its memory (docs/gpu.md); give them more time in limits",
)


def _sentence(detail: ErrorDetails, model: type[BaseModel], table: Mapping[str, Any]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    place, owner, annotation = _place(detail, model, table)
    key = _written(place)
    value = _shown(detail["input"])
    if kind == "missing":
        return f"{key} is missing; add it: {_wanted(annotation)}."
    if kind == "extra_forbidden":
        known = owner.model_fields if owner else ()
        if str(place[-1]) in _NOT_OFFERED:
            return f"unknown key {key}; {_NOT_OFFERED[str(place[-1])]}."
        return f"unknown key {key}; {did_you_mean(str(place[-1]), known, 'the known keys are')}"
    if kind == "literal_error":
        choices = _choices(annotation)
        near = difflib.get_close_matches(str(detail["input"]), choices, n=1)
        meant = f' (did you mean "{near[0]}"?)' if near else ""
        listed = ", ".join(f'"{choice}"' for choice in choices) or context.get("expected", "")
        return f"{key} is {value}{meant}; it must be one of {listed}."
    if kind in _WANTED_BY_ERROR:
        return f"{key} is {value}; it must be {_WANTED_BY_ERROR[kind]}."
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{key} is {value}; it must be {words.format(_shown(context[name]))}."
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"{key} is {value}; it {_PATTERNS.get(pattern, f'must look like {pattern}')}."
    if kind in ("string_too_short", "too_short"):
        return f"{key} is empty or too short; it needs at least {context['min_length']}."
    if kind in ("string_too_long", "too_long"):
        return f"{key} is too long; at most {context['max_length']} are allowed."
    if kind == "value_error":
        words = str(context["error"])
        return f"{key}: {words}" if key else words
    return f"{key or 'the table'} is {value}, which cannot be used here."


def _place(
    detail: ErrorDetails, model: type[BaseModel], table: Mapping[str, Any]
) -> tuple[list[str | int], type[BaseModel] | None, Any]:
    """The keys and entries that lead to the problem, as the file has them; the model of the last key, and its type."""
    place: list[str | int] = []
    owner: type[BaseModel] | None = None
    annotation: Any = model
    here: Any = table
    last = len(detail["loc"]) - 1
    for depth, part in enumerate(detail["loc"]):
        present = (isinstance(here, Mapping) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        )
        if not present and not (depth == last and detail["type"] == "missing"):
            continue  # the name of a variant in a union, which the author did not write
        if isinstance(part, str):
            owner = _model_in(annotation)
            field = owner.model_fields.get(part) if owner else None
            annotation = field.annotation if field else None
        place.append(part)
        here = here[part] if present else None
    return place, owner, annotation


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    return tuple(choice for part in get_args(annotation) for choice in _choices(part))


def _wanted(annotation: Any) -> str:
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_wanted(part) for part in get_args(annotation) if part is not type(None)))
    if origin is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(annotation))
    if origin in (tuple, list):
        return "a list in [ ]"
    if origin is dict or _model_in(annotation):
        return "a table"
    return "a value"


def _written(place: list[str | int]) -> str:
    """A place inside a table in readable form: `depends.share`, `answers, entry 2`."""
    words = ""
    for part in place:
        if isinstance(part, int):
            words += f", entry {part + 1}"
        else:
            words += f".{part}" if words else part
    return words


def _shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dict):
        return "a table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
