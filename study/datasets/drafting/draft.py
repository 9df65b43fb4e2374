"""A first recipe for a table, made by rules that are said."""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from study.common.errors import InputError
from study.common.text import short
from study.datasets.checks.given_split import offered_split, split_by
from study.datasets.checks.table import ColumnFinding
from study.datasets.checks.table_registry import TABLE_CHECKS
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.division import drawn
from study.datasets.drafting import target as of_targets
from study.datasets.drafting.claim_proposal import proposal_scores
from study.datasets.drafting.columns import Kind, kind_of
from study.datasets.drafting.copies import copies, of_copies
from study.datasets.drafting.file_layout import find_layout, no_column
from study.datasets.drafting.leaks import leaks, of_formula, told
from study.datasets.drafting.marks import with_levels
from study.datasets.drafting.notations import doubts, in_words
from study.datasets.drafting.reading import read_together
from study.datasets.drafting.toml import Offers, written
from study.datasets.drafting.variables import Variable, variable_of
from study.datasets.raw_columns import Column, RawTable
from study.recipes.dataset import DatasetRecipe
from study.recipes.table import Proposal, Split

TEST_FRACTION = 0.25
MOST_DROPPED = 0.05  # of the rows; beyond, missing values are imputed
_RANDOM_STATE = 0
PATIENCE = 50  # epochs
_VALIDATION = (
    "{name}: its validation rows are training rows here, of which networks that stop early hold "
    "out some of their own"
)
HALF = Proposal(part=0.5, random_state=_RANDOM_STATE)


@dataclass(frozen=True)
class Draft:
    """A recipe for a table, and why it is as it is.

    layout : how the file is read; left_out, notes : of columns, by name; decide : what the user
    may want to decide otherwise; scores : (variables,) by which linear regression ranks them
    proposed : the places of the variables that a claim may be about, the first ranked first; where
        there is none, the text has no claim
    """

    recipe: DatasetRecipe
    dataset: Dataset
    layout: list[str]
    left_out: dict[str, str]
    notes: dict[str, str]
    decide: list[str]
    scores: np.ndarray
    proposed: list[int]
    text: str


def draft(
    path: Path,
    target: str,
    recipe_path: Path,
    *,
    test_path: Path | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    proposal: Proposal | None = None,
) -> Draft:
    """A recipe for the table at `path`, to be written to `recipe_path`. Raises InputError.

    With a `proposal`, its claim is proposed from those rows, which it leaves out. It loads: it has
    been loaded. Nothing is written.
    """
    table, layout = find_layout(path, target, separator, encoding)
    paths = [path] if test_path is None else [path, test_path]
    columns, lengths = read_together(table, paths)
    if target not in columns:
        raise no_column(path, target, list(columns))
    levels = of_targets.check_target(path, columns[target])
    names = [_relative(each, recipe_path) for each in paths]
    where = {"file": names[0]} if test_path is None else {"train": names[0], "test": names[1]}
    said = table.model_dump(exclude_defaults=True, exclude={"file"})
    made = _Making(path, columns, target, lengths, proposal, levels)

    def recipe_of(variables: Sequence[Variable]) -> DatasetRecipe:
        values = _values(path, {**where, **said}, variables, made, proposal)
        return DatasetRecipe.model_validate(values)

    dataset = _decided(made, recipe_of, recipe_path.parent)
    recipe = dataset.recipe
    scores = proposal_scores(dataset, recipe_path.parent)
    withheld = {*made.found, *told(dataset), *of_formula(dataset)}
    order = np.argsort(-scores, kind="stable")
    proposed = [int(place) for place in order if dataset.variables[place] not in withheld]
    if proposed:
        claim = recipe.claim.model_copy(update={"name": dataset.variables[proposed[0]]})
        recipe = recipe.model_copy(update={"claim": claim})
    offers = made.offers()
    other = of_targets.otherwise(columns[target], levels)
    text = written(recipe, made.left_out, made.notes, offers, other, claimed=bool(proposed))
    _check_text(text, recipe)
    used = [*(variable.name for variable in recipe.variables), target]
    writings = {name: columns[name].writing for name in used}
    grouped = [
        name
        for name, writing in writings.items()
        if columns[name].grouped and writing.notation(table).thousands == table.thousands
    ]
    return Draft(
        recipe,
        replace(dataset, recipe=recipe),
        [*layout, *in_words(writings, table.thousands, grouped)],
        made.left_out,
        made.notes,
        [
            *doubts(writings),
            *made.decide,
            *of_copies(made.groups),
            *_offered(offers),
            *of_targets.of_target(columns[target], levels),
        ],
        scores,
        proposed,
        text,
    )


def _decided(
    made: "_Making", recipe_of: Callable[[Sequence[Variable]], DatasetRecipe], folder: Path
) -> Dataset:
    """The data without what the target is made of, and with copies of a row on one side."""
    recipe = recipe_of(made.variables())
    dataset = load_dataset(recipe, folder)
    gone: dict[str, str] = {}
    # What is made of the target may be made of it in several ways.
    while more := leaks(dataset, made.columns, made.target):
        if len(more) == len(dataset.variables):
            break
        gone |= more
        recipe = recipe_of(made.variables(without=gone))
        dataset = load_dataset(recipe, folder)
    together = copies(recipe, folder)
    if together is None:
        return dataset
    made.keep_together(together)
    return load_dataset(recipe_of(made.variables(without=gone)), folder)


def _values(
    path: Path,
    table: Mapping[str, Any],
    variables: Sequence[Variable],
    made: "_Making",
    proposal: Proposal | None,
) -> dict[str, Any]:
    """What the recipe says, with a claim about the first variable."""
    values: dict[str, Any] = {
        "title": path.stem,
        "source": f"{path.name}",
        "patience": PATIENCE,
        "table": {**table, "missing": made.missing},
        "variables": [_said(variable) for variable in variables],
        "target": of_targets.target_keys(made.target, made.levels),
        "claim": {
            "level": "variable",
            "name": variables[0].name,
            "rank": 1,
            "proportion": 0.8,
            "model": "mlp",
            "method": "permutation-grouped",
            "proposed": proposal is None,
        },
    }
    if made.groups is not None:
        values["equal_rows"] = "together"
    if made.split is not None:
        values["split"] = made.split.model_dump(exclude_none=True)
    if proposal is not None:
        values["proposal"] = proposal.model_dump()
    return values


def _offered(offers: Offers) -> Iterator[str]:
    """What of the offers a user has to decide."""
    for name in offers.groups:
        yield (
            f"rows with the same {short(name)} stand in training and test: its groups line in the "
            "recipe keeps them together"
        )
    for split in offers.splits:
        yield f"{short(str(split.column))} may divide the rows: lines under [split] have it do so"


def _check_text(text: str, recipe: DatasetRecipe) -> None:
    read = tomllib.loads(text)
    read.setdefault("claim", recipe.claim.model_dump(exclude_defaults=True))
    if DatasetRecipe.model_validate(read) != recipe:
        raise AssertionError("what is written says something else")


class _Making:
    """The columns of a table become variables; what is decided on the way is kept."""

    def __init__(
        self,
        path: Path,
        columns: dict[str, Column],
        target: str,
        lengths: Sequence[int],
        proposal: Proposal | None,
        levels: Sequence[str],
    ) -> None:
        self.path, self.lengths, self.proposal = path, lengths, proposal
        self.levels = levels
        self.groups: np.ndarray | None = None
        self.columns, self._of_marks = with_levels(columns)
        self.target = (
            of_targets.as_classes(self.columns[target]) if levels else self.columns[target]
        )
        self.left_out: dict[str, str] = {}
        self.decide: list[str] = []
        self.split, self.parts = self._split()
        self.found = self._found()
        self.left = self._left()

    def keep_together(self, groups: np.ndarray) -> None:
        """Let no split part rows of one group, (rows,) int."""
        self.groups = groups
        self.left = self._left()

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
        return Split(test=TEST_FRACTION, random_state=_RANDOM_STATE), None

    def _found(self) -> dict[str, tuple[str, ColumnFinding]]:
        """What was found of each column that could become a variable: the code, and that."""
        others = tuple(
            column
            for name, column in self.columns.items()
            if column.name != self.target.name and not (self.split and self.split.column == name)
        )
        table = RawTable(others, self.target, tuple(self.lengths))
        found: dict[str, tuple[str, ColumnFinding]] = {}
        for check in TABLE_CHECKS:
            for finding in check.find(table):
                known = found.setdefault(finding.column, (check.code, finding))
                if finding.leave_out and not known[1].leave_out:
                    found[finding.column] = (check.code, finding)
        return found

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
            if column.name == self.target.name or (self.split and self.split.column == name):
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
            list(dict.fromkeys(code for finding in findings for code in finding.codes)),
        )

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
            str(self.path), kept, TEST_FRACTION, _RANDOM_STATE, self.groups, classes
        )


def _relative(path: Path, recipe_path: Path) -> str:
    """The path of a table as its recipe says it."""
    try:
        return Path(os.path.relpath(path.resolve(), recipe_path.parent.resolve())).as_posix()
    except ValueError:  # on another drive
        return path.resolve().as_posix()


def _said(variable: Variable) -> dict[str, Any]:
    return variable.model_dump(exclude_defaults=True) | {"type": variable.type}
