"""A table as text, CSV, Markdown, LaTeX and HTML."""

import html
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from tabulate import tabulate

from study.common.text import printable
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
        caption, notes = html.escape(self.caption), html.escape(self.notes)
        return f"<p><b>{caption}</b></p>{self.html(most=200)}<p>{notes}</p>"

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
        headers = [printable(str(column)) for column in self.layout.columns]
        if width is not None:
            headers, lines = _narrowed(headers, lines, width)
        body = tabulate(
            lines,
            headers=headers,
            tablefmt="simple",
            disable_numparse=True,
        )
        caption = printable(self.caption)
        if width is not None:
            caption = textwrap.fill(caption, width)
        notes = textwrap.fill(printable(self.notes), width or 100)
        return f"{caption}\n\n{body}\n\n{notes}\n"

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
        escaped = self.layout.map(_escape_markdown).rename(columns=_escape_markdown)
        body = escaped.to_markdown(index=False, disable_numparse=True)
        return f"**{_escape_markdown(self.caption)}**\n\n{body}\n\n{_escape_markdown(self.notes)}\n"

    def latex(self, run: str = "") -> str:
        """A booktabs table with caption and label, tab:RUN-NAME where the run has a name."""
        run = re.sub("[^A-Za-z0-9]+", "-", run).strip("-")
        return latex_table(
            f"{run}-{self.name}" if run else self.name, self.caption, self.notes, self.layout
        )

    def html(self, most: int | None = None) -> str:
        """For a page; with `most`, that many rows, and a line on how many there are."""
        shown = self.layout.head(len(self.layout) if most is None else most).map(_shown)
        shown = shown.rename(columns=lambda title: printable(str(title)))
        body = shown.to_html(index=False, escape=True, border=0, na_rep="")
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
            (directory / f"{self.name}.{ending}").write_text(text, encoding="utf-8")


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


def _shown(text: str) -> str:
    """Text of a cell for a page: no line ends within the bounds of an interval."""
    bounds = r"\[[-\d][-\d., ]*\]"
    return re.sub(bounds, lambda found: found[0].replace(" ", "\u00a0"), printable(text))


def _wrapped(text: str) -> str:
    """Text on lines of at most 60 characters."""
    return textwrap.fill(printable(text), 60)


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

    def filled(cell: str, most: int) -> str:
        # Never broken between the bounds of an interval.
        return textwrap.fill(cell.replace(", ", ",\xa0"), most).replace("\xa0", " ")

    return [
        filled(header, most - _PADDING) for header, most in zip(headers, widths, strict=True)
    ], [[filled(*pair) for pair in zip(line, widths, strict=True)] for line in lines]


def _escape_markdown(text: str) -> str:
    """Text that Markdown, and HTML within it, shows as it stands, also in a table cell."""
    escaped = html.escape(printable(text), quote=False)
    return re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", escaped)
