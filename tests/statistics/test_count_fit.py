"""Rates of raw outputs, and the fit of counts, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from study.statistics.count_fit import MEASURES, d_squared
from study.statistics.rates import log_rates, rates

each_measure = pytest.mark.parametrize("name", MEASURES)


def made(seed: int = 0, rows: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts (rows,), many of them 0; rates of three networks; and whole-numbered weights."""
    generator = np.random.default_rng(seed)
    raw = generator.normal(scale=1.5, size=(3, rows))
    y = generator.poisson(rates(raw[0])).astype(np.float32)
    assert (y == 0).sum() > 10
    return y, rates(raw), generator.integers(1, 4, size=rows)


def by_scikit_learn(
    name: str, y: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None
) -> float:
    if name == "d_squared":
        return metrics.d2_tweedie_score(y, predicted, power=1, sample_weight=weights)
    if name == "deviance":
        return metrics.mean_poisson_deviance(y, predicted, sample_weight=weights)
    if name == "mae":
        return metrics.mean_absolute_error(y, predicted, sample_weight=weights)
    return float(np.average(y, weights=weights))


@pytest.mark.parametrize("weighted", [False, True])
@each_measure
def test_each_measure_is_what_scikit_learn_gives_one_network_at_a_time(name, weighted):
    y, predicted, whole = made()
    weights = whole if weighted else None
    expected = [by_scikit_learn(name, y.astype(float), own, weights) for own in predicted]
    np.testing.assert_allclose(MEASURES[name](y, predicted, weights), expected, rtol=1e-12)


@each_measure
def test_weights_of_whole_numbers_are_rows_that_are_repeated(name):
    y, predicted, weights = made()
    rows = np.repeat(np.arange(80), weights)
    np.testing.assert_allclose(
        MEASURES[name](y, predicted, weights),
        MEASURES[name](y[rows], predicted[:, rows]),
        rtol=1e-12,
    )


@each_measure
def test_networks_may_have_rows_of_their_own(name):
    parts = [made(seed) for seed in (1, 2)]
    y, predicted, weights = (
        np.stack([part[place] for part in parts]) for place in range(3)
    )  # fmt: skip
    apart = [MEASURES[name](one, own[:1], counts)[0] for one, own, counts in parts]
    np.testing.assert_allclose(MEASURES[name](y, predicted[:, 0], weights), apart, rtol=1e-13)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e5])
@each_measure
def test_a_network_that_predicts_no_number_has_no_fit_and_the_others_keep_theirs(name, wrong):
    y, _, _ = made()
    raw = np.random.default_rng(3).normal(size=(2, 80))
    alone = MEASURES[name](y, rates(raw[:1]))
    raw[1, 7] = wrong
    found = MEASURES[name](y, rates(raw))
    assert not np.isfinite(found[1])
    np.testing.assert_allclose(found[0], alone[0], rtol=1e-14)


def test_of_rows_with_one_count_nothing_is_explained():
    predicted = rates(np.random.default_rng(0).normal(size=(1, 20)))
    for count in (0.0, 3.0):
        assert not np.isfinite(d_squared(np.full(20, count), predicted)).any()


def test_the_mean_explains_nothing_and_the_counts_themselves_all():
    y, _, _ = made()
    np.testing.assert_allclose(d_squared(y, np.full((1, 80), y.mean())), 0, atol=1e-7)
    np.testing.assert_allclose(d_squared(y, rates(log_rates(y))[None]), 1, rtol=1e-14)


def test_rates_are_given_back_by_their_logarithms_and_those_of_0_stay_finite():
    predicted = np.array([1e-8, 0.5, 1, 300])
    np.testing.assert_allclose(rates(log_rates(predicted)), predicted, rtol=1e-14)
    assert 0 < rates(log_rates(np.zeros(1)))[0] < 1e-15
