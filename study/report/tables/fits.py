"""Tables of fit quality, and of every seed."""

from typing import Any

import numpy as np
import pandas as pd

from study.analysis.claims import scores_of_claim
from study.analysis.fits import has_fits, learning_threshold, learning_words
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.common.vocabulary import LEAST_SQUARES
from study.recipes.target import CountTarget, NumericTarget
from study.report.tables.cells import beside_explained, closing, number, percent
from study.report.tables.table import Table
from study.statistics.ranking import TIED, ranks, shares


def fit_table(overview: Overview) -> Table | None:
    """Fit quality by model, on training and test rows, each evaluated in both ways."""
    results = overview.results
    if not has_fits(results):
        return None
    data = overview.fit_quality
    shown = overview.of_foremost(data)
    layout = pd.DataFrame(
        {
            "Model": shown["model"].map(results.title),
            "Rows": shown["part"],
            "Evaluated": shown["evaluation"].map(
                {"alone": "one by one", "together": "all at once"}
            ),
            "Seeds": [_seeds(row) for row in shown.to_dict("records")],
            **_measured(results, shown),
        }
    )
    return Table(
        "fit",
        "Fit quality by model",
        "Mean ± standard deviation over seeds, condition real. One by one, each row is a batch "
        "of its own; all at once, the rows are one batch, which changes the predictions of a "
        f"network that looks along its batch. {_explained(results)} {closing(overview)}",
        data,
        layout.fillna("–"),
    )


def _measured(results: Results, data: pd.DataFrame) -> dict[str, pd.Series]:
    """The columns of what is measured, by their headings."""
    explained, symbol = results.measures.explained, results.measures.symbol
    found = {
        f"{symbol}, mean ± sd": _spread(data, explained, "{:.3f}"),
        f"{symbol}, worst": data[f"{explained}_min"].map(lambda value: number(value, "{:.3f}")),
    }
    target = results.recipe.target
    if isinstance(target, NumericTarget):
        return found | {
            target.with_unit("RMSE"): _spread(data, "rmse", _rounded(data["rmse_mean"].min())),
            f"Within {percent(target.tolerance)}": _spread(data, "within", "{:.2f}"),
        }
    if isinstance(target, CountTarget):
        return found | {
            "Poisson deviance": _spread(data, "deviance", "{:.3f}"),
            "Mean absolute error": _spread(data, "mae", "{:.3g}"),
            "Mean count": data["mean_count_mean"].map(lambda value: number(value, "{:.3g}")),
        }
    return found | {
        "Log loss": _spread(data, "log_loss", "{:.3f}"),
        "Brier score": _spread(data, "brier", "{:.3f}"),
        "ROC AUC": _spread(data, "auc", "{:.3f}"),
        "Balanced accuracy": _spread(data, "balanced_accuracy", "{:.3f}"),
        "Accuracy": _spread(data, "accuracy", "{:.3f}"),
        "Majority": data["majority_mean"].map(lambda value: number(value, "{:.3f}")),
    }


def _explained(results: Results) -> str:
    """What these columns are."""
    target = results.recipe.target
    if isinstance(target, NumericTarget):
        of = f" R² is of the logarithm of {target.name}." if target.scale else ""
        return (
            "Within: proportion of rows whose prediction misses by less than "
            f"{percent(target.tolerance)} of the true {target.name}.{of}"
        )
    if isinstance(target, CountTarget):
        return (
            f"{results.measures.spelled}: 1 - Poisson deviance / that of predicting the mean count "
            "of the same rows. Deviance: mean of 2 (count × log(count / rate) - count + rate), "
            "rate being the prediction; mean absolute error: of counts from rates."
        )
    squares = (
        "the second class’s probability" if len(target.levels) == 2 else "all probabilities, summed"
    )
    return (
        f"{results.measures.spelled}: 1 - log loss / log loss of the shares of the classes among "
        f"the same rows. Brier score: mean squared error of {squares}. ROC AUC: each class against "
        "the rest, mean over classes. Accuracy: proportion of rows whose most probable class is "
        "theirs; balanced, of each class, mean over classes; majority, of the most frequent class "
        "predicted always."
    )


def seeds_table(overview: Overview) -> Table:
    """Every seed: its fit, whether it has learned, and what it says of the claimed item."""
    results = overview.results
    claim = results.recipe.claim
    fitted = has_fits(results)
    data = overview.learning if fitted else _seeds_alone(results)
    parts = []
    for model in results.models:
        rows = data[data["model"] == model].copy()
        found = scores_of_claim(results, claim, model, "real", claim.method)
        rows[["share", "rank", "met"]] = np.nan
        if found is not None:
            vectors, statement = found
            by_seed = pd.DataFrame(
                {
                    "seed": vectors.seeds.array,
                    "share": shares(vectors.score)[:, statement.item],
                    "rank": ranks(vectors.score)[:, statement.item],
                    "met": statement.met(vectors.score),
                }
            ).set_index("seed")
            found_rows = by_seed.reindex(rows["seed"])
            for column in by_seed:
                rows[column] = found_rows[column].to_numpy(dtype=float)
        parts.append(rows)
    data = pd.concat(parts, ignore_index=True)
    shown = overview.of_foremost(data)
    layout = pd.DataFrame(
        {
            "Model": shown["model"].map(results.title),
            "Seed": shown["seed"].map(str),
            **(_fit_of_seeds(results, shown) if fitted else {}),
            f"Share of {claim.name}": shown["share"].map(lambda value: number(value, "{:.3f}")),
            "Rank": shown["rank"].map(lambda value: number(value, "{:g}")),
            "Claim met": [_yes(value) for value in shown["met"]],
        }
    )
    return Table(
        "seeds",
        f"Every seed: {'fit, and ' if fitted else ''}{claim.name} by {claim.method}",
        "Condition real"
        + (
            f"; test rows one by one. Learned: test {results.measures.symbol} of at least "
            f"{learning_threshold(results):.3f} ({learning_words(results)})"
            if fitted
            else ""
        )
        + f". The claim: {claim.words}. {closing(overview)}",
        data,
        layout,
    )


def _seeds_alone(results: Results) -> pd.DataFrame:
    """model, seed: of the real condition, where no fit is known."""
    pairs = [(model, seed) for model in results.models for seed in results.seeds(model, "real")]
    return pd.DataFrame(pairs, columns=["model", "seed"])


def _fit_of_seeds(results: Results, data: pd.DataFrame) -> dict[str, pd.Series]:
    """The columns of every seed's fit."""
    return {
        f"Test {results.measures.symbol}": data[results.measures.explained].map(
            lambda value: number(value, "{:.3f}")
        ),
        beside_explained(results): data[results.measures.beside].map(number),
        "Learned": data["learned"].map({True: "yes", False: "no"}),
    }


def _yes(value: Any) -> str:
    return "–" if pd.isna(value) else ("yes" if value else "no")


def _seeds(row: dict[str, Any]) -> str:
    if row["model"] == LEAST_SQUARES:
        return "–"
    return f"{row['n']}" + (f" ({row['undefined']} diverged)" if row["undefined"] else "")


def _spread(data: pd.DataFrame, measure: str, form: str) -> pd.Series:
    """Mean ± standard deviation as text; the mean alone where there is no spread to speak of."""
    means, deviations = data[f"{measure}_mean"], data[f"{measure}_sd"]
    return pd.Series(
        [
            number(mean, form)
            # Sums in another order leave a spread of rounding alone.
            + ("" if np.isnan(sd) else f" ± {number(sd if sd > TIED * abs(mean) else 0.0, form)}")
            for mean, sd in zip(means, deviations, strict=True)
        ],
        index=data.index,
    )


def _rounded(smallest: float) -> str:
    """A format that shows about three digits of the smallest of some numbers."""
    return "{:,.0f}" if smallest >= 100 else "{:.3g}"
