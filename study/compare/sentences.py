"""What a comparison of two runs comes to, in sentences made from its numbers."""

import re
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import level_of_claim, one_observation
from study.analysis.results import Results
from study.common.methods import LEVELS
from study.common.vocabulary import LEAST_SQUARES
from study.compare.comparison import Comparison
from study.compare.differences import EQUAL, IDENTICAL
from study.compare.pairing import (
    DATASET,
    DATASET_RECIPE,
    ENGINE,
    ENVIRONMENT,
    MODEL,
    MODELS,
    ROWS,
    RUN,
    SCORES,
    SEEDS,
    VARIED,
    common_models,
    imported,
    same_data,
)
from study.recipes.base import dotted
from study.recipes.claim import Claim
from study.report.tables.cells import number, percent
from study.report.text.verdict import verdict
from study.statistics.claims import CONTRADICTED, INCONCLUSIVE, NO_VERDICT, SUPPORTED

# Changes told in a sentence, and keys of the dataset recipe among them; the table has all.
MOST_CHANGES, MOST_KEYS = 6, 2
_ONLY = "only in"
_BOTH = {
    SUPPORTED: "Both runs support the claim",
    CONTRADICTED: "Both runs contradict the claim",
    INCONCLUSIVE: "Neither run settles the claim",
    NO_VERDICT: "Neither run gives a verdict on the claim",
}


def comparison_sentences(comparison: Comparison) -> list[str]:
    """What changed, what became of the claim, and what differs: differences second less first."""
    first, second = comparison.results
    if first.identity == second.identity:
        return [
            f"Both directories hold the same run, {first.identity}.",
            *_claim(comparison),
            *_diverged(first, second),
        ]
    numbers = [_shares(comparison), _orders(comparison), _fit(comparison)]
    return [
        _changed(comparison),
        *_claim(comparison),
        *_diverged(first, second),
        *([_same(first, second)] if comparison.all_identical else filter(None, numbers)),
        *_not_compared(first, second),
        _reach(comparison),
    ]


def _same(first: Results, second: Results) -> str:
    what = "scores" if imported(first, second) else "scores and fits"
    return (
        f"All {what} of the models and seeds that both runs have are identical, bit for bit: "
        "among these there is no difference to tell of."
    )


# -- what changed --------------------------------------------------------------------------
def _changed(comparison: Comparison) -> str:
    parts = change_phrases(comparison)
    if not parts:
        return (
            "Recipes, data, seeds and environment are the same in both runs; only the trained "
            "networks are not."
        )
    more = len(parts) - MOST_CHANGES
    rest = f"; and {more} more, in the table of changes" if more > 0 else ""
    return f"What changed: {'; '.join(parts[:MOST_CHANGES])}{rest}."


def change_phrases(comparison: Comparison) -> list[str]:
    """What differs between two runs, each in a few words, the same change of models as one."""
    first, second = comparison.results
    frame = comparison.changes.fillna("none")
    frame = frame[frame["what"] != RUN]
    keys = frame[frame["what"] == DATASET_RECIPE]
    many = len(keys) > MOST_KEYS
    rows = (frame.drop(keys.index) if many else frame).to_dict("records")
    phrases: dict[str, list[str]] = {}
    for row in rows:
        model, phrase = _phrase(row, rows)
        phrases.setdefault(phrase, []).append(model)
    if many:
        phrases[f"{len(keys)} keys of the dataset recipe"] = [""]
    every = set(common_models(first, second)) - {LEAST_SQUARES}
    return [
        _with_models(phrase, list(dict.fromkeys(models)), every)
        for phrase, models in phrases.items()
    ]


def _phrase(row: dict[str, str], rows: list[dict[str, str]]) -> tuple[str, str]:
    """The model that a change is of, if of any, and the change in a few words."""
    what, key, values = row["what"], row["key"], f"{row['first']} → {row['second']}"
    if what == ROWS:
        return "", f"other {key} rows"
    if what == SCORES:
        return "", "other scores"
    if what == MODELS:
        return key, f"{_ONLY} the {'first' if row['second'] == 'none' else 'second'} run"
    if what.startswith(f"{MODEL} "):
        return what.removeprefix(f"{MODEL} "), f"{key} {values}"
    if what == ENGINE:
        return key, f"{what} {values}"
    if what in (SEEDS, VARIED):
        model, _, part = key.partition(", ")
        # Controls mostly go with the real condition.
        with_real = {**row, "key": f"{model}, real"} in rows
        return model, f"{what} {values}" if with_real else f"{what} ({part}) {values}"
    return "", f"{what} {values}" if what == DATASET else f"{key} {values}"


def _with_models(phrase: str, models: list[str], every: set[str]) -> str:
    """A change with the models that it is of; what goes with a run, only if not of all."""
    names = ", ".join(models)
    if phrase.startswith(_ONLY):
        return f"{names} {phrase}"
    if not names or (set(models) == every and phrase.startswith((SEEDS, VARIED, ENGINE))):
        return phrase
    return f"{phrase} in {names}"


# -- the claim -----------------------------------------------------------------------------
def _claim(comparison: Comparison) -> list[str]:
    """What became of the claim."""
    first, second = comparison.results
    claim, other = comparison.judged_claims
    declared = second.recipe.claim
    one, two = comparison.overviews
    each = [f"The first run. {verdict(one)}", f"The second run. {verdict(two, other)}"]
    if claim is not other:
        return [
            f"The runs declared different claims ('{claim.words}' and '{other.words}'), and the "
            "second run has nothing that the first's speaks of: each is judged by its own.",
            *each,
        ]
    rows = [overview.own_verdict(claim) for overview in comparison.overviews]
    if rows[0] is None or rows[1] is None:
        sentences = each
    else:
        said = _verdicts(first, second, claim, rows[0], rows[1])
        sentences = [said, *_proportions(comparison, claim)]
    if declared == claim:
        return sentences
    return [
        f"{_unlike(claim, declared)} The first's is judged in both.",
        *sentences,
        f"By its own claim, the second run. {verdict(two)}",
    ]


def _unlike(claim: Claim, declared: Claim) -> str:
    if claim.words != declared.words:
        return f"The runs declared different claims: '{claim.words}' and '{declared.words}'."
    one, two = dotted(claim), dotted(declared)
    parts = [f"{key} {one[key]} and {two[key]}" for key in one if one[key] != two[key]]
    return f"The runs declared the same words, '{claim.words}', but not alike: {', '.join(parts)}."


def _verdicts(
    first: Results, second: Results, claim: Claim, row: dict[str, Any], other: dict[str, Any]
) -> str:
    """Both verdicts in one sentence."""
    said = (
        f"{claim.words} in {_met(first, claim, row, 'seeds of the first run')} and in "
        f"{_met(second, claim, other, 'of the second')}, for the {first.title(claim.model)} by "
        f"{claim.method}; {percent(claim.proportion)} is required."
    )
    verdicts = row["verdict"], other["verdict"]
    if verdicts[0] == verdicts[1]:
        return f"{_BOTH[verdicts[0]]}: {said}"
    return f"The verdict changed from {verdicts[0]} to {verdicts[1]}: {said}"


def _met(results: Results, claim: Claim, row: dict[str, Any], of_run: str) -> str:
    """In how many seeds of a run a claim is met; seeds that are all the same are told as one."""
    if row["n"] and one_observation(row):
        seeds = len(results.seeds(claim.model, "real"))
        count = f"all {seeds}" if row["met"] else f"none of the {seeds}"
        return f"{count} {of_run} (all the same: they count as one observation)"
    why = f" (no verdict: {row['reason']})" if row["verdict"] == NO_VERDICT else ""
    return f"{row['met']} of {row['n']} {of_run}{why}"


def _proportions(comparison: Comparison, claim: Claim) -> list[str]:
    """The difference of the proportions, and what it makes of a change of verdict."""
    row = _own(comparison.claim_differences, claim)
    if row is None:
        return []
    changed = row["verdict_first"] != row["verdict_second"]
    if np.isnan(row["low"]):
        same = row["interval"].startswith((IDENTICAL, EQUAL)) and row["difference"] == 0
        if same and (changed or row["proportion_first"] != row["proportion_second"]):
            return [
                f"The scores are {row['interval']}: what differs comes from the seeds that only "
                "one run has."
            ]
        return []
    if _told_apart(row):
        return [f"The proportions differ by {_by(row)}."]
    return [
        f"The difference of the proportions, {_by(row)}, is not told apart from none"
        + (": a verdict that changes is no proof that anything did." if changed else ".")
    ]


def _diverged(first: Results, second: Results) -> list[str]:
    """How many seeds of each run diverged, by model, where any did."""
    parts = []
    what = "have no scores" if imported(first, second) else "diverged"
    for model in common_models(first, second):
        lost, other = (len(results.diverged(model, "real")) for results in (first, second))
        seeds, others = (len(results.seeds(model, "real")) for results in (first, second))
        if lost or other:
            parts.append(
                f"{lost} of {seeds} seeds of the first run and {other} of {others} of the second "
                f"{what} for the {first.title(model)}"
            )
    if not parts:
        return []
    left = "shares and orders" if imported(first, second) else "shares, orders and fit"
    return [f"{'; '.join(parts)}: they meet no claim, and {left} leave them out."]


# -- shares, orders, fit -------------------------------------------------------------------
def _shares(comparison: Comparison) -> str:
    """The claimed share by the claim's model and method, and how often it differs elsewhere."""
    first = comparison.first
    claim = first.recipe.claim
    table = comparison.share_differences(level_of_claim(first.recipe, claim, claim.method))
    if table.empty:
        return ""
    table = table[(table["name"] == claim.name) & (table["model"] != LEAST_SQUARES)]
    row = _own(table, claim)
    parts = []
    if row is not None:
        what = f"The share of {claim.name} by {claim.method} of the {first.title(claim.model)}"
        parts.append(_compared(row, what))
    others = table[(table["model"] != claim.model) | (table["method"] != claim.method)]
    given = others[others["low"].notna()]
    if len(given):
        count = sum(_told_apart(other) for other in given.to_dict("records"))
        parts.append(
            f"By {'other ' if parts else ''}models and methods the interval of the difference in "
            f"the share of {claim.name} leaves out 0 in {count} of "
            f"{len(given)} cases, not adjusted for their number."
        )
    return " ".join(parts)


def _orders(comparison: Comparison) -> str:
    """How far the orders agree, by the claim's model and method."""
    first = comparison.first
    claim = first.recipe.claim
    level = level_of_claim(first.recipe, claim, claim.method)
    row = _own(comparison.order_agreement(level), claim)
    if row is None or np.isnan(row["mean"]):
        return ""
    bounds = (
        f"({row['interval']})" if np.isnan(row["low"]) else f"[{row['low']:.2f}, {row['high']:.2f}]"
    )
    lost = f" ({row['undefined']} of them undefined)" if row["undefined"] else ""
    return (
        f"The orders of the {level}s in the first run and the second have a Spearman correlation "
        f"of {row['mean']:z.2f} {bounds}, {row['pairing']}{lost}, for the "
        f"{first.title(claim.model)} by {claim.method}; unrelated orders would have "
        f"{row['null_mean']:z.2f} ± {row['null_sd']:.2f}."
    )


def _fit(comparison: Comparison) -> str:
    """How much the claim's model explains on the test rows."""
    first = comparison.first
    model = first.recipe.claim.model
    table = comparison.fit_differences
    if table.empty:
        return ""
    rows = table[(table["model"] == model) & (table["part"] == "test")].to_dict("records")
    what = f"The test {first.measures.symbol} of the {first.title(model)}"
    return _compared(rows[0], what) if rows else ""


def _compared(row: dict[str, Any], what: str) -> str:
    """A mean in either run, and the difference with its interval."""
    means = f"{number(row['mean_first'])} in the first run and {number(row['mean_second'])}"
    if np.isnan(row["low"]):
        same = row["interval"].startswith((IDENTICAL, EQUAL))
        why = row["interval"] if same else f"{row['pairing']}; {row['interval']}"
        return f"{what}: {means} in the second ({why})."
    if _told_apart(row):
        return f"{what} differs by {_by(row)}: {means} in the second."
    return f"{what} is not told apart: {means} in the second, a difference of {_by(row)}."


def _by(row: dict[str, Any]) -> str:
    """A difference with its interval, in so many digits that no bound passes for 0."""
    numbers = row["difference"], row["low"], row["high"]
    digits = 2 if min(map(abs, numbers[1:])) >= 0.005 else 3
    difference, low, high = (number(value, f"{{:z.{digits}f}}") for value in numbers)
    sign = "+" if row["difference"] > 0 else ""
    return f"{sign}{difference} [{low}, {high}] ({row['pairing']})"


def _told_apart(row: dict[str, Any]) -> bool:
    """Whether the interval of a difference leaves out 0."""
    return bool(row["low"] > 0 or row["high"] < 0)


def _own(table: pd.DataFrame, claim: Claim) -> dict[str, Any] | None:
    """The row of the model and method that a claim rests on."""
    if table.empty:
        return None
    rows = table[(table["model"] == claim.model) & (table["method"] == claim.method)]
    return rows.iloc[0].to_dict() if len(rows) else None


# -- what holds for all of it --------------------------------------------------------------
def _not_compared(first: Results, second: Results) -> list[str]:
    """Of what no shares and orders are compared, and why."""
    levels = [
        f"{level}s" for level in LEVELS if set(first.items(level)) != set(second.items(level))
    ]
    if not levels:
        return []
    return [
        f"The runs have other {' and '.join(levels)}: shares and orders of different sets are not "
        "comparable, and are not compared."
    ]


def _reach(comparison: Comparison) -> str:
    first, second = comparison.results
    if imported(first, second):
        return (
            "Scores were imported: what data they were made on, and what their seeds vary, is not "
            "known here, so that a difference may lie in the data as well as in all else. "
            "Intervals are over seeds, and say nothing of other samples of rows."
        )
    if not same_data(first, second):
        return (
            "The runs look at different data, and so at two worlds: a difference may lie in the "
            "data as well as in what else changed. Intervals are over seeds of training, and "
            "allow for neither sample of rows."
        )
    said = (
        "Both runs look at the same rows: differences are of training on these data, with "
        "intervals over seeds, and say nothing of other samples."
    )
    model = first.recipe.claim.model
    if _possible_causes(comparison, model) < 2:
        return said
    return (
        f"{said} More than one thing changed for the {first.title(model)}, so that no difference "
        "can be laid to one."
    )


def _possible_causes(comparison: Comparison, model: str) -> int:
    """How many changes, on the same rows, could move a model's numbers.

    A list is one thing whichever of its elements change, and so is the environment.
    """
    first, second = comparison.results
    if model not in common_models(first, second):
        return 0
    frame = comparison.changes
    what, key = frame["what"], frame["key"]
    bears = (
        (what == ENVIRONMENT)
        | ((what == ENGINE) & (key == model))
        | ((what == f"{MODEL} {model}") & (key != "title"))
        | ((what == DATASET_RECIPE) & key.str.startswith("permutation."))
    )
    return len(
        {
            ENVIRONMENT if row["what"] == ENVIRONMENT else re.sub(r"(\.\d+)+$", "", row["key"])
            for row in frame[bears].to_dict("records")
        }
    )
