"""A claim in words becomes a claim: "age rank 1 in 0.8"."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from pydantic import ValidationError

from study.common.errors import InputError
from study.common.methods import LEVELS, METHODS, METHODS_OF_LEVEL, unknown_method
from study.recipes.claim import Claim
from study.recipes.dataset import DatasetRecipe

FORMS = 'write "NAME rank 1 in 0.8", "NAME top 2 in 0.8", "NAME share 0.5 in 0.8" or ' + (
    '"NAME above OTHER in 0.8"'
)
# Of a share, and of a rank or a number of features, which has few digits.
_SHARE, _NUMBER = r"[0-9]*\.?[0-9]+", "[0-9]{1,9}"
_PERCENT = re.compile(r"(?<= )(\d{1,3}(?:\.\d{1,9})?) ?%")
_SAYS = re.compile(
    r"(?P<name>.+?)\s+(?P<kind>rank|top|share|above)\s+(?P<value>.+?)\s+in\s+(?P<part>[\d.]+)"
)


def parse_claim(
    words: str,
    recipe: DatasetRecipe,
    *,
    model: str | None = None,
    method: str | None = None,
    level: str | None = None,
) -> Claim:
    """The claim that `words` make about a dataset's features or variables.

    Model and method are the declared claim's where not given; the level is the declared one
    if the names exist there and the method has scores there, else the other. Raises InputError.
    """
    items = {of: recipe.items(of) for of in LEVELS if of != "group" or recipe.variable_groups}
    if level == "group" and level not in items:
        raise InputError("--level group: the recipe has no [variable_groups]")
    method = method or recipe.claim.method
    if recipe.scores is not None:
        if level in ("variable", "group"):
            raise InputError(f"--level {level}: imported scores are by feature")
        levels = ["feature"]
    elif method not in METHODS:
        raise InputError(f"claim '{words}': method: {unknown_method(method)}")
    else:
        # The declared level first, and of both one that the method has scores at.
        levels = sorted(items, key=lambda where: where != recipe.claim.level)
        levels.sort(key=lambda where: method not in METHODS_OF_LEVEL[where])
    chosen = [level] if level else levels
    model = model or recipe.claim.model
    claim = read_claim(words, items, chosen, model, method, recipe.task.levels)
    if recipe.scores is None and method not in METHODS_OF_LEVEL[claim.level]:
        raise InputError(f"claim '{words}': method {method} has no scores by {claim.level}")
    return claim


def read_claim(
    words: str,
    items: Mapping[str, list[str]],
    levels: Sequence[str],
    model: str,
    method: str,
    classes: Sequence[str] = (),
) -> Claim:
    """The claim that `words` make about some items, by level, for a model by a method.

    `levels` are tried in their order; `classes` are those of the target. Raises InputError.
    """
    # A name may hold any of the words, so that names are tried before patterns.
    readings = [
        {**reading, "level": where}
        for where in levels
        for name in sorted(items[where], key=len, reverse=True)
        if (reading := _reading(words.strip(), name, items[where], classes)) is not None
    ]
    if not readings:
        raise InputError(_why_not(words, {where: items[where] for where in levels}, classes))
    names = [reading["name"] for reading in readings if reading["level"] == readings[0]["level"]]
    if len(names) > 1:
        said = " and of ".join(f"'{name}'" for name in names)
        raise InputError(f"claim '{words}' can be read of {said}: rename one of them")
    try:
        claim = Claim.model_validate({**readings[0], "model": model, "method": method})
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"]))
        reason = fault["msg"].removeprefix("Value error, ")
        raise InputError(f"claim '{words}': {f'{key}: ' if key else ''}{reason}") from error
    if claim.top is not None and claim.top >= len(items[claim.level]):
        raise InputError(
            f"claim '{words}': top {claim.top} of {len(items[claim.level])} {claim.level}s is "
            "always met"
        )
    return claim


def _reading(
    words: str, name: str, items: list[str], classes: Sequence[str]
) -> dict[str, object] | None:
    """What words that begin with a name say of it; None if they do not."""
    if not words.startswith(f"{name} "):
        return None
    for level in sorted(classes, key=len, reverse=True):
        before, ending, part = words.rpartition(f" for class {level} in ")
        if ending:
            reading = _reading(f"{before} in {part}", name, items, ())
            if reading is not None:
                return {**reading, "for_class": level}
    found = re.fullmatch(
        r"\s*(rank|top|share|above)\s+(.+?)\s+in\s+([0-9]*\.?[0-9]+)", words[len(name) :]
    )
    if found is None:
        return None
    kind, value, part = found.groups()
    said: object
    if kind == "above":
        if value not in items:
            return None
        said = value
    elif not re.fullmatch(_SHARE if kind == "share" else _NUMBER, value):
        return None
    else:
        said = float(value) if kind == "share" else int(value)
    return {"name": name, kind: said, "proportion": float(part)}


def _why_not(words: str, items: Mapping[str, list[str]], classes: Sequence[str]) -> str:
    """What is wrong with words that make no claim."""
    named = re.search(r" for class (.+?) in [\d.]+$", words.strip())
    if named is not None and named[1] not in classes:
        there = f"there is {', '.join(classes)}" if classes else "the target is a number"
        return f"claim '{words}': no class is called '{named[1]}': {there}"
    found = _SAYS.fullmatch(words.strip())
    if found is not None:
        known = [name for names in items.values() for name in names]
        names = [found["name"]] + ([found["value"]] if found["kind"] == "above" else [])
        for name in names:
            if name not in known:
                what = " or ".join(sorted(items))
                listed = ", ".join(dict.fromkeys(known))
                return f"claim '{words}': no {what} is called '{name}': there is {listed}"
    if (decimal := _PERCENT.sub(_decimal, words)) != words:
        return f"claim '{words}': write percentages as decimals: \"{decimal}\""
    return f"claim '{words}': {FORMS}"


def _decimal(percentage: re.Match[str]) -> str:
    """80% as 0.8."""
    return f"{Decimal(percentage[1]) / 100:f}"
