"""How often does a verdict err?

The claim is always that a feature has rank 1 in at least 0.8 of seeds. Counted is how often it
comes out supported where there is nothing to find, and not supported where there is: by exact
reckoning from the proportion that is true; for scores drawn at random; and for networks trained
on generated data, whose features are exchangeable or one of which dominates.

    python benchmarks/error_rates.py --csv benchmarks/error_rates.csv
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, variable_groups
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.importance.gradients import after_training
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_model
from study.statistics.claims import (
    CONTRADICTED,
    INCONCLUSIVE,
    SUPPORTED,
    Proportion,
    Statement,
    judge,
)
from study.statistics.intervals import clopper_pearson, wilson

REQUIRED = 0.8
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE)
SEEDS = (10, 20, 50, 100)
TRAINED_SEEDS = (10, 20, 50)
TRUE = (0.125, 0.8, 0.85, 0.9, 0.95, 0.99)
SIMULATED = 2000
TRAIN_ROWS, TEST_ROWS = 200, 40
NAMED, FIRST, PLANTED = "named in advance", "first in seed 0", "planted"


@dataclass(frozen=True)
class World:
    """Generated data: so many features, of which the first has its own coefficient.

    The features have standard deviation 1, and all but the first coefficient 1. `noise` is
    the standard deviation of what they do not explain; `part` says how many of the data sets
    are made.
    """

    model: str
    features: int
    coefficient: float
    noise: float = 1.0
    part: float = 1.0

    @property
    def scenario(self) -> str:
        if self.coefficient == 1:
            return f"{self.features} exchangeable features, noise {self.noise:g}"
        lead = f"the first with {self.coefficient:g} against 1"
        return f"{self.features} features, {lead}, noise {self.noise:g}"


WORLDS = (
    World("linear", 8, 1),
    World("linear", 8, 1, noise=3.0, part=0.5),
    World("linear", 4, 1),
    World("mlp", 8, 1, part=0.5),
    World("linear", 8, 1.2, part=0.5),
    World("linear", 8, 1.5, part=0.5),
    World("linear", 8, 2, part=0.5),
)


@cache
def verdict(met: int, seeds: int) -> str:
    """The verdict on a claim that so many of the seeds meet."""
    intervals = wilson(met, seeds), clopper_pearson(met, seeds)
    return judge(Proportion(met, seeds, *intervals, identical=False), REQUIRED).verdict


def exact() -> Iterator[dict[str, object]]:
    """Every count of seeds that meet the claim, with its probability."""
    for true in TRUE:
        for seeds in SEEDS:
            weights = stats.binom.pmf(np.arange(seeds + 1), seeds, true)
            verdicts = np.array([verdict(met, seeds) for met in range(seeds + 1)])
            yield {
                "scenario": f"met in {true} of all seeds",
                "model": "exact",
                "choice": NAMED,
                "n": seeds,
                "replications": None,
                **{name: weights[verdicts == name].sum() for name in VERDICTS},
            }


def counted(
    scenario: str,
    model: str,
    scores: Sequence[np.ndarray],
    seeds: Sequence[int],
    choices: dict[str, Callable[[np.ndarray], int]],
) -> Iterator[dict[str, object]]:
    """Verdicts on scores (seeds, items) of many replications, by the first n seeds of each.

    `choices` say which item the claim names, having seen the scores.
    """
    for choice, item in choices.items():
        met = np.array([Statement("rank", item(one)).met(one) for one in scores])
        for count in seeds:
            verdicts = [verdict(int(one), count) for one in met[:, :count].sum(axis=1)]
            yield {
                "scenario": scenario,
                "model": model,
                "choice": choice,
                "n": count,
                "replications": len(scores),
                **{name: verdicts.count(name) / len(verdicts) for name in VERDICTS},
            }


def first_item(_: np.ndarray) -> int:
    return 0


def first_in_seed_0(scores: np.ndarray) -> int:
    return int(scores[0].argmax())


def simulated() -> Iterator[dict[str, object]]:
    """Scores that are exchangeable in every seed."""
    generator = np.random.default_rng(0)
    scores = generator.exponential(size=(SIMULATED, max(SEEDS), 8))
    choices = {NAMED: first_item, FIRST: first_in_seed_0}
    yield from counted(
        "8 features exchangeable in every seed", "none: simulated", list(scores), SEEDS, choices
    )


def recipe_of(features: int) -> DatasetRecipe:
    """The recipe of generated data, which name a claim and tables though none is read."""
    return DatasetRecipe.model_validate(
        {
            "title": "Generated",
            "source": "",
            "table": {"train": "none", "test": "none"},
            "variables": [
                {"name": f"x{index}", "type": "numeric", "divisor": 1.0}
                for index in range(features)
            ],
            "target": {"name": "y", "divisor": 1.0, "tolerance": 0.1},
            "claim": {
                "level": "feature",
                "name": "x0",
                "rank": 1,
                "proportion": REQUIRED,
                "model": "linear",
                "method": "gradient",
            },
            "permutation": {"repeats": 1, "random_state": 0},
        }
    )


def generated(world: World, recipe: DatasetRecipe, generator: np.random.Generator) -> Dataset:
    """Features that are independent and standard normal, and their sum with noise."""
    rows = TRAIN_ROWS + TEST_ROWS
    x = generator.standard_normal((rows, world.features))
    coefficients = np.ones(world.features)
    coefficients[0] = world.coefficient
    y = x @ coefficients + world.noise * generator.standard_normal(rows)
    x, y = x.astype(np.float32), y.astype(np.float32)
    return Dataset(
        recipe=recipe,
        features=tuple(recipe.features),
        variables=tuple(recipe.features),
        groups=variable_groups(recipe),
        train_x=x[:TRAIN_ROWS],
        train_y=y[:TRAIN_ROWS],
        test_x=x[TRAIN_ROWS:],
        test_y=y[TRAIN_ROWS:],
        hashes={},
    )


def trained(world: World, datasets: int, *, resampled: bool) -> Iterator[np.ndarray]:
    """Gradient scores (seeds, features) of each data set, no two of which share a seed."""
    engine = engine_for(find_model(world.model).recipe, world.features)
    recipe = recipe_of(world.features)
    for index in range(datasets):
        data = generated(world, recipe, np.random.default_rng([world.features, index]))
        first = index * max(TRAINED_SEEDS)
        replicates = [
            Replicate("real", StreamSeeds(seed, seed, seed, seed, seed if resampled else None))
            for seed in range(first, first + max(TRAINED_SEEDS))
        ]
        networks = engine.stack(engine.train(replicates, data.train_x, data.train_y))
        gradients = networks.gradient_parts(data.test_x)
        yield after_training(gradients, data.groups, data.feature_scale)[0].score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=200, help="in each world")
    parser.add_argument("--csv", type=Path, help="where to write the table")
    arguments = parser.parse_args()
    rows = [*exact(), *simulated()]
    for world in WORLDS:
        choices: dict[str, Callable[[np.ndarray], int]] = {PLANTED: first_item}
        if world.coefficient == 1:
            choices = {NAMED: first_item, FIRST: first_in_seed_0}
        for rows_are, resampled in (("the same rows", False), ("rows resampled", True)):
            datasets = max(int(world.part * arguments.datasets), 1)
            scores = list(trained(world, datasets, resampled=resampled))
            scenario = f"{world.scenario}, {rows_are}"
            print(f"{world.model}: {scenario}", flush=True)
            rows += counted(scenario, world.model, scores, TRAINED_SEEDS, choices)
    table = pd.DataFrame(rows).astype({"replications": "Int64"})
    if arguments.csv:
        table.round(4).to_csv(arguments.csv, index=False, lineterminator="\n")
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
