"""Scores that differ by rounding alone are tied in everything that is made of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import study
from study.analysis.overview import Overview
from study.analysis.warnings.registry import warnings
from study.report.tables.claims import claim_table
from study.report.text.verdict import answers

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture
def imported(command):
    """Imports a table of scores, and gives the overview of the run."""

    def make(table: pd.DataFrame, claim: str, name: str = "scores") -> Overview:
        table.to_csv(f"{name}.csv", index=False)
        made = command("import", f"{name}.csv", "--claim", claim)
        assert made.status == 0, made.err
        return Overview(study.load(f"reports/{name}"))

    return make


def case(path: str) -> pd.DataFrame:
    return pd.read_csv(CASES / path, converters={"score": float})


def in_another_order(score: float) -> float:
    """The sum of ten tenths of a score, which may differ by rounding."""
    return sum([score / 10] * 10)


def written_by_r(score: float) -> float:
    """With 15 significant digits."""
    return float(f"{score:.15g}")


def of_vectors(vectors: list[list[float]]) -> pd.DataFrame:
    names = "abcdefgh"
    return pd.DataFrame(
        [
            {"model": "m", "method": "f", "seed": seed, "feature": names[place], "score": score}
            for seed, vector in enumerate(vectors)
            for place, score in enumerate(vector)
        ]
    )


# Two features equal by algebra: now one is ahead by rounding, now the other, and never a third.
SUMS = [
    [0.1 * k + 0.2 * k, 0.3 * k, 0.05] if k % 2 else [0.3 * k, 0.1 * k + 0.2 * k, 0.05]
    for k in range(1, 21)
]
DROPS_OF_NOTHING = [
    [0.5 + k / 100, 0.9 - sum([0.9] * (20 + k)) / (20 + k), 0.0] for k in range(1, 21)
]


@pytest.mark.parametrize(
    ("table", "first", "second"),
    [
        (case("import/tie-by-rounding.csv"), "u", "v"),
        (case("import/tie-swapped-by-rounding.csv"), "a", "b"),
        (of_vectors(SUMS), "a", "b"),
        (of_vectors(DROPS_OF_NOTHING), "b", "c"),
    ],
    ids=["by rounding", "swapped by rounding", "sums", "drops of nothing"],
)
def test_what_rounding_alone_tells_apart_is_tied_everywhere(imported, table, first, second):
    overview = imported(table, f"{first} above {second} in 0.8")
    assert overview.own_verdict(overview.results.recipe.claim)["met"] == 0
    flipped = overview.flip_rates("feature").set_index(["first", "second"])
    own = flipped.loc[(first, second) if (first, second) in flipped.index else (second, first)]
    assert (own["above"], own["below"]) == (0, 0)
    assert own["interval"] == "always tied: no interval"
    ranks = overview.results.ranks.pivot_table(index="seed", columns="name", values="rank")
    assert (ranks[first] == ranks[second]).all()
    rank = overview.rank_frequencies("feature").pivot_table(
        index="name", columns="rank", values="proportion"
    )
    np.testing.assert_array_equal(rank.loc[first], rank.loc[second])
    sets = overview.rank_sets("feature").set_index("name")
    assert sets.loc[first, "groups"] == sets.loc[second, "groups"]
    order = overview.consensus_order("feature").ranks
    places = [overview.results.features.index(name) for name in (first, second)]
    assert order[places[0]] == order[places[1]]
    if ranks[first].eq(1.5).all():
        top = overview.top_stability("feature").set_index("k")
        assert top.loc[1, "undefined"] == top.loc[1, "n"]  # nobody is the top 1


@pytest.mark.parametrize("rewritten", [written_by_r, in_another_order])
@pytest.mark.parametrize("path", ["import/tie-by-rounding.csv", "tables/12-ties-rounded.csv"])
def test_scores_written_otherwise_give_the_same_verdict_and_ranks(imported, path, rewritten):
    table = case(path)
    name = table["feature"].iloc[0]
    other = table.assign(score=table["score"].map(rewritten))
    one, two = (
        imported(scores, f"{name} rank 1 in 0.8", file)
        for scores, file in ((table, "one"), (other, "two"))
    )
    pd.testing.assert_frame_equal(one.results.ranks, two.results.ranks)
    verdicts = [of.own_verdict(of.results.recipe.claim) for of in (one, two)]
    assert verdicts[0]["met"] == verdicts[1]["met"]
    assert verdicts[0]["verdict"] == verdicts[1]["verdict"]


def test_ties_of_rounded_scores_are_told_beside_the_verdict(imported):
    """Eleven seeds put age first, and nine tie it with another, at two digits."""
    table = case("tables/12-ties-rounded.csv")
    scores = table[table["condition"] == "real"].pivot(
        index="seed", columns="feature", values="score"
    )
    greatest = scores.max(axis=1)
    tied = scores["age"].eq(greatest) & scores.eq(greatest, axis=0).sum(axis=1).gt(1)
    overview = imported(table, "age rank 1 in 0.8")
    row = overview.own_verdict(overview.results.recipe.claim)
    assert (row["met"], row["tied"]) == (11, tied.sum()) == (11, 9)
    assert "9 more age is tied for first" in answers(overview)[2].sentence
    assert "9 tied" in claim_table(overview).layout["Met"].iloc[0]


@pytest.mark.parametrize("seeds", [20, 40])
def test_seeds_that_hold_two_vectors_support_nothing(imported, seeds):
    table = case("import/two-vectors-ten-times-each.csv")
    if seeds == 40:  # each written with digits that single precision does not carry
        again = table.assign(seed=table["seed"] + 20, score=table["score"] * (1 + 1e-8))
        table = pd.concat([table, again])
    overview = imported(table, "a rank 1 in 0.8")
    row = overview.own_verdict(overview.results.recipe.claim)
    assert (row["verdict"], row["met"], row["n"], row["different"]) == (
        "no verdict", seeds, seeds, 2
    )  # fmt: skip
    assert f"{seeds} seeds hold 2 different score vectors" in answers(overview)[2].sentence
    assert "2 vectors" in claim_table(overview).layout["Met"].iloc[0]
    assert "S019" in {warning.code for warning in warnings(overview)}


def test_the_stored_scores_stay_as_they_came(command, imported):
    imported(case("import/tie-by-rounding.csv"), "u rank 1 in 0.8")
    assert "0.32379600000000003" in command("dump", "reports/scores").out


def test_a_share_that_misses_what_is_claimed_by_rounding_reaches_it(imported):
    tenths = np.arange(1, 21)[:, None] / 10 * [0.7, 0.2, 0.1]
    assert (tenths[:, 0] / tenths.sum(axis=1) < 0.7).any()
    overview = imported(of_vectors(tenths.tolist()), "a share 0.7 in 0.8")
    assert overview.own_verdict(overview.results.recipe.claim)["met"] == 20
