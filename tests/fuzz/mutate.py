"""Changes to real documents: trees of JSON, lines of text, bytes. All of them come from the generator that is given."""

from __future__ import annotations

import json
from random import Random
from typing import Any

TEXTS = (
    "",
    " ",
    "\0",
    "\ud800",
    "\u202e\u2028",
    "²",
    "٣",
    "nan",
    "None",
    "..",
    "../../etc/passwd",
    "=1+1",
    "<script>alert(1)</script>",
    "</script><!--",
    "{{ 7 * 7 }}",
    "a\r\nb",
    "x" * 300,
    "x" * 30_000,
    "é" * 201,
    "😀",
    "relu",
    "Dense",
    "Sequential",
    "Functional",
    "keras.layers",
    "__class__",
    "_allownew",
    "update",
)
NUMBERS = (
    *(0, 1, -1, 2, 3, 7, 64, 255, 256, 1000, 65_536, 2**31, -(2**31), 2**53, 2**63, 2**64, 10**15, 10**16, -(10**16)),
    *(10**308, 10**309, -(10**400), 2**1024 - 1, 0.5, -0.5, 1e-9, 1e-320, 1e15, 1e16, 1e308, -1e308, 1.5, -0.0),
    *(float("nan"), float("inf"), float("-inf")),
)


def hostile(random: Random) -> Any:
    """A value that stands where nobody expects it."""
    kind = random.randrange(8)
    if kind < 3:
        return random.choice(NUMBERS)
    if kind < 5:
        return random.choice(TEXTS)
    if kind == 5:
        return random.choice((None, True, False))
    if kind == 6:
        return random.choice(([], {}, [[]], [None], {"": None}, {"class_name": None}, [0, 1], [[1], [2, 3]]))
    inner: Any = random.choice((1, "x", None))
    deep = random.choice((2, 5, 20, 55, 70, 500))
    if random.random() < 0.2:
        return [inner] * random.choice((10, 300, 3000))
    for _ in range(deep):
        inner = [inner] if random.random() < 0.5 else {random.choice(("config", "layers", "a")): inner}
    return inner


# What one change may add, so that twelve of them make no document that takes long to write down.
LARGE = 20_000


def size(tree: Any) -> int:
    """How many values a tree holds, long texts for several, up to `LARGE`; what contains itself holds so many."""
    count, stack = 0, [tree]
    while stack and count < LARGE:
        item = stack.pop()
        count += 1 + (len(item) // 20 if isinstance(item, str) else 0)
        if isinstance(item, dict | list):
            stack.extend(item.values() if isinstance(item, dict) else item)
    return count


def dumped(tree: Any, **how: Any) -> str:
    """A tree as JSON; where it is too deep for that, something as deep."""
    try:
        return json.dumps(tree, **how)
    except RecursionError:
        return '{"a":' * 1000 + "[]" + "}" * 1000


Place = tuple[Any, Any]


def places(tree: Any) -> list[Place]:
    """Every place in a tree, as the container and the key or index there; a container is entered once."""
    found: list[Place] = []
    stack, seen = [tree], set()
    while stack:
        item = stack.pop()
        if not isinstance(item, dict | list) or id(item) in seen:
            continue
        seen.add(id(item))
        for key in item if isinstance(item, dict) else range(len(item)):
            found.append((item, key))
            stack.append(item[key])
    return found


def mutate(random: Random, tree: Any, *, times: int = 0, loops: bool = False) -> None:
    """Change a tree in place, once or a few times; `loops` lets it contain itself."""
    found = places(tree)
    for done in range(times or random.choice((1, 1, 1, 2, 2, 3, 5, 12))):
        if not found or (done and not loops and size(tree) >= LARGE):
            return
        container, key = random.choice(found)
        if isinstance(container, dict) and key not in container:
            continue
        if isinstance(container, list) and key >= len(container):
            continue
        _change(random, container, key, found, tree if loops else None)
        if random.random() < 0.2:
            found = places(tree)


def _change(random: Random, container: Any, key: Any, found: list[Place], whole: Any) -> None:
    value = container[key]
    how = random.randrange(12)
    if how == 0:
        del container[key]
    elif how == 1:
        other = _at(random.choice(found))
        container[key] = _copy(other) if size(other) < LARGE else hostile(random)
    elif how == 2:
        container[key] = random.choice(([value], {"0": value}, [value, value], str(value)[:2000], bool(value)))
    elif how == 3:
        _arrange(random, container, key)
    elif how == 4 and whole is not None:
        container[key] = random.choice((whole, container, _at(random.choice(found))))
    elif isinstance(value, bool) or how < 6:
        container[key] = hostile(random)
    elif isinstance(value, int | float):
        factor = random.choice((-1, 0, 2, 10, 1000, 10**6, 0.5, 10**30))
        changes = (value + 1, value - 1, _times(value, factor), str(value)[:2000], random.choice(NUMBERS))
        container[key] = random.choice(changes)
    elif isinstance(value, str):
        container[key] = _word(random, value, found)
    elif isinstance(value, list) and value:
        _arrange(random, value, random.randrange(len(value)))
    elif isinstance(value, dict) and value:
        _arrange(random, value, random.choice(list(value)))
    else:
        container[key] = hostile(random)


def _at(place: Place) -> Any:
    container, key = place
    try:
        return container[key]
    except (KeyError, IndexError):
        return None


def _times(value: float, factor: float) -> float:
    try:
        return value * factor
    except OverflowError:
        return -value


def _copy(value: Any) -> Any:
    """A copy of what JSON holds; what contains itself is used as it is."""
    try:
        return json.loads(json.dumps(value))
    except (ValueError, RecursionError):
        return value


def _word(random: Random, value: str, found: list[Place]) -> str:
    others = [held for held in (_at(random.choice(found)) for _ in range(6)) if isinstance(held, str)]
    return random.choice(
        (
            *others[:2],
            random.choice(TEXTS),
            value.upper(),
            value + random.choice(TEXTS),
            value[: random.randrange(len(value) + 1)],
            value * random.choice((2, 10, 40)) if len(value) < 1000 else value,
        )
    )


def _arrange(random: Random, container: Any, key: Any) -> None:
    value = container[key]
    if isinstance(container, dict):
        name = random.choice((*list(container)[:5], random.choice(TEXTS), "class_name", "config", "name", "extra"))
        container[name] = value
        return
    how = random.randrange(5)
    if how == 0:
        container.insert(random.randrange(len(container) + 1), _copy(value) if size(value) < LARGE else None)
    elif how == 1:
        container.reverse()
    elif how == 2:
        times = min(random.choice((2, 10, 60, 250)), LARGE // min(LARGE, size(value)))
        container[key:key] = [_copy(value) for _ in range(times)]
    elif how == 3:
        other = random.randrange(len(container))
        container[key], container[other] = container[other], container[key]
    else:
        del container[key:]


def text(random: Random, given: str, words: tuple[str, ...]) -> str:
    """A text with some of its characters or lines changed, and some of `words` put in."""
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        lines = given.split("\n")
        at, place = random.randrange(len(lines)), random.randrange(len(given) + 1)
        how = random.randrange(10)
        if how == 0:
            del lines[at]
        elif how == 1:
            lines.insert(at, lines[random.randrange(len(lines))])
        elif how == 2:
            lines[at] = lines[at][: random.randrange(len(lines[at]) + 1)]
        elif how == 3:
            lines[at] = lines[at] + random.choice(words)
        elif how == 4:
            lines[at : at + 1] = lines[at : at + 1] * random.choice((2, 30, 600))
        if how < 5:
            given = "\n".join(lines)[:500_000]
        elif how == 5:
            given = given[:place] + given[place + random.choice((1, 2, 9)) :]
        elif how == 6:
            filler = random.choice((" ", "(", "1", ",", "\t", "é", "_", "│", "[", "a_"))
            given = given[:place] + filler * random.choice((2, 40, 3000, 60_000)) + given[place:]
        elif how == 7:
            old = random.choice(lines[at].split() or [" "])
            word = random.choice(words)
            given = given.replace(old, word, random.choice((1, 1, -1 if len(word) < 50 else 2)))
        else:
            given = given[:place] + random.choice((*words, chr(random.randrange(0x3000)))) + given[place:]
    return given[:500_000]


def damaged(random: Random, content: bytes) -> bytes:
    """Bytes as they come out of a bad transfer, or of somebody's hex editor."""
    held = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        if not held:
            break
        at, how = random.randrange(len(held)), random.randrange(7)
        if how < 3:
            held[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
        elif how == 3:
            del held[at : at + random.choice((1, 2, 16, 1000))]
        elif how == 4:
            held[at:at] = random.randbytes(random.choice((1, 4, 100)))
        elif how == 5:
            width = random.choice((2, 4, 8))
            held[at : at + width] = random.choice((b"\xff", b"\0", b"\x7f")) * width
        else:
            del held[at:]
    return bytes(held)
