"""Claims against scipy, statsmodels, brute force, simulation and the arithmetic of the design."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from study.statistics.claims import (
    CONTRADICTED,
    INCONCLUSIVE,
    NO_VERDICT,
    SUPPORTED,
    Statement,
    fewest_met,
    judge,
    power,
    proportion,
    seeds_to_settle,
    verdict_over_seeds,
)
from study.statistics.ranking import identical

moderate = settings(deadline=None, max_examples=80)
FIRST = Statement("rank", 0)
# Whole numbers: ties and negative scores are frequent.
tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(3, 5)),
    elements=st.integers(-3, 4).map(float),
)
statements = st.one_of(
    st.builds(Statement, st.just("rank"), st.integers(0, 2)),
    st.builds(Statement, st.just("top"), st.integers(0, 2), top=st.integers(1, 2)),
    st.builds(
        Statement, st.just("share"), st.integers(0, 2), share=st.sampled_from([0.125, 0.25, 0.5])
    ),
    st.builds(Statement, st.just("above"), st.just(0), other=st.integers(1, 2)),
)


def outcomes(met: int, seeds: int) -> np.ndarray:
    """Scores of two items, of which the first is greater in so many seeds; all differ."""
    scores = np.repeat([[2.0, 1.0], [1.0, 2.0]], [met, seeds - met], axis=0)
    return scores + np.linspace(0, 0.1, seeds)[:, None]


# -- what a claim says of one seed -----------------------------------------------------------


def met_naively(statement: Statement, vector: list[float]) -> bool:
    """In plain Python. No shares, not met."""
    if not all(map(math.isfinite, vector)) or not any(score > 0 for score in vector):
        return False
    own = vector[statement.item]
    others = [score for item, score in enumerate(vector) if item != statement.item]
    if statement.kind == "rank":
        return all(own > score for score in others)
    if statement.kind == "top":
        return sum(score >= own for score in others) < statement.top
    if statement.kind == "share":
        return max(own, 0) / sum(score for score in vector if score > 0) >= statement.share
    return own > vector[statement.other]


@moderate
@given(statements, tables)
def test_a_seed_meets_a_claim_as_plain_words_have_it(statement, scores):
    expected = [met_naively(statement, vector) for vector in scores.tolist()]
    np.testing.assert_array_equal(statement.met(scores), expected)


def test_rank_1_is_strictly_greatest():
    vectors = np.array([[2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [-1.0, -2.0], [np.nan, 1.0]])
    np.testing.assert_array_equal(FIRST.met(vectors), [True, False, False, False, False])
    np.testing.assert_array_equal(
        Statement("rank", 1).met(vectors), [False, False, True, False, False]
    )


def test_the_top_k_leave_out_a_tie_at_the_edge():
    scores = np.array(
        [
            [2.0, 3.0, 1.0, 0.0],  # 2nd
            [3.0, 3.0, 1.0, 0.0],  # tied for 1st and 2nd
            [2.0, 3.0, 2.0, 0.0],  # tied for 2nd and 3rd
            [1.0, 3.0, 2.0, 0.0],  # 3rd
            [-1.0, 3.0, -2.0, -3.0],  # 2nd, without a share of its own
            [-1.0, -2.0, -3.0, -4.0],  # 1st, and there are no shares
            [2.0, np.nan, 1.0, 0.0],
        ]
    )
    np.testing.assert_array_equal(
        Statement("top", 0, top=2).met(scores), [True, True, False, False, True, False, False]
    )
    np.testing.assert_array_equal(
        Statement("top", 0, top=3).met(scores), [True, True, True, True, True, False, False]
    )


def test_a_share_is_met_from_the_required_one_on():
    scores = np.array([[1.0, 3.0], [1.0, 2.0], [1.0, 4.0], [1.0, -3.0], [-1.0, 3.0], [np.inf, 1]])
    np.testing.assert_array_equal(
        Statement("share", 0, share=0.25).met(scores), [True, True, False, True, False, False]
    )


def test_one_item_is_above_another_whatever_the_others_score():
    scores = np.array(
        [[2.0, 1, 9], [1, 2, 9], [1, 1, 9], [-1, -2, 9], [-1, -2, -3], [2, 1, np.nan]]
    )
    np.testing.assert_array_equal(
        Statement("above", 0, other=1).met(scores), [True, False, False, True, False, False]
    )


@moderate
@given(tables, st.permutations(range(3)), st.sampled_from(["rank", "top", "above"]))
def test_relabelling_items_relabels_the_claim(scores, order, kind):
    statement = Statement(kind, order[0], top=2 if kind == "top" else 1, other=order[1])
    # Item order[0] of the scores is item 0 of the relabelled.
    places = [*order, *range(3, scores.shape[1])]
    moved = Statement(kind, 0, top=statement.top, other=1)
    np.testing.assert_array_equal(moved.met(scores[:, places]), statement.met(scores))
    np.testing.assert_allclose(moved.margin(scores[:, places]), statement.margin(scores))


@pytest.mark.parametrize(
    "statement",
    [FIRST, Statement("top", 2, top=2), Statement("top", 1, top=3), Statement("above", 0, other=3)],
)
def test_the_chance_of_a_claim_is_that_of_exchangeable_items(statement):
    scores = np.random.default_rng(0).exponential(size=(20_000, 8))
    met = int(statement.met(scores).sum())
    assert stats.binomtest(met, 20_000, statement.chance(8)).pvalue > 0.001


def test_the_chance_of_a_claim_by_hand():
    assert FIRST.chance(8) == 1 / 8
    assert Statement("top", 0, top=3).chance(8) == 3 / 8
    assert Statement("above", 0, other=1).chance(8) == 1 / 2
    assert math.isnan(Statement("share", 0, share=0.5).chance(8))


# -- margins ---------------------------------------------------------------------------------


def test_margins_by_hand():
    scores = np.array([[5.0, 3.0, 2.0, 0.0], [2.0, 3.0, 5.0, 0.0], [2.0, -7.0, 6.0, 0.0]])
    for statement, expected in (
        (FIRST, [0.2, -0.3, -0.5]),
        (Statement("rank", 2), [-0.3, 0.2, 0.5]),
        # Against the greatest outside the top 2: the second greatest of the others.
        (Statement("top", 0, top=2), [0.3, -0.1, 0.25]),
        (Statement("top", 3, top=3), [-0.2, -0.2, 0.0]),
        (Statement("share", 0, share=0.4), [0.1, -0.2, -0.15]),
        (Statement("above", 0, other=2), [0.3, -0.3, -0.5]),
        (Statement("above", 0, other=1), [0.2, -0.1, 0.25]),
    ):
        np.testing.assert_allclose(statement.margin(scores), expected, atol=1e-12)


def test_a_seed_without_shares_has_no_margin():
    scores = np.array([[np.nan, 1.0, 2.0], [-1.0, -2.0, -3.0], [0.0, 0.0, 0.0], [1.0, np.inf, 0.0]])
    for statement in (FIRST, Statement("share", 0, share=0.5), Statement("above", 0, other=1)):
        assert np.isnan(statement.margin(scores)).all()


@moderate
@given(statements, tables)
def test_a_positive_margin_meets_the_claim_and_a_negative_one_does_not(statement, scores):
    """A margin of zero says neither: of a tie, or of two items that have no share."""
    met, margin = statement.met(scores), statement.margin(scores)
    assert met[margin > 0].all()
    assert not met[margin < 0].any()
    if statement.kind == "share":
        np.testing.assert_array_equal(met, margin >= 0)


@moderate
@given(
    statements.filter(lambda statement: statement.kind != "share"),
    st.permutations(range(1, 6)),
)
def test_without_ties_and_negative_scores_the_sign_of_the_margin_is_the_claim(statement, vector):
    scores = np.array([vector], dtype=float)
    np.testing.assert_array_equal(statement.met(scores), statement.margin(scores) > 0)


@moderate
@given(statements, tables)
def test_a_seed_misses_a_claim_by_a_tie_when_a_hair_more_would_do(statement, scores):
    ahead = scores.copy()
    ahead[:, statement.item] += 0.5  # less than whole numbers differ by
    found = [
        statement.kind != "share" and any(score > 0 for score in vector)
        and met_naively(statement, more) and not met_naively(statement, vector)
        for vector, more in zip(scores.tolist(), ahead.tolist(), strict=True)
    ]  # fmt: skip
    np.testing.assert_array_equal(statement.tied(scores), found)
    assert proportion(statement, scores).tied in (sum(found), int(found[0]))


# -- seeds that repeat others ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("repeats", "required", "verdict"),
    [
        ([10, 10], 0.8, NO_VERDICT),  # 2 of 2 support nothing
        ([1] * 18 + [2], 0.8, SUPPORTED),  # 19 of 19 do: 19 / (19 + z²) is 0.83
        ([1] * 14 + [6], 0.8, NO_VERDICT),  # 15 of 15 do not: 0.796
        ([5] * 4, 0.4, SUPPORTED),  # 4 of 4 do: 0.51
    ],
)
def test_seeds_that_repeat_others_support_a_claim_where_the_different_ones_do(
    repeats, required, verdict
):
    scores = np.repeat(outcomes(len(repeats), len(repeats)), repeats, axis=0)
    found = verdict_over_seeds(FIRST, scores, required)
    assert (found.verdict, found.different) == (verdict, len(repeats))
    assert judge(proportion(FIRST, scores), required).verdict == SUPPORTED
    # The other item has rank 1 in none.
    other = verdict_over_seeds(Statement("rank", 1), scores, required)
    misses = proportion_confint(0, len(repeats), method="wilson")[1] < required
    assert other.verdict == (CONTRADICTED if misses else NO_VERDICT)


@moderate
@given(st.integers(1, 20), st.integers(0, 20), st.sampled_from([0.3, 0.5, 0.8, 0.95]))
def test_without_repeats_the_verdict_is_that_of_the_proportion(seeds, met, required):
    scores = outcomes(min(met, seeds), seeds)
    expected = judge(proportion(FIRST, scores), required)
    assert verdict_over_seeds(FIRST, scores, required) == expected
    assert expected.different == seeds


# -- proportions -----------------------------------------------------------------------------


def test_the_proportion_of_seeds_has_the_intervals_of_statsmodels():
    for met in (0, 1, 13, 20):
        found = proportion(FIRST, outcomes(met, 20))
        assert (found.met, found.seeds, found.identical) == (met, 20, False)
        assert found.value == met / 20
        for interval, method in ((found.wilson, "wilson"), (found.exact, "beta")):
            expected = proportion_confint(met, 20, method=method)
            assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


def test_a_diverged_seed_counts_as_one_that_does_not_meet_the_claim():
    scores = outcomes(19, 20)
    scores[0, 1] = np.nan
    found = proportion(FIRST, scores)
    assert (found.met, found.seeds) == (18, 20)


def test_seeds_that_are_all_the_same_are_one_observation():
    scores = np.tile([0.1, 0.7, 0.2], (20, 1)) * (1 + 1e-8 * np.arange(20)[:, None])
    for item, met in ((1, 1), (0, 0)):
        found = proportion(Statement("rank", item), scores)
        assert (found.met, found.seeds, found.identical) == (met, 1, True)
        assert found.wilson.kind == "all 20 seeds identical"
        assert np.isnan([found.wilson.low, found.exact.high]).all()
        assert judge(found, 0.8).verdict == NO_VERDICT
    differing = scores + np.linspace(0, 0.01, 20)[:, None]
    assert proportion(Statement("rank", 1), differing).seeds == 20


def test_one_seed_is_not_identical_to_others_and_none_has_no_proportion():
    assert not identical(np.ones((1, 3)))
    assert not identical(np.zeros((0, 3)))
    # Seeds that diverged have no scores that could be the same.
    assert not identical(np.full((4, 3), np.nan))
    assert not identical(np.array([[1.0, np.nan], [1.0, 2.0]]))
    # However small the scores are.
    assert not identical(np.array([[1e-12, 2e-12], [2e-12, 1e-12]]))
    found = proportion(FIRST, np.zeros((0, 3)))
    assert found.seeds == 0
    assert math.isnan(found.value)
    assert found.wilson.kind == "no seeds"
    assert judge(found, 0.8).verdict == NO_VERDICT


# -- verdicts --------------------------------------------------------------------------------


def test_the_verdicts_on_20_seeds_of_which_four_in_five_are_required():
    """The arithmetic of the design: 20 supported, 13 to 19 inconclusive, the rest contradicted."""
    found = [judge(proportion(FIRST, outcomes(met, 20)), 0.8).verdict for met in range(21)]
    assert found == [CONTRADICTED] * 13 + [INCONCLUSIVE] * 7 + [SUPPORTED]


@pytest.mark.parametrize("required", [0.5, 0.8, 0.9])
def test_verdicts_and_p_values_are_those_of_statsmodels_and_scipy(required):
    for seeds in (5, 20, 60):
        for met in range(seeds + 1):
            low, high = proportion_confint(met, seeds, method="wilson")
            found = judge(proportion(FIRST, outcomes(met, seeds)), required)
            expected = (
                SUPPORTED if low >= required else CONTRADICTED if high < required else INCONCLUSIVE
            )
            assert found.verdict == expected
            p_value = stats.binomtest(met, seeds, required, alternative="greater").pvalue
            assert found.p_value == pytest.approx(p_value, abs=1e-12)
            assert math.isnan(found.seeds_to_settle) == (expected != INCONCLUSIVE)


@pytest.mark.parametrize("true", [0.8, 0.7, 0.9])
def test_verdicts_are_rarely_wrong(true):
    """Exact, at 20 seeds: wrong where supported below 0.8 or contradicted at or above it."""
    wrong = 0.0
    for met in range(21):
        verdict = judge(proportion(FIRST, outcomes(met, 20)), 0.8).verdict
        mistaken = verdict == (CONTRADICTED if true >= 0.8 else SUPPORTED)
        wrong += mistaken * stats.binom.pmf(met, 20, true)
    # Wilson's bounds are at 0.025 either way, nearly.
    assert wrong < 0.035


def settled_from(observed: float, required: float, most: int) -> int | None:
    """Brute force: the least number of seeds from which Wilson's interval leaves it out."""
    seeds = np.arange(1, most + 1)
    low, high = proportion_confint(observed * seeds, seeds, method="wilson")
    settled = (low >= required) if observed > required else (high < required)
    first = int(np.argmax(settled))
    assert settled[first:].all()
    return int(seeds[first]) if settled.any() else None


@pytest.mark.parametrize("required", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("observed", [0.6, 0.7, 0.75, 0.85, 0.9, 19 / 20, 0.99, 1.0])
def test_the_seeds_that_would_settle_a_claim_are_those_found_by_counting(observed, required):
    if observed == required:
        assert seeds_to_settle(observed, required) == math.inf
    else:
        assert seeds_to_settle(observed, required) == settled_from(observed, required, 5000)


@pytest.mark.parametrize("met", range(13, 20))
def test_an_inconclusive_claim_says_how_many_seeds_would_settle_it(met):
    found = judge(proportion(FIRST, outcomes(met, 20)), 0.8)
    if met == 16:
        assert found.seeds_to_settle == math.inf
    else:
        assert found.seeds_to_settle == settled_from(met / 20, 0.8, 5000)
        assert found.seeds_to_settle > 20


@pytest.mark.parametrize("required", [0.5, 0.8])
@pytest.mark.parametrize("seeds", [1, 10, 16, 17, 20, 50])
def test_the_fewest_seeds_that_support_a_claim_by_counting(required, seeds):
    met = np.arange(seeds + 1)
    enough = met[proportion_confint(met, seeds, method="wilson")[0] >= required]
    assert fewest_met(required, seeds) == (enough[0] if len(enough) else None)


def test_at_four_in_five_16_seeds_support_a_claim_if_all_meet_it_and_15_do_not():
    """n / (n + z²) ≥ 0.8 from n = 4 z² = 15.4 on."""
    assert fewest_met(0.8, 15) is None
    assert power(1.0, 0.8, 15) == 0
    assert fewest_met(0.8, 16) == 16
    assert power(1.0, 0.8, 16) == pytest.approx(1)


def test_a_claim_true_of_95_in_100_seeds_is_supported_by_20_as_often_as_all_meet_it():
    assert power(0.95, 0.8, 20) == pytest.approx(0.95**20)
    assert power(0.95, 0.8, 20) == pytest.approx(0.36, abs=0.005)


@pytest.mark.parametrize(("true", "seeds"), [(0.9, 50), (0.95, 40), (0.8, 60)])
def test_power_is_how_often_simulated_claims_come_out_supported(true, seeds):
    met = np.random.default_rng(0).binomial(seeds, true, size=20_000)
    supported = int((proportion_confint(met, seeds, method="wilson")[0] >= 0.8).sum())
    assert stats.binomtest(supported, 20_000, power(true, 0.8, seeds)).pvalue > 0.001
