"""Figures of the claim: the verdict, models and methods, growth with seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from study.analysis.claims import declared_claims
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.conditions import CONDITIONS, DECLARED, find_condition
from study.common.methods import TRAINING_GRADIENT
from study.common.text import listed
from study.recipes.claim import Claim
from study.report.figures.display import Display
from study.report.figures.heights import above_rows
from study.report.figures.parts import (
    DASHED,
    below,
    beside,
    dashed,
    grid,
    intervals,
    legend,
    legend_height,
    lines_of,
    looks,
    offset,
    panels_across,
    rows,
    share_scale,
)
from study.report.style import MUTED, label, width
from study.statistics.intervals import PERCENT

CHANCE = "chance, if all ranked alike"
REQUIRED = "required by the claim"


@dataclass(frozen=True)
class _Judged:
    """A declared claim: its verdict in a title, and its proportions by condition."""

    claim: Claim
    title: str
    met: pd.DataFrame

    @property
    def counts(self) -> list[tuple[str, str]]:
        """Each condition, and in how many seeds the claim is met there."""
        return [(row.condition, f"{row.met} of {row.n}") for row in self.met.itertuples()]


def verdict_strip(overview: Overview) -> Display | None:
    """Every declared claim on its own model and method: the data, the controls, what it needs."""
    judged = _judged(overview)
    if not judged:
        return None
    data = pd.concat([of.met for of in judged], ignore_index=True)
    told = (f"{of.claim.words}, {', '.join(map(' '.join, of.counts))}" for of in judged)

    def draw(figure: FigureBase, narrow: bool) -> None:
        panels = figure.subplots(len(judged), 1, squeeze=False, sharex=True)[:, 0]
        for axes, of in zip(panels, judged, strict=True):
            _strip(axes, of)
        panels[-1].set_xlabel("proportion of seeds")
        legend(figure, _handles(data), narrow)

    return Display(
        "verdict",
        "Verdict",
        "Proportion of seeds that meet the claim, on the data and on the controls: "
        f"{'; '.join(told)}",
        f"Marks are proportions of seeds, lines their {PERCENT} intervals. Supported: the whole "
        "line of the real data lies at or above the dashed one."
        + (
            " On shuffled targets there is nothing to find: the further left that line lies, the "
            "more the finding tells of the data."
            if "shuffled" in set(data["condition"])
            else ""
        ),
        data,
        draw,
        lambda narrow: _strip_height(judged, len(_handles(data)), narrow),
    )


def _judged(overview: Overview) -> list[_Judged]:
    """The declared claims that are tested on their own model and method."""
    results = overview.results
    found = []
    for claim in declared_claims(results):
        verdict = overview.own_verdict(claim)
        if verdict is None:
            continue
        title = (
            f"{label(claim.words, 60)}: {verdict['verdict']}\n"
            f"{label(results.title(claim.model), 24)}, {label(claim.method)}"
        )
        met = overview.proportions(claim)
        own = met[(met["model"] == claim.model) & (met["method"] == claim.method)]
        found.append(
            _Judged(claim, title, own.assign(claim=claim.words, required=claim.proportion))
        )
    return found


def _strip(axes: Axes, judged: _Judged) -> None:
    """One claim: a row for each condition, what the claim requires, and chance."""
    _proportions(axes, judged.met, np.arange(len(judged.met)), size=8)
    _required(axes, judged.claim.proportion)
    if judged.met["chance"].notna().any():
        axes.axvline(judged.met["chance"].iloc[0], color=MUTED, lw=1, ls=":")
    rows(axes, ["  ".join(count) for count in judged.counts])
    axes.set_xlim(-0.03, 1.03)
    axes.set_title(judged.title, loc="left", fontsize=9.5)


def _strip_height(judged: Sequence[_Judged], handles: int, narrow: bool) -> float:
    """Inches: what more than two rows in a panel take in addition, and what a narrow form does."""
    height = 0.7 + 1.25 * len(judged) + 0.2 * sum(max(len(of.met) - 2, 0) for of in judged)
    if not narrow:
        return height
    # Titles have some 34 signs in a line, and a legend more lines where it has many parts.
    lines = [line for of in judged for line in of.title.splitlines()]
    folded = 0.17 * sum(int(width(line) / 34) for line in lines)
    return height + 0.2 + folded + 0.2 * max(handles - 4, 0)


def claim_by_model(overview: Overview) -> Display | None:
    """In what proportion of seeds the claim is met, real beside the controls."""
    results = overview.results
    look = looks(results, overview.foremost_models)
    claim = results.recipe.claim
    data = overview.of_foremost(overview.proportions(claim))
    models = overview.foremost_models
    methods = [method for method in results.methods() if method in set(data["method"])]
    held = set(data["condition"])
    if not methods:
        return None
    extra = [CHANCE] if data["chance"].notna().any() else []

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [look[model].label for model in models]
        for axes, model in zip(grid(figure, titles, panels_across(narrow)), models, strict=True):
            own = data[data["model"] == model]
            places = own["method"].map(methods.index).to_numpy()
            offsets = [offset(place, len(CONDITIONS)) for place in range(len(CONDITIONS))]
            heights = places + own["condition"].map(dict(zip(CONDITIONS, offsets, strict=True)))
            _proportions(axes, own, heights.to_numpy(), size=5)
            _chances(axes, dict(zip(places, own["chance"], strict=True)))
            _required(axes, claim.proportion)
            rows(axes, list(map(label, methods)))
            share_scale(axes)
        below(figure, f"proportion of seeds in which {label(claim.words, 40)}")
        legend(figure, _handles(data), narrow)

    return Display(
        "claim",
        "The claim by model and method",
        f"Proportion of seeds in which {claim.words}, by model, method and condition",
        f"Points are proportions of seeds, lines their {PERCENT} Wilson intervals."
        + (
            " What comes out on shuffled targets, too, needs nothing that relates rows and targets."
            if "shuffled" in held
            else ""
        )
        + _unscored(
            results, models, untrained="untrained" in held and TRAINING_GRADIENT in methods
        ),
        data,
        draw,
        lambda narrow: (
            0.8
            + legend_height([*CONDITIONS, REQUIRED, *extra], narrow)
            + lines_of(len(models), panels_across(narrow))
            * (above_rows(narrow) + 0.42 * len(methods))
        ),
    )


def _unscored(results: Results, models: Sequence[str], *, untrained: bool) -> str:
    """Which models have no scores by some method or in some condition, and why."""
    only = listed(results.title(model) for model in models if model in results.estimators)
    networks = any(model not in results.estimators for model in models)
    return (" Untrained networks have no training gradients." if untrained and networks else "") + (
        f" Without gradients and untrained form: {only}." if only else ""
    )


def claim_growth(overview: Overview) -> Display | None:
    """The proportion that meets the claim among the first n seeds, with its interval."""
    results = overview.results
    look = looks(results, overview.foremost_models)
    claim = results.recipe.claim
    data = overview.of_foremost(overview.growth(claim))
    if data.empty or data["n"].max() < 2:
        return None
    own = data[data["method"] == claim.method]
    models = [model for model in overview.foremost_models if (own["model"] == model).any()]
    if not models:
        return None

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [look[model].label for model in models]
        panels = grid(figure, titles, panels_across(narrow))
        for axes, model in zip(panels, models, strict=True):
            found = own[own["model"] == model]
            colour = look[model].colour
            axes.fill_between(
                found["n"], found["low"], found["high"], color=colour, alpha=0.2, lw=0
            )
            axes.plot(found["n"], found["proportion"], color=colour, lw=1.5)
            axes.axhline(claim.proportion, **DASHED)
            axes.set_ylim(-0.03, 1.03)
            if own["n"].max() > 60:
                axes.set_xscale("log")
            else:
                axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        below(figure, "number of seeds, in their order")
        beside(figure, "proportion that meets it")
        handles = [
            dashed(REQUIRED),
            Patch(color=MUTED, alpha=0.3, lw=0, label=f"{PERCENT} Wilson interval"),
        ]
        legend(figure, handles, narrow)

    return Display(
        "claim-seeds",
        "The claim against the number of seeds",
        f"Proportion of the first n seeds in which {claim.words}, by {claim.method}, with its "
        f"{PERCENT} interval, as n grows, one panel for each model",
        f"By {claim.method}. The claim is supported once the whole band lies above the dashed "
        "line, contradicted once it lies below. Decide on the number of seeds beforehand: who adds "
        "seeds until the band clears the line errs more often than the intervals say.",
        data,
        draw,
        lambda narrow: 0.9 + 1.9 * lines_of(len(models), panels_across(narrow)),
    )


def _proportions(axes: Axes, data: pd.DataFrame, heights: np.ndarray, size: float) -> None:
    """Proportions of seeds with their intervals, at these heights; conditions as they look."""
    for name, own in data.assign(height=heights).groupby("condition", sort=False):
        condition = find_condition(str(name))
        bounds = own[["low", "high"]].to_numpy()
        intervals(axes, bounds, own["height"], color=condition.colour, lw=size / 3)
        axes.plot(
            own["proportion"], own["height"], condition.marker, ms=size, color=condition.colour
        )


def _chances(axes: Axes, chances: Mapping[int, float]) -> None:
    """An upright line for each row, where chance lies: one line with a gap after each."""
    x = [[chance, chance, np.nan] for chance in chances.values()]
    y = [[place - 0.5, place + 0.5, np.nan] for place in chances]
    axes.plot(np.ravel(x), np.ravel(y), ":", color=MUTED, lw=1)


def _required(axes: Axes, proportion: float) -> None:
    axes.axvline(proportion, **DASHED)


def _handles(data: pd.DataFrame) -> list[Line2D]:
    handles = [
        Line2D(
            [],
            [],
            marker=condition.marker,
            color=condition.colour,
            label=condition.name,
        )
        for condition in DECLARED
        if condition.name in set(data["condition"])
    ]
    handles.append(dashed(REQUIRED))
    if data["chance"].notna().any():
        handles.append(Line2D([], [], color=MUTED, lw=1, ls=":", label=CHANCE))
    return handles
