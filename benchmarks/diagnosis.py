"""Seeds known faults into the reference networks of all assignments and counts how many the diagnosis names.

    python benchmarks/diagnosis.py                          # every network, every operator, seeds 1 and 2
    python benchmarks/diagnosis.py --networks fcn/model --seeds 1 --cache runs.db

The operators are those of DeepCrime (Humbatova, Jahangirova, Tonella, ISSTA 2021). A fault counts only if it is real:
the network then misses its accuracy by more than chance, from two random starts (a *killed* mutant), or the notebook
itself is wrong in a way that no accuracy of ours shows (labels, validation, metric). A diagnosis is right if it names
the seeded aspect, or an equivalent repair: another single change that restored the accuracy, and does so with another
seed too, while the mutant misses it there again (the neutrality analysis of Humbatova et al., EMSE 2025).
Healthy networks run as controls.

Networks with two and three faults at once (`--several`) count each fault that is real alone: it has to be named too.

Everything goes through the grading itself: evidence, trusted runs, the accuracy question's own `explaining` and
`judge`. Training runs are stored in a gradebook (`--cache`), so that an interrupted benchmark continues.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from diagnosis_operators import HEALTHY, OPERATORS, Mutant, Notebook, notebook_of, several
from stored_runs import StoredRuns

from autograder.assignment import load
from autograder.assignment.validation import AssignmentError
from autograder.checks.accuracy import Accuracy
from autograder.checks.base import Context
from autograder.checks.diagnosis.rules import RULES
from autograder.checks.judging import with_explanations
from autograder.grading.answer_key import AnswerKey
from autograder.grading.judge import with_runs
from autograder.records.result import SubstitutionExhibit
from autograder.records.store import Gradebook
from autograder.train.trainer import Trainer

ROOT = Path(__file__).parents[1]
# How many networks with several faults are drawn for each that is counted: not every fault is real alone.
_DRAWS = 4


@dataclass
class Row:
    """The outcomes for the mutants of one operator."""

    seeded: int = 0
    faults: int = 0
    close: int = 0
    found: int = 0
    named: int = 0
    exact: int = 0
    equivalent: int = 0
    runs: list[int] = field(default_factory=list)

    def line(self, name: str) -> str:
        recall = f"{self.found / self.faults:6.2f}" if self.faults else "     -"
        precision = f"{(self.exact + self.equivalent) / self.named:9.2f}" if self.named else "        -"
        runs = f"{sum(self.runs) / len(self.runs):5.1f}" if self.runs else "    -"
        return (
            f"{name:30}{self.seeded:7}{self.close:6}{self.faults:7}{self.found:6}{recall}"
            f"{self.named:7}{self.exact:6}{self.equivalent:6}{precision}{runs}"
        )


HEAD = f"{'operator':30} seeded close faults found recall  named exact equiv precision runs"


class Bench(StoredRuns):
    """Runs mutants of networks through the accuracy question that asks for them."""

    def __init__(self, trainer: Trainer, gradebook: Gradebook) -> None:
        super().__init__(trainer, gradebook)
        self.rows: dict[str, Row] = defaultdict(Row)

    def judge(
        self,
        answer_key: AnswerKey,
        question: Accuracy,
        notebook: Notebook,
        operator: str,
        mutant: Mutant,
        causes: Sequence[frozenset[str]] | None = None,
    ) -> None:
        """Count one mutant (or a healthy network); with `causes`, each of several faults for itself."""
        causes = [mutant.truth] if causes is None else causes
        truth = frozenset().union(*causes)
        question = question.model_copy(update={"depends": None})
        context = _context(answer_key, question, notebook, mutant)
        context = with_runs(_only(answer_key, question), context, self.run)
        context = with_explanations(context, self.run)
        verdict = question.judge(context)
        subject = question.subject(context)
        assert subject is not None
        row = self.rows[operator]
        row.seeded += 1
        exhibits = [one for one in verdict.exhibits if isinstance(one, SubstitutionExhibit)]
        row.runs.append(sum(len(one.tried) for one in exhibits))
        repairs = {aspect for one in exhibits for tried in one.tried if tried.restored for aspect in tried.aspects}
        facts = subject.facts()
        assert facts is not None
        rules = {rule.name for rule in RULES if rule.cause and rule.find(facts) is not None}
        named = repairs | rules
        lowest = min(_reached(context, subject), default=1.0)
        margin = subject.margin
        fault = mutant.always or lowest < subject.minimum - margin
        row.close += not fault and lowest < subject.minimum
        exact = named & truth
        equivalent = {one for one in repairs - truth if self._holds(subject, one)}
        row.named += len(named)
        row.exact += len(exact)
        row.equivalent += len(equivalent)
        if fault and truth:
            row.faults += len(causes)
            # An equivalent repair as a whole counts for the faults that it does not name.
            row.found += len(causes) if equivalent else sum(bool(named & one) for one in causes)
        print(
            f"  {operator:30} lowest {lowest:.3f}, needed {subject.minimum:.2f}"
            f"{' fault' if fault and truth else ''}; named {sorted(named) or '-'}"
            f"{f' of {[sorted(one) for one in causes]}' if len(causes) > 1 else ''}"
            f"{'' if named <= truth | equivalent else '  <-- wrong'}",
            flush=True,
        )

    def judge_several(
        self, answer_key: AnswerKey, question: Accuracy, notebook: Notebook, mutant: Mutant, alone: Sequence[Mutant]
    ) -> bool:
        """Count a network with several faults if each is real: alone it misses the accuracy clearly, twice. Whether it
        was counted."""
        operator = f"{len(alone)} faults at once"
        for one in alone:
            single = _context(answer_key, question.model_copy(update={"depends": None}), notebook, one)
            subject = question.subject(single)
            assert subject is not None
            starts = (subject.task, subject.task.with_seed(subject.task.recipe.seed + 1))
            if max(self.run(task).score for task in starts) >= subject.minimum - subject.margin:
                return False
        self.judge(answer_key, question, notebook, operator, mutant, [one.truth for one in alone])
        return True

    def _holds(self, subject, aspect: str) -> bool:
        """Whether a repair other than the seeded one restores the accuracy from another random start as well."""
        from autograder.checks.diagnosis.repair_runs import Found, search

        case = subject.case()
        found = search(case, subject.context.run_of) if case is not None else None
        if not isinstance(found, Found) or found.cause is None:
            return False
        if aspect not in {one.aspect for one in found.cause.suspects}:
            return False
        seed = case.task.recipe.seed + 1000
        return (
            self.run(found.cause.task.with_seed(seed)).score >= case.minimum
            and self.run(case.task.with_seed(seed)).score < case.minimum
        )


def _reached(context: Context, subject) -> list[float]:
    """What the network itself reached as we train it, and as the notebook does if that differs: each time the better of
    two random starts if a second was made, because one bad start does not make a fault."""
    case = subject.case()
    tasks = [subject.task] if case is None else [subject.task, case.task]
    starts = [(task, task.with_seed(task.recipe.seed + 1)) for task in tasks if context.run_of(task) is not None]
    return [
        max(run.until(subject.minimum).score for task in pair if (run := context.run_of(task)) is not None)
        for pair in starts
    ]


def _only(answer_key: AnswerKey, question: Accuracy) -> AnswerKey:
    return replace(answer_key, assignment=replace(answer_key.assignment, questions=(question,)))


def _context(answer_key: AnswerKey, question: Accuracy, notebook: Notebook, mutant: Mutant) -> Context:
    name = question.network
    before = answer_key.reference_context()
    networks = tuple(
        one.model_copy(update={"class_name": "Sequential", "config": mutant.config, "compile": mutant.compile})
        if one.name == name
        else one
        for one in before.evidence.networks
    )
    evidence = before.evidence.with_networks(networks).model_copy(update={"fits": (mutant.fit,)})
    expected = replace(before.expected[name], recipe=notebook.recipe, fit=notebook.fit)
    return before.replace(evidence=evidence, expected={**before.expected, name: expected}, questions=(question,))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="*", help="such as cnn2/model; all without it")
    parser.add_argument("--operators", nargs="*", help="all without it")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--healthy", type=int, default=3, help="healthy networks per network, each with a seed")
    parser.add_argument("--several", type=int, default=3, help="networks with two, and with three faults, per seed")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cache", type=Path, help="a gradebook that keeps training runs")
    asked = parser.parse_args()
    start = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        Gradebook(asked.cache or Path(folder) / "runs.db") as gradebook,
        Trainer(asked.workers) as trainer,
    ):
        bench = Bench(trainer, gradebook)
        try:
            _all(bench, asked)
        finally:
            _report(bench, time.monotonic() - start)


def _all(bench: Bench, asked: argparse.Namespace) -> None:
    chosen = {label.partition("/")[0] for label in asked.networks or ()}
    for folder in sorted((ROOT / "assignments").iterdir()):
        if chosen and folder.name not in chosen:
            continue
        try:
            answer_key = AnswerKey.stored(load(str(folder)))
        except AssignmentError as error:
            print(f"{folder.name}: left out: {error}", flush=True)
            continue
        for question in answer_key.assignment.questions:
            if not isinstance(question, Accuracy):
                continue
            label = f"{folder.name}/{question.network}"
            if asked.networks and label not in asked.networks:
                continue
            for seed in range(1, asked.healthy + 1):
                print(f"{label}, healthy, seed {seed}", flush=True)
                notebook = notebook_of(answer_key, question, seed)
                for name, operator in HEALTHY.items():
                    for mutant in operator(notebook):
                        bench.judge(answer_key, question, notebook, name, mutant)
            for seed in asked.seeds:
                print(f"{label}, seed {seed}", flush=True)
                notebook = notebook_of(answer_key, question, seed)
                for name, operator in OPERATORS.items():
                    if asked.operators is not None and name not in asked.operators:
                        continue
                    for mutant in operator(notebook):
                        bench.judge(answer_key, question, notebook, name, mutant)
                for count in (2, 3):
                    counted = 0
                    for mutant, alone in several(notebook, count, _DRAWS * asked.several):
                        if counted < asked.several:
                            counted += bench.judge_several(answer_key, question, notebook, mutant, alone)


def _report(bench: Bench, seconds: float) -> None:
    print(f"\n{HEAD}")
    total = Row()
    for name, row in bench.rows.items():
        print(row.line(name))
        counts = Counter({key: value for key, value in vars(row).items() if isinstance(value, int)})
        for key, value in counts.items():
            setattr(total, key, getattr(total, key) + value)
        total.runs += row.runs
    print(total.line("total"))
    healthy = [row for name, row in bench.rows.items() if name in HEALTHY]
    print(
        f"healthy networks: {sum(row.seeded for row in healthy)}, "
        f"of which a fault was named on {sum(row.named for row in healthy)}"
    )
    print(f"{bench.made} runs made, {seconds:.0f} s")


if __name__ == "__main__":
    main()
