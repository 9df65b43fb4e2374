"""Rows that count by a column of weights."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Command

from study.datasets.dataset import Dataset, load_dataset
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset

DRAWN = {"test": 0.25, "random_state": 0}


def recipe_of(**keys) -> DatasetRecipe:
    claim = {"level": "variable", "name": "a", "rank": 1, "proportion": 0.8}
    return DatasetRecipe.model_validate(
        {
            "title": "Table",
            "source": "drawn",
            "weight": "w",
            "table": {"file": "table.csv", **keys.pop("table", {})},
            "split": DRAWN,
            "variables": [{"name": name, "type": "numeric"} for name in "ab"],
            "target": {"name": "y", "tolerance": 0.1},
            "claim": {**claim, "model": "mlp", "method": "permutation-grouped"},
            **keys,
        }
    )


def drawn(count: int = 40) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    table = pd.DataFrame(draw.normal(size=(count, 2)), columns=[*"ab"])
    return table.assign(y=table["a"] + draw.normal(size=count), w=1.0 + np.arange(count) % 4)


def loaded(folder: Path, rows: pd.DataFrame, **keys) -> Dataset:
    rows.to_csv(folder / "table.csv", index=False)
    return load_dataset(recipe_of(**keys), folder)


def test_each_row_keeps_its_weight_and_is_divided_as_without(tmp_path):
    table = drawn()
    data = loaded(tmp_path, table)
    without = load_dataset(recipe_of(weight=None), tmp_path)
    for name in ("train_x", "train_y", "test_x", "test_y"):
        np.testing.assert_array_equal(getattr(data, name), getattr(without, name))
    weight_of = dict(
        zip(table["a"].astype(np.float32), table["w"] / table["w"].mean(), strict=True)
    )
    expected = [weight_of[value] for value in data.pooled[0][:, 0]]
    np.testing.assert_allclose(data.row_weights, expected, rtol=1e-12)
    assert without.row_weights is None


def test_a_row_of_weight_0_is_as_if_it_were_not_there(tmp_path):
    table = drawn()
    table.loc[[3, 17], "w"] = 0
    table.loc[3, "a"] = 1e6
    data = loaded(tmp_path, table)
    other = loaded(tmp_path, table.drop([3, 17]))
    assert (data.uncounted, other.uncounted) == (2, 0)
    for name in ("train_x", "train_y", "test_x", "test_y", "row_weights"):
        np.testing.assert_array_equal(getattr(data, name), getattr(other, name))


def test_weights_follow_their_rows_into_the_order_of_time(tmp_path):
    table = drawn().assign(day=np.arange(40)[::-1])
    data = loaded(tmp_path, table, time="day")
    np.testing.assert_allclose(data.row_weights, table["w"][::-1] / table["w"].mean(), rtol=1e-12)


def test_only_the_proportions_of_weights_are_kept_however_small_they_are(tmp_path):
    table = drawn()
    data = loaded(tmp_path, table)
    small = loaded(tmp_path, table.assign(w=table["w"] * 2.0**-140))
    np.testing.assert_array_equal(small.row_weights, data.row_weights)


def weights(row: int, weight: object) -> dict[str, list[object]]:
    known: list[object] = drawn()["w"].tolist()
    return {"w": [*known[:row], weight, *known[row + 1 :]]}


WRONG = {
    "negative": (weights(3, -1), "table.csv, line 5, column w: the weight -1 is below 0: give"),
    "missing": (weights(3, ""), "table.csv, line 5, column w: the weight is missing: give each"),
    "NaN": (weights(3, "NaN"), "table.csv, line 5, column w: the weight is missing: give each"),
    "infinite": (weights(3, "inf"), "table.csv, line 5, column w: "),
    "text": (weights(3, "heavy"), "table.csv, line 5, column w: 'heavy' is not a number"),
    "all zero": ({"w": 0}, "table.csv, column w: every weight is 0"),
    "no column": ({"weight": "wt"}, "table.csv: no column 'wt': "),
    "target": ({"weight": "y"}, "weight: 'y' is the target: name another column"),
    "feature": ({"weight": "a"}, "weight: 'a' is a variable, too"),
    "time": ({"weight": "day", "time": "day"}, "weight: 'day' is time, too"),
    "groups": ({"weight": "day", "groups": "day"}, "weight: 'day' is groups, too"),
    "no name": ({"weight": ""}, "weight"),
    "a number": ({"weight": 3}, "weight"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_weights_is_one_line_and_nothing_is_written(case, command: Command):
    keys, message = WRONG[case]
    table = drawn().assign(day=np.arange(40), **({"w": keys["w"]} if "w" in keys else {}))
    table.to_csv("table.csv", index=False)
    said = {"weight": "w", **{name: of for name, of in keys.items() if name != "w"}}
    Path("bad.toml").write_text(written(said))
    for words in (("data", "check", "bad.toml"), ("run", "--data", "bad.toml", "--seeds", "2")):
        failed = command(*words)
        assert failed.status == 2
        lines = failed.err.strip().splitlines()
        assert len(lines) <= 2
        assert message in " ".join(lines)
        assert sorted(path.name for path in Path().iterdir()) == ["bad.toml", "table.csv"]


def written(keys: dict[str, object]) -> str:
    lines = [f"{key} = {value!r}" for key, value in keys.items()]
    return "\n".join(
        [
            'title = "Table"',
            'source = "drawn"',
            *lines,
            '[table]\nfile = "table.csv"',
            "[split]\ntest = 0.25\nrandom_state = 0",
            *(f'[[variables]]\nname = "{name}"\ntype = "numeric"' for name in "ab"),
            '[target]\nname = "y"\ntolerance = 0.1',
            '[claim]\nlevel = "variable"\nname = "a"\nrank = 1\nproportion = 0.8',
            'model = "mlp"\nmethod = "permutation-grouped"',
        ]
    )


def test_imported_scores_have_no_rows_to_weigh():
    recipe = recipe_of().model_dump(exclude_defaults=True)
    recipe |= {"table": None, "split": None, "scores": "scores.csv"}
    with pytest.raises(ValueError, match="weight: there is no table"):
        DatasetRecipe.model_validate(recipe)


def test_a_number_with_commas_is_a_weight_where_the_table_says_so(tmp_path):
    table = drawn()
    expected = loaded(tmp_path, table).row_weights
    texts = table.assign(w=[f"{weight:.1f}".replace(".", ",") for weight in table["w"]])
    texts.to_csv(tmp_path / "table.csv", index=False, sep=";", decimal=",")
    recipe = recipe_of(table={"separator": ";", "decimal": ","})
    np.testing.assert_array_equal(load_dataset(recipe, tmp_path).row_weights, expected)


@pytest.mark.parametrize("name", ["Freq", "n", "count"])  # of R, dplyr and pandas
@pytest.mark.parametrize(("step", "offered"), [(1, True), (0.5, False), (-1, False)])
def test_init_offers_the_counts_of_a_counted_table(name, step, offered, command):
    table = drawn(80).drop(columns="w")
    table[name] = step * (np.arange(80) % 7)
    table.to_csv("table.csv", index=False)
    made = command("data", "init", "table.csv", "--target", "y")
    assert made.status == 0
    assert (f"{name} may tell how much each row counts" in " ".join(made.out.split())) == offered
    assert name in [of.name for of in find_dataset("table").recipe.variables]


@pytest.mark.parametrize(
    ("name", "offered", "variable"),
    [
        ("sampling_weight", True, False),
        ("SampleWeight", True, False),
        ("fnlwgt", True, False),
        ("weight", True, True),
        ("wt", True, True),
        ("w", True, True),
        ("height", False, True),
    ],
)
def test_init_offers_a_weight_line_by_the_name_of_a_column(name, offered, variable, command):
    table = drawn(80).rename(columns={"w": name})
    table[name] += np.random.default_rng(3).uniform(size=80).round(2)
    table.to_csv("table.csv", index=False)
    made = command("data", "init", "table.csv", "--target", "y")
    assert made.status == 0
    said = " ".join(made.out.split())
    assert (f"{name} may tell how much each row counts" in said) == offered
    recipe = find_dataset("table").recipe
    assert recipe.weight is None
    assert (name in [of.name for of in recipe.variables]) == variable
    path = Path("data/table.toml")
    assert (f'\n# weight = "{name}"\n' in path.read_text()) == offered
    if offered and not variable:
        path.write_text(path.read_text().replace("# weight = ", "weight = "))
        checked = " ".join(command("data", "check", "table").out.split())
        assert f"Rows count by {name}: means over them vary as those of" in checked


def test_a_column_with_a_weight_below_0_is_not_offered(command):
    table = drawn(80).rename(columns={"w": "sampling_weight"})
    table.loc[0, "sampling_weight"] = -1.0
    table.to_csv("table.csv", index=False)
    made = command("data", "init", "table.csv", "--target", "y")
    assert made.status == 0
    assert "# weight" not in Path("data/table.toml").read_text()


@pytest.mark.parametrize(
    ("name", "median", "variable"),
    [
        ("weight", 300_000, False),
        ("wt", 100_000, False),
        ("weight", 70_000, True),
        ("ship_weight", 300_000, True),
    ],
)
def test_what_is_called_a_weight_and_is_as_large_as_those_of_surveys_is_no_variable(
    name, median, variable, command
):
    table = drawn(81).rename(columns={"w": name})
    table[name] = median + np.random.default_rng(4).permutation(np.arange(-40, 41))
    table.to_csv("table.csv", index=False)
    assert command("data", "init", "table.csv", "--target", "y").status == 0
    assert (name in [of.name for of in find_dataset("table").recipe.variables]) == variable
    path = Path("data/table.toml")
    if not variable:
        path.write_text(path.read_text().replace(f'# weight = "{name}"', f'weight = "{name}"'))
        assert command("data", "check", "table").status == 0
        assert find_dataset("table").recipe.weight == name
