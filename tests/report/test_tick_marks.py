"""Ticks as few artists look as matplotlib's own."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from study.report.figures.tick_marks import set_ticks, settle_ticks
from study.report.style import style


def pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(int)


def panels() -> Figure:
    """Axes of all kinds that figures have: linear, logarithmic, shared, slanted and upside down."""
    figure = Figure(figsize=(6, 5))
    (one, two), (three, four) = figure.subplots(2, 2, sharex="col")
    one.plot([0, 3, 7], [0.1, 0.4, 0.2])
    two.set_yscale("log")
    two.plot([1, 2], [0.02, 30])  # with small ticks
    set_ticks(three.xaxis, [0, 3.5, 7], ["0", "half", "7"])
    three.set_ylim(2.5, -0.5)
    set_ticks(three.yaxis, [-1, 0, 1, 2, 3], ["beyond", "a", "b\nc", "d", "beyond"])
    three.tick_params(axis="y", left=False)
    three.grid(visible=False, axis="y")
    set_ticks(four.xaxis, [1, 1.5, 2], ["names", "that are", "slanted"])
    four.xaxis.get_major_ticks(1)[0].label1.set(rotation=30, ha="right")
    four.tick_params(length=0)
    return figure


@pytest.mark.parametrize("by_hand", [False, True])
def test_settled_ticks_look_as_those_of_matplotlib(by_hand):
    with style():
        own, settled = panels(), panels()
        settle_ticks(settled, by_hand=by_hand)
        expected, found = pixels(own), pixels(settled)
    assert (expected != 255).any()
    np.testing.assert_array_equal(found, expected)


def test_only_ticks_that_were_set_by_hand_are_settled_before_the_layout():
    with style():
        figure = panels()
        settle_ticks(figure, by_hand=True)
    kept = [axis.get_visible() for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    # Columns share their scale from left to right, and so their ticks.
    assert kept == [False, True, False, True, False, False, False, True]


def test_what_stands_around_settled_axes_is_as_large():
    with style():
        own, settled = panels(), panels()
        settle_ticks(settled, by_hand=False)
        for figure in (own, settled):
            pixels(figure)
        for expected, found in zip(own.axes, settled.axes, strict=True):
            around, other = expected.get_tightbbox(), found.get_tightbbox()
            np.testing.assert_allclose(other.extents, around.extents, atol=3)
