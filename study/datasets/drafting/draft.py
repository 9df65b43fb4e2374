"""A first recipe for a table, made by rules that are said."""

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from study.common.errors import InputError
from study.common.text import short
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.division import drawn
from study.datasets.drafting.claim_proposal import proposal_scores
from study.datasets.drafting.columns import (
    MISSING,
    NUMBER,
    Column,
    Kind,
    kind_of,
    read_tables,
)
from study.datasets.drafting.copies import copies, of_copies
from study.datasets.drafting.file_layout import find_layout, no_column
from study.datasets.drafting.notations import doubts, in_words
from study.datasets.drafting.toml import written
from study.recipes.columns import Binary, Numeric, OneHot
from study.recipes.dataset import DatasetRecipe
from study.recipes.table import Proposal, Split, Table

TEST_FRACTION = 0.25
FEWEST_ROWS = 5  # training rows of a level that stands for itself
MOST_LEVELS = 20
MOST_DROPPED = 0.05  # of the rows; beyond, missing values are imputed
PARTS = ("set", "split", "part", "partition", "subset", "sample", "fold")
_TRAIN, _TEST = ("train", "training"), ("test", "testing", "holdout")
_RANDOM_STATE = 0
PATIENCE = 50  # epochs
_FAR = 3  # interquartile ranges beyond the quartiles (Tukey's far out values)
HALF = Proposal(part=0.5, random_state=_RANDOM_STATE)
Variable = Binary | Numeric | OneHot


@dataclass(frozen=True)
class Draft:
    """A recipe for a table, and why it is as it is.

    layout : how the file is read; left_out, notes : of columns, by name; decide : what the user
    may want to decide otherwise; scores : (variables,) by which linear regression ranks them
    """

    recipe: DatasetRecipe
    dataset: Dataset
    layout: list[str]
    left_out: dict[str, str]
    notes: dict[str, str]
    decide: list[str]
    scores: np.ndarray
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
    columns, lengths = _read(table, paths)
    if target not in columns:
        raise no_column(path, target, list(columns))
    _check_target(path, columns[target])
    names = [_relative(each, recipe_path) for each in paths]
    made = _Making(path, columns, target, lengths, proposal)
    where = {"file": names[0]} if test_path is None else {"train": names[0], "test": names[1]}
    said = table.model_dump(exclude_defaults=True, exclude={"file"})
    values: dict[str, Any] = {
        "title": path.stem,
        "source": f"{path.name}",
        "patience": PATIENCE,
        "table": {**where, **said},
        "target": {
            "name": target,
            "standardise": True,
            "tolerance": 0.1,
            **columns[target].writing.keys,
        },
        "claim": {
            "level": "variable",
            "rank": 1,
            "proportion": 0.8,
            "model": "mlp",
            "method": "permutation-grouped",
            "proposed": proposal is None,
        },
    }
    if made.split is not None:
        values["split"] = made.split.model_dump(exclude_none=True)
    if proposal is not None:
        values["proposal"] = proposal.model_dump()
    variables = _decided(values, made)
    together = copies(DatasetRecipe.model_validate(values), recipe_path.parent)
    if together is not None:
        made = _Making(path, columns, target, lengths, proposal, together)
        variables = _decided(values, made)
        values["equal_rows"] = "together"
    dataset = load_dataset(DatasetRecipe.model_validate(values), recipe_path.parent)
    scores = proposal_scores(dataset, recipe_path.parent)
    values["claim"]["name"] = variables[int(scores.argmax())].name
    recipe = DatasetRecipe.model_validate(values)
    text = written(recipe, made.left_out, made.notes)
    if DatasetRecipe.model_validate(tomllib.loads(text)) != recipe:
        raise AssertionError("what is written says something else")
    used = [*(variable.name for variable in variables), target]
    writings = {name: columns[name].writing for name in used}
    return Draft(
        recipe,
        replace(dataset, recipe=recipe),
        [*layout, *in_words(writings)],
        made.left_out,
        made.notes,
        [*doubts(writings), *made.decide, *of_copies(together), *_of_target(columns[target])],
        scores,
        text,
    )


def _decided(values: dict[str, Any], made: "_Making") -> list[Variable]:
    """Put into a recipe what follows from the rows that train; its variables. Raises InputError."""
    variables = made.variables()
    values["variables"] = [_said(variable) for variable in variables]
    values["table"]["missing"] = made.missing
    values["claim"]["name"] = variables[0].name
    return variables


def _read(table: Table, paths: Sequence[Path]) -> tuple[dict[str, Column], list[int]]:
    """The columns of one table, or of training and test rows one below the other."""
    parts = read_tables(table, paths)
    lengths = [len(next(iter(part.values())).codes) for part in parts]
    if len(parts) == 1:
        return parts[0], lengths
    train, test = parts
    for name in train:
        if name not in test:
            raise no_column(paths[1], name, list(test))
    return {name: _joined(train[name], test[name]) for name in train}, lengths


def _joined(first: Column, second: Column) -> Column:
    """The rows of two columns, one below the other."""
    texts = {text: place for place, text in enumerate(dict.fromkeys([*first.texts, *second.texts]))}
    # The last two are those of the codes -2 and -1.
    places = np.array([*(texts[text] for text in second.texts), NUMBER, MISSING], dtype=np.int32)
    return Column(
        first.name,
        np.concatenate([first.numbers, second.numbers]),
        np.concatenate([first.codes, places[second.codes]]),
        tuple(texts),
        tuple(dict.fromkeys([*first.marked, *second.marked])),
        writing=first.writing,
    )


class _Making:
    """The columns of a table become variables; what is decided on the way is kept."""

    def __init__(
        self,
        path: Path,
        columns: dict[str, Column],
        target: str,
        lengths: Sequence[int],
        proposal: Proposal | None,
        groups: np.ndarray | None = None,
    ) -> None:
        self.groups = groups
        self.path, self.columns, self.lengths = path, columns, lengths
        self.target = columns[target]
        self.left_out: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.decide: list[str] = []
        self.split, self.parts = self._split()
        self.left = self._left(proposal)

    def _split(self) -> tuple[Split | None, np.ndarray | None]:
        """How rows are divided, and which are test rows where that is given: (rows,) bool."""
        if len(self.lengths) == 2:
            return None, np.arange(sum(self.lengths)) >= self.lengths[0]
        for column in self.columns.values():
            if column is self.target or column.name.lower() not in PARTS:
                continue
            by_word = {text.lower(): text for text in column.texts}
            train = next((by_word[word] for word in _TRAIN if word in by_word), None)
            test = next((by_word[word] for word in _TEST if word in by_word), None)
            if train and test and len(column.texts) == 2 and not column.missing.any():
                split = Split(test=test, column=column.name, train=train)
                return split, column.codes == column.texts.index(test)
        return Split(test=TEST_FRACTION, random_state=_RANDOM_STATE), None

    def _left(self, proposal: Proposal | None) -> np.ndarray:
        """Which rows are left when the claim has been proposed from others: (rows,) bool."""
        every = np.ones(len(self.target.codes), dtype=bool)
        if proposal is None:
            return every
        could_train = every if self.parts is None else ~self.parts
        part, random_state = proposal.part, proposal.random_state
        return ~drawn(str(self.path), could_train, part, random_state, self.groups)

    @property
    def missing(self) -> str:
        """What becomes of missing values: refuse, drop or impute."""
        return self._missing

    def variables(self) -> list[Variable]:
        """The variables of the recipe. Raises InputError if there are none."""
        kinds = self._kinds()
        while True:
            # A column that goes may leave more rows whole, so that all is looked at again.
            train = self._training([self.columns[name] for name in kinds])
            if train.sum() < 2:
                raise InputError(f"{self.path}: too few rows: {train.sum()} would be for training")
            made: dict[str, Variable] = {}
            gone = {}
            taken: set[str] = set()
            for name, kind in kinds.items():
                column = self.columns[name]
                variable, said = _variable(column, kind, train)
                if variable and taken & set(variable.features):
                    variable, said = None, "its features would have the names of another's"
                if variable is None:
                    gone[name] = said
                else:
                    made[name] = variable
                    taken |= set(variable.features)
                    if said:
                        self.notes[name] = said
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
        return list(made.values())

    def _kinds(self) -> dict[str, Kind]:
        """What kind of variable each column is that can be one; the others are left out."""
        kinds = {}
        for name, column in self.columns.items():
            if column is self.target or (self.split and self.split.column == name):
                continue
            kind, said = kind_of(column)
            if column.marked and column.others:
                self.decide.append(
                    f"{short(name)}: {', '.join(repr(mark) for mark in column.marked)} is read as "
                    "a missing value; if it is a level, add it to the levels: a level goes before "
                    "missing_marks"
                )
            if kind is None:
                self.left_out[name or "(no name)"] = said
                continue
            kinds[name] = kind
            if said:
                self.notes[name] = said
        return kinds

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
        return kept & ~drawn(str(self.path), kept, TEST_FRACTION, _RANDOM_STATE, self.groups)


def _variable(column: Column, kind: str, train: np.ndarray) -> tuple[Variable | None, str]:
    """The variable that a column becomes by its training rows, or none, and why."""
    if kind == "numeric":
        known = np.unique(column.numbers[train & ~column.missing])
        if len(known) < 2:
            return None, "the same in all training rows"
        return Numeric(
            name=column.name, type="numeric", standardise=True, **column.writing.keys
        ), ""
    counts = np.bincount(column.codes[train & (column.codes >= 0)], minlength=len(column.texts))
    if kind == "binary":
        if (counts > 0).sum() < 2:
            return None, "the same in all training rows"
        texts = sorted(column.texts)
        if not column.others:
            texts.sort(key=column.number_of)
        return Binary(
            name=column.name, type="binary", levels=dict(zip(texts, (0.0, 1.0), strict=True))
        ), ""
    return _one_hot(column, counts, train)


def _one_hot(column: Column, counts: np.ndarray, train: np.ndarray) -> tuple[OneHot | None, str]:
    """Levels of at least five training rows, the most frequent ones; the rest is one level."""
    known = int((train & ~column.missing).sum())
    order = sorted(range(len(counts)), key=lambda code: (-counts[code], column.texts[code]))
    often = [code for code in order if counts[code] >= FEWEST_ROWS]
    rest = len(order) - len(often) + bool((column.codes == NUMBER).any())
    if rest or len(often) > MOST_LEVELS:
        often = often[: MOST_LEVELS - 1]
        # What stands for the rest must be met often enough as well.
        while often and known - sum(counts[often]) < FEWEST_ROWS:
            often.pop()
    pooled = known - sum(counts[often])
    if pooled > known / 2:
        return None, (
            f"{len(order)} different texts, most of them rare: group them, and it can be used"
        )
    if len(often) + bool(pooled) < 2:
        return None, "one level in all training rows"
    levels = [column.texts[code] for code in often]
    if not pooled:
        return OneHot(name=column.name, type="one-hot", levels=sorted(levels)), ""
    if "other" not in levels:
        levels.append("other")
    merged = len(order) - len(often)
    return (
        OneHot(name=column.name, type="one-hot", levels=sorted(levels), other="other"),
        f"{merged} of its levels, the rarest ({pooled} training rows), are one, 'other': those of "
        f"fewer than {FEWEST_ROWS} rows, and all beyond {MOST_LEVELS}",
    )


def _check_target(path: Path, target: Column) -> None:
    """Refuse a target that nothing can be learned of."""
    where = f"{path}, column {target.name}"
    if target.missing.all():
        raise InputError(f"{where}: the target has no value in any row")
    if target.writing.unread:
        raise InputError(f"{where}: {target.writing.unread}")
    others = target.others
    if others:
        place = int(np.flatnonzero(target.codes == target.texts.index(others[0]))[0]) + 1
        raise InputError(
            f"{where}: the target must be a number, but row {place} below the header holds "
            f"'{short(others[0])}'; where that is a missing value, leave the cell empty"
        )
    if len(np.unique(target.known)) == 1:
        raise InputError(f"{where}: the target is {target.known[0]:g} in every row")


def _of_target(target: Column) -> list[str]:
    """What is to be known of a target."""
    known = target.known
    low, high = np.quantile(known, [0.25, 0.75])
    far = (known < low - _FAR * (high - low)) | (known > high + _FAR * (high - low))
    said = []
    if far.any() and high > low:
        worst = known[np.abs(known - np.median(known)).argmax()]
        remedy = (
            "; if it is skewed, a column of its logarithm may serve better"
            if known.min() > 0
            else ""
        )
        said.append(
            f"{far.sum()} of {len(known)} values of {target.name} lie far out (beyond {_FAR} "
            f"interquartile ranges; the farthest is {worst:g}): they weigh most in a squared "
            f"error{remedy}"
        )
    if known.min() <= 0:
        said.append(
            f"{target.name} has values of 0 or less, near which a relative error says nothing: "
            "read R², not the part of rows within the tolerance"
        )
    if len(np.unique(known)) == 2:
        said.append(f"{target.name} has two values only: it is predicted as a number all the same")
    return said


def _relative(path: Path, recipe_path: Path) -> str:
    """The path of a table as its recipe says it."""
    try:
        return Path(os.path.relpath(path.resolve(), recipe_path.parent.resolve())).as_posix()
    except ValueError:  # on another drive
        return path.resolve().as_posix()


def _said(variable: Variable) -> dict[str, Any]:
    return variable.model_dump(exclude_defaults=True) | {"type": variable.type}
