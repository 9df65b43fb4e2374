"""Variance components against mixed models and analysis of variance by statsmodels, and truth."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.formula.api import mixedlm, ols
from statsmodels.stats.anova import anova_lm

from study.statistics.variance_components import VarianceComponents, variance_components

Runs = tuple[np.ndarray, np.ndarray, np.ndarray]


def shared(splits: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """The design: split s has seeds s, s + 1, ..., so that neighbours share seeds."""
    split = np.repeat(np.arange(splits), each)
    return split, split + np.tile(np.arange(each), splits)


def crossed(splits: int, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(np.arange(splits), seeds), np.tile(np.arange(seeds), splits)


def drawn(
    design: tuple[np.ndarray, np.ndarray], deviations: tuple[float, ...], random_state: int = 0
) -> Runs:
    generator = np.random.default_rng(random_state)
    split, seed = design
    of_split, of_seed, rest = (
        deviation * generator.standard_normal(size)
        for deviation, size in zip(
            deviations, (split.max() + 1, seed.max() + 1, len(split)), strict=True
        )
    )
    return 0.8 + of_split[split] + of_seed[seed] + rest, split, seed


def parts(found: VarianceComponents) -> tuple[float, float, float]:
    return found.split, found.seed, found.both


def mean_squares(runs: Runs) -> tuple[float, float, float]:
    """Of splits, of seeds and of what is left, by statsmodels."""
    frame = pd.DataFrame(dict(zip(("value", "split", "seed"), runs, strict=True)))
    table = anova_lm(ols("value ~ C(split) + C(seed)", frame).fit())
    return tuple(table["sum_sq"] / table["df"])


@pytest.mark.parametrize(
    ("splits", "seeds", "deviations", "random_state"),
    [
        (8, 5, (1, 1, 1), 3),
        (20, 3, (3, 1, 0.5), 3),
        (6, 6, (0.5, 2, 1), 3),
        (2, 2, (5, 5, 0.1), 3),
        # Where a search that starts at a bound, or at equal parts, ends beside the best.
        (2, 3, (1, 1, 1), 8),
        (10, 2, (0.1, 3, 0.1), 4),
    ],
)
def test_of_a_balanced_crossed_design_they_are_those_of_the_analysis_of_variance(
    splits, seeds, deviations, random_state
):
    runs = drawn(crossed(splits, seeds), deviations, random_state)
    of_split, of_seed, rest = mean_squares(runs)
    expected = ((of_split - rest) / seeds, (of_seed - rest) / splits, rest)
    assert min(expected) > 0
    found = variance_components(*runs)
    assert parts(found) == pytest.approx(expected, rel=1e-4)
    assert found.total == pytest.approx(sum(expected), rel=1e-4)
    assert found.note == ""


def test_a_part_that_the_analysis_of_variance_puts_below_0_is_0_and_said_to_be():
    """What is left is then all that splits do not explain, pooled: a one-way analysis."""
    for random_state in range(20):
        runs = drawn(crossed(10, 4), (1, 0, 1), random_state)
        of_split, of_seed, rest = mean_squares(runs)
        if of_seed < rest:
            break
    pooled = (3 * of_seed + 27 * rest) / 30
    found = variance_components(*runs)
    assert parts(found) == pytest.approx(((of_split - pooled) / 4, 0, pooled), rel=1e-4)
    assert found.note == "seed: at the lowest, 0"


@pytest.mark.parametrize(
    ("splits", "each", "deviations"), [(12, 3, (1, 1, 1)), (15, 4, (2, 0.7, 1)), (25, 2, (1, 1, 1))]
)
def test_of_splits_that_share_seeds_they_are_those_of_a_mixed_model(splits, each, deviations):
    runs = drawn(shared(splits, each), deviations, random_state=1)
    frame = pd.DataFrame(dict(zip(("value", "split", "seed"), runs, strict=True)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = mixedlm(
            "value ~ 1",
            frame,
            groups=np.zeros(len(frame)),
            re_formula="0",
            vc_formula={"1 split": "0 + C(split)", "2 seed": "0 + C(seed)"},
        ).fit(reml=True)
    expected = (*model.vcomp, model.scale)
    assert min(expected) > 0.01
    assert parts(variance_components(*runs)) == pytest.approx(expected, rel=2e-3, abs=2e-3)


@pytest.mark.parametrize("deviations", [(1.0, 1.0, 1.0), (2.0, 0.7, 1.0), (0.5, 2.0, 0.3)])
def test_known_components_are_recovered(deviations):
    """The mean over 40 studies of 100 splits by 5 seeds, within four of its standard errors."""
    found = np.array(
        [
            parts(variance_components(*drawn(shared(100, 5), deviations, random_state)))
            for random_state in range(40)
        ]
    )
    error = found.std(axis=0, ddof=1) / np.sqrt(40)
    assert (np.abs(found.mean(axis=0) - np.square(deviations)) < 4 * error).all()
    assert (error < 0.06 * sum(np.square(deviations))).all()


def test_where_splits_and_seeds_explain_all_the_variances_are_those_of_their_effects():
    values, split, seed = drawn(shared(100, 5), (3, 1, 0))
    generator = np.random.default_rng(0)
    effects = [size * generator.standard_normal(count) for size, count in ((3, 100), (1, 104))]
    assert (values == 0.8 + effects[0][split] + effects[1][seed]).all()
    found = variance_components(values, split, seed)
    expected = [np.var(of, ddof=1) for of in effects]
    assert parts(found) == pytest.approx((*expected, 0), rel=1e-3)
    assert found.note == "both: at the lowest, 0"


@pytest.mark.parametrize(
    ("deviations", "others"), [((1, 0, 0), "seed and both"), ((0, 1, 0), "split and both")]
)
def test_a_single_source_has_all_the_variance(deviations, others):
    found = variance_components(*drawn(shared(30, 5), deviations))
    assert max(parts(found)) == found.total > 0
    assert found.note == f"{others}: at the lowest, 0"


def test_one_seed_for_each_split_gives_the_total_only():
    values, split, seed = drawn(shared(30, 1), (1, 1, 1))
    found = variance_components(values, split, seed)
    assert np.isnan(parts(found)).all()
    assert found.total == pytest.approx(np.var(values, ddof=1))
    assert found.note == "30 runs, no two of which share a split or a seed: no parts"


@pytest.mark.parametrize(
    ("split", "seed", "missing"),
    [([0, 0, 1, 1], [0, 1, 2, 3], "a seed"), ([0, 1, 2, 3], [0, 0, 0, 0], "a split")],
)
def test_a_design_that_is_not_crossed_gives_nothing(split, seed, missing):
    found = variance_components(np.array([1.0, 2, 4, 8]), np.array(split), np.array(seed))
    assert np.isnan([*parts(found), found.total]).all()
    assert found.note == f"4 runs, no two of which share {missing}: no parts"


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_runs_give_nothing(count):
    whole = np.zeros(count, dtype=int)
    found = variance_components(np.zeros(count), whole, whole)
    assert np.isnan([*parts(found), found.total]).all()


def test_runs_that_agree_have_no_variance():
    split, seed = shared(10, 3)
    found = variance_components(np.full(30, 0.3) + 1e-12 * split, split, seed)
    assert (*parts(found), found.total) == (0, 0, 0, 0)
    assert found.note == "all 30 runs agree"


def test_values_that_are_not_finite_are_left_out():
    values, split, seed = drawn(shared(20, 4), (1, 1, 1))
    gone = np.zeros(80, dtype=bool)
    gone[[0, 1, 2, 3, 17, 40]] = True
    holed = np.where(gone, [np.nan, np.inf] * 40, values)
    assert variance_components(holed, split, seed) == variance_components(
        values[~gone], split[~gone], seed[~gone]
    )


@settings(deadline=None, max_examples=20)
@given(st.randoms(), st.sampled_from([-5.0, 100.0]), st.sampled_from([1e-3, 7.0]))
def test_runs_in_any_order_with_other_numbers_and_units_have_the_same_parts(random, shift, unit):
    values, split, seed = drawn(shared(15, 4), (1, 0.8, 0.6))
    order = random.sample(range(60), 60)
    plain = variance_components(values, split, seed)
    other = variance_components(
        shift + unit * values[order], 100 - 3 * split[order], 7 + 2 * seed[order]
    )
    assert parts(other) == pytest.approx(unit**2 * np.array(parts(plain)), rel=1e-3)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), unique=True, max_size=16))
def test_any_design_gives_parts_of_the_total_or_says_why_not(pairs):
    split, seed = np.array(pairs, dtype=int).reshape(-1, 2).T
    found = variance_components(np.random.default_rng(0).normal(size=len(pairs)), split, seed)
    if np.isnan(found.split):
        assert "no two of which share" in found.note
    else:
        assert min(parts(found)) >= 0
        assert found.total == pytest.approx(sum(parts(found)))
