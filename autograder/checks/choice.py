"""One of several options, by its letter, its own words, or both."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, model_validator

from autograder.checks.answers import Answered, NotUnderstood, described, read_as, single
from autograder.checks.base import Context
from autograder.checks.number_parsing import SeveralNumbers, read_numeral
from autograder.core.messages import NOTHING, message, phrase
from autograder.records.evidence import CapturedValue
from autograder.records.result import Verdict

# Words that mean the same option; an option with one of them as its key or text matches all words of its row.
_SAME_WORDS = (
    frozenset({"yes", "y", "true", "ja", "wahr"}),
    frozenset({"no", "n", "false", "nein", "falsch"}),
    frozenset({"fewer", "less", "weniger"}),
    frozenset({"more", "mehr"}),
    frozenset({"smaller", "kleiner"}),
    frozenset({"larger", "bigger", "greater", "größer"}),
    frozenset({"same", "equal", "unchanged", "gleich", "equally many", "gleich viele", "as many"})
    | frozenset({"the same", "same number", "the same number", "equal number", "dieselbe anzahl", "gleiche anzahl"}),
)
_LEAD = re.compile(
    r"(?:(?:the|my|die|meine)\s+)?(?:correct\s+|right\s+|richtige\s+)?"
    r"(?:answer|option|choice|solution|letter|antwort|lösung|buchstabe)(?:\s+(?:is|ist))?\s*[:=]?\s*",
    re.I,
)
_JOINING = r"(?:or|and|und|oder)"
# Words that begin a reason; they may follow an option's letter, but never the article "A".
_REASON = re.compile(r"(?:because|since|as|for|due to|given that|weil|da|denn|wegen)\b", re.I)
_NO_NOUN = re.compile(
    r"(?:is|has|it|its|they|the|this|that|i|we|my|with|contains|ist|hat|es|sie|die|der|das|mit)\b|\(\s*\d|\(.*\)\W*$",
    re.I,
)
_ARTICLE = re.compile(r"^(?:the|a|an|die|der|das|ein|eine)\s+")
# So many words may stand between those of an option: "1 was taken for 2" is "1 taken for 2".
_MOST_BETWEEN = 3
# An abbreviated option text counts if it has at least this share of the words.
_ENOUGH = 1 / 3
_NEGATED = re.compile(r"\b(?:not|no|never|nor|neither|nicht|kein\w*|weder)\b|n['’]t\b", re.I)


class Choice(Answered):
    """A question with options in a variable.

    An option is named by its key, by its words or a part of them that no other option has, or by usual synonyms; a
    reason may follow the key. `options` maps each key (a letter or a word, always shown as written) to its text as the
    notebook prints it, `correct` is the right key, or a list of keys that all count as right. `messages` says, by key,
    why an option is not right; `also` lists, by key, other words for an option.
    """

    kind: Literal["choice"]
    options: dict[str, str] = Field(min_length=2, max_length=30)
    correct: str | tuple[str, ...]
    messages: dict[str, str] = {}
    also: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _keys_are_options(self) -> Choice:
        for field, keys in (("correct", self._right_keys), ("messages", self.messages), ("also", self.also)):
            for key in keys:
                if key not in self.options:
                    raise ValueError(f'{field} names "{key}", which is none of the options {", ".join(self.options)}')
        if not self._right_keys:
            raise ValueError("correct names no option")
        if len({_plain(key) for key in self.options}) < len(self.options):
            raise ValueError("two options have the same key")
        return self

    def reading(self, context: Context) -> dict[str, Any]:
        return {"options": self.options, "also": {key: list(words) for key, words in self.also.items()}}

    def judge_answer(self, answer: CapturedValue, context: Context) -> Verdict:
        key = self.chosen(answer)
        understood = read_as(answer, phrase("the option {key} (“{text}”)", key=key, text=self.options[key]))
        if str(answer.value).strip().casefold() == key.casefold():
            understood = NOTHING
        if key in self._right_keys:
            return self.right(understood)
        sentence = message("choice.wrong", "{key} (“{text}”) is not right.", key=key, text=self.options[key])
        if key in self.messages:
            sentence = message(
                "choice.wrong_because",
                "{key} (“{text}”) is not right. {because}",
                key=key,
                text=self.options[key],
                because=self.messages[key],
            )
        return self.wrong_answer(sentence, understood, context)

    @property
    def _right_keys(self) -> tuple[str, ...]:
        return (self.correct,) if isinstance(self.correct, str) else self.correct

    def chosen(self, answer: CapturedValue) -> str:
        """The key of the option that is meant.

        Raises:
            NotUnderstood: no option matches, or several may.
        """
        plain = single(answer)
        if isinstance(plain, bool):
            found = self._named(str(plain))
        elif isinstance(plain, int | float):
            found = self._by_key(f"{plain:g}") | self._by_number(float(plain))
        elif isinstance(plain, str):
            found = self._in_text(plain)
        elif isinstance(plain, list) and all(isinstance(entry, str) for entry in plain):
            found = set().union(*(self._in_text(entry) for entry in plain))
        else:
            found = set()
        if len(found) == 1:
            return found.pop()
        keys = ", ".join(self.options)
        if found:
            raise NotUnderstood(
                message(
                    "choice.several", "Your answer {given} can mean more than one option.", given=described(answer)
                ),
                message("hint.option_alone", "Give one of {keys} alone.", keys=keys),
            )
        raise NotUnderstood(
            message("choice.none", "Your answer {given} is none of the options.", given=described(answer)),
            message("hint.options_in_quotes", "Give one of {keys}, as a text in quotes.", keys=keys),
        )

    def number_chosen(self, answer: CapturedValue) -> float | None:
        """The number that the chosen option consists of; None if it is not a number.

        Raises:
            NotUnderstood: no option matches, or several may.
        """
        return self._number(self.options[self.chosen(answer)])

    def _in_text(self, text: str) -> set[str]:
        """The keys of all options that a text may mean, tried from the shortest form of answer to the longest."""
        text = re.sub(r"\s+", " ", text).strip(" \t\"'`*“”„‚‘’_")
        text = _LEAD.sub("", text, count=1) if _LEAD.match(text) else text
        found = self._named(text) or self._lettered(text)
        if found:
            return found
        words = [word for key in self.options for word in self._words(key)]
        if _NEGATED.search(text) and not any(_NEGATED.search(word) for word in words):
            return set()
        return self._stated(text) or self._in_part(text) or self._in_order(text)

    def _named(self, text: str) -> set[str]:
        """The options whose key or words are the whole text."""
        keys = self._by_key(text)
        if keys:
            return keys
        # "dense 1" is the layer dense_1.
        wanted = _plain(text).replace("_", " ")
        return {key for key in self.options if wanted in (_plain(word).replace("_", " ") for word in self._words(key))}

    def _by_key(self, text: str) -> set[str]:
        return {key for key in self.options if _plain(key) == _plain(text)}

    def _by_number(self, number: float | None) -> set[str]:
        if number is None:
            return set()
        return {key for key, text in self.options.items() if self._number(text) == number}

    def _number(self, text: str) -> float | None:
        """The number that makes up the whole text, except for a unit or the like."""
        try:
            numeral = read_numeral(text, thousands=True) if len(text) <= 60 else None
        except SeveralNumbers:
            return None
        return numeral.value if numeral and not re.search(r"\d[^\d.,_'’ ]+\d", text) else None

    def _lettered(self, text: str) -> set[str]:
        """The option whose key starts the text: "B: 307300", "b) …", "(B)"; and what the rest names instead."""
        for key in self.options:
            match = re.match(rf"[(\[]?{re.escape(key)}(?P<end>\s*[)\].:,;=–—-]+|\s|$)(?P<rest>.*)", text, re.I | re.S)
            if match is None:
                continue
            if _REASON.match(match["rest"].strip()):
                return {key}
            rest = match["rest"].strip(" ()[].")
            others = self._stated(rest) if rest else set()
            # "A dense layer …" begins with an article, not with a letter: the words must be those of the option.
            if match["end"].strip() or not rest or key in others or _NO_NOUN.match(match["rest"].strip()):
                return {key} | others
        return set()

    def _stated(self, text: str) -> set[str]:
        """The options that a text names somewhere, by letter, number or words."""
        return self._letters_within(text) | (
            self._named(text) or self._by_number(self._number(text)) or self._mentioned(text)
        )

    def _mentioned(self, text: str) -> set[str]:
        """The options whose words occur in the text; an option whose words are part of another's does not count."""
        inside = f" {_plain(text)} "
        spots: dict[str, str] = {}
        for key in self.options:
            words = [word for word in map(_plain, self._words(key)) if f" {word} " in inside and word]
            if words:
                spots[key] = max(words, key=len)
        return {
            key
            for key, word in spots.items()
            if not any(word != other and f" {word} " in f" {other} " for other in spots.values())
        }

    def _in_part(self, text: str) -> set[str]:
        """The options whose words contain the text, if it is enough of them."""
        part = _ARTICLE.sub("", _plain(text))
        found = set()
        for key in self.options:
            for words in map(_plain, self._words(key)):
                whole = _ARTICLE.sub("", words)
                if part and f" {part} " in f" {whole} " and len(part.split()) >= _ENOUGH * len(whole.split()):
                    found.add(key)
        return found

    def _in_order(self, text: str) -> set[str]:
        """The options of several words that all occur in the text in their order, with few others between them."""
        given = _plain(text).split()
        found = set()
        for key in self.options:
            for words in map(_plain, self._words(key)):
                wanted, rest = words.split(), iter(given)
                if 1 < len(wanted) <= len(given) <= len(wanted) + _MOST_BETWEEN and all(
                    any(word == other for other in rest) for word in wanted
                ):
                    found.add(key)
        return found

    def _letters_within(self, text: str) -> set[str]:
        """Options named by a standalone capital letter: "I think it is B". "A" and "I" may also be plain words."""
        found = set()
        for key in self.options:
            if len(key) == 1:
                word = rf"(?=\W*$|\W+{_JOINING}\b)" if key in ("A", "I") else ""
                if re.search(rf"(?<!\w){re.escape(key)}(?!\w){word}", text):
                    found.add(key)
        return found

    def _words(self, key: str) -> tuple[str, ...]:
        """All ways to write an option in words: its text, the assignment's additions, and its key if that is a word."""
        words = [self.options[key], *self.also.get(key, ()), *([key] if len(key) > 1 else [])]
        plain = {_plain(word) for word in words}
        # "fewer parameters" also matches "less", unless another option uses "fewer".
        two = set(_plain(self.options[key]).split()) if len(_plain(self.options[key]).split()) <= 2 else set()
        others = {word for other in self.options if other != key for word in _plain(self.options[other]).split()}
        for same in _SAME_WORDS:
            if plain & same or (two & same and not others & same):
                words += sorted(same)
        return tuple(words)


def _plain(text: str) -> str:
    """A text without case and punctuation; signs that carry meaning in numbers and sizes stay."""
    return " ".join(re.findall(r"[\w×+*/%.,-]*\w|[-+]?\d+", text.casefold()))
