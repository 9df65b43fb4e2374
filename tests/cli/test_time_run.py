"""A run whose rows stand in time says so everywhere, can be checked, and refuses what is wrong."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Command
from visits_recipe import RECIPE

NAME = "da<b>y_%&"
ASKED = ("run", "--data", "series.toml", "--models", "linear", "--workers", "1", "--seeds", "2")
SERIES = RECIPE.replace('groups = "pa<b>t_%&"', f'time = "{NAME}"').replace("visits", "series")


def write(rows: int = 80, recipe: str = SERIES, **columns) -> None:
    draw = np.random.default_rng(0)
    table = pd.DataFrame(draw.normal(size=(rows, 2)), columns=["dose", "age"])
    table["y"] = table["dose"] + 0.3 * draw.normal(size=rows)
    days = pd.date_range("2020-01-01", periods=rows).strftime("%Y-%m-%d")
    table = table.assign(**{NAME: days, "who": np.arange(rows) // 4} | columns)
    table.sample(frac=1, random_state=1).to_csv("series.csv", index=False)
    Path("series.toml").write_text(recipe)


def test_a_run_in_time_says_so_and_is_found_as_it_is_stored(command: Command, undrawn):
    write()
    said = " ".join(command("data", "check", "series.toml").out.split())
    assert f"25% of the rows, the last by {NAME}" in said
    assert f"by {NAME}: test rows are later than training rows" in said
    halves, bootstraps = (
        command(*ASKED, *more)
        for more in (
            ("--splits", "10", "--shuffles", "0"),
            ("--vary", "rows", "--bases", "5", "--splits", "0", "--shuffles", "0"),
        )
    )
    assert (halves.status, bootstraps.status) == (0, 0)
    cited = " ".join(command("cite", "reports/series").out.split())
    assert (
        f"Rows were put in the order of {NAME}, and models tested on rows later than those that they "
        "were trained on; 8 blocks of successive rows were drawn in place of rows, and permutations "
        "were circular shifts."
    ) in cited
    assert "random splits of all blocks into halves, with" in cited
    assert "the halves, which share no block: Nadeau" in cited
    assert command("cite", "reports/series", "--format", "latex").status == 0
    (macros,) = Path().rglob("numbers.tex")
    assert r"Time}{da\textless{}b\textgreater{}y\_\%\&}" in macros.read_text()
    assert command("report", "reports/series").status == 0
    page = Path("reports/series/report.html").read_text()
    assert "25% of the rows are test rows, the last by da&lt;b&gt;y_%&amp;" in page
    assert "halves are put together of 8 blocks of rows that follow each other" in page
    assert NAME not in page
    checked = command("check", "reports/series", "--data", "series.toml", "--retrain", "2").out
    assert "faults: 0" in checked
    for code in ("C011", "C013", "C014"):
        assert f"passed  {code}" in checked


def test_too_few_times_for_halves_are_refused_in_one_line(command: Command):
    write(**{NAME: np.arange(80) // 20})
    refused = command(*ASKED, "--splits", "10")
    assert refused.status == 2
    assert refused.err.strip() == (
        "study: --splits: a half of 4 times is too small to train and test on: --splits 0 leaves "
        "them out"
    )


LINE = f'time = "{NAME}"'
WRONG = {
    "a time that is no date": ({NAME: "spring"}, LINE, "'spring' is no date"),
    "a time of any order": ({NAME: ["03/04/2020", "05/06/2020"] * 40}, LINE, "may be either"),
    "a time that is missing": ({NAME: [""] + ["2020-01-01"] * 79}, LINE, "the time is missing ('')"),
    "no such time": ({}, 'time = "hour"', "no column 'hour'"),
    "the target as time": ({}, 'time = "y"', "time: 'y' is the target"),
    "a time that is no name": ({}, "time = 3", "time"),
    "time and groups": ({}, f'{LINE}\ngroups = "who"', "by time or by groups, not by both"),
    "a group that is missing": ({"who": ["NA"] + [1] * 79}, 'groups = "who"', "the group is missing"),
    "one group": ({"who": 1}, 'groups = "who"', "all 80 rows are one group"),
    "a variable as group": ({}, 'groups = "age"', "groups: 'age' is a variable, too"),
    "groups that are no name": ({}, "groups = []", "groups"),
    "equal rows apart": ({}, 'equal_rows = "apart"', "equal_rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_rows_is_one_line_and_nothing_is_written(case, command: Command):
    columns, line, words = WRONG[case]
    write(recipe=SERIES.replace(LINE, line), **columns)
    before = sorted(Path().rglob("*"))
    for asked in (ASKED, ("data", "check", "series.toml")):
        refused = command(*asked)
        assert refused.status == 2
        assert words in refused.err
        assert len(refused.err.strip().splitlines()) <= 2
        assert "Traceback" not in refused.err
    assert sorted(Path().rglob("*")) == before
