"""How often is a variable that adds nothing said to add something, and how often one that adds?

Five standard normal features of one pairwise correlation, of which the target follows four; the
fifth is told by them alone. Halves of all rows, models trained and measured by the programme, and
its one-sided test of each variable's score at 0.05, variable by variable: of permutation, of
permutation given the others, and of leaving out.

    python benchmarks/variable_tests.py --csv benchmarks/variable_tests.csv
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from population import FEATURES, HALF, SPLIT, SPLITS, World, dataset, shifted
from scipy.stats import binomtest

from study.common.methods import CONDITIONAL_PERMUTATION, GROUPED_PERMUTATION, LEAVE_OUT
from study.engines.engine import Engine
from study.engines.registry import engine_for
from study.execution.plan import on_splits
from study.importance.measure import measure_trained
from study.recipes.find import find_model
from study.recipes.model import ModelRecipe, Protocol
from study.statistics.resampled import resampled

METHODS = (GROUPED_PERMUTATION, CONDITIONAL_PERMUTATION, LEAVE_OUT)
CORRELATIONS = (0.0, 0.5, 0.9)
ROWS = 200
LEVEL = 0.05


@dataclass(frozen=True)
class Part:
    """Data sets for one model: least squares, or a network with so many epochs of training."""

    model: str
    datasets: int
    epochs: int = 0

    def engine(self) -> Engine:
        if not self.epochs:
            return engine_for(None, FEATURES)
        recipe = find_model(self.model).recipe
        assert isinstance(recipe, ModelRecipe)
        protocol = Protocol(epochs=self.epochs, batch_size=25, learning_rate=0.02)
        return engine_for(recipe.model_copy(update={"training": protocol}), FEATURES)


PARTS = (Part("least-squares", 400), Part("mlp", 400, epochs=40))


def p_values(engine: Engine, correlation: float, index: int) -> dict[str, np.ndarray]:
    """One-sided p-values of every variable in one data set, by method."""
    x, y = World(correlation=correlation).rows(ROWS, np.random.default_rng([ROWS, index]))
    data = dataset(x, y)
    halves = [
        replace(one, streams=shifted(one.streams, 1000 * index)) for one in on_splits(SPLITS, 1)
    ]
    trained = engine.train(halves, *data.pooled, tested=len(data.test_y))
    found = measure_trained(engine, trained, data, halves, methods=METHODS)
    tested = len(data.test_y) / len(data.train_y)
    return {
        one.method: resampled(one.score, SPLIT, HALF, tested).p_above for one in found.importances
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--datasets", type=int, help="of each cell, in place of its own number")
    parser.add_argument("--models", nargs="+", default=[part.model for part in PARTS])
    arguments = parser.parse_args()
    lines = []
    for part in (of for of in PARTS if of.model in arguments.models):
        engine, count = part.engine(), arguments.datasets or part.datasets
        for correlation in CORRELATIONS:
            found = [p_values(engine, correlation, index) for index in range(count)]
            for method in METHODS:
                rejected = np.array([one[method] <= LEVEL for one in found])
                bounds = binomtest(int(rejected[:, -1].sum()), count).proportion_ci(method="wilson")
                line = {
                    "model": part.model,
                    "correlation": correlation,
                    "method": method,
                    "datasets": count,
                    "null": rejected[:, -1].mean(),
                    "null_low": bounds.low,
                    "null_high": bounds.high,
                    **{f"power_{place}": rejected[:, place].mean() for place in (0, 2, 3)},
                }
                lines.append(line)
                print(line, flush=True)
                if arguments.csv:
                    pd.DataFrame(lines).round(4).to_csv(arguments.csv, index=False)


if __name__ == "__main__":
    main()
