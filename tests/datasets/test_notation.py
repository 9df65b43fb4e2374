"""Numbers in other notations: what is read, what is refused, and what marks of missing values hold."""

from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from study.common.errors import InputError
from study.common.text import short
from study.datasets import read_table
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.one_row import encode_row
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset

CASES = ROOT / "tests" / "cases" / "tables"


def recipe_of(variable: dict, table: dict | None = None, target: dict | None = None):
    """A recipe for the columns `a` and `y` of t.csv."""
    return DatasetRecipe.model_validate(
        {
            "title": "t",
            "source": "made up",
            "table": {"file": "t.csv", "separator": ";", **(table or {})},
            "split": {"test": 0.25, "random_state": 0},
            "variables": [{"name": "a", "type": "numeric", **variable}],
            "target": {"name": "y", "tolerance": 0.1, **(target or {})},
            "claim": {
                "level": "variable", "name": "a", "rank": 1, "proportion": 0.8,
                "model": "mlp", "method": "gradient",
            },
        }
    )  # fmt: skip


def read(folder: Path, cells: list[str], variable: dict, table: dict | None = None) -> Dataset:
    """The dataset of a table with these cells, and with a target that says their rows."""
    rows = [f"{cell};{place}" for place, cell in enumerate(cells)]
    (folder / "t.csv").write_text("\n".join(["a;y", *rows]) + "\n", encoding="utf-8")
    return load_dataset(recipe_of(variable, table), folder)


def in_order(data: Dataset) -> list[float]:
    """The numbers of the only variable, by the rows of the file."""
    x, y = data.pooled
    return [float(number) for number in x[np.argsort(y), 0]]


FILL = ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("keys", "cell", "number"),
    [
        ({"thousands": "."}, "1.734", 1734),
        ({"thousands": "."}, "-1.234.567,5", -1234567.5),
        ({"thousands": ","}, "1,734.25", 1734.25),
        ({"decimal": ","}, "1,734", 1.734),
        ({"thousands": " "}, "1 734", 1734),
        ({"thousands": " "}, "1\u00a0734", 1734),
        ({"thousands": " "}, "1\u202f734\u202f000", 1734000),
        ({"thousands": " "}, "1\u2009734.5", 1734.5),
        ({"thousands": "'"}, "1’734", 1734),
        ({}, "\u22125", -5),
        ({}, "\u20135.5", -5.5),
        ({}, "+5", 5),
        ({}, "1e3", 1000),
        ({}, "-.5E-1", -0.05),
        ({}, "١٢", 12),
        ({}, "１２", 12),
        ({}, "9007199254740992", 2**53),
    ],
)
def test_numbers_are_read_as_their_column_says(tmp_path, keys, cell, number):
    assert in_order(read(tmp_path, [cell, *FILL], keys))[0] == np.float32(number)


@pytest.mark.parametrize(
    ("keys", "cells", "numbers"),
    [
        ({"sign": "%"}, ["25%", "-3 %", "0%", "7.5%", "+1%"], [25, -3, 0, 7.5, 1]),
        ({"sign": "%", "decimal": ","}, ["2,5 %", "2,5\u202f%", "%4", "9%"], [2.5, 2.5, 4, 9]),
        ({"sign": "$"}, ["$5", "-$5", "$-6", "7 $", "\u2212$8"], [5, -5, -6, 7, -8]),
        ({"sign": "$", "thousands": ","}, ["$5,100", "$1,234,567.89", "$9", "$8"], [5100, 1234567.89, 9, 8]),
        ({"sign": "€", "thousands": ".", "decimal": ","}, ["1.234,50 €", "€2", "€\u00a03", "4€"], [1234.5, 2, 3, 4]),
        ({"sign": "EUR"}, ["EUR 5", "6 EUR", "7EUR", "-8 EUR"], [5, 6, 7, -8]),
        ({"sign": "US$"}, ["US$5", "US$ 6", "US$7", "US$8"], [5, 6, 7, 8]),
        ({"sign": "kg"}, ["12 kg", "13kg", "1.5 kg", "0 kg"], [12, 13, 1.5, 0]),
        ({"brackets": True}, ["(5)", "6", "-7", "( 8.5 )"], [-5, 6, -7, -8.5]),
        ({"brackets": True, "thousands": ","}, ["(1,234)", "6", "7", "8"], [-1234, 6, 7, 8]),
        ({"brackets": True, "sign": "$"}, ["($5)", "$(6)", "$7", "(8$)"], [-5, -6, 7, -8]),
        ({"brackets": True, "sign": "%"}, ["(5%)", "(6)%", "7%", "8 %"], [-5, -6, 7, 8]),
    ],
)  # fmt: skip
def test_signs_and_brackets_are_taken_off_where_the_column_says_so(tmp_path, keys, cells, numbers):
    found = in_order(read(tmp_path, 2 * cells, keys))
    assert found == 2 * [np.float32(number) for number in numbers]


@pytest.mark.parametrize(
    ("keys", "cell", "reason"),
    [
        ({}, "5%", 'is not a number; is it sign = "%"?'),
        ({}, "$5", 'is not a number; is it sign = "$"?'),
        ({}, "5 EUR", 'is not a number; is it sign = "EUR"?'),
        ({}, "12 kg", 'is not a number; is it sign = "kg"?'),
        ({}, "(5)", "is not a number; is it brackets = true?"),
        ({}, "1\u202f734", 'is not a number; is it thousands = " "?'),
        ({}, "1_000", "is not a number"),
        ({}, "0x10", "is not a number"),
        ({}, "Infinity", "is not a finite number"),
        ({}, "1e400", "is not a finite number"),
        ({}, "- 5", "is not a number"),
        ({}, "--5", "is not a number"),
        ({}, "\u2212", "is not a number"),
        ({"sign": "%"}, "5", "is not a number with '%' beside it, as sign says"),
        ({"sign": "%"}, "5%%", "is not a number"),
        ({"sign": "%"}, "5%5", "is not a number"),
        ({"sign": "$"}, "€5", "is not a number"),
        ({"sign": "$"}, "$", "is not a number"),
        ({"sign": "$"}, "$1_000", "is not a number"),
        ({"sign": "$"}, "-$-5", "is not a number"),
        ({"brackets": True}, "(5", "is not a number"),
        ({"brackets": True}, "5)", "is not a number"),
        ({"brackets": True}, "(-5)", "is not a number"),
        ({"thousands": ","}, "0,123", "is not a number"),
        ({"thousands": ","}, "1,234,5", "is not a number"),
        ({"thousands": ","}, "1,2345", "is not a number"),
        ({"thousands": "."}, "1.5", "is not a number"),
        ({}, "1234567890123456789", "has more digits than double precision holds"),
        ({}, "-9007199254740993.0", "has more digits than double precision holds"),
        ({}, "9" * 400, "is not a finite number"),
        ({}, "9" * 5000, "is not a finite number"),
        ({"thousands": ","}, "9,007,199,254,740,993", "has more digits than double precision"),
        ({"sign": "EUR"}, "EUR 9007199254740993", "has more digits than double precision holds"),
    ],
)
def test_what_is_no_number_of_its_column_is_refused_and_why(tmp_path, keys, cell, reason):
    with pytest.raises(InputError) as caught:
        read(tmp_path, [*(f"{fill}{keys.get('sign', '')}" for fill in FILL), cell], keys)
    assert f"t.csv, line 7, column a: '{short(cell)}' {reason}" in str(caught.value)


def test_a_column_may_be_written_otherwise_than_its_table(tmp_path):
    commas = {"thousands": ","}
    assert in_order(read(tmp_path, ["1,500", *FILL], {"decimal": ","}, commas))[0] == 1.5
    comma = {"decimal": ","}
    assert in_order(read(tmp_path, ["1.5", *FILL], {"decimal": "."}, comma))[0] == 1.5
    assert in_order(read(tmp_path, ["1,500.5", *FILL], {"thousands": ","}, comma))[0] == 1500.5


def test_a_sign_of_the_target_is_read_too(tmp_path):
    (tmp_path / "t.csv").write_text("a;y\n" + "".join(f"{n};${n}.000\n" for n in range(1, 9)))
    data = load_dataset(recipe_of({}, target={"sign": "$", "thousands": "."}), tmp_path)
    x, y = data.pooled
    np.testing.assert_array_equal(y, 1000 * x[:, 0])


@pytest.mark.parametrize(
    "keys", [{"sign": "5"}, {"sign": " $"}, {"decimal": ",", "thousands": ","}]
)
def test_a_notation_that_cannot_be_is_refused(keys):
    with pytest.raises(ValueError, match="sign"):
        recipe_of(keys)


def test_a_prediction_reads_what_is_typed_as_the_table_is_read(tmp_path):
    data = read(tmp_path, ["$1.500", "$2.000", "$3", "$4", "$5"], {"sign": "$", "thousands": "."})

    def typed(text: str) -> float:
        return float(encode_row(data.recipe, {"a": text}, data.scales)[0])

    assert typed("$1.500") == typed("$ 1500") == 1500
    for text in ("1.500", "$1.5", "€5", "12345678901234567"):
        with pytest.raises(InputError, match="is not a number"):
            typed(text)


@pytest.mark.parametrize("mark", ["-999", "-999.0", "-999,0", "-9.99e2", "\u2212999"])
@pytest.mark.parametrize("cell", ["-999", "-999,0", "-999,00", "\u2212999"])
@pytest.mark.parametrize("beside", ["4", "4,5", ""])
def test_a_mark_that_is_a_number_holds_however_it_is_written(tmp_path, mark, cell, beside):
    table = {"decimal": ",", "missing": "drop", "missing_marks": [mark, ""]}
    found = in_order(read(tmp_path, [cell, "1", "2", "3", beside, "5", "6"], {}, table))
    assert found == [1, 2, 3, *([float(beside.replace(",", "."))] if beside else []), 5, 6]


def test_a_mark_holds_for_the_target_and_for_levels(tmp_path):
    rows = [("1", "-999.0"), ("-999.00", "2"), ("2", "3"), ("3", "4"), ("1", "5"), ("3", "7")]
    (tmp_path / "t.csv").write_text("a;y\n" + "".join(f"{a};{y}\n" for a, y in 3 * rows))
    marks = {"missing": "drop", "missing_marks": ["-999"]}
    for kind in (
        {"type": "numeric"},
        {"type": "one-hot", "levels": ["1", "2", "3"]},
        {"type": "one-hot", "levels": ["1", "2", "rest"], "other": "rest"},
    ):
        data = load_dataset(recipe_of(kind, marks), tmp_path)
        assert sorted(data.pooled[1]) == [3, 3, 3, 4, 4, 4, 5, 5, 5, 7, 7, 7]
        assert data.dropped == 6


def test_a_mark_holds_for_features_that_are_encoded_already(tmp_path):
    rows = "".join(f"{a};{y}\n" for y, a in enumerate(["1", "-999.0", "0", "1", "0", "1", "0"]))
    (tmp_path / "t.csv").write_text(rows)
    table = {"encoded": True, "columns": ["a", "y"], "missing": "drop", "missing_marks": ["-999"]}
    for kind in ({"type": "numeric"}, {"type": "binary", "levels": {"no": 0, "yes": 1}}):
        data = load_dataset(recipe_of(kind, table), tmp_path)
        assert data.dropped == 1
        assert sorted(data.pooled[1]) == [0, 2, 3, 4, 5, 6]


def test_a_level_goes_before_a_mark_of_the_same_number(tmp_path):
    rows = [("-1", "2"), ("1", "3"), ("-1.0", "4"), ("-1", "5"), ("1", "7")]
    (tmp_path / "t.csv").write_text("a;y\n" + "".join(f"{a};{y}\n" for a, y in 3 * rows))
    kind = {"type": "binary", "levels": {"-1": 0, "1": 1}}
    with pytest.raises(InputError, match=r"unknown level '-1\.0'"):
        load_dataset(recipe_of(kind, {"missing": "drop", "missing_marks": ["-1"]}), tmp_path)


def test_the_code_of_the_recipe_is_missing_as_the_blank_is(tmp_path):
    found = find_dataset(str(CASES / "05-marks.toml"))
    coded = load_dataset(found.recipe, CASES)
    table = found.recipe.own_table.model_copy(update={"file": "05-blank.csv"})
    blank = load_dataset(found.recipe.model_copy(update={"table": table}), CASES)
    assert coded.dropped == blank.dropped == 8
    for mine, other in zip(coded.pooled, blank.pooled, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("rows_at_once", [1, 2, 3, 7])
def test_readings_do_not_depend_on_how_many_rows_are_read_at_once(
    tmp_path, monkeypatch, rows_at_once
):
    cells = ["-999", "1", "", "2", "\u22123", "-999.0", "4", "NA", "5", "6", "7"]
    table = {"missing": "drop", "missing_marks": ["-999", "", "NA"]}
    whole = in_order(read(tmp_path, cells, {}, table))
    monkeypatch.setattr(read_table, "_AT_ONCE", 2 * rows_at_once)
    assert in_order(read(tmp_path, cells, {}, table)) == whole == [1, 2, -3, 4, 5, 6, 7]
