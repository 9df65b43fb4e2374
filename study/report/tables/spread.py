"""Table of what the spread between halves of the rows comes from."""

import math

import pandas as pd

from study.analysis.overview import Overview
from study.report.tables.cells import closing, number
from study.report.tables.claims import margin_words
from study.report.tables.table import Table


def spread_table(overview: Overview) -> Table | None:
    """Variance components of the claimed share and of the margin."""
    results = overview.results
    claim = results.recipe.claim
    data = overview.spread(claim)
    if data.empty:
        return None
    layout = pd.DataFrame(
        [
            {
                "Model": results.title(row["model"]),
                "Method": row["method"],
                "Of": row["quantity"],
                **{part.capitalize(): _part(row[part], row["total"]) for part in _PARTS},
                "Deviation": number(math.sqrt(row["total"]), "{:.3f}"),
                "Models": f"{row['n']}",
            }
            for row in overview.of_foremost(data).to_dict("records")
        ]
    )
    return Table(
        "spread",
        f"Where the spread between models of halves of the rows comes from: {claim.words}",
        "Parts of the variance between models trained on random halves of the rows, by restricted "
        "maximum likelihood: rows, what all models of a half have in common; seed, what all models "
        "of a seed have; both, what neither explains. Deviation: of models that share neither. "
        f"Margin: {margin_words(claim)}, in each model. {closing(overview)}",
        data,
        layout,
    )


_PARTS = ("rows", "seed", "both")


def _part(variance: float, total: float) -> str:
    return number(100 * variance / total if total else math.nan, "{:.0f}%")
