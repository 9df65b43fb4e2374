"""Tables of how stable the order of importances is."""

import numpy as np
import pandas as pd

from study.analysis import stability
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.report.tables.cells import closing, estimate, foremost, holds, number, wide
from study.report.tables.table import Table
from study.statistics.agreement import TOP
from study.statistics.intervals import PERCENT


def rank_frequency_table(overview: Overview, level: str) -> Table | None:
    """In what proportion of seeds each item has each rank."""
    results = overview.results
    data = overview.rank_frequencies(level)
    if data.empty:
        return None
    shown = overview.of_foremost(data)
    layout = wide(
        results,
        shown,
        shown["proportion"].map(_proportion),
        "rank",
        {rank: str(rank) for rank in sorted(shown["rank"].unique())},
        lines=("model", "method", "name"),
    ).rename(columns={"Name": level.capitalize()})
    return Table(
        f"rank-frequency-{level}s",
        f"Proportion of seeds in which each {level} has each rank",
        f"1 is the most important. Tied {level}s share the ranks they span. Condition real. "
        f"{foremost(overview, level)}{_beyond(results, data, level)}{closing(overview)}",
        data,
        layout,
    )


def _beyond(results: Results, data: pd.DataFrame, level: str) -> str:
    """Says which ranks a table leaves out, to stand before what follows."""
    last = data["rank"].max()
    left = last < len(results.items(level))
    return f"Ranks beyond {last} have no column. " if left else ""


def flip_table(overview: Overview, level: str) -> Table | None:
    """How often two seeds order two items differently."""
    results = overview.results
    data = overview.flip_rates(level)
    if data.empty:
        return None
    shown = overview.of_foremost(data)
    shown = shown[shown["rate"] > 0]
    layout = pd.DataFrame(
        {
            "Model": shown["model"].map(results.title),
            "Method": shown["method"],
            "First": shown["first"],
            "Second": shown["second"],
            "First above": [f"{row.above} of {row.n}" for row in shown.itertuples()],
            "Flip rate": [estimate(row, "rate", "Wilson") for row in shown.to_dict("records")],
        }
    )
    return Table(
        f"flips-{level}s",
        f"Pairs of {level}s that change places between seeds",
        "Flip rate: the chance that two seeds order the two differently, 2 p (1 - p) where p is "
        "the proportion of seeds with the first above (0.5: a coin for each seed), with Wilson's "
        f"{PERCENT} interval of p carried over. (Among different seeds of this run it is "
        "n / (n - 1) times that.) Pairs that never changed places are in the CSV file "
        f"alone. Condition real. {holds(results, 'flip rate')}"
        f"{foremost(overview, level)}{closing(overview)}",
        data,
        layout,
    )


def steadiness_table(overview: Overview, level: str) -> Table | None:
    """How large each item is, and how steadily it keeps its order."""
    results = overview.results
    data = overview.steadiness(level)
    if data.empty:
        return None
    shown = overview.of_foremost(data)
    layout = pd.DataFrame(
        {
            "Model": shown["model"].map(results.title),
            "Method": shown["method"],
            level.capitalize(): shown["name"],
            "Mean share": shown["mean_share"].map(lambda value: number(value, "{:.3f}")),
            "Order kept": shown["kept"].map(number),
            "Quadrant": [
                f"{'large' if row.large else 'small'}, {'steady' if row.steady else 'unsteady'}"
                for row in shown.itertuples()
            ],
        }
    )
    return Table(
        f"stability-{level}s",
        f"Importance of each {level} against how steadily it keeps its order",
        f"Order kept: the chance that two seeds put the {level} and another one into the same "
        f"order, the mean over the other {level}s of one less the flip rate; 0.5 is a coin, 1 the "
        f"same in all seeds. Large: more than an equal share, 1 / {len(results.items(level))}. "
        f"Steady: order kept at least {stability.STEADY}. No interval: those of the flip rates "
        "are in the table of pairs. Condition real. "
        f"{foremost(overview, level)}{closing(overview)}",
        data,
        layout,
    )


def top_stability_table(overview: Overview, level: str) -> Table | None:
    """Nogueira's stability of the top k."""
    results = overview.results
    data = overview.top_stability(level)
    if data.empty:
        return None
    shown = overview.of_foremost(data)
    cells = [estimate(row, "stability", "jackknife-t") for row in shown.to_dict("records")]
    layout = wide(results, shown, cells, "k", {k: f"Top {k}" for k in TOP.values()})
    return Table(
        f"top-stability-{level}s",
        f"Stability of the top {level}s over seeds",
        "Nogueira, Sechidis and Brown's measure (2018): 1 when all seeds have the same top k, 0 "
        f"as expected by chance, with a {PERCENT} jackknife-t interval over seeds; the CSV file "
        "has their own asymptotic one too, which is too narrow for few seeds. Condition real. "
        f"{holds(results, 'agreement between seeds')}"
        f"{closing(overview)}",
        data,
        layout,
    )


def rank_set_table(overview: Overview, level: str) -> Table | None:
    """The ranks that each item can have, and what cannot be told apart."""
    results = overview.results
    data = overview.rank_sets(level)
    if data.empty:
        return None
    shown = overview.of_foremost(data)
    layout = pd.DataFrame(
        {
            "Model": shown["model"].map(results.title),
            "Method": shown["method"],
            level.capitalize(): shown["name"],
            "Mean rank": shown["mean_rank"].map(number),
            "Rank interval": [
                f"{row.lowest}" if row.lowest == row.highest else f"{row.lowest} to {row.highest}"
                for row in shown.itertuples()
            ],
            "Group": shown["groups"],
        }
    )
    return Table(
        f"ranks-{level}s",
        f"Rank intervals of the {level}s, and groups that cannot be told apart",
        f"Two {level}s are told apart when one outranks the other in significantly more than "
        "half of the seeds (exact sign test, two-sided, Holm over all pairs of a model and "
        "method). The rank interval is of the place in that order of majorities, not of the rank "
        f"in one seed nor of the mean rank: it leaves out the {level}s told apart above and below. "
        f"All intervals of a model and method hold together with {PERCENT}. Those that share a "
        "letter cannot be told apart by these seeds. Condition real. "
        f"{foremost(overview, level)}{closing(overview)}",
        data,
        layout,
    )


def consensus_table(overview: Overview, level: str) -> Table | None:
    """The order that all models and methods agree with best, and which of them dissent."""
    results = overview.results
    found, data = overview.consensus_order(level), overview.dissent(level)
    if found is None or data.empty:
        return None
    items = results.items(level)
    order = "; ".join(
        f"{rank}. " + " = ".join(
            item for item, own in zip(items, found.ranks, strict=True) if own == rank
        )
        for rank in sorted(set(found.ranks.tolist()))
    )  # fmt: skip
    shown = overview.of_foremost(data)
    layout = pd.DataFrame(
        {
            "Model": shown["model"].map(results.title),
            "Method": shown["method"],
            "Pairs told apart": [f"{row.told_apart} of {row.pairs}" for row in shown.itertuples()],
            "Against the consensus": shown["reversed"].map(str),
            "Which": shown["against"].replace("", "–"),
        }
    )
    several = (
        f" {found.optimal:,} orders are equally near; this one has the most ties at the top."
        if found.optimal > 1
        else ""
    )
    return Table(
        f"consensus-{level}s",
        f"Consensus of all models and methods on the {level}s, and who dissents",
        f"Consensus (= is a tie): {order}.{several} It is the order with ties at the least total "
        "distance of Kemeny and Snell (1962) to the judges, each a model by a method; a judge "
        f"votes on two {level}s where its seeds tell them apart. Against the consensus: pairs that "
        f"a judge orders the other way round. Condition real. {closing(overview)}",
        data.assign(
            consensus=order,
            distance=found.cost,
            optimal=found.optimal,
        ),
        layout,
    )


def reliability_table(overview: Overview, level: str) -> Table | None:
    """How many seeds make the mean importances reliable."""
    results = overview.results
    data = overview.reliability(level)
    if data.empty:
        return None
    shown = overview.of_foremost(data)
    sizes = {size: str(size) for size in sorted(shown["seeds"].unique())}
    layout = wide(results, shown, shown.apply(_split_cell, axis=1), "seeds", sizes)
    return Table(
        f"reliability-{level}s",
        f"Split-half reliability of the mean importances, by seeds in each half ({level}s)",
        "Spearman correlation of the mean shares of two halves without a seed in common: mean "
        f"over 500 random splits, and in brackets where {PERCENT} of the splits lie (no interval "
        f"of the mean). Condition real. {closing(overview)}",
        data,
        layout,
    )


def _split_cell(row: pd.Series) -> str:
    if np.isnan(row["mean"]):
        return "undefined"
    return f"{row['mean']:z.2f} ({row['low']:z.2f} to {row['high']:z.2f})"


def _proportion(value: float) -> str:
    if np.isnan(value):
        return "–"
    return "" if value == 0 else f"{value:.2f}"
