"""Lets every attack loose on this machine's sandbox, each beside honest notebooks, and says what came of it.

    python -m tests.hostile                                  # all of them, about half a minute each
    python -m tests.hostile --isolation user
    python -m tests.hostile --only forked-memory --repeat 10 --beside 8

With `--beside` all of an attack's neighbours run at the same time as it does, whatever the number of cores.

For each attack: the points that it earned and those that its network is worth, how many of its neighbours' results
changed, what was left on the machine, the memory that the machine had less meanwhile, and the seconds it took. The exit
status is 1 where one of them had an effect. `autograder doctor` says which isolation there is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from attack import HONEST, Attack, honest
from hostile_class import (
    ATTACKS,
    CANARY,
    Graded,
    Listener,
    aimed,
    assignment,
    grade,
    left_behind,
    without_durations,
    without_seconds,
)
from stealing import STEALING

HEAD = f"{'attack':28}{'earned':>8}{'worth':>7}{'neighbours':>14}{'left behind':>13}{'peak MB':>9}{'seconds':>9}"


class LeastMemory(threading.Thread):
    """The least memory that the machine had available since it was started, in MiB less than at first."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._first = self._least = available_mb()
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.05):
            self._least = min(self._least, available_mb())

    def taken_mb(self) -> float:
        self._over.set()
        return self._first - self._least


def available_mb() -> float:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) / 1024


def changed(graded: Graded, alone: Graded, neighbours: tuple[Attack, ...]) -> int:
    """How many honest results are not what they are without the attack."""
    return sum(
        without_seconds(graded.results[one.name]) != without_seconds(alone.results[one.name])
        or without_durations(graded.page(one.name)) != without_durations(alone.page(one.name))
        for one in neighbours
    )


def attempt(
    attack: Attack, course: Path, folder: Path, isolation: str, alone: Graded, neighbours: tuple[Attack, ...]
) -> bool:
    """Grade one attack beside the honest ones, print its line; whether it had no effect."""
    at_once = 0 if neighbours == HONEST else len(neighbours) + 1
    before, memory, started = left_behind(), LeastMemory(), time.monotonic()
    graded = grade(course, (*neighbours, attack), folder, isolation=isolation, at_once=at_once)
    earned, affected = graded.results[attack.name]["score"], changed(graded, alone, neighbours)
    traces = [after - known for after, known in zip(left_behind(), before, strict=True)]
    left = sum(map(len, traces)) + len(list((folder / "tmp").iterdir())) + (CANARY in graded.everything())
    print(
        f"{attack.name:28}{earned:8g}{attack.earns:7g}{f'{affected} changed' if affected else 'unchanged':>14}"
        f"{left or 'nothing':>13}{memory.taken_mb():9.0f}{time.monotonic() - started:9.1f}",
        flush=True,
    )
    return earned == attack.earns and not affected and not left


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__.splitlines()[0])
    # Not "none": some of them remove every file they can.
    parser.add_argument("--isolation", choices=["bubblewrap", "user"], default="bubblewrap")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in ATTACKS], metavar="NAME")
    parser.add_argument("--repeat", type=int, default=1, help="how many times each attack is tried")
    parser.add_argument("--beside", type=int, default=0, metavar="N", help="N honest notebooks at the same time")
    asked = parser.parse_args(arguments)
    neighbours = honest(asked.beside) or HONEST
    with tempfile.TemporaryDirectory(prefix="hostile-") as made:
        place = Path(made)
        place.chmod(0o755)  # where notebooks run as users of their own, their folders lie in here
        course, listener = assignment(place), Listener(place)
        alone = grade(course, neighbours, place / "honest", isolation=asked.isolation, at_once=asked.beside)
        print(HEAD)
        held = True
        for attack in ATTACKS:
            if asked.only and attack.name not in asked.only:
                continue
            member = aimed(attack, listener, course) if attack in STEALING else attack
            for number in range(asked.repeat):
                held &= attempt(member, course, place / f"{attack.name}-{number}", asked.isolation, alone, neighbours)
        listener.close()
        held &= not listener.reached
    print("No attack had an effect." if held else "At least one attack had an effect.")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
