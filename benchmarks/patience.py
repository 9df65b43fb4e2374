"""How well networks predict other rows with and without early stopping, and what an epoch takes.

    python benchmarks/patience.py

On generated data of 8 normal features: a linear target and a curved one, with an R² of 0.3, 0.5
and 0.8 of the truth itself, 16 seeds on each. R² is that on 2000 other rows.
"""

import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, load_dataset
from study.engines.lanes.engine import Lanes
from study.engines.replicates import Replicate
from study.recipes.find import find_dataset, find_model, shipped_path

MODELS = ("mlp", "transformer")
ROWS, TRUTHS, OTHERS, FEATURES = (100, 300, 1000), (0.3, 0.5, 0.8), 2000, 8
PATIENCE = (None, 10, 20, 50, 100)
SEEDS = [Replicate("real", StreamSeeds.of(seed)) for seed in range(16)]

Table = tuple[np.ndarray, np.ndarray]


def made(rows: int, truth: float, *, curved: bool) -> tuple[Table, Table]:
    """Training rows and others, standardised by the training rows."""
    draw = np.random.default_rng([rows, int(100 * truth), curved])
    x = draw.normal(size=(rows + OTHERS, FEATURES))
    if curved:
        signal = 1.2 * np.sin(1.5 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.5 * (x[:, 3] ** 2 + x[:, 4])
    else:
        signal = x[:, :4] @ np.array([1, 0.7, 0.5, 0.3])
    signal = (signal - signal.mean()) / signal.std()
    y = np.sqrt(truth) * signal + np.sqrt(1 - truth) * draw.normal(size=len(x))
    x, y = ((of - of[:rows].mean(axis=0)) / of[:rows].std(axis=0) for of in (x, y))
    x, y = x.astype(np.float32), y.astype(np.float32)
    return (x[:rows], y[:rows]), (x[rows:], y[rows:])


def engine(model: str, patience: int | None) -> Lanes:
    recipe = find_model(str(shipped_path("models", model))).recipe
    training = recipe.training.model_copy(update={"patience": patience})
    return Lanes(recipe.model_copy(update={"training": training}), FEATURES)


def fits() -> Iterator[dict[str, object]]:
    """Mean R² on other rows, and mean epochs trained, of each model on each data set."""
    for model in MODELS:
        for rows in ROWS:
            for place in range(2 * len(TRUTHS)):
                learned, (x, y) = made(rows, TRUTHS[place // 2], curved=place % 2 == 1)
                for patience in PATIENCE:
                    trained = engine(model, patience).train(SEEDS, *learned)
                    errors = engine(model, patience).stack(trained).predict(x) - y
                    yield {
                        "model": model,
                        "rows": rows,
                        "data": place,
                        "patience": str(patience),
                        "R²": float((1 - (errors**2).mean(axis=1) / y.var()).mean()),
                        "epochs": float(trained.epochs.mean()),
                    }


def seconds(model: str, patience: int | None, people: Dataset) -> float:
    """To train 16 seeds on the people data."""
    start = time.perf_counter()
    engine(model, patience).train(SEEDS, people.train_x, people.train_y)
    return time.perf_counter() - start


def main() -> None:
    found = pd.DataFrame(fits())
    columns = [str(patience) for patience in PATIENCE]
    for value in ("R²", "epochs"):
        table = found.pivot_table(index=["model", "rows"], columns="patience", values=value)
        print(f"\n{value}, means of {2 * len(TRUTHS)} data sets\n{table[columns].round(2)}")
    wide = found.pivot(index=["model", "rows", "data"], columns="patience", values="R²")
    gain = wide["50"] - wide["None"]
    print("\nR² at 50 less that without, least and greatest:")
    print(gain.groupby("model").agg(["min", "median", "max"]).round(2))
    recipe = find_dataset(str(shipped_path("data", "people")))
    people = load_dataset(recipe.recipe, recipe.path.parent)
    print("\nseconds for 16 seeds on people, median of 7")
    for model in MODELS:
        taken = [[seconds(model, of, people) for of in (None, 300, 50)] for _ in range(8)][1:]
        print(model, dict(zip(("none", 300, 50), np.median(taken, axis=0).round(3), strict=True)))


if __name__ == "__main__":
    main()
