"""A display: one figure of a run with its words and its numbers."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, FigureBase

from study.report.figures.layout import fold_titles, lay_out
from study.report.figures.tick_marks import make_ticks
from study.report.html_text import isolated, plain, without_formulas
from study.report.style import NARROW, WIDE, png, style, svg

# Inches; the wide form needs as much.
READABLE = 6.5
# Height of axes that are there for their title, beside that of what stands below.
_SLIVER = 1e-3
Draw = Callable[[FigureBase, bool], None]


class Drawn(Figure):
    """A figure that a notebook shows, whatever backend it has."""

    def _repr_png_(self) -> bytes:
        return png(self)


@dataclass(frozen=True, repr=False)
class Display:
    """A figure with the words that go with it, and the numbers that it shows.

    name : stem of its files; title, alternative, reading : plain text, the second in place of
    the figure, the third on how to read it; data : the numbers, as `frame` gives them;
    draw : draws into an empty figure, wide or narrow; height : inches, wide and narrow
    section : of the page that it stands in, by its anchor; folded : shown on demand alone
    """

    name: str
    title: str
    alternative: str
    reading: str
    data: pd.DataFrame
    draw: Draw
    height: Callable[[bool], float]
    section: str = ""
    folded: bool = False

    def __repr__(self) -> str:
        return f"<Display {self.name}: {self.title}>"

    def frame(self) -> pd.DataFrame:
        """The numbers in the figure, one row for each."""
        return self.data

    def plot(self, ax: Axes | None = None) -> FigureBase:
        """Draw it: as a figure of its own, or in the place of `ax`.

        `ax` comes from a grid of subplots, best of a figure with the layout "constrained", and is
        empty. The panels of the display stand where it stood, in the narrow form where there are
        less than 6.5 inches, and `ax` above them, with its title alone, given before or after.
        Raises ValueError for other axes.
        """
        if ax is None:
            return self.sketch()
        place = ax.get_subplotspec()
        if place is None:
            raise ValueError("ax: give axes from a grid, as plt.subplots makes them")
        if ax.has_data() or not ax.axison:
            raise ValueError("ax: give axes in which nothing is drawn yet")
        figure = ax.get_figure()
        assert figure is not None
        position, parts = ax.get_position(), place.subgridspec(2, 1, height_ratios=[_SLIVER, 1])
        ax.set_subplotspec(parts[0])
        ax.set_axis_off()
        part = figure.add_subfigure(parts[1])
        # A layout, where there is one, finds a better place for it.
        part.bbox_relative.set(position)
        whole = part.get_figure(root=True)
        whole.draw_without_rendering()
        with style():
            self.draw(part, part.bbox.width / figure.get_dpi() < READABLE)
            make_ticks(part)
        whole.draw_without_rendering()
        fold_titles(part)
        return part

    def sketch(self, *, narrow: bool = False) -> Figure:
        """The figure for a page, or a narrow one for a phone."""
        with style():
            size = (NARROW if narrow else WIDE, self.height(narrow))
            figure = Drawn(figsize=size, layout="constrained")
            self.draw(figure, narrow)
            figure.canvas = FigureCanvasAgg(figure)
            lay_out(figure)
        return figure

    def drawings(self) -> "Drawings":
        """The figure in the forms that a report holds."""
        # A figure is thousands of small objects: looking for garbage takes a third of the time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            wide = self.sketch()
            return Drawings(png(wide), svg(wide), svg(self.sketch(narrow=True)))
        finally:
            if collecting:
                gc.enable()

    def _repr_html_(self) -> str:
        title, reading = (without_formulas(isolated(text)) for text in (self.title, self.reading))
        return (
            f'<figure><img src="{data_uri(svg(self.sketch()))}" '
            f'alt="{plain(self.alternative)}" style="max-width: 60rem; width: 100%">'
            f"<figcaption><b>{title}.</b> {reading}</figcaption></figure>"
        )


@dataclass(frozen=True)
class Drawings:
    """A figure as files: for print and for pages, wide and narrow."""

    png: bytes
    svg: str
    narrow: str


class _Quoted(dict[int, str]):
    """Signs as an address has them, by code point: those that are safe in it stay."""

    def __init__(self, safe: str) -> None:
        super().__init__()
        self._safe = safe

    def __missing__(self, point: int) -> str:
        return self.setdefault(point, quote(chr(point), safe=self._safe))


_SAFE = "!$'()*+-./:;<=>?@[]_`{|}~"
_QUOTED, _QUOTED_ALL = _Quoted(f"{_SAFE} ,"), _Quoted(_SAFE)


def data_uri(drawing: str, *, spaces: bool = True) -> str:
    """An SVG as an address that holds it whole, to stand between double quotation marks.

    Without spaces and commas it may stand among others, as in srcset.
    """
    return "data:image/svg+xml," + drawing.translate(_QUOTED if spaces else _QUOTED_ALL)
