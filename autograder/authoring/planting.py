"""Executes mutated notebooks, and plants mistakes in the evidence of the solution: swapped labels, typed-in results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from autograder.authoring.plants import Plant, plants
from autograder.checks.answers import Answered
from autograder.checks.base import Context, NotebookCell, Question
from autograder.checks.figure import Figure
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.judge import conclude, with_runs
from autograder.network.torch.defaults import framework_of
from autograder.records.evidence import CapturedFigure, CapturedValue, Evidence, NetworkRecord
from autograder.records.result import Result
from autograder.records.training import TrainingRun, TrainingTask

if TYPE_CHECKING:
    from nbformat import NotebookNode

Observe = Callable[["NotebookNode"], Evidence]
Run = Callable[[TrainingTask], TrainingRun]
TrialOutcome = Literal["caught", "noticed", "missed", "overcharged", "not asked", "fair", "punished", "not tried"]


@dataclass(frozen=True)
class Tried:
    """One thing that was tried: a mutant or a rewrite of `network`, or a plant in the whole notebook ("").

    `outcome`: "caught" (it costs points), "noticed" (it costs none, but the student sees a finding), "missed",
    "overcharged" (one mistake costs as much as several), "not asked" (no question asks for what differs); of something
    right "fair" (it keeps every point) or "punished" (it does not); "not tried" (it does not run in this notebook).
    `questions` are those whose answer changed.
    """

    network: str
    what: str
    outcome: TrialOutcome
    questions: tuple[str, ...] = ()


def executed_plants(
    answer_key: AnswerKey, solution: NotebookNode, before: Result, observe: Observe, run: Run, *, workers: int = 1
) -> Iterator[Tried]:
    """Execute and judge every planted notebook; `before` is the result of the solution itself.

    A plant that must keep its points, but has a cell that does not finish, counts as not tried.
    """
    expected = answer_key.expected
    last = [name for name, network in expected.items() if network.counts == "last"]
    uncompiled = [name for name, network in expected.items() if network.compilation is None]
    torch = any(framework_of(network.architecture) == "torch" for network in expected.values())
    planted = list(plants(solution, list(expected), last, uncompiled, torch=torch))
    with ThreadPoolExecutor(max_workers=workers) as pool:
        observed = pool.map(lambda plant: observe(plant.notebook), planted)
        for plant, evidence in zip(planted, observed, strict=True):
            if plant.right and any(cell.status != "ok" for cell in evidence.cells):
                failed = next(cell for cell in evidence.cells if cell.status != "ok")
                why = failed.failure.name if failed.failure else failed.status
                yield Tried("", f"{plant.what}: code cell {failed.index + 1} does not run ({why})", "not tried")
                continue
            context = with_runs(answer_key, context_of(answer_key, evidence, plant.notebook), run)
            yield _compared(answer_key, plant, before, conclude(answer_key, "plant", "", context))


def _compared(answer_key: AnswerKey, plant: Plant, before: Result, after: Result) -> Tried:
    pairs = list(zip(before.questions, after.questions, strict=True))
    fewer = tuple(now.id for was, now in pairs if now.score < was.score)
    if plant.right:
        return Tried("", plant.what, "punished" if fewer else "fair", fewer)
    asked = any(_asks(question, plant) for question in answer_key.assignment.questions)
    said = tuple(now.id for was, now in pairs if now.findings != was.findings)
    outcome: TrialOutcome = "caught" if fewer else "missed" if asked else "noticed" if said else "not asked"
    return Tried("", plant.what, outcome, fewer or said)


def _asks(question: Question, plant: Plant) -> bool:
    if question.kind == "saved_model" and "saved_model" in plant.costs:
        return bool(getattr(question, "trained", False))
    return question.kind in plant.costs


def planted_evidence(answer_key: AnswerKey, run: Run) -> Iterator[Tried]:
    """Mistakes that need no separate execution, planted in the stored evidence of the solution."""
    reference = answer_key.reference_context()
    for question in answer_key.assignment.questions:
        if isinstance(question, Figure) and {"training", "validation"} <= set(question.curves):
            what = "the labels of the curves swapped"
            changed = _with_swapped_labels(reference.evidence)
            if changed is None:
                continue
            tried = _question_tried(answer_key, question, what, reference, changed, run)
            if tried.outcome == "missed" and any(map(_with_equal_curves, reference.evidence.figures)):
                # After a shortened run, two curves can have the same values.
                tried = Tried("", f"{question.id}: {what}: two curves are equal after the shortened run", "not tried")
            yield tried
        if isinstance(question, Answered) and question.measured:
            nothing = _untrained(reference.evidence)
            yield from _typed_in(answer_key, question, reference, nothing, "nothing was trained", run)
            if getattr(question, "networks_trained", None):
                named = _untrained(reference.evidence, but=answer_key.expected)
                what = "only the networks of other questions were trained"
                yield from _typed_in(answer_key, question, reference, named, what, run)


def _typed_in(
    answer_key: AnswerKey, question: Answered, reference: Context, evidence: Evidence, what: str, run: Run
) -> Iterator[Tried]:
    given = reference.evidence.value(question.answer)
    if given is not None:
        said = f"`{question.answer}` typed in though {what}"
        yield _question_tried(answer_key, question, said, reference, evidence, run, typed=given)


def _question_tried(
    answer_key: AnswerKey,
    question: Question,
    what: str,
    reference: Context,
    evidence: Evidence,
    run: Run,
    *,
    typed: CapturedValue | None = None,
) -> Tried:
    cells = reference.cells
    if typed is not None:
        line = f"{typed.name} = {typed.value!r}"
        cells = (*cells, NotebookCell(index=len(cells), kind="code", source=line))
    context = with_runs(answer_key, reference.replace(evidence=evidence, cells=cells), run)
    after = conclude(answer_key, "plant", "", context)
    verdict = next(one for one in after.questions if one.id == question.id)
    lost = verdict.score < question.points
    return Tried("", f"{question.id}: {what}", "caught" if lost else "missed", (question.id,) if lost else ())


def _with_swapped_labels(evidence: Evidence) -> Evidence | None:
    """The evidence with the labels of the first two lines of every figure swapped; None if none has two that differ."""
    figures = [_swapped(figure) for figure in evidence.figures]
    if all(figure is None for figure in figures):
        return None
    kept = tuple(new or old for new, old in zip(figures, evidence.figures, strict=True))
    return evidence.model_copy(update={"figures": kept})


def _swapped(figure: CapturedFigure) -> CapturedFigure | None:
    axes = [_swapped_axes(one) for one in figure.axes]
    if all(one is None for one in axes):
        return None
    return figure.model_copy(update={"axes": tuple(new or old for new, old in zip(axes, figure.axes, strict=True))})


def _swapped_axes(axes: dict[str, Any]) -> dict[str, Any] | None:
    lines, legend = list(axes.get("lines") or ()), list(axes.get("legend") or ())
    if len(lines) < 2 or lines[0].get("values") == lines[1].get("values"):
        return None
    lines[:2] = [
        {**lines[0], "label": lines[1].get("label")},
        {**lines[1], "label": lines[0].get("label")},
    ]
    if len(legend) >= 2:
        legend[:2] = legend[1::-1]
    return {**axes, "lines": lines, "legend": legend}


def _with_equal_curves(figure: CapturedFigure) -> bool:
    lines = [list(axes.get("lines") or ()) for axes in figure.axes]
    return any(len(some) > 1 and some[0].get("values") == some[1].get("values") for some in lines)


def _untrained(evidence: Evidence, but: Collection[str] = ()) -> Evidence:
    """The evidence without calls of `fit`, except those on networks in the variables `but`."""

    def record(one: NetworkRecord) -> NetworkRecord:
        if set(one.names) & set(but):
            return one
        return one.model_copy(update={"events": tuple(event for event in one.events if event.kind != "fit")})

    return evidence.model_copy(
        update={
            "fits": tuple(fit for fit in evidence.fits if fit.network in but),
            "records": tuple(record(one) for one in evidence.records),
        }
    )
