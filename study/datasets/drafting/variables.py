"""The variable that a column becomes, by its training rows."""

import numpy as np

from study.common.text import short
from study.datasets.dates import ISO, days, format_of
from study.datasets.drafting.orders import in_order, no_and_yes
from study.datasets.raw_columns import NUMBER, Column
from study.recipes.columns import Binary, Date, Numeric, OneHot, Ordinal

FEWEST_ROWS = 5  # training rows of a level that stands for itself
MOST_LEVELS = 20
# What the rare levels are called, where no level is called so.
_BUCKETS = ("other", "others", "all others", "any other level")
Variable = Binary | Numeric | OneHot | Ordinal | Date


def variable_of(column: Column, kind: str, train: np.ndarray) -> tuple[Variable | None, str]:
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
        return Binary(
            name=column.name,
            type="binary",
            levels=dict(zip(_two_in_order(column), (0.0, 1.0), strict=True)),
        ), ""
    if kind == "date":
        return _date(column, train)
    if kind == "ordinal":
        if (counts > 0).sum() < 2:
            return None, "the same in all training rows"
        levels = list(column.order) or in_order(column.texts)
        assert levels is not None  # that is what makes it ordinal
        return Ordinal(name=column.name, type="ordinal", levels=levels), ""
    return _one_hot(column, counts, train)


def _date(column: Column, train: np.ndarray) -> tuple[Date | None, str]:
    """Days, standardised."""
    written = format_of(column.texts)
    known = days(column.texts, written)
    codes = column.codes[train & (column.codes >= 0)]
    if len(np.unique(known[codes])) < 2:
        return None, "the same in all training rows"
    said = {"name": column.name, "type": "date", "as": "days", "standardise": True}
    more = {} if written == ISO else {"format": written}
    return Date.model_validate(said | more), ""


def _two_in_order(column: Column) -> list[str]:
    """The two texts of a column, by what they say, or else by their numbers or names."""
    if column.order:
        return [level for level in column.order if level in column.texts]
    if not column.others:
        return sorted(column.texts, key=column.number_of)
    return no_and_yes(column.texts) or in_order(column.texts) or sorted(column.texts)


def _one_hot(column: Column, counts: np.ndarray, train: np.ndarray) -> tuple[OneHot | None, str]:
    """Levels of at least five training rows, the most frequent ones; the rest is one level."""
    known = int((train & ~column.missing).sum())
    order = sorted(range(len(counts)), key=lambda code: (-counts[code], column.texts[code]))
    often = [code for code in order if counts[code] >= FEWEST_ROWS]
    if len(often) > MOST_LEVELS or (len(often) == MOST_LEVELS and len(order) > MOST_LEVELS):
        often = often[: MOST_LEVELS - 1]
    rare = len(order) - len(often) + bool((column.codes == NUMBER).any())
    pooled = int(known - sum(counts[often]))
    if pooled > known / 2:
        return None, (
            f"{len(order)} different texts, most of them rare: group them, and it can be used"
        )
    enough = pooled >= FEWEST_ROWS
    if len(often) + enough < 2:
        return None, "one level in all training rows, or in all but a few"
    levels = [column.texts[code] for code in often]
    if not rare:
        return OneHot(name=column.name, type="one-hot", levels=sorted(levels)), ""
    # What stands for the rare levels must be met often enough as well.
    other = next(of for of in _BUCKETS if of not in column.texts) if enough else levels[0]
    what = (
        f"are one, '{other}': those of fewer than {FEWEST_ROWS} rows, and all beyond {MOST_LEVELS}"
        if enough
        else f"of fewer than {FEWEST_ROWS} rows together, count as '{short(other)}', the most "
        "frequent"
    )
    return (
        OneHot(name=column.name, type="one-hot", levels=sorted({*levels, other}), other=other),
        f"{rare} of its levels, the rarest ({pooled} training rows), {what}",
    )
