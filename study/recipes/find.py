"""Where recipes lie: in the working directory, at a path, or among those that are shipped."""

import difflib
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

from pydantic import (
    ValidationError,
)

from study.common.errors import InputError
from study.common.files import local, read_bytes
from study.common.package import shipped
from study.recipes.base import R
from study.recipes.dataset import DatasetRecipe
from study.recipes.explain import explanation
from study.recipes.model import Contender, EstimatorRecipe, ModelRecipe, kind_of_model

DEFAULT_MODELS = ("transformer", "transformer-tokens", "mlp", "linear")

# What the values of a recipe may hold.
_DEEPEST, _MOST_BITS = 100, 1024
_TOO_DEEP = f"values within values, {_DEEPEST} deep or more: no key takes that"
_TOO_LARGE = "a whole number beyond double precision (1.8e308): no key takes that"

# What --models takes for one of scikit-learn's regressors or classifiers as it comes.
SKLEARN_PREFIX = "sklearn:"


@dataclass(frozen=True)
class Found(Generic[R]):
    """A recipe, the name it goes by, its file, and whether the file hides a built-in
    one that says something else."""

    name: str
    recipe: R
    path: Path
    shadows: bool


def find_model(name_or_path: str) -> Found[ModelRecipe]:
    """Load the recipe of a network by name or path. Raises InputError."""
    return _find("models", "model", name_or_path, lambda _: ModelRecipe)


def find_contender(name_or_path: str) -> Found[Contender]:
    """Load a model recipe by name or path, or make one of "sklearn:CLASS". Raises InputError."""
    if name_or_path.startswith(SKLEARN_PREFIX):
        recipe = _of_sklearn(name_or_path.removeprefix(SKLEARN_PREFIX))
        return Found(name_or_path, recipe, Path(), shadows=False)
    return _find("models", "model", name_or_path, kind_of_model)


def find_dataset(name_or_path: str) -> Found[DatasetRecipe]:
    """Load a dataset recipe by name or path. Raises InputError."""
    return _find("data", "dataset", name_or_path, lambda _: DatasetRecipe)


def find_shipped(name: str) -> DatasetRecipe:
    """A dataset recipe that comes with the program."""
    return _read("data", shipped_path("data", name), lambda _: DatasetRecipe)


def shipped_path(folder: str, name: str) -> Path:
    """The file of a recipe that comes with the program."""
    return shipped(folder) / f"{name}.toml"


def builtin_names(folder: str) -> list[str]:
    """Names of the recipes that come with the program, in `models` or `data`."""
    return sorted(path.stem for path in shipped(folder).glob("*.toml"))


def _of_sklearn(name: str) -> EstimatorRecipe:
    """A regressor or classifier of scikit-learn, by the name of its class, with its defaults."""
    from sklearn.utils.discovery import all_estimators  # imports all of scikit-learn

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that nobody asked for
        known = dict(all_estimators(type_filter=["regressor", "classifier"]))
    if name not in known:
        near = difflib.get_close_matches(name.rpartition(".")[2], sorted(known), n=1)
        raise InputError(
            f"--models {SKLEARN_PREFIX}{name}: scikit-learn has no regressor or "
            "classifier of this name"
            + (f"; did you mean {SKLEARN_PREFIX}{near[0]}?" if near else "")
        )
    # Where it is documented: sklearn.ensemble, not sklearn.ensemble._forest.
    module = known[name].__module__.partition("._")[0]
    return EstimatorRecipe(title=name, estimator=f"{module}:{name}")


def _remedy(folder: str, path: Path) -> str:
    """What to do where a file that is no recipe is named as one; empty where it may be one."""
    if path.suffix.lower() == ".toml":
        return ""
    if folder == "data":
        return f": of a table, 'study data init {path} --target COLUMN' makes a recipe"
    return ": a recipe is a .toml file, which names the class of the model"


def _too_much(values: dict[str, Any]) -> str:
    """What of a recipe's values no key could take; empty where there is nothing of the kind."""
    level: list[Any] = [values]
    for _ in range(_DEEPEST):
        level = [value for of in level for value in (of.values() if isinstance(of, dict) else of)]
        if any(isinstance(value, int) and value.bit_length() > _MOST_BITS for value in level):
            return _TOO_LARGE
        level = [value for value in level if isinstance(value, (dict, list))]
    return _TOO_DEEP if level else ""


def _find(
    folder: str, kind: str, name_or_path: str, class_of: Callable[[dict[str, Any]], type[R]]
) -> Found[R]:
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        path = local(name_or_path)
        if not path.exists() and (inside := Path(folder, path.name)).is_file():
            raise InputError(f"{path}: no such file; did you mean {inside}?")
        return Found(path.stem, _read(folder, path, class_of), path, shadows=False)
    own = Path(folder) / f"{name_or_path}.toml"
    shipped = shipped_path(folder, name_or_path)
    if own.exists():
        recipe = _read(folder, own, class_of)
        # A copy that says the same hides nothing.
        shadows = shipped.exists() and own.read_bytes() != shipped.read_bytes()
        return Found(name_or_path, recipe, own, shadows)
    if shipped.exists():
        return Found(name_or_path, _read(folder, shipped, class_of), shipped, shadows=False)
    names = {path.stem for path in Path(folder).glob("*.toml")} | set(builtin_names(folder))
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(name_or_path.lower(), sorted(lower), n=1)
    meant = f"did you mean '{lower[near[0]]}'? " if near else ""
    if Path(name_or_path).is_file() and (remedy := _remedy(folder, Path(name_or_path))):
        raise InputError(f"{name_or_path}: not a recipe{remedy}")
    if folder == "models" and ":" in name_or_path:
        raise InputError(
            f"'{name_or_path}': a class is named in a recipe, such as {folder}/mine.toml, by "
            f'network = "{name_or_path}", or by estimator = where it is like scikit-learn\'s'
        )
    raise InputError(
        f"unknown {kind} '{name_or_path}': {meant}there is {', '.join(sorted(names))}; "
        f"or name a recipe file, such as {folder}/{name_or_path}.toml"
    )


def _read(folder: str, path: Path, class_of: Callable[[dict[str, Any]], type[R]]) -> R:
    try:
        values = tomllib.loads(read_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 text (byte {error.start})"
        raise InputError(f"{path}: {reason}{_remedy(folder, path)}") from error
    except tomllib.TOMLDecodeError as error:
        reason = _remedy(folder, path) or f": {error}"
        raise InputError(f"{path}: not valid TOML{reason}") from error
    except RecursionError as error:
        raise InputError(f"{path}: {_TOO_DEEP}") from error
    except ValueError as error:  # of digits that Python does not read
        raise InputError(f"{path}: {_TOO_LARGE}") from error
    if too_much := _too_much(values):
        raise InputError(f"{path}: {too_much}")
    recipe_class = class_of(values)
    try:
        return recipe_class.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{path}: {explanation(error, values, recipe_class)}") from error
