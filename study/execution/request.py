"""What is to be trained: models on data, over seeds, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from study.common.conditions import CONDITIONS, REAL, TRAINED
from study.common.methods import DEFAULT_METHODS
from study.common.text import listed, ranges

if TYPE_CHECKING:
    from study.datasets.dataset import Dataset
    from study.engines.replicates import Replicate
    from study.recipes.dataset import DatasetRecipe
    from study.recipes.find import Found
    from study.recipes.model import Contender


class Beside(NamedTuple):
    """What is asked for beside the ordinary seeds."""

    splits: int
    seeds_per_split: int
    shuffles: int


USUAL = Beside(splits=25, seeds_per_split=1, shuffles=199)


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
