"""Numbers and names as they stand in the cells, captions and notes of tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.selection import MOST_LISTED
from study.common.methods import DECLARED, METHODS
from study.recipes.model import GivenEstimator
from study.recipes.target import CountTarget, NumericTarget
from study.statistics.agreement import KENDALL, SIGN, SPEARMAN
from study.statistics.coverage import coverage

MEASURE_TITLES = {
    SPEARMAN: "Spearman",
    KENDALL: "Kendall tau-b",
    "top-1": "Top 1",
    "top-2": "Top 2",
    "top-3": "Top 3",
    SIGN: "Signs",
}


def number(value: float, form: str = "{:.2f}") -> str:
    """A number as text: a dash where there is none, powers of ten where it is huge."""
    if pd.isna(value):
        return "–"
    return form.format(value) if abs(value) < 1e9 else f"{value:.2e}"


def percent(proportion: float) -> str:
    """0.125 as 12.5%."""
    return f"{100 * proportion:g}%"


def beside_explained(results: Results) -> str:
    """What the measure is called that is told beside the share explained."""
    target = results.recipe.target
    if isinstance(target, NumericTarget):
        return f"Within {percent(target.tolerance)}"
    return "Mean absolute error" if isinstance(target, CountTarget) else "Accuracy"


def or_dash(label: Any) -> str:
    """A label, or a dash where there is none."""
    return "–" if pd.isna(label) else str(label)


def p_value(value: float) -> str:
    """A p-value: three decimals, or that it is less; a dash where there is none."""
    if np.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def estimate(
    row: Mapping[str, Any], name: str = "mean", expected: str = "BCa", prefix: str = ""
) -> str:
    """A number with its interval, and the interval's kind where it is not the expected one."""
    value = row[name]
    if np.isnan(value):
        return "undefined"
    low, high, kind = row[f"{prefix}low"], row[f"{prefix}high"], row[f"{prefix}interval"]
    if np.isnan(low):
        return f"{value:z.2f} ({kind})"
    bounds = f"{value:z.2f} [{low:z.2f}, {high:z.2f}]"
    return bounds if kind == expected else f"{bounds} {kind}"


def interval_told(bounds: pd.DataFrame, words: str) -> str:
    """Words on the intervals that a caption promises; nothing where none is known, as with few
    seeds.

    bounds : with the column low
    """
    return words if bounds["low"].notna().any() else ""


def seeds(row: Mapping[str, Any]) -> str:
    """How many seeds, and how many of them have no such number."""
    return f"{row['n']}" + (f" ({row['undefined']} undefined)" if row["undefined"] else "")


def holds(results: Results, interval: str) -> str:
    """How often such intervals hold the truth with as many seeds as the run has."""
    return coverage(interval, min(len(results.seeds(model, "real")) for model in results.models))


def provenance(results: Results) -> str:
    """Which run a number comes from."""
    counts = {len(results.seeds(model, "real")) for model in results.models}
    shown = " to ".join(str(count) for count in sorted({min(counts), max(counts)}))
    unit = "seed" if shown == "1" else "seeds"
    return f"Run {results.identity}, data {results.dataset}, {shown} {unit}."


def model_title(results: Results, model: str) -> str:
    """A model's title, or its name when the run does not hold it."""
    return results.title(model) if model in results.models else model


def method_reading(results: Results, method: str) -> str:
    """What the scores of a method are, as far as the run knows."""
    if results.imported:
        return f"Scores as imported from {results.imported}."
    return results.recipe.told(DECLARED[METHODS.index(method)].reading)


def network(results: Results) -> str:
    """What a trained model of a run is called: a network, unless estimators are among them."""
    return "model" if results.estimators else "network"


def estimator_words(results: Results, model: str) -> str:
    """What an estimator is: RandomForestRegressor of scikit-learn (n_estimators = 200)."""
    recipe = results.estimators[model]
    module, _, name = recipe.estimator.partition(":")
    package = module.partition(".")[0]
    arguments = ", ".join(f"{key} = {value}" for key, value in recipe.arguments.items())
    source = "scikit-learn" if package == "sklearn" else package
    told = "given as an object" if isinstance(recipe, GivenEstimator) else arguments
    return f"{name} of {source}" + (f" ({told})" if told else "")


def wide(
    results: Results,
    data: pd.DataFrame,
    cells: Sequence[str] | pd.Series,
    across: str,
    titles: Mapping[Any, str],
    *,
    lines: Sequence[str] = ("model", "method"),
) -> pd.DataFrame:
    """Cells of long data laid out: a line for each model and method, a column for each value.

    `across` names the column of `data` whose values, in the order of `titles`, become columns
    under their titles.
    """
    keys = list(lines)
    table = data.assign(cell=list(cells)).pivot(index=keys, columns=across, values="cell")
    order = pd.MultiIndex.from_frame(data[keys].drop_duplicates())
    values = [value for value in titles if value in table.columns]
    layout = table.reindex(index=order, columns=values).fillna("–").reset_index()
    layout["model"] = layout["model"].map(results.title)
    layout.columns = pd.Index([*map(str.capitalize, keys), *(titles[value] for value in values)])
    return layout


def foremost(overview: Overview, level: str) -> str:
    """Says which items a table holds where it does not hold all, to stand before what follows."""
    results = overview.results
    count, shown = len(results.items(level)), len(overview.listed_items(level))
    if shown == count:
        return ""
    return (
        f"Of {count:,} {level}s, {shown} stand here: those that claims name, and those with the "
        "greatest share, mean over models and methods; ranks and shares are among all. "
    )


def models_left_out(overview: Overview, what: str) -> str:
    """Says which models are drawn or stand in a table, where not all do, to follow others."""
    results = overview.results
    return of_models(len(overview.foremost_models), len(results.models), results, what)


def of_models(shown: int, count: int, results: Results, what: str) -> str:
    """Says how many models are drawn or stand in a table, where not all do, to follow others."""
    if shown == count:
        return ""
    best = "the first of the others" if results.imported else "those that predict best"
    return f" Of {count} models, {shown} {what}: those that claims rest on, and {best}."


def closing(overview: Overview) -> str:
    """Which models stand in the lines of a table, if not all, and which run its numbers are of."""
    left = models_left_out(overview, "stand here")
    return f"{left.strip()} The CSV file has all. " * bool(left) + provenance(overview.results)


def few(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """Names with commas; of many the first, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
