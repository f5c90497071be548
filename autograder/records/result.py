"""Verdict (one question) and Result (one submission): what grading concludes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from autograder.core.data import Data
from autograder.core.messages import NOTHING, Message, Text

Status = Literal["correct", "partial", "wrong", "not_reached", "needs_review", "error"]
# Where notebooks were handed in; otter only packs them, so that who did so stands elsewhere.
Platform = Literal["canvas", "moodle", "gradescope", "nbgrader", "otter"]
SubmissionStatus = Literal["graded", "incomplete", "unreadable"]

# Where a row of two aligned networks stands; the page colours by it.
RowState = Literal["same", "different", "missing", "extra", "moved", "consequence"]


class Finding(Data):
    """One thing to know: what is so, where, and what to look at again (never the answer).

    Each is a message as data (`autograder.core.messages`), or plain text, which is shown as it is in every language.
    """

    message: Text
    where: Text = NOTHING
    hint: Text = NOTHING

    @property
    def code(self) -> str:
        """What was found, in a stable word; "" for plain text."""
        return self.message.code

    def line(self) -> dict[str, Any]:
        """The finding for programs: its sentences in the language in use, its code and its plain values."""
        return {
            "message": str(self.message),
            "where": str(self.where),
            "hint": str(self.hint),
            "code": self.code,
            "values": self.message.plain_values(),
        }


class RowCells(Data):
    """One row of a summary table, ready to print."""

    layer: str
    settings: tuple[Text, ...] = ()
    shape: str = ""
    parameters: int | None = None


class ComparisonRow(Data):
    """Two aligned rows: what was expected and what the student built. One side is None for missing or extra rows.

    `consequence` marks a row that differs only because of a root cause elsewhere; `note` says why, in words.
    """

    state: RowState
    expected: RowCells | None = None
    actual: RowCells | None = None
    marked: bool = False
    note: Text = NOTHING


class ComparisonExhibit(Data):
    """Two networks side by side."""

    kind: Literal["comparison"] = "comparison"
    network: str
    rows: tuple[ComparisonRow, ...]
    expected_total: int | None = None
    actual_total: int | None = None


class CurveExhibit(Data):
    """The trusted training run against its threshold.

    Accuracies are fractions in 0..1, one for each validation; an epoch has `validations` of them. Where the first run
    came close to the threshold, `accuracies` are those of all runs, one per random start, the first run's first, and
    `interval` the 95 % confidence interval of their mean, which was judged.
    """

    kind: Literal["curve"] = "curve"
    network: str
    training_accuracy: tuple[float, ...]
    validation_accuracy: tuple[float, ...]
    threshold: float | None
    reference_low: float | None = None
    reference_high: float | None = None
    validations: int = Field(default=1, ge=1)
    accuracies: tuple[float, ...] = ()
    interval: tuple[float, float] | None = None


class MistakenImage(Data):
    """A validation image that the student's network took for another class; `png` is base64, of ours."""

    truth: Text
    predicted: Text
    png: str = Field(pattern=r"^[A-Za-z0-9+/=]*$")


class PredictionsExhibit(Data):
    """What the student's network took the validation images for, at the end of the trusted run.

    `confusion` counts images: a row for each true class, a column for each predicted one, both named by `classes`.
    """

    kind: Literal["predictions"] = "predictions"
    network: str
    classes: tuple[Text, ...]
    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[MistakenImage, ...] = ()


class TextExhibit(Data):
    """An answer in the student's own words, as plain text: for the page, never to be read as HTML."""

    kind: Literal["text"] = "text"
    text: str


class Substitution(Data):
    """One thing, or two, put in the place of the student's, and the accuracy (0..1) that a run of ours then reached.

    `aspects` says what was changed in fixed words, `change` in words for the student ("another loss"). `accuracy` is
    None where the network could not be trained.
    """

    aspects: tuple[str, ...]
    change: Text
    accuracy: float | None
    restored: bool


class SubstitutionExhibit(Data):
    """The substitutions that were tried on a network that missed its accuracy, in their order."""

    kind: Literal["substitutions"] = "substitutions"
    network: str
    reached: float
    needed: float
    tried: tuple[Substitution, ...]


Exhibit = Annotated[
    ComparisonExhibit | CurveExhibit | PredictionsExhibit | SubstitutionExhibit | TextExhibit,
    Field(discriminator="kind"),
]


class Override(Data):
    """A person's word on one question, which counts in place of what was judged.

    `score` was given out of `points`, the question's points at that time; where these have changed since, the same
    share of them counts. `by` is who said so, `at` when (ISO 8601, UTC), `reason` why, in words for the student.
    `seen` is the digest of the notebook that the person had before them.
    """

    score: float = Field(ge=0)
    points: float = Field(gt=0)
    reason: str = Field(default="", max_length=4000)
    by: str = Field(max_length=200)
    at: str
    seen: str = ""


class AppliedOverride(Override):
    """An override beside the verdict that it stands in for; `outdated` where another notebook came in since."""

    judged_status: Status
    judged_score: float
    outdated: bool = False


class Verdict(Data):
    """What one question earned and why.

    `score` counts points earned, 0 ≤ score ≤ points. A question that waits for a person has status `needs_review`
    and score 0; its points are then counted as pending, not as lost. `beside_student_code` marks what rests on tests
    that ran in the same process as the student's code, which could have made them pass.
    """

    id: str
    title: str
    status: Status
    score: float
    points: float
    findings: tuple[Finding, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    override: AppliedOverride | None = None
    beside_student_code: bool = False

    @property
    def pending(self) -> float:
        return self.points if self.status == "needs_review" else 0.0


def applied(verdict: Verdict, override: Override, seen: str) -> Verdict:
    """A verdict with an override laid over it; `seen` is the digest of the notebook as it is now."""
    share = override.score / override.points
    status: Status = "correct" if share >= 1 else "partial" if share > 0 else "wrong"
    beside = AppliedOverride(
        **override.model_dump(),
        judged_status=verdict.status,
        judged_score=verdict.score,
        outdated=override.seen != seen,
    )
    return verdict.model_copy(update={"status": status, "score": round(share * verdict.points, 3), "override": beside})


class Person(Data):
    """Someone who handed in, as a platform names them; "" for what it does not say.

    `id` is the platform's own number (Canvas: the user, Moodle: the participant of this assignment), `number` the
    institution's.
    """

    name: str = ""
    id: str = ""
    number: str = ""
    email: str = ""


class HandedIn(Data):
    """How a submission reached its platform.

    `persons` are several for a group. `late` is None where the platform does not say; `at` is the time (ISO 8601)
    where it is known; `earlier` names the attempts that another one took the place of.
    """

    platform: Platform
    persons: tuple[Person, ...] = ()
    late: bool | None = None
    at: str = ""
    earlier: tuple[str | Message, ...] = ()


class Result(Data):
    """One graded submission."""

    student: str
    submission: str
    status: SubmissionStatus
    score: float
    points: float
    pending: float
    questions: tuple[Verdict, ...]
    notes: tuple[Finding, ...] = ()
    isolation: str
    device: str
    versions: dict[str, str]
    keys: dict[str, str]
    seconds: float
    handed_in: HandedIn | None = None

    def line(self) -> dict[str, Any]:
        """The object of `results.jsonl`, in the language in use: all but the exhibits, which only the page shows."""
        plain = self.model_dump(mode="json")
        plain["notes"] = [note.line() for note in self.notes]
        for question, verdict in zip(plain["questions"], self.questions, strict=True):
            del question["exhibits"]
            question["findings"] = [finding.line() for finding in verdict.findings]
        return plain
