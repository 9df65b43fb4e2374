"""The table of how importance and loss go through training."""

import numpy as np
import pandas as pd

from study.analysis.overview import Overview
from study.report.tables.cells import closing, number
from study.report.tables.table import Table
from study.report.text.early_stops import through_training


def training_table(overview: Overview) -> Table | None:
    """The claimed feature's share and the loss at each occasion of training."""
    results = overview.results
    means, loss, task = overview.paths, overview.losses, results.recipe.task
    if means.empty or loss.empty:
        return None
    claimed = [name for name in results.recipe.claim.names if name in results.features][:1]
    data = means.merge(_nearest(means, loss), on=["model", "epoch"], how="left")
    shown = overview.of_foremost(data[data["name"].isin(claimed)] if claimed else data)
    of_mean, measures = loss["of_mean"].iloc[0], results.measures
    layout = pd.DataFrame(
        {
            "Model": shown["model"].map(results.title),
            "Epoch": shown["epoch"].map(str),
            "Feature": shown["name"],
            "Share": [_spread(row.mean_share, row.sd_share) for row in shown.itertuples()],
            "First": [f"{row.first} of {row.n}" for row in shown.itertuples()],
            "Loss, median (range)": [
                f"{number(row.median, '{:.3g}')} "
                f"({number(row.low, '{:.3g}')} to {number(row.high, '{:.3g}')})"
                for row in shown.itertuples()
            ],
        }
    )
    return Table(
        "training",
        "Importance and loss through training",
        "Share: of the loss gradients at that occasion alone, mean ± standard deviation over "
        "seeds. First: seeds in which the feature is strictly greatest there. Loss: "
        + (
            f"mean over the mini-batches (predicting {measures.constant} gives {of_mean:.3g})"
            if np.isfinite(of_mean)
            else "sum over the mini-batches"
        )
        + f" of the nearest epoch kept, of their {measures.losses}, as met in training, with "
        "dropout"
        + (", of the target divided by its divisor" if task.loss == "squared error" else "")
        + ". The score by training-gradient adds up the gradients of all occasions, so that early "
        f"ones, which are larger, weigh more than their share here.{through_training(results)} "
        f"Condition real; the CSV file has every feature. {closing(overview)}",
        data,
        layout,
    )


def _nearest(means: pd.DataFrame, loss: pd.DataFrame) -> pd.DataFrame:
    """The losses of the epoch nearest to each occasion: model, epoch, median, low, high."""
    occasions = means[["model", "epoch"]].drop_duplicates().sort_values("epoch")
    columns = ["model", "epoch", "median", "low", "high"]
    return pd.merge_asof(
        occasions, loss[columns].sort_values("epoch"), on="epoch", by="model", direction="nearest"
    )


def _spread(mean: float, deviation: float) -> str:
    spread = "" if np.isnan(deviation) else f" ± {deviation:.3f}"
    return f"{mean:.3f}{spread}"
