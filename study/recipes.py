"""The TOML recipes of models and datasets, validated."""

import difflib
import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from study.errors import InputError
from study.words import METHODS_OF_LEVEL

Name = Annotated[str, Field(min_length=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Method = Literal[
    "training-gradient",
    "gradient",
    "contrast-gradient",
    "scaled-gradient",
    "permutation",
    "permutation-grouped",
]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Recipe(BaseModel):
    """Base of every part of a recipe: no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Protocol(Recipe):
    """Training protocol: mean squared error and Adam over shuffled mini-batches."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: Positive


class ModelRecipe(Recipe):
    """A contender: a network class by import path, its arguments, its training protocol."""

    title: Name
    network: str = Field(pattern=r"^[\w.]+:\w+$")
    arguments: dict[str, Any]
    training: Protocol

    @field_validator("arguments")
    @classmethod
    def arguments_are_finite(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(arguments, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError("only texts, finite numbers, booleans, lists and tables") from error
        return arguments


class Binary(Recipe):
    """A variable of two levels, each with its number."""

    name: Name
    type: Literal["binary"]
    levels: dict[Name, Finite] = Field(min_length=2, max_length=2)

    @field_validator("levels")
    @classmethod
    def numbers_differ(cls, levels: dict[str, float]) -> dict[str, float]:
        if len(set(levels.values())) < 2:
            raise ValueError("the two levels need different numbers")
        return levels

    @property
    def features(self) -> list[str]:
        return [self.name]


class Numeric(Recipe):
    """A number, divided by `divisor` to become a feature."""

    name: Name
    type: Literal["numeric"]
    divisor: Positive
    unit: str = ""

    @property
    def features(self) -> list[str]:
        return [self.name]


class OneHot(Recipe):
    """A categorical variable: one 0/1 feature for each level."""

    name: Name
    type: Literal["one-hot"]
    levels: list[Name] = Field(min_length=2)

    @field_validator("levels")
    @classmethod
    def levels_differ(cls, levels: list[str]) -> list[str]:
        return _refuse_repeats("level", levels)

    @property
    def features(self) -> list[str]:
        return [f"{self.name}={level}" for level in self.levels]


Variable = Annotated[Binary | Numeric | OneHot, Field(discriminator="type")]


class Table(Recipe):
    """Where the rows are. Without `columns`, the first line of each file names them."""

    train: Name
    test: Name
    separator: str = Field(default=",", min_length=1, max_length=1)
    columns: list[Name] | None = None
    encoded: bool = False


class Target(Recipe):
    """What is predicted; `tolerance` is the relative error of a correct prediction."""

    name: Name
    divisor: Positive
    unit: str = ""
    tolerance: Positive


class Claim(Recipe):
    """A statement declared before the run, and the proportion of seeds that must show it.

    One of: `name` has `rank` 1; is within the `top` so many; has a share of at least
    `share`; scores `above` another.
    """

    level: Literal["feature", "variable"]
    name: Name
    rank: int | None = None
    top: int | None = Field(default=None, ge=1)
    share: float | None = Field(default=None, gt=0, le=1)
    above: Name | None = None
    proportion: float = Field(gt=0, lt=1)
    model: Name
    method: Method

    @model_validator(mode="after")
    def says_one_thing(self) -> "Claim":
        keys = ("rank", "top", "share", "above")
        said = [key for key in keys if getattr(self, key) is not None]
        if len(said) != 1:
            has = " and ".join(said) or "none"
            raise ValueError(f"give one of {', '.join(keys)} (it has {has})")
        if self.rank not in (None, 1):
            raise ValueError(f"only rank 1 can be claimed; for rank {self.rank} or better, top")
        if self.above == self.name:
            raise ValueError(f"above names {self.name} itself: give another {self.level}")
        if self.method not in METHODS_OF_LEVEL[self.level]:
            raise ValueError(f"method {self.method} has no scores by {self.level}")
        return self

    @property
    def words(self) -> str:
        """What it says, without the proportion."""
        if self.above is not None:
            return f"{self.name} ranks above {self.above}"
        if self.share is not None:
            return f"{self.name} has a share of at least {self.share:g}"
        if self.top is not None:
            return f"{self.name} is among the top {self.top}"
        return f"{self.name} has rank 1"

    @property
    def names(self) -> list[str]:
        """The features or variables it is about."""
        return [self.name] if self.above is None else [self.name, self.above]


class Permutation(Recipe):
    """Settings of permutation importance."""

    repeats: int = Field(ge=1)
    random_state: int = Field(ge=0, lt=2**32)


class Published(Recipe):
    """Importance shares that somebody published, in the order of the features."""

    model: Name
    method: Method
    shares: list[Finite]


class DatasetRecipe(Recipe):
    """A dataset: its tables, variables, target and claims.

    claim : the primary one; claims : others declared with it
    learned : a network has learned when its training R² is at least this part of that of
        least squares
    """

    title: Name
    source: str
    table: Table
    variables: list[Variable] = Field(min_length=1)
    target: Target
    claim: Claim
    claims: list[Claim] = []
    permutation: Permutation
    published: Published | None = None
    learned: float = Field(default=0.8, gt=0, le=1)

    @property
    def features(self) -> list[str]:
        """Names of the features, in the order of the variables."""
        return [feature for variable in self.variables for feature in variable.features]

    @model_validator(mode="after")
    def parts_agree(self) -> "DatasetRecipe":
        names = [variable.name for variable in self.variables]
        _refuse_repeats("variable", [*names, self.target.name])
        _refuse_repeats("feature", self.features)
        if self.table.columns is not None:
            _refuse_repeats("column", self.table.columns)
        if self.table.encoded and self.table.columns is None:
            raise ValueError("an encoded table needs table.columns")
        for place, claim in enumerate([self.claim, *self.claims]):
            key = f"claims.{place}" if place else "claim"
            items = self.features if claim.level == "feature" else names
            for name in claim.names:
                if name not in items:
                    raise ValueError(f"{key}: no {claim.level} is called '{name}'")
            if claim.top is not None and claim.top >= len(items):
                raise ValueError(f"{key}.top: there are {len(items)} {claim.level}s")
        if self.published and self.published.method not in METHODS_OF_LEVEL["feature"]:
            raise ValueError(f"published.method {self.published.method} has no scores by feature")
        if self.published and len(self.published.shares) != len(self.features):
            raise ValueError(
                f"published.shares has {len(self.published.shares)} numbers "
                f"for {len(self.features)} features"
            )
        return self


DEFAULT_MODELS = ("transformer", "transformer-tokens", "mlp", "linear")

R = TypeVar("R", bound=Recipe)


@dataclass(frozen=True)
class Found(Generic[R]):
    """A recipe, the name it goes by, its file, and whether the file hides a built-in
    one that says something else."""

    name: str
    recipe: R
    path: Path
    shadows: bool


def find_model(name_or_path: str) -> Found[ModelRecipe]:
    """Load a model recipe by name or path. Raises InputError."""
    return _find("models", "model", name_or_path, ModelRecipe)


def find_dataset(name_or_path: str) -> Found[DatasetRecipe]:
    """Load a dataset recipe by name or path. Raises InputError."""
    return _find("data", "dataset", name_or_path, DatasetRecipe)


def shipped_path(folder: str, name: str) -> Path:
    """The file of a recipe that comes with the program."""
    return _builtin() / folder / f"{name}.toml"


def builtin_names(folder: str) -> list[str]:
    """Names of the recipes that come with the program, in `models` or `data`."""
    return sorted(path.stem for path in (_builtin() / folder).glob("*.toml"))


def fingerprint(recipe: Recipe) -> str:
    """SHA-256 of what a recipe says, whatever its layout and comments."""
    text = json.dumps(recipe.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def dotted(recipe: Recipe) -> dict[str, Any]:
    """What a recipe says, by dotted keys: training.epochs, variables.2.levels.1."""
    return _flat(recipe.model_dump(mode="json"))


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings and lists as one mapping of dotted keys."""
    if isinstance(value, dict) and value:
        items = value.items()
    elif isinstance(value, list) and value:
        items = {str(index + 1): item for index, item in enumerate(value)}.items()
    else:
        return {prefix: value}
    return {
        key: leaf
        for name, item in items
        for key, leaf in _flat(item, f"{prefix}.{name}" if prefix else str(name)).items()
    }


def _find(folder: str, kind: str, name_or_path: str, recipe_class: type[R]) -> Found[R]:
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        path = Path(name_or_path)
        return Found(path.stem, _read(path, recipe_class), path, shadows=False)
    own = Path(folder) / f"{name_or_path}.toml"
    shipped = shipped_path(folder, name_or_path)
    if own.exists():
        recipe = _read(own, recipe_class)
        # A copy that says the same hides nothing.
        shadows = shipped.exists() and own.read_bytes() != shipped.read_bytes()
        return Found(name_or_path, recipe, own, shadows)
    if shipped.exists():
        return Found(name_or_path, _read(shipped, recipe_class), shipped, shadows=False)
    names = {path.stem for path in Path(folder).glob("*.toml")} | set(builtin_names(folder))
    raise InputError(
        f"unknown {kind} '{name_or_path}': there is {', '.join(sorted(names))}; "
        f"or name a recipe file, such as {folder}/{name_or_path}.toml"
    )


def _builtin() -> Path:
    """The folder that holds the shipped models/ and data/: the wheel's, or the checkout's."""
    package = Path(__file__).parent
    return package if (package / "models").is_dir() else package.parent


def _read(path: Path, recipe_class: type[R]) -> R:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    try:
        return recipe_class.model_validate(values)
    except ValidationError as error:
        raise InputError(_explain(path, error, recipe_class)) from error


def _explain(path: Path, error: ValidationError, recipe_class: type[Recipe]) -> str:
    """The first fault as one line: file, key, reason; and how many more there are."""
    faults = error.errors()
    # An unknown key explains a missing one (a misspelling), so it goes first.
    faults.sort(key=lambda fault: fault["type"] != "extra_forbidden")
    fault = faults[0]
    keys = [str(part) for part in fault["loc"] if part not in ("binary", "numeric", "one-hot")]
    key = ".".join(
        str(int(part) + 1) if part.isdigit() and keys[:1] in (["variables"], ["claims"]) else part
        for part in keys
    )
    if fault["type"] == "extra_forbidden":
        missing = [str(other["loc"][-1]) for other in faults if other["type"] == "missing"]
        known = _keys(recipe_class) | set(missing)
        near = difflib.get_close_matches(keys[-1], sorted(known), n=1)
        reason = "unknown key" + (f"; did you mean '{near[0]}'?" if near else "")
    elif fault["type"] == "missing":
        reason = "missing"
    else:
        given = fault["input"]
        reason = fault["msg"].removeprefix("Value error, ")
        if not isinstance(given, dict):
            reason += f" (it is {given!r})"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{path}: {key + ': ' if key else ''}{reason}{more}"


def _keys(recipe_class: type[Recipe]) -> set[str]:
    """Every key that a recipe of this class may hold, at any depth."""
    keys: set[str] = set()
    pending: list[Any] = [recipe_class]
    while pending:
        part = pending.pop()
        if isinstance(part, type) and issubclass(part, Recipe):
            keys |= part.model_fields.keys()
            pending += [field.annotation for field in part.model_fields.values()]
        elif get_origin(part) is not None:
            pending += get_args(part)
    return keys


def _refuse_repeats(what: str, names: list[str]) -> list[str]:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{what} named twice: {', '.join(repeated)}")
    return names
