"""What is wrong with a recipe, in words that name the key and the remedy."""

import difflib
from typing import Any, get_args, get_origin

from pydantic import (
    ValidationError,
)
from pydantic_core import ErrorDetails

from study.recipes.base import Recipe
from study.recipes.columns import TYPES

_MOST_FAULTS = 3  # that one message names


def explanation(error: ValidationError, values: dict[str, Any], recipe_class: type[Recipe]) -> str:
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


def _reason(fault: ErrorDetails, known: list[str]) -> str:
    """What is wrong at one key, and what was found there."""
    given = fault["input"]
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "missing":
        return "missing"
    if kind == "extra_forbidden":
        key = str(fault["loc"][-1])
        if key in known:
            what = "target" if fault["loc"][0] == "target" else "variable"
            kinds = [part for part in fault["loc"] if part in (*TYPES, "class", "count")]
            return f"does not belong here{f', in a {what} of type {kinds[-1]}' if kinds else ''}"
        near = difflib.get_close_matches(key, known, n=1)
        return "unknown key" + (f"; did you mean '{near[0]}'?" if near else "")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = f"is '{context['tag']}'" if "tag" in context else "has none"
        *most, last = context.get("expected_tags", ", ".join(map(repr, TYPES))).split(", ")
        return f"type should be {', '.join(most)} or {last} (it {tag})"
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
            keys |= {field.alias or name for name, field in part.model_fields.items()}
            pending += [field.annotation for field in part.model_fields.values()]
        elif get_origin(part) is not None:
            pending += get_args(part)
    return keys
