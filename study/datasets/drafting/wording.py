"""What was made of a table, and what a recipe makes of it, in plain words."""

import math
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from study.common.text import short
from study.datasets.checks.registry import data_warnings
from study.datasets.dataset import Dataset
from study.datasets.dates import ISO, day_of, in_words
from study.datasets.drafting.draft import Draft
from study.datasets.drafting.linear_fit import linear_fit
from study.datasets.drafting.variables import FEWEST_ROWS
from study.recipes.columns import Binary, Date, Numeric, OneHot, Ordinal, Variable
from study.recipes.dataset import DatasetRecipe
from study.recipes.target import ClassTarget, CountTarget
from study.statistics.collinearity import explained
from study.statistics.spread import equal_rows

_MOST_LINES = 30
_WIDTH = 24
_WHOLE = 1 - 1e-6
_MOSTLY = 0.9  # a variance inflation factor of ten
# Drops in R² below that are said to be next to nothing: they are written as 0.00.
_NOTHING = 0.005
# Of the people data, whose study of four models and twenty seeds takes a quarter of a minute.
_STEPS = 20


def told(draft: Draft, recipe_path: Path, table: Path) -> Iterator[str]:
    """What 'study data init' says, line by line."""
    dataset, more = draft.dataset, f"which {recipe_path} says as well"
    yield f"{table}: {', '.join(draft.layout)}."
    yield ""
    yield from _rows(dataset)
    yield ""
    yield from _variables(dataset, draft.notes, more)
    if draft.left_out:
        yield ""
        yield "Left out"
        lines = [f"  {_padded(name)} {why}" for name, why in draft.left_out.items()]
        yield from _limited(lines, more)
    yield from _to_be_looked_at([*draft.decide, *warnings(dataset)])
    yield ""
    yield from _proposed(draft)
    yield ""
    name = shlex.quote(recipe_path.stem if recipe_path.parent == Path("data") else str(recipe_path))
    first = "" if draft.held or draft.proposed else "Write a claim there. "
    yield f"{recipe_path} is written. {first}Look it over; then:"
    yield f"  study data check {name}"
    yield f"  study run --data {name}"


def _proposed(draft: Draft) -> Iterator[str]:
    """The claim that is proposed, from which rows, and what that costs."""
    claim, order = draft.recipe.claim, draft.proposed
    names, left_out = draft.dataset.variables, draft.dataset.left_out
    if draft.held:
        yield (
            f"Claim, as given: {claim.words} in at least {100 * claim.proportion:g}% of seeds "
            f"(model {claim.model}, {claim.method}, by {claim.level}). None is proposed from the "
            "data: that this one was held before they were seen is for you to say."
        )
        return
    if not order:
        yield (
            "No claim can be proposed: of each variable something said above speaks against it. "
            "Claim what you believed before you saw these data, under [claim]."
        )
        return
    runner_up = f"; next is {names[order[1]]}, {draft.scores[order[1]]:.2f}" if order[1:] else ""
    passed = len(names) - len(order)
    of = " of which rows are of each class" if draft.recipe.task.classes else ""
    unless = f", but for {passed} that something said above speaks against," if passed else ""
    hardly = " That is next to nothing." if draft.scores[order[0]] < _NOTHING else ""
    yield (
        f"Proposed claim, from {'rows that are left out' if left_out else 'the data'}: "
        f"{claim.words} among the {len(names)} variables in at "
        f"least {100 * claim.proportion:g}% of seeds (model {claim.model}, {claim.method}). Linear "
        f"regression{of} ranks it first{unless} on {'those' if left_out else 'the training'} rows "
        f"(drop in R² when permuted {draft.scores[order[0]]:.2f}{runner_up}).{hardly} If you "
        "believed something else before you saw these data, claim that instead."
    )
    if not left_out:
        yield (
            "Proposed and tested on the same rows, a claim is supported too often: see "
            "--propose-from-half."
        )


def checked(dataset: Dataset) -> Iterator[str]:
    """What 'study data check' says, line by line."""
    yield f"{dataset.recipe.title}: the recipe and its table fit together."
    yield ""
    yield from _rows(dataset)
    yield ""
    yield from _variables(dataset, {}, "which the recipe names")
    yield ""
    fitted, symbol, train, test = linear_fit(dataset)
    yield f"{fitted}: {symbol} {train:.2f} on the training rows, {test:.2f} on the test rows."
    claim = dataset.recipe.claim
    yield (
        f"{_origin(dataset)}: {claim.words} in at least {100 * claim.proportion:g}% of seeds "
        f"(model {claim.model}, {claim.method}, by {claim.level})."
    )
    yield _cost(dataset)
    yield from _to_be_looked_at(warnings(dataset))


def _to_be_looked_at(items: Sequence[str]) -> Iterator[str]:
    if items:
        yield ""
        yield "To be looked at"
        yield from (f"  - {item}" for item in items)


def _origin(dataset: Dataset) -> str:
    """The claim's, to begin a sentence."""
    if dataset.recipe.claim.proposed:
        return "Claim, proposed from the data"
    if dataset.left_out:
        return "Claim, proposed from rows that are left out here"
    return "Claim"


def warnings(dataset: Dataset) -> list[str]:
    """What may spoil a study of these data."""
    rows, features = dataset.train_x.shape
    said = []
    if rows <= features:
        said.append(
            f"{rows} training rows for {features} features: any target can be fitted, and what "
            "comes first is a matter of chance"
        )
    if len(dataset.variables) == 1:
        said.append("one variable alone is always first")
    counts = dataset.group_counts
    tested, what = (len(dataset.test_y), "") if counts is None else (counts[1], "groups of ")
    if tested < 20:
        said.append(f"{tested} {what}test rows: importances measured there are rough")
    rare = [
        f"{short(name)} ({count:.0f})"
        for variable, name, count in _counts(dataset)
        if count < FEWEST_ROWS and not isinstance(variable, Ordinal)
    ]
    if rare:
        said.append(f"levels with fewer than {FEWEST_ROWS} training rows: {_listed(rare)}")
    known = dict(zip(dataset.features, explained(dataset.train_x, dataset.groups), strict=True))
    whole = [name for name, part in known.items() if part >= _WHOLE]
    mostly = [name for name, part in known.items() if _MOSTLY <= part < _WHOLE]
    if whole:
        said.append(
            f"features that others determine: {_names(whole)}; networks divide importance "
            "among them as they like, so that of copies all but one are best left out"
        )
    if mostly:
        said.append(
            f"features that others explain to {100 * _MOSTLY:g}% or more: {_names(mostly)}; "
            "what linear regression ranks first among them means little"
        )
    return said + [warning.line for warning in data_warnings(dataset)]


def _rows(dataset: Dataset) -> Iterator[str]:
    recipe = dataset.recipe
    train, test = len(dataset.train_y), len(dataset.test_y)
    yield f"{_padded('Training rows')} {train}"
    yield f"{_padded('Test rows')} {test}, {_how(recipe)}"
    if dataset.group_counts is not None:
        apart = dataset.group_counts
        yield (
            f"{_padded('Kept together')} {recipe.kept_together}: the training rows are of "
            f"{apart[0]} groups, the test rows of {apart[1]}"
        )
    if recipe.time is not None:
        yield f"{_padded('Order of rows')} by {recipe.time}: test rows are later than training rows"
    if recipe.weight is not None and dataset.row_weights is not None:
        none = f"; {dataset.uncounted} of weight 0 are left out" if dataset.uncounted else ""
        yield (
            f"{_padded('Rows count')} by {recipe.weight}: means over them vary as "
            f"those of {equal_rows(dataset.row_weights):.0f} rows of equal weight do{none}"
        )
    if recipe.proposal is not None:
        yield (
            f"{_padded('Rows left out')} {dataset.left_out}, from which the claim was "
            f"proposed: {100 * recipe.proposal.part:g}% of the {recipe.proposed_from}, "
            f"{recipe.proposal_by}"
        )
    missing = [
        f"{short(of.column)} in {of.missing}"
        + (f" ({of.imputed} stands there)" if of.imputed else "")
        for of in dataset.prepared
        if of.missing
    ]
    if missing:
        dropped = f"; {dataset.dropped} rows are dropped" if dataset.dropped else ""
        yield f"{_padded('Missing values')} {_listed(missing)}{dropped}"
    yield f"{_padded('Target')} {recipe.target.name}, {_target(dataset)}"


def _target(dataset: Dataset) -> str:
    """Of all rows, the span and mean of a number or a count, or how many are of each class."""
    target, values = dataset.recipe.target, dataset.pooled[1]
    if isinstance(target, ClassTarget):
        counts = np.bincount(values.astype(int), minlength=len(target.levels))
        classes = zip(target.levels, counts, strict=True)
        return f"a class: {_listed([f'{short(level)} {count}' for level, count in classes])}"
    numbers = dataset.target_scale.undo(values)
    mean = f"mean of all rows {_readable(numbers.mean())}"
    if isinstance(target, CountTarget):
        return f"a count: {_span(numbers)}, {mean}"
    unit = f" {target.unit}" if target.unit else ""
    logarithm = ", its logarithm is learned" if target.scale else ""
    return f"{_span(numbers)}{unit}, {mean}{logarithm}{_scaled(target.standardise, target.divisor)}"


def _how(recipe: DatasetRecipe) -> str:
    split = recipe.split
    if split is None:
        return "given by a file of their own"
    if isinstance(split.test, str):
        trains = "' and '".join(split.trains)
        others = f"; '{trains}' train" if len(split.trains) > 1 else ""
        return f"those with '{split.test}' in {split.column}{others}"
    return f"{100 * split.test:g}% of the {recipe.test_of}, {recipe.test_by}"


def _variables(dataset: Dataset, notes: dict[str, str], more: str) -> Iterator[str]:
    sizes = ((dataset.variables, "variable"), (dataset.features, "feature"))
    yield ", ".join(f"{len(of)} {name}{'s' if len(of) > 1 else ''}" for of, name in sizes)
    counts = {name: count for _, name, count in _counts(dataset)}
    lines = []
    for variable, group, prepared in zip(
        dataset.recipe.variables, dataset.groups, dataset.prepared, strict=False
    ):
        if isinstance(variable, Numeric):
            unit = f" {variable.unit}" if variable.unit else ""
            span = _span(prepared.scale.undo(dataset.train_x[:, group[0]]))
            said = f"number   {span}{unit}" + _scaled(variable.standardise, variable.divisor)
        elif isinstance(variable, Date):
            said = f"date     {_dates(variable, prepared.scale.undo(dataset.train_x[:, group[0]]))}"
        else:
            names = [f"{variable.name}={level}" for level in variable.levels]
            kind = "binary" if isinstance(variable, Binary) else f"{len(names)} levels"
            said = f"{kind:8} " + _listed(
                [
                    f"{short(level)} {counts[name]:.0f}"
                    for level, name in zip(variable.levels, names, strict=True)
                ]
            )
        if variable.keeps_missing:
            said += ", and whether it is missing"
        note = notes.get(variable.name)
        lines.append(f"  {_padded(variable.name)} {said}{f' ({note})' if note else ''}")
    yield from _limited(lines, more)


def _dates(date: Date, days: np.ndarray) -> str:
    """What is made of dates, and between which they lie, where they are days since a day."""
    if date.goes_round:
        return f"by {date.as_}, as sine and cosine"
    ends = (float(end) + day_of(date.since, ISO) for end in (days.min(), days.max()))
    first, last = (in_words(end, "days") for end in ends)
    return f"{first} to {last}, as days{_scaled(date.standardise, date.divisor)}"


def _counts(dataset: Dataset) -> Iterator[tuple[Variable, str, float]]:
    """Every level, as variable=level, of its variable, and in how many training rows it stands."""
    for variable, group in zip(dataset.recipe.variables, dataset.groups, strict=True):
        if isinstance(variable, OneHot):
            for name, count in zip(
                variable.features, dataset.train_x[:, group].sum(axis=0), strict=True
            ):
                yield variable, name, count
        elif isinstance(variable, Binary | Ordinal):
            column = dataset.train_x[:, group[0]]
            for level, value in variable.places.items():
                yield variable, f"{variable.name}={level}", (column == np.float32(value)).sum()


def _span(numbers: np.ndarray) -> str:
    """Least and greatest of numbers that were held in single precision."""
    ends = numbers.min(), numbers.max()
    # What is less than a millionth of the greater is not known of the other.
    places = 6 - math.ceil(math.log10(max(map(abs, ends)) or 1))
    return " to ".join(_readable(round(float(end), places) + 0.0) for end in ends)


def _readable(number: float) -> str:
    """A number of five digits, as people write it: 2,109,300; of four, as a year is written."""
    shown = float(f"{number:.5g}")
    return f"{shown:,.10g}" if 1e4 <= abs(shown) < 1e12 else f"{shown:.10g}"


def _scaled(standardise: bool, divisor: float) -> str:
    if standardise:
        return ", standardised"
    return f", divided by {divisor:g}" if divisor != 1 else ""


def _cost(dataset: Dataset) -> str:
    wide = len(dataset.features) / 8
    times = -(-len(dataset.train_y) // 10) / _STEPS * wide
    # Attention weighs every pair of features.
    least, most = f"{times:.1g}", f"{times * max(wide, 1):.1g}"
    words = f"about {least}" if least == most else f"{least} to {most}"
    return (
        f"Cost: very roughly {words} times that of the people data, whose 20 seeds take a quarter "
        "of a minute on two cores; most of it is the Transformers', which --models mlp,linear "
        "leaves out."
    )


def _listed(items: list[str], most: int = 12) -> str:
    more = [f"and {len(items) - most} more"] if len(items) > most else []
    return ", ".join([*items[:most], *more])


def _names(names: list[str]) -> str:
    return _listed([short(name) for name in names])


def _limited(lines: list[str], more: str) -> Iterator[str]:
    """Lines, not too many; `more` says where the others are."""
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"  and {len(lines) - _MOST_LINES} more, {more}"


def _padded(name: str) -> str:
    return f"{short(name):{_WIDTH}}"
