"""What a reader of this run has to know: coded checks, each with evidence and advice."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from study.analysis.agreement import seed_agreement, spearman_only
from study.analysis.claims import CONTROLS, own_verdict, proportions, why_not_tested
from study.analysis.fits import has_fits, learning, learning_threshold, learning_words
from study.results import Results, Vectors
from study.statistics.claims import INCONCLUSIVE, exceeds, fewest_met, fewest_seeds
from study.statistics.intervals import CONFIDENCE, FEWEST
from study.statistics.multiplicity import holm
from study.statistics.ranking import identical, shares
from study.words import (
    CONDITIONS,
    CONTRAST_GRADIENT,
    GRADIENT_METHODS,
    GROUPED_PERMUTATION,
    LEAST_SQUARES,
    PERMUTATION,
    TRAINING_GRADIENT,
    ranges,
)

DIVERGED = "S010"
# A variance inflation factor of 10 (Marquardt, 1970).
COLLINEAR = 0.9
# Above it, few seeds disagree, and the interval of pairwise agreement hangs on them.
NEAR_ONE = 0.95


@dataclass(frozen=True)
class Warning:
    """One thing to know before believing a number.

    code : S and three digits, fixed for ever; title, evidence, advice : plain text
    """

    code: str
    title: str
    evidence: str
    advice: str


@lru_cache(maxsize=4)
def warnings(results: Results) -> tuple[Warning, ...]:
    """Everything there is to warn of, in the order of the codes."""
    return tuple(warning for check in _CHECKS for warning in check(results))


def _scores(results: Results, condition: str, model: str) -> Iterator[tuple[str, Vectors]]:
    """The scores of a model by every method, at the level that the method scores."""
    for method in results.methods():
        vectors = results.vectors(model, condition, method, _level(method))
        if vectors is not None:
            yield method, vectors


def _level(method: str) -> str:
    """The level that a method scores to begin with."""
    return "variable" if method == GROUPED_PERMUTATION else "feature"


def _identical_seeds(results: Results) -> Iterator[Warning]:
    for model in results.models:
        for condition in CONDITIONS:
            same = [
                method
                for method, vectors in _scores(results, condition, model)
                if identical(vectors.score)
            ]
            if same:
                yield Warning(
                    "S001",
                    "All seeds are the same",
                    f"{results.title(model)}, {condition}: all "
                    f"{len(results.seeds(model, condition))} seeds have the same scores by "
                    f"{_list(same)}.",
                    "Nothing varies, so this is one observation: no interval, no verdict.",
                )


def _not_learned(results: Results) -> Iterator[Warning]:
    if not has_fits(results):
        return
    found = learning(results)
    for model in results.models:
        rows = found[(found["model"] == model) & ~found["learned"]]
        if len(rows):
            everyone = int((found["model"] == model).sum())
            yield Warning(
                "S002",
                "Seeds that have not learned",
                f"{results.title(model)}: {len(rows)} of {everyone} ({_seeds(rows['seed'])}) have "
                f"a training R² below {learning_threshold(results):.2f}, "
                f"{learning_words(results)}.",
                "Their importances tell of a model that predicts badly. Every table can be "
                "read without them: study table NAME --learned.",
            )


def _one_hot_gradients(results: Results) -> Iterator[Warning]:
    groups = [variable for variable in results.recipe.variables if len(variable.features) > 1]
    raw = [
        method
        for method in (TRAINING_GRADIENT, "gradient")
        if any(results.vectors(model, "real", method, "feature") for model in results.models)
    ]
    if not groups or not raw:
        return
    claim = results.recipe.claim
    moved = ""
    if claim.level == "feature":
        methods = ("gradient", CONTRAST_GRADIENT)
        parts = [
            f"{results.title(model)} {raw:.2f} to {contrast:.2f}"
            for model in results.models
            for raw, contrast in [[_mean_share(results, model, of, claim.name) for of in methods]]
            if np.isfinite([raw, contrast]).all()
        ]
        if parts:
            moved = f" Mean share of {claim.name} by {' and by '.join(methods)}: {_list(parts)}."
    yield Warning(
        "S003",
        "Raw gradients of one-hot columns are not identified",
        f"{_list(variable.name for variable in groups)}: adding a constant to all columns of a "
        "group and taking it off the intercept changes no prediction, and changes the raw "
        f"gradients of the group.{moved}",
        "Read contrast-gradient or scaled-gradient beside the raw ones, or importance by "
        "variable with permutation-grouped.",
    )


def _mean_share(results: Results, model: str, method: str, feature: str) -> float:
    """A feature's mean share over the seeds that have one, real condition; NaN without any."""
    vectors = results.vectors(model, "real", method, "feature")
    if vectors is None:
        return np.nan
    share = shares(vectors.score)[:, vectors.items.index(feature)]
    share = share[np.isfinite(share)]
    return float(share.mean()) if len(share) else np.nan


def _one_hot_permutation(results: Results) -> Iterator[Warning]:
    groups = [variable.name for variable in results.recipe.variables if len(variable.features) > 1]
    measured = any(
        results.vectors(model, "real", PERMUTATION, "feature") for model in results.models
    )
    if groups and measured:
        yield Warning(
            "S004",
            "Single one-hot columns are permuted",
            f"{_list(groups)}: permuting one column makes rows without a level or with two, "
            "which no data hold.",
            "Read permutation-grouped, which permutes whole variables.",
        )


def _collinear(results: Results) -> Iterator[Warning]:
    traits = results.traits
    found = traits[traits["explained"] > COLLINEAR] if len(traits) else traits
    if len(found):
        parts = [
            f"{row.feature} (R² {row.explained:.3f})" for row in found.head(5).itertuples()
        ] + ([f"{len(found) - 5} more"] if len(found) > 5 else [])
        yield Warning(
            "S005",
            "Collinear features",
            f"The other variables explain more than {COLLINEAR:.0%} of {_list(parts)} on the "
            "training rows.",
            "Models can spread importance over such features at will, and permuting one of them "
            "leaves its information in the others: do not read their order.",
        )


def _negative(results: Results) -> Iterator[Warning]:
    """Only permutation can give negative scores here; scores from elsewhere may be anything."""
    imported = results.imported is not None
    for method in results.methods():
        if not imported and method not in (PERMUTATION, GROUPED_PERMUTATION):
            continue
        level = _level(method)
        below, everything, items = 0, 0, set()
        for model in results.models:
            vectors = results.vectors(model, "real", method, level)
            if vectors is not None:
                negative = vectors.score < 0
                below += int(negative.sum())
                everything += negative.size
                items |= {vectors.items[place] for place in np.flatnonzero(negative.any(axis=0))}
        if below:
            ordered = [item for item in results.items(level) if item in items]
            shown = ordered[:8] + ([f"{len(ordered) - 8} more"] if len(ordered) > 8 else [])
            yield Warning(
                "S006",
                "Negative scores" if imported else "Negative permutation scores",
                f"{method}: {below} of {everything} scores are below 0 ({_list(shown)})"
                + ("." if imported else ": permuting improved the fit on these test rows."),
                "Shares count them as 0, and ranks put them last. Where a sign says which way a "
                "feature works, give its size as the score and the sign in the column signed."
                if imported
                else "As a rule that is noise about zero. Shares count them as 0; do not read "
                "their order.",
            )


def _near_one(results: Results) -> Iterator[Warning]:
    rows = []
    for level in ("feature", "variable"):
        found = seed_agreement(results, level)
        if len(found):
            found = spearman_only(found[found["condition"] == "real"])
            found = found[(found["mean"] > NEAR_ONE) & found["low"].notna()]
            rows += [
                f"{results.title(row.model)} by {row.method} ({level}s)"
                for row in found.itertuples()
            ]
    if rows:
        shown = rows[:6] + ([f"{len(rows) - 6} more"] if len(rows) > 6 else [])
        yield Warning(
            "S007",
            "Agreement near its bound",
            f"The mean agreement between seeds exceeds {NEAR_ONE:g} for {_list(shown)}.",
            "So near 1, whether there is an interval at all hangs on the few seeds that disagree: "
            "where 0.996 is true, a fifth of simulated studies of 20 seeds have none "
            "(benchmarks/README.md). Read it as 'nearly always the same order'.",
        )


def _too_few_seeds(results: Results) -> Iterator[Warning]:
    claim = results.recipe.claim
    seeds = {model: len(results.seeds(model, "real")) for model in results.models}
    few = {model: count for model, count in seeds.items() if count < FEWEST}
    if few:
        yield Warning(
            "S008",
            "Too few seeds",
            f"{_list(f'{results.title(model)} has {count}' for model, count in few.items())}; "
            f"below {FEWEST} there is no interval of a mean.",
            "Import the scores of more seeds."
            if results.imported
            else "Run more seeds: what is stored is kept.",
        )
    row = own_verdict(results, claim)
    if row is None or row["verdict"] != INCONCLUSIVE:
        return
    if fewest_met(claim.proportion, int(row["n"])) is None:
        yield Warning(
            "S008",
            "Too few seeds for a verdict",
            f"With {row['n']} seeds no outcome could support a claim that needs "
            f"{claim.proportion:.0%} of them.",
            f"{'Import' if results.imported else 'Run'} at least "
            f"{fewest_seeds(claim.proportion)} seeds.",
        )
    else:
        settle = row["seeds_to_settle"]
        yield Warning(
            "S008",
            "Too few seeds for a verdict"
            if np.isfinite(settle)
            else "No verdict at this proportion",
            f"The claim is met in {row['met']} of {row['n']} seeds, and its interval "
            f"({row['low']:.2f} to {row['high']:.2f}) holds the required {claim.proportion:g}.",
            f"At this proportion about {settle:.0f} seeds would settle it. Fix their number before "
            "you look again: who adds seeds until the verdict pleases errs more often."
            if np.isfinite(settle)
            else "At exactly this proportion no number of seeds would settle it.",
        )


def _control_shows_claim(results: Results) -> Iterator[Warning]:
    claim = results.recipe.claim
    found = proportions(results, claim)
    rows = found[found["condition"].isin(CONTROLS) & found["low"].notna() & found["chance"].notna()]
    # So many controls are looked at that some would exceed chance by chance.
    p_values = holm(
        np.array([exceeds(row.met, row.n, row.chance) for row in rows.itertuples()], dtype=float)
    )
    rows = rows[p_values <= 1 - CONFIDENCE]
    for control, where, advice in (
        (
            "shuffled",
            "On shuffled targets, where there is nothing to find",
            "There the finding is at best weakly specific: the scale or the encoding of the "
            "features can bring it about by themselves.",
        ),
        (
            "untrained",
            "In networks before training",
            "There the initial weights, or the scale of the features, bring it about by "
            "themselves: look at the shuffled control, too.",
        ),
    ):
        shown = [
            f"{results.title(row.model)} by {row.method} ({row.met} of {row.n})"
            for row in rows[rows["condition"] == control].itertuples()
        ]
        if shown:
            yield Warning(
                "S009",
                "A control shows the claim",
                f"{where}, '{claim.words}' is met more often than chance would have it, were all "
                f"alike (Holm over all controls): {_list(shown)}.",
                advice,
            )


def _diverged(results: Results) -> Iterator[Warning]:
    for model in results.models:
        for condition in CONDITIONS:
            seeds = results.diverged(model, condition)
            where = f"{results.title(model)}, {condition}, {_seeds(seeds)}"
            if seeds and results.imported:
                yield Warning(
                    DIVERGED,
                    "Seeds without scores",
                    f"{where}: {results.imported} holds no numbers for them by some method.",
                    "There they count as seeds that do not meet the claim.",
                )
            elif seeds:
                yield Warning(
                    DIVERGED,
                    "Seeds that diverged",
                    f"{where}: predictions are not a number, or infinite.",
                    "Their scores are undefined and count for no claim. A smaller learning rate "
                    "may help.",
                )


def _undefined(results: Results) -> Iterator[Warning]:
    for condition in CONDITIONS:
        parts = []
        for model in results.models:
            for method, vectors in _scores(results, condition, model):
                finite = np.isfinite(vectors.score).all(axis=1)
                lost = int((finite & np.isnan(shares(vectors.score)).any(axis=1)).sum())
                if lost:
                    parts.append(f"{results.title(model)} by {method} ({lost})")
        if parts:
            yield Warning(
                "S011",
                "Score vectors without a positive entry",
                f"Condition {condition}: {_list(parts)}.",
                "They have no shares and meet no claim: no feature counts there."
                if results.imported
                else "They have no shares and meet no claim: the model uses no feature there.",
            )


def _not_run(results: Results) -> Iterator[Warning]:
    claim = results.recipe.claim
    if own_verdict(results, claim) is None:
        yield Warning(
            "S012",
            "The claim is not tested",
            f"It rests on model '{claim.model}' and {claim.method}: "
            f"{why_not_tested(results, claim)}.",
            f"Run it, too: the same study run with --models {claim.model}."
            if claim.model not in results.models
            else "Declare a claim that could fail.",
        )
    missing = [
        results.title(model)
        for model in results.models
        if set(results.seeds(model, "real")) - set(results.seeds(model, "shuffled"))
    ]
    if missing:
        yield Warning(
            "S013",
            "Seeds without a control",
            f"{_list(missing)}: some seeds have no shuffled control.",
            "Whether the claim is specific is then unknown. Train them once more on shuffled "
            "targets, give those scores the condition shuffled, and import the file anew."
            if results.imported
            else "'study run' for the same seeds trains what is missing.",
        )


def _worse_than_the_mean(results: Results) -> Iterator[Warning]:
    if not has_fits(results):
        return
    fits = results.fits
    # Networks that diverged have a warning of their own.
    alone = fits[
        (fits["condition"] == "real")
        & (fits["evaluation"] == "alone")
        & np.isfinite(fits["r_squared"].astype(float))
    ]
    for model in results.models:
        train, test = (
            alone[(alone["model"] == model) & (alone["part"] == part)] for part in ("train", "test")
        )
        worse = test[test["r_squared"] < 0]
        if len(worse):
            yield Warning(
                "S014",
                "Networks that predict worse than the mean",
                f"{results.title(model)}: {len(worse)} of {len(test)} ({_seeds(worse['seed'])}) "
                "have an R² below 0 on the test rows, one by one; the mean over all seeds is "
                f"{test['r_squared'].mean():.2f}, and {train['r_squared'].mean():.2f} on the "
                "training rows.",
                "What matters to such a network says little of what matters. If it fits the "
                "training rows well, it knows them by heart: fewer epochs or weights, or more "
                "rows, may help.",
            )


# More columns than this make a variable large by their number alone.
_MANY_COLUMNS = 4


def _many_columns(results: Results) -> Iterator[Warning]:
    large = {
        variable.name: len(variable.features)
        for variable in results.recipe.variables
        if len(variable.features) > _MANY_COLUMNS
    }
    summed = [method for method in results.methods("variable") if method in GRADIENT_METHODS]
    if large and summed:
        yield Warning(
            "S015",
            "Variables of many columns",
            f"{_list(f'{name} has {count} columns' for name, count in large.items())}, and by "
            f"{_list(summed)} a variable's score is the sum over its columns.",
            "Many levels make a variable large there, even one that is pure noise. Compare "
            "variables by permutation-grouped.",
        )


def failed(results: Results) -> Iterator[Warning]:
    """Of models that failed twice, which there may be where nothing is trained."""
    failures = results.failures
    for (model, reason), rows in failures.groupby(["model", "reason"], sort=True):
        missing = [
            f"{condition}, {_seeds(sorted(ours['seed'].dropna()))}"
            for condition, ours in rows[rows["seed"].notna()].groupby("condition")
        ]
        varied = int(rows["seed"].isna().sum())
        if model == LEAST_SQUARES:
            missing = []
        elif varied:
            missing.append(f"{varied} of --vary")
        yield Warning(
            "S016",
            "Models that failed",
            f"{results.title(model)}{': ' if missing else ''}{'; '.join(missing)}: missing, since "
            f"training or measuring failed twice ({reason}).",
            "Results may be biased if what fails is not like what does not. Mend the cause; the "
            "same study run tries them again.",
        )


_CHECKS: tuple[Callable[[Results], Iterator[Warning]], ...] = (
    _identical_seeds,
    _not_learned,
    _one_hot_gradients,
    _one_hot_permutation,
    _collinear,
    _negative,
    _near_one,
    _too_few_seeds,
    _control_shows_claim,
    _diverged,
    _undefined,
    _not_run,
    _worse_than_the_mean,
    _many_columns,
    failed,
)


def as_frame(found: tuple[Warning, ...]) -> pd.DataFrame:
    """Warnings as rows: code, title, evidence, advice."""
    return pd.DataFrame(
        [vars(warning) for warning in found], columns=["code", "title", "evidence", "advice"]
    )


def _seeds(seeds: Iterable[int]) -> str:
    """Seeds by name, and how many more there are."""
    found = ranges([int(seed) for seed in seeds]).split(",")
    more = f" and {len(found) - 12} more ranges" if len(found) > 12 else ""
    noun = "seed" if found == [found[0]] and found[0].isdecimal() else "seeds"
    return f"{noun} {','.join(found[:12])}{more}"


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)
