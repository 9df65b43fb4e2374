"""Figures of fit quality, alone and against importance."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D

from study.analysis.claims import scores_of_claim
from study.analysis.fits import has_fits, learning_threshold
from study.analysis.overview import Overview
from study.common.vocabulary import LEAST_SQUARES
from study.report.figures.display import Display
from study.report.figures.parts import (
    DASHED,
    FEW_SEEDS,
    below,
    beside,
    dashed,
    diverged,
    dots,
    end_told,
    grid,
    legend,
    lines_of,
    looks,
    panels_across,
    rows,
    share_end,
    share_scale,
)
from study.report.style import BLUE, MUTED, VERMILION, label
from study.report.tables.cells import network
from study.report.tables.fits import seeds_table
from study.statistics.ranking import shares

PARTS = ("train", "test")
EVALUATION_COLOURS = {"alone": BLUE, "together": VERMILION}


def fit(overview: Overview) -> Display | None:
    """How much is explained on training and test rows, each seed a dot."""
    results = overview.results
    explained, symbol = results.measures.explained, results.measures.symbol
    if not has_fits(results):
        return None
    look = looks(results, overview.foremost_models)
    models = [*overview.foremost_models, LEAST_SQUARES]
    real = overview.of_foremost(results.fits[results.fits["condition"] == "real"])
    lowest = max(real.loc[real["evaluation"] == "alone", explained].min(), -1) - 0.05
    found = {
        key: rows[explained].to_numpy(dtype=float)
        for key, rows in real.groupby(["model", "part", "evaluation"])
    }

    def draw(figure: FigureBase, narrow: bool) -> None:
        panels = grid(figure, [f"{part} rows" for part in PARTS], 1 if narrow else 2)
        for axes, part in zip(panels, PARTS, strict=True):
            for row, model in enumerate(models):
                for evaluation, height in (("alone", row - 0.15), ("together", row + 0.2)):
                    values = found[model, part, evaluation]
                    colour = EVALUATION_COLOURS[evaluation]
                    dots(axes, [values], [height], colour)
                    _off_scale(axes, values, lowest, height, colour)
            rows(axes, [look[model].label for model in models])
            axes.set_xlim(lowest, 1.01)
        below(figure, results.measures.spelled)
        handles = [
            Line2D([], [], ls="", marker="o", color=EVALUATION_COLOURS[evaluation], label=said)
            for evaluation, said in (("alone", "rows one by one"), ("together", "all at once"))
        ]
        legend(figure, handles, narrow)

    lost = diverged(results, overview.foremost_models)
    return Display(
        "fit",
        "Fit quality",
        f"{symbol} of each seed on training and test rows, by model",
        "Each dot is one seed, the upright bar their mean; 1 is a perfect fit, 0 is no better than "
        f"predicting {results.measures.constant}. Where a network's predictions depend on the "
        "batch, evaluating all rows at once gives another fit. The axis starts where the worst "
        f"seed lies; ◀ counts those further left, and gives the mean over all.{lost}",
        overview.of_foremost(overview.fit_quality),
        draw,
        lambda narrow: 0.9 + (2 if narrow else 1) * (0.4 + 0.5 * len(models)),
    )


def _off_scale(axes: Axes, values: np.ndarray, lowest: float, height: float, colour: str) -> None:
    """Say at the left edge how many values lie beyond it, and where the mean is."""
    beyond = int((values < lowest).sum())
    if beyond:
        text = f"◀ {beyond} of {len(values)} (mean {np.nanmean(values):z.2f})"
        axes.text(lowest, height + 0.08, text, va="top", fontsize=7.5, color=colour)


def share_against_fit(overview: Overview) -> Display | None:
    """The claimed item's share against the fit of the same seed."""
    results = overview.results
    if not has_fits(results):
        return None
    look, measures = looks(results, overview.foremost_models), results.measures
    claim = results.recipe.claim
    data = overview.learning
    fits = data.set_index(["model", "seed"])
    limit = learning_threshold(results)
    found = {
        model: scores
        for model in overview.foremost_models
        if (scores := scores_of_claim(results, claim, model, "real", claim.method))
    }
    if not found:
        return None
    values = {
        model: shares(vectors.score)[:, statement.item]
        for model, (vectors, statement) in found.items()
    }
    end = share_end(*values.values())

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [look[model].label for model in found]
        panels = grid(figure, titles, panels_across(narrow))
        for axes, (model, (vectors, statement)) in zip(panels, found.items(), strict=True):
            fit = fits.loc[model].loc[vectors.seeds.array, measures.explained].to_numpy()
            met = statement.met(vectors.score)
            _marks(axes, fit, values[model], met, look[model].colour)
            axes.axvline(limit, **DASHED)
            share_scale(axes)
            axes.set_ylim(-0.03 * end, 1.03 * end)
        beside(figure, f"share of {label(claim.name)}")
        below(figure, f"test {measures.symbol}, rows one by one (below 0 drawn at 0)")
        legend(figure, _met_handles(), narrow)

    return Display(
        "seeds",
        "Importance against fit",
        f"Share of {claim.name} by {claim.method} against test {measures.symbol}, each seed a "
        "mark, one panel for each model",
        f"By {claim.method}, each seed a mark. Left of the dashed line a {network(results)} "
        f"predicts badly: what it says of {claim.name} then tells little of the data, whatever its "
        "share."
        f"{end_told(end)}{diverged(results, overview.foremost_models)}",
        overview.of_foremost(seeds_table(overview).data),
        draw,
        lambda narrow: 0.9 + 2.1 * lines_of(len(found), panels_across(narrow)),
    )


def _met_handles() -> list[Line2D]:
    """What the marks mean, and the dashed line."""
    return [
        Line2D([], [], ls="", marker="o", color=MUTED, label="claim met"),
        Line2D([], [], ls="", marker="x", color=MUTED, label="not met"),
        dashed("learned from here on"),
    ]


def _marks(axes: Axes, fit: np.ndarray, values: np.ndarray, met: np.ndarray, colour: str) -> None:
    """A mark for each seed: its share against its fit, another where it misses the claim."""
    for chosen, marker in ((met, "o"), (~met, "x")):
        axes.plot(
            np.maximum(fit[chosen], 0),
            values[chosen],
            marker,
            ms=5,
            alpha=0.6,
            rasterized=len(values) > FEW_SEEDS,
            mew=1 if marker == "x" else 0,
            color=colour,
        )
