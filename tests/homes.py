"""A small table with a column of categories, and gaps in it and in a number; models of it."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

RECIPE = """
title = "Homes"
source = "made up"
[table]
train = "train.csv"
test = "test.csv"
missing = "indicator"
[[variables]]
name = "area"
type = "numeric"
standardise = true
[[variables]]
name = "town"
type = "one-hot"
levels = ["Lier", "Bruges", "Ghent"]
[[variables]]
name = "rooms"
type = "numeric"
standardise = true
missing = "refuse"
[target]
name = "price"
standardise = true
tolerance = 0.1
[claim]
level = "variable"
name = "area"
rank = 1
proportion = 0.8
model = "forest"
method = "permutation-grouped"
[permutation]
repeats = 2
"""


def write_homes(folder: Path) -> None:
    """The recipe and its tables."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    for part, rows in (("train", 90), ("test", 40)):
        table = pd.DataFrame(
            {
                "area": draw.normal(100, 20, rows).round(1),
                "town": draw.choice(["Bruges", "Ghent", "Lier"], rows),
                "rooms": draw.integers(1, 6, rows),
            }
        )
        noise = draw.normal(0, 5, rows)
        table["price"] = (2 * table["area"] + 30 * (table["town"] == "Ghent") + noise).round(2)
        table.loc[draw.random(rows) < 0.2, "area"] = np.nan
        table.loc[draw.random(rows) < 0.2, "town"] = np.nan
        table.to_csv(folder / f"{part}.csv", index=False)
    (folder / "homes.toml").write_text(RECIPE)


def read_homes(folder: Path, part: str) -> tuple[pd.DataFrame, pd.Series]:
    """A table as pandas reads it, its text a category, and the target."""
    table = pd.read_csv(folder / f"{part}.csv")
    levels = pd.CategoricalDtype(["Lier", "Bruges", "Ghent"])
    return table[["area", "town", "rooms"]].astype({"town": levels}), table["price"]


def encoded(max_iter: int = 4) -> Pipeline:
    """Boosting behind an encoder of categories, each tree on some of the columns."""
    categories = make_column_selector(dtype_include="category")
    encoder = make_column_transformer(
        (OneHotEncoder(sparse_output=False), categories), remainder="passthrough"
    )
    boosting = HistGradientBoostingRegressor(max_iter=max_iter, max_features=0.5)
    return make_pipeline(encoder, boosting)


def search() -> GridSearchCV:
    """A search over the same."""
    steps = {"histgradientboostingregressor__max_iter": [1, 4]}
    return GridSearchCV(encoded(), steps, cv=2)


class Unseeded(RandomForestRegressor):
    """A forest that draws from NumPy's global generator, whatever its random_state."""

    def fit(self, x, y):
        self.random_state = None
        return super().fit(x, y)


def unseeded() -> Pipeline:
    """Of the same on numbers alone."""
    numbers = make_column_transformer((SimpleImputer(), ["area", "rooms"]))
    return make_pipeline(numbers, Unseeded(5))


MODELS = {
    "forest": ("sklearn.ensemble:RandomForestRegressor", "[arguments]\nn_estimators = 5"),
    "encoded": ("homes:encoded", ""),
    "xgboost": ("xgboost:XGBRegressor", _booster := 'inputs = "columns"\n[arguments]\nn_estimators = 4\nsubsample = 0.5'),
    "lightgbm": ("lightgbm:LGBMRegressor", f"{_booster}\nsubsample_freq = 1\nmin_child_samples = 5"),
    "catboost": ("catboost:CatBoostRegressor", 'inputs = "columns"\n[arguments]\niterations = 4'),
    "search": ("homes:search", ""),
}  # fmt: skip


def write_model(path: Path, estimator: str, rest: str = "") -> None:
    """A recipe that names an estimator."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'title = "{path.stem}"\nestimator = "{estimator}"\n{rest}\n')
