"""What `study run` and `study plan` are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from study.common.text import ranges
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import Found
from study.recipes.model import Contender, EstimatorRecipe


@dataclass(frozen=True)
class Request:
    """Models to be trained on data, over seeds.

    vary : the source of randomness that alone varies over the seeds, if any; bases : the seeds
    that hold all others; models : recipes by name
    """

    directory: Path
    data: Found[DatasetRecipe]
    models: Mapping[str, Contender]
    seeds: list[int]
    vary: str | None
    bases: list[int]

    @property
    def noun(self) -> str:
        """What is trained: networks, or models if some are none."""
        return "models" if any(self._estimators) else "networks"

    @property
    def kinds(self) -> str:
        """The conditions, in words."""
        if self.vary:
            return f"real, varying {self.vary} at {len(self.bases)} base seeds"
        if not any(self._estimators):
            return "real, shuffled and untrained"
        networks = "" if all(self._estimators) else "; networks untrained, too"
        return f"real and shuffled{networks}"

    @property
    def words(self) -> str:
        """All of it in words, for the history of a run."""
        varied = f", varying {self.vary} at base seeds {ranges(self.bases)}" if self.vary else ""
        return f"{', '.join(self.models)}; seeds {ranges(self.seeds)}{varied}"

    @property
    def _estimators(self) -> list[bool]:
        return [isinstance(recipe, EstimatorRecipe) for recipe in self.models.values()]
