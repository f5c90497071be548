"""Rows that stand in for the data of the published programs, which are not published with them: made with a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Arrays = tuple[Any, Any]


def linear(features: int, count: int, share: float = 0.5, seed: int = 0) -> Callable[[], Arrays]:
    """Two classes that a plane separates, with a gap."""

    def rows() -> Arrays:
        random = np.random.RandomState(seed)
        x = random.randn(4 * count, features)
        side = x @ random.randn(features) / np.sqrt(features)
        cut = np.quantile(side, 1 - share)
        kept = np.abs(side - cut) > 0.1
        return x[kept][:count].astype(np.float32), (side > cut)[kept][:count].astype(np.int64)

    return rows


def rings() -> Arrays:
    """Two classes in rings, with two features and eight without meaning."""
    random = np.random.RandomState(1)
    x = random.randn(1600, 10)
    return x.astype(np.float32), (np.hypot(x[:, 0], x[:, 1]) > 1.18).astype(np.int64)


def noisy_line() -> Arrays:
    random = np.random.RandomState(3)
    x = random.uniform(-1, 1, (600, 1))
    return x.astype(np.float32), (3 * x[:, 0] + 2 + 0.1 * random.randn(600)).astype(np.float32)


def squares() -> Arrays:
    random = np.random.RandomState(4)
    x = random.uniform(0, 10, (900, 1))
    return (x / 10).astype(np.float32), (x[:, 0] ** 2).astype(np.float32)


def spiral() -> Arrays:
    random = np.random.RandomState(5)
    y = np.arange(1500) % 3
    radius = random.uniform(0.05, 1, 1500)
    angle = 4 * radius + y * 2 * np.pi / 3 + 0.1 * random.randn(1500)
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], 1).astype(np.float32), y


def iris() -> Arrays:
    from sklearn.datasets import load_iris

    found = load_iris()
    order = np.random.RandomState(9).permutation(len(found.target))
    return found.data[order].astype(np.float32), found.target[order].astype(np.int64)


def bags_of_words() -> Arrays:
    """46 topics of unequal size in bags of 400 words, each with its own frequent words."""
    random = np.random.RandomState(6)
    sizes = 1 / np.arange(1, 47)
    y = random.choice(46, 3200, p=sizes / sizes.sum())
    common = 0.3 / np.arange(1, 401) ** 0.7
    own = np.zeros((46, 400))
    for topic in own:
        topic[random.choice(400, 12, replace=False)] = 0.45
    x = random.rand(3200, 400) < np.clip(common + own[y], 0, 0.9)
    return x.astype(np.float32), y
