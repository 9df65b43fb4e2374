"""The figure of the claimed item's share, real beside shuffled."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from study.analysis.claims import level_of_claim, scores_of_claim
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.vectors import Vectors
from study.report.figures.display import Display
from study.report.figures.parts import (
    Look,
    below,
    diamonds,
    dots,
    end_told,
    grid,
    legend,
    legend_height,
    looks,
    offset,
    rows,
    share_end,
    undefined,
)
from study.report.figures.tick_marks import set_ticks
from study.report.style import label
from study.report.tables.cells import interval_told
from study.statistics.intervals import PERCENT
from study.statistics.ranking import shares

# By method and model: scores, and the place of the claimed item among theirs.
_Scores = dict[tuple[str, str], tuple[Vectors, int]]


def claimed_share(overview: Overview) -> Display | None:
    """The claimed item's share by method and model, real beside shuffled."""
    results = overview.results
    look = looks(results, overview.foremost_models)
    name, target = results.recipe.claim.name, results.recipe.target.name
    models = overview.foremost_models
    real, shuffled = (
        _claimed_scores(results, models, condition) for condition in ("real", "shuffled")
    )
    methods = list(dict.fromkeys(method for method, _ in real))
    if not methods:
        return None
    controlled = any(method in methods for method, _ in shuffled)
    shown = {"real": real} | ({"shuffled": shuffled} if controlled else {})
    data = _claimed_frame(overview, methods, list(shown))
    heights = _heights(methods, models)
    published = _published(results, heights)
    values = {condition: _claimed_shares(scores) for condition, scores in shown.items()}
    seeds = [of for scores in values.values() for of in scores.values()]
    end = share_end(*seeds, data[["low", "high"]], list(published.values()))

    interval = interval_told(data, f", with its {PERCENT} interval")

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [f"real {label(target)}", f"shuffled {label(target)}: nothing to find"]
        panels = grid(figure, titles[: len(shown)], 1 if narrow else 2)
        for axes, (condition, scores) in zip(panels, values.items(), strict=True):
            own = data[data["condition"] == condition].set_index(["method", "model"])
            _dots(axes, scores, own, heights, look)
            rows(axes, list(map(label, methods)))
            _scale(axes, end)
        below(figure, f"share of {label(name)}")
        handles = [look[model].handle for model in models]
        for key, value in published.items():
            handles += diamonds(panels[0], [value], [heights[key]])
        legend(figure, handles, narrow)

    def height(narrow: bool) -> float:
        labels = [*(look[model].label for model in models), "published (one seed)"]
        panel = 0.4 + (0.25 + 0.17 * len(models)) * len(methods)
        return 0.5 + legend_height(labels, narrow) + (len(shown) if narrow else 1) * panel

    return Display(
        "claimed-share",
        f"Share of {name} by method and model",
        f"Share of {name} in each seed, by method and model, on real {target}"
        + (f" and on shuffled {target}" if controlled else ""),
        f"Each dot is one seed's share of {name}; the upright bar is the mean over "
        f"seeds{interval}. {_of_control(target, controlled=controlled)}"
        + end_told(end)
        + undefined(results, [vectors for vectors, _ in [*real.values(), *shuffled.values()]]),
        data,
        draw,
        height,
    )


def _claimed_scores(results: Results, models: Sequence[str], condition: str) -> _Scores:
    """The scores that hold the claimed item."""
    claim = results.recipe.claim
    return {
        (method, model): (found[0], found[1].item)
        for method in results.methods()
        for model in models
        if (found := scores_of_claim(results, claim, model, condition, method))
    }


def _heights(methods: Sequence[str], models: Sequence[str]) -> dict[tuple[str, str], float]:
    """Where each method and model has its line of dots: a row for each method."""
    return {
        (method, model): row + offset(place, len(models))
        for row, method in enumerate(methods)
        for place, model in enumerate(models)
    }


def _claimed_shares(scores: _Scores) -> dict[tuple[str, str], np.ndarray]:
    """The claimed item's share in each seed, (seeds,), by method and model."""
    return {key: shares(vectors.score)[:, item] for key, (vectors, item) in scores.items()}


def _scale(axes: Axes, end: float) -> None:
    """An axis of shares that ends where `share_end` says."""
    axes.set_xlim(-0.02 * end, 1.02 * end)
    if end < 1:
        places = np.linspace(0, end, 5)
        set_ticks(axes.xaxis, places, [f"{place:g}" for place in places])


def _published(results: Results, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """The shares of the claimed item that somebody published, of some methods and models."""
    name = results.recipe.claim.name
    return {
        (method, model): known[name]
        for method, model in keys
        if name in (known := results.published(model, method))
    }


def _dots(
    axes: Axes,
    values: Mapping[tuple[str, str], np.ndarray],
    own: pd.DataFrame,
    heights: Mapping[tuple[str, str], float],
    look: Mapping[str, Look],
) -> None:
    """A row of dots for each method and model, shares (seeds,); `own` bounds their means."""
    models = list(dict.fromkeys(model for _, model in heights))
    for model in models:
        keys = [key for key in heights if key[1] == model and key in values]
        if keys:
            dots(
                axes,
                [values[key] for key in keys],
                [heights[key] for key in keys],
                look[model].colour,
                bounds=own.loc[keys, ["low", "high"]].to_numpy(),
                marker=look[model].marker,
                spread=0.3 / len(models),
            )


def _claimed_frame(
    overview: Overview, methods: Sequence[str], conditions: Sequence[str]
) -> pd.DataFrame:
    """The importance of the claimed item, at the level that each method tests the claim at."""
    recipe = overview.results.recipe
    claim = recipe.claim
    by_level: dict[str, list[str]] = {}
    for method in methods:
        by_level.setdefault(level_of_claim(recipe, claim, method), []).append(method)
    parts = []
    for level, own in by_level.items():
        table = overview.of_foremost(overview.importance(level))
        parts.append(
            table[
                (table["name"] == claim.name)
                & table["method"].isin(own)
                & table["condition"].isin(conditions)
            ]
        )
    return pd.concat(parts, ignore_index=True)


def _of_control(target: str, *, controlled: bool) -> str:
    """What stands beside the shares on the data."""
    if not controlled:
        return "There is no shuffled control in this run."
    return (
        f"On the right (or below) the {target} of the training rows was shuffled before "
        "training: a share that is large there too says little."
    )
