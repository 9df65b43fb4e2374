"""The sentences of a paragraph on methods and outcome of a run."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from study.analysis.claims import method_undefined, one_observation, why_not_tested
from study.analysis.fits import has_fits, learning_words
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.conditions import CONTROLS, find_condition
from study.common.methods import find_method
from study.common.text import listed
from study.common.vocabulary import UNNAMED_TARGET
from study.recipes.claim import Claim
from study.report.text.headline_numbers import PROGRAM
from study.report.text.origin import how_declared, reach
from study.report.text.setting import network_sentences, rows_sentences
from study.report.text.verdict import looked, tied
from study.statistics.claims import CONTRADICTED, INCONCLUSIVE, NO_VERDICT, SUPPORTED
from study.statistics.intervals import PERCENT

_VERDICTS = {
    SUPPORTED: ", so the claim is supported over seeds: the lower bound reaches the required "
    "{Required}.",
    CONTRADICTED: ", so the claim is contradicted over seeds: the upper bound misses the required "
    "{Required}.",
    INCONCLUSIVE: ", so the verdict over seeds is inconclusive: the interval holds the required "
    "{Required}.",
}


def sentences(overview: Overview) -> Iterator[str]:
    """Sentences with names of facts in braces. No name of a stranger stands in them."""
    results = overview.results
    claim = results.recipe.claim
    items = {"feature": "Features", "variable": "Variables", "group": "VariableGroups"}[claim.level]
    many = {
        "Features": len(results.features),
        "Variables": len(results.variables),
        "VariableGroups": len(results.items("group")),
    }
    yield from _imported(results) if results.imported else _studied(results, many)
    yield (
        f"{_method(results)}; a share is a score "
        "divided by the sum of all scores, where negative ones count as 0."
    )
    declared, remark = how_declared(results)
    yield (
        f"{declared} was the claim that, of the {{{items}}} "
        f"{_plural(claim.level, many[items])}, {{Claim}} in at least {{Required}} of seeds, for "
        f"the model {{Model}} by {{Method}}.{remark}"
    )
    yield from _for_other_rows(overview, claim)
    yield from _chance(overview, claim)
    row = overview.own_verdict(claim)
    if row is None:
        yield f"It was not tested: {why_not_tested(results, claim)}."
    else:
        yield from _outcome(results, row)
        if row["verdict"] != NO_VERDICT and (said := looked(results, claim, row).strip()):
            yield said
    if claim.model in results.models and has_fits(results):
        yield from _fit(results)
    yield reach(results) if results.imported else _noise(results)


def _noise(results: Results) -> str:
    """What seeds measure, and what they do not."""
    sources = [
        *(
            ["initial weights, order of the rows, dropout"]
            if len(results.models) > len(results.estimators)
            else []
        ),
        *(["random_state"] if results.estimators else []),
    ]
    return (
        f"Seeds measure the noise of training on this data set ({', '.join(sources)}), and nothing "
        "of what another sample of rows would show."
    )


def _imported(results: Results) -> Iterator[str]:
    """Where imported scores come from."""
    most = max(len(results.seeds(model, "real")) for model in results.models)
    named = results.recipe.target.name != UNNAMED_TARGET
    yield (
        f"Scores of feature importance that were made elsewhere ({{File}}) were examined with "
        f"{PROGRAM} {{Program}} (run {{Identity}}): of {{Features}} features, for {{Models}}"
        f"{', with {Target} as the target' if named else ''}, from {{Seeds}} "
        f"{_plural('seed', most)}{' each' if len(results.models) > 1 else ''}."
    )


def _method(results: Results) -> str:
    """What the claim's method is."""
    if results.imported:
        return "Importance by {Method} is as it was imported"
    method = find_method(results.recipe.claim.method)
    assert method is not None
    count = results.recipe.permutation.repeats
    repeats = f", mean over {count} {_plural('repeat', count)}" if method.repeated else ""
    return f"Importance by {{Method}} is {results.recipe.told(method.cited)}{repeats}"


def _studied(results: Results, many: dict[str, int]) -> Iterator[str]:
    """What was run, on which data."""
    tools = [f"{PROGRAM} {{Program}}"]
    if len(results.models) > len(results.estimators):
        tools.append("PyTorch {Torch}")
    if results.estimators:
        tools.append("scikit-learn {Sklearn}")
    yield (
        f"Feature importance was examined with {listed(tools)} (run "
        f"{{Identity}}) on the data set {{Data}}, of {{Features}} "
        f"{_plural('feature', many['Features'])} from {{Variables}} "
        f"{_plural('variable', many['Variables'])}, with {{Target}} as the target."
    )
    yield from rows_sentences(results)
    yield from _together(results)
    yield from _training(results)
    yield from network_sentences(results)
    if results.estimators:
        yield "{Estimators}; there, the seed is the random_state."


def _together(results: Results) -> Iterator[str]:
    """Which rows were kept together, or in order, or weighted, if any."""
    recipe = results.recipe
    by_column = [] if recipe.groups is None else ["with the same {Groups}"]
    by_value = [] if recipe.equal_rows is None else ["that are equal in all variables"]
    if recipe.groups_rows:
        yield (
            f"Rows {' or '.join([*by_column, *by_value])} were kept together wherever rows were "
            "drawn: the training rows are of {TrainGroups} groups, the test rows of {TestGroups}."
        )
    if recipe.time is not None:
        yield (
            "Rows were put in the order of {Time}, and models tested on rows later than those that "
            "they were trained on; {Blocks} blocks of successive rows were drawn in place of rows, "
            "and permutations were circular shifts."
        )
    if recipe.weight is not None:
        yield "Rows were weighted by {Weight} in training, fits and scores."


def _training(results: Results) -> Iterator[str]:
    several = len(results.models) > 1
    most = max(len(results.seeds(model, "real")) for model in results.models)
    held = [
        control
        for control in map(find_condition, CONTROLS)
        if any(results.seeds(model, control.name) for model in results.models)
    ]
    again = "".join(
        f", and {'' if _every(results, control.name) else 'some of them '}again {control.cited}"
        for control in held
        if control.trained
    )
    also = "".join(f"; {control.cited}" for control in held if not control.trained)
    yield (
        f"{{Models}} {'were' if several else 'was'} trained from {{Seeds}} "
        f"{_plural('seed', most)}{' each' if several else ''}{again}{also}."
    )


def _every(results: Results, control: str) -> bool:
    """Whether all seeds of all models have a control."""
    return all(
        results.seeds(model, "real") == results.seeds(model, control) for model in results.models
    )


def _for_other_rows(overview: Overview, claim: Claim) -> Iterator[str]:
    """What splits say of other rows of the same kind."""
    row = overview.own_population(claim)
    if row is None:
        if not overview.results.imported and not method_undefined(overview.results, claim):
            yield "What other rows of the same kind would show was not measured."
        return
    if row["verdict"] == NO_VERDICT:
        yield f"For other rows of the same kind there is no verdict: {row['reason']}."
        return
    bounds = (
        row["interval"]
        if np.isnan(row["low"])
        else f"{PERCENT} interval {{SplitLow}} to {{SplitHigh}}"
    )
    against = " over {SplitAgainst}" if row["against"] else ""
    drawn = overview.results.recipe.drawn
    yield (
        "For other rows of the same kind the claim is {Population}: over {Splits} random splits "
        f"of all {drawn} into halves, with models trained and tested in each from fresh seeds, "
        f"its margin{against} is {{SplitMargin}} ({bounds}; Student's t, with the variance "
        "estimated from the differences of the halves, which share no "
        f"{drawn.removesuffix('s')}: Nadeau and Bengio, 2003)."
    )


def _chance(overview: Overview, claim: Claim) -> Iterator[str]:
    """What the permutation test says."""
    row = overview.own_chance(claim)
    if row is None:
        if not method_undefined(overview.results, claim):
            said = "nothing was trained on shuffles"
            yield f"Whether the claim is above chance was not tested: {said}."
        return
    if row["label"] == NO_VERDICT:
        yield f"Whether it is above chance has no verdict: {row['reason']}."
        return
    equals = "" if row["p_value"] < 0.001 else "= "
    yield (
        "In a permutation test of the whole training, {Item} was as far ahead as with the first "
        "seed on the data in {AsLarge} of {Shuffles} trainings on shuffled targets "
        f"(p {equals}{{ChanceP}}): {{Chance}}."
    )


def _outcome(results: Results, row: dict[str, Any]) -> Iterator[str]:
    if row["verdict"] == NO_VERDICT and not one_observation(row):
        yield f"Over seeds there is no verdict: {row['reason']}."
        return
    if row["verdict"] == NO_VERDICT:
        count = len(results.seeds(results.recipe.claim.model, "real"))
        yield (
            f"All {count} seeds gave the same importances and count as one observation, in which "
            f"the claim was {'met' if row['met'] else 'not met'}: there is no interval, and no "
            "verdict."
        )
        return
    settle = row["seeds_to_settle"]
    yield (
        f"Trained again on these rows, it was met in {{Met}} of {{N}} {_plural('seed', row['n'])} "
        f"(proportion {{Proportion}}, {PERCENT} Wilson interval {{Low}} to {{High}})"
        f"{_VERDICTS[row['verdict']]}"
    )
    if said := tied(results.recipe.claim, row).strip():
        yield said
    if np.isinf(settle):
        yield "At exactly this proportion no number of seeds would settle it."
    elif not np.isnan(settle):
        yield "If the proportion stays, about {Settle} seeds would settle it."
    if not np.isnan(row["shuffled_n"]):
        yield _control(row, imported=bool(results.imported))
    yield _margin(row)


def _control(row: dict[str, Any], *, imported: bool) -> str:
    """What the shuffled control shows."""
    lost = row["shuffled_undefined"]
    befell = "without scores" if imported else "diverged"
    diverged = f" ({lost:.0f} {befell}, and {_plural('is', lost)} left out)" if lost else ""
    return (
        "With shuffled targets, where there is nothing to find, it was met in {ControlMet} of "
        f"{{ControlN}} {_plural('seed', row['shuffled_n'])}{diverged}."
    )


def _margin(row: dict[str, Any]) -> str:
    if np.isnan(row["margin"]):
        return "The margin ({MarginIs}) is undefined."
    kind = row["margin_interval"]
    bounds = (
        kind
        if np.isnan(row["margin_low"])
        else f"{PERCENT} {kind} bootstrap interval {{MarginLow}} to {{MarginHigh}}"
    )
    lost = row["margin_undefined"]
    but = f" but {lost:.0f} without shares" if lost else ""
    return f"The margin ({{MarginIs}}) is {{Margin}} on average over seeds{but} ({bounds})."


def _fit(results: Results) -> Iterator[str]:
    model = results.recipe.claim.model
    count, measures = len(results.seeds(model, "real")), results.measures
    spread = ", standard deviation {FitSd}" if count > 1 else ""
    diverged = len(results.diverged(model, "real"))
    lost = f"; {diverged} diverged, and {_plural('is', diverged)} left out" if diverged else ""
    yield (
        f"The {{Model}} has a mean test {measures.spelled} of {{Fit}} (rows one by "
        f"one{spread}{lost}), and {{Learned}} of {{LearnedN}} {_plural('seed', count)} reached the "
        f"test {measures.symbol} that counts "
        f"as having learned ({{LearnedFrom}}, {learning_words(results)})."
    )


def _plural(word: str, count: float) -> str:
    if word == "is":
        return "is" if count == 1 else "are"
    return word if count == 1 else f"{word}s"
