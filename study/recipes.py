"""The TOML recipes of models and datasets, validated."""

import codecs
import difflib
import hashlib
import json
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from study.errors import InputError
from study.files import local, read_bytes
from study.words import METHODS, METHODS_OF_LEVEL

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


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(arguments, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError("only texts, finite numbers, booleans, lists and tables") from error
    return arguments


# A class or a function that a recipe names, and its arguments: what JSON can hold.
ImportPath = Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
Arguments = Annotated[dict[str, Any], AfterValidator(_plain)]


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
    network: ImportPath
    arguments: Arguments = {}
    training: Protocol


class EstimatorRecipe(Recipe):
    """A contender: a scikit-learn regressor by import path, and its arguments.

    It trains itself, and the seed is its random_state.
    """

    title: Name
    estimator: ImportPath
    arguments: Arguments = {}

    @model_validator(mode="before")
    @classmethod
    def is_no_network(cls, values: Any) -> Any:
        if isinstance(values, dict) and "network" in values:
            raise ValueError("network and estimator: give one of them")
        if isinstance(values, dict) and "training" in values:
            raise ValueError(
                "training: leave it out; an estimator trains itself, as its arguments say"
            )
        return values

    @field_validator("arguments")
    @classmethod
    def seed_is_free(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        if "random_state" in arguments:
            raise ValueError("random_state is given by the seed: leave it out")
        return arguments


Contender = ModelRecipe | EstimatorRecipe
_CONTENDER: TypeAdapter[Contender] = TypeAdapter(Contender)


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


class Scaled(Recipe):
    """A number that is divided by `divisor`, or standardised by the training rows: their
    mean taken off, and divided by their standard deviation (ddof 0)."""

    name: Name
    divisor: Positive = 1.0
    standardise: bool = False
    unit: str = ""

    @model_validator(mode="after")
    def scales_once(self) -> "Scaled":
        if self.standardise and self.divisor != 1:
            raise ValueError("give a divisor, or standardise = true, not both")
        return self


class Numeric(Scaled):
    """A number, scaled to become a feature."""

    type: Literal["numeric"]

    @property
    def features(self) -> list[str]:
        return [self.name]


class OneHot(Recipe):
    """A categorical variable: one 0/1 feature for each level.

    `other` is the level that takes all values that are not listed; without it they are refused.
    """

    name: Name
    type: Literal["one-hot"]
    levels: list[Name] = Field(min_length=2)
    other: Name | None = None

    @field_validator("levels")
    @classmethod
    def levels_differ(cls, levels: list[str]) -> list[str]:
        return _refuse_repeats("level", levels)

    @model_validator(mode="after")
    def other_is_a_level(self) -> "OneHot":
        if self.other is not None and self.other not in self.levels:
            raise ValueError(f"other: '{self.other}' is not among the levels")
        return self

    @property
    def features(self) -> list[str]:
        return [f"{self.name}={level}" for level in self.levels]


Variable = Annotated[Binary | Numeric | OneHot, Field(discriminator="type")]


# What stands for a missing value, unless a level has that name.
MISSING_MARKS = (
    *("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?"),
)


class Table(Recipe):
    """Where the rows are: two files, `train` and `test`, or one `file`, or a `function`
    that returns a pandas frame, whose rows are split.

    columns : names of the columns; without them, the first line of each file names them
    encoded : the columns are features already
    missing : what becomes of rows in which a value is missing; impute puts the training
        rows' median, or their most frequent level, in its place
    """

    train: Name | None = None
    test: Name | None = None
    file: Name | None = None
    function: ImportPath | None = None
    arguments: Arguments = {}
    separator: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None
    encoding: str = "utf-8"
    columns: list[Name] | None = None
    encoded: bool = False
    missing: Literal["refuse", "drop", "impute"] = "refuse"
    missing_marks: list[str] = list(MISSING_MARKS)

    @field_validator("encoding")
    @classmethod
    def encoding_is_known(cls, encoding: str) -> str:
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise ValueError("no encoding that Python knows") from error
        return encoding

    @model_validator(mode="after")
    def says_where(self) -> "Table":
        given = [key for key in ("file", "function") if getattr(self, key) is not None]
        if self.train is not None or self.test is not None:
            given.append("train and test")
            if self.train is None or self.test is None:
                raise ValueError(f"{'test' if self.test is None else 'train'}: missing")
        if len(given) != 1:
            has = " and ".join(given) or "none"
            raise ValueError(f"give train and test, or file, or function (it has {has})")
        if self.arguments and self.function is None:
            raise ValueError("arguments go with function")
        if self.encoded and self.columns is None:
            raise ValueError("an encoded table needs columns")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        return self

    @property
    def sources(self) -> list[str]:
        """The names of the files or of the function, as the recipe has them."""
        names = (self.train, self.test, self.file, self.function)
        return [name for name in names if name is not None]


class Split(Recipe):
    """Which rows of a single table are test rows.

    Either a fraction of them, drawn by `random_state` as scikit-learn's train_test_split
    does; or those in which `column` holds the text `test`, all others holding `train`.
    """

    test: Annotated[float, Field(gt=0, lt=1)] | Name
    random_state: int | None = Field(default=None, ge=0, lt=2**32)
    column: Name | None = None
    train: Name | None = None

    @model_validator(mode="after")
    def says_how(self) -> "Split":
        by_column = (self.column is not None, self.train is not None)
        if isinstance(self.test, str):
            if by_column != (True, True) or self.random_state is not None:
                raise ValueError("test rows by name need column and train, and no random_state")
            if self.test == self.train:
                raise ValueError("train and test are the same text")
        elif any(by_column) or self.random_state is None:
            raise ValueError("a fraction of test rows needs random_state, and no column or train")
        return self


class Target(Scaled):
    """What is predicted; `tolerance` is the relative error of a correct prediction."""

    tolerance: Positive

    def with_unit(self, words: str) -> str:
        """Words about the target, and its unit if it has one."""
        return f"{words}, {self.unit}" if self.unit else words


class Claim(Recipe):
    """A statement declared before the run, and the proportion of seeds that must show it.

    One of: `name` has `rank` 1; is within the `top` so many; has a share of at least
    `share`; scores `above` another. `proposed` marks one that was taken from the data.
    """

    level: Literal["feature", "variable"]
    name: Name
    rank: int | None = None
    top: int | None = Field(default=None, ge=1)
    share: float | None = Field(default=None, gt=0, le=1)
    above: Name | None = None
    proportion: float = Field(gt=0, lt=1)
    model: Name
    method: Name
    proposed: bool = False

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
        if self.proposed and self.rank is None:
            raise ValueError(
                "proposed = true goes with the rank 1 that 'study data init' proposes: take it out "
                "of a claim of your own"
            )
        if self.method in METHODS and self.method not in METHODS_OF_LEVEL[self.level]:
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

    repeats: int = Field(default=30, ge=1)
    random_state: int = Field(default=0, ge=0, lt=2**32)


class Published(Recipe):
    """Importance shares that somebody published, in the order of the features."""

    model: Name
    method: Method
    shares: list[Finite]


def unknown_method(name: str) -> str:
    """That no method of the study has a name, and which one may be meant."""
    near = difflib.get_close_matches(name, METHODS, n=1)
    remedy = f"did you mean '{near[0]}'?" if near else f"there is {', '.join(METHODS)}"
    return f"no method is called '{name}'; {remedy}"


class DatasetRecipe(Recipe):
    """A dataset: its tables, variables, target and claims.

    table : where the rows are; in its place, `scores` names the file that scores were imported
        from, of models that were trained elsewhere
    claim : the primary one; claims : others declared with it
    learned : a network has learned when its training R² is at least this part of that of
        least squares
    """

    title: Name
    source: str
    table: Table | None = None
    split: Split | None = None
    scores: Name | None = None
    variables: list[Variable] = Field(min_length=1)
    target: Target
    claim: Claim
    claims: list[Claim] = []
    permutation: Permutation = Permutation()
    published: Published | None = None
    learned: float = Field(default=0.8, gt=0, le=1)

    @property
    def features(self) -> list[str]:
        """Names of the features, in the order of the variables."""
        return [feature for variable in self.variables for feature in variable.features]

    @property
    def own_table(self) -> Table:
        """The table. Raises InputError where there are scores in its place."""
        if self.table is None:
            raise InputError(
                f"the recipe holds scores imported from {self.scores}, and no table to train on"
            )
        return self.table

    @model_validator(mode="after")
    def parts_agree(self) -> "DatasetRecipe":
        names = [variable.name for variable in self.variables]
        # What others predict need not have a name.
        _refuse_repeats("variable", [*names, *([] if self.scores else [self.target.name])])
        _refuse_repeats("feature", self.features)
        if self.scores is not None and self.table is not None:
            raise ValueError("give a table or scores, not both")
        if self.scores is None and self.table is None:
            raise ValueError("table: missing")
        if self.table is not None and self.table.columns is not None:
            _refuse_repeats("column", self.table.columns)
        if self.table is not None:
            self._check_split(self.table)
        for place, claim in enumerate([self.claim, *self.claims]):
            key = f"claims.{place}" if place else "claim"
            items = self.features if claim.level == "feature" else names
            if self.scores is None and claim.method not in METHODS:
                raise ValueError(f"{key}.method: {unknown_method(claim.method)}")
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

    def _check_split(self, table: Table) -> None:
        whole = table.train is None
        if whole and self.split is None:
            raise ValueError("split: missing; a table of its own train and test rows needs none")
        if not whole and self.split is not None:
            raise ValueError("split: the table has train and test rows already")
        if self.split and self.split.column is not None:
            names = [variable.name for variable in self.variables]
            _refuse_repeats("column", [*names, self.target.name, self.split.column])
        numbers = [*(v for v in self.variables if isinstance(v, Numeric)), self.target]
        if table.encoded and any(number.standardise for number in numbers):
            raise ValueError("an encoded table holds features already: no standardise")


DEFAULT_MODELS = ("transformer", "transformer-tokens", "mlp", "linear")

# What --models takes for one of scikit-learn's regressors as it comes.
SKLEARN_PREFIX = "sklearn:"

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
    """Load the recipe of a network by name or path. Raises InputError."""
    return _find("models", "model", name_or_path, lambda _: ModelRecipe)


def find_contender(name_or_path: str) -> Found[Contender]:
    """Load a model recipe by name or path, or make one of "sklearn:CLASS". Raises InputError."""
    if name_or_path.startswith(SKLEARN_PREFIX):
        recipe = _of_sklearn(name_or_path.removeprefix(SKLEARN_PREFIX))
        return Found(name_or_path, recipe, Path(), shadows=False)
    return _find("models", "model", name_or_path, _kind_of_model)


def find_dataset(name_or_path: str) -> Found[DatasetRecipe]:
    """Load a dataset recipe by name or path. Raises InputError."""
    return _find("data", "dataset", name_or_path, lambda _: DatasetRecipe)


def read_model(text: str) -> Contender:
    """The model recipe that was stored as JSON."""
    return _CONTENDER.validate_json(text)


def shipped_path(folder: str, name: str) -> Path:
    """The file of a recipe that comes with the program."""
    return _builtin() / folder / f"{name}.toml"


def builtin_names(folder: str) -> list[str]:
    """Names of the recipes that come with the program, in `models` or `data`."""
    return sorted(path.stem for path in (_builtin() / folder).glob("*.toml"))


def said(recipe: Recipe) -> dict[str, Any]:
    """What a recipe says, whatever its layout, comments and written defaults."""
    return recipe.model_dump(mode="json", exclude_defaults=True)


def fingerprint(recipe: Recipe) -> str:
    """SHA-256 of what a recipe says."""
    text = json.dumps(said(recipe), sort_keys=True, separators=(",", ":"))
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


def _of_sklearn(name: str) -> EstimatorRecipe:
    """One of scikit-learn's regressors, by the name of its class, with its own defaults."""
    from sklearn.utils.discovery import all_estimators  # imports all of scikit-learn

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that nobody asked for
        regressors = dict(all_estimators(type_filter="regressor"))
    if name not in regressors:
        near = difflib.get_close_matches(name.rpartition(".")[2], sorted(regressors), n=1)
        raise InputError(
            f"--models {SKLEARN_PREFIX}{name}: scikit-learn has no regressor of this name"
            + (f"; did you mean {SKLEARN_PREFIX}{near[0]}?" if near else "")
        )
    # Where it is documented: sklearn.ensemble, not sklearn.ensemble._forest.
    module = regressors[name].__module__.partition("._")[0]
    return EstimatorRecipe(title=name, estimator=f"{module}:{name}")


def _kind_of_model(values: dict[str, Any]) -> type[Contender]:
    return EstimatorRecipe if "estimator" in values else ModelRecipe


def _find(
    folder: str, kind: str, name_or_path: str, class_of: Callable[[dict[str, Any]], type[R]]
) -> Found[R]:
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        path = local(name_or_path)
        return Found(path.stem, _read(path, class_of), path, shadows=False)
    own = Path(folder) / f"{name_or_path}.toml"
    shipped = shipped_path(folder, name_or_path)
    if own.exists():
        recipe = _read(own, class_of)
        # A copy that says the same hides nothing.
        shadows = shipped.exists() and own.read_bytes() != shipped.read_bytes()
        return Found(name_or_path, recipe, own, shadows)
    if shipped.exists():
        return Found(name_or_path, _read(shipped, class_of), shipped, shadows=False)
    names = {path.stem for path in Path(folder).glob("*.toml")} | set(builtin_names(folder))
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(name_or_path.lower(), sorted(lower), n=1)
    meant = f"did you mean '{lower[near[0]]}'? " if near else ""
    raise InputError(
        f"unknown {kind} '{name_or_path}': {meant}there is {', '.join(sorted(names))}; "
        f"or name a recipe file, such as {folder}/{name_or_path}.toml"
    )


def _builtin() -> Path:
    """The folder that holds the shipped models/ and data/: the wheel's, or the checkout's."""
    package = Path(__file__).parent
    return package if (package / "models").is_dir() else package.parent


def _read(path: Path, class_of: Callable[[dict[str, Any]], type[R]]) -> R:
    try:
        values = tomllib.loads(read_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    recipe_class = class_of(values)
    try:
        return recipe_class.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{path}: {_explain(error, values, recipe_class)}") from error


_MOST_FAULTS = 3  # that one message names


def _explain(error: ValidationError, values: dict[str, Any], recipe_class: type[Recipe]) -> str:
    """What is wrong with a recipe, key by key, in one line."""
    faults = error.errors()
    missing = [str(fault["loc"][-1]) for fault in faults if fault["type"] == "missing"]
    known = sorted(recipe_keys(recipe_class) | set(missing))
    reasons: dict[str, list[str]] = {}
    # An unknown key explains a missing one (a misspelling), so it goes first.
    for fault in sorted(faults, key=lambda fault: fault["type"] != "extra_forbidden"):
        reasons.setdefault(_place(fault, values), []).append(_reason(fault, known))
    # What may be of several kinds is wrong in several ways.
    said = [f"{key}{': ' if key else ''}{' or '.join(of)}" for key, of in reasons.items()]
    more = [f"and {len(said) - _MOST_FAULTS} more"] if len(said) > _MOST_FAULTS else []
    return "; ".join([*said[:_MOST_FAULTS], *more])


def _place(fault: ErrorDetails, values: Any) -> str:
    """Where a fault is, as the recipe has it: variables.2.levels, counted from 1.

    What pydantic adds to name the kinds of which a value may be is left out.
    """
    keys = []
    for part in fault["loc"]:
        if isinstance(part, int):
            keys.append(str(part + 1))
            values = values[part]
        elif isinstance(values, dict) and part in values:
            keys.append(part)
            values = values[part]
    if fault["type"] == "missing":
        keys.append(str(fault["loc"][-1]))
    return ".".join(keys)


_KINDS = ("binary", "numeric", "one-hot")


def _reason(fault: ErrorDetails, known: list[str]) -> str:
    """What is wrong at one key, and what was found there."""
    given = fault["input"]
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "missing":
        return "missing"
    if kind == "extra_forbidden":
        key = str(fault["loc"][-1])
        if key in known:
            kinds = [part for part in fault["loc"] if part in _KINDS]
            return f"does not belong here{f', in a variable of type {kinds[-1]}' if kinds else ''}"
        near = difflib.get_close_matches(key, known, n=1)
        return "unknown key" + (f"; did you mean '{near[0]}'?" if near else "")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = f"is '{context['tag']}'" if "tag" in context else "has none"
        return f"type should be 'binary', 'numeric' or 'one-hot' (it {tag})"
    if kind == "string_pattern_mismatch":
        reason = "should be module:name"
    else:
        reason = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if isinstance(given, dict):
        return reason
    shown = repr(given)
    return f"{reason} (it is {shown if len(shown) <= 60 else shown[:60] + '…'})"


def recipe_keys(recipe_class: type[Recipe]) -> set[str]:
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
