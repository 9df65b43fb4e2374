"""Data that fool a study are warned of before training, and sound ones are not."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Command

import study
from study.datasets.checks.registry import CHECKS, data_warnings
from study.datasets.dataset import Dataset, load_dataset
from study.recipes.find import find_dataset
from study.store import table_digests

CODES = [check.code for check in CHECKS]
Draw = np.random.Generator


def sound(draw: Draw, rows: int = 200) -> pd.DataFrame:
    """Independent normal variables, of which the target follows one, and a fifth of test rows."""
    table = pd.DataFrame(draw.normal(size=(rows, 4)), columns=["age", "height", "dose", "time"])
    table["set"] = np.where(np.arange(rows) < rows / 5, "test", "train")
    return table.assign(y=table["age"] + 1.5 * draw.normal(size=rows))


def repeated(draw: Draw) -> pd.DataFrame:
    """40 people who were measured five times each, the fifth time for the test rows."""
    people = sound(draw, 40).drop(columns="set")
    table = pd.concat([people] * 5, ignore_index=True)
    table["set"] = np.where(np.arange(200) < 40, "test", "train")
    return table.assign(y=table["y"] + np.where(np.arange(200) % 2, 0, draw.normal(size=200)))


def repeated_answers(draw: Draw) -> pd.DataFrame:
    """60 people who answered ten questions in each of three years."""
    table = pd.DataFrame(draw.integers(1, 5, (60, 10)), columns=[*"abcdefghij"])
    table = pd.concat([table] * 3, ignore_index=True)
    table["set"] = np.where(np.arange(180) < 60, "test", "train")
    return table.assign(y=table["a"] + draw.normal(size=180))


def duplicates_of_few_values(draw: Draw) -> pd.DataFrame:
    """Answers of yes and no that repeat by chance, but ten rows with their target, too."""
    table = all_binary(draw)
    table.loc[:9, [*"abcd", "y"]] = table.loc[190:, [*"abcd", "y"]].to_numpy()
    return table


def in_ten_rows(draw: Draw) -> pd.DataFrame:
    """An effect that lives in ten rows, all of them training rows."""
    flag = (np.arange(200) >= 190) * 1
    table = sound(draw).assign(flag=flag)
    return table.assign(y=table["y"] + 5 * flag)


def in_few_test_rows(draw: Draw) -> pd.DataFrame:
    table = in_ten_rows(draw)
    table.loc[:1, "flag"] = 1
    return table


def told(shape: Callable[[np.ndarray], np.ndarray]) -> Callable[[Draw], pd.DataFrame]:
    """A column that is the target in another form."""

    def table(draw: Draw) -> pd.DataFrame:
        made = sound(draw)
        return made.assign(billed=shape(made["y"].to_numpy()) + 0.01 * draw.normal(size=200))

    return table


def in_levels(draw: Draw) -> pd.DataFrame:
    """A target that levels determine."""
    group = draw.integers(0, 4, 200)
    return sound(draw).assign(
        group=np.array(list("abcd"))[group], y=np.array([3.5, 1.5, 4.5, 2.5])[group]
    )


def above_a_threshold(draw: Draw) -> pd.DataFrame:
    """A column that says whether the target is large."""
    made = sound(draw)
    return made.assign(popular=np.where(made["y"] > 0.5, "yes", "no"))


def total(draw: Draw) -> pd.DataFrame:
    table = sound(draw)
    return table.assign(y=2 * table["height"] - table["dose"])


def pair(draw: Draw) -> pd.DataFrame:
    table = sound(draw)
    return table.assign(weight=0.8 * table["height"] + 0.6 * draw.normal(size=200))


def levels_of_a_number(draw: Draw) -> pd.DataFrame:
    table = sound(draw)
    bands = pd.cut(table["height"], [-9, -0.5, 0.5, 9], labels=["low", "middle", "high"])
    return table.assign(band=bands.astype(str))


def parts_of_a_sum(draw: Draw) -> pd.DataFrame:
    table = sound(draw).assign(more=draw.normal(size=200), yet_more=draw.normal(size=200))
    parts = table[["age", "height", "dose", "more", "yet_more"]]
    return table.assign(sum=parts.sum(axis=1) + 0.02 * draw.normal(size=200))


FOOLING = {
    "repeated": (repeated, "D001", "40 of 40 test rows equal a training row in every feature"),
    "answers": (repeated_answers, "D001", "60 of 60 test rows equal"),
    "duplicates": (duplicates_of_few_values, "D001", "10 in the target, too"),
    "ten rows": (in_ten_rows, "D002", "All 40 test rows hold the same value of flag"),
    "few rows": (in_few_test_rows, "D003", "rests on them: flag (2)"),
    "another unit": (told(lambda y: 2.5 * y + 3), "D004", "billed (0.999)"),
    "another form": (told(lambda y: -np.exp(y)), "D004", "billed (0.9"),
    "levels": (in_levels, "D004", "group (1)"),
    "a threshold": (above_a_threshold, "D004", "The values of popular divide y"),
    "formula": (total, "D005", "y is a linear function of height and dose"),
    "pair": (pair, "D006", "height and weight (0.8"),
    "bands": (levels_of_a_number, "D006", "height and band (0.9"),
    "sum": (parts_of_a_sum, "D007", "age, height, dose, more, yet_more and 1 more nearly"),
}


def all_binary(draw: Draw) -> pd.DataFrame:
    table = pd.DataFrame(draw.choice(["no", "yes"], (200, 4)), columns=[*"abcd"])
    table["set"] = np.where(np.arange(200) < 40, "test", "train")
    return table.assign(y=(table["a"] == "yes") + draw.normal(size=200))


def answers(draw: Draw) -> pd.DataFrame:
    """Whole numbers that repeat, also with their whole-numbered target."""
    table = pd.DataFrame(draw.integers(0, 5, (200, 3)), columns=[*"abc"])
    table["set"] = np.where(np.arange(200) < 40, "test", "train")
    return table.assign(y=table["a"] + draw.integers(0, 3, 200))


def many_levels(draw: Draw) -> pd.DataFrame:
    """Two independent variables of many levels, which explain much of each other by chance."""
    towns, streets = (np.array([f"p{level:02}" for level in range(15)])[draw.permutation(450) % 15]
                      for _ in range(2))  # fmt: skip
    table = pd.concat([sound(draw, 450)], ignore_index=True)
    table["set"] = draw.permutation(np.where(np.arange(450) < 225, "test", "train"))
    return table.assign(town=towns, street=streets)


def few_rows(draw: Draw) -> pd.DataFrame:
    return sound(draw, 10)


SOUND = {
    "normal": sound,
    "few rows": few_rows,
    "binary": all_binary,
    "whole numbers": answers,
    "levels": many_levels,
}


def recipe_for(table: pd.DataFrame, command: Command) -> str:
    """Write a table, and a recipe for it with `study data init`; its name."""
    table.to_csv("table.csv", index=False)
    assert command("data", "init", "table.csv", "--target", "y").status == 0
    return "table"


def loaded(name: str) -> Dataset:
    found = find_dataset(name)
    return load_dataset(found.recipe, found.path.parent)


@pytest.mark.parametrize("case", FOOLING)
def test_a_fooling_table_is_warned_of_and_of_nothing_else(case, command: Command):
    make, code, words = FOOLING[case]
    name = recipe_for(make(np.random.default_rng(3)), command)
    said = " ".join(command("data", "check", name).out.split())
    assert f"{code} " in said
    assert words in said
    assert [warning.code for warning in data_warnings(loaded(name))] == [code]


@pytest.mark.parametrize("case", SOUND)
def test_a_sound_table_is_not_warned_of(case, command: Command):
    for seed in range(5):
        name = recipe_for(SOUND[case](np.random.default_rng(seed)), command)
        Path("data/table.toml").rename(f"data/{seed}.toml")
        assert data_warnings(loaded(str(seed))) == (), (name, seed)
        assert not [code for code in CODES if code in command("data", "check", str(seed)).out]


def test_the_shipped_data_are_sound_but_for_pairs_that_are_told_of(people):
    assert data_warnings(people) == ()
    for name, pairs in (
        ("diabetes", "s1 and s2 (0.89); s3 and s4 (-0.76)."),
        ("planted", "pair_e and pair_f (0.96)."),
    ):
        (warning,) = data_warnings(loaded(str(ROOT / "data" / f"{name}.toml")))
        assert warning.code == "D006"
        assert warning.evidence.endswith(pairs)


def test_it_is_told_before_training_and_kept_with_the_run(command: Command, undrawn):
    draw = np.random.default_rng(4)
    table = repeated(draw).rename(columns={"time": "<b>\x1b[31m"})
    noise = np.tile(draw.normal(size=40), 5)
    table["weight"] = 0.9 * table["<b>\x1b[31m"] + 0.3 * noise
    name = recipe_for(table, command)
    asked = ("--data", name, "--models", "linear", "--seeds", "2", "--workers", "1")
    plan, run = command("plan", *asked), command("run", *asked)
    for said in (plan.out, run.out):
        assert said.index("to do") < said.index("\nD001 ") < said.index("\nD006 ")
        assert "\x1b" not in said
    assert "Warnings: D001, D006, S" in run.out
    assert "D006" not in command("run", *asked).out.split("claim met")[0]  # nothing to train
    status = command("status", "reports/table").out
    assert "\nD001 " in status
    assert "\x1b" not in status
    found = study.load("reports/table").warnings
    assert found[:2] == data_warnings(loaded(name))
    assert found[2].code.startswith("S")
    assert command("report", "reports/table").status == 0
    page = Path("reports/table/report.html").read_text()
    assert "<dt>D001</dt>" in page
    assert "&lt;b&gt;" in page.split("<dt>D006</dt>")[1].split("<dt>")[0]
    assert command("table", "warnings", "reports/table").out.count("D00") == 2
    assert [
        line.split('"')[3] for line in command("dump", "reports/table").out.splitlines()
        if line.startswith('["data_findings"')
    ] == ["D001", "D006"]  # fmt: skip
    assert "passed  C002" in command("check", "reports/table").out


def test_a_run_from_before_there_were_checks_gets_what_is_found_when_it_goes_on(command: Command):
    name = recipe_for(pair(np.random.default_rng(3)), command)
    asked = ("--data", name, "--models", "linear", "--workers", "1")
    command("run", *asked, "--seeds", "1")
    with closing(sqlite3.connect(f"reports/{name}/results.sqlite")) as connection:
        connection.executescript("DROP TABLE data_findings; UPDATE run SET schema = 5")
        table_digests.renew(connection)
        connection.commit()
    assert "D006" not in command("status", f"reports/{name}").out
    assert "\nD006 " in command("run", *asked, "--seeds", "2").out
    assert "\nD006 " in command("status", f"reports/{name}").out
