"""The report of a run: its page, figures and tables."""

import base64
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd

from study.report import analysis
from study.report.figures import Picture, all_pictures
from study.report.style import save
from study.report.summary import diverged
from study.report.tables import Table, all_tables, percent
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


def findings(results: Results) -> list[str]:
    """What came of the declared claim, in sentences."""
    claim = results.recipe.claim
    data = analysis.claim_proportions(results).set_index(["model", "method", "condition"])
    items = len(results.items(claim.level))
    declared = (
        f"Declared before the run: {claim.name} comes first among the {items} {claim.level}s in "
        f"at least {percent(claim.proportion)} of seeds"
    )
    if (claim.model, claim.method, "real") not in data.index:
        return [
            f"{declared}, for model '{claim.model}' by {claim.method}. Not tested here: this run "
            "has no such scores."
        ]
    real = data.loc[(claim.model, claim.method, "real")]
    sentences = [
        f"{declared}, for the {results.title(claim.model)} by {claim.method}.",
        f"It came first in {real['met']} of {real['n']} seeds ({_bounds(real)}).",
    ]
    if (claim.model, claim.method, "shuffled") in data.index:
        control = data.loc[(claim.model, claim.method, "shuffled")]
        sentences.append(
            f"With the training {results.recipe.target.name} shuffled, so that there is nothing "
            f"to find, it came first in {control['met']} of {control['n']} ({_bounds(control)})."
        )
    return sentences


def _bounds(row: pd.Series) -> str:
    if np.isnan(row["low"]):
        return str(row["interval"])
    return f"95% interval {row['low']:.2f} to {row['high']:.2f}"


def _sections(pictures: dict[str, Picture], tables: dict[str, Table]) -> list[Section]:
    def starting(start: str) -> tuple[list[Picture], list[Table]]:
        return (
            [picture for name, picture in pictures.items() if name.startswith(start)],
            [table for name, table in tables.items() if name.startswith(start)],
        )

    return [
        Section("The claim", *starting("claim")),
        Section("Fit quality", *starting("fit")),
        Section("Importance by model and method", *starting("importance")),
        Section("Agreement between methods", *starting("agreement-methods")),
        Section("Agreement between models", *starting("agreement-models")),
    ]


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
        diverged=diverged(results),
        sections=sections,
    )


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
