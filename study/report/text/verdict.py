"""What came of the declared claim, in sentences made from its numbers.

Three questions, in this order: would it hold for other rows of the same kind, is it above chance,
and would training again on these rows show it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import (
    method_undefined,
    one_observation,
    repeats,
    scores_of_claim,
    why_not_tested,
)
from study.analysis.looks import extended
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.selection import MOST_MODELS, all_models
from study.recipes.claim import Claim
from study.report.tables.cells import model_title, network, p_value, percent
from study.report.text.alternatives import alternatives
from study.report.text.needed import needed
from study.report.text.origin import how_declared, lost, reach
from study.statistics.claims import CONTRADICTED, INCONCLUSIVE, NO_VERDICT, SUPPORTED
from study.statistics.confidence_sequence import confidence_sequence
from study.statistics.intervals import PERCENT

_VERDICTS = (SUPPORTED, INCONCLUSIVE, CONTRADICTED, NO_VERDICT)
NOT_TESTED = "not tested"
# Why a question was not asked, of imported scores and of models that were trained.
_NO_SPLITS = (
    "Scores of one sample of rows cannot say what other rows would show.",
    "This run has no splits of all rows; 'study run' without --splits 0 makes them.",
)
_NO_SHUFFLES = (
    "There is no control on shuffled targets: what chance alone would show is not known.",
    "This run has no shuffles of the target; 'study run' without --shuffles 0 makes them.",
)
# What it costs each verdict that a claim was proposed from the rows that test it, as simulated.
_COSTS = (
    " The claim was proposed from these rows: of two tied features, one is then supported in up to "
    "0.02 of simulated data sets, and in up to 0.01 of them where it was named beforehand.",
    " The claim was proposed from these rows: pure noise is then above chance in up to 0.22 of "
    "simulated data sets, in place of 0.05.",
    " The claim was proposed from these rows: of two tied features, the one that the rows put "
    "first is supported over seeds in more than half of simulated data sets.",
)


@dataclass(frozen=True)
class Answer:
    """What one of the three questions comes to.

    question : what it asks; verdict : in a few words; sentence : with its numbers
    tone : "supported" or "contradicted" where colours may say so, else empty
    """

    question: str
    verdict: str
    sentence: str
    tone: str = ""

    @property
    def line(self) -> str:
        """All of it for a terminal; the verdict once, where the sentence begins with it."""
        said = self.sentence[:1].lower() + self.sentence[1:]
        once = said.startswith(self.verdict)
        return f"{self.question}: {said if once else f'{self.verdict}. {self.sentence}'}"


def answers(overview: Overview, claim: Claim | None = None) -> list[Answer]:
    """The three verdicts on a claim, the primary one if none is given.

    Only that on the population is ever coloured: seeds say nothing of other rows.
    """
    claim = claim or overview.results.recipe.claim
    own = overview.own_verdict(claim)
    found = [
        _on_population(overview, claim),
        _on_chance(overview, claim),
        Answer(
            "Trained again on these rows",
            NOT_TESTED if own is None else f"{own['verdict']} over seeds",
            verdict(overview, claim),
        ),
    ]
    if not claim.proposed:
        return found
    return [
        of
        if of.verdict.startswith((NOT_TESTED, NO_VERDICT))
        else replace(of, sentence=of.sentence + cost)
        for of, cost in zip(found, _COSTS, strict=True)
    ]


def _on_population(overview: Overview, claim: Claim) -> Answer:
    question = "For other rows of the same kind"
    row = overview.own_population(claim)
    if row is None:
        return Answer(question, NOT_TESTED, _why_not(overview.results, claim, *_NO_SPLITS))
    if row["verdict"] == NO_VERDICT:
        return Answer(question, NO_VERDICT, f"{_capital(row['reason'])}.")
    seeds = f" from {row['seeds']} seeds" if row["seeds"] > 1 else ""
    lost = f"; {row['undefined']} more say nothing of it" if row["undefined"] else ""
    sentence = (
        f"Over {row['splits']} random splits of all {overview.results.recipe.drawn} into "
        f"halves, models trained and tested in each{seeds}{lost}: {_ahead(claim, row)} for the "
        f"{overview.results.title(claim.model)} by {claim.method} ({PERCENT} interval "
        f"{_between(row)}).{_settled_by(row)}"
    )
    tone = str(row["verdict"]) if row["verdict"] in (SUPPORTED, CONTRADICTED) else ""
    return Answer(question, str(row["verdict"]), sentence, tone)


def _why_not(results: Results, claim: Claim, imported: str, trained: str) -> str:
    """Why a question was not asked: of scores that were `imported`, or of models `trained` here."""
    if undefined := method_undefined(results, claim):
        return f"{_capital(undefined)}."
    if claim.model not in all_models(results):
        return f"This run does not hold the claim's model, '{claim.model}'."
    return imported if results.imported else trained


def _ahead(claim: Claim, row: dict[str, Any]) -> str:
    """By how much a claim is met or missed over splits."""
    margin = row["margin"]
    if claim.share is not None:
        return (
            f"{claim.name} has a share of {claim.share + margin:.2f} on average, "
            f"{abs(margin):.2f} {'above' if margin >= 0 else 'below'} the {claim.share:g} claimed,"
        )
    place = "ahead of" if margin >= 0 else "behind"
    one_of_many = claim.above is None and margin >= 0
    other = f"the nearest, {row['against']}," if one_of_many else row["against"]
    return f"the share of {claim.name} is {abs(margin):.2f} {place} that of {other} on average"


def _between(row: dict[str, Any]) -> str:
    """An interval, or why there is none."""
    if np.isnan(row["low"]):
        return str(row["interval"])
    return f"{row['low']:z.2f} to {row['high']:z.2f}"


def _settled_by(row: dict[str, Any]) -> str:
    """What would settle an inconclusive verdict on the population."""
    if np.isnan(row["settle_rows"]):
        return ""
    if np.isinf(row["settle_rows"]):
        return " No number of splits or rows would settle it."
    rows = f"about {row['settle_rows']:.1f} times as many rows would"
    if np.isinf(row["settle_splits"]):
        return f" No number of splits would settle it; {rows}, if means and spreads stay."
    return (
        f" If means and spreads stay, about {row['settle_splits']:.0f} splits would settle it, or "
        f"{rows}."
    )


def _on_chance(overview: Overview, claim: Claim) -> Answer:
    question = "Above chance"
    results = overview.results
    row = overview.own_chance(claim)
    if row is None:
        return Answer(question, NOT_TESTED, _why_not(results, claim, *_NO_SHUFFLES))
    if row["label"] == NO_VERDICT:
        return Answer(question, NO_VERDICT, f"{_capital(row['reason'])}.")
    large = str(row["as_large"] or "none")
    seed = results.seeds(claim.model, "real")[0]
    spread = f"{p_value(row['p_lowest'])} to {p_value(row['p_highest'])}"
    others = "" if row["p_lowest"] == row["p_highest"] else f"; other seeds give {spread}"
    equals = "" if row["p_value"] < 0.001 else "= "
    sentence = (
        f"Of {row['shuffles']} trainings with {results.recipe.target.name} shuffled, in {large} "
        f"{claim.name} was as far ahead as with seed {seed} on the data: p {equals}"
        f"{p_value(row['p_value'])} ({PERCENT} Monte Carlo interval {row['p_low']:.3f} to "
        f"{row['p_high']:.3f}{others})."
    )
    return Answer(question, str(row["label"]), sentence)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def verdict(overview: Overview, claim: Claim | None = None) -> str:
    """The verdict over seeds on a claim, the primary one if none is given, in one sentence."""
    results = overview.results
    claim = claim or results.recipe.claim
    row = overview.own_verdict(claim)
    if row is None:
        return (
            f"The claim ('{claim.words}', model '{claim.model}' by {claim.method}) is not tested: "
            f"{why_not_tested(results, claim)}."
        )
    model = results.title(claim.model)
    if row["verdict"] == NO_VERDICT:
        return _no_verdict(model, claim, row)
    said = {
        SUPPORTED: "Supported over seeds",
        CONTRADICTED: "Contradicted over seeds (not stable)",
        INCONCLUSIVE: "Inconclusive over seeds",
    }[row["verdict"]]
    return (
        f"{said}: {claim.words} in {row['met']} of {row['n']} seeds "
        f"({_bounds(row)}) for the {model} by {claim.method}; {percent(claim.proportion)} is "
        f"required.{tied(claim, row)}{_repeated(row)}{_settle(row)}{looked(results, claim, row)}"
    )


def tied(claim: Claim, row: dict[str, Any]) -> str:
    """In how many seeds a tie alone keeps the claim from being met; nothing without any."""
    if not row["tied"]:
        return ""
    where = f"In {row['tied']} {'more' if row['met'] else 'of them'}"
    top = claim.top or 1
    place = f"with {claim.above}" if claim.above else f"for place {top}" if top > 1 else "for first"
    return f" {where if row['n'] > 1 else 'There'} {claim.name} is tied {place}."


def _repeated(row: dict[str, Any]) -> str:
    """That seeds repeat one another; nothing where they do not."""
    if row["different"] == row["n"]:
        return ""
    return f" The {repeats(row['n'], row['different'])}, so that they are fewer observations."


def looked(results: Results, claim: Claim, row: dict[str, Any]) -> str:
    """What an extension after a look makes of a verdict over seeds; nothing without one."""
    if not extended(results) or row["n"] < 2:
        return ""
    found = confidence_sequence(int(row["met"]), int(row["n"]))
    stays = (
        ""
        if row["verdict"] != SUPPORTED
        else ", which supports it still"
        if found.low >= claim.proportion
        else ", which does not support it"
    )
    return (
        " Seeds were added after a look; the interval that holds however often one looks is "
        f"{found.low:.2f} to {found.high:.2f}{stays}."
    )


def _no_verdict(model: str, claim: Claim, row: dict[str, Any]) -> str:
    if one_observation(row):
        said = "meets" if row["met"] else "does not meet"
        return (
            f"No verdict over seeds: {row['interval']}, so the {model} is one observation, which "
            f"{said} the claim ({claim.words}).{tied(claim, row)}"
        )
    return (
        f"No verdict over seeds: {row['reason']}. In {row['met']} of {row['n']}, {claim.words}."
        f"{tied(claim, row)}"
    )


def headline(overview: Overview) -> list[str]:
    """What belongs beside the three verdicts: seeds that diverged, resampled rows, other models."""
    results = overview.results
    claim = results.recipe.claim
    row = overview.own_verdict(claim)
    if row is None:
        return []
    found = scores_of_claim(results, claim, claim.model, "real", claim.method)
    diverged = int((~np.isfinite(found[0].score)).any(axis=1).sum()) if found else 0
    sentences = [f"{diverged} {lost(results)} and count as not met."] if diverged else []
    if (resampled := _resampled(overview)) is not None:
        sentences.append(resampled)
    return sentences + ([] if row["verdict"] == NO_VERDICT else _other_models(overview, row))


def _other_models(overview: Overview, own: dict[str, Any]) -> list[str]:
    """Where other models, by the same method, say something else than the primary one."""
    results = overview.results
    claim = results.recipe.claim
    table = overview.verdicts(claim)
    others = table[(table["method"] == claim.method) & (table["role"] != "primary")]
    if len(results.models) > MOST_MODELS:
        return [
            f"By the same method the verdict over seeds on the {len(others)} other models: "
            f"{_counts(others['verdict'])}."
        ]
    sentences = []
    alike = []
    for row in others.to_dict("records"):
        name = f"For the {results.title(row['model'])}"
        met = f"{row['met']} of {row['n']}"
        if row["verdict"] == NO_VERDICT:
            sentences.append(f"{name} there is no verdict: {row['reason']}.")
        elif row["verdict"] != own["verdict"]:
            sentences.append(
                f"{name} the verdict over seeds is another: {row['verdict']}, in {met} seeds."
            )
        else:
            alike.append(f"{results.title(row['model'])}, {met}")
    if alike:
        sentences.insert(
            0, f"By the same method the verdict over seeds is the same: {'; '.join(alike)}."
        )
    return sentences


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
    sentences += [*_declared_with_it(overview), *alternatives(overview), *needed(overview)]
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
    others = overview.distinct_checks(claim)
    if len(others):
        repeats = len(overview.verdicts(claim)) - 1 - len(others)
        more = f" ({repeats} more repeat the numbers of another)" if repeats else ""
        checks = "check" if len(others) == 1 else "checks"
        sentences.append(
            f"Of {len(others)} robustness {checks} over seeds by other models and methods on the "
            f"same rows{more}, it is {_counts(others['verdict'])}."
        )
    sentences.append(reach(results))
    return sentences


def _declared_with_it(overview: Overview) -> list[str]:
    """The other claims of the recipe, their verdicts judged by Holm's method as one family."""
    return [
        f"Declared with it: {row['claim']}, for the {model_title(overview.results, row['model'])} "
        f"by {row['method']}: for other rows {_or_untested(row['population'])}, "
        f"{_or_untested(row['chance'])}, over seeds {row['verdict']} (adjusted by Holm's method)."
        for row in overview.declared[~overview.declared["primary"]].to_dict("records")
    ]


def _or_untested(label: Any) -> str:
    return NOT_TESTED if pd.isna(label) else str(label)


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
    """How often each verdict stands in a column: "supported in 22, inconclusive in 1"."""
    counts = labels.value_counts()
    return ", ".join(f"{label} in {counts[label]}" for label in _VERDICTS if label in counts)


def _bounds(row: dict[str, Any]) -> str:
    between = _between(row)
    return between if np.isnan(row["low"]) else f"{PERCENT} interval {between}"


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
