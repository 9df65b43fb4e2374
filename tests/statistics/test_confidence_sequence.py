"""Confidence sequences against every path of a run, closed forms and integration by scipy."""

from collections.abc import Callable, Container
from functools import cache
from itertools import product
from math import comb

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from study.statistics.confidence_sequence import confidence_sequence
from study.statistics.intervals import clopper_pearson

MOST = 200
TRUE = [0.01, 0.1, 0.3, 0.5, 0.8, 0.9, 0.95, 0.99]
Made = Callable[[int, int], tuple[float, float]]


@cache
def ends(made: Made) -> list[np.ndarray]:
    """The bounds after n trials, by the successes among them: (n + 1, 2) for each n."""
    return [np.array([made(k, n) for k in range(n + 1)]) for n in range(MOST + 1)]


def sequence(successes: int, trials: int) -> tuple[float, float]:
    found = confidence_sequence(successes, trials)
    return found.low, found.high


def of_fixed_number(successes: int, trials: int) -> tuple[float, float]:
    return proportion_confint(successes, max(trials, 1), method="wilson")


def ever(
    made: Made, proportion: float, stops: Callable[[np.ndarray], np.ndarray], looks: Container[int]
) -> float:
    """The chance that a run comes upon a look at which `stops` says yes to its bounds."""
    going, stopped = np.ones(1), 0.0
    for trials in range(1, MOST + 1):
        going = np.convolve(going, [1 - proportion, proportion])
        if trials in looks:
            stop = stops(ends(made)[trials])
            stopped += going[stop].sum()
            going[stop] = 0
    return stopped


def leaves_out(proportion: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda bounds: (bounds[:, 0] > proportion) | (proportion > bounds[:, 1])


def reaches(required: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda bounds: bounds[:, 0] >= required


EVERY = range(1, MOST + 1)


def test_the_chances_of_these_tests_are_those_of_all_paths_one_by_one():
    total = 0.0
    for path in product([False, True], repeat=10):
        met = np.cumsum(path)
        bounds = np.array([of_fixed_number(k, n) for n, k in enumerate(met, start=1)])
        total += leaves_out(0.8)(bounds).any() * 0.8 ** met[-1] * 0.2 ** (10 - met[-1])
    assert ever(of_fixed_number, 0.8, leaves_out(0.8), range(1, 11)) == pytest.approx(total)


@pytest.mark.parametrize("true", TRUE)
def test_the_truth_is_never_left_out_in_95_of_100_runs_that_are_looked_at_after_every_seed(true):
    chance = ever(sequence, true, leaves_out(true), EVERY)
    assert chance <= 0.05
    # Nor is it so wide that nothing is risked.
    assert chance > 0.01


@pytest.mark.parametrize("true", TRUE)
def test_intervals_of_a_fixed_number_of_seeds_do_not_bear_that(true):
    assert ever(of_fixed_number, true, leaves_out(true), EVERY) > 0.25


def test_support_by_repeated_looks_at_a_wilson_bound_comes_too_often_and_here_does_not():
    """At the required proportion itself, where support may come in one case of forty."""
    assert ever(of_fixed_number, 0.8, reaches(0.8), [20]) < 0.025
    assert ever(of_fixed_number, 0.8, reaches(0.8), [20, 40, 60, 80, 100]) > 0.05
    assert ever(of_fixed_number, 0.8, reaches(0.8), range(20, 201)) == pytest.approx(
        0.123, abs=5e-4
    )
    assert ever(sequence, 0.8, reaches(0.8), EVERY) < 0.025


@pytest.mark.parametrize("trials", [1, 2, 5, 20, 100])
def test_of_seeds_that_all_meet_a_claim_the_bound_is_a_closed_form(trials):
    """Their mean likelihood under Beta(1/2, 1/2) is that of a walk back at its start: C(2n, n)/4ⁿ."""
    found = confidence_sequence(trials, trials)
    expected = (0.05 * comb(2 * trials, trials) / 4**trials) ** (1 / trials)
    assert (found.low, found.high) == (pytest.approx(expected, rel=1e-9), 1)
    assert found.kind == "any time"


@pytest.mark.parametrize(("successes", "trials"), [(1, 3), (7, 10), (19, 20), (60, 80)])
def test_at_its_ends_the_likelihood_is_a_twentieth_of_its_mean(successes, trials):
    def likelihood(p: float) -> float:
        return stats.binom.pmf(successes, trials, p)

    mean = stats.beta(0.5, 0.5).expect(likelihood)
    found = confidence_sequence(successes, trials)
    assert likelihood(found.low) == pytest.approx(0.05 * mean, rel=1e-5)
    assert likelihood(found.high) == pytest.approx(0.05 * mean, rel=1e-5)
    assert found.low < successes / trials < found.high


def test_what_it_takes_to_support_four_of_five():
    """Of seeds that all meet a claim 24, where a number fixed before needs 16."""
    assert confidence_sequence(20, 20).low == pytest.approx(0.776, abs=5e-4)
    fewest = [
        next(n for n in EVERY if made(n, n)[0] >= 0.8) for made in (of_fixed_number, sequence)
    ]
    assert fewest == [16, 24]


@pytest.mark.parametrize("trials", [1, 4, 20, 100])
def test_it_holds_the_exact_interval_of_a_fixed_number_of_seeds(trials):
    for successes in range(trials + 1):
        anytime, fixed = confidence_sequence(successes, trials), clopper_pearson(successes, trials)
        assert anytime.low <= fixed.low
        assert anytime.high >= fixed.high


def test_successes_and_failures_are_treated_alike():
    for successes in range(21):
        one, other = confidence_sequence(successes, 20), confidence_sequence(20 - successes, 20)
        assert one.low == pytest.approx(1 - other.high, abs=1e-12)


def test_a_million_seeds_leave_little_doubt():
    found = confidence_sequence(900_000, 1_000_000)
    assert found.low < 0.9 < found.high
    assert found.high - found.low < 0.005


def test_no_seeds_have_none():
    found = confidence_sequence(0, 0)
    assert np.isnan([found.low, found.high]).all()
    assert found.kind == "no seeds"
