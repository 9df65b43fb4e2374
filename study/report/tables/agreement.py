"""Tables of agreement between methods, models and seeds."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from study.analysis import agreement
from study.analysis.overview import Overview
from study.analysis.warnings.scores import NEAR_ONE
from study.report.tables.cells import (
    MEASURE_TITLES,
    closing,
    estimate,
    holds,
    number,
    p_value,
    seeds,
    wide,
)
from study.report.tables.table import Table
from study.statistics.agreement import SIGN, SPEARMAN, TOP_1
from study.statistics.intervals import PERCENT

_SIGNS = "Signs: the part of features to which both give the same sign. "


def agreement_table(overview: Overview, between: str, level: str) -> Table | None:
    """Mean agreement between methods (of one model) or models (of one method)."""
    results = overview.results
    within_title: Callable[[str], str]
    pair_title: Callable[[str], str]
    if between == "methods":
        data, within = overview.method_agreement(level), "model"
        within_title, pair_title = results.title, str
    else:
        data, within = overview.model_agreement(level), "method"
        within_title, pair_title = str, results.title
    if data.empty:
        return None
    pair = between.removesuffix("s")
    shown = overview.of_foremost(data)
    spearman = agreement.spearman_only(shown)
    cells = _cells(shown, spearman[[within, "first", "second"]])
    layout = pd.DataFrame(
        {
            within.capitalize(): [within_title(value) for value in spearman[within]],
            f"First {pair}": [pair_title(value) for value in spearman["first"]],
            f"Second {pair}": [pair_title(value) for value in spearman["second"]],
            "Seeds": [seeds(row) for row in spearman.to_dict("records")],
            "Spearman": cells[SPEARMAN].array,
            "if unrelated": [_null(row) for row in spearman.to_dict("records")],
            "p": spearman["p_value"].map(p_value).array,
            **{
                MEASURE_TITLES[measure]: cells[measure].array
                for measure in cells.columns
                if measure != SPEARMAN
            },
        }
    )
    items = len(results.items(level))
    nulls = ", ".join(dict.fromkeys(data["null"]))
    return Table(
        f"agreement-{between}-{level}s",
        f"Agreement between {between}, by {level}",
        f"Agreement of two score vectors of {items} {level}s within a seed, mean over seeds, with "
        f"the {PERCENT} interval (BCa bootstrap over seeds unless said; of top 1, a proportion, "
        "Wilson's), condition real. Top k: the part of the k greatest that both have. "
        f"{_SIGNS if SIGN in cells.columns else ''}If unrelated: mean ± standard "
        f"deviation of the same mean Spearman when the {level}s of one side are relabelled, alike "
        "in all seeds, and p, the proportion of relabellings that agree at least as well; the CSV "
        f"file has both for every measure ({nulls}). p-values are not adjusted for their number. "
        f"{holds(results, 'agreement within seeds')}{closing(overview)}",
        data,
        layout,
    )


def _cells(data: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Means with their intervals as text: a line for each pair, a column for each measure."""
    texts = [
        estimate(row, expected="Wilson" if row["measure"] == TOP_1 else "BCa")
        for row in data.to_dict("records")
    ]
    cells = data.assign(cell=texts).pivot(index=[*pairs], columns="measure", values="cell")
    measures = [measure for measure in MEASURE_TITLES if measure in cells.columns]
    return cells.reindex(pd.MultiIndex.from_frame(pairs))[measures].fillna("–")


def seed_agreement_table(overview: Overview, level: str) -> Table | None:
    """Mean agreement over all pairs of seeds, by model and method."""
    results = overview.results
    data = overview.seed_agreement(level)
    if data.empty:
        return None
    real = data[data["condition"] == "real"]
    shown = overview.of_foremost(real)
    cells = [estimate(row, expected="jackknife-t") for row in shown.to_dict("records")]
    layout = wide(results, shown, cells, "measure", MEASURE_TITLES)
    most = real["n"] - real["undefined"] == (real["n"] - real["undefined"]).max()
    of_most = real[most].drop_duplicates("measure").set_index("measure")
    nulls = [f"{MEASURE_TITLES[name]} {_null(of_most.loc[name])}" for name in of_most.index]
    return Table(
        f"agreement-seeds-{level}s",
        f"Agreement between seeds, by {level}",
        f"Mean over all pairs of seeds, with the {PERCENT} interval (jackknife-t over seeds), "
        "condition real; the CSV file has shuffled too. If "
        f"{(real['n'] - real['undefined']).max()} seeds gave unrelated orders of the "
        f"{len(results.items(level))} {level}s, the means would be: {', '.join(nulls)}. Top k: the "
        f"part of the k greatest in common. For a Spearman above {NEAR_ONE:g} see warning S007. "
        f"{holds(results, 'agreement between seeds')}{closing(overview)}",
        data,
        layout,
    )


def concordance_table(overview: Overview, level: str) -> Table | None:
    """Kendall's W among seeds."""
    results = overview.results
    data = overview.seed_concordance(level)
    if data.empty:
        return None
    shown = overview.of_foremost(data)
    layout = pd.DataFrame(
        {
            "Model": shown["model"].map(results.title),
            "Method": shown["method"],
            "Seeds": [seeds(row) for row in shown.to_dict("records")],
            "W": shown["w"].map(lambda value: number(value, "{:.3f}")),
            "p": shown["p_value"].map(p_value),
        }
    )
    return Table(
        f"concordance-{level}s",
        f"Kendall's W among seeds, by {level}",
        "W is 1 when all seeds give the same order and about 1 / seeds when their orders have "
        "nothing in common; p: proportion of drawn orders at least as concordant "
        f"({', '.join(dict.fromkeys(data['null']))}). W is a function of the mean pairwise "
        "Spearman correlation, and no second finding. Condition real. "
        f"{closing(overview)}",
        data,
        layout,
    )


def _null(row: Mapping[str, Any]) -> str:
    return f"{number(row['null_mean'], '{:z.2f}')} ± {number(row['null_sd'])}"
