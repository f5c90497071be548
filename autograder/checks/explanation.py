"""Why a network misses its score: rules, and substitutions that trusted runs have shown to restore it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.checks.base import Calibration, Context
from autograder.checks.diagnosis.as_trained import as_trained, not_normalized
from autograder.checks.diagnosis.code_lines import place_of
from autograder.checks.diagnosis.repair_runs import Faulty, Found, Trial, search
from autograder.checks.diagnosis.rules import RULES, Facts
from autograder.checks.diagnosis.rules.loop import loop_findings
from autograder.checks.diagnosis.rules.targets import WRONG_TARGETS
from autograder.checks.diagnosis.suspects import Suspect
from autograder.checks.diagnosis.wording import findings, trial_exhibit
from autograder.checks.mean_of_runs import CLEAR, spread
from autograder.checks.student_network import StudentNetwork
from autograder.core.messages import Message
from autograder.records.evidence import CapturedFit
from autograder.records.result import Exhibit, Finding
from autograder.records.training import TrainingRun, TrainingTask

# Code that may turn scaled predictions back: of scikit-learn, by hand, or out of a logarithm.
_TURNS_BACK = re.compile(r"inverse_transform|\*=?\s*[\w.\[\]'\"]*(?:std|scale|max|range|sigma|1e|\d{2})|expm1|exp\(")
_PREPARES = re.compile(r"255|\bmean\(|\bstd\(|[Nn]ormaliz|[Rr]escal|StandardScaler|MinMaxScaler")


@dataclass(frozen=True)
class AccuracyMiss:
    """A network to explain: `task` is its trusted run, `minimum` the score required of it."""

    context: Context
    name: str
    student: StudentNetwork
    task: TrainingTask
    minimum: float
    calibration: Calibration | None
    budget: int

    def tasks(self) -> tuple[TrainingTask, ...]:
        """The run that the search needs next; none if it has ended."""
        case = self.case()
        if case is None:
            return ()
        step = search(case, self.context.run_of)
        return (step,) if isinstance(step, TrainingTask) else ()

    def explain(self) -> tuple[tuple[Finding, ...], tuple[Exhibit, ...]]:
        """The reason as far as the runs made so far show it: findings, and the substitutions tried.

        Where a run has shown the cause, its symptoms, such as dead units, are left out, and rules that say the same.
        """
        case = self.case()
        own = None if case is None else self.context.run_of(case.task)
        step = self._found(case)
        said = self._rules(None if step is None else step.cause)
        if case is None or own is None or step is None:
            return said, ()
        own, named = own.until(case.minimum), self._told()
        shown = trial_exhibit(self.name, case, step, own, named=named)
        first = findings(
            case, step, own, named=named, as_trained=case.task != self.task, place_of=lambda one: self._place(one, case)
        )
        return (*first, *said), () if shown is None else (shown,)

    @property
    def cause_shown(self) -> bool:
        """Whether a run has shown what restores the score."""
        found = self._found(self.case())
        return found is not None and found.cause is not None

    def _found(self, case: Faulty | None) -> Found | None:
        """What the search has found; None if there is none, or it has not ended."""
        step = None if case is None else search(case, self.context.run_of)
        return step if isinstance(step, Found) else None

    def facts(self) -> Facts | None:
        """What the rules read."""
        expected = self.context.expected[self.name]
        if self.student.architecture is None or expected.recipe is None:
            return None
        run = self.context.run_of(self.task)
        return Facts(
            architecture=self.student.architecture,
            compilation=self.student.compilation if self.student.compiled else None,
            recipe=expected.recipe,
            minimum=self.minimum,
            run=None if run is None else run.until(self.minimum),
            fit=self._fit(),
            reference_fit=expected.fit,
            scaled_back=any(_TURNS_BACK.search(cell.source) for cell in self.context.cells if cell.kind == "code"),
        )

    def case(self) -> Faulty | None:
        """The network in its trusted run if that missed; otherwise trained as in the notebook, if that differs."""
        run = self.context.run_of(self.task)
        if run is None or self.budget == 0:
            return None
        if not run.scored_by.reaches(run.score, self.minimum):
            return self._case_of(self.task, self.reference)
        fit, wanted = self._fit(), self.context.expected[self.name].fit
        if fit is None or wanted is None:
            return None
        task = as_trained(self.task, fit, wanted)
        return None if task == self.task else self._case_of(task, self.task)

    def _case_of(self, task: TrainingTask, reference: TrainingTask) -> Faulty | None:
        own: TrainingRun | None = self.context.run_of(task)
        if own is not None and own.scored_by.reaches(own.score, self.minimum):
            return None
        return Faulty(task, reference, self.minimum, self.margin, self.budget)

    @property
    def reference(self) -> TrainingTask:
        """The run of the reference network, compiled as in the solution."""
        expected = self.context.expected[self.name]
        compilation = expected.compilation or self.task.recipe.usual_compilation
        return self.task.model_copy(update={"architecture": expected.architecture, "compilation": compilation})

    @property
    def margin(self) -> float:
        """How far scores vary by chance."""
        scores, recipe = self.calibration.accuracies if self.calibration is not None else (), self.task.recipe
        return CLEAR * spread(scores, self.minimum, recipe.validation, recipe.scored_by)

    def _fit(self) -> CapturedFit | None:
        """The student's last call of `fit`; of several, the last on inputs like those of the solution."""
        fits = self.student.fits(self.context)
        wanted = self.context.expected[self.name].fit
        if wanted is not None:
            raw = not_normalized(wanted.inputs)
            fits = tuple(one for one in fits if not_normalized(one.inputs) == raw) or fits
        if not fits:
            return None
        # If the cell that prepares the images did not finish, its missing effects are not the student's mistake.
        return fits[-1].model_copy(update={"inputs": None}) if self._unprepared(fits[-1]) else fits[-1]

    def _unprepared(self, fit: CapturedFit) -> bool:
        """Whether a cell before the call of `fit`, which may have prepared its inputs, did not finish."""
        written = [cell for cell in self.context.cells if cell.kind == "code"]
        stopped = [one.index for one in self.context.evidence.cells if one.index < fit.cell and one.status != "ok"]
        return any(_PREPARES.search(written[index].source) for index in stopped if index < len(written))

    def _place(self, suspect: Suspect, case: Faulty) -> Message:
        return place_of(suspect, case.task.architecture, self.student.record, self.context.cells)

    def _told(self) -> bool:
        """Whether no question asks how the network is compiled, so that it may be named."""
        return not any(
            question.kind == "compiled" and self.name in question.networks() for question in self.context.questions
        )

    def _rules(self, cause: Trial | None) -> tuple[Finding, ...]:
        """What the rules find beside the cause that a run has shown."""
        facts, shown = self.facts(), {one.aspect for one in cause.suspects} if cause is not None else set()
        rules = [rule for rule in RULES if (rule.cause or cause is None) and not rule.shown_by & shown]
        found = [] if facts is None else [one for rule in rules if (one := rule.find(facts)) is not None]
        if self._training_asked():
            return tuple(one for one in found if one.code not in WRONG_TARGETS)
        return (*found, *self._loop())

    def _training_asked(self) -> bool:
        """Whether a question about the training says what is wrong with its targets, or with a written loop."""
        return any(one.kind == "history" and self.name in one.networks() for one in self.context.questions)

    def _loop(self) -> list[Finding]:
        """What is wrong with the loop that the student wrote."""
        wanted = self.context.expected[self.name].fit
        return loop_findings(self.student.fits(self.context), self.student.evaluations, wanted)
