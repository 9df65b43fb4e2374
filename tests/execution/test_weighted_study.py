"""A study of rows that count by a column, from the table to the verdict."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Command
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from study.analysis.results import Results

FEW = ("--models", "mlp,linear", "--seeds", "3", "--splits", "2", "--shuffles", "2")


def survey() -> pd.DataFrame:
    """Rows of whom the few that count much follow b, and the many others a."""
    draw = np.random.default_rng(0)
    table = pd.DataFrame(draw.normal(size=(160, 2)), columns=[*"ab"])
    heavy = draw.uniform(size=160) < 0.25
    table["y"] = 3 * np.where(heavy, table["b"], table["a"]) + draw.normal(size=160)
    return table.assign(sampling_weight=np.where(heavy, 40.0, 1.0) + draw.uniform(size=160))


def drafted(command: Command, *, weigh: bool) -> None:
    survey().to_csv("t.csv", index=False)
    assert command("data", "init", "t.csv", "--target", "y", "--force").status == 0
    recipe = Path("data/t.toml")
    if weigh:
        recipe.write_text(recipe.read_text().replace("# weight =", "weight ="))


def test_the_weighted_rows_decide_what_is_first_and_the_run_checks_out(command, sketched):
    first = {}
    for weigh in (True, False):
        drafted(command, weigh=weigh)
        out = f"run-{weigh}"
        for words in (["run", "--data", "t", "--out", out, *FEW], ["report", out]):
            outcome = command(*words)
            assert outcome.status == 0, outcome.err
            assert "Traceback" not in outcome.err
        results = Results(out)
        scores = results.scores.query("method == 'permutation-grouped' and condition == 'real'")
        means = scores.groupby(["model", "name"])["score"].mean().unstack()
        first[weigh] = set(means.idxmax(axis=1))
        checked = command("check", out)
        assert checked.status == 0, checked.out
        assert "faults: 0" in checked.out
    assert first == {True: {"b"}, False: {"a"}}
    page = Path("run-True/report.html").read_text()
    assert "rows count by the column sampling_weight in training, in fits and in scores" in page
    assert "rows count by" not in Path("run-False/report.html").read_text()
    compared = command("compare", "run-True", "run-False")
    assert compared.status == 0, compared.err
    assert "weight" in compared.out


def test_the_stored_fit_of_least_squares_is_scikit_learns_with_sample_weight(command):
    drafted(command, weigh=True)
    outcome = command("run", "--data", "t", "--out", "run", *FEW)
    assert outcome.status == 0, outcome.err
    fits = Results("run").fits
    own = fits.query("model == 'least-squares' and part == 'test' and evaluation == 'alone'")
    train, test = train_test_split(survey(), test_size=0.25, random_state=0)
    model = LinearRegression().fit(train[["a", "b"]], train["y"], train["sampling_weight"])
    expected = model.score(test[["a", "b"]], test["y"], test["sampling_weight"])
    assert own["r_squared"].iloc[0] == pytest.approx(expected, abs=1e-5)


def test_an_estimator_without_sample_weight_ends_a_run_before_it_begins(command):
    drafted(command, weigh=True)
    Path("plain.py").write_text(
        "from sklearn.tree import DecisionTreeRegressor\n"
        "class Plain(DecisionTreeRegressor):\n"
        "    def fit(self, X, y):\n"
        "        return super().fit(X, y)\n"
    )
    Path("plain.toml").write_text('title = "Plain"\nestimator = "plain:Plain"\n')
    before = sorted(Path().rglob("*"))
    outcome = command("run", "--data", "t", "--models", "mlp,plain.toml", "--seeds", "2")
    assert outcome.status == 2
    assert "its fit takes no sample_weight, but the rows have weights" in outcome.err
    assert len(outcome.err.strip().splitlines()) <= 2
    written = set(Path().rglob("*")) - set(before)
    assert not [path for path in written if "__pycache__" not in str(path)]
