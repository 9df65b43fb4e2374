"""Tables of repeated measures: who is measured is no variable, and is offered as groups."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.datasets.checks.blocks import subjects_in_blocks
from study.datasets.drafting.draft import Draft, draft
from study.datasets.drafting.reading import read_columns
from study.datasets.raw_columns import RawTable
from study.datasets.read_table import read_file
from study.recipes.find import find_dataset
from study.recipes.table import Table

SUBJECTS, TIMES = 30, 8


def measured(name: str = "unit", subjects: int = SUBJECTS, seed: int = 0) -> pd.DataFrame:
    """Some subjects at some times, fewer of the last one; an attribute of each, and a dose."""
    draw = np.random.default_rng(seed)
    numbers = 4600 + draw.choice(3000, subjects, replace=False)
    who = np.repeat(np.arange(subjects), TIMES)[: subjects * TIMES - 3]
    week = np.arange(len(who)) % TIMES + 1
    return pd.DataFrame(
        {
            name: numbers[who],
            "breed": draw.integers(3, size=subjects)[who],
            "week": week,
            "dose": draw.normal(size=len(who)).round(3),
            "y": draw.normal(size=subjects)[who] + week + draw.normal(size=len(who)),
        }
    )


def found(folder: Path, frame: pd.DataFrame) -> list[str]:
    """Columns that the check takes for subjects, of a table as it is read."""
    frame.to_csv(folder / "t.csv", index=False)
    table = Table(file="t.csv")
    *columns, target = read_columns(table, read_file(folder / "t.csv", table), {}).values()
    raw = RawTable(tuple(columns), target, (len(frame),))
    return [finding.column for finding in subjects_in_blocks(raw)]


def drafted(folder: Path, frame: pd.DataFrame) -> Draft:
    frame.to_csv(folder / "t.csv", index=False)
    return draft(folder / "t.csv", "y", folder / "t.toml")


@pytest.mark.parametrize("name", ["unit", "Pig", "nr", "x"])
@pytest.mark.parametrize("in_order", [True, False])
def test_subjects_are_no_variable_and_offered_as_groups_by_one_line(tmp_path, name, in_order):
    frame = measured(name)
    made = drafted(tmp_path, frame.sort_values([name, "week"]) if in_order else frame)
    assert name not in [variable.name for variable in made.recipe.variables]
    assert "identifiers: 30 different whole numbers in 237 rows" in made.left_out[name]
    line = f'groups = "{name}"'
    assert made.text.count(f"# {line}\n") == 1
    path = tmp_path / "t.toml"
    path.write_text(made.text.replace(f"# {line}", line))
    assert find_dataset(str(path)).recipe.groups == name


def test_times_may_be_dates_or_words_and_attributes_words(tmp_path):
    frame = measured()
    frame["breed"] = frame["breed"].map({0: "a", 1: "b", 2: "c"})
    for when in (["2020-01-01", "2020-02-01", "2020-03-01"], ["before", "during", "after"]):
        some = frame[frame["week"] <= 3].assign(week=lambda of, when=when: [when[w - 1] for w in of["week"]])  # fmt: skip
        assert found(tmp_path, some) == ["unit"]


def amounts(**columns: object) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    rows = len(next(iter(columns.values())))
    return pd.DataFrame(
        {**columns, "other": draw.normal(size=rows).round(3), "y": draw.normal(size=rows)}
    )


BLOCKS = np.repeat(np.arange(40) * 7, 6)  # each number in six rows
DRAW = np.random.default_rng(2)
OF_BLOCKS = DRAW.integers(3, size=40).repeat(6)


@pytest.mark.parametrize(
    "frame",
    [
        # Doses of a design, each tried in turn, and what follows from the dose.
        amounts(dose=BLOCKS, trial=np.tile(np.arange(6), 40), high=(BLOCKS > 100) * 1),
        # A grid: nothing belongs to a line of it.
        amounts(x=BLOCKS, z=np.tile(np.arange(6), 40), colour=DRAW.integers(3, size=240)),
        # Sorted by an amount, and by another within it.
        amounts(
            age=BLOCKS, income=np.sort(DRAW.normal(size=(40, 6)), axis=1).ravel(), region=OF_BLOCKS
        ),
        # One row in two hundred is not like the others.
        amounts(size=BLOCKS, trial=np.tile(np.arange(6), 40), rare=(BLOCKS == 70) * 1),
        # Times of a panel, with what is true of each time.
        amounts(year=BLOCKS // 7 + 1950, firm=np.tile(np.arange(6), 40), rate=OF_BLOCKS),
        # Few numbers, which may be levels.
        amounts(arm=BLOCKS[:72], trial=np.tile(np.arange(6), 12), sex=OF_BLOCKS[:72]),
        # Numbers that come back later.
        amounts(depth=np.tile(BLOCKS[:120], 2), trial=np.tile(np.arange(6), 40), soil=OF_BLOCKS),
        # In no blocks.
        measured().sample(frac=1, random_state=0),
    ],
    ids=["design", "grid", "sorted", "rare", "panel", "few", "again", "mixed"],
)
def test_amounts_in_order_and_times_are_no_subjects(tmp_path, frame):
    assert found(tmp_path, frame) == []


def test_without_an_attribute_or_a_time_subjects_are_not_told_from_amounts(tmp_path):
    frame = measured()
    assert found(tmp_path, frame) == ["unit"]
    assert found(tmp_path, frame.drop(columns="breed")) == []
    assert found(tmp_path, frame.drop(columns="week")) == []
