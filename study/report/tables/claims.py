"""Tables of the claims: verdicts, controls, and what more seeds would do."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from study.analysis import claims
from study.analysis.fits import has_fits
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.conditions import CONTROLS, find_condition
from study.common.text import listed
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.claim import Claim
from study.report.tables.cells import (
    closing,
    estimate,
    holds,
    model_title,
    number,
    or_dash,
    p_value,
    percent,
    provenance,
    wide,
)
from study.report.tables.table import Table
from study.report.text.origin import further_origin, how_declared, lost
from study.statistics.intervals import PERCENT

_READING = (
    f"Met: seeds that meet it, with the {PERCENT} Wilson interval. Supported: its lower bound "
    "reaches the required proportion; contradicted, that is not stable over seeds: its upper bound "
    "misses it; else inconclusive, with the number of seeds that would settle it if the proportion "
    "stays. "
)
_READING_OF_TIES = "Tied: further seeds in which a tie alone keeps it from being met. "
_LEARNED = "Learned: the same over seeds that have learned, and the verdict if it changes. "


def claim_table(overview: Overview, claim: Claim | None = None) -> Table:
    """Verdict, margin and controls of a claim by model and method; the primary one's if none."""
    results = overview.results
    origin = how_declared(results)[0] if claim is None else further_origin(results, claim)
    claim = claim or results.recipe.claim
    data = overview.verdicts(claim)
    met = overview.proportions(claim)
    controls, fitted = _controls(overview, claim), has_fits(results)
    layout = pd.DataFrame(
        [
            {
                "Model": results.title(row["model"]) + (" *" if row["role"] == "primary" else ""),
                **cells,
            }
            for row, cells in verdict_cells(overview, claim, overview.of_foremost(data))
        ]
    )
    whole = [of for of in met["method"].unique() if results.recipe.scored_by(of) == "variable"]
    closed = met[met["model"] == LEAST_SQUARES] if len(met) else met
    agree = [f"{row.method} {'yes' if row.met else 'no'}" for row in closed.itertuples()]
    return Table(
        "claim",
        f"{claim.words}: verdicts over seeds, by model and method",
        f"Trained again on these rows. {origin}: {claim.words} among the {claim.level}s in at "
        f"least {percent(claim.proportion)} of seeds, {model_title(results, claim.model)} by "
        f"{claim.method} (*); all other rows are robustness checks, not adjusted for their number. "
        f"{_READING}{_READING_OF_TIES if data['tied'].any() else ''}"
        f"{_reading_of(controls, lost(results))}{_LEARNED if fitted else ''}"
        f"Margin: {margin_words(claim)}, mean with BCa interval. "
        + (f"{results.title(LEAST_SQUARES)} meets it by: {', '.join(agree)}. " if agree else "")
        + (
            f"{listed(whole)} {'rank' if len(whole) > 1 else 'ranks'} whole variables, the other "
            "methods features. "
            if claim.level == "feature" and whole
            else ""
        )
        + holds(results, "proportion").replace("such intervals", "Wilson intervals", 1)
        + closing(overview),
        _told(data),
        layout,
    )


def verdict_cells(
    overview: Overview, claim: Claim, verdicts: pd.DataFrame
) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Rows of a claim's `verdicts`, each with its cells by their columns, but for the model's."""
    results = overview.results
    controls, fitted = _controls(overview, claim), has_fits(results)
    for row in verdicts.to_dict("records"):
        yield (
            row,
            {
                "Method": row["method"],
                "Met": _count(row),
                "Verdict": row["verdict"] + _settle(row),
                **{of.capitalize(): _control(results, row, of) for of in controls},
                "Margin": estimate(row, "margin", prefix="margin_"),
                **({"Learned": _learned(row)} if fitted else {}),
            },
        )


def _controls(overview: Overview, claim: Claim) -> list[str]:
    """The controls that have columns: imported scores may have none, and no columns of dashes."""
    held = set(overview.proportions(claim)["condition"])
    return [of for of in CONTROLS if not overview.results.imported or of in held]


def _told(data: pd.DataFrame) -> pd.DataFrame:
    """Verdicts without the columns of ties and repeated vectors, where there are none."""
    nothing = {"tied": not data["tied"].any(), "different": (data["different"] == data["n"]).all()}
    return data.drop(columns=[column for column, empty in nothing.items() if empty])


def _reading_of(controls: list[str], lost: str) -> str:
    """What the columns of the controls are."""
    if not controls:
        return "Each row is judged on its own. There is no control. "
    named = " and ".join(f"{control} ({find_condition(control).in_short})" for control in controls)
    return (
        f"{named[0].upper()}{named[1:]}: seeds of the control that meet it; those that {lost} are "
        "left out. Each row is judged on its own; warning S009 allows for their number. "
    )


def _learned(row: dict[str, Any]) -> str:
    """The claim over the seeds that have learned."""
    changed = "" if row["survives"] else f": {row['learned_verdict']}"
    return f"{row['learned_met']} of {row['learned_n']}{changed}"


def margin_words(claim: Claim) -> str:
    """What the margin of a claim is."""
    if claim.share is not None:
        return f"share of {claim.name} less {claim.share:g}"
    if claim.above is not None:
        return f"share of {claim.name} less that of {claim.above}"
    if claim.top is not None:
        return f"share of {claim.name} less the greatest but {claim.top - 1} of the others"
    return f"share of {claim.name} less that of the runner-up (the greatest other)"


def _count(row: dict[str, Any]) -> str:
    tied = f", {row['tied']} tied" if row["tied"] else ""
    repeated = f", {row['different']} vectors" if row["different"] < row["n"] else ""
    return f"{row['met']} of {row['n']} [{_bounds(row)}]{tied}{repeated}"


def _bounds(row: dict[str, Any]) -> str:
    """The ends of an interval, or why there is none."""
    return row["interval"] if np.isnan(row["low"]) else f"{row['low']:.2f}, {row['high']:.2f}"


def _settle(row: dict[str, Any]) -> str:
    """How many seeds would settle an inconclusive verdict."""
    if np.isnan(row["seeds_to_settle"]):
        return ""
    if np.isinf(row["seeds_to_settle"]):
        return "; no number of seeds"
    return f"; about {row['seeds_to_settle']:.0f} seeds"


def _control(results: Results, row: dict[str, Any], control: str) -> str:
    if np.isnan(row[f"{control}_n"]):
        return "–"
    met, count = (f"{row[f'{control}_{part}']:.0f}" for part in ("met", "n"))
    count_lost = row[f"{control}_undefined"]
    diverged = f" ({count_lost:.0f} {lost(results)})" if count_lost else ""
    return f"{met} of {count}{diverged}"


def declared_table(overview: Overview) -> Table:
    """Every declared claim on its own model and method, with Holm's adjustment."""
    results = overview.results
    data = overview.declared
    layout = pd.DataFrame(
        [
            {
                "Claim": row["claim"] + (" (primary)" if row["primary"] else ""),
                "Among": f"{row['level']}s",
                "Model": model_title(results, row["model"]),
                "Method": row["method"],
                "Other rows": or_dash(row["population"]),
                "p of that": p_value(row["population_holm"]),
                "Above chance": or_dash(row["chance"]),
                "p of chance": p_value(row["chance_holm"]),
                "Required": percent(row["required"]),
                "Met": "–" if pd.isna(row["met"]) else f"{row['met']:.0f} of {row['n']:.0f}",
                "Over seeds": row["verdict"],
                "p over seeds": p_value(row["holm"]),
            }
            for row in data.to_dict("records")
        ]
    )
    return Table(
        "claims",
        _declared_title(results),
        "The primary claim stands alone. The others are one family: for each of the three "
        "verdicts, p-values (those of the tables population and chance; over seeds an exact "
        "binomial test, one-sided, that no more than the required proportion meets it) are "
        f"adjusted by Holm's method, and verdicts follow them. {provenance(results)}",
        data,
        layout,
    )


def _declared_title(results: Results) -> str:
    """How the declared claims came to stand. Only the primary one is ever proposed."""
    origin = how_declared(results)[0].lower()
    recipe = results.recipe
    claim = recipe.claim
    alone = claim.proposed or claim.from_publication or recipe.proposal is not None
    return f"Claims, of which the primary one was {origin}" if alone else f"Claims {origin}"


def growth_table(overview: Overview) -> Table | None:
    """The claim among the first n seeds."""
    results = overview.results
    claim = results.recipe.claim
    data = overview.growth(claim)
    if data.empty or data["n"].max() < 2:
        return None
    most = data["n"].max()
    counts = sorted({most, *(count for count in claims.POWER_SEEDS if count < most)})
    shown = overview.of_foremost(data[data["n"].isin(counts)])
    cells = [f"{row['proportion']:.2f} [{_bounds(row)}]" for row in shown.to_dict("records")]
    layout = wide(results, shown, cells, "n", {count: f"n = {count}" for count in counts})
    return Table(
        "claim-seeds",
        f"Proportion of the first n seeds that meet the claim: {claim.words}",
        f"With the {PERCENT} Wilson interval; condition real, seeds in their order; the CSV file "
        "has every n up to 50 and even steps beyond. Each interval is for a number of seeds "
        f"decided on beforehand. {holds(results, 'proportion')}{closing(overview)}",
        data,
        layout,
    )


def power_table(overview: Overview) -> Table | None:
    """What more seeds would buy."""
    results = overview.results
    required = results.recipe.claim.proportion
    data = claims.power_table(required)
    if data.empty:
        return None
    chances = data.pivot(index="seeds", columns="true", values="supported").map(number)
    layout = chances.rename(columns="true {:g}".format).rename_axis(columns=None).reset_index()
    layout["seeds"] = layout["seeds"].map(str)
    layout = layout.rename(columns={"seeds": "Seeds"})
    return Table(
        "claim-power",
        f"Chance that a claim which needs {percent(required)} of seeds comes out supported",
        "By the number of seeds and the true proportion of all seeds that meet the claim; exact "
        f"binomial. It holds for any data. {provenance(results)}",
        data,
        layout,
    )
