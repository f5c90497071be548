"""The public part of an assignment, which students receive for its checks: `NAME.checks.json`.

Everybody can read the file, so it must not reveal an answer: for a question answered by a number or a letter it
contains only how to read the answer, for a network only what the handout's table and code show.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from autograder.core.data import Data
from autograder.core.errors import UserError
from autograder.network.public_network import ShownNetwork
from autograder.network.table import SummaryTable


class ChecksMissing(UserError):
    """The file with the checks is not in the notebook's folder, or is damaged."""


class PublicNetwork(Data):
    """A network of the assignment; without `shown` the handout does not say what it should be."""

    table: SummaryTable | None = None
    shown: ShownNetwork | None = None


class PublicQuestion(Data):
    """The public part of a question.

    `settings` are those for judging it in the notebook, None if the check only shows how the answer is interpreted: the
    answer in `variable` (`placeholder` is its initial value in the notebook, `reading` what its kind needs to read it),
    else the `networks`. `trained` says that judging needs a trained network, which only grading has.
    """

    id: str
    kind: str
    title: str
    points: float = Field(gt=0)
    settings: dict[str, Any] | None = None
    variable: str = ""
    placeholder: str | float | None = None
    reading: dict[str, Any] = {}
    networks: tuple[str, ...] = ()
    trained: bool = False


class PublicPart(Data):
    """The file: questions in order, and the networks that they are about, by variable."""

    assignment: str
    title: str
    language: str
    questions: tuple[PublicQuestion, ...]
    networks: dict[str, PublicNetwork] = {}

    def question(self, identity: str) -> PublicQuestion:
        """The question with this id.

        Raises:
            ChecksMissing: there is none.
        """
        found = next((question for question in self.questions if question.id == identity), None)
        if found is None:
            raise ChecksMissing(f'The checks of {self.assignment} hold no question "{identity}".')
        return found

    def variables(self) -> list[str]:
        """The names of the variables that hold answers."""
        return [question.variable for question in self.questions if question.variable]


def read_public(path: Path) -> PublicPart:
    """The file with the checks.

    Raises:
        ChecksMissing: it is missing or damaged; the message tells the student what to do.
    """
    try:
        return PublicPart.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError:
        raise ChecksMissing(
            f"There is no file {path.name} in {path.parent.resolve()}. Put everything that you were given beside your "
            "notebook, and run its first cell again."
        ) from None
    except ValidationError:
        raise ChecksMissing(f"The file {path.name} is damaged or of another version; download it again.") from None
