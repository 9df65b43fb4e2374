"""Score vectors: one for each seed of a model, condition and method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.common.methods import find_method, method_of, of_class
from study.datasets.dataset import variable_groups
from study.recipes.dataset import DatasetRecipe
from study.statistics.ranking import identical, settled


@dataclass(frozen=True)
class Vectors:
    """The scores of one model, condition, method and level: one vector for each seed.

    seeds : (seeds,), missing for least squares; those of the varied source, in networks of
    --vary; score : (seeds, items), tied ones made equal (`settled`); signed : (seeds, items)
    """

    seeds: pd.Series
    items: list[str]
    score: np.ndarray
    signed: np.ndarray

    @property
    def observations(self) -> Vectors:
        """These vectors, or the first alone where all are the same: that is one observation."""
        same = identical(self.score)
        return self.only(np.arange(len(self.score)) == 0) if same else self

    def only(self, chosen: np.ndarray) -> Vectors:
        """The vectors of some seeds: bool (seeds,)."""
        return Vectors(
            self.seeds[chosen].reset_index(drop=True),
            self.items,
            self.score[chosen],
            self.signed[chosen],
        )


@dataclass(frozen=True)
class OnSplits:
    """The scores of one model, method and level: one vector for each half of a split, and seed.

    splits, halves, seeds : (models,) int; vectors : with the models' numbers in place of seeds
    """

    splits: np.ndarray
    halves: np.ndarray
    seeds: np.ndarray
    vectors: Vectors


def stored_on_splits(
    stored: pd.DataFrame, recipe: DatasetRecipe
) -> Iterator[tuple[tuple[str, str, str], OnSplits]]:
    """Stored scores of splits by (model, method, level)."""
    keys = ["split", "half", "seed"]
    models = stored[keys].drop_duplicates().sort_values(keys)
    number = stored.groupby(keys).ngroup()
    split, half, seed = (models[name].to_numpy(dtype=np.int64) for name in keys)
    for (model, _, method, level), vectors in stored_vectors(stored.assign(seed=number), recipe):
        yield (model, method, level), OnSplits(split, half, seed, vectors)


def stored_vectors(
    stored: pd.DataFrame, recipe: DatasetRecipe
) -> Iterator[tuple[tuple[str, str, str, str], Vectors]]:
    """Stored scores as vectors by (model, condition, method, level).

    Scores of a class stand under the name that `common.methods.of_class` gives them.
    """
    variables = [variable.name for variable in recipe.variables]
    groups = [list(group) for group in variable_groups(recipe)]
    for (model, condition, method), rows in stored.groupby(["model", "condition", "method"]):
        # Others' methods may have any name, and no classes.
        declared = find_method(method if recipe.scores else method_of(method))
        level = declared.by if declared else "feature"
        items = variables if level == "variable" else recipe.features
        rows = rows.sort_values(["seed", "item"], key=_in_order(items))
        score = rows["score"].to_numpy().reshape(-1, len(items))
        signed = rows["signed"].to_numpy(dtype=float).reshape(-1, len(items))
        seeds = rows["seed"].iloc[:: len(items)].reset_index(drop=True)
        yield (model, condition, method, level), Vectors(seeds, items, settled(score), signed)
        # An import has nothing but features.
        if declared and declared.summed and recipe.scores is None:
            sums = np.stack([score[:, group].sum(axis=1) for group in groups], axis=1)
            signs = np.stack(
                [
                    signed[:, group[0]] if len(group) == 1 else np.full(len(seeds), np.nan)
                    for group in groups
                ],
                axis=1,
            )
            yield (
                (model, condition, method, "variable"),
                Vectors(seeds, variables, settled(sums), signs),
            )


def stored_name(recipe: DatasetRecipe, method: str, for_class: str | None) -> str:
    """Under what name scores are stored: of two classes, a method's are those of either."""
    if for_class is None:
        return method
    declared = find_method(method)
    alike = recipe.task.outputs == 1 and declared is not None and declared.by_class
    return method if alike else of_class(method, for_class)


def tidy(
    found: Mapping[tuple[str, str, str, str], Vectors],
    **columns: Callable[[Vectors], np.ndarray],
) -> pd.DataFrame:
    """One row for each model, condition, method, level, seed and item of some vectors."""
    keys = ["model", "condition", "method", "level"]
    parts = [
        pd.DataFrame(
            {
                **dict(zip(keys, key, strict=True)),
                "seed": np.repeat(vectors.seeds.array, len(vectors.items)),
                "name": np.tile(vectors.items, len(vectors.seeds)),
                **{name: of(vectors).ravel() for name, of in columns.items()},
            }
        )
        for key, vectors in found.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _in_order(items: list[str]) -> Callable[[pd.Series], pd.Series]:
    """A sort key that puts the column `item` into the order of `items`."""
    place = {item: index for index, item in enumerate(items)}
    return lambda column: column.map(place) if column.name == "item" else column
