"""A table of scores that were made elsewhere, checked row by row."""

import csv
import hashlib
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from study.common.conditions import CONDITIONS
from study.common.errors import InputError
from study.common.files import read_bytes
from study.common.methods import GROUPED_PERMUTATION
from study.common.vocabulary import LEAST_SQUARES
from study.datasets.read_table import frame_format, read_frame

COLUMNS = ("model", "method", "seed", "feature", "score")
OPTIONAL = ("condition", "signed")
_SEPARATORS = (",", "\t", ";")
# What stands for a score that there is not.
_MISSING = ("", "na", "nan", "none", "null")
# Names that mean something else here.
_TAKEN = {
    "model": (LEAST_SQUARES, "the study's own closed form"),
    "method": (GROUPED_PERMUTATION, "scores by variable, and these are by feature"),
}


@dataclass(frozen=True, order=True)
class Origin:
    """What gave one vector of scores."""

    model: str
    method: str
    condition: str
    seed: int

    def __str__(self) -> str:
        return (
            f"model '{self.model}', method '{self.method}', condition {self.condition}, "
            f"seed {self.seed}"
        )


@dataclass(frozen=True)
class ScoreTable:
    """Scores of the same features, two or more, by what gave them.

    features : in the order of the file; vectors : {feature: (score, signed)}, where NaN stands for
    what there is not: of the scores of a vector, all or none; unused : columns that mean nothing
    here; digest : SHA-256 of the file
    """

    features: list[str]
    vectors: dict[Origin, dict[str, tuple[float, float]]]
    unused: list[str]
    digest: str

    @property
    def models(self) -> list[str]:
        """The models, in the order of the file."""
        return list(dict.fromkeys(origin.model for origin in self.vectors))

    def methods(self, model: str) -> list[str]:
        """The methods with real scores of a model, in the order of the file."""
        found = (of.method for of in self.vectors if (of.model, of.condition) == (model, "real"))
        return list(dict.fromkeys(found))


def read_scores(path: Path) -> ScoreTable:
    """Read a file of scores: text with a header line, or one of FRAME_FORMATS.

    Raises InputError.
    """
    content, form = read_bytes(path), frame_format(path)
    rows = (
        _text_rows(path, content) if form is None else _frame_rows(read_frame(path, content, form))
    )
    _, header = next(rows, ("", []))
    columns = [name.lower() for name in header]
    for name in (*COLUMNS, *OPTIONAL):
        if columns.count(name) > 1:
            raise InputError(f"{path}: column named twice: {name}")
        if name in COLUMNS and name not in columns:
            found = ", ".join(header) or "nothing"
            raise InputError(
                f"{path}: no column '{name}' in the first line: there is {found}; the columns are "
                f"{', '.join(COLUMNS)}, and if you like {' and '.join(OPTIONAL)}"
            )
    vectors: dict[Origin, dict[str, tuple[float, float]]] = {}
    for place, cells in rows:
        if len(cells) != len(columns):
            raise InputError(
                f"{path}, {place}: {len(cells)} columns where {len(columns)} are expected"
            )
        try:
            origin, feature, numbers = _row(dict(zip(columns, cells, strict=True)))
        except ValueError as error:
            raise InputError(f"{path}, {place}, column {error}") from error
        vector = vectors.setdefault(origin, {})
        if feature in vector:
            raise InputError(f"{path}, {place}: {origin} has a score of '{feature}' already")
        vector[feature] = numbers
    if not vectors:
        raise InputError(f"{path}: the table has no rows")
    features = list(dict.fromkeys(feature for vector in vectors.values() for feature in vector))
    unused = [name for name in header if name.lower() not in (*COLUMNS, *OPTIONAL)]
    table = ScoreTable(features, vectors, unused, hashlib.sha256(content).hexdigest())
    _check(path, table)
    return table


def _text_rows(path: Path, content: bytes) -> Iterator[tuple[str, list[str]]]:
    """The cells of each line that has any, with its place; the header is the first."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield f"line {reader.line_num}", [cell.strip() for cell in cells]
    except csv.Error as error:
        ended = "unexpected end" in str(error)
        reason = "a quotation mark is not closed" if ended else str(error)
        raise InputError(f"{path}, line {reader.line_num}: {reason}") from error


def _frame_rows(frame: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """The same of a frame."""
    yield "", [str(name).strip() for name in frame.columns]
    for number, row in enumerate(frame.itertuples(index=False, name=None), start=1):
        yield f"row {number}", ["" if pd.isna(value) else str(value).strip() for value in row]


def _row(cells: dict[str, str]) -> tuple[Origin, str, tuple[float, float]]:
    """One row; raises ValueError that starts with the name of the column."""
    for name in ("model", "method", "feature"):
        if not cells[name]:
            raise ValueError(f"{name}: empty")
    for name, (taken, why) in _TAKEN.items():
        if cells[name] == taken:
            raise ValueError(f"{name}: '{taken}' is {why}: give it another name")
    condition = cells.get("condition", "real")
    if condition not in CONDITIONS:
        raise ValueError(f"condition: '{condition}' is none of {', '.join(CONDITIONS)}")
    origin = Origin(cells["model"], cells["method"], condition, _seed(cells["seed"]))
    score = _number("score", cells["score"])
    signed = _number("signed", cells.get("signed", ""))
    return origin, cells["feature"], (score, signed)


def _seed(text: str) -> int:
    """A whole number from 0, also as 3.0, which frames with gaps make of 3."""
    whole = text.removesuffix(".0")
    if not (whole.isascii() and whole.isdecimal()) or int(whole) >= 2**32:
        raise ValueError(f"seed: '{text}' is not a whole number from 0 to {2**32 - 1}")
    return int(whole)


def _number(column: str, text: str) -> float:
    """A finite number, or NaN where it is missing."""
    if text.lower() in _MISSING:
        return math.nan
    try:
        number = float(text if "_" not in text else "")  # Python alone reads 1_000 as 1000
    except ValueError as error:
        hint = ": write a decimal point" if "," in text else ""
        raise ValueError(f"{column}: '{text}' is not a number{hint}") from error
    if not math.isfinite(number):
        raise ValueError(f"{column}: '{text}' is not a finite number (empty is a missing one)")
    return number


def _check(path: Path, table: ScoreTable) -> None:
    """Raise InputError unless every vector has the same features, two or more."""
    if len(table.features) == 1:
        raise InputError(f"{path}: one feature only, '{table.features[0]}': nothing to rank")
    for origin, vector in table.vectors.items():
        lacking = [feature for feature in table.features if feature not in vector]
        if lacking:
            raise InputError(f"{path}: {_lacks(table, origin, lacking)}")
        gaps = [feature for feature, (score, _) in vector.items() if math.isnan(score)]
        if gaps and len(gaps) < len(vector):
            raise InputError(
                f"{path}: {origin}: the score of {_quoted(gaps)} is missing, and others are not; "
                "where a seed failed, leave all of its scores empty"
            )
    if all(math.isnan(score) for of in table.vectors.values() for score, _ in of.values()):
        raise InputError(f"{path}: every score is missing")
    for model in table.models:
        if not table.methods(model):
            raise InputError(f"{path}: model '{model}' has no rows of condition real")


def _lacks(table: ScoreTable, origin: Origin, lacking: Sequence[str]) -> str:
    """Who has no score of some features: a whole model, or one vector of it."""
    of_model = [vector for of, vector in table.vectors.items() if of.model == origin.model]
    everywhere = [name for name in lacking if not any(name in vector for vector in of_model)]
    if everywhere:
        return (
            f"model '{origin.model}' has no score of {_quoted(everywhere)}, which other models "
            "have: all need the same features"
        )
    return f"{origin} has no score of {_quoted(lacking)}"


def _quoted(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more
