"""What the figures are drawn with: panels, rows of dots, heat maps, legends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap
from matplotlib.figure import Figure, FigureBase, SubFigure
from matplotlib.lines import Line2D

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.selection import by_share
from study.analysis.vectors import Vectors
from study.common.vocabulary import LEAST_SQUARES
from study.report.figures.tick_marks import set_ticks
from study.report.style import INK, MUTED, PAGE, PALETTE, PLAIN, RULE, label, luminance, width
from study.statistics.ranking import shares

MARKERS = ("o", "s", "^", "D", "v", "P")
# More seeds than these are spread over the height of their row, and drawn as one picture.
FEW_SEEDS = 60
MOST_ITEMS = 24
# Names of more columns than these would run into each other if they were slanted.
MOST_SLANTED = 7


# A line that numbers are held against.
DASHED: dict[str, Any] = {"color": INK, "lw": 0.8, "ls": "--"}


def panels_across(narrow: bool) -> int:
    """How many panels, one for each model, stand in a line."""
    return 2 if narrow else 5


def maps_across(panels: int, narrow: bool) -> int:
    """How many heat maps, one for each model, stand in a line: of many models, more."""
    return 1 if narrow else min(max(2, lines_of(panels, 3)), 4)


def lines_of(panels: int, columns: int) -> int:
    """How many lines of panels there are."""
    return -(-panels // columns)


def grid(
    figure: FigureBase,
    titles: Sequence[str],
    columns: int,
    *,
    between: float | None = None,
    named: bool = False,
) -> list[Axes]:
    """Panels with their titles, so many in a line; those at the left edge carry the labels.

    `between` is the room between the panels of a line, as a part of their width. Below each panel
    stand its numbers; `named` panels have names there, which need room, at the lower edge alone.
    """
    columns = min(columns, len(titles))
    lines = lines_of(len(titles), columns)
    room = None if between is None else {"wspace": between}
    axes = figure.subplots(
        lines, columns, squeeze=False, sharex=True, sharey=True, gridspec_kw=room
    )
    panels = list(axes.ravel())
    for place, panel in enumerate(panels):
        if place >= len(titles):
            panel.remove()
            continue
        panel.set_title(titles[place])
        if not named or place + columns >= len(titles):
            panel.tick_params(axis="x", labelbottom=True)
    return panels[: len(titles)]


@dataclass(frozen=True)
class Look:
    """A model in all figures: its title, and its colour and marker.

    Models that share a colour have different markers.
    """

    label: str
    colour: str
    marker: str

    @property
    def handle(self) -> Line2D:
        """The model in a legend."""
        return Line2D([], [], ls="", marker=self.marker, color=self.colour, label=self.label)


def looks(results: Results, models: Iterable[str]) -> dict[str, Look]:
    """The models that are drawn, and least squares, as figures show them."""
    found = {
        model: Look(
            label(results.title(model), 24),
            PALETTE[place % len(PALETTE)],
            MARKERS[place // len(PALETTE) % len(MARKERS)],
        )
        for place, model in enumerate(models)
    }
    return {**found, LEAST_SQUARES: Look(label(results.title(LEAST_SQUARES)), PLAIN, "o")}


def dots(
    axes: Axes,
    values: Sequence[np.ndarray],
    heights: Sequence[float],
    colour: str,
    *,
    bounds: Sequence[tuple[float, float]] | np.ndarray | None = None,
    marker: str = "o",
    spread: float = 0.1,
) -> None:
    """Rows of dots, one for each seed; a bar at their mean, and its interval, if it has one.

    values : of each row those of its seeds, (seeds,); heights, bounds : one for each row; `spread`
    is how far dots of many seeds may lie above and below their row.
    """
    most = max(map(len, values))
    many = most > FEW_SEEDS
    axes.plot(
        np.concatenate(values),
        np.concatenate(
            [
                height + _places(len(own), spread if many else 0)
                for own, height in zip(values, heights, strict=True)
            ]
        ),
        marker,
        ms=2 if many else 4,
        alpha=1.0 if most == 1 else 0.25 if many else 0.4,
        mew=0,
        color=colour,
        rasterized=many,
    )
    if most > 1 and bounds is not None:
        intervals(axes, bounds, heights, color=colour, lw=2.2, solid_capstyle="butt")
    known = [
        (np.nanmean(own), height)
        for own, height in zip(values, heights, strict=True)
        if np.isfinite(own).any()
    ]
    if known:
        axes.plot(*np.transpose(known), "|", ms=9, mew=2, color=colour)


def _places(count: int, spread: float) -> np.ndarray:
    """How far each of so many dots lies from its row, (count,).

    Golden steps fill the height evenly, without a random number.
    """
    return spread * (2 * (np.arange(count) * 0.6180339887 % 1) - 1)


def intervals(
    axes: Axes,
    bounds: Sequence[tuple[float, float]] | np.ndarray,
    heights: Sequence[float],
    **look: Any,
) -> None:
    """Horizontal lines between bounds, (rows, 2): one line with a gap after each."""
    low, high = np.transpose(bounds)
    gap = np.full(len(low), np.nan)
    axes.plot(np.transpose([low, high, gap]).ravel(), np.repeat(heights, 3), **look)


def diamonds(axes: Axes, values: Iterable[float], heights: Iterable[float]) -> list[Line2D]:
    """Published values; returns their legend handle in a list."""
    return axes.plot(
        list(values),
        list(heights),
        "D",
        ms=6,
        mfc="none",
        mew=1.3,
        color=INK,
        label="published (one seed)",
    )


def rows(axes: Axes, names: Sequence[str]) -> None:
    """Named rows from the top down, with thin lines between them in place of a grid."""
    place = axes.get_subplotspec()
    if place is None or place.is_first_col():
        set_ticks(axes.yaxis, range(len(names)), names)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", left=False)
    else:  # the first panel of the line has the names
        axes.yaxis.set_visible(False)
    edges = [[(0, edge - 0.5), (1, edge - 0.5)] for edge in range(1, len(names))]
    axes.add_collection(
        LineCollection(edges, colors=RULE, lw=0.8, transform=axes.get_yaxis_transform()),
        autolim=False,
    )
    axes.set_ylim(len(names) - 0.5, -0.5)


def share_scale(axes: Axes, end: float = 1.0) -> None:
    """A horizontal axis of shares or proportions, up to 1 or to where `share_end` says."""
    axes.set_xlim(-0.03 * end, 1.03 * end)
    set_ticks(axes.xaxis, [0, end / 2, end], ["0", f"{end / 2:g}", f"{end:g}"])


def share_end(*drawn: Any) -> float:
    """Where an axis of shares ends: at 1, or sooner where all that is drawn is small.

    drawn : arrays of shares, or of their bounds; NaN is not drawn. The ends are 1, 2 and 4 times
    a power of ten.
    """
    values = np.concatenate([np.ravel(np.asarray(some, dtype=float)) for some in drawn])
    greatest = values[np.isfinite(values)].max(initial=0.0)
    if not 0 < greatest <= 0.4:
        return 1.0
    power = 10.0 ** np.floor(np.log10(greatest))
    return float(next(step * power for step in (1, 2, 4, 10) if greatest <= step * power))


def end_told(end: float) -> str:
    """Says that an axis of shares is not the whole one, as a sentence to follow others."""
    return "" if end == 1 else f" The axis ends at {end:g}, not at 1."


def offset(index: int, count: int) -> float:
    """Where the index-th of `count` lines lies within a row of height 1."""
    return 0.8 * ((index + 0.5) / count - 0.5)


def below(figure: FigureBase, text: str) -> None:
    """What all panels show from left to right."""
    figure.supxlabel(text, fontsize=9, color=INK)


def beside(figure: FigureBase, text: str) -> None:
    """What all panels show from bottom to top."""
    figure.supylabel(text, fontsize=9, color=INK)


def dashed(said: str) -> Line2D:
    """A dashed line in a legend."""
    return Line2D([], [], **DASHED, label=said)


def legend(figure: FigureBase, handles: Sequence[Any], narrow: bool) -> None:
    """A legend above the panels, of as many columns as fit."""
    assert isinstance(figure, Figure | SubFigure)
    inches = figure.bbox.width / figure.get_figure(root=True).get_dpi()
    room = 42 if narrow else min(110, int(11 * inches))
    widest = max(width(str(handle.get_label())) for handle in handles) + 6
    columns = max(1, min(len(handles), int(room / widest)))
    figure.legend(handles=list(handles), loc="outside upper center", ncols=columns)


def legend_height(labels: Iterable[str], narrow: bool) -> float:
    """The inches that such a legend takes."""
    labels = list(labels)
    columns = max(1, int((42 if narrow else 110) / (max(map(width, labels)) + 6)))
    return 0.2 * -(-len(labels) // columns) + 0.1


def undefined(results: Results, found: Iterable[Vectors]) -> str:
    """How many seeds have no dot, and why, as sentences to follow others."""
    vectors = list(found)
    total = sum(len(of.score) for of in vectors)
    diverged = sum(int((~np.isfinite(of.score)).any(axis=1).sum()) for of in vectors)
    lost = sum(int(np.isnan(shares(of.score)).any(axis=1).sum()) for of in vectors) - diverged
    what = "seeds have no scores" if results.imported else "networks diverged"
    return (f" {diverged} of these {total} {what}: no dot." if diverged else "") + (
        f" {lost} of these {total} score vectors have no positive entry: no share, no dot."
        if lost > 0
        else ""
    )


def diverged(results: Results, models: Iterable[str]) -> str:
    """How many seeds of the real condition diverged, as a sentence to follow others."""
    lost = {
        results.title(model): len(seeds)
        for model in models
        if (seeds := results.diverged(model, "real"))
    }
    said = ", ".join(f"{count} of the {title}" for title, count in lost.items())
    return f" Diverged, without a dot: {said}." if lost else ""


def drawn_items(
    overview: Overview,
    level: str,
    scores: Sequence[np.ndarray],
    most: int = MOST_ITEMS,
) -> list[int]:
    """The places of the items to draw: what the claim names, then the greatest mean shares.

    scores : (seeds, items) of what is drawn; of all items, at most so many
    """
    results = overview.results
    listed = overview.listed_items(level)  # no other stands in the frames
    items = results.items(level)
    claimed = [
        listed.index(items.index(name)) for name in results.recipe.claim.names if name in items
    ]
    return [listed[place] for place in by_share([of[:, listed] for of in scores], claimed)[:most]]


def left_out(shown: int, count: int, items: str) -> str:
    """Says that a figure does not show everything, as a sentence to follow others."""
    if shown == count:
        return ""
    return f" Of {count} {items}, {shown} are drawn: what the claim names, and the greatest others."


def heat(
    axes: Axes,
    cells: np.ndarray,
    texts: Sequence[Sequence[str]],
    colours: Colormap,
    limits: tuple[float, float],
    *,
    size: float = 7.5,
) -> Any:
    """A heat map with text in its cells, row 0 at the top; cells without a number stay empty.

    cells, texts : (rows, columns). Returns what a colour bar needs.
    """
    mesh = axes.pcolormesh(np.ma.masked_invalid(cells), cmap=colours, vmin=limits[0],
                           vmax=limits[1], edgecolors=PAGE, lw=1)  # fmt: skip
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            if not text:
                continue
            value = cells[row, column]
            ink = MUTED
            if np.isfinite(value):
                # Not the page's ink: it stands on a colour, which stays in the dark.
                ink = "#000000" if luminance(mesh.cmap(mesh.norm(value))) > 0.18 else "#fefefe"
            # Clipped to the axes, it does not count when room for labels is made.
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=size,
                      color=ink, clip_on=True)  # fmt: skip
    axes.set_xlim(0, cells.shape[1])
    axes.set_ylim(cells.shape[0], 0)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return mesh


def ticks(axes: Axes, rows: Sequence[str], columns: Sequence[str], *, slanted: bool) -> None:
    """Names beside the rows and below the columns of a heat map; upright where they are many."""
    angle: dict[str, Any] = {"rotation": 30, "ha": "right"} if slanted else {}
    if slanted and len(columns) > MOST_SLANTED:
        angle = {"rotation": 90}
    set_ticks(axes.xaxis, np.arange(len(columns)) + 0.5, columns)
    # As the first tick is, all are.
    axes.xaxis.get_major_ticks(1)[0].label1.set(**angle)
    set_ticks(axes.yaxis, np.arange(len(rows)) + 0.5, rows)


def colour_bar(
    figure: FigureBase, image: Any, panels: Sequence[Axes], title: str, *, narrow: bool = False
) -> None:
    """What the colours of heat maps mean: beside them, or below where that leaves more room."""
    place: Any = {"location": "bottom", "pad": 0.01} if narrow else {"pad": 0.02}
    bar = figure.colorbar(image, ax=list(panels), shrink=0.6, aspect=30, **place)
    low, high = image.get_clim()
    # Set by hand: others would come after the layout, and be of another width.
    bar.set_ticks([low, (low + high) / 2, high])
    bar.set_label(title)
    bar.outline.set_visible(False)
