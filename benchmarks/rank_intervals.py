"""Do rank intervals of importances in the population hold all true ranks together?

From random halves of all rows, as the programme makes them; and, as evidence why, from ordinary
splits, which overlap, with the factor that Nadeau and Bengio (2003) give the variance. What is
true is known: items with equal coefficients are tied, others in the order of these.

    python benchmarks/rank_intervals.py --csv benchmarks/rank_intervals.csv
"""

import argparse
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from study.statistics.intervals import CONFIDENCE
from study.statistics.multiplicity import holm
from study.statistics.rank_intervals import told_apart
from study.statistics.ranking import shares
from study.statistics.stability import rank_intervals

WORLDS = {
    "all tied": np.ones(8),
    "two groups of tied": np.repeat([2.0, 0.5], 4),
    "ladder": 2 * 0.75 ** np.arange(8),
}
NOISE = 2.0
ROWS = (100, 200, 1000)
SPLITS = 20
TEST_PART = 0.2


def halves(generator: np.random.Generator, rows: int) -> np.ndarray:
    """The rows of both halves of every split, half after half: (models, rows)."""
    order = generator.permuted(np.tile(np.arange(rows), (SPLITS, 1)), axis=1)
    return order[:, : rows // 2 * 2].reshape(2 * SPLITS, rows // 2)


def overlapping(generator: np.random.Generator, rows: int) -> np.ndarray:
    """All rows, in another order for every split: (models, rows)."""
    return generator.permuted(np.tile(np.arange(rows), (SPLITS, 1)), axis=1)


def told_by_halves(scores: np.ndarray) -> np.ndarray:
    models = np.arange(2 * SPLITS)
    return told_apart(scores, models // 2, models % 2)


def told_by_factor(scores: np.ndarray) -> np.ndarray:
    """The same by the corrected resampled t test, 1 / J + test / train rows, with Holm's."""
    items = scores.shape[1]
    first, second = np.nonzero(~np.eye(items, dtype=bool))
    difference = scores[:, first] - scores[:, second]
    factor = 1 / SPLITS + TEST_PART / (1 - TEST_PART)
    t = difference.mean(axis=0) / np.sqrt(factor * difference.var(axis=0, ddof=1))
    above = np.zeros((items, items), dtype=int)
    above[first, second] = holm(stats.t.sf(t, SPLITS - 1)) <= 1 - CONFIDENCE
    return above - above.T


Rows = Callable[[np.random.Generator, int], np.ndarray]
Told = Callable[[np.ndarray], np.ndarray]
DESIGNS: dict[str, tuple[Rows, Told]] = {
    "halves": (halves, told_by_halves),
    "overlapping": (overlapping, told_by_factor),
}


def scores_of(inputs: np.ndarray, target: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Shares by two scores of a linear regression on each of some rows, (models, items).

    The last rows are those that it is tested on. Permutation importance is the expected rise of
    the squared error, in closed form.
    """
    train = rows.shape[1] - round(TEST_PART * rows.shape[1])
    x, y = inputs[rows[:, :train]], target[rows[:, :train]]
    transposed = x.transpose(0, 2, 1)
    slopes = np.linalg.solve(transposed @ x, transposed @ y[:, :, None])[:, :, 0]
    x, y = inputs[rows[:, train:]], target[rows[:, train:]]
    x = x - x.mean(axis=1, keepdims=True)
    residuals = y - (x @ slopes[:, :, None])[:, :, 0]
    with_residuals = (x * residuals[:, :, None]).mean(axis=1)
    rise = 2 * slopes * (with_residuals + slopes * (x**2).mean(axis=1))
    return {"coefficient": shares(np.abs(slopes)), "permutation": shares(rise)}


def judged(told: np.ndarray, truth: np.ndarray) -> tuple[bool, float]:
    """Whether the intervals hold all ranks that the true means allow, and their mean width."""
    intervals = rank_intervals(told)
    above = truth[:, None] < truth
    lowest, highest = 1 + above.sum(axis=1), len(truth) - above.sum(axis=0)
    held = (intervals[:, 0] <= lowest) & (highest <= intervals[:, 1])
    return bool(held.all()), float(np.ptp(intervals, axis=1).mean())


def simulated(datasets: int) -> Iterator[dict[str, object]]:
    """A line for each way to split, score, world and number of rows."""
    for (design, (rows_of, told)), (world, truth), rows in product(
        DESIGNS.items(), WORLDS.items(), ROWS
    ):
        generator = np.random.default_rng([2, rows])
        found: dict[str, list[tuple[bool, float]]] = {}
        for _ in range(datasets):
            inputs = generator.standard_normal((rows, len(truth)))
            target = inputs @ truth + NOISE * generator.standard_normal(rows)
            for score, values in scores_of(inputs, target, rows_of(generator, rows)).items():
                found.setdefault(score, []).append(judged(told(values), truth))
        for score, outcomes in found.items():
            coverage, width = np.mean(np.array(outcomes, dtype=float), axis=0)
            yield {
                "splits": design,
                "score": score,
                "world": world,
                "rows": rows,
                "datasets": datasets,
                "coverage": coverage,
                "width": width,
            }


def compact(table: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest coverage over worlds, and mean width, by the number of rows."""
    lines = []
    for (design, score), part in table.groupby(["splits", "score"], sort=False):
        line = {"splits": design, "score": score}
        for rows, cells in part.groupby("rows"):
            coverage = cells["coverage"]
            line[f"{rows} rows"] = f"{coverage.min():.3f} to {coverage.max():.3f}"
            line[f"{rows} rows, width"] = f"{cells['width'].mean():.2f}"
        lines.append(line)
    return pd.DataFrame(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=1000, help="of each world and size")
    parser.add_argument("--csv", type=Path, help="where to write every figure")
    arguments = parser.parse_args()
    table = pd.DataFrame(simulated(arguments.datasets))
    if arguments.csv:
        table.round(3).to_csv(arguments.csv, index=False, lineterminator="\n")
    print(compact(table).to_markdown(index=False))


if __name__ == "__main__":
    main()
