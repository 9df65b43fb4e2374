"""Does the harness train the published Transformer as the published loop does?

Training is chaotic, so the loop and the two engines can only be compared as distributions over
seeds: of age's share of the training gradients, and of the fit.

    python benchmarks/distribution.py --seeds 60 --csv benchmarks/distribution.csv
"""

import argparse
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import torch
from scipy import stats

from study.common.streams import StreamSeeds
from study.datasets.dataset import Dataset, load_dataset
from study.demo import accuracy, train_published
from study.engines.lanes.engine import Lanes
from study.engines.network_engine import NetworkEngine
from study.engines.replicates import Replicate
from study.engines.torch.engine import Torch
from study.importance.training_gradient import training_gradient
from study.recipes.find import find_dataset, find_model
from study.statistics.ranking import shares

AGE = 1
PUBLISHED = 0.7684


def published_loop(dataset: Dataset, seed: int) -> dict[str, float]:
    """Age's share, and accuracy on the training rows, of one seed of the plain loop."""
    torch.set_num_threads(1)
    demo = train_published(dataset.train_x, dataset.train_y, seed)
    return {
        "seed": seed,
        "age_share": demo.importance[AGE] / demo.importance.sum(),
        "train_within": accuracy(
            demo.network, dataset.train_x, dataset.train_y, 0.10, one_by_one=True
        ),
    }


def engine(dataset: Dataset, kind: type[NetworkEngine], seeds: Sequence[int]) -> pd.DataFrame:
    """The same of many seeds, trained by an engine of the harness."""
    engine = kind(find_model("transformer").recipe, len(dataset.features))
    replicates = [Replicate("real", StreamSeeds.of(seed)) for seed in seeds]
    trained = engine.train(replicates, dataset.train_x, dataset.train_y)
    predictions = engine.stack(trained).predict(dataset.train_x)
    close = np.abs(predictions - dataset.train_y) < 0.10 * np.abs(dataset.train_y)
    share = shares(training_gradient(trained.occasions).score)[:, AGE]
    return pd.DataFrame({"seed": seeds, "age_share": share, "train_within": close.mean(axis=1)})


def loop(dataset: Dataset, seeds: Sequence[int]) -> pd.DataFrame:
    """The same of many seeds of the plain loop, on all cores."""
    return pd.DataFrame(
        joblib.Parallel(n_jobs=joblib.cpu_count())(
            joblib.delayed(published_loop)(dataset, seed) for seed in seeds
        )
    )


WAYS: dict[str, Callable[[Dataset, Sequence[int]], pd.DataFrame]] = {
    "published loop": loop,
    "torch-40": lambda dataset, seeds: engine(dataset, Torch, seeds),
    "lanes-1": lambda dataset, seeds: engine(dataset, Lanes, seeds),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument(
        "--csv", type=Path, help="every seed; what the file holds is not trained again"
    )
    arguments = parser.parse_args()
    seeds = list(range(arguments.first, arguments.first + arguments.seeds))
    found = find_dataset("people")
    dataset = load_dataset(found.recipe, found.path.parent)

    known = pd.DataFrame(columns=["trained_by", "seed", "age_share", "train_within"])
    if arguments.csv and arguments.csv.exists():
        known = pd.read_csv(arguments.csv)
    for name, trained in WAYS.items():
        missing = sorted(set(seeds) - set(known.loc[known["trained_by"] == name, "seed"]))
        if missing:
            known = pd.concat([known, trained(dataset, missing).assign(trained_by=name)])
    if arguments.csv:
        known.round(6).to_csv(arguments.csv, index=False, lineterminator="\n")
    compared = known[known["seed"].isin(seeds)]
    print(compared.groupby("trained_by")[["age_share", "train_within"]].describe().T.round(3))
    for one, two in combinations(WAYS, 2):
        for measure in ("age_share", "train_within"):
            x, y = (compared.loc[compared["trained_by"] == name, measure] for name in (one, two))
            print(
                f"{one} and {two}, {measure}: "
                f"Kolmogorov-Smirnov p = {stats.ks_2samp(x, y).pvalue:.3f}, "
                f"Mann-Whitney p = {stats.mannwhitneyu(x, y).pvalue:.3f}"
            )
    for name in WAYS:
        share = compared.loc[compared["trained_by"] == name, "age_share"]
        below = int((share < PUBLISHED).sum())
        print(f"{name}: {below} of {len(share)} seeds lie below the published {PUBLISHED}")


if __name__ == "__main__":
    main()
