"""The outcome of grading: Verdict (one question) and Result (one submission)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from autograder.core.data import Data, OmitsNewDefaults
from autograder.core.messages import NOTHING, Message, Text
from autograder.records.evidence import BoundedBy

Status = Literal["correct", "partial", "wrong", "not_reached", "needs_review", "error"]
# Where notebooks were handed in; otter only packs them and does not name the student.
Platform = Literal["canvas", "moodle", "gradescope", "nbgrader", "otter"]
SubmissionStatus = Literal["graded", "incomplete", "unreadable"]

# The status of a row in the comparison of two networks; the page colours by it.
RowState = Literal["same", "different", "missing", "extra", "moved", "consequence"]


class Finding(Data):
    """One finding: what is the case, where, and a hint (never the answer).

    Each part is a message (`autograder.core.messages`), or plain text, which is shown unchanged in every language.
    """

    message: Text
    where: Text = NOTHING
    hint: Text = NOTHING

    @property
    def code(self) -> str:
        """The stable code of what was found; "" for plain text."""
        return self.message.code

    def line(self) -> dict[str, Any]:
        """The finding for programs: its sentences in the active language, its code and its plain values."""
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
    """Two aligned rows: the expected and the student's. One side is None for missing or extra rows.

    `consequence` marks a row that differs only because of an error elsewhere; `note` explains why.
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


class CurveExhibit(OmitsNewDefaults):
    """The trusted training run and its threshold.

    Accuracies are fractions in 0..1, one per validation, or scores by another `metric` (`autograder.records.metrics`);
    an epoch has `validations` of them. If the first run came close to the threshold, `accuracies` are those of all
    runs, one per seed, starting with the first run, and `interval` is the 95 % confidence interval of their mean, which
    was used for grading.
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
    metric: str = "accuracy"

    added_later: ClassVar[tuple[str, ...]] = ("metric",)


class MistakenImage(Data):
    """A validation image that the student's network misclassified; `png` is base64 of our own image."""

    truth: Text
    predicted: Text
    png: str = Field(pattern=r"^[A-Za-z0-9+/=]*$")


class PredictionsExhibit(OmitsNewDefaults):
    """The student's network's predictions on the validation images at the end of the trusted run.

    `confusion` counts images: a row for each true class, a column for each predicted one, both named by `classes`.
    `images` says whether the data are images; else they are called rows.
    """

    kind: Literal["predictions"] = "predictions"
    network: str
    classes: tuple[Text, ...]
    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[MistakenImage, ...] = ()
    images: bool = True

    added_later: ClassVar[tuple[str, ...]] = ("images",)


class ResidualsExhibit(Data):
    """True and predicted values of validation rows at the end of the trusted run, in the data's units."""

    kind: Literal["residuals"] = "residuals"
    network: str
    truth: tuple[float, ...]
    predicted: tuple[float, ...]


class RocExhibit(Data):
    """The ROC curve on the validation rows at the end of the trusted run; `positive` is the class that is to be found.

    Both coordinates are shares from 0 to 1, and so is `area`, the area below the curve.
    """

    kind: Literal["roc"] = "roc"
    network: str
    positive: Text
    false_positive: tuple[float, ...]
    true_positive: tuple[float, ...]
    area: float


class ReconstructedImage(Data):
    """A validation image and what the student's network made of it, as base64 PNGs."""

    given: str = Field(pattern=r"^[A-Za-z0-9+/=]*$", max_length=20_000)
    made: str = Field(pattern=r"^[A-Za-z0-9+/=]*$", max_length=20_000)


class ReconstructionsExhibit(Data):
    """What the student's autoencoder made of some validation images at the end of the trusted run."""

    kind: Literal["reconstructions"] = "reconstructions"
    network: str
    images: tuple[ReconstructedImage, ...]


class TextExhibit(Data):
    """An answer in the student's own words, as plain text: the page must escape it."""

    kind: Literal["text"] = "text"
    text: str


class Substitution(Data):
    """Some of the student's choices replaced by ours, and the accuracy (0..1) that a trusted run then reached.

    `aspects` names the changes by fixed words, `change` describes them to the student ("another loss"). `accuracy` is
    None if the network could not be trained.
    """

    aspects: tuple[str, ...]
    change: Text
    accuracy: float | None
    restored: bool


class SubstitutionExhibit(OmitsNewDefaults):
    """The substitutions tried on a network that missed its score, in order; `reached` is None if it has none."""

    kind: Literal["substitutions"] = "substitutions"
    network: str
    reached: float | None
    needed: float
    tried: tuple[Substitution, ...]
    metric: str = "accuracy"

    added_later: ClassVar[tuple[str, ...]] = ("metric",)


Exhibit = Annotated[
    ComparisonExhibit
    | CurveExhibit
    | PredictionsExhibit
    | ReconstructionsExhibit
    | ResidualsExhibit
    | RocExhibit
    | SubstitutionExhibit
    | TextExhibit,
    Field(discriminator="kind"),
]


class Override(Data):
    """A grader's decision on one question, which replaces the autograder's verdict.

    `score` is out of `points`, the question's points at that time; if these have changed since, the same share of them
    counts. `by` is the grader, `at` the time (ISO 8601, UTC), `reason` the reason shown to the student. `seen` is the
    digest of the notebook that the grader saw.
    """

    score: float = Field(ge=0)
    points: float = Field(gt=0)
    reason: str = Field(default="", max_length=4000)
    by: str = Field(max_length=200)
    at: str
    seen: str = ""


class AppliedOverride(Override):
    """An override with the verdict that it replaces; `outdated` if another notebook was handed in since."""

    judged_status: Status
    judged_score: float
    outdated: bool = False


class Verdict(Data):
    """The score of one question, and why.

    `score` is in points, 0 ≤ score ≤ points. A question that needs review has status `needs_review` and score 0; its
    points then count as pending, not as lost. `beside_student_code` marks a verdict based on tests that ran in the
    same process as the student's code, which could have made them pass.
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
    """A verdict with an override applied; `seen` is the digest of the current notebook."""
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
    """A person who handed in, as named by a platform; "" for unknown fields.

    `id` is the platform's own number (Canvas: the user, Moodle: the participant of this assignment), `number` the
    institution's.
    """

    name: str = ""
    id: str = ""
    number: str = ""
    email: str = ""


class HandedIn(Data):
    """How a submission reached its platform.

    A group has several `persons`. `late` is None if the platform does not say; `at` is the time (ISO 8601) if known;
    `earlier` names the superseded attempts.
    """

    platform: Platform
    persons: tuple[Person, ...] = ()
    late: bool | None = None
    at: str = ""
    earlier: tuple[str | Message, ...] = ()


class Result(OmitsNewDefaults):
    """One graded submission. `isolation` and `bounded_by` are those of its evidence."""

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
    bounded_by: BoundedBy = "unknown"

    added_later: ClassVar[tuple[str, ...]] = ("bounded_by",)

    def line(self) -> dict[str, Any]:
        """The object in `results.jsonl`, in the active language: everything except the exhibits, for the page."""
        plain = self.model_dump(mode="json")
        plain["notes"] = [note.line() for note in self.notes]
        for question, verdict in zip(plain["questions"], self.questions, strict=True):
            del question["exhibits"]
            question["findings"] = [finding.line() for finding in verdict.findings]
        return plain
