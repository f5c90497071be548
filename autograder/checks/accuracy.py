"""The accuracy that the student's network reaches: the score question for classifiers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from autograder.checks.score import ScoreQuestion
from autograder.checks.score_wording import is_accuracy
from autograder.records.training import Recipe


class Accuracy(ScoreQuestion):
    """`minimum` (0..1) is the validation accuracy needed."""

    kind: Literal["accuracy"]
    minimum: float | None = Field(default=None, gt=0, lt=1)

    @property
    def threshold(self) -> float | None:
        return self.minimum

    def training_problem(self, recipe: Recipe) -> str:
        if is_accuracy(recipe.scored_by):
            return ""
        return f'[training] scores the network by "{recipe.scored_by.name}", not an accuracy; use kind = "score".'
