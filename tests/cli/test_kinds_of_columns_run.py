"""Ordered levels, dates, kept missing values and groups of variables, from table to report."""

import html
from pathlib import Path

import numpy as np
import pandas as pd
from conftest import Command

from study.analysis.results import Results

NAME = "mo<b>ney_%&"
RECIPE = """
title = "Spending"
patience = 3
source = "made up"
[table]
file = "spending.csv"
[split]
test = 0.25
random_state = 0
[[variables]]
name = "income"
type = "numeric"
missing = "indicator"
[[variables]]
name = "mood"
type = "ordinal"
levels = ["low", "medium", "high"]
[[variables]]
name = "day"
type = "date"
as = "weekday"
[[variables]]
name = "wealth"
type = "numeric"
[variable_groups]
"mo<b>ney_%&" = ["income", "wealth"]
[target]
name = "spent"
standardise = true
tolerance = 0.1
[claim]
level = "group"
name = "mo<b>ney_%&"
rank = 1
proportion = 0.8
model = "linear"
method = "permutation-grouped"
[permutation]
repeats = 3
random_state = 0
"""
BOOSTED = """
title = "Boosted trees"
estimator = "sklearn.ensemble:HistGradientBoostingRegressor"
arguments = { max_iter = 10 }
"""
OWN = """
title = "Own"
network = "networks_of_pieces:GeluMlp"
[training]
epochs = 5
batch_size = 10
learning_rate = 0.01
"""


def write() -> None:
    draw = np.random.default_rng(0)
    rows = 120
    income = draw.normal(0, 1, rows)
    table = pd.DataFrame(
        {
            "income": np.where(draw.random(rows) < 0.1, np.nan, income),
            "mood": draw.choice(["low", "medium", "high"], rows),
            "day": pd.date_range("2020-01-01", periods=rows).strftime("%Y-%m-%d"),
            "wealth": income + draw.normal(0, 0.2, rows),
            "spent": 3 * income + draw.normal(0, 0.1, rows),
        }
    )
    table.to_csv("spending.csv", index=False)
    Path("spending.toml").write_text(RECIPE)
    Path("boosted.toml").write_text(BOOSTED)
    Path("own.toml").write_text(OWN)


def said(command: Command, *arguments: str) -> str:
    outcome = command(*arguments)
    assert outcome.status == 0, outcome.err
    return " ".join(outcome.out.split())


def test_every_kind_of_column_goes_from_the_table_to_the_report(command: Command, undrawn):
    write()
    checked = said(command, "data", "check", "spending.toml")
    assert f"{NAME} has rank 1" in checked
    assert "by weekday, as sine and cosine" in checked
    assert ", and whether it is missing" in checked
    told = said(
        command, "run", "--data", "spending.toml", "--models", "linear,boosted.toml,own.toml",
        "--seeds", "2", "--splits", "2", "--shuffles", "2", "--workers", "1",
    )  # fmt: skip
    run = "reports/spending"
    said(command, "report", run)
    page = " ".join(html.unescape(Path(run, "report.html").read_text()).split())
    assert NAME not in Path(run, "report.html").read_text()
    assert f"{NAME} has rank 1 among the 3 groups" in page
    assert "whether a value is missing is a feature of income" in page
    assert "day: sine and cosine of the weekday" in page
    assert f"{NAME}: income and wealth" in page
    alone = f"both are of the group {NAME}, which together has rank 1 in 2 of 2 seeds"
    assert alone in page
    assert alone in told
    assert Results(run).engines()["own"] == "lanes-1"
    groups = pd.read_csv(Path(run, "tables", "importance-groups.csv"))
    assert set(groups["model"]) == {"linear", "boosted", "own", "least-squares"}
    assert set(groups["name"]) == {NAME, "mood", "day"}
    assert {"permutation-grouped", "gradient"} <= set(groups["method"])
    assert "groups" in said(command, "claim", run, f"{NAME} above mood in 0.5", "--level", "group")
    assert "of the 3 groups" in said(command, "cite", run)
    again = said(command, "check", run, "--data", "spending.toml", "--retrain", "1")
    assert "faults: 0," in again
