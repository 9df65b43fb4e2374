"""How columns write their numbers is found from their cells, said, and written into the recipe."""

import csv
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from study.common.errors import InputError
from study.datasets import read_table
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.drafting.draft import Draft, draft
from study.datasets.drafting.notations import writing_of
from study.datasets.drafting.reading import read_tables
from study.recipes.columns import Numeric
from study.recipes.dataset import DatasetRecipe
from study.recipes.table import Table

CASES = ROOT / "tests" / "cases" / "tables"


def drafted(folder: Path, columns: dict[str, list[str]], *, separator: str = ",") -> Draft:
    """The draft of a table of texts, with a target `y` that says the row."""
    write(folder / "t.csv", columns, separator)
    return draft(folder / "t.csv", "y", folder / "t.toml")


def write(path: Path, columns: dict[str, list[str]], separator: str = ",") -> None:
    rows = len(next(iter(columns.values())))
    whole = {**columns, "y": [str(row + 1) for row in range(rows)]}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(whole)
        writer.writerows(zip(*whole.values(), strict=True))


def numbers(data: Dataset, name: str) -> np.ndarray:
    """The numbers of a variable, by the target."""
    x, y = data.pooled
    column = x[:, data.features.index(name)]
    return data.scales[name].undo(column[np.argsort(data.target_scale.undo(y), kind="stable")])


def keys_of(made: Draft, name: str) -> dict:
    """What the recipe says of how a column is written."""
    columns = [*made.recipe.variables, made.recipe.target]
    said = next(column for column in columns if column.name == name)
    return said.model_dump(
        exclude_defaults=True, include={"decimal", "thousands", "sign", "brackets"}
    )


def by_hand(cell: str) -> float:
    """The number of a cell of the cases, of which each holds one way of writing."""
    text = cell.replace("\u2212", "-")
    digits = re.sub(r"[^\d.-]", "", text)
    return -float(digits) if "(" in text else float(digits)


@pytest.mark.parametrize(
    ("case", "name", "keys", "words"),
    [
        ("04-brackets", "gain", {"brackets": True}, "brackets for minus in gain"),
        ("04-currency", "fee", {"sign": "$", "thousands": ","}, "'$' beside the numbers of fee"),
        ("04-minus", "gain", {}, "'−' before digits as minus"),
        ("04-nbsp", "inhabitants", {}, "' ' between thousands in inhabitants"),
        ("04-percent", "discount", {"sign": "%"}, "'%' beside the numbers of discount"),
        ("04-percent-few", "discount", {"sign": "%"}, "'%' beside the numbers of discount"),
    ],
)
def test_signs_around_numbers_are_read_and_said(tmp_path, case, name, keys, words):
    made = draft(CASES / f"{case}.csv", "price", tmp_path / "t.toml")
    assert keys_of(made, name) == keys
    assert words in made.layout
    assert "decimal commas" not in made.layout
    assert made.left_out == {}
    with (CASES / f"{case}.csv").open(encoding="utf-8") as file:
        separator = ";" if case == "04-nbsp" else ","
        rows = list(csv.DictReader(file, delimiter=separator))
    expected = sorted((float(row["price"]), by_hand(row[name])) for row in rows)
    x, y = made.dataset.pooled
    found = made.dataset.scales[name].undo(x[:, made.dataset.features.index(name)])
    prices = made.dataset.target_scale.undo(y)
    order = np.lexsort([found, prices])
    read = np.column_stack([prices[order], found[order]])
    np.testing.assert_allclose(read, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("case", ["03-points-semicolon", "03-points-target"])
def test_points_between_thousands_give_the_numbers_of_the_table_without_them(tmp_path, case):
    target = "price" if case == "03-points-semicolon" else "inhabitants"
    made, plain = (
        draft(CASES / f"{name}.csv", target, tmp_path / f"{name}.toml")
        for name in (case, "03-plain")
    )
    assert keys_of(made, "inhabitants") == {"thousands": "."}
    assert "'.' between thousands in inhabitants" in made.layout
    order = [made.dataset.features.index(name) for name in plain.dataset.features]
    x, y = made.dataset.pooled
    np.testing.assert_array_equal(x[:, order], plain.dataset.pooled[0])
    np.testing.assert_array_equal(y, plain.dataset.pooled[1])
    (tmp_path / "t.toml").write_text(made.text)
    again = load_dataset(DatasetRecipe.model_validate(tomllib.loads(made.text)), tmp_path)
    np.testing.assert_array_equal(again.pooled[0], x)


SEMICOLONS = Table(file="t.csv", separator=";")
COMMAS = Table(file="t.csv")
DECIMAL_COMMA = Table(file="t.csv", separator=";", decimal=",")
GROUPED = ["1.734", "2.362", "5.481", "14.429"]
SMALL = ["614", "210", "89", "999"]


@pytest.mark.parametrize(
    ("table", "decimals", "texts", "keys", "doubt"),
    [
        (SEMICOLONS, False, [*GROUPED, *SMALL], {"thousands": "."}, ""),
        (SEMICOLONS, True, [*GROUPED, *SMALL], {"thousands": "."}, ""),
        (SEMICOLONS, False, ["1.734.000", "2.362", "5"], {"thousands": "."}, ""),
        (SEMICOLONS, False, ["-1.734", "1.234,5", "6"], {"thousands": "."}, ""),
        # Nothing beside them, or numbers as large as the decimal ones would be.
        (SEMICOLONS, False, GROUPED, {}, "."),
        (SEMICOLONS, False, [*GROUPED, "2", "5", "7"], {}, "."),
        (SEMICOLONS, False, [*GROUPED, "614"], {}, "."),
        (SEMICOLONS, True, GROUPED, {}, ""),
        (SEMICOLONS, False, ["2.990", "3.000", "3.010", "99", "100", "101"], {"thousands": "."}, ""),
        (SEMICOLONS, False, ["3.290", "3.300", "3.310", "99", "100", "101"], {}, "."),
        # Numbers that no sign between thousands leaves so.
        (SEMICOLONS, False, [*GROUPED, *SMALL, "0.500"], {}, ""),
        (SEMICOLONS, False, [*GROUPED, *SMALL, "1.5"], {}, ""),
        (SEMICOLONS, False, [*GROUPED, *SMALL, "1734.125"], {}, ""),
        (SEMICOLONS, False, [*GROUPED, *SMALL, "2000"], {}, ""),
        (SEMICOLONS, False, ["1.734e3", "2.362e3", "5.481e3", *SMALL], {}, ""),
        (DECIMAL_COMMA, False, ["1,734", "2,362", "5,481", *SMALL], {"thousands": ","}, ""),
        (DECIMAL_COMMA, False, ["1,734", "2,362", "5,481"], {}, ","),
        (DECIMAL_COMMA, True, ["1,734", "2,362", "5,481"], {}, ""),
        (COMMAS, False, ["1,734", "2,362", "5,481", *SMALL], {"thousands": ","}, ""),
        (COMMAS, False, ["0,5", "1,25", "3"], {"decimal": ","}, ""),
        (COMMAS, True, ["0,123", "1,250"], {"decimal": ","}, ""),
        (SEMICOLONS, True, ["1\u202f734", "614"], {"thousands": " "}, ""),
        (SEMICOLONS, True, ["1\u2009734,5", "614"], {"decimal": ",", "thousands": " "}, ""),
        (SEMICOLONS, True, ["1’734.5", "614"], {"thousands": "'"}, ""),
        (Table(file="t.csv", thousands=","), True, ["0,5", "1,25"], {"decimal": ","}, ""),
        (DECIMAL_COMMA, True, ["0.5", "1.25"], {"decimal": "."}, ""),
    ],
)  # fmt: skip
def test_what_stands_between_thousands_is_decided_by_all_cells(table, decimals, texts, keys, doubt):
    found = writing_of(texts, table, decimals)
    assert found.keys == keys
    assert found.unread == ""
    assert found.doubt == doubt


@pytest.mark.parametrize(
    ("texts", "keys"),
    [
        (["12%", "5%", "0%"], {"sign": "%"}),
        (["12,5 %", "5\u00a0%", "0 %"], {"sign": "%", "decimal": ","}),
        (["€1.234,50", "€9"], {"sign": "€", "thousands": "."}),
        (["1 234,50 €", "9,00 €"], {"sign": "€", "decimal": ",", "thousands": " "}),
        (["EUR 5", "EUR -7.25"], {"sign": "EUR"}),
        (["5 USD", "(7.25) USD", "1 USD"], {"sign": "USD", "brackets": True}),
        (["($1,234)", "$5", "-$7"], {"sign": "$", "brackets": True, "thousands": ","}),
        (["US$5", "US$7"], {"sign": "US$"}),
        (["£5", "Free", "£7"], {"sign": "£"}),
        ([f"{n} kg" for n in range(40)], {"sign": "kg"}),
        ([f"{n}.5km/h" for n in range(40)], {"sign": "km/h"}),
        (["(5)", "7", "12"], {"brackets": True}),
        # Names of levels, codes, dates, and what is no number.
        (["2 doors", "4 doors"], {}),
        (["1st", "2nd", "3rd"], {}),
        ([f"K{n:04}" for n in range(40)], {}),
        ([f"{n}-{n + 5}" for n in range(40)], {}),
        ([f"{n}.5.2020" for n in range(1, 31)], {}),
        ([f"10:{n}" for n in range(10, 60)], {}),
        ([f"<{n}" for n in range(40)], {}),
        (["(1)", "(2)", "(3)"], {}),
        (["low", "high", "5%"], {}),
        ([f"12 {unit}" for unit in ("kg", "g", "mg")], {}),
    ],
)
def test_signs_around_numbers_are_found_where_all_cells_bear_them(texts, keys):
    found = writing_of(texts, COMMAS, decimals=False)
    assert found.keys == keys
    assert found.unread == ""


def test_a_few_larger_amounts_beside_decimals_are_thousands():
    found = writing_of(["12.50", "980.20", "1,234", "2,199"], COMMAS, decimals=True)
    assert (found.keys, found.unread) == ({"thousands": ","}, "")


def test_three_decimals_among_whole_numbers_are_in_doubt_even_where_points_are_decimal():
    cells = [*(str(n) for n in range(10, 60)), "1.033", "99999"]
    assert writing_of(cells, COMMAS, decimals=True).doubt == "."
    assert writing_of([*cells, "1.5"], COMMAS, decimals=True).doubt == ""
    assert writing_of([*cells, "1033"], COMMAS, decimals=True).doubt == ""


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([f"{n}%" if n % 2 else f"{n}" for n in range(40)], "different signs beside them"),
        ([f"${n}" if n % 2 else f"€{n}" for n in range(40)], "different signs beside them"),
        ([f"{n} EUR" if n % 3 else f"{n} USD" for n in range(40)], "different signs beside them"),
        ([f"{n % 4}%" if n else "3" for n in range(40)], "different signs beside them"),
        ([f"({n})" for n in range(40)], "each number stands in brackets"),
        ([f"{10**18 + n}" for n in range(40)], "more digits than double precision holds"),
        ([f"{10**15 + n}{n % 10}9" for n in range(40)], "more digits than double precision holds"),
        (["9" * 5000 if n == 5 else f"{n}" for n in range(40)], "more digits than double"),
        (["Free" if n == 5 else f"${n}" for n in range(40)], "numbers, but also 'Free'"),
        ([f"5,{n}7" if n % 9 == 0 else f"{n % 7}.{n}0" for n in range(10, 50)], "may be decimal"),
    ],
)
def test_numbers_that_differ_in_meaning_are_left_out_and_why(tmp_path, cells, reason):
    beside = [str((7 * row) % 11) for row in range(40)]
    made = drafted(tmp_path, {"x": beside, "n": cells})
    assert [variable.name for variable in made.recipe.variables] == ["x"]
    assert reason in made.left_out["n"]
    with pytest.raises(InputError, match=re.escape(reason.replace("numbers, but also ", ""))):
        draft(tmp_path / "t.csv", "n", tmp_path / "n.toml")


def test_what_differs_far_below_is_seen_as_well(tmp_path):
    rows = 900
    x = [str((7 * row) % 11) for row in range(rows)]
    late = [f"{row}" if row < 800 else f"{row}%" for row in range(rows)]
    points = [f"{row + 100}" if row < 850 else f"1.{row}" for row in range(rows)]
    made = drafted(tmp_path, {"x": x, "late": late, "points": points})
    assert "different signs" in made.left_out["late"]
    assert keys_of(made, "points") == {"thousands": "."}
    expected = [row + 100 if row < 850 else 1000 + row for row in range(rows)]
    np.testing.assert_allclose(numbers(made.dataset, "points"), expected, rtol=1e-5)


@pytest.mark.parametrize("rows_at_once", [1, 7, 64])
def test_columns_do_not_depend_on_how_many_rows_are_read_at_once(
    tmp_path, monkeypatch, rows_at_once
):
    draw = np.random.default_rng(5)
    rows = range(200)
    columns = {
        "mixed": [f"K{row % 3}" if row % 50 == 7 else f"{row % 70}" for row in rows],
        "points": [f"1.{100 + row}" if row > 150 else f"{row + 300}" for row in rows],
        "share": ["" if row % 60 == 3 else f"{row % 9}%" for row in rows],
        "plain": [f"{number:.4f}" for number in draw.normal(size=200)],
    }
    write(tmp_path / "t.csv", columns)
    table = Table(file=str(tmp_path / "t.csv"))
    [whole] = read_tables(table, [tmp_path / "t.csv"])
    monkeypatch.setattr(read_table, "_AT_ONCE", 5 * rows_at_once)
    [parts] = read_tables(table, [tmp_path / "t.csv"])
    assert parts["points"].writing.keys == {"thousands": "."}
    assert parts["share"].writing.keys == {"sign": "%"}
    for name, column in whole.items():
        np.testing.assert_array_equal(parts[name].numbers, column.numbers)
        np.testing.assert_array_equal(parts[name].codes, column.codes)
        assert (parts[name].texts, parts[name].marked) == (column.texts, column.marked)
        assert (parts[name].signs, parts[name].writing) == (column.signs, column.writing)


def test_training_and_test_rows_are_written_alike(tmp_path):
    small = [str(100 + 7 * row) for row in range(40)]
    large = [f"{1 + row % 3}.{100 + 7 * row}" for row in range(40)]
    write(tmp_path / "train.csv", {"n": small})
    write(tmp_path / "test.csv", {"n": large, "only here": [f"{row}%" for row in range(40)]})
    made = draft(tmp_path / "train.csv", "y", tmp_path / "t.toml", test_path=tmp_path / "test.csv")
    assert keys_of(made, "n") == {"thousands": "."}
    scale = made.dataset.scales["n"]
    np.testing.assert_allclose(
        scale.undo(made.dataset.test_x[:, 0]),
        [float(cell.replace(".", "")) for cell in large],
        rtol=1e-5,
    )


def test_points_that_may_be_either_are_to_be_looked_at(tmp_path):
    cells = [f"{1 + row % 7}.{101 + 13 * row}" for row in range(40)]
    made = drafted(tmp_path, {"n": cells}, separator=";")
    [said] = [item for item in made.decide if "thousands" in item]
    assert said == (
        'the points of n may stand between thousands: thousands = "." below its name in the '
        "recipe says so"
    )
    changed = made.text.replace('name = "n"\n', 'name = "n"\nthousands = "."\n', 1)
    data = load_dataset(DatasetRecipe.model_validate(tomllib.loads(changed)), tmp_path)
    np.testing.assert_allclose(numbers(data, "n"), 1000 * numbers(made.dataset, "n"), rtol=1e-5)


def test_a_column_that_is_left_out_needs_no_look_at_its_points(tmp_path):
    x = [str((7 * row) % 11) for row in range(40)]
    points = ["" if row % 8 else f"1.{100 + row}" for row in range(40)]
    made = drafted(tmp_path, {"x": x, "n": points}, separator=";")
    assert "no value in 35 of 40 rows" in made.left_out["n"]
    assert [item for item in made.decide if "thousands" in item] == []


def test_one_column_shows_what_the_points_of_others_are(tmp_path):
    large = [f"{1 + row % 7}.{101 + 13 * row}" for row in range(40)]
    mixed = [cell if row % 2 else str(300 + row) for row, cell in enumerate(large)]
    made = drafted(tmp_path, {"large": large, "mixed": mixed}, separator=";")
    assert keys_of(made, "large") == keys_of(made, "mixed") == {"thousands": "."}
    assert [item for item in made.decide if "thousands" in item] == []
    tenths = [f"{row}.5" for row in range(40)]
    made = drafted(tmp_path, {"large": large, "mixed": mixed, "tenths": tenths}, separator=";")
    assert keys_of(made, "large") == {}
    assert keys_of(made, "mixed") == {"thousands": "."}


def test_two_numbers_with_a_sign_are_two_levels_in_their_order(tmp_path):
    made = drafted(tmp_path, {"n": ["9 %" if row % 3 else "25 %" for row in range(40)]})
    assert made.recipe.variables[0].levels == {"9 %": 0, "25 %": 1}


SIGNS = ["", "", "%", "$", "€", "EUR", "CHF", "kg"]
MINUS = ["-", "\u2212", "\u2013"]


@st.composite
def tables(draw):
    """Numbers, the same as text in some notation, and a separator of columns."""
    decimal, thousands = draw(
        st.sampled_from(
            [(d, t) for d in ".," for t in (None, ",", ".", " ", "'", "\u00a0", "\u202f") if t != d]
        )
    )
    places, largest = draw(st.integers(0, 3)), draw(st.sampled_from([9, 900, 9_000, 9_000_000]))
    trimmed, brackets = draw(st.booleans()), draw(st.booleans())
    sign, before, space = draw(st.sampled_from(SIGNS)), draw(st.booleans()), draw(st.booleans())
    minus = draw(st.sampled_from(MINUS))
    seed = draw(st.integers(0, 999))
    random = np.random.default_rng(seed)
    values = np.round(random.uniform(-largest * draw(st.sampled_from([0, 1])), largest, 40), places)
    flaw = draw(st.sampled_from(["", "", "%", "€"]))

    def written(value: float) -> str:
        text = f"{abs(value):,.{places}f}"
        if trimmed and "." in text:
            text = text.rstrip("0").rstrip(".")
        text = text.translate({ord(","): thousands or "", ord("."): decimal})
        if sign:
            gap = " " if space else ""
            text = f"{sign}{gap}{text}" if before and sign not in ("kg",) else f"{text}{gap}{sign}"
        if value < 0:
            return f"({text})" if brackets else f"{minus}{text}"
        return text

    cells = [written(value) for value in values]
    if flaw:
        cells[int(random.integers(40))] += flaw
    return values, cells, draw(st.sampled_from(",;\t"))


@settings(max_examples=300, deadline=None)
@given(tables())
def test_no_number_becomes_another_in_silence(tmp_path_factory, table):
    """Drafted and loaded, numbers are what was written, or left out, or said to be in doubt."""
    values, cells, separator = table
    folder = tmp_path_factory.mktemp("notation")
    beside = [str((7 * row) % 11) for row in range(40)]
    made = drafted(folder, {"x": beside, "n": cells}, separator=separator)
    if not any(isinstance(v, Numeric) and v.name == "n" for v in made.recipe.variables):
        assert "n" in made.left_out or "n" in made.dataset.variables  # text, as levels
        return
    found = numbers(made.dataset, "n")
    if np.allclose(found, values, rtol=1e-4, atol=1e-4 * np.abs(values).max()):
        return
    said = any("the points of n" in item or "the commas of n" in item for item in made.decide)
    assert said or "',' between thousands" in ", ".join(made.layout)
    ratio = values[values != 0] / found[values != 0]
    assert np.isclose(ratio, 1000, rtol=1e-3).any() or np.isclose(ratio, 0.001, rtol=1e-3).any()
