"""Whether what is asked for belongs to the run that is stored."""

import json
from pathlib import Path

from study.common.errors import InputError
from study.recipes.base import Recipe, dotted, fingerprint

REMEDY = "name another directory with --out, or start this one again with --fresh"


def refuse_change(directory: Path, what: str, stored: Recipe, given: Recipe) -> None:
    """Raise InputError where a recipe is not the one that the run was made with."""
    if fingerprint(stored) == fingerprint(given):
        return
    before, after = (
        {key: json.dumps(leaf) for key, leaf in dotted(recipe).items()}
        for recipe in (stored, given)
    )
    key = next(key for key in {**before, **after} if before.get(key) != after.get(key))
    raise InputError(
        f"{directory}: made from another recipe of {what} "
        f"({key}: {before.get(key)} there, {after.get(key)} now); {REMEDY}"
    )
