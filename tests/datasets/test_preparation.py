"""Own tables: splits, scales, missing values, levels, functions, signs of numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from study.common.errors import InputError
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.one_row import encode_row
from study.recipes.find import find_dataset

RECIPE = """
title = "Houses"
source = "made up"
[table]
file = "houses.csv"
{table}
[split]
{split}
[[variables]]
name = "area"
type = "numeric"
{scale}
[[variables]]
name = "town"
type = "one-hot"
levels = ["Bruges", "Ghent", "Ostend"]
{other}
[[variables]]
name = "garden"
type = "binary"
levels = {{ no = 0, yes = 1 }}
[target]
name = "price"
{target}
tolerance = 0.1
[claim]
level = "feature"
name = "area"
rank = 1
proportion = 0.8
model = "mlp"
method = "gradient"
[permutation]
repeats = 2
random_state = 0
"""
FRACTION = "test = 0.25\nrandom_state = 7"


def houses(rows: int = 40) -> pd.DataFrame:
    """Rows in which every level stands often enough for any split."""
    draw = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "area": draw.normal(120, 40, rows).round(1),
            "town": np.array(["Bruges", "Ghent", "Ostend"])[np.arange(rows) % 3],
            "garden": np.array(["no", "yes"])[np.arange(rows) // 3 % 2],
            "price": draw.integers(200_000, 400_000, rows),
            "part": np.array(["train", "train", "train", "test"])[np.arange(rows) // 3 % 4],
        }
    )


def load(
    folder: Path,
    table: pd.DataFrame | str,
    *,
    split: str = FRACTION,
    scale: str = "",
    target: str = "",
    other: str = "",
    keys: str = "",
) -> Dataset:
    text = table if isinstance(table, str) else table.to_csv(index=False)
    (folder / "houses.csv").write_text(text)
    recipe = RECIPE.format(table=keys, split=split, scale=scale, target=target, other=other)
    (folder / "houses.toml").write_text(recipe)
    found = find_dataset(str(folder / "houses.toml"))
    return load_dataset(found.recipe, folder)


def test_rows_are_split_standardised_and_encoded_as_scikit_learn_does(tmp_path):
    table = houses()
    data = load(tmp_path, table, scale="standardise = true", target="standardise = true")
    train, test = train_test_split(table, test_size=0.25, random_state=7)
    train, test = train.sort_index(), test.sort_index()
    encoder = ColumnTransformer(
        [
            ("area", StandardScaler(), ["area"]),
            ("town", OneHotEncoder(sparse_output=False), ["town"]),
            ("garden", OneHotEncoder(sparse_output=False, drop="first"), ["garden"]),
        ]
    )
    np.testing.assert_allclose(data.train_x, encoder.fit_transform(train), rtol=1e-6)
    np.testing.assert_allclose(data.test_x, encoder.transform(test), rtol=1e-6)
    scaler = StandardScaler().fit(train[["price"]].to_numpy())
    for found, rows in ((data.train_y, train), (data.test_y, test)):
        expected = scaler.transform(rows[["price"]].to_numpy())[:, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        np.testing.assert_allclose(data.target_scale.undo(found), rows["price"], rtol=1e-6)


def test_rows_are_split_by_a_column(tmp_path):
    table = houses()
    split = 'test = "test"\ntrain = "train"\ncolumn = "part"'
    data = load(tmp_path, table, split=split, scale="divisor = 100", target="divisor = 1000")
    for y, x, part in (
        (data.train_y, data.train_x, "train"),
        (data.test_y, data.test_x, "test"),
    ):
        rows = table[table["part"] == part]
        np.testing.assert_array_equal(y, (rows["price"] / 1000).astype("float32"))
        np.testing.assert_array_equal(x[:, 0], (rows["area"] / 100).astype("float32"))
    table.loc[3, "part"] = "valid"
    with pytest.raises(InputError, match="line 5, column part: 'valid' is neither 'train' nor"):
        load(tmp_path, table, split=split)


def missing_houses() -> pd.DataFrame:
    table = houses()
    table.loc[[1, 30], "area"] = np.nan
    table.loc[[2], "town"] = None
    table.loc[[2, 4], "garden"] = None
    table.loc[[6], "price"] = np.nan
    return table


def test_rows_with_a_missing_value_are_dropped_before_the_split(tmp_path):
    table = missing_houses()
    data = load(tmp_path, table, keys='missing = "drop"')
    train, test = train_test_split(table.dropna(), test_size=0.25, random_state=7)
    np.testing.assert_array_equal(np.sort(data.train_y), np.sort(train["price"]).astype("f4"))
    np.testing.assert_array_equal(np.sort(data.test_y), np.sort(test["price"]).astype("f4"))
    assert data.dropped == 5
    assert {of.column: of.missing for of in data.prepared} == {
        "area": 2, "town": 1, "garden": 2, "price": 1,
    }  # fmt: skip
    assert {of.imputed for of in data.prepared} == {""}


def test_missing_values_are_imputed_from_the_training_rows(tmp_path):
    table = missing_houses()
    data = load(tmp_path, table, keys='missing = "impute"')
    known = table.dropna(subset="price")
    train, test = train_test_split(known, test_size=0.25, random_state=7)
    train, test = train.sort_index(), test.sort_index()
    encoder = ColumnTransformer(
        [
            ("area", SimpleImputer(strategy="median"), ["area"]),
            ("town", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(sparse_output=False)), ["town"]),
            ("garden", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(sparse_output=False, drop="first")), ["garden"]),
        ]
    )  # fmt: skip
    as_objects = train.astype({"town": object, "garden": object})
    np.testing.assert_allclose(data.train_x, encoder.fit_transform(as_objects), rtol=1e-6)
    as_objects = test.astype({"town": object, "garden": object})
    np.testing.assert_allclose(data.test_x, encoder.transform(as_objects), rtol=1e-6)
    assert data.dropped == 1
    imputed = {of.column: of.imputed for of in data.prepared}
    assert imputed["area"] == f"{train['area'].median():g}"
    assert imputed["town"] == train["town"].mode()[0]
    assert imputed["garden"] == train["garden"].mode()[0]
    assert imputed["price"] == ""


def test_a_missing_value_is_refused_unless_the_recipe_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="line 3, column area: the value is missing; missing = "):
        load(tmp_path, missing_houses())
    table = houses().astype({"town": object})
    table["town"] = table["town"].replace("Ghent", "None")
    text = table.to_csv(index=False)
    # A level of that name is no missing value.
    with pytest.raises(InputError, match="column town: the value is missing"):
        load(tmp_path, text)
    recipe = (tmp_path / "houses.toml").read_text().replace("Ghent", "None")
    (tmp_path / "houses.toml").write_text(recipe)
    data = load_dataset(find_dataset(str(tmp_path / "houses.toml")).recipe, tmp_path)
    assert "town=None" in data.features


def test_values_that_are_not_listed_go_to_the_other_level(tmp_path):
    table = houses()
    table.loc[table["town"] == "Ostend", "town"] = ["Liège", "Namur"] * 6 + ["Mons"]
    with pytest.raises(InputError, match="column town: unknown level 'Liège'"):
        load(tmp_path, table)
    data = load(tmp_path, table, other='other = "Ostend"')
    plain = load(tmp_path, houses())
    np.testing.assert_array_equal(data.train_x, plain.train_x)
    np.testing.assert_array_equal(data.test_x, plain.test_x)


def test_levels_that_training_does_not_meet_are_refused(tmp_path):
    table = houses()
    split = 'test = "test"\ntrain = "train"\ncolumn = "part"'
    table.loc[table["part"] == "train", "town"] = ["Bruges", "Ghent"] * 15 + ["Ghent"]
    with pytest.raises(InputError, match="level 'Ostend' of town occurs in test rows only"):
        load(tmp_path, table, split=split)
    table["garden"] = np.where(table["part"] == "train", "no", "yes")
    with pytest.raises(InputError, match="garden is the same in all 31 training rows"):
        load(tmp_path, table.assign(town=houses()["town"]), split=split)


@pytest.mark.parametrize(
    ("keys", "cell", "number"),
    [
        ('decimal = ","', '"1,5"', 1.5),
        ('decimal = ","\nthousands = "."', '"1.234,5"', 1234.5),
        ('thousands = ","', '"1,234.5"', 1234.5),
        ('thousands = " "', "1 234 567", 1234567),
        ("", "1e3", 1000),
    ],
)
def test_numbers_are_read_as_the_recipe_says(tmp_path, keys, cell, number):
    lines = houses().assign(area=np.arange(40)).to_csv(index=False).splitlines()
    lines[1] = ",".join([cell, *lines[1].split(",")[1:]])
    data = load(tmp_path, "\n".join(lines), keys=keys)
    assert np.float32(number) in [*data.train_x[:, 0], *data.test_x[:, 0]]


@pytest.mark.parametrize(
    ("keys", "cell", "hint"),
    [
        ("", '"1,5"', 'is not a number; is the comma decimal = "," or thousands = ","?'),
        ("", "1 234", 'is not a number; is it thousands = " "?'),
        ('thousands = ","', '"12,34"', "'12,34' is not a number"),
        ('decimal = ","', "1.5", "'1.5' is not a number"),
        ("", "1_000", "'1_000' is not a number"),
        ("", "€5", "'€5' is not a number"),
    ],
)
def test_a_number_of_another_country_is_not_guessed(tmp_path, keys, cell, hint):
    lines = houses().to_csv(index=False).splitlines()
    lines[1] = ",".join([cell, *lines[1].split(",")[1:]])
    with pytest.raises(InputError) as caught:
        load(tmp_path, "\n".join(lines), keys=keys)
    assert "line 2, column area" in str(caught.value)
    assert hint in str(caught.value)


def test_a_function_gives_the_rows(tmp_path):
    recipe = RECIPE.format(table="", split=FRACTION, scale="", target="", other="")
    table = 'function = "sklearn.datasets:load_diabetes"\narguments = { as_frame = true, scaled = false }'
    start, end = recipe.index("[[variables]]"), recipe.index("[target]")
    names = ("age", "bmi", "bp")
    variables = "".join(f'[[variables]]\nname = "{name}"\ntype = "numeric"\n' for name in names)
    recipe = recipe[:start] + variables + recipe[end:]
    recipe = recipe.replace('file = "houses.csv"', table).replace('"price"', '"target"')
    (tmp_path / "own.toml").write_text(recipe.replace('"area"', '"bmi"'))
    data = load_dataset(find_dataset(str(tmp_path / "own.toml")).recipe, tmp_path)
    frame = load_diabetes(as_frame=True, scaled=False).frame
    train, _ = train_test_split(frame, test_size=0.25, random_state=7)
    expected = train.sort_index()[list(names)].to_numpy("float32")
    np.testing.assert_array_equal(data.train_x, expected)
    assert list(data.hashes) == ["sklearn.datasets:load_diabetes"]


def test_a_row_in_natural_units_is_scaled_as_the_training_rows(tmp_path):
    data = load(tmp_path, houses(), scale="standardise = true")
    scale = data.scales["area"]
    person = {"area": str(scale.centre + 2 * scale.divisor), "town": "Ghent", "garden": "yes"}
    row = encode_row(data.recipe, person, data.scales)
    np.testing.assert_allclose(row, [2, 0, 1, 0, 1], rtol=1e-6)
