"""Tables of two runs side by side; differences are those of the second less the first."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import level_of_claim
from study.analysis.results import Results
from study.common.methods import LEVELS
from study.common.vocabulary import LEAST_SQUARES
from study.compare import pairing
from study.compare.comparison import Comparison
from study.compare.differences import EQUAL, IDENTICAL
from study.report.tables.cells import (
    estimate,
    model_title,
    number,
    of_models,
    or_dash,
    p_value,
    percent,
    provenance,
)
from study.report.tables.table import Table
from study.statistics.claims import NO_VERDICT
from study.statistics.coverage import coverage
from study.statistics.intervals import FEWEST, PERCENT

HASH = 12
_SIGN = "Differences are second less first. "
_BOOTSTRAP = (
    f"{PERCENT} intervals by BCa bootstrap over seeds unless said, not adjusted for their number. "
)


def comparison_tables(comparison: Comparison) -> dict[str, Table]:
    """Every table of a comparison that there is something for, by name."""
    tables = [
        ("", changes_table(comparison)),
        ("claim", own_verdicts_table(comparison)),
        ("claim", claim_differences_table(comparison)),
        ("fit", fit_differences_table(comparison)),
        *(("shares", share_differences_table(comparison, level)) for level in LEVELS),
        *(("agreement", order_agreement_table(comparison, level)) for level in LEVELS),
    ]
    return {
        table.name: replace(table, section=section)
        for section, table in tables
        if table is not None
    }


def main_tables(comparison: Comparison) -> list[Table]:
    """The tables to look at first: those of the level that the claim speaks of."""
    first = comparison.first
    claim = first.recipe.claim
    level = level_of_claim(first.recipe, claim, claim.method)
    names = ["changes", "claim", "fit", f"shares-{level}s", f"agreement-{level}s"]
    tables = comparison_tables(comparison)
    return [tables[f"compare-{name}"] for name in names if f"compare-{name}" in tables]


def changes_table(comparison: Comparison) -> Table | None:
    """What differs in recipes, seeds and environment."""
    first, second = comparison.results
    data = comparison.changes
    if data.empty:
        return None

    def shown(row: Mapping[str, Any], run: str) -> str:
        value = row[run]
        if pd.isna(value):
            return "–"
        return value[:HASH] if row["what"] in pairing.HASHED else value

    rows = data.to_dict("records")
    layout = pd.DataFrame(
        {
            "What": data["what"],
            "Key": data["key"],
            "First": [shown(row, "first") for row in rows],
            "Second": [shown(row, "second") for row in rows],
        }
    )
    return Table(
        "compare-changes",
        "What changed between two runs",
        "Only what differs; a dash where a run has no such thing. Of the hash of a table's rows, "
        f"the first {HASH} digits. {_provenance(first, second)}",
        data,
        layout,
    )


def own_verdicts_table(comparison: Comparison) -> Table:
    """What came of the claim that each run declared."""
    first, second = comparison.results
    data = comparison.own_verdicts
    results = {"first": first, "second": second}
    layout = pd.DataFrame(
        [
            {
                "Run": f"{row['run']} ({row['identity']})",
                "Claim": row["claim"],
                "Model": model_title(results[row["run"]], row["model"]),
                "Method": row["method"],
                "Required": percent(row["required"]),
                "Other rows": or_dash(row["population"]),
                "Above chance": or_dash(row["chance"]),
                "Met": "–" if pd.isna(row["met"]) else _count(row),
                "Over seeds": row["verdict"],
            }
            for row in data.to_dict("records")
        ]
    )
    return Table(
        "compare-verdicts",
        "The claim that each run declared",
        f"Each run's own claim in all its own seeds. {_provenance(first, second)}",
        data,
        layout,
    )


def claim_differences_table(comparison: Comparison) -> Table | None:
    """The claim in both runs by model and method."""
    first, second = comparison.results
    data = comparison.claim_differences
    if data.empty:
        return None
    claim, other = comparison.judged_claims
    layout = pd.DataFrame(
        [
            {
                "Model": first.title(row["model"]) + (" *" if row["role"] == "primary" else ""),
                **claim_cells(row),
            }
            for row in comparison.of_foremost(data).to_dict("records")
        ]
    )
    if claim is other:
        judged = (
            f"Claim, in both runs: {claim.words} among the {claim.level}s in at least "
            f"{percent(claim.proportion)} of seeds, by {claim.method} of {claim.model} (*). "
        )
    else:
        judged = (
            f"The second run has nothing that the first's claim speaks of, so that each is judged "
            f"by its own: {claim.words}, and {other.words}; there is no difference to take. "
        )
    return Table(
        "compare-claim",
        f"{claim.words}: two runs by model and method",
        f"{judged}First and second: seeds that meet it, of all seeds of a run, and the verdict. "
        f"Difference of the proportions over the seeds named, with Newcombe's {PERCENT} interval, "
        f"not adjusted for their number. {_SIGN}A verdict that changes is not by itself a "
        f"difference that is told apart from none. {_pairs(first, second)}"
        f"{_holds(data, 'difference of proportions', 'difference of proportions of two runs')}"
        f"{_closing(comparison)}",
        data,
        layout,
    )


def fit_differences_table(comparison: Comparison) -> Table | None:
    """How much each model explains in both runs."""
    first, second = comparison.results
    data = comparison.fit_differences
    if data.empty:
        return None
    shown = comparison.of_foremost(data)
    layout = _layout(first, shown, {"Rows": shown["part"]})
    return Table(
        "compare-fit",
        "Fit of two runs by model",
        f"Mean {first.measures.symbol} over the seeds named, rows one by one, condition real; "
        f"seeds that diverged are left out. {_SIGN}{_BOOTSTRAP}{_pairs(first, second)}"
        f"{_of_means(data)}{_closing(comparison)}",
        data,
        layout,
    )


def share_differences_table(comparison: Comparison, level: str) -> Table | None:
    """The claimed item's share in both runs by model and method."""
    first, second = comparison.results
    data = comparison.share_differences(level)
    if data.empty:
        return None
    name = first.recipe.claim.name
    laid_out = comparison.of_foremost(data)
    shown = laid_out[laid_out["name"] == name]
    columns = {"Method": shown["method"]}
    if shown.empty:  # the claim is on the other level
        shown, name = laid_out, f"each {level}"
        columns = {"Method": shown["method"], level.capitalize(): shown["name"]}
    return Table(
        f"compare-shares-{level}s",
        f"Share of {name} in two runs, by {level}",
        f"Mean share over the seeds named, condition real; the CSV file holds every {level}. "
        f"{_SIGN}{_BOOTSTRAP}{_pairs(first, second)}{_of_means(data)}{_closing(comparison)}",
        data,
        _layout(first, shown, columns),
    )


def order_agreement_table(comparison: Comparison, level: str) -> Table | None:
    """How far two runs give the same order."""
    first = comparison.first
    data = comparison.order_agreement(level)
    if data.empty:
        return None
    layout = pd.DataFrame(
        [
            {
                "Model": first.title(row["model"]),
                "Method": row["method"],
                "Spearman": _in_short(estimate(row)),
                "if unrelated": f"{number(row['null_mean'], '{:z.2f}')} ± {number(row['null_sd'])}",
                "p": p_value(row["p_value"]),
                "Seeds": _seeds({**row, "n_first": row["n"]}),
            }
            for row in comparison.of_foremost(data).to_dict("records")
        ]
    )
    nulls = ", ".join(dict.fromkeys(data["null"]))
    return Table(
        f"compare-agreement-{level}s",
        f"Agreement of two runs in the order of the {level}s",
        "Spearman correlation of a model's scores in the first run with those in the second, mean "
        f"over the seeds in common, with the {PERCENT} interval (BCa bootstrap over seeds); of "
        "independent seeds, that of the mean shares, without interval. If unrelated: mean ± "
        f"standard deviation when the {level}s of one side are relabelled, alike in all seeds, and "
        f"p, the proportion of relabellings that agree at least as well ({nulls}), not adjusted "
        f"for their number. Condition real. {_holds(data, 'agreement within seeds', '', 'n')}"
        f"{_closing(comparison)}",
        data,
        layout,
    )


def _pairs(first: Results, second: Results) -> str:
    """Which seeds make the differences."""
    same = (
        "the same seed"
        if pairing.imported(first, second)
        else "the same seed, which has the same random streams in both runs"
    )
    return (
        f"Seeds: pairs of {same}, where the runs have {FEWEST} seeds in common, or as many as the "
        "rest of either; else each run's other seeds, as independent samples. Identical: the same "
        "numbers, bit for bit, in all pairs. "
    )


def _layout(first: Results, data: pd.DataFrame, columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Means of both runs and their difference, under columns that say of what."""
    rows = data.to_dict("records")
    return pd.DataFrame(
        {
            "Model": data["model"].map(first.title),
            **columns,
            "First": [number(row["mean_first"], "{:z.3f}") for row in rows],
            "Second": [number(row["mean_second"], "{:z.3f}") for row in rows],
            "Difference": [_difference(row, "BCa", 3) for row in rows],
            "Seeds": [_seeds(row) for row in rows],
        }
    )


def _difference(row: Mapping[str, Any], expected: str, digits: int) -> str:
    """A difference with its sign and interval, or why there is none."""
    kind: str = row["interval"]
    if kind.startswith((IDENTICAL, EQUAL)):
        return _in_short(kind)
    if np.isnan(row["difference"]):
        return "–"
    difference = number(row["difference"], f"{{:+z.{digits}f}}")
    if np.isnan(row["low"]):
        return f"{difference} ({_in_short(kind)})"
    low, high = (number(row[end], f"{{:z.{digits}f}}") for end in ("low", "high"))
    return f"{difference} [{low}, {high}]" + ("" if kind == expected else f" {kind}")


def _in_short(cell: str) -> str:
    """A cell without what the column of seeds, or its lack of an interval, says as well."""
    return re.sub(r": no interval|: too few for an interval| on the \d+ common seeds?", "", cell)


def _met(row: Mapping[str, Any], run: str) -> str:
    if row["model"] == LEAST_SQUARES:
        return "met" if row[f"met_{run}"] else "not met"
    own = {key: row[f"{key}_{run}"] for key in ("met", "n", "interval", "verdict", "reason")}
    return f"{_count(own)}: {own['verdict']}"


def _count(row: Mapping[str, Any]) -> str:
    """In how many seeds a claim is met; seeds that are all the same are one observation."""
    if row["verdict"] == NO_VERDICT and row["n"] == 1:
        return f"{'met' if row['met'] else 'not met'}, {row['interval']}"
    return f"{row['met']:.0f} of {row['n']:.0f}"


def _seeds(row: Mapping[str, Any]) -> str:
    """The pairing in few words."""
    words: str = row["pairing"].replace("no seeds", "")
    short = words.removeprefix("paired over ").removeprefix("independent: ")
    short = short.replace(" seeds, without", ", without").removesuffix(" seeds")
    lost = row.get("undefined", 0)
    return (short or "–") + (f" ({lost} undefined)" if lost else "")


def _holds(data: pd.DataFrame, paired: str, independent: str, count: str = "compared") -> str:
    """How often such intervals hold the truth with as many seeds as the fewest that are given."""
    given = data[data["low"].notna()]
    parts = []
    for interval, start in ((paired, "paired"), (independent, "independent")):
        rows = given[given["pairing"].str.startswith(start)]
        if len(rows):
            parts.append(coverage(interval, int(rows[count].min())))
    return "".join(parts)


def _of_means(data: pd.DataFrame) -> str:
    return _holds(data, "mean over seeds", "difference of means of two runs")


def claim_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """The claim in both runs by a method, as it stands in a table."""
    return {
        "Method": row["method"],
        "First": _met(row, "first"),
        "Second": _met(row, "second"),
        "Difference": _difference(row, "Newcombe", 2),
        "Seeds": _seeds(row),
    }


def share_cell(row: Mapping[str, Any]) -> str:
    """The difference of a share."""
    return _difference(row, "BCa", 3)


def _closing(comparison: Comparison) -> str:
    """Which models stand in the lines of a table, if not all, and of which runs its numbers are."""
    left = models_left_out(comparison, "stand here")
    return f"{left.strip()} The CSV file has all. " * bool(left) + _provenance(*comparison.results)


def models_left_out(comparison: Comparison, what: str) -> str:
    """Says which models are drawn or stand in a table, where not all do, to follow others."""
    shown = len(comparison.foremost_models)
    return of_models(shown, shown + len(comparison.more_models), comparison.first, what)


def _provenance(first: Results, second: Results) -> str:
    """Which two runs a number comes from."""
    parts = (provenance(results).removeprefix("Run") for results in (first, second))
    return "First run{} Second run{}".format(*parts)
