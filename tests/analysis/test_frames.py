"""The frames of the report, recomputed from stored scores by other means."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from conftest import made_run
from scipy import stats

from study.analysis.agreement import (
    seed_agreement,
    seed_concordance,
)
from study.analysis.claims import scores_of_claim
from study.analysis.fits import learning_threshold
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.stability import (
    top_stability,
)
from study.common.methods import DEFAULT_METHODS, METHODS_OF_LEVEL
from study.recipes.claim import Claim
from study.report.tables.claims import claim_table
from study.report.tables.fits import seeds_table
from study.report.tables.registry import all_tables
from study.report.text.verdict import details, headline

SEEDS = 24
SLOW = [3, 7, 8]  # seeds of the transformer that have not learned


@pytest.fixture(scope="module")
def recipe(people):
    also = [
        Claim(level="variable", name="State", top=2, proportion=0.5, model="mlp", method="gradient"),
        Claim(level="feature", name="age", above="sex", proportion=0.6, model="mlp", method="gradient"),
        Claim(level="feature", name="age", share=0.3, proportion=0.5, model="mlp", method="permutation"),
    ]  # fmt: skip
    return people.recipe.model_copy(update={"claims": also})


@pytest.fixture(scope="module")
def results(tmp_path_factory, recipe) -> Results:
    """Skewed scores with age mostly first; on shuffled labels anything may be first."""
    generator = np.random.default_rng(5)
    means = np.array([1, 2.2, 0.6, 0.7, 0.8, 1, 0.6, 0.9])
    scores = {
        (model, condition): {
            method: generator.gamma(4, (means if condition == "real" else 1) / 4, (SEEDS, 8))
            if method != "permutation-grouped"
            else generator.normal([1, 3, 1, 2], 1, (SEEDS, 4))
            for method in DEFAULT_METHODS
            if (method, condition) != ("training-gradient", "untrained")
        }
        for model in ("transformer", "mlp")
        for condition in ("real", "shuffled", "untrained")
    }
    scores["transformer", "real"]["gradient"][11] = np.nan  # a seed that diverged in the end
    r_squared = [0.6 if seed in SLOW else 0.85 for seed in range(SEEDS)]
    return made_run(
        tmp_path_factory.mktemp("made"), recipe, scores, r_squared={"transformer": r_squared}
    )


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


@pytest.fixture(scope="module")
def wide(results) -> pd.DataFrame:
    """Scores by feature of the real condition: a row for each model, method and seed."""
    scores = results.scores.query(
        "condition == 'real' and level == 'feature' and model != 'least-squares'"
    )
    table = scores.pivot_table(
        index=["model", "method", "seed"], columns="name", values="score", dropna=False
    )
    return table[results.features]


def bca(values: np.ndarray) -> tuple[float, float]:
    """scipy's interval of the mean, with Hesterberg's tails for so many values."""
    tail = stats.norm.cdf(
        np.sqrt(len(values) / (len(values) - 1)) * stats.t.ppf(0.025, len(values) - 1)
    )
    found = stats.bootstrap(
        (values,), np.mean, confidence_level=1 - 2 * tail, rng=np.random.default_rng(0)
    )
    return found.confidence_interval.low, found.confidence_interval.high


def shares_of(table: pd.DataFrame) -> pd.DataFrame:
    positive = table.clip(lower=0)
    return positive.div(positive.sum(axis=1, skipna=False), axis=0)


def test_a_mean_share_and_its_interval_are_those_of_the_seeds_that_have_one(overview, wide):
    table = overview.importance("feature").set_index(["model", "condition", "method", "name"])
    for model, method in (("transformer", "gradient"), ("mlp", "permutation")):
        share = shares_of(wide.loc[model, method])["age"].dropna()
        row = table.loc[(model, "real", method, "age")]
        assert row["undefined"] == SEEDS - len(share)
        assert row["mean_share"] == pytest.approx(share.mean())
        assert row["sd_share"] == pytest.approx(share.std())
        assert (row["low"], row["high"]) == pytest.approx(bca(share.to_numpy()), abs=1e-9)


def test_differences_are_within_a_seed(overview, wide):
    models = overview.model_differences("feature").set_index(["method", "first", "second", "name"])
    row = models.loc[("gradient", "transformer", "mlp", "age")]
    expected = (
        shares_of(wide.loc["transformer", "gradient"])["age"]
        - shares_of(wide.loc["mlp", "gradient"])["age"]
    ).dropna()
    assert (row["n"], row["undefined"]) == (SEEDS, 1)
    assert row["mean"] == pytest.approx(expected.mean())
    methods = overview.method_differences("feature").set_index(["model", "first", "second", "name"])
    row = methods.loc[("mlp", "gradient", "permutation", "sex")]
    expected = (
        shares_of(wide.loc["mlp", "gradient"])["sex"]
        - shares_of(wide.loc["mlp", "permutation"])["sex"]
    )
    assert row["mean"] == pytest.approx(expected.mean())
    assert (row["low"], row["high"]) == pytest.approx(bca(expected.to_numpy()), abs=1e-9)


def test_agreement_within_seeds_is_scipy_s(overview, wide):
    methods = overview.method_agreement("feature").set_index(
        ["model", "first", "second", "measure"]
    )
    models = overview.model_agreement("feature").set_index(["method", "first", "second", "measure"])
    for measure, of_scipy in (("spearman", stats.spearmanr), ("kendall", stats.kendalltau)):
        one, two = wide.loc["mlp", "gradient"], wide.loc["mlp", "permutation"]
        each = [of_scipy(one.loc[seed], two.loc[seed]).statistic for seed in range(SEEDS)]
        row = methods.loc[("mlp", "gradient", "permutation", measure)]
        assert row["mean"] == pytest.approx(np.mean(each))
        one, two = wide.loc["transformer", "gradient"], wide.loc["mlp", "gradient"]
        each = [
            of_scipy(one.loc[seed], two.loc[seed]).statistic for seed in range(SEEDS) if seed != 11
        ]
        row = models.loc[("gradient", "transformer", "mlp", measure)]
        assert row["mean"] == pytest.approx(np.mean(each))
        assert (row["n"], row["undefined"]) == (SEEDS, 1)


def test_signs_are_compared_only_where_they_mean_the_same(overview):
    found = overview.method_agreement("feature")
    of_signs = found[found["measure"] == "sign"]
    assert set(of_signs["first"]) | set(of_signs["second"]) == {
        "gradient",
        "contrast-gradient",
        "scaled-gradient",
    }
    by_variable = overview.method_agreement("variable")
    assert "sign" not in set(by_variable["measure"])


def test_agreement_between_seeds_is_over_all_pairs(overview, wide):
    table = overview.seed_agreement("feature")
    table = table[table["condition"] == "real"].set_index(["model", "method", "measure"])
    rows = wide.loc["transformer", "gradient"].dropna()
    pairs = [
        stats.spearmanr(rows.loc[one], rows.loc[two]).statistic
        for one, two in combinations(rows.index, 2)
    ]
    row = table.loc[("transformer", "gradient", "spearman")]
    assert row["mean"] == pytest.approx(np.mean(pairs))
    assert row["undefined"] == 1
    top = [set(rows.loc[seed].nlargest(2).index) for seed in rows.index]
    common = [len(one & two) / 2 for one, two in combinations(top, 2)]
    assert table.loc[("transformer", "gradient", "top-2"), "mean"] == pytest.approx(np.mean(common))


def test_stability_frames_say_which_item_they_are_about(results, overview, wide):
    rows = wide.loc["mlp", "gradient"]
    rank = rows.rank(axis=1, ascending=False)
    frequency = overview.rank_frequencies("feature").set_index(["model", "method", "name", "rank"])
    for item in ("age", "State=Michigan"):
        for place in (1, 5):
            found = frequency.loc[("mlp", "gradient", item, place), "proportion"]
            assert found == pytest.approx((rank[item] == place).mean())
    flips = overview.flip_rates("feature")
    flips = flips[(flips["model"] == "mlp") & (flips["method"] == "gradient")]
    assert len(flips) == 28
    for row in flips.itertuples():
        above = int((rows[row.first] > rows[row.second]).sum())
        assert (row.above, row.below) == (above, SEEDS - above)
        assert rank[row.first].mean() <= rank[row.second].mean()
    sets = overview.rank_sets("feature").set_index(["model", "method", "name"])
    for item in results.features:
        assert sets.loc[("mlp", "gradient", item), "mean_rank"] == pytest.approx(rank[item].mean())
    assert sets.loc[("mlp", "gradient", "age"), "lowest"] == 1
    top = overview.top_stability("feature").set_index(["model", "method", "k"])
    assert top.loc[("mlp", "gradient", 1), "n"] == SEEDS
    halves = overview.reliability("feature")
    assert halves["seeds"].max() == 10  # twice twenty would be more than there are


def test_the_consensus_puts_age_first_and_dissent_counts_reversed_pairs(results, overview):
    order = overview.consensus_order("feature")
    assert order.ranks[results.features.index("age")] == 1
    assert (np.delete(order.ranks, results.features.index("age")) > 1).all()
    judges = overview.dissent("feature")
    assert len(judges) == 2 * len(set(DEFAULT_METHODS) & set(METHODS_OF_LEVEL["feature"]))
    for row in judges.itertuples():
        assert row.reversed == len([part for part in row.against.split("; ") if part])


# -- claims ----------------------------------------------------------------------------------


def test_the_verdict_stands_on_the_seeds_that_put_age_strictly_first(results, overview, wide):
    claim = results.recipe.claim
    table = overview.verdicts(claim).set_index(["model", "method"])
    assert (table["role"] == "primary").sum() == 1
    for model, method in (("transformer", "training-gradient"), ("transformer", "gradient")):
        rows = wide.loc[model, method]
        met = rows["age"] > rows.drop(columns="age").max(axis=1)
        row = table.loc[(model, method)]
        assert (row["met"], row["n"]) == (met.sum(), SEEDS)
        wilson = stats.binomtest(int(met.sum()), SEEDS).proportion_ci(method="wilson")
        assert (row["low"], row["high"]) == pytest.approx((wilson.low, wilson.high))
        exact = stats.binomtest(int(met.sum()), SEEDS).proportion_ci()
        assert (row["exact_low"], row["exact_high"]) == pytest.approx((exact.low, exact.high))
        share = shares_of(rows)
        margin = share["age"] - share.drop(columns="age").max(axis=1)
        assert row["margin"] == pytest.approx(margin.mean())


def test_controls_are_counted_beside_the_claim(results, overview):
    scores = results.scores.query("level == 'feature' and method == 'gradient' and model == 'mlp'")
    first = {}
    for condition in ("real", "shuffled", "untrained"):
        rows = scores[scores["condition"] == condition].pivot(
            index="seed", columns="name", values="score"
        )
        first[condition] = rows["age"] > rows.drop(columns="age").max(axis=1)
    row = (
        overview.verdicts(results.recipe.claim)
        .set_index(["model", "method"])
        .loc[("mlp", "gradient")]
    )
    for control in ("shuffled", "untrained"):
        assert row[f"{control}_met"] == first[control].sum()
        assert row[f"{control}_n"] == len(first[control])


def test_a_claim_about_one_feature_is_tested_by_variable_where_it_is_a_whole_one(results):
    claim = results.recipe.claim
    vectors, statement = scores_of_claim(results, claim, "mlp", "real", "permutation-grouped")
    assert vectors.items[statement.item] == "age"
    assert len(vectors.items) == 4
    level = claim.model_copy(update={"name": "State=Ohio"})
    assert scores_of_claim(results, level, "mlp", "real", "permutation-grouped") is None


def test_other_declared_claims_are_one_family_for_holm(results, overview):
    table = overview.declared
    assert table["primary"].tolist() == [True, False, False, False]
    assert np.isnan(table["holm"].iloc[0])
    p = table["p_value"].to_numpy(float)[1:]
    order = np.argsort(p)
    by_hand = np.maximum.accumulate(p[order] * [3, 2, 1]).clip(max=1)
    np.testing.assert_allclose(table["holm"].to_numpy(float)[1:][order], by_hand)
    for row, claim in zip(
        table.itertuples(), [results.recipe.claim, *results.recipe.claims], strict=True
    ):
        expected = stats.binomtest(
            int(row.met), int(row.n), claim.proportion, alternative="greater"
        )
        assert row.p_value == pytest.approx(expected.pvalue)


def test_a_claim_on_a_variable_sums_its_columns(results, overview):
    claim = results.recipe.claims[0]
    scores = results.scores.query(
        "level == 'feature' and method == 'gradient' and model == 'mlp' and condition == 'real'"
    )
    rows = scores.pivot(index="seed", columns="name", values="score")
    by_variable = rows.T.groupby(lambda name: name.split("=")[0]).sum().T
    met = by_variable.rank(axis=1, ascending=False)["State"] <= 2
    row = (
        overview.proportions(claim)
        .set_index(["model", "method", "condition"])
        .loc[("mlp", "gradient", "real")]
    )
    assert row["met"] == met.sum()
    assert row["chance"] == 2 / 4


def test_the_claim_grows_with_the_seeds_in_their_order(results, overview, wide):
    rows = wide.loc["mlp", "gradient"]
    met = (rows["age"] > rows.drop(columns="age").max(axis=1)).to_numpy()
    table = overview.growth(results.recipe.claim)
    table = table[(table["model"] == "mlp") & (table["method"] == "gradient")].set_index("n")
    assert table.index.tolist() == list(range(1, SEEDS + 1))
    for count in (1, 10, SEEDS):
        assert table.loc[count, "met"] == met[:count].sum()


# -- learned ---------------------------------------------------------------------------------


def test_who_has_learned_is_told_by_least_squares_and_the_recipe_s_factor(results, overview):
    assert learning_threshold(results) == pytest.approx(0.8 * 0.9)
    found = overview.learning
    slow = found[~found["learned"]]
    assert set(slow["model"]) == {"transformer"}
    assert slow["seed"].tolist() == SLOW


def test_without_the_seeds_that_have_not_learned_they_are_gone_everywhere(results, overview):
    learned = overview.learned.results
    for condition in ("real", "shuffled", "untrained"):
        assert set(learned.seeds("transformer", condition)) == set(range(SEEDS)) - set(SLOW)
        assert learned.seeds("mlp", condition) == list(range(SEEDS))
        vectors = learned.vectors("transformer", condition, "gradient", "variable")
        assert set(vectors.seeds) == set(range(SEEDS)) - set(SLOW)
    for seed in range(SEEDS):
        before = results.scores.query("model == 'transformer' and seed == @seed")
        after = learned.scores.query("model == 'transformer' and seed == @seed")
        assert after["score"].to_numpy().tolist() == (
            [] if seed in SLOW else pytest.approx(before["score"].to_numpy(), nan_ok=True)
        )
    # The full results stay as they were.
    assert results.seeds("transformer", "real") == list(range(SEEDS))
    row = overview.verdicts(results.recipe.claim).iloc[0]
    again = overview.learned.verdicts(results.recipe.claim).iloc[0]
    assert (row["learned_met"], row["learned_n"]) == (again["met"], SEEDS - len(SLOW))
    assert row["learned_verdict"] == again["verdict"]


def test_seeds_left_out_twice_are_left_out_together(results):
    twice = results.without({"mlp": [1]}).without({"mlp": [2], "transformer": [0]})
    assert twice.seeds("mlp", "real") == [0, *range(3, SEEDS)]
    assert twice.seeds("transformer", "shuffled") == list(range(1, SEEDS))
    at_once = results.without({"mlp": [1, 2], "transformer": [0]})
    assert at_once.fits.equals(twice.fits)
    assert set(twice.vectors("mlp", "real", "gradient", "feature").seeds) == {0, *range(3, SEEDS)}


def test_a_model_without_a_seed_that_has_learned_is_left_out_itself(results):
    assert list(results.without({"mlp": range(SEEDS)}).models) == ["transformer"]


def test_control_networks_that_diverged_say_nothing(tmp_path, people):
    """Counted as not meeting the claim they would make a control look as if it told of nothing."""
    generator = np.random.default_rng(0)
    real = generator.gamma(2, size=(20, 8))
    real[:, 1] += 20
    shuffled = generator.gamma(2, size=(20, 8))
    shuffled[:16, 1] += 20
    shuffled[16:, 1] = 0
    shuffled[:14] = np.nan
    scores = {
        ("transformer", "real"): {"training-gradient": real},
        ("transformer", "shuffled"): {"training-gradient": shuffled},
    }
    made = made_run(tmp_path / "run", people.recipe, scores)
    row = Overview(made).verdicts(made.recipe.claim).iloc[0]
    assert (row["shuffled_met"], row["shuffled_n"], row["shuffled_undefined"]) == (2, 6, 14)
    assert "(14 diverged)" in claim_table(Overview(made)).text()


def test_a_run_whose_control_diverged_altogether_is_reported(tmp_path, people):
    real = np.random.default_rng(0).uniform(size=(20, 8)) + 3 * (np.arange(8) == 1)
    scores = {
        ("transformer", "real"): {"training-gradient": real},
        ("transformer", "shuffled"): {"training-gradient": np.full((20, 8), np.nan)},
    }
    made = made_run(tmp_path / "run", people.recipe, scores)
    row = Overview(made).verdicts(made.recipe.claim).iloc[0]
    assert (row["verdict"], row["shuffled_n"]) == ("supported", 0)
    # What has no statistic is smaller than what has one.
    chance = Overview(made).chance(made.recipe.claim).iloc[0]
    assert (chance["as_large"], chance["p_value"]) == (0, pytest.approx(1 / 21))
    assert "nan" not in " ".join([*headline(Overview(made)), *details(Overview(made))])


def test_seeds_without_shares_are_reported_and_shown_as_such(tmp_path, people):
    """One diverged, one without a positive score: every table is made all the same."""
    scores = np.random.default_rng(0).gamma(2, size=(12, 8))
    scores[3] = np.nan
    scores[5] = -1
    made = made_run(
        tmp_path / "run", people.recipe, {("transformer", "real"): {"training-gradient": scores}}
    )
    layout = seeds_table(Overview(made)).layout
    assert layout["Share of age"].tolist()[3] == layout["Share of age"].tolist()[5] == "–"
    assert layout["Claim met"].tolist()[3] == "no"
    assert all(table.text() for table in all_tables(Overview(made)))


def test_a_model_whose_seeds_are_all_the_same_is_one_observation_everywhere(tmp_path, people):
    same = np.tile(np.arange(1.0, 9), (20, 1))
    other = np.random.default_rng(0).gamma(2, size=(20, 8))
    scores = {
        ("transformer", "real"): {"training-gradient": same},
        ("transformer", "shuffled"): {"training-gradient": other},
        ("mlp", "real"): {"training-gradient": other},
    }
    made = made_run(tmp_path / "run", people.recipe, scores)
    for frame in (
        Overview(made).importance("feature"),
        Overview(made).rank_sets("feature"),
        Overview(made).rank_frequencies("feature"),
        Overview(made).flip_rates("feature"),
        top_stability(made, "feature"),
        seed_agreement(made, "feature"),
        seed_concordance(made, "feature"),
        Overview(made).verdicts(made.recipe.claim),
    ):
        rows = frame[frame["model"] == "transformer"]
        rows = rows[rows["condition"] == "real"] if "condition" in rows else rows
        assert set(rows["n"]) == {1}
    row = Overview(made).verdicts(made.recipe.claim).set_index("model").loc["transformer"]
    assert row["verdict"] == "no verdict"
    assert row["reason"].endswith("seeds identical")
    told = Overview(made).rank_sets("feature").query("model == 'transformer'")
    assert (told["lowest"] == 1).all()
    assert (told["highest"] == 8).all()


def test_a_run_without_varied_networks_has_no_sources(overview):
    assert overview.sources.empty
