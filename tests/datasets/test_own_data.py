"""From a table that none of us made to a report, without touching the recipe."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import palmerpenguins
import pandas as pd
import pytest
import statsmodels.api
import vega_datasets
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression

import study
from study.cli.main import main
from study.datasets.dataset import load_dataset
from study.datasets.drafting.draft import draft
from study.recipes.columns import OneHot
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset

Command = Callable[..., str]


@pytest.fixture
def command(tmp_path, monkeypatch, capsys) -> Command:
    """Run `study ARGUMENTS` in an empty folder, with models that train for three epochs."""
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    for name in ("mlp", "linear"):
        text = (ROOT / "models" / f"{name}.toml").read_text()
        Path("models", f"{name}.toml").write_text(text.replace("epochs = 300", "epochs = 3"))

    def run(*arguments: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["study", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        assert stop.value.code == status, said.err
        return " ".join((said.out if status == 0 else said.err).split())

    return run


TABLES = {
    "cars": (
        lambda: pd.read_json(vega_datasets.data.cars.filepath),  # its own reader warns
        "Miles_per_Gallon",
        ["Cylinders", "Displacement", "Horsepower", "Weight_in_lbs", "Acceleration", "Year", "Origin"],
        ["date 1970-01-01 to 1982-01-01, as days", "Name 311 different texts", "14 rows are dropped"],
    ),
    "penguins": (
        palmerpenguins.load_penguins,
        "body_mass_g",
        ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "sex", "year"],
        ["3 levels Adelie", "binary female", "11 rows are dropped"],
    ),
    "fair": (
        lambda: statsmodels.api.datasets.fair.load_pandas().data,
        "affairs",
        ["rate_marriage", "age", "yrs_married", "children", "religious", "educ", "occupation", "occupation_husb"],
        ["values of 0 or less", "lie far out", "different whole numbers, kept as numbers"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_others_becomes_a_report_in_four_commands(name, command, sketched):
    load, target, variables, facts = TABLES[name]
    table = load()
    # Parquet keeps dates and missing values as they are.
    if name == "fair":
        table.to_parquet("fair.parquet")
        first = command("data", "init", "fair.parquet", "--target", target)
    else:
        table.to_csv(f"{name}.csv", index=False)
        first = command("data", "init", f"{name}.csv", "--target", target)
    assert [fact for fact in facts if fact not in first] == []
    second = command("data", "check", name)
    assert f"Proposed claim, from the data: {study_claim(name)} has rank 1" in first
    assert f"Claim, proposed from the data: {study_claim(name)} has rank 1" in second
    command("run", "--data", name, "--models", "mlp,linear", "--seeds", "2", "--workers", "1")
    command("report", f"reports/{name}")
    page = " ".join(Path(f"reports/{name}/report.html").read_text().split())
    assert "Proposed from the data by linear regression before the networks were" in page
    assert "Declared before the run" not in page
    assert "Proposed from the data by linear regression before" in command("table", "claim")
    run = study.load(f"reports/{name}")
    assert run.variables == variables
    assert run.models.keys() == {"mlp", "linear"}


def study_claim(name: str) -> str:
    """What the variables' mean drops in R² by scikit-learn put first on the training rows."""
    data = load_dataset(find_dataset(name).recipe, Path("data"))
    drops = by_scikit_learn(data.train_x, data.train_y, data.groups, repeats=40)
    return data.variables[int(drops.argmax())]


def by_scikit_learn(x, y, groups, repeats: int) -> np.ndarray:
    """Grouped permutation importance of LinearRegression, each group one column of row numbers."""

    class Grouped:
        def fit(self, *_):
            return self

        def score(self, rows, y):
            moved = np.column_stack([x[rows[:, place]][:, g] for place, g in enumerate(groups)])
            return model.score(moved, y)

    model = LinearRegression().fit(x, y)
    numbers = np.tile(np.arange(len(x))[:, None], (1, len(groups)))
    found = permutation_importance(Grouped(), numbers, y, n_repeats=repeats, random_state=0)
    return found.importances_mean


def test_the_proposal_is_the_mean_of_permutations(tmp_path):
    palmerpenguins.load_penguins().to_csv(tmp_path / "penguins.csv", index=False)
    made = draft(tmp_path / "penguins.csv", "body_mass_g", tmp_path / "data" / "p.toml")
    data = made.dataset
    expected = by_scikit_learn(data.train_x, data.train_y, data.groups, repeats=400)
    np.testing.assert_allclose(made.scores, expected, rtol=0.05, atol=2e-4)
    assert list(tmp_path.iterdir()) == [tmp_path / "penguins.csv"]


def test_the_claim_does_not_look_at_the_test_rows(tmp_path):
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3)), columns=["a", "b", "y"])
    table["set"] = np.where(np.arange(80) < 60, "train", "test")
    train = table["set"] == "train"
    table.loc[train, "y"] = table.loc[train, "a"] + 0.5 * table.loc[train, "y"]
    table.loc[~train, "y"] = 50 * table.loc[~train, "b"]
    table.to_csv(tmp_path / "t.csv", index=False)
    made = draft(tmp_path / "t.csv", "y", tmp_path / "t.toml")
    assert made.recipe.claim.name == "a"
    assert made.recipe.split.column == "set"
    assert (len(made.dataset.train_y), len(made.dataset.test_y)) == (60, 20)


def made_of(folder: Path, **columns: object):
    """The draft of a table of 120 rows with these columns and a target."""
    draw = np.random.default_rng(3)
    table = pd.DataFrame({"x": draw.normal(size=120), **columns, "y": draw.normal(size=120)})
    table.to_csv(folder / "t.csv", index=False)
    return draft(folder / "t.csv", "y", folder / "t.toml")


NUMBERS = np.arange(120)


@pytest.mark.parametrize(
    ("name", "cells", "reason"),
    [
        ("id", NUMBERS, "labels of rows (T001)"),
        ("customer_id", 7000 + 3 * NUMBERS, "an identifier"),
        ("row", NUMBERS[::-1] + 1, "labels of rows (T001)"),
        ("code", [f"K{n:04}" for n in NUMBERS], "an identifier or free text"),
        ("same", "yes", "the same in all rows ('yes')"),
        ("zero", 0, "the same in all rows (0)"),
        ("void", np.nan, "no value in any row"),
        ("sparse", np.where(NUMBERS % 4 == 0, NUMBERS, np.nan), "no value in 90 of 120 rows"),
        ("day", [f"{1 + n % 12}/12/2020" for n in NUMBERS], "dates: days, months or years may be"),
        (
            "day",
            [f"{1 + n % 28}/12/2020" if n else "2020-12-01" for n in NUMBERS],
            "dates that are not all in one",
        ),
        ("price", [f"<{n}.50" for n in NUMBERS], "take the signs around them off"),
        ("mixed", ["?!" if n == 5 else str(n * 1.5) for n in NUMBERS], "numbers, but also '?!'"),
        ("rare", [f"level{n // 3}" for n in NUMBERS], "40 different texts, most of them rare"),
        ("", NUMBERS * 2, "no name"),
    ],
)
def test_columns_are_left_out_with_a_reason(tmp_path, name, cells, reason):
    made = made_of(tmp_path, **{name: cells})
    assert made.dataset.variables == ("x",)
    [(column, said)] = made.left_out.items()
    assert column == (name or "(no name)")
    assert reason in said
    assert reason in made.text


def test_columns_are_kept_by_their_kind(tmp_path):
    made = made_of(
        tmp_path,
        flag=np.arange(120) % 2,
        answer=np.array(["yes", "no"])[np.arange(120) % 2],
        grade=np.arange(120) % 5 + 1,
        year=np.arange(120) + 1900,
        town=np.array(["a", "b", "c"])[np.arange(120) % 3],
    )
    kinds = {variable.name: variable.type for variable in made.recipe.variables}
    assert kinds == {
        "x": "numeric", "flag": "binary", "answer": "binary", "grade": "numeric",
        "year": "numeric", "town": "one-hot",
    }  # fmt: skip
    assert made.recipe.variables[1].levels == {"0": 0, "1": 1}
    assert made.recipe.variables[2].levels == {"no": 0, "yes": 1}
    assert all(v.standardise for v in made.recipe.variables if v.type == "numeric")
    assert made.notes == {
        "grade": "5 different whole numbers, kept as numbers",
        "answer": "no or yes",
    }


def test_rare_levels_are_one_that_training_has_met(tmp_path):
    town = np.array(["a", "b", "c"])[np.arange(120) % 3].astype(object)
    town[[0, 40, 80]] = ["d", "e", "f"]
    made = made_of(tmp_path, town=town)
    variable = made.recipe.variables[1]
    assert isinstance(variable, OneHot)
    # Rare rows that are fewer than five together are no level, but count as the most frequent.
    assert variable.levels == ["a", "b", "c"]
    counts = made.dataset.train_x[:, 1:].sum(axis=0)
    assert variable.other == variable.levels[counts.argmax()]
    assert counts.min() >= 5
    assert counts.sum() == len(made.dataset.train_y)


def test_missing_values_are_dropped_if_few_and_imputed_if_many(tmp_path):
    few, many = (np.where(NUMBERS % step == 1, np.nan, NUMBERS**1.5) for step in (40, 6))
    assert made_of(tmp_path, gaps=few).recipe.table.missing == "drop"
    made = made_of(tmp_path, gaps=many)
    assert made.recipe.table.missing == "impute"
    assert len(made.dataset.train_y) + len(made.dataset.test_y) == 120
    assert made_of(tmp_path, whole=NUMBERS**1.5).recipe.table.missing == "refuse"


def test_given_test_rows_may_hold_levels_that_training_does_not(tmp_path):
    draw = np.random.default_rng(4)
    for name, towns in (("train", "abc"), ("test", "abcd")):
        rows = pd.DataFrame({"town": list(towns * 20), "x": draw.normal(size=20 * len(towns))})
        rows.assign(y=rows["x"]).to_csv(tmp_path / f"{name}.csv", index=False)
    made = draft(tmp_path / "train.csv", "y", tmp_path / "t.toml", test_path=tmp_path / "test.csv")
    assert made.recipe.variables[0].levels == ["a", "b", "c"]
    assert made.recipe.variables[0].other == "a"
    assert made.recipe.split is None
    assert made.recipe.table.train == "train.csv"
    assert len(made.dataset.test_y) == 80


@pytest.mark.parametrize(
    ("content", "target", "encoding", "words"),
    [
        ("a;b;y\n1,5;x;2,25\n", "y", "utf-8", ["semicolons", "decimal commas"]),
        ("a\tb\ty\n1.5\tx\t2.25\n", "y", "utf-8", ["tabs"]),
        ("a|b|y\r\n1.5|x|2.25\r\n", "y", "utf-8", ["bars"]),
        ('a,b,y\n"1,500",x,2.25\n', "y", "utf-8", ["'," "' between thousands"]),
        ('a;b;y\n1.500,5;x;2,25\n', "y", "utf-8", ["decimal commas", "'." "' between thousands"]),
        ("1.5,x,2.25\n", "column3", "utf-8", ["no header line"]),
        ("a,b,y\n1.5,x,2.25\n", "y", "utf-8-sig", ["UTF-8"]),
        ("a,b,é\n1.5,x,2.25\n", "é", "utf-16", ["UTF-16, by its byte order mark"]),
        ("a,b,é\n1.5,x,2.25\n", "é", "cp1252", ["read as cp1252 (a guess"]),
        ("a, b ,y\n 1.5 , x , 2.25\n\n\n", "y", "utf-8", ["commas", "a header"]),
    ],
)  # fmt: skip
def test_the_layout_of_a_file_is_found_and_said(tmp_path, content, target, encoding, words):
    """Its first row is that of all these files, in one layout or another."""
    end = "\r\n" if "\r\n" in content else "\n"
    sign = next(sign for sign in "\t;|," if sign in content)
    rows = [[str(n * n), "xz"[n % 2], str(n % 7)] for n in range(30)]
    text = content + "".join(sign.join(row) + end for row in rows)
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    made = draft(tmp_path / "t.csv", target, tmp_path / "t.toml")
    said = ", ".join(made.layout)
    assert [word for word in words if word not in said] == []
    assert len(made.dataset.train_y) + len(made.dataset.test_y) == 31
    held = np.concatenate([made.dataset.train_y, made.dataset.test_y])
    values = made.dataset.target_scale.undo(held)
    assert np.isclose(values, 2.25, atol=1e-5).sum() == 1


names = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r\n"), min_size=1).map(str.strip).filter(bool)  # fmt: skip


@settings(deadline=None)
@given(st.lists(names, min_size=3, max_size=3, unique=True))
def test_any_name_survives_the_recipe(tmp_path_factory, columns):
    folder = tmp_path_factory.mktemp("names")
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {columns[0]: draw.normal(size=40), columns[1]: draw.choice(list("abc"), 40)}
    )
    table[columns[2]] = draw.normal(size=40)
    table.to_csv(folder / "t.csv", index=False, quoting=1)
    made = draft(folder / "t.csv", columns[2], folder / "t.toml")
    (folder / "t.toml").write_text(made.text)
    again = find_dataset(str(folder / "t.toml")).recipe
    assert isinstance(again, DatasetRecipe)
    assert [*(v.name for v in again.variables), again.target.name] == columns


def test_a_recipe_is_not_overwritten_and_a_target_is_looked_for(command):
    shutil.copy(ROOT / "data" / "people_train.txt", "own.txt")
    said = command("data", "init", "own.txt", "--target", "income", status=2)
    assert "the first line is no header" in said or "column1 to column9" in said
    command("data", "init", "own.txt", "--target", "column6")
    assert "is there already" in command("data", "init", "own.txt", "--target", "column6", status=2)
    Path("houses.csv").write_text("area,price\n1,2\n3,5\n")
    said = command("data", "init", "houses.csv", "--target", "prize", status=2)
    assert "no column 'prize': did you mean 'price'?" in said
    said = command("data", "init", "houses.csv", status=2)
    assert "houses.csv: say by --target what is to be predicted: there is area, price" in said
    pd.read_csv("houses.csv").to_parquet("houses.parquet")
    assert "there is area, price" in command("data", "init", "houses.parquet", status=2)


def test_a_file_of_two_words_is_named_as_a_shell_takes_it(command):
    table = pd.DataFrame(np.random.default_rng(8).normal(size=(40, 3)), columns=["a", "b", "y"])
    table.to_csv("my survey.csv", index=False)
    said = command("data", "init", "my survey.csv", "--target", "y")
    assert "study run --data 'my survey'" in said
    command("run", "--data", "my survey", "--models", "mlp,linear", "--seeds", "2", "--workers", "1")  # fmt: skip
    assert study.load("reports/my survey").dataset == "my survey"


def test_check_warns_of_what_may_spoil_a_study(command):
    draw = np.random.default_rng(6)
    x = draw.normal(size=60)
    table = pd.DataFrame({"x": x, "copy": 2 * x, "near": x + 0.05 * draw.normal(size=60)})
    table["other"] = draw.normal(size=60)
    table["town"] = np.where(np.arange(60) < 2, "Mons", draw.choice(["Ghent", "Bruges"], 60))
    table["set"] = np.where(np.arange(60) < 50, "train", "test")
    table["y"] = x + draw.normal(size=60)
    table.to_csv("t.csv", index=False)
    command("data", "init", "t.csv", "--target", "y")
    recipe = Path("data/t.toml").read_text()
    levels, other = (
        next(line for line in recipe.splitlines() if line.startswith(key))
        for key in ("levels = ", "other = ")
    )
    assert levels == 'levels = ["Bruges", "Ghent"]'
    changed = recipe.replace(levels, 'levels = ["Bruges", "Ghent", "Mons"]')
    Path("data/t.toml").write_text(changed.replace(f"{other}\n", ""))
    said = command("data", "check", "t")
    for words in (
        "levels with fewer than 5 training rows: town=Mons (2)",
        "All 10 test rows hold the same value of town=Mons:",
        "features that others determine: x, copy;",
        "10 test rows",
        "those with 'test' in set",
        "5 variables, 7 features",
    ):
        assert words in said
    assert "others explain to 90% or more: near;" in said
    data = load_dataset(find_dataset("t").recipe, Path("data"))
    fit = LinearRegression().fit(data.train_x, data.train_y)
    scores = [fit.score(data.train_x, data.train_y), fit.score(data.test_x, data.test_y)]
    assert "R² {:.2f} on the training rows, {:.2f} on the test rows".format(*scores) in said


def test_check_says_numbers_in_their_units_of_columns_that_are_encoded_too(command):
    said = command("data", "check", str(ROOT / "data" / "people.toml"))
    for words in (
        "Training rows 200 Test rows 40, given by a file of their own",
        "income, 20,300 to 81,800 dollars",
        "age number 18 to 68 years, divided by 100",
        "sex binary male 94, female 106",
        "State 3 levels Michigan 72, Nebraska 64, Oklahoma 64",
        "Claim: age has rank 1",
    ):
        assert words in said


def test_words_that_may_be_levels_are_named_where_they_are_read_as_missing(command):
    rows = "".join(f"{['NA', 'Some', 'Many'][row % 3]},{row % 7},{row}\n" for row in range(60))
    Path("t.csv").write_text("k,x,y\n" + rows)
    said = command("data", "init", "t.csv", "--target", "y")
    assert "'NA' is read as a missing value; if it is a level" in said
    assert "'NA' is read as a missing value" in Path("data/t.toml").read_text()
    rows = rows.replace("NA", "")
    Path("u.csv").write_text("k,x,y\n" + rows)
    assert "is read as a missing value" not in command("data", "init", "u.csv", "--target", "y")


def test_signs_that_turn_the_order_of_others_are_written_out(command):
    hidden = "a\u202eb"
    rows = "".join(f"{row % 5},{row % 7},{row}\n" for row in range(60))
    Path("t.csv").write_text(f"{hidden},x,y\n" + rows)
    command("data", "init", "t.csv", "--target", "y")
    text = Path("data/t.toml").read_text()
    assert hidden not in text
    assert hidden in find_dataset("t").recipe.features


@pytest.mark.parametrize("slope", [0, 1])
def test_init_says_where_what_it_proposes_explains_next_to_nothing(command, slope):
    """Of parabolas about 0, a line explains nothing."""
    a, b, noise = np.random.default_rng(1).normal(size=(3, 4000))
    table = pd.DataFrame({"a": a, "y": slope * a + a**2 + noise, "b": b})
    table.to_csv("table.csv", index=False)
    made = command("data", "init", "table.csv", "--target", "y")
    assert ("That is next to nothing." in " ".join(made.split())) == (slope == 0)


def test_a_cost_that_hardly_grows_with_the_columns_is_one_number(command):
    """183 rows of 9 features: 19 steps of 20, times 9 / 8 or its square."""
    table = pd.DataFrame(np.random.default_rng(1).normal(size=(244, 10)), columns=[*"abcdefghiy"])
    table.to_csv("table.csv", index=False)
    command("data", "init", "table.csv", "--target", "y")
    said = " ".join(command("data", "check", "table").split())
    assert "very roughly about 1 times" in said
