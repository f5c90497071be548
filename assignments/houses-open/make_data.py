"""Makes the two files of this assignment: houses.csv for students, houses-hidden.csv for grading alone.

    python assignments/houses-open/make_data.py            # the hidden file of the example
    python assignments/houses-open/make_data.py --secret   # that of a course of yours: with a seed that nobody can guess

Houses are drawn from one distribution; only their numbers are random. The public file has a fixed seed and is part of
the repository. Anyone who knows the seed of the hidden file can compute it, as of the example. A notebook can even try
many seeds on the rows that it is asked for, so a course takes one of 128 bits, and does not hand out what this program
wrote.
"""

from __future__ import annotations

import argparse
import csv
import os
import secrets
from pathlib import Path

import numpy as np

PUBLIC_SEED, EXAMPLE_SEED = 1, 20
PUBLIC_ROWS, HIDDEN_ROWS = 1500, 600
DISTRICTS = {"harbour": 1.35, "hill": 1.15, "old town": 1.0, "station": 0.85, "meadow": 0.7}
COLUMNS = ("area", "rooms", "built", "district", "garden", "minutes_to_centre", "price")


def houses(rows: int, seed: int) -> list[tuple[object, ...]]:
    """So many houses: area and garden in square metres, the year in which it was built, the price in thousands."""
    draw = np.random.default_rng(seed)
    area = draw.gamma(9, 13, rows).clip(25, 400).round()
    rooms = (area / draw.uniform(18, 34, rows)).round().clip(1, 12)
    built = draw.integers(1880, 2024, rows)
    district = draw.choice(list(DISTRICTS), rows)
    garden = np.where(draw.random(rows) < 0.6, draw.gamma(2, 90, rows), 0).round()
    minutes = draw.gamma(3, 6, rows).clip(1, 75).round()
    # Old houses are worth much again once they are a hundred years old; near the centre a garden counts twice.
    age = 2024 - built
    worn = 1 - 0.5 * np.exp(-(((age - 55) / 28) ** 2))
    place = np.array([DISTRICTS[name] for name in district]) * (1 + 0.6 * np.exp(-minutes / 9))
    price = 2.6 * area * place * worn + 0.15 * garden * (1 + (minutes < 12)) + 9 * np.minimum(rooms, 6)
    price = (price * draw.normal(1, 0.05, rows)).round(1)
    columns = (area.astype(int), rooms.astype(int), built, district, garden.astype(int), minutes.astype(int), price)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def write(path: Path, rows: list[tuple[object, ...]]) -> None:
    """The table, whole or not at all."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    aside.replace(path)


def main() -> None:
    """Write what is missing, and the hidden file anew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=EXAMPLE_SEED, help="of the hidden file")
    parser.add_argument("--secret", action="store_true", help="draw the seed of the hidden file, and keep it nowhere")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where the files are written")
    asked = parser.parse_args()
    if asked.seed == PUBLIC_SEED:
        parser.error("this is the seed of the public file")
    write(asked.folder / "houses.csv", houses(PUBLIC_ROWS, PUBLIC_SEED))
    write(asked.folder / "houses-hidden.csv", houses(HIDDEN_ROWS, secrets.randbits(128) if asked.secret else asked.seed))


if __name__ == "__main__":
    main()
