"""Figures of two runs side by side; differences are those of the second less the first."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D

from study.analysis.claims import level_of_claim
from study.analysis.results import Results
from study.common.vocabulary import LEAST_SQUARES
from study.compare.comparison import Comparison
from study.compare.pairing import common_models, imported
from study.compare.tables import models_left_out
from study.report.figures.display import Display
from study.report.figures.parts import (
    DASHED,
    below,
    dashed,
    dots,
    grid,
    legend,
    lines_of,
    looks,
    panels_across,
    rows,
    share_scale,
)
from study.report.style import BLUE, INK, VERMILION, label
from study.statistics.intervals import PERCENT

COLOURS = {"first": BLUE, "second": VERMILION}
MARKERS = {"first": "o", "second": "s"}


def comparison_displays(comparison: Comparison) -> dict[str, Display]:
    """Every figure that two runs have something for, by name."""
    found = {
        "claim": claims(comparison),
        "shares": share_difference(comparison),
        "agreement": agreement(comparison),
        "fit": fits(comparison),
    }
    left_out = models_left_out(comparison, "drawn")
    return {
        display.name: replace(display, section=section, reading=display.reading + left_out)
        for section, display in found.items()
        if display is not None
    }


def claims(comparison: Comparison) -> Display | None:
    """In what proportion of seeds the claim is met in each run, by model and method."""
    first = comparison.first
    data = comparison.claim_differences
    if data.empty:
        return None
    judged = dict(zip(COLOURS, comparison.judged_claims, strict=True))
    overviews = dict(zip(COLOURS, comparison.overviews, strict=True))
    met = {
        run: overview.proportions(judged[run]).query("condition == 'real'")
        for run, overview in overviews.items()
    }
    models, methods = comparison.foremost_models, _methods(first, data)
    same = judged["first"] is judged["second"]
    titles = _titles(first, models)
    said = judged["first"].words if same else "each run's own claim is met"

    def draw(figure: FigureBase, narrow: bool) -> None:
        panels = grid(figure, titles, panels_across(narrow))
        for axes, model in zip(panels, models, strict=True):
            for run, frame in met.items():
                own = frame[(frame["model"] == model) & frame["method"].isin(methods)]
                for row in own.itertuples(index=False):
                    _interval(axes, row.proportion, row.low, row.high,
                              _height(methods.index(row.method), run), run)  # fmt: skip
                axes.axvline(judged[run].proportion, **DASHED)
            rows(axes, list(map(label, methods)))
            share_scale(axes)
        below(figure, f"proportion of seeds: {label(said, 40)}")
        required = dashed("required by the claim")
        legend(figure, [*_handles(), required], narrow)

    return Display(
        "compare-claim",
        "The claim in both runs",
        f"Proportion of seeds in either run: {said}, by model and method",
        f"Marks are proportions of seeds, lines their {PERCENT} Wilson intervals. Two intervals "
        "may overlap and the difference still be told apart: that is in the table.",
        data,
        draw,
        lambda narrow: _size(models, len(methods), narrow),
    )


def share_difference(comparison: Comparison) -> Display | None:
    """How much the claimed share differs, by model and method."""
    first = comparison.first
    claim = first.recipe.claim
    level = level_of_claim(first.recipe, claim, claim.method)
    data = comparison.share_differences(level)
    if data.empty:
        return None
    data = comparison.of_foremost(data)
    data = data[(data["name"] == claim.name) & (data["model"] != LEAST_SQUARES)]
    if data.empty:
        return None
    return _by_method(
        first,
        data.reset_index(drop=True),
        "compare-shares",
        f"Difference in the share of {claim.name}",
        "difference",
        f"share of {label(claim.name)}, second run less first",
        f"Marks are mean differences, lines their {PERCENT} intervals, not adjusted for their "
        "number; a line that crosses the upright one cannot tell the runs apart. Without a line "
        "there is no interval; the table says why.",
    )


def agreement(comparison: Comparison) -> Display | None:
    """How far the orders of both runs agree, by model and method."""
    first = comparison.first
    claim = first.recipe.claim
    level = level_of_claim(first.recipe, claim, claim.method)
    data = comparison.order_agreement(level)
    if data.empty:
        return None
    data = comparison.of_foremost(data)
    data = data[data["model"] != LEAST_SQUARES]
    if data.empty:
        return None
    return _by_method(
        first,
        data.reset_index(drop=True),
        "compare-agreement",
        f"Agreement of the orders of the {level}s",
        "mean",
        "Spearman correlation of first and second run",
        f"Marks are mean rank correlations of the two runs, lines their {PERCENT} intervals: 1 is "
        f"the same order of the {len(first.items(level))} {level}s, 0 what unrelated orders have.",
    )


def fits(comparison: Comparison) -> Display | None:
    """How much each seed explains on the test rows, in both runs."""
    first, second = comparison.results
    look = looks(first, first.models)
    known = common_models(first, second)
    models = [model for model in known if model not in comparison.more_models]
    if imported(first, second) or first.measures != second.measures:
        return None
    symbol = first.measures.symbol
    runs = {"first": first, "second": second}
    values = {
        (run, model): _test_fits(results, model)
        for run, results in runs.items()
        for model in models
    }
    finite = np.concatenate(list(values.values()))
    finite = finite[np.isfinite(finite)]
    lowest = max(float(finite.min()) if len(finite) else 0.0, -1.0) - 0.05

    def draw(figure: FigureBase, narrow: bool) -> None:
        axes = figure.subplots()
        for place, model in enumerate(models):
            for run in runs:
                height = _height(place, run)
                shown = values[run, model]
                dots(axes, [shown], [height], COLOURS[run], marker=MARKERS[run])
                beyond = int((shown < lowest).sum())
                if beyond:
                    axes.text(lowest, height, f"◀ {beyond}", va="center", fontsize=7.5,
                              color=COLOURS[run])  # fmt: skip
        rows(axes, [look[model].label for model in models])
        axes.set_xlim(lowest, 1.01)
        axes.set_xlabel(f"test {symbol}, rows one by one")
        legend(figure, _handles(), narrow)

    return Display(
        "compare-fit",
        "Fit in both runs",
        f"{symbol} of each seed on the test rows in either run, by model",
        "Each dot is one seed, the upright bar their mean. ◀ counts seeds that lie further left."
        + _without_dots(first, second, models),
        comparison.fit_differences,
        draw,
        lambda _: 0.9 + 0.5 * len(models),
    )


def _without_dots(first: Results, second: Results, models: list[str]) -> str:
    """How many seeds have no dot, since they diverged; empty where all have one."""
    parts = []
    for model in models:
        lost, other = (len(results.diverged(model, "real")) for results in (first, second))
        if lost or other:
            parts.append(
                f"{lost} of the first run and {other} of the second for the {first.title(model)}"
            )
    return f" Seeds that diverged have no dot: {'; '.join(parts)}." if parts else ""


def _by_method(
    first: Results,
    data: pd.DataFrame,
    name: str,
    title: str,
    column: str,
    axis: str,
    reading: str,
) -> Display:
    """A number with its interval for each model, a panel, and method, a row."""
    models = [model for model in first.models if (data["model"] == model).any()]
    methods, titles = _methods(first, data), _titles(first, models)

    def draw(figure: FigureBase, narrow: bool) -> None:
        panels = grid(figure, titles, panels_across(narrow))
        for axes, model in zip(panels, models, strict=True):
            axes.axvline(0, color=INK, lw=0.8)
            for row in data[data["model"] == model].to_dict("records"):
                place = methods.index(row["method"])
                _interval(axes, row[column], row["low"], row["high"], place, "first")
            rows(axes, list(map(label, methods)))
            # Identical runs differ by rounding at most: no axis of 1e-17.
            low, high = axes.get_xlim()
            axes.set_xlim(min(low, -0.05), max(high, 0.05))
        below(figure, axis)

    return Display(
        name,
        title,
        f"{title}, by model and method, with its {PERCENT} interval",
        reading,
        data,
        draw,
        lambda narrow: _size(models, 0.7 * len(methods), narrow) - 0.2,
    )


def _interval(axes: Axes, value: float, low: float, high: float, height: float, run: str) -> None:
    if np.isfinite([low, high]).all():
        axes.plot([low, high], [height, height], color=COLOURS[run], lw=1.8)
    axes.plot([value], [height], MARKERS[run], ms=5, color=COLOURS[run])


def _test_fits(results: Results, model: str) -> np.ndarray:
    fits = results.fits
    chosen = fits[
        (fits["model"] == model)
        & (fits["condition"] == "real")
        & (fits["part"] == "test")
        & (fits["evaluation"] == "alone")
    ]
    return chosen[results.measures.explained].to_numpy(dtype=float)


def _methods(first: Results, data: pd.DataFrame) -> list[str]:
    return [method for method in first.methods() if method in set(data["method"])]


def _titles(results: Results, models: list[str]) -> list[str]:
    look = looks(results, results.models)
    return [look[model].label for model in models]


def _height(place: int, run: str) -> float:
    return place + (-0.17 if run == "first" else 0.17)


def _handles() -> list[Any]:
    return [
        Line2D([], [], marker=MARKERS[run], color=COLOURS[run], label=f"{run} run")
        for run in COLOURS
    ]


def _size(models: list[str], methods: float, narrow: bool) -> float:
    return 1.0 + lines_of(len(models), panels_across(narrow)) * (0.4 + 0.36 * methods)
