"""The report of a run: its page, figures and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from study.analysis.held_out import in_words
from study.analysis.overview import Overview
from study.analysis.results import Results
from study.analysis.warnings.registry import by_code, warnings
from study.common.conditions import DECLARED
from study.common.files import inside
from study.common.vocabulary import UNNAMED_TARGET
from study.report.each_model import model_pages
from study.report.figures.display import Display
from study.report.figures.registry import each_display
from study.report.files import Files
from study.report.html_text import isolated, plain
from study.report.tables.cells import few, method_reading, network
from study.report.tables.registry import each_table
from study.report.tables.table import Table
from study.report.text.citation import NOT_DATED, NOT_TOLD, bibtex, paragraph
from study.report.text.history import extensions, places
from study.report.text.in_short import in_short
from study.report.text.notes import brief
from study.report.text.origin import dated_words
from study.report.text.preparation import preparation
from study.report.text.verdict import answers, details, headline
from study.statistics.intervals import PERCENT

_SHOWN = 3  # extensions of a run, the last ones, that are not folded


@dataclass(frozen=True)
class Section:
    """One heading of a page: figures first, more of them folded, then tables, folded."""

    anchor: str
    title: str
    displays: Sequence[Display]
    folded: Sequence[Display]
    tables: Sequence[Table]

    @property
    def holds(self) -> str:
        """What is in it, in a few words."""
        counts = {"figure": len([*self.displays, *self.folded]), "table": len(self.tables)}
        return ", ".join(
            f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items() if count
        )


def write_report(overview: Overview) -> Path:
    """Write report.html, figures/ and tables/ into the run's directory; return the page."""
    results = overview.results
    files = Files(results.directory)
    displays = files.of_displays(each_display(overview))
    tables = files.of_tables(each_table(overview))
    if results.imported:  # no fit is known: what every seed says stands with the claim
        tables["seeds"] = replace(tables["seeds"], section="claim")
    page = inside(results.directory, "report.html")
    text = render(
        "report.html",
        results=results,
        short=in_short(overview),
        answers=answers(overview),
        no_verdict=in_words(results),
        headline=headline(overview),
        details=details(overview),
        warnings=warnings(overview),
        by_code=list(by_code(warnings(overview))),
        paragraph=paragraph(overview),
        methods={method: method_reading(results, method) for method in results.methods()},
        not_told=NOT_TOLD,
        dated=dated_words(results, results.recipe.claim, signs=64) or NOT_DATED,
        unnamed_target=UNNAMED_TARGET,
        conditions=_conditions(results),
        bibtex=bibtex(results),
        sections=sections_of(_titles(results), displays, tables),
        preparation=preparation(results),
        few=few,
        counts={model: _count(results, model) for model in results.models},
        foremost=overview.foremost_models,
        others=[model for model in results.models if model not in overview.foremost_models],
        pages=model_pages(overview),
        network=network(results),
        extensions=extensions(results),
        places=places(extensions(results)),
        shown=_SHOWN,
        **files.in_page(),  # last: it waits for them
    )
    page.write_text(text, encoding="utf-8")
    return page


def _conditions(results: Results) -> dict[str, str]:
    """What the conditions are; of imported scores, those that there are."""
    # Estimators have no untrained form.
    form = " of networks" if results.estimators else ""
    return {
        condition.name: condition.reading + ("" if condition.trained else form)
        for condition in DECLARED
        if not results.imported
        or any(results.seeds(model, condition.name) for model in results.models)
    }


def _count(results: Results, model: str) -> str:
    """How many seeds of a model there are."""
    count = len(results.seeds(model, "real"))
    return f"{count} {'seed' if count == 1 else 'seeds'}"


def _titles(results: Results) -> dict[str, str]:
    """The sections of the page of a run, by their anchors."""
    control = ", with controls" if len(_conditions(results)) > 1 else ""
    return {
        "population": "Other rows of the same kind, and chance",
        "fit": f"How well the {network(results)}s fit",
        "importance": "Importance by model and method",
        "ranks": "Ranks, and how often they change",
        "agreement": "Agreement between methods, models and seeds",
        "claim": f"The claim over seeds, by model and method{control}",
        "growth": "The claim against the number of seeds",
        "training": "Importance through training",
        "sources": "Which source of randomness moves it",
    }


def sections_of(
    titles: Mapping[str, str], displays: Mapping[str, Display], tables: Mapping[str, Table]
) -> list[Section]:
    """The sections, of titles by anchors, that there is something for."""
    found = []
    for anchor, title in titles.items():
        own = [display for display in displays.values() if display.section == anchor]
        section = Section(
            anchor,
            title,
            [display for display in own if not display.folded],
            [display for display in own if display.folded],
            [table for table in tables.values() if table.section == anchor],
        )
        if own or section.tables:
            found.append(section)
    return found


def render(template: str, **values: Any) -> str:
    """A page from its template, every text in it escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("study.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals["confidence"] = PERCENT
    environment.filters["brief"] = brief
    environment.filters["plain"] = plain  # for attributes, which hold no elements
    return environment.get_template(template).render(**values)


def _shown(value: Any) -> Any:
    """Text as HTML shows it; HTML as it is."""
    return isolated(value) if isinstance(value, str) and not isinstance(value, Markup) else value
