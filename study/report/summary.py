"""A run in a few lines, for a terminal."""

import pandas as pd

from study.analysis.checks import DIVERGED, Warning, warnings
from study.analysis.claims import proportions
from study.analysis.fits import fit_quality
from study.analysis.vectors import all_models
from study.report.sentences import verdict
from study.report.tables.cells import number, percent
from study.results import Results
from study.words import CONDITIONS, SOURCES, printable, ranges


def summary(results: Results) -> str:
    """A line for each model: fit quality, and how often the claim is met; then the verdict."""
    claim, target = results.recipe.claim, results.recipe.target
    fits = fit_quality(results)
    test = fits[(fits["part"] == "test") & (fits["evaluation"] == "alone")].set_index("model")
    met = proportions(results, claim).set_index(["model", "method", "condition"])

    def count(model: str, condition: str) -> str:
        if (model, claim.method, condition) not in met.index:
            return "-"
        row = met.loc[(model, claim.method, condition)]
        return f"{row['met']} of {row['n']}"

    rows = []
    for model in all_models(results):
        fit = test.loc[model]
        mean, worst = number(fit["r_squared_mean"]), number(fit["r_squared_min"])
        rows.append(
            {
                "model": printable(results.title(model)),
                "mean test R² (worst)": f"{mean} ({worst})"
                + (f", {fit['undefined']} diverged" if fit["undefined"] else ""),
                f"within {percent(target.tolerance)}": number(fit["within_mean"]),
                "claim met": count(model, "real"),
                "if shuffled": count(model, "shuffled"),
            }
        )
    return "\n".join(
        [
            f"Test rows one by one; seeds in which {printable(claim.words)} by {claim.method}:",
            pd.DataFrame(rows).to_string(index=False),
            printable(verdict(results)),
            *_in_short(results),
        ]
    )


def _in_short(results: Results) -> list[str]:
    """What there is to be warned of: seeds that diverged in full, the rest by their codes."""
    found = warnings(results)
    codes = ", ".join(dict.fromkeys(warning.code for warning in found))
    return [
        *(_line(warning) for warning in found if warning.code == DIVERGED),
        f"Warnings: {codes} ('study status' explains them)." if found else "No warnings.",
    ]


def _line(warning: Warning) -> str:
    parts = (warning.code, f"{warning.title}.", warning.evidence, warning.advice)
    return printable(" ".join(parts))


def status(results: Results) -> str:
    """What a run holds: seeds by model and condition, networks of --vary, and where from."""
    rows = [
        {
            "model": printable(results.title(model)),
            **{
                condition: ranges(results.seeds(model, condition)) or "-"
                for condition in CONDITIONS
            },
        }
        for model in results.models
    ]
    versions = [
        ", ".join(f"{name} {value}" for name, value in environment.items())
        for environment in results.environments
    ]
    return "\n".join(
        [
            f"{results.directory}: run {results.identity}, data {results.dataset}; seeds:",
            pd.DataFrame(rows).to_string(index=False),
            *_varied(results),
            *(f"computed with {version}" for version in versions),
            *map(_line, warnings(results)),
        ]
    )


def varied_in_short(fits: pd.DataFrame) -> str:
    """A line on the networks of --vary of all models, from what `by_source` makes of the fits."""
    parts = []
    for source in SOURCES:
        networks = fits[fits["source"] == source].drop_duplicates(["model", "base", "seed"])
        if len(networks):
            bases = ranges(sorted(networks["base"].unique()))
            parts.append(f"{source} {len(networks)} (base seeds {bases})")
    return f"Stored networks of all models, by the source that varies: {', '.join(parts)}."


def _varied(results: Results) -> list[str]:
    """A heading and a table of the networks of --vary, if there are any."""
    fits = results.varied_fits
    rows = []
    for model in results.varied_models:
        row = {"model": printable(results.title(model))}
        for source in SOURCES:
            chosen = fits[(fits["model"] == model) & (fits["source"] == source)]
            seeds = chosen.groupby("base")["seed"].unique().map(lambda own: ranges(sorted(own)))
            row[source] = (
                "; ".join(
                    f"{varied} at {ranges(sorted(bases))}"
                    for varied, bases in seeds.index.groupby(seeds).items()
                )
                or "-"
            )
        rows.append(row)
    if not rows:
        return []
    heading = "one source varied (real): its seeds, at the base seeds that hold all else:"
    return [heading, pd.DataFrame(rows).to_string(index=False)]
