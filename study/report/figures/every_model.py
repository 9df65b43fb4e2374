"""The figure of all models, where only the foremost have panels of their own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from study.analysis.claims import level_of_claim
from study.analysis.overview import Overview
from study.common.vocabulary import LEAST_SQUARES
from study.report.figures.display import Display
from study.report.figures.parts import (
    dots,
    end_told,
    legend,
    legend_height,
    rows,
    share_end,
    share_scale,
)
from study.report.figures.population import VERDICT_MARKS
from study.report.style import BLUE, INK, PAGE, label
from study.report.tables.cells import model_title
from study.statistics.claims import NO_VERDICT

_CLAIMED: dict[str, Any] = {
    "ls": "", "marker": "D", "ms": 6, "mfc": "none", "mew": 1.3, "color": INK,
}  # fmt: skip


def every_model(overview: Overview) -> Display | None:
    """All models: the claimed item's mean share, a dot for each, and their verdicts over seeds."""
    results = overview.results
    claim = results.recipe.claim
    if len(overview.foremost_models) == len(results.models):
        return None
    verdicts = overview.verdicts(claim)
    methods = [method for method in results.methods() if method in set(verdicts["method"])]
    if not methods:
        return None
    counts = pd.crosstab(verdicts["method"], verdicts["verdict"]).reindex(methods)
    counts = counts[[verdict for verdict in VERDICT_MARKS if verdict in counts]]
    shares = {method: _mean_shares(overview, method) for method in methods}
    end = share_end(*shares.values())
    claimed = f"the model of the claim: {label(model_title(results, claim.model), 24)}"

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [f"mean share of {label(claim.name)}", "models by their verdict over seeds"]
        first, second = _panels(figure, titles, narrow)
        dots(first, [*map(np.asarray, shares.values())], range(len(methods)), BLUE, spread=0.3)
        own = [of.get(claim.model, np.nan) for of in shares.values()]
        first.plot(own, range(len(methods)), **_CLAIMED)
        share_scale(first, end)
        _bars(second, counts)
        for panel in (first, second):
            rows(panel, list(map(label, methods)))
        legend(figure, _handles([*counts], claimed), narrow)

    def height(narrow: bool) -> float:
        panels = (2 if narrow else 1) * (0.6 + 0.3 * len(methods))
        return 0.4 + legend_height([*counts, claimed], narrow) + panels

    return Display(
        "every-model",
        f"All {len(results.models)} models",
        f"Mean share of {claim.name} by method, a dot for each model; and how many models have "
        f"which verdict over seeds: {_told(counts)}",
        f"Each dot is the mean share of {claim.name} over the seeds of one model, the upright bar "
        "the mean over models. The bars count models by their verdict over seeds; models share "
        f"rows, and are no independent tests.{end_told(end)}",
        verdicts.reset_index(drop=True),
        draw,
        height,
    )


def _mean_shares(overview: Overview, method: str) -> pd.Series:
    """The claimed item's mean share by a method, real condition, by model."""
    recipe = overview.results.recipe
    table = overview.claimed_importance(level_of_claim(recipe, recipe.claim, method))
    own = table[(table["method"] == method) & (table["model"] != LEAST_SQUARES)]
    return own.set_index("model")["mean_share"]


def _panels(figure: FigureBase, titles: Sequence[str], narrow: bool) -> list[Axes]:
    """Two panels beside each other, or one below the other, whose scales differ."""
    panels = list(figure.subplots(2, 1) if narrow else figure.subplots(1, 2))
    for panel, title in zip(panels, titles, strict=True):
        panel.set_title(title)
    return panels


def _bars(axes: Axes, counts: pd.DataFrame) -> None:
    """How many models have which verdict (columns), a bar for each method."""
    start = np.zeros(len(counts))
    for verdict, of in counts.items():
        _, colour = VERDICT_MARKS[str(verdict)]
        axes.barh(range(len(counts)), of, left=start, height=0.6, color=colour, **_hatched(verdict))
        start = start + of.to_numpy()


def _hatched(verdict: Any) -> dict[str, Any]:
    """No verdict has the grey of an inconclusive one: lines across tell them apart."""
    return {"hatch": "////", "ec": PAGE, "lw": 0} if verdict == NO_VERDICT else {}


def _handles(verdicts: Sequence[str], claimed: str) -> list[Any]:
    bars = [
        Patch(fc=VERDICT_MARKS[verdict][1], label=verdict, **_hatched(verdict))
        for verdict in verdicts
    ]
    return [Line2D([], [], **_CLAIMED, label=claimed), *bars]


def _told(counts: pd.DataFrame) -> str:
    return "; ".join(
        f"{method}: {', '.join(f'{count} {verdict}' for verdict, count in of.items() if count)}"
        for method, of in counts.iterrows()
    )
