"""What the benchmarks' page says of simulated statistics is what the committed tables hold."""

import pandas as pd
import pytest
from benchmark_programs import BENCHMARKS, program

from study.report.text.verdict import _COSTS


@pytest.mark.parametrize(
    ("name", "compact"),
    [
        ("rank_intervals", "compact"),
        ("variance_components", "compact"),
        ("population", "ties"),
        ("population", "leads"),
        ("population", "proposals"),
    ],
)
def test_the_tables_of_the_page_are_those_of_the_committed_figures(name, compact, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    lines = (BENCHMARKS / "README.md").read_text(encoding="utf-8").splitlines()
    shown = getattr(program(name), compact)(pd.read_csv(BENCHMARKS / f"{name}.csv"))
    expected = [f"| {' | '.join(map(str, row))} |" for row in shown.itertuples(index=False)]
    start = lines.index(expected[0])
    assert lines[start : start + len(expected) + 1] == [*expected, ""]


def test_what_is_said_of_verdicts_about_the_population_is_so():
    table = pd.read_csv(BENCHMARKS / "population.csv")
    tied = table[table["world"].str.startswith("tie")]
    assert tied["supported"].max() == pytest.approx(0.013, abs=0.0005)
    assert table["coverage"].min() >= 0.95
    assert tied["seeds"].max() == pytest.approx(0.38, abs=0.005)
    few = tied[(tied["world"] == "tie") & (tied["model"] == "linear")]
    assert few["proposed"].max() == pytest.approx(2 * few["supported"].max(), abs=0.001)
    assert few["half"].max() < few["proposed"].max()
    overlapping = table.set_index("method")["overlapping"].dropna()
    assert overlapping.round(3).to_dict() == {
        "gradient": 0.105,
        "scaled-gradient": 0.135,
        "permutation": 0.075,
    }


def test_what_is_said_of_the_level_of_permutation_tests_is_so():
    table = pd.read_csv(BENCHMARKS / "population.csv")
    noise = table[table["world"] == "noise"]
    assert (noise["chance"].min(), noise["chance"].max()) == (0.04, 0.058)
    assert noise["chance_half"].between(0.03, 0.07).all()
    assert noise["chance_proposed"].max() == pytest.approx(4 * 0.05, abs=0.02)


def test_what_is_said_of_ranks_from_halves_and_from_overlapping_splits_is_so():
    table = pd.read_csv(BENCHMARKS / "rank_intervals.csv").set_index(["splits", "world"])
    assert table.loc["halves"]["coverage"].min() >= 0.98
    assert table.loc["overlapping", "all tied"]["coverage"].max() < 0.5


def test_what_is_said_of_errors_of_components_is_so():
    table = pd.read_csv(BENCHMARKS / "variance_components.csv")
    likelihood, pairs = (
        table[table["estimator"] == name].reset_index(drop=True) for name in ("likelihood", "pairs")
    )
    assert likelihood.filter(like="bias").abs().to_numpy().max() <= 0.05
    errors = likelihood.filter(like="rmse"), pairs.filter(like="rmse")
    assert (errors[0] <= errors[1] + 0.001).all(axis=None)
    idle = likelihood["seed"] == 0
    times = errors[1].loc[idle, "seed_rmse"] / errors[0].loc[idle, "seed_rmse"]
    assert times.max() == pytest.approx(15, abs=0.5)


def test_what_proposing_costs_is_said_as_it_was_simulated():
    """Beside each verdict on a claim that was proposed from the data."""
    table = pd.read_csv(BENCHMARKS / "population.csv")
    tied = table[table["proposed"].notna()]
    other_rows, chance, _ = _COSTS
    assert f"in up to {tied['proposed'].max():.2f} of" in " ".join(other_rows.split())
    assert f"up to {tied['supported'].max():.2f} of them" in other_rows
    assert f"in up to {table['chance_proposed'].max():.2f} of" in chance
