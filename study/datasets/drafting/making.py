"""The columns of a table become variables of a recipe, by rules that are said."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from study.common.errors import InputError
from study.common.text import short
from study.datasets.checks.given_split import offered_split, split_by
from study.datasets.checks.table import ColumnFinding
from study.datasets.checks.table_registry import TABLE_CHECKS
from study.datasets.division import drawn
from study.datasets.drafting import target as of_targets
from study.datasets.drafting.columns import Kind, kind_of
from study.datasets.drafting.known import Known
from study.datasets.drafting.marks import with_levels
from study.datasets.drafting.times import times_in_order
from study.datasets.drafting.toml import Offers
from study.datasets.drafting.variables import Variable, variable_of
from study.datasets.drafting.weights import REASON, surely_weights, weights
from study.datasets.raw_columns import Column, RawTable
from study.recipes.table import Proposal, Split

TEST_FRACTION = 0.25
MOST_DROPPED = 0.05  # of the rows; beyond, missing values are imputed
RANDOM_STATE = 0
_VALIDATION = (
    "{name}: its validation rows are training rows here, of which networks that stop early hold "
    "out some of their own"
)


class Making:
    """The columns of a table become variables; what is decided on the way is kept."""

    def __init__(
        self,
        path: Path,
        columns: dict[str, Column],
        target: str,
        lengths: Sequence[int],
        proposal: Proposal | None,
        levels: Sequence[str],
        known: Known,
    ) -> None:
        self.known = known
        self.path, self.lengths, self.proposal = path, lengths, proposal
        self.levels = levels
        self.groups: np.ndarray | None = None
        self.equal_rows = False
        self.columns, self._of_marks = with_levels(columns)
        self.target = (
            of_targets.as_classes(self.columns[target]) if levels else self.columns[target]
        )
        self.left_out = dict.fromkeys(surely_weights(self._others()), REASON)
        if known.groups is not None:
            self.left_out[known.groups] = "rows with the same value stay together"
        self.decide: list[str] = []
        self.split, self.parts = self._split()
        self.found = self._found()
        self.left = self._left()

    def keep_together(self, groups: np.ndarray) -> None:
        """Let no split part rows of one group, (rows,) int."""
        self.groups = groups
        self.left = self._left()

    def keep_copies_together(self, groups: np.ndarray) -> None:
        """The same of groups that hold the copies of each row."""
        self.equal_rows = True
        self.keep_together(groups)

    def _split(self) -> tuple[Split | None, np.ndarray | None]:
        """How rows are divided, and which are test rows where that is given: (rows,) bool."""
        if len(self.lengths) == 2:
            return None, np.arange(sum(self.lengths)) >= self.lengths[0]
        for column in self.columns.values():
            split = None if column.name == self.target.name else split_by(column)
            if split is not None:
                if not isinstance(split.train, str):
                    self.decide.append(_VALIDATION.format(name=short(column.name)))
                return split, column.codes == column.texts.index(str(split.test))
        return Split(test=TEST_FRACTION, random_state=RANDOM_STATE), None

    def _found(self) -> dict[str, tuple[str, ColumnFinding]]:
        """What was found of each column that could become a variable: the code, and that."""
        others = tuple(
            column
            for name, column in self.columns.items()
            if column.name != self.target.name and not self._divides(name)
        )
        table = RawTable(others, self.target, tuple(self.lengths))
        found: dict[str, tuple[str, ColumnFinding]] = {}
        for check in TABLE_CHECKS:
            for finding in check.find(table):
                known = found.setdefault(finding.column, (check.code, finding))
                if finding.leave_out and not known[1].leave_out:
                    found[finding.column] = (check.code, finding)
        return found

    def _divides(self, name: str) -> bool:
        """Whether a column says which rows are test rows, or which stay together."""
        return name == self.known.groups or (self.split is not None and self.split.column == name)

    def _left(self) -> np.ndarray:
        """Which rows are left when the claim has been proposed from others: (rows,) bool."""
        every = np.ones(len(self.target.codes), dtype=bool)
        if self.proposal is None:
            return every
        could_train = every if self.parts is None else ~self.parts
        part, random_state = self.proposal.part, self.proposal.random_state
        return ~drawn(str(self.path), could_train, part, random_state, self.groups)

    @property
    def missing(self) -> str:
        """What becomes of missing values: refuse, drop or impute."""
        offered = any(finding.codes for _, finding in self.found.values())
        # The line of marks that is offered must load once its # is taken away.
        return "impute" if offered and self._missing == "refuse" else self._missing

    def variables(self, without: Mapping[str, str] | None = None) -> list[Variable]:
        """The variables of the recipe, but for some with their reasons. Raises InputError."""
        self.left_out |= without or {}
        self.notes = dict(self._of_marks)
        kinds = self._kinds()
        while True:
            # A column that goes may leave more rows whole, so that all is looked at again.
            train = self._training([self.columns[name] for name in kinds])
            if train.sum() < 2:
                raise InputError(f"{self.path}: too few rows: {train.sum()} would be for training")
            made: dict[str, Variable] = {}
            gone, notes = {}, {}
            taken: set[str] = set()
            for name, kind in kinds.items():
                variable, said = variable_of(self.columns[name], kind, train)
                if variable and taken & set(variable.features):
                    variable, said = None, "its features would have the names of another's"
                if variable is None:
                    gone[name] = said
                else:
                    made[name] = variable
                    taken |= set(variable.features)
                    notes[name] = said
            if not gone:
                break
            self.left_out |= gone
            kinds = {name: kind for name, kind in kinds.items() if name not in gone}
            if not kinds:
                break
        if not made:
            reasons = "; ".join(
                f"{short(name)}: {said}" for name, said in list(self.left_out.items())[:3]
            )
            raise InputError(
                f"{self.path}: no column is left to predict {self.target.name} from ({reasons})"
            )
        for name, said in notes.items():
            self._note(name, said)
        self._train = train
        return list(made.values())

    def _kinds(self) -> dict[str, Kind]:
        """What kind of variable each column is that can be one; the others are left out."""
        kinds = {}
        for name, column in self.columns.items():
            if column.name == self.target.name or self._divides(name):
                continue
            kind, said = kind_of(column)
            code, finding = self.found.get(name, ("", None))
            if name in self.left_out:
                continue
            if name and finding is not None and finding.leave_out:
                self.left_out[name] = f"{finding.reason} ({code})"
            elif kind is None:
                self.left_out[name or "(no name)"] = said
            else:
                kinds[name] = kind
                self._note(name, f"{code}: {finding.reason}" if finding is not None else said)
        return kinds

    def _note(self, name: str, said: str) -> None:
        if said:
            known = self.notes.get(name)
            self.notes[name] = f"{known}; {said}" if known else said

    def offers(self) -> Offers:
        """What the recipe may say in place of what it says."""
        variables, splits = {}, []
        for name in self.left_out.keys() & self.columns.keys():
            column = self.columns[name]
            kind, _ = kind_of(column)
            variable = variable_of(column, kind, self._train)[0] if kind else None
            if variable is not None:
                variables[name] = variable
        for name, (code, _) in self.found.items():
            split = offered_split(self.columns[name]) if code == "T003" else None
            if split is not None and len(self.lengths) == 1:
                splits.append(split)
        findings = [finding for _, finding in self.found.values()]
        return Offers(
            variables,
            splits,
            [finding.column for finding in findings if finding.repeats],
            self._times(),
            list(weights(self._others())),
            list(dict.fromkeys(code for finding in findings for code in finding.codes)),
            [name for name, of in self.columns.items() if self._is_imputed(of)],
        )

    def _times(self) -> list[str]:
        """Columns by which rows may be put in time, where nothing else keeps them together."""
        if self.groups is not None or self.parts is not None:
            return []
        return list(times_in_order(self._others()))

    def _others(self) -> list[Column]:
        """All columns but the target."""
        return [column for column in self.columns.values() if column.name != self.target.name]

    def _is_imputed(self, column: Column) -> bool:
        return self.missing == "impute" and bool(column.missing[self._train].any())

    def _training(self, columns: Sequence[Column]) -> np.ndarray:
        """Which rows are training rows, once rows are dropped: (rows,) bool."""
        gone = np.zeros(len(self.target.codes), dtype=bool)
        for column in columns:
            gone |= column.missing
        no_target = self.target.missing
        if not (gone | no_target).any():
            self._missing, kept = "refuse", ~no_target
        elif (gone & ~no_target).mean() <= MOST_DROPPED:
            self._missing, kept = "drop", ~(gone | no_target)
        else:
            self._missing, kept = "impute", ~no_target
        kept &= self.left
        if self.parts is not None:
            return kept & ~self.parts
        classes = of_targets.class_places(self.target, self.levels) if self.groups is None else None
        return kept & ~drawn(
            str(self.path), kept, TEST_FRACTION, RANDOM_STATE, self.groups, classes
        )
