"""Heat maps of agreement: between methods, between models, between seeds."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase

from study.analysis.agreement import (
    spearman_only,
)
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.report.figures.display import Display
from study.report.figures.parts import colour_bar, grid, heat, lines_of, looks, ticks
from study.report.style import label
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


def _reading(results: Results, level: str) -> str:
    count = len(results.items(level))
    return (
        f"Mean of the rank correlation, with its {PERCENT} interval: 1 is the same order of the "
        f"{count} {level}s, 0 none in common. In one seed, unrelated orders give 0 ± "
        f"{null_deviation(count):.2f}."
    )


def _between(overview: Overview, level: str, between: str) -> Display | None:
    """A triangle of pairs for each model (between methods), or for each method."""
    results = overview.results
    look = looks(results)
    methods = results.methods(level)
    name_of: Callable[[str], str]
    title_of: Callable[[str], str]

    def title(model: str) -> str:
        return look[model].label

    if between == "methods":
        data = spearman_only(overview.method_agreement(level))
        key, items, every, name_of, title_of = "model", methods, tuple(results.models), label, title
        other = "model"
    else:
        data = spearman_only(overview.model_agreement(level))
        key, items, every, name_of, title_of = (
            "method",
            tuple(results.models),
            methods,
            title,
            label,
        )
        other = "method"
    if data.empty or not data["mean"].notna().any():
        return None
    shown = [panel for panel in every if (data[key] == panel).any()]
    one_pair = len(items) == 2

    def draw(figure: FigureBase, narrow: bool) -> None:
        if one_pair:
            # A panel with one cell says little: one column for the pair, a line for each panel.
            panels = grid(figure, [" – ".join(name_of(item) for item in items)], 1)
            rows = data.set_index(key).loc[shown].reset_index().to_dict("records")
            cells = np.array([[row["mean"]] for row in rows], dtype=float)
            image = heat(panels[0], cells, [[_cell(row)] for row in rows], _COLOURS, (-1, 1))
            ticks(panels[0], [title_of(panel) for panel in shown], [""], slanted=False)
        else:
            panels = grid(figure, [title_of(panel) for panel in shown], 1 if narrow else 2)
            labels = [name_of(item) for item in items]
            for axes, panel in zip(panels, shown, strict=True):
                found = data[data[key] == panel].to_dict("records")
                cells, texts = _triangle(found, items)
                image = heat(axes, cells, texts, _COLOURS, (-1, 1), size=6.5 if narrow else 7.5)
                ticks(axes, labels[1:], labels[:-1], slanted=True)
        if not narrow:  # there is no room, and the cells hold the numbers
            colour_bar(figure, image, panels, "mean Spearman")

    def height(narrow: bool) -> float:
        if one_pair:
            return 0.8 + 0.45 * len(shown)
        return 0.3 + lines_of(len(shown), 1 if narrow else 2) * (1.0 + 0.42 * len(items))

    return Display(
        f"agreement-{between}-{level}s",
        f"Agreement between {between}, by {level}",
        f"Mean Spearman correlation between {between} within a seed, by {level}, one panel for "
        f"each {other}",
        f"{_reading(results, level)} Both orders of a pair are of the same seed.",
        data.reset_index(drop=True),
        draw,
        height,
    )


def _between_seeds(overview: Overview, level: str) -> Display | None:
    """One heat map: models by methods."""
    results = overview.results
    look = looks(results)
    data = overview.seed_agreement(level)
    if data.empty:
        return None
    data = spearman_only(data[data["condition"] == "real"])
    if data["mean"].notna().sum() == 0:
        return None
    methods = [method for method in results.methods(level) if method in set(data["method"])]
    models = [model for model in results.models if (data["model"] == model).any()]

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
        if not narrow:  # there is no room, and the cells hold the numbers
            colour_bar(figure, image, panels, "mean Spearman")

    return Display(
        f"agreement-seeds-{level}s",
        f"Agreement between seeds, by {level}",
        f"Mean Spearman correlation between two seeds, by {level}, models by methods",
        f"{_reading(results, level)} Here the mean is over all pairs of seeds of a model by a "
        "method: how much of the order is left "
        + ("with another seed." if results.imported else "when somebody else trains it again."),
        data.reset_index(drop=True),
        draw,
        lambda _: 1.4 + 0.42 * len(methods),
    )


_COLOURS = matplotlib.colormaps["PuOr_r"]


def _triangle(
    found: Sequence[dict[str, Any]], items: Sequence[str]
) -> tuple[np.ndarray, list[list[str]]]:
    """Means and texts of all pairs below the diagonal, (items - 1, items - 1)."""
    size = len(items) - 1
    cells = np.full((size, size), np.nan)
    texts = [[""] * size for _ in range(size)]
    for pair in found:
        row, column = sorted((items.index(pair["first"]), items.index(pair["second"])))[::-1]
        cells[row - 1, column] = pair["mean"]
        texts[row - 1][column] = _cell(pair, len(items))
    return cells, texts


def _cell(row: dict[str, Any], across: int = 1) -> str:
    """A mean and, where there is room, its interval."""
    if pd.isna(row["mean"]):
        return "–"
    text = f"{row['mean']:z.2f}"
    if across > MOST_WITH_INTERVALS or pd.isna(row["low"]):
        return text
    return f"{text}\n[{row['low']:z.2f}, {row['high']:z.2f}]"
