"""A table as text, CSV, Markdown, LaTeX and HTML."""

import html
import re
import textwrap
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import tabulate

from study.common.files import inside
from study.common.text import by_columns, filled, printable
from study.report.html_text import cell, isolated, without_formulas
from study.report.tables.latex import latex_table


@dataclass(frozen=True)
class Table:
    """A table: plain numbers for CSV, and the same numbers laid out to be read.

    name : stem of its files; caption, notes : plain text; data : one row for each number;
    layout : strings in the order and form in which they are read; section : of the page that
    it stands in, by its anchor.
    """

    name: str
    caption: str
    notes: str
    data: pd.DataFrame
    layout: pd.DataFrame
    section: str = ""

    def frame(self) -> pd.DataFrame:
        """Every number of the table."""
        return self.data

    def _repr_html_(self) -> str:
        caption, notes = isolated(self.caption), isolated(self.notes)
        body = self.html(most=200)
        return without_formulas(f"<p><b>{caption}</b></p>{body}<p>{notes}</p>")

    def render(self, form: str) -> str:
        """The table in one of FORMATS."""
        forms = {
            "text": self.text,
            "csv": self.csv,
            "markdown": self.markdown,
            "latex": self.latex,
            "html": self.html,
        }
        return forms[form]()

    def text(self, width: int | None = None) -> str:
        """For a terminal, of so many columns if given."""
        lines = self.layout.map(_wrapped).to_numpy().tolist()
        headers = [by_columns(printable(str(column))) for column in self.layout.columns]
        if width is not None:
            headers, lines = _narrowed(headers, lines, width)
        body = _laid_out(lines, headers, "simple")
        caption = by_columns(printable(self.caption))
        if width is not None:
            caption = textwrap.fill(caption, width)
        notes = textwrap.fill(by_columns(printable(self.notes)), width or 100)
        return filled(f"{caption}\n\n{body}\n\n{notes}\n")

    def csv(self) -> str:
        """Every number, with ten digits: single precision carries seven.

        Text that a spreadsheet would take for a formula has an apostrophe before it.
        """
        columns = {
            name: pd.Series(map(_no_formula, column), index=column.index, dtype=column.dtype)
            for name, column in self.data.select_dtypes(exclude="number").items()
        }
        data = self.data.assign(**columns)
        return data.to_csv(index=False, lineterminator="\n", float_format="%.10g")

    def markdown(self) -> str:
        head, *rows = _cells(self.layout, escape_markdown)
        body = _laid_out(rows, head, "pipe")
        return f"**{escape_markdown(self.caption)}**\n\n{body}\n\n{escape_markdown(self.notes)}\n"

    def latex(self, run: str = "") -> str:
        """A booktabs table with caption and label, tab:RUN-NAME where the run has a name."""
        run = re.sub("[^A-Za-z0-9]+", "-", run).strip("-")
        return latex_table(
            f"{run}-{self.name}" if run else self.name, self.caption, self.notes, self.layout
        )

    def html(self, most: int | None = None) -> str:
        """For a page; with `most`, that many rows, and a line on how many there are."""
        shown = self.layout.head(len(self.layout) if most is None else most).map(cell)
        shown = shown.rename(columns=lambda title: cell(str(title)))
        body = shown.to_html(index=False, escape=False, border=0, na_rep="")
        if len(shown) == len(self.layout):
            return body
        return f"{body}<p>The first {most} of {len(self.layout)} rows; the CSV file has all.</p>"

    def write(self, directory: Path) -> None:
        """Write NAME.csv, NAME.md and NAME.tex; labels name the run, above the directory."""
        for ending, text in (
            ("csv", self.csv()),
            ("md", self.markdown()),
            ("tex", self.latex(directory.resolve().parent.name)),
        ):
            inside(directory, f"{self.name}.{ending}").write_text(text, encoding="utf-8")


def _cells(layout: pd.DataFrame, shown: Callable[[str], str]) -> list[list[str]]:
    """The header and the rows, every text as it is shown."""
    lines = [list(map(str, layout.columns)), *layout.to_numpy().tolist()]
    return [[shown(text) for text in line] for line in lines]


def _no_formula(value: Any) -> Any:
    """A cell that spreadsheets show as it stands; numbers as text, such as -0.5, are none."""
    if not isinstance(value, str):
        return value
    # A carriage return is written without quotation marks, and would end the row.
    value = value.replace("\r", "\n")
    if not value.startswith(("=", "+", "-", "@", "\t", "\n")):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def _wrapped(text: str) -> str:
    """Text on lines of at most 60 columns."""
    return textwrap.fill(by_columns(printable(text)), 60)


_LAYING_OUT = threading.Lock()


def _laid_out(rows: list[list[str]], headers: list[str], form: str) -> str:
    """Cells in columns by the lengths of their texts, whatever else is installed.

    Where it finds wcwidth, tabulate takes widths from there, by a switch of the whole module. These
    are not those of `by_columns`, and a page must not change with a package that nobody asked for.
    """
    with _LAYING_OUT:
        switch, tabulate.WIDE_CHARS_MODE = tabulate.WIDE_CHARS_MODE, False
        try:
            return tabulate.tabulate(rows, headers=headers, tablefmt=form, disable_numparse=True)
        finally:
            tabulate.WIDE_CHARS_MODE = switch


# What tabulate leaves beside a header, and between columns.
_PADDING, _GAP = 2, 2


def _narrowed(
    headers: list[str], lines: list[list[str]], width: int
) -> tuple[list[str], list[list[str]]]:
    """Cells on more lines, the widest columns first, until a table is at most so wide."""
    widths = [
        max([len(header) + _PADDING, *(len(part) for cell in column for part in cell.split("\n"))])
        for header, *column in zip(headers, *lines, strict=True)
    ]
    while sum(widths) + _GAP * (len(widths) - 1) > width and max(widths) > _PADDING + 1:
        widths[widths.index(max(widths))] -= 1

    def folded(cell: str, most: int) -> str:
        # Never broken between the bounds of an interval.
        return textwrap.fill(cell.replace(", ", ",\xa0"), most).replace("\xa0", " ")

    return [
        folded(header, most - _PADDING) for header, most in zip(headers, widths, strict=True)
    ], [[folded(*pair) for pair in zip(line, widths, strict=True)] for line in lines]


@lru_cache(maxsize=2**14)  # cells repeat
def escape_markdown(text: str) -> str:
    """Text that Markdown, and HTML within it, shows as it stands, also in a table cell.

    A sign that starts a formula stands in an element of its own: notebooks look for formulas
    once more after an escape is gone.
    """
    escaped = html.escape(printable(text), quote=False)
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", escaped)
    return re.sub(r"\\[\\$]", r"<span>\g<0></span>", escaped)
