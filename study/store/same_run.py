"""Whether what is asked for belongs to the run that is stored."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from study.common.errors import InputError
from study.common.methods import DEFAULT_METHODS
from study.common.own_code import OwnCode
from study.common.weights import Layout
from study.recipes.base import Recipe, dotted, fingerprint
from study.recipes.dataset import DatasetRecipe
from study.recipes.model import Contender
from study.store.reader import Training
from study.store.store import Store

# The form since which networks of --vary rows are tested on rows that they left out.
TESTED_APART = 6
_REMEDY = "name another directory with --out, or start this one again with --fresh"


def check_dataset(store: Store, recipe: DatasetRecipe, hashes: dict[str, str]) -> None:
    """Raise InputError unless the run was made from this recipe and these tables."""
    held = store.recipe.scores
    if held != recipe.scores and None in (held, recipe.scores):
        holds = "a study that was run" if held is None else f"scores imported from {held}"
        raise InputError(f"{store.directory}: holds {holds}; {_REMEDY}")
    _refuse_change(store.directory, f"dataset '{store.dataset}'", store.recipe, recipe)
    for name, digest in hashes.items():
        if store.hashes.get(name) != digest:
            raise InputError(f"{store.directory}: {name} has changed since the run; {_REMEDY}")


def check_rows(store: Store) -> None:
    """Raise InputError where networks of --vary rows were tested on the rows of all others."""
    if tested_together(store):
        raise InputError(
            f"{store.directory}: an older version tested its networks of --vary rows on the same "
            f"rows, which does not mix with rows that each left out; {_REMEDY}"
        )


def tested_together(store: Store) -> bool:
    """Whether networks of --vary rows are of a version that tested all on the same rows."""
    return store.form < TESTED_APART and any(
        key.streams is not None and key.streams.rows is not None for key in store.stored_keys()
    )


def measured_as_now(store: Store) -> Iterator[Training]:
    """The trainings that were measured as this version does, in the order of their keys."""
    apart = tested_together(store)
    return (
        training
        for training in store.reader.each_training()
        if not (apart and training.table == "rows")
    )


def check_model(store: Store, name: str, recipe: Contender, layout: Layout, engine: str) -> None:
    """Raise InputError if the run holds a model of this name made in another way."""
    stored = store.model_recipe(name)
    if stored is None:
        return
    _refuse_change(store.directory, f"model '{name}'", stored, recipe)
    if store.layout(name) != layout:
        raise InputError(
            f"{store.directory}: the network of model '{name}' had other parameters when "
            f"it was trained; {_REMEDY}"
        )
    for key in store.stored_keys():
        if key.model == name and key.engine != engine:
            raise InputError(
                f"{store.directory}: model '{name}' was trained by engine '{key.engine}', and "
                f"this is '{engine}': their digits do not mix; {_REMEDY}"
            )


def check_source(store: Store, name: str, code: OwnCode) -> None:
    """Raise InputError if a stored model was trained by other code."""
    known = store.source(name)
    changed = code.modules and known is not None and not code.is_of(known)
    # Code may change as long as nothing rests on it.
    if changed and any(key.model == name for key in store.stored_keys()):
        raise InputError(
            f"{store.directory}: the code of model '{name}' has changed since it was trained; "
            f"{_REMEDY}"
        )


def _refuse_change(directory: Path, what: str, stored: Recipe, given: Recipe) -> None:
    """Raise InputError where a recipe is not the one that the run was made with."""
    if fingerprint(stored) == fingerprint(given):
        return
    before, after = (
        {key: json.dumps(leaf) for key, leaf in dotted(recipe).items()}
        for recipe in (stored, given)
    )
    key = next(key for key in {**before, **after} if before.get(key) != after.get(key))
    raise InputError(
        f"{directory}: made from another recipe of {what} "
        f"({key}: {before.get(key)} there, {after.get(key)} now); {_REMEDY}"
    )


def lacking(store: Store, wanted: Sequence[str] = DEFAULT_METHODS) -> list[str]:
    """The methods that the run was made without; none where its scores were imported."""
    held = wanted if store.recipe.scores is not None else store.methods()
    return [name for name in wanted if name not in held]
