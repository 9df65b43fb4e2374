"""Tables that others made become verdicts by four commands, whatever is peculiar to them."""

from pathlib import Path

import pandas as pd
import pytest
from benchmark_programs import program
from conftest import Command

from study.analysis.results import Results
from study.recipes.columns import Ordinal

TEN = program("ten_tables")
TABLES = {table.name: table for table in TEN.TABLES}
FEW = ("--models", "linear", "--seeds", "2", "--splits", "0", "--shuffles", "0", "--workers", "1")
ROWS = 500


def small(of) -> pd.DataFrame:
    """Some of its rows: the first where they belong together, else some of all."""
    frame = of.frame()
    if len(frame) <= ROWS:
        return frame
    return frame.head(ROWS) if of.line else frame.sample(ROWS, random_state=0).sort_index()


def kind(results: Results) -> str:
    """What is peculiar to the rows and the target, as the program has read them."""
    recipe = results.recipe
    said = [f"{len(recipe.task.levels)} classes"] if recipe.task.classes else []
    said += ["counts"] if recipe.task.counts else []
    said += ["groups"] if recipe.groups else []
    said += ["time"] if recipe.time else []
    said += ["weights"] if recipe.weight else []
    said += ["levels in order"] if any(isinstance(of, Ordinal) for of in recipe.variables) else []
    said += ["gaps"] if results.prepared["missing"].any() else []
    return ", ".join(said)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("breast_cancer", "2 classes"),
        ("iris", "3 classes"),
        ("digits", "10 classes"),
        ("doctor", "gaps"),
        ("pigs", "groups, gaps"),
        ("weather", "time"),
        ("wages", "weights, gaps"),
        ("penguins", "gaps"),
        ("framing", "4 classes, levels in order"),
        ("visits", "counts"),
    ],
)
def test_four_commands_lead_from_a_table_to_a_verdict(command: Command, undrawn, name, expected):
    of = TABLES[name]
    small(of).to_csv(f"{name}.csv", index=False)
    first, *others = of.commands(FEW)
    assert len(others) == 3
    drafted = command(*first)
    assert drafted.status == 0, drafted.err
    if of.line:
        recipe = Path("data") / f"{name}.toml"
        recipe.write_text(TEN.named(recipe.read_text(), of.line))
    if of.counted:
        recipe = Path("data") / f"{name}.toml"
        recipe.write_text(TEN.counted(recipe.read_text()))
    for arguments in others:
        done = command(*arguments)
        assert done.status == 0, done.err
    results = Results(f"reports/{name}")
    assert kind(results) == expected
    page = (Path("reports") / name / "report.html").read_text()
    assert "Over seeds" in page or "over seeds" in page
    assert results.recipe.claim.name in page
