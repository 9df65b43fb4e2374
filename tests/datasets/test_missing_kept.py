"""Missing values that are kept: an indicator beside what is imputed, and NaN where models take it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.metrics import r2_score
from sklearn.preprocessing import OneHotEncoder

from study.analysis.vectors import stored_vectors
from study.common.errors import InputError
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, Gap, load_dataset
from study.datasets.drafting.draft import draft
from study.datasets.one_row import encode_row
from study.engines.missing_values import takes_nan, with_nan
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.importance.permutation import grouped_permutation
from study.importance.sample import Sample
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset
from study.recipes.model import EstimatorRecipe

RECIPE = """
title = "Houses"
source = "made up"
[table]
train = "train.csv"
test = "test.csv"
missing = "{table}"
[[variables]]
name = "area"
type = "numeric"
{area}
[[variables]]
name = "town"
type = "one-hot"
levels = ["Bruges", "Ghent"]
{town}
[[variables]]
name = "age"
type = "numeric"
{age}
[target]
name = "price"
tolerance = 0.1
[claim]
level = "variable"
name = "area"
rank = 1
proportion = 0.8
model = "mlp"
method = "permutation-grouped"
[permutation]
repeats = 5
random_state = 0
"""
KEPT = 'missing = "indicator"'


def houses(rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    area = draw.normal(100, 20, rows)
    table = pd.DataFrame(
        {
            "area": area.round(1),
            "town": draw.choice(["Bruges", "Ghent"], rows),
            "age": draw.normal(40, 9, rows).round(1),
            "price": area + draw.normal(0, 3, rows),
        }
    )
    gone = draw.random(rows) < 0.2
    table.loc[gone, "area"] = np.nan
    table.loc[gone, "price"] -= 40
    table.loc[draw.random(rows) < 0.2, "town"] = np.nan
    return table


TRAIN, TEST = houses(120, 0), houses(60, 1)


def write(folder: Path, table: str = "refuse", area: str = KEPT, town: str = KEPT, age: str = "") -> Path:  # fmt: skip
    TRAIN.to_csv(folder / "train.csv", index=False)
    TEST.to_csv(folder / "test.csv", index=False)
    path = folder / "houses.toml"
    path.write_text(RECIPE.format(table=table, area=area, town=town, age=age))
    return path


def load(folder: Path, **keys: str) -> Dataset:
    return load_dataset(find_dataset(str(write(folder, **keys))).recipe, folder)


def as_by_scikit_learn(table: pd.DataFrame) -> np.ndarray:
    """The features by scikit-learn's imputer and encoder, fitted on the training rows."""
    areas = SimpleImputer(strategy="median", add_indicator=True).fit(TRAIN[["area"]])
    levels = [["Bruges", "Ghent", "gone"]]
    towns = OneHotEncoder(categories=levels, sparse_output=False).fit(
        TRAIN[["town"]].fillna("gone")
    )
    return np.column_stack(
        [
            areas.transform(table[["area"]]),
            towns.transform(table[["town"]].fillna("gone")),
            table["age"],
        ]
    )


def test_an_indicator_stands_beside_what_is_imputed_as_scikit_learn_has_it(tmp_path):
    data = load(tmp_path)
    assert data.features == (
        "area", "area=missing", "town=Bruges", "town=Ghent", "town=missing", "age",
    )  # fmt: skip
    assert data.groups == ((0, 1), (2, 3, 4), (5,))
    np.testing.assert_allclose(data.train_x, as_by_scikit_learn(TRAIN), rtol=1e-6)
    np.testing.assert_allclose(data.test_x, as_by_scikit_learn(TEST), rtol=1e-6)
    assert data.dropped == 0
    assert [prepared.imputed for prepared in data.prepared[:2]] == [
        f"{TRAIN.area.median():g}",
        "missing",
    ]


def test_only_levels_share_a_mean_that_predictions_cannot_see(tmp_path):
    assert load(tmp_path).one_hot_groups == [(2, 3, 4)]


def test_value_and_indicator_are_permuted_together(tmp_path):
    data = load(tmp_path)
    weights = np.array([1.0, -40, 0, 0, 0, 0])

    class Model:
        def fit(self, *_):
            return self

        def predict(self, table):
            return np.where(np.isnan(table[:, 0]), TRAIN.area.median() - 40, table[:, 0])

    found = grouped_permutation(
        lambda x: (x.astype(float) @ weights)[None], data, Sample.of(data, ())
    )
    expected = permutation_importance(
        Model(), TEST[["area"]].assign(town=0, age=0).to_numpy(), data.test_y.astype(float),
        scoring=lambda model, x, y: r2_score(y, model.predict(x)), n_repeats=5, random_state=0,
    )  # fmt: skip
    np.testing.assert_allclose(found.score[0], expected.importances_mean, rtol=1e-5, atol=1e-12)


def test_gradients_of_value_and_indicator_are_summed_by_variable(tmp_path):
    recipe = find_dataset(str(write(tmp_path))).recipe
    stored = pd.DataFrame(
        {
            "model": "mlp", "condition": "real", "method": "gradient", "seed": 0,
            "item": recipe.features, "score": [1.0, 2, 4, 8, 16, 32], "signed": 0.0,
        }
    )  # fmt: skip
    by_variable = dict(stored_vectors(stored, recipe))["mlp", "real", "gradient", "variable"]
    np.testing.assert_array_equal(by_variable.score, [[3, 28, 32]])


@pytest.mark.parametrize("begun", [None, "sklearn"])
@pytest.mark.parametrize(
    ("own", "expected"), [(HistGradientBoostingRegressor, True), (GradientBoostingRegressor, False)]
)
def test_regressors_that_take_nan_get_it_and_others_what_is_imputed(tmp_path, own, expected, begun):
    data = load(tmp_path)
    assert data.gaps == (Gap((0,), 1),)
    recipe = EstimatorRecipe(title="own", estimator=f"sklearn.ensemble:{own.__name__}")
    engine = engine_for(recipe, len(data.features), begun=begun, gaps=data.gaps)
    engine.check(data, known=False)
    trained = engine.train([Replicate("real", StreamSeeds.of(3))], data.train_x, data.train_y)
    train, test = as_by_scikit_learn(TRAIN), as_by_scikit_learn(TEST)
    if expected:
        train[:, 0], test[:, 0] = TRAIN.area, TEST.area
    alone = own(random_state=3)
    assert takes_nan(alone) is expected
    alone.fit(train.astype(np.float32), data.train_y)
    predicted = engine.stack(trained).predict(data.test_x)[0]
    np.testing.assert_array_equal(predicted, alone.predict(test.astype(np.float32)))


def test_nan_follows_the_indicator_wherever_rows_are_permuted():
    x = np.float32([[5, 1, 2], [6, 0, 3]])
    swapped = with_nan(x[::-1], [Gap((0,), 1)])
    np.testing.assert_array_equal(swapped, np.float32([[6, 0, 3], [np.nan, 1, 2]]))
    assert not np.isnan(x).any()


@pytest.mark.parametrize("lost", ["area", "town", "area town"])
def test_a_row_to_be_predicted_may_miss_what_the_recipe_keeps(tmp_path, lost):
    data = load(tmp_path)
    imputed = {of.column: of.imputed for of in data.prepared}
    table = pd.read_csv(tmp_path / "train.csv", dtype=str, keep_default_na=False)
    names = ["area", "town", "age"]
    gone = table[names].eq("") & table["age"].ne("").to_numpy()[:, None]
    met = [set(gone.columns[row]) == set(lost.split()) for row in gone.to_numpy()]
    place = met.index(True)
    row = encode_row(data.recipe, table[names].iloc[place].to_dict(), data.scales, imputed)
    np.testing.assert_allclose(row, data.train_x[place], rtol=1e-6)


def test_a_row_that_misses_what_is_not_kept_is_refused(tmp_path):
    data = load(tmp_path)
    with pytest.raises(InputError, match="age: '' is a missing value: give one"):
        encode_row(
            data.recipe, {"area": "90", "town": "Ghent", "age": ""}, data.scales, {"age": "4"}
        )


def test_what_a_variable_says_goes_before_the_table(tmp_path):
    dropped = load(tmp_path, table="impute", town='missing = "drop"')
    assert dropped.dropped == TRAIN.town.isna().sum() + TEST.town.isna().sum()
    assert dropped.features == ("area", "area=missing", "town=Bruges", "town=Ghent", "age")
    with pytest.raises(InputError, match="column town: the value is missing"):
        load(tmp_path, table="drop", town='missing = "refuse"')


def test_the_tables_indicator_is_that_of_every_variable(tmp_path):
    each = find_dataset(str(write(tmp_path))).recipe
    whole = find_dataset(
        str(write(tmp_path, table="indicator", area="", town="", age='missing = "impute"'))
    ).recipe
    assert whole.features == each.features
    assert DatasetRecipe.model_validate(whole.model_dump()) == whole


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"age": KEPT}, "age has a value in each of the 120 training rows, so that its indicator"),
        ({"table": "indicator"}, "age has a value in each of the 120 training rows"),
        ({"area": 'missing = "keep"'}, "variables.1.missing: should be 'refuse', 'drop', 'impute' or"),
        ({"table": "keep"}, "table.missing: should be 'refuse', 'drop', 'impute' or 'indicator'"),
        ({"town": f'levels = ["missing", "Ghent"]\n{KEPT}'}, "feature named twice: town=missing"),
        ({"table": 'refuse"\nencoded = true\ncolumns = ["area", "town", "age", "price"]\ndecimal = ".'}, "no missing indicators"),
    ],
)  # fmt: skip
def test_a_wrong_indicator_is_one_clear_line(tmp_path, keys, reason):
    path = write(tmp_path, **keys)
    if "levels" in keys.get("town", ""):
        path.write_text(path.read_text().replace('levels = ["Bruges", "Ghent"]\n', ""))
    with pytest.raises(InputError) as refused:
        load_dataset(find_dataset(str(path)).recipe, tmp_path)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_draft_that_imputes_offers_to_keep_what_is_missing(tmp_path):
    TRAIN.to_csv(tmp_path / "houses.csv", index=False)
    made = draft(tmp_path / "houses.csv", "price", tmp_path / "houses.toml")
    assert made.recipe.own_table.missing == "impute"
    assert made.text.count("# missing = ") == 2
    (tmp_path / "houses.toml").write_text(made.text.replace("# missing = ", "missing = "))
    kept = load_dataset(find_dataset(str(tmp_path / "houses.toml")).recipe, tmp_path)
    assert "area=missing" in kept.features
    assert "town=missing" in kept.features
