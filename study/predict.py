"""Prediction of one row by every stored network."""

import pandas as pd

from study.dataset import encode_row
from study.networks import build
from study.networks.linear import Linear
from study.stacks import stack
from study.store import Store
from study.words import LEAST_SQUARES_TITLE, printable


def predict(store: Store, values: dict[str, str]) -> str:
    """A table for a terminal: mean over seeds and spread, in the target's unit.

    `values` holds every variable's natural value by name. Raises InputError.
    """
    row = encode_row(store.recipe, values)[None, :]
    store.check_trained()
    target = store.recipe.target
    rows = []
    for name in store.model_names():
        recipe = store.model_recipe(name)
        seeds, weights = store.weights(name, "real")
        if not seeds:
            continue
        inputs = row.shape[1]
        network = Linear(inputs=inputs) if recipe is None else build(recipe, inputs=inputs, init=0)
        predictions = pd.Series(stack(network, weights).predict(row)[:, 0] * target.divisor)
        rows.append(
            {
                "model": LEAST_SQUARES_TITLE if recipe is None else printable(recipe.title),
                "seeds": len(seeds) if recipe else "-",
                "mean": predictions.mean(),
                "sd": predictions.std(ddof=1),
                "lowest": predictions.min(),
                "highest": predictions.max(),
            }
        )
    table = pd.DataFrame(rows).to_string(index=False, float_format="{:,.2f}".format, na_rep="-")
    return f"Predicted {target.name}, {target.unit}:\n{table}"
