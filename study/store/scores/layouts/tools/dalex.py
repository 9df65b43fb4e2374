"""DALEX: `model_parts` gives variable, dropout_loss and label, and permutation where every
permutation is kept.

dropout_loss is the loss after a variable was permuted: the greater, the more important, once that
of `_full_model_`, with nothing permuted, is taken off, as `without_intercepts` does wherever there
is such a row. `_baseline_` has everything permuted. The rows are sorted by loss, so that
`_full_model_` is not always the first. Permutations are repeats with one model, a row each in the
frame `permutation` of Python's. R's permutation 0 is the mean of the others, so that it changes no
mean.
"""

from collections.abc import Iterator, Mapping
from statistics import fmean

from study.common.errors import InputError
from study.store.scores.cells import number
from study.store.scores.layouts.layout import About, Reading
from study.store.scores.layouts.wide import feature_columns
from study.store.scores.sheet import Sheet

ABOUT = (
    About(
        "DALEX, `model_parts`",
        "`variable`, `dropout_loss`, `label`, `permutation`",
        "dropout loss",
        "dalex 1.8",
    ),
    About(
        "DALEX, `permutation` of `model_parts`",
        "a column for each feature, and `_full_model_`",
        "dropout loss",
        "dalex 1.8",
    ),
)
_FULL = "_full_model_"
_METHOD = "dropout loss"

# The cells that tell vectors apart, by the name of their column.
_Vector = tuple[tuple[str, str], ...]
# Loss by permutation and variable.
_Losses = dict[str, dict[str, float]]


def unfold(sheet: Sheet, places: Mapping[str, int]) -> Reading | None:
    """Losses, averaged over permutations."""
    if _FULL in sheet.names and not {"feature", "score"} & {*places}:
        return _unfold_wide(sheet, places)
    if "dropout_loss" not in sheet.names or "feature" not in places or "score" in places:
        return None
    own = dict(places)
    if "model" not in own and "label" in sheet.names:
        own["model"] = sheet.names.index("label")
    loss = sheet.names.index("dropout_loss")
    repeat = sheet.names.index("permutation") if "permutation" in sheet.names else None
    return Reading(
        _rows(sheet, own, loss, repeat),
        {*own.values(), loss, *([] if repeat is None else [repeat])},
        {*own, "score"},
        "DALEX's dropout loss: the score is the loss less that of the full model"
        + ("" if repeat is None else ", averaged over permutations, which are repeats"),
        _METHOD,
    )


def _unfold_wide(sheet: Sheet, places: Mapping[str, int]) -> Reading:
    """A row for each permutation, as `permutation` of model_parts has them."""
    columns = feature_columns(sheet, places)
    return Reading(
        _wide_rows(sheet, places, columns),
        {*places.values(), *columns},
        {*places, "feature", "score"},
        "DALEX's losses, a row for each permutation: the score is the mean loss less that of the "
        "full model",
        _METHOD,
    )


def _wide_rows(
    sheet: Sheet, places: Mapping[str, int], columns: list[int]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    vectors: dict[_Vector, list[list[str]]] = {}
    for _, cells in sheet.rows:
        vector = tuple((name, cells[at]) for name, at in places.items())
        vectors.setdefault(vector, []).append([cells[at] for at in columns])
    for vector, repeats in vectors.items():
        for at, losses in zip(columns, zip(*repeats, strict=True), strict=True):
            name = sheet.header[at]
            try:
                mean = fmean(number(name, loss) for loss in losses)
            except ValueError as error:
                raise InputError(f"{sheet.path}, column {error}") from error
            yield f"column {name}", {**dict(vector), "feature": name, "score": repr(mean)}


def _rows(
    sheet: Sheet, places: Mapping[str, int], loss: int, repeat: int | None
) -> Iterator[tuple[str, Mapping[str, str]]]:
    apart = {name: place for name, place in places.items() if name != "feature"}
    vectors: dict[_Vector, _Losses] = {}
    first: dict[_Vector, str] = {}
    for place, cells in sheet.rows:
        vector = tuple((name, cells[column]) for name, column in apart.items())
        first.setdefault(vector, place)
        number_of_repeat = "" if repeat is None else cells[repeat]
        losses = vectors.setdefault(vector, {}).setdefault(number_of_repeat, {})
        variable = cells[places["feature"]]
        if variable in losses:
            raise InputError(
                f"{sheet.path}, {place}: '{variable}' has a loss already; rename the column that "
                "tells vectors apart to seed"
            )
        try:
            losses[variable] = number("dropout_loss", cells[loss])
        except ValueError as error:
            raise InputError(f"{sheet.path}, {place}, column {error}") from error
    for vector, repeats in vectors.items():
        for variable, mean in _means(f"{sheet.path}, {first[vector]}", repeats).items():
            yield first[vector], {**dict(vector), "feature": variable, "score": repr(mean)}


def _means(where: str, repeats: _Losses) -> dict[str, float]:
    """The mean loss of each variable over permutations."""
    names = list(next(iter(repeats.values())))
    for losses in repeats.values():
        if _FULL not in losses:
            raise InputError(f"{where}: no row '{_FULL}', whose loss is to be taken off")
        if set(losses) != set(names):
            odd = min(set(losses) ^ set(names))
            raise InputError(f"{where}: not every permutation has a loss of '{odd}'")
    return {name: fmean(losses[name] for losses in repeats.values()) for name in names}
