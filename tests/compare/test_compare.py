"""`study compare`: two runs side by side, against scipy, statsmodels and plain pandas."""

import re
import shutil
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from conftest import made_run, shipped
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from study.analysis.results import Results
from study.cli.main import main
from study.common.errors import InputError
from study.common.vocabulary import FORMATS, LEAST_SQUARES
from study.compare.changes import changes
from study.compare.comparison import Comparison
from study.compare.differences import ONE_OBSERVATION
from study.compare.figures import comparison_displays
from study.compare.frames import (
    fit_differences,
    order_agreement,
    share_differences,
)
from study.compare.page import write_comparison
from study.compare.pairing import check_comparable, common_models, same_data
from study.compare.sentences import comparison_sentences
from study.compare.tables import comparison_tables, main_tables

FEATURES, VARIABLES = 8, 4
AGE = 1
HOSTILE = '<script>alert(1)</script> & "q" $x_1$ \\input{y} | ‮\x1b[31m 😀 ' + "w" * 200
KEYS = ["model", "method"]


def drawn(seed: int, seeds: int, age: float = 3.0) -> dict[str, np.ndarray]:
    """Scores of so many seeds by three methods; the more `age`, the more of it."""
    generator = np.random.default_rng(seed)
    scores = {
        "training-gradient": generator.gamma(2, size=(seeds, FEATURES)),
        "gradient": generator.gamma(2, size=(seeds, FEATURES)),
        "permutation-grouped": generator.gamma(2, size=(seeds, VARIABLES)),
    }
    for vectors in scores.values():
        vectors[:, AGE] += age
    return scores


def first_in(met: int, seeds: int, places: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Scores in which age is first in the seeds at some places, by default the first ones."""
    scores = drawn(7, seeds, age=0.0)["training-gradient"]
    chosen = np.arange(met) if places is None else places
    scores[:, AGE] = 0.0
    scores[chosen, AGE] = 100.0
    return {"training-gradient": scores}


def real(**scores: dict[str, np.ndarray]) -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """Scores of models in the real condition."""
    return {(model, "real"): by_method for model, by_method in scores.items()}


@pytest.fixture
def make(tmp_path, people):
    """A run with given scores, by default of the people data."""

    def run(scores, *, recipe=None, **options) -> Results:
        directory = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        return made_run(directory, recipe or people.recipe, scores, **options)

    return run


def own(table: pd.DataFrame, model: str, method: str) -> pd.Series:
    (place,) = table.index[(table["model"] == model) & (table["method"] == method)]
    return table.loc[place]


def share_of(results: Results, method: str, item: str, level: str = "feature") -> pd.Series:
    """A share by seed, from the public frame."""
    rows = results.shares.query(
        "model == 'mlp' and condition == 'real' and method == @method and level == @level "
        "and name == @item"
    )
    return rows.set_index(rows["seed"].astype(int))["share"]


def bootstrapped(samples, statistic, seeds: int) -> tuple[float, float]:
    """scipy's BCa interval with Hesterberg's tails for so many seeds.

    A resample that holds every seed once must have the very mean, whatever its order.
    """
    tail = stats.norm.cdf(np.sqrt(seeds / (seeds - 1)) * stats.t.ppf(0.025, seeds - 1))
    found = stats.bootstrap(
        samples,
        lambda *drawn, axis: np.round(statistic(*drawn, axis=axis), 12),
        confidence_level=1 - 2 * tail,
        n_resamples=9999,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return found.low, found.high


# -- paired runs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "item", "level"),
    [
        ("gradient", "age", "feature"),
        ("training-gradient", "politics=moderate", "feature"),
        ("training-gradient", "State", "variable"),
        ("permutation-grouped", "age", "variable"),
    ],
)
def test_shares_of_the_same_seeds_are_subtracted_seed_by_seed(make, method, item, level):
    first = make(real(mlp=drawn(1, 20)))
    second = make(real(mlp=drawn(2, 25, age=4)), first_seed=8)
    found = share_differences(first, second, level)
    row = own(found[found["name"] == item], "mlp", method)
    one, two = (share_of(results, method, item, level) for results in (first, second))
    difference = (two - one).dropna()
    assert len(difference) == 12  # seeds 8 to 19
    assert row["pairing"] == "paired over 12 common seeds"
    assert row["mean_first"] == pytest.approx(one[difference.index].mean())
    assert row["mean_second"] == pytest.approx(two[difference.index].mean())
    assert row["difference"] == pytest.approx(difference.mean())
    expected = bootstrapped((difference.to_numpy(),), np.mean, 12)
    assert (row["low"], row["high"]) == pytest.approx(expected, rel=1e-8)
    assert row["interval"] == "BCa"


def test_fits_are_compared_on_rows_one_by_one(make):
    generator = np.random.default_rng(3)
    one, two = generator.beta(9, 1, 20), generator.beta(5, 1, 20)
    two[4] = np.nan  # diverged
    first = make(real(mlp=drawn(1, 20)), r_squared={"mlp": one})
    second = make(real(mlp=drawn(2, 20)), r_squared={"mlp": two}, least_squares=0.7)
    found = fit_differences(first, second).set_index(["model", "part"])
    row = found.loc[("mlp", "test")]
    difference = np.delete(two - one, 4)
    assert (row["n_first"], row["n_second"], row["undefined"]) == (19, 19, 1)
    assert row["difference"] == pytest.approx(difference.mean())
    expected = bootstrapped((difference,), np.mean, 19)
    assert (row["low"], row["high"]) == pytest.approx(expected, rel=1e-8)
    closed = found.loc[(LEAST_SQUARES, "train")]
    assert closed["difference"] == pytest.approx(-0.2)
    assert (closed["pairing"], closed["interval"]) == ("no seeds", "no seeds: no interval")


def test_proportions_of_the_same_seeds_have_newcombe_s_paired_interval(make):
    """Newcombe (1998), table II, method 10: both 36, one alone 12 and 2; signs turned round."""
    seeds = np.arange(50)
    first = make(real(transformer=first_in(48, 50, seeds[:48])))
    second = make(real(transformer=first_in(38, 50, np.r_[seeds[:36], 48, 49])))
    row = own(Comparison(first, second).claim_differences, "transformer", "training-gradient")
    assert (row["met_first"], row["met_second"]) == (48, 38)
    assert (row["low"], row["high"]) == pytest.approx((-0.3404, -0.0569), abs=5e-5)
    assert row["difference"] == pytest.approx(-0.2)


def test_orders_are_compared_seed_by_seed(make):
    first, second = make(real(mlp=drawn(1, 20))), make(real(mlp=drawn(2, 20)))
    row = own(order_agreement(first, second, "feature"), "mlp", "gradient")
    values = [
        stats.spearmanr(one, two).statistic
        for one, two in zip(drawn(1, 20)["gradient"], drawn(2, 20)["gradient"], strict=True)
    ]
    assert row["mean"] == pytest.approx(np.mean(values))
    expected = bootstrapped((np.array(values),), np.mean, 20)
    assert (row["low"], row["high"]) == pytest.approx(expected, rel=1e-6)
    assert row["of"] == "scores of the same seed"
    assert row["null_mean"] == pytest.approx(0, abs=0.02)


# -- runs with few or no common seeds ------------------------------------------------------


@pytest.mark.parametrize(
    ("seeds", "first_seed", "others", "pairing"),
    [
        (20, 10, 20, "paired over 10 common seeds"),
        (20, 11, 20, "independent: 11 and 11 seeds, without the 9 in common"),
        (20, 19, 20, "independent: 19 and 19 seeds, without the 1 in common"),
        (20, 18, 9, "independent: 18 and 7 seeds, without the 2 in common"),
        (20, 20, 20, "independent: 20 and 20 seeds"),
        (3, 0, 20, "paired over 3 common seeds"),  # all seeds of the smaller run
        (10, 1, 10, "paired over 9 common seeds"),  # more than the one seed left to each
    ],
)
def test_few_common_seeds_give_way_to_the_others(make, seeds, first_seed, others, pairing):
    first = make(real(transformer=first_in(seeds, seeds)))
    second = make(real(transformer=first_in(0, others)), first_seed=first_seed)
    for table in (
        share_differences(first, second, "feature"),
        order_agreement(first, second, "feature"),
        fit_differences(first, second),
        Comparison(first, second).claim_differences,
    ):
        assert set(table.loc[table["model"] == "transformer", "pairing"]) == {pairing}
    told = [of for of in comparison_sentences(Comparison(first, second)) if of.startswith("The ")]
    for start in ("The share of age", "The orders of the features", "The test R²"):
        (sentence,) = [of for of in told if of.startswith(start)]
        assert pairing in sentence or "identical on the" in sentence


def test_a_seed_in_common_has_no_part_in_independent_samples(make):
    one, two = drawn(1, 20), drawn(2, 20, age=0)
    one["gradient"][19, AGE] = two["gradient"][0, AGE] = 1e6
    first, second = make(real(mlp=one)), make(real(mlp=two), first_seed=19)
    found = share_differences(first, second, "feature")
    row = own(found[found["name"] == "age"], "mlp", "gradient")
    share, other = (share_of(results, "gradient", "age") for results in (first, second))
    share, other = share.drop(19), other.drop(19)
    assert row["difference"] == pytest.approx(other.mean() - share.mean())
    expected = bootstrapped(
        (other.to_numpy(), share.to_numpy()),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        19,
    )
    assert (row["low"], row["high"]) == pytest.approx(expected, rel=1e-6)
    claims = own(Comparison(first, second).claim_differences, "mlp", "gradient")
    met = [(of["gradient"].argmax(axis=1) == AGE) for of in (one, two)]
    counts = int(met[0][:19].sum()), int(met[1][1:].sum())
    newcombe = confint_proportions_2indep(
        counts[1], 19, counts[0], 19, method="newcomb", compare="diff"
    )
    assert (claims["low"], claims["high"]) == pytest.approx(newcombe, abs=1e-12)
    orders = own(order_agreement(first, second, "feature"), "mlp", "gradient")
    means = [
        (of / of.sum(axis=1, keepdims=True)).mean(axis=0)
        for of in (one["gradient"][:19], two["gradient"][1:])
    ]
    assert orders["mean"] == pytest.approx(stats.spearmanr(*means).statistic)


def test_shares_of_other_seeds_are_independent_samples(make):
    first = make(real(mlp=drawn(1, 20)))
    second = make(real(mlp=drawn(2, 30, age=4)), first_seed=20)
    found = share_differences(first, second, "feature")
    row = own(found[found["name"] == "age"], "mlp", "gradient")
    one, two = (share_of(results, "gradient", "age") for results in (first, second))
    assert row["pairing"] == "independent: 20 and 30 seeds"
    assert row["difference"] == pytest.approx(two.mean() - one.mean())
    expected = bootstrapped(
        (two.to_numpy(), one.to_numpy()),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        20,
    )
    assert (row["low"], row["high"]) == pytest.approx(expected, rel=1e-6)


def test_proportions_of_other_seeds_have_newcombe_s_hybrid_score_interval(make):
    first = make(real(transformer=first_in(18, 20)))
    second = make(real(transformer=first_in(20, 50)), first_seed=20)
    row = own(Comparison(first, second).claim_differences, "transformer", "training-gradient")
    expected = confint_proportions_2indep(20, 50, 18, 20, method="newcomb", compare="diff")
    assert (row["low"], row["high"]) == pytest.approx(expected, abs=1e-12)
    assert row["pairing"] == "independent: 20 and 50 seeds"
    assert (row["verdict_first"], row["verdict_second"]) == ("inconclusive", "contradicted")


def test_orders_of_other_seeds_are_those_of_the_mean_shares(make):
    first = make(real(mlp=drawn(1, 20)))
    second = make(real(mlp=drawn(2, 15)), first_seed=20)
    row = own(order_agreement(first, second, "feature"), "mlp", "gradient")
    means = [
        results.shares.query("model == 'mlp' and method == 'gradient' and level == 'feature'")
        .groupby("name", sort=False)["share"]
        .mean()
        for results in (first, second)
    ]
    assert row["mean"] == pytest.approx(stats.spearmanr(*means).statistic)
    assert np.isnan(row["low"])
    assert (row["of"], row["interval"]) == ("mean shares", "mean shares: no interval")


def test_seeds_without_shares_have_no_part_in_the_mean_shares(make):
    hollow = drawn(2, 15)["gradient"]
    kept = make(real(mlp={"gradient": hollow[1:]}), first_seed=40)
    hollow[0] = 0.0
    first = make(real(mlp=drawn(1, 20)))
    second = make(real(mlp={"gradient": hollow}), first_seed=40)
    found, wanted = (
        own(order_agreement(first, other, "feature"), "mlp", "gradient")["mean"]
        for other in (second, kept)
    )
    assert found == pytest.approx(wanted)


def test_few_seeds_have_no_bootstrap_interval(make):
    first = make(real(mlp=drawn(1, 5)))
    same, other = make(real(mlp=drawn(2, 5))), make(real(mlp=drawn(2, 5)), first_seed=50)
    for second, kind in (
        (same, "n = 5: too few for an interval"),
        (other, "n = 5 and 5: too few for an interval"),
    ):
        found = share_differences(first, second, "feature")
        assert set(found.loc[found["model"] == "mlp", "interval"]) == {kind}


@pytest.mark.parametrize("first_seed", [0, 1])
def test_one_seed_has_differences_and_no_interval(make, first_seed):
    first = make(real(transformer=drawn(1, 1)))
    second = make(real(transformer=drawn(2, 1)), first_seed=first_seed)
    for table in (share_differences(first, second, "feature"), fit_differences(first, second)):
        assert table["low"].isna().all()
        assert table["difference"].notna().all()
    assert comparison_sentences(Comparison(first, second))
    for table in comparison_tables(Comparison(first, second)).values():
        assert table.text()


def test_seeds_that_are_all_the_same_are_one_observation(make):
    scores = [np.tile(drawn(seed, 1)["gradient"], (20, 1)) for seed in (1, 2)]
    first, second = (make(real(mlp={"gradient": of})) for of in scores)
    found = share_differences(first, second, "feature")
    found = found[found["model"] == "mlp"]
    assert set(found["interval"]) == {ONE_OBSERVATION}
    for table in (
        Comparison(first, second).claim_differences,
        order_agreement(first, second, "feature"),
    ):
        assert own(table, "mlp", "gradient")["interval"] == ONE_OBSERVATION


def test_one_run_of_seeds_that_are_all_the_same_leaves_no_interval(make, people):
    """Twenty copies of one pair are no twenty pairs, whatever the other run holds."""
    alike = {"training-gradient": np.tile(drawn(1, 1)["training-gradient"], (20, 1))}
    varied = {"training-gradient": drawn(2, 20)["training-gradient"]}
    fits = np.random.default_rng(3).beta(9, 1, 20)
    first = make(real(transformer=alike))
    second = make(real(transformer=varied), r_squared={"transformer": fits})
    for one, two in ((first, second), (second, first)):
        for table in (
            share_differences(one, two, "feature"),
            order_agreement(one, two, "feature"),
            fit_differences(one, two),
            Comparison(one, two).claim_differences,
        ):
            rows = table[table["model"] == "transformer"]
            assert set(rows["interval"]) == {ONE_OBSERVATION}
            assert rows[["low", "high"]].isna().all(axis=None)
    text = " ".join(comparison_sentences(Comparison(first, second)))
    met = drawn(1, 1)["training-gradient"].argmax() == AGE
    assert (
        f"in {'all' if met else 'none of the'} 20 seeds of the first run (all the same: they "
        "count as one observation) and in " in text
    )
    assert "1 of 1" not in text
    for name in ("compare-claim", "compare-verdicts"):
        shown = comparison_tables(Comparison(first, second))[name].layout.to_string()
        assert "all 20 seeds identical" in shown
        assert "1 of 1" not in shown


def test_perfect_fits_are_not_seeds_that_are_all_the_same(make):
    fits = np.random.default_rng(3).beta(9, 1, 20)
    first = make(real(mlp=drawn(1, 20)), r_squared={"mlp": np.ones(20)})
    second = make(real(mlp=drawn(2, 20)), r_squared={"mlp": fits})
    row = fit_differences(first, second).set_index(["model", "part"]).loc[("mlp", "test")]
    assert (row["low"], row["high"]) == pytest.approx(
        bootstrapped((fits - 1,), np.mean, 20), rel=1e-8
    )


# -- the same numbers ----------------------------------------------------------------------


def test_a_copy_holds_the_same_run(make, tmp_path):
    first = make(real(transformer=drawn(1, 20)))
    shutil.copytree(first.directory, tmp_path / "copy")
    second = Results(tmp_path / "copy")
    assert changes(first, second).empty
    assert comparison_sentences(Comparison(first, second))[0] == (
        f"Both directories hold the same run, {first.identity}."
    )
    assert "compare-changes" not in comparison_tables(Comparison(first, second))


def test_an_extension_is_identical_on_the_common_seeds(make):
    scores = drawn(1, 50)
    first = make(real(transformer={method: of[:20] for method, of in scores.items()}))
    second = make(real(transformer=scores))
    tables = [
        share_differences(first, second, "feature"),
        share_differences(first, second, "variable"),
        order_agreement(first, second, "feature"),
        Comparison(first, second).claim_differences,
        fit_differences(first, second),
    ]
    for table in tables:
        rows = table[table["model"] == "transformer"]
        assert set(rows["interval"]) == {"identical on the 20 common seeds"}
        assert set(table.loc[table["model"] == LEAST_SQUARES, "interval"]) == {"identical"}
        assert table["low"].isna().all()
    sentences = " ".join(comparison_sentences(Comparison(first, second)))
    assert "What changed: seeds 0-19 → 0-49." in sentences
    assert "identical, bit for bit" in sentences
    shown = comparison_tables(Comparison(first, second))["compare-shares-features"].layout
    assert set(shown["Difference"]) == {"identical"}


def test_numbers_that_differ_by_rounding_are_called_equal(make):
    scores = drawn(1, 20)
    noise = 1 + 1e-9 * np.random.default_rng(5).normal(size=(20, FEATURES))
    first = make(real(mlp={"gradient": scores["gradient"]}), environment={"torch": "2.12"})
    second = make(real(mlp={"gradient": scores["gradient"] * noise}))
    found = share_differences(first, second, "feature")
    kinds = found.loc[found["model"] == "mlp", "interval"]
    assert set(kinds) == {"equal up to rounding on the 20 common seeds"}
    text = " ".join(comparison_sentences(Comparison(first, second)))
    assert "torch 2.12 → none" in text
    assert "bit for bit" not in text


def test_seeds_that_diverged_are_not_the_same_as_seeds_that_did_not(make):
    scores = drawn(1, 20)
    broken = {method: of.copy() for method, of in scores.items()}
    for of in broken.values():
        of[:12] = np.nan
    fits = {"transformer": [np.nan] * 12 + [0.9] * 8}
    first = make(real(transformer=scores))
    second, again = (
        make(real(transformer=broken), r_squared=fits, environment={"torch": version})
        for version in ("2.12", "2.13")
    )
    for table in (share_differences(first, second, "feature"), fit_differences(first, second)):
        rows = table[table["model"] == "transformer"]
        assert not rows["interval"].str.contains("identical|equal up to").any()
        assert set(rows["undefined"]) == {12}
    text = " ".join(comparison_sentences(Comparison(first, second)))
    assert "identical, bit for bit" not in text
    assert (
        "0 of 20 seeds of the first run and 12 of 20 of the second diverged for the "
        f"{first.title('transformer')}" in text
    )
    reading = comparison_displays(Comparison(first, second))["compare-fit"].reading
    assert "no dot: 0 of the first run and 12 of the second" in reading
    assert "no dot" not in comparison_displays(Comparison(first, first))["compare-fit"].reading
    # Two runs of which the same seeds diverged hold the same, but not nothing to tell of.
    assert set(fit_differences(second, again)["interval"]) == {
        "identical on the 20 common seeds",
        "identical",
    }
    text = " ".join(comparison_sentences(Comparison(second, again)))
    assert "12 of 20 seeds of the first run and 12 of 20 of the second diverged" in text
    assert "bit for bit" not in text


@pytest.mark.parametrize("changed", ["scores", "fits", "neither"])
def test_all_is_identical_only_where_scores_and_fits_are(make, changed):
    scores = drawn(1, 20)
    # Twice the scores have the very same shares.
    doubled = {method: 2 * of for method, of in scores.items()}
    first = make(real(transformer=scores), environment={"torch": "2.12"})
    second = make(
        real(transformer=doubled if changed == "scores" else scores),
        r_squared={"transformer": [0.8 if changed == "fits" else 0.9] * 20},
        environment={"torch": "2.13"},
    )
    found = share_differences(first, second, "feature")
    assert found["interval"].str.startswith("identical").all()
    text = " ".join(comparison_sentences(Comparison(first, second)))
    assert ("bit for bit" in text) == (changed == "neither")


def test_a_verdict_that_flips_with_more_seeds_is_laid_to_them(make):
    scores = first_in(20, 40)
    first = make(real(transformer={method: of[:20] for method, of in scores.items()}))
    flipped, kept = make(real(transformer=scores)), make(real(transformer=first_in(40, 40)))
    kept_first = make(real(transformer={m: of[:20] for m, of in first_in(40, 40).items()}))
    said = (
        "The scores are identical on the 20 common seeds: what differs comes from the seeds that "
        "only one run has."
    )
    row = own(Comparison(first, flipped).claim_differences, "transformer", "training-gradient")
    assert (row["verdict_first"], row["verdict_second"]) == ("supported", "contradicted")
    assert said in comparison_sentences(Comparison(first, flipped))
    assert said not in comparison_sentences(Comparison(kept_first, kept))


def test_seeds_without_shares_are_left_out_of_both(make):
    scores = {"gradient": drawn(1, 20)["gradient"]}
    hollow = {"gradient": drawn(2, 20)["gradient"]}
    hollow["gradient"][3] = 0.0
    hollow["gradient"][4] = np.nan
    found = share_differences(make(real(mlp=scores)), make(real(mlp=hollow)), "feature")
    rows = found[found["model"] == "mlp"]
    assert set(rows["undefined"]) == {2}
    assert set(rows["pairing"]) == {"paired over 18 common seeds"}
    assert rows["low"].notna().all()


# -- what changed --------------------------------------------------------------------------


def test_what_changed_is_told_by_key_and_nothing_else_is(make, people):
    recipe = people.recipe.model_copy(
        update={"claim": people.recipe.claim.model_copy(update={"proportion": 0.9})}
    )
    arguments = shipped("mlp").arguments
    exact = shipped("mlp").model_copy(update={"arguments": {**arguments, "w": 1, "t": "1"}})
    loose = shipped("mlp").model_copy(update={"arguments": {**arguments, "w": 1.0, "t": 1}})
    first = make(
        real(transformer=drawn(1, 20), mlp=drawn(2, 20), linear=drawn(4, 20)),
        models={"mlp": exact},
        hashes={"people_train.txt": "aa", "people_test.txt": "bb"},
        environment={"torch": "2.12.0", "numpy": "2.4.0"},
    )
    second = make(
        real(transformer=drawn(3, 12), mlp=drawn(5, 20)),
        recipe=recipe,
        models={"transformer": shipped("transformer", epochs=100), "mlp": loose},
        hashes={"people_train.txt": "cc", "people_test.txt": "bb"},
        environment={"torch": "2.13.0", "numpy": "2.4.0"},
    )
    found = changes(first, second).set_index(["what", "key"])
    told = {key: (row["first"], row["second"]) for key, row in found.iterrows()}
    assert told.pop(("run", "identity")) == (first.identity, second.identity)
    assert (
        told
        == {
            ("dataset recipe", "claim.proportion"): ("0.8", "0.9"),
            ("rows (SHA-256)", "training"): ("aa", "cc"),
            ("models", "linear"): ("Linear (trained)", None),
            ("model transformer", "training.epochs"): ("300", "100"),
            ("model mlp", "arguments.w"): ("1", "1.0"),
            ("model mlp", "arguments.t"): ('"1"', "1"),
            ("seeds", "transformer, real"): ("0-19", "0-11"),
            ("environment", "torch"): ("2.12.0", "2.13.0"),
        }
        or found["first"].isna().sum() == 0
    )
    sentence = comparison_sentences(Comparison(first, second))[0]
    for part in (
        "linear only in the first run",
        "training.epochs 300 → 100 in transformer",
        "claim.proportion 0.8 → 0.9",
        "other training rows",
    ):
        assert part in sentence
    assert sentence.endswith("; and 2 more, in the table of changes.")
    assert not same_data(first, second)
    assert common_models(first, second) == ["transformer", "mlp", LEAST_SQUARES]


def test_the_same_change_of_several_models_is_told_once(make):
    names = ("transformer", "mlp")
    short = {name: shipped(name, epochs=9) for name in names}
    scores = real(transformer=drawn(1, 10), mlp=drawn(2, 10))
    first, second = make(scores), make(scores, models=short, first_seed=30)
    sentence = comparison_sentences(Comparison(first, second))[0]
    assert "training.epochs 300 → 9 in transformer, mlp" in sentence
    assert "seeds 0-9 → 30-39" in sentence


@pytest.mark.parametrize(
    ("epochs", "environment", "several"),
    [(300, {}, False), (9, {}, False), (300, {"torch": "2.13"}, False), (9, {"torch": "2"}, True)],
)
def test_a_difference_is_laid_to_one_change_only_where_there_is_one(
    make, epochs, environment, several
):
    scores = real(transformer=drawn(1, 10), mlp=drawn(2, 10))
    first = make(scores)
    second = make(
        real(transformer=drawn(3, 12)),
        models={"transformer": shipped("transformer", epochs=epochs)},
        environment=environment,
    )
    last = comparison_sentences(Comparison(first, second))[-1]
    assert "same rows" in last
    assert ("More than one thing changed" in last) == several


@pytest.mark.parametrize(
    ("arguments", "environment", "several"),
    [
        ({"hidden_widths": [20, 20]}, {}, False),
        ({"hidden_widths": [20, 20, 20]}, {}, False),
        ({}, {"torch": "2.13", "numpy": "2.4", "python": "3.13"}, False),
        ({"hidden_widths": [20, 20]}, {"torch": "2.13", "numpy": "2.4"}, True),
        ({"hidden_widths": [20, 20], "activation": "tanh"}, {}, True),
    ],
)
def test_a_list_and_an_environment_are_one_change_each(
    make, people, arguments, environment, several
):
    recipe = with_claim(people.recipe, model="mlp")
    model = shipped("mlp").model_copy(update={"arguments": {"hidden_widths": [10, 10]}})
    other = model.model_copy(update={"arguments": {**model.arguments, **arguments}})
    first = make(real(mlp=drawn(1, 10)), recipe=recipe, models={"mlp": model})
    second = make(
        real(mlp=drawn(2, 10)), recipe=recipe, models={"mlp": other}, environment=environment
    )
    last = comparison_sentences(Comparison(first, second))[-1]
    assert ("More than one thing changed for the MLP" in last) == several


def test_runs_that_differ_in_nothing_but_their_networks_say_so(make):
    first = make(real(transformer=drawn(1, 12)))
    second = make(real(transformer=drawn(2, 12), mlp=drawn(3, 12)))
    only = second.without({"mlp": range(12)})
    # The same recipes and seeds, and another digest.
    assert set(changes(first, only)["what"]) == {"run"}
    assert comparison_sentences(Comparison(first, only))[0].startswith(
        "Recipes, data, seeds and environment are the same in both runs"
    )


def test_networks_of_vary_are_a_change(make):
    first, second = (make(real(mlp=drawn(1, 10))) for _ in range(2))
    second.varied_fits = pd.DataFrame(
        {"source": "init", "base": 0, "seed": range(3), "model": "mlp", "part": "test"}
    )
    (row,) = changes(first, second).to_dict("records")
    assert row == {
        "what": "networks of --vary",
        "key": "mlp, init",
        "first": None,
        "second": "3",
    }


def test_a_bound_near_nothing_is_not_told_as_nothing(make):
    generator = np.random.default_rng(4)
    scores = np.full((20, FEATURES), 1.0)
    scores[:, AGE] = 7 + generator.normal(0, 0.01, 20)
    more = scores.copy()
    more[:, AGE] += 0.08 + generator.normal(0, 0.04, 20)
    # Made runs have no weights that could tell them apart.
    first = make(real(transformer={"training-gradient": scores}), environment={"torch": "2.12"})
    second = make(real(transformer={"training-gradient": more}), environment={"torch": "2.13"})
    sentence = next(
        of for of in comparison_sentences(Comparison(first, second)) if "The share" in of
    )
    assert re.search(r"differs by \+0\.00[2-4] \[0\.00[1-4], 0\.00[1-5]\]", sentence)


# -- claims --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("met", "begins", "holds"),
    [
        ((20, 20), "Both runs support the claim: age has rank 1 in 20 of 20", "not told apart"),
        ((5, 8), "Both runs contradict the claim", "not told apart from none."),
        ((15, 17), "Neither run settles the claim", "not told apart from none."),
        ((20, 18), "The verdict changed from supported to inconclusive", "no proof"),
        ((20, 5), "The verdict changed from supported to contradicted", "proportions differ by"),
    ],
)
def test_the_verdict_of_a_comparison_follows_rules(make, met, begins, holds):
    first = make(real(transformer=first_in(met[0], 20)))
    scores = first_in(met[1], 20)
    scores["training-gradient"] = scores["training-gradient"] + 0.01
    second = make(real(transformer=scores))
    sentences = comparison_sentences(Comparison(first, second))
    place = next(i for i, sentence in enumerate(sentences) if sentence.startswith(begins))
    assert holds in sentences[place + 1]
    assert "for the Transformer (published) by training-gradient" in sentences[place]


def with_claim(recipe, **update):
    claim = recipe.claim.model_copy(update=update)
    return recipe.model_copy(update={"claim": claim})


def test_another_claim_is_told_of_and_the_first_s_is_judged_in_both(make, people):
    first = make(real(transformer=first_in(20, 20)))
    second = make(
        real(transformer=first_in(20, 20), mlp=drawn(3, 20)),
        recipe=with_claim(people.recipe, rank=None, top=2, name="sex"),
    )
    text = " ".join(comparison_sentences(Comparison(first, second)))
    assert "different claims: 'age has rank 1' and 'sex is among the top 2'" in text
    assert "Both runs support the claim: age has rank 1" in text
    assert "By its own claim, the second run. " in text
    table = Comparison(first, second).own_verdicts
    assert table["claim"].to_list() == ["age has rank 1", "sex is among the top 2"]
    assert set(Comparison(first, second).claim_differences["claim_second"]) == {"age has rank 1"}


def test_the_same_words_with_another_requirement_are_no_other_claim(make, people):
    first = make(real(transformer=first_in(20, 20)))
    second = make(
        real(transformer=first_in(20, 20)), recipe=with_claim(people.recipe, proportion=0.9)
    )
    text = " ".join(comparison_sentences(Comparison(first, second)))
    assert "but not alike: proportion 0.8 and 0.9. The first's is judged in both." in text
    assert Comparison(first, second).own_verdicts["verdict"].to_list() == [
        "supported",
        "inconclusive",
    ]
    assert set(Comparison(first, second).claim_differences["verdict_second"]) - {""} == {
        "supported"
    }


def test_a_claim_whose_model_is_missing_is_not_tested(make, people):
    first = make(real(transformer=drawn(1, 20), mlp=drawn(2, 20)))
    second = make(real(mlp=drawn(3, 20)), recipe=with_claim(people.recipe, name="sex", model="mlp"))
    text = " ".join(comparison_sentences(Comparison(first, second)))
    assert (
        "The second run. The claim ('age has rank 1', model 'transformer' by training-gradient) "
        "is not tested: this run has no such scores."
    ) in text
    assert (
        "By its own claim, the second run. Contradicted over seeds (not stable): sex has rank 1"
        in text
    )
    assert set(Comparison(first, second).claim_differences["model"]) == {"mlp", LEAST_SQUARES}


# -- other data ----------------------------------------------------------------------------


@pytest.fixture
def houses(people):
    """A recipe of other variables, as many."""
    names = {"sex": "garden", "age": "area", "State": "town", "politics": "roof"}
    variables = [
        variable.model_copy(update={"name": names[variable.name]})
        for variable in people.recipe.variables
    ]
    return with_claim(
        people.recipe.model_copy(update={"variables": variables, "published": None}), name="area"
    )


def test_data_of_other_variables_are_compared_in_fit_and_claims_alone(make, houses):
    first = make(real(transformer=first_in(20, 20)))
    second = make(
        real(transformer=first_in(3, 20)), recipe=houses, r_squared={"transformer": [0.5] * 20}
    )
    for level in ("feature", "variable"):
        assert share_differences(first, second, level).empty
        assert order_agreement(first, second, level).empty
    fits = fit_differences(first, second).set_index(["model", "part"])
    assert fits.loc[("transformer", "test"), "difference"] == pytest.approx(-0.4)
    claims = Comparison(first, second).claim_differences
    row = own(claims, "transformer", "training-gradient")
    assert (row["claim_first"], row["claim_second"]) == ("age has rank 1", "area has rank 1")
    assert (row["verdict_first"], row["verdict_second"]) == ("supported", "contradicted")
    assert np.isnan(row["difference"])
    assert set(claims["interval"]) == {"different claims"}
    text = " ".join(comparison_sentences(Comparison(first, second)))
    assert "each is judged by its own" in text
    assert "other features and variables: shares and orders" in text
    assert "two worlds" in text
    names = comparison_tables(Comparison(first, second))
    assert not [name for name in names if "shares" in name or "agreement" in name]


def test_a_claim_that_is_always_met_in_the_other_data_is_not_judged_there(make, people):
    recipe = people.recipe
    claim = {"level": "variable", "method": "permutation-grouped", "rank": None, "top": 3}
    scores = {"permutation-grouped": drawn(1, 12)["permutation-grouped"]}
    first = make(real(transformer=scores), recipe=with_claim(recipe, **claim))
    fewer = recipe.model_copy(update={"variables": recipe.variables[:3], "published": None})
    second = make(
        real(transformer={"permutation-grouped": scores["permutation-grouped"][:, :3]}),
        recipe=with_claim(fewer, **{**claim, "top": 1}),
    )
    row = own(Comparison(first, second).claim_differences, "transformer", "permutation-grouped")
    assert row["claim_second"] == "age is among the top 1"
    assert row["interval"] == "different claims"


def test_items_are_matched_by_name_and_not_by_place(make, people):
    scores = drawn(1, 20)["gradient"]
    first = make(real(mlp={"gradient": scores}))
    turned = people.recipe.model_copy(update={"variables": people.recipe.variables[::-1]})
    turned = turned.model_copy(update={"published": None})
    places = [people.recipe.features.index(feature) for feature in turned.features]
    second = make(real(mlp={"gradient": scores[:, places]}), recipe=turned)
    for level in ("feature", "variable"):
        found = share_differences(first, second, level)
        rows = found[found["model"] == "mlp"]
        assert rows["mean_first"].to_list() == pytest.approx(rows["mean_second"].to_list())
        # Sums in another order may round otherwise.
        assert rows["interval"].str.contains("identical|equal up to rounding").all()
    row = own(order_agreement(first, second, "feature"), "mlp", "gradient")
    assert row["mean"] == pytest.approx(1)


def test_the_same_rows_are_the_same_data_under_any_file_name(make, people):
    table = people.recipe.table.model_copy(update={"train": "other.txt"})
    renamed = people.recipe.model_copy(update={"table": table})
    scores = real(mlp=drawn(1, 10))
    first = make(scores, hashes={"people_train.txt": "aa", "people_test.txt": "bb"})
    second = make(scores, recipe=renamed, hashes={"other.txt": "aa", "people_test.txt": "bb"})
    third = make(scores, hashes={"people_train.txt": "aa", "people_test.txt": "cc"})
    assert same_data(first, second)
    assert not same_data(first, third)
    assert "other test rows" in comparison_sentences(Comparison(first, third))[0]
    assert "rows" not in comparison_sentences(Comparison(first, second))[0]


def test_runs_without_a_common_model_cannot_be_compared(make):
    first, second = make(real(transformer=drawn(1, 10))), make(real(mlp=drawn(1, 10)))
    with pytest.raises(InputError, match=r"no model to compare: .* holds transformer, .* mlp$"):
        check_comparable(first, second)


# -- tables and command --------------------------------------------------------------------


@pytest.fixture
def pair(make) -> tuple[Results, Results]:
    first = make(real(transformer=drawn(1, 20), mlp=drawn(2, 20)))
    second = make(real(transformer=drawn(3, 20, age=1), mlp=drawn(4, 20)), first_seed=5)
    return first, second


def test_every_table_names_both_runs_and_the_sign_of_differences(pair):
    first, second = pair
    tables = comparison_tables(Comparison(first, second))
    assert list(tables) == [
        "compare-changes",
        "compare-verdicts",
        "compare-claim",
        "compare-fit",
        "compare-shares-features",
        "compare-shares-variables",
        "compare-agreement-features",
        "compare-agreement-variables",
    ]
    for name, table in tables.items():
        assert f"First run {first.identity}" in table.notes
        assert f"Second run {second.identity}" in table.notes
        if "Difference" in table.layout:
            assert "second less first" in table.notes
            assert "15 common" in set(table.layout["Seeds"]), name


def test_the_layout_has_the_claimed_item_and_the_csv_file_all(pair):
    table = comparison_tables(Comparison(*pair))["compare-shares-features"]
    assert set(table.data["name"]) == set(pair[0].features)
    assert len(table.layout) == len(table.data) / FEATURES
    first = table.layout.iloc[0]
    row = own(table.data[table.data["name"] == "age"], "transformer", "training-gradient")
    assert first["Difference"] == (
        f"{row['difference']:+.3f} [{row['low']:.3f}, {row['high']:.3f}]"
    )


def test_notes_say_what_intervals_of_the_smaller_run_cover(pair, make):
    tables = comparison_tables(Comparison(*pair))
    for name in ("compare-claim", "compare-shares-features", "compare-agreement-features"):
        assert "In simulations of 10 seeds" in tables[name].notes
    large = make(real(mlp=drawn(5, 60)), first_seed=100)
    for name, coverages in (
        ("compare-shares-features", "0.80 to 0.98"),
        ("compare-claim", "0.92 to 0.99"),
    ):
        notes = comparison_tables(Comparison(make(real(mlp=drawn(6, 12))), large))[name].notes
        assert (
            f"In simulations of 10 seeds (10, 20 and 50 were simulated) such intervals held the truth in {coverages}"
            in notes
        )


def test_hostile_names_are_text_everywhere(make, people):
    variables = list(people.recipe.variables)
    variables[2] = variables[2].model_copy(update={"name": HOSTILE})
    recipe = people.recipe.model_copy(update={"variables": variables})
    model = shipped("mlp").model_copy(update={"title": HOSTILE})
    recipe = with_claim(recipe, name=HOSTILE, level="variable")
    first = make(real(transformer=drawn(1, 12), mlp=drawn(2, 12)), models={"mlp": model})
    second = make(
        real(transformer=drawn(3, 12), mlp=drawn(2, 12)), recipe=recipe, models={"mlp": model}
    )
    for one, two in ((first, second), (second, first), (second, make(real(mlp=drawn(1, 9))))):
        assert comparison_sentences(Comparison(one, two))
        for table in comparison_tables(Comparison(one, two)).values():
            shown = {form: table.render(form) for form in FORMATS}
            assert "<script>" not in shown["html"] + shown["markdown"]
            assert "\\input" not in shown["latex"]
            assert "\x1b" not in shown["text"] + shown["latex"] + shown["markdown"]
            assert len(max(table.text(100).splitlines(), key=len)) <= 100


def test_tables_are_written_only_where_asked(pair, tmp_path, undrawn):
    folder = tmp_path / "deep" / "comparison"
    assert write_comparison(Comparison(*pair), folder) == folder / "compare.html"
    written = {path.name for path in (folder / "tables").iterdir()}
    names = comparison_tables(Comparison(*pair))
    assert written == {f"{name}.{ending}" for name in names for ending in ("csv", "md", "tex")}
    frame = pd.read_csv(folder / "tables" / "compare-fit.csv")
    assert frame["difference"].notna().all()


def command(monkeypatch, capsys, *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["study", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_two_small_studies_are_compared_on_the_command_line(
    small, tmp_path, monkeypatch, capsys, sketched
):
    monkeypatch.chdir(tmp_path)
    for name, seeds in (("a", "4"), ("b", "2-5")):
        status, _, _ = command(monkeypatch, capsys, "run", *small, "--seeds", seeds, "--out", name)
        assert status == 0
    before = sorted(tmp_path.rglob("*"))
    status, out, _ = command(monkeypatch, capsys, "compare", "a", "b")
    assert status == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert max(map(len, out.splitlines())) <= 100
    first, second = Results("a"), Results("b")
    for sentence in comparison_sentences(Comparison(first, second)):
        assert textwrap.fill(sentence, 100) in out
    for table in main_tables(Comparison(first, second)):
        assert table.caption in out
    alone = first.fits.query("condition == 'real' and evaluation == 'alone' and seed in (2, 3)")
    means = alone.groupby(["model", "part"])["r_squared"].mean()
    found = fit_differences(first, second).set_index(["model", "part"])["mean_first"]
    for key in means.index:
        assert found[key] == pytest.approx(means[key])
    # Seeds 2 and 3 do not know in which company they were trained.
    assert "identical, bit for bit" in out
    status, out, _ = command(monkeypatch, capsys, "compare", "a", "b", "--out", "both")
    assert (status, out.splitlines()[-1]) == (0, "both/compare.html")
    assert (tmp_path / "both" / "tables" / "compare-claim.tex").exists()


def test_what_cannot_be_compared_is_told_in_a_line(make, tmp_path, monkeypatch, capsys):
    first, second = make(real(transformer=drawn(1, 10))), make(real(mlp=drawn(1, 10)))
    a, b = str(first.directory), str(second.directory)
    (tmp_path / "empty").mkdir()
    for arguments, said in (
        ((a,), "Missing argument 'RUN_B'"),
        ((a, f"{a}/../{first.directory.name}"), "are the same run: give two"),
        ((a, str(tmp_path / "empty")), "no run there"),
        ((str(tmp_path / "none"), a), "no run there"),
        ((a, b), "no model to compare"),
    ):
        status, out, error = command(monkeypatch, capsys, "compare", *arguments)
        assert (status, out) == (2, "")
        assert said in error
        assert len(error.splitlines()) == 1
