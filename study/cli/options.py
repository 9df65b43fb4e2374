"""What the options of run and plan ask for."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from study.common.errors import InputError

if TYPE_CHECKING:
    from study.cli.request import Request
    from study.datasets.dataset import Dataset
    from study.engines.replicates import Replicate

MOST_SEEDS = 100_000
FEWEST_BASES = 5


def parse_seeds(text: str, option: str = "--seeds") -> list[int]:
    """Seeds from "20" (the first twenty), "20-49", or "1,5,9" ("7," is seed 7 alone)."""
    remedy = "give a count (20), a range (20-49) or a list (1,5,9 or 7,)"
    try:
        if text.strip().isdecimal():
            seeds = list(range(min(int(text), MOST_SEEDS + 1)))
        else:
            seeds = []
            for part in text.rstrip(",").split(","):
                first, dash, last = part.strip().partition("-")
                chosen = range(int(first), int(last if dash else first) + 1)
                if not chosen or chosen[-1] >= 2**32 or len(chosen) > MOST_SEEDS:
                    raise ValueError(part)
                seeds += chosen
    except ValueError as error:
        raise InputError(f"{option} '{text}': {remedy}") from error
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise InputError(f"{option} '{text}': 1 to {MOST_SEEDS} seeds; {remedy}")
    return sorted(set(seeds))


def parse_bases(text: str | None, vary: str | None, seeds: int) -> list[int]:
    """Base seeds of --vary over a number of seeds, as `parse_seeds` reads them; none without it."""
    if vary is None:
        if text is not None:
            raise InputError(f"--bases '{text}': base seeds go with --vary")
        return []
    text = str(FEWEST_BASES) if text is None else text
    bases = parse_seeds(text, "--bases")
    if len(bases) < FEWEST_BASES:
        raise InputError(
            f"--bases '{text}': give {FEWEST_BASES} base seeds or more, "
            "since one base seed alone may hit a bad fit"
        )
    if len(bases) * seeds > MOST_SEEDS:
        raise InputError(f"--bases '{text}': base seeds times seeds are at most {MOST_SEEDS}")
    return bases


def parse_workers(text: str) -> int | None:
    """A number from 1, or None for "auto"."""
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) == 0:
        raise InputError(f"--workers '{text}': give a number from 1, or auto")
    return int(text)


def request_of(
    seeds: str, vary: str | None, bases: str | None, models: str | None, data: str, out: Path | None
) -> "Request":
    """What the options ask for, with recipes found. Raises InputError."""
    from study.cli.request import Request
    from study.recipes.find import DEFAULT_MODELS, find_contender, find_dataset

    chosen = parse_seeds(seeds)
    base_seeds = parse_bases(bases, vary, len(chosen))
    names = [name.strip() for name in models.split(",")] if models is not None else DEFAULT_MODELS
    found_models = [find_contender(name) for name in names]
    found_dataset = find_dataset(data)
    recipes = {found.name: found.recipe for found in found_models}
    if len(recipes) < len(found_models):
        raise InputError(f"--models: a model is named twice: {', '.join(names)}")
    shadowing = [str(found.path) for found in found_models if found.shadows]
    if found_dataset.shadows:
        shadowing.append(str(found_dataset.path))
    if shadowing:
        click.echo(f"Recipes from here, in place of built-in ones: {', '.join(shadowing)}")
    directory = out or Path("reports") / found_dataset.name
    return Request(directory, found_dataset, recipes, chosen, vary, base_seeds)


def asked_of(request: "Request") -> "tuple[Dataset, list[Replicate]]":
    """The data of a request, and its replicates. Raises InputError for either."""
    from study.datasets.dataset import load_dataset
    from study.execution.plan import wanted
    from study.execution.prepare import check_source

    dataset = load_dataset(request.data.recipe, request.data.path.parent)
    if request.vary:
        check_source(request.vary, request.models)
    return dataset, wanted(request.seeds, request.vary, request.bases)
