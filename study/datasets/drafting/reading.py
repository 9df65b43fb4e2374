"""The cells of a table become columns, each read as it is written."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np

from study.datasets.drafting.file_layout import no_column
from study.datasets.drafting.notations import find_writings, is_decimal
from study.datasets.encoding import Reader
from study.datasets.notation import USUAL, Writing, alike
from study.datasets.raw_columns import MARK, MISSING, NUMBER, Column, Signs
from study.datasets.read_table import TextTable, read_file
from study.recipes.table import Table

# Numbers are kept as text as well, for as long as a column has so few different ones.
_KEPT = 50


class _Collected:
    """The cells of a column, chunk by chunk, as numbers and codes."""

    def __init__(self, table: Table) -> None:
        self.sign, self.thousands = table.decimal, table.thousands
        self.signs: Signs = "none"
        self.grouped = False
        self.numbers: list[np.ndarray] = []
        self.codes: list[np.ndarray] = []
        self.places: dict[str, int] = {}
        self.kept = 0  # different texts that are numbers
        self.marked: dict[str, int] = {}

    def add(self, cells: list[str], numbers: np.ndarray, is_missing: Callable[[str], bool]) -> None:
        self.numbers.append(numbers)
        lines = "\n".join(cells)
        if self.signs != "decimal" and self.sign in lines:
            self.signs = "decimal" if is_decimal(self.sign).search(lines) else "either"
        self.grouped |= self.thousands is not None and self.thousands in alike(lines)
        if self.kept >= _KEPT and not np.isnan(numbers).any():
            codes = map(self.places.get, cells, repeat(NUMBER))
            self.codes.append(np.fromiter(codes, dtype=np.int32, count=len(cells)))
            return
        is_number = (~np.isnan(numbers)).tolist()
        self.codes.append(
            np.array(
                [
                    self._code(cell, of, is_missing)
                    for cell, of in zip(cells, is_number, strict=True)
                ],
                dtype=np.int32,
            )
        )

    def _code(self, cell: str, is_number: bool, is_missing: Callable[[str], bool]) -> int:
        if cell not in self.places:
            if not is_number and is_missing(cell):
                return self.marked.setdefault(cell, MARK - len(self.marked)) if cell else MISSING
            if is_number and self.kept >= _KEPT:
                return NUMBER
            self.kept += is_number
            self.places[cell] = len(self.places)
        return self.places[cell]


def read_tables(table: Table, paths: Sequence[Path]) -> list[dict[str, Column]]:
    """The columns of tables that are written alike, by name. Raises InputError.

    Numbers are read as the table says they are written; what looks like numbers and is not read
    so, or may be read otherwise, is looked at again.
    """
    parts = [read_columns(table, read_file(path, table), {}) for path in paths]
    shared = [name for name in parts[0] if all(name in part for part in parts)]
    odd = [name for name in shared if any(part[name].is_odd for part in parts)]
    if not odd:
        return parts
    columns = [column for part in parts for column in part.values()]
    decimals = any(column.signs == "decimal" and not column.others for column in columns)
    writings = find_writings(table, paths, odd, decimals)
    if not writings:
        return parts
    return [read_columns(table, read_file(path, table), writings) for path in paths]


def read_columns(
    table: Table, texts: TextTable, writings: Mapping[str, Writing]
) -> dict[str, Column]:
    """The columns of a table, by name, each as its writing says, or else its table.

    Raises InputError.
    """
    reader = Reader(table)
    collected = {name: _Collected(table) for name in texts.columns}
    notations = {name: writings.get(name, USUAL).notation(table) for name in texts.columns}
    for chunk in texts.chunks:
        for name, of in collected.items():
            cells, notation = chunk.cells[name], notations[name]
            of.add(
                cells, reader.found(cells, notation), partial(reader.is_missing, notation=notation)
            )
    return {
        name: Column(
            name,
            np.concatenate(of.numbers),
            np.concatenate(of.codes),
            tuple(of.places),
            tuple(of.marked),
            of.signs,
            of.grouped,
            writings.get(name, USUAL),
        )
        for name, of in collected.items()
    }


def read_together(table: Table, paths: Sequence[Path]) -> tuple[dict[str, Column], list[int]]:
    """The columns of one table, or of training and test rows one below the other; rows of each.

    Raises InputError.
    """
    parts = read_tables(table, paths)
    lengths = [len(next(iter(part.values())).codes) for part in parts]
    if len(parts) == 1:
        return parts[0], lengths
    train, test = parts
    for name in train:
        if name not in test:
            raise no_column(paths[1], name, list(test))
    return {name: _joined(train[name], test[name]) for name in train}, lengths


def _joined(first: Column, second: Column) -> Column:
    """The rows of two columns, one below the other."""
    texts = {text: place for place, text in enumerate(dict.fromkeys([*first.texts, *second.texts]))}
    marked = tuple(dict.fromkeys([*first.marked, *second.marked]))
    marks = [MARK - marked.index(mark) for mark in second.marked]
    # The last ones are those of the codes below 0.
    places = np.array(
        [*(texts[text] for text in second.texts), *reversed(marks), NUMBER, MISSING], dtype=np.int32
    )
    return Column(
        first.name,
        np.concatenate([first.numbers, second.numbers]),
        np.concatenate([first.codes, places[second.codes]]),
        tuple(texts),
        marked,
        grouped=first.grouped or second.grouped,
        writing=first.writing,
    )
