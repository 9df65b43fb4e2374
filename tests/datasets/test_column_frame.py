"""Features become the columns of a table again, against what pandas reads of its file."""

import homes
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from study.datasets.dataset import load_dataset
from study.recipes.find import find_dataset

RECIPE = """
title = "Visits"
source = "made up"
[table]
train = "train.csv"
test = "test.csv"
[[variables]]
name = "income"
type = "numeric"
standardise = true
[[variables]]
name = "year"
type = "numeric"
divisor = 100
[[variables]]
name = "smokes"
type = "binary"
levels = {yes = 1, no = 0}
[[variables]]
name = "stage"
type = "ordinal"
levels = {1 = 1, 2 = 3, 4 = 10}
[[variables]]
name = "grade"
type = "ordinal"
levels = ["low", "middle", "high"]
missing = "indicator"
[[variables]]
name = "came"
type = "date"
as = "weekday"
[[variables]]
name = "left"
type = "date"
as = "days"
standardise = true
since = "2020-01-01"
[target]
name = "price"
scale = "log"
standardise = true
tolerance = 0.1
[claim]
level = "variable"
name = "income"
rank = 1
proportion = 0.8
model = "mlp"
method = "permutation-grouped"
"""


@pytest.fixture
def visits(tmp_path):
    draw = np.random.default_rng(1)
    came = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 400, 50), unit="D")
    table = pd.DataFrame(
        {
            "income": draw.lognormal(8, 2, 50).round(2),
            "year": draw.integers(1950, 2020, 50),
            "smokes": draw.choice(["yes", "no"], 50),
            "stage": draw.choice([1, 2, 4], 50),
            "grade": draw.choice(["low", "middle", "high"], 50),
            "came": came.strftime("%Y-%m-%d"),
            "left": (came + pd.Timedelta(3, "D")).strftime("%Y-%m-%d"),
            "price": draw.lognormal(1, 1, 50).round(2),
        }
    )
    table.loc[::7, "grade"] = np.nan
    table.to_csv(tmp_path / "train.csv", index=False)
    table[::-1].to_csv(tmp_path / "test.csv", index=False)
    (tmp_path / "visits.toml").write_text(RECIPE)
    recipe = find_dataset(str(tmp_path / "visits.toml")).recipe
    return load_dataset(recipe, tmp_path), pd.read_csv(tmp_path / "train.csv")


def test_every_kind_of_column_is_made_again(visits):
    dataset, table = visits
    made = dataset.columns.frame(dataset.train_x)
    assert list(made) == list(table)[:-1]
    np.testing.assert_allclose(made["income"], table["income"], rtol=1e-6, atol=0.005)
    np.testing.assert_array_equal(made["year"], table["year"])
    np.testing.assert_array_equal(made["stage"], table["stage"])
    for name in ("smokes", "grade"):
        assert isinstance(made[name].dtype, pd.CategoricalDtype)
        pd.testing.assert_series_equal(made[name].astype(object), table[name].astype(object))
    assert made["grade"].cat.ordered
    assert list(made["grade"].cat.categories) == ["low", "middle", "high"]
    assert set(made["smokes"].cat.categories) == {"yes", "no"}
    days = pd.to_datetime(table["came"])
    np.testing.assert_array_equal(made["came"], days.dt.day_of_week)
    since = (pd.to_datetime(table["left"]) - pd.Timestamp("2020-01-01")).dt.days
    np.testing.assert_array_equal(made["left"], since)
    target = dataset.columns.target.undo(dataset.train_y)
    np.testing.assert_allclose(target, table["price"], rtol=1e-6)


def test_gaps_are_where_the_table_has_them(tmp_path):
    homes.write_homes(tmp_path)
    dataset = load_dataset(find_dataset(str(tmp_path / "homes.toml")).recipe, tmp_path)
    for part, x in (("train", dataset.train_x), ("test", dataset.test_x)):
        table, _ = homes.read_homes(tmp_path, part)
        made = dataset.columns.frame(x)
        pd.testing.assert_frame_equal(made, table, check_dtype=False)
        filled = dataset.columns.frame(x, "gone")
        assert (filled["town"] == "gone").equals(table["town"].isna())


def test_numbers_are_those_of_the_table_that_scikit_learn_ships():
    found = find_dataset("diabetes")
    dataset = load_dataset(found.recipe, found.path.parent)
    x, _ = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    made = dataset.columns.frame(dataset.pooled[0])
    for name in ("age", "bmi", "bp"):
        np.testing.assert_array_equal(np.sort(made[name]), np.sort(x[name]))
