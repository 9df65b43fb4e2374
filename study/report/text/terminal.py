"""A run in a few lines, for a terminal."""

from collections.abc import Iterator

import pandas as pd

from study.analysis.fits import has_fits
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.selection import all_models
from study.analysis.warnings.registry import DIVERGED, by_code, warnings
from study.common.conditions import CONDITIONS
from study.common.text import by_columns, filled, printable, ranges
from study.common.vocabulary import SOURCES
from study.report.tables.cells import beside_explained, number
from study.report.text.alternatives import alternatives
from study.report.text.history import extensions
from study.report.text.needed import needed, together
from study.report.text.verdict import answers
from study.store.lock import holder

_EXTENSIONS = 5  # that `study status` tells of


def summary(overview: Overview) -> str:
    """A line for each model: fit quality, and how often the claim is met; then the verdict."""
    results = overview.results
    claim = results.recipe.claim
    fits = _fits(overview) if has_fits(results) else {}
    met = overview.proportions(claim).set_index(["model", "method", "condition"])

    def count(model: str, condition: str) -> str:
        if (model, claim.method, condition) not in met.index:
            return "-"
        row = met.loc[(model, claim.method, condition)]
        return f"{row['met']} of {row['n']}"

    rows = [
        {
            "model": by_columns(printable(results.title(model))),
            **fits.get(model, {}),
            "claim met": count(model, "real"),
            "if shuffled": count(model, "shuffled"),
        }
        for model in all_models(results)
    ]
    start = "Test rows one by one; seeds" if fits else "Seeds"
    return "\n".join(
        [
            printable(f"{start} in which {claim.words} by {claim.method}:"),
            filled(pd.DataFrame(rows).to_string(index=False)),
            *(
                printable(f"{place}. {answer.line}")
                for place, answer in enumerate(answers(overview), 1)
            ),
            *map(
                printable,
                (*together(overview), *alternatives(overview), *needed(overview)),
            ),
            *_in_short(overview),
        ]
    )


def _fits(overview: Overview) -> dict[str, dict[str, str]]:
    """Cells on the fit of each model, by their columns."""
    results = overview.results
    measures = results.measures
    fits = overview.fit_quality
    test = fits[(fits["part"] == "test") & (fits["evaluation"] == "alone")]
    return {
        row["model"]: {
            f"mean test {measures.symbol} (worst)": f"{number(row[f'{measures.explained}_mean'])} "
            f"({number(row[f'{measures.explained}_min'])})"
            + (f", {row['undefined']} diverged" if row["undefined"] else ""),
            beside_explained(results).lower(): number(row[f"{measures.beside}_mean"]),
        }
        for row in test.to_dict("records")
    }


def _in_short(overview: Overview) -> list[str]:
    """What there is to be warned of: seeds that diverged in full, the rest by their codes."""
    found = warnings(overview)
    codes = ", ".join(dict.fromkeys(warning.code for warning in found))
    return [
        *(warning.line for warning in found if warning.code == DIVERGED),
        f"Warnings: {codes} ('study status' explains them)." if found else "No warnings.",
    ]


def status(overview: Overview) -> str:
    """What a run holds: seeds by model and condition, networks of --vary, and where from.

    Works without ordinary seeds, too; there are warnings of them alone, and of what failed.
    """
    results = overview.results
    rows = [
        {
            "model": by_columns(printable(results.title(model))),
            **{
                condition: ranges(results.seeds(model, condition)) or "-"
                for condition in CONDITIONS
            },
        }
        for model in results.begun
    ]
    versions = [
        ", ".join(f"{name} {value}" for name, value in environment.items())
        for environment in results.environments
    ]
    seeds = [filled(pd.DataFrame(rows).to_string(index=False))] if rows else ["none yet"]
    return "\n".join(
        [
            *_at_work(results),
            printable(
                f"{results.directory}: run {results.identity}, data {results.dataset}; seeds:"
            ),
            *seeds,
            *_varied(results),
            *(f"{_made(results)} {version}" for version in versions),
            *_history(results),
            *_warned(overview),
        ]
    )


def _warned(overview: Overview) -> Iterator[str]:
    """A line for each warning; of many of one code the first."""
    for shown, more in by_code(warnings(overview)):
        yield from (warning.line for warning in shown)
        if more:
            yield f"{more[0].code} and {len(more)} more: 'study table warnings' has all."


def _at_work(results: Results) -> list[str]:
    """Who is at work on the run now, if anybody is."""
    found = holder(results.directory)
    return [] if found is None else [printable(f"At work there: {found.words}.")]


def _history(results: Results) -> list[str]:
    """A line for each of the last extensions."""
    found = extensions(results)
    if not found:
        return []
    earlier = len(found) - _EXTENSIONS
    return [
        "history:" + (f" (and {earlier} before)" if earlier > 0 else ""),
        *(
            printable(f"  {extension.when}: {extension.asked}: {extension.came}")
            for extension in found[-_EXTENSIONS:]
        ),
    ]


def _made(results: Results) -> str:
    """How a run came to its scores, to stand before versions."""
    if results.imported:
        return printable(f"imported from {results.imported} with")
    return "computed with"


def varied_in_short(fits: pd.DataFrame) -> str:
    """A line on what --vary stored of all models, from what `by_source` makes of the fits."""
    parts = []
    for source in SOURCES:
        found = fits[fits["source"] == source].drop_duplicates(["model", "base", "seed"])
        if len(found):
            bases = ranges(sorted(found["base"].unique()))
            parts.append(f"{source} {len(found)} (base seeds {bases})")
    return f"Stored of all models, by the source that varies: {', '.join(parts)}."


def _varied(results: Results) -> list[str]:
    """A heading and a table of the networks of --vary, if there are any."""
    fits = results.varied_fits
    rows = []
    for model in results.varied_models:
        row = {"model": by_columns(printable(results.title(model)))}
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
    return [heading, filled(pd.DataFrame(rows).to_string(index=False))]
