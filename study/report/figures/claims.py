"""Figures of the claim: the verdict, models and methods, growth with seeds, the claimed share."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from study.analysis.claims import level_of_claim, scores_of_claim
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.conditions import CONDITIONS, DECLARED, find_condition
from study.common.methods import TRAINING_GRADIENT
from study.recipes.claim import Claim
from study.report.figures.display import Display
from study.report.figures.parts import (
    diamonds,
    dots,
    grid,
    legend,
    legend_height,
    lines_of,
    looks,
    offset,
    rows,
    share_scale,
    undefined,
)
from study.report.style import INK, MUTED, label, width
from study.report.tables.cells import listed
from study.statistics.intervals import PERCENT
from study.statistics.ranking import shares

CHANCE = "chance, if all ranked alike"
REQUIRED = "required by the claim"


def verdict_strip(overview: Overview) -> Display | None:
    """Every declared claim on its own model and method: the data, the controls, what it needs."""
    results = overview.results
    look = looks(results)
    claims = [
        claim
        for claim in (results.recipe.claim, *results.recipe.claims)
        if overview.own_verdict(claim) is not None
    ]
    if not claims:
        return None
    found = [_own_proportions(overview, claim) for claim in claims]
    data = pd.concat(found, ignore_index=True)
    verdicts = [overview.own_verdict(claim) or {} for claim in claims]

    def title(claim: Claim, verdict: dict[str, Any]) -> str:
        return (
            f"{label(claim.words, 60)}: {verdict['verdict']}\n"
            f"{look[claim.model].label}, {label(claim.method)}"
        )

    lines = [line for of in zip(claims, verdicts, strict=True) for line in title(*of).splitlines()]
    # What narrow titles take in addition, of some 34 signs in a line.
    folded = 0.17 * sum(int(width(line) / 34) for line in lines)

    # What more than two rows in a panel, and more than four lines of a narrow legend, take.
    more = 0.2 * sum(max(len(own) - 2, 0) for own in found)
    below = 0.2 * max(len(_handles(data)) - 4, 0)

    def draw(figure: FigureBase, narrow: bool) -> None:
        panels = figure.subplots(len(claims), 1, squeeze=False, sharex=True)[:, 0]
        for axes, claim, own, verdict in zip(panels, claims, found, verdicts, strict=True):
            names = [
                f"{row.condition}  {row.met} of {row.n}" for row in own.itertuples(index=False)
            ]
            for place, row in enumerate(own.itertuples(index=False)):
                _proportion(axes, row, place, size=8)
            _required(axes, claim.proportion)
            if own["chance"].notna().any():
                axes.axvline(own["chance"].iloc[0], color=MUTED, lw=1, ls=":")
            rows(axes, names)
            axes.set_xlim(-0.03, 1.03)
            axes.set_title(title(claim, verdict), loc="left", fontsize=9.5)
        panels[-1].set_xlabel("proportion of seeds")
        legend(figure, _handles(data), narrow)

    return Display(
        "verdict",
        "Verdict",
        f"Proportion of seeds that meet the claim, on the data and on the controls: "
        f"{'; '.join(_told(overview, claim) for claim in claims)}",
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
        lambda narrow: 0.7 + 1.25 * len(claims) + more + (0.2 + folded + below if narrow else 0),
    )


def _own_proportions(overview: Overview, claim: Claim) -> pd.DataFrame:
    met = overview.proportions(claim)
    own = met[(met["model"] == claim.model) & (met["method"] == claim.method)]
    return own.assign(claim=claim.words, required=claim.proportion)


def _told(overview: Overview, claim: Claim) -> str:
    own = _own_proportions(overview, claim)
    parts = [f"{row.condition} {row.met} of {row.n}" for row in own.itertuples(index=False)]
    return f"{claim.words}, {', '.join(parts)}"


def claim_by_model(overview: Overview) -> Display | None:
    """In what proportion of seeds the claim is met, real beside the controls."""
    results = overview.results
    look = looks(results)
    claim = results.recipe.claim
    data = overview.proportions(claim)
    models = list(results.models)
    methods = [method for method in results.methods() if method in set(data["method"])]
    held = set(data["condition"])
    if not methods:
        return None
    extra = [CHANCE] if data["chance"].notna().any() else []

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [look[model].label for model in models]
        for axes, model in zip(grid(figure, titles, _columns(narrow)), models, strict=True):
            for row in data[data["model"] == model].itertuples(index=False):
                place = methods.index(row.method)
                height = place + offset(CONDITIONS.index(row.condition), len(CONDITIONS))
                _proportion(axes, row, height, size=5)
                axes.plot([row.chance] * 2, [place - 0.5, place + 0.5], ":", color=MUTED, lw=1)
            _required(axes, claim.proportion)
            rows(axes, list(map(label, methods)))
            share_scale(axes)
        figure.supxlabel(
            f"proportion of seeds in which {label(claim.words, 40)}", fontsize=9, color=INK
        )
        legend(figure, _handles(data), narrow)

    return Display(
        "claim",
        "The claim by model and method",
        f"Proportion of seeds in which {claim.words}, by model, method and condition",
        f"Points are proportions of seeds, lines their {PERCENT} Wilson intervals."
        + (
            " A claim that comes out on shuffled targets too is not specific to what the data hold."
            if "shuffled" in held
            else ""
        )
        + _unscored(results, untrained="untrained" in held and TRAINING_GRADIENT in methods),
        data,
        draw,
        lambda narrow: (
            0.8
            + legend_height([*CONDITIONS, REQUIRED, *extra], narrow)
            + lines_of(len(models), _columns(narrow)) * (0.4 + 0.42 * len(methods))
        ),
    )


def _columns(narrow: bool) -> int:
    return 2 if narrow else 5


def _unscored(results: Results, *, untrained: bool) -> str:
    """Which models have no scores by some method or in some condition, and why."""
    only = listed(results.title(model) for model in results.estimators)
    networks = len(results.models) > len(results.estimators)
    return (" Untrained networks have no training gradients." if untrained and networks else "") + (
        f" Without gradients and untrained form: {only}." if only else ""
    )


def claim_growth(overview: Overview) -> Display | None:
    """The proportion that meets the claim among the first n seeds, with its interval."""
    results = overview.results
    look = looks(results)
    claim = results.recipe.claim
    data = overview.growth(claim)
    if data.empty or data["n"].max() < 2:
        return None
    own = data[data["method"] == claim.method]
    models = [model for model in results.models if (own["model"] == model).any()]
    if not models:
        return None

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [look[model].label for model in models]
        panels = grid(figure, titles, _columns(narrow))
        for axes, model in zip(panels, models, strict=True):
            found = own[own["model"] == model]
            colour = look[model].colour
            axes.fill_between(
                found["n"], found["low"], found["high"], color=colour, alpha=0.2, lw=0
            )
            axes.plot(found["n"], found["proportion"], color=colour, lw=1.5)
            axes.axhline(claim.proportion, color=INK, lw=0.8, ls="--")
            axes.set_ylim(-0.03, 1.03)
            if own["n"].max() > 60:
                axes.set_xscale("log")
        figure.supxlabel("number of seeds, in their order", fontsize=9, color=INK)
        figure.supylabel("proportion that meets it", fontsize=9, color=INK)
        handles = [
            Line2D([], [], color=INK, lw=0.8, ls="--", label=REQUIRED),
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
        lambda narrow: 0.9 + 1.9 * lines_of(len(models), _columns(narrow)),
    )


def claimed_share(overview: Overview) -> Display | None:
    """The claimed item's share by method and model, real beside shuffled."""
    results = overview.results
    look = looks(results)
    claim, target = results.recipe.claim, results.recipe.target.name
    name = claim.name
    conditions: tuple[str, ...] = ("real", "shuffled")
    by_panel = {
        (condition, method): [
            (model, found[0], found[1].item)
            for model in results.models
            if (found := scores_of_claim(results, claim, model, condition, method))
        ]
        for condition in conditions
        for method in results.methods()
    }
    methods = [method for method in results.methods() if by_panel["real", method]]
    if not methods:
        return None
    if not any(by_panel["shuffled", method] for method in methods):
        conditions = ("real",)
    by_level: dict[str, list[str]] = {}
    for method in methods:
        by_level.setdefault(level_of_claim(claim, method), []).append(method)
    tables = {level: overview.importance(level) for level in by_level}
    data = pd.concat(
        [
            table[
                (table["name"] == name)
                & table["method"].isin(by_level[level])
                & table["condition"].isin(conditions)
            ]
            for level, table in tables.items()
        ],
        ignore_index=True,
    )
    bounds = {
        (row.condition, row.method, row.model): (row.low, row.high) for row in data.itertuples()
    }
    models = list(results.models)
    control = (
        f"On the right (or below) the {target} of the training rows was shuffled before "
        "training: a share that is large there too says little."
        if len(conditions) > 1
        else "There is no shuffled control in this run."
    )
    published = {
        (model, method): known[name]
        for model in models
        for method in methods
        if name in (known := results.published(model, method))
    }

    def draw(figure: FigureBase, narrow: bool) -> None:
        titles = [f"real {label(target)}", f"shuffled {label(target)}: nothing to find"]
        titles = titles[: len(conditions)]
        panels = grid(figure, titles, 1 if narrow else 2)
        for axes, condition in zip(panels, conditions, strict=True):
            for row, method in enumerate(methods):
                for model, vectors, item in by_panel[condition, method]:
                    dots(
                        axes,
                        shares(vectors.score)[:, [item]],
                        [row + offset(models.index(model), len(models))],
                        look[model].colour,
                        bounds=[bounds[condition, method, model]],
                        marker=look[model].marker,
                        spread=0.3 / len(models),
                    )
            rows(axes, list(map(label, methods)))
            axes.set_xlim(-0.02, 1.02)
        figure.supxlabel(f"share of {label(name)}", fontsize=9, color=INK)
        handles = [look[model].handle for model in models]
        for row, method in enumerate(methods):
            for index, model in enumerate(models):
                if (model, method) in published:
                    height = row + offset(index, len(models))
                    handles += diamonds(panels[0], [published[model, method]], [height])
        legend(figure, handles, narrow)

    names = [look[model].label for model in models]
    return Display(
        "claimed-share",
        f"Share of {name} by method and model",
        f"Share of {name} in each seed, by method and model, on real {target}"
        + (f" and on shuffled {target}" if len(conditions) > 1 else ""),
        f"Each dot is one seed's share of {name}; the upright bar is the mean over seeds, with its "
        f"{PERCENT} interval. {control}"
        + undefined(results, (vectors for found in by_panel.values() for _, vectors, _ in found)),
        data,
        draw,
        lambda narrow: (
            0.5
            + legend_height([*names, "published (one seed)"], narrow)
            + (len(conditions) if narrow else 1)
            * (0.4 + (0.25 + 0.17 * len(models)) * len(methods))
        ),
    )


def _proportion(axes: Axes, row: Any, height: float, size: float) -> None:
    """A proportion of seeds in one condition, with its interval."""
    condition = find_condition(row.condition)
    if np.isfinite(row.low):
        axes.plot([row.low, row.high], [height, height], color=condition.colour, lw=size / 3)
    axes.plot([row.proportion], [height], condition.marker, ms=size, color=condition.colour)


def _required(axes: Axes, proportion: float) -> None:
    axes.axvline(proportion, color=INK, lw=0.8, ls="--")


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
    handles.append(Line2D([], [], color=INK, lw=0.8, ls="--", label=REQUIRED))
    if data["chance"].notna().any():
        handles.append(Line2D([], [], color=MUTED, lw=1, ls=":", label=CHANCE))
    return handles
