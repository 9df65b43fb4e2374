"""The figure of importance through training, with the loss below it."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.report.figures.display import Display
from study.report.figures.parts import (
    DASHED,
    FEW_SEEDS,
    below,
    dashed,
    legend,
    legend_height,
    lines_of,
    looks,
    panels_across,
)
from study.report.style import GREEN, INK, MUTED, ORANGE, PALETTE, PINK, VERMILION, label
from study.report.text.early_stops import through_training
from study.statistics.intervals import CONFIDENCE, PERCENT

# The claimed feature is the first colour; so many others have one of their own.
OTHERS = (VERMILION, GREEN, PINK, ORANGE)
STYLES = ("--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


@dataclass(frozen=True)
class _Features:
    """The features as lines: the claimed one, others with colours of their own, and the rest."""

    claimed: list[str]
    others: list[str]
    rest: int


def training_display(overview: Overview) -> Display | None:
    """Share of each feature by epoch, every seed of the claimed one; below, the loss."""
    results = overview.results
    means, loss = map(overview.of_foremost, (overview.paths, overview.losses))
    if means.empty or loss.empty:
        return None
    look = looks(results, overview.foremost_models)
    models = [model for model in overview.foremost_models if (means["model"] == model).any()]
    features = _features(results, means)
    of_mean, constant = loss["of_mean"].iloc[0], results.measures.constant
    seeds = {model: _paths(overview.seed_paths, model, features.claimed) for model in models}
    lost = {model: _by_seed(overview.seed_losses, model, "loss") for model in models}
    # A Poisson loss leaves out a term, and may be below 0.
    positive = not results.recipe.task.counts
    # Of many seeds, bands say more than a line for each.
    many = max(frame.shape[1] for frame in lost.values()) > FEW_SEEDS

    def draw(figure: FigureBase, narrow: bool) -> None:
        columns = min(panels_across(narrow), len(models))
        panels = _panels(figure, len(models), columns)
        for place, (model, (top, bottom)) in enumerate(zip(models, panels, strict=True)):
            top.set_title(look[model].label)
            for paths_of_one in seeds[model]:
                _seeds(top, paths_of_one, PALETTE[0], many)
            _means(top, means[means["model"] == model], features)
            shown = lost[model].where(lost[model] > 0) if positive else lost[model]
            _seeds(bottom, shown, MUTED, many)
            _loss(bottom, loss[loss["model"] == model], of_mean, positive)
            if place % columns == 0:
                top.set_ylabel("share")
                bottom.set_ylabel("loss")
        below(figure, "epoch")
        legend(figure, _handles(features, many, of_mean, constant), narrow)

    def height(narrow: bool) -> float:
        labels = [str(handle.get_label()) for handle in _handles(features, many, of_mean, constant)]
        lines = lines_of(len(models), panels_across(narrow))
        return 0.6 + legend_height(labels, narrow) + lines * 3.3

    name = label(features.claimed[0]) if features.claimed else "each feature"
    return Display(
        "training",
        "Importance through training",
        f"Share of {name} and of the other features by epoch of training, and the training loss "
        "below, one pair of panels for each model",
        _reading(name, many, constant) + through_training(results),
        means,
        draw,
        height,
    )


def _reading(name: str, many: bool, constant: str) -> str:
    shown = f"bands that hold half and {PERCENT} of seeds" if many else "each seed"
    return (
        "Above: shares of the loss gradients met at even steps of training, means over seeds, and "
        f"{name} in {shown}. (The score by training-gradient adds up the occasions, so that early "
        "ones, with their larger gradients, weigh more.) Below: the loss in the same way, and its "
        "median. A flat stretch of loss is a plateau, where a network predicts little more than "
        f"{constant}; what its gradients say there tells of the way to a fit, not of the fit."
    )


def _features(results: Results, means: pd.DataFrame) -> _Features:
    claimed = [name for name in results.recipe.claim.names if name in results.features][:1]
    order = means.groupby("name", sort=False)["mean_share"].mean().sort_values(ascending=False)
    others = [name for name in order.index if name not in claimed][: len(OTHERS)]
    return _Features(claimed, others, len(results.features) - len(claimed) - len(others))


def _handles(features: _Features, many: bool, of_mean: float, constant: str) -> list[Line2D]:
    each = f"bands: half and {PERCENT} of seeds" if many else "thin: each seed"
    first = [
        Line2D([], [], color=PALETTE[0], lw=2, label=f"{label(name)} ({each})")
        for name in features.claimed
    ]
    named = [
        Line2D([], [], color=colour, lw=1.5, ls=line, label=label(name))
        for name, colour, line in zip(features.others, OTHERS, STYLES, strict=False)
    ]
    rest = features.rest
    last = [Line2D([], [], color=MUTED, lw=0.7, label=f"{rest} others")] if rest else []
    mean = [dashed(f"predicting {constant}")] if np.isfinite(of_mean) else []
    return [*first, *named, *last, *mean]


def _panels(figure: FigureBase, count: int, columns: int) -> list[tuple[Axes, Axes]]:
    """For each model a panel of shares with one of its loss below, so many in a line."""
    lines = lines_of(count, columns)
    axes = figure.subplots(
        2 * lines,
        columns,
        squeeze=False,
        sharex=True,
        sharey="row",
        height_ratios=[3, 2] * lines,
    )
    pairs = list(zip(axes[0::2].ravel(), axes[1::2].ravel(), strict=True))
    for panel in chain(*pairs[count:]):
        panel.remove()
    for _, bottom in pairs[:count]:
        bottom.tick_params(axis="x", labelbottom=True)
    return pairs[:count]


def _paths(found: pd.DataFrame, model: str, names: list[str]) -> list[pd.DataFrame]:
    """Shares of each named feature, (epochs, seeds)."""
    return [_by_seed(found[found["name"] == name], model, "share") for name in names]


def _by_seed(frame: pd.DataFrame, model: str, values: str) -> pd.DataFrame:
    """Finite values of one model, (epochs, seeds)."""
    wide = frame[frame["model"] == model].pivot(index="epoch", columns="seed", values=values)
    return wide.where(np.isfinite(wide))


def _seeds(axes: Axes, wide: pd.DataFrame, colour: str, many: bool) -> None:
    """A thin line for each seed; of many seeds, bands that hold half and CONFIDENCE of them."""
    if not many:
        paths = [np.column_stack([wide.index, path]) for path in wide.to_numpy().T]
        axes.add_collection(LineCollection(paths, colors=colour, lw=0.6, alpha=0.4))
        return
    for part, alpha in ((CONFIDENCE, 0.15), (0.5, 0.3)):
        ends = wide.quantile([0.5 - part / 2, 0.5 + part / 2], axis=1)
        axes.fill_between(wide.index, ends.iloc[0], ends.iloc[1], color=colour, alpha=alpha, lw=0)


def _means(axes: Axes, means: pd.DataFrame, features: _Features) -> None:
    for name, own in means.groupby("name", sort=False):
        if name in features.claimed:
            look: dict[str, Any] = {"color": PALETTE[0], "lw": 2.2, "zorder": 4}
        elif name in features.others:
            place = features.others.index(str(name))
            look = {"color": OTHERS[place], "lw": 1.5, "ls": STYLES[place], "zorder": 3}
        else:
            look = {"color": MUTED, "lw": 0.7}
        axes.plot(own["epoch"], own["mean_share"], **look)
    axes.set_ylim(-0.03, 1.03)


def _loss(axes: Axes, median: pd.DataFrame, of_mean: float, positive: bool) -> None:
    axes.plot(median["epoch"], median["median"], color=INK, lw=1.6)
    if np.isfinite(of_mean):
        axes.axhline(of_mean, **DASHED)
    if positive:
        axes.set_yscale("log")
    # Not powers of ten, which would need mathematics in text.
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
