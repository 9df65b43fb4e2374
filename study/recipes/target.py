"""What is predicted: a number, or a class."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from study.common.task import NUMBER, Task
from study.recipes.base import Name, Positive, Recipe, refuse_repeats
from study.recipes.columns import Scaled


class NumericTarget(Scaled):
    """A number that is predicted; `tolerance` is the relative error of a correct prediction.

    scale : "log" where models learn its logarithm, which is divided or standardised in its place;
    predictions are told in the target's own unit
    """

    type: Literal["numeric"] = "numeric"
    tolerance: Positive
    scale: Literal["log"] | None = None

    @property
    def task(self) -> Task:
        return NUMBER

    @property
    def description(self) -> str:
        """What it is, for a reader."""
        return self.with_unit(self.name)

    def with_unit(self, words: str) -> str:
        """Words about the target, and its unit if it has one."""
        return f"{words}, {self.unit}" if self.unit else words


class ClassTarget(Recipe):
    """A class that is predicted, as the table writes it: one of `levels`, in their order.

    Of two levels, models give the log-odds of the second.
    """

    name: Name
    type: Literal["class"]
    levels: list[Name] = Field(min_length=2)

    @field_validator("levels")
    @classmethod
    def levels_differ(cls, levels: list[str]) -> list[str]:
        return refuse_repeats("level", levels)

    @property
    def task(self) -> Task:
        return Task(tuple(self.levels))

    @property
    def description(self) -> str:
        """What it is, for a reader."""
        return f"{self.name}, one of {', '.join(self.levels)}"


def _kind(target: Any) -> Any:
    return target.get("type", "numeric") if isinstance(target, dict) else target.type


Target = Annotated[
    Annotated[NumericTarget, Tag("numeric")] | Annotated[ClassTarget, Tag("class")],
    Discriminator(_kind),
]
