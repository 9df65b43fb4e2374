"""How importance and loss go through training."""

import math

import numpy as np
import pandas as pd

from study.analysis.fits import one_by_one
from study.analysis.results import Results
from study.common.vocabulary import LEAST_SQUARES
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


def losses(found: pd.DataFrame, results: Results) -> pd.DataFrame:
    """model, epoch, n, median, low, high: mean squared error of an epoch's mini-batches over seeds.

    Of `seed_losses`. As met in training, with dropout, of the target divided by its divisor; low
    and high are the least and the greatest. `of_mean` is that of predicting the mean: the variance
    of the target on the training rows, NaN in a run that has not stored it. Of classes,
    cross-entropy, and that of predicting their shares; of counts, Poisson loss.
    """
    if found.empty:
        return found
    groups = found[np.isfinite(found["loss"])].groupby(["model", "epoch"], sort=False)["loss"]
    frame = groups.agg(n="size", median="median", low="min", high="max").reset_index()
    return frame.assign(of_mean=_of_constant(results))


def _of_constant(results: Results) -> float:
    """The loss of a prediction without inputs, on the training rows."""
    train = results.parts[results.parts["part"] == "train"]
    if train.empty:
        return np.nan
    if results.recipe.task.loss == "squared error":
        return float(train["deviation"].iloc[0] ** 2)
    fits = one_by_one(results.fits, LEAST_SQUARES, "train")
    if results.recipe.task.counts:
        mean = float(fits["mean_count"].mean())
        return mean - mean * np.log(mean)
    # D² is 1 - log loss / that.
    return float((fits["log_loss"] / (1 - fits["d_squared"])).mean())


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
