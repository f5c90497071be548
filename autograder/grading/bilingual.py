"""Results in the language of the assignment, whose findings are known in English too."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, Protocol, Self, TypeVar

from autograder.core.language import ENGLISH, speaking
from autograder.intake import UnreadableSubmission
from autograder.intake.notebook import UnreadableNotebook
from autograder.records.result import Finding, Result

Rest = ParamSpec("Rest")


class _Spoken(Protocol):
    @property
    def language(self) -> str: ...

    def told_in(self, language: str) -> Self: ...


AnswerKey = TypeVar("AnswerKey", bound=_Spoken)


def bilingual(
    make: Callable[Concatenate[AnswerKey, Rest], Result],
) -> Callable[Concatenate[AnswerKey, Rest], Result]:
    """Make a result in the language of the assignment; where that is another, once more in English.

    The same is judged both times, so that each finding has its counterpart: classes are summed up by the English words.
    """

    @functools.wraps(make)
    def made(answer_key: AnswerKey, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Result:
        with speaking(answer_key.language):
            told = make(answer_key, *args, **kwargs)
        if answer_key.language == ENGLISH:
            return told
        with speaking(ENGLISH):
            return with_english(told, make(answer_key.told_in(ENGLISH), *args, **kwargs))

    return made


def why_unreadable(read: Callable[[], object], language: str) -> Finding:
    """Why there is no notebook in a submission that could be graded: a sentence for the student, also in English."""

    def said(spoken: str) -> str:
        with speaking(spoken):
            try:
                read()
            except (UnreadableNotebook, UnreadableSubmission) as error:
                return str(error)
        return ""

    return Finding(message=said(language), english="" if language == ENGLISH else said(ENGLISH))


def with_english(told: Result, english: Result) -> Result:
    """`told` with the English words of each finding beside it."""
    questions = tuple(
        verdict.model_copy(update={"findings": _paired(verdict.findings, other.findings)})
        for verdict, other in zip(told.questions, english.questions, strict=True)
    )
    return told.model_copy(update={"questions": questions, "notes": _paired(told.notes, english.notes)})


def _paired(told: Sequence[Finding], english: Sequence[Finding]) -> tuple[Finding, ...]:
    if len(told) != len(english):
        return tuple(told)
    return tuple(
        one if one.english else one.model_copy(update={"english": other.message, "english_hint": other.hint})
        for one, other in zip(told, english, strict=True)
    )
