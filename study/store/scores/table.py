"""A table of scores that were made elsewhere, checked row by row."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from study.common.conditions import CONDITIONS
from study.common.errors import InputError
from study.common.methods import GROUPED_PERMUTATION
from study.common.vocabulary import LEAST_SQUARES
from study.store.scores import cells as cell
from study.store.scores.layouts.read import read
from study.store.scores.layouts.registry import PRINTED
from study.store.scores.several import joined
from study.store.scores.sheet import read_sheet

# Names that mean something else here.
_TAKEN = {
    "model": (LEAST_SQUARES, "the study's own closed form"),
    "method": (GROUPED_PERMUTATION, "scores by variable, and these are by feature"),
}


_FAILED = "where a seed failed, leave all of its scores empty"
_ROUNDS = (
    f"{_FAILED}; scikit-survival's feature_importances_ of boosting are the rounds in which a "
    "feature was first chosen, and no scores: import coef_"
)


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


# (score, signed) by feature.
Vector = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class ScoreTable:
    """Scores by what gave them, and how they were read.

    features : in the order of the file; vectors : {feature: (score, signed)}, where NaN stands for
    what there is not: of the scores of a vector, all or none; unused : columns that mean nothing
    here; digest : SHA-256 of the file
    read_as : the layout in words, empty of this program's own; seedless : whether no column tells
    seeds; left_out, kept : names that were taken for no feature's, and others that may be none,
    with the reason; absent : (vectors without, vectors) by model, method and feature that counts as
    0 there; turned : how, by the method of which smaller scores were the better
    """

    features: list[str]
    vectors: dict[Origin, Vector]
    unused: list[str]
    digest: str
    read_as: str = ""
    seedless: bool = False
    left_out: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    absent: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    turned: dict[str, str] = field(default_factory=dict)

    @property
    def models(self) -> list[str]:
        """The models, in the order of the file."""
        return list(dict.fromkeys(origin.model for origin in self.vectors))

    def methods(self, model: str) -> list[str]:
        """The methods with real scores of a model, in the order of the file."""
        found = (of.method for of in self.vectors if (of.model, of.condition) == (model, "real"))
        return list(dict.fromkeys(found))


def read_table(paths: Sequence[Path], named: Mapping[str, str] | None = None) -> ScoreTable:
    """Read files of scores as they stand there; `named` as `layouts.read.read` has it.

    Raises InputError.
    """
    sheet = joined([read_sheet(path, PRINTED) for path in paths])
    path = sheet.path
    reading = read(sheet, named or {})
    seedless = "seed" not in reading.names
    vectors = _vectors(path, reading.rows, seedless=seedless)
    if not vectors:
        raise InputError(f"{path}: the table has no rows")
    features = list(dict.fromkeys(feature for vector in vectors.values() for feature in vector))
    _check_capitals(path, features, vectors)
    unused = [name for at, name in enumerate(sheet.header) if at not in reading.used]
    said = "; ".join(filter(None, (sheet.said, reading.said)))
    return ScoreTable(features, vectors, unused, sheet.digest, said, seedless)


def _vectors(
    path: Path, rows: Iterable[tuple[str, Mapping[str, str]]], *, seedless: bool
) -> dict[Origin, Vector]:
    vectors: dict[Origin, Vector] = {}
    scores = []
    for place, cells in rows:
        scores.append(cells["score"])
        try:
            origin, feature, numbers = _row(cells)
        except ValueError as error:
            raise InputError(f"{path}, {place}, column {error}") from error
        vector = vectors.setdefault(origin, {})
        if feature in vector and seedless:
            raise InputError(
                f"{path}, {place}: another score of '{feature}', and no column 'seed' to tell them "
                "apart: add one, or rename the one that does (of classes or folds keep one)"
            )
        if feature in vector:
            raise InputError(f"{path}, {place}: {origin} has a score of '{feature}' already")
        vector[feature] = numbers
    if either := cell.may_be_thousands(scores):
        raise InputError(
            f"{path}: scores such as '{either}' beside whole numbers: if its point stands between "
            "thousands, take it out; if it is decimal, write all scores with one"
        )
    return vectors


def _row(cells: Mapping[str, str]) -> tuple[Origin, str, tuple[float, float]]:
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
    seed = cell.seed(cells["seed"])
    origin = Origin(cells["model"], cells["method"], condition, seed)
    score = cell.number("score", cells["score"])
    signed = cell.number("signed", cells.get("signed", ""))
    return origin, cells["feature"], (score, signed)


def check_complete(path: Path, table: ScoreTable) -> None:
    """Raise InputError unless every vector has the same features, two or more."""
    if len(table.features) == 1:
        raise InputError(f"{path}: one feature only, '{table.features[0]}': nothing to rank")
    for origin, vector in table.vectors.items():
        lacking = [feature for feature in table.features if feature not in vector]
        if lacking:
            raise InputError(f"{path}: {_lacks(table, origin, lacking)}")
        gaps = [feature for feature, (score, _) in vector.items() if math.isnan(score)]
        if gaps and len(gaps) < len(vector):
            known = [score for score, _ in vector.values() if not math.isnan(score)]
            remedy = _ROUNDS if all(map(float.is_integer, known)) else _FAILED
            raise InputError(
                f"{path}: {origin}: the score of {_quoted(gaps)} is missing, and others are not; "
                f"{remedy}"
            )
    if all(math.isnan(score) for of in table.vectors.values() for score, _ in of.values()):
        raise InputError(
            f"{path}: every score is missing (CatBoost has none of a ranking, unless it is given "
            "the rows: get_feature_importance(data=...))"
        )
    for model in table.models:
        if not table.methods(model):
            raise InputError(f"{path}: model '{model}' has no rows of condition real")


def _check_capitals(path: Path, features: Sequence[str], vectors: Mapping[Origin, Vector]) -> None:
    """Raise InputError where names differ in capitals alone, and no vector has both."""
    alike: dict[str, list[str]] = {}
    for feature in features:
        alike.setdefault(feature.casefold(), []).append(feature)
    for names in alike.values():
        if len(names) > 1 and not any(set(names) <= vector.keys() for vector in vectors.values()):
            raise InputError(
                f"{path}: {_quoted(names)} differ in capitals alone, and stand in no vector "
                "together: write them alike"
            )


def _lacks(table: ScoreTable, origin: Origin, lacking: Sequence[str]) -> str:
    """Who has no score of some features: a whole model, or one vector of it."""
    of_model = [vector for of, vector in table.vectors.items() if of.model == origin.model]
    everywhere = [name for name in lacking if not any(name in vector for vector in of_model)]
    if everywhere:
        return (
            f"model '{origin.model}' has no score of {_quoted(everywhere)}, which other models "
            "have: all need the same features (those that a tool leaves out at 0: --absent zero)"
        )
    return (
        f"{origin} has no score of {_quoted(lacking)}; if the tool leaves out features whose score "
        "is 0: --absent zero"
    )


def _quoted(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more
