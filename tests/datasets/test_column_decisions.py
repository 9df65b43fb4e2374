"""What `study data init` makes of columns that are often misread, and what is said of each."""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from study.cli.main import main
from study.common.errors import InputError
from study.datasets.checks.registry import data_warnings
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.drafting.draft import Draft
from study.datasets.drafting.draft import draft as drafted
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset

CASES = ROOT / "tests" / "cases" / "tables"
ROWS = 200


@pytest.fixture
def study(tmp_path, monkeypatch, capsys) -> Callable[..., str]:
    """Run `study ARGUMENTS` in an empty folder; what it says."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["study", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        assert stop.value.code == status, said.err
        return " ".join((said.out + said.err).split())

    return run


def case(folder: Path, name: str, target: str = "price", **options) -> Draft:
    return drafted(CASES / f"{name}.csv", target, folder / "t.toml", **options)


def made_of(folder: Path, columns: dict[str, object], y: object = None) -> Draft:
    """The draft of a table with these columns, two more, and a target that follows one of them."""
    draw = np.random.default_rng(10)
    frame = pd.DataFrame(columns)
    frame["size"], frame["age"] = draw.normal(size=(2, len(frame)))
    frame["y"] = 2 * frame["size"] + draw.normal(size=len(frame)) if y is None else y
    frame.to_csv(folder / "t.csv", index=False)
    return drafted(folder / "t.csv", "y", folder / "t.toml")


def saved(made: Draft, folder: Path, text: str = "") -> Dataset:
    (folder / "t.toml").write_text(text or made.text)
    return load_dataset(find_dataset(str(folder / "t.toml")).recipe, folder)


def uncommented(text: str, first: str, lines: int) -> str:
    """A recipe in which some lines are no longer comments, from one that begins so."""
    rows = text.splitlines()
    start = next(place for place, row in enumerate(rows) if row.startswith(first))
    rows[start : start + lines] = [row[2:] for row in rows[start : start + lines]]
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("name", "target", "column", "code"),
    [
        ("01-index-unnamed", "price", "Unnamed: 0", "T001"),
        ("01-index-c0", "price", "_c0", "T001"),
        ("01-index-level0", "price", "level_0", "T001"),
        ("07-visits", "y", "patient_id", "T002"),
        ("09-split-fold", "price", "fold", "T003"),
        ("08-leak-copy", "price", "price_eur", "D004"),
    ],
)
def test_what_measures_nothing_is_left_out_and_can_be_taken_back(
    tmp_path, name, target, column, code
):
    made = case(tmp_path, name, target)
    assert column not in made.dataset.variables
    assert f"({code})" in made.left_out[column]
    assert made.recipe.claim.name != column
    assert f"#   {column}: {made.left_out[column]}" in made.text
    assert not [w for w in data_warnings(saved(made, tmp_path)) if w.code.startswith("T")]
    again = made.text.replace(f"#   {column}: ", "", 1)
    again = uncommented(again, f"{made.left_out[column]}", 0)
    block = again.index("# [[variables]]\n" + f'# name = "{column}"')
    taken = again[:block] + uncommented(again[block:], "# [[variables]]", 4)
    taken = taken.replace(f"\n{made.left_out[column]}\n", "\n")
    warned = [w for w in data_warnings(saved(made, tmp_path, taken)) if w.code == code]
    assert len(warned) == 1
    assert column in warned[0].evidence


def test_groups_are_offered_for_subjects_that_repeat(tmp_path):
    made = case(tmp_path, "07-visits", "y")
    assert "its groups line in the recipe" in " ".join(made.decide)
    text = made.text
    assert '# groups = "patient_id"\n' in text.partition("[table]")[0]
    assert "groups" not in case(tmp_path, "01-index-c0").text


@pytest.mark.parametrize("name", ["02-rare-one", "02-rare-four"])
def test_a_rare_level_takes_no_frequent_one_with_it(tmp_path, name):
    made = case(tmp_path, name)
    [sex] = [v for v in made.recipe.variables if v.name == "sex"]
    assert sex.levels == ["female", "male"]
    assert sex.other in ("female", "male")
    assert f"count as '{sex.other}', the most frequent" in made.notes["sex"]
    assert made.recipe.claim.name == "sex"


def test_a_level_of_test_rows_alone_takes_no_frequent_one_with_it(tmp_path):
    made = case(tmp_path, "02-rare-train", test_path=CASES / "02-rare-test.csv")
    [town] = [v for v in made.recipe.variables if v.name == "town"]
    train = pd.read_csv(CASES / "02-rare-train.csv")["town"].value_counts()
    assert sorted(train.index) == town.levels
    assert town.other == train.idxmax()
    counts = made.dataset.train_x[:, :2].sum(axis=0)
    assert dict(zip(town.levels, counts, strict=True)) == dict(train.sort_index())


def test_rare_levels_that_are_enough_together_are_one(tmp_path):
    draw = np.random.default_rng(9)
    towns = ["Ghent"] * 90 + ["Mons"] * 86 + [f"village {n}" for n in range(24)]
    made = made_of(tmp_path, {"town": draw.permutation(towns)})
    town = made.recipe.variables[0]
    assert town.levels == ["Ghent", "Mons", "other"]
    assert town.other == "other"


@pytest.mark.parametrize(
    ("garage", "size", "level"),
    [
        # None is a word among words; the table writes missing values otherwise, or none.
        (["None", "Low", "High", "Low"], None, True),
        (["None", "Low", "High", ""], None, True),
        (["NA", "Low", "High", "Low"], "", True),
        (["?", "Low", "High", ""], None, True),
        # It stands among numbers, too, or nothing speaks for a level.
        (["None", "Low", "High", "Low"], "None", False),
        (["NA", "Low", "High", "Low"], "NA", False),
        (["NA", "Low", "High", "Low"], None, False),
        (["?", "Low", "High", "Low"], "", False),
    ],
)
def test_a_level_may_have_the_name_of_a_missing_value(tmp_path, garage, size, level):
    draw = np.random.default_rng(9)
    rooms = draw.normal(size=ROWS).astype(object)
    rooms[::40] = rooms[::40] if size is None else size
    made = made_of(tmp_path, {"garage": garage * 50, "rooms": rooms})
    mark = garage[0]
    assert (mark in made.recipe.variables[0].levels) is level
    said = "is a level" if level else "is read as a missing value"
    assert f"'{mark}' {said}" in made.notes["garage"]
    assert f"'{mark}' {said}" in made.text
    if level and "" not in garage:
        assert made.dataset.dropped in (0, 5)


def test_identifiers_that_no_number_holds_are_left_out_for_good(tmp_path):
    made = case(tmp_path, "11-id-19-digits", "price")
    assert made.dataset.variables == ("size", "rooms")
    assert "1234567890123456789" in made.left_out["tweet_id"]
    assert "(T002)" in made.left_out["tweet_id"]
    assert 'name = "tweet_id"' not in made.text


def test_codes_of_missing_values_are_said_and_their_line_is_offered(tmp_path):
    made = case(tmp_path, "05-code-999")
    [warned] = [w for w in data_warnings(saved(made, tmp_path)) if w.code == "T004"]
    assert "size: -999 in 8 rows" in warned.evidence
    assert made.recipe.claim.name == "rooms"
    marked = saved(made, tmp_path, uncommented(made.text, "# missing_marks", 1))
    assert marked.recipe.table.missing_marks == [*made.recipe.table.missing_marks, "-999"]
    blank = case(tmp_path, "05-blank")
    for part in ("train_x", "train_y", "test_x", "test_y"):
        np.testing.assert_array_equal(getattr(marked, part), getattr(blank.dataset, part))
    assert "T004" not in [w.code for w in data_warnings(blank.dataset)]
    assert blank.recipe.claim.name == "size"


def test_codes_of_missing_targets_are_said(tmp_path):
    draw = np.random.default_rng(9)
    y = np.where(np.arange(ROWS) % 20 == 3, -99, draw.uniform(20, 60, ROWS).round(1))
    made = made_of(tmp_path, {"rooms": draw.integers(1, 9, ROWS)}, y)
    assert "y: -99 in 10 rows" in " ".join(w.line for w in data_warnings(made.dataset))
    assert '"?", "-99"]' in made.text


def test_a_column_of_training_test_and_validation_rows_splits(tmp_path):
    made = case(tmp_path, "09-split-three")
    table = pd.read_csv(CASES / "09-split-three.csv")
    assert (made.recipe.split.column, made.recipe.split.test) == ("split", "test")
    assert made.recipe.split.train == ["train", "val"]
    assert len(made.dataset.test_y) == (table["split"] == "test").sum()
    assert len(made.dataset.train_y) == (table["split"] != "test").sum()
    assert "its validation rows are training rows here" in " ".join(made.decide)
    np.testing.assert_array_equal(saved(made, tmp_path).test_x, made.dataset.test_x)


@pytest.mark.parametrize(("name", "train"), [("is_train", 1), ("is_test", 0)])
def test_a_column_of_yes_and_no_splits_where_its_name_says_how(tmp_path, name, train):
    flags = (np.arange(ROWS) % 4 > 0) == bool(train)
    for cells in (flags, flags.astype(int)):
        made = made_of(tmp_path, {name: cells})
        assert made.recipe.split.column == name
        assert (len(made.dataset.train_y), len(made.dataset.test_y)) == (150, 50)


def test_a_given_split_is_taken_and_not_a_feature(tmp_path):
    made = case(tmp_path, "09-split-is-train")
    table = pd.read_csv(CASES / "09-split-is-train.csv")
    assert made.recipe.split.column == "is_train"
    assert len(made.dataset.train_y) == table["is_train"].sum()
    assert made.dataset.variables == ("size", "rooms")


@pytest.mark.parametrize(
    ("name", "cells", "counts"),
    [
        ("fold", np.arange(ROWS) % 5 + 1, (160, 40)),
        ("holdout", (np.arange(ROWS) % 4 == 0) * 1, (150, 50)),
        ("train", np.array(["yes", "no"])[(np.arange(ROWS) % 10 == 0) * 1], (180, 20)),
    ],
)
def test_a_column_that_may_split_is_asked_about_in_the_recipe(tmp_path, name, cells, counts):
    made = made_of(tmp_path, {name: cells})
    assert "(T003)" in made.left_out[name]
    assert f"{name} may divide the rows" in " ".join(made.decide)
    text = made.text.replace("test = 0.25\nrandom_state = 0\n", "", 1)
    data = saved(made, tmp_path, uncommented(text, "# test = ", 3))
    assert (len(data.train_y), len(data.test_y)) == counts


def test_validation_rows_that_a_recipe_does_not_name_are_refused(tmp_path):
    made = case(tmp_path, "09-split-three")
    with pytest.raises(InputError, match="'val' is neither 'train' nor 'test'"):
        saved(made, tmp_path, made.text.replace('["train", "val"]', '"train"'))


def test_parts_of_a_sum_are_left_out(tmp_path):
    draw = np.random.default_rng(9)
    casual, registered = draw.poisson(20, ROWS), draw.poisson(90, ROWS)
    made = made_of(tmp_path, {"casual": casual, "registered": registered}, y=casual + registered)
    assert made.dataset.variables == ("size", "age")
    assert "(D005)" in made.left_out["casual"]
    assert "(D005)" in made.left_out["registered"]


def test_the_logarithm_of_the_target_is_left_out(tmp_path):
    draw = np.random.default_rng(9)
    wage = draw.gamma(4, 30, ROWS)
    made = made_of(tmp_path, {"logwage": np.log(wage).round(6)}, y=wage)
    assert made.dataset.variables == ("size", "age")
    assert made.left_out["logwage"] == "a function of y, to rounding (D004)"


def test_the_logarithm_of_a_target_that_may_be_zero_is_left_out(tmp_path):
    visits = np.random.default_rng(9).negative_binomial(1, 0.1, ROWS)
    logarithm = np.log(np.where(visits, visits, np.nan))
    assert 5 < np.isnan(logarithm).sum() < 50
    made = made_of(tmp_path, {"logvisits": logarithm}, y=visits)
    assert made.left_out["logvisits"] == "a function of y, to rounding (D004)"


def test_what_tells_the_order_of_the_target_but_for_gaps_is_kept_but_not_claimed(tmp_path):
    visits = np.random.default_rng(9).negative_binomial(1, 0.1, 2000)
    # As Stata writes them; the median, which stands for the logarithm of 0, is that of a number.
    digits = [f"{np.log(count):.7g}" if count else "" for count in visits]
    made = made_of(tmp_path, {"logvisits": digits}, y=visits)
    assert made.recipe.claim.name != "logvisits"
    assert "logvisits, where it is known, gives nearly the whole order of the target" in str(
        made.decide
    )


def test_gaps_alone_make_no_variable_that_gives_the_target_away(tmp_path):
    x = np.random.default_rng(9).normal(size=ROWS)
    made = made_of(tmp_path, {"x": np.where(np.arange(ROWS) % 5, x, np.nan)}, y=x + 0.3 * x[::-1])
    assert made.recipe.claim.name == "x"
    assert "where it is known" not in str(made.decide)


def test_what_tells_the_order_of_the_target_is_kept_but_not_claimed(tmp_path):
    draw = np.random.default_rng(9)
    y = draw.normal(size=ROWS)
    made = made_of(tmp_path, {"rank": np.exp(y) ** 3 + 0.01 * draw.uniform(size=ROWS)}, y=y)
    assert made.dataset.variables == ("rank", "size", "age")
    assert made.recipe.claim.name != "rank"
    assert "D004" in [w.code for w in data_warnings(made.dataset)]


def test_where_no_claim_can_be_proposed_none_is_and_the_recipe_asks_for_one(tmp_path, study):
    draw = np.random.default_rng(9)
    x = draw.normal(size=ROWS)
    pd.DataFrame({"month": np.arange(ROWS) % 12 + 1, "x": x, "y": 2 * x + 1}).to_csv(
        "t.csv", index=False
    )
    said = study("data", "init", "t.csv", "--target", "y")
    assert "No claim can be proposed" in said
    text = Path("data/t.toml").read_text()
    assert "claim" not in tomllib.loads(text)
    assert "claim" in study("data", "check", "t", status=2)
    text = uncommented(text, "# [claim]", 8).replace('name = ""', 'name = "month"')
    Path("data/t.toml").write_text(text)
    assert "month has rank 1" in study("data", "check", "t")


def test_words_are_classes_and_among_numbers_they_are_refused(study):
    rows = "".join(f"{row % 7},{['cat', 'dog', 'cow'][row % 3]}\n" for row in range(60))
    Path("t.csv").write_text("x,y\n" + rows)
    assert "y, a class: cat 20, cow 20, dog 20" in study("data", "init", "t.csv", "--target", "y")
    Path("t.csv").write_text("x,y\n" + rows.replace("cat", "1").replace("dog", "2.5"))
    said = study("data", "init", "t.csv", "--target", "y", "--out", "u.toml", status=2)
    assert "where that is a missing value, leave the cell empty" in said
    assert "classes" in study("data", "init", "--help")


def test_a_target_of_few_whole_numbers_may_be_read_as_an_amount_which_is_said(tmp_path):
    draw = np.random.default_rng(9)
    made = made_of(tmp_path, {"rooms": draw.integers(1, 9, ROWS)}, y=draw.integers(0, 3, ROWS))
    assert made.recipe.target.levels == ["0", "1", "2"]
    assert not [w for w in data_warnings(made.dataset) if w.code == "T006"]
    assert any("y holds 0, 1 and 2 alone, and is predicted as a class" in of for of in made.decide)
    offered = uncommented(made.text, "# standardise = true", 2)
    kept = [row for row in offered.splitlines() if not row.startswith(('type = "class"', "levels"))]
    data = saved(made, tmp_path, "\n".join(kept))
    [warned] = [w for w in data_warnings(data) if w.code == "T006"]
    assert "3 whole numbers only, 0, 1 and 2" in warned.evidence


def test_every_decision_stands_in_the_recipe_however_many_there_are(study):
    draw = np.random.default_rng(9)
    columns = {f"id_{n}" if n < 70 else f"k{n}": draw.permutation(ROWS) for n in range(110)}
    columns |= {"w": draw.integers(0, 3, ROWS), "y": draw.normal(size=ROWS)}
    pd.DataFrame(columns).to_csv("t.csv", index=False)
    said = study("data", "init", "t.csv", "--target", "y")
    assert "and 80 more, which data/t.toml says as well" in said
    text = Path("data/t.toml").read_text()
    assert all(f"#   {name}: " in text for name in columns if name not in "wy")


def test_years_and_identifiers_are_printed_as_they_are(study):
    draw = np.random.default_rng(9)
    pd.DataFrame(
        {
            "year": draw.integers(2003, 2010, ROWS),
            "dose": draw.choice([1, 40, 90, 372], ROWS),
            "income": draw.choice([20_300, 40_000, 81_800], ROWS),
            "y": draw.normal(size=ROWS),
        }
    ).to_csv("t.csv", index=False)
    said = study("data", "init", "t.csv", "--target", "y")
    assert "2003 to 2009" in said
    assert "number 1 to 372" in said
    assert "20,300 to 81,800" in said


def test_a_function_of_a_recipe_runs_once(tmp_path, monkeypatch):
    (tmp_path / "counted_table.py").write_text(
        "import pandas as pd\ncalls = []\n\n\ndef table():\n    calls.append(1)\n"
        "    return pd.DataFrame({'id': range(40), 'x': [n * 7 % 11 for n in range(40)], "
        "'y': [n * 5 % 17 for n in range(40)]})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    made = made_of(tmp_path, {"id": np.arange(40), "x": np.arange(40) * 7 % 11})
    values = tomllib.loads(made.text)
    values["table"] = {"function": "counted_table:table"}
    values["variables"] = [
        {"name": name, "type": "numeric", "standardise": True} for name in ("id", "x")
    ]
    values["claim"]["name"] = "x"
    data = load_dataset(DatasetRecipe.model_validate(values), tmp_path)
    import counted_table

    assert counted_table.calls == [1]
    assert "T001" in [warning.code for warning in data_warnings(data)]


def test_names_that_look_like_identifiers_are_judged_by_what_they_number(tmp_path):
    draw = np.random.default_rng(9)
    columns = {
        "PID": draw.integers(0, 7, ROWS),  # a party's identification: seven steps
        "unitid": np.arange(1000, 1000 + ROWS * 7, 7) + draw.integers(0, 7, ROWS),
        "paid": draw.permutation(ROWS * 3)[:ROWS],
        "index": draw.permutation(ROWS * 2)[:ROWS],  # labels of a table that was sorted
        "politycode": draw.integers(100, 900, ROWS),
    }
    made = made_of(tmp_path, columns)
    assert set(made.left_out) == {"unitid", "index"}
    assert "(T002)" in made.left_out["unitid"]
    assert "(T001)" in made.left_out["index"]
    assert made.notes["politycode"].startswith("T005")


def test_a_target_that_is_made_in_several_ways_is_told_by_none(tmp_path):
    draw = np.random.default_rng(9)
    goods, services = draw.integers(100, 999, (2, ROWS))
    y = goods + services
    columns = {
        "goods": goods,
        "services": services,
        "euros": (0.92 * y).round(2),
        "rooms": draw.integers(1, 9, ROWS) + goods // 300,
    }
    made = made_of(tmp_path, columns, y)
    assert set(made.left_out) == {"goods", "services", "euros"}
    assert made.recipe.claim.name == "rooms"


def test_a_term_of_a_formula_is_never_proposed(tmp_path):
    draw = np.random.default_rng(9)
    parts = draw.uniform(5, 9, (3, ROWS)).round(2)
    beside = parts[0] + draw.normal(size=ROWS)
    columns = {"aroma": parts[0], "body": parts[1], "balance": parts[2], "flavor": beside}
    made = made_of(tmp_path, columns, (1.5 * parts[0] + 2.25 * parts[1] + 3.1 * parts[2]).round(2))
    assert made.recipe.claim.name == "flavor"
    assert "D005" in [warning.code for warning in data_warnings(made.dataset)]


def test_two_codes_of_missing_values_beside_each_other_do_not_hide(tmp_path):
    draw = np.random.default_rng(9)
    load = draw.integers(20, 80, ROWS)
    load[::17], load[5::29] = -99, -98
    made = made_of(tmp_path, {"load": load, "rooms": draw.integers(1, 9, ROWS)})
    assert "T004: -99 in 11 rows and -98 in 7 rows" in made.notes["load"]
    assert '"-99", "-98"]' in made.text


@pytest.mark.parametrize(("low", "said"), [(60, True), (5, False)])
def test_noughts_far_below_many_numbers_are_said(tmp_path, low, said):
    draw = np.random.default_rng(9)
    pressure = draw.integers(low, 110, ROWS)
    pressure[::20] = 0
    made = made_of(tmp_path, {"pressure": pressure, "dose": draw.choice([0, 50, 100], ROWS)})
    assert made.notes.get("pressure", "").startswith("T004: 0 in 10 rows") is said
    assert "T004" not in made.notes["dose"]


def test_names_and_dates_that_are_written_as_numbers_are_not_claimed(tmp_path):
    draw = np.random.default_rng(9)
    columns = {
        "line": [f"{n:03}" for n in draw.integers(1, 40, ROWS)],
        "day": [f"20{n:02}0{n % 9 + 1}1{n % 10}" for n in draw.integers(10, 25, ROWS)],
        "from": [f"20{n:02}0{n % 9 + 1}" for n in draw.integers(10, 25, ROWS)],
        "amount": draw.integers(200100, 201499, ROWS),
    }
    made = made_of(
        tmp_path, columns, [int(line) for line in columns["line"]] + draw.normal(size=ROWS)
    )
    assert [name for name, note in made.notes.items() if "T005" in note] == ["line", "day", "from"]
    assert made.recipe.claim.name not in ("line", "day", "from")


@pytest.mark.parametrize(
    ("name", "words", "used"),
    [
        ("group", ["tr", "tr", "te"], True),
        ("set", ["train", "train", "out-of-time"], True),
        ("train_test", [0, 1, 1], False),
        ("fold", ["fold0", "fold1", "fold2"], False),
    ],
)
def test_other_words_for_given_splits_are_no_variables(tmp_path, name, words, used):
    draw = np.random.default_rng(9)
    columns = {name: draw.choice(words, ROWS), "rooms": draw.integers(1, 9, ROWS)}
    made = made_of(tmp_path, columns)
    assert name not in made.dataset.variables
    assert (made.recipe.split.column == name) is used


def test_the_split_that_is_offered_beside_another_is_not_its_reverse(tmp_path):
    draw = np.random.default_rng(9)
    first = draw.choice(["train", "test"], ROWS, p=[0.7, 0.3])
    columns = {
        "split": first,
        "is_train": (first == "train") * 1,
        "sample": draw.choice(["train", "test", "unused"], ROWS),
        "rooms": draw.integers(1, 9, ROWS),
    }
    made = made_of(tmp_path, columns)
    assert '# test = "0"\n# column = "is_train"\n# train = "1"' in made.text
    assert '"unused"' not in made.text.partition("[[variables]]")[0]


@pytest.mark.parametrize("frequent", [14, 40])
def test_a_level_called_other_is_not_the_one_that_takes_the_rare(tmp_path, frequent):
    rare = [f"r{n}" for n in range(8)] * 2
    kind = ["other"] * frequent + ["plain"] * 40 + rare
    draw = np.random.default_rng(9)
    columns = {"kind": draw.permutation(kind), "rooms": draw.integers(1, 9, len(kind))}
    made = made_of(tmp_path, columns, draw.normal(size=len(kind)))
    variable = made.recipe.variables[0]
    assert (variable.levels, variable.other) == (["other", "others", "plain"], "others")


def test_texts_of_one_frequent_level_are_left_out(tmp_path):
    draw = np.random.default_rng(9)
    kind = draw.permutation(["other"] * 46 + [f"r{n}" for n in range(14)])
    columns = {"kind": kind, "rooms": draw.integers(1, 9, 60)}
    made = made_of(tmp_path, columns, draw.normal(size=60))
    assert made.recipe.variables[0].levels == ["other", "others"]


def test_a_target_cut_into_numbered_bins_is_not_claimed(tmp_path):
    draw = np.random.default_rng(9)
    y = draw.normal(size=ROWS).round(3)
    columns = {"bin": np.searchsorted([-1, 0, 1], y), "rooms": draw.integers(1, 9, ROWS)}
    made = made_of(tmp_path, columns, y)
    assert made.recipe.claim.name != "bin"
    assert "D004" in [warning.code for warning in data_warnings(made.dataset)]


def test_what_is_made_of_the_target_is_left_out_in_the_order_of_the_table(tmp_path):
    draw = np.random.default_rng(9)
    y = draw.uniform(10, 90, ROWS).round(2)
    columns = {f"{name}_y": (place + 2) * y for place, name in enumerate("kmbxacz")}
    made = made_of(tmp_path, columns, y)
    assert list(made.left_out) == list(columns)
