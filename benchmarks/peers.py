"""One class of cnn2 notebooks through nbgrader, `otter run` and `autograder grade`, in turn, in one run.

    make peers                                        # their environment, once
    .venv/bin/python benchmarks/peers.py              # 60 notebooks, 10 networks
    .venv/bin/python benchmarks/peers.py --networks 1 # the same network from everybody

nbgrader and otter-grader take the same time for every notebook, so each round gives them `--sample` of the class;
ours grades the whole class each time, from nothing. Ratios are notebooks per second, each relative to ours in the same
round. All must agree on who is right.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnn2_class import MOST_NETWORKS, Student, students
from rivals import Nbgrader, Otter, Ours, PeerFailed
from where import phases


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notebooks", type=int, default=60)
    parser.add_argument("--networks", type=int, default=10, choices=range(1, MOST_NETWORKS + 1), metavar="N")
    parser.add_argument("--sample", type=int, default=4, help="notebooks that each rival grades in a round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2, help="epochs of the students' own training")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="peers-"))
    try:
        return run(chosen, folder)
    except PeerFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(chosen: argparse.Namespace, folder: Path) -> int:
    """The benchmark; 1 where the graders disagree."""
    members = students(chosen.notebooks, chosen.networks, chosen.seed)
    right = {member.name for member in members if member.right}
    print(
        f"{len(members)} notebooks, {chosen.networks} distinct networks, {len(right)} of them right; "
        f"{chosen.epochs} epochs on 2,400 images in the students' own code"
    )
    ours = Ours(folder / "ours", epochs=chosen.epochs)
    rivals = [tool(folder / tool.__name__, epochs=chosen.epochs) for tool in (Nbgrader, Otter)]
    seconds: dict[str, list[float]] = {tool.name: [] for tool in (*rivals, ours)}
    agree = True
    for number in range(chosen.rounds):
        sample = drawn(members, chosen.sample, number)
        for rival in rivals:
            spent, passed = timed(lambda rival=rival, sample=sample: rival.grade(sample))
            seconds[rival.name].append(spent / len(sample))
            agree &= agreed(rival.name, passed, right & {member.name for member in sample})
        spent, passed = timed(lambda: ours.grade(members))
        seconds[ours.name].append(spent / len(members))
        agree &= agreed(ours.name, passed, right)
    report(seconds, len(members))
    again, _ = timed(ours.again)
    print(f"the same command again, nothing changed: {again:.2f} s in all")
    phases(folder / "ours" / "report")
    return 0 if agree else 1


def drawn(members: list[Student], count: int, number: int) -> list[Student]:
    """This many of the class, others in each round, with right and wrong ones among them."""
    right = [member for member in members if member.right]
    wrong = [member for member in members if not member.right]
    turns = [side[(number * count + index) % len(side)] for index in range(count) for side in (right, wrong) if side]
    return list(dict.fromkeys(turns))[:count]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def agreed(name: str, passed: set[str], right: set[str]) -> bool:
    for member in sorted(passed ^ right):
        print(f"{name} calls {member} {'right' if member in passed else 'wrong'}, and it is not")
    return passed == right


def report(seconds: dict[str, list[float]], count: int) -> None:
    print(f"\n{'':12}  {'s a notebook (min  median  max)':34}  {'for the class':>14}  ours is")
    own = seconds["autograder"]
    for name, figures in seconds.items():
        ratios = [figure / mine for figure, mine in zip(figures, own, strict=True)]
        spread = f"{min(figures):8.2f}  {statistics.median(figures):6.2f}  {max(figures):6.2f}"
        faster = "" if figures is own else f"{statistics.median(ratios):5.1f} times faster"
        print(f"{name:12}  {spread:34}  {statistics.median(figures) * count:12.0f} s  {faster}")


if __name__ == "__main__":
    sys.exit(main())
