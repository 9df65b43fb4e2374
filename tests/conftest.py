"""Shared material: the published data, and a study small enough to run in seconds."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from study.dataset import Dataset, load_dataset
from study.recipes import DatasetRecipe, ModelRecipe, find_dataset, find_model
from study.results import Results
from study.store import Key, Record, Store, create
from study.streams import StreamSeeds
from study.words import GROUPED_PERMUTATION, LEAST_SQUARES

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session", autouse=True)
def fresh_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compiled kernels of these tests alone, also in the processes that they start."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def people() -> Dataset:
    found = find_dataset(str(ROOT / "data" / "people.toml"))
    return load_dataset(found.recipe, found.path.parent)


def shipped(name: str, **training: float) -> ModelRecipe:
    """A shipped model recipe with another training protocol."""
    recipe = find_model(str(ROOT / "models" / f"{name}.toml")).recipe
    protocol = recipe.training.model_copy(update=training)
    return recipe.model_copy(update={"training": protocol})


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Arguments of `study run`: two shipped models for three epochs, two permutations."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copytree(ROOT / "data", folder / "data")
    data = folder / "data" / "people.toml"
    data.write_text(data.read_text().replace("repeats = 30", "repeats = 2"))
    models = [folder / f"{name}.toml" for name in ("transformer", "mlp")]
    for path in models:
        text = (ROOT / "models" / path.name).read_text()
        path.write_text(text.replace("epochs = 300", "epochs = 3"))
    return ["--data", str(data), "--models", ",".join(map(str, models))]


Scores = Mapping[tuple[str, str], Mapping[str, np.ndarray]]


def made_run(
    directory: Path,
    recipe: DatasetRecipe,
    scores: Scores,
    *,
    r_squared: Mapping[str, Sequence[float]] | None = None,
    least_squares: float = 0.9,
    traits: Sequence[tuple[str, float, float]] = (),
) -> Results:
    """A run with given scores in place of trained networks, stored and read again.

    scores : by (model, condition) and method, (seeds, items), of the seeds 0, 1, 2, ...;
    r_squared : of each model's seeds on the training rows, 0.9 where not given
    """
    create(directory, "people", recipe, {})
    variables = [variable.name for variable in recipe.variables]
    with Store(directory) as store:
        store.add_traits(traits)
        for (model, condition), by_method in scores.items():
            seeds = len(next(iter(by_method.values())))
            fits = (r_squared or {}).get(model, [0.9] * seeds)
            records = [
                _record(
                    Key(model, condition, "made", StreamSeeds.of(seed)),
                    fits[seed],
                    {
                        method: dict(
                            zip(
                                variables if method == GROUPED_PERMUTATION else recipe.features,
                                vectors[seed],
                                strict=True,
                            )
                        )
                        for method, vectors in by_method.items()
                    },
                )
                for seed in range(seeds)
            ]
            store.add(model, shipped(model), records, {})
        closed = Key(LEAST_SQUARES, "real", "closed-form", streams=None)
        equal = {"gradient": dict.fromkeys(recipe.features, 1.0)}
        store.add(LEAST_SQUARES, None, [_record(closed, least_squares, equal)], {})
    return Results(directory)


def _record(key: Key, r_squared: float, scores: Mapping[str, Mapping[str, float]]) -> Record:
    return Record(
        key=key,
        weights={"w": np.zeros(1, np.float32)},
        fits=[
            (part, evaluation, r_squared, 1.0, 0.5)
            for part in ("train", "test")
            for evaluation in ("alone", "together")
        ],
        scores=[
            (method, item, float(value), float(value))
            for method, by_item in scores.items()
            for item, value in by_item.items()
        ],
        occasions=[],
        losses=[],
    )
