"""Shared material: the published data, and a study small enough to run in seconds."""

import os
import shutil
from pathlib import Path

import pytest

from study.dataset import Dataset, load_dataset
from study.recipes import ModelRecipe, find_dataset, find_model

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
