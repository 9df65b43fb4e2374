"""Where the panels of a figure stand: found once, for all files that are made of it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from study.report.figures.parts import fold_titles


def lay_out(figure: Figure) -> None:
    """Place the panels, by matplotlib's constrained layout, and leave them there.

    Titles that turn out wider than their place take more lines.
    """
    engine = figure.get_layout_engine()
    assert engine is not None
    for axes in figure.axes:
        _leave_out_what_does_not_show(axes)
    _measured_once(figure)
    engine.execute(figure)
    if fold_titles(figure):
        _measured_once(figure)
        engine.execute(figure)
    for axes in figure.axes:
        vars(axes).pop("get_tightbbox", None)
    figure.set_layout_engine("none")


def _leave_out_what_does_not_show(axes: Axes) -> None:
    """Spines lie on the edges of their axes; of labels, those without text have no place."""
    axes.spines[:].set_in_layout(False)
    for axis in (axes.xaxis, axes.yaxis):
        if not axis.get_label_text():
            axis.set_label_coords(0, 0)


def _measured_once(figure: Figure) -> None:
    """What stands around axes is measured once: it is as large wherever they come to stand.

    The engine asks for it four times, and to measure text takes most of the time of a layout.
    """
    for axes in figure.axes:
        vars(axes).pop("get_tightbbox", None)
        around: list[float] = []

        def measured(
            *of: Any, axes: Axes = axes, around: list[float] = around, **more: Any
        ) -> Bbox | None:
            box = axes.get_window_extent()
            if not around:
                whole = type(axes).get_tightbbox(axes, *of, **more)
                if whole is None:
                    return None
                around.extend(np.subtract(whole.extents, box.extents))
            return Bbox.from_extents(*np.add(box.extents, around))

        vars(axes)["get_tightbbox"] = measured
