"""Where the panels of a figure stand: found once, for all files that are made of it."""

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from study.report.figures.tick_marks import of_one_size, settle_ticks


def lay_out(figure: Figure) -> None:
    """Place the panels, by matplotlib's constrained layout, and leave them there.

    Titles that turn out wider than their place take more lines.
    """
    settle_ticks(figure, by_hand=True)
    _place(figure)
    settle_ticks(figure, by_hand=False)
    if fold_titles(figure):
        _place(figure)
    figure.set_layout_engine("none")


def fold_titles(figure: Figure | SubFigure) -> bool:
    """Fold titles wider than their panel, or than the figure; whether there are any.

    For a figure that has been laid out: before, nobody knows how much room names take.
    """
    places: list[tuple[Text, Any]] = [(text, figure) for text in figure.texts]
    for panel in figure.axes:
        found = [child for child in panel.get_children() if isinstance(child, Text)]
        places += [(text, panel) for text in found if text not in panel.texts]
    wide = False
    for text, place in places:
        upright = text.get_rotation() == 90
        room = place.bbox.height if upright else place.bbox.width
        lines = text.get_text().splitlines()
        signs = max(map(len, lines), default=0)
        while signs > 1 and (length := _length(text, upright)) > room:
            signs = max(1, min(signs - 1, int(signs * room / length) + 1))
            text.set_text("\n".join(textwrap.fill(line, signs) for line in lines))
            wide = True
    return wide


def _length(text: Text, upright: bool) -> float:
    """How long the lines of a text are, in pixels."""
    extent = text.get_window_extent()
    return extent.height if upright else extent.width


def _place(figure: Figure) -> None:
    """Let the engine place the panels; what stays as it is, is measured once.

    It asks twice, and to measure text takes most of the time of a layout.
    """
    panels = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
    for axes in panels:
        for axis in (axes.xaxis, axes.yaxis):
            if not axis.get_label_text():
                axis.set_label_coords(0, 0)  # else ticks are measured for the place of a label
        if all(map(of_one_size, (axes.xaxis, axes.yaxis))):
            vars(axes)["get_tightbbox"] = _measured_once(axes)
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)
    for axes in panels:
        vars(axes).pop("get_tightbbox", None)


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
