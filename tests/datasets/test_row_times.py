"""Rows in time: put in order, divided into earlier and later ones, and what is wrong is said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Command
from sklearn.model_selection import TimeSeriesSplit

from study.common.errors import InputError
from study.datasets.checks.registry import data_warnings
from study.datasets.dataset import Dataset, load_dataset, load_proposing
from study.datasets.row_times import read_times
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset

DRAWN = {"test": 0.25, "random_state": 0}
GIVEN = {"column": "set", "train": "train", "test": "test"}
DAYS = pd.date_range("2020-01-30", periods=40, freq="D")


def recipe_of(**keys) -> DatasetRecipe:
    claim = {"level": "variable", "name": "a", "rank": 1, "proportion": 0.8}
    return DatasetRecipe.model_validate(
        {
            "title": "Table",
            "source": "drawn",
            "time": "day",
            "table": {"file": "table.csv", **keys.pop("table", {})},
            "split": DRAWN,
            "variables": [{"name": name, "type": "numeric"} for name in "ab"],
            "target": {"name": "y", "tolerance": 0.1},
            "claim": {**claim, "model": "mlp", "method": "permutation-grouped"},
            **keys,
        }
    )


def loaded(folder: Path, rows: pd.DataFrame, **keys) -> Dataset:
    rows.to_csv(folder / "table.csv", index=False)
    return load_dataset(recipe_of(**keys), folder)


def series(days=None) -> pd.DataFrame:
    """Rows whose target numbers them in the order of time."""
    days = DAYS.strftime("%Y-%m-%d") if days is None else days
    table = pd.DataFrame(np.random.default_rng(1).normal(size=(len(days), 2)), columns=[*"ab"])
    return table.assign(y=np.arange(len(days)), day=days)


def test_the_last_rows_in_time_test_whatever_the_order_of_the_file(tmp_path):
    for seed in range(3):
        data = loaded(tmp_path, series().sample(frac=1, random_state=seed))
        assert data.train_y.tolist() == list(range(30))
        assert data.test_y.tolist() == list(range(30, 40))
        assert data.group_counts is None
        assert data_warnings(data) == ()


def test_test_rows_are_those_of_the_last_fold_of_scikit_learn(tmp_path):
    data = loaded(tmp_path, series(), split={"test": 0.3, "random_state": 7})
    *_, (train, test) = TimeSeriesSplit(3, test_size=12).split(np.arange(40))
    assert (data.train_y.tolist(), data.test_y.tolist()) == (train.tolist(), test.tolist())


def test_rows_of_one_time_stay_on_one_side_and_in_the_order_of_the_file(tmp_path):
    days = np.repeat(DAYS[:8].strftime("%Y-%m-%d"), 5)
    data = loaded(tmp_path, series(days), split={"test": 0.3, "random_state": 0})
    assert data.test_y.tolist() == list(range(25, 40))  # the 12th of the last is of the fifth day
    assert data.train_y.tolist() == list(range(25))


def test_the_first_rows_in_time_propose_the_claim(tmp_path):
    proposal = {"part": 0.5, "random_state": 0}
    data = loaded(tmp_path, series().sample(frac=1, random_state=0), proposal=proposal)
    _, left = load_proposing(data, tmp_path)
    assert left.tolist() == list(range(20))
    assert data.train_y.tolist() == list(range(20, 35))
    assert data.test_y.tolist() == list(range(35, 40))


def test_the_column_of_times_may_be_a_variable_too(tmp_path):
    names = ({"name": name, "type": "numeric"} for name in ("a", "day"))
    data = loaded(tmp_path, series(np.arange(40)), variables=list(names))
    assert data.features == ("a", "day")


def test_times_hold_over_tables_of_training_and_of_test_rows(tmp_path):
    table = series().sample(frac=1, random_state=0)
    table[table["y"] < 30].to_csv(tmp_path / "train.csv", index=False)
    table[table["y"] >= 30].to_csv(tmp_path / "test.csv", index=False)
    files = {"file": None, "train": "train.csv", "test": "test.csv"}
    data = load_dataset(recipe_of(table=files, split=None), tmp_path)
    assert data.pooled[1].tolist() == list(range(40))


@pytest.mark.parametrize(
    "texts",
    [
        ["2019-12-31", "2020-01-01", "2020-01-02"],
        ["2020-01-01T09:30", "2020-01-01 10:00", "2020-01-01T10:00:01Z"],
        ["31.12.2019", "01.01.2020", "02.01.2020"],
        ["2019-11", "2019-12", "2020-01"],
        ["-1.5", "9", "10"],
        ["1e3", "20200101", "20200102"],
    ],
)
def test_times_are_ordered_as_times_and_not_as_texts(texts):
    assert np.argsort(read_times(texts[::-1])).tolist() == [2, 1, 0]


def changed(row: int, day: str):
    days = DAYS.strftime("%Y-%m-%d").tolist()
    return {"day": [*days[:row], day, *days[row + 1 :]]}


WRONG = {
    "missing": (changed(3, ""), r"table.csv, line 5, column day: the time is missing \(''\)"),
    "text": (changed(3, "spring"), "column day: no order of time: 'spring' is no date"),
    "no such day": (changed(3, "2020-02-30"), "no order of time: dates that are not all in one"),
    "mixed": (changed(3, "12"), "'2020-01-30' is no number, though others are"),
    "infinite": (changed(3, "inf"), "no order of time: 'inf' is no date"),
    "either": ({"day": ["03/04/2020", "05/06/2020"] * 20}, "days, months or years may be either"),
    "one time": ({"day": "2020-01-01"}, r"all rows are of one time \('2020-01-01'\)"),
    "few times": ({"day": [1] * 35 + [2] * 5, "split": {**DRAWN, "test": 0.5}},
                  "the first rows are of one time, and no earlier one is left"),
    "backward": ({"set": ["test"] * 10 + ["train"] * 30, "split": GIVEN},
                 "the first test row is of day 2020-01-30, and the last training row of 2020-03-09"),
    "parted": ({"day": np.arange(40) // 4, "set": ["train"] * 30 + ["test"] * 10, "split": GIVEN},
               "the first test row is of day 7, and the last training row of 7: give a split"),
    "no column": ({"time": "dau"}, "no column 'dau': did you mean 'day'?"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_times_is_one_line(tmp_path, case):
    keys, message = WRONG[case]
    columns = {name: of for name, of in keys.items() if name in ("day", "set")}
    others = {name: of for name, of in keys.items() if name not in columns}
    with pytest.raises(InputError, match=message) as caught:
        loaded(tmp_path, series().assign(**columns), **others)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"time": "y"}, "time: 'y' is the target"),
        ({"time": ""}, "time"),
        ({"time": 3}, "time"),
        ({"groups": "who"}, "time, groups: rows are drawn by time or by groups, not by both"),
        ({"equal_rows": "together"}, "time, equal_rows: rows are drawn by time"),
        ({"table": None, "split": None, "scores": "scores.csv"}, "time: there is no table"),
    ],
)
def test_a_recipe_that_orders_by_what_cannot_be_is_refused(keys, message):
    if keys.get("table", True) is None:
        recipe = recipe_of().model_dump(exclude_defaults=True) | keys
        with pytest.raises(ValueError, match=message):
            DatasetRecipe.model_validate(recipe)
        return
    with pytest.raises(ValueError, match=message):
        recipe_of(**keys)


def drafted(table: pd.DataFrame, command: Command) -> tuple[str, Path]:
    table.to_csv("table.csv", index=False)
    made = command("data", "init", "table.csv", "--target", "y")
    assert made.status == 0
    return " ".join(made.out.split()), Path("data/table.toml")


MONTHS = pd.date_range("1999-01-31", periods=60, freq="ME")
IN_ORDER = {
    "dates": MONTHS.strftime("%Y-%m-%d"),
    "newest first": MONTHS.strftime("%Y-%m-%d")[::-1],
    "of the year": MONTHS.strftime("%d.%m.%Y"),
    "tied": np.sort(MONTHS.strftime("%Y-%m-%d").to_numpy()[np.arange(60) // 3 * 3]),
}


@pytest.mark.parametrize("case", IN_ORDER)
def test_init_offers_the_time_that_rows_are_in_the_order_of_and_the_line_loads(case, command):
    table = series(IN_ORDER[case])
    table["y"] = table["a"] + np.random.default_rng(2).normal(size=60)
    said, path = drafted(table, command)
    assert "rows stand in the order of day: rows that follow each other may be alike" in said
    text = path.read_text()
    assert '\n# time = "day"\n' in text
    assert find_dataset("table").recipe.time is None
    path.write_text(text.replace('# time = "day"', 'time = "day"'))
    found = find_dataset("table")
    data = load_dataset(found.recipe, found.path.parent)
    assert (len(data.train_y), len(data.test_y)) == (45, 15)
    checked = " ".join(command("data", "check", "table").out.split())
    assert "25% of the rows, the last by day" in checked
    assert "by day: test rows are later than training rows" in checked


NOT_IN_ORDER = {
    "mixed": np.random.default_rng(0).permutation(MONTHS.strftime("%Y-%m-%d")),
    "by subject": MONTHS.strftime("%Y-%m-%d")[[*range(30), *range(30)]],
    "few": np.repeat(MONTHS.strftime("%Y-%m-%d")[:6], 10),
    "no date": [f"r{row:03}" for row in range(60)],
}


@pytest.mark.parametrize("case", NOT_IN_ORDER)
def test_init_offers_no_time_where_rows_are_in_no_order_of_one(case, command):
    table = series(NOT_IN_ORDER[case])
    table["y"] = table["a"] + np.random.default_rng(2).normal(size=60)
    said, path = drafted(table, command)
    assert "in the order of" not in said.replace("in the order of the file", "")
    assert "# time" not in path.read_text()


@pytest.mark.parametrize(("name", "offered"), [("year", True), ("height", False)])
def test_rising_numbers_are_offered_as_a_time_if_they_are_called_one(name, offered, command):
    draw = np.random.default_rng(2)
    table = series(np.sort(draw.uniform(1900, 2000, 60)).round(1)).rename(columns={"day": name})
    table["y"] = table["a"] + draw.normal(size=60)
    _, path = drafted(table, command)
    assert (f'# time = "{name}"' in path.read_text()) == offered
