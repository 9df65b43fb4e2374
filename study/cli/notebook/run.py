"""A run as a person looks at it in Python: what `study.load` and `study.check` give."""

import html
import shutil
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.warnings.registry import warnings
from study.common.errors import InputError
from study.common.files import beginning, check_replaceable, whole
from study.common.warning import Warning
from study.compare.comparison import Comparison
from study.compare.page import check_place, write_comparison
from study.compare.pairing import check_comparable
from study.compare.text import comparison_lines
from study.report.figures.display import Display
from study.report.figures.registry import all_displays
from study.report.html_text import without_formulas
from study.report.page import render, write_report
from study.report.tables.registry import TABLES, make_table
from study.report.tables.table import Table
from study.report.text.citation import citation
from study.report.text.further_claim import claim_lines, further_claim
from study.report.text.in_short import in_short
from study.report.text.verdict import details, headline


class Text(str):
    """Lines that show themselves as they are, and not as Python writes a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return without_formulas(f"<pre>{html.escape(self)}</pre>")


class Run(Results):
    """The results of a run, with its warnings, figures and tables; a notebook shows it as a card.

    Frames are those of `Results`: scores, shares, ranks, fits, losses, occasions.
    """

    def __repr__(self) -> str:
        return f"<Run {self.identity} of {self.dataset}: {', '.join(self.models)}>"

    @cached_property
    def _overview(self) -> Overview:
        return Overview(self)

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """What a reader has to know, each with code, title, evidence and advice."""
        return warnings(self._overview)

    @cached_property
    def displays(self) -> Mapping[str, Display]:
        """The figures of the report by name, each with frame() and plot(ax=None)."""
        return all_displays(self._overview)

    def table(self, name: str, *, learned: bool = False) -> Table:
        """A table by its name of 'study table --list'; with `learned`, of seeds that have learned.

        Raises InputError for a name that there is not, or where the run has nothing for it.
        """
        return make_table(self._overview, name, learned=learned)

    def claim(
        self,
        words: str,
        *,
        model: str | None = None,
        method: str | None = None,
        level: str | None = None,
    ) -> Text:
        """The verdicts on a further claim, such as "age top 2 in 0.8", as 'study claim' tells them.

        Model, method and level are those of the run's own claim where not given. Raises
        InputError.
        """
        claim = further_claim(self._overview, words, model=model, method=method, level=level)
        return Text("\n".join(claim_lines(self._overview, claim)))

    def report(self, path: str | Path | None = None) -> Path:
        """Write the page, figures and tables into the run's directory, as 'study report' does.

        With `path`, the page, which is one file, is copied there. Returns the page. Raises
        InputError where another file is in its place.
        """
        copy = None if path is None else Path(path)
        if copy is not None:
            check_replaceable(copy, _is_page, force=False)
        page = write_report(self._overview)
        if copy is None or copy.resolve() == page.resolve():
            return page
        with whole(copy) as new:
            shutil.copyfile(page, new)
        return copy

    def compare(self, other: "Run | str | Path", path: str | Path | None = None) -> Text:
        """What differs in another run from this one, as 'study compare' tells it.

        other : a run, or the directory of one; path : a directory for the page, its figures and
        tables. Raises InputError.
        """
        second = other if isinstance(other, Results) else Results(other)
        if self.directory.resolve() == second.directory.resolve():
            raise InputError(f"{self.directory} and {second.directory} are the same run: give two")
        if path is not None:
            check_place(Path(path), force=False)
        check_comparable(self, second)
        comparison = Comparison(self, second)
        lines = [*comparison_lines(comparison)]
        if path is not None:
            lines.append(f"\n{write_comparison(comparison, Path(path))}")
        return Text("\n".join(lines))

    def cite(self) -> Text:
        """A paragraph on methods with its numbers, a BibTeX entry, and what made the run."""
        return Text(citation(self._overview))

    def _repr_html_(self) -> str:
        card = render(
            "card.html",
            results=self,
            short=in_short(self._overview),
            sentences=[*headline(self._overview), *details(self._overview)],
            warnings=self.warnings,
            displays=list(self.displays),
            tables=list(TABLES),
        )
        return without_formulas(card)


def _is_page(path: Path) -> bool:
    return ": does the finding hold?</title>" in beginning(path)
