"""The field's own benchmark: 26 faulty programs, each graded as an assignment whose solution is its repair.

    python -m benchmarks.published run 50306988 --folder published    # one program; kept in the folder
    python -m benchmarks.published run --folder published             # all that the folder does not have yet
    python -m benchmarks.published report --folder published          # figures beside the four published tools

The programs are those of Humbatova et al., An empirical study of fault localisation techniques for deep neural networks
(EMSE 2025): their configurations, equivalent repairs and what the tools said are read from
`--faults` (../shared/data/faults); without them it ends with a sentence. What is run in place of each program's data is
in `published_programs.py`. The repair is the solution; the faulty program and another equivalent repair (the healthy
copy) are submissions. `--solution far` takes the equivalent repair that differs most from the faulty program as the
solution, so that the fault is not its only difference. Thresholds are what `autograder calibrate` computes from the
solution alone.

A program is reproduced if the solution passes and the faulty program misses its threshold clearly from two random
starts, or if a rule names its fault. Ours knows a correct solution; the published tools know none. Only 18 % of such
collections are realistic, and half of them reproduce (arXiv 2412.16336).
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from autograder.assignment import load
from autograder.authoring.calibrate import calibrate
from autograder.checks.base import Context
from autograder.checks.diagnosis.repair_runs import Found, search
from autograder.checks.diagnosis.rules import RULES
from autograder.checks.judging import with_explanations
from autograder.checks.score import ScoreQuestion
from autograder.core.errors import UserError
from autograder.grading.answer_key import AnswerKey, context_of
from autograder.grading.judge import with_runs
from autograder.grading.reference import reference_of, write_reference
from autograder.intake.notebook import parse_notebook
from autograder.observe.observer import Observer
from autograder.observe.sandbox.isolation import IsolationUnavailable, choose_isolation
from autograder.records.store import Gradebook
from autograder.train.trainer import Trainer
from benchmarks.published_programs import PROGRAMS, Config, Program, notebook_code, scaled
from benchmarks.published_scores import TOOL_SECONDS, parameters_of, parameters_of_rules, scored, tools_named
from benchmarks.stored_runs import StoredRuns

FAULTS = Path(__file__).parents[2] / "shared" / "data" / "faults"
SEEDS = range(1, 21)
_FOR_HOW_LONG = ("epochs", "batch_size")
# How many equivalent repairs are tried as healthy copy: on other data than the published not all of them are equal.
_COPIES = 3


@dataclass(frozen=True)
class Published:
    """What the benchmark says of a program: the faulty configuration, its equivalent repairs, smallest first, the sets
    of parameters that a repair changes (the ground truth is one of them), and those of them that are minimal."""

    faulty: Config
    repairs: tuple[Config, ...]
    truths: frozenset[frozenset[str]]
    minimal: frozenset[frozenset[str]]


def published(program: Program, faults: Path) -> Published:
    """What is published of a program.

    Raises:
        OSError: the data are not there.
    """
    known = json.loads((faults / "repairs.json").read_text(encoding="utf-8"))[program.name]
    faulty = {**known["config"], **(program.extra or {})}
    path = next(iter(sorted(faults.glob(f"{program.name}*.tsv"))))
    found: dict[tuple[tuple[str, str], ...], float] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["is_gt"] == "True":
                config = dict(part.split("=", 1) for part in row["current_node_param_string"].split(","))
                found[tuple(sorted(config.items()))] = float(np.mean(json.loads(row["current_node_accs"])))
    lower = program.metric == "mae"
    repairs = sorted(found, key=lambda one: (len(_changes(dict(one), faulty)), found[one] if lower else -found[one]))
    first = [known["config"] | dict(program.repair)] if program.repair is not None else []
    own = first if program.extra else [*first, *(dict(one) for one in repairs)]
    minimal = {frozenset(program.truth), *(frozenset(one) for one in known["alternatives"])}
    truths = minimal | {frozenset(_changes(dict(one), faulty)) for one in found}
    return Published(faulty, tuple(own), frozenset(truths), frozenset(minimal))


def _changes(one: Config, other: Config) -> set[str]:
    return {key for key in one if one.get(key) != other.get(key)}


def build(program: Program, solution: Config, folder: Path) -> None:
    """Write the assignment: its data, its solution and its table in TOML."""
    folder.mkdir(parents=True, exist_ok=True)
    if program.rows is not None:
        x, y = program.rows()
        np.savez(folder / "data.npz", x_train=x, y_train=y)
    epochs, batch = scaled(program, solution)
    own = ""
    if program.rows is not None:
        kind = {"regression": 'target_kind = "values"\n', "classification": 'target_kind = "classes"\n'}
        own = f'\n[datasets.own]\nnpz = "data.npz"\n{kind.get(program.task, "")}'
    if program.metric:
        question = 'kind = "score"'
        metric = f'metric = "{program.metric}"\n'
    else:
        question, metric = 'kind = "accuracy"', ""
    prepared = f'normalization = "{program.normalization}"\n' if program.rows is None else "[training.prepare]\n"
    served = f'datasets = ["{program.dataset}"]\n' if program.rows is None else ""
    write_notebook(program, solution, folder / "solution.ipynb")
    write_notebook(program, solution, folder / "program.ipynb")
    (folder / "assignment.toml").write_text(
        f'name = "p-{program.name.lower()}"\ntitle = "{program.name}"\nnotebook = "program.ipynb"\n'
        f'solution = "solution.ipynb"\n{own}\n[networks.model]\n\n'
        f'[training]\ndataset = "{program.dataset}"\ntrain = {program.train}\nvalidation = {program.validation}\n'
        f'epochs = {min(100, epochs)}\nbatch_size = {batch}\ntask = "{program.task}"\n{metric}{prepared}\n'
        f'[observe]\ntraining = "short"\n{served}\n'
        f'[[questions]]\n{question}\nid = "learns"\ntitle = "It learns"\npoints = 1\nnetwork = "model"\n',
        encoding="utf-8",
    )


def write_notebook(program: Program, config: Config, path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(code) for code in notebook_code(program, config)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


class Bench(StoredRuns):
    """Grades programs; keeps runs in a gradebook, and what was found of each program in the folder."""

    def __init__(self, folder: Path, observer: Observer, trainer: Trainer, gradebook: Gradebook) -> None:
        super().__init__(trainer, gradebook)
        self._folder = folder
        self._observer = observer

    def program(self, program: Program, facts: Published, *, far: bool) -> dict[str, Any]:
        """What grading says of the faulty program and of the healthy copy."""
        solution = facts.repairs[-1] if far else facts.repairs[0]
        folder = self._folder / program.name
        build(program, solution, folder)
        assignment = load(str(folder))
        reference = reference_of(assignment, self._observer)
        answer_key = AnswerKey.of(assignment, reference)
        if answer_key.stale_thresholds():
            reference = calibrate(answer_key, self, SEEDS, workers=1, progress=lambda *_: None)  # type: ignore[arg-type]
            write_reference(folder, reference)
            answer_key = AnswerKey.of(assignment, reference)
        threshold = reference.thresholds["learns"]
        start = time.monotonic()
        faulty = self._explained(answer_key, self._graded(answer_key, program, facts.faulty), facts.faulty)
        return {
            "program": program.name,
            "minimum": threshold.minimum,
            "solution": [min(threshold.accuracies), max(threshold.accuracies)],
            "faulty": faulty,
            "seconds": round(time.monotonic() - start, 1),
            **self._healthy(answer_key, program, facts, solution),
        }

    def _healthy(self, answer_key: AnswerKey, program: Program, facts: Published, solution: Config) -> dict[str, Any]:
        """What is said of an equivalent repair that passes here too, trained for as long as the solution: of that which
        differs most from it; of the solution itself if there is none. `unequal` counts those that do not pass."""
        others = [one for one in reversed(facts.repairs) if one != solution]
        copies = [one for one in others if all(one.get(key) == solution.get(key) for key in _FOR_HOW_LONG)]
        for unequal, copy in enumerate([*copies[:_COPIES], solution]):
            context = self._graded(answer_key, program, copy)
            if self._question(answer_key).judge(context).status == "correct":
                return {"healthy": self._explained(answer_key, context, copy), "unequal": unequal}
        raise UserError("the repaired program does not pass")

    @staticmethod
    def _question(answer_key: AnswerKey) -> ScoreQuestion:
        (question,) = answer_key.assignment.questions
        assert isinstance(question, ScoreQuestion)
        return question

    def _graded(self, answer_key: AnswerKey, program: Program, config: Config) -> Context:
        """A submission with a configuration, executed, and trained as far as its points depend on it."""
        path = self._folder / program.name / "submission.ipynb"
        write_notebook(program, config, path)
        notebook = parse_notebook(path.read_bytes())
        evidence = self._observer.observe(notebook, answer_key.assignment.observe_task().placed(notebook))
        return with_runs(answer_key, context_of(answer_key, evidence, notebook), self.run)

    def _explained(self, answer_key: AnswerKey, context: Context, config: Config) -> dict[str, Any]:
        context = with_explanations(context, self.run)
        question = self._question(answer_key)
        verdict, subject = question.judge(context), question.subject(context)
        if subject is None:
            raise UserError(f"there is no network to judge: {verdict.findings[0].message}")
        facts, case = subject.facts(), subject.case()
        found = None if case is None else search(case, subject.context.run_of)
        named: set[str] = set()
        if isinstance(found, Found) and case is not None and found.cause is not None:
            named |= parameters_of(found.cause.suspects, case.task, found.cause.task)
        rules = [] if facts is None else [rule.name for rule in RULES if rule.cause and rule.find(facts) is not None]
        last = max((key for key in config if key.startswith("act")), default="act1")
        named |= parameters_of_rules(rules, named, last)
        own = context.run_of(subject.task)
        return {
            "reached": None if own is None else own.score,
            "missed": isinstance(found, Found) and not found.close,
            "named": sorted(named),
            "rules": rules,
            "tried": len(found.trials) if isinstance(found, Found) else 0,
            "said": [f"{one.message} | {one.where} | {one.hint}" for one in verdict.findings],
        }


def run(asked: argparse.Namespace) -> None:
    asked.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        observer = stack.enter_context(Observer(_isolation()))
        trainer = stack.enter_context(Trainer(workers=1))
        gradebook = stack.enter_context(Gradebook(asked.folder / "runs.db"))
        bench = Bench(asked.folder, observer, trainer, gradebook)
        known = {program.name: program for program in PROGRAMS}
        for program in [known[name] for name in asked.programs or known]:
            path = asked.folder / f"{program.name}.json"
            if path.exists():
                continue
            try:
                said = bench.program(program, published(program, asked.faults), far=asked.solution == "far")
            except (UserError, RuntimeError) as error:
                said = {"program": program.name, "skipped": f"{type(error).__name__}: {error}"}
            path.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            print(_line(program, said, published(program, asked.faults)), flush=True)


def _isolation() -> Any:
    """The sandbox where it works; these notebooks are our own."""
    try:
        return choose_isolation("auto")
    except IsolationUnavailable:
        return choose_isolation("none")


def reproduced(program: Program, said: dict[str, Any]) -> str:
    """Why a program is not reproduced; "" if it is."""
    if "skipped" in said:
        return str(said["skipped"])
    if not said["faulty"]["missed"] and not said["faulty"]["rules"]:
        reached, minimum = said["faulty"]["reached"], said["minimum"]
        if reached is not None and reached < minimum and not program.metric:
            return (
                f"it reaches {_number(reached)} of {minimum}, but not clearly less from two starts: no cause is sought"
            )
        return f"the faulty program reaches {_number(reached)} ({minimum} is needed)"
    return ""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _line(program: Program, said: dict[str, Any], facts: Published) -> str:
    if why := reproduced(program, said):
        return f"{program.paper:4}{program.name:10} not reproduced: {why}"
    faulty, loud = said["faulty"], ", ".join(said["healthy"]["named"])
    score = scored(faulty["named"], facts.truths)
    return (
        f"{program.paper:4}{program.name:10}{score.recall:6.2f}{score.precision:6.2f}"
        f"{'  minimal' if frozenset(faulty['named']) in facts.minimal else '         '}  "
        f"{_number(faulty['reached']):>7} of {said['minimum']:<7} named {', '.join(faulty['named']) or '-'}"
        f"{'' if faulty['missed'] else ' (by a rule alone)'}; {faulty['tried']} substitutions, {said['seconds']} s"
        f"{f'; healthy copy: {loud}' if loud else ''}"
    )


def report(asked: argparse.Namespace) -> None:
    """The figures over all 26 and over those reproduced, beside what the four tools said on the same programs."""
    rows: list[tuple[Program, Published, dict[str, Any]]] = []
    for program in PROGRAMS:
        path = asked.folder / f"{program.name}.json"
        said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"skipped": "not run yet"}
        rows.append((program, published(program, asked.faults), said))
        print(_line(program, said, rows[-1][1]))
    seen = [row for row in rows if not reproduced(row[0], row[2])]
    missed = [row for row in seen if row[2]["faulty"]["missed"]]
    columns = (f"all {len(rows)}", f"the {len(seen)} reproduced", f"the {len(missed)} that miss")
    print(f"\n{'':22}" + "".join(f"{one:>28}" for one in columns))
    print(f"{'':22}" + 3 * f"{_HEAD:>28}" + f"{'seconds a program':>20}")
    took = [said["seconds"] for _, _, said in rows if "seconds" in said]
    seconds = {"autograder": f"{min(took):,.0f} to {max(took):,.0f}" if took else "-", **TOOL_SECONDS}
    # Nothing counts as named for a program that is not reproduced.
    ours = {_known_as(one): frozenset(said["faulty"]["named"]) for one, _, said in seen}
    for name, named in {"autograder": ours, **tools_named(asked.faults / "tools")}.items():
        both = [
            _summed_up([(named.get(_known_as(one), frozenset()), facts) for one, facts, _ in some])
            for some in (rows, seen, missed)
        ]
        print(f"{name:22}" + "".join(f"{each:>28}" for each in both) + f"{seconds[name]:>20}")
    copies = [said["healthy"] for _, _, said in rows if "healthy" in said]
    print(
        f"\nHealthy copies: {len(copies)}, a fault named on {sum(bool(one['named']) for one in copies)}; "
        f"{sum(said.get('unequal', 0) for _, _, said in rows)} equivalent repairs were passed over, because they do "
        f"not pass on our data. Reproduced by a rule alone: {sum(not said['faulty']['missed'] for _, _, said in seen)}."
        f" Seconds for the faulty programs: {sum(said.get('seconds', 0) for _, _, said in rows):.0f} in all, without "
        "calibration and runs that were known already.\n"
        "Ours knows a correct solution, the tools know none; with `--solution near` the fault is even the only "
        "difference from it. Data are our own (published_data.py) with the published configurations, so the tools' "
        "figures are not for the same data. Only 18 % of such collections are realistic, and half of their faults "
        "reproduce (arXiv 2412.16336)."
    )


_HEAD = "recall  precision  exact"


def _summed_up(diagnoses: Sequence[tuple[frozenset[str], Published]]) -> str:
    """The mean recall and precision, and on how many programs exactly a minimal repair or the ground truth is named."""
    scores = [scored(named, facts.truths) for named, facts in diagnoses]
    count = max(1, len(scores))
    recall, precision = sum(one.recall for one in scores) / count, sum(one.precision for one in scores) / count
    return f"{recall:.2f} {precision:10.2f} {sum(named in facts.minimal for named, facts in diagnoses):6}"


def _known_as(program: Program) -> str:
    """The program's name in what the tools said: of the three on MNIST the paper's, as their files are mixed up."""
    return program.paper if program.dataset == "mnist" and program.name.startswith("M") else program.name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("run", "report"))
    parser.add_argument("programs", nargs="*", help="such as 50306988; all without it")
    parser.add_argument("--folder", type=Path, default=Path("reports/published"), help="where everything is kept")
    parser.add_argument("--faults", type=Path, default=FAULTS)
    parser.add_argument("--solution", choices=("near", "far"), default="near")
    asked = parser.parse_args()
    if not (asked.faults / "repairs.json").exists():
        raise SystemExit(f"{asked.faults} has no repairs.json: the published configurations are not here.")
    (run if asked.command == "run" else report)(asked)


if __name__ == "__main__":
    main()
