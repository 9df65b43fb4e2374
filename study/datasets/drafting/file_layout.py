"""How a file of text is laid out: encoding, separator, header, signs of numbers."""

import codecs
import contextlib
import csv
import difflib
import io
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from study.common.errors import InputError
from study.common.files import read_bytes
from study.datasets.encoding import Reader
from study.datasets.notation import OTHER_MINUS, Notation, alike
from study.datasets.read_table import decoded, frame_format
from study.recipes.table import Table

SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}
_GUESS = "cp1252"  # of text that is not UTF-8; most such text comes from Windows
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SAMPLE_ROWS = 500
_SAMPLE_CELLS = 100_000


def find_layout(
    path: Path, target: str, separator: str | None = None, encoding: str | None = None
) -> tuple[Table, list[str]]:
    """How to read a file, as a recipe says it, and what was decided, in words.

    The target's name tells whether the first line is a header: it stands there, or it is
    column1, column2, ... of a file without one. Raises InputError.
    """
    content = read_bytes(path)
    form = frame_format(path)
    if form is not None:
        return Table(file=str(path)), [form.name]
    if not content.strip():
        raise InputError(f"{path}: the file is empty")
    encoding, said = _encoding(content, encoding)
    text = decoded(path, content, encoding)
    separator = separator or _separator(text)
    rows = _first_rows(text, separator)
    if not rows:
        raise InputError(f"{path}: the table has no rows")
    columns = _columns(path, rows[0], target)
    if len(rows[0]) == 1:
        raise InputError(
            f"{path}: one column alone (separator {separator!r}): a target needs others beside "
            "it; --separator names another"
        )
    body = rows if columns else rows[1:]
    decimal, thousands = _signs(body, separator)
    header = "no header line, so that columns are column1, column2, ..." if columns else "a header"
    signs = ["decimal commas"] if decimal == "," else []
    dashes = dict.fromkeys(OTHER_MINUS.findall(text))
    signs += [f"{' and '.join(map(repr, dashes))} before digits as minus"] if dashes else []
    words = [said, f"separated by {SEPARATORS.get(separator, repr(separator))}", header, *signs]
    table = Table.model_validate(
        {
            "file": str(path),
            "separator": separator,
            "decimal": decimal,
            "thousands": thousands,
            "encoding": encoding,
            "columns": columns,
        }
    )
    return table, words


def no_column(path: Path, target: str, columns: Sequence[str]) -> InputError:
    """That the target is not there, or was not named, and what is there."""
    near = difflib.get_close_matches(target, columns, n=1)
    known = ", ".join(columns[:20]) + (
        f" and {len(columns) - 20} more" if len(columns) > 20 else ""
    )
    if not target:
        return InputError(f"{path}: say by --target what is to be predicted: there is {known}")
    hint = f"did you mean '{near[0]}'?" if near else f"there is {known}"
    return InputError(f"{path}: no column '{target}': {hint}")


def _encoding(content: bytes, given: str | None) -> tuple[str, str]:
    if given is not None:
        return given, given
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return encoding, "UTF-16, by its byte order mark"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _GUESS, f"no UTF-8, so read as {_GUESS} (a guess: see that its accents are right)"
    return "utf-8", "UTF-8"


def _first_rows(text: str, separator: str) -> list[list[str]]:
    """The cells of the first lines that are not blank, as far as they can be read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[list[str]] = []
    # Where a line cannot be read, the reader of tables says so.
    with contextlib.suppress(csv.Error):
        rows.extend(
            [cell.strip() for cell in cells] for cells in islice(reader, _SAMPLE_ROWS) if cells
        )
    return rows


def _separator(text: str) -> str:
    """The sign that gives most rows as many cells as the first row, and more than one."""

    def fit(separator: str) -> float:
        rows = _first_rows(text, separator)
        if not rows or len(rows[0]) == 1:
            return 0
        return sum(len(row) == len(rows[0]) for row in rows) / len(rows)

    best = max(SEPARATORS, key=fit)
    return best if fit(best) else ","


def _columns(path: Path, first: list[str], target: str) -> list[str] | None:
    """Names for the columns of a file without a header; None for one that has it."""
    if target in first:
        return None
    names = [f"column{place}" for place in range(1, len(first) + 1)]
    if target in names:
        return names
    if target and any(re.fullmatch(r"[+-]?[\d.,]+", cell) for cell in first):
        raise InputError(
            f"{path}: no column '{target}' in the first line ({', '.join(first[:5])}, ...); "
            f"if that line is no header, the columns are column1 to column{len(first)}"
        )
    raise no_column(path, target, [name for name in first if name])


def _signs(rows: list[list[str]], separator: str) -> tuple[str, str | None]:
    """Decimal sign and sign between thousands: those that make most cells numbers."""
    enough = max(_SAMPLE_CELLS // max(map(len, rows), default=1), 20)
    cells = {alike(cell) for row in rows[:enough] for cell in row}
    special = [cell for cell in cells if re.fullmatch(r"[+-]?\d[\d.,' ]*(e[+-]?\d+)?", cell, re.I)]
    commas = [(",", None), (",", "."), (",", " ")]
    points = [(".", None), (".", ","), (".", " "), (".", "'")]
    # 1,234 may be either; where commas separate nothing, they are more often decimal.
    conventions = points + commas if separator == "," else [points[0], *commas, *points[1:]]
    if not any(sign in cell for cell in special for sign in ".,"):
        conventions = points

    def numbers(signs: tuple[str, str | None]) -> int:
        table = Table.model_validate({"file": "-", "decimal": signs[0], "thousands": signs[1]})
        return int(np.isfinite(Reader(table).found(special, Notation.of(table))).sum())

    if numbers(points[0]) == len(special):
        return points[0]
    return max(conventions, key=numbers)
