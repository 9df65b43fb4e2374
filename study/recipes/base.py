"""What all recipes share: the types of their values, and their fingerprints."""

import hashlib
import json
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
)

Name = Annotated[str, Field(min_length=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
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


R = TypeVar("R", bound=Recipe)


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


def refuse_repeats(what: str, names: list[str]) -> list[str]:
    """Raise ValueError where a name stands twice."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{what} named twice: {', '.join(repeated)}")
    return names
