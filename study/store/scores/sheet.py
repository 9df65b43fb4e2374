"""The cells of a table of scores, with their places, before anything is made of them."""

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from study.common.errors import InputError
from study.common.files import read_bytes
from study.datasets.read_table import frame_format, read_frame
from study.store.scores.json_lines import Lines, json_lines

# What a tool prints, as lines and what it was read as, in words; None of other text. May raise
# ValueError.
Printed = Callable[[str], tuple[Lines, str] | None]

_ROW_NAMES_ALONE = (
    "row names and no other column: R's randomForest has no %IncMSE and no MeanDecreaseAccuracy "
    "unless it was fitted with importance=TRUE"
)
_SEPARATORS = (",", "\t", ";")


@dataclass(frozen=True)
class Sheet:
    """A header and rows of as many cells.

    header : as it is written; rows : (place in words, cells); digest : SHA-256 of the file
    said : what the file was read as, in words; empty of plain tables
    """

    path: Path
    header: list[str]
    rows: list[tuple[str, list[str]]]
    digest: str
    said: str = ""

    @cached_property
    def names(self) -> list[str]:
        """The header in lower case."""
        return [name.lower() for name in self.header]

    def cells(self, column: int) -> list[str]:
        """What a column holds."""
        return [cells[column] for _, cells in self.rows]


def read_sheet(path: Path, printed: Sequence[Printed]) -> Sheet:
    """Read text with a header line, JSON, what a tool prints, or one of FRAME_FORMATS.

    Raises InputError.
    """
    content, form = read_bytes(path), frame_format(path)
    if form is not None:
        lines, said = _frame_rows(read_frame(path, content, form)), ""
    else:
        lines, said = _text_lines(path, _decoded(path, content), printed)
    _, header = next(lines, ("", []))
    found = []
    for place, cells in lines:
        if len(cells) != len(header):
            raise InputError(
                f"{path}, {place}: {len(cells)} columns where {len(header)} are expected"
            )
        found.append((place, cells))
    return Sheet(path, header, found, hashlib.sha256(content).hexdigest(), said)


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from error


def _text_lines(path: Path, text: str, printed: Sequence[Printed]) -> tuple[Lines, str]:
    """The lines of text, and what it was read as."""
    if path.suffix.lower() == ".json":
        return json_lines(path, text)
    try:
        found = next(filter(None, (read(text) for read in printed)), None)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error
    return found or (_separated(path, text), "")


def _separated(path: Path, text: str) -> Lines:
    """The cells of each line that has any, with its place; the header is the first."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.strip() == '""':
        raise InputError(f"{path}: {_ROW_NAMES_ALONE}")
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


def _frame_rows(frame: pd.DataFrame) -> Lines:
    """The same of a frame."""
    yield "", [str(name).strip() for name in frame.columns]
    for number, row in enumerate(frame.itertuples(index=False, name=None), start=1):
        yield f"row {number}", ["" if _gone(value) else str(value).strip() for value in row]


def _gone(value: Any) -> bool:
    """Whether a cell of a frame is missing; a list is not."""
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))
