"""What `study run` and `study plan` are asked for: their options, and what these say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from study.cli.group import say
from study.cli.options import (
    Beside,
    parse_bases,
    parse_beside,
    parse_methods,
    parse_seeds,
    parse_workers,
)
from study.common.conditions import CONDITIONS, REAL, TRAINED
from study.common.errors import InputError
from study.common.methods import DEFAULT_METHODS, METHODS, chosen_methods
from study.common.text import listed, ranges
from study.common.vocabulary import SOURCES

if TYPE_CHECKING:
    from study.datasets.dataset import Dataset
    from study.engines.replicates import Replicate
    from study.recipes.dataset import DatasetRecipe
    from study.recipes.find import Found
    from study.recipes.model import Contender

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


@dataclass(frozen=True)
class Request:
    """Models to be trained on data, over seeds, and how.

    beside : how many splits and shuffles; vary : the source of randomness that alone varies over
    the seeds, if any; bases : the seeds that hold all others; models : recipes by
    name; methods : all by which they are scored; workers : None where memory and cores decide;
    cluster : the address of its scheduler, or "local"
    """

    directory: Path
    data: "Found[DatasetRecipe]"
    models: "Mapping[str, Contender]"
    methods: tuple[str, ...]
    seeds: list[int]
    beside: Beside
    vary: str | None
    bases: list[int]
    workers: int | None
    cluster: str | None
    device: str

    @property
    def noun(self) -> str:
        """What is trained: networks, or models if some are none."""
        return "models" if self._estimators else "networks"

    @property
    def kinds(self) -> str:
        """The conditions, in words."""
        if self.vary:
            return f"{REAL}, varying {self.vary} at {len(self.bases)} base seeds"
        return "; ".join([self._conditions, *self._beside])

    @property
    def _conditions(self) -> str:
        if not self._estimators:
            return listed(CONDITIONS)
        untrained = [name for name in CONDITIONS if name not in TRAINED]
        networks = (
            "" if self._estimators == len(self.models) else f"; networks {listed(untrained)}, too"
        )
        return f"{listed(TRAINED)}{networks}"

    @property
    def words(self) -> str:
        """All of it in words, for the history of a run."""
        varied = f", varying {self.vary} at base seeds {ranges(self.bases)}" if self.vary else ""
        seeds = f"seeds {ranges(self.seeds)}{varied}"
        further = [name for name in self.methods if name not in DEFAULT_METHODS]
        by = [f"{listed(further)}, too"] if further else []
        return "; ".join([", ".join(self.models), seeds, *self._beside, *by])

    @property
    def _beside(self) -> list[str]:
        """What is asked for beside the ordinary seeds, in words."""
        splits, seeds, shuffles = self.beside
        each = f" with {seeds} seeds each" if seeds > 1 else ""
        return [
            *([f"{splits} splits{each}"] if splits else []),
            *([f"{shuffles} shuffles"] if shuffles else []),
        ]

    @property
    def replicates(self) -> "list[Replicate]":
        """What is to be trained of each model."""
        from study.execution import plan

        if self.vary:
            return plan.varying(self.vary, self.bases, self.seeds)
        return [
            *plan.ordinary(self.seeds),
            *plan.on_splits(self.beside.splits, self.beside.seeds_per_split),
            *plan.shuffled(self.beside.shuffles, self.seeds),
        ]

    @property
    def _estimators(self) -> int:
        """How many of the models are no networks."""
        from study.recipes.model import estimators

        return len(estimators(self.models))


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


def asked_of(request: Request) -> "tuple[Dataset, list[Replicate]]":
    """The data of a request, and its replicates. Raises InputError for either."""
    from study.datasets.dataset import load_dataset
    from study.execution.prepare import check_source, check_splits

    dataset = load_dataset(request.data.recipe, request.data.path.parent)
    if request.vary:
        check_source(request.vary, request.models)
    if request.beside.splits:
        check_splits(dataset)
    return dataset, request.replicates
