"""A run as a person looks at it in Python: `study.load`."""

from collections.abc import Mapping
from functools import cached_property

from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.warnings.registry import warnings
from study.common.warning import Warning
from study.report.figures.display import Display
from study.report.figures.registry import all_displays
from study.report.html_text import without_formulas
from study.report.page import render
from study.report.tables.registry import TABLES, make_table
from study.report.tables.table import Table
from study.report.text.verdict import answers, details, headline


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

    def _repr_html_(self) -> str:
        card = render(
            "card.html",
            results=self,
            answers=answers(self._overview),
            sentences=[*headline(self._overview), *details(self._overview)],
            warnings=self.warnings,
            displays=list(self.displays),
            tables=list(TABLES),
        )
        return without_formulas(card)
