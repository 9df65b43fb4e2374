"""The diabetes recipe, against scikit-learn, and what its page says."""

import re

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from sklearn.datasets import load_diabetes
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.outliers_influence import variance_inflation_factor

import study
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.cli.group import commands
from study.datasets.dataset import Dataset, load_dataset
from study.execution.predict import predict
from study.execution.request import USUAL
from study.recipes.find import find_dataset
from study.store.store import Store

SEX = "sex"


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load_dataset(find_dataset("diabetes").recipe, ROOT)


@pytest.fixture(scope="module")
def parts() -> list[pd.DataFrame]:
    """Training and test rows as the user guide splits them, in the order of the data."""
    frame = load_diabetes(as_frame=True, scaled=False).frame
    return [part.sort_index() for part in train_test_split(frame, random_state=0)]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Results:
    """The linear model and the MLP by 20 seeds, and the linear one on resampled rows."""
    run = tmp_path_factory.mktemp("diabetes") / "run"
    beside = ["--splits", f"{USUAL.splits}", "--shuffles", f"{USUAL.shuffles}"]
    for options in (["--models", "linear,mlp", *beside], ["--models", "linear", "--vary", "rows"]):
        arguments = ["run", "--data", "diabetes", "--seeds", "20", "--out", str(run), *options]
        commands.main(arguments, standalone_mode=False)
    return study.load(run)


@pytest.fixture(scope="module")
def overview(results) -> Overview:
    return Overview(results)


def test_rows_are_split_and_standardised_as_scikit_learn_does(data, parts):
    train, test = parts
    assert (len(train), len(test)) == (331, 111)
    names = [name for name in data.features if name != SEX]
    scaler = StandardScaler().fit(train[[*names, "target"]])
    for x, y, part in ((data.train_x, data.train_y, train), (data.test_x, data.test_y, test)):
        expected = scaler.transform(part[[*names, "target"]])
        places = [data.features.index(name) for name in names]
        np.testing.assert_allclose(x[:, places], expected[:, :-1], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(y, expected[:, -1], rtol=1e-4, atol=1e-6)
        sex = x[:, data.features.index(SEX)]
        np.testing.assert_array_equal(sex, part[SEX].map({1.0: -1, 2.0: 1}))


def test_least_squares_has_the_fit_and_the_importances_of_scikit_learn(results, overview, parts):
    train, test = parts
    names = list(results.features)
    fitted = LinearRegression().fit(train[names].to_numpy(), train["target"])
    fit = overview.fit_quality.set_index(["model", "part", "evaluation"]).sort_index()
    for part, rows in (("train", train), ("test", test)):
        found = fit.loc[("least-squares", part, "alone")]
        predicted = fitted.predict(rows[names].to_numpy())
        assert found["r_squared_mean"] == pytest.approx(
            r2_score(rows["target"], predicted), abs=1e-5
        )
        error = np.sqrt(((predicted - rows["target"]) ** 2).mean())
        assert found["rmse_mean"] == pytest.approx(error, rel=1e-4)
        near = np.abs(predicted - rows["target"]) < 0.25 * rows["target"]
        assert found["within_mean"] == pytest.approx(near.mean(), abs=1e-9)
    # Permuted in their own units, by the same random numbers.
    expected = permutation_importance(
        fitted, test[names].to_numpy(), test["target"].to_numpy(), n_repeats=30, random_state=0
    )
    scores = results.vectors("least-squares", "real", "permutation", "feature").score[0]
    np.testing.assert_allclose(scores, expected.importances_mean, atol=1e-4)


def test_collinear_measurements_are_warned_of(results, parts):
    train, _ = parts
    design = StandardScaler().fit_transform(train[list(results.features)])
    inflated = [
        name
        for place, name in enumerate(results.features)
        if variance_inflation_factor(design, place) > 10
    ]
    assert inflated == ["s1", "s2", "s3"]
    (warning,) = (warning for warning in results.warnings if warning.code == "S005")
    assert re.findall(r"(\w+) \(R²", warning.evidence) == inflated


def test_a_patient_is_predicted_in_the_units_of_the_data(results, parts):
    train, test = parts
    names = list(results.features)
    fitted = LinearRegression().fit(train[names].to_numpy(), train["target"])
    patient = test[names].iloc[[0]]
    values = {name: str(value) for name, value in patient.iloc[0].items()}
    with Store(results.directory) as store:
        said = predict(store, values).splitlines()
    assert said[0] == "Predicted target:"  # it has no unit
    (row,) = (line for line in said if "Least squares" in line)
    assert float(row.split()[-1]) == pytest.approx(fitted.predict(patient.to_numpy())[0], abs=0.01)


def test_networks_that_know_their_rows_by_heart_are_warned_of(results):
    (warning,) = (warning for warning in results.warnings if warning.code == "S014")
    assert warning.evidence.startswith("MLP: 20 of 20 (seeds 0-19)")


def ridge_and_least_squares() -> list[dict[str, float]]:
    """Permutation importances of the user guide's example, and of the same without ridge."""
    data = load_diabetes()
    train, test, train_y, test_y = train_test_split(data.data, data.target, random_state=0)
    found = []
    for model in (Ridge(alpha=0.01), LinearRegression()):
        model.fit(train, train_y)
        result = permutation_importance(model, test, test_y, n_repeats=30, random_state=0)
        scores = dict(zip(data.feature_names, result.importances_mean, strict=True))
        found.append({"R²": model.score(test, test_y), **scores})
    return found


def test_the_page_has_the_numbers_of_the_run(results, overview):
    said = " ".join((ROOT / "docs" / "diabetes.md").read_text(encoding="utf-8").split())
    recipe = (ROOT / "data" / "diabetes.toml").read_text(encoding="utf-8")
    table = pd.read_csv(ROOT / "docs" / "diabetes-claim.csv").set_index(["model", "method"])
    own = overview.verdicts(results.recipe.claim).set_index(["model", "method"])
    # What is run here is what the committed table of four models says.
    columns = ["met", "n", "verdict", "shuffled_met"]
    expected = table.loc[own.index, columns].fillna("")
    pd.testing.assert_frame_equal(own[columns], expected, check_dtype=False)
    primary = own.loc[("linear", "permutation")]
    assert primary["verdict"] == "supported"
    by_permutation = table.xs("permutation", level="method")
    assert set(by_permutation["verdict"].drop("linear")) == {"no verdict"}
    met = by_permutation["met"]
    assert met["transformer"] == met["transformer-tokens"]
    fit = overview.fit_quality.set_index(["model", "part", "evaluation"])["r_squared_mean"]
    spread = (
        overview.sources.set_index(["model", "method", "source"])
        .sort_index()
        .loc[("linear", "permutation")]
    )
    varied = results.varied("linear", "permutation", "feature")["rows"]
    first = [one.items[place] for one in varied.values() for place in one.score.argmax(axis=1)]
    ridge, squares = ridge_and_least_squares()
    traits = results.traits.set_index("feature")["explained"]
    population = overview.own_population(results.recipe.claim)
    chance = overview.own_chance(results.recipe.claim)
    assert (population["verdict"], population["settle_splits"]) == ("inconclusive", np.inf)
    assert chance["label"] == "above chance"
    published = ", ".join(f"{name} {ridge[name]:.3f}" for name in ("s5", "bmi", "bp", "sex"))
    assert published in recipe.replace("\n# ", " ")
    facts = [
        published,
        f"{primary['met']} of 20 seeds (95% interval {primary['low']:.2f} to {primary['high']:.2f})",
        f"in {primary['shuffled_met']:.0f} of 20 on shuffled targets",
        f"Both Transformers do in {met['transformer']} of 20 seeds and the MLP in {met['mlp']}",
        f"training R² of {fit['mlp', 'train', 'alone']:.2f}",
        f"a test R² of {fit['mlp', 'test', 'alone']:.2f}",
        f"has {fit['linear', 'test', 'alone']:.2f} on the test rows",
        f"s5 comes first in {first.count('s5')} of 100 linear models",
        f"is {spread.loc['rows', 'sd']:.3f} where seeds alone give {spread.loc['all', 'sd']:.3f}",
        f"s1 comes first, in {first.count('s1')} of 100, and bmi in {first.count('bmi')}",
        f"on the data in {chance['as_large']} of {chance['shuffles']} trainings (p = "
        f"{chance['p_value']:.3f})",
        f"over {population['splits']} random splits of all 442 patients",
        f"the share of s5 is {population['margin']:.2f} ahead of that of {population['against']} on "
        f"average (95% interval {population['low']:.2f} to {population['high']:.2f})",
        f"about {population['settle_rows']:.0f} times as many patients would",
        f"explain {traits['s1']:.2f} of s1 (total cholesterol), {traits['s2']:.2f} of s2 and "
        f"{traits['s3']:.2f} of s3",
        f"fifth with {ridge['s1']:.3f} but second with {squares['s1']:.3f}, while R² stays at "
        f"{squares['R²']:.2f}",
        *(
            f"{one['R²']:.2f} {one['s5']:.3f} {one['s1']:.3f} {one['bmi']:.3f}"
            for one in (ridge, squares)
        ),
    ]
    assert [fact for fact in facts if fact not in said] == []
    assert spread.loc["rows", "met"] == first.count("s5")
    for scores, rank in ((ridge, 5), (squares, 2)):
        order = sorted(set(scores) - {"R²"}, key=lambda name: -scores[name])
        assert order.index("s1") == rank - 1
