"""A value for each row of data and each feature: `Explanation.values` of SHAP and attributions of
Captum, as a frame with the features for columns.

The score is the mean absolute value over the rows, which SHAP's bar plot shows, and the mean is its
direction. Such a table looks like one of scores with a row for each seed. It is taken for values of
rows where every feature has values of both signs, or none but 0, as values around a mean do: scores
that hold from seed to seed do not. SHAP cuts a background to 100 rows unless it is masked otherwise
(seen with 0.51), and `Explainer(seed=)` restarts NumPy's global generator where it permutes. A
column of the base value, such as BIAS of XGBoost's `pred_contribs`, is no feature.
"""

from collections.abc import Iterator, Mapping
from statistics import fmean

from study.store.scores.cells import is_number, number
from study.store.scores.layouts.layout import About, Reading
from study.store.scores.layouts.wide import feature_columns
from study.store.scores.sheet import Sheet

ABOUT = (
    About(
        "SHAP, `Explanation.values`; Captum, attributions of rows",
        "a column for each feature, each with values of both signs, and several rows for a seed",
        "mean |attribution|",
        "shap 0.51, captum 0.9",
    ),
)

# What predictions' contributions add up from, in lower case.
_BASE = ("bias", "<bias>", "biasterm", "base_value", "base_values", "expected_value")


def unfold(sheet: Sheet, places: Mapping[str, int]) -> Reading | None:
    """The mean absolute values over rows, with the means as signs."""
    if {"feature", "score", "signed"} & {*places}:
        return None
    columns = [at for at in feature_columns(sheet, places) if not _is_base(sheet, at)]
    if len(columns) < 2 or not all(all(map(is_number, sheet.cells(at))) for at in columns):
        return None
    vectors: dict[tuple[str, ...], list[list[str]]] = {}
    for _, cells in sheet.rows:
        of = tuple(cells[at] for at in places.values())
        vectors.setdefault(of, []).append([cells[at] for at in columns])
    if any(len(rows) < 2 for rows in vectors.values()) or not _around_0(sheet, columns):
        return None
    return Reading(
        _rows(sheet, places, columns, vectors),
        {*places.values(), *columns},
        {*places, "feature", "score", "signed"},
        "values by row of data: the score of a feature is its mean absolute value over "
        f"{min(map(len, vectors.values()))} rows or more, the sign that of its mean",
        "mean |attribution|",
    )


def _is_base(sheet: Sheet, column: int) -> bool:
    """Whether a column holds what the values add to, one number for all rows."""
    return sheet.names[column] in _BASE and len({*sheet.cells(column)}) == 1


def _around_0(sheet: Sheet, columns: list[int]) -> bool:
    """Whether each column has values of both signs, or none but 0, and some the former."""
    values = [[number("", cell) for cell in sheet.cells(at)] for at in columns]
    both = [min(of) < 0 < max(of) for of in values]
    none = [all(value == 0 for value in of) for of in values]
    return any(both) and all(one or other for one, other in zip(both, none, strict=True))


def _rows(
    sheet: Sheet,
    places: Mapping[str, int],
    columns: list[int],
    vectors: Mapping[tuple[str, ...], list[list[str]]],
) -> Iterator[tuple[str, Mapping[str, str]]]:
    for of, rows in vectors.items():
        own = dict(zip(places, of, strict=True))
        for at, cells in zip(columns, zip(*rows, strict=True), strict=True):
            values = [number(sheet.header[at], cell) for cell in cells]
            score, mean = fmean(map(abs, values)), fmean(values)
            named = {"feature": sheet.header[at], "score": repr(score), "signed": repr(mean)}
            yield f"column {sheet.header[at]}", {**own, **named}
