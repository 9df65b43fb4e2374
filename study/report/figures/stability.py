"""Figures of how far the order of importances stays the same from seed to seed."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D

from study.analysis.claims import level_of_claim
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.stability import STEADY
from study.common.text import listed
from study.recipes.claim import Claim
from study.report.figures.display import Display
from study.report.figures.parts import (
    DASHED,
    MOST_ITEMS,
    Look,
    below,
    beside,
    colour_bar,
    dashed,
    drawn_items,
    end_told,
    grid,
    heat,
    left_out,
    legend,
    legend_height,
    lines_of,
    looks,
    maps_across,
    share_end,
    ticks,
)
from study.report.figures.tick_marks import set_ticks
from study.report.style import INK, MUTED, label, width

# More items than these leave no room for a number in each cell.
MOST_NUMBERS = 10
# Of so many items, the names still stand beside each other below a map of their pairs.
MOST_PAIRED = 12


def rank_frequency(overview: Overview) -> Display | None:
    """How often each item has each rank, by model, by the claim's method."""
    results = overview.results
    look = looks(results, overview.foremost_models)
    claim = results.recipe.claim
    level = level_of_claim(results.recipe, claim, claim.method)
    own = _by_claim(claim, overview.of_foremost(overview.rank_frequencies(level)))
    models = _varying(overview, own)
    if not models or own["name"].nunique() < 2:
        return None
    names = _leading_names(overview, models, level)
    count = len(results.items(level))
    columns = _rank_columns(len(names), count)

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [look[model].label for model in models]
        panels = grid(figure, titles, maps_across(len(models), narrow))
        image = None
        for place, (axes, model) in enumerate(zip(panels, models, strict=True)):
            cells = _rank_cells(own[own["model"] == model], names, count)
            texts = [[_short(value) for value in line] for line in cells]
            image = heat(axes, cells, _if_few(texts, names), matplotlib.colormaps["Blues"], (0, 1))
            ticks(axes, [label(name) for name in names], columns, slanted=False)
            if place + maps_across(len(models), narrow) >= len(models):
                axes.set_xlabel("rank")
        if len(names) > MOST_NUMBERS:
            colour_bar(figure, image, panels, "proportion of seeds", narrow=narrow)

    return Display(
        f"rank-frequency-{level}s",
        "How often each rank",
        f"Proportion of seeds in which each {level} has each rank by {claim.method}, one heat map "
        "for each model",
        f"By {claim.method}; rank 1 is the most important. Each cell is a proportion of seeds: one "
        "dark cell in a line is a rank that does not depend on the seed, a smear one that does. "
        f"Tied {level}s share the ranks they span. "
        f"{_elsewhere(results, level)}{_left_out(overview, own, names, level)}"
        f"{_ranks_beyond(len(names), count)}",
        own.reset_index(drop=True),
        draw,
        lambda narrow: 0.3 + _lines(models, narrow) * (0.6 + _line_height(0.3, names) * len(names)),
    )


def flips(overview: Overview) -> Display | None:
    """How often two seeds order two items differently, by model, by the claim's method."""
    results = overview.results
    look = looks(results, overview.foremost_models)
    claim = results.recipe.claim
    level = level_of_claim(results.recipe, claim, claim.method)
    own = _by_claim(claim, overview.of_foremost(overview.flip_rates(level)))
    models = _varying(overview, own)
    if not models:
        return None
    names = _leading_names(overview, models, level, MOST_PAIRED)

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [look[model].label for model in models]
        panels = grid(figure, titles, maps_across(len(models), narrow), between=0.1, named=True)
        image = None
        for axes, model in zip(panels, models, strict=True):
            cells = _pairs(own[own["model"] == model], names)
            texts = [[_short(value) for value in line] for line in cells]
            image = heat(
                axes, cells, _if_few(texts, names[:-1]), matplotlib.colormaps["Oranges"], (0, 0.5)
            )
            labels = [label(name) for name in names]
            ticks(axes, labels[1:], labels[:-1], slanted=True)
        if not narrow or len(names) - 1 > MOST_NUMBERS:
            colour_bar(figure, image, panels, "flip rate", narrow=narrow)

    return Display(
        f"flips-{level}s",
        "Pairs that change places",
        f"Flip rate of every pair of {level}s by {claim.method}, one map for each model",
        f"By {claim.method}. The flip rate of a pair is the chance that two seeds order it "
        "differently: 0 (no number), all seeds agree; 0.5, a coin for each seed. "
        f"{_elsewhere(results, level)}{_left_out(overview, own, names, level)}",
        own.reset_index(drop=True),
        draw,
        lambda narrow: 0.3 + _lines(models, narrow) * (1.0 + 0.28 * len(names)),
    )


def steadiness_map(overview: Overview) -> Display | None:
    """Every item's mean share against how steadily it keeps its order, by method."""
    results = overview.results
    look = looks(results, overview.foremost_models)
    claim = results.recipe.claim
    level = claim.level
    data = overview.of_foremost(overview.steadiness(level))
    if data.empty:
        return None
    methods = [method for method in results.methods(level) if method in set(data["method"])]
    models = overview.foremost_models
    equal = 1 / len(results.items(level))
    end = share_end(data["mean_share"])

    def draw(figure: FigureBase, narrow: bool) -> None:
        panels = grid(figure, [label(method) for method in methods], 2 if narrow else 3)
        for axes, method in zip(panels, methods, strict=True):
            found = data[data["method"] == method]
            _steadiness_panel(axes, found, equal, look, claim)
            axes.set_xlim(-0.03 * end, 1.03 * end)
            _name_large(axes, found, equal, end, narrow)
        below(figure, "mean share")
        beside(figure, "order kept")
        handles = [look[model].handle for model in models]
        handles += [
            Line2D([], [], ls="", marker="o", color=MUTED, label=f"filled: {label(claim.name)}"),
            dashed(f"equal shares; order kept {STEADY}"),
        ]
        legend(figure, handles, narrow)

    return Display(
        f"stability-{level}s",
        "Importance against stability",
        f"Mean share of each {level} against how often two seeds keep its order, by method, models "
        "in colours",
        f"Each mark is a {level} of one model. Order kept: the chance that two seeds put it and "
        f"another {level} into the same order, averaged over the others; 0.5 is a coin. Upper "
        "right: large and steady. Lower right: large, but which one leads depends on the seed. "
        "Upper left: small, and steadily so. Of fewer than ten seeds nothing is drawn."
        + end_told(end),
        data,
        draw,
        lambda narrow: (
            0.7
            + legend_height([look[model].label for model in models] + ["x" * 30], narrow)
            + lines_of(len(methods), 2 if narrow else 3) * (1.9 if narrow else 2.3)
        ),
    )


def _steadiness_panel(
    axes: Axes, found: pd.DataFrame, equal: float, look: Mapping[str, Look], claim: Claim
) -> None:
    """A mark for each item of each model, those filled that the claim names."""
    axes.axvline(equal, **DASHED)
    axes.axhline(STEADY, **DASHED)
    claimed = found["name"].isin(claim.names)
    for (model, filled), own in found.groupby(["model", claimed], sort=False):
        axes.plot(
            own["mean_share"],
            own["kept"],
            look[model].marker,
            ms=6 if filled else 4,
            mfc=look[model].colour if filled else "none",
            mec=look[model].colour,
            mew=1,
            alpha=0.9,
        )
    axes.set_ylim(0.46, 1.16)
    set_ticks(axes.yaxis, [0.5, 0.75, 1], ["0.5", "0.75", "1"])


def _name_large(axes: Axes, found: pd.DataFrame, equal: float, end: float, narrow: bool) -> None:
    """Names above the marks of items with much more than an equal share, where there is room."""
    # At the mark of the greatest share.
    large = found[found["mean_share"] > 1.5 * equal].dropna(subset="kept")
    large = large.sort_values("mean_share", ascending=False).drop_duplicates("name")
    taken: list[tuple[float, float, float]] = []
    for row in large.itertuples():
        text = label(row.name, 10 if narrow else 16)
        length = end * width(text) * (0.05 if narrow else 0.027)  # of the axis, at this size
        left = min(max(row.mean_share - length / 2, 0), end - length)
        right, low = left + length, row.kept + 0.02
        while any(
            left < end and start < right and abs(low - at) < 0.07 for start, end, at in taken
        ):
            low += 0.07
        if low <= 1.1:
            taken.append((left, right, low))
            axes.text(left, low, text, va="bottom", fontsize=8, color=INK)


def _by_claim(claim: Claim, data: pd.DataFrame) -> pd.DataFrame:
    """The rows of the claim's method."""
    return data[data["method"] == claim.method] if len(data) else data


def _varying(overview: Overview, own: pd.DataFrame) -> list[str]:
    """The models with two observations or more: one alone is no picture of stability."""
    counts = own.groupby("model")["n"].max() if len(own) else {}
    return [model for model in overview.foremost_models if model in counts and counts[model] > 1]


def _elsewhere(results: Results, level: str) -> str:
    """Where to look for other methods, if there are any."""
    return "Other methods are in the table." if len(results.methods(level)) > 1 else ""


def _left_out(overview: Overview, own: pd.DataFrame, names: Sequence[str], level: str) -> str:
    """Says which items and models are not drawn, as sentences to follow others."""
    results, varying = overview.results, _varying(overview, own)
    lost = [results.title(model) for model in overview.foremost_models if model not in varying]
    models = f" {listed(lost)}: one observation, not drawn." if lost else ""
    return left_out(len(names), len(results.items(level)), f"{level}s") + models


def _leading_names(
    overview: Overview, models: Sequence[str], level: str, most: int = MOST_ITEMS
) -> list[str]:
    results = overview.results
    claim = results.recipe.claim
    items = results.items(level)
    found = [results.vectors(model, "real", claim.method, level) for model in models]
    scores = [of.score for of in found if of is not None]
    return [items[item] for item in drawn_items(overview, level, scores, most)]


def _pairs(own: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Flip rates below the diagonal, (items - 1, items - 1)."""
    places = {name: place for place, name in enumerate(names)}
    cells = np.full((len(names) - 1, len(names) - 1), np.nan)
    for row in own.itertuples(index=False):
        if row.first in places and row.second in places:
            one, two = sorted((places[row.first], places[row.second]))
            cells[two - 1, one] = row.rate
    return cells


def _if_few(texts: list[list[str]], names: Sequence[str]) -> list[list[str]]:
    return texts if len(names) <= MOST_NUMBERS else [[""] * len(line) for line in texts]


def _short(value: float) -> str:
    """A proportion in the least room: .05, 1; nothing for 0."""
    if np.isnan(value) or value == 0:
        return ""
    return "1" if value == 1 else f"{value:.2f}".removeprefix("0")


def _rank_cells(own: pd.DataFrame, names: Sequence[str], count: int) -> np.ndarray:
    """Proportions of one model, (items, ranks): as many ranks as items, and in a last column all
    beyond, where there are `count` items in the run."""
    table = own.pivot(index="name", columns="rank", values="proportion")
    cells = table.reindex(names)[range(1, len(names) + 1)].to_numpy()
    if len(names) == count:
        return cells
    # Each line of all ranks sums to 1; what rounding leaves is nothing.
    beyond = 1 - cells.sum(axis=1, keepdims=True)
    return np.hstack([cells, np.where(beyond > 1e-9, beyond, beyond * 0)])


def _rank_columns(shown: int, count: int) -> list[str]:
    """What stands below the columns of ranks; of many ranks, every fifth has its number."""
    ranks = [
        str(rank) if shown <= MOST_NUMBERS or rank == 1 or rank % 5 == 0 else ""
        for rank in range(1, shown + 1)
    ]
    return ranks if shown == count else [*ranks, _last_ranks(shown, count)]


def _last_ranks(shown: int, count: int) -> str:
    """The ranks that share the last column."""
    return f"{shown + 1}+" if shown + 1 < count else str(count)


def _ranks_beyond(shown: int, count: int) -> str:
    """Says what the last column of ranks holds, as a sentence to follow others."""
    if shown + 1 >= count:
        return ""
    return f" Ranks are among all {count}: the last column holds those from {shown + 1} on."


def _lines(models: Sequence[str], narrow: bool) -> int:
    return lines_of(len(models), maps_across(len(models), narrow))


def _line_height(inches: float, names: Sequence[str]) -> float:
    """The height of a line of a heat map: less where no numbers stand in its cells."""
    return inches if len(names) <= MOST_NUMBERS else 0.7 * inches
