"""The TOML recipes of models and datasets, validated."""

from pydantic import (
    Field,
    model_validator,
)

from study.common.errors import InputError
from study.common.methods import METHODS, METHODS_OF_LEVEL
from study.recipes.base import Name, Recipe, refuse_repeats
from study.recipes.claim import Claim, Permutation, Published, unknown_method
from study.recipes.columns import Numeric, Variable
from study.recipes.table import Split, Table, Target


class DatasetRecipe(Recipe):
    """A dataset: its tables, variables, target and claims.

    table : where the rows are; in its place, `scores` names the file that scores were imported
        from, of models that were trained elsewhere
    claim : the primary one; claims : others declared with it
    learned : a network has learned when its training R² is at least this part of that of
        least squares
    """

    title: Name
    source: str
    table: Table | None = None
    split: Split | None = None
    scores: Name | None = None
    variables: list[Variable] = Field(min_length=1)
    target: Target
    claim: Claim
    claims: list[Claim] = []
    permutation: Permutation = Permutation()
    published: Published | None = None
    learned: float = Field(default=0.8, gt=0, le=1)

    @property
    def features(self) -> list[str]:
        """Names of the features, in the order of the variables."""
        return [feature for variable in self.variables for feature in variable.features]

    @property
    def own_table(self) -> Table:
        """The table. Raises InputError where there are scores in its place."""
        if self.table is None:
            raise InputError(
                f"the recipe holds scores imported from {self.scores}, and no table to train on"
            )
        return self.table

    @model_validator(mode="after")
    def parts_agree(self) -> "DatasetRecipe":
        names = [variable.name for variable in self.variables]
        # What others predict need not have a name.
        refuse_repeats("variable", [*names, *([] if self.scores else [self.target.name])])
        refuse_repeats("feature", self.features)
        if self.scores is not None and self.table is not None:
            raise ValueError("give a table or scores, not both")
        if self.scores is None and self.table is None:
            raise ValueError("table: missing")
        if self.table is not None and self.table.columns is not None:
            refuse_repeats("column", self.table.columns)
        if self.table is not None:
            self._check_split(self.table)
        for place, claim in enumerate([self.claim, *self.claims]):
            key = f"claims.{place}" if place else "claim"
            items = self.features if claim.level == "feature" else names
            if self.scores is None and claim.method not in METHODS:
                raise ValueError(f"{key}.method: {unknown_method(claim.method)}")
            for name in claim.names:
                if name not in items:
                    raise ValueError(f"{key}: no {claim.level} is called '{name}'")
            if claim.top is not None and claim.top >= len(items):
                raise ValueError(f"{key}.top: there are {len(items)} {claim.level}s")
        if self.published and self.published.method not in METHODS:
            raise ValueError(f"published.method: {unknown_method(self.published.method)}")
        if self.published and self.published.method not in METHODS_OF_LEVEL["feature"]:
            raise ValueError(f"published.method {self.published.method} has no scores by feature")
        if self.published and len(self.published.shares) != len(self.features):
            raise ValueError(
                f"published.shares has {len(self.published.shares)} numbers "
                f"for {len(self.features)} features"
            )
        return self

    def _check_split(self, table: Table) -> None:
        whole = table.train is None
        if whole and self.split is None:
            raise ValueError("split: missing; a table of its own train and test rows needs none")
        if not whole and self.split is not None:
            raise ValueError("split: the table has train and test rows already")
        if self.split and self.split.column is not None:
            names = [variable.name for variable in self.variables]
            refuse_repeats("column", [*names, self.target.name, self.split.column])
        numbers = [*(v for v in self.variables if isinstance(v, Numeric)), self.target]
        if table.encoded and any(number.standardise for number in numbers):
            raise ValueError("an encoded table holds features already: no standardise")
