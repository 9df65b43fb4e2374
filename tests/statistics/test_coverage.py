"""What the report says of its intervals is what the simulations gave."""

import pandas as pd
import pytest
from conftest import ROOT

from study.statistics.coverage import COVERAGE, coverage

# Interval and statistic in the table of the benchmark.
WHERE = {
    "mean over seeds": ("BCa", "mean share,|mean shares$|margin"),
    "agreement within seeds": ("BCa", "within seeds"),
    "agreement between seeds": ("jackknife-t", ""),
    "proportion": ("Wilson", "^proportion"),
    "difference of proportions": ("Newcombe", "proportions$"),
    "difference of means of two runs": ("BCa", "mean shares of two runs"),
    "difference of proportions of two runs": ("Newcombe", "proportions of two runs"),
    "flip rate": ("Wilson", "^flip"),
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(ROOT / "benchmarks" / "coverage.csv")


@pytest.mark.parametrize("name", COVERAGE)
def test_coverages_are_those_of_the_committed_table(table, name):
    interval, statistic = WHERE[name]
    # Worlds in which most data sets have no interval say nothing of it.
    rows = table[
        (table["interval"] == interval)
        & table["statistic"].str.contains(statistic)
        & (table["none"] <= 0.5)
    ]
    found = {
        seeds: (part["coverage"].min(), part["coverage"].max())
        for seeds, part in rows.groupby("n")
        if seeds >= 10
    }
    assert COVERAGE[name].keys() == found.keys()
    for seeds, bounds in COVERAGE[name].items():
        assert bounds == pytest.approx(found[seeds], abs=0.00501)


def test_every_interval_of_the_benchmark_stands_in_the_report(table):
    given = set(table["interval"]) - {"Clopper–Pearson", "Nogueira", "Welch", "rank intervals"}
    given = {interval for interval in given if "not given" not in interval}
    assert given == {interval for interval, _ in WHERE.values()}


def test_the_sentence_is_of_the_nearest_simulation_with_no_more_seeds():
    assert coverage("mean over seeds", 9) == ""
    assert "simulations of 20 seeds" in coverage("mean over seeds", 49)
    assert "0.94 to 0.96" in coverage("mean over seeds", 1000)
