"""What `study run` and `study plan` are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from study.common.text import ranges
from study.recipes.dataset import DatasetRecipe
from study.recipes.find import Found
from study.recipes.model import Contender, estimators


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
        return "models" if estimators(self.models) else "networks"

    @property
    def kinds(self) -> str:
        """The conditions, in words."""
        if self.vary:
            return f"real, varying {self.vary} at {len(self.bases)} base seeds"
        if not estimators(self.models):
            return "real, shuffled and untrained"
        networks = (
            "" if len(estimators(self.models)) == len(self.models) else "; networks untrained, too"
        )
        return f"real and shuffled{networks}"

    @property
    def words(self) -> str:
        """All of it in words, for the history of a run."""
        varied = f", varying {self.vary} at base seeds {ranges(self.bases)}" if self.vary else ""
        return f"{', '.join(self.models)}; seeds {ranges(self.seeds)}{varied}"
