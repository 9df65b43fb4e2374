"""Dates as variables: days since a day, or sine and cosine of what goes round."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.common.errors import InputError
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.drafting.draft import Draft, draft
from study.datasets.one_row import encode_row
from study.importance.gradients import after_training
from study.recipes.columns import Date
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset

RECIPE = """
title = "Rides"
source = "made up"
[table]
file = "rides.csv"
missing = "impute"
[split]
test = 0.25
random_state = 0
[[variables]]
name = "day"
type = "date"
{keys}
[[variables]]
name = "wind"
type = "numeric"
[target]
name = "riders"
tolerance = 0.1
[claim]
level = "variable"
name = "day"
rank = 1
proportion = 0.8
model = "mlp"
method = "permutation-grouped"
"""
DAYS = pd.date_range("2019-11-20 06:30", periods=80, freq="5D7h")


def rides(texts: list[str]) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    count = len(texts)
    return pd.DataFrame(
        {"day": texts, "wind": np.arange(count), "riders": draw.normal(9, 1, count)}
    )


def load(folder: Path, keys: str, texts: list[str] | None = None) -> Dataset:
    texts = DAYS.strftime("%Y-%m-%d %H:%M").tolist() if texts is None else texts
    rides(texts).to_csv(folder / "rides.csv", index=False)
    (folder / "rides.toml").write_text(RECIPE.format(keys=keys))
    return load_dataset(find_dataset(str(folder / "rides.toml")).recipe, folder)


def in_order(data: Dataset) -> np.ndarray:
    """The features of the date, rows in the order of the table."""
    both = data.pooled[0]
    return both[both[:, -1].argsort(), :-1]


def drafted(folder: Path, texts: list[str]) -> Draft:
    rides(texts).assign(wind=np.random.default_rng(0).normal(size=len(texts))).to_csv(
        folder / "rides.csv", index=False
    )
    return draft(folder / "rides.csv", "riders", folder / "rides.toml")


def test_days_count_from_the_day_that_the_recipe_names(tmp_path):
    data = load(tmp_path, 'as = "days"\nsince = "2019-01-01"')
    expected = (DAYS - pd.Timestamp("2019-01-01")) / pd.Timedelta(days=1)
    assert data.features == ("day", "wind")
    np.testing.assert_allclose(in_order(data)[:, 0], expected, rtol=1e-6)


def test_days_are_standardised_by_the_training_rows(tmp_path):
    data = load(tmp_path, 'as = "days"\nstandardise = true')
    column = data.train_x[:, 0].astype(float)
    assert column.mean() == pytest.approx(0, abs=1e-5)
    assert column.std() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize(
    ("part", "places", "period"),
    [
        ("month", DAYS.month - 1, 12),
        ("weekday", DAYS.day_of_week, 7),
        ("hour", DAYS.hour + DAYS.minute / 60, 24),
    ],
)
def test_what_goes_round_is_sine_and_cosine_of_one_variable(tmp_path, part, places, period):
    data = load(tmp_path, f'as = "{part}"')
    angle = 2 * np.pi * np.asarray(places) / period
    assert data.features == (f"day {part} sine", f"day {part} cosine", "wind")
    assert data.groups == ((0, 1), (2,))
    expected = np.column_stack([np.sin(angle), np.cos(angle)])
    np.testing.assert_allclose(in_order(data), expected, atol=1e-6)
    turns = data.to_variables(data.train_x)[:, 0]
    assert len(np.unique(turns)) == len(np.unique(data.train_x[:, :2], axis=0))


def test_a_format_of_ones_own_is_read(tmp_path):
    data = load(tmp_path, 'as = "days"\nformat = "%d.%m.%Y"', DAYS.strftime("%d.%m.%Y").tolist())
    np.testing.assert_allclose(in_order(data)[:, 0], DAYS.to_numpy().astype("datetime64[D]").astype(int))  # fmt: skip


def test_the_middle_day_or_the_most_frequent_month_stands_for_a_missing_date(tmp_path):
    texts = ["2020-01-01", "2020-01-03", "", "2020-03-09"] * 20
    assert load(tmp_path, 'as = "days"', texts).prepared[0].imputed == "2020-01-03"
    texts = ["2020-03-01", "2020-03-03", "", "2020-01-09"] * 20
    assert load(tmp_path, 'as = "month"', texts).prepared[0].imputed == "month 3"
    assert load(tmp_path, 'as = "weekday"', texts).prepared[0].imputed in ("Sunday", "Tuesday", "Thursday")  # fmt: skip


def test_sine_and_cosine_keep_their_own_gradients():
    gradients = np.array([[[1.0, 3.0, 2.0]]])
    _, contrasts, _ = after_training([gradients], [], np.ones(3))
    np.testing.assert_array_equal(contrasts.score, [[1, 3, 2]])


def test_a_row_to_be_predicted_is_read_as_the_table_is(tmp_path):
    data = load(tmp_path, 'as = "weekday"')
    row = encode_row(data.recipe, {"day": "2026-11-29", "wind": "2"}, data.scales)
    angle = 2 * np.pi * 6 / 7  # a Sunday
    np.testing.assert_allclose(row, [np.sin(angle), np.cos(angle), 2], atol=1e-6)


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("", "variables.1.as: missing"),
        ('as = "year"', "variables.1.as: should be 'days', 'month', 'weekday' or 'hour'"),
        ('az = "days"', "variables.1.az: unknown key; variables.1.as: missing"),
        ('as = "days"\nsince = "01/02/2020"', "variables.1.since: a day in ISO format"),
        ('as = "days"\nsince = "2020-02-30"', "variables.1.since: day is out of range"),
        ('as = "month"\nstandardise = true', "variables.1: standardise: of a date as days"),
        ('as = "days"\nformat = "%Q"', "variable day: format: '%Q' is no format of dates"),
        ('as = "weekday"\nformat = "%m/%Y"', "variable day: format '%m/%Y' tells no day, which as"),
        (
            'as = "days"\nformat = "%d/%m/%Y"',
            "line 2, column day: '2019-11-20 06:30' is no date wr",
        ),
        (
            'as = "days"\nsign = "%"',
            "variables.1.sign: does not belong here, in a variable of type date",
        ),
    ],
)
def test_a_wrong_date_is_one_clear_line(tmp_path, keys, reason):
    with pytest.raises(InputError) as refused:
        load(tmp_path, keys)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_encoded_table_has_no_dates(tmp_path):
    text = RECIPE.format(keys='as = "days"').replace("[split]", 'encoded = true\ncolumns = ["day", "wind", "riders"]\n[split]')  # fmt: skip
    (tmp_path / "rides.toml").write_text(text)
    with pytest.raises(InputError, match="an encoded table holds features already: no dates"):
        find_dataset(str(tmp_path / "rides.toml"))


@pytest.mark.parametrize(
    ("written", "found"),
    [("%Y-%m-%d", "iso"), ("%d/%m/%Y", "%d/%m/%Y"), ("%b %d, %Y", "%b %d, %Y")],
)
def test_dates_are_drafted_as_days_with_their_format(tmp_path, written, found):
    made = drafted(tmp_path, DAYS.strftime(written).tolist())
    day = made.recipe.variables[0]
    assert isinstance(day, Date)
    assert (day.as_, day.format, day.standardise) == ("days", found, True)
    assert made.notes["day"].startswith("dates ")
    assert 'as = "days"' in made.text


def test_dates_whose_order_may_be_either_are_left_out_with_the_reason(tmp_path):
    made = drafted(tmp_path, ["03/04/2020", "05/06/2021", "07/08/2022", "01/02/2020"] * 20)
    assert [variable.name for variable in made.recipe.variables] == ["wind"]
    assert "may be either ('03/04/2020'): format" in made.left_out["day"]


def test_a_recipe_with_dates_is_the_same_once_it_was_stored(tmp_path):
    recipe = load(tmp_path, 'as = "weekday"').recipe
    assert DatasetRecipe.model_validate_json(recipe.model_dump_json()) == recipe
