"""The report of a run: its page, figures and tables."""

import base64
from dataclasses import dataclass
from pathlib import Path

import jinja2

from study.analysis.checks import warnings
from study.report.figures import Picture, all_pictures
from study.report.sentences import findings
from study.report.style import save
from study.report.tables import Table, all_tables
from study.results import Results


@dataclass(frozen=True)
class Section:
    """One heading of the page with its pictures and tables."""

    title: str
    pictures: list[Picture]
    tables: list[Table]


def write_report(results: Results) -> Path:
    """Write report.html, figures/ and tables/ into the run's directory; return the page."""
    figures, tables = results.directory / "figures", results.directory / "tables"
    figures.mkdir(exist_ok=True)
    tables.mkdir(exist_ok=True)
    pictures = {picture.name: picture for picture in all_pictures(results)}
    for picture in pictures.values():
        save(picture.figure, figures / f"{picture.name}.png")
    written = {table.name: table for table in all_tables(results)}
    for table in written.values():
        table.write(tables)
    page = results.directory / "report.html"
    page.write_text(_render(results, _sections(pictures, written)), encoding="utf-8")
    return page


def _sections(pictures: dict[str, Picture], tables: dict[str, Table]) -> list[Section]:
    def section(title: str, *starts: str) -> Section:
        return Section(
            title,
            [picture for name, picture in pictures.items() if name.startswith(starts)],
            [table for name, table in tables.items() if name.startswith(starts)],
        )

    found = [
        section("The claim", "claim"),
        section("Fit quality", "fit", "seeds"),
        section("Importance by model and method", "importance", "differences"),
        section("Stability of the order", "rank", "flips", "top-stability", "reliability"),
        section("Agreement between methods", "agreement-methods"),
        section("Agreement between models", "agreement-models", "consensus"),
        section("Agreement between seeds", "agreement-seeds", "concordance"),
        section("Which randomness moves it", "sources"),
    ]
    return [part for part in found if part.pictures or part.tables]


def _render(results: Results, sections: list[Section]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("study.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = lambda name: _data_uri(
        results.directory / "figures" / f"{name}.png"
    )
    return environment.get_template("page.html").render(
        results=results,
        sentences=findings(results),
        warnings=warnings(results),
        sections=sections,
    )


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
