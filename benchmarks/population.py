"""How often do verdicts about the population, and permutation tests, err?

The programme's own training, measuring and judging, on generated data whose truth is known: two
features tied at the top, of which neither has rank 1; one that leads; and noise alone. Claims are
of a feature named beforehand, or of the one that least squares ranks first on the same rows, or on
one half of the rows, the other half of which then judges it.

    python benchmarks/population.py --csv benchmarks/population.csv
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from error_rates import recipe_of
from scipy import stats

from study.common.conditions import REAL
from study.common.methods import GRADIENT, PERMUTATION, SCALED_GRADIENT, find_method
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, variable_groups
from study.datasets.drafting.claim_proposal import linear_importance
from study.engines.engine import Engine
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.execution.plan import on_splits, shuffled
from study.importance.measure import measure
from study.importance.sample import Sample
from study.recipes.claim import Permutation
from study.recipes.find import find_model
from study.recipes.model import ModelRecipe, Protocol
from study.statistics import claims
from study.statistics.claims import CONTRADICTED, SUPPORTED, Statement
from study.statistics.permutation_test import ABOVE, permutation_test
from study.statistics.population import LEVEL, differences, judge
from study.statistics.ranking import shares

METHODS = (GRADIENT, SCALED_GRADIENT, PERMUTATION)
FEATURES, SPLITS, SEEDS, SHUFFLES, REPEATS = 5, 16, 20, 19, 5
REQUIRED = 0.8
TEST_PART = 0.2
EXPLAINED = 0.6
RARE = 0.1
ROWS = (100, 200, 1000)
SPLIT, HALF = np.arange(2 * SPLITS) // 2, np.arange(2 * SPLITS) % 2
Scores = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class World:
    """Five features with standard deviation 1, and a target of which they explain EXPLAINED.

    lead : coefficient of the first; those of the others are 1, 0.5, 0.25 and 0
    correlation : of any two features; heavy : noise is Student's t with 3 degrees of freedom;
    rare : the first feature is 0, but for one row in ten; noise : nothing is explained
    named : sets of features that are named beforehand; figures are means over a set
    """

    lead: float = 1.0
    correlation: float = 0.0
    heavy: bool = False
    rare: bool = False
    noise: bool = False
    named: tuple[tuple[int, ...], ...] = ((0, 1),)

    @property
    def tied(self) -> bool:
        """Whether no feature has rank 1, though there is something to find."""
        return self.lead == 1 and not self.noise

    def rows(self, count: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets, the targets with standard deviation 1."""
        common = generator.standard_normal((count, 1))
        own = generator.standard_normal((count, FEATURES))
        x = np.sqrt(self.correlation) * common + np.sqrt(1 - self.correlation) * own
        if self.rare:
            x[:, 0] = (generator.random(count) < RARE) - RARE
            x[:, 0] /= np.sqrt(RARE * (1 - RARE))
        coefficients = np.array([self.lead, 1, 0.5, 0.25, 0])
        explained = self.correlation * coefficients.sum() ** 2
        explained += (1 - self.correlation) * (coefficients**2).sum()
        part = 0 if self.noise else EXPLAINED
        # Student's t with 3 degrees of freedom has variance 3.
        rest = (
            generator.standard_t(3, count) / np.sqrt(3)
            if self.heavy
            else generator.standard_normal(count)
        )
        y = np.sqrt(part / explained) * (x @ coefficients) + np.sqrt(1 - part) * rest
        return x.astype(np.float32), y.astype(np.float32)


LEADER = ((0,),)
WORLDS = {
    "tie": World(),
    "tie, correlation 0.5": World(correlation=0.5),
    "tie, correlation 0.9": World(correlation=0.9),
    "tie, heavy tails": World(heavy=True),
    "tie, first is rare": World(rare=True, named=((0,), (1,))),
    "lead of 1.25": World(lead=1.25, named=LEADER),
    "lead of 1.5": World(lead=1.5, named=LEADER),
    "lead of 2": World(lead=2, named=LEADER),
    "noise": World(noise=True, named=(tuple(range(FEATURES)),)),
}


@dataclass(frozen=True)
class Part:
    """Some worlds for one model; so many data sets of each, with so many epochs of training."""

    model: str
    epochs: int
    learning_rate: float
    worlds: tuple[str, ...]
    rows: tuple[int, ...] = ROWS
    datasets: int = 400
    overlapping: bool = False

    def engine(self, rows: int) -> Engine:
        recipe = find_model(self.model).recipe
        assert isinstance(recipe, ModelRecipe)
        batch = 25 if rows < 1000 else 100
        protocol = Protocol(epochs=self.epochs, batch_size=batch, learning_rate=self.learning_rate)
        return engine_for(recipe.model_copy(update={"training": protocol}), FEATURES)


TIED = ("tie, correlation 0.5", "tie, correlation 0.9", "tie, heavy tails", "tie, first is rare")
LEADS = ("lead of 1.25", "lead of 1.5", "lead of 2")
LINEAR, MLP, TRANSFORMER = ("linear", 25, 0.1), ("mlp", 40, 0.02), ("transformer-tokens", 40, 0.02)
PARTS = (
    Part(*LINEAR, ("tie", "noise", *LEADS)),
    Part(*LINEAR, TIED, rows=(100, 200)),
    Part(*MLP, ("tie", "noise"), rows=(100, 200)),
    Part(*LINEAR, ("tie",), rows=(200,), datasets=200, overlapping=True),
    Part(*TRANSFORMER, ("tie",), rows=(200,), datasets=100),
    Part(*TRANSFORMER, ("noise",), rows=(200,), datasets=250),
    Part(*MLP, ("tie, correlation 0.9", "lead of 1.5", "lead of 2"), rows=(200,)),
    Part(*MLP, ("tie",), rows=(1000,), datasets=200),
    Part(*TRANSFORMER, ("lead of 2",), rows=(200,), datasets=60),
)


def dataset(x: np.ndarray, y: np.ndarray) -> Dataset:
    """Rows as a data set; the last of them are its test rows."""
    recipe = recipe_of(FEATURES).model_copy(update={"permutation": Permutation(repeats=REPEATS)})
    names = tuple(recipe.features)
    train = len(y) - round(TEST_PART * len(y))
    return Dataset(
        recipe=recipe,
        features=names,
        variables=names,
        groups=variable_groups(recipe),
        train_x=x[:train],
        train_y=y[:train],
        test_x=x[train:],
        test_y=y[train:],
        hashes={},
    )


def scores_of(engine: Engine, data: Dataset, replicates: Sequence[Replicate], index: int) -> Scores:
    """Scores (models, features) by method; no two data sets share a seed of training."""
    own = [replace(one, streams=shifted(one.streams, 1000 * index)) for one in replicates]
    trained = engine.train(own, *data.pooled, tested=len(data.test_y))
    sample = Sample.of(data, own)
    found = measure(engine.stack(trained), data, trained.occasions, methods=METHODS, sample=sample)
    return {one.method: one.score for one in found.importances}


def shifted(streams: StreamSeeds, by: int) -> StreamSeeds:
    """Other seeds, on the same rows."""
    names = ("init", "order", "dropout", "labels")
    return replace(streams, **{name: getattr(streams, name) + by for name in names})


def on_seeds(count: int) -> list[Replicate]:
    return [Replicate(REAL, StreamSeeds.of(seed)) for seed in range(count)]


def proposed(data: Dataset) -> int:
    """The feature that the programme proposes to claim: least squares ranks it first."""
    return int(linear_importance(data.train_x, data.train_y, data.groups).argmax())


def supported_by_seeds(scores: np.ndarray, item: int) -> bool:
    """The verdict over seeds, on the rows as they are."""
    found = claims.proportion(Statement("rank", item), scores)
    return claims.judge(found, REQUIRED).verdict == SUPPORTED


def supported_by_halves(scores: np.ndarray, item: int) -> bool:
    return judge(Statement("rank", item), scores, SPLIT, HALF).verdict == SUPPORTED


def supported_by_overlapping(scores: np.ndarray, item: int) -> bool:
    """The corrected resampled t test of every difference: Nadeau and Bengio's factor."""
    ahead = differences(Statement("rank", item), scores)
    factor = 1 / len(ahead) + TEST_PART / (1 - TEST_PART)
    t = ahead.mean(axis=0) / np.sqrt(factor * ahead.var(axis=0, ddof=1))
    return bool((stats.t.sf(t, len(ahead) - 1) <= LEVEL).all())


def on_shuffles(engine: Engine, data: Dataset, index: int) -> tuple[Scores, Scores]:
    """Scores of one training on the data, and of one on each shuffle of its targets."""
    parts = on_seeds(1), shuffled(SHUFFLES, [])
    real, noise = (scores_of(engine, data, replicates, index) for replicates in parts)
    return real, noise


def above_chance(method: str, found: tuple[Scores, Scores], item: int) -> bool:
    """The permutation test, of scores or their shares as the programme takes them."""
    declared = find_method(method)
    assert declared is not None
    comparable = declared.comparable
    real, noise = (one[method] if comparable else shares(one[method]) for one in found)
    statement = Statement("rank", item)
    return permutation_test(statement.ahead(real), statement.ahead(noise)).label == ABOVE


@dataclass(frozen=True)
class Outcome:
    """What one data set says by one method of a set of named features.

    said : how often claims come out so, means over the set
    margins : (3, differences), mean, low and high of each feature's share less that of every
        other; None where no halves are judged
    """

    said: dict[str, float]
    margins: np.ndarray | None = None


Outcomes = dict[tuple[str, tuple[int, ...]], Outcome]


def of_halves(scores: np.ndarray, named: Sequence[int]) -> Outcome:
    """The verdicts about the population."""
    found = [judge(Statement("rank", item), scores, SPLIT, HALF) for item in named]
    intervals = [interval for verdict in found for interval in verdict.means.intervals()]
    means = np.concatenate([verdict.means.mean for verdict in found])
    said = {
        name: float(np.mean([verdict.verdict == name for verdict in found]))
        for name in (SUPPORTED, CONTRADICTED)
    }
    bounds = np.array([(interval.low, interval.high) for interval in intervals]).T
    return Outcome(said, np.stack([means, *bounds]))


def of_relation(world: World, engine: Engine, rows: int, index: int) -> Outcomes:
    """All that is judged of a data set in which there is something to find."""
    x, y = world.rows(rows, np.random.default_rng([rows, index]))
    data = dataset(x, y)
    halves = on_splits(SPLITS, 1)
    scores = scores_of(engine, data, halves, index)
    found = {
        (method, named): of_halves(scores[method], named)
        for method, named in product(METHODS, world.named)
    }
    if not world.tied:
        return found
    seeds = scores_of(engine, data, on_seeds(SEEDS), index)
    for (method, named), outcome in found.items():
        supported = [supported_by_seeds(seeds[method], item) for item in named]
        outcome.said["seeds"] = float(np.mean(supported))
    if world == WORLDS["tie"]:
        half = rows // 2  # rows come in no order, so that the first half is a random one
        item, item_of_half = proposed(data), proposed(dataset(x[:half], y[:half]))
        other = scores_of(engine, dataset(x[half:], y[half:]), halves, index)
        for (method, _), outcome in found.items():
            outcome.said["proposed"] = supported_by_halves(scores[method], item)
            outcome.said["half"] = supported_by_halves(other[method], item_of_half)
    return found


def of_noise(world: World, engine: Engine, rows: int, index: int) -> Outcomes:
    """Permutation tests where there is nothing to find; nothing else is judged."""
    x, y = world.rows(rows, np.random.default_rng([rows, index]))
    half = rows // 2
    whole, one, other = dataset(x, y), dataset(x[:half], y[:half]), dataset(x[half:], y[half:])
    tested, tested_on_half = (on_shuffles(engine, data, index) for data in (whole, other))
    (named,) = world.named
    return {
        (method, named): Outcome(
            {
                "chance": float(np.mean([above_chance(method, tested, item) for item in named])),
                "chance_proposed": above_chance(method, tested, proposed(whole)),
                "chance_half": above_chance(method, tested_on_half, proposed(one)),
            }
        )
        for method in METHODS
    }


def of_overlapping(world: World, engine: Engine, rows: int, index: int) -> Outcomes:
    """Ordinary splits of all rows, judged as if a factor could mend that they overlap."""
    generator = np.random.default_rng([rows, index])
    x, y = world.rows(rows, generator)
    found = []
    for replicate in on_seeds(SPLITS):
        order = generator.permutation(rows)
        found.append(scores_of(engine, dataset(x[order], y[order]), [replicate], index))
    (named,) = world.named
    outcomes = {}
    for method in METHODS:
        scores = np.concatenate([one[method] for one in found])
        supported = [supported_by_overlapping(scores, item) for item in named]
        outcomes[method, named] = Outcome({"overlapping": float(np.mean(supported))})
    return outcomes


def covered(margins: np.ndarray) -> np.ndarray:
    """How often the intervals of each difference hold what is true, (differences,).

    margins : (data sets, 3, differences). True is the mean over new data sets of half as many
    rows, trained alike. The other data sets of a world have many halves that are such, and give
    it with a small error.
    """
    mean, low, high = margins.transpose(1, 0, 2)
    truth = (mean.sum(axis=0) - mean) / (len(mean) - 1)
    return ((low <= truth) & (truth <= high)).mean(axis=0)


def cell(part: Part, name: str, rows: int) -> Iterator[dict[str, object]]:
    """The lines of the table of one world, with so many rows."""
    world, engine = WORLDS[name], part.engine(rows)
    way = of_noise if world.noise else of_overlapping if part.overlapping else of_relation
    found = [way(world, engine, rows, index) for index in range(part.datasets)]
    for method, named in found[0]:
        outcomes = [one[method, named] for one in found]
        line = {
            "model": part.model,
            "world": name,
            "named": " or ".join(str(item + 1) for item in named),
            "rows": rows,
            "method": method,
            "datasets": part.datasets,
        }
        line |= {said: np.mean([one.said[said] for one in outcomes]) for said in outcomes[0].said}
        margins = [one.margins for one in outcomes if one.margins is not None]
        if margins:
            held = covered(np.stack(margins))
            # The first difference of either feature at the top is that to the other.
            line |= {"margin": np.stack(margins)[:, 0, 0].mean()}
            line |= {"coverage": held.mean(), "lowest_coverage": held.min()}
        yield line


KEYS = ["model", "world", "named", "rows", "method", "datasets"]
FIGURES = [
    *("supported", "contradicted", "seeds", "proposed", "half", "overlapping"),
    *("margin", "coverage", "lowest_coverage", "chance", "chance_proposed", "chance_half"),
]


def grouped(table: pd.DataFrame) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """The lines of each world and model, with what a compact table says of them first."""
    for (model, world, count), part in table.groupby(["model", "world", "datasets"], sort=False):
        rows = ", ".join(map(str, sorted(part["rows"].unique())))
        yield {"model": model, "data": world, "rows": rows, "data sets": count}, part


def by_rows(part: pd.DataFrame, column: str, of: str = "max") -> str:
    """The highest or lowest figure of all methods and features, by the number of rows."""
    return ", ".join(f"{figure:.3f}" for figure in part.groupby("rows")[column].agg(of))


def ties(table: pd.DataFrame) -> pd.DataFrame:
    """What is said where no feature has rank 1, at the worst of all methods."""
    tied = table[table["world"].str.startswith("tie") & table["supported"].notna()]
    return pd.DataFrame(
        line
        | {
            "supported": by_rows(part, "supported"),
            "contradicted": by_rows(part, "contradicted"),
            "coverage": by_rows(part, "coverage", "min"),
            "supported over seeds": by_rows(part, "seeds"),
        }
        for line, part in grouped(tied)
    )


def leads(table: pd.DataFrame) -> pd.DataFrame:
    """How often a lead is supported, by method."""
    return pd.DataFrame(
        line
        | {method: by_rows(part[part["method"] == method], "supported") for method in METHODS}
        | {"coverage": by_rows(part, "coverage", "min")}
        for line, part in grouped(table[table["world"].str.startswith("lead")])
    )


def proposals(table: pd.DataFrame) -> pd.DataFrame:
    """Claims named beforehand and those that are proposed from the data, at the worst."""
    figures = {
        "tie": {"named": "supported", "proposed": "proposed", "on a half": "half"},
        "noise": {"named": "chance", "proposed": "chance_proposed", "on a half": "chance_half"},
    }
    return pd.DataFrame(
        line | {name: by_rows(part, column) for name, column in columns.items()}
        for world, columns in figures.items()
        for line, part in grouped(
            table[(table["world"] == world) & table[columns["named"]].notna()]
        )
    )


TABLES = (ties, leads, proposals)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, help="in each world, if not as many as above")
    parser.add_argument("--csv", type=Path, help="where to write the table, cell after cell")
    arguments = parser.parse_args()
    lines: list[dict[str, object]] = []
    for part in PARTS:
        few = replace(part, datasets=arguments.datasets or part.datasets)
        for name in part.worlds:
            for rows in part.rows:
                lines += cell(few, name, rows)
                print(f"{part.model}: {name}, {rows} rows", flush=True)
                table = pd.DataFrame(lines).reindex(columns=[*KEYS, *FIGURES])
                if arguments.csv:
                    table.round(4).to_csv(arguments.csv, index=False, lineterminator="\n")
    for compact in TABLES:
        print(compact(table.round(4)).to_markdown(index=False))


if __name__ == "__main__":
    main()
