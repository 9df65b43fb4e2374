"""Which score vectors of a run are looked at together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from study.analysis.results import Results
from study.analysis.vectors import Vectors
from study.common.vocabulary import LEAST_SQUARES
from study.statistics.ranking import shares

Pair = tuple[dict[str, str], Vectors, Vectors]

# Frames by item hold all items up to so many; of more, the foremost.
MOST_LISTED = 60
# So many models are drawn and laid out, and compared with each other; of more, the foremost. With
# least squares their panels fill two lines.
MOST_MODELS = 9


def all_models(results: Results) -> list[str]:
    """The models of a run, least squares last; there is none where scores were imported."""
    return [*results.models, *([] if results.imported else [LEAST_SQUARES])]


def foremost_models(results: Results, held_out: pd.DataFrame) -> list[str]:
    """The models of a run, in its order; of more than MOST_MODELS the first `by_claim_and_fit`."""
    chosen = by_claim_and_fit(results, held_out)[:MOST_MODELS]
    return [model for model in results.models if model in chosen]


def by_claim_and_fit(results: Results, held_out: pd.DataFrame) -> list[str]:
    """The models of a run: those that claims rest on, then those that predict best by `held_out`;
    where no fit is known, in the order of the run."""
    claims = (results.recipe.claim, *results.recipe.claims)
    best = held_out.sort_values(results.measures.explained, ascending=False, kind="stable")["model"]
    ordered = dict.fromkeys((*(claim.model for claim in claims), *best, *results.models))
    return [model for model in ordered if model in results.models]


def judges(
    results: Results, level: str, condition: str = "real"
) -> Iterator[tuple[dict[str, str], Vectors]]:
    """Every model and method with scores: its keys, and its observations."""
    for model in results.models:
        for method in results.methods(level):
            vectors = results.vectors(model, condition, method, level)
            if vectors is not None:
                yield {"model": model, "method": method}, vectors.observations


def leading(scores: Sequence[np.ndarray], always: Iterable[int], most: int) -> list[int]:
    """The places of all items, or of more than `most` those with the greatest mean shares.

    scores : (seeds, items) each; `always` are among them in any case. In the order of items.
    """
    count = scores[0].shape[1]
    return list(range(count)) if count <= most else sorted(by_share(scores, always)[:most])


def by_share(scores: Sequence[np.ndarray], first: Iterable[int]) -> list[int]:
    """The places of all items: those of `first`, then by mean share, the greatest first.

    scores : (seeds, items) each
    """
    with np.errstate(invalid="ignore"):
        mean = np.mean([np.nan_to_num(shares(of)).mean(axis=0) for of in scores], axis=0)
    return [*dict.fromkeys([*first, *np.argsort(-mean, kind="stable").tolist()])]


def listed_items(results: Results, level: str) -> list[int]:
    """The places of the items that frames by item hold.

    All of them; or of more than MOST_LISTED those that claims name, and those with the
    greatest share, mean over models and methods. Their shares and ranks are among all items.
    """
    items = results.items(level)
    scores = [vectors.score for _, vectors in judges(results, level)]
    if not scores:
        return list(range(len(items)))
    claims = (results.recipe.claim, *results.recipe.claims)
    named = [name for claim in claims for name in claim.names if name in items]
    return leading(scores, [items.index(name) for name in named], MOST_LISTED)


def method_pairs(results: Results, level: str) -> Iterator[Pair]:
    """Every two methods of a model, on the seeds that both have, real condition.

    With the keys model, first and second.
    """
    for model in results.models:
        for one, two in combinations(results.methods(level), 2):
            keys = {"model": model, "first": one, "second": two}
            yield from _on_common_seeds(results, level, keys, (model, one), (model, two))


def model_pairs(results: Results, level: str, foremost: Sequence[str]) -> Iterator[Pair]:
    """Every two models by a method, on the seeds that both have, real condition.

    With the keys method, first and second. Of models that are not among the `foremost`, each with
    the model that the claim rests on (or the first) alone: all pairs would be too many.
    """
    claimed = results.recipe.claim.model
    centre = claimed if claimed in foremost else next(iter(foremost), "")
    pairs = [
        pair
        for pair in combinations(results.models, 2)
        if centre in pair or set(pair) <= set(foremost)
    ]
    for method in results.methods(level):
        for one, two in pairs:
            keys = {"method": method, "first": one, "second": two}
            yield from _on_common_seeds(results, level, keys, (one, method), (two, method))


def _on_common_seeds(
    results: Results,
    level: str,
    keys: dict[str, str],
    first: tuple[str, str],
    second: tuple[str, str],
) -> Iterator[Pair]:
    """The vectors of two (model, method) on the seeds that both have, if there are any."""
    one, two = (results.vectors(model, "real", method, level) for model, method in (first, second))
    if one is not None and two is not None and one.seeds.equals(two.seeds):
        if len(one.seeds):
            yield keys, one, two
    elif one is not None and two is not None:
        in_one = one.seeds.isin(two.seeds).to_numpy(bool)
        in_two = two.seeds.isin(one.seeds).to_numpy(bool)
        if in_one.any():
            yield keys, one.only(in_one), two.only(in_two)
