"""Writes reviews.csv: 1,000 invented film reviews, from a grammar and a fixed seed; no text in it is anybody's.

Both sentences of a review have the same opinion. A third of the sentences turn a word round ("not boring"), so that the
words alone, without their order, often say nothing.

    python make_reviews.py
"""

import csv
from pathlib import Path
from random import Random

SEED, REVIEWS = 21, 1000
THINGS = "plot music acting ending dialogue camera pace cast story humour".split()
GOOD = "wonderful clever moving fresh charming brilliant".split()
BAD = "boring clumsy silly weak tired dull".split()
TURNS = "not never hardly".split()
OPENINGS = ("", "honestly ", "i think ", "to me ", "this time ")
TURNED = 0.35


def sentence(random: Random, good: bool) -> str:
    turned = random.random() < TURNED
    word = random.choice(GOOD if good != turned else BAD)
    turn = f"{random.choice(TURNS)} " if turned else random.choice(("", "really ", "so "))
    return f"the {random.choice(THINGS)} was {turn}{word}"


def review(random: Random, good: bool) -> str:
    opening, link = random.choice(OPENINGS), random.choice((" and ", ", ", " while "))
    return f"{opening}{sentence(random, good)}{link}{sentence(random, good)}"


def write(path: Path) -> None:
    random = Random(SEED)
    labels = [row % 2 for row in range(REVIEWS)]
    random.shuffle(labels)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["review", "positive"])
        rows.writerows([review(random, bool(label)), label] for label in labels)


if __name__ == "__main__":
    write(Path(__file__).with_name("reviews.csv"))
