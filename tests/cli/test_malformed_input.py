"""What strangers may give: one clear message, status 2, and nothing written."""

import builtins
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.cli.main import main

STUDY = str(Path(sys.executable).with_name("study"))
GOOD = "area,town,price\n" + "".join(f"{n},{'abc'[n % 3]},{n * n}\n" for n in range(40))
RECIPE = """
title = "Houses"
source = "made up"
[table]
file = "../t.csv"
[split]
test = 0.25
random_state = 0
[[variables]]
name = "area"
type = "numeric"
standardise = true
[[variables]]
name = "town"
type = "one-hot"
levels = ["a", "b", "c"]
[target]
name = "price"
standardise = true
tolerance = 0.1
[claim]
level = "variable"
name = "area"
rank = 1
proportion = 0.8
model = "mlp"
method = "permutation-grouped"
"""


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys) -> Callable[..., str]:
    """The message of `study ARGUMENTS`, which must be one line and leave nothing behind."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        before = sorted(os.walk("."))
        monkeypatch.setattr(sys, "argv", ["study", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        assert stop.value.code == 2, (stop.value.code, said.out, said.err)
        assert sorted(os.walk(".")) == before
        assert said.out == ""
        assert said.err.startswith("study: ")
        assert said.err.count("\n") == 1
        for poor in ("Traceback", "unforeseen", "Errno", "pydantic", "Input should"):
            assert poor not in said.err
        assert len(said.err) < 400
        return said.err.removeprefix("study: ").strip()

    return run


def rows(count: int, line: Callable[[int], str]) -> str:
    return "".join(f"{line(n)}\n" for n in range(count))


# Name: content of t.csv, words of the message of `study data init t.csv --target price`.
TABLES: dict[str, tuple[str | bytes, str]] = {
    "empty file": ("", "t.csv: the file is empty"),
    "blank lines alone": ("\n \n\n", "t.csv: the file is empty"),
    "header alone": ("area,price\n", "t.csv: the table has no rows"),
    "one row": ("area,price\n1,2\n", "the target is 2 in every row"),
    "two rows": ("area,price\n1,2\n3,4\n", "t.csv: too few rows: 1 would be for training"),
    "one column": ("price\n1\n2\n3\n", "one column alone"),
    "a target alone in its file": ("x,price\n" + rows(20, lambda n: f"7,{n}"), "no column is left to predict price from (x: the same in all rows (7))"),
    "target constant": ("x,price\n" + rows(20, lambda n: f"{n},5"), "column price: the target is 5 in every row"),
    "target missing": ("x,price\n" + rows(20, lambda n: f"{n},"), "column price: the target has no value in any row"),
    "target of texts": ("x,price\n" + rows(20, lambda n: f"{n},high"), "column price: the target is 'high' in every row"),
    "target of mixed types": ("x,price\n" + rows(20, lambda n: f"{n},{n if n != 7 else 'n.b.'}"), "row 8 below the header holds 'n.b.'"),
    "target of dates": ("x,price\n" + rows(20, lambda n: f"{n},2020-01-{n + 1:02}"), "the target must be a number"),
    "target infinite": ("x,price\n" + rows(20, lambda n: f"{n * 2},{'inf' if n == 3 else n}"), "holds 'inf'"),
    "huge integers": ("x,price\n" + rows(20, lambda n: f"{n * 2},{10 ** (40 + n)}"), "whole numbers of more digits than double precision holds (1000000"),
    "all missing": ("x,price\n" + rows(20, lambda n: f",{n}"), "x: no value in any row"),
    "identifiers alone": ("id,price\n" + rows(20, lambda n: f"{n},{n * n}"), "id: whole numbers, all different, that rise"),
    "ragged rows": (GOOD + "1,a,2,3\n", "t.csv, line 42: 4 columns where 3 are expected (separator ',')"),
    "a short row": (GOOD + "1,a\n", "t.csv, line 42: 2 columns where 3 are expected"),
    "column named twice": ("x,x,price\n" + rows(9, lambda n: f"{n},{n},{n}"), "t.csv: column named twice: x"),
    "named alike after stripping": ("x, x ,price\n" + rows(9, lambda n: f"{n},{n},{n}"), "t.csv: column named twice: x"),
    "names missing": (",,price\n" + rows(9, lambda n: f"{n},{n},{n}"), "t.csv: column named twice: (empty)"),
    "quotation mark not closed": ('x,price\n1,2\n"3,4\n5,6\n', "t.csv, line 3: a quotation mark is not closed"),
    "text after a quotation": ('x,price\n1,2\n"3"4,4\n', "t.csv, line 3: ',' expected after '\"'"),
    "enormous cell": ("x,price\n1,2\n" + "9" * 200_000 + ",3\n", "t.csv, line 3: a cell of more than 131072 characters"),
    "NUL bytes": (GOOD.replace("5,c", "5,\0"), "t.csv, line 7: a NUL character"),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "t.csv, line 1: a NUL character: no table of text, or one whose encoding is another, such as utf-16"),
    "broken UTF-16": (b"\xff\xfe" + GOOD.encode("utf-16-le")[:-1], "t.csv: not utf-16 text"),
    "binary": (bytes(range(256)) * 20, "t.csv: not cp1252 text"),
    "a workbook": (b"PK\x03\x04rest", "t.csv: a workbook or an archive: save the sheet as CSV"),
    "compressed": (b"\x1f\x8brest", "t.csv: compressed by gzip: unpack it first"),
    "Parquet named CSV": (b"PAR1rest", "t.csv: a Parquet file: let its name end in .parquet"),
    "another separator": (GOOD.replace(",", "~"), "no column 'price': there is area~town~price"),
    "no header": (GOOD.split("\n", 1)[1], "if that line is no header, the columns are column1 to column3"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_cannot_be_studied(name, refused):
    content, words = TABLES[name]
    data = content if isinstance(content, bytes) else content.encode()
    Path("t.csv").write_bytes(data)
    assert words in refused("data", "init", "t.csv", "--target", "price")


# Name: what is done in an empty folder, and the arguments of `study data init`.
PLACES: dict[str, tuple[Callable[[], object], list[str], str]] = {
    "no file": (lambda: None, ["t.csv"], "t.csv: No such file or directory"),
    "a directory": (lambda: Path("t.csv").mkdir(), ["t.csv"], "t.csv: Is a directory"),
    "a cyclic link": (lambda: Path("t.csv").symlink_to("t.csv"), ["t.csv"], "t.csv: Too many levels of symbolic links"),
    "a pipe": (lambda: os.mkfifo("t.csv"), ["t.csv"], "t.csv: not an ordinary file"),
    "a device": (lambda: None, ["/dev/zero"], "/dev/zero: not an ordinary file"),
    "an address": (lambda: None, ["https://example.org/t.csv"], "not a file of this machine: download it"),
    "a bucket": (lambda: None, ["s3://bucket/t.parquet"], "not a file of this machine: download it"),
    "Parquet that is none": (lambda: Path("t.parquet").write_text("x"), ["t.parquet"], "t.parquet: not a Parquet file that can be read"),
    "a test file that is not there": (lambda: Path("t.csv").write_text(GOOD), ["t.csv", "--test-file", "u.csv"], "u.csv: No such file or directory"),
    "train and test the same": (lambda: Path("t.csv").write_text(GOOD), ["t.csv", "--test-file", "t.csv"], "holds the same bytes as"),
    "test rows without a column": (lambda: (Path("t.csv").write_text(GOOD), Path("u.csv").write_text("area,price\n1,2\n3,4\n")), ["t.csv", "--test-file", "u.csv"], "u.csv: no column 'town'"),
    "a recipe that is no TOML": (lambda: Path("t.csv").write_text(GOOD), ["t.csv", "--out", "t.csv"], "let the name end in .toml"),
    "a folder that is a file": (lambda: Path("t.csv").write_text(GOOD), ["t.csv", "--out", "t.csv/t.toml"], "its folder is a file"),
    "an encoding that there is not": (lambda: Path("t.csv").write_text(GOOD), ["t.csv", "--encoding", "utf-7000"], "encoding 'utf-7000'"),
    "a separator of two signs": (lambda: Path("t.csv").write_text(GOOD), ["t.csv", "--separator", ";;"], "give one sign, or tab"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_a_path_that_is_no_table(name, refused):
    prepare, arguments, words = PLACES[name]
    prepare()
    assert words in refused("data", "init", *arguments, "--target", "price")


def test_parquet_without_pyarrow(refused, monkeypatch):
    Path("t.parquet").write_bytes(b"PAR1")
    imported = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return imported(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    for module in [name for name in sys.modules if name.startswith("pyarrow")]:
        monkeypatch.delitem(sys.modules, module)
    said = refused("data", "init", "t.parquet", "--target", "price")
    assert (
        said == "t.parquet: reading Parquet needs pyarrow: pip install 'importance-study[parquet]'"
    )


FUNCTION = '[table]\nfunction = "own:{name}"\n'
# Name: what is replaced in the recipe, by what, and words of the message.
AREA = 'type = "numeric"\nstandardise = true'
RECIPES: dict[str, tuple[str, str, str]] = {
    "an empty recipe": (RECIPE, "", "title: missing; source: missing; variables: missing; and "),
    "TOML that is broken": ("[split]", "[split", "not valid TOML"),
    "unknown keys": ("test = 0.25", "tset = 0.25", "split.tset: unknown key; did you mean 'test'?; split.test: missing"),
    "a type that there is not": ('type = "numeric"', 'type = "number"', "variables.1: type should be 'binary', 'numeric', 'one-hot', 'ordinal' or 'date'"),
    "a table in the wrong place": ("../t.csv", "t.csv", "data/t.csv: No such file or directory"),
    "a remote table": ("../t.csv", "http://example.org/t.csv", "not a file of this machine"),
    "a column that there is not": ('name = "area"', 'name = "aera"', "t.csv: no column 'aera': did you mean 'area'?"),
    "a level that there is not": ('"c"]', '"d"]', "t.csv, line 4, column town: unknown level 'c': there is a, b, d"),
    "a split column that there is not": ("test = 0.25\nrandom_state = 0", 'test = "x"\ntrain = "y"\ncolumn = "part"', "no column 'part'"),
    "a split that leaves nothing": ("test = 0.25", "test = 0.999", "split of 40 rows"),
    "a split beyond all rows": ("test = 0.25", "test = 2", "split.test: should be less than 1"),
    "train alone": ('file = "../t.csv"', 'train = "../t.csv"', "test: missing"),
    "train and test the same": ('file = "../t.csv"\n[split]\ntest = 0.25\nrandom_state = 0', 'train = "../t.csv"\ntest = "../t.csv"', "holds the same bytes as"),
    "decimal commas unsaid": ("../t.csv", "../commas.csv", 'line 2, column area: \'0,5\' is not a number; is the comma decimal = "," or thousands = ","?'),
    "a thousands sign unsaid": ("../t.csv", "../thousands.csv", 'is it thousands = ","?'),
    "a level in test rows only": ("../t.csv", "../late.csv", "level 'c' of town occurs in test rows only"),
    "a missing value": ("../t.csv", "../gaps.csv", 'line 5, column area: the value is missing; missing = "drop" or "impute"'),
    "an order of one level": (AREA, 'type = "ordinal"\nlevels = ["low"]', "variables.1.levels: an order needs two levels at least"),
    "an order that falls": (AREA, 'type = "ordinal"\nlevels = { low = 2, high = 1 }', "variables.1.levels: levels stand in order, each with a greater number"),
    "a level of no order": (AREA, 'type = "ordinal"\nlevels = ["low", "high"]', "t.csv, line 2, column area: unknown level '0': there is low, high"),
    "no date": (AREA, 'type = "date"\nas = "days"', "t.csv, line 2, column area: '0' is no date in ISO format (2020-01-31)"),
    "no format of dates": (AREA, 'type = "date"\nas = "days"\nformat = "%Q"', "variable area: format: '%Q' is no format of dates"),
    "a date as nothing": (AREA, 'type = "date"\nas = "decade"', "variables.1.as: should be 'days', 'month', 'weekday' or 'hour'"),
    "an indicator of nothing": (AREA, f'{AREA}\nmissing = "indicator"', "area has a value in each of the 30 training rows"),
    "missing otherwise": (AREA, f'{AREA}\nmissing = "keep"', "variables.1.missing: should be 'refuse', 'drop', 'impute' or 'indicator'"),
    "a group of one": ("[target]", '[variable_groups]\nboth = ["area"]\n[target]', "variable_groups.both: a group has two variables at least"),
    "a group of what is not there": ("[target]", '[variable_groups]\nboth = ["area", "aera"]\n[target]', "variable_groups.both: no variable is called 'aera'"),
    "a claim of no group": ('level = "variable"', 'level = "group"', "claim.level: there are no [variable_groups]"),
    "a claim of nothing": ('name = "area"\nrank', 'name = "garden"\nrank', "claim: no variable is called 'garden'"),
    "a function that raises": ('[table]\nfile = "../t.csv"\n', FUNCTION.format(name="raises"), "table.function 'own:raises': ZeroDivisionError"),
    "a function that exits": ('[table]\nfile = "../t.csv"\n', FUNCTION.format(name="exits"), "table.function 'own:exits': it ends the program"),
    "a function of nothing": ('[table]\nfile = "../t.csv"\n', FUNCTION.format(name="nothing"), "table.function 'own:nothing': gives NoneType, not a pandas frame"),
    "a function that is not there": ('[table]\nfile = "../t.csv"\n', FUNCTION.format(name="nowhere"), "table.function 'own:nowhere': AttributeError"),
}  # fmt: skip

OWN = """
def raises(): return 1 / 0
def exits(): raise SystemExit(0)
def nothing(): return None
"""


@pytest.mark.parametrize("command", [["data", "check", "own"], ["run", "--data", "own"]], ids=["check", "run"])  # fmt: skip
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_that_does_not_load(name, command, refused, monkeypatch):
    before, after, words = RECIPES[name]
    assert before in RECIPE
    Path("data").mkdir()
    Path("data/own.toml").write_text(RECIPE.replace(before, after))
    Path("own.py").write_text(OWN)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # nothing else is to lie there
    monkeypatch.delitem(sys.modules, "own", raising=False)
    Path("t.csv").write_text(GOOD)
    table = pd.read_csv("t.csv")
    text = table.astype({"area": str})
    text.assign(area="0,5").to_csv("commas.csv", index=False)
    text.assign(area="1,234.5").to_csv("thousands.csv", index=False)
    table.assign(area=table["area"].where(table["area"] != 3)).to_csv("gaps.csv", index=False)
    from sklearn.model_selection import train_test_split

    _, test = train_test_split(np.arange(40), test_size=0.25, random_state=0)
    town = np.where(np.isin(np.arange(40), test), "c", table["town"].replace("c", "b"))
    table.assign(town=town).to_csv("late.csv", index=False)
    assert words in refused(*command)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "own.toml: Is a directory"),
        (lambda path: path.write_bytes(b"\xff\x00"), "own.toml: not UTF-8 text (byte 0)"),
        (lambda path: os.mkfifo(path), "own.toml: not an ordinary file"),
        (lambda path: path.symlink_to("own.toml"), "own.toml"),
    ],
)
def test_a_recipe_that_is_no_file(make, words, refused):
    Path("data").mkdir()
    make(Path("data/own.toml"))
    assert words in refused("data", "check", "data/own.toml")


def test_a_file_whose_name_is_no_text(refused):
    name = os.fsdecode(b"caf\xe9.csv")
    Path(name).write_text(GOOD)
    assert "a name that is not UTF-8: rename it" in refused(
        "data", "init", name, "--target", "price"
    )


def test_numbers_whose_deviation_underflows(refused):
    table = "x,area,price\n" + rows(40, lambda n: f"{n * n % 7}e-200,{n * n % 5},{n}")
    Path("t.csv").write_text(table)
    assert "x: its training rows differ by too little" in refused(
        "data", "init", "t.csv", "--target", "price"
    )


def test_names_cannot_steer_the_terminal(refused):
    Path("t.csv").write_text("\x1b[31mred,x\n" + rows(9, lambda n: f"{n},{n}"))
    assert "\x1b" not in refused("data", "init", "t.csv", "--target", "price")


def test_all_of_it_from_a_shell(tmp_path):
    (tmp_path / "t.csv").write_text("x,price\n1,2\n3\n")
    done = subprocess.run(
        [STUDY, "data", "init", "t.csv", "--target", "price"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("study: t.csv, line 3: 1 columns where 2 are expected (separator ',')\n")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
