"""Do the 95% intervals over seeds hold the true value 95% of the time?

Scores are drawn from worlds shaped like real studies, many data sets of n seeds each. What is
true in a world comes from very many seeds of it. Proportions and their differences need no
simulation: every possible outcome is counted with its probability.

    python benchmarks/coverage.py --csv benchmarks/coverage.csv
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from scipy import stats

from study.statistics import intervals
from study.statistics.agreement import KENDALL, SPEARMAN, between_seeds, coordinates, within_seeds
from study.statistics.claims import Statement
from study.statistics.intervals import (
    Interval,
    clopper_pearson,
    independent_difference,
    mean_difference_intervals,
    mean_intervals,
    paired_difference,
    wilson,
)
from study.statistics.ranking import in_top, shares
from study.statistics.stability import flips, orders_told_apart, rank_intervals, set_stability

ITEMS = 8
SEEDS = (5, 10, 20, 50)
TRUE_SEEDS = 200_000
# Columns of one bootstrap, so that its means stay in memory.
AT_ONCE = 500
MEASURES = (SPEARMAN, KENDALL, "top-1", "top-3")
PAIRS = ((0, 1), (4, 5))
PROPORTIONS = (0.5, 0.8, 0.95, 0.99)
# Proportions of the real condition and of the control, and their correlation over seeds.
DIFFERENCES = (
    (0.95, 0.125, 0.0),
    (1.0, 0.7, 0.0),
    (1.0, 0.125, 0.0),
    (0.9, 0.9, 0.0),
    (0.9, 0.9, 0.5),
    (0.8, 0.6, 0.3),
    (0.5, 0.5, 0.0),
)
# Worlds whose mean shares of the first item are compared, as those of two runs.
COMPARED = (
    ("concentrated", "concentrated"),
    ("concentrated", "failing"),
    ("concentrated", "spread"),
    ("spread", "spread"),
    ("spread", "failing"),
    ("failing", "failing"),
)
# The seeds of two runs without any in common.
RUNS = ((10, 10), (10, 50), (20, 20), (20, 50), (50, 50))
OF_TWO_MEANS = "difference of mean shares of two runs"
OF_TWO_PROPORTIONS = "difference of proportions of two runs"
# Lines of the table that is printed: interval, what it is of, and a pattern of statistics.
LINES = (
    ("Wilson", "proportion", "^proportion"),
    ("Wilson", "flip rate of two items", "^flip"),
    ("Clopper–Pearson", "proportion", ""),
    ("Newcombe", "difference of paired proportions", "proportions$"),
    ("Newcombe", "difference of proportions of two runs", "proportions of two runs"),
    ("BCa", "mean share, margin, difference of mean shares", "share$|shares$|item$|margin"),
    ("BCa", OF_TWO_MEANS, OF_TWO_MEANS),
    ("Welch", "the same, by Welch's t", OF_TWO_MEANS),
    ("BCa", "mean Spearman within seeds", "spearman"),
    ("BCa", "mean overlap of the top 3 within seeds", "top"),
    ("jackknife-t", "mean Spearman or Kendall between seeds", "spearman|kendall"),
    ("jackknife-t", "mean overlap of the top 1 or 3 between seeds", "agreement.*top"),
    ("jackknife-t", "stability of the top 1 or 3", "stability"),
    ("Nogueira", "the same, by its authors' asymptotic interval", ""),
    ("rank intervals", "ranks of all items together", ""),
)
NOT_GIVEN = " (not given below 10 seeds)"

World = Callable[[np.random.Generator, int], np.ndarray]


def log_normal(centres: Sequence[float], deviations: Sequence[float]) -> World:
    """Scores that vary independently about their medians, (seeds, items)."""

    def draw(generator: np.random.Generator, seeds: int) -> np.ndarray:
        noise = generator.standard_normal((seeds, ITEMS))
        return np.array(centres) * np.exp(np.array(deviations) * noise)

    return draw


def ladder(deviation: float) -> World:
    """Scores in even steps; the smaller the deviation, the more surely in order."""
    return log_normal(list(0.6 ** np.arange(ITEMS)), [deviation] * ITEMS)


# Like the published Transformer's: the first share 0.83 ± 0.05, with its tail to the left.
concentrated = log_normal(
    [0.84, 0.037, 0.033, 0.03, 0.028, 0.019, 0.009, 0.008], [0.25] + [0.55] * (ITEMS - 1)
)


def spread(generator: np.random.Generator, seeds: int) -> np.ndarray:
    """No item dominates, and the first two, correlated features, share 0.6 as chance has it."""
    part = generator.beta(4, 2, seeds)
    rest = log_normal([0.3, 0.3, 0.15, 0.1, 0.06, 0.04, 0.03, 0.02], [0.3] * ITEMS)
    scores = rest(generator, seeds)
    both = scores[:, :2].sum(axis=1)
    scores[:, 0], scores[:, 1] = both * part, both * (1 - part)
    return scores


def failing(generator: np.random.Generator, seeds: int) -> np.ndarray:
    """As `concentrated`, but 15% of the seeds learn nothing: a flat, noisy vector."""
    scores = concentrated(generator, seeds)
    flat = generator.gamma(5, 0.02, (seeds, ITEMS))
    return np.where(generator.random((seeds, 1)) < 0.15, flat, scores)


# The ladders are named after the true mean Spearman correlation between seeds.
WORLDS: dict[str, World] = {
    "concentrated": concentrated,
    "spread": spread,
    "failing": failing,
    "order 0.996": ladder(0.158),
    "order 0.99": ladder(0.195),
    "order 0.89": ladder(0.47),
    "exchangeable": log_normal([1.0] * ITEMS, [0.5] * ITEMS),
}
# Means over seeds in this world are much like those in the next.
NOT_FOR_MEANS = "order 0.996"


def another(generator: np.random.Generator, scores: np.ndarray) -> np.ndarray:
    """What another method, or another model, says of the same seeds."""
    return scores**0.8 * np.exp(0.4 * generator.standard_normal(scores.shape))


@dataclass(frozen=True)
class Data:
    """Scores of several data sets by two methods, (datasets, seeds, items) each."""

    first: np.ndarray
    second: np.ndarray

    @classmethod
    def draw(
        cls, world: World, generator: np.random.Generator, datasets: int, seeds: int
    ) -> "Data":
        first = world(generator, datasets * seeds)
        second = another(generator, first)
        shape = (datasets, seeds, ITEMS)
        return cls(first.reshape(shape), second.reshape(shape))


def numbers_of_seeds(data: Data) -> Iterator[tuple[str, np.ndarray]]:
    """What is averaged over seeds: its name, and a number for each seed, (datasets, seeds)."""
    shape = data.first.shape
    first, second = data.first.reshape(-1, ITEMS), data.second.reshape(-1, ITEMS)

    def table(values: np.ndarray) -> np.ndarray:
        return values.reshape(shape[:2])

    share = shares(first)
    yield "mean share, first item", table(share[:, 0])
    yield "mean share, last item", table(share[:, -1])
    yield "mean margin", table(Statement("rank", 0).margin(first))
    yield "difference of mean shares", table(share[:, 0] - shares(second)[:, 0])
    for measure in (SPEARMAN, "top-3"):
        agreement = within_seeds(coordinates(measure, first), coordinates(measure, second))
        yield f"mean agreement within seeds, {measure}", table(agreement)


def row(
    interval: str,
    statistic: str,
    world: str,
    seeds: int,
    found: Sequence[Interval],
    truth: float | np.ndarray,
    weights: np.ndarray | None = None,
) -> dict[str, object]:
    """How often the intervals found hold the truth. `weights` are exact probabilities."""
    low, high = np.array([(one.low, one.high) for one in found]).T
    weight = np.full(len(found), 1 / len(found)) if weights is None else weights
    given = np.isfinite(low)
    part = weight * given / (weight * given).sum() if given.any() else weight * math.nan
    below, above = truth < low, truth > high
    return {
        "interval": interval,
        "statistic": statistic,
        "world": world,
        "n": seeds,
        "datasets": len(found) if weights is None else None,
        "coverage": part @ ~(below | above),
        "below": part @ below,
        "above": part @ above,
        "none": weight @ ~given,
        "mean_width": part @ np.where(given, high - low, 0.0),
    }


def of_means(name: str, world: World, datasets: int) -> Iterator[dict[str, object]]:
    """Bootstrap intervals of means over seeds."""
    everything = Data.draw(world, np.random.default_rng(1), 1, TRUE_SEEDS)
    truths = {key: values.mean() for key, values in numbers_of_seeds(everything)}
    for seeds in SEEDS:
        data = Data.draw(world, np.random.default_rng([2, seeds]), datasets, seeds)
        kind = "BCa" + NOT_GIVEN * (seeds < intervals.FEWEST)
        with mock.patch.object(intervals, "FEWEST", 2):
            for key, values in numbers_of_seeds(data):
                found = [
                    interval
                    for start in range(0, datasets, AT_ONCE)
                    for interval in mean_intervals(values[start : start + AT_ONCE].T)
                ]
                yield row(kind, key, name, seeds, found, truths[key])


def of_pairs(name: str, world: World, datasets: int) -> Iterator[dict[str, object]]:
    """Intervals of agreement between seeds, of flip rates and of the stability of sets."""
    everything = world(np.random.default_rng(1), TRUE_SEEDS)
    agreement = {
        measure: between_seeds(measure, coordinates(measure, everything)).mean
        for measure in MEASURES
    }
    rates = {pair: flips(everything, *pair).rate for pair in PAIRS}
    stability = {k: set_stability(in_top(everything, k)).stability for k in (1, 3)}
    for seeds in SEEDS:
        scores = world(np.random.default_rng([3, seeds]), datasets * seeds)
        by_data = scores.reshape(datasets, seeds, ITEMS)
        kind = "jackknife-t" + NOT_GIVEN * (seeds < intervals.FEWEST)
        with mock.patch.object(intervals, "FEWEST", 2):
            for measure in MEASURES:
                vectors = coordinates(measure, scores).reshape(datasets, seeds, -1)
                found = [between_seeds(measure, one).interval for one in vectors]
                statistic = f"mean agreement between seeds, {measure}"
                yield row(kind, statistic, name, seeds, found, agreement[measure])
        for pair in PAIRS:
            found = [flips(one, *pair).interval for one in by_data]
            statistic = "flip rate, items {} and {}".format(*pair)
            yield row("Wilson", statistic, name, seeds, found, rates[pair])
        for k, truth in stability.items():
            sets = in_top(scores, k).reshape(datasets, seeds, ITEMS)
            with mock.patch.object(intervals, "FEWEST", 2):
                both = [set_stability(one) for one in sets]
            statistic = f"stability of the top {k}"
            found = [one.interval for one in both]
            yield row(kind, statistic, name, seeds, found, truth)
            found = [one.asymptotic for one in both]
            yield row("Nogueira", statistic, name, seeds, found, truth)


def of_ranks(name: str, world: World, datasets: int) -> Iterator[dict[str, object]]:
    """Rank intervals of all items together, whose true ranks may be tied."""
    everything = world(np.random.default_rng(1), TRUE_SEEDS)
    chance = (everything[:, :, None] > everything[:, None, :]).mean(axis=0)
    # Closer than this to 1/2, neither of two items outranks the other.
    decided = np.abs(chance - 0.5) > 5 * 0.5 / math.sqrt(TRUE_SEEDS)
    best = 1 + (decided & (chance < 0.5) & ~np.eye(ITEMS, dtype=bool)).sum(axis=1)
    worst = ITEMS - (decided & (chance > 0.5)).sum(axis=1)
    for seeds in SEEDS:
        scores = world(np.random.default_rng([4, seeds]), datasets * seeds)
        found = np.array(
            [
                rank_intervals(orders_told_apart(one))
                for one in scores.reshape(datasets, seeds, ITEMS)
            ]
        )
        below = (best < found[:, :, 0]).any(axis=1)
        above = (worst > found[:, :, 1]).any(axis=1)
        yield {
            "interval": "rank intervals",
            "statistic": "ranks of all items together",
            "world": name,
            "n": seeds,
            "datasets": datasets,
            "coverage": (~(below | above)).mean(),
            "below": below.mean(),
            "above": above.mean(),
            "none": 0.0,
            "mean_width": (found[:, :, 1] - found[:, :, 0]).mean(),
        }


def of_proportions() -> Iterator[dict[str, object]]:
    """Intervals of proportions, exactly."""
    for kind, interval in (("Wilson", wilson), ("Clopper–Pearson", clopper_pearson)):
        for seeds in SEEDS:
            found = [interval(met, seeds) for met in range(seeds + 1)]
            for true in PROPORTIONS:
                weights = stats.binom.pmf(np.arange(seeds + 1), seeds, true)
                yield row(kind, "proportion", f"true {true}", seeds, found, true, weights)


def of_differences() -> Iterator[dict[str, object]]:
    """Intervals of differences of paired proportions, exactly."""
    for seeds in SEEDS:
        counts = np.array(
            [
                (both, one, other, seeds - both - one - other)
                for both, one, other in product(range(seeds + 1), repeat=3)
                if both + one + other <= seeds
            ]
        )
        met = np.array([(1, 1), (1, 0), (0, 1), (0, 0)], dtype=bool)
        found = [paired_difference(*np.repeat(met, count, axis=0).T) for count in counts]
        for real, control, correlation in DIFFERENCES:
            both = real * control + correlation * math.sqrt(
                real * (1 - real) * control * (1 - control)
            )
            cells = [both, real - both, control - both, 1 - real - control + both]
            weights = stats.multinomial.pmf(counts, seeds, np.clip(cells, 0, 1))
            world = f"true {real} and {control}, correlation {correlation}"
            yield row(
                "Newcombe",
                "difference of proportions",
                world,
                seeds,
                found,
                real - control,
                weights,
            )


def of_two_means(datasets: int) -> Iterator[dict[str, object]]:
    """Differences of mean shares of two runs without common seeds; n is the smaller number."""
    for names in COMPARED:
        truth = [
            shares(WORLDS[name](np.random.default_rng(1), TRUE_SEEDS))[:, 0].mean()
            for name in names
        ]
        for counts in sorted({*RUNS, *(pair[::-1] for pair in RUNS)}):
            generator = np.random.default_rng([5, *counts])
            first, second = (
                shares(WORLDS[name](generator, datasets * seeds))[:, 0].reshape(datasets, seeds)
                for name, seeds in zip(names, counts, strict=True)
            )
            found = [
                interval
                for start in range(0, datasets, AT_ONCE)
                for interval in mean_difference_intervals(
                    first[start : start + AT_ONCE].T, second[start : start + AT_ONCE].T
                )
            ]
            welch = stats.ttest_ind(first, second, axis=1, equal_var=False).confidence_interval()
            by_welch = [Interval(*ends, "Welch") for ends in zip(*welch, strict=True)]
            world = "{} and {}, {} and {} seeds".format(*names, *counts)
            for kind, intervals_found in (("BCa", found), ("Welch", by_welch)):
                yield row(
                    kind, OF_TWO_MEANS, world, min(counts), intervals_found, truth[0] - truth[1]
                )


def of_two_proportions() -> Iterator[dict[str, object]]:
    """Differences of proportions of two runs without common seeds, exactly."""
    for counts in RUNS:
        met = [np.arange(seeds + 1) for seeds in counts]
        found = [
            independent_difference(*(np.arange(n) < k for n, k in zip(counts, pair, strict=True)))
            for pair in product(*met)
        ]
        for true in sorted({(real, control) for real, control, _ in DIFFERENCES}):
            weights = np.multiply.outer(
                *(stats.binom.pmf(*of) for of in zip(met, counts, true, strict=True))
            ).ravel()
            world = "true {} and {}, {} and {} seeds".format(*true, *counts)
            yield row(
                "Newcombe",
                OF_TWO_PROPORTIONS,
                world,
                min(counts),
                found,
                true[0] - true[1],
                weights,
            )


def compact(table: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest coverage over statistics and worlds, by number of seeds.

    Worlds in which most data sets have no interval are left out.
    """
    table = table[table["none"] <= 0.5]
    lines = []
    for interval, of, pattern in LINES:
        chosen = table["interval"].str.startswith(interval) & table["statistic"].str.contains(
            pattern
        )
        cells: dict[str | int, str] = {"interval": interval, "of": of}
        for seeds, part in table[chosen].groupby("n"):
            given = part["interval"].eq(interval).all()
            text = f"{part['coverage'].min():.3f} to {part['coverage'].max():.3f}"
            cells[seeds] = text if given else f"({text})"
        lines.append(cells)
    return pd.DataFrame(lines).fillna("–")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=2000, help="in each world")
    parser.add_argument("--csv", type=Path, help="where to write every figure")
    arguments = parser.parse_args()
    rows = [*of_proportions(), *of_differences(), *of_two_proportions()]
    rows += of_two_means(arguments.datasets)
    for name, world in WORLDS.items():
        print(f"World: {name}", flush=True)
        if name != NOT_FOR_MEANS:
            rows += of_means(name, world, arguments.datasets)
        rows += of_pairs(name, world, arguments.datasets)
        rows += of_ranks(name, world, arguments.datasets)
    table = pd.DataFrame(rows).astype({"datasets": "Int64"})
    if arguments.csv:
        table.round(4).to_csv(arguments.csv, index=False, lineterminator="\n")
    print(compact(table).to_markdown(index=False))
    error = math.sqrt(0.95 * 0.05 / arguments.datasets)
    print(f"Monte Carlo standard error at 0.95: {error:.4f}")


if __name__ == "__main__":
    main()
