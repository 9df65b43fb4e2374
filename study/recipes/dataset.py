"""The TOML recipes of models and datasets, validated."""

from typing import Any, Literal

from pydantic import (
    Field,
    model_validator,
)

from study.common.errors import InputError
from study.common.fit_measures import fit_measures
from study.common.methods import METHODS, METHODS_OF_LEVEL, scored_by, unknown_method
from study.common.task import Task
from study.recipes.base import Name, Recipe, refuse_repeats
from study.recipes.claim import (
    Claim,
    ConditionalPermutation,
    IntegratedGradient,
    Permutation,
    Published,
    Shapley,
)
from study.recipes.columns import Date, Missing, Numeric, Variable
from study.recipes.table import Proposal, Split, Table
from study.recipes.target import NumericTarget, Target


class DatasetRecipe(Recipe):
    """A dataset: its tables, variables, target and claims.

    table : where the rows are; in its place, `scores` names the file that scores were imported
        from, of models that were trained elsewhere; smaller_is_better : methods whose scores were
        turned, since the smaller mattered more; absent : "zero" where features without a score
        count as 0
    groups : a column of the table; rows that hold the same text there go to the same side of every
        split, and it is no variable
    variable_groups : variables that are permuted and scored together as well, by the name of their
        group; among groups, a variable that is of none stands for itself
    equal_rows : rows that are equal in all variables, whatever their target, do so, too
    time : a column of the table, of numbers or dates; rows are put in its order, and test rows are
        later than training rows; it may be a variable, too
    weight : a column of the table, of numbers of 0 or more, in proportion to which rows count in
        training, fits and scores; it is no variable
    proposal : the rows that the primary claim was proposed from, which are left out
    claim : the primary one; claims : others declared with it
    patience : of all networks whose own recipes name none, as in `recipes.model.Protocol`
    learned : a network has learned when its R² on the test rows (of classes: D², see
        `common.explained`) is at least this part of that of the best model
    fit : there is a verdict on models whose R² on held-out rows is at least this part of that
    """

    title: Name
    source: str
    patience: int | None = Field(default=None, ge=1)
    table: Table | None = None
    groups: Name | None = None
    equal_rows: Literal["together"] | None = None
    time: Name | None = None
    weight: Name | None = None
    split: Split | None = None
    proposal: Proposal | None = None
    scores: Name | None = None
    smaller_is_better: list[Name] = []
    absent: Literal["zero"] | None = None
    variables: list[Variable] = Field(min_length=1)
    variable_groups: dict[Name, list[Name]] = {}
    target: Target
    claim: Claim
    claims: list[Claim] = []
    permutation: Permutation = Permutation()
    integrated_gradient: IntegratedGradient = IntegratedGradient()
    conditional_permutation: ConditionalPermutation = ConditionalPermutation()
    shapley: Shapley = Shapley()
    published: Published | None = None
    learned: float = Field(default=0.8, gt=0, le=1)
    fit: float = Field(default=0.5, gt=0, le=1)

    @property
    def features(self) -> list[str]:
        """Names of the features, in the order of the variables."""
        return [feature for variable in self.variables for feature in variable.features]

    @property
    def blocks(self) -> dict[str, list[str]]:
        """The variables of each group, which stands where its first one does, and of each variable
        that is of none; nothing where the recipe names no groups."""
        if not self.variable_groups:
            return {}
        group_of = {of: name for name, members in self.variable_groups.items() for of in members}
        found: dict[str, list[str]] = {}
        for variable in self.variables:
            found.setdefault(group_of.get(variable.name, variable.name), []).append(variable.name)
        return found

    def items(self, level: str) -> list[str]:
        """The names of what there is at a level of scores."""
        if level == "feature":
            return self.features
        return list(self.blocks) if level == "group" else [of.name for of in self.variables]

    def scored(self, level: str) -> list[str]:
        """The names that methods give scores by: variables, and groups of them, or features."""
        groups = list(self.variable_groups) if level == "variable" else []
        return [*self.items(level), *groups]

    def scored_by(self, method: str) -> str:
        """The level of the scores of a method as they are stored: those imported are by feature,
        whatever their method is called."""
        return "feature" if self.scores else scored_by(method)

    @property
    def missing(self) -> list[Missing]:
        """What becomes of missing values, of each variable and last of the target."""
        of_table = self.own_table.missing
        return [*(variable.missing or of_table for variable in self.variables), of_table]

    @property
    def task(self) -> Task:
        """What models learn of a row."""
        return self.target.task

    @property
    def score(self) -> str:
        """The score whose drop permutation importance is, as it is called."""
        measures, named = fit_measures(self.task), self.permutation.scoring
        return measures.symbol if named in (None, measures.scorer) else str(named)

    def told(self, text: str) -> str:
        """What a method's words are of such a target."""
        return text.format(score=self.score, predicted=self.task.predicted)

    @property
    def groups_rows(self) -> bool:
        """Whether some rows go to the same side of every split."""
        return self.groups is not None or self.equal_rows is not None

    @property
    def stratified(self) -> bool:
        """Whether a split that is drawn has of each class the same part."""
        return self.task.classes and not self.groups_rows and self.time is None

    @property
    def drawn(self) -> str:
        """What halves of the rows are put together of, in words."""
        if self.time is not None:
            return "blocks"
        return "groups" if self.groups_rows else "rows"

    @property
    def kept_together(self) -> str:
        """Which rows these are, in words."""
        by_column = [] if self.groups is None else [f"with the same {self.groups}"]
        by_value = [] if self.equal_rows is None else ["that are equal in all variables"]
        return f"rows {' or '.join([*by_column, *by_value])}"

    @property
    def proposed_from(self) -> str:
        """Which rows the part under `proposal` is a part of, in words."""
        draws_test_rows = self.split is not None and self.split.column is None
        rows = "rows" if draws_test_rows else "training rows"
        return f"groups of {rows}" if self.groups_rows else rows

    @property
    def proposal_by(self) -> str:
        """How the part under `proposal` was chosen, in words."""
        if self.time is not None:
            return f"the first by {self.time}"
        state = None if self.proposal is None else self.proposal.random_state
        return f"drawn at random (random_state {state})"

    @property
    def test_units(self) -> str:
        """What test rows that are a part of the rows are counted by, in words."""
        return "groups" if self.groups_rows else "rows"

    @property
    def test_of(self) -> str:
        """Of what test rows that are a part of the rows are that part, in words."""
        return f"{self.test_units} of each class" if self.stratified else self.test_units

    @property
    def test_by(self) -> str:
        """How test rows that are a part of the rows were chosen, in words."""
        if self.time is not None:
            return f"the last by {self.time}"
        state = None if self.split is None else self.split.random_state
        return f"drawn at random (random_state {state})"

    @property
    def own_table(self) -> Table:
        """The table. Raises InputError where there are scores in its place."""
        if self.table is None:
            raise InputError(
                f"the recipe holds scores imported from {self.scores}, and no table to train on"
            )
        return self.table

    @model_validator(mode="before")
    @classmethod
    def indicator_of_the_table_is_each_variables(cls, values: Any) -> Any:
        """Features follow from what variables say alone."""
        table = values.get("table") if isinstance(values, dict) else None
        if not isinstance(table, dict) or table.get("missing") != "indicator":
            return values
        variables = values.get("variables")
        if not isinstance(variables, list):
            return values
        told = [{"missing": "indicator", **of} if isinstance(of, dict) else of for of in variables]
        return {**values, "variables": told}

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
        if self.groups_rows:
            self._check_groups(names)
        if self.time is not None:
            self._check_time()
        if self.weight is not None:
            self._check_weight(self.weight, names)
        if self.proposal is not None:
            self._check_proposal()
        self._check_variable_groups(names)
        for place, claim in enumerate([self.claim, *self.claims]):
            key = f"claims.{place}" if place else "claim"
            items = self.items(claim.level)
            if claim.level == "group" and not items:
                raise ValueError(f"{key}.level: there are no [variable_groups]")
            if self.scores is None and claim.method not in METHODS:
                raise ValueError(f"{key}.method: {unknown_method(claim.method)}")
            if self.scores is None and claim.method not in METHODS_OF_LEVEL[claim.level]:
                raise ValueError(f"{key}: method {claim.method} has no scores by {claim.level}")
            for name in claim.names:
                if name not in items:
                    raise ValueError(f"{key}: no {claim.level} is called '{name}'")
            self._check_class(key, claim)
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

    @model_validator(mode="after")
    def only_scores_are_turned(self) -> "DatasetRecipe":
        if self.scores is None and (self.smaller_is_better or self.absent):
            raise ValueError("smaller_is_better, absent: of imported scores alone")
        return self

    def _check_class(self, key: str, claim: Claim) -> None:
        levels = self.task.levels
        if claim.for_class is not None and claim.for_class not in levels:
            there = f"there is {', '.join(levels)}" if levels else "the target is a number"
            raise ValueError(f"{key}.for_class: no class is called '{claim.for_class}': {there}")

    def _check_groups(self, names: list[str]) -> None:
        if self.table is None:
            raise ValueError("groups, equal_rows: there is no table whose rows could be split")
        if self.groups in names:
            raise ValueError(
                f"groups: '{self.groups}' is a variable, too, and what tells which rows belong "
                "together is none: take one of the two away"
            )
        if self.groups == self.target.name:
            raise ValueError(f"groups: '{self.groups}' is the target: name another column")

    def _check_time(self) -> None:
        if self.table is None:
            raise ValueError("time: there is no table whose rows could be put in order")
        if self.time == self.target.name:
            raise ValueError(f"time: '{self.time}' is the target: name another column")
        if self.groups_rows:
            key = "groups" if self.groups is not None else "equal_rows"
            raise ValueError(
                f"time, {key}: rows are drawn by time or by groups, not by both: take one of the "
                "two away"
            )

    def _check_weight(self, weight: str, names: list[str]) -> None:
        if self.table is None:
            raise ValueError("weight: there is no table whose rows could be weighted")
        if weight == self.target.name:
            raise ValueError(f"weight: '{weight}' is the target: name another column")
        if weight in names or weight in self.features:
            raise ValueError(
                f"weight: '{weight}' is a variable, too, and what tells how much rows count is "
                "none: take one of the two away"
            )
        others = {"groups": self.groups, "time": self.time}
        others |= {"split.column": self.split.column if self.split else None}
        for key, column in others.items():
            if weight == column:
                raise ValueError(f"weight: '{weight}' is {key}, too: name another column")

    def _check_variable_groups(self, names: list[str]) -> None:
        for name, members in self.variable_groups.items():
            if name in names:
                raise ValueError(f"variable_groups: '{name}' is a variable: give another name")
            if len(set(members)) < 2:
                raise ValueError(f"variable_groups.{name}: a group has two variables at least")
            for member in members:
                if member not in names:
                    raise ValueError(f"variable_groups.{name}: no variable is called '{member}'")
        every = [member for members in self.variable_groups.values() for member in members]
        refuse_repeats("variable_groups: variable", every)

    def _check_proposal(self) -> None:
        if self.table is None:
            raise ValueError("proposal: there is no table whose rows could be left out")
        if self.claim.proposed:
            raise ValueError(
                "claim.proposed: a claim from rows that are left out ([proposal]) is new to those "
                "that test it: take one of the two away"
            )

    def _check_split(self, table: Table) -> None:
        whole = table.train is None
        if whole and self.split is None:
            raise ValueError("split: missing; a table of its own train and test rows needs none")
        if not whole and self.split is not None:
            raise ValueError("split: the table has train and test rows already")
        if self.split and self.split.column is not None:
            names = [variable.name for variable in self.variables]
            refuse_repeats("column", [*names, self.target.name, self.split.column])
        columns = [*self.variables, self.target]
        numbers = [of for of in columns if isinstance(of, Numeric | NumericTarget)]
        if table.encoded and any(number.standardise for number in numbers):
            raise ValueError("an encoded table holds features already: no standardise")
        if table.encoded and any(isinstance(variable, Date) for variable in self.variables):
            raise ValueError("an encoded table holds features already: no dates")
        if table.encoded and any(variable.keeps_missing for variable in self.variables):
            raise ValueError("an encoded table holds features already: no missing indicators")
        if table.encoded and isinstance(self.target, NumericTarget) and self.target.scale:
            raise ValueError("an encoded table holds a scaled target already: no scale")
