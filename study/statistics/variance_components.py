"""How much of the variance of a number comes from the split of the rows, and from the seed."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from study.statistics.ranking import ROUNDING

# A part of the total below this is none; a tenth of it is left over at the least, since there
# is no likelihood of numbers that splits and seeds explain entirely.
_NONE = 1e-5
# Logarithms of the ratios of deviations that are looked at; the upper is out of reach.
_BOUNDS = (log(_NONE / 10) / 2, log(1000 / _NONE) / 2)
# The likelihood is level where a ratio comes to 0: no search starts there.
_STARTS = (log(0.2), _BOUNDS[1])


@dataclass(frozen=True)
class VarianceComponents:
    """Parts of the variance of a number over splits and seeds; NaN where one is not known.

    split, seed : what all runs of a split have in common, and all of a seed; both : what
    neither explains, their interaction and all else; total : of runs that share neither;
    note : why parts are missing, or which are 0 because an estimate below is not allowed
    """

    split: float
    seed: float
    both: float
    total: float
    note: str


def variance_components(
    values: np.ndarray, splits: np.ndarray, seeds: np.ndarray
) -> VarianceComponents:
    """Variance components by split, by seed and by both together, in any crossed design.

    values (runs,), with the split and the seed of each run, whole numbers, (runs,), no pair of
    them twice. Values that are not finite are left out. The effects of splits and of seeds, and
    what is left over, are taken as independent and normal; their variances are estimated by
    restricted maximum likelihood (Patterson and Thompson, Biometrika 58, 1971), under which
    none is below 0. In simulations that errs less than moments of pairs of runs do, most of
    all where one source dominates (benchmarks/README.md).

    Where no two runs share a split, or no two a seed, the parts cannot be told from one
    another; if both, as with one seed for each split, the total is known all the same. Of
    splits that share rows the variance is that over splits of this table, not over tables.
    """
    known = np.isfinite(values)
    values = values[known]
    of_split = np.unique(splits[known], return_inverse=True)[1]
    of_seed = np.unique(seeds[known], return_inverse=True)[1]
    if alone := [
        name
        for name, group in (("a split", of_split), ("a seed", of_seed))
        if len(np.unique(group)) == len(values)
    ]:
        total = values.var(ddof=1) if len(alone) == 2 and len(values) > 1 else np.nan
        note = f"{len(values)} runs, no two of which share {' or '.join(alone)}: no parts"
        return VarianceComponents(np.nan, np.nan, np.nan, float(total), note)
    scale = values.std()
    if scale <= ROUNDING * np.abs(values).max():
        return VarianceComponents(0.0, 0.0, 0.0, 0.0, f"all {len(values)} runs agree")
    likelihood = _likelihood((values - values.mean()) / scale, of_split, of_seed)
    ratios = _best(likelihood)
    parts = scale**2 * likelihood(ratios)[1] * np.array([*ratios**2, 1.0])
    parts[parts <= _NONE * parts.sum()] = 0.0
    zeros = [name for name, part in zip(("split", "seed", "both"), parts, strict=True) if not part]
    note = f"{' and '.join(zeros)}: at the lowest, 0" if zeros else ""
    split, seed, both = map(float, parts)
    return VarianceComponents(split, seed, both, split + seed + both, note)


Likelihood = Callable[[np.ndarray], tuple[float, float]]


def _best(likelihood: Likelihood) -> np.ndarray:
    """The two ratios of deviations at which it is least, by their logarithms."""
    from scipy.optimize import brute, minimize  # slow to import

    def criterion(logarithms: np.ndarray) -> float:
        return likelihood(np.exp(logarithms))[0]

    start = brute(criterion, (_STARTS, _STARTS), Ns=7, finish=None)
    found = minimize(
        criterion,
        (start[0], start[1]),
        method="L-BFGS-B",
        jac="3-point",
        bounds=[_BOUNDS] * 2,
        options={"ftol": 1e-13, "gtol": 1e-7},
    )
    return np.exp(found.x)


def _likelihood(values: np.ndarray, splits: np.ndarray, seeds: np.ndarray) -> Likelihood:
    """Minus twice the logarithm of the restricted likelihood, and the variance left over.

    A function of the ratios of the deviations of splits and of seeds to that of what is left
    over, whose variance is the best at these. The mean and the effects of seeds are solved for;
    those of splits, one for each run, are eliminated before.
    """
    from scipy.linalg import cho_factor, cho_solve  # slow to import

    design = np.column_stack([np.ones(len(values)), seeds[:, None] == np.unique(seeds)])
    of_split = (np.unique(splits)[:, None] == splits).astype(float)
    counts, sums, sizes = of_split @ design, of_split @ values, of_split.sum(axis=1)
    products, projections = design.T @ design, design.T @ values
    freedom = len(values) - 1
    effects = np.arange(design.shape[1]) > 0

    def likelihood(ratios: np.ndarray) -> tuple[float, float]:
        split, seed = ratios
        shrunk = split**2 / (1 + split**2 * sizes)
        scale = np.where(effects, seed, 1.0)
        system = np.outer(scale, scale) * (products - (counts.T * shrunk) @ counts)
        right = scale * (projections - counts.T @ (shrunk * sums))
        factor = cho_factor(system + np.diag(effects.astype(float)))
        left = values @ values - shrunk @ sums**2 - right @ cho_solve(factor, right)
        rest = max(left / freedom, _NONE / 10)
        determinant = np.log1p(split**2 * sizes).sum() + 2 * np.log(np.diag(factor[0])).sum()
        return float(freedom * log(rest) + left / rest + determinant), float(rest)

    return likelihood
