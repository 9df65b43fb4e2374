"""A first recipe for a table, made by rules that are said."""

import os
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from study.common.errors import InputError
from study.common.methods import METHODS_OF_LEVEL
from study.common.text import short
from study.datasets.dataset import Dataset, load_dataset
from study.datasets.drafting import target as of_targets
from study.datasets.drafting.alike import alike
from study.datasets.drafting.alike import told as together
from study.datasets.drafting.claim_proposal import proposal_scores
from study.datasets.drafting.copies import copies, of_copies, subjects
from study.datasets.drafting.file_layout import find_layout, no_column
from study.datasets.drafting.known import NOTHING, Known
from study.datasets.drafting.leaks import leaks, of_formula, told, told_where_known
from study.datasets.drafting.making import RANDOM_STATE, Making
from study.datasets.drafting.notations import doubts, in_words
from study.datasets.drafting.reading import read_together
from study.datasets.drafting.spans import named_spans
from study.datasets.drafting.toml import written
from study.datasets.drafting.variables import Variable
from study.datasets.notation import Writing
from study.datasets.raw_columns import Column
from study.recipes.claim import Claim
from study.recipes.claim_text import parse_claim
from study.recipes.columns import Date
from study.recipes.dataset import DatasetRecipe
from study.recipes.table import Proposal, Table

PATIENCE = 50  # epochs
HALF = Proposal(part=0.5, random_state=RANDOM_STATE)


@dataclass(frozen=True)
class Draft:
    """A recipe for a table, and why it is as it is.

    layout : how the file is read; left_out, notes : of columns, by name; decide : what the user
    may want to decide otherwise; scores : (variables,) by which linear regression ranks them
    proposed : the places of the variables that a claim may be about, the first ranked first; where
        there is none, the text has no claim
    held : whether the claim was given, in place of one that is proposed
    """

    recipe: DatasetRecipe
    dataset: Dataset
    layout: list[str]
    left_out: dict[str, str]
    notes: dict[str, str]
    decide: list[str]
    scores: np.ndarray
    proposed: list[int]
    held: bool
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
    claim: str | None = None,
    known: Known = NOTHING,
) -> Draft:
    """A recipe for the table at `path`, to be written to `recipe_path`. Raises InputError.

    With a `proposal`, its claim is proposed from those rows, which it leaves out; `claim` is one
    in words that stands in place of any proposed; `known` is told beforehand, and not inferred. It
    loads: it has been loaded. Nothing is written.
    """
    table, layout = find_layout(path, target, separator, encoding)
    paths = [path] if test_path is None else [path, test_path]
    columns, lengths = read_together(table, paths)
    columns = known.of(columns)
    if target not in columns:
        raise no_column(path, target, list(columns))
    levels = of_targets.check_target(path, columns[target], known.task)
    names = [_relative(each, recipe_path) for each in paths]
    where = {"file": names[0]} if test_path is None else {"train": names[0], "test": names[1]}
    said = table.model_dump(exclude_defaults=True, exclude={"file"})
    made = Making(path, columns, target, lengths, proposal, levels, known)

    def recipe_of(variables: Sequence[Variable]) -> DatasetRecipe:
        values = _values(path, {**where, **said}, variables, made, proposal)
        return DatasetRecipe.model_validate(values)

    dataset = _decided(made, recipe_of, recipe_path.parent)
    recipe = dataset.recipe
    scores = proposal_scores(dataset, recipe_path.parent)
    hidden = told_where_known(dataset, made.columns, made.target)
    spans = dict(named_spans(recipe.variables, made.columns))
    proposed = _proposed(dataset, scores, {*made.found, *hidden, *spans})
    if claim is not None:
        recipe = recipe.model_copy(update={"claim": _held(claim, recipe, made.left_out)})
    elif proposed:
        first = {"name": dataset.variables[proposed[0]]}
        recipe = recipe.model_copy(update={"claim": recipe.claim.model_copy(update=first)})
    offers = replace(made.offers(), alike=alike(dataset))
    other = of_targets.otherwise(columns[target], levels)
    claimed = claim is not None or bool(proposed)
    text = written(recipe, made.left_out, made.notes, offers, other, claimed=claimed)
    _check_text(text, recipe)
    used = [*(variable.name for variable in recipe.variables), target]
    writings = {name: columns[name].writing for name in used}
    return Draft(
        recipe,
        replace(dataset, recipe=recipe),
        [*layout, *in_words(writings, table.thousands, _grouped(columns, writings, table))],
        made.left_out,
        made.notes,
        [
            *doubts(writings),
            *made.decide,
            *_not_claimed(hidden, spans),
            *of_copies(made.groups if made.equal_rows and known.groups is None else None),
            *offers.to_decide(),
            *together(offers.alike),
            *([] if known.task else of_targets.of_target(columns[target], levels)),
        ],
        scores,
        proposed,
        claim is not None,
        text,
    )


def _proposed(dataset: Dataset, scores: np.ndarray, found: set[str]) -> list[int]:
    """Places of the variables that a claim may be proposed of, the greatest score first.

    Neither of those that were found to say something else, nor of what the target is made of or
    tells, nor of dates.
    """
    dates = {of.name for of in dataset.recipe.variables if isinstance(of, Date)}
    withheld = {*found, *told(dataset), *of_formula(dataset), *dates}
    order = np.argsort(-scores, kind="stable")
    return [int(place) for place in order if dataset.variables[place] not in withheld]


def _grouped(
    columns: Mapping[str, Column], writings: Mapping[str, Writing], table: Table
) -> list[str]:
    """The columns whose thousands are grouped as in the table."""
    return [
        name
        for name, writing in writings.items()
        if columns[name].grouped and writing.notation(table).thousands == table.thousands
    ]


def _held(words: str, recipe: DatasetRecipe, left_out: Mapping[str, str]) -> Claim:
    """The claim that was given in words. Raises InputError, which tells why a column is no item."""
    try:
        return parse_claim(words, recipe)
    except InputError as error:
        for name, why in left_out.items():
            if words.strip().startswith(f"{name} "):
                raise InputError(f"claim '{words}': {short(name)} is left out: {why}") from error
        raise


def _not_claimed(hidden: Iterable[str], spans: Mapping[str, str]) -> Iterator[str]:
    """What speaks against claims of variables that tell the target, or when a row was."""
    for name in hidden:
        yield (
            f"{short(name)}, where it is known, gives nearly the whole order of the target: if it "
            "is the target in another form, leave it out"
        )
    for name, date in spans.items():
        yield (
            f"{short(name)} tells when a row was, as {short(date)} does: each of its levels is met "
            "before or after all others, and no claim of it is proposed"
        )


def _decided(
    made: Making, recipe_of: Callable[[Sequence[Variable]], DatasetRecipe], folder: Path
) -> Dataset:
    """The data without what the target is made of, and with copies of a row on one side."""
    recipe = recipe_of(made.variables())
    if made.known.groups is not None:
        made.keep_together(subjects(recipe, folder))
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
    made.keep_copies_together(together)
    return load_dataset(recipe_of(made.variables(without=gone)), folder)


def _values(
    path: Path,
    table: Mapping[str, Any],
    variables: Sequence[Variable],
    made: Making,
    proposal: Proposal | None,
) -> dict[str, Any]:
    """What the recipe says, with a claim about the first variable."""
    by_variable = made.known.method in METHODS_OF_LEVEL["variable"]
    values: dict[str, Any] = {
        "title": path.stem,
        "source": f"{path.name}",
        "patience": PATIENCE,
        "table": {**table, "missing": made.missing},
        "variables": [_said(variable) for variable in variables],
        "target": of_targets.target_keys(made.target, made.levels, made.known.task),
        "claim": {
            "level": "variable" if by_variable else "feature",
            "name": variables[0].name if by_variable else variables[0].features[0],
            "rank": 1,
            "proportion": 0.8,
            "model": made.known.model,
            "method": made.known.method,
            "proposed": proposal is None,
        },
    }
    if made.known.groups is not None:
        values["groups"] = made.known.groups
    if made.equal_rows:
        values["equal_rows"] = "together"
    if made.split is not None:
        values["split"] = made.split.model_dump(exclude_none=True)
    if proposal is not None:
        values["proposal"] = proposal.model_dump()
    return values


def _check_text(text: str, recipe: DatasetRecipe) -> None:
    read = tomllib.loads(text)
    read.setdefault("claim", recipe.claim.model_dump(exclude_defaults=True))
    if DatasetRecipe.model_validate(read) != recipe:
        raise AssertionError("what is written says something else")


def _relative(path: Path, recipe_path: Path) -> str:
    """The path of a table as its recipe says it."""
    try:
        return Path(os.path.relpath(path.resolve(), recipe_path.parent.resolve())).as_posix()
    except ValueError:  # on another drive
        return path.resolve().as_posix()


def _said(variable: Variable) -> dict[str, Any]:
    return variable.model_dump(exclude_defaults=True) | {"type": variable.type}
