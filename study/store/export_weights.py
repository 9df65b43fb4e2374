"""Export of trained weights for use elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import torch

from study.common.conditions import CONDITIONS
from study.common.files import check_replaceable, file_name, inside
from study.common.text import printable
from study.store.store import Store
from study.store.weights_file import is_weights_file, write_weights


def export(store: Store, directory: Path, *, force: bool = False) -> Iterator[Path]:
    """Write MODEL.pt for each model of a run; yield each path as it is written.

    A file holds, by condition, {"seeds": (networks,), "weights": {parameter: (networks,
    ...)}}, and loads with ``torch.load(path, weights_only=True)``. Least squares has no seeds.
    Only ordinary seeds are exported, and no model of which no weights are kept. Raises
    InputError where none is trained, and before any is written where a file is there that this
    has not written, but with `force`; also for a model whose name is a path.
    """
    store.check_weights()
    store.check_trained()
    without = store.without_weights()
    paths = {
        model: inside(directory, file_name(model, ".pt"))
        for model in store.model_names()
        if model not in without
    }
    for path in paths.values():
        check_replaceable(path, is_weights_file, force=force)
    for model, path in paths.items():
        content = {}
        for condition in CONDITIONS:
            seeds, weights = store.weights(model, condition)
            if seeds:
                content[condition] = {
                    "seeds": torch.tensor([seed for seed in seeds if seed is not None]),
                    "weights": {
                        name: torch.from_numpy(array.copy()) for name, array in weights.items()
                    },
                }
        if content:
            write_weights(content, path)
            yield path


def left_out_words(store: Store) -> list[str]:
    """A line for each model of which no weights are kept."""
    recipes = {name: store.model_recipe(name) for name in store.without_weights()}
    return [
        printable(f"{recipe.title if recipe else name} is left out: no weights of it are kept.")
        for name, recipe in recipes.items()
    ]
