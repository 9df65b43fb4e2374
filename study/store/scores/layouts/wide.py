"""Wide tables: a row for each vector, with a column of the seed and one for each feature."""

from collections.abc import Iterator, Mapping

from study.common.errors import InputError
from study.common.text import some
from study.store.scores.cells import is_number
from study.store.scores.layouts.layout import Reading
from study.store.scores.sheet import Sheet

# Columns, in lower case, that stand beside scores in such tables and are none.
_NO_FEATURES = (
    *("r2", "r_squared", "rmse", "mse", "mae", "accuracy", "auc", "loss", "fold", "repeat"),
    *("split", "iteration", "run", "index", "id"),
)


def unfold(sheet: Sheet, places: Mapping[str, int]) -> Reading | None:
    """Each column of numbers as a feature."""
    if "seed" not in places or {"feature", "score", "signed"} & set(places):
        return None
    features = feature_columns(sheet, places)
    if len(features) < 2 or not all(all(map(is_number, sheet.cells(at))) for at in features):
        return None
    names = [sheet.header[column] for column in features]
    if others := [name for name in names if name.lower() in _NO_FEATURES]:
        raise InputError(
            f"{sheet.path}: read as a table with a column for each feature, and {some(others)} "
            "looks like none: take the column out, or give each score a row of its own"
        )
    if repeated := [name for name in names if names.count(name) > 1]:
        raise InputError(f"{sheet.path}: column named twice: {repeated[0]}")
    return Reading(
        _rows(sheet, places, features),
        {*places.values(), *features},
        {*places, "feature", "score"},
        f"a table with a column for each of {len(features)} features: {some(names)}",
    )


def feature_columns(sheet: Sheet, places: Mapping[str, int]) -> list[int]:
    """The columns that are not read already, but for one that numbers the rows."""
    return [
        column
        for column, name in enumerate(sheet.header)
        if column not in places.values() and (name or not _labels(sheet, column))
    ]


def _labels(sheet: Sheet, column: int) -> bool:
    """Whether a column numbers the rows."""
    return sheet.cells(column) in (
        [str(number) for number in range(start, start + len(sheet.rows))] for start in (0, 1)
    )


def _rows(
    sheet: Sheet, places: Mapping[str, int], features: list[int]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    for place, cells in sheet.rows:
        own = {name: cells[at] for name, at in places.items()}
        for column in features:
            yield place, {**own, "feature": sheet.header[column], "score": cells[column]}
