"""A data frame becomes a table and a recipe in the directory of a run."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from study.common.errors import InputError
from study.common.files import whole, write_new
from study.common.methods import METHODS, METHODS_OF_LEVEL, unknown_method
from study.common.text import short
from study.datasets.drafting.draft import draft
from study.datasets.drafting.known import Known
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import Found, find_dataset
from study.store.run_directory import FILE_NAME


def data_of(
    directory: Path,
    name: str,
    table: pd.DataFrame,
    target: str,
    known: Known,
    *,
    claim: str | None,
    fresh: bool,
    say: Callable[[str], None],
) -> Found[DatasetRecipe]:
    """Write data/NAME.csv and data/NAME.toml into a directory, as 'study data init' drafts them.

    Where the directory holds a run, and none is to be made afresh, they must be that run's. Raises
    InputError.
    """
    if not name or name != Path(name).name or name.startswith("."):
        raise InputError(f"name '{short(name)}': give the name of a file, without a folder")
    _check_method(known.method, claim)
    held = (directory / FILE_NAME).exists() and not fresh
    path, recipe_path = (directory / "data" / f"{name}.{ending}" for ending in ("csv", "toml"))
    text = table.to_csv(index=False, lineterminator="\n")
    if held and not (path.exists() and path.read_bytes() == text.encode()):
        raise InputError(f"{directory}: holds a run of other data; {_REMEDY}")
    if not held:
        with whole(path) as new:
            write_new(new, text)
    made = draft(
        path, target, recipe_path, separator=",", encoding="utf-8", claim=claim, known=known
    )
    if claim is None and not made.proposed:
        raise InputError(
            "claim: none can be proposed of these columns: give claim='NAME rank 1 in 0.8'"
        )
    if not held:
        with whole(recipe_path) as new:
            write_new(new, made.text)
    found = find_dataset(str(recipe_path))
    if found.recipe != made.recipe:
        raise InputError(
            f"{directory}: holds a run of another claim, or of columns that were "
            f"read otherwise; {_REMEDY}"
        )
    for column, why in made.left_out.items():
        say(f"Left out: {short(column)}: {why}")
    for note in made.decide:
        say(f"Note: {note}")
    return found


_REMEDY = "name another directory, or start again by fresh=True"


def _check_method(method: str, claim: str | None) -> None:
    if method not in METHODS:
        raise InputError(f"method '{method}': {unknown_method(method)}")
    if claim is None and method not in METHODS_OF_LEVEL["variable"]:
        raise InputError(
            f"method '{method}': gives no scores of variables, of which claims are proposed: give "
            "claim='NAME rank 1 in 0.8'"
        )
