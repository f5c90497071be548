"""Inside the kernel: describes a matplotlib axes as plain JSON of limited size."""

from __future__ import annotations

import contextlib
import math
from itertools import islice
from typing import Any

MAX_LINES = 50
# Values kept per line: more than a training has epochs.
MAX_POINTS = 200


def describe_axes(axes: Any) -> dict[str, Any]:
    """The texts of the axes, its lines with their values, how many other artists, and the points of scatter plots."""
    legend = axes.get_legend()
    return {
        "title": _text(axes.get_title()),
        "x_label": _text(axes.get_xlabel()),
        "y_label": _text(axes.get_ylabel()),
        "legend": [_text(text.get_text()) for text in legend.get_texts()[:MAX_LINES]] if legend else [],
        "lines": [
            {"label": _text(line.get_label()), "points": len(line.get_xdata()), "values": _values(line)}
            for line in axes.lines[:MAX_LINES]
        ],
        "images": len(axes.images),
        "patches": len(axes.patches),
        "collections": len(axes.collections),
        "scattered": [_scattered(one) for one in axes.collections[:MAX_LINES]],
    }


def describe_figure(figure: Any, most: int) -> list[dict[str, Any]]:
    """At most `most` axes of a figure, and after them what twin axes (`twinx`) show together, which is one plot."""
    axes = list(figure.axes)[:most]
    described = [describe_axes(one) for one in axes]
    groups = {tuple(at for at, one in enumerate(axes) if one in _twins(other)) for other in axes}
    together = [_joined([described[at] for at in group]) for group in sorted(groups) if len(group) > 1]
    return [*described, *together][:most]


def _twins(axes: Any) -> list[Any]:
    with contextlib.suppress(AttributeError):
        return list(axes._twinned_axes.get_siblings(axes))
    return []


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One description of several: texts one after the other, lists joined, counts added."""
    joined = dict(parts[0])
    for part in parts[1:]:
        for key, value in part.items():
            joined[key] = f"{joined[key]} {value}".strip() if isinstance(value, str) else joined[key] + value
    return joined


def _scattered(collection: Any) -> int:
    """How many points a scatter plot has; 0 for collections that have none."""
    with contextlib.suppress(AttributeError, TypeError):
        return len(collection.get_offsets())
    return 0


def _values(line: Any) -> list[float | None]:
    values: list[float | None] = []
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        for value in islice(line.get_ydata(), MAX_POINTS):
            number = float(value)
            values.append(float(f"{number:.7g}") if math.isfinite(number) else None)
    return values


def _text(value: Any) -> str:
    return value[:200].encode("utf-8", "replace").decode() if type(value) is str else ""
