"""Texts such as None, which may be levels or stand for a missing value."""

from collections.abc import Mapping

from study.common.text import short
from study.datasets.raw_columns import MISSING, Column

_FEWEST_ROWS = 5  # of a word that may be a level
# Words that people use for a level as well; another mark is one if a cell beside it is empty.
_WORDS = ("None", "NA")


def with_levels(columns: Mapping[str, Column]) -> tuple[dict[str, Column], dict[str, str]]:
    """Columns in which such texts are levels where that is what they are, and what to say of them.

    They are where another way to leave a cell out stands beside them; by the columns of numbers,
    in which they can be no level, the table may show how it writes a missing value.
    """
    numbers = [column for column in columns.values() if not column.others]
    of_numbers = {mark for column in numbers for mark in column.marked}
    shown = bool(of_numbers) or any((column.codes == MISSING).any() for column in numbers)
    made, notes = {}, {}
    for name, column in columns.items():
        made[name] = column
        if not column.others or len(column.known):
            continue
        levels = [m for m in column.marked if _is_level(column, m, of_numbers, shown=shown)]
        for mark in levels:
            made[name] = made[name].with_level(mark)
        said = [f"'{mark}' is a level: if it is a missing value, take it away" for mark in levels]
        if made[name].marked:
            marks = ", ".join(repr(mark) for mark in made[name].marked)
            said.append(
                f"{short(marks)} is read as a missing value; if it is a level, add it to the "
                "levels: a level goes before missing_marks"
            )
        if said:
            notes[name] = "; ".join(said)
    return made, notes


def _is_level(column: Column, mark: str, of_numbers: set[str], *, shown: bool) -> bool:
    if mark in of_numbers:
        return False
    if (column.codes == MISSING).any() or (mark in _WORDS and shown):
        return True
    return mark == "None" and int(column.marked_rows(mark).sum()) >= _FEWEST_ROWS
