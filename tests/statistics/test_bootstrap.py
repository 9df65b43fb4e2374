"""The bootstrap of means against scipy.stats, to the bit."""

import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from study.statistics import bootstrap as module
from study.statistics.bootstrap import Bootstrap, bootstrap

RESAMPLES = 999


def mean_of(tables: list[np.ndarray], drawn: Sequence[np.ndarray]) -> np.ndarray:
    """Means of drawn rows, less those of the second sample if there is one."""
    means = [table[places].mean(axis=-2) for table, places in zip(tables, drawn, strict=True)]
    found = means[0] if len(means) == 1 else means[0] - means[1]
    return np.moveaxis(np.round(found, 12), -1, 0)


def both(tables: list[np.ndarray], batch: int, level: float):
    """Draws of our own, and what scipy finds in the same batches."""
    ours = bootstrap(
        [len(table) for table in tables], lambda drawn: mean_of(tables, drawn), RESAMPLES
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = stats.bootstrap(
            [np.arange(len(table)) for table in tables],
            lambda *drawn, axis: mean_of(tables, drawn),
            n_resamples=RESAMPLES,
            batch=batch,
            vectorized=True,
            axis=-1,
            confidence_level=level,
            method="BCa",
            rng=np.random.default_rng(0),
        )
    return ours, theirs


@pytest.mark.parametrize("sizes", [(20,), (10,), (150,), (12, 17), (30, 11), (90, 120)])
@pytest.mark.parametrize("level", [0.95, 0.97123, 0.5])
def test_draws_and_bca_bounds_are_those_of_scipy_to_the_bit(sizes, level, monkeypatch):
    # Several batches of draws, and of the samples with one observation left out.
    monkeypatch.setattr(module, "_BATCH", 4000)
    generator = np.random.default_rng(len(sizes))
    tables = [generator.exponential(size=(size, 4)) * [1, 2, 0.1, 5] for size in sizes]
    ours, theirs = both(tables, 4000 // max(sizes), level)
    np.testing.assert_array_equal(ours.drawn, theirs.bootstrap_distribution)
    np.testing.assert_array_equal(ours.bca(level), theirs.confidence_interval)


def test_where_nothing_varies_the_bca_bounds_are_undefined_as_those_of_scipy():
    table = np.random.default_rng(0).exponential(size=(15, 3))
    table[:, 1] = 0.5
    ours, theirs = both([table], 10_000, 0.9)
    np.testing.assert_array_equal(ours.bca(0.9), theirs.confidence_interval)
    np.testing.assert_array_equal(np.isnan(ours.bca(0.9)), [[False, True, False]] * 2)


def test_percentile_bounds_are_those_of_scipy():
    table = np.random.default_rng(0).exponential(size=(15, 3))
    ours = bootstrap([15], lambda drawn: mean_of([table], drawn), RESAMPLES)
    theirs = stats.bootstrap(
        [np.arange(15)],
        lambda drawn, axis: mean_of([table], [drawn]),
        n_resamples=RESAMPLES,
        vectorized=True,
        confidence_level=0.9,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    np.testing.assert_allclose(ours.percentile(0.9), theirs.confidence_interval, rtol=1e-14)


def test_of_many_tied_draws_bounds_are_those_of_scipy():
    """As of seeds that nearly all meet a claim: half of ties counts as below."""
    table = np.array([[1.0]] * 17 + [[0.0]] * 3)
    ours, theirs = both([table], 10_000, 0.95)
    np.testing.assert_array_equal(ours.bca(0.95), theirs.confidence_interval)


def test_bounds_at_either_end_of_the_draws_are_the_least_and_the_greatest():
    drawn = np.arange(10.0)[None]
    found = Bootstrap(np.array([4.5]), drawn, (np.array([[-1.0, 0.0, 1.0]]),))
    ends = [float(end[0]) for end in found.bca(1 - 1e-12)]
    assert ends == pytest.approx([0.0, 9.0], abs=1e-9)
