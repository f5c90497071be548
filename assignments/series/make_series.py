"""Writes series.npz and later.npz: the electricity that an invented town uses, hour by hour, from a fixed seed.

A daily course, a weekly one, and weather that changes slowly. `series.npz` holds the first 42 days as `load`, and as
windows of 24 hours `x` with the hour that follows `y`; `later.npz` holds windows of the 14 days after them, which
students do not get.

    python make_series.py
"""

from pathlib import Path

import numpy as np

SEED, DAYS, LATER, WINDOW = 21, 42, 14, 24


def load() -> np.ndarray:
    """One value for each hour, in megawatts, rounded to a tenth."""
    random = np.random.RandomState(SEED)
    hours = np.arange(24 * (DAYS + LATER))
    day = 12 * np.sin(2 * np.pi * (hours - 8) / 24) + 5 * np.sin(4 * np.pi * (hours - 5) / 24)
    week = np.where(hours // 24 % 7 >= 5, -6.0, 0.0)
    weather = np.zeros(len(hours))
    for hour in range(1, len(hours)):
        weather[hour] = 0.95 * weather[hour - 1] + random.normal(0, 0.8)
    return np.round(60 + day + week + weather + random.normal(0, 0.8, len(hours)), 1)


def windows(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every 24 hours in a row, and the hour that follows: (n, 24, 1) and (n,)."""
    x = np.stack([series[start : start + WINDOW] for start in range(len(series) - WINDOW)])
    return x[..., np.newaxis].astype("float32"), series[WINDOW:].astype("float32")


def write(folder: Path) -> None:
    series = load()
    first, later = series[: 24 * DAYS], series[24 * DAYS :]
    x, y = windows(first)
    np.savez_compressed(folder / "series.npz", load=first.astype("float32"), x=x, y=y)
    x, y = windows(later)
    np.savez_compressed(folder / "later.npz", x=x, y=y)


if __name__ == "__main__":
    write(Path(__file__).parent)
