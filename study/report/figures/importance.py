"""Figures of importance: for each method, every item's share by model."""

import re
import unicodedata
from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.vectors import Vectors
from study.common.methods import LEVELS, METHODS
from study.common.vocabulary import LEAST_SQUARES
from study.report.figures.display import Display
from study.report.figures.heights import above_rows
from study.report.figures.parts import (
    below,
    diamonds,
    dots,
    drawn_items,
    end_told,
    grid,
    left_out,
    legend,
    lines_of,
    looks,
    panels_across,
    rows,
    share_end,
    share_scale,
    undefined,
)
from study.report.style import label
from study.report.tables.cells import interval_told, method_reading
from study.statistics.intervals import PERCENT
from study.statistics.ranking import shares


def importance_names(results: Results) -> dict[str, str]:
    """The name of each method's figure, which is that of its files, whatever a stranger's method
    is called."""
    names: dict[str, str] = {}
    for method in results.methods():
        name = method if method in METHODS else _plain(method)
        number = 1
        while (whole := f"importance-{name}{f'-{number}' if number > 1 else ''}") in names.values():
            number += 1
        names[method] = whole
    return names


def _plain(text: str) -> str:
    """A few lower-case letters and digits with hyphens between them."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40].strip("-") or "method"


def importance_displays(overview: Overview) -> Iterator[Display]:
    """For each method, every item's share by model, every seed a dot."""
    results = overview.results
    models = [*overview.foremost_models, LEAST_SQUARES]
    for level in LEVELS:
        for method in results.methods(level):
            found = {
                model: vectors
                for model in models
                if (vectors := results.vectors(model, "real", method, level))
            }
            # Gradient methods by variable are in the table.
            if found and (level == "feature" or results.recipe.scored_by(method) == "variable"):
                yield _display(overview, method, level, found)


def _display(overview: Overview, method: str, level: str, found: dict[str, Vectors]) -> Display:
    results = overview.results
    look = looks(results, overview.foremost_models)
    everything = results.items(level)
    scores = [vectors.score for vectors in found.values()]
    chosen = drawn_items(overview, level, scores)
    names = [everything[item] for item in chosen]
    data = overview.of_foremost(overview.importance(level))
    data = data[data["method"] == method]
    real = data[data["condition"] == "real"].set_index(["model", "name"])
    published = {
        model: [known[name] for name in names]
        for model in found
        if (known := results.published(model, method))
    }
    values = {model: shares(vectors.score)[:, chosen] for model, vectors in found.items()}
    drawn = real.loc[real.index.get_level_values("name").isin(names), ["low", "high"]]
    end = share_end(*values.values(), drawn, *published.values())

    def draw(figure: FigureBase, narrow: bool) -> None:
        panels = grid(figure, [look[model].label for model in found], panels_across(narrow))
        handles = []
        for axes, model in zip(panels, found, strict=True):
            _panel(axes, values[model], real.loc[model].loc[names], look[model].colour)
            share_scale(axes, end)
            if model in published:
                handles = diamonds(axes, published[model], range(len(chosen)))
        if handles:
            legend(figure, handles, narrow)
        below(figure, "share of the total importance")

    return Display(
        importance_names(results)[method],
        f"Importance by {method}",
        f"Share of each {level} by {method}, each seed a dot, by model",
        f"{method_reading(results, method)} Each dot is one seed, the upright bar their mean"
        + interval_told(drawn, f" with its {PERCENT} interval")
        + "."
        + end_told(end)
        + left_out(len(chosen), len(everything), f"{level}s")
        + undefined(results, found.values()),
        data.reset_index(drop=True),
        draw,
        lambda narrow: (
            0.5
            + (0.3 if published else 0)
            + lines_of(len(found), panels_across(narrow))
            * (above_rows(narrow) + 0.24 * len(chosen))
        ),
        folded=method != results.recipe.claim.method,
    )


def _panel(axes: Axes, values: np.ndarray, own: pd.DataFrame, colour: str) -> None:
    """Shares (seeds, items), a row of dots for each item, and the intervals of their means.

    own : the rows of these items by name, with low and high
    """
    bounds = own[["low", "high"]].to_numpy()
    dots(axes, list(values.T), range(len(own)), colour, bounds=bounds, spread=0.3)
    rows(axes, list(map(label, own.index)))
