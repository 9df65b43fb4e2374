"""What can seeds tell of data whose importances are known, and what not?

Many samples are drawn from the population of `study/planted.py`. On each, the claims of
`data/planted.toml`, and the orders turned round, are judged by 20 seeds, for every method and
two models: once with all seeds trained on the same rows, and once with each on a bootstrap of
them. Counted are the data sets by verdict, and those in which the noise variable and the
correlated pair show as what they are.

    python benchmarks/planted.py --csv benchmarks/planted.csv
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from study.analysis.warnings.data import COLLINEAR
from study.common.methods import CONTRAST_GRADIENT, GROUPED_PERMUTATION, PERMUTATION
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, load_dataset
from study.engines.registry import engine_for
from study.engines.replicates import Replicate
from study.importance.measure import measure
from study.importance.scores import Importance
from study.planted import PAIR
from study.recipes.claim import Claim
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import find_dataset, find_model
from study.statistics.claims import (
    CONTRADICTED,
    INCONCLUSIVE,
    SUPPORTED,
    Statement,
    judge,
    proportion,
)
from study.statistics.collinearity import explained
from study.statistics.intervals import mean_intervals, wilson
from study.statistics.ranking import shares

DATASETS, SEEDS = 100, 20
MODELS = ("linear", "mlp")
SAME, RESAMPLED = "the same", "resampled"
# What a share may be and still count as near zero; that of an equal variable is 0.17.
NEAR_ZERO = 0.05
NOISE = "noise"
LAST = "noise has the lowest mean score"
SMALL = f"noise has a mean share below {NEAR_ZERO:g}"
ZERO = "the interval of noise's mean score holds 0"
COLLINEAR_PAIR = "S005 warns of the pair, and of nothing else"
HOLDS, FAILS = "holds", "fails"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE)
OUTCOMES = [*VERDICTS, HOLDS, FAILS]
KEYS = ["rows", "model", "method", "statement"]


def sample(recipe: DatasetRecipe, seed: int) -> Dataset:
    """One data set from the population."""
    arguments = {**recipe.own_table.arguments, "seed": seed}
    table = recipe.own_table.model_copy(update={"arguments": arguments})
    return load_dataset(recipe.model_copy(update={"table": table}), Path())


def replicates(index: int, *, resampled: bool) -> list[Replicate]:
    """The seeds of one data set, which no other data set shares."""
    seeds = range(index * SEEDS, (index + 1) * SEEDS)
    return [
        Replicate("real", StreamSeeds(seed, seed, seed, seed, seed if resampled else None))
        for seed in seeds
    ]


def measured(data: Dataset, model: str, trained: Sequence[Replicate]) -> list[Importance]:
    """Scores (seeds, features) by every method that says something of its own.

    Without one-hot groups, two methods say the same as others.
    """
    engine = engine_for(find_model(model).recipe, len(data.features))
    networks = engine.train(trained, data.train_x, data.train_y)
    found = measure(engine.stack(networks), data, networks.occasions)
    repeated = (CONTRAST_GRADIENT, GROUPED_PERMUTATION)
    return [one for one in found.importances if one.method not in repeated]


def statement(claim: Claim, features: Sequence[str]) -> Statement:
    """What a claim of the recipe says of scores (seeds, features)."""
    item = features.index(claim.name)
    if claim.above is not None:
        return Statement("above", item, other=features.index(claim.above))
    return Statement("rank", item)


@dataclass(frozen=True)
class Outcome:
    """What 20 seeds of one data set say of a statement; of a claim also by which margin, as
    mean and variance over seeds."""

    statement: str
    outcome: str
    margin: float = np.nan
    variance: float = np.nan


def outcomes(data: Dataset, importance: Importance) -> Iterator[Outcome]:
    """Every statement about one data set by one model and method."""
    scores = importance.score
    for claim in [data.recipe.claim, *data.recipe.claims, *map(turned, data.recipe.claims)]:
        said = statement(claim, data.features)
        verdict = judge(proportion(said, scores), claim.proportion).verdict
        margin = said.margin(scores)
        yield Outcome(claim.words, verdict, margin.mean(), margin.var(ddof=1))
    noise = data.features.index(NOISE)
    yield Outcome(LAST, truth(scores.mean(axis=0).argmin() == noise))
    yield Outcome(SMALL, truth(shares(scores)[:, noise].mean() < NEAR_ZERO))
    if importance.method == PERMUTATION:
        (interval,) = mean_intervals(scores[:, [noise]])
        yield Outcome(ZERO, truth(interval.low <= 0 <= interval.high))


def turned(claim: Claim) -> Claim:
    """The other order of the two that a claim compares."""
    return claim.model_copy(update={"name": claim.above, "above": claim.name})


def truth(holds: bool) -> str:
    return HOLDS if holds else FAILS


def warned(data: Dataset) -> set[str]:
    """The features that warning S005 names."""
    found = explained(data.train_x, data.groups) > COLLINEAR
    return {name for name, collinear in zip(data.features, found, strict=True) if collinear}


def judged(recipe: DatasetRecipe, seed: int) -> Iterator[dict[str, object]]:
    """Every statement about one data set, with its outcome."""
    data = sample(recipe, seed)
    about = {"rows": SAME, "model": "", "method": ""}
    yield about | vars(Outcome(COLLINEAR_PAIR, truth(warned(data) == set(PAIR))))
    for rows in (SAME, RESAMPLED):
        seeds = replicates(seed, resampled=rows == RESAMPLED)
        for model in MODELS:
            for importance in measured(data, model, seeds):
                about = {"rows": rows, "model": model, "method": importance.method}
                for outcome in outcomes(data, importance):
                    yield about | vars(outcome)


def counted(datasets: int) -> pd.DataFrame:
    """In how many data sets each statement has which outcome.

    low and high are Wilson's, of those in which it is supported, or holds; sampling is the
    standard deviation over data sets of a claim's mean margin, training that of its margin over
    the seeds of a data set, pooled.
    """
    recipe = find_dataset("planted").recipe
    found = pd.DataFrame([row for seed in range(datasets) for row in judged(recipe, seed)])
    each = found.groupby(KEYS, sort=False)
    counts = found.groupby([*KEYS, "outcome"], sort=False).size().unstack(fill_value=0)
    counts = counts.reindex(columns=OUTCOMES, fill_value=0).astype("Int64")
    intervals = [wilson(int(count), datasets) for count in counts[SUPPORTED] + counts[HOLDS]]
    facts = counts[[HOLDS, FAILS]].sum(axis=1) > 0
    counts.loc[facts, list(VERDICTS)] = pd.NA
    counts.loc[~facts, [HOLDS, FAILS]] = pd.NA
    return counts.assign(
        low=[interval.low for interval in intervals],
        high=[interval.high for interval in intervals],
        sampling=each["margin"].std(),
        training=np.sqrt(each["variance"].mean()),
    ).reset_index()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=DATASETS)
    parser.add_argument("--csv", type=Path, help="where to write the table")
    arguments = parser.parse_args()
    table = counted(arguments.datasets)
    if arguments.csv:
        table.round(4).to_csv(arguments.csv, index=False, lineterminator="\n")
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
