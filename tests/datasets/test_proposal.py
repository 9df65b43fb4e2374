"""A claim that is proposed from rows which the study then leaves out."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from study.common.errors import InputError
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.drafting.draft import HALF, Draft, draft
from study.recipes.dataset import DatasetRecipe


def houses(rows: int = 121) -> pd.DataFrame:
    """Rows with prices of their own, and a few values missing."""
    draw = np.random.default_rng(11)
    table = pd.DataFrame(draw.normal(size=(rows, 3)).round(6), columns=["area", "age", "rooms"])
    table["town"] = draw.choice(["Bruges", "Ghent"], rows)
    table["price"] = draw.permutation(rows) + 1000.0
    table.loc[[5, 38, 50, 90], "age"] = np.nan
    return table


def made_of(folder: Path, table: pd.DataFrame, target: str, **options) -> Draft:
    """The draft of a recipe for a table, whose claim comes from half of the rows."""
    table.to_csv(folder / "t.csv", index=False)
    return draft(folder / "t.csv", target, folder / "t.toml", proposal=HALF, **options)


def targets(data: Dataset) -> np.ndarray:
    """The targets of all rows of a dataset, in their units."""
    return data.target_scale.undo(data.pooled[1]).round(3)


def first_by_scikit_learn(rows: pd.DataFrame, target: str) -> str:
    """The number whose standardised coefficient is greatest."""
    inputs = rows.drop(columns=target)
    fit = LinearRegression().fit((inputs - inputs.mean()) / inputs.std(), rows[target])
    return str(inputs.columns[np.abs(fit.coef_).argmax()])


def drops_by_scikit_learn(rows: pd.DataFrame, target: str) -> np.ndarray:
    """The mean drop in R² of LinearRegression on its own rows when a number is permuted."""
    x, y = rows.drop(columns=target).to_numpy(), rows[target].to_numpy()
    fit = LinearRegression().fit(x, y)
    return permutation_importance(fit, x, y, n_repeats=400, random_state=0).importances_mean


def test_the_half_is_left_out_as_scikit_learn_draws_it(tmp_path):
    table = houses()
    made = made_of(tmp_path, table, "price")
    left, half = train_test_split(table, test_size=0.5, random_state=0)
    whole = left.sort_index().dropna()
    train, test = train_test_split(whole, test_size=0.25, random_state=0)
    data = load_dataset(made.recipe, tmp_path)
    assert data.left_out == len(half) == 61
    assert data.dropped == len(left) - len(whole)
    assert sum(of.missing for of in data.prepared) == left["age"].isna().sum() > 0
    for y, rows in ((data.train_y, train), (data.test_y, test)):
        expected = rows.sort_index()["price"]
        np.testing.assert_allclose(data.target_scale.undo(y), expected, rtol=1e-6)
    assert not set(targets(data)) & set(half["price"])
    area = train.sort_index()["area"]
    standardised = (area - area.mean()) / area.std(ddof=0)
    np.testing.assert_allclose(data.train_x[:, 0], standardised, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("missing", ["drop", "impute"])
def test_the_claim_is_what_scikit_learn_ranks_first_on_that_half(tmp_path, missing):
    table = houses().drop(columns=["town"])
    if missing == "impute":
        table.loc[::5, "age"] = np.nan
    left, half = train_test_split(table, test_size=0.5, random_state=0)
    table.loc[half.index, "price"] += 900 * table.loc[half.index, "rooms"]
    table.loc[left.index, "price"] += 900 * table.loc[left.index, "area"]
    made = made_of(tmp_path, table, "price")
    assert made.recipe.table.missing == missing
    half = table.loc[half.index]
    known = half.dropna() if missing == "drop" else half.fillna(half.median())
    drops = drops_by_scikit_learn(known, "price")
    np.testing.assert_allclose(made.scores, drops, rtol=0.05, atol=0.002)
    assert made.recipe.claim.name == "rooms" == known.columns[drops.argmax()]
    assert draft(tmp_path / "t.csv", "price", tmp_path / "t.toml").recipe.claim.name == "area"


def test_another_choice_of_variables_leaves_the_same_rows_out(tmp_path):
    """Or else dropped rows would move the half, and the claim would be tested on its own rows."""
    made = made_of(tmp_path, houses(), "price")
    said = tomllib.loads(made.text)
    said["variables"] = [each for each in said["variables"] if each["name"] != "age"]
    said["claim"]["name"] = "area"
    fewer = load_dataset(DatasetRecipe.model_validate(said), tmp_path)
    assert fewer.dropped == 0
    assert set(targets(made.dataset)) < set(targets(fewer))
    _, half = train_test_split(houses(), test_size=0.5, random_state=0)
    assert not set(targets(fewer)) & set(half["price"])


def test_a_level_may_stand_in_rows_that_are_left_out_alone(tmp_path):
    table = houses()
    _, half = train_test_split(table, test_size=0.5, random_state=0)
    table.loc[half.index[:8], "town"] = "Ostend"
    made = made_of(tmp_path, table, "price")
    towns = next(each for each in made.recipe.variables if each.name == "town")
    assert towns.levels == ["Bruges", "Ghent"]
    group = made.dataset.groups[made.dataset.variables.index("town")]
    counts = made.dataset.train_x[:, group].sum(axis=0)
    assert towns.other == towns.levels[counts.argmax()]


@pytest.mark.parametrize("given", ["file", "column"])
def test_given_test_rows_are_all_kept(tmp_path, given):
    table = houses()
    table["set"] = np.where(np.arange(len(table)) % 4 == 0, "test", "train")
    train, test = (table[table["set"] == part].drop(columns="set") for part in ("train", "test"))
    if given == "file":
        test.to_csv(tmp_path / "test.csv", index=False)
        made = made_of(tmp_path, train, "price", test_path=tmp_path / "test.csv")
    else:
        made = made_of(tmp_path, table, "price")
        assert made.recipe.split.column == "set"
    left, half = train_test_split(train, test_size=0.5, random_state=0)
    data = load_dataset(made.recipe, tmp_path)
    held = data.target_scale.undo(data.test_y).round(3)
    np.testing.assert_array_equal(held, test.dropna()["price"])
    assert len(data.train_y) == len(left.dropna())
    assert data.left_out == len(half)
    assert not set(targets(data)) & set(half["price"])
    assert made.recipe.proposed_from == "training rows"


def test_of_noise_the_claim_is_first_on_its_own_rows_always_and_on_others_by_chance(tmp_path):
    draw = np.random.default_rng(12)
    names, tables = ["a", "b", "c", "d"], 150
    same = others = 0
    for _ in range(tables):
        table = pd.DataFrame(draw.normal(size=(60, 5)), columns=[*names, "y"])
        left, half = train_test_split(table, test_size=0.5, random_state=0)
        claimed = made_of(tmp_path, table, "y").recipe.claim.name
        same += claimed == first_by_scikit_learn(half, "y")
        others += claimed == first_by_scikit_learn(left, "y")
    assert same == tables
    assert binomtest(others, tables, 1 / len(names)).pvalue > 0.01


def test_commands_and_page_say_that_rows_are_left_out(command, undrawn):
    houses().to_csv("houses.csv", index=False)
    arguments = ("data", "init", "houses.csv", "--target", "price")
    without = " ".join(command(*arguments, "--out", "same.toml").out.split())
    assert "Proposed claim, from the data:" in without
    assert "a claim is supported too often: see --propose-from-half." in without
    assert "[proposal]" not in Path("same.toml").read_text()
    first = " ".join(command(*arguments, "--propose-from-half").out.split())
    assert "Proposed claim, from rows that are left out:" in first
    assert "--propose-from-half" not in first
    said = tomllib.loads(Path("data/houses.toml").read_text())
    assert said["proposal"] == {"part": 0.5, "random_state": 0}
    assert "proposed" not in said["claim"]
    second = " ".join(command("data", "check", "houses").out.split())
    for words in (
        "Rows left out 61, from which the claim was proposed: 50% of the rows, drawn at random",
        f"Claim, proposed from rows that are left out here: {said['claim']['name']} has rank 1",
    ):
        assert words in second
    assert "Rows left out 61," in first
    command("run", "--data", "houses", "--models", "linear", "--seeds", "2", "--workers", "1")
    command("report", "reports/houses")
    page = " ".join(Path("reports/houses/report.html").read_text().split())
    for words in (
        "<dt>Rows left out</dt> <dd>61, from which the claim was proposed</dd>",
        "<dt>Claim proposed from</dt><dd>50% of the rows, drawn at random before any",
        "Proposed by linear regression from rows that are left out here (50% of the rows): ",
    ):
        assert words in page
    assert "Declared before the run" not in page
    assert "was proposed from the data" not in page
    shown = command("check", "reports/houses")
    assert shown.status == 0, shown.out + shown.err


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"claim": {"proposed": True}}, "claim.proposed: a claim from rows that are left out"),
        ({"table": None, "scores": "s.csv"}, "proposal: there is no table"),
        ({"proposal": {"part": 1.0}}, "less than 1"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_refused(tmp_path, change, reason):
    values = tomllib.loads(made_of(tmp_path, houses(), "price").text)
    for key, new in change.items():
        values[key] = {**values[key], **new} if isinstance(new, dict) else new
    if "scores" in change:
        del values["split"]
    with pytest.raises(ValueError, match=reason):
        DatasetRecipe.model_validate(values)


def test_too_few_rows_are_no_half(tmp_path):
    with pytest.raises(InputError, match=r"t\.csv"):
        made_of(tmp_path, houses()[:2], "price")


def seasons(name: str) -> pd.DataFrame:
    """Rows of three seasons, by their dates, and a target that grows through all of them."""
    draw = np.random.default_rng(8)
    day = np.concatenate([start + draw.integers(60, size=50) for start in (0, 365, 730)])
    return pd.DataFrame(
        {
            name: np.repeat(["S07", "S08", "S09"], 50),
            "day": pd.Timestamp("2007-11-01") + pd.to_timedelta(day, "D"),
            "size": draw.normal(size=150).round(6),
            "y": day / 365 + 0.1 * draw.normal(size=150),
        }
    )


def test_no_claim_is_proposed_of_levels_that_tell_the_date(tmp_path):
    table = seasons("survey")
    table.to_csv(tmp_path / "t.csv", index=False)
    made = draft(tmp_path / "t.csv", "y", tmp_path / "t.toml")
    assert made.recipe.claim.name == "size"
    assert made.scores.argmax() != made.dataset.variables.index("size")
    (said,) = (line for line in made.decide if line.startswith("survey"))
    assert "tells when a row was, as day does" in said


def test_levels_whose_dates_overlap_by_one_row_may_be_claimed(tmp_path):
    table = seasons("survey")
    table.loc[0, "survey"] = "S09"
    table.to_csv(tmp_path / "t.csv", index=False)
    made = draft(tmp_path / "t.csv", "y", tmp_path / "t.toml")
    assert made.recipe.claim.name == "survey"
