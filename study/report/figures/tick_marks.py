"""Ticks drawn as a line for all of an axis, and a text for each: matplotlib's take far longer."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator
from matplotlib.transforms import Bbox

Part = TypeVar("Part", Line2D, Text)


def of_one_size(axis: Axis) -> bool:
    """Whether its ticks were set by hand: others depend on the room that there is."""
    return not axis.get_visible() or isinstance(axis.get_major_locator(), FixedLocator)


def set_ticks(axis: Axis, places: Sequence[float] | np.ndarray, names: Sequence[str]) -> None:
    """Set the ticks of an axis by hand, without making any before they are drawn."""
    axis.set_major_locator(FixedLocator([*places]))
    axis.set_major_formatter(FixedFormatter(names))


def make_ticks(figure: SubFigure) -> None:
    """Make the ticks that were set by hand, in the style of now: else they are when drawn."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if of_one_size(axis):
                axis.get_major_ticks(len(axis.get_majorticklocs()))


def settle_ticks(figure: Figure, *, by_hand: bool) -> None:
    """Draw the ticks of all axes as they stand now, or of those alone that were set by hand.

    Matplotlib makes five artists for each tick, and measures its name whenever it is drawn. An
    axis is hidden then, and still tells of its ticks.
    """
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if _plain(axis) and (of_one_size(axis) or not by_hand):
                _settle(axes, axis)


def _plain(axis: Axis) -> bool:
    """Whether it is drawn, and has ticks of one kind alone.

    The name of an axis stands clear of its ticks, and matplotlib finds where.
    """
    small = not isinstance(axis.get_minor_locator(), NullLocator)
    return axis.get_visible() and not axis.get_label_text() and not small


def _settle(axes: Axes, axis: Axis) -> None:
    """Draw what its ticks show, all as the first of them looks."""
    first = axis.get_major_ticks(1)[0]
    every = axis.get_majorticklocs()
    names = axis.get_major_formatter().format_ticks([*every])
    low, high = sorted(axis.get_view_interval())
    slack = 1e-9 * (high - low)  # ends are reckoned
    shown = [
        (place, name)
        for place, name in zip(every, names, strict=True)
        if low - slack <= place <= high + slack
    ]
    axis.set_visible(False)
    if not shown:
        return
    places = np.array([place for place, _ in shown])
    parts: list[Line2D | Text] = []
    if first.gridline.get_visible():
        across = np.tile([0, 1, np.nan], len(places))
        parts.append(_like(first.gridline, _line(axis, np.repeat(places, 3), across)))
        parts[-1].set_clip_path(axes.patch)
    if first.tick1line.get_visible() and first.tick1line.get_markersize():
        parts.append(_like(first.tick1line, _line(axis, places, np.zeros(len(places)))))
    if first.label1.get_visible():
        for place, name in shown:
            at = (place, 0.0) if isinstance(axis, XAxis) else (0.0, place)
            parts.append(_like(first.label1, Text(x=at[0], y=at[1], text=name)))
    axes.add_artist(_Ticks(axis, parts))


class _Ticks(Artist):
    """All that is drawn of the ticks of an axis."""

    def __init__(self, axis: Axis, parts: list[Line2D | Text]) -> None:
        super().__init__()
        self._parts = parts
        self.set(zorder=axis.get_zorder(), clip_on=False)
        figure = axis.axes.get_figure(root=False)
        assert figure is not None
        for part in parts:
            part.axes = axis.axes
            part.set_figure(figure)

    def get_children(self) -> list[Artist]:
        return [*self._parts]

    def draw(self, renderer: Any) -> None:
        for part in self._parts:
            part.draw(renderer)

    def get_tightbbox(self, renderer: Any = None) -> Bbox | None:
        """What stands around the axes: the grid lies within them."""
        around = [part for part in self._parts if part.get_clip_path() is None]
        boxes = [part.get_tightbbox(renderer) for part in around]
        known = [box for box in boxes if box is not None]
        return Bbox.union(known) if known else None


def _line(axis: Axis, along: np.ndarray, across: np.ndarray) -> Line2D:
    """A line through places along an axis and across it."""
    return Line2D(along, across) if isinstance(axis, XAxis) else Line2D(across, along)


def _like(first: Part, artist: Part) -> Part:
    """An artist that looks, and is placed, as another."""
    artist.update_from(first)
    return artist
