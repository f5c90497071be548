"""Checks whether an assignment grades what it asks: its solution, its untouched notebook, mutants, rewrites, plants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.assignment import Assignment, AssignmentError
from autograder.authoring.branches import graph_of, mutants_of
from autograder.authoring.keras_configs import LayerConfig, NotAChain, layers_of, sequential
from autograder.authoring.mutants import Mutant, doubled_block, of_compilation, structural
from autograder.authoring.planting import Observe, Run, TrialOutcome, Tried, executed_plants, planted_evidence
from autograder.authoring.rewrites import Rewrite, rewrites
from autograder.authoring.torch_variants import keras_form, of_torch_compilation, torch_rewrites
from autograder.checks.base import Context, ExpectedNetwork
from autograder.checks.compiled import Compiled
from autograder.checks.student_network import written_by_student
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.judge import conclude, with_runs
from autograder.grading.reference import read_solution
from autograder.intake.notebook import UnreadableNotebook, parse_notebook
from autograder.network.canonical import Misfitting, UnknownNetwork, canonicalize
from autograder.network.measure import rows, totals
from autograder.records.evidence import CapturedNetwork
from autograder.records.result import Result
from autograder.records.training import TrainingRun, TrainingTask

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Kinds of question that compare a whole network, and those that look only at its numbers.
_WHOLE = frozenset({"architecture"})
_COUNTING = frozenset({"parameters"})


@dataclass(frozen=True)
class Validation:
    """The findings. `solution` and `untouched` are the results of the two notebooks, from real execution.

    `manual` are the ids of the questions that are graded by hand: a solution need not answer them. `warnings` are
    sentences about what an author should look at, and may leave.
    """

    solution: Result
    untouched: Result
    tried: tuple[Tried, ...]
    unread: tuple[str, ...]
    manual: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, in sentences; empty if the assignment grades what it asks."""
        problems = [
            f"the solution does not earn every point: {question.title} has {question.score:g} of {question.points:g}"
            for question in self.solution.questions
            if question.status not in ("correct", "needs_review") and question.id not in self.manual
        ]
        problems += [
            f"the untouched notebook earns points: {question.title} has {question.score:g} of {question.points:g}"
            for question in self.untouched.questions
            if question.score > 0
        ]
        problems += [
            f"{one.network}: {one.what}: no question notices it; ask for it in an architecture, parameters or compiled "
            "question"
            for one in self.tried
            if one.outcome == "missed" and one.network
        ]
        problems += [
            f"{one.what}: no question notices it" for one in self.tried if one.outcome == "missed" and not one.network
        ]
        problems += [
            f"{one.network}: {one.what}: one mistake costs as much as several in {', '.join(one.questions)}"
            for one in self.tried
            if one.outcome == "overcharged"
        ]
        problems += [
            f"{one.network or 'the solution'}: the same {'network' if one.network else 'notebook'} {one.what} loses "
            f"points in {', '.join(one.questions)}"
            for one in self.tried
            if one.outcome == "punished"
        ]
        return (*problems, *self.unread)


def validate(
    answer_key: AnswerKey, observe: Observe, run: Run, *, train_mutants: bool = False, workers: int = 1
) -> Validation:
    """Validate the assignment.

    Args:
        answer_key: the assignment with its stored reference.
        observe: executes a notebook.
        run: trains a network.
        workers: the number of notebooks executed at a time.
        train_mutants: train every mutant; otherwise its accuracy counts as reached, so that only what the other
            questions see decides.

    Raises:
        AssignmentError: a notebook cannot be read.
    """
    solution, untouched = read_solution(answer_key.assignment), _read(answer_key.assignment.notebook_path)
    known: dict[str, TrainingRun] = {}

    def trained(task: TrainingTask) -> TrainingRun:
        known[task.key] = known[task.key] if task.key in known else run(task)
        return known[task.key]

    not_trained = run if train_mutants else reached_without_training(answer_key)

    def of_plant(task: TrainingTask) -> TrainingRun:
        return known[task.key] if task.key in known else not_trained(task)

    tried, unread = judged_mutants(answer_key, run if train_mutants else None)
    solved = _graded(answer_key, solution, observe, trained)
    tried += planted_evidence(answer_key, not_trained)
    tried += executed_plants(answer_key, solution, solved, observe, of_plant, workers=workers)
    return Validation(
        solved,
        _graded(answer_key, untouched, observe, trained),
        tuple(tried),
        tuple(unread),
        frozenset(one.id for one in answer_key.assignment.questions if one.needs_manual_grading),
        tuple(_doubled_rows(answer_key.assignment)),
    )


def _doubled_rows(assignment: Assignment) -> Iterator[str]:
    for name, one in assignment.declared.items():
        if doubled := one.source.hidden_in_public:
            yield (
                f"[datasets.{name}]: {doubled:,} of the {one.source.hidden:,} hidden examples have the inputs of a "
                "public one; where that is no chance, their answers are known"
            )


def judged_mutants(answer_key: AnswerKey, run: Run | None = None) -> tuple[list[Tried], list[str]]:
    """Mutants and rewrites of every network, and sentences about networks for which none could be made.

    Nothing is executed; without `run` nothing is trained either, and every accuracy counts as reached.
    """
    run = run or reached_without_training(answer_key)
    reference = answer_key.reference_context()
    before = conclude(answer_key, "reference", "", with_runs(answer_key, reference, run))
    tried: list[Tried] = []
    unread: list[str] = []
    for name, expected in answer_key.expected.items():
        try:
            tried += _Trial(answer_key, reference, before, name, expected, run).all()
        except NotAChain as problem:
            unread.append(f"{name}: no mutants of it were tried: {problem}")
    return tried, unread


@dataclass(frozen=True)
class _Trial:
    """Mutants and rewrites of one network, judged in the reference's own evidence."""

    answer_key: AnswerKey
    reference: Context
    before: Result
    name: str
    expected: ExpectedNetwork
    run: Run

    def all(self) -> Iterator[Tried]:
        captured = self.reference.evidence.network(self.name)
        if not self.expected.architecture.is_chain and (captured is None or captured.framework != "torch"):
            yield from self._of_branches(captured)
            return
        layers = layers_of(self.expected.architecture)
        if captured is not None and captured.framework == "torch":
            yield from self._of_torch(captured, layers)
            return
        yield from self._of_layers(layers)
        if captured is not None and captured.compile:
            yield from self._of_compilation(of_compilation(captured.compile, self._right_compilations()))
        for rewrite in rewrites(layers, rows(self.expected.architecture)):
            yield self._rewritten(rewrite)

    def _of_branches(self, captured: CapturedNetwork | None) -> Iterator[Tried]:
        graph = graph_of(self.expected.architecture)
        for mutant in mutants_of(graph):
            assert mutant.config is not None
            if self._differs(mutant.config, "Functional"):
                asked = self._asked(mutant.config, "Functional")
                yield self._tried(mutant, asked=asked, class_name="Functional", config=mutant.config)
        if captured is not None and captured.compile:
            yield from self._of_compilation(of_compilation(captured.compile, self._right_compilations()))
        renamed = graph_of(self.expected.architecture, "my_own_{}".format).config
        yield self._rewritten(Rewrite("with other names", "Functional", renamed))

    def _of_torch(self, captured: CapturedNetwork, layers: list[LayerConfig]) -> Iterator[Tried]:
        """Mutants of the layers in Keras' form, compared with the solution in that form; the rest in PyTorch's."""
        in_keras = {"framework": "", "class_name": "Sequential", "compile": keras_form(captured.compile)}
        networks = tuple(
            one.model_copy(update={**in_keras, "config": sequential(layers)}) if one is captured else one
            for one in self.reference.evidence.networks
        )
        reference = self.reference.replace(evidence=self.reference.evidence.with_networks(networks))
        before = conclude(self.answer_key, "reference", "", with_runs(self.answer_key, reference, self.run))
        yield from replace(self, reference=reference, before=before)._of_layers(layers)
        if captured.compile:
            yield from self._of_compilation(of_torch_compilation(captured.compile, self._right_compilations()))
        for how, config in torch_rewrites(captured.config or {}):
            answered, _ = self._judged(config=config)
            yield Tried(self.name, how, "punished" if answered else "fair", answered)

    def _of_layers(self, layers: list[LayerConfig]) -> Iterator[Tried]:
        for mutant in structural(layers):
            assert mutant.config is not None
            if not self._differs(mutant.config):
                continue
            yield self._tried(mutant, asked=self._asked(mutant.config), class_name="Sequential", config=mutant.config)
        block = doubled_block(layers, written_by_student(self.expected))
        if block is not None and self._asks(_WHOLE):
            yield self._block_tried(block)

    def _of_compilation(self, mutants: Iterator[tuple[str, Mutant]]) -> Iterator[Tried]:
        for what, mutant in mutants:
            yield self._tried(mutant, asked=self._asks_of_compilation(what), compile=mutant.compilation)

    def _differs(self, config: dict[str, Any], class_name: str = "Sequential") -> bool:
        try:
            return canonicalize(class_name, config) != self.expected.architecture
        except UnknownNetwork:
            return True

    def _asked(self, config: dict[str, Any], class_name: str = "Sequential") -> bool:
        """Whether a question asks for what is different in this network."""
        if self._asks(_WHOLE):
            return True
        if not self._asks(_COUNTING):
            return False
        try:
            return totals(canonicalize(class_name, config)) != totals(self.expected.architecture)
        except Misfitting:
            return True

    def _asks(self, kinds: frozenset[str]) -> bool:
        questions = self.answer_key.assignment.questions
        return any(question.kind in kinds and self.name in question.networks() for question in questions)

    def _asks_of_compilation(self, what: str) -> bool:
        return any(
            question.kind == "compiled" and self.name in question.networks() and getattr(question, what, None)
            for question in self.answer_key.assignment.questions
        )

    def _right_compilations(self) -> frozenset[str]:
        """The optimizers and losses that the questions accept for this network."""
        asked = [one for one in self.answer_key.assignment.questions if self.name in one.networks()]
        return frozenset(name for one in asked if isinstance(one, Compiled) for name in (*one.optimizer, *one.loss))

    def _tried(self, mutant: Mutant, *, asked: bool, **changes: Any) -> Tried:
        answered, sentence = self._judged(**changes)
        outcome: TrialOutcome = "caught" if answered else "noticed" if sentence else "missed" if asked else "not asked"
        return Tried(self.name, mutant.what, outcome, answered or sentence)

    def _block_tried(self, block: Mutant) -> Tried:
        """The outcome for a block of layers that is there twice: it is one mistake and must cost one row."""
        after = self._concluded(class_name="Sequential", config=block.config)
        rows = len(written_by_student(self.expected)) or len(self.expected.architecture.operations) - 1
        lost = {now.id: was.score - now.score for was, now in zip(self.before.questions, after.questions, strict=True)}
        asked = [one for one in after.questions if one.id in self._whole_questions]
        over = tuple(one.id for one in asked if lost[one.id] > one.points / rows + 0.001)
        fewer = tuple(question for question, points in lost.items() if points > 0)
        outcome: TrialOutcome = "overcharged" if over else "caught" if fewer else "missed"
        return Tried(self.name, block.what, outcome, over or fewer)

    @property
    def _whole_questions(self) -> frozenset[str]:
        questions = self.answer_key.assignment.questions
        return frozenset(one.id for one in questions if one.kind in _WHOLE and self.name in one.networks())

    def _rewritten(self, rewrite: Rewrite) -> Tried:
        answered, _ = self._judged(class_name=rewrite.class_name, config=rewrite.config)
        return Tried(self.name, rewrite.how, "punished" if answered else "fair", answered)

    def _judged(self, **changes: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The questions with fewer points than for the reference, and those with other findings."""
        after = self._concluded(**changes)
        pairs = list(zip(self.before.questions, after.questions, strict=True))
        fewer = tuple(now.id for was, now in pairs if now.score < was.score)
        said = tuple(now.id for was, now in pairs if now.findings != was.findings)
        return fewer, said

    def _concluded(self, **changes: Any) -> Result:
        """The result of the solution with the network replaced."""
        networks = tuple(
            network.model_copy(update=changes) if network.name == self.name else network
            for network in self.reference.evidence.networks
        )
        evidence = self.reference.evidence.with_networks(networks)
        context = with_runs(self.answer_key, self.reference.replace(evidence=evidence), self.run)
        return conclude(self.answer_key, "mutant", "", context)


def reached_without_training(answer_key: AnswerKey) -> Run:
    """Runs with the scores of the reference, without training."""
    known = [score for threshold in answer_key.reference.thresholds.values() for score in threshold.accuracies]

    def run(task: TrainingTask) -> TrainingRun:
        metric = task.recipe.scored_by
        low, high = metric.bounds
        scores = [score for score in known if low <= score <= high] or [0.99 if metric.higher_is_better else 0.01]
        score = metric.best([*scores, *(() if task.target is None else (task.target,))])
        return TrainingRun(
            key=task.key,
            outcome="trained",
            training_accuracy=(score,),
            validation_accuracy=(score,),
            metric=metric.name,
        )

    return run


def _graded(answer_key: AnswerKey, notebook: NotebookNode, observe: Observe, run: Run) -> Result:
    context = with_runs(answer_key, context_of(answer_key, observe(notebook), notebook), run)
    return conclude(answer_key, "notebook", "", context)


def _read(path: Path) -> NotebookNode:
    try:
        return parse_notebook(path.read_bytes())
    except (OSError, UnreadableNotebook) as error:
        raise AssignmentError([f"{path}: the student's notebook cannot be read: {error}"]) from None
