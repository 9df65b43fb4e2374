"""Score vectors: one for each seed of a model, condition and method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.common.methods import METHODS, find_method, method_of, of_class
from study.common.vocabulary import SOURCES
from study.datasets.dataset import variable_groups
from study.recipes.dataset import DatasetRecipe
from study.statistics.ranking import identical, settled


@dataclass(frozen=True, eq=False)
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
        """The vectors of some seeds: bool (seeds,). Of all, these themselves."""
        if chosen.all():
            return self
        return Vectors(
            pd.Series(self.seeds.array[chosen]),
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


def methods_by_level(
    held: Iterable[tuple[str, str, str, str]], *, imported: bool
) -> dict[str | None, tuple[str, ...]]:
    """The methods at each level, and at any under None: the study's own in their order, then
    others by name; scores of a class count for their method, but imported names are as they are.

    held : (model, condition, method, level)
    """
    found: dict[str | None, set[str]] = {}
    for _, _, method, of in held:
        for level in (None, of):
            found.setdefault(level, set()).add(method if imported else method_of(method))
    return {
        level: (*(own for own in METHODS if own in of), *sorted(of.difference(METHODS)))
        for level, of in found.items()
    }


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


def stored_varied(
    stored: pd.DataFrame, recipe: DatasetRecipe
) -> dict[tuple[str, str, str], dict[str, dict[int, Vectors]]]:
    """Stored scores of networks of --vary by (model, method, level), source and base seed.

    stored : as `by_source` puts networks to sources
    """
    found: dict[tuple[str, str, str], dict[str, dict[int, Vectors]]] = {}
    for source in SOURCES:
        rows = stored[stored["source"] == source]
        # All bases at once: each network stands under a number in place of its seed.
        networks = rows[["base", "seed"]].drop_duplicates().sort_values(["base", "seed"])
        number = rows.groupby(["base", "seed"]).ngroup()
        for (model, _, method, level), vectors in stored_vectors(rows.assign(seed=number), recipe):
            own = networks.iloc[vectors.seeds.to_numpy()].reset_index(drop=True)
            found.setdefault((model, method, level), {})[source] = {
                int(base): Vectors(
                    own["seed"].iloc[places].reset_index(drop=True),
                    vectors.items,
                    vectors.score[places],
                    vectors.signed[places],
                )
                for base, places in own.groupby("base").indices.items()
            }
    return found


def stored_vectors(
    stored: pd.DataFrame, recipe: DatasetRecipe
) -> Iterator[tuple[tuple[str, str, str, str], Vectors]]:
    """Stored scores as vectors by (model, condition, method, level).

    Scores of a class stand under the name that `common.methods.of_class` gives them.
    """
    kinds = [pd.factorize(stored[name], sort=True) for name in ("model", "condition", "method")]
    order = np.lexsort([_places(stored, recipe), _seeds(stored), *(of[0] for of in kinds[::-1])])
    codes = np.stack([of[0] for of in kinds], axis=1)[order]
    scores, all_signed = (stored[name].to_numpy(float)[order] for name in ("score", "signed"))
    of_rows = stored["seed"].array[order]
    begins = np.flatnonzero(np.diff(codes, axis=0, prepend=-1).any(axis=1))
    ends = np.append(begins, len(order))[1:]
    for start, end in zip(begins, ends, strict=True):
        model, condition, method = (
            names[code] for (_, names), code in zip(kinds, codes[start], strict=True)
        )
        own_method = _method(method, recipe)
        width = len(recipe.scored(recipe.scored_by(own_method)))
        seeds = pd.Series(of_rows[start:end:width])
        score = scores[start:end].reshape(-1, width)
        signed = all_signed[start:end].reshape(-1, width)
        for level, own, signs in _by_level(own_method, score, signed, recipe):
            items = recipe.items(level)
            yield (model, condition, method, level), Vectors(seeds, items, settled(own), signs)


def _by_level(
    method: str, score: np.ndarray, signed: np.ndarray, recipe: DatasetRecipe
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Each level at which a method has scores, with its (seeds, items) of both kinds.

    score, signed : (seeds, items), of all that the method gives scores to
    """
    level = recipe.scored_by(method)
    alone = len(recipe.items(level))
    yield level, score[:, :alone], signed[:, :alone]
    if level == "variable" and recipe.variable_groups:
        names = recipe.scored(level)
        places = [names.index(name) for name in recipe.items("group")]
        yield "group", score[:, places], signed[:, places]
    declared = find_method(method)
    # An import has nothing but features.
    if declared and declared.summed and recipe.scores is None:
        yield from _summed(score, signed, recipe)


def _summed(
    score: np.ndarray, signed: np.ndarray, recipe: DatasetRecipe
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Scores of features summed by variable, and by group; sums of several have no sign."""
    groups = [list(group) for group in variable_groups(recipe)]
    sums = np.stack([score[:, group].sum(axis=1) for group in groups], axis=1)
    unsigned = np.full(len(score), np.nan)
    signs = [signed[:, group[0]] if len(group) == 1 else unsigned for group in groups]
    yield "variable", sums, np.stack(signs, axis=1)
    if recipe.variable_groups:
        names = recipe.items("variable")
        blocks = [[names.index(of) for of in members] for members in recipe.blocks.values()]
        of_blocks = np.stack([sums[:, block].sum(axis=1) for block in blocks], axis=1)
        yield "group", of_blocks, np.full(of_blocks.shape, np.nan)


def _method(stored: str, recipe: DatasetRecipe) -> str:
    """The method of stored scores. Others' methods may have any name, and no classes."""
    return stored if recipe.scores else method_of(stored)


def _places(stored: pd.DataFrame, recipe: DatasetRecipe) -> np.ndarray:
    """The place of each row's item among all that its method gives scores to."""
    methods, names = pd.factorize(stored["method"])
    items, held = pd.factorize(stored["item"])
    order = {level: recipe.scored(level) for level in ("feature", "variable")}
    levels = [recipe.scored_by(_method(of, recipe)) for of in names]
    places = [{name: place for place, name in enumerate(order[level])} for level in levels]
    table = np.array([[own.get(item, -1) for item in held] for own in places], dtype=np.int64)
    return table.reshape(len(names), len(held))[methods, items]


def _seeds(stored: pd.DataFrame) -> np.ndarray:
    """The places of the seeds in their order, to sort by; those that are missing last.

    Seeds that were imported have up to 64 bits, more than a double tells apart.
    """
    return pd.factorize(stored["seed"], sort=True, use_na_sentinel=False)[0]


def stored_name(recipe: DatasetRecipe, method: str, for_class: str | None) -> str:
    """Under what name scores are stored: of two classes, a method's are those of either."""
    if for_class is None:
        return method
    declared = find_method(method)
    alike = recipe.task.outputs == 1 and declared is not None and declared.by_class
    return method if alike else of_class(method, for_class)


def tidy(
    held: Mapping[tuple[str, str, str, str], Vectors],
    recipe: DatasetRecipe,
    **columns: Callable[[Vectors], np.ndarray],
) -> pd.DataFrame:
    """One row for each model, condition, method, level, seed and item; none of one class alone."""
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
        for key, vectors in held.items()
        if _method(key[2], recipe) == key[2]
    ]
    return pd.concat(parts, ignore_index=True)
