"""Tables from strangers become text, cell by cell, with the place of each row."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import pandas as pd

from study.common.errors import InputError, first_line
from study.common.files import read_bytes
from study.common.import_path import import_named
from study.common.shortage import refuse_shortage
from study.recipes.table import Table

# Cells that are turned into numbers at a time: as text they are some twenty times as large.
_AT_ONCE = 2**17


@dataclass(frozen=True)
class FrameFormat:
    """A format of files that pandas reads as a frame; any other file is text.

    endings : of the names of such files; beginning : their first bytes; needs : the package that
    reads them; extra : of this program, which installs it
    """

    name: str
    endings: tuple[str, ...]
    beginning: bytes
    needs: str
    extra: str
    read: Callable[[io.BytesIO], pd.DataFrame]


FRAME_FORMATS = (
    FrameFormat(
        "Parquet", (".parquet", ".pq"), b"PAR1", "pyarrow", "parquet",
        lambda content: pd.read_parquet(content),
    ),
)  # fmt: skip


def frame_format(path: Path) -> FrameFormat | None:
    """The format of a file by the ending of its name; None of text."""
    ending = path.suffix.lower()
    return next((form for form in FRAME_FORMATS if ending in form.endings), None)


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table: the number that names each, and its cells by column."""

    numbers: list[int]
    cells: dict[str, list[str]]


@dataclass(frozen=True)
class TextTable:
    """A table whose cells are text.

    Attributes
    ----------
    name : file or function, for messages
    unit : what numbers a row: "line" of a file, or "row"
    columns : list of str, each once
    chunks : its rows, to be read once
    digest : SHA-256 of the file's bytes, or of what the function returned
    """

    name: str
    unit: str
    columns: list[str]
    chunks: Iterator[Chunk]
    digest: str


def read_file(path: Path, table: Table) -> TextTable:
    """A CSV file (any separator), or one of FRAME_FORMATS by its ending. Raises InputError."""
    content = read_bytes(path)
    digest = hashlib.sha256(content).hexdigest()
    form = frame_format(path)
    if form is not None:
        return _of_frame(str(path), read_frame(path, content, form), digest)
    return _of_text(path, decoded(path, content, table.encoding), table, digest)


def read_function(table: Table) -> TextTable:
    """What the function of a recipe returns: a pandas frame, or what has one as `.frame`.

    Runs the recipe's code. Raises InputError.
    """
    assert table.function is not None
    try:
        returned = import_named(table.function)(**table.arguments)
        frame = returned if isinstance(returned, pd.DataFrame) else getattr(returned, "frame", None)
    except InputError:
        raise
    except (Exception, SystemExit) as error:  # a stranger's function may raise anything
        refuse_shortage(error)
        raise InputError(f"table.function '{table.function}': {first_line(error)}") from error
    if not isinstance(frame, pd.DataFrame):
        given = type(returned).__name__
        raise InputError(f"table.function '{table.function}': gives {given}, not a pandas frame")
    text = frame.to_csv(index=False).encode()
    return _of_frame(table.function, frame, hashlib.sha256(text).hexdigest())


def decoded(path: Path, content: bytes, encoding: str) -> str:
    """The text of a file, without its byte order mark. Raises InputError."""
    for start, kind in _NO_TEXT.items():
        if content.startswith(start):
            raise InputError(f"{path}: {kind}")
    try:
        # utf-8-sig takes a byte order mark away, and reads text without one alike.
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        named = "UTF-8" if encoding == "utf-8" else encoding
        raise InputError(
            f"{path}: not {named} text (byte {error.start}); if it is text, name its encoding, "
            "such as cp1252 or utf-16"
        ) from error
    except (LookupError, ValueError) as error:
        raise InputError(f"{path}: encoding '{encoding}': {error}") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(
            f"{path}, line {line}: a NUL character: no table of text, or one whose encoding is "
            "another, such as utf-16"
        )
    return text


# Files that are often taken for text, by their first bytes.
_NO_TEXT = {
    **{
        form.beginning: f"a {form.name} file: let its name end in {form.endings[0]}"
        for form in FRAME_FORMATS
    },
    b"PK\x03\x04": "a workbook or an archive: save the sheet as CSV, or unpack the archive",
    b"\x1f\x8b": "compressed by gzip: unpack it first",
}


def _of_text(path: Path, text: str, table: Table, digest: str) -> TextTable:
    rows = _rows(path, text, table.separator)
    columns = table.columns or next(rows, (0, []))[1]
    first = next(rows, None)
    if not columns or first is None:
        raise InputError(f"{path}: the table has no rows")
    _check_names(str(path), columns)

    def complete() -> Iterator[tuple[int, list[str]]]:
        for number, cells in chain([first], rows):
            if len(cells) != len(columns):
                raise InputError(
                    f"{path}, line {number}: {len(cells)} columns where {len(columns)} are "
                    f"expected (separator {table.separator!r})"
                )
            yield number, cells

    return TextTable(str(path), "line", columns, _chunks(columns, complete()), digest)


def _rows(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each line that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    last = 0  # line that was read whole
    try:
        for cells in reader:
            last = reader.line_num
            if cells:
                yield last, [cell.strip() for cell in cells]
    except csv.Error as error:
        reason = str(error)
        if "unexpected end of data" in reason:
            reason = "a quotation mark is not closed"
        elif "field larger" in reason:
            limit = csv.field_size_limit()
            reason = f"a cell of more than {limit} characters; is a quotation mark not closed?"
        raise InputError(f"{path}, line {last + 1}: {reason}") from error


def _of_frame(name: str, frame: pd.DataFrame, digest: str) -> TextTable:
    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(f"{name}: columns of several levels: give each one name")
    columns = [str(column).strip() for column in frame.columns]
    if not columns or not len(frame):
        raise InputError(f"{name}: the table has no rows")
    _check_names(name, columns)

    def chunks() -> Iterator[Chunk]:
        at_once = _rows_at_once(columns)
        for start in range(0, len(frame), at_once):
            part = frame.iloc[start : start + at_once]
            cells = [
                [
                    "" if gone else str(cell).strip()
                    for gone, cell in zip(column.isna(), column, strict=True)
                ]
                for _, column in part.items()
            ]
            numbers = list(range(start + 1, start + len(part) + 1))
            yield Chunk(numbers, dict(zip(columns, cells, strict=True)))

    return TextTable(name, "row", columns, chunks(), digest)


def _chunks(columns: list[str], rows: Iterator[tuple[int, list[str]]]) -> Iterator[Chunk]:
    while block := list(islice(rows, _rows_at_once(columns))):
        numbers, lines = zip(*block, strict=True)
        cells = map(list, zip(*lines, strict=True))
        yield Chunk(list(numbers), dict(zip(columns, cells, strict=True)))


def _rows_at_once(columns: list[str]) -> int:
    return max(_AT_ONCE // len(columns), 1)


def _check_names(name: str, columns: list[str]) -> None:
    repeated = sorted(column for column, count in Counter(columns).items() if count > 1)
    if repeated:
        names = ", ".join(column or "(empty)" for column in repeated)
        raise InputError(f"{name}: column named twice: {names}")


def read_frame(path: Path, content: bytes, form: FrameFormat) -> pd.DataFrame:
    """The content of a file in a format that pandas reads. Raises InputError."""
    try:
        return form.read(io.BytesIO(content))
    except ImportError as error:
        raise InputError(
            f"{path}: reading {form.name} needs {form.needs}: pip install "
            f"'importance-study[{form.extra}]'"
        ) from error
    except Exception as error:  # such packages raise many kinds
        refuse_shortage(error)
        said = str(error).partition("\n")[0]
        raise InputError(f"{path}: not a {form.name} file that can be read: {said}") from error
