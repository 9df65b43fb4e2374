"""The planted data: what is known of them, and what seeds can and cannot tell."""

import re
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from benchmark_programs import program
from conftest import ROOT
from scipy import integrate, stats
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from statsmodels.stats.proportion import proportion_confint

import study
from study.analysis.fits import fit_quality
from study.cli.group import commands
from study.common.streams import StreamSeeds, generator
from study.datasets.dataset import Dataset, load_dataset
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.execution.request import USUAL
from study.planted import COEFFICIENTS, planted, true_permutation, true_shares
from study.recipes.find import find_dataset, find_model
from study.report.text.preparation import preparation

NAMES = list(COEFFICIENTS)
B, C = NAMES.index("equal_b"), NAMES.index("equal_c")
ORDERS = ["equal_b ranks above equal_c", "equal_c ranks above equal_b"]


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return program("planted")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    found = pd.read_csv(ROOT / "benchmarks" / "planted.csv", keep_default_na=False)
    counts = ["supported", "contradicted", "inconclusive", "holds", "fails"]
    numbers = [*counts, "low", "high", "sampling", "training"]
    found[numbers] = found[numbers].apply(pd.to_numeric)
    return found.set_index(["rows", "model", "method", "statement"]).sort_index()


@pytest.fixture(scope="module")
def large() -> pd.DataFrame:
    return planted(200_000, 1.5, 0)


def test_least_squares_finds_the_shares_that_are_true(large):
    fitted = LinearRegression().fit(large[NAMES], large["target"])
    deviations = large[NAMES].std()
    for scores in (np.abs(fitted.coef_), np.abs(fitted.coef_) * deviations):
        share = scores / scores.sum()
        np.testing.assert_allclose(share, list(true_shares().values()), atol=0.005)
    assert sum(true_shares().values()) == pytest.approx(1)


def test_least_squares_finds_the_permutation_importances_that_are_true(large):
    fitted = LinearRegression().fit(large[NAMES], large["target"])
    found = permutation_importance(
        fitted, large[NAMES], large["target"], n_repeats=2, random_state=0
    )
    expected = true_permutation(1.5)
    np.testing.assert_allclose(found.importances_mean, list(expected.values()), atol=0.006)
    # Of an independent variable it is twice the part of the variance that it explains.
    explained = np.corrcoef(large["dominant"], large["target"])[0, 1] ** 2
    assert expected["dominant"] == pytest.approx(2 * explained, abs=0.006)


def test_the_population_is_as_its_description_says(large):
    correlations = large[NAMES].corr().to_numpy()
    expected = np.eye(len(NAMES))
    pair = [NAMES.index("pair_e"), NAMES.index("pair_f")]
    expected[np.ix_(pair, pair)] = [[1, 0.97], [0.97, 1]]
    np.testing.assert_allclose(correlations, expected, atol=0.01)
    np.testing.assert_allclose(large[NAMES].std(), 1, atol=0.01)
    fitted = sm.OLS(large["target"], sm.add_constant(large[NAMES])).fit()
    assert np.sqrt(fitted.scale) == pytest.approx(1.5, rel=0.01)


def test_a_seed_is_a_sample_and_a_generator_moves_on():
    pd.testing.assert_frame_equal(planted(50, 1.0, 3), planted(50, 1.0, 3))
    draws = np.random.default_rng(3)
    first, second = planted(50, 1.0, draws), planted(50, 1.0, draws)
    pd.testing.assert_frame_equal(first, planted(50, 1.0, 3))
    assert not np.isclose(first, second).any()
    # Noise is added to the same features.
    pd.testing.assert_frame_equal(first[NAMES], planted(50, 2.0, 3)[NAMES])


def test_a_run_warns_of_the_pair_and_supports_an_order_that_is_not_true(tmp_path):
    arguments = ["--data", "planted", "--models", "linear,mlp", "--seeds", "20"]
    arguments += ["--splits", f"{USUAL.splits}"]
    commands.main(["run", *arguments, "--out", str(tmp_path / "run")], standalone_mode=False)
    run = study.load(tmp_path / "run")
    (warning,) = (warning for warning in run.warnings if warning.code == "S005")
    assert re.findall(r"(\w+) \(R²", warning.evidence) == ["pair_e", "pair_f"]
    claims = run.table("claims").data.set_index("claim")
    assert (claims["met"] == 20).all()
    assert claims["verdict"].to_list() == ["supported", *["inconclusive"] * 3]
    assert (claims["p_value"] <= 0.025).all()  # by itself, each is supported
    assert claims["holm"].to_list()[1:] == [pytest.approx(3 * 0.8**20)] * 3
    of_halves = claims["population"].to_dict()
    assert of_halves == {
        "dominant has rank 1": "supported",
        "equal_b ranks above noise": "supported",
        "equal_b ranks above equal_c": "inconclusive",
        "pair_e ranks above pair_f": "inconclusive",
    }
    # A sample is known by its arguments; and where there is no unit, none is promised.
    assert ("Rows from", "study.planted:planted, rows 200, noise 1.0, seed 0") in preparation(run)
    assert "RMSE" in run.table("fit").layout
    said = " ".join((ROOT / "docs" / "planted.md").read_text(encoding="utf-8").split())
    shares = run.shares.query("model == 'linear' and method == 'gradient' and level == 'feature'")
    mean = shares[shares["condition"] == "real"].groupby("name")["share"].mean()
    true = true_shares()
    for name in NAMES:
        row = f"| {name} | {COEFFICIENTS[name]:g} | {true[name]:.3f} | "
        row += f"{true_permutation(1.0)[name]:.3f} | {mean[name]:.3f} |"
        assert row in said, row
    assert "In 20 of 20 seeds all four are met" in said
    assert f"Holm's adjustment: p = {claims['holm'].max():.3f}.)" in said
    names = [f"*{name}*" for name in of_halves]
    assert f"{names[0]} and {names[1]} are supported, and {names[2]} and {names[3]} are" in said
    fit = fit_quality(run).set_index(["model", "part", "evaluation"])["r_squared_mean"]
    memory = (
        f"training R² {fit['mlp', 'train', 'alone']:.2f}, test R² {fit['mlp', 'test', 'alone']:.2f}"
    )
    assert memory in said


def one(benchmark: ModuleType, seed: int) -> Dataset:
    return benchmark.sample(find_dataset("planted").recipe, seed)


def test_a_sample_of_the_benchmark_is_the_recipe_with_another_seed(benchmark, tmp_path):
    shipped = find_dataset("planted")
    text = shipped.path.read_text().replace("seed = 0", "seed = 7")
    (tmp_path / "own.toml").write_text(text)
    own = load_dataset(find_dataset(str(tmp_path / "own.toml")).recipe, tmp_path)
    sample = one(benchmark, 7)
    np.testing.assert_array_equal(sample.train_x, own.train_x)
    np.testing.assert_array_equal(sample.test_y, own.test_y)
    assert not np.isclose(sample.train_x, one(benchmark, 8).train_x).any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_verdict_of_the_benchmark_is_that_of_statsmodels(benchmark, seed):
    """The weights of the linear model are its gradients; Wilson's interval is statsmodels'."""
    data = one(benchmark, seed)
    seeds = [Replicate("real", StreamSeeds.of(one)) for one in range(seed * 20, seed * 20 + 20)]
    assert benchmark.replicates(seed, resampled=False) == seeds
    trained = engine_for(find_model("linear").recipe, len(data.features)).train(
        seeds, data.train_x, data.train_y
    )
    weights = np.abs(trained.weights["output.weight"][:, 0])
    found = {
        (row["rows"], row["model"], row["method"], row["statement"]): row["outcome"]
        for row in benchmark.judged(data.recipe, seed)
    }
    for first, second, words in ((B, C, ORDERS[0]), (C, B, ORDERS[1])):
        met = int((weights[:, first] > weights[:, second]).sum())
        low, high = proportion_confint(met, 20, method="wilson")
        verdict = "supported" if low >= 0.8 else "contradicted" if high < 0.8 else "inconclusive"
        assert found[("the same", "linear", "gradient", words)] == verdict
    # Training settles on the order that least squares has.
    fitted = np.abs(sm.OLS(data.train_y, sm.add_constant(data.train_x)).fit().params[1:])
    assert (weights[:, B] > weights[:, C]).mean().round() == (fitted[B] > fitted[C])


def test_a_small_benchmark_counts_what_must_hold(benchmark):
    found = benchmark.counted(3).set_index(["rows", "model", "method", "statement"]).sort_index()
    linear = found.loc[("the same", "linear", "gradient")]
    assert linear.loc["dominant has rank 1", "supported"] == 3
    assert linear.loc["equal_b ranks above noise", "supported"] == 3
    assert linear.loc["noise ranks above equal_b", "contradicted"] == 3
    assert (found["low"] <= found["high"]).all()
    counts = found[["supported", "contradicted", "inconclusive", "holds", "fails"]]
    assert (counts.fillna(0).sum(axis=1) == 3).all()
    # Of two orders, no more than one is supported of any data set.
    both = found["supported"].unstack("statement")[ORDERS].dropna().sum(axis=1)
    assert (both <= 3).all()
    assert found.loc[("the same", "", "", benchmark.COLLINEAR_PAIR), "holds"] == 3


def expected_support(ratio: float) -> float:
    """How often 20 of 20 seeds agree on an order of equals, in samples without end.

    The sample puts one above the other by a normal z, and the training noise of each seed is
    `ratio` times as large. 20 of 20 are the fewest that support 0.8.
    """
    return integrate.quad(
        lambda z: stats.norm.pdf(z) * stats.norm.cdf(z / ratio) ** 20, -np.inf, np.inf
    )[0]


def test_the_chance_of_a_false_order_has_its_limits():
    # With bootstrap noise as large as that of sampling, the proportion of seeds is uniform.
    assert expected_support(1.0) == pytest.approx(1 / 21, abs=1e-6)
    assert stats.betabinom.pmf(20, 20, 1, 1) == pytest.approx(1 / 21)
    assert expected_support(1e-3) == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize("rows", ["the same", "resampled"])
@pytest.mark.parametrize("method", ["gradient", "scaled-gradient", "permutation"])
def test_the_committed_counts_are_what_theory_expects(table, rows, method):
    orders = table.loc[(rows, "linear", method)].loc[ORDERS]
    expected = expected_support((orders["training"] / orders["sampling"]).iloc[0])
    # Both orders exclude each other, and together are one count of 100 data sets.
    low, high = stats.binom.interval(0.999, 100, 2 * expected)
    assert low <= orders["supported"].sum() <= high


def test_plain_least_squares_and_a_bootstrap_give_the_same_headline(table):
    """Without the harness: one fit of each sample, and twenty of bootstraps of its rows."""
    same = resampled = 0
    for seed in range(100):
        frame = planted(200, 1.0, seed)
        rows = np.random.default_rng(seed).permutation(200)[:100]
        x = np.column_stack([np.ones(100), frame[NAMES].to_numpy()[rows]])
        y = frame["target"].to_numpy()[rows]
        fitted = np.abs(np.linalg.lstsq(x, y)[0][1:])
        same += fitted[B] > fitted[C]
        draws = generator(seed, "rows").integers(100, size=(20, 100))
        fits = np.abs([np.linalg.lstsq(x[draw], y[draw])[0][1:] for draw in draws])
        resampled += (fits[:, B] > fits[:, C]).all()
    assert 35 <= same <= 65
    assert resampled <= 10
    own = table.xs(("linear", "gradient", ORDERS[0]), level=["model", "method", "statement"])
    assert own.loc["resampled", "supported"] <= 10
    # No more than half can be supported, less what training noise leaves open.
    assert own.loc["the same", "supported"] <= same


def test_the_documentation_has_the_committed_counts(table):
    said = " ".join((ROOT / "docs" / "planted.md").read_text(encoding="utf-8").split())
    assert (table[["supported", "contradicted", "inconclusive"]].dropna().sum(axis=1) == 100).all()
    assert (table[["holds", "fails"]].dropna().sum(axis=1) == 100).all()
    rows = []
    for model in ("linear", "mlp"):
        for method in ("gradient", "scaled-gradient", "permutation", "training-gradient"):
            cells = []
            for sample in ("the same", "resampled"):
                own = table.loc[(sample, model, method)]
                cells.append(f"{own.loc['dominant has rank 1', 'supported']:.0f}")
                cells += [f"{own.loc[order, 'supported']:.0f}" for order in ORDERS]
            rows.append(f"| {model} | {method} | {' | '.join(cells)} |")
    noise = [
        f"| {model} | {method} | {' | '.join(cells)} |"
        for model in ("linear", "mlp")
        for method in ("gradient", "scaled-gradient", "permutation", "training-gradient")
        for cells in [
            [
                "–" if (sample, model, method, statement) not in table.index
                else f"{table.loc[(sample, model, method, statement), column]:.0f}"
                for sample in ("the same", "resampled")
                for statement, column in (
                    ("noise has the lowest mean score", "holds"),
                    ("noise has a mean share below 0.05", "holds"),
                    ("the interval of noise's mean score holds 0", "holds"),
                    ("equal_b ranks above noise", "supported"),
                )
            ]
        ]
    ]  # fmt: skip
    expected = [
        f"| {method} | {sample} | {ratio:.2f} | {100 * expected_support(ratio):.0f} | "
        f"{orders['supported'].iloc[0]:.0f} and {orders['supported'].iloc[1]:.0f} |"
        for method in ("gradient", "scaled-gradient", "permutation")
        for sample in ("the same", "resampled")
        for orders in [table.loc[(sample, "linear", method)].loc[ORDERS]]
        for ratio in [(orders["training"] / orders["sampling"]).iloc[0]]
    ]
    assert [row for row in [*rows, *noise, *expected] if row not in said] == []
    primary = table.loc[("the same", "linear", "gradient")]
    resampled = table.loc[("resampled", "linear", "gradient")]
    order, again = primary.loc[ORDERS[0]], resampled.loc[ORDERS[0]]
    sentences = [
        f"the dominant variable first in {primary.loc['dominant has rank 1', 'supported']:.0f} of 100",
        f"{order['supported']:.0f} of 100 (Wilson interval {order['low']:.2f} to "
        f"{order['high']:.2f}), is contradicted in {order['contradicted']:.0f} and inconclusive in "
        f"{order['inconclusive']:.0f}",
        f"in {again['supported']:.0f} of 100 ({again['low']:.2f} to {again['high']:.2f})",
        f"in {primary.loc[ORDERS, 'supported'].sum():.0f} of 100 data sets one of the two",
        f"`pair_e` and `pair_f`, and nothing else, in "
        f"{table.xs('the same').loc[('', '', 'S005 warns of the pair, and of nothing else'), 'holds']:.0f} of 100",
        f"either order of the pair is supported in "
        f"{primary.loc['pair_e ranks above pair_f', 'supported'] + primary.loc['pair_f ranks above pair_e', 'supported']:.0f}",
        f"and with resampled rows in "
        f"{resampled.loc['pair_e ranks above pair_f', 'supported'] + resampled.loc['pair_f ranks above pair_e', 'supported']:.0f}",
    ]
    assert [sentence for sentence in sentences if sentence not in said] == []


def test_the_benchmarks_page_has_the_committed_counts(table):
    said = " ".join((ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").split())
    same, resampled = (
        table.loc[(rows, "linear", "gradient"), "supported"] for rows in ("the same", "resampled")
    )
    rows = {
        "dominant has rank 1": "true",
        "equal_b ranks above noise": "true",
        **dict.fromkeys(ORDERS, "not true"),
        "pair_e ranks above pair_f": "not true",
        "pair_f ranks above pair_e": "not true",
    }
    expected = [
        f"| {claim} | {true} | {same[claim]:.0f} | {resampled[claim]:.0f} |"
        for claim, true in rows.items()
    ]
    scaled, permuted = (
        " and ".join(f"{count:.0f}" for count in orders)
        for method in ("scaled-gradient", "permutation")
        for orders in [table.loc[("the same", "linear", method), "supported"][ORDERS]]
    )
    expected.append(f"supported in {scaled}, and in {permuted}, on the same rows")
    assert [row for row in expected if row not in said] == []
