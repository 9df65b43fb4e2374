"""The table of the claim's model and method: scores in their own units, shares and directions."""

from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import level_of_claim
from study.analysis.overview import Overview
from study.recipes.claim import Claim
from study.report.tables.cells import foremost, method_reading, model_title, number, provenance
from study.report.tables.table import Table


def score_table(overview: Overview) -> Table | None:
    """Every item's share, score and direction, what the claim names first, then the greatest."""
    results = overview.results
    claim = results.recipe.claim
    data = leading_first(overview.own_units, claim)
    if data.empty:
        return None
    level = level_of_claim(results.recipe, claim, claim.method)
    layout = pd.DataFrame(
        {
            level.capitalize(): data["name"],
            "Share": _spread(data, "share", "{:.2f}"),
            "Score": _spread(data, "score", "{:.2g}"),
            "Predictions": [direction(row) for row in data.to_dict("records")],
        }
    )
    of_class = f", class {claim.for_class}" if claim.for_class is not None else ""
    return Table(
        "scores",
        f"Shares, scores and directions: {model_title(results, claim.model)}, {claim.method}"
        f"{of_class}",
        "Mean ± standard deviation over seeds. A score is in the method's own units, a share is "
        f"without any. {method_reading(results, claim.method)}{_directed(data)} "
        f"{foremost(overview, level)}{provenance(results)}",
        data,
        layout,
    )


def direction(row: dict[str, Any]) -> str:
    """Which way predictions move as an item grows, and in how many seeds; a dash where none is
    known."""
    rises, falls = row["rises"], row["falls"]
    if not rises and not falls:
        return "–"
    if rises == falls:
        return f"rise in {rises}, fall in {falls} of {row['signed_n']}"
    return f"{'rise' if rises > falls else 'fall'} in {max(rises, falls)} of {row['signed_n']}"


def leading_first(data: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """The rows of items: what the claim names, then by share, the greatest first."""
    if data.empty:
        return data
    claimed = claim.names
    first = [claimed.index(name) if name in claimed else len(claimed) for name in data["name"]]
    order = np.lexsort([-data["mean_share"].fillna(0), first])
    return data.iloc[order].reset_index(drop=True)


def _spread(data: pd.DataFrame, of: str, form: str) -> list[str]:
    """Means with their standard deviations, where there are any."""
    return [
        number(mean, form) + ("" if np.isnan(sd) else f" ± {number(sd, form)}")
        for mean, sd in zip(data[f"mean_{of}"], data[f"sd_{of}"], strict=True)
    ]


def _directed(data: pd.DataFrame) -> str:
    """By which method it is told which way predictions move, as a sentence to follow others."""
    method = data["direction"].iloc[0]
    if method is None:
        return " No score of this run says which way predictions move."
    return (
        f" In how many seeds predictions rise or fall, on average, as it grows: by {method}. A "
        "sum of one-hot columns has no direction."
    )
