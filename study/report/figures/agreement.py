"""Heat maps of agreement: between methods, between models, between seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from study.analysis.agreement import (
    spearman_only,
)
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.report.figures.display import Display
from study.report.figures.parts import (
    colour_bar,
    grid,
    heat,
    lines_of,
    looks,
    maps_across,
    ticks,
)
from study.report.style import label
from study.report.tables.cells import interval_told
from study.statistics.agreement import null_deviation
from study.statistics.intervals import PERCENT

# More than these leave no room for an interval in each cell.
MOST_WITH_INTERVALS = 6


def agreement_displays(overview: Overview) -> Iterator[Display]:
    """Mean Spearman between methods, between models and between seeds, at the claim's level."""
    results = overview.results
    level = results.recipe.claim.level
    for display in (
        _between(overview, level, "methods"),
        _between(overview, level, "models"),
        _between_seeds(overview, level),
    ):
        if display is not None:
            yield display


def _reading(results: Results, level: str, data: pd.DataFrame) -> str:
    count = len(results.items(level))
    interval = interval_told(data, f", with its {PERCENT} interval")
    return (
        f"Mean of the rank correlation{interval}: 1 is the same order of the {count} {level}s, 0 "
        "none in common. In one seed, unrelated orders give 0 ± "
        f"{null_deviation(count):.2f}."
    )


@dataclass(frozen=True)
class _Pairs:
    """Agreement of the pairs of some items, methods or models, in panels of the others.

    within : the column of `data` that names the panel; panels, items : names, with their titles
    """

    data: pd.DataFrame
    within: str
    panels: dict[str, str]
    items: dict[str, str]


def _pairs(overview: Overview, level: str, between: str) -> _Pairs | None:
    """A panel for each model (between methods), or for each method (between models)."""
    of = overview.results
    look = looks(of, overview.foremost_models)
    models = {model: look[model].label for model in overview.foremost_models}
    methods = {method: label(method) for method in of.methods(level)}
    if between == "methods":
        data, within, panels, items = overview.method_agreement(level), "model", models, methods
    else:
        data, within, panels, items = overview.model_agreement(level), "method", methods, models
    data = overview.of_foremost(spearman_only(data))
    if data.empty or not data["mean"].notna().any():
        return None
    shown = set(data[within])
    panels = {panel: title for panel, title in panels.items() if panel in shown}
    return _Pairs(data, within, panels, items)


def _between(overview: Overview, level: str, between: str) -> Display | None:
    """A triangle of pairs for each panel; of one pair, a column with a line for each."""
    pairs = _pairs(overview, level, between)
    if pairs is None:
        return None
    one_pair = len(pairs.items) == 2

    def draw(figure: FigureBase, narrow: bool) -> None:
        panels, image = _column(figure, pairs) if one_pair else _triangles(figure, pairs, narrow)
        _legend(figure, image, panels, narrow)

    def height(narrow: bool) -> float:
        if one_pair:
            return 0.8 + 0.45 * len(pairs.panels)
        lines = lines_of(len(pairs.panels), maps_across(len(pairs.panels), narrow))
        return 0.3 + lines * (1.0 + 0.42 * len(pairs.items))

    return Display(
        f"agreement-{between}-{level}s",
        f"Agreement between {between}, by {level}",
        f"Mean Spearman correlation between {between} within a seed, by {level}, one panel for "
        f"each {pairs.within}",
        f"{_reading(overview.results, level, pairs.data)} Both orders of a pair are of the same "
        "seed.",
        pairs.data.reset_index(drop=True),
        draw,
        height,
    )


def _column(figure: FigureBase, pairs: _Pairs) -> tuple[list[Axes], Any]:
    """A panel with one cell says little: one column for the pair, a line for each panel."""
    panels = grid(figure, [" – ".join(pairs.items.values())], 1)
    rows = pairs.data.set_index(pairs.within).loc[list(pairs.panels)].to_dict("records")
    cells = np.array([[row["mean"]] for row in rows], dtype=float)
    image = heat(panels[0], cells, [[_cell(row)] for row in rows], _COLOURS, (-1, 1))
    ticks(panels[0], list(pairs.panels.values()), [""], slanted=False)
    return panels, image


def _triangles(figure: FigureBase, pairs: _Pairs, narrow: bool) -> tuple[list[Axes], Any]:
    """All pairs below the diagonal, in each panel."""
    columns = maps_across(len(pairs.panels), narrow)
    panels = grid(figure, list(pairs.panels.values()), columns, named=True)
    # An interval has the room that it has in two maps of as many cells.
    across = max(len(pairs.items), len(pairs.items) * columns // 2)
    labels = list(pairs.items.values())
    for axes, panel in zip(panels, pairs.panels, strict=True):
        found = pairs.data[pairs.data[pairs.within] == panel].to_dict("records")
        cells, texts = _triangle(found, list(pairs.items), across)
        image = heat(axes, cells, texts, _COLOURS, (-1, 1), size=6.5 if narrow else 7.5)
        ticks(axes, labels[1:], labels[:-1], slanted=True)
    return panels, image


def _legend(figure: FigureBase, image: Any, panels: list[Axes], narrow: bool) -> None:
    """What the colours mean, where there is room: the cells hold the numbers.

    It takes the height of three lines at least.
    """
    if not narrow:
        colour_bar(figure, image, panels, "mean Spearman")


def _between_seeds(overview: Overview, level: str) -> Display | None:
    """One heat map: models by methods."""
    results = overview.results
    look = looks(results, overview.foremost_models)
    data = overview.of_foremost(overview.seed_agreement(level))
    if data.empty:
        return None
    data = spearman_only(data[data["condition"] == "real"])
    if data["mean"].notna().sum() == 0:
        return None
    methods = [method for method in results.methods(level) if method in set(data["method"])]
    models = [model for model in overview.foremost_models if (data["model"] == model).any()]

    def draw(figure: FigureBase, narrow: bool) -> None:
        panels = grid(figure, [""], 1)
        cells = np.full((len(methods), len(models)), np.nan)
        texts = [[""] * len(models) for _ in methods]
        for row in data.to_dict("records"):
            line, column = methods.index(row["method"]), models.index(row["model"])
            cells[line, column] = row["mean"]
            texts[line][column] = _cell(row, len(models))
        image = heat(panels[0], cells, texts, _COLOURS, (-1, 1), size=6.5 if narrow else 8)
        ticks(
            panels[0],
            list(map(label, methods)),
            [look[model].label for model in models],
            slanted=True,
        )
        if len(methods) > 2:
            _legend(figure, image, panels, narrow)

    return Display(
        f"agreement-seeds-{level}s",
        f"Agreement between seeds, by {level}",
        f"Mean Spearman correlation between two seeds, by {level}, models by methods",
        f"{_reading(results, level, data)} Here the mean is over all pairs of seeds of a model "
        "by a method: how much of the order is left "
        + ("with another seed." if results.imported else "when somebody else trains it again."),
        data.reset_index(drop=True),
        draw,
        lambda _: 1.4 + 0.42 * len(methods),
    )


_COLOURS = matplotlib.colormaps["PuOr_r"]


def _triangle(
    found: Sequence[dict[str, Any]], items: Sequence[str], across: int
) -> tuple[np.ndarray, list[list[str]]]:
    """Means and texts of all pairs below the diagonal, (items - 1, items - 1)."""
    size = len(items) - 1
    cells = np.full((size, size), np.nan)
    texts = [[""] * size for _ in range(size)]
    for pair in found:
        row, column = sorted((items.index(pair["first"]), items.index(pair["second"])))[::-1]
        cells[row - 1, column] = pair["mean"]
        texts[row - 1][column] = _cell(pair, across)
    return cells, texts


def _cell(row: dict[str, Any], across: int = 1) -> str:
    """A mean and, where there is room, its interval."""
    if pd.isna(row["mean"]):
        return "–"
    text = f"{row['mean']:z.2f}"
    if across > MOST_WITH_INTERVALS or pd.isna(row["low"]):
        return text
    return f"{text}\n[{row['low']:z.2f}, {row['high']:z.2f}]"
