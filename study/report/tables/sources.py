"""Tables of what moves the finding, and of what to be warned of."""

from typing import Any

import pandas as pd

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.sources import ALL
from study.report.tables.cells import closing, network, number
from study.report.tables.table import Table

SOURCE_TITLES = {
    ALL: "all but the rows (ordinary seeds)",
    "init": "initial weights",
    "order": "order of the rows",
    "dropout": "dropout",
    "rows": "sample of rows (sampling, not training)",
}
RANDOM_STATE = "random_state"  # what source `init` is of an estimator


def source_table(overview: Overview) -> Table | None:
    """Spread of the claimed share by source of randomness."""
    results = overview.results
    data = overview.sources
    if data.empty:
        return None
    claim = results.recipe.claim
    shown = overview.of_foremost(data[data["method"] == claim.method])
    if shown.empty:
        return None
    of_run = network(results)
    layout = pd.DataFrame(
        {
            "Model": shown["model"].map(results.title),
            "Varies": [_varies(results, row) for row in shown.itertuples()],
            "Trained" if results.estimators else "Networks": [
                _networks(row) for row in shown.itertuples()
            ],
            f"Share of {claim.name}": shown["mean_share"].map(lambda v: number(v, "{:.3f}")),
            "sd within a base seed": [_range(row, "sd", "{:.3f}") for row in _records(shown)],
            "sd between base seeds": shown["between"].map(lambda v: number(v, "{:.3f}")),
            "Claim met (base seeds)": [
                f"{row['met']} of {row['n']}" + _ends(row, "rate", "{:.2f}")
                for row in _records(shown)
            ],
            "Spearman of two": [_range(row, "spearman", "{:z.2f}") for row in _records(shown)],
        }
    )
    return Table(
        "sources",
        f"Which source of randomness moves the share of {claim.name}, by {claim.method}",
        "One source varies, and the others are held at a base seed. The standard deviation (sd) "
        "is that of the share within a base seed, pooled over base seeds, and in brackets that "
        f"of the calmest and the wildest base seed; likewise for the proportion of {of_run}s that "
        f"meet the claim ({claim.words}) and for the mean Spearman correlation of two {of_run}s. "
        f"{_training(results)} are noise of training on this data set; the sample of rows is a "
        f"bootstrap of the training rows, and stands for other data. {of_run.capitalize()}s of one "
        "base seed share what is held, so there is no interval over all of them. Where "
        "nothing varies, as dropout in a network without it, all of a base seed are one. "
        f"The CSV file holds every method. {closing(overview)}",
        data,
        layout,
    )


def _varies(results: Results, row: Any) -> str:
    if row.source == "init" and row.model in results.estimators:
        return RANDOM_STATE
    return SOURCE_TITLES[row.source]


def _training(results: Results) -> str:
    """The sources of training noise, to begin a sentence with."""
    of_estimators = f" of networks and {RANDOM_STATE}" if results.estimators else ""
    return f"Initial weights, order and dropout{of_estimators}"


def _networks(row: Any) -> str:
    """How many networks there are that differ, and at how many base seeds."""
    if row.source == ALL:
        return f"{row.n}"
    same = ", nothing varies" if row.n == row.bases else ""
    return f"{row.n} at {row.bases} base seeds{same}"


def _records(frame: pd.DataFrame) -> list[dict[str, float]]:
    return frame.to_dict("records")


def _range(row: dict[str, float], name: str, form: str) -> str:
    return number(row[name], form) + _ends(row, name, form)


def _ends(row: dict[str, float], name: str, form: str) -> str:
    if row["bases"] < 2:
        return ""
    return f" ({number(row[f'{name}_low'], form)} to {number(row[f'{name}_high'], form)})"
