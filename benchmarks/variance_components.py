"""How far off are variance components by split and by seed, and by which estimator?

Numbers with known components are drawn in designs in which split s is run with the seeds s,
s + 1, and so on. Restricted maximum likelihood (study/statistics/variance_components.py) and
moments of pairs: half the mean squared difference of two runs that share the split alone, the
seed alone, or neither (negative estimates count as 0).

    python benchmarks/variance_components.py --csv benchmarks/variance_components.csv
"""

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from study.statistics.variance_components import variance_components

# Splits, and seeds for each.
DESIGNS = ((20, 5), (100, 2), (100, 5))
# Variances by split, by seed and by both.
TRUTHS = ((1, 1, 1), (1, 0, 0.1), (0.2, 1, 0.2), (0.1, 0.1, 1))
PARTS = ("split", "seed", "both")


def drawn(
    generator: np.random.Generator, splits: np.ndarray, seeds: np.ndarray, truth: tuple[float, ...]
) -> np.ndarray:
    sizes = (splits.max() + 1, seeds.max() + 1, len(splits))
    of_split, of_seed, both = (
        np.sqrt(part) * generator.standard_normal(size)
        for part, size in zip(truth, sizes, strict=True)
    )
    return of_split[splits] + of_seed[seeds] + both


def by_likelihood(values: np.ndarray, splits: np.ndarray, seeds: np.ndarray) -> list[float]:
    found = variance_components(values, splits, seeds)
    return [found.split, found.seed, found.both]


def by_pairs(values: np.ndarray, splits: np.ndarray, seeds: np.ndarray) -> list[float]:
    first, second = np.triu_indices(len(values), 1)
    halves = (values[first] - values[second]) ** 2 / 2
    same_split, same_seed = splits[first] == splits[second], seeds[first] == seeds[second]
    within_split, within_seed = halves[same_split].mean(), halves[same_seed].mean()
    total = halves[~same_split & ~same_seed].mean()
    found = (total - within_split, total - within_seed, within_split + within_seed - total)
    return [max(float(part), 0.0) for part in found]


ESTIMATORS = {"likelihood": by_likelihood, "pairs": by_pairs}


def rows(datasets: int) -> Iterator[dict[str, object]]:
    for (count, each), truth in product(DESIGNS, TRUTHS):
        splits = np.repeat(np.arange(count), each)
        seeds = splits + np.tile(np.arange(each), count)
        generator = np.random.default_rng([count, each])
        data = [drawn(generator, splits, seeds, truth) for _ in range(datasets)]
        for name, estimator in ESTIMATORS.items():
            errors = np.array([estimator(values, splits, seeds) for values in data]) - truth
            line: dict[str, object] = {"splits": count, "seeds_each": each}
            line |= dict(zip(PARTS, truth, strict=True))
            line |= {"estimator": name, "datasets": datasets}
            line |= {f"{part}_bias": of.mean() for part, of in zip(PARTS, errors.T, strict=True)}
            line |= {
                f"{part}_rmse": np.sqrt((of**2).mean())
                for part, of in zip(PARTS, errors.T, strict=True)
            }
            yield line


def compact(table: pd.DataFrame) -> pd.DataFrame:
    """Root mean squared errors of the three parts, a column for each estimator."""
    lines = []
    for (splits, each, *truth), part in table.groupby(["splits", "seeds_each", *PARTS], sort=False):
        cells = {
            "splits x seeds": f"{splits} x {each}",
            "truth": ", ".join(map("{:g}".format, truth)),
        }
        for name, errors in part.groupby("estimator", sort=False):
            [of] = errors[[f"{part}_rmse" for part in PARTS]].to_numpy()
            cells[name] = ", ".join(map("{:.3f}".format, of))
        lines.append(cells)
    return pd.DataFrame(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=200, help="of each kind")
    parser.add_argument("--csv", type=Path, help="where to write every figure")
    arguments = parser.parse_args()
    table = pd.DataFrame(rows(arguments.datasets)).round(3)
    if arguments.csv:
        table.to_csv(arguments.csv, index=False, lineterminator="\n")
    print(compact(table).to_markdown(index=False))


if __name__ == "__main__":
    main()
