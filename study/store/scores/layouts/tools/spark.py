"""Spark: `featureImportances` of a model is a vector, printed `(5,[0,3],[0.6,0.4])` where it is
sparse, with 0 elsewhere, and `[0.6,0.0,0.4]` where it is dense.

Python shows them as SparseVector(5, {0: 0.6, 3: 0.4}) and DenseVector([0.6, 0.0, 0.4]), with four
decimals. All forests of a session have one seed unless it is given.

It does not name the features: they are f0, f1, and so on, by their place.
"""

import re
from collections.abc import Iterator, Mapping

from study.common.errors import InputError
from study.store.scores.layouts.layout import About, Reading
from study.store.scores.sheet import Sheet

ABOUT = (
    About(
        "Spark",
        "a column of vectors, `(5,[0,3],[0.6,0.4])` or `[0.6,0.4]`",
        "as the column",
        "pyspark 4.3",
    ),
)
_SPARSE = re.compile(r"\((\d{1,6}),\[([^][]*)\],\[([^][]*)\]\)")
_DENSE = re.compile(r"(?:DenseVector\()?\[([^][]+)\]\)?")
_SHOWN = re.compile(r"SparseVector\(\d{1,6}, \{[^{}]*\}\)")


def unfold(sheet: Sheet, places: Mapping[str, int]) -> Reading | None:
    """Each vector as the scores of features by their place."""
    if "feature" in places:
        return None
    vectors = [column for column in range(len(sheet.header)) if _all_vectors(sheet, column)]
    if len(vectors) != 1:
        return None
    [column] = vectors
    apart = {name: place for name, place in places.items() if place != column}
    return Reading(
        _rows(sheet, apart, column),
        {*apart.values(), column},
        {*apart, "feature", "score"},
        f"vectors as Spark writes them, column '{sheet.header[column]}': features are named f0, "
        "f1, ... by their place, and those that a sparse vector leaves out are 0",
        None if sheet.names[column] == "score" else sheet.header[column],
    )


def _all_vectors(sheet: Sheet, column: int) -> bool:
    cells = sheet.cells(column)
    return bool(cells) and all(
        any(form.fullmatch(cell) for form in (_SPARSE, _DENSE, _SHOWN)) for cell in cells
    )


def _rows(
    sheet: Sheet, apart: Mapping[str, int], column: int
) -> Iterator[tuple[str, Mapping[str, str]]]:
    for place, cells in sheet.rows:
        own = {name: cells[at] for name, at in apart.items()}
        try:
            scores = _scores(cells[column])
        except ValueError as error:
            what = f"column {sheet.header[column]}: {error}"
            raise InputError(f"{sheet.path}, {place}, {what}") from error
        for index, score in enumerate(scores):
            yield place, {**own, "feature": f"f{index}", "score": score}


def _scores(text: str) -> list[str]:
    """The entries of a vector, as they are written. Raises ValueError."""
    if dense := _DENSE.fullmatch(text):
        return _entries(dense[1])
    if sparse := _SPARSE.fullmatch(text):
        return _filled(text, int(sparse[1]), _entries(sparse[2]), _entries(sparse[3]))
    shown = re.findall(r"[^,:{}]+", text[text.index("{") + 1 : -2])
    parts = [part.strip() for part in shown]
    return _filled(text, int(text[text.index("(") + 1 : text.index(",")]), parts[::2], parts[1::2])


def _filled(text: str, size: int, at: list[str], entries: list[str]) -> list[str]:
    """The entries of a sparse vector, with 0 elsewhere. Raises ValueError."""
    if not all(re.fullmatch(r"\d{1,6}", index) for index in at):
        raise ValueError(f"'{text}': its places are not whole numbers")
    places = [int(index) for index in at]
    if len(places) != len(entries) or len({*places}) != len(places):
        raise ValueError(f"'{text}': needs an entry for each place, each once")
    if places and max(places) >= size:
        raise ValueError(f"'{text}': place {max(places)} of {size}, which count from 0")
    known = dict(zip(places, entries, strict=True))
    return [known.get(place, "0") for place in range(size)]


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",")] if text.strip() else []
