"""How steadily an item keeps its order, against enumeration over pairs of seeds."""

from itertools import product

import numpy as np
import pytest
from conftest import made_run

from study.analysis.overview import Overview
from study.report.tables.registry import make_table
from study.statistics.stability import flips, order_kept


def rates(scores: np.ndarray) -> np.ndarray:
    """Flip rates of all pairs, (items, items), NaN on the diagonal."""
    items = scores.shape[1]
    return np.array(
        [
            [flips(scores, one, two).rate if one != two else np.nan for two in range(items)]
            for one in range(items)
        ]
    )


def enumerated(scores: np.ndarray, item: int) -> float:
    """The chance that two seeds keep the order of an item and another.

    Over all pairs of seeds drawn with replacement, among the seeds that do not tie the two,
    averaged over the others.
    """
    chances = []
    for other in range(scores.shape[1]):
        signs = np.sign(scores[:, item] - scores[:, other])
        signs = signs[signs != 0]
        if other != item and len(signs):
            chances.append(np.mean([one == two for one, two in product(signs, signs)]))
    return float(np.mean(chances)) if chances else np.nan


@pytest.mark.parametrize("levels", [1000, 3, 2])
def test_order_kept_is_the_chance_over_pairs_of_seeds(levels):
    """The fewer levels, the more ties."""
    generator = np.random.default_rng(levels)
    for _ in range(5):
        scores = generator.integers(1, levels + 1, size=(7, 5)).astype(float)
        expected = [enumerated(scores, item) for item in range(5)]
        np.testing.assert_allclose(order_kept(rates(scores)), expected, rtol=1e-12)


def test_coins_keep_half_and_a_clear_leader_all():
    """Of p items, one always first and the others in every order equally often."""
    turns = np.array([np.roll([1.0, 2.0, 3.0, 4.0], turn) for turn in range(4)])
    both_ways = np.concatenate([turns, turns[:, ::-1]])
    scores = np.column_stack([np.full(8, 9.0), both_ways])
    kept = order_kept(rates(scores))
    assert kept[0] == 1
    for one, two in ((1, 2), (2, 3), (1, 4)):
        assert (scores[:, one] > scores[:, two]).sum() == 4
    # Three coins, and one pair that never changes places.
    np.testing.assert_allclose(kept[1:], (3 * 0.5 + 1) / 4)


def test_a_coin_is_a_half_as_the_seeds_grow():
    scores = np.random.default_rng(0).normal(size=(20_000, 6))
    np.testing.assert_allclose(order_kept(rates(scores)), 0.5, atol=1e-3)


def test_two_items_share_one_rate():
    scores = np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 1.0], [2.0, 1.0]])
    np.testing.assert_allclose(order_kept(rates(scores)), [1 - 2 * 0.75 * 0.25] * 2)


def test_pairs_that_are_always_tied_do_not_count():
    scores = np.array([[3.0, 3.0, 1.0], [2.0, 2.0, 5.0], [4.0, 4.0, 1.0]])
    np.testing.assert_allclose(order_kept(rates(scores)), 1 - 2 * (2 / 3) * (1 / 3))
    assert np.isnan(order_kept(rates(np.ones((3, 3))))).all()
    # One of whom nothing is known, beside two that never change places.
    known = np.array([[np.nan, 0, np.nan], [0, np.nan, np.nan], [np.nan] * 3])
    np.testing.assert_array_equal(order_kept(known), [1, 1, np.nan])


# -- of a run ---------------------------------------------------------------------------------

SEEDS = 18


@pytest.fixture(scope="module")
def scores() -> dict[str, np.ndarray]:
    """Large and steady, small and steady, and coins of either size, with a diverged seed."""
    generator = np.random.default_rng(2)
    made = np.tile([0.5, 40.0, 0.1, 9.0, 9.0, 9.0, 9.0, 9.0], (SEEDS, 1))
    made[:, 3:] += generator.uniform(-1, 1, (SEEDS, 5))
    made[:, 7] += 5  # large, but above the others, which are coins, only
    made[[0, 9], 0] = 12  # above the four coins in one of eight seeds: kept 1 - 4/7 * 2 * 7/64
    made[[7, 16]] = np.nan
    return {"gradient": made, "permutation": generator.normal(0.3, 1, (SEEDS, 8))}


@pytest.fixture(scope="module")
def results(tmp_path_factory, people, scores):
    tied = np.outer(np.arange(1.0, SEEDS + 1), np.ones(8))
    by_key = {("transformer", "real"): scores, ("mlp", "real"): {"gradient": tied}}
    return made_run(tmp_path_factory.mktemp("steady"), people.recipe, by_key)


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


def test_the_steadiness_of_a_run(overview, scores, people):
    found = overview.steadiness("feature").set_index(["model", "method", "name"])
    for method, vectors in scores.items():
        positive = np.maximum(vectors, 0)
        share = positive / positive.sum(axis=1, keepdims=True)
        defined = np.isfinite(share).all(axis=1)
        ranked = vectors[np.isfinite(vectors).all(axis=1)]
        for item, name in enumerate(people.recipe.features):
            row = found.loc[("transformer", method, name)]
            assert row["n"] == defined.sum()
            mean, kept = share[defined, item].mean(), enumerated(ranked, item)
            assert (row["mean_share"], row["kept"]) == pytest.approx((mean, kept))
            assert row["large"] == (mean > 1 / 8)
            assert row["steady"] == (kept >= 0.9)


def test_the_corners(overview):
    found = overview.steadiness("feature")
    own = found[(found["model"] == "transformer") & (found["method"] == "gradient")]
    own = own.set_index("name")
    corners = {
        (bool(large), bool(steady)): set(rows.index)
        for (large, steady), rows in own.groupby(["large", "steady"])
    }
    assert {"age", "politics=liberal"} <= corners[True, True]
    assert "State=Michigan" in corners[False, True]
    assert "sex" in corners[False, False]
    assert own.loc["sex", "kept"] == pytest.approx(0.875)


def test_a_model_whose_items_are_always_tied(overview):
    """An equal share is not above an equal share, and what is not known is not steady."""
    found = overview.steadiness("feature")
    tied = found[found["model"] == "mlp"]
    assert len(tied) == 8
    assert tied["mean_share"].to_numpy() == pytest.approx(1 / 8)
    assert tied["kept"].isna().all()
    assert not tied[["large", "steady"]].any(axis=None)


def test_where_no_seed_has_a_share_there_is_no_row(tmp_path, people):
    by_key = {
        ("transformer", "real"): {"gradient": np.full((12, 8), np.nan)},
        ("mlp", "real"): {
            "gradient": np.tile(np.eye(3, 8) + 1, (4, 1)),
            "permutation": np.full((12, 8), -1.0),
        },
    }
    found = Overview(made_run(tmp_path, people.recipe, by_key)).steadiness("feature")
    assert set(zip(found["model"], found["method"], strict=True)) == {("mlp", "gradient")}


@pytest.mark.parametrize(("seeds", "rows"), [(1, 0), (9, 0), (10, 8)])
def test_few_seeds_are_neither_steady_nor_unsteady(tmp_path, people, seeds, rows):
    """Of two seeds, half of all coins look as steady as can be."""
    scores = np.random.default_rng(0).uniform(1, 2, (seeds, 8))
    found = Overview(
        made_run(tmp_path, people.recipe, {("mlp", "real"): {"gradient": scores}})
    ).steadiness("feature")
    assert len(found) == rows


def test_many_times_the_same_seed_is_not_steady(tmp_path, people):
    same = {("mlp", "real"): {"gradient": np.tile(np.arange(1.0, 9), (20, 1))}}
    assert Overview(made_run(tmp_path, people.recipe, same)).steadiness("feature").empty


def test_the_table_of_steadiness(overview):
    table = make_table(overview, "stability-features")
    data = table.data
    assert len(table.layout) == len(data) == 3 * 8
    for row, line in zip(data.itertuples(), table.layout.to_dict("records"), strict=True):
        size = "large" if row.mean_share > 1 / 8 + 1e-12 else "small"
        sure = "steady" if row.kept >= 0.9 else "unsteady"
        assert line["Feature"] == row.name
        assert line["Mean share"] == f"{row.mean_share:.3f}"
        assert line["Order kept"] == ("–" if np.isnan(row.kept) else f"{row.kept:.2f}")
        assert line["Quadrant"] == f"{size}, {sure}", row
