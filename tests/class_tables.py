"""Tables whose target is a class, written with their recipes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from study.datasets.dataset import Dataset, load_dataset
from study.recipes.find import find_dataset

RECIPE = """
title = "Flowers"
source = "made"
{top}
[table]
file = "table.csv"

[split]
test = 0.25
random_state = 0

[[variables]]
name = "width"
type = "numeric"
standardise = true

[[variables]]
name = "height"
type = "numeric"
standardise = true

[[variables]]
name = "soil"
type = "one-hot"
levels = ["clay", "loam", "sand"]

[target]
name = "kind"
{target}

[claim]
level = "variable"
name = "width"
rank = 1
proportion = 0.8
model = "mlp"
method = "permutation-grouped"
{bottom}
"""
LEVELS = ("oak", "ash", "elm")


def flowers(rows: int = 120, classes: int = 3, seed: int = 0) -> pd.DataFrame:
    """Rows whose class follows width, a little height, and chance; classes are of unlike sizes."""
    generator = np.random.default_rng(seed)
    width, height = generator.normal(size=(2, rows))
    told = 4 * width + height + generator.logistic(size=rows)
    cuts = np.quantile(told, np.linspace(0, 1, classes + 1)[1:-1] ** 1.5)
    return pd.DataFrame(
        {
            "width": width,
            "height": height,
            "soil": generator.choice(["clay", "loam", "sand"], size=rows),
            "kind": np.array(LEVELS)[np.searchsorted(cuts, told)],
        }
    )


def written(
    folder: Path,
    table: pd.DataFrame,
    target: str = "",
    *,
    levels: Sequence[str] = LEVELS,
    top: str = "",
    bottom: str = "",
) -> Path:
    """A table and its recipe, in a folder; the path of the recipe."""
    table.to_csv(folder / "table.csv", index=False)
    named = ", ".join(f'"{level}"' for level in levels)
    target = target or f'type = "class"\nlevels = [{named}]'
    path = folder / "flowers.toml"
    path.write_text(RECIPE.format(target=target, top=top, bottom=bottom))
    return path


def loaded(path: Path) -> Dataset:
    """The data of a recipe."""
    return load_dataset(find_dataset(str(path)).recipe, path.parent)


def class_data(folder: Path, classes: int = 3, rows: int = 120, bottom: str = "") -> Dataset:
    """Rows of some classes, as a study has them."""
    path = written(folder, flowers(rows, classes), levels=LEVELS[:classes], bottom=bottom)
    return loaded(path)
