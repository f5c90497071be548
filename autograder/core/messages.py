"""Sentences as data: a stable code, an English template and plain values.

Findings are stored and passed between stages as a `Message`, which becomes a sentence only when it is displayed:
`str(message)` is the sentence in the active language. No code parses a sentence; it reads the code and the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, SerializerFunctionWrapHandler, model_serializer, model_validator

from autograder.core import language
from autograder.core.data import Data

# What a placeholder can hold. A tuple is shown as a list: "a, b and c".
Value: TypeAlias = "str | int | float | bool | Message | tuple[Value, ...] | None"

# As in Markdown, code in a sentence is set between backticks.
CODE_SPAN = re.compile(r"(?<!`)(`{1,2})(?!`)([^`]+)(?<!`)\1(?!`)")

_PLAIN = "{text}"
_DEEPEST = 12


class Message(Data):
    """One sentence, or a part of one, as data.

    Attributes:
        text: the English template, with placeholders as in `str.format`; "" for an empty message.
        many: the template for any `number` other than one, for sentences that count something.
        code: a stable identifier ("layer.missing"); "" for a part of a sentence and for plain text.
        values: the placeholders' values: plain values, messages, or tuples of these (shown as a list).
    """

    text: str = ""
    many: str = ""
    code: str = ""
    values: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_plain(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and isinstance(given.get("values"), Mapping):
            return {**given, "values": {name: _read(value, 0) for name, value in given["values"].items()}}
        return given

    @model_serializer(mode="wrap")
    def _in_short(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any] | str:
        if self.text in ("", _PLAIN):
            return str(self.values.get("text", ""))
        return {name: value for name, value in handler(self).items() if value}

    def __str__(self) -> str:
        if not self.text:
            return ""
        values: dict[str, object] = {name: _shown(value) for name, value in self.values.items()}
        if self.many:
            number = self.values.get("number")
            count = number if isinstance(number, int) else 0
            return language.ngettext(
                self.text, self.many, count, **{**values, "number": language.format_integer(count)}
            )
        return language.gettext(self.text, **values)

    def __bool__(self) -> bool:
        return bool(self.text)

    def __hash__(self) -> int:
        return hash((self.code, self.text))

    @property
    def english(self) -> str:
        """The sentence in English, independent of the active language."""
        with language.use_language(language.ENGLISH):
            return str(self)

    def plain_values(self) -> dict[str, Any]:
        """The values as plain data, with messages as English text: for programs that read our files."""
        with language.use_language(language.ENGLISH):
            return {name: _plain(value) for name, value in self.values.items()}


NOTHING = Message()


def message(code: str, template: str, /, **values: Value) -> Message:
    """A sentence as data. `code` is stable and unique to this template; programs and CSS classes rely on it."""
    return Message(code=code, text=template, values=values)


def nmessage(code: str, one: str, many: str, number: int, /, **values: Value) -> Message:
    """A sentence that counts, as data: `one` if `number` is one, else `many`; `{number}` is the number."""
    return Message(code=code, text=one, many=many, values={"number": number, **values})


def phrase(template: str, /, **values: Value) -> Message:
    """A part of a sentence as data, for use in another message."""
    return Message(text=template, values=values)


def nphrase(one: str, many: str, number: int, /, **values: Value) -> Message:
    """A part of a sentence that counts."""
    return Message(text=one, many=many, values={"number": number, **values})


def verbatim(text: str) -> Message:
    """Text without a translation, such as a student's own words: shown unchanged in every language."""
    return Message(text=_PLAIN, values={"text": text}) if text else NOTHING


def in_turn(*messages: Message | str, code: str = "") -> Message:
    """Several sentences joined by spaces; `code` is the code of the whole."""
    said = [one if isinstance(one, Message) else verbatim(one) for one in messages if one]
    if len(said) < 2:
        return said[0] if said else NOTHING
    names = [f"part{place}" for place in range(1, len(said) + 1)]
    text = " ".join(f"{{{name}}}" for name in names)
    return Message(text=text, code=code, values=dict(zip(names, said, strict=True)))


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c", in the active language."""
    if len(words) < 2:
        return "".join(words)
    return language.gettext("{some} and {last}", some=", ".join(words[:-1]), last=words[-1])


def in_plain_text(sentence: Message | str) -> str:
    """The sentence for plain text: code in it without the backticks."""
    return CODE_SPAN.sub(r"\2", str(sentence))


def _from_text(given: Any) -> Any:
    return verbatim(given) if isinstance(given, str) else given


# A field that also accepts plain text.
Text = Annotated[Message, BeforeValidator(_from_text)]


def _read(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("a message is nested too deeply")
    if isinstance(value, Mapping):
        return Message.model_validate(value)
    if isinstance(value, list | tuple):
        return tuple(_read(one, depth + 1) for one in value)
    if value is None or isinstance(value, str | int | float | Message):
        return value
    raise ValueError(f"a message holds a {type(value).__name__}")


def _shown(value: Any) -> object:
    if isinstance(value, tuple):
        return listed([str(_shown(one)) for one in value])
    return str(value) if isinstance(value, Message) else value


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Message) else value
