"""Figure of the claim over splits: the margin that decides, by model and method."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D

from study.analysis.overview import Overview
from study.common.vocabulary import LEAST_SQUARES
from study.report.figures.display import Display
from study.report.figures.heights import method_rows_height
from study.report.figures.parts import (
    DASHED,
    below,
    grid,
    intervals,
    legend,
    looks,
    panels_across,
    rows,
)
from study.report.style import label
from study.report.tables.cells import interval_told
from study.report.tables.population import margin_over_splits
from study.statistics.claims import CONTRADICTED, INCONCLUSIVE, NO_VERDICT, SUPPORTED
from study.statistics.intervals import PERCENT

# Told apart by their shapes, too.
VERDICT_MARKS = {
    SUPPORTED: ("o", "#0072b2"),
    CONTRADICTED: ("X", "#d55e00"),
    INCONCLUSIVE: ("D", "#777777"),
    NO_VERDICT: ("|", "#777777"),
}


def population_display(overview: Overview) -> Display | None:
    """The margin of the claim over splits, with its interval, by model and method."""
    results = overview.results
    claim = results.recipe.claim
    data = overview.of_foremost(overview.population(claim))
    if data.empty:
        return None
    look = looks(results, overview.foremost_models)
    known = (*overview.foremost_models, LEAST_SQUARES)
    models = [model for model in known if model in set(data["model"])]
    methods = [method for method in results.methods() if method in set(data["method"])]
    held = [verdict for verdict in VERDICT_MARKS if verdict in set(data["verdict"])]
    bounded = interval_told(data, f"with its {PERCENT} interval, ")
    lines = interval_told(data, f", lines their {PERCENT} intervals")

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [look[model].label for model in models]
        panels = grid(figure, titles, panels_across(narrow))
        for axes, model in zip(panels, models, strict=True):
            axes.axvline(0, **DASHED)
            own = data[data["model"] == model]
            _margins(axes, own.assign(height=own["method"].map(methods.index)))
            rows(axes, list(map(label, methods)))
        below(figure, f"margin: {label(margin_over_splits(claim), 60)}")
        legend(figure, _handles(held), narrow)

    return Display(
        "population",
        "The claim for other rows of the same kind",
        f"Margin of the claim ({claim.words}) over {int(data['splits'].max())} random splits of "
        f"all rows into halves, {bounded}by model and method: {_told(data)}",
        "Marks are means of the margin that decides, over models of random halves of the "
        f"rows{lines}. Right of the dashed line the claim holds for other rows of the same "
        "kind.",
        data,
        draw,
        lambda narrow: method_rows_height(held, len(models), len(methods), narrow),
    )


def _margins(axes: Axes, data: pd.DataFrame) -> None:
    """Margins with their intervals, verdicts as they look."""
    for verdict, own in data.groupby("verdict", sort=False):
        marker, colour = VERDICT_MARKS[str(verdict)]
        intervals(axes, own[["low", "high"]].to_numpy(), own["height"], color=colour, lw=1.8)
        axes.plot(own["margin"], own["height"], ls="", marker=marker, ms=6, color=colour)


def _handles(held: list[str]) -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            marker=VERDICT_MARKS[verdict][0],
            color=VERDICT_MARKS[verdict][1],
            label=verdict,
            lw=1.8,
        )
        for verdict in held
    ]


def _told(data: pd.DataFrame) -> str:
    counts = data["verdict"].value_counts()
    return ", ".join(
        f"{verdict} in {counts[verdict]}" for verdict in VERDICT_MARKS if verdict in counts
    )
