"""What is predicted: a number, a count, or a class."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from study.common.task import COUNT, NUMBER, Task
from study.recipes.base import Name, Positive, Recipe, refuse_repeats
from study.recipes.columns import Scaled, Written


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


# What a number may say beside its name, and a count may not.
_OF_NUMBERS = ("scale", "standardise", "divisor", "tolerance")


class CountTarget(Written):
    """A whole number of events, 0 or more, whose rate is predicted: models learn its logarithm."""

    name: Name
    type: Literal["count"]

    @model_validator(mode="before")
    @classmethod
    def is_not_scaled(cls, given: Any) -> Any:
        said = [key for key in _OF_NUMBERS if isinstance(given, dict) and key in given]
        if said:
            raise ValueError(
                f"{', '.join(said)}: a count is learnt as it is, by the logarithm of its rate: "
                "leave it out, or the type"
            )
        return given

    @property
    def task(self) -> Task:
        return COUNT

    @property
    def description(self) -> str:
        """What it is, for a reader."""
        return f"{self.name}, a count"


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
    Annotated[NumericTarget, Tag("numeric")]
    | Annotated[CountTarget, Tag("count")]
    | Annotated[ClassTarget, Tag("class")],
    Discriminator(_kind),
]
