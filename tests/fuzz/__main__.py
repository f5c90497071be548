"""Feeds changed documents to everything that reads what a student's kernel or upload sends.

    python -m tests.fuzz                                # 100,000 cases, about six minutes on one core
    python -m tests.fuzz --seed 2 --cases 20000 --only canonicalize
    python -m tests.fuzz --seed 2 --only canonicalize --replay 4711

Each case starts from a real document (a reference solution's configurations, evidence, tables; the notebooks), changes
it, and lets it be read: it is accepted, or refused with an error that the parser declares. Any other exception, a case
that takes longer than two seconds or much memory, and a broken promise about what was accepted are faults, and the
exit status is 1.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz import external_tests, intake, judging, networks
from tests.fuzz.campaign import Outcome, Target, run

SHARES = {
    "canonicalize": 30,
    "numerals": 16,
    "notebook": 14,
    "compilation": 10,
    "capture": 10,
    "table": 8,
    "archive": 5,
    "verdicts": 5,
    "pages": 1,
    "test-files": 3,
    "test-answers": 3,
    "test-places": 2,
}
MAKERS = networks.MAKERS | judging.MAKERS | intake.MAKERS | external_tests.MAKERS
TARGETS = [Target(name, MAKERS[name], share) for name, share in SHARES.items()]
HEAD = f"{'target':14}{'cases':>8}{'accepted':>10}{'refused':>9}{'faults':>8}{'seconds':>9}  slowest"


def line(outcome: Outcome) -> str:
    slowest = f"{outcome.slowest:.3f} s (case {outcome.slowest_case})"
    return (
        f"{outcome.target:14}{outcome.cases:8}{outcome.accepted:10}{outcome.refused:9}{len(outcome.faults):8}"
        f"{outcome.seconds:9.1f}  {slowest}"
    )


def main(arguments: list[str] | None = None, targets: list[Target] = TARGETS) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=100_000, help="in all targets together")
    parser.add_argument("--only", choices=[target.name for target in targets], help="one target gets all cases")
    parser.add_argument("--replay", type=int, help="only the case of this number")
    asked = parser.parse_args(arguments)
    chosen = [target for target in targets if asked.only in (None, target.name)]
    whole = sum(target.share for target in chosen)
    start = time.monotonic()
    outcomes = []
    print(f"seed {asked.seed}\n{HEAD}")
    for target in chosen:
        count = -(-asked.cases * target.share // whole)
        numbers = range(count) if asked.replay is None else range(asked.replay, asked.replay + 1)
        outcomes.append(run(target, asked.seed, numbers))
        print(line(outcomes[-1]), flush=True)
        for fault in outcomes[-1].faults:
            print(f"  --seed {asked.seed} --only {fault.target} --replay {fault.number}: {fault.what}", flush=True)
    faults = sum(len(outcome.faults) for outcome in outcomes)
    total = sum(outcome.cases for outcome in outcomes)
    print(f"{total:,} cases, {faults} faults, {time.monotonic() - start:.0f} s")
    return 1 if faults or not total else 0


if __name__ == "__main__":
    sys.exit(main())
