"""The headline numbers of a run, each with a name that TeX takes for a macro."""

import string
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from study.analysis.claims import level_of_claim
from study.analysis.fits import has_fits, learning_threshold
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.selection import all_models
from study.analysis.units import group_counts, units
from study.common.conditions import REAL
from study.common.text import listed
from study.common.vocabulary import UNNAMED_TARGET
from study.recipes.claim import Claim
from study.report.tables.cells import (
    estimator_words,
    model_title,
    number,
    p_value,
    percent,
)
from study.report.tables.claims import margin_words
from study.report.text.origin import how_declared
from study.report.text.setting import setting_numbers
from study.statistics.intervals import PERCENT

PROGRAM = "importance-study"
_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_COUNT, _ROUGH, _FINE = "{:.0f}", "{:z.2f}", "{:.3f}"


@dataclass(frozen=True)
class Fact:
    """A number, or a name, that a text about a run can hold.

    name : ASCII letters; text : as it is shown; tells : what it is
    """

    name: str
    text: str
    tells: str


def facts(overview: Overview) -> list[Fact]:
    """The headline numbers of a run; no two have the same name."""
    results = overview.results
    found = [
        *_of_run(overview),
        *_of_claim(results),
        *_of_population(overview),
        *_of_chance(overview),
        *_of_verdict(overview),
        *_of_fit(overview),
        *_of_models(overview),
    ]
    return _named_apart(found)


def letters(name: str) -> str:
    """A name as ASCII letters, in one word: transformer-tokens becomes TransformerTokens.

    Digits are spelled, accents dropped, and other letters written as their code points.
    Different names may become the same.
    """
    words, start = [], True
    for sign in unicodedata.normalize("NFKD", name):
        if sign in string.ascii_letters:
            words.append(sign.upper() if start else sign)
        elif sign in string.digits:
            words.append(_DIGITS[int(sign)])
        elif sign.isalpha():
            digits = f"{ord(sign):X}".translate({48 + n: "GHIJKLMNOP"[n] for n in range(10)})
            words.append(f"U{digits.lower()}")
        start = not sign.isalpha() and not unicodedata.combining(sign)
    return "".join(words)


def _named_apart(found: Iterable[Fact]) -> list[Fact]:
    """The facts, with a B after a name for each time that it was taken before."""
    apart: dict[str, Fact] = {}
    for fact in found:
        name = fact.name
        while name in apart:
            name += "B"
        apart[name] = replace(fact, name=name)
    return list(apart.values())


def _of_run(overview: Overview) -> Iterator[Fact]:
    results = overview.results
    yield Fact("Identity", results.identity, "identity of the run")
    yield Fact("Data", results.dataset, "name of the data set")
    if results.imported:
        yield Fact("File", results.imported, "file that the scores were imported from")
    if not results.imported or results.recipe.target.name != UNNAMED_TARGET:
        yield Fact("Target", results.recipe.target.name, "what is predicted")
    yield Fact("Features", str(len(results.features)), "number of features")
    if not results.imported:
        yield Fact("Variables", str(len(results.variables)), "number of variables")
    if blocks := results.items("group"):
        what = "number of groups of variables, and of variables that are of none"
        yield Fact("VariableGroups", str(len(blocks)), what)
    yield from (Fact(*number) for number in setting_numbers(results))
    if results.recipe.groups is not None:
        yield Fact("Groups", results.recipe.groups, "column whose rows stay together")
    if results.recipe.groups_rows:
        train, test = group_counts(results)
        yield Fact("TrainGroups", str(train), "groups that the training rows are of")
        yield Fact("TestGroups", str(test), "groups that the test rows are of")
    if results.recipe.time is not None:
        yield Fact("Time", results.recipe.time, "column that rows are in the order of")
        yield Fact("Blocks", str(units(results)), "blocks of rows that halves are put together of")
    if results.recipe.weight is not None:
        yield Fact("Weight", results.recipe.weight, "column that rows count by")
    yield Fact(
        "Models",
        _models(overview),
        "models" if results.imported else "trained models",
    )
    counts = sorted({len(results.seeds(model, "real")) for model in results.models})
    ends = " to ".join(str(count) for count in sorted({counts[0], counts[-1]}))
    yield Fact("Seeds", ends, "number of seeds of each model")
    libraries = [("Program", PROGRAM)] + ([] if results.imported else [("Torch", "torch")])
    if results.estimators:
        libraries.append(("Sklearn", "scikit-learn"))
        shown = [model for model in overview.foremost_models if model in results.estimators]
        regressors = [
            f"{results.title(model)} is {estimator_words(results, model)}" for model in shown
        ]
        if more := len(results.estimators) - len(shown):
            regressors.append(f"{more} more are others")
        yield Fact("Estimators", "; ".join(regressors), "what the estimators are")
    for name, library in libraries:
        known = {place[library] for place in results.environments if library in place}
        text = listed(sorted(known)) or "(version not recorded)"
        yield Fact(name, text, f"version of {library} that computed it")


def _models(overview: Overview) -> str:
    """The models; of many, the foremost and how many more there are."""
    results, shown = overview.results, overview.foremost_models
    more = len(results.models) - len(shown)
    titles = [results.title(model) for model in shown]
    return listed([*titles, f"{more} more models"] if more else titles)


def _of_claim(results: Results) -> Iterator[Fact]:
    claim = results.recipe.claim
    yield Fact("Claim", claim.words, f"the claim {how_declared(results)[0].lower()}")
    yield Fact("Item", claim.name, "what the claim speaks of")
    yield Fact("Model", model_title(results, claim.model), "the model that the claim rests on")
    yield Fact("Method", claim.method, "the method that the claim rests on")
    yield Fact(
        "Required", percent(claim.proportion), "the proportion of seeds that the claim needs"
    )
    yield Fact("MarginIs", margin_words(claim), "what the margin is")
    published = results.published(claim.model, claim.method, claim.level).get(claim.name)
    if published is not None:
        text = number(published, _FINE)
        yield Fact("PublishedShare", text, f"published share of {claim.name}")


def _of_verdict(overview: Overview) -> Iterator[Fact]:
    results = overview.results
    row = overview.own_verdict(results.recipe.claim)
    if row is None:
        yield Fact("Verdict", "not tested", "verdict on the claim over seeds")
        return
    margin = row["margin_interval"]
    lower, upper = (f"{end} {PERCENT} bound" for end in ("lower", "upper"))
    for name, value, form, tells in (
        ("Met", row["met"], _COUNT, "seeds that meet the claim"),
        ("N", row["n"], _COUNT, "seeds that the claim is tested in"),
        ("Proportion", row["proportion"], _ROUGH, "proportion of seeds that meet it"),
        ("Low", row["low"], _ROUGH, f"{lower} of it ({row['interval']})"),
        ("High", row["high"], _ROUGH, f"{upper} of it ({row['interval']})"),
        (
            "Settle",
            row["seeds_to_settle"],
            _COUNT,
            "seeds that would settle an inconclusive verdict",
        ),
        ("ControlMet", row["shuffled_met"], _COUNT, "shuffled seeds that meet the claim"),
        ("ControlN", row["shuffled_n"], _COUNT, "shuffled seeds"),
        ("Margin", row["margin"], _ROUGH, "margin, mean over seeds"),
        ("MarginLow", row["margin_low"], _ROUGH, f"{lower} of the margin ({margin})"),
        ("MarginHigh", row["margin_high"], _ROUGH, f"{upper} of the margin ({margin})"),
    ):
        yield Fact(name, number(value, form), tells)
    yield Fact("Verdict", row["verdict"], "verdict on the claim over seeds")


def _of_population(overview: Overview) -> Iterator[Fact]:
    """What splits say of the claim."""
    row = overview.own_population(overview.results.recipe.claim)
    if row is None:
        return
    kind = row["interval"]
    lower, upper = (f"{end} {PERCENT} bound of it ({kind})" for end in ("lower", "upper"))
    for name, value, form, tells in (
        ("Splits", row["splits"], _COUNT, "random splits of all rows"),
        ("SplitMargin", row["margin"], _ROUGH, "margin that decides, mean over splits"),
        ("SplitLow", row["low"], _ROUGH, lower),
        ("SplitHigh", row["high"], _ROUGH, upper),
    ):
        yield Fact(name, number(value, form), tells)
    yield Fact("SplitAgainst", row["against"] or "–", "the item that the margin is to")
    yield Fact("Population", row["verdict"], "verdict on the claim for other rows")


def _of_chance(overview: Overview) -> Iterator[Fact]:
    """What the permutation test says of the claim."""
    row = overview.own_chance(overview.results.recipe.claim)
    if row is None:
        return
    yield Fact("Shuffles", str(row["shuffles"]), "trainings on shuffled targets")
    yield Fact(
        "AsLarge", str(row["as_large"]), "of them in which the item is as far ahead as on the data"
    )
    yield Fact("ChanceP", p_value(row["p_value"]), "p of the permutation test")
    yield Fact("Chance", row["label"], "verdict of the permutation test")


def _of_fit(overview: Overview) -> Iterator[Fact]:
    """How well the claim's own model fits."""
    results = overview.results
    model = results.recipe.claim.model
    if model not in results.models or not has_fits(results):
        return
    fit = overview.fit_quality.set_index(["model", "part", "evaluation"])
    row = fit.loc[(model, "test", "alone")]
    found = overview.learning
    learned = found.loc[found["model"] == model, "learned"]
    rows = "of the claim's model on the test rows, one by one"
    explained, symbol = results.measures.explained, results.measures.symbol
    yield Fact("Fit", number(row[f"{explained}_mean"], _FINE), f"mean {symbol} {rows}")
    spread = number(row[f"{explained}_sd"], _FINE)
    yield Fact("FitSd", spread, f"standard deviation of {symbol} {rows}")
    yield Fact("Learned", str(int(learned.sum())), "seeds of the claim's model that have learned")
    yield Fact("LearnedN", str(len(learned)), "seeds of the claim's model")
    threshold = number(learning_threshold(results), _FINE)
    tells = f"{symbol} on the test rows from which on a seed has learned"
    yield Fact("LearnedFrom", threshold, tells)


def _of_models(overview: Overview) -> Iterator[Fact]:
    """Fit of each model, and the claimed share and seeds that meet the claim by each method."""
    results = overview.results
    claim, measures = results.recipe.claim, results.measures
    fit = overview.fit_quality if has_fits(results) else pd.DataFrame()
    fitted = {
        row["model"]: row[f"{measures.explained}_mean"]
        for row in fit.to_dict("records")
        if (row["part"], row["evaluation"]) == ("test", "alone")
    }
    levels = {method: level_of_claim(results.recipe, claim, method) for method in results.methods()}
    shares = {
        (row["model"], row["method"]): row
        for level in dict.fromkeys(levels.values())
        for row in overview.claimed_importance(level).to_dict("records")
        if levels[row["method"]] == level
    }
    met = {
        (row["model"], row["method"]): row
        for row in overview.proportions(claim).to_dict("records")
        if row["condition"] == REAL
    }
    for model in all_models(results):
        own, title = letters(model) or "Model", results.title(model)
        if model in fitted:
            text = number(fitted[model], _FINE)
            tells = f"mean test {measures.symbol} of {title}, rows one by one"
            yield Fact(f"{own}Test{measures.explained.title().replace('_', '')}", text, tells)
        for method in levels:
            name, where = f"{own}{letters(method)}", f"{title} by {method}"
            if (model, method) in shares:
                yield from _share(name, claim, shares[model, method], where)
            if (model, method) in met:
                counts = met[model, method]
                yield Fact(f"{name}Met", str(counts["met"]), f"seeds that meet the claim: {where}")
                yield Fact(f"{name}N", str(counts["n"]), f"seeds: {where}")


def _share(name: str, claim: Claim, row: dict[str, Any], where: str) -> Iterator[Fact]:
    """The claimed item's mean share by one model and method."""
    bound = f"{PERCENT} bound of that mean ({row['interval']}): {where}"
    for part, column, tells in (
        ("Mean", "mean_share", f"share of {claim.name}{claim.of_class}, mean over seeds: {where}"),
        ("Sd", "sd_share", f"standard deviation of that share: {where}"),
        ("Low", "low", f"lower {bound}"),
        ("High", "high", f"upper {bound}"),
    ):
        yield Fact(f"{name}Share{part}", number(row[column], _FINE), tells)
