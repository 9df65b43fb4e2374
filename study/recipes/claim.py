"""What a recipe says of importance: the claim, what was published, how to permute."""

from typing import Literal

from pydantic import (
    Field,
    model_validator,
)

from study.common.methods import METHODS_BY_CLASS
from study.recipes.base import Finite, Name, Recipe

# What a claim of each kind says of a seed, in the present and in the past.
_SAYINGS = {
    "rank": ("{name} has rank {value}", "{name} came first"),
    "top": ("{name} is among the top {value}", "{name} was among the first {value}"),
    "share": (
        "{name} has a share of at least {value:g}",
        "{name} had a share of at least {value:g}",
    ),
    "above": ("{name} ranks above {value}", "{name} came above {value}"),
}


class Claim(Recipe):
    """A statement declared before the run, and the proportion of seeds that must show it.

    One of: `name` has `rank` 1; is within the `top` so many; has a share of at least
    `share`; scores `above` another. With `for_class`, of the scores of that class alone.
    `proposed` marks one that was taken from the data, and
    `from_publication` one that somebody published of the same rows.
    """

    level: Literal["feature", "variable", "group"]
    name: Name
    rank: int | None = None
    top: int | None = Field(default=None, ge=1)
    share: float | None = Field(default=None, gt=0, le=1)
    above: Name | None = None
    for_class: Name | None = None
    proportion: float = Field(gt=0, lt=1)
    model: Name
    method: Name
    proposed: bool = False
    from_publication: bool = False

    @model_validator(mode="after")
    def says_one_thing(self) -> "Claim":
        said = [key for key in _SAYINGS if getattr(self, key) is not None]
        if len(said) != 1:
            has = " and ".join(said) or "none"
            raise ValueError(f"give one of {', '.join(_SAYINGS)} (it has {has})")
        if self.rank not in (None, 1):
            raise ValueError(f"only rank 1 can be claimed; for rank {self.rank} or better, top")
        if self.above == self.name:
            raise ValueError(f"above names {self.name} itself: give another {self.level}")
        if self.proposed and self.rank is None:
            raise ValueError(
                "proposed = true goes with the rank 1 that 'study data init' proposes: take it out "
                "of a claim of your own"
            )
        if self.proposed and self.from_publication:
            raise ValueError("proposed and from_publication: a claim has one origin")
        if self.for_class is not None and self.method not in METHODS_BY_CLASS:
            raise ValueError(
                f"for_class: method {self.method} has no scores by class; "
                f"{', '.join(METHODS_BY_CLASS)} have"
            )
        return self

    @property
    def words(self) -> str:
        """What it says, without the proportion."""
        return self._saying(0)

    @property
    def past(self) -> str:
        """What it says of seeds in which it is met."""
        return self._saying(1)

    @property
    def typed(self) -> str:
        """It as a person types it, and `study.recipes.claim_text` reads it."""
        kind, value = self._said
        return f"{self.name} {kind} {value}{self.of_class} in {self.proportion:g}"

    @property
    def _said(self) -> tuple[str, int | float | str]:
        """The kind of claim, and what it is compared with."""
        return next((key, of) for key in _SAYINGS if (of := getattr(self, key)) is not None)

    def _saying(self, tense: int) -> str:
        kind, value = self._said
        said = _SAYINGS[kind][tense].format(name=self.name, value=value)
        return f"{said}{self.of_class}"

    @property
    def of_class(self) -> str:
        return "" if self.for_class is None else f" for class {self.for_class}"

    @property
    def names(self) -> list[str]:
        """The features or variables it is about."""
        return [self.name] if self.above is None else [self.name, self.above]


class Permutation(Recipe):
    """Settings of permutation importance.

    scoring : the drop in which score it is, by scikit-learn's name of a scorer; without it, R² of a
        number, and of a class the share of log loss explained
    """

    repeats: int = Field(default=30, ge=1)
    random_state: int = Field(default=0, ge=0, lt=2**32)
    scoring: Name | None = None


class IntegratedGradient(Recipe):
    """Settings of integrated gradients.

    baseline : the row that predictions are compared with, a value of each variable as the table
        has them; without it, the mean of the training rows
    """

    baseline: dict[Name, str] = {}


class Shapley(Recipe):
    """Settings of Shapley values.

    background : how many training rows, drawn by random_state, stand for what is not known
    orders : how many random orders of the variables are drawn, where they are too many for all
        coalitions; each is taken backwards, too
    """

    background: int = Field(default=100, ge=1)
    random_state: int = Field(default=0, ge=0, lt=2**32)
    orders: int = Field(default=64, ge=1)


class ConditionalPermutation(Recipe):
    """Settings of permutation given the other variables, beside those of permutation.

    sampler : what tells a variable by the others: "linear" (ridge and logistic regression), or
        "trees" (random forests); without it, linear where all variables are numbers, or none is
    """

    sampler: Literal["linear", "trees"] | None = None


class Published(Recipe):
    """Importance shares that somebody published, in the order of the features."""

    model: Name
    method: Name
    shares: list[Finite]
