"""Does the harness train the published Transformer as the published loop does?

Training is chaotic, so the two can only be compared as distributions over seeds: age's share
of the training gradients, from the plain sequential loop and from the harness.

    python benchmarks/distribution.py --seeds 60 --csv benchmarks/distribution.csv
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import torch
from scipy import stats

from study.dataset import Dataset, load_dataset
from study.demo import accuracy, train_published
from study.importance.gradients import training_gradient
from study.networks import build
from study.networks.stack import BLOCK, Stack
from study.recipes import find_dataset, find_model
from study.statistics.ranking import shares
from study.streams import StreamSeeds
from study.training import Replicate, train

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


def harness(dataset: Dataset, seeds: Sequence[int]) -> pd.DataFrame:
    """The same of many seeds, trained by the harness."""
    recipe = find_model("transformer").recipe
    network = build(recipe, inputs=len(dataset.features), init=0)
    parts = []
    for start in range(0, len(seeds), BLOCK):
        block = seeds[start : start + BLOCK]
        trained = train(
            recipe, [Replicate("real", StreamSeeds.of(seed)) for seed in block], dataset
        )
        predictions = Stack(network, trained.weights).predict(dataset.train_x)
        close = np.abs(predictions - dataset.train_y) < 0.10 * np.abs(dataset.train_y)
        share = shares(training_gradient(trained.occasions).score)[:, AGE]
        parts.append(
            pd.DataFrame({"seed": block, "age_share": share, "train_within": close.mean(axis=1)})
        )
    return pd.concat(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--csv", type=Path, help="where to write every seed")
    arguments = parser.parse_args()
    seeds = list(range(arguments.first, arguments.first + arguments.seeds))
    found = find_dataset("people")
    dataset = load_dataset(found.recipe, found.path.parent)

    loop = pd.DataFrame(
        joblib.Parallel(n_jobs=joblib.cpu_count())(
            joblib.delayed(published_loop)(dataset, seed) for seed in seeds
        )
    )
    ours = harness(dataset, seeds)
    both = pd.concat([loop.assign(trained_by="published loop"), ours.assign(trained_by="harness")])
    if arguments.csv:
        columns = ["trained_by", "seed", "age_share", "train_within"]
        both[columns].round(6).to_csv(arguments.csv, index=False, lineterminator="\n")
    print(both.groupby("trained_by")[["age_share", "train_within"]].describe().T.round(3))
    for measure in ("age_share", "train_within"):
        one, two = loop[measure].to_numpy(), ours[measure].to_numpy()
        print(
            f"{measure}: Kolmogorov-Smirnov p = {stats.ks_2samp(one, two).pvalue:.3f}, "
            f"Mann-Whitney p = {stats.mannwhitneyu(one, two).pvalue:.3f}, "
            f"Cramer-von Mises p = {stats.cramervonmises_2samp(one, two).pvalue:.3f}"
        )
    for name, frame in (("published loop", loop), ("harness", ours)):
        below = int((frame["age_share"] < PUBLISHED).sum())
        print(f"{name}: {below} of {len(frame)} seeds lie below the published {PUBLISHED}")


if __name__ == "__main__":
    main()
