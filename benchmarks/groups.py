"""How often noise that is constant within subjects is said to matter, with groups and without.

    python benchmarks/groups.py

Subjects are measured several times each. The target is an intercept of each subject, and noise;
of five features, which have nothing to do with it, the first is constant within subjects. Judged
is that this one has rank 1 for other rows, by permutation importance over random splits, with
rows on their own and with subjects as groups: true of neither, whatever the model.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from population import FEATURES, dataset

from study.datasets.dataset import Dataset
from study.engines.engine import Engine
from study.engines.lanes.engine import Lanes
from study.engines.scikit_learn import ScikitLearn
from study.execution.plan import on_splits
from study.importance.measure import measure_trained
from study.recipes.find import find_model, shipped_path
from study.recipes.model import EstimatorRecipe
from study.statistics.claims import SUPPORTED, Statement
from study.statistics.population import judge

DATASETS, SPLITS = 20, 16
DESIGNS = ((20, 12), (40, 6))  # subjects, and rows of each
INTERCEPT = 2.0  # standard deviation; that of noise is 1


def table(subjects: int, times: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who is measured, features and target, in a mixed order."""
    draw = np.random.default_rng(seed)
    who = draw.permutation(np.repeat(np.arange(subjects), times))
    x = draw.normal(size=(len(who), FEATURES))
    x[:, 0] = draw.normal(size=subjects)[who]
    y = INTERCEPT * draw.normal(size=subjects)[who] + draw.normal(size=len(who))
    return who, x.astype(np.float32), (y / y.std()).astype(np.float32)


def engines() -> dict[str, Engine]:
    recipe = find_model(str(shipped_path("models", "mlp"))).recipe
    training = recipe.training.model_copy(update={"patience": 50})
    tree = EstimatorRecipe(
        title="Tree",
        estimator="sklearn.tree:DecisionTreeRegressor",
        arguments={"min_samples_leaf": 2},
    )
    return {
        "mlp": Lanes(recipe.model_copy(update={"training": training}), FEATURES),
        "tree": ScikitLearn(tree),
    }


def judged(engine: Engine, data: Dataset) -> tuple[str, float]:
    """The verdict for other rows, and the median R² on the test rows of halves."""
    halves = on_splits(SPLITS, 1)
    trained = engine.train(halves, *data.pooled, tested=len(data.test_y), groups=data.row_groups)
    found = measure_trained(engine, trained, data, halves, methods=["permutation"])
    (scores,) = (of.score for of in found.importances)
    half = np.arange(2 * SPLITS)
    verdict = judge(Statement("rank", 0), scores, half // 2, half % 2).verdict
    fit = next(of for of in found.fits if (of.part, of.evaluation) == ("test", "alone"))
    return verdict, float(np.median(fit.measures["r_squared"]))


def verdicts() -> Iterator[dict[str, object]]:
    for model, engine in engines().items():
        for subjects, times in DESIGNS:
            for seed in range(DATASETS):
                who, x, y = table(subjects, times, seed)
                for kept, groups in (("rows", None), ("groups", who)):
                    data = replace(dataset(x, y), row_groups=groups)
                    verdict, fit = judged(engine, data)
                    yield {
                        "model": model,
                        "subjects": subjects,
                        "drawn": kept,
                        "supported": verdict == SUPPORTED,
                        "predicts and supported": verdict == SUPPORTED and fit > 0,
                        "R²": fit,
                    }


def main() -> None:
    found = pd.DataFrame(verdicts()).groupby(["model", "subjects", "drawn"], sort=False)
    print(found.mean().round(2).to_string())


if __name__ == "__main__":
    main()
