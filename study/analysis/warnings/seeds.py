"""Warnings about seeds: too few, alike, diverged, or not learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from study.analysis.claims import repeats
from study.analysis.fits import has_fits, learning_threshold, learning_words
from study.analysis.held_out import in_words
from study.analysis.looks import extended
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.warnings.warning import listed, scores_by_method, seed_words
from study.common.conditions import CONDITIONS
from study.common.vocabulary import LEAST_SQUARES
from study.common.warning import Found
from study.statistics.claims import INCONCLUSIVE, fewest_met, fewest_seeds
from study.statistics.intervals import FEWEST
from study.statistics.ranking import different, identical


def identical_seeds(overview: Overview) -> Iterator[Found]:
    """All seeds are the same."""
    results = overview.results
    for model in results.models:
        for condition in CONDITIONS:
            same = [
                method
                for method, vectors in scores_by_method(results, condition, model)
                if identical(vectors.score)
            ]
            if same:
                yield Found(
                    f"{results.title(model)}, {condition}: all "
                    f"{len(results.seeds(model, condition))} seeds have the same scores by "
                    f"{listed(same)}.",
                    "Nothing varies, so this is one observation: no interval, no verdict.",
                )


def repeated_vectors(overview: Overview) -> Iterator[Found]:
    """Seeds repeat the scores of others."""
    results = overview.results
    for model in results.models:
        for condition in CONDITIONS:
            found: dict[str, list[str]] = {}
            for method, vectors in scores_by_method(results, condition, model):
                seeds, count = len(vectors.score), int(different(vectors.score).sum())
                if count < seeds and not identical(vectors.score):
                    found.setdefault(repeats(seeds, count), []).append(method)
            if found:
                parts = [f"{said} by {listed(methods)}" for said, methods in found.items()]
                yield Found(
                    f"{results.title(model)}, {condition}: {'; '.join(parts)}.",
                    "Seeds that repeat others are no further observations, and every interval "
                    "counts them as such: there is a verdict over seeds only where the different "
                    "vectors alone give the same. Find out what the seed changes; scores written "
                    "with few digits may repeat for that alone.",
                )


def not_learned(overview: Overview) -> Iterator[Found]:
    """Seeds have not learned."""
    results = overview.results
    if not has_fits(results):
        return
    found = overview.learning
    threshold, words = learning_threshold(results), learning_words(results)
    for model in results.models:
        rows = found[(found["model"] == model) & ~found["learned"]]
        if len(rows):
            everyone = int((found["model"] == model).sum())
            yield Found(
                f"{results.title(model)}: {len(rows)} of {everyone} ({seed_words(rows['seed'])}) "
                f"have {results.measures.one} on the test rows below {threshold:.2f}, {words}.",
                "Their importances tell of a model that predicts badly. Every table can be "
                "read without them: study table NAME --learned.",
            )


def too_few_seeds(overview: Overview) -> Iterator[Found]:
    """Too few seeds."""
    results = overview.results
    claim = results.recipe.claim
    seeds = {model: len(results.seeds(model, "real")) for model in results.models}
    few = {model: count for model, count in seeds.items() if count < FEWEST}
    if few:
        yield Found(
            f"{listed(f'{results.title(model)} has {count}' for model, count in few.items())}; "
            f"below {FEWEST} there is no interval of a mean.",
            "Import the scores of more seeds."
            if results.imported
            else "Run more seeds: what is stored is kept.",
        )
    row = overview.own_verdict(claim)
    if row is None or row["verdict"] != INCONCLUSIVE:
        return
    if fewest_met(claim.proportion, int(row["n"])) is None:
        yield Found(
            f"With {row['n']} seeds no outcome could support a claim that needs "
            f"{claim.proportion:.0%} of them.",
            f"{'Import' if results.imported else 'Run'} at least "
            f"{fewest_seeds(claim.proportion)} seeds.",
            title="Too few seeds for a verdict",
        )
    else:
        settle = row["seeds_to_settle"]
        yield Found(
            f"The claim is met in {row['met']} of {row['n']} seeds, and its interval "
            f"({row['low']:.2f} to {row['high']:.2f}) holds the required {claim.proportion:g}.",
            f"At this proportion about {settle:.0f} seeds would settle it. Fix their number before "
            "you look again: who adds seeds until the verdict pleases errs more often."
            if np.isfinite(settle)
            else "At exactly this proportion no number of seeds would settle it.",
            title="Too few seeds for a verdict"
            if np.isfinite(settle)
            else "No verdict at this proportion",
        )


def diverged(overview: Overview) -> Iterator[Found]:
    """Seeds diverged, or their scores are missing."""
    results = overview.results
    for model in results.models:
        for condition in CONDITIONS:
            seeds = results.diverged(model, condition)
            where = f"{results.title(model)}, {condition}, {seed_words(seeds)}"
            if seeds and results.imported:
                yield Found(
                    f"{where}: {results.imported} holds no numbers for them by some method.",
                    "There they count as seeds that do not meet the claim.",
                    title="Seeds without scores",
                )
            elif seeds:
                yield Found(
                    f"{where}: predictions are not a number, or infinite.",
                    "Their scores are undefined and count for no claim. A smaller learning rate "
                    "may help.",
                )


def does_not_predict(overview: Overview) -> Iterator[Found]:
    """Models do not predict well enough for a verdict."""
    results, gate, measures = overview.results, overview.held_out, overview.results.measures
    able = gate["predicts"].astype(bool)
    poor = gate[~able]
    if len(poor):
        named = [
            f"{results.title(row['model'])} ({measures.symbol} {row[measures.explained]:.2f})"
            for row in poor.to_dict("records")
        ]
        yield Found(
            f"{listed(named)}: {in_words(results)}, {gate['best'].max():.2f}.",
            "There is no verdict on them: what matters to a model that does not predict says "
            f"little of what matters. {_instead(results, [*gate['model'][able]], poor['model'])}",
        )


def _instead(results: Results, able: list[str], poor: Iterable[str]) -> str:
    """What to read in place of models that do not predict, and what may help these."""
    if able:
        read = f"Read {listed(map(results.title, able))}, which {'do' if able[1:] else 'does'}."
    else:
        read = "No model does: there may be nothing to predict."
    protocols = [recipe.training for name in poor if (recipe := results.models.get(name))]
    networks = [protocol for protocol in protocols if protocol is not None]
    if not networks:
        return read
    stopping = ", or early stopping (patience in the data recipe),"
    stopped = all(protocol.patience for protocol in networks)
    return f"{read} Another protocol of training{'' if stopped else stopping} may help."


def added_after_a_look(overview: Overview) -> Iterator[Found]:
    """Seeds were added after a look."""
    if extended(overview.results):
        yield Found(
            "Further seeds were asked for when some had been trained, and could be seen.",
            "Who adds seeds until the verdict pleases errs more often than intervals say: read the "
            "interval beside the verdict that holds however often one looks.",
        )


def worse_than_the_mean(overview: Overview) -> Iterator[Found]:
    """Test rows are predicted worse than by the mean, or by the shares of the classes."""
    results = overview.results
    explained = results.measures.explained
    if not has_fits(results):
        return
    fits = results.fits
    # Networks that diverged have a warning of their own.
    alone = fits[
        (fits["condition"] == "real")
        & (fits["evaluation"] == "alone")
        & np.isfinite(fits[explained].astype(float))
    ]
    for model in results.models:
        train, test = (
            alone[(alone["model"] == model) & (alone["part"] == part)] for part in ("train", "test")
        )
        worse = test[test[explained] < 0]
        if len(worse):
            yield Found(
                f"{results.title(model)}: {len(worse)} of {len(test)} "
                f"({seed_words(worse['seed'])}) have {results.measures.one} below 0 on the test "
                f"rows, one by one; the mean over all seeds is {test[explained].mean():.2f}, and "
                f"{train[explained].mean():.2f} on the training rows.",
                "What matters to such a network says little of what matters. If it fits the "
                "training rows well, it knows them by heart: early stopping (patience in the "
                "data recipe), fewer weights or more rows may help.",
            )


def failed(overview: Overview) -> Iterator[Found]:
    """Of models that failed twice, which there may be where nothing is trained."""
    results = overview.results
    failures = results.failures
    for (model, reason), rows in failures.groupby(["model", "reason"], sort=True):
        missing = [
            f"{condition}, {seed_words(sorted(ours['seed'].dropna()))}"
            for condition, ours in rows[rows["seed"].notna()].groupby("condition")
        ]
        varied = int(rows["seed"].isna().sum())
        if model == LEAST_SQUARES:
            missing = []
        elif varied:
            missing.append(f"{varied} of --vary")
        yield Found(
            f"{results.title(model)}{': ' if missing else ''}{'; '.join(missing)}: missing, since "
            f"training or measuring failed twice ({reason}).",
            "Results may be biased if what fails is not like what does not. Mend the cause; the "
            "same study run tries them again.",
        )
