"""How well each model predicts rows that it did not learn from: what verdicts stand behind."""

from __future__ import annotations

import numpy as np
import pandas as pd

from study.analysis.fits import one_by_one
from study.analysis.results import Results
from study.analysis.selection import all_models
from study.common.fit_measures import OF_CLASSES, OF_NUMBERS
from study.statistics.learning import predicts, typical


def held_out(results: Results) -> pd.DataFrame:
    """model, where, n, r_squared, best, predicts: of each model, the median held-out R².

    Of counts and classes, d_squared in its place. Over splits where there are any, each on its own
    test rows, else over seeds on the test rows of the data; where says which. `best` is the
    greatest of all models, and `predicts` whether a model's is positive and no less than the
    recipe's share of it. Without rows where no fit is known, as of scores that were made elsewhere.
    """
    explained = results.measures.explained
    rows = [
        {"model": model, "where": where, "n": len(values), explained: typical(values)}
        for model in all_models(results)
        for where, values in [_values(results, model)]
        if len(values)
    ]
    found = pd.DataFrame(rows, columns=["model", "where", "n", explained])
    best = found[explained].max()
    return found.assign(
        best=best,
        predicts=[predicts(value, best, results.recipe.fit) for value in found[explained]],
    )


def gated(gate: pd.DataFrame, model: str) -> str:
    """Why there is no verdict on a model, by `held_out`; nothing where it predicts."""
    # What is explained of counts and of classes is called the same.
    measures = OF_NUMBERS if OF_NUMBERS.explained in gate else OF_CLASSES
    known = gate[gate["model"] == model]
    if known["predicts"].all():
        return ""
    row = known.iloc[0]
    where = "splits" if row["where"] == "splits" else "the test rows"
    least = f"the best model's {row['best']:.2f}"
    own = f"{measures.symbol} {row[measures.explained]:.2f}"
    return f"the model does not predict ({own} on {where}, {least})"


def in_words(results: Results) -> str:
    """Which models have no verdict."""
    return (
        f"the model's median {results.measures.symbol} on rows held out is not above 0, or below "
        f"{results.recipe.fit:g} of the best model's"
    )


def _values(results: Results, model: str) -> tuple[str, np.ndarray]:
    """Where a model is tested, and how much it explains there."""
    on_splits = (results.split_fits["model"] == model).any()
    fits = results.split_fits if on_splits else results.fits
    found = one_by_one(fits, model, "test")[results.measures.explained].to_numpy(dtype=float)
    return "splits" if on_splits else "test rows", found
