"""Which source of randomness moves the finding."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import level_of_claim, scores_of_claim
from study.analysis.results import Results
from study.analysis.vectors import Vectors
from study.common.vocabulary import SOURCES
from study.statistics.agreement import SPEARMAN, between_seeds, coordinates
from study.statistics.claims import Statement
from study.statistics.ranking import shares
from study.statistics.sources import spread

ALL = "all"  # every source of training noise at once: the ordinary seeds


def sources(results: Results) -> pd.DataFrame:
    """Spread of the claimed share, rate of the claim and pairwise Spearman, by source.

    One row for each model, method and source. `sd` is the standard deviation of the share at
    one base seed, pooled; sd_low and sd_high are those of the calmest and the wildest base
    seed; between is the standard deviation of the base seeds' means. met of n counts networks
    in which the claim is met; rate_low and rate_high, and spearman_low and spearman_high, are
    again those of base seeds.
    """
    rows = []
    claim = results.recipe.claim
    for model in results.models:
        for method in results.methods():
            found = scores_of_claim(results, claim, model, "real", method)
            if found is None:
                continue
            vectors, statement = found
            level = level_of_claim(results.recipe, claim, method)
            varied = results.varied(model, method, level, claim.for_class)
            if not varied:
                continue
            keys = {"model": model, "method": method}
            rows.append({**keys, "source": ALL, **_row({0: vectors}, statement)})
            rows += [
                {**keys, "source": source, **_row(varied[source], statement)}
                for source in SOURCES
                if source in varied
            ]
    return pd.DataFrame(rows)


def _row(by_base: Mapping[int, Vectors], statement: Statement) -> dict[str, Any]:
    # Where nothing varies, as dropout in a network without it, a base seed is one network.
    by_base = {base: vectors.observations for base, vectors in by_base.items()}
    share = spread([shares(of.score)[:, statement.item] for of in by_base.values()])
    met = [statement.met(of.score) for of in by_base.values()]
    rates = [values.mean() for values in met]
    orders = [coordinates(SPEARMAN, of.score) for of in by_base.values()]
    pairwise = [between_seeds(SPEARMAN, vectors).mean for vectors in orders]
    defined = [value for value in pairwise if np.isfinite(value)] or [np.nan]
    return {
        "bases": len(by_base),
        "n": sum(map(len, met)),
        "mean_share": share.mean,
        "sd": share.within,
        "sd_low": share.lowest,
        "sd_high": share.highest,
        "between": share.between,
        "met": int(sum(values.sum() for values in met)),
        "rate_low": min(rates),
        "rate_high": max(rates),
        "spearman": float(np.mean(defined)),
        "spearman_low": min(defined),
        "spearman_high": max(defined),
    }
