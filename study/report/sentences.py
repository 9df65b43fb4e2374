"""What came of the declared claim, in sentences made from its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import own_verdict, verdicts, why_not_tested
from study.analysis.sources import sources
from study.recipes import Claim
from study.report.tables.cells import model_title, percent
from study.results import Results
from study.statistics.claims import (
    ABOVE_CONTROL,
    CONTRADICTED,
    INCONCLUSIVE,
    NO_VERDICT,
    NOT_SPECIFIC,
    SPECIFIC,
    SUPPORTED,
    WEAKLY_SPECIFIC,
)

_VERDICTS = (SUPPORTED, INCONCLUSIVE, CONTRADICTED, NO_VERDICT)
_SPECIFICITY = {
    SPECIFIC: "so the finding is specific to what the data hold",
    WEAKLY_SPECIFIC: "so the finding is weakly specific: it also comes out there, more often than "
    "chance would have it",
    NOT_SPECIFIC: "so the finding is not shown to be specific to what the data hold",
    ABOVE_CONTROL: "more than there",
}


def verdict(results: Results, claim: Claim | None = None) -> str:
    """The verdict on a claim, the primary one if none is given, in one sentence."""
    claim = claim or results.recipe.claim
    row = own_verdict(results, claim)
    if row is None:
        return (
            f"The claim ('{claim.words}', model '{claim.model}' by {claim.method}) is not tested: "
            f"{why_not_tested(results, claim)}."
        )
    model = results.title(claim.model)
    met = f"{row['met']} of {row['n']} seeds ({_bounds(row)})"
    if row["verdict"] == NO_VERDICT:
        return f"No verdict: {row['interval']}, so the {model} is one observation."
    said = {
        SUPPORTED: "Supported",
        CONTRADICTED: "Contradicted",
        INCONCLUSIVE: "Inconclusive",
    }[row["verdict"]]
    return (
        f"{said}: {claim.words} in {met} for the {model} by {claim.method}; "
        f"{percent(claim.proportion)} is required.{_settle(row)}"
    )


def findings(results: Results) -> list[str]:
    """What came of the declared claim: verdict, control, robustness, reach."""
    claim, target = results.recipe.claim, results.recipe.target
    items = len(results.items(claim.level))
    sentences = [
        f"Declared before the run: {claim.words} among the {items} {claim.level}s in at least "
        f"{percent(claim.proportion)} of seeds, for the {model_title(results, claim.model)} by "
        f"{claim.method}.",
        verdict(results),
    ]
    sentences += [f"Declared with it: {verdict(results, other)}" for other in results.recipe.claims]
    row = own_verdict(results, claim)
    if row is None or row["verdict"] == NO_VERDICT:
        return sentences
    if not np.isnan(row["shuffled_low"]):
        label = _SPECIFICITY.get(row["shuffled_specificity"])
        sentences.append(
            f"With the training {target.name} shuffled, so that there is nothing to find, it is "
            f"met in {row['shuffled_met']:.0f} of {row['shuffled_n']:.0f} (real less shuffled "
            f"{row['shuffled_difference']:z.2f}, 95% interval {row['shuffled_low']:z.2f} to "
            f"{row['shuffled_high']:z.2f})" + (f", {label}." if label else ".")
        )
    if not row["survives"]:
        sentences.append(
            f"Over the {row['learned_n']} seeds that have learned it is "
            f"{row['learned_verdict']}, met in {row['learned_met']}."
        )
    others = verdicts(results, claim)
    others = others[others["role"] != "primary"]
    if len(others):
        sentences.append(
            f"Of {len(others)} robustness checks by other models and methods it is "
            f"{_counts(others['verdict'])}"
            + (f"; {specific}" if (specific := _counts(others["shuffled_specificity"])) else "")
            + "."
        )
    sentences.append(
        "Seeds measure the noise of training on this data set. They cannot tell a difference that "
        "holds for other samples from one that these rows happen to show."
    )
    sentences.append(_resampled(results))
    return sentences


def _resampled(results: Results) -> str:
    """What becomes of the claim where the training rows are resampled, or how to see it."""
    claim = results.recipe.claim
    table = sources(results)
    own = [
        row
        for row in table.to_dict("records")
        if (row["model"], row["method"], row["source"]) == (claim.model, claim.method, "rows")
    ]
    if not own:
        return "To see what resampling the rows does to it: 'study run --vary rows'."
    row = own[0]
    return (
        f"With the training rows resampled, and all else held at each of {row['bases']} base "
        f"seeds, {claim.words} in {row['met']} of {row['n']} networks."
    )


def _counts(labels: pd.Series) -> str:
    """How often each label stands in a column: "supported in 22, inconclusive in 1"."""
    counts = labels.value_counts()
    order = (*_VERDICTS, *_SPECIFICITY)
    return ", ".join(f"{label} in {counts[label]}" for label in order if label in counts)


def _bounds(row: dict[str, Any]) -> str:
    if np.isnan(row["low"]):
        return str(row["interval"])
    return f"95% interval {row['low']:.2f} to {row['high']:.2f}"


def _settle(row: dict[str, Any]) -> str:
    settle = row["seeds_to_settle"]
    if np.isnan(settle):
        return ""
    if np.isinf(settle):
        return " At exactly this proportion no number of seeds would settle it."
    return (
        f" If the proportion stays, about {settle:.0f} seeds would settle it; fix their number "
        "before looking again."
    )
