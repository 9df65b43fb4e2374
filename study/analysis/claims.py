"""The declared claims on the stored scores: verdicts, controls, and what more seeds would do."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.means import Means, columns_of
from study.analysis.results import Results
from study.analysis.selection import all_models
from study.analysis.vectors import Vectors
from study.common.conditions import CONDITIONS, CONTROLS
from study.common.methods import scored_by
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.claim import Claim
from study.statistics.claims import (
    CONTRADICTED,
    NO_VERDICT,
    Statement,
    judge,
    power,
    proportion,
    specificity,
)
from study.statistics.multiplicity import holm
from study.statistics.ranking import identical

_PROPORTION = (
    "model",
    "method",
    "condition",
    "items",
    "chance",
    "met",
    "n",
    "proportion",
    "low",
    "high",
    "interval",
    "exact_low",
    "exact_high",
)
POWER_SEEDS = (10, 20, 50, 100, 200, 500, 1000)
TRUE_PROPORTIONS = (0.85, 0.9, 0.95, 0.99)


def level_of_claim(claim: Claim, method: str) -> str:
    """The level at which a claim is tested by a method."""
    return "variable" if scored_by(method) == "variable" else claim.level


def scores_of_claim(
    results: Results, claim: Claim, model: str, condition: str, method: str
) -> tuple[Vectors, Statement] | None:
    """The scores that a claim is tested on, and what it says of them.

    A claim about features is tested by permutation-grouped as the same claim about variables,
    if those features are whole variables. None where there is no such test, or nothing to
    test: one item is always first.
    """
    vectors = results.vectors(model, condition, method, level_of_claim(claim, method))
    if vectors is None or not set(claim.names) <= set(vectors.items):
        return None
    item = vectors.items.index(claim.name)
    if claim.above is not None:
        return vectors, Statement("above", item, other=vectors.items.index(claim.above))
    if claim.share is not None:
        return vectors, Statement("share", item, share=claim.share)
    top = claim.top or 1
    if top >= len(vectors.items):  # always met
        return None
    return vectors, Statement("rank" if claim.rank else "top", item, top=top)


def why_not_tested(results: Results, claim: Claim) -> str:
    """Why a claim has no verdict on its own model and method."""
    level = level_of_claim(claim, claim.method)
    if results.vectors(claim.model, "real", claim.method, level) is None:
        return "this run has no such scores"
    return f"of {len(results.items(level))} {level}s it is always met"


def proportions(results: Results, claim: Claim) -> pd.DataFrame:
    """In how many seeds a claim is met, by model, method and condition.

    low and high are Wilson's, exact_low and exact_high Clopper and Pearson's; chance is the
    proportion that exchangeable items would give.
    """
    rows = []
    for model in all_models(results):
        for method in results.methods():
            for condition in CONDITIONS:
                found = scores_of_claim(results, claim, model, condition, method)
                if found is None:
                    continue
                vectors, statement = found
                met = proportion(statement, vectors.score)
                rows.append(
                    {
                        "model": model,
                        "method": method,
                        "condition": condition,
                        "items": len(vectors.items),
                        "chance": statement.chance(len(vectors.items)),
                        "met": met.met,
                        "n": met.seeds,
                        "proportion": met.value,
                        **columns_of(met.wilson),
                        "exact_low": met.exact.low,
                        "exact_high": met.exact.high,
                    }
                )
    return pd.DataFrame(rows, columns=_PROPORTION)


def verdicts(
    results: Results, claim: Claim, met: pd.DataFrame, learned: Results | None
) -> pd.DataFrame:
    """The verdict on a claim for every model and method, with margin and specificity.

    met : the claim's `proportions`; learned : the results of the seeds that have learned, None
    where no fit is known.

    role is "primary" for the model and method that the claim rests on, else "robustness".
    learned_... are the same over the seeds that have learned; survives tells whether the
    verdict stays. They are missing where no fit is known.
    """
    if met.empty:
        return met.assign(role=[])
    margins = Means(results)
    rows: list[dict[str, Any]] = []
    for row in met[(met["condition"] == "real") & (met["model"] != LEAST_SQUARES)].to_dict(
        "records"
    ):
        model, method = str(row["model"]), str(row["method"])
        found = scores_of_claim(results, claim, model, "real", method)
        if found is None:
            continue
        vectors, statement = found
        outcome = proportion(statement, vectors.score)
        verdict = judge(outcome, claim.proportion)
        primary = (model, method) == (claim.model, claim.method)
        margins.add({}, vectors.seeds, statement.margin(vectors.score))
        rows.append(
            {
                **row,
                "role": "primary" if primary else "robustness",
                "required": claim.proportion,
                "verdict": verdict.verdict,
                "seeds_to_settle": verdict.seeds_to_settle,
                "p_value": verdict.p_value,
                **_controls(results, claim, model, method, verdict.verdict),
                **_learned(learned, claim, model, method, verdict.verdict),
            }
        )
    margin = margins.frame()
    return (
        pd.DataFrame(rows)
        .drop(columns="condition")
        .assign(
            margin=margin["mean"],
            margin_low=margin["low"],
            margin_high=margin["high"],
            margin_interval=margin["interval"],
            margin_undefined=margin["undefined"],
        )
    )


def own_verdict(table: pd.DataFrame) -> dict[str, Any] | None:
    """Of a claim's `verdicts` that on its own model and method; None if it is not tested."""
    own = table[table["role"] == "primary"]
    return own.iloc[0].to_dict() if len(own) else None


def _controls(
    results: Results, claim: Claim, model: str, method: str, verdict: str
) -> dict[str, Any]:
    """What the controls say, over the seeds that both conditions have.

    Control networks that diverged say nothing: they are left out, and counted as undefined.
    """
    row: dict[str, Any] = {}
    real = scores_of_claim(results, claim, model, "real", method)
    for control in CONTROLS:
        other = scores_of_claim(results, claim, model, control, method)
        if real is None or other is None:
            found = None
        else:
            (first, statement), (second, _) = real, other
            second = second.only(second.seeds.isin(first.seeds).to_numpy(bool))
            finite = np.isfinite(second.score).all(axis=1)
            second = second.only(finite)
            first = first.only(first.seeds.isin(second.seeds).to_numpy(bool))
            met = statement.met(second.score)
            found = specificity(
                statement.met(first.score),
                met,
                statement.chance(len(second.items)),
                one_observation=identical(first.score) or identical(second.score),
            )
            row[f"{control}_met"] = int(met.sum())
            row[f"{control}_n"] = found.seeds
            row[f"{control}_undefined"] = int((~finite).sum())
        row |= {
            f"{control}_difference": found.difference if found else math.nan,
            f"{control}_low": found.interval.low if found else math.nan,
            f"{control}_high": found.interval.high if found else math.nan,
            f"{control}_interval": found.interval.kind if found else "not run",
        }
        judged = found and verdict not in (CONTRADICTED, NO_VERDICT)
        row[f"{control}_specificity"] = found.label if found and judged else ""
    return row


def _learned(
    learned: Results | None, claim: Claim, model: str, method: str, verdict: str
) -> dict[str, Any]:
    """The claim over the seeds that have learned; missing where nobody knows which have."""
    if learned is None:
        columns = ("learned_met", "learned_n", "learned_verdict", "survives")
        return dict.fromkeys(columns, math.nan)
    found = scores_of_claim(learned, claim, model, "real", method)
    if found is None or not len(found[0].score):
        return {"learned_met": 0, "learned_n": 0, "learned_verdict": NO_VERDICT, "survives": False}
    outcome = proportion(found[1], found[0].score)
    judged = judge(outcome, claim.proportion).verdict
    return {
        "learned_met": outcome.met,
        "learned_n": outcome.seeds,
        "learned_verdict": judged,
        "survives": judged == verdict,
    }


def declared_claims(results: Results) -> list[Claim]:
    """Every claim of the recipe, the primary one first."""
    return [results.recipe.claim, *results.recipe.claims]


def declared(results: Results, verdicts: Sequence[dict[str, Any] | None]) -> pd.DataFrame:
    """Every claim of the recipe on its own model and method, from the `own_verdict` on each.

    The primary claim stands alone; the p-values of the others are adjusted by Holm's method
    as one family.
    """
    rows: list[dict[str, Any]] = []
    for claim, own in zip(declared_claims(results), verdicts, strict=True):
        row = {
            "claim": claim.words,
            "level": claim.level,
            "model": claim.model,
            "method": claim.method,
            "required": claim.proportion,
            "primary": not rows,
        }
        for column in ("met", "n", "low", "high", "verdict", "p_value", "shuffled_specificity"):
            row[column] = np.nan if own is None else own[column]
        if own is None:
            row["verdict"] = f"not tested: {why_not_tested(results, claim)}"
        rows.append(row)
    frame = pd.DataFrame(rows)
    family = ~frame["primary"]
    frame["holm"] = np.nan
    frame.loc[family, "holm"] = holm(frame.loc[family, "p_value"].to_numpy(dtype=float))
    return frame


def growth(results: Results, claim: Claim) -> pd.DataFrame:
    """The proportion that meets a claim among the first n seeds, n growing, by model and method."""
    rows = []
    for model in results.models:
        for method in results.methods():
            found = scores_of_claim(results, claim, model, "real", method)
            if found is None:
                continue
            vectors, statement = found
            most = len(vectors.score)
            # Every count up to 50, then in even steps, and those of the table of power.
            even = np.linspace(1, most, 50).astype(int)
            named = [count for count in POWER_SEEDS if count <= most]
            counts = sorted({*range(1, min(most, 50) + 1), *even, *named})
            for count in counts:
                met = proportion(statement, vectors.score[:count])
                rows.append(
                    {
                        "model": model,
                        "method": method,
                        "n": int(count),
                        "met": met.met,
                        "proportion": met.value,
                        **columns_of(met.wilson),
                    }
                )
    return pd.DataFrame(rows)


def power_table(required: float) -> pd.DataFrame:
    """Chance that a claim comes out supported, by number of seeds and true proportion."""
    return pd.DataFrame(
        [
            {"seeds": seeds, "true": true, "required": required,
             "supported": power(true, required, seeds)}
            for seeds in POWER_SEEDS
            for true in TRUE_PROPORTIONS
            if true > required
        ]
    )  # fmt: skip
