"""Levels in order: one number each, and drafted where their names tell the order."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OrdinalEncoder

from study.common.errors import InputError
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.drafting.draft import Draft, draft
from study.datasets.drafting.orders import cycle_of, in_order, no_and_yes
from study.recipes.columns import Binary, Ordinal
from study.recipes.find import find_dataset

RECIPE = """
title = "Houses"
source = "made up"
[table]
file = "houses.csv"
missing = "impute"
[split]
test = 0.25
random_state = 0
[[variables]]
name = "state"
type = "ordinal"
levels = {levels}
[[variables]]
name = "area"
type = "numeric"
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
"""
LEVELS = '["poor", "fair", "good", "new"]'


def houses(states: list[str]) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    count = len(states)
    return pd.DataFrame(
        {"state": states, "area": draw.normal(100, 9, count), "price": draw.normal(9, 1, count)}
    )


def load(folder: Path, states: list[str], levels: str = LEVELS) -> Dataset:
    houses(states).to_csv(folder / "houses.csv", index=False)
    (folder / "houses.toml").write_text(RECIPE.format(levels=levels))
    return load_dataset(find_dataset(str(folder / "houses.toml")).recipe, folder)


def drafted(folder: Path, states: list[str]) -> Draft:
    houses(states).to_csv(folder / "houses.csv", index=False)
    return draft(folder / "houses.csv", "price", folder / "houses.toml")


def test_levels_in_order_stand_at_even_steps_as_scikit_learn_counts_them(tmp_path):
    names = ["poor", "fair", "good", "new"]
    states = np.random.default_rng(0).choice(names, 80).tolist()
    data = load(tmp_path, states)
    counted = OrdinalEncoder(categories=[names]).fit_transform(np.array(states)[:, None])[:, 0]
    both = data.pooled[0][:, 0]
    assert data.features == ("state", "area")
    np.testing.assert_allclose(np.sort(both), np.sort(counted) / 3, rtol=1e-6)
    areas = {
        np.float32(area): code for area, code in zip(houses(states).area, counted, strict=True)
    }
    expected = [areas[area] / 3 for area in data.pooled[0][:, 1]]
    np.testing.assert_allclose(both, expected, rtol=1e-6)


def test_levels_may_have_numbers_of_their_own(tmp_path):
    data = load(tmp_path, ["poor", "fair", "good"] * 20, "{ poor = -2, fair = 0, good = 7.5 }")
    assert np.unique(data.pooled[0][:, 0]).tolist() == [-2, 0, 7.5]


def test_the_lower_median_stands_for_a_missing_level(tmp_path):
    data = load(tmp_path, ["poor", "poor", "fair", "new", "new", ""] * 12)
    known = np.sort(data.train_x[:, 0])
    (prepared, *_) = data.prepared
    assert prepared.imputed == "fair"
    assert prepared.missing == 12
    assert set(np.unique(known)) == {np.float32(0), np.float32(1 / 3), np.float32(1)}


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ('["poor"]', "variables.1.levels: an order needs two levels at least"),
        ('["poor", "poor"]', "variables.1.levels: level named twice: poor"),
        (
            "{ poor = 1, fair = 1 }",
            "variables.1.levels: levels stand in order, each with a greater",
        ),
        (
            "{ poor = 2, fair = 1 }",
            "variables.1.levels: levels stand in order, each with a greater",
        ),
        ('"poor"', "variables.1.levels: .*should be a valid (list|dictionary)"),
    ],
)
def test_a_wrong_order_is_one_clear_line(tmp_path, levels, reason):
    (tmp_path / "houses.toml").write_text(RECIPE.format(levels=levels))
    with pytest.raises(InputError) as refused:
        find_dataset(str(tmp_path / "houses.toml"))
    assert re.search(reason, str(refused.value))
    assert "\n" not in str(refused.value)


def test_an_unknown_level_is_refused_with_its_line(tmp_path):
    with pytest.raises(
        InputError, match=r"line 2, column state: unknown level 'ruin': there is po"
    ):
        load(tmp_path, ["ruin", "poor", "fair"] * 20)


@pytest.mark.parametrize(
    "order",
    [
        ["low", "medium", "high"],
        ["Never", "Rarely", "Sometimes", "Often", "Always"],
        ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"],
        ["1st", "2nd", "3rd", "10th"],
        ["Po", "Fa", "TA", "Gd", "Ex"],
        ["S", "M", "L", "XL"],
        ["none", "mild", "moderate", "severe"],
        ["not at all", "slightly", "somewhat", "very", "extremely"],
        ["not anxious at all", "a little anxious", "somewhat anxious", "very anxious"],
        ["Strongly Oppose", "Oppose", "Favor", "Strongly Favor"],
        ["less than high school", "high school", "some college", "bachelor’s degree or higher"],
        ["Low income", "Middle income", "High income"],
        ["risk: low", "risk: medium", "risk: high"],
    ],
)
def test_names_that_tell_an_order_are_drafted_in_it_and_said(tmp_path, order):
    shuffled = np.random.default_rng(1).permutation(order).tolist()
    assert in_order(shuffled) == order
    made = drafted(tmp_path, shuffled * 20)
    state = made.recipe.variables[0]
    assert isinstance(state, Ordinal)
    assert state.levels == order
    assert f"in order: {' < '.join(order)}" in made.notes["state"]
    assert 'type = "one-hot"' in made.notes["state"]


@pytest.mark.parametrize(
    "texts",
    [
        ["red", "green", "blue"],
        ["low", "medium", "high", "unknown"],
        ["Low", "low", "high"],
        ["medium", "moderate", "low"],
        ["north", "south", "middle"],
        ["Jan", "Feb", "Mar"],
        ["mon", "tue", "wed"],
        ["lower class", "working class", "middle class"],
        ["high", "low", "high low"],
    ],
)
def test_names_without_an_order_or_with_two_of_one_place_are_levels(tmp_path, texts):
    assert in_order(texts) is None
    assert drafted(tmp_path, texts * 20).recipe.variables[0].type == "one-hot"


def test_what_goes_round_is_said_to_have_no_first(tmp_path):
    assert cycle_of(["Jan", "feb", "December"]) == "months"
    made = drafted(tmp_path, ["Mon", "Tue", "Sunday"] * 20)
    assert made.notes["state"] == "days of the week, which have no first and no last"


@pytest.mark.parametrize(
    ("texts", "levels"),
    [
        (["TRUE", "FALSE"], {"FALSE": 0, "TRUE": 1}),
        (["yes", "no"], {"no": 0, "yes": 1}),
        (["t", "f"], {"f": 0, "t": 1}),
        (["nein", "ja"], {"nein": 0, "ja": 1}),
    ],
)
def test_booleans_are_binary_and_said_to_be_what_they_are(tmp_path, texts, levels):
    made = drafted(tmp_path, texts * 30)
    state = made.recipe.variables[0]
    assert isinstance(state, Binary)
    assert state.levels == levels
    assert made.notes["state"] == "no or yes"


def test_two_levels_of_a_scale_are_binary_the_lesser_first(tmp_path):
    made = drafted(tmp_path, ["high", "low"] * 30)
    assert made.recipe.variables[0].model_dump()["levels"] == {"low": 0, "high": 1}
    assert no_and_yes(["high", "low"]) is None


OFFERED = '"ordinal", if the levels have an order'


def test_levels_whose_words_tell_no_order_may_be_put_in_one(tmp_path):
    made = drafted(tmp_path, ["new", "used", "ruined"] * 20)
    (line,) = (line for line in made.text.splitlines() if OFFERED in line)
    assert line.startswith('type = "one-hot"  # or ')
    levels = 'levels = ["new", "ruined", "used"]'
    assert levels in made.text
    taken = made.text.replace(line, 'type = "ordinal"')
    taken = taken.replace(levels, 'levels = ["ruined", "used", "new"]')
    (tmp_path / "houses.toml").write_text(taken)
    (state, *_) = find_dataset(str(tmp_path / "houses.toml")).recipe.variables
    assert isinstance(state, Ordinal)
    assert state.levels == ["ruined", "used", "new"]


@pytest.mark.parametrize(
    "states",
    [
        ["Jan", "Feb", "Mar"] * 20,
        ["red", "green"] * 30,
        [*(["red", "green", "blue"] * 19), *map(str.upper, "abcde")],  # the rare ones are one level
    ],
)
def test_what_goes_round_and_what_is_one_level_of_several_is_offered_no_order(tmp_path, states):
    assert OFFERED not in drafted(tmp_path, states).text
