"""What `push` would do for each student, decided without any connection from what is known on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from autograder.lms.online.site import Participant, Site
from autograder.records.pulled import SentGrade

Kind = Literal["new", "raised", "lowered", "unchanged", "pending", "excused", "absent", "unmatched", "refused"]
STEP_KINDS: tuple[Kind, ...] = (
    *("new", "raised", "lowered", "unchanged", "pending", "excused", "absent", "unmatched", "refused"),
)
# Canvas compares grades at two decimals, and shows no more.
DECIMALS = 2
_SAME = 0.5 * 10.0**-DECIMALS


class Before(Protocol):
    """The assignment as it was known before: `Pulled`, or without a pull what was read first.

    `grades` holds what stood there by student's id, `maximum` is the points of the assignment.
    """

    @property
    def platform(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def course(self) -> str: ...
    @property
    def assignment(self) -> str: ...
    @property
    def maximum(self) -> float: ...
    @property
    def grades(self) -> Mapping[str, float | None]: ...


@dataclass(frozen=True)
class OurGrade:
    """A result to return: whose it is by the platform's ids, and the attempt that was graded, by its time.

    `amount` is on the platform's scale, `undecided` are the points without a decision. `marker` identifies the
    comment and the page of this very result.
    """

    student: str
    ids: tuple[str, ...]
    amount: float
    undecided: float
    at: str
    marker: str


@dataclass(frozen=True)
class Choices:
    """What the caller allows. `replace` holds names or ids whose grades by others may be overwritten.

    A name that several students have allows nothing (`ambiguous_names`).
    """

    allow_lower: bool = False
    replace: frozenset[str] = frozenset()
    pages: bool = False


@dataclass(frozen=True)
class PushStep:
    """What happens to one student: `sends_grade` and `sends_page` say what goes out, `why` what keeps it."""

    kind: Kind
    name: str
    id: str = ""
    student: str = ""
    before: float | None = None
    after: float | None = None
    why: str = ""
    sends_grade: bool = False
    sends_page: bool = False
    marker: str = ""

    @property
    def sends(self) -> bool:
        return self.sends_grade or self.sends_page


def decide(
    grades: Sequence[OurGrade], site: Site, pulled: Before, sent: Mapping[str, SentGrade], choices: Choices
) -> list[PushStep]:
    """One step for each student here or there.

    Args:
        grades: the results of the report.
        site: the assignment as it is now.
        pulled: the assignment as it was at the pull.
        sent: by student's id, what an earlier push wrote. Any other grade there counts as a person's.
        choices: what the caller allows.
    """
    choices = replace(choices, replace=choices.replace - ambiguous_names(site, choices))
    there = {one.person.id: one for one in site.participants}
    then = pulled.grades
    owners: dict[str, list[str]] = {}
    for ours in grades:
        for identity in ours.ids:
            owners.setdefault(identity, []).append(ours.student)
    general = site.refuses or _other_maximum(site, pulled)
    steps: list[PushStep] = []
    for ours in grades:
        if not ours.ids:
            steps.append(
                PushStep("unmatched", ours.student, student=ours.student, why="no id of a user there is known")
            )
        for identity in ours.ids:
            one = there.get(identity)
            if one is None:
                why = f"nobody there has the id {identity} now"
                steps.append(PushStep("unmatched", ours.student, identity, ours.student, why=why))
            elif len(owners[identity]) > 1:
                named = " and ".join(owners[identity])
                steps.append(_refused(ours, one, f"two results here are this student's: {named}"))
            elif general:
                steps.append(_refused(ours, one, general))
            else:
                steps.append(_for_one(ours, one, then.get(identity), sent.get(identity), choices))
    steps += [
        PushStep("absent", _name(one), one.person.id, before=one.grade, why=_absent(one))
        for one in site.participants
        if one.person.id not in owners
    ]
    return sorted(steps, key=lambda step: (STEP_KINDS.index(step.kind), step.name.casefold(), step.id))


def _for_one(
    ours: OurGrade, one: Participant, then: float | None, sent: SentGrade | None, choices: Choices
) -> PushStep:
    after, before = round(ours.amount, DECIMALS), one.grade
    about = {"name": _name(one), "id": one.person.id, "student": ours.student, "before": before}
    if one.excused:
        return PushStep("excused", **about, why="excused there")  # type: ignore[arg-type]
    if ours.undecided:
        return PushStep("pending", **about, why=f"{ours.undecided:g} points are not decided")  # type: ignore[arg-type]
    if one.at != ours.at:
        why = "handed in again since the pull" if one.at else "the submission was taken back since the pull"
        return _refused(ours, one, f"{why}: pull and grade again")
    page = choices.pages and ours.marker not in one.markers
    if before is None:
        return PushStep("new", **about, after=after, sends_grade=True, sends_page=page, marker=ours.marker)  # type: ignore[arg-type]
    if same(before, after):
        return PushStep("unchanged", **about, after=after, sends_page=page, marker=ours.marker)  # type: ignore[arg-type]
    is_ours = sent is not None and any(same(before, grade) for grade in sent.grades)
    named = not choices.replace.isdisjoint({_key(text) for text in (_name(one), one.person.id, ours.student)})
    replaced = named and not is_ours
    if not replaced and not is_ours:
        changed = "changed since the pull" if not same(before, then) else "was not written by autograder"
        return _refused(ours, one, f"the grade there, {before:g}, {changed} (--replace {_quoted(_name(one))})")
    kind: Kind = "raised" if after > before else "lowered"
    held = kind == "lowered" and not (choices.allow_lower or replaced)
    return PushStep(
        kind,
        **about,  # type: ignore[arg-type]
        after=after,
        why="needs --allow-lower" if held else "replaces a grade by others" if replaced else "",
        sends_grade=not held,
        sends_page=page and not held,
        marker=ours.marker,
    )


def replaceable(names: Collection[str]) -> frozenset[str]:
    """Names as `Choices.replace` holds them."""
    return frozenset(map(_key, names))


def same(one: float | None, other: float | None) -> bool:
    """Whether two grades are the same to the platform."""
    if one is None or other is None:
        return one is other
    return bool(abs(one - other) < _SAME)


def unknown_names(steps: Sequence[PushStep], choices: Choices) -> tuple[str, ...]:
    """The names in `Choices.replace` that nobody has, as the caller may have mistyped one."""
    known = {_key(text) for step in steps for text in (step.name, step.id, step.student)}
    return tuple(sorted(choices.replace - known))


def ambiguous_names(site: Site, choices: Choices) -> frozenset[str]:
    """The names in `Choices.replace` that several students have: it is unknown whose grade is meant."""
    names = Counter(_key(_name(one)) for one in site.participants)
    return frozenset(name for name in choices.replace if names[name] > 1)


def _other_maximum(site: Site, pulled: Before) -> str:
    if same(site.maximum, pulled.maximum):
        return ""
    return f"the maximum there was {pulled.maximum:g} at the pull and is {site.maximum:g} now: pull and grade again"


def _refused(ours: OurGrade, one: Participant, why: str) -> PushStep:
    amount = round(ours.amount, DECIMALS)
    return PushStep("refused", _name(one), one.person.id, ours.student, before=one.grade, after=amount, why=why)


def _absent(one: Participant) -> str:
    return "handed in, but not graded here" if one.attempts else "nothing handed in"


def _name(one: Participant) -> str:
    return one.person.name or f"anonymous {one.person.id}"


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
