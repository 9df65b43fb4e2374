"""Tables of importance, and of how models and methods differ in it."""

import numpy as np
import pandas as pd

from study.analysis.overview import Overview
from study.common.vocabulary import LEAST_SQUARES
from study.report.tables.cells import closing, estimate, foremost, holds, seeds
from study.report.tables.table import Table
from study.statistics.intervals import PERCENT


def importance_table(overview: Overview, level: str) -> Table | None:
    """Mean share and rank of every item, by method and model."""
    results = overview.results
    data = overview.importance(level)
    if data.empty:
        return None
    real = overview.of_foremost(data[data["condition"] == "real"])
    cells = real.assign(cell=real.apply(_share_cell, axis=1)).pivot(
        index=["method", "name"], columns="model", values="cell"
    )
    items = list(dict.fromkeys(real["name"]))
    methods = [method for method in results.methods() if method in set(real["method"])]
    cells = cells.reindex([(method, item) for method in methods for item in items])
    models = _laid_out(overview, cells)
    layout = cells[models].fillna("–").reset_index()
    # Titles are set by position: nothing keeps a model from being called "Method".
    titles = ["Method", level.capitalize(), *map(results.title, models)]
    published = real.dropna(subset="published").set_index(["method", "name"])["published"]
    if len(published):
        texts = published.map("{:.3f}".format).reindex(cells.index, fill_value="")
        layout[len(titles)] = texts.array
        titles.append("Published")
    layout.columns = pd.Index(titles)
    return Table(
        f"importance-{level}s",
        f"Importance of each {level} by method and model",
        "Share of the total importance, mean ± standard deviation over seeds, and in brackets "
        "the mean rank (1 is the most important), condition real; the CSV file holds all "
        "conditions and intervals (BCa bootstrap over seeds). "
        f"{holds(results, 'mean over seeds')}{foremost(overview, level)}{closing(overview)}",
        data,
        layout,
    )


def _laid_out(overview: Overview, cells: pd.DataFrame) -> list[str]:
    """The models among the columns of a table, in their order."""
    shown = (*overview.foremost_models, LEAST_SQUARES)
    return [model for model in shown if model in cells.columns]


def class_table(overview: Overview, level: str) -> Table | None:
    """Mean share and rank of every item for each of more than two classes."""
    results = overview.results
    data = overview.class_importance(level)
    if data.empty:
        return None
    index = ["method", "class", "name"]
    shown = overview.of_foremost(data)
    cells = shown.assign(cell=shown.apply(_share_cell, axis=1)).pivot(
        index=index, columns="model", values="cell"
    )
    cells = cells.reindex(pd.MultiIndex.from_frame(shown[index].drop_duplicates()))
    models = _laid_out(overview, cells)
    layout = cells[models].fillna("–").reset_index()
    layout.columns = pd.Index(["Method", "Class", level.capitalize(), *map(results.title, models)])
    return Table(
        f"importance-classes-{level}s",
        f"Importance of each {level} for each class, by method and model",
        "Share of the importance for that class, mean ± standard deviation over seeds, and in "
        "brackets the mean rank, condition real. Gradients are those of the class’s logit less the "
        f"mean logit; their absolute means add up over classes to the method’s scores. "
        f"{foremost(overview, level)}{closing(overview)}",
        data,
        layout,
    )


def difference_table(overview: Overview, between: str, level: str) -> Table | None:
    """How much the claimed item's share differs between models, or between methods."""
    results = overview.results
    if between == "models":
        data, within = overview.model_differences(level), "method"
    else:
        data, within = overview.method_differences(level), "model"
    if data.empty:
        return None
    name = results.recipe.claim.name
    laid_out = overview.of_foremost(data)
    shown = laid_out[laid_out["name"] == name]
    if shown.empty:  # the claim is on the other level
        shown, name = laid_out, f"each {level}"

    def title(kind: str, value: str) -> str:
        return results.title(value) if kind == "model" else value

    pair = between.removesuffix("s")
    layout = pd.DataFrame(
        {
            within.capitalize(): [title(within, value) for value in shown[within]],
            f"First {pair}": [title(pair, value) for value in shown["first"]],
            f"Second {pair}": [title(pair, value) for value in shown["second"]],
            level.capitalize(): shown["name"].to_list(),
            "Seeds": [seeds(row) for row in shown.to_dict("records")],
            "First less second": [estimate(row) for row in shown.to_dict("records")],
        }
    )
    return Table(
        f"differences-{between}-{level}s",
        f"Difference between {between} in the share of {name}, by {level}",
        f"Mean over seeds of the difference within a seed, with the {PERCENT} interval (BCa "
        f"bootstrap over seeds unless said), condition real; the CSV file holds every {level}. "
        "Both shares of a difference are of the same seed, and differences of the same seeds rest "
        "on the same draws of them. Intervals are not adjusted for their number. "
        f"{holds(results, 'mean over seeds')}{foremost(overview, level)}{closing(overview)}",
        data,
        layout,
    )


def _share_cell(row: pd.Series) -> str:
    if np.isnan(row["mean_share"]):
        return "undefined"
    spread = "" if np.isnan(row["sd_share"]) else f" ± {row['sd_share']:.3f}"
    lost = f", undefined in {row['undefined']}" if row["undefined"] else ""
    return f"{row['mean_share']:.3f}{spread} ({row['mean_rank']:.1f}{lost})"
