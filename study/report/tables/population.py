"""Tables of what splits of all rows, and shuffles of the targets, say of the claim."""

from typing import Any

import numpy as np
import pandas as pd

from study.analysis.held_out import in_words
from study.analysis.overview import Overview
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.claim import Claim
from study.report.tables.cells import (
    closing,
    estimate,
    foremost,
    number,
    p_value,
    wide,
)
from study.report.tables.claims import margin_words
from study.report.tables.table import Table
from study.statistics.claims import NO_VERDICT
from study.statistics.intervals import PERCENT
from study.statistics.population import FROM_HALVES


def population_table(overview: Overview, claim: Claim | None = None) -> Table | None:
    """The claim for other rows of the same kind, by model and method."""
    results = overview.results
    claim = claim or results.recipe.claim
    data = overview.population(claim)
    if data.empty:
        return None
    other = "Other" if claim.above else "Nearest"
    layout = pd.DataFrame(
        [
            {
                "Model": _title(overview, claim, row),
                "Method": row["method"],
                "Verdict": row["verdict"] + _settled_by(row),
                **({} if claim.share else {other: row["against"]}),
                "Margin": estimate(row, "margin", FROM_HALVES),
                "p": p_value(row["p_value"]),
                "Splits": _splits(row),
            }
            for row in overview.of_foremost(data).to_dict("records")
        ]
    )
    return Table(
        "population",
        f"{claim.words}, for other rows of the same kind",
        f"Over random splits of all {results.recipe.drawn} into halves; in each half, models are "
        "trained from fresh seeds on some of its rows and measured on the others. Margin: "
        f"{margin_over_splits(claim)}, mean over splits with the {PERCENT} interval of Student's "
        "t, whose variance is that of Nadeau and Bengio (2003) from the differences of the halves. "
        f"{_rule(claim)} Else inconclusive, with what would settle it if means and spreads stay. "
        "p: one-sided, that the claim does not hold. * is what the claim rests on; the other rows "
        "are robustness checks, not adjusted for their number. No verdict: "
        f"{in_words(results)}. {_gate(overview)}{closing(overview)}",
        data,
        layout,
    )


def chance_table(overview: Overview, claim: Claim | None = None) -> Table | None:
    """The permutation test of the claim, by model and method."""
    results = overview.results
    claim = claim or results.recipe.claim
    data = overview.chance(claim)
    if data.empty:
        return None
    layout = pd.DataFrame(
        [
            {
                "Model": _title(overview, claim, row),
                "Method": row["method"],
                "Verdict": row["label"],
                "Statistic": number(row["statistic"]),
                "As large": f"{row['as_large']} of {row['shuffles']}",
                "p": p_value(row["p_value"]),
                "Monte Carlo": _range(row["p_low"], row["p_high"]),
                "By other seeds": _range(row["p_lowest"], row["p_highest"]),
            }
            for row in overview.of_foremost(data).to_dict("records")
        ]
    )
    return Table(
        "chance",
        f"{claim.words}: a permutation test",
        f"{_as_compared(overview, claim)} p = (1 + as large) / (1 + shuffles); Monte Carlo: the "
        f"{PERCENT} Clopper–Pearson interval of the p that "
        "endless shuffles would give. By other seeds: the least and the greatest p that other "
        "seeds on the same rows would have had; a mean over seeds has no such test, since it "
        "varies less than one training on a shuffle. * is what the claim rests on. "
        f"{closing(overview)}",
        data,
        layout,
    )


def rank_table(overview: Overview, level: str) -> Table | None:
    """Rank intervals in the population, by model and method."""
    results = overview.results
    data = overview.population_ranks(level)
    if data.empty:
        return None
    shown = overview.of_foremost(data)
    cells = [
        f"{low}" if low == high else f"{low}–{high}"
        for low, high in zip(shown["lowest"], shown["highest"], strict=True)
    ]
    names = [results.items(level)[place] for place in overview.listed_items(level)]
    return Table(
        f"population-ranks-{level}s",
        f"Ranks of the {level}s for other rows of the same kind",
        f"Ranks by mean share over models of random halves of the rows; with {PERCENT} confidence "
        "those of all items of a line hold together (differences of all pairs by Student's t with "
        "the variance from the differences of the halves, and Holm's method). Items that are not "
        f"told apart share their ranks. {foremost(overview, level)}{closing(overview)}",
        data,
        wide(results, shown, cells, "name", {name: name for name in names}),
    )


def _title(overview: Overview, claim: Claim, row: dict[str, Any]) -> str:
    own = (row["model"], row["method"]) == (claim.model, claim.method)
    return overview.results.title(row["model"]) + (" *" if own else "")


def margin_over_splits(claim: Claim) -> str:
    """What the margin of a claim over splits is."""
    if claim.share is not None or claim.above is not None:
        return margin_words(claim)
    return f"share of {claim.name} less that of the item that decides"


def _rule(claim: Claim) -> str:
    """When a claim is supported, and when contradicted."""
    if claim.share is not None or claim.above is not None:
        return "Supported: this interval lies above 0. Contradicted: it lies below."
    if claim.top in (None, 1):
        return (
            "Supported: every such interval lies above 0. Contradicted: one margin is shown to be "
            "below, corrected for as many as there are."
        )
    return (
        f"Supported: all margins but {claim.top - 1} are shown to be above 0, each at a level "
        f"divided by {claim.top}. Contradicted: {claim.top} are shown to be below, corrected for "
        "as many as there are."
    )


def _as_compared(overview: Overview, claim: Claim) -> str:
    """What a permutation test compares, and with what."""
    if overview.results.imported:
        return (
            f"Statistic: of the first seed, {_statistic(claim)}, of shares. As large: seeds of the "
            "shuffled control in which it is as large."
        )
    return (
        f"Statistic: of the first seed on the data, {_statistic(claim)}, of shares, or by "
        f"permutation of drops in {overview.results.recipe.score}. As large: trainings, each on "
        "another shuffle of the training "
        "targets and from a seed of its own, in which it is as large."
    )


def _statistic(claim: Claim) -> str:
    """What a permutation test compares."""
    if claim.share is not None:
        return f"that of {claim.name}"
    if claim.above is not None:
        return f"that of {claim.name} less that of {claim.above}"
    which = "greatest" if claim.top in (None, 1) else f"{claim.top}. greatest"
    return f"that of {claim.name} less the {which} of the others"


def _gate(overview: Overview) -> str:
    """The held-out fit of each model."""
    measures = overview.results.measures
    parts = [
        f"{overview.results.title(row['model'])} {number(row[measures.explained])}"
        for row in overview.of_foremost(overview.held_out).to_dict("records")
    ]
    return f"Median held-out {measures.symbol}: {', '.join(parts)}. " if parts else ""


def _settled_by(row: dict[str, Any]) -> str:
    if np.isnan(row["settle_rows"]) or row["verdict"] == NO_VERDICT:
        return ""
    if np.isinf(row["settle_rows"]):
        return "; nothing would settle it"
    rows = f"{row['settle_rows']:.1f} times the rows"
    if np.isinf(row["settle_splits"]):
        return f"; {rows}"
    return f"; about {row['settle_splits']:.0f} splits, or {rows}"


def _splits(row: dict[str, Any]) -> str:
    several = row["seeds"] > 1 and row["model"] != LEAST_SQUARES
    each = f", {row['seeds']} seeds each" if several else ""
    lost = f" ({row['undefined']} more without shares)" if row["undefined"] else ""
    return f"{row['splits']}{each}{lost}"


def _range(low: float, high: float) -> str:
    return "–" if np.isnan(low) else f"{low:.3f} to {high:.3f}"
