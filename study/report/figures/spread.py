"""Figure of what the spread between halves of the rows comes from."""

import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase
from matplotlib.patches import Patch

from study.analysis.overview import Overview
from study.report.figures.display import Display
from study.report.figures.heights import method_rows_height
from study.report.figures.parts import (
    below,
    grid,
    legend,
    looks,
    panels_across,
    rows,
)
from study.report.style import label

# The parts of a variance: their words and colours, which differ in lightness, too.
_PARTS = {
    "rows": ("which rows", "#0072b2"),
    "seed": ("seed", "#e69f00"),
    "both": ("both together", "#bbbbbb"),
}


def spread_display(overview: Overview) -> Display | None:
    """The parts of the variance of the claimed share, by model and method."""
    results = overview.results
    claim = results.recipe.claim
    data = overview.of_foremost(overview.spread(claim))
    if data.empty:
        return None
    data = data[data["quantity"] == "share"].reset_index(drop=True)
    look = looks(results, overview.foremost_models)
    models = [model for model in overview.foremost_models if model in set(data["model"])]
    methods = [method for method in results.methods() if method in set(data["method"])]

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [look[model].label for model in models]
        panels = grid(figure, titles, panels_across(narrow))
        for axes, model in zip(panels, models, strict=True):
            own = data[data["model"] == model]
            heights = own["method"].map(methods.index).to_numpy()
            start = np.zeros(len(own))
            for part, (_, colour) in _PARTS.items():
                axes.barh(heights, own[part], left=start, height=0.6, color=colour)
                start = start + np.nan_to_num(own[part])
            rows(axes, list(map(label, methods)))
        below(figure, f"variance of the share of {label(claim.name)}")
        legend(
            figure, [Patch(color=colour, label=words) for words, colour in _PARTS.values()], narrow
        )

    return Display(
        "spread",
        "Where the spread comes from",
        f"Variance of the share of {claim.name} between models of random halves of the rows, and "
        f"what it comes from, by model and method: {_told(data)}",
        "Which rows: what all models of one half of the rows have in common, whatever their seed. "
        "Seed: what all models of a seed have in common, whatever their rows. Both together: what "
        "neither explains.",
        data,
        draw,
        lambda narrow: method_rows_height(
            [words for words, _ in _PARTS.values()], len(models), len(methods), narrow
        ),
    )


def _told(data: pd.DataFrame) -> str:
    shares = (data["rows"] / data["total"]).dropna()
    if shares.empty:
        return "nothing varies"
    return f"rows make {100 * shares.min():.0f}% to {100 * shares.max():.0f}% of it"
