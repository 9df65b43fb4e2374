"""Where the panels of a figure stand: found once, for all files that are made of it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator
from matplotlib.transforms import Bbox

from study.report.figures.parts import fold_titles


def lay_out(figure: Figure) -> None:
    """Place the panels, by matplotlib's constrained layout, and leave them there.

    Titles that turn out wider than their place take more lines.
    """
    _place(figure)
    if fold_titles(figure):
        _place(figure)
    figure.set_layout_engine("none")


def _place(figure: Figure) -> None:
    """Let the engine place the panels; what stays as it is, is measured once.

    It asks twice, and to measure text takes most of the time of a layout.
    """
    panels = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
    for axes in panels:
        for axis in (axes.xaxis, axes.yaxis):
            if not axis.get_label_text():
                axis.set_label_coords(0, 0)  # else ticks are measured for the place of a label
        if all(map(_of_one_size, (axes.xaxis, axes.yaxis))):
            vars(axes)["get_tightbbox"] = _measured_once(axes)
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)
    for axes in panels:
        vars(axes).pop("get_tightbbox", None)


def _of_one_size(axis: Axis) -> bool:
    """Whether its ticks were set by hand: others depend on the room that there is."""
    return not axis.get_visible() or isinstance(axis.get_major_locator(), FixedLocator)


def _measured_once(axes: Axes) -> Any:
    """Its `get_tightbbox`, for which what stands around it is as large wherever it stands."""
    around: list[float] = []

    def get_tightbbox(*asked: Any, **more: Any) -> Bbox:
        if not around:
            whole = Axes.get_tightbbox(axes, *asked, **more)
            assert whole is not None
            around.extend(np.subtract(whole.extents, axes.get_window_extent().extents))
        return Bbox.from_extents(*np.add(axes.get_window_extent().extents, around))

    return get_tightbbox
