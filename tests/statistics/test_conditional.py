"""Columns that are given others by residuals keep to them as they did, and no closer."""

import numpy as np
import pytest
from scipy.stats import chisquare, ks_2samp

from study.statistics.conditional import Sampler

LINEAR = Sampler(trees=False, random_state=0)


def gaussian(rows: int, correlation: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two other columns, and one that hangs together with the first."""
    drawing = np.random.default_rng(seed)
    others = drawing.normal(size=(rows, 2))
    noise = drawing.normal(size=rows)
    own = correlation * others[:, 0] + np.sqrt(1 - correlation**2) * noise
    return others, own[:, None]


@pytest.mark.parametrize("trees", [False, True])
def test_a_number_given_others_keeps_its_covariances(trees):
    learned, rows = gaussian(2000, 0.8), gaussian(4000, 0.8, seed=1)
    conditioned = Sampler(trees, random_state=0).numbers(learned, rows)
    places = np.random.default_rng(2).permutation(4000)
    drawn = conditioned(np.arange(4000), places)
    found = np.cov(np.hstack([rows[0], drawn]).T)
    expected = [[1, 0, 0.8], [0, 1, 0], [0.8, 0, 1]]
    np.testing.assert_allclose(found, expected, atol=0.08)
    # What is left of a value after the others is another row's.
    left = np.corrcoef((rows[1] - 0.8 * rows[0][:, :1]).T, (drawn - 0.8 * rows[0][:, :1]).T)
    assert abs(left[0, 1]) < 0.06


def test_at_its_own_place_a_row_keeps_its_values():
    learned, rows = gaussian(200, 0.9), gaussian(100, 0.9, seed=1)
    own = np.arange(100)
    np.testing.assert_allclose(LINEAR.numbers(learned, rows)(own, own), rows[1], rtol=1e-12)
    levels = [(others, np.sign(values)) for others, values in (learned, rows)]
    np.testing.assert_array_equal(LINEAR.levels(*levels)(own, own), levels[1][1])


@pytest.mark.parametrize("trees", [False, True])
def test_levels_given_others_come_as_often_as_logistic_odds_say(trees):
    drawing = np.random.default_rng(0)

    def drawn_rows(rows: int) -> tuple[np.ndarray, np.ndarray]:
        others = drawing.integers(0, 2, size=(rows, 1)).astype(float)
        level = (drawing.random(rows) < np.where(others[:, 0] == 1, 0.8, 0.3)).astype(int)
        return others, np.eye(2)[level]

    learned, rows = drawn_rows(4000), drawn_rows(4000)
    conditioned = Sampler(trees, random_state=0).levels(learned, rows)
    given = conditioned(np.arange(4000), drawing.permutation(4000))
    assert set(map(tuple, given)) == {(1.0, 0.0), (0.0, 1.0)}
    for side, chance in ((0, 0.3), (1, 0.8)):
        of_side = given[rows[0][:, 0] == side, 1]
        counts = [len(of_side) - of_side.sum(), of_side.sum()]
        share = np.array([1 - chance, chance])
        assert chisquare(counts, share * len(of_side)).pvalue > 1e-4


def test_a_row_in_which_either_level_is_as_likely_takes_each_as_often():
    drawing = np.random.default_rng(3)
    others = drawing.normal(size=(6000, 1))
    level = (drawing.random(6000) < 1 / (1 + np.exp(-2 * others[:, 0]))).astype(float)
    rows = others[3000:], level[3000:, None]
    conditioned = LINEAR.levels((others[:3000], level[:3000, None]), rows)
    middle = np.abs(others[3000:, 0]).argmin()
    above = conditioned(np.full(3000, middle), np.arange(3000))
    assert abs(above.mean() - 0.5) < 0.03


def test_a_level_that_no_learned_row_has_leaves_the_others_their_chances():
    others = np.zeros((100, 1))
    learned = others, np.repeat([[0.0], [1.0]], 50, axis=0)
    rows = np.zeros((40, 1)), np.repeat([[0.0], [1.0], [2.0]], [20, 19, 1], axis=0)
    given = LINEAR.levels(learned, rows)(np.arange(40), np.random.default_rng(0).permutation(40))
    assert set(given.ravel()) <= {0.0, 1.0, 2.0}
    constant = LINEAR.levels((others, np.ones((100, 1))), rows)
    assert (constant(np.arange(20, 39), np.arange(19)) == 1).all()


def test_missing_numbers_are_missing_as_often_and_the_others_keep_their_spread():
    drawing = np.random.default_rng(0)
    others, own = gaussian(3000, 0.7)
    gap = drawing.random(3000) < np.where(others[:, 1] > 0, 0.4, 0.1)
    own[gap] = 0.25
    cells = np.hstack([own, gap[:, None]])
    learned, rows = (others[:1500], cells[:1500]), (others[1500:], cells[1500:])
    given = LINEAR.gapped(learned, rows)(np.arange(1500), drawing.permutation(1500))
    missing = given[:, 1] == 1
    assert (given[missing, 0] == 0.25).all()
    for side in (False, True):
        where = (rows[0][:, 1] > 0) == side
        assert abs(missing[where].mean() - (0.4 if side else 0.1)) < 0.06
    before = rows[1][rows[1][:, 1] == 0, 0]
    assert ks_2samp(given[~missing, 0], before).pvalue > 1e-3
    assert abs(np.corrcoef(given[~missing, 0], rows[0][~missing, 0])[0, 1] - 0.7) < 0.06


@pytest.mark.parametrize("trees", [False, True])
@pytest.mark.parametrize(("of_learned", "of_rows"), [(0, 0), (0, 5), (100, 0), (100, 5)])
def test_rows_without_gaps_or_of_nothing_else_give_numbers_or_gaps_alone(
    trees, of_learned, of_rows
):
    """Halves of the rows may miss either: what no row to learn from has is nowhere drawn anew."""
    learned, rows = (
        (others, np.hstack([own, np.zeros_like(own)]))
        for others, own in map(gaussian, (100, 40), (0.7, 0.7))
    )
    for (_, cells), gaps in ((learned, of_learned), (rows, of_rows)):
        cells[:gaps] = 0.25, 1
    places = np.random.default_rng(0).permutation(40)
    given = Sampler(trees, random_state=0).gapped(learned, rows)(np.arange(40), places)
    missing = given[:, 1] == 1
    assert missing.sum() == (40 if of_learned else of_rows)
    assert (given[missing, 0] == 0.25).all()
    assert len(np.unique(given[~missing, 0])) == (~missing).sum()


# Forests draw rows, so that theirs are the same in distribution alone.
@pytest.mark.parametrize(("trees", "most"), [(False, 0.05), (True, 0.5)])
def test_a_row_of_weight_two_is_learned_from_as_two_rows(trees, most):
    sampler = Sampler(trees, random_state=0)
    near, far, rows = (gaussian(1000, of, seed) for seed, of in enumerate((0.95, -0.95, 0)))
    learned = tuple(np.concatenate(of) for of in zip(near, far, strict=True))
    weights = np.repeat([2.0, 1.0], 1000)
    twice = tuple(np.repeat(of, weights.astype(int), axis=0) for of in learned)
    at, places = np.arange(1000), np.random.default_rng(0).permutation(1000)
    weighted, repeated, plain = (
        sampler.numbers(of, rows, given)(at, places)
        for of, given in ((learned, weights), (twice, None), (learned, None))
    )
    assert np.abs(weighted - repeated).mean() < most * np.abs(weighted - plain).mean()
