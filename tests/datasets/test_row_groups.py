"""Rows that belong together go to the same side of the split, and what is wrong is said."""

import tomllib
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Command
from sklearn.model_selection import GroupShuffleSplit
from sklearn.neighbors import KNeighborsRegressor

from study.common.errors import InputError
from study.datasets.checks.registry import data_warnings
from study.datasets.dataset import Dataset, load_dataset, load_proposing
from study.datasets.row_groups import joined
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset

CASES = Path(__file__).parent.parent / "cases" / "tables"
DRAWN = {"test": 0.25, "random_state": 0}
GIVEN = {"column": "set", "train": "train", "test": "test"}


def recipe_of(names: Sequence[str] = "ab", **keys) -> DatasetRecipe:
    """A recipe that predicts y from some columns of table.csv."""
    variables = [{"name": name, "type": "numeric"} for name in names]
    claim = {"level": "variable", "name": names[0], "rank": 1, "proportion": 0.8}
    return DatasetRecipe.model_validate(
        {
            "title": "Table",
            "source": "drawn",
            "table": {"file": "table.csv", **keys.pop("table", {})},
            "split": DRAWN,
            "variables": variables,
            "target": {"name": "y", "tolerance": 0.1},
            "claim": {**claim, "model": "mlp", "method": "permutation-grouped"},
            **keys,
        }
    )


def loaded(folder: Path, rows: pd.DataFrame, **keys) -> Dataset:
    rows.to_csv(folder / "table.csv", index=False)
    return load_dataset(recipe_of(**keys), folder)


def visits(subjects: int = 12, times: int = 4) -> pd.DataFrame:
    """Subjects in the order of their names as texts, each measured as often, in a mixed order."""
    draw = np.random.default_rng(2)
    rows = subjects * times
    table = pd.DataFrame(draw.normal(size=(rows, 3)).round(3), columns=["a", "b", "y"])
    table["who"] = [f"p{place % subjects:02}" for place in draw.permutation(rows)]
    return table


def targets(table: pd.DataFrame) -> np.ndarray:
    return table["y"].to_numpy(dtype=np.float32)


def test_the_split_is_that_of_scikit_learns_group_shuffle_split(tmp_path):
    table = visits()
    data = loaded(tmp_path, table, groups="who")
    splitter = GroupShuffleSplit(n_splits=1, test_size=0.25, random_state=0)
    ((train, test),) = splitter.split(table, groups=table["who"])
    np.testing.assert_array_equal(data.train_y, targets(table.iloc[train]))
    np.testing.assert_array_equal(data.test_y, targets(table.iloc[test]))
    assert data.group_counts == (9, 3)
    assert data.features == ("a", "b")


def test_without_the_keys_there_are_no_groups(tmp_path):
    data = loaded(tmp_path, visits())
    assert data.row_groups is None
    assert data.group_counts is None


def test_numbers_of_groups_are_compared_as_texts(tmp_path):
    table = visits(12, 2)
    table["who"] = [f"{'0' * (place % 2)}{place // 2 % 6 + 1}" for place in range(24)]
    assert loaded(tmp_path, table, groups="who").group_counts == (9, 3)  # 01 is not 1
    long = [f"100000000000000000{place % 12:02}" for place in range(24)]
    assert loaded(tmp_path, table.assign(who=long), groups="who").group_counts == (9, 3)


@pytest.mark.parametrize("target", ["same", "rounded", "another"])
@pytest.mark.parametrize("features", ["same", "last digit"])
def test_rows_equal_in_all_variables_stay_together_whatever_their_target(
    tmp_path, target, features
):
    table = visits(20, 1).drop(columns="who")
    again = table.copy()
    if features == "last digit":  # as after a detour by another program
        again["a"] = np.nextafter(again["a"], np.inf)
    change = {"same": 0, "rounded": 1e-4, "another": 1}[target]
    data = loaded(tmp_path, pd.concat([table, again.assign(y=again["y"] + change)]),
                  equal_rows="together")  # fmt: skip
    assert data.group_counts == (15, 5)
    train, test = (set(map(tuple, x)) for x in (data.train_x, data.test_x))
    assert not train & test
    assert (len(data.train_y), len(data.test_y)) == (30, 10)


def test_rows_that_differ_in_one_variable_are_not_equal(tmp_path):
    table = visits(20, 1).drop(columns="who")
    both = pd.concat([table, table.assign(b=table["b"] + 0.001)])
    assert loaded(tmp_path, both, equal_rows="together").group_counts == (30, 10)


def test_rows_with_the_same_values_missing_are_equal(tmp_path):
    table = visits(20, 1).drop(columns="who")
    table.loc[3:8, "a"] = np.nan
    keys = {"equal_rows": "together", "table": {"missing": "impute"}}
    assert loaded(tmp_path, pd.concat([table, table]), **keys).group_counts == (15, 5)


def test_subjects_with_equal_rows_are_one_group(tmp_path):
    table = visits(8, 2).sort_values("who", ignore_index=True)
    table.loc[2, ["a", "b"]] = table.loc[1, ["a", "b"]]  # of the first and the second subject
    data = loaded(tmp_path, table, groups="who", equal_rows="together")
    assert sum(data.group_counts) == 7
    assert loaded(tmp_path, table, groups="who").group_counts == (6, 2)


def test_two_groupings_are_joined_as_by_following_every_link():
    draw = np.random.default_rng(5)
    for _ in range(20):
        first, second = draw.integers(0, 8, (2, 12))
        first, second = (np.unique(of, return_inverse=True)[1] for of in (first, second))
        together = (first[:, None] == first) | (second[:, None] == second)
        for _ in range(12):
            together = together.astype(int) @ together > 0
        found = joined(first, second)
        np.testing.assert_array_equal(found[:, None] == found, together)


def test_copies_under_their_groups_leave_the_split_as_it_was(tmp_path):
    table = visits()
    once = loaded(tmp_path, table, groups="who")
    twice = loaded(tmp_path, pd.concat([table, table]), groups="who")
    for of_once, of_twice in ((once.train_y, twice.train_y), (once.test_y, twice.test_y)):
        assert sorted([*of_once, *of_once]) == sorted(of_twice)


def test_the_rows_that_a_claim_was_proposed_from_part_no_group(tmp_path):
    table = visits(16, 3)
    proposal = {"part": 0.5, "random_state": 0}
    data = loaded(tmp_path, table, groups="who", proposal=proposal)
    owner = dict(zip(targets(table).tolist(), table["who"], strict=True))
    _, left = load_proposing(data, tmp_path)
    parts = [{owner[y] for y in part.tolist()} for part in (left, data.train_y, data.test_y)]
    assert [len(part) for part in parts] == [8, 6, 2]
    assert len(set.union(*parts)) == 16


def test_groups_hold_over_tables_of_training_and_of_test_rows(tmp_path):
    table = visits()
    cut = table["who"] < "p04"
    table[~cut].to_csv(tmp_path / "train.csv", index=False)
    pd.concat([table[cut], table[~cut].head(2)]).to_csv(tmp_path / "test.csv", index=False)
    files = {"file": None, "train": "train.csv", "test": "test.csv"}
    data = load_dataset(recipe_of(groups="who", table=files, split=None), tmp_path)
    parted = len(set(table.loc[~cut, "who"].head(2)))
    assert data.group_counts == (8, 4 + parted)
    (warning,) = (one for one in data_warnings(data) if one.code == "D008")
    assert f"{parted} of 12 groups (rows with the same who)" in warning.evidence
    assert "2 of 18 test rows" in warning.evidence


def test_a_given_split_that_parts_groups_is_said_and_one_that_does_not_is_not(tmp_path):
    table = visits()
    parting = table.assign(set=np.where(table.index % 4, "train", "test"))
    keeping = table.assign(set=np.where(table["who"] < "p04", "test", "train"))
    for made, codes in ((parting, ["D008"]), (keeping, [])):
        data = loaded(tmp_path, made, groups="who", split=GIVEN)
        assert [warning.code for warning in data_warnings(data)] == codes


@pytest.mark.parametrize(
    ("sizes", "constant", "told"),
    [
        ((4, 4, 8, 8), False, None),
        ((4, 4, 5, 8), True, None),
        ((4, 4, 5, 8), False, "2 of 4 groups of training rows (rows with the same who) have"),
        ((4, 4, 4, 8), False, None),
    ],
)
def test_groups_of_training_rows_that_have_no_other_of_their_size_are_told_of(
    tmp_path, sizes, constant, told
):
    who = np.repeat([*"cdefst"], [*sizes, 3, 3])
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(len(who), 2)), columns=[*"ab"])
    table["y"] = [*map(ord, who)] if constant else table["a"]
    table = table.assign(who=who, set=np.where(who > "g", "test", "train"))
    found = data_warnings(loaded(tmp_path, table, groups="who", split=GIVEN))
    said = [warning.evidence for warning in found if warning.code == "D009"]
    assert [said[0].startswith(told)] == [True] if told else said == []


def test_groups_of_one_row_each_leave_nothing_to_be_said(tmp_path):
    table = visits(40, 1)
    assert data_warnings(loaded(tmp_path, table, groups="who")) == ()


WRONG = {
    "missing": ({"who": lambda t: t["who"].where(t.index != 4, "")},
                r"table.csv, line 6, column who: the group is missing \(''\): fill it in"),
    "marked": ({"who": lambda t: t["who"].where(t.index != 0, "NA")},
               r"table.csv, line 2, column who: the group is missing \('NA'\)"),
    "single": ({"who": "all"},
               r"all 48 rows are one group \(rows with the same who\), and stay together"),
    "two": ({"who": lambda t: np.where(t.index < 1, "x", "y"), "split": {**DRAWN, "test": 0.9}},
            "split of 48 rows in 2 groups: .*train set will be empty"),
    "no column": ({"groups": "whom"}, "no column 'whom': did you mean 'who'?"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_groups_is_one_line(tmp_path, case):
    changed, message = WRONG[case]
    keys = {"groups": "who", **changed}
    table = visits()
    if "who" in keys:
        table = table.assign(who=keys.pop("who"))
    with pytest.raises(InputError, match=message) as caught:
        loaded(tmp_path, table, **keys)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"groups": "a"}, "groups: 'a' is a variable, too"),
        ({"groups": "y"}, "groups: 'y' is the target"),
        ({"equal_rows": "apart"}, "equal_rows"),
        ({"groups": ""}, "groups"),
    ],
)
def test_a_recipe_that_groups_by_what_cannot_be_is_refused(keys, message):
    with pytest.raises(ValueError, match=message):
        recipe_of(**keys)


def test_the_order_of_groups_in_the_file_changes_no_side(tmp_path):
    """The draw depends on the names of the groups, and not on where their rows stand."""
    table = visits(4, 2)
    sides = set()
    for order in permutations(range(4)):
        moved = pd.concat([table[table["who"] == f"p{place:02}"] for place in order])
        sides.add(frozenset(loaded(tmp_path, moved, groups="who").test_y.tolist()))
    assert len(sides) == 1


def drafted(name: str, command: Command, *options: str) -> tuple[str, DatasetRecipe, Dataset]:
    """What init says of a case, its recipe, and its data."""
    made = command("data", "init", str(CASES / f"{name}.csv"), "--target", "y", *options)
    assert made.status == 0
    found = find_dataset(name)
    dataset = load_dataset(found.recipe, found.path.parent)
    return " ".join(made.out.split()), found.recipe, dataset


def learned_by_heart(data: Dataset) -> float:
    """R² on the test rows of what only looks up the nearest training row."""
    return KNeighborsRegressor(1).fit(data.train_x, data.train_y).score(data.test_x, data.test_y)


def test_init_keeps_copies_together_and_says_so(command: Command):
    said, recipe, data = drafted("06-five-times", command)
    assert recipe.equal_rows == "together"
    assert "200 of 250 rows equal an earlier one in all variables, more than by chance" in said
    assert "training rows are of 37 groups, the test rows of 13" in said
    assert (len(data.train_y), len(data.test_y)) == (185, 65)
    line = next(
        line for line in Path("data/06-five-times.toml").read_text().splitlines()
        if line.startswith("equal_rows")
    )  # fmt: skip
    assert "# rows are equal, more than by chance" in line
    apart = recipe.model_copy(update={"equal_rows": None})
    assert learned_by_heart(load_dataset(apart, Path("data"))) == 1
    assert learned_by_heart(data) < 0


def test_init_leaves_a_table_without_copies_as_it_was(command: Command):
    said, recipe, data = drafted("06-once", command)
    assert not recipe.groups_rows
    assert "equal" not in said
    assert (len(data.train_y), len(data.test_y)) == (37, 13)
    assert "equal_rows" not in tomllib.loads(Path("data/06-once.toml").read_text())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("options", [(), ("--propose-from-half",)])
def test_levels_of_copied_rows_are_chosen_by_the_rows_that_train(command, seed, options):
    """Each level of the recipe is one of training rows, whichever groups these are of."""
    draw = np.random.default_rng(seed)
    rows = pd.DataFrame({"a": draw.normal(size=60).round(3), "y": draw.normal(size=60)})
    rows["town"] = draw.choice([*"abcdefgh"], 60, p=[0.3, 0.3, 0.2, 0.1, *[0.025] * 4])
    table = draw.permutation(pd.concat([rows] * 3).to_numpy())
    pd.DataFrame(table, columns=rows.columns).to_csv("towns.csv", index=False)
    assert command("data", "init", "towns.csv", "--target", "y", *options).status == 0
    data = load_dataset((found := find_dataset("towns")).recipe, found.path.parent)
    assert data.recipe.equal_rows == "together"
    (town,) = (group for group in data.groups if len(group) > 1)
    assert (data.train_x[:, town].sum(axis=0) >= 5).all()


def test_a_claim_from_half_of_the_rows_is_not_from_copies_of_the_others(command: Command):
    _, recipe, data = drafted("06-five-times", command, "--propose-from-half")
    assert recipe.equal_rows == "together"
    assert data.left_out == 125
    rows, _ = load_proposing(data, Path("data"))
    assert not {tuple(row) for row in rows} & {tuple(row) for row in data.pooled[0]}


def test_visits_are_split_by_patients(tmp_path):
    table = pd.read_csv(CASES / "07-visits.csv")
    names = ["age", "bmi", "bp", "dose", "crp"]
    data = loaded(tmp_path, table, names=names, groups="patient_id")
    assert data.group_counts == (30, 10)
    assert (len(data.train_y), len(data.test_y)) == (150, 50)
    assert "patient_id" not in data.features
