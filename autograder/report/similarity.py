"""Near-duplicates: notebooks whose code is the same except for names, values, comments, layout and cell order.

Code is read as the kinds of its syntax tree's nodes, without the student's own names, and compared by
winnowed fingerprints (Schleimer, Wilkerson, Aiken: Winnowing: Local Algorithms for Document Fingerprinting, SIGMOD
2003): of every `WINDOW` neighbouring hashes of `LENGTH` tokens the smallest is kept, so that any passage of
`LENGTH + WINDOW - 1` tokens that two notebooks share is found. What the template holds does not count, and neither does
what many in the class have written: an exercise has a usual answer.
"""

from __future__ import annotations

import ast
import functools
import itertools
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LENGTH = 12
WINDOW = 5
# A passage that more than this share of the class has, and more than this many, follows from the exercise.
COMMON_SHARE, COMMON_NUMBER = 0.1, 3
# Nor do two count as copies if so many have it, however large the class.
MOST_OWNERS = 30
# Two notebooks are shown if they share at least this many rare fingerprints, and this share of the smaller one's.
FEWEST_SHARED, LEAST_SHARE = 6, 0.6
LONGEST_PASSAGE = 14

_NOT_PYTHON = re.compile(r"^\s*[%!?].*$", re.M)


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a fingerprint was taken: a code cell from 0, and its lines from 1."""

    cell: int
    first: int
    last: int


@dataclass(frozen=True)
class Likeness:
    """Two notebooks that share code which few others have: evidence to look at, not a verdict.

    `share` is the part of the smaller one's rare fingerprints that both have (0..1), `code_fingerprints` how many these
    there are; `passage` is the longest stretch that both have, as each wrote it.
    """

    students: tuple[str, str]
    share: float
    fingerprints: int
    passage: tuple[str, str]


def code_fingerprints(cells: Sequence[str]) -> dict[int, Passage]:
    """The winnowed fingerprints of a notebook's code cells; cells that are not Python have none."""
    found: dict[int, Passage] = {}
    for index, source in enumerate(cells):
        for mark, first, last in _marks(source):
            found.setdefault(mark, Passage(index, first, last))
    return found


# Most cells of a class are the handout's.
@functools.lru_cache(maxsize=1024)
def _marks(source: str) -> tuple[tuple[int, int, int], ...]:
    """The fingerprints of one cell, each with its first and last line."""
    tokens = _tokens(source)
    hashes = [
        zlib.crc32(" ".join(kind for kind, _ in tokens[start : start + LENGTH]).encode())
        for start in range(len(tokens) - LENGTH + 1)
    ]
    marks = []
    for start in _winnowed(hashes):
        lines = [line for _, line in tokens[start : start + LENGTH]]
        marks.append((hashes[start], min(lines), max(lines)))
    return tuple(marks)


def near_duplicates(notebooks: Mapping[str, Sequence[str]], template: Sequence[str] = ()) -> list[Likeness]:
    """Every pair that shares most of its rare code, the most alike first.

    Args:
        notebooks: by student, the sources of the code cells. Each is read once, and once more if it is like another,
            so a mapping may fetch them on demand.
        template: those of the notebook that everyone started from.
    """
    given = code_fingerprints(template).keys()
    students = list(notebooks)
    # A number for each student and four bytes for each fingerprint: a class of thousands fits into memory.
    taken = [
        np.fromiter((mark for mark in code_fingerprints(notebooks[student]) if mark not in given), dtype=np.uint32)
        for student in students
    ]
    most = min(max(COMMON_NUMBER, COMMON_SHARE * len(students)), MOST_OWNERS)
    values, counts = np.unique(np.concatenate([np.empty(0, np.uint32), *taken]), return_counts=True)
    few, several = values[counts <= most], values[(counts > 1) & (counts <= most)]
    rare = [int(np.isin(marks, few).sum()) for marks in taken]
    owners: dict[int, list[int]] = defaultdict(list)
    for student, marks in enumerate(taken):
        for mark in marks[np.isin(marks, several)].tolist():
            owners[mark].append(student)
    shared: dict[tuple[int, int], list[int]] = defaultdict(list)
    for mark, having in owners.items():
        for pair in itertools.combinations(having, 2):
            shared[pair].append(mark)
    pairs = []
    for (one, other), common in shared.items():
        share = len(common) / min(rare[one], rare[other])
        if len(common) >= FEWEST_SHARED and share >= LEAST_SHARE:
            names = students[one], students[other]
            passages = [
                _longest(code_fingerprints(cells), common, cells) for cells in map(notebooks.__getitem__, names)
            ]
            pairs.append(Likeness(names, round(share, 3), len(common), (passages[0], passages[1])))
    return sorted(pairs, key=lambda pair: (-pair.share, -pair.fingerprints, pair.students))


def _winnowed(hashes: Sequence[int]) -> Iterable[int]:
    """The places of the smallest hash of every window, the rightmost where several are."""
    if 0 < len(hashes) < WINDOW:
        return {min(range(len(hashes)), key=hashes.__getitem__)}
    return {
        min(range(start, start + WINDOW), key=lambda place: (hashes[place], -place))
        for start in range(len(hashes) - WINDOW + 1)
    }


def _tokens(source: str) -> list[tuple[str, int]]:
    """The kinds of the nodes in source order, each with its line; no names except those of libraries."""
    try:
        tree = ast.parse(_NOT_PYTHON.sub("", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    try:
        return list(_walk(tree, 1))
    except RecursionError:
        return []


def _walk(node: ast.AST, line: int) -> Iterator[tuple[str, int]]:
    line = getattr(node, "lineno", line)
    if isinstance(node, ast.expr_context | ast.Load):
        return
    kind = type(node).__name__
    if isinstance(node, ast.Attribute):
        kind += f".{node.attr}"
    elif isinstance(node, ast.keyword):
        kind += f".{node.arg}"
    elif isinstance(node, ast.Constant):
        kind += type(node.value).__name__
    yield kind, line
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, line)


def _longest(places: Mapping[int, Passage], marks: Sequence[int], cells: Sequence[str]) -> str:
    """The lines of the longest stretch that these fingerprints cover without a gap of more than a line."""
    lines: dict[int, set[int]] = defaultdict(set)
    for mark in marks:
        place = places[mark]
        lines[place.cell].update(range(place.first, place.last + 1))
    best: tuple[int, int, int] = (0, 0, 0)
    for cell, covered in lines.items():
        start = previous = min(covered)
        for line in [*sorted(covered)[1:], max(covered) + 3]:
            if line - previous > 2:
                best = max(best, (previous - start + 1, cell, start))
                start = line
            previous = line
    length, cell, start = best
    return "\n".join(cells[cell].splitlines()[start - 1 : start - 1 + min(length, LONGEST_PASSAGE)])
