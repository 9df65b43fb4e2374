"""How often noise is said to matter where rows depend on each other, heeded or not.

    python benchmarks/groups.py

Subjects are measured several times each: the target is an intercept of each subject, and noise; of
five features, which have nothing to do with it, the first is constant within subjects. Or rows
stand in time: the first feature is a random walk, and the target one of its own, or a series that
depends on what it was before. Judged is that the first feature has rank 1: for other
rows, by permutation importance over random splits, and above chance, by shuffles of the target. It
is true of none of them, whatever the model. Rows on their own are judged in fewer data sets.

Splits, shuffles, importances and verdicts are the program's own. Models are fitted without its
engines, whose checks take longer than so small a fit.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from population import FEATURES, TEST_PART, dataset
from scipy.signal import lfilter
from sklearn.tree import DecisionTreeRegressor

from study.common.conditions import REAL, SHUFFLED
from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset
from study.engines.replicates import Replicate
from study.engines.row_orders import labels_of, rows_of, units
from study.execution.plan import on_splits
from study.importance.models import Predict
from study.importance.permutation import permutation
from study.importance.sample import Sample, alike
from study.statistics.claims import SUPPORTED, Statement
from study.statistics.fit import r_squared
from study.statistics.permutation_test import LEVEL, permutation_test
from study.statistics.population import judge

DATASETS, ON_THEIR_OWN, SPLITS, SHUFFLES = 400, 100, 16, 19
ROWS = 240
FIRST = Statement("rank", 0)
INTERCEPT = 2.0  # standard deviation; that of noise is 1
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
Fit = Callable[[np.ndarray, np.ndarray], Predict]


def subjects(sizes: list[int], draw: np.random.Generator) -> Rows:
    """Features and target, subject after subject in any order, and whose rows they are."""
    who = np.repeat(np.arange(len(sizes)), draw.permutation(sizes))
    x = draw.normal(size=(len(who), FEATURES))
    x[:, 0] = draw.normal(size=len(sizes))[who]
    return x, INTERCEPT * draw.normal(size=len(sizes))[who] + draw.normal(size=len(who)), who


def in_order(
    target: Callable[[np.random.Generator], np.ndarray], draw: np.random.Generator
) -> Rows:
    """Features and target in the order of time, and their times."""
    x = draw.normal(size=(ROWS, FEATURES))
    x[:, 0] = draw.normal(size=ROWS).cumsum()
    x[:, 0] = (x[:, 0] - x[:, 0].mean()) / x[:, 0].std()
    return x, target(draw), np.arange(float(ROWS))


def walk(draw: np.random.Generator) -> np.ndarray:
    return draw.normal(size=ROWS).cumsum() + draw.normal(size=ROWS)


def dependent(draw: np.random.Generator) -> np.ndarray:
    """Each number 0.9 of the one before, and noise."""
    return lfilter([1], [1, -0.9], draw.normal(size=ROWS + 100))[100:]


WORLDS: dict[str, Callable[[np.random.Generator], Rows]] = {
    "20 subjects of 12 rows": partial(subjects, [12] * 20),
    "in time, a walk": partial(in_order, walk),
    "in time, dependent": partial(in_order, dependent),
}


def least_squares(x: np.ndarray, y: np.ndarray) -> Predict:
    """Predictions of linear regression on some rows."""
    intercept, *slopes = np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y)[0]
    return lambda x: intercept + x @ np.array(slopes)


def tree(x: np.ndarray, y: np.ndarray) -> Predict:
    """Predictions of a regression tree with two rows in a leaf at least."""
    fitted = DecisionTreeRegressor(min_samples_leaf=2, random_state=0).fit(x, y, check_input=False)
    return lambda x: fitted.tree_.predict(x)[:, 0]


MODELS = {"least squares": least_squares, "tree": tree}


def related(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> Dataset:
    """The rows as they are: test rows are those of the last subjects, or the last."""
    last = groups[-round(TEST_PART * len(y))]
    train = groups < last
    return replace(
        dataset(x, y),
        train_x=x[train],
        train_y=y[train],
        test_x=x[~train],
        test_y=y[~train],
        row_groups=groups,
    )


def measured(fit: Fit, data: Dataset, replicates: list[Replicate]) -> tuple[np.ndarray, np.ndarray]:
    """Permutation importances, (models, features), and R² on test rows, (models,)."""
    x, y = data.pooled
    scores, fits = np.empty((len(replicates), FEATURES)), np.empty(len(replicates))
    for places in alike(data, replicates):
        some = [replicates[place] for place in places]
        sample = Sample.of(data, some)
        models = []
        for one in some:
            rows = rows_of(one, len(data.train_y), len(data.test_y), data.row_groups)[0]
            models.append(fit(x[rows], y[labels_of(one, rows, data.row_groups)].astype(float)))

        def predict(x: np.ndarray, models: list[Predict] = models) -> np.ndarray:
            each = x if x.ndim > 2 else [x] * len(models)
            return np.stack([model(own) for model, own in zip(models, each, strict=True)])

        scores[places] = permutation(predict, data, sample, at_once=10**8).score
        fits[places] = r_squared(sample.test_y, predict(sample.test_x))
    return scores, fits


def judged(fit: Fit, data: Dataset) -> dict[str, float]:
    """What is said of the first feature's rank 1: for other rows, and above chance."""
    scores, fits = measured(fit, data, on_splits(SPLITS, 1))
    groups, half = data.row_groups, np.arange(2 * SPLITS)
    number = None if groups is None else units(groups).max() + 1
    supported = judge(FIRST, scores, half // 2, half % 2, number).verdict == SUPPORTED
    real, shuffles = (
        FIRST.ahead(measured(fit, data, of)[0])
        for of in (
            [Replicate(REAL, StreamSeeds.of(0))],
            [Replicate(SHUFFLED, StreamSeeds.of(seed)) for seed in range(SHUFFLES)],
        )
    )
    return {
        "supported": supported,
        "predicts and supported": supported and np.median(fits) > 0,
        "above chance": permutation_test(real, shuffles).p_value <= LEVEL,
        "R²": np.median(fits),
    }


def verdicts() -> Iterator[dict[str, object]]:
    for (model, fit), (world, rows) in product(MODELS.items(), WORLDS.items()):
        for seed in range(DATASETS):
            draw = np.random.default_rng(seed)
            x, y, groups = rows(draw)
            x, y = x.astype(np.float32), (y / y.std()).astype(np.float32)
            kept = {"as they are": related(x, y, groups)}
            if seed < ON_THEIR_OWN:
                mixed = draw.permutation(len(y))
                kept["on their own"] = dataset(x[mixed], y[mixed])
            for drawn, data in kept.items():
                yield {"model": model, "rows": world, "drawn": drawn} | judged(fit, data)


def main() -> None:
    found = pd.DataFrame(verdicts()).groupby(["model", "rows", "drawn"], sort=False)
    print(found.mean().round(3).to_string())


if __name__ == "__main__":
    main()
