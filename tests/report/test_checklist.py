"""The checklist REFORMS, filled in from a run."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.report.text.checklist import checklist

# Items of each module, by table 1 of the paper.
MODULES = {1: "abc", 2: "abcde", 3: "abcdefg", 4: "abc", 5: "abcdef", 6: "abc", 7: "abc", 8: "ab"}
# What no run knows.
OPEN = {"1a", "1b", "1c", "2d", "3b", "3c", "3g", "5b", "8a"}


def items(text: str) -> dict[str, str]:
    """What is said of each item, by its number, without escapes."""
    found = re.findall(r"^- (\[.\] \*\*(\d[a-z])\. .*(?:\n  - .*)?)", text, re.MULTILINE)
    return {number: re.sub(r"\\(.)", r"\1", said) for said, number in found}


@pytest.fixture(scope="module")
def people() -> str:
    return checklist(Overview(Results(ROOT / "reports" / "reference" / "people")))


def test_all_32_items_stand_there_by_the_numbers_of_the_paper(people):
    expected = [f"{module}{item}" for module, letters in MODULES.items() for item in letters]
    assert len(expected) == 32
    assert re.findall(r"^- \[.\] \*\*(\d[a-z])\.", people, re.MULTILINE) == expected
    assert "10.1126/sciadv.adk3452" in people


def test_what_only_people_know_is_open_and_the_head_counts_the_others(people):
    found = items(people)
    whole = {number for number, said in found.items() if said.startswith("[x]")}
    part = {number for number, said in found.items() if "** (in part)." in said}
    left = {number for number, said in found.items() if "** (open)." in said}
    assert left >= OPEN
    assert whole | part | left == set(found)
    assert f"answers {len(whole)}, and {len(part)} in part; {len(left)} are open" in people
    assert all("\n  - To add: " in found[number] for number in part)
    assert not any("To add" in found[number] for number in whole | left)


def test_its_numbers_are_those_of_the_tables(people):
    found = items(people)
    tables = {name: ROOT / "data" / f"people_{name}.txt" for name in ("train", "test")}
    incomes = {
        name: 100_000 * np.loadtxt(path, delimiter="\t")[:, 5] for name, path in tables.items()
    }
    for name, path in tables.items():
        assert f"{path.name}: {hashlib.sha256(path.read_bytes()).hexdigest()}" in found["2a"]
        spread = float(re.search(rf"([\d.e+]+) in the {name} rows", found["3d"])[1])
        assert spread == pytest.approx(incomes[name].std(), rel=1e-3)
        assert (
            f"{len(incomes[name])} {'training' if name == 'train' else 'test'} rows" in found["3e"]
        )
    assert "None, in 240 rows" in found["3f"]
    assert "Least squares, in closed form" in found["5f"]


def test_of_classes_the_numbers_by_class_are_left_to_add():
    found = items(checklist(Overview(Results(ROOT / "reports" / "reference" / "wine"))))
    assert "To add: the number of rows of each class" in found["3e"]
    assert "Logistic regression, in closed form" in found["5f"]


def test_missing_values_and_dropped_rows_are_told_as_pandas_counts_them(command):
    draw = np.random.default_rng(3)
    rows = pd.DataFrame(draw.normal(size=(90, 3)).round(4), columns=["a", "b*<i>", "price"])
    rows.loc[draw.permutation(90)[:30], "b*<i>"] = np.nan
    rows.loc[[7, 8], "price"] = np.nan
    rows.to_csv("t.csv", index=False)
    assert command("data", "init", "t.csv", "--target", "price").status == 0
    made = command(
        *("run", "--data", "t", "--models", "sklearn:DecisionTreeRegressor", "--seeds", "2"),
        *("--workers", "1", "--out", "run"),
    )
    assert made.status == 0, made.err
    answer = command("cite", "run", "--checklist")
    assert answer.status == 0, answer.err
    found = items(answer.out)
    missing = rows["b*<i>"].isna()
    assert f"b*&lt;i&gt; {100 * missing.mean():.2g}% ({missing.sum()})" in found["3f"]
    assert f"price {100 * rows['price'].isna().mean():.2g}% (2)" in found["3f"]
    assert "2 rows had no value somewhere" in found["4a"]
    assert "DecisionTreeRegressor" in found["5a"]
    assert "loss of networks" not in found["5a"]
    assert "<i>" not in answer.out
    assert r"b\*&lt;i&gt;" in answer.out


def test_of_imported_scores_nothing_is_said_of_data_or_training(command):
    scores = np.random.default_rng(1).uniform([2, 0], [3, 1], (20, 2)).ravel()
    rows = pd.DataFrame({"model": "m", "method": "gain", "seed": np.repeat(range(20), 2)})
    rows = rows.assign(feature=["a", "b"] * 20, score=scores)
    rows.to_csv("s.csv", index=False)
    assert command("import", "s.csv", "--claim", "a rank 1 in 0.8", "--out", "run").status == 0
    found = items(command("cite", "run", "--checklist").out)
    for number, said in found.items():
        assert ("(open)" in said) == (number[0] in "13456" or number in {"2d", "8a"}), number
    digest = hashlib.sha256(Path("s.csv").read_bytes()).hexdigest()
    assert digest in found["2a"]


def test_a_checklist_is_no_latex_and_without_it_no_file_is_written(command, finished):
    for arguments, said in (
        (("--checklist", "--format", "latex"), "--checklist is Markdown"),
        (("--out", "c.md"), "only --format latex and --checklist write a file"),
    ):
        refused = command("cite", str(finished), *arguments)
        assert refused.status == 2
        assert said in refused.err
