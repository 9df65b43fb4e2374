"""The tables of the report, as CSV, Markdown, LaTeX and HTML."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from study.report import analysis
from study.results import Results
from study.statistics.agreement import null_deviation
from study.words import CONDITIONS, LEAST_SQUARES, METHODS, printable


@dataclass(frozen=True)
class Table:
    """A table: plain numbers for CSV, and the same numbers laid out to be read.

    name : stem of its files; caption, notes : plain text; data : one row for each number;
    layout : strings in the order and form in which they are read.
    """

    name: str
    caption: str
    notes: str
    data: pd.DataFrame
    layout: pd.DataFrame

    def csv(self) -> str:
        return self.data.to_csv(index=False, lineterminator="\n")

    def markdown(self) -> str:
        escaped = self.layout.map(_escape_markdown).rename(columns=_escape_markdown)
        body = escaped.to_markdown(index=False, disable_numparse=True)
        return f"**{_escape_markdown(self.caption)}**\n\n{body}\n\n{_escape_markdown(self.notes)}\n"

    def latex(self) -> str:
        """A booktabs table with caption and label."""
        escaped = self.layout.map(_escape_latex).rename(columns=_escape_latex)
        body = escaped.to_latex(index=False, column_format="l" * len(escaped.columns))
        return (
            "% needs \\usepackage{booktabs}\n\\begin{table}\n"
            f"\\caption{{{_escape_latex(self.caption)}}}\n\\label{{tab:{self.name}}}\n"
            f"{body}\\par\\footnotesize {_escape_latex(self.notes)}\n\\end{{table}}\n"
        )

    def html(self) -> str:
        return self.layout.to_html(index=False, escape=True, border=0, na_rep="")

    def write(self, directory: Path) -> None:
        """Write NAME.csv, NAME.md and NAME.tex."""
        for ending, text in (
            ("csv", self.csv()),
            ("md", self.markdown()),
            ("tex", self.latex()),
        ):
            (directory / f"{self.name}.{ending}").write_text(text, encoding="utf-8")


def all_tables(results: Results) -> list[Table]:
    """Every table of the report, in the order of the page."""
    return [
        fit_table(results),
        importance_table(results, "feature"),
        importance_table(results, "variable"),
        claim_table(results),
        agreement_table(results, "methods", "feature"),
        agreement_table(results, "methods", "variable"),
        agreement_table(results, "models", "feature"),
        agreement_table(results, "models", "variable"),
    ]


def fit_table(results: Results) -> Table:
    """Fit quality by model, on training and test rows, each evaluated in both ways."""
    data = analysis.fit_quality(results)
    target = results.recipe.target
    layout = pd.DataFrame(
        {
            "Model": data["model"].map(results.title),
            "Rows": data["part"],
            "Evaluated": data["evaluation"].map({"alone": "one by one", "together": "all at once"}),
            "Seeds": [_seeds(row) for row in data.to_dict("records")],
            "R², mean ± sd": _spread(data, "r_squared", "{:.3f}"),
            "R², worst": data["r_squared_min"].map(lambda value: number(value, "{:.3f}")),
            f"RMSE, {target.unit}": _spread(data, "rmse", _rounded(data["rmse_mean"].min())),
            f"Within {percent(target.tolerance)}": _spread(data, "within", "{:.2f}"),
        }
    )
    return Table(
        "fit",
        "Fit quality by model",
        "Mean ± standard deviation over seeds, condition real. One by one, each row is a batch "
        "of its own; all at once, the rows are one batch, which changes the predictions of a "
        "network that looks along its batch. Within: proportion of rows whose prediction misses by "
        f"less than {percent(target.tolerance)} of the true {target.name}. {_provenance(results)}",
        data,
        layout.fillna("–"),
    )


def importance_table(results: Results, level: str) -> Table:
    """Mean share and rank of every item, by method and model."""
    data = analysis.importance(results, level)
    real = data[data["condition"] == "real"]
    cells = real.assign(cell=real.apply(_share_cell, axis=1)).pivot(
        index=["method", "name"], columns="model", values="cell"
    )
    items = list(dict.fromkeys(real["name"]))
    methods = [method for method in METHODS if method in set(real["method"])]
    cells = cells.reindex([(method, item) for method in methods for item in items])
    models = [model for model in analysis.all_models(results) if model in cells.columns]
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
        f"conditions and intervals. {_provenance(results)}",
        data,
        layout,
    )


def claim_table(results: Results) -> Table:
    """In how many seeds the claim is met, by model and method, beside the controls."""
    claim = results.recipe.claim
    data = analysis.claim_proportions(results)
    cells = data.assign(cell=data.apply(_proportion_cell, axis=1)).pivot(
        index=["model", "method"], columns="condition", values="cell"
    )
    order = data[["model", "method"]].drop_duplicates()
    cells = cells.reindex(
        index=pd.MultiIndex.from_frame(order),
        columns=[condition for condition in CONDITIONS if condition in cells.columns],
    )
    layout = cells.reset_index()
    layout["model"] = layout["model"].map(results.title)
    layout = layout.rename(columns=str.capitalize).rename_axis(columns=None).fillna("–")
    return Table(
        "claim",
        f"Seeds in which {claim.name} comes first, by model and method",
        f"Declared before the run: {claim.name} has rank 1 among the {claim.level}s in at least "
        f"{percent(claim.proportion)} of seeds, {_model_title(results, claim.model)}, "
        f"{claim.method}; all other rows are robustness checks. In brackets the 95% Wilson "
        "interval. Shuffled: trained on permuted targets, so there is nothing to find. "
        "Untrained: initial weights."
        + (
            " permutation-grouped ranks whole variables, the other methods features."
            if claim.level == "feature"
            else ""
        )
        + f" {_provenance(results)}",
        data,
        layout,
    )


def agreement_table(results: Results, between: str, level: str) -> Table:
    """Mean Spearman between methods (of one model) or models (of one method)."""
    within_title: Callable[[str], str]
    pair_title: Callable[[str], str]
    if between == "methods":
        data, within = analysis.method_agreement(results, level), "model"
        within_title, pair_title = results.title, str
    else:
        data, within = analysis.model_agreement(results, level), "method"
        within_title, pair_title = str, results.title
    layout = pd.DataFrame(
        [
            (
                within_title(pair[within]),
                pair_title(pair["first"]),
                pair_title(pair["second"]),
                str(pair["n"]),
                _mean_cell(pair),
            )
            for pair in data.to_dict("records")
        ],
        columns=[
            within.capitalize(),
            f"First {between.removesuffix('s')}",
            f"Second {between.removesuffix('s')}",
            "Seeds",
            "Mean Spearman",
        ],
    )
    items = len(results.items(level))
    return Table(
        f"agreement-{between}-{level}s",
        f"Rank agreement between {between}, by {level}",
        f"Spearman correlation of the ranks of {items} {level}s within a seed, mean over seeds, "
        "with the 95% interval (BCa bootstrap over seeds unless said), condition real. "
        "For unrelated rankings it is 0 with standard deviation "
        f"{null_deviation(items):.2f} in a single seed. {_provenance(results)}",
        data,
        layout,
    )


def _provenance(results: Results) -> str:
    """Which run a number comes from."""
    seeds = {len(results.seeds(model, "real")) for model in results.models}
    counts = " to ".join(str(count) for count in sorted({min(seeds), max(seeds)}))
    return f"Run {results.identity}, data {results.dataset}, {counts} seeds."


def _model_title(results: Results, model: str) -> str:
    """A model's title, or its name when the run does not hold it."""
    return results.title(model) if model in results.models else model


def percent(proportion: float) -> str:
    """0.125 as 12.5%."""
    return f"{100 * proportion:g}%"


def number(value: float, form: str = "{:.2f}") -> str:
    """A number as text: a dash where there is none, powers of ten where it is huge."""
    if np.isnan(value):
        return "–"
    return form.format(value) if abs(value) < 1e9 else f"{value:.2e}"


def _seeds(row: dict[str, Any]) -> str:
    if row["model"] == LEAST_SQUARES:
        return "–"
    return f"{row['n']}" + (f" ({row['undefined']} diverged)" if row["undefined"] else "")


def _spread(data: pd.DataFrame, measure: str, form: str) -> pd.Series:
    """Mean ± standard deviation as text; the mean alone where there is no spread to speak of."""
    means, deviations = data[f"{measure}_mean"], data[f"{measure}_sd"]
    return pd.Series(
        [
            number(mean, form) + ("" if np.isnan(sd) else f" ± {number(sd, form)}")
            for mean, sd in zip(means, deviations, strict=True)
        ],
        index=data.index,
    )


def _rounded(smallest: float) -> str:
    """A format that shows about three digits of the smallest of some numbers."""
    return "{:,.0f}" if smallest >= 100 else "{:.3g}"


def _share_cell(row: pd.Series) -> str:
    if np.isnan(row["mean_share"]):
        return "undefined"
    spread = "" if np.isnan(row["sd_share"]) else f" ± {row['sd_share']:.3f}"
    lost = f", undefined in {row['undefined']}" if row["undefined"] else ""
    return f"{row['mean_share']:.3f}{spread} ({row['mean_rank']:.1f}{lost})"


def _proportion_cell(row: pd.Series) -> str:
    if row["model"] == LEAST_SQUARES:
        return "yes" if row["met"] else "no"
    bounds = row["interval"] if np.isnan(row["low"]) else f"{row['low']:.2f}, {row['high']:.2f}"
    return f"{row['met']} of {row['n']} [{bounds}]"


def _mean_cell(row: dict[str, Any]) -> str:
    if np.isnan(row["mean"]):
        return "undefined"
    bounds = f"[{row['low']:z.2f}, {row['high']:z.2f}]"
    if np.isnan(row["low"]):
        bounds = f"({row['interval']})"
    elif row["interval"] != "BCa":
        bounds += f" {row['interval']}"
    return f"{row['mean']:z.2f} {bounds}"


def _escape_markdown(text: str) -> str:
    """Text that Markdown, and HTML within it, shows as it stands, also in a table cell."""
    escaped = html.escape(printable(text), quote=False)
    return re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", escaped)


def _escape_latex(text: str) -> str:
    """Text that LaTeX prints as it stands; at the start, nothing that it takes for an option."""
    return ("{}" if text[:1] in ("[", "*") else "") + printable(text).translate(_LATEX)


_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    }
)
