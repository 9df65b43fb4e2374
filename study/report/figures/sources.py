"""The figure of which source of randomness moves the finding."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import FigureBase

from study.analysis.claims import level_of_claim, scores_of_claim
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.sources import ALL
from study.report.figures.display import Display
from study.report.figures.heights import above_rows
from study.report.figures.parts import (
    below,
    dots,
    end_told,
    grid,
    lines_of,
    looks,
    offset,
    panels_across,
    rows,
    share_end,
    share_scale,
)
from study.report.style import BLUE, GREEN, PINK, PLAIN, VERMILION, label
from study.report.tables.cells import network
from study.statistics.ranking import shares

_LABELS = {
    ALL: "all but the rows",
    "init": "initial weights",
    "order": "order of rows",
    "dropout": "dropout",
    "rows": "sample of rows",
}
_COLOURS = {ALL: PLAIN, "init": BLUE, "order": GREEN, "dropout": PINK, "rows": VERMILION}


def source_display(overview: Overview) -> Display | None:
    """The claimed share of every network by the source of randomness that varies."""
    results = overview.results
    look = looks(results, overview.foremost_models)
    claim = results.recipe.claim
    data = overview.of_foremost(overview.sources)
    if data.empty:
        return None
    own = data[data["method"] == claim.method]
    models = [model for model in overview.foremost_models if (own["model"] == model).any()]
    if not models:
        return None
    kinds = [kind for kind in _LABELS if kind in set(own["source"])]
    titles = [look[model].label for model in models]
    labels = [_LABELS[kind] + _also(results, kind) for kind in kinds]
    lines = {
        (model, kind): found
        for model in models
        for kind, found in _lines(results, model, kinds).items()
    }
    end = share_end(*(values for by_base in lines.values() for values in by_base))
    bases = max(int(count) for count in own["bases"])

    def draw(figure: FigureBase, narrow: bool) -> None:
        for axes, model in zip(grid(figure, titles, panels_across(narrow)), models, strict=True):
            for row, kind in enumerate(kinds):
                by_base = lines[model, kind]
                count = len(by_base)
                heights = [row + offset(place, count) for place in range(count)]
                if by_base:
                    dots(axes, by_base, heights, _COLOURS[kind], spread=0.3 / count)
            rows(axes, labels)
            share_scale(axes, end)
        below(figure, f"share of {label(claim.name)} by {claim.method}")

    return Display(
        "sources",
        "Which randomness moves it",
        f"Share of {claim.name} in every {network(results)}, by the source of randomness that "
        "varies, one panel for each model",
        "Each line of dots is one base seed, which holds every other source; each dot is one "
        f"{network(results)}, and the bar their mean. A wide line of dots: that source moves the "
        "share. Lines that differ: what is held moves it. The sample of rows is not noise of "
        "training: it stands for other data." + end_told(end),
        data,
        draw,
        lambda narrow: (
            0.5
            + lines_of(len(models), panels_across(narrow))
            * (above_rows(narrow) + (0.28 + 0.1 * bases) * len(kinds))
        ),
    )


def _also(results: Results, kind: str) -> str:
    """What a source is of estimators, where there are any."""
    return " (random_state)" if kind == "init" and results.estimators else ""


def _lines(results: Results, model: str, kinds: Sequence[str]) -> dict[str, list[np.ndarray]]:
    """The claimed shares of a model by source and then base seed: (networks,)."""
    claim = results.recipe.claim
    found = scores_of_claim(results, claim, model, "real", claim.method)
    assert found is not None
    ordinary, statement = found
    level = level_of_claim(results.recipe, claim, claim.method)
    varied = results.varied(model, claim.method, level, claim.for_class)
    return {
        kind: [
            shares(vectors.score)[:, statement.item]
            for vectors in ([ordinary] if kind == ALL else varied.get(kind, {}).values())
        ]
        for kind in kinds
    }
