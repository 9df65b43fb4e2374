"""The options of `study run` and `study plan`, and what these say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from study.cli.group import say
from study.cli.options import (
    parse_bases,
    parse_beside,
    parse_methods,
    parse_seeds,
    parse_workers,
)
from study.common.errors import InputError
from study.common.methods import DEFAULT_METHODS, METHODS, chosen_methods
from study.common.text import listed
from study.common.vocabulary import SOURCES
from study.execution.request import Request

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--seeds",
        default="20",
        show_default=True,
        help="20 (the first twenty), 20-49, 1,5,9, or 7, (seed 7 alone).",
    ),
    click.option(
        "--splits",
        metavar="NUMBER",
        help="Random splits of all rows into halves, with models of each, for what would hold for "
        "other rows of the same kind; 0 for none.  [default: 25]",
    ),
    click.option(
        "--seeds-per-split",
        metavar="NUMBER",
        help="Seeds on each half: from two on, the report tells what the spread comes from, rows "
        "or seeds.  [default: 1]",
    ),
    click.option(
        "--shuffles",
        metavar="NUMBER",
        help="Trainings on shuffled targets, for a permutation test; 0 for those of --seeds "
        "alone.  [default: 199]",
    ),
    click.option(
        "--vary",
        type=click.Choice(SOURCES),
        help="Vary this source of randomness alone over --seeds, all others held at each of "
        "--bases; rows is a bootstrap of the training rows.",
    ),
    click.option(
        "--bases",
        help="Base seeds that hold all else with --vary, given like --seeds; five are the fewest.  "
        "[default: 5]",
    ),
    click.option(
        "--models",
        help="Model recipes by name or path, or sklearn:CLASS for a regressor or classifier of "
        "scikit-learn, with commas.  [default: all four]",
    ),
    click.option(
        "--methods",
        metavar="NAMES",
        help="Further importance methods, with commas, beside those of every run and of the "
        f"recipe's claims: {listed(name for name in METHODS if name not in DEFAULT_METHODS)}.",
    ),
    click.option(
        "--data", default="people", show_default=True, help="Dataset recipe, name or path."
    ),
    click.option("--out", type=click.Path(path_type=Path), help="[default: reports/<dataset>]"),
    click.option(
        "--workers",
        default="auto",
        show_default=True,
        help="How many blocks to train at a time; auto: one for each core, fewer where memory "
        "does not suffice.",
    ),
    click.option(
        "--cluster",
        metavar="ADDRESS",
        help="Hand blocks to the workers of a Dask scheduler, such as tcp://10.0.0.1:8786; local: "
        "to one that is started here with --workers processes.",
    ),
    click.option(
        "--device",
        type=click.Choice(["cpu", "cuda"]),
        default="cpu",
        show_default=True,
        help="Where to train; cuda trains all models by PyTorch.",
    ),
)


class Requesting(click.Command):
    """A command without arguments, which says where a word goes that is none of its options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if type(error) is not click.UsageError:  # an option that is wrong
                raise
            hint = (
                "data are named by --data, several models go with commas (--models linear,mlp), "
                "a run's directory is --out"
            )
            raise click.UsageError(f"{error.message}: {hint}", ctx) from error


def request_options(command: Command) -> Command:
    """Give a command the options that `request_of` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def request_of(
    *,
    seeds: str,
    splits: str | None,
    seeds_per_split: str | None,
    shuffles: str | None,
    vary: str | None,
    bases: str | None,
    models: str | None,
    methods: str | None,
    data: str,
    out: Path | None,
    workers: str,
    cluster: str | None,
    device: str,
) -> Request:
    """What the options ask for, with recipes found. Raises InputError."""
    from study.recipes.find import DEFAULT_MODELS, find_contender, find_dataset
    from study.recipes.model import with_patience

    chosen = parse_seeds(seeds)
    base_seeds = parse_bases(bases, vary, len(chosen))
    beside = parse_beside(vary, splits, seeds_per_split, shuffles)
    names = [name.strip() for name in models.split(",")] if models is not None else DEFAULT_MODELS
    found_models = [find_contender(name) for name in names]
    found_dataset = find_dataset(data)
    claimed = [of.method for of in (found_dataset.recipe.claim, *found_dataset.recipe.claims)]
    patience = found_dataset.recipe.patience
    recipes = {found.name: with_patience(found.recipe, patience) for found in found_models}
    if len(recipes) < len(found_models):
        raise InputError(f"--models: a model is named twice: {', '.join(names)}")
    shadowing = [str(found.path) for found in found_models if found.shadows]
    if found_dataset.shadows:
        shadowing.append(str(found_dataset.path))
    if shadowing:
        say(f"Recipes from here, in place of built-in ones: {', '.join(shadowing)}")
    return Request(
        directory=out or Path("reports") / found_dataset.name,
        data=found_dataset,
        models=recipes,
        methods=chosen_methods([*parse_methods(methods), *claimed]),
        seeds=chosen,
        beside=beside,
        vary=vary,
        bases=base_seeds,
        workers=parse_workers(workers),
        cluster=cluster,
        device=device,
    )
