"""How importance and loss go through training."""

import math

import numpy as np
import pandas as pd

from study.analysis.results import Results
from study.statistics.ranking import ranks, settled, shares


def seed_paths(results: Results) -> pd.DataFrame:
    """model, seed, epoch, name, share, rank: every occasion of every seed, real condition.

    The share is that of the gradients of this one occasion; rank 1 is the greatest.
    """
    features = results.features
    occasions = results.occasions
    occasions = occasions[occasions["condition"] == "real"]
    parts = []
    for model in results.models:
        own = occasions[occasions["model"] == model]
        if own.empty:
            continue
        wide = own.pivot(index=["seed", "epoch"], columns="feature", values="absolute")
        values = settled(wide[features].to_numpy(dtype=float))
        parts.append(
            pd.DataFrame(
                {
                    "model": model,
                    "seed": np.repeat(wide.index.get_level_values("seed"), len(features)),
                    "epoch": np.repeat(wide.index.get_level_values("epoch"), len(features)),
                    "name": np.tile(features, len(wide)),
                    "share": shares(values).ravel(),
                    "rank": ranks(values).ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def paths(found: pd.DataFrame) -> pd.DataFrame:
    """Mean share, its sd and how often first, by model, epoch and feature, of `seed_paths`."""
    if found.empty:
        return found
    found = found[found["share"].notna()]
    groups = found.assign(first=found["rank"] == 1).groupby(["model", "epoch", "name"], sort=False)
    return groups.agg(
        n=("share", "size"),
        mean_share=("share", "mean"),
        sd_share=("share", "std"),
        first=("first", "sum"),
    ).reset_index()


def losses(found: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """model, epoch, n, median, low, high: mean squared error of an epoch's mini-batches over seeds.

    Of `seed_losses`, and the parts of the table as Results has them.
    As met in training, with dropout, of the target divided by its divisor; low and high are
    the least and the greatest. `of_mean` is that of predicting the mean: the variance of the
    target on the training rows, NaN in a run that has not stored it.
    """
    if found.empty:
        return found
    groups = found[np.isfinite(found["loss"])].groupby(["model", "epoch"], sort=False)["loss"]
    frame = groups.agg(n="size", median="median", low="min", high="max").reset_index()
    train = parts[parts["part"] == "train"]
    return frame.assign(of_mean=train["deviation"].iloc[0] ** 2 if len(train) else np.nan)


def seed_losses(results: Results) -> pd.DataFrame:
    """model, seed, epoch, loss: of every seed, real condition, the mean over mini-batches.

    Where the run has not stored how many rows there are, the sum over them.
    """
    found = results.losses
    found = found[found["condition"] == "real"][["model", "seed", "epoch", "loss"]]
    train = results.parts[results.parts["part"] == "train"]
    if train.empty:
        return found
    rows = int(train["rows"].iloc[0])
    batches = {
        model: math.ceil((rows - recipe.training.held_out(rows)) / recipe.training.batch_size)
        for model, recipe in results.models.items()
        if recipe and recipe.training
    }
    return found.assign(loss=found["loss"] / found["model"].map(batches).astype(float))
