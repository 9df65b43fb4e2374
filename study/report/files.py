"""The files of figures and tables, and what a page holds of them.

A page is mailed alone: it links to none of these files, but holds figures, and tables to save.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from markupsafe import Markup

from study.common.files import inside, make_folder
from study.report.beside import Beside
from study.report.figures.display import Display, data_uri
from study.report.tables.table import Table

# A copy of this process takes as long as a figure or some tables do.
_FIGURES_AT_ONCE, _TABLES_AT_ONCE = 3, 10
_MOST_ROWS = 200  # of a table on a page; its file has all
_MOST_SIGNS = 100_000  # of a CSV file that a page holds, so that pages of many models can be mailed

Part = TypeVar("Part", Display, Table)


@dataclass(frozen=True)
class Picture:
    """A figure in a page: addresses that hold it whole, wide and narrow."""

    wide: Markup
    narrow: Markup


class Files:
    """figures/*.png and *.svg, tables/*.csv, *.md and *.tex: made while others are reckoned."""

    def __init__(self, directory: Path) -> None:
        self._figures, self._tables = inside(directory, "figures"), inside(directory, "tables")
        make_folder(self._figures)
        make_folder(self._tables)
        self._beside = Beside()

    def of_displays(self, displays: Iterable[Display]) -> dict[str, Display]:
        """Begin to draw figures, some at a time, when they are there; return them by name."""
        return self._begun(displays, _FIGURES_AT_ONCE, partial(_draw, self._figures))

    def of_tables(self, tables: Iterable[Table]) -> dict[str, Table]:
        """Begin to write tables, some at a time, when they are there; return them by name."""
        return self._begun(tables, _TABLES_AT_ONCE, partial(_write, self._tables))

    def _begun(
        self, parts: Iterable[Part], at_once: int, make: Callable[[Sequence[Part]], Any]
    ) -> dict[str, Part]:
        found: dict[str, Part] = {}
        left = iter(parts)
        while some := list(islice(left, at_once)):
            self._beside.begin(partial(make, some))
            found |= {part.name: part for part in some}
        return found

    def in_page(self) -> dict[str, Any]:
        """Pictures of figures, bodies of tables in HTML, and their CSV files as addresses, of those
        that are short, by name: once all are made."""
        found: dict[str, dict[str, Any]] = {"pictures": {}, "bodies": {}, "saved": {}}
        for answer in self._beside.answers():
            for kind, parts in answer.items():
                found[kind] |= parts
        return found


def _draw(directory: Path, displays: Iterable[Display]) -> dict[str, dict[str, Picture]]:
    """Write the files of figures; return their pictures."""
    pictures = {}
    for display in displays:
        drawn = display.drawings()
        inside(directory, f"{display.name}.png").write_bytes(drawn.png)
        inside(directory, f"{display.name}.svg").write_text(drawn.svg, encoding="utf-8")
        narrow = data_uri(drawn.narrow, spaces=False)  # as srcset needs it
        pictures[display.name] = Picture(Markup(data_uri(drawn.svg)), Markup(narrow))
    return {"pictures": pictures}


def _write(directory: Path, tables: Iterable[Table]) -> dict[str, Any]:
    """Write the files of tables; return their HTML, and addresses that hold short ones whole."""
    bodies, saved = {}, {}
    for table in tables:
        table.write(directory)
        bodies[table.name] = table.html(most=_MOST_ROWS)
        text = table.csv()
        if len(text) <= _MOST_SIGNS:
            address = quote(text, safe=" ,;:=+-.*/()[]|_")
            saved[table.name] = Markup(f"data:text/csv;charset=utf-8,{address}")
    return {"bodies": bodies, "saved": saved}
