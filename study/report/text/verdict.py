"""What came of the declared claim, in sentences made from its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import scores_of_claim, why_not_tested
from study.analysis.fits import has_fits
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.recipes.claim import Claim
from study.report.tables.cells import model_title, network, percent
from study.report.text.origin import how_declared, lost, reach
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
from study.statistics.intervals import FEWEST, PERCENT

_VERDICTS = (SUPPORTED, INCONCLUSIVE, CONTRADICTED, NO_VERDICT)
SPECIFICITY = {
    SPECIFIC: "so the finding is specific to what the data hold",
    WEAKLY_SPECIFIC: "so the finding is weakly specific: it also comes out there, more often than "
    "chance would have it",
    NOT_SPECIFIC: "so the finding is not shown to be specific to what the data hold",
    ABOVE_CONTROL: "more than there",
}


def verdict(overview: Overview, claim: Claim | None = None) -> str:
    """The verdict on a claim, the primary one if none is given, in one sentence."""
    results = overview.results
    claim = claim or results.recipe.claim
    row = overview.own_verdict(claim)
    if row is None:
        return (
            f"The claim ('{claim.words}', model '{claim.model}' by {claim.method}) is not tested: "
            f"{why_not_tested(results, claim)}."
        )
    model = results.title(claim.model)
    met = f"{row['met']} of {row['n']} seeds ({_bounds(row)})"
    if row["verdict"] == NO_VERDICT:
        said = "meets" if row["met"] else "does not meet"
        return (
            f"No verdict: {row['interval']}, so the {model} is one observation, which {said} the "
            f"claim ({claim.words})."
        )
    said = {
        SUPPORTED: "Supported",
        CONTRADICTED: "Contradicted",
        INCONCLUSIVE: "Inconclusive",
    }[row["verdict"]]
    return (
        f"{said}: {claim.words} in {met} for the {model} by {claim.method}; "
        f"{percent(claim.proportion)} is required.{_settle(row)}"
    )


def badge(overview: Overview) -> str:
    """The verdict in a word or two."""
    results = overview.results
    row = overview.own_verdict(results.recipe.claim)
    return "not tested" if row is None else str(row["verdict"])


def headline(overview: Overview) -> list[str]:
    """What came of the primary claim in a few plain sentences: data, control, other models."""
    results = overview.results
    claim = results.recipe.claim
    row = overview.own_verdict(claim)
    if row is None or row["verdict"] == NO_VERDICT:
        return [verdict(overview)]
    found = scores_of_claim(results, claim, claim.model, "real", claim.method)
    diverged = int((~np.isfinite(found[0].score)).any(axis=1).sum()) if found else 0
    sentences = [
        f"In {row['met']} of {row['n']} seeds {claim.past} for the "
        f"{results.title(claim.model)} by {claim.method} ({_bounds(row)}). "
        + (f"{diverged} {lost(results)} and count as not met. " if diverged else "")
        + f"{percent(claim.proportion)} was required: the claim is {row['verdict']}.{_settle(row)}"
    ]
    if not np.isnan(row["shuffled_low"]):
        sentences.append(
            f"With the {results.recipe.target.name} shuffled, so that there is nothing to find, it "
            f"did so in {row['shuffled_met']:.0f} of {row['shuffled_n']:.0f} (real less shuffled "
            f"{row['shuffled_difference']:z.2f}, {PERCENT} interval {row['shuffled_low']:z.2f} to "
            f"{row['shuffled_high']:z.2f}){specificity_words(row)}."
        )
    elif np.isnan(row["shuffled_difference"]) and results.imported:
        sentences.append(
            "There is no control on shuffled targets: whether the finding is specific to what the "
            "data hold is not known."
        )
    sentences += _poor_fit(overview)
    if (resampled := _resampled(overview)) is not None:
        sentences.append(resampled)
    return sentences + _other_models(overview, row)


def specificity_words(row: dict[str, Any]) -> str:
    """What the shuffled control makes of a claim, to follow its numbers."""
    if row["shuffled_specificity"] == NOT_SPECIFIC and row["shuffled_n"] < FEWEST:
        count = f"{row['shuffled_n']:.0f}"
        pairs = "pair of seeds is" if count == "1" else "pairs of seeds are"
        return f", but {count} {pairs} too few to show that the finding is specific"
    label = SPECIFICITY.get(row["shuffled_specificity"])
    return f", {label}" if label else ""


def _other_models(overview: Overview, own: dict[str, Any]) -> list[str]:
    """Where other models, by the same method, say something else than the primary one."""
    results = overview.results
    claim = results.recipe.claim
    table = overview.verdicts(claim)
    others = table[(table["method"] == claim.method) & (table["role"] != "primary")]
    sentences = []
    alike = []
    for row in others.to_dict("records"):
        name = f"For the {results.title(row['model'])}"
        met = f"{row['met']} of {row['n']}"
        if row["verdict"] == NO_VERDICT:
            sentences.append(f"{name} there is no verdict: {row['interval']}.")
            continue
        control = _bad_control(results, row)
        if row["verdict"] != own["verdict"]:
            sentences.append(
                f"{name} the verdict is another: {row['verdict']}, in {met} seeds{control}."
            )
        elif control:
            sentences.append(f"{name} it did so in {met}{control}.")
        else:
            alike.append(f"{results.title(row['model'])}, {met}")
    if alike:
        sentences.insert(0, f"By the same method the verdict is the same: {'; '.join(alike)}.")
    return sentences


def _bad_control(results: Results, row: dict[str, Any]) -> str:
    """That a finding comes out on shuffled targets too, or may; nothing where all is well."""
    label = row["shuffled_specificity"]
    if label not in (WEAKLY_SPECIFIC, NOT_SPECIFIC) or row["shuffled_n"] < FEWEST:
        return ""
    too = " too" if row["shuffled_met"] else ""
    return (
        f", and with the {results.recipe.target.name} shuffled{too} in {row['shuffled_met']:.0f} "
        f"of {row['shuffled_n']:.0f}: there the finding is {label}"
    )


def details(overview: Overview) -> list[str]:
    """What else is to be known of the declared claims: their words, robustness, reach."""
    results = overview.results
    claim = results.recipe.claim
    items = len(results.items(claim.level))
    declared, remark = how_declared(results)
    sentences = [
        f"{declared}: {claim.words} among the {items} {claim.level}s in at least "
        f"{percent(claim.proportion)} of seeds, for the {model_title(results, claim.model)} by "
        f"{claim.method}.{remark}",
    ]
    sentences += [
        f"Declared with it: {verdict(overview, other)}" for other in results.recipe.claims
    ]
    row = overview.own_verdict(claim)
    if row is None or row["verdict"] == NO_VERDICT:
        return sentences
    # Both are NaN, and so true, where no fit is known.
    if not row["learned_n"]:
        sentences.append("No seed has learned.")
    elif not row["survives"]:
        sentences.append(
            f"Over the {row['learned_n']} seeds that have learned it is "
            f"{row['learned_verdict']}, met in {row['learned_met']}."
        )
    others = overview.verdicts(claim)
    others = others[others["role"] != "primary"]
    if len(others):
        checks = "check" if len(others) == 1 else "checks"
        sentences.append(
            f"Of {len(others)} robustness {checks} by other models and methods it is "
            f"{_counts(others['verdict'])}"
            + (f"; {specific}" if (specific := _counts(others["shuffled_specificity"])) else "")
            + "."
        )
    sentences.append(reach(results))
    if not results.imported and _resampled(overview) is None:
        sentences.append(
            "To see what resampling the rows does to it: the same 'study run' with --vary rows."
        )
    return sentences


def _poor_fit(overview: Overview) -> list[str]:
    """That the claim's model predicts the test rows worse than their mean, if it does."""
    results = overview.results
    if not has_fits(results):
        return []
    claim = results.recipe.claim
    fit = overview.fit_quality.set_index(["model", "part", "evaluation"])
    mean = fit.loc[(claim.model, "test", "alone"), "r_squared_mean"]
    if not mean < 0:
        return []
    return [
        f"Mind the fit: the {results.title(claim.model)} predicts the test rows worse than their "
        f"mean would (mean R² {mean:.2f}), and what matters to it says little of what matters."
    ]


def _resampled(overview: Overview) -> str | None:
    """What becomes of the claim where the training rows are resampled, if that was run."""
    results = overview.results
    claim = results.recipe.claim
    table = overview.sources
    own = [
        row
        for row in table.to_dict("records")
        if (row["model"], row["method"], row["source"]) == (claim.model, claim.method, "rows")
    ]
    if not own:
        return None
    row = own[0]
    return (
        f"With the training rows resampled, and all else held at each of {row['bases']} base "
        f"seeds, {claim.words} in {row['met']} of {row['n']} {network(results)}s."
    )


def _counts(labels: pd.Series) -> str:
    """How often each label stands in a column: "supported in 22, inconclusive in 1"."""
    counts = labels.value_counts()
    order = (*_VERDICTS, *SPECIFICITY)
    return ", ".join(f"{label} in {counts[label]}" for label in order if label in counts)


def _bounds(row: dict[str, Any]) -> str:
    if np.isnan(row["low"]):
        return str(row["interval"])
    return f"{PERCENT} interval {row['low']:.2f} to {row['high']:.2f}"


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
