"""A run in a few lines, for a terminal."""

import pandas as pd

from study.report import analysis
from study.report.tables import number, percent
from study.results import Results
from study.words import CONDITIONS, SOURCES, printable


def summary(results: Results) -> str:
    """A line for each model: fit quality, and how often the claimed item came first."""
    claim, target = results.recipe.claim, results.recipe.target
    fits = analysis.fit_quality(results)
    test = fits[(fits["part"] == "test") & (fits["evaluation"] == "alone")].set_index("model")
    proportions = analysis.claim_proportions(results).set_index(["model", "method", "condition"])

    def came_first(model: str, condition: str) -> str:
        if (model, claim.method, condition) not in proportions.index:
            return "-"
        row = proportions.loc[(model, claim.method, condition)]
        return f"{row['met']} of {row['n']}"

    rows = []
    for model in analysis.all_models(results):
        fit = test.loc[model]
        mean, worst = number(fit["r_squared_mean"]), number(fit["r_squared_min"])
        rows.append(
            {
                "model": printable(results.title(model)),
                "test R² (worst)": f"{mean} ({worst})"
                + (f", {fit['undefined']} diverged" if fit["undefined"] else ""),
                f"within {percent(target.tolerance)}": number(fit["within_mean"]),
                f"{claim.name} first": came_first(model, "real"),
                "if shuffled": came_first(model, "shuffled"),
            }
        )
    lost = diverged(results)
    heading = f"Test rows one by one; {claim.name} first by {claim.method}, in seeds:"
    return "\n".join([heading, pd.DataFrame(rows).to_string(index=False), *lost])


def diverged(results: Results) -> list[str]:
    """A sentence for each model and condition in which seeds diverged."""
    return [
        f"Diverged (not a number, or infinite; their scores count for no claim): "
        f"{printable(results.title(model))}, {condition}, seeds {_ranges(seeds)}."
        for model in results.models
        for condition in CONDITIONS
        if (seeds := results.diverged(model, condition))
    ]


def status(results: Results) -> str:
    """What a run holds: seeds by model and condition, networks of --vary, and where from."""
    rows = [
        {
            "model": printable(results.title(model)),
            **{
                condition: _ranges(results.seeds(model, condition)) or "-"
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
            *diverged(results),
            *_varied(results),
            *(f"computed with {version}" for version in versions),
        ]
    )


def varied_in_short(fits: pd.DataFrame) -> str:
    """A line on the networks of --vary of all models, from what `by_source` makes of the fits."""
    parts = []
    for source in SOURCES:
        networks = fits[fits["source"] == source].drop_duplicates(["model", "base", "seed"])
        if len(networks):
            bases = _ranges(sorted(networks["base"].unique()))
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
            seeds = chosen.groupby("base")["seed"].unique().map(lambda own: _ranges(sorted(own)))
            row[source] = (
                "; ".join(
                    f"{varied} at {_ranges(sorted(bases))}"
                    for varied, bases in seeds.index.groupby(seeds).items()
                )
                or "-"
            )
        rows.append(row)
    if not rows:
        return []
    heading = "one source varied (real): its seeds, at the base seeds that hold all else:"
    return [heading, pd.DataFrame(rows).to_string(index=False)]


def _ranges(seeds: list[int]) -> str:
    """Seeds as the --seeds option takes them: 0-19,25."""
    ranges: list[list[int]] = []
    for seed in seeds:
        if ranges and seed == ranges[-1][-1] + 1:
            ranges[-1][1:] = [seed]
        else:
            ranges.append([seed])
    return ",".join("-".join(map(str, ends)) for ends in ranges)
