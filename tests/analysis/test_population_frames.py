"""Frames of halves and shuffles, of a small run, against pandas and scipy on what is stored."""

import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.warnings.registry import warnings
from study.cli.group import commands
from study.report.figures.registry import all_displays
from study.report.tables.registry import make_table
from study.store.run_directory import FILE_NAME

SPLITS, SHUFFLES = 10, 24


@pytest.fixture(scope="module")
def run(tmp_path_factory, small) -> Path:
    """Five seeds, ten splits with two seeds on each half, 24 shuffles; three epochs."""
    directory = tmp_path_factory.mktemp("population") / "run"
    arguments = [*small, "--seeds", "5", "--splits", str(SPLITS), "--seeds-per-split", "2"]
    arguments += ["--shuffles", str(SHUFFLES), "--workers", "1", "--out", str(directory)]
    commands.main(["run", *arguments], standalone_mode=False)
    return directory


@pytest.fixture(scope="module")
def overview(run) -> Overview:
    return Overview(Results(run))


@pytest.fixture(scope="module")
def stored(run) -> pd.DataFrame:
    """Scores of the MLP by gradient as they lie in the file, a column for each feature."""
    query = """SELECT condition, init, split, item, score FROM scores
        JOIN trainings ON training = trainings.id WHERE model = 'mlp' AND method = 'gradient'"""
    with sqlite3.connect(run / FILE_NAME) as connection:
        rows = pd.read_sql_query(query, connection)
    wide = rows.pivot_table(
        index=["condition", "init", "split"], columns="item", values="score", dropna=False
    ).dropna(how="all")
    return wide.div(wide.sum(axis=1), axis=0).reset_index()


def test_the_margin_over_halves_is_that_of_the_stored_scores(overview, stored):
    row = overview.population(overview.results.recipe.claim).set_index(["model", "method"])
    row = row.loc[("mlp", "gradient")]
    halves = stored[stored["split"].notna()].groupby("split").mean(numeric_only=True)
    others = halves.columns.drop(["age", "init"])
    margins = halves[others].rsub(halves["age"], axis=0)
    pairs = margins.to_numpy().reshape(SPLITS, 2, len(others))
    mean = pairs.mean(axis=(0, 1))
    error = np.sqrt(((pairs[:, 0] - pairs[:, 1]) ** 2).mean(axis=0) / 4)
    place = int((mean / error).argmin())
    assert row["against"] == others[place]
    assert row["margin"] == pytest.approx(mean[place])
    low, high = stats.t(SPLITS, mean[place], error[place]).interval(0.95)
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
    assert (row["splits"], row["seeds"], row["undefined"]) == (SPLITS, 2, 0)


def test_what_a_variable_adds_is_tested_on_the_stored_scores(run, overview):
    query = """SELECT split, item, score FROM scores JOIN trainings ON training = trainings.id
        WHERE model = 'mlp' AND method = 'permutation-grouped' AND split IS NOT NULL"""
    with sqlite3.connect(run / FILE_NAME) as connection:
        rows = pd.read_sql_query(query, connection)
    halves = rows.groupby(["split", "item"])["score"].mean().unstack()
    names = ["sex", "age", "State", "politics"]
    means = halves[names].to_numpy().reshape(SPLITS, 2, 4).mean(axis=1)
    error = stats.sem(means) * np.sqrt(1 + SPLITS * 40 / 200)
    p_values = stats.t.sf(means.mean(axis=0) / error, SPLITS - 1)
    table = overview.variable_tests("variable")
    found = table[table["model"] == "mlp"].set_index("name").loc[names]
    np.testing.assert_allclose(found["p_value"], p_values)
    np.testing.assert_allclose(found["p_adjusted"], multipletests(p_values, method="holm")[1])
    np.testing.assert_allclose(found["mean"], means.mean(axis=0))
    assert (found["splits"] == SPLITS).all()
    assert set(table["method"]) == {"permutation-grouped"}
    table = make_table(overview, "variable-tests")
    assert "p = " in table.layout.loc[0, "age"]


def test_the_permutation_test_is_that_of_the_stored_scores(overview, stored):
    row = overview.chance(overview.results.recipe.claim).set_index(["model", "method"])
    row = row.loc[("mlp", "gradient")]
    plain = stored[stored["split"].isna()].set_index(["condition", "init"]).drop(columns="split")
    ahead = plain["age"] - plain.drop(columns="age").max(axis=1)
    large = int((ahead.loc["shuffled"] >= ahead.loc[("real", 0)]).sum())
    assert len(ahead.loc["shuffled"]) == SHUFFLES
    assert (row["as_large"], row["shuffles"]) == (large, SHUFFLES)
    assert row["p_value"] == pytest.approx((1 + large) / (1 + SHUFFLES))
    every = [(1 + (ahead.loc["shuffled"] >= of).sum()) / (1 + SHUFFLES) for of in ahead.loc["real"]]
    assert (row["p_lowest"], row["p_highest"]) == (min(every), max(every))


def test_by_permutation_drops_in_r_squared_are_compared(overview):
    """A network that knows nothing has drops near 0, whose shares are noise."""
    results = overview.results
    row = overview.chance(results.recipe.claim).set_index(["model", "method"])
    score = results.vectors("mlp", "real", "permutation", "feature").score[0]
    expected = score[1] - np.delete(score, 1).max()
    assert row.loc[("mlp", "permutation"), "statistic"] == pytest.approx(expected)


def test_controls_of_further_shuffles_are_not_on_the_page(overview):
    results = overview.results
    assert results.seeds("mlp", "shuffled") == results.seeds("mlp", "real") == [0, 1, 2, 3, 4]
    assert results.shuffles("mlp") == SHUFFLES
    assert set(results.fits["seed"].dropna()) == {0, 1, 2, 3, 4}
    claim = overview.verdicts(results.recipe.claim)
    assert set(claim["shuffled_n"]) == {5}


def test_the_gate_is_the_median_on_the_halves(overview, run):
    query = """SELECT r_squared FROM fits JOIN trainings ON training = trainings.id
        WHERE model = ? AND split IS NOT NULL AND part = 'test' AND evaluation = 'alone'"""
    found = overview.held_out.set_index("model")
    with sqlite3.connect(run / FILE_NAME) as connection:
        medians = {
            model: np.median([value for (value,) in connection.execute(query, (model,))])
            for model in found.index
        }
    assert found["r_squared"].to_dict() == pytest.approx(medians)
    best = max(medians.values())
    assert best == medians["least-squares"]
    expected = {model: value > 0 and value >= best / 2 for model, value in medians.items()}
    assert found["predicts"].to_dict() == expected
    # Three epochs are too few for some network to predict: it has no verdict of any kind.
    poor = [model for model, predicts in expected.items() if not predicts]
    assert poor
    claim = overview.results.recipe.claim
    for frame, column in (
        (overview.population(claim), "verdict"),
        (overview.chance(claim), "label"),
        (overview.verdicts(claim), "verdict"),
    ):
        assert set(frame.loc[frame["model"].isin(poor), column]) == {"no verdict"}
    assert "S017" in {warning.code for warning in warnings(overview)}


def test_spread_and_ranks_have_their_table_and_figure(overview):
    table = make_table(overview, "spread")
    assert table.data["n"].max() == 4 * SPLITS
    parts = table.data[["rows", "seed", "both"]].sum(axis=1)
    np.testing.assert_allclose(parts, table.data["total"])
    ranks = make_table(overview, "population-ranks-features").data
    assert (ranks["lowest"] <= ranks["highest"]).all()
    assert {"population", "spread"} <= set(all_displays(overview))
