"""Numbers as people read them, and the places of lines and bars."""

from __future__ import annotations

import pytest
from class_of_results import curve as curve_exhibit
from class_of_results import pooling_forgotten

from autograder.core.messages import message, phrase, verbatim
from autograder.records.result import CurveExhibit
from autograder.report import plots
from autograder.report.labels import accuracy, anchor, duration, percent, places, points, visible


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (3.75, "3.75"), (0.3333, "0.333"), (1250.5, "1,250.5"), (-0.0001, "0"), (float("nan"), "–")],
)
def test_points_have_no_trailing_zeros(value: float, text: str) -> None:
    assert points(value) == text


def test_an_accuracy_just_below_the_threshold_does_not_look_like_it() -> None:
    assert accuracy(0.89997, 0.9) == "0.89997"
    assert accuracy(0.9, 0.89997) == "0.90000"
    assert accuracy(0.9571, 0.9) == "0.957"


def test_percent_never_says_all_or_nothing_where_it_is_not() -> None:
    assert [percent(share) for share in (0, 0.001, 0.5, 0.999, 1)] == ["0 %", "<1 %", "50 %", "99 %", "100 %"]


def test_durations_and_places_and_hidden_characters() -> None:
    assert [duration(seconds) for seconds in (0.44, 12.3, 125)] == ["0.4 seconds", "12 seconds", "2 min 5 s"]
    places = (
        message("where.cell", "cell {number}", number=7),
        message("where.code_cell", "code cell {number}", number=4),
        message("where.after", "after {layer}", layer="conv"),
        verbatim("cell 7"),
    )
    assert list(map(anchor, places)) == ["cell-7", "code-4", "", ""]
    assert visible("a\tb\n\x07\u202e") == "a\tb\n⟨0007⟩⟨202E⟩"


def test_a_higher_accuracy_stands_higher_and_the_threshold_between() -> None:
    drawn = plots.curve(curve_exhibit(0.96))
    heights = [y for _, y in drawn.validation]
    assert heights == sorted(heights, reverse=True)
    assert drawn.threshold is not None
    assert heights[-1] < drawn.threshold < heights[0]
    assert drawn.band is not None
    assert drawn.band[0] < drawn.band[1] < drawn.threshold
    assert drawn.best == 5


@pytest.mark.parametrize("values", [(), (0.1,), (float("nan"),), (float("inf"), -1.0, 2.0), (1.0,) * 100])
def test_every_curve_stays_in_its_frame(values: tuple[float, ...]) -> None:
    exhibit = CurveExhibit(network="m", training_accuracy=values, validation_accuracy=values, threshold=0.9)
    drawn = plots.curve(exhibit)
    for x, y in (*drawn.training, *drawn.validation):
        assert plots.LEFT <= x <= plots.WIDTH - plots.RIGHT
        assert plots.TOP <= y <= plots.HEIGHT - plots.BOTTOM
    assert 1 <= len(drawn.x_ticks) <= 9
    assert 2 <= len(drawn.y_ticks) <= 7


def test_the_ruler_is_as_wide_as_the_points_and_as_full_as_the_score() -> None:
    first, second, third, fourth = plots.ruler(pooling_forgotten().questions)
    assert first.width == pytest.approx(5 * second.width, abs=0.1)
    assert first.filled == pytest.approx(0.75 * first.width, abs=0.1)
    assert (second.filled, third.filled, fourth.filled) == (0, third.width, 0)
    assert fourth.start + fourth.width == pytest.approx(1000, abs=0.1)


def test_a_bar_is_divided_by_the_counts() -> None:
    assert [(part.state, part.width) for part in plots.stacked([("correct", 3), ("wrong", 0), ("partial", 1)])] == [
        ("correct", 750.0),
        ("partial", 250.0),
    ]


def test_of_several_places_in_the_notebook_each_is_a_link_of_its_own():
    cells = tuple(message("where.code_cell", "code cell {number}", number=number) for number in (2, 4))
    assert places(phrase("{parts}", parts=cells)) == cells
    layers = phrase("{parts}", parts=("dense_1", "dense_2"))
    assert (places(layers), places(cells[0])) == ((layers,), (cells[0],))
