"""The declared claims on the stored scores: verdicts, controls, and what more seeds would do."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.held_out import gated
from study.analysis.means import Means, columns_of
from study.analysis.results import Results
from study.analysis.selection import all_models
from study.analysis.unmoved import why_unmoved
from study.analysis.vectors import Vectors
from study.common.conditions import CONDITIONS, CONTROLS
from study.common.text import listed
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.claim import Claim
from study.recipes.dataset import DatasetRecipe
from study.statistics.claims import (
    INCONCLUSIVE,
    NO_VERDICT,
    SUPPORTED,
    Statement,
    power,
    proportion,
    verdict_over_seeds,
)
from study.statistics.equal_checks import first_equal
from study.statistics.multiplicity import holm
from study.statistics.permutation_test import ABOVE, NOT_ABOVE
from study.statistics.permutation_test import LEVEL as CHANCE_LEVEL
from study.statistics.population import LEVEL

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


def level_of_claim(recipe: DatasetRecipe, claim: Claim, method: str) -> str:
    """The level at which a claim is tested by a method."""
    by_feature = claim.level == "feature" and recipe.scored_by(method) == "variable"
    return "variable" if by_feature else claim.level


def scores_of_claim(
    results: Results, claim: Claim, model: str, condition: str, method: str
) -> tuple[Vectors, Statement] | None:
    """The scores that a claim is tested on, and what it says of them.

    A claim about features is tested by a method of variables as the same claim about variables,
    if those features are whole variables. None where there is no such test, or nothing to
    test: one item is always first.
    """
    level = level_of_claim(results.recipe, claim, method)
    vectors = results.vectors(model, condition, method, level, claim.for_class)
    if vectors is None:
        return None
    statement = statement_of(claim, vectors.items)
    return None if statement is None else (vectors, statement)


def statement_of(claim: Claim, items: Sequence[str]) -> Statement | None:
    """What a claim says of scores of some items; None where they do not have what it names, or
    where it is always met."""
    if not set(claim.names) <= set(items):
        return None
    item = items.index(claim.name)
    if claim.above is not None:
        return Statement("above", item, other=items.index(claim.above))
    if claim.share is not None:
        return Statement("share", item, share=claim.share)
    top = claim.top or 1
    if top >= len(items):
        return None
    return Statement("rank" if claim.rank else "top", item, top=top)


def why_not_tested(results: Results, claim: Claim) -> str:
    """Why a claim has no verdict on its own model and method."""
    if undefined := method_undefined(results, claim):
        return undefined
    level = level_of_claim(results.recipe, claim, claim.method)
    if results.vectors(claim.model, "real", claim.method, level, claim.for_class) is None:
        return "this run has no such scores"
    return f"of {len(results.items(level))} {level}s it is always met"


def method_undefined(results: Results, claim: Claim) -> str:
    """That the method of a claim is undefined for its model, in words; nothing where it is not."""
    names = results.undefined.get(claim.model, {}).get(claim.method)
    if not names:
        return ""
    return (
        f"{claim.method} is undefined for this model: its predictions depend on "
        f"{listed(names)}, but have no gradient there (S020)"
    )


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
    results: Results,
    claim: Claim,
    met: pd.DataFrame,
    learned: Results | None,
    gate: pd.DataFrame,
) -> pd.DataFrame:
    """The verdict on a claim over seeds for every model and method, with margin and controls.

    met : the claim's `proportions`; learned : the results of the seeds that have learned, None
    where no fit is known; gate : of `held_out`.

    reason says why there is no verdict, if there is none. tied counts the seeds that miss it by a
    tie alone, different the different vectors that the n seeds hold. role is "primary" for the
    model and method that the claim rests on, else "robustness". learned_... are the same over the
    seeds that have learned; survives tells whether the verdict stays. They are missing where no
    fit is known.
    """
    met = met[(met["condition"] == "real") & (met["model"] != LEAST_SQUARES)]
    if met.empty:
        return met.assign(role=[], tied=[], different=[])
    margins = Means(results)
    gates = {model: gated(gate, model) for model in met["model"].unique()}
    unmoved = {
        method: why_unmoved(
            results, claim.names, method, level_of_claim(results.recipe, claim, method)
        )
        for method in met["method"].unique()
    }
    rows: list[dict[str, Any]] = []
    for row in met.to_dict("records"):
        model, method = str(row["model"]), str(row["method"])
        found = scores_of_claim(results, claim, model, "real", method)
        if found is None:
            continue
        vectors, statement = found
        outcome = proportion(statement, vectors.score)
        verdict = verdict_over_seeds(statement, vectors.score, claim.proportion)
        reason = gates[model] or unmoved[method]
        if not reason and verdict.verdict == NO_VERDICT:
            repeated = verdict.different < outcome.seeds
            reason = repeats(outcome.seeds, verdict.different) if repeated else outcome.wilson.kind
        primary = (model, method) == (claim.model, claim.method)
        margins.add([{}], vectors.seeds, statement.margin(vectors.score)[None])
        rows.append(
            {
                **row,
                "tied": outcome.tied,
                "different": verdict.different,
                "role": "primary" if primary else "robustness",
                "required": claim.proportion,
                "verdict": NO_VERDICT if reason else verdict.verdict,
                "reason": reason,
                "seeds_to_settle": math.nan if reason else verdict.seeds_to_settle,
                "p_value": verdict.p_value,
                **_controls(results, claim, model, method),
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


def distinct_checks(results: Results, claim: Claim, verdicts: pd.DataFrame) -> pd.DataFrame:
    """The robustness checks of a claim's `verdicts` without those that repeat another's numbers.

    As three gradient methods do where all columns are standardised; one that repeats the model and
    method that the claim rests on is none.
    """
    primary = verdicts["role"] == "primary"
    ordered = pd.concat([verdicts[primary], verdicts[~primary]])
    scores = []
    for row in ordered.itertuples():
        level = results.recipe.scored_by(row.method)
        vectors = results.vectors(row.model, "real", row.method, level, claim.for_class)
        scores.append(np.zeros((0, 0)) if vectors is None else vectors.score)
    own = [place == first for place, first in enumerate(first_equal(scores))]
    return ordered[np.array(own) & (ordered["role"] != "primary")]


def repeats(seeds: int, different: int) -> str:
    """That seeds repeat the scores of others, in words."""
    return f"{seeds} seeds hold {different} different score vectors"


def one_observation(row: Mapping[str, Any]) -> bool:
    """Whether a row of `verdicts` has no verdict since all seeds are the same."""
    return bool(row["reason"]) and row["reason"] == row["interval"]


def own_row(table: pd.DataFrame, claim: Claim) -> dict[str, Any] | None:
    """Of verdicts on a claim that on its own model and method; None if it is not tested."""
    if table.empty:
        return None
    own = table[(table["model"] == claim.model) & (table["method"] == claim.method)]
    return own.iloc[0].to_dict() if len(own) else None


def _controls(results: Results, claim: Claim, model: str, method: str) -> dict[str, Any]:
    """In how many seeds of each control a claim is met.

    Control networks that diverged say nothing: they are left out, and counted as undefined.
    """
    row: dict[str, Any] = {}
    for control in CONTROLS:
        found = scores_of_claim(results, claim, model, control, method)
        if found is None:
            row |= dict.fromkeys((f"{control}_met", f"{control}_n"), math.nan)
            continue
        vectors, statement = found
        finite = np.isfinite(vectors.score).all(axis=1)
        row[f"{control}_met"] = int(statement.met(vectors.score[finite]).sum())
        row[f"{control}_n"] = int(finite.sum())
        row[f"{control}_undefined"] = int((~finite).sum())
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
    judged = verdict_over_seeds(found[1], found[0].score, claim.proportion).verdict
    return {
        "learned_met": outcome.met,
        "learned_n": outcome.seeds,
        "learned_verdict": judged,
        "survives": judged == verdict,
    }


def declared_claims(results: Results) -> list[Claim]:
    """Every claim of the recipe, the primary one first."""
    return [results.recipe.claim, *results.recipe.claims]


_OF_VERDICTS = {
    "population": {"verdict": "population", "p_value": "population_p"},
    "chance": {"label": "chance", "p_value": "chance_p"},
    "seeds": {"verdict": "verdict", "p_value": "p_value", "met": "met", "n": "n", "low": "low",
              "high": "high"},
}  # fmt: skip


def declared(
    results: Results, verdicts: Sequence[Mapping[str, dict[str, Any] | None]]
) -> pd.DataFrame:
    """Every claim of the recipe on its own model and method.

    verdicts : of each claim, the rows of "population", "chance" and "seeds" on its own model and
    method. The primary claim stands alone; the others are one family for each of the three, in
    which p-values are adjusted by Holm's method, and verdicts follow the adjusted ones.
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
        for kind, columns in _OF_VERDICTS.items():
            known = own[kind]
            for column, name in columns.items():
                row[name] = np.nan if known is None else known[column]
        if own["seeds"] is None:
            row["verdict"] = f"not tested: {why_not_tested(results, claim)}"
        rows.append(row)
    frame = pd.DataFrame(rows)
    for column, p_column, shown, level, instead in (
        ("population", "population_p", SUPPORTED, LEVEL, INCONCLUSIVE),
        ("chance", "chance_p", ABOVE, CHANCE_LEVEL, NOT_ABOVE),
        ("verdict", "p_value", SUPPORTED, LEVEL, INCONCLUSIVE),
    ):
        adjusted = np.full(len(frame), np.nan)
        adjusted[1:] = holm(frame[p_column].to_numpy(dtype=float)[1:])
        lost = (adjusted > level) & (frame[column] == shown)
        frame[column] = frame[column].astype(object).where(~lost, instead)
        frame["holm" if p_column == "p_value" else f"{column}_holm"] = adjusted
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
