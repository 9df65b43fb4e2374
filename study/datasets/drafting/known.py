"""What is known of the columns of a table before their cells are looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from study.common.errors import InputError
from study.common.methods import GROUPED_PERMUTATION
from study.datasets.drafting.target import as_classes
from study.datasets.raw_columns import Column

TASKS = ("number", "count", "class")


@dataclass(frozen=True)
class Known:
    """What the types of a data frame, and whoever gives it, tell.

    levels : of columns whose cells name levels, even where they look like numbers: these levels
        from the least to the greatest, none where they have no order
    groups : the column whose equal values keep rows on one side of every split
    task : what the target is, in place of what its cells look like
    model, method : what the claim rests on
    """

    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: str | None = None
    task: Literal["number", "count", "class"] | None = None
    model: str = "mlp"
    method: str = GROUPED_PERMUTATION

    def __post_init__(self) -> None:
        if self.task not in (None, *TASKS):
            raise InputError(f"task '{self.task}': give one of {', '.join(TASKS)}")

    def of(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """The columns, by name, with what is known of them."""
        return {
            name: replace(as_classes(column), order=tuple(self.levels[name]))
            if name in self.levels
            else column
            for name, column in columns.items()
        }


NOTHING = Known()
