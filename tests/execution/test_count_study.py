"""Studies of counts from a table to their verdicts, by the shipped models."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from class_tables import RECIPE, flowers
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import d2_tweedie_score

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.datasets.dataset import load_dataset
from study.recipes.find import find_dataset

FEW = ("--models", "mlp,linear", "--seeds", "3", "--splits", "2", "--shuffles", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A table whose counts follow width, and its recipe."""
    folder = tmp_path_factory.mktemp("counts")
    table = flowers(160)
    rates = np.exp(0.5 + table["width"])
    table = table.assign(kind=np.random.default_rng(0).poisson(rates))
    table.to_csv(folder / "table.csv", index=False)
    (folder / "t.toml").write_text(RECIPE.format(target='type = "count"', top="", bottom=""))
    return folder


@pytest.fixture
def run(folder, command) -> Path:
    """A run of it, made once."""
    if not (folder / "run").exists():
        words = ["run", "--data", str(folder / "t.toml"), "--out", str(folder / "run"), *FEW]
        assert command(*words).status == 0
    return folder / "run"


def test_fits_are_those_of_counts_and_learned_is_told_by_d_squared(run):
    results = Results(run)
    assert set(results.fits["model"]) == {"mlp", "linear", "least-squares"}
    assert "r_squared" not in results.fits
    tested = results.fits.query("part == 'test' and evaluation == 'alone' and condition == 'real'")
    assert (tested["d_squared"] > 0.3).all()
    learning = Overview(results).learning
    best = tested.groupby("model")["d_squared"].median().max()
    assert learning["learned"].tolist() == (learning["d_squared"] >= 0.8 * best).tolist()
    assert {"training-gradient", "permutation"} <= set(results.methods())


def test_the_loss_of_the_mean_stands_beside_those_of_training(run, folder):
    """By torch's function, of the training rows' mean rate."""
    import torch
    from torch.nn.functional import poisson_nll_loss

    found = find_dataset(str(folder / "t.toml"))
    y = torch.from_numpy(load_dataset(found.recipe, folder).train_y)
    expected = poisson_nll_loss(y.mean().log().expand(len(y)), y).item()
    losses = Overview(Results(run)).losses
    np.testing.assert_allclose(losses["of_mean"], expected, rtol=1e-5)
    assert losses["median"].iloc[-1] < expected


def test_checks_find_no_fault_and_say_so_where_a_number_cannot_be(run, command):
    outcome = command("check", str(run))
    assert outcome.status == 0, outcome.out
    assert "faults: 0" in outcome.out


def test_every_page_and_table_tells_of_counts(run, command):
    for words in (["status"], ["table", "fit"], ["table", "seeds"], ["table", "population"],
                  ["table", "training"], ["cite"]):  # fmt: skip
        outcome = command(*words, str(run))
        assert outcome.status == 0, outcome.err
        assert "R²" not in outcome.out
    assert "training was by Poisson loss of log-rates" in " ".join(outcome.out.split())
    table = command("table", "fit", str(run)).out
    for heading in ("D², worst", "Poisson deviance", "Mean absolute error", "Mean count"):
        assert heading in table
    outcome = command("report", str(run))
    assert outcome.status == 0, outcome.err
    [page] = list(run.rglob("*.html"))
    text = re.sub(r"<[^>]*>", " ", page.read_text())
    assert "D² (share of Poisson deviance explained)" in text
    assert "Poisson regression" in text
    assert "the logarithm of the predicted rate" in text
    assert not re.search(r"(test|mean|median|held-out|in) R²", text)
    assert "Least squares" not in text


def test_a_prediction_is_a_rate(run, command):
    outcome = command("predict", "--run", str(run), "width=1", "height=0", "soil=clay")
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("Predicted rate of kind:")
    [line] = [row for row in outcome.out.splitlines() if "Poisson regression" in row]
    assert 2 < float(line.split()[-1]) < 8  # e to the 1.5, but for chance


def test_the_same_seeds_give_the_same_results_however_the_work_is_divided(folder, command):
    dumps = []
    for workers in ("1", "2"):
        out = str(folder / f"run{workers}")
        data = str(folder / "t.toml")
        outcome = command("run", "--data", data, "--out", out, "--workers", workers, *FEW)
        assert outcome.status == 0, outcome.err
        dumps.append(command("dump", out).out)
    assert dumps[0] == dumps[1]
    rows = [json.loads(line) for line in dumps[0].splitlines()]
    assert {len(row) for row in rows if row[0] == "fits"} == {25}


def test_a_forest_of_scikit_learn_joins_and_fits_as_it_does_alone(folder, command):
    words = ["--models", "sklearn:RandomForestRegressor", "--seeds", "2", "--splits", "0"]
    out, path = folder / "forest", folder / "t.toml"
    outcome = command("run", "--data", str(path), "--out", str(out), *words, "--shuffles", "0")
    assert outcome.status == 0, outcome.err
    data = load_dataset(find_dataset(str(path)).recipe, folder)
    fits = Results(out).fits.query(
        "condition == 'real' and part == 'test' and evaluation == 'alone' and seed == 1"
    )
    alone = RandomForestRegressor(random_state=1).fit(data.train_x, data.train_y)
    predicted = np.maximum(alone.predict(data.test_x), np.finfo(float).eps)
    expected = d2_tweedie_score(data.test_y, predicted, power=1)
    assert fits["d_squared"].to_numpy() == pytest.approx(np.array([expected]), rel=1e-6)


@pytest.mark.parametrize(
    ("model", "status", "said"),
    [
        ("sklearn:RandomForestRegressor", 0, "gives a rate of counts for each row"),
        ("mlp", 0, "faults: 0, notes: 0"),
        ("sklearn:LinearRegression", 2, "for a count: name one whose predictions are never below"),
    ],
)
def test_a_model_is_checked_by_what_counts_ask_of_it(folder, command, model, status, said):
    outcome = command("model", "check", model, "--data", str(folder / "t.toml"))
    assert outcome.status == status
    assert said in " ".join((outcome.out + outcome.err).split())


def test_a_model_that_predicts_less_than_0_is_refused_before_anything_is_written(folder, command):
    data, out = str(folder / "t.toml"), folder / "refused"
    models = "sklearn:LinearRegression"
    outcome = command("run", "--data", data, "--out", str(out), "--models", models)
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1
    assert "for a count" in outcome.err
    assert not out.exists()
