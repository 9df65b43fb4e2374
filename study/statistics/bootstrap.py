"""Bootstrap of means over seeds: draws of seeds, and the interval that they give.

The draws, and the interval to the bit, of `scipy.stats.bootstrap`, for what most commands have to
tell: scipy.stats takes half a second to import.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

# Numbers that a batch of resamples may hold at a time.
_BATCH = 2**20

# Of places in each sample, (..., drawn), the statistic of each quantity, (quantities, ...).
Statistic = Callable[[Sequence[np.ndarray]], np.ndarray]
# Lower and upper ones, (quantities,) each.
Bounds = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Bootstrap:
    """Draws of one or more samples, each sample resampled on its own.

    estimate : (quantities,), of the samples themselves; drawn : (quantities, resamples)
    left_out : for each sample (quantities, size), of all samples but one observation of that one
    """

    estimate: np.ndarray
    drawn: np.ndarray
    left_out: tuple[np.ndarray, ...]

    def percentile(self, confidence: float) -> Bounds:
        """Bounds of each quantity: what lies between is so large a part of its draws."""
        tail = (1 - confidence) / 2
        return tuple(np.quantile(self.drawn, [tail, 1 - tail], axis=-1))

    def bca(self, confidence: float) -> Bounds:
        """The same, bias-corrected and accelerated; NaN where that is undefined.

        (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, 14.3 and 15.4.)
        """
        estimate = self.estimate[:, None]
        below = (self.drawn < estimate).sum(axis=-1) + (self.drawn <= estimate).sum(axis=-1)
        bias = ndtri(below / (2 * self.drawn.shape[-1]))
        z = float(ndtri((1 - confidence) / 2))
        with np.errstate(invalid="ignore", divide="ignore"):
            acceleration = self._acceleration()
            shifted = (bias + end for end in (z, -z))
            tails = [ndtr(bias + by / (1 - acceleration * by)) for by in shifted]
        rising = np.sort(self.drawn, axis=-1)
        return _quantile(rising, tails[0]), _quantile(rising, tails[1])

    def _acceleration(self) -> np.ndarray:
        """How the error of each estimate changes with its size, by the jackknife."""
        sizes = [float(values.shape[-1]) for values in self.left_out]
        influences = [
            (size - 1) * (values.mean(axis=-1, keepdims=True) - values)
            for size, values in zip(sizes, self.left_out, strict=True)
        ]
        cubes, squares = (
            sum(
                (influence**power).sum(axis=-1) / size**power
                for size, influence in zip(sizes, influences, strict=True)
            )
            for power in (3, 2)
        )
        return 1 / 6 * cubes / squares ** (3 / 2)


def bootstrap(sizes: Sequence[int], statistic: Statistic, resamples: int) -> Bootstrap:
    """Resample samples of some sizes; seeded, so that the same statistic meets the same draws."""
    whole = [np.arange(size)[None] for size in sizes]
    drawn = [statistic(places) for places in _drawn(sizes, resamples)]
    left_out = [
        np.concatenate([statistic(places) for places in _left_out(whole, number)], axis=-1)
        for number in range(len(sizes))
    ]
    return Bootstrap(statistic(whole)[:, 0], np.concatenate(drawn, axis=-1), tuple(left_out))


def _drawn(sizes: Sequence[int], resamples: int) -> Iterator[list[np.ndarray]]:
    """Places drawn of each sample, batch by batch."""
    generator = np.random.default_rng(0)
    batch = max(_BATCH // max(sizes), 1)
    for start in range(0, resamples, batch):
        count = min(batch, resamples - start)
        yield [generator.integers(0, size, (count, size)) for size in sizes]


def _left_out(whole: Sequence[np.ndarray], number: int) -> Iterator[list[np.ndarray]]:
    """Places of each sample, one place of one sample left out in turn, batch by batch."""
    size = whole[number].shape[-1]
    batch = max(_BATCH // max(sample.shape[-1] for sample in whole), 1)
    for start in range(0, size, batch):
        left = np.arange(start, min(start + batch, size))[:, None]
        kept = np.arange(size - 1)
        places = [np.broadcast_to(sample, (len(left), sample.shape[-1])) for sample in whole]
        places[number] = kept + (kept >= left)
        yield places


def _quantile(rising: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Of each row its own quantile, by linear interpolation; NaN of NaN.

    rising (rows, values), each row in its order; at (rows,). Definition 7 of Hyndman and Fan (The
    American Statistician 50, 1996).
    """
    values = rising.shape[-1]
    known = np.where(np.isfinite(at), at, 0.0)
    place = known * values + (1 - known)  # counted from 1
    part = place % 1
    low, high = (
        np.take_along_axis(rising, np.minimum(below, values - 1)[:, None], axis=-1)[:, 0]
        for below in (place.astype(int) - 1, place.astype(int))
    )
    return np.where(np.isfinite(at), (1 - part) * low + part * high, np.nan)
