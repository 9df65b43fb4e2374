"""What the claim's model and method gave, in the method's own units, and which way it points."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from study.analysis.claims import level_of_claim
from study.analysis.means import Means
from study.analysis.results import Results
from study.analysis.vectors import Vectors
from study.common.conditions import REAL
from study.common.methods import find_method
from study.recipes.claim import Claim
from study.statistics.ranking import shares


def own_units(results: Results, claim: Claim, listed: Sequence[int]) -> pd.DataFrame:
    """Mean share and mean score of each item by the claim's model and method, over its seeds.

    One row for each of the items at the places `listed`, at the level that the claim is tested at:
    model, method, name, n, undefined (seeds without shares), mean_share, sd_share, mean_score and
    sd_score (in the method's own units; ddof 1), and rises, falls: in how many of signed_n seeds
    the mean signed score by `direction` (a method) is above and below 0. Empty where the run does
    not hold the claim's scores.
    """
    level = level_of_claim(results.recipe, claim, claim.method)
    vectors = _vectors(results, claim, claim.method, level)
    if vectors is None:
        return pd.DataFrame()
    keys = {"model": claim.model, "method": claim.method}
    rows = [{**keys, "name": vectors.items[place]} for place in listed]
    of_shares, of_scores = Means(results), Means(results)
    of_shares.add(rows, vectors.seeds, shares(vectors.score)[:, listed].T)
    # Sums of the greatest doubles have no room, but in units of a power of two near these.
    power = int(np.frexp(np.nan_to_num(np.abs(vectors.score)).max(initial=0))[1])
    of_scores.add(rows, vectors.seeds, np.ldexp(vectors.score[:, listed], -power).T)
    frame = of_shares.frame().drop(columns=["low", "high", "interval"])
    frame = frame.rename(columns={"mean": "mean_share", "sd": "sd_share"})
    scores = np.ldexp(of_scores.frame()[["mean", "sd"]].to_numpy(), power)
    frame = frame.assign(mean_score=scores[:, 0], sd_score=scores[:, 1])
    method, signed = _directions(results, claim, level)
    if signed is None:
        return frame.assign(direction=None, signed_n=0, rises=0, falls=0)
    signs = signed[:, listed]
    return frame.assign(
        direction=method,
        signed_n=len(signs),
        rises=(signs > 0).sum(axis=0),
        falls=(signs < 0).sum(axis=0),
    )


def _directions(
    results: Results, claim: Claim, level: str
) -> tuple[str, np.ndarray] | tuple[None, None]:
    """The method whose signs say which way predictions of the claim's model move, and its signed
    scores, (seeds, items); None where there is no such method.

    It is the claim's own, or else the first whose one-hot columns predictions can see, or any.
    """
    for method in sorted(results.methods(level), key=lambda of: _reluctance(of, claim)):
        declared = find_method(method)
        vectors = _vectors(results, claim, method, level)
        if vectors is None or not (declared is None or declared.directed):
            continue
        if np.isfinite(vectors.signed).any():
            return method, vectors.signed
    return None, None


def _reluctance(method: str, claim: Claim) -> int:
    declared = find_method(method)
    raw = declared is not None and declared.raw
    return 0 if method == claim.method else 2 if raw else 1


def _vectors(results: Results, claim: Claim, method: str, level: str) -> Vectors | None:
    """The scores of the claim's model by a method, real condition; of its class, if it has one."""
    found = results.vectors(claim.model, REAL, method, level, claim.for_class)
    return None if found is None else found.observations
