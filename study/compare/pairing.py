"""Which results of two runs can be held against each other."""

from typing import Any

from study.analysis.results import Results
from study.analysis.selection import all_models
from study.common.errors import InputError

RUNS = ("first", "second")
# What of a run can have changed.
MODELS, MODEL, SEEDS, VARIED = "models", "model", "seeds", "networks of --vary"
ENGINE, ENVIRONMENT = "engine", "environment"
RUN, DATASET, DATASET_RECIPE, ROWS = "run", "dataset", "dataset recipe", "rows (SHA-256)"
SCORES = "scores (SHA-256)"
HASHED = (ROWS, SCORES)


def check_comparable(first: Results, second: Results) -> None:
    """Raise InputError where two runs have no model in common."""
    if not first.models.keys() & second.models.keys():
        held = [", ".join(results.models) for results in (first, second)]
        raise InputError(
            f"no model to compare: {first.directory} holds {held[0]}, {second.directory} {held[1]}"
        )


def common_models(first: Results, second: Results) -> list[str]:
    """The models of both runs, matched by name, least squares last."""
    return [model for model in all_models(first) if model in all_models(second)]


def same_data(first: Results, second: Results) -> bool:
    """Whether both runs look at the same rows, encoded alike, with the same target."""
    return not imported(first, second) and _data(first) == _data(second)


def imported(first: Results, second: Results) -> bool:
    """Whether scores of either run were made elsewhere, on data that it does not hold."""
    return bool(first.imported or second.imported)


def _data(results: Results) -> list[Any]:
    recipe = results.recipe
    exclude = {"train", "test", "file"}
    table = recipe.table.model_dump(exclude=exclude) if recipe.table else {}
    target = recipe.target.model_dump(exclude={"tolerance", "unit"})
    related = recipe.groups, recipe.equal_rows, recipe.time, recipe.weight
    return [rows_of(results), table, recipe.split, related, recipe.variables, target]


def rows_of(results: Results) -> dict[str, str | None]:
    """The hashes of the tables, whatever their files are called."""
    names = results.recipe.table.sources if results.recipe.table else []
    parts = ("training", "test") if len(names) == 2 else ("all",)
    return {part: results.hashes.get(name) for part, name in zip(parts, names, strict=False)}


def scores_of(results: Results) -> dict[str, str]:
    """The hash of imported scores."""
    return {"file": results.hashes[results.imported]} if results.imported else {}
