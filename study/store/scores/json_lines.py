"""JSON as the lines of a table: what `json.dump` makes of a tool's scores, and `to_json` of frames.

XGBoost's `get_score` and H2O's `coef` are objects of a number for each feature, H2O's `varimp` is a
list of lists, interpret's `data()` an object of lists; `json.dump` writes all of them as they are.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from study.common.errors import InputError

# What H2O's varimp gives of each variable, which does not say so itself.
_H2O = ["variable", "relative_importance", "scaled_importance", "percentage"]
_FORMS = (
    "an object of a number for each feature, such objects by seed, a list of objects, or an object "
    "of columns"
)

# (place in words, cells); the header is the first.
Lines = Iterator[tuple[str, list[str]]]


class Number(str):
    """A number as it is written, which text in quotation marks is not."""


def json_lines(path: Path, text: str) -> tuple[Lines, str]:
    """The lines of a table, and what it was read as, in words. Raises InputError."""
    try:
        value = json.loads(
            text,
            parse_float=Number,
            parse_int=Number,
            parse_constant=lambda name: Number("" if name == "NaN" else name),
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise InputError(f"{path}: not JSON: {reason}") from error
    found = _of_object(value) if isinstance(value, dict) else _of_list(value)
    if found is None:
        raise InputError(f"{path}: not a table: give {_FORMS}")
    header, rows, said = found
    lines = iter([("", header), *((f"row {place}", row) for place, row in enumerate(rows, 1))])
    return lines, said


_Found = tuple[list[str], list[list[str]], str] | None


def _of_object(value: dict[str, Any]) -> _Found:
    if not value:
        return None
    inner = list(value.values())
    if all(map(_is_number, inner)):
        rows = [[name, _cell(score)] for name, score in value.items()]
        return ["feature", "score"], rows, "a JSON object of a score for each feature"
    if all(isinstance(of, list) and len(of) == len(inner[0]) for of in inner):
        if not all(_is_cell(cell) for of in inner for cell in of):
            return None
        rows = [list(map(_cell, cells)) for cells in zip(*inner, strict=True)]
        return list(value), rows, "a JSON object of columns"
    if not all(isinstance(of, dict) and all(map(_is_cell, of.values())) for of in inner):
        return None
    if all(name.removeprefix("-").isdecimal() for name in value):
        if not all(_is_number(score) for of in inner for score in of.values()):
            return None
        rows = [
            [seed, name, _cell(score)] for seed, of in value.items() for name, score in of.items()
        ]
        return ["seed", "feature", "score"], rows, "a JSON object of scores by seed and feature"
    names = list(dict.fromkeys(name for of in inner for name in of))
    rows = [[name, *(_cell(of.get(name)) for of in inner)] for name in names]
    return ["", *value], rows, "a JSON object of columns"


def _of_list(value: Any) -> _Found:
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(of, dict) and all(map(_is_cell, of.values())) for of in value):
        header = list(dict.fromkeys(name for of in value for name in of))
        rows = [[_cell(of.get(name)) for name in header] for of in value]
        return header, rows, "a JSON list of rows"
    if not all(isinstance(of, list) and all(map(_is_cell, of)) for of in value):
        return None
    for header in (_H2O, ["feature", "score"]):
        if all(_is_scored(of, header) for of in value):
            return header, [list(map(_cell, of)) for of in value], "a JSON list of lists"
    return None


def _is_scored(cells: Sequence[Any], header: Sequence[str]) -> bool:
    """A name, and a number for each further column."""
    return (
        len(cells) == len(header) and not _is_number(cells[0]) and all(map(_is_number, cells[1:]))
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object none of whose names stands twice, of which JSON would keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"'{twice}' stands twice in an object")
    return found


def _is_number(cell: Any) -> bool:
    return cell is None or isinstance(cell, Number)


def _is_cell(cell: Any) -> bool:
    return cell is None or isinstance(cell, (str, bool))


def _cell(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()
