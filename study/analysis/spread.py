"""What the spread of the claim between halves of the rows comes from: rows, seeds, or both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import level_of_claim, statement_of
from study.analysis.results import Results
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.claim import Claim
from study.statistics.ranking import shares
from study.statistics.variance_components import variance_components

QUANTITIES = ("share", "margin")
_COLUMNS = ("model", "method", "quantity", "n", "rows", "seed", "both", "total", "note")


def spread(results: Results, claim: Claim) -> pd.DataFrame:
    """Variance components of the claimed share, and of the margin, by model and method.

    rows : what all models of a half have in common; seed : what all of a seed; both : the rest;
    total : their sum. Empty without several seeds on each half.
    """
    rows: list[dict[str, Any]] = []
    for model in results.models:
        for method in results.methods():
            level = level_of_claim(results.recipe, claim, method)
            found = results.on_splits(model, method, level, claim.for_class)
            if model == LEAST_SQUARES or found is None:
                continue
            halves = 2 * found.splits + found.halves
            statement = statement_of(claim, found.vectors.items)
            if statement is None or len(np.unique(halves)) == len(halves):
                continue
            score = found.vectors.score
            values = shares(score)[:, statement.item], statement.margin(score)
            for quantity, value in zip(QUANTITIES, values, strict=True):
                parts = variance_components(value, halves, found.seeds)
                rows.append(
                    {
                        "model": model,
                        "method": method,
                        "quantity": quantity,
                        "n": int(np.isfinite(value).sum()),
                        "rows": parts.split,
                        "seed": parts.seed,
                        "both": parts.both,
                        "total": parts.total,
                        "note": parts.note,
                    }
                )
    return pd.DataFrame(rows, columns=_COLUMNS)
