"""A table as text, CSV, Markdown, LaTeX and HTML."""

import html
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from study.words import printable


@dataclass(frozen=True)
class Table:
    """A table: plain numbers for CSV, and the same numbers laid out to be read.

    name : stem of its files; caption, notes : plain text; data : one row for each number;
    layout : strings in the order and form in which they are read.
    """

    name: str
    caption: str
    notes: str
    data: pd.DataFrame
    layout: pd.DataFrame

    def render(self, form: str) -> str:
        """The table in one of study.words.FORMATS."""
        forms = {
            "text": self.text,
            "csv": self.csv,
            "markdown": self.markdown,
            "latex": self.latex,
            "html": self.html,
        }
        return forms[form]()

    def text(self) -> str:
        """For a terminal."""
        body = tabulate(
            self.layout.map(_wrapped).to_numpy().tolist(),
            headers=[printable(str(column)) for column in self.layout.columns],
            tablefmt="simple",
            disable_numparse=True,
        )
        notes = textwrap.fill(printable(self.notes), 100)
        return f"{printable(self.caption)}\n\n{body}\n\n{notes}\n"

    def csv(self) -> str:
        """Every number, with ten digits: single precision carries seven."""
        return self.data.to_csv(index=False, lineterminator="\n", float_format="%.10g")

    def markdown(self) -> str:
        escaped = self.layout.map(_escape_markdown).rename(columns=_escape_markdown)
        body = escaped.to_markdown(index=False, disable_numparse=True)
        return f"**{_escape_markdown(self.caption)}**\n\n{body}\n\n{_escape_markdown(self.notes)}\n"

    def latex(self) -> str:
        """A booktabs table with caption and label."""
        escaped = self.layout.map(_escape_latex).rename(columns=_escape_latex)
        body = escaped.to_latex(index=False, column_format="l" * len(escaped.columns))
        return (
            "% needs \\usepackage{booktabs}\n\\begin{table}\n"
            f"\\caption{{{_escape_latex(self.caption)}}}\n\\label{{tab:{self.name}}}\n"
            f"{body}\\par\\footnotesize {_escape_latex(self.notes)}\n\\end{{table}}\n"
        )

    def html(self) -> str:
        return self.layout.to_html(index=False, escape=True, border=0, na_rep="")

    def write(self, directory: Path) -> None:
        """Write NAME.csv, NAME.md and NAME.tex."""
        for ending, text in (
            ("csv", self.csv()),
            ("md", self.markdown()),
            ("tex", self.latex()),
        ):
            (directory / f"{self.name}.{ending}").write_text(text, encoding="utf-8")


def _wrapped(text: str) -> str:
    """Text on lines of at most 60 characters."""
    return textwrap.fill(printable(text), 60)


def _escape_markdown(text: str) -> str:
    """Text that Markdown, and HTML within it, shows as it stands, also in a table cell."""
    escaped = html.escape(printable(text), quote=False)
    return re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", escaped)


def _escape_latex(text: str) -> str:
    """Text that LaTeX prints as it stands; at the start, nothing that it takes for an option."""
    return ("{}" if text[:1] in ("[", "*") else "") + printable(text).translate(_LATEX)


_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    }
)
