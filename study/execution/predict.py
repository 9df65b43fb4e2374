"""Prediction of one row by every stored network."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from study.common.text import by_columns, filled, printable
from study.datasets.encoding import Scale
from study.datasets.one_row import encode_row
from study.engines.registry import engine_for
from study.engines.replicates import Trained
from study.recipes.target import ClassTarget, CountTarget, NumericTarget, Target
from study.recipes.trust import REMEDY, foreign_model
from study.statistics.probabilities import probabilities
from study.statistics.rates import rates
from study.store.export_weights import left_out_words
from study.store.store import Store


def predict(store: Store, values: dict[str, str], *, trust: bool = False) -> str:
    """A table for a terminal: mean over seeds and spread, in the target's unit; or of each class
    its probability.

    `values` holds every variable's natural value by name. Unless the run is to be trusted, models
    of code that does not come with the program are left out. Raises InputError.
    """
    store.check_weights()
    scales = store.scales()
    imputed = {of.column: of.imputed for of in store.prepared().itertuples()}
    row = encode_row(store.recipe, values, scales, imputed)[None, :]
    store.check_trained()
    target = store.recipe.target
    without = store.without_weights()
    rows, left_out = [], left_out_words(store)
    for name, begun in store.engines().items():
        seeds, weights = store.weights(name, "real")
        if not seeds or name in without:
            continue
        recipe = store.model_recipe(name)
        if not trust and (code := foreign_model(recipe)):
            left_out.append(f"{name} is left out, as it would run {code}: {REMEDY}.")
            continue
        engine = engine_for(recipe, row.shape[1], task=store.recipe.task, begun=begun)
        raw = engine.stack(Trained.without_steps(weights, len(seeds))).predict(row)[:, 0]
        for level, predictions in _told(target, scales[target.name], raw):
            rows.append(
                {
                    "model": by_columns(printable(engine.title)),
                    "seeds": "-" if seeds == [None] else len(seeds),
                    **({} if level is None else {"class": by_columns(printable(level))}),
                    "mean": predictions.mean(),
                    "sd": predictions.std(ddof=1),
                    "lowest": predictions.min(),
                    "highest": predictions.max(),
                }
            )
    table = pd.DataFrame(rows).to_string(index=False, float_format="{:,.2f}".format, na_rep="-")
    notes = "".join(f"\n{line}" for line in left_out)
    return filled(f"{_heading(target)}:\n{table}{notes}")


def _told(target: Target, scale: Scale, raw: np.ndarray) -> Iterator[tuple[str | None, pd.Series]]:
    """What models predict of a row, in the target's unit; or of each class its probability.

    Of a count, its rate.
    """
    if not isinstance(target, ClassTarget):
        yield None, pd.Series(rates(raw) if isinstance(target, CountTarget) else scale.undo(raw))
        return
    found = probabilities(raw, len(target.levels))
    for place, level in enumerate(target.levels):
        yield level, pd.Series(found[:, place])


def _heading(target: Target) -> str:
    if isinstance(target, NumericTarget):
        return target.with_unit(f"Predicted {target.name}")
    what = "rate of" if isinstance(target, CountTarget) else "probability of each"
    return f"Predicted {what} {target.name}"
